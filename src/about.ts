// Questions about tensors and dtypes, and the program's defaults.

import {
  DTYPES,
  type DType,
  DTypeError,
  isFloating,
  isScalar,
  KIND,
  type Scalar,
  SIZE,
  scalarKind,
  show,
  resultType as typeOf,
} from "./core/index.ts";
import { backendOf } from "./device/index.ts";
import { asTensor } from "./op/index.ts";
import { defaultDevice, dtypeArgument, setDefaultDevice as setDevice, Tensor } from "./tensor/index.ts";

export { getPrintoptions, type PrintOptions, setPrintoptions } from "./tensor/printing.ts";

/** True for a tensor of this copy of the library. */
export function isTensor(x: unknown): x is Tensor {
  return x instanceof Tensor;
}

/** Number of elements. */
export function numel(x: Tensor): number {
  return asTensor(x, "numel", "input").numel();
}

/** True if the only element is not 0. Throws a RangeError if there is not exactly one. */
export function isNonzero(x: Tensor): boolean {
  if (asTensor(x, "isNonzero", "input").numel() !== 1) {
    throw new RangeError(`isNonzero: ${show(x)} has ${x.numel()} elements, expected exactly 1`);
  }
  const value: unknown = x.item({ bigint: true });
  return typeof value === "object" ? String(value) !== "(0+0j)" : Boolean(value) || Number.isNaN(value);
}

/** The dtype of what an operator makes of the two. */
export function resultType(a: Tensor | Scalar, b: Tensor | Scalar): DType {
  return DTYPES[typeOf([a, b].map((x) => (isScalar(x) ? scalarKind(x) : asTensor(x, "resultType", "tensor"))))]!;
}

/** True if values of one dtype may be cast to the other in place: from a kind to the same or a higher one. */
export function canCast(from: DType, to: DType): boolean {
  return KIND[dtypeArgument(from, "canCast")]! <= KIND[dtypeArgument(to, "canCast")]!;
}

/** Where factories put tensors that name no device. Throws DeviceError for one that is not there. */
export function setDefaultDevice(device: string): void {
  backendOf(device, "setDefaultDevice");
  setDevice(device);
}

export function getDefaultDevice(): string {
  return defaultDevice();
}

export interface FloatInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** The step from 1 to the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The least positive normal number; `smallestNormal` is the same. */
  readonly tiny: number;
  readonly smallestNormal: number;
  /** Decimal digits that hold, as a power of ten. */
  readonly resolution: number;
}

/** Bits of the fraction, the least exponent, and the decimal resolution. */
const FLOATS: Readonly<Record<string, readonly [fraction: number, least: number, resolution: number]>> = {
  float16: [10, -14, 1e-3],
  bfloat16: [7, -126, 1e-2],
  float32: [23, -126, 1e-6],
  float64: [52, -1022, 1e-15],
};

/** The limits of a floating point dtype; of a complex one those of its parts. Throws DTypeError for another. */
export function finfo(dtype: DType = "float32"): FloatInfo {
  const part = dtype === "complex64" ? "float32" : dtype === "complex128" ? "float64" : dtype;
  const code = dtypeArgument(part, "finfo");
  if (!isFloating(code)) throw new DTypeError(`finfo: ${dtype} is no floating point dtype: see iinfo`);
  const [fraction, least, resolution] = FLOATS[part]!;
  const eps = 2 ** -fraction;
  const max = 2 ** (1 - least) * (2 - eps);
  const tiny = 2 ** least;
  return { dtype: part, bits: 8 * SIZE[code]!, eps, max, min: -max, tiny, smallestNormal: tiny, resolution };
}

export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** A bigint for int64. */
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/** The limits of an integer dtype. Throws DTypeError for another. */
export function iinfo(dtype: DType): IntegerInfo {
  const code = dtypeArgument(dtype, "iinfo");
  if (!dtype.includes("int")) throw new DTypeError(`iinfo: ${dtype} is no integer dtype: see finfo`);
  const bits = 8 * SIZE[code]!;
  if (dtype === "uint8") return { dtype, bits, min: 0, max: 255 };
  if (dtype === "int64") return { dtype, bits, min: -(2n ** 63n), max: 2n ** 63n - 1n };
  return { dtype, bits, min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 };
}
