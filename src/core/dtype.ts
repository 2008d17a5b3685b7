// The element types. Inside the library a dtype is its code, a small integer that indexes the tables below; outside it
// is PyTorch's name as a string.

export type DType =
  | "bool"
  | "uint8"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "complex64"
  | "complex128";

/** Names by code. The order is that of promotion within a kind. */
export const DTYPES: readonly DType[] = [
  "bool",
  "uint8",
  "int8",
  "int16",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "complex64",
  "complex128",
];

export const BOOL = 0;
export const UINT8 = 1;
export const INT8 = 2;
export const INT16 = 3;
export const INT32 = 4;
export const INT64 = 5;
export const FLOAT16 = 6;
export const BFLOAT16 = 7;
export const FLOAT32 = 8;
export const FLOAT64 = 9;
export const COMPLEX64 = 10;
export const COMPLEX128 = 11;

/** Bytes of an element. */
export const SIZE: readonly number[] = [1, 1, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16];
/** How a kernel's name ends for the type. */
export const SUFFIX: readonly string[] = [
  "b8",
  "u8",
  "i8",
  "i16",
  "i32",
  "i64",
  "f16",
  "bf16",
  "f32",
  "f64",
  "c64",
  "c128",
];

/** Kinds in the order of promotion. */
export const BOOLEAN = 0;
export const INTEGRAL = 1;
export const FLOATING = 2;
export const COMPLEX = 3;
export const KIND: readonly number[] = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3];

/** The type in which a narrow one computes where it has no kernel of its own; itself where there is no wider one. */
export const WIDE: readonly number[] = [
  INT32,
  INT32,
  INT32,
  INT32,
  INT32,
  INT64,
  FLOAT32,
  FLOAT32,
  FLOAT32,
  FLOAT64,
  COMPLEX64,
  COMPLEX128,
];

/** The real type of a complex one, itself for a real one. */
export const REAL: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, FLOAT32, FLOAT64];

const CODE_OF: ReadonlyMap<string, number> = new Map(DTYPES.map((name, code) => [name, code]));

/** The code of a dtype's name, or -1 for what is none. */
export function codeOf(name: unknown): number {
  return CODE_OF.get(name as string) ?? -1;
}

/** float16 and bfloat16, which compute in float32. */
export const isHalf = (code: number): boolean => code === FLOAT16 || code === BFLOAT16;
export const isFloating = (code: number): boolean => KIND[code] === FLOATING;
export const isComplex = (code: number): boolean => KIND[code] === COMPLEX;
/** Integers and bool. */
export const isIntegral = (code: number): boolean => KIND[code]! <= INTEGRAL;
/** What can carry a gradient. */
export const isDifferentiable = (code: number): boolean => KIND[code]! >= FLOATING;

/** The complex type with this precision. */
export const complexOf = (code: number): number => (code === FLOAT64 || code === COMPLEX128 ? COMPLEX128 : COMPLEX64);

const defaults = { float: FLOAT32 };

/** The code of the dtype that fractions get: float32 until `setDefaultDtype` says otherwise. */
export const defaultFloat = (): number => defaults.float;
export function setDefaultFloat(code: number): void {
  defaults.float = code;
}
