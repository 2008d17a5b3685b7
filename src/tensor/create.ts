// Tensors from JavaScript values.

import {
  BFLOAT16,
  BOOL,
  COMPLEX64,
  ComplexScalar,
  codeOf,
  complexOf,
  DTYPES,
  type DType,
  DTypeError,
  defaultFloat,
  dense,
  FLOAT16,
  FLOAT32,
  FLOAT64,
  FloatScalar,
  INT8,
  INT16,
  INT32,
  INT64,
  isComplex,
  isDifferentiable,
  isIntegral,
  isScalar,
  type Layout,
  SCALAR,
  type Scalar,
  ShapeError,
  SIZE,
  showShape,
  showValue,
  toNumber,
  UINT8,
  withOuter,
} from "../core/index.ts";
import { type Backend, backendOf } from "../device/index.ts";
import { Auto } from "./auto.ts";
import { readAllSync, reader, type TypedArray, toBFloat, toData, toHalf } from "./read.ts";
import { allocate, outside, Tensor } from "./tensor.ts";

export type TensorData = Scalar | TypedArray | Float64Array | Uint32Array | readonly TensorData[];

export interface TensorOptions {
  dtype?: DType | null;
  device?: string | null;
  requiresGrad?: boolean;
}

const defaults = { device: "cpu" };
export const defaultDevice = (): string => defaults.device;
export function setDefaultDevice(device: string): void {
  defaults.device = device;
}

/** The backend that a `device` argument names; the default device where it is absent. */
export function deviceOf(device: string | null | undefined, op: string): Backend {
  return backendOf(device ?? defaults.device, op);
}

/** The code of a `dtype` argument. Throws DTypeError for a name that is none. */
export function dtypeArgument(dtype: unknown, op: string): number {
  const code = codeOf(dtype);
  if (code < 0) throw new DTypeError(`${op}: ${showValue(dtype)} is no dtype: expected one of ${DTYPES.join(", ")}`);
  return code;
}

/**
 * A tensor with a copy of `data`: a number, nested arrays of numbers, or a typed array.
 *
 * The dtype is that of a typed array; else int64 if all numbers are integral, float32 if one is not or is a
 * `fl.Float`, bool for booleans, complex64 for complex scalars. With `requiresGrad` integral numbers are float32.
 * Throws ShapeError if the nesting is ragged, DTypeError if `requiresGrad` is asked of an integer dtype.
 */
export function tensor(data: TensorData | Tensor, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, ["dtype", "device", "requiresGrad"]);
  const wanted = options.dtype == null ? -1 : dtypeArgument(options.dtype, "tensor");
  const backend = deviceOf(options.device ?? (data instanceof Tensor ? data.device : null), "tensor");
  let result: Tensor;
  if (data instanceof Tensor) {
    const source = toData(data.code, readAllSync(data, "tensor"));
    const same = wanted < 0 || wanted === data.code;
    result = same
      ? upload(backend, data.code, dense(data.shape), source)
      : upload(backend, wanted, dense(data.shape), encode(valuesOf(data), wanted));
  } else if (ArrayBuffer.isView(data)) {
    const own = typedCode(data);
    if (own >= 0 && (wanted < 0 || wanted === own))
      result = upload(backend, own, dense([data.length]), data as TypedArray);
    else {
      const code = wanted < 0 ? INT64 : wanted;
      result = upload(backend, code, dense([data.length]), encode(data as Float64Array, code));
    }
  } else {
    const shape: number[] = [];
    const values: Scalar[] = [];
    flatten(data, 0, shape, values);
    const inferred = kindOf(values);
    const code =
      wanted >= 0 ? wanted : options.requiresGrad === true && isIntegral(inferred) ? defaultFloat() : inferred;
    result = upload(backend, code, dense(shape), encode(values, code));
  }
  if (options.requiresGrad === true) {
    if (!isDifferentiable(result.code)) {
      throw new DTypeError(
        `tensor: only floating point and complex tensors can require gradients, got ${result.dtype}`,
      );
    }
    result.auto = new Auto(true);
  }
  return result;
}

function valuesOf(x: Tensor): Scalar[] {
  const read = reader(x.code, readAllSync(x, "tensor"));
  return Array.from({ length: x.numel() }, (_, i) => read(i));
}

/** A 0-dim tensor. It belongs to no scope: the caller is an operator that takes a number where a tensor may stand. */
export function scalarTensor(value: Scalar, code: number, backend: Backend): Tensor {
  const recent = recentScalars(backend)[code]!;
  const key = scalarKey(value);
  let x = recent.young.get(key);
  if (x === undefined) {
    x = recent.old.get(key) ?? outside(() => upload(backend, code, SCALAR, encode([value], code)));
    if (recent.young.size >= GENERATION) {
      recent.old = recent.young;
      recent.young = new Map();
    }
    recent.young.set(key, x);
  }
  return x;
}

/** What tells scalars apart: as a key, -0 is 0. */
function scalarKey(value: Scalar): number | bigint | boolean | string {
  if (value instanceof ComplexScalar) return value.toString();
  const key = value instanceof FloatScalar ? value.value : value;
  return Object.is(key, -0) ? "-0" : key;
}

const GENERATION = 64;

type Scalars = Map<number | bigint | boolean | string, Tensor>;
/**
 * Numbers come again and again (a learning rate, an eps): the last few stay as tensors. Those that nobody asked for while a
 * generation was born are left to the collector, which alone knows whether an operator, the tape or an interpreter still
 * has them.
 */
interface Generations {
  young: Scalars;
  old: Scalars;
}
const scalarsOf = new WeakMap<Backend, Generations[]>();
function recentScalars(backend: Backend): Generations[] {
  let recent = scalarsOf.get(backend);
  if (recent === undefined) {
    recent = DTYPES.map(() => ({ young: new Map(), old: new Map() }));
    scalarsOf.set(backend, recent);
  }
  return recent;
}

/**
 * A 1-dim tensor over a copy of raw bytes. `count` elements (all by default) from byte `offset`.
 * Throws ShapeError where the bytes are too few or no whole number of elements.
 */
export function frombuffer(
  bytes: ArrayBufferLike | ArrayBufferView,
  options: TensorOptions & { count?: number; offset?: number },
): Tensor {
  checkOptions("frombuffer", options, ["dtype", "device", "requiresGrad", "count", "offset"]);
  const code = dtypeArgument(options.dtype, "frombuffer");
  const all = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  const offset = options.offset ?? 0;
  const count = options.count ?? -1;
  const room = (all.length - offset) / SIZE[code]!;
  if (offset < 0 || room < Math.max(count, 0) || (count < 0 && !Number.isInteger(room))) {
    throw new ShapeError(
      `frombuffer: ${all.length} bytes from offset ${offset} hold ${room} elements of ${DTYPES[code]}, expected ${count < 0 ? "a whole number" : `${count}`}`,
    );
  }
  const n = count < 0 ? room : count;
  const bytesOfIt = all.subarray(offset, offset + n * SIZE[code]!);
  return upload(deviceOf(options.device, "frombuffer"), code, dense([n]), bytesOfIt, "frombuffer");
}

/** A dense tensor with these bytes. */
export function fromBytes(backend: Backend, code: number, shape: readonly number[], bytes: Uint8Array): Tensor {
  const x = allocate(backend, code, dense(shape));
  backend.write(x.storage.allocation!, 0, bytes);
  return x;
}

function upload(backend: Backend, code: number, layout: Layout, data: ArrayBufferView, op = "tensor"): Tensor {
  try {
    return fromBytes(backend, code, layout.shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch (error) {
    throw withOuter(error, op);
  }
}

function flatten(data: TensorData, depth: number, shape: number[], out: Scalar[]): void {
  if (isScalar(data)) {
    if (depth !== shape.length) throw ragged(shape);
    out.push(data);
    return;
  }
  const list = data as readonly TensorData[];
  if (!Array.isArray(data) && !ArrayBuffer.isView(data)) {
    if ((data as unknown) instanceof Tensor && (data as unknown as Tensor).numel() === 1) {
      flatten((data as unknown as Tensor).item(), depth, shape, out);
      return;
    }
    throw new TypeError(`tensor: expected a number, an array or a typed array, got ${showValue(data)}`);
  }
  if (depth === shape.length) {
    if (out.length > 0) throw ragged(shape);
    shape.push(list.length);
  } else if (shape[depth] !== list.length) throw ragged(shape);
  for (let i = 0; i < list.length; i++) {
    const entry = list[i]!;
    if (typeof entry === "number" && depth + 1 === shape.length) out.push(entry);
    else flatten(entry, depth + 1, shape, out);
  }
}

function ragged(shape: readonly number[]): ShapeError {
  return new ShapeError(`tensor: the nested arrays differ in length: the first ones say ${showShape(shape)}`);
}

function kindOf(values: readonly Scalar[]): number {
  if (values.length === 0) return defaultFloat();
  let code = BOOL;
  for (const v of values) {
    if (v instanceof ComplexScalar) return complexOf(defaultFloat());
    if (v instanceof FloatScalar || (typeof v === "number" && !Number.isInteger(v))) code = defaultFloat();
    else if (code === BOOL && typeof v !== "boolean") code = INT64;
  }
  return code;
}

/** Values as the bytes of a dtype. */
export function encode(values: ArrayLike<Scalar>, code: number): TypedArray {
  const n = values.length;
  if (isComplex(code)) {
    const out = code === COMPLEX64 ? new Float32Array(2 * n) : new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      const v = values[i]!;
      out[2 * i] = toNumber(v);
      out[2 * i + 1] = v instanceof ComplexScalar ? v.im : 0;
    }
    return out;
  }
  switch (code) {
    case BOOL:
      return written(new Uint8Array(n), values, (v) => (v !== 0 ? 1 : 0));
    case UINT8:
      return written(new Uint8Array(n), values, same);
    case INT8:
      return written(new Int8Array(n), values, same);
    case INT16:
      return written(new Int16Array(n), values, same);
    case INT32:
      return written(new Int32Array(n), values, same);
    case INT64:
      return encodeLong(values);
    case FLOAT16:
      return written(new Uint16Array(n), values, toHalf);
    case BFLOAT16:
      return written(new Uint16Array(n), values, toBFloat);
    case FLOAT32:
      return written(new Float32Array(n), values, same);
    default:
      return written(new Float64Array(n), values, same);
  }
}

const same = (v: number): number => v;

/** The numbers of some values, in `out`. (`from` of a typed array takes 30 times as long, and more of other typed arrays.) */
function written<T extends Exclude<TypedArray, BigInt64Array>>(
  out: T,
  values: ArrayLike<Scalar>,
  as: (v: number) => number,
): T {
  if (as === same && ArrayBuffer.isView(values) && !(values instanceof BigInt64Array)) {
    out.set(values as unknown as ArrayLike<number>);
    return out;
  }
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    out[i] = as(typeof v === "number" ? v : toNumber(v));
  }
  return out;
}

const HALF = 2 ** 32;

/** The numbers as int64, in two halves each, the low one first. */
function encodeLong(values: ArrayLike<Scalar>): TypedArray {
  const out = new BigInt64Array(values.length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (typeof v === "number" && Number.isSafeInteger(v)) {
      halves[2 * i] = v;
      halves[2 * i + 1] = Math.floor(v / HALF);
    } else out[i] = typeof v === "bigint" ? v : BigInt(Math.trunc(toNumber(v)) || 0);
  }
  return out;
}

function typedCode(data: ArrayBufferView): number {
  if (data instanceof Float32Array) return FLOAT32;
  if (data instanceof Float64Array) return FLOAT64;
  if (data instanceof BigInt64Array) return INT64;
  if (data instanceof Int32Array) return INT32;
  if (data instanceof Int16Array) return INT16;
  if (data instanceof Int8Array) return INT8;
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return UINT8;
  return -1;
}

/** Throws a TypeError for a key that is none of `known`. */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key) && (options as Record<string, unknown>)[key] !== undefined) {
      throw new TypeError(`${op}: unknown option "${key}": there are ${known.join(", ")}`);
    }
  }
}
