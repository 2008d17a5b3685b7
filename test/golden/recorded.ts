// The recorded cases as they lie in the files: their types, the reading, and the elements of a recorded tensor.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface RecordedTensor {
  readonly $tensor: string;
  readonly shape: readonly number[];
  readonly data: string;
  readonly grad?: boolean;
}

/** A value of a call or a result: plain JSON, with the `$` forms for what JSON lacks. */
export type Recorded =
  | null
  | boolean
  | number
  | string
  | RecordedTensor
  | { readonly $tuple: readonly Recorded[] }
  | { readonly $float: string }
  | { readonly $int: string }
  | { readonly $complex: readonly [Recorded, Recorded] }
  | { readonly $dtype: string }
  | { readonly $memory_format: string }
  | { readonly $slice: readonly [Recorded, Recorded, Recorded] }
  | { readonly $ellipsis: true }
  | { readonly $shape: readonly number[] }
  | { readonly $dict: RecordedDict }
  | readonly Recorded[];

export type RecordedDict = Readonly<Record<string, Recorded>>;
export type RecordedState = Readonly<Record<string, RecordedTensor>>;

interface Call {
  readonly args: readonly Recorded[];
  readonly kwargs: RecordedDict;
}

export interface OperatorCase extends Call {
  readonly input: Recorded;
  readonly output: Recorded;
  readonly error: number;
  readonly grad_error?: number;
  readonly cotangents?: readonly RecordedTensor[];
  /** Which of the outputs, flattened, the cotangents belong to. */
  readonly cotangent_of?: readonly number[];
  readonly grads?: readonly (RecordedTensor | null)[];
}

export interface BadInput extends Call {
  readonly input: Recorded;
  readonly raises: string;
  readonly message: string;
}

export interface OperatorFile {
  readonly op: string;
  readonly variant: string;
  readonly aliases: readonly string[];
  readonly seed: number;
  readonly on_clone?: boolean;
  readonly dtypes: Readonly<Record<string, readonly OperatorCase[]>>;
  readonly errors: readonly BadInput[];
}

export interface ModuleCase {
  readonly training: boolean;
  readonly constructor: Call;
  readonly state_before: RecordedState;
  readonly forward: Call;
  readonly output: Recorded;
  readonly cotangents: readonly RecordedTensor[];
  readonly input_grads: readonly (RecordedTensor | null)[];
  readonly param_grads: Readonly<Record<string, RecordedTensor | null>>;
  readonly state_after: RecordedState;
}

export interface ModuleFile {
  readonly module: string;
  readonly cases: readonly ModuleCase[];
}

export interface OptimizerCase {
  readonly kwargs: RecordedDict;
  readonly desc: string;
  readonly init: readonly RecordedTensor[];
  readonly x: RecordedTensor;
  readonly y: RecordedTensor;
  readonly losses: readonly Recorded[];
  /** The parameters after each step. */
  readonly params: readonly (readonly RecordedTensor[])[];
}

export interface OptimizerFile {
  readonly optimizer: string;
  readonly cases: readonly OptimizerCase[];
}

export interface RandomCase {
  readonly seed: number;
  readonly op: string;
  readonly args: readonly Recorded[];
  readonly output?: RecordedTensor;
  readonly next_rand3?: RecordedTensor;
  /** Of a module's case: what its parameters are at first. */
  readonly state_dict?: RecordedState;
}

export interface PrintingCase {
  readonly input: RecordedTensor;
  readonly requires_grad: boolean;
  readonly grad_fn: string | null;
  readonly repr: string;
}

/** The JSON in a file, gzipped or plain. */
export function readRecorded(file: string): unknown {
  const bytes = readFileSync(file);
  return JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
}

export function isRecordedTensor(value: Recorded): value is RecordedTensor {
  return typeof value === "object" && value !== null && "$tensor" in value;
}

/** Tuples and lists opened, all levels. */
export function flattenRecorded(value: Recorded): Recorded[] {
  if (Array.isArray(value)) return value.flatMap(flattenRecorded);
  if (typeof value === "object" && value !== null) {
    if ("$tuple" in value) return value.$tuple.flatMap(flattenRecorded);
    if ("$dict" in value) return Object.values(value.$dict).flatMap(flattenRecorded);
  }
  return [value];
}

/** A `$float`, or a plain number. */
export function recordedNumber(value: Recorded): number {
  const text = typeof value === "object" && value !== null && "$float" in value ? value.$float : value;
  return text === "inf" ? Number.POSITIVE_INFINITY : text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

export function recordedBytes(tensor: RecordedTensor): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(tensor.data, "base64"));
}

/** The elements of raw bytes as numbers; int64 as bigints, complex interleaved. */
export function elements(dtype: string, bytes: Uint8Array<ArrayBuffer>): ArrayLike<number | bigint> {
  const { buffer } = bytes.byteOffset === 0 ? bytes : bytes.slice();
  switch (dtype) {
    case "float64":
    case "complex128":
      return new Float64Array(buffer, 0, bytes.length / 8);
    case "float32":
    case "complex64":
      return new Float32Array(buffer, 0, bytes.length / 4);
    case "float16":
      return Array.from(new Uint16Array(buffer, 0, bytes.length / 2), halfToNumber);
    case "bfloat16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer, 0, bytes.length / 2), (v) => v << 16).buffer);
    case "int64":
      return new BigInt64Array(buffer, 0, bytes.length / 8);
    case "int32":
      return new Int32Array(buffer, 0, bytes.length / 4);
    case "int16":
      return new Int16Array(buffer, 0, bytes.length / 2);
    case "int8":
      return new Int8Array(buffer, 0, bytes.length);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, 0, bytes.length);
    default:
      throw new TypeError(`no elements of dtype ${dtype}`);
  }
}

// sign 1 │ exponent 5, biased by 15 │ fraction 10
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
