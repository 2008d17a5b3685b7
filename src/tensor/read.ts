// Elements as JavaScript values. Reading needs no kernel, so it works on every device as soon as there are bytes.

import {
  BFLOAT16,
  BOOL,
  COMPLEX64,
  ComplexScalar,
  DeviceError,
  extent,
  FLOAT16,
  FLOAT32,
  INT8,
  INT16,
  INT32,
  INT64,
  isComplex,
  SIZE,
  UINT8,
} from "../core/index.ts";
import { assertAlive, type Tensor } from "./tensor.ts";

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Float32Array
  | Float64Array;

export type Value = number | bigint | boolean | ComplexScalar;
export type Nested = Value | Nested[];

/** The elements' bytes, dense and in row-major order. */
export async function readAll(x: Tensor, op: string): Promise<Uint8Array<ArrayBuffer>> {
  assertAlive(x, op);
  const { backend, allocation } = x.storage;
  const [offset, length] = span(x);
  return pack(x, await backend.read(allocation!, offset, length)); // a dispose while this waits comes after it
}

export function readAllSync(x: Tensor, op: string): Uint8Array<ArrayBuffer> {
  assertAlive(x, op);
  const { backend, allocation } = x.storage;
  if (!backend.synchronous) {
    throw new DeviceError(`${op}: "${backend.device}" cannot read without waiting: use \`await x.data()\``);
  }
  const [offset, length] = span(x);
  return pack(x, backend.readSync(allocation!, offset, length));
}

/** Where the bytes that a tensor reads lie in its storage. Strides are never negative. */
function span(x: Tensor): [number, number] {
  const size = SIZE[x.code]!;
  return [x.offset * size, extent(x.layout) * size];
}

/** Dense bytes from the span of a strided tensor. */
function pack(x: Tensor, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { layout } = x;
  if (layout.contiguous) return bytes;
  const { shape, strides } = layout;
  const size = SIZE[x.code]!;
  const out = new Uint8Array(layout.size * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    for (let k = 0; k < size; k++) out[to + k] = bytes[from + k]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d]! * size;
      if (++index[d]! < shape[d]!) break;
      from -= strides[d]! * shape[d]! * size;
      index[d] = 0;
    }
  }
  return out;
}

/** A typed array over the bytes of a dtype. */
export function toData(code: number, bytes: Uint8Array<ArrayBuffer>): TypedArray {
  const { buffer } = bytes;
  switch (code) {
    case BOOL:
    case UINT8:
      return bytes;
    case INT8:
      return new Int8Array(buffer);
    case INT16:
      return new Int16Array(buffer);
    case INT32:
      return new Int32Array(buffer);
    case INT64:
      return new BigInt64Array(buffer);
    case FLOAT16:
    case BFLOAT16:
      return new Uint16Array(buffer);
    case FLOAT32:
    case COMPLEX64:
      return new Float32Array(buffer);
    default:
      return new Float64Array(buffer);
  }
}

/** Reads element i of dense data as a JavaScript value. float16 and bfloat16 are widened. */
export function reader(code: number, bytes: Uint8Array<ArrayBuffer>): (i: number) => Value {
  const data = toData(code, bytes);
  if (code === BOOL) return (i) => data[i] !== 0;
  if (code === FLOAT16) return (i) => fromHalf(data[i] as number);
  if (code === BFLOAT16) return (i) => fromBFloat(data[i] as number);
  if (isComplex(code)) return (i) => new ComplexScalar(data[2 * i] as number, data[2 * i + 1] as number);
  return (i) => data[i]!;
}

const bits = new DataView(new ArrayBuffer(8));

export function fromBFloat(raw: number): number {
  bits.setUint32(0, raw << 16);
  return bits.getFloat32(0);
}

export function fromHalf(raw: number): number {
  const sign = raw & 0x8000 ? -1 : 1;
  const exponent = (raw >> 10) & 31;
  const mantissa = raw & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

/** float64 → the bits of the nearest float16, ties to even. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const power = size < 2 ** exponent ? exponent - 1 : exponent;
  return (sign | ((power + 15) << 10)) + roundEven((size / 2 ** power - 1) * 1024);
}

/** float64 → the bits of the nearest bfloat16 by way of float32, ties to even. */
export function toBFloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  bits.setFloat32(0, value);
  const raw = bits.getUint32(0);
  return ((raw + 0x7fff + ((raw >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Nested arrays of values; int64 as numbers, or all as bigint. */
export function toNested(
  x: Tensor,
  bytes: Uint8Array<ArrayBuffer>,
  op: string,
  bigint: boolean,
  shape: readonly number[],
): Nested {
  const value = x.code === INT64 && !bigint ? safeReader(bytes, op) : reader(x.code, bytes);
  const isMade = bigint && x.code !== INT64 && isInteger(x.code);
  const read = isMade ? (i: number): Value => BigInt(value(i) as number) : value;
  let next = 0;
  const level = (d: number): Nested[] => {
    const list: Nested[] = [];
    const n = shape[d]!;
    for (let i = 0; i < n; i++) list.push(d + 1 === shape.length ? read(next++) : level(d + 1));
    return list;
  };
  return shape.length === 0 ? read(0) : level(0);
}

/** Reads int64 as numbers, by their halves: to make a bigint takes ten times as long. */
function safeReader(bytes: Uint8Array<ArrayBuffer>, op: string): (i: number) => number {
  const [low, high] = [new Uint32Array(bytes.buffer), new Int32Array(bytes.buffer)];
  return (i) => {
    const v = high[2 * i + 1]! * 2 ** 32 + low[2 * i]!;
    if (Number.isSafeInteger(v)) return v;
    const exact = new BigInt64Array(bytes.buffer)[i];
    throw new RangeError(`${op}: ${exact} is no safe integer: use ${op}({ bigint: true })`);
  };
}

const isInteger = (code: number): boolean => code >= UINT8 && code <= INT64;
