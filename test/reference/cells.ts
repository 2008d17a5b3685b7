// Elements of a dtype in a buffer, as JavaScript values: a bigint for integers and bool, a number for floats, a pair for
// complex numbers.

export interface Complex {
  readonly re: number;
  readonly im: number;
}
export type Value = bigint | number | Complex;
export type Kind = "integer" | "float" | "complex";

/** The elements that begin at one place of a buffer; an index may be negative, as a stride may lead back. */
export interface Cells {
  readonly kind: Kind;
  get(i: number): Value;
  /** Stores a value of the same kind: integers wrap, floats are rounded to nearest even. */
  set(i: number, value: Value): void;
}

const BYTES: Readonly<Record<string, number>> = {
  b8: 1,
  u8: 1,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  f16: 2,
  bf16: 2,
  f32: 4,
  f64: 8,
  c64: 8,
  c128: 16,
};

export function kindOf(suffix: string): Kind {
  return suffix[0] === "c" ? "complex" : suffix.includes("f") ? "float" : "integer";
}

/** The elements of the dtype that kernels call `suffix` (f32, i64 …) from byte `offset` on. */
export function cells(suffix: string, buffer: ArrayBuffer, offset: number): Cells {
  const view = new DataView(buffer);
  const bytes = BYTES[suffix]!;
  const kind = kindOf(suffix);
  const at = (i: number): number => offset + i * bytes;
  const make = (get: (p: number) => Value, set: (p: number, value: never) => void): Cells => ({
    kind,
    get: (i) => get(at(i)),
    set: (i, value) => set(at(i), value as never),
  });
  switch (suffix) {
    case "b8":
      return make(
        (p) => BigInt(view.getUint8(p)),
        (p, v: bigint) => view.setUint8(p, v === 0n ? 0 : 1),
      );
    case "u8":
      return make(
        (p) => BigInt(view.getUint8(p)),
        (p, v: bigint) => view.setUint8(p, Number(BigInt.asUintN(8, v))),
      );
    case "i8":
      return make(
        (p) => BigInt(view.getInt8(p)),
        (p, v: bigint) => view.setInt8(p, Number(BigInt.asIntN(8, v))),
      );
    case "i16":
      return make(
        (p) => BigInt(view.getInt16(p, true)),
        (p, v: bigint) => view.setInt16(p, Number(BigInt.asIntN(16, v)), true),
      );
    case "i32":
      return make(
        (p) => BigInt(view.getInt32(p, true)),
        (p, v: bigint) => view.setInt32(p, Number(BigInt.asIntN(32, v)), true),
      );
    case "i64":
      return make(
        (p) => view.getBigInt64(p, true),
        (p, v: bigint) => view.setBigInt64(p, BigInt.asIntN(64, v), true),
      );
    case "f16":
      return make(
        (p) => fromBits(view.getUint16(p, true), HALF),
        (p, v: number) => view.setUint16(p, toBits(Math.fround(v), HALF), true),
      );
    case "bf16":
      return make(
        (p) => fromBits(view.getUint16(p, true), BRAIN),
        (p, v: number) => view.setUint16(p, toBits(Math.fround(v), BRAIN), true),
      );
    case "f32":
      return make(
        (p) => view.getFloat32(p, true),
        (p, v: number) => view.setFloat32(p, v, true),
      );
    case "f64":
      return make(
        (p) => view.getFloat64(p, true),
        (p, v: number) => view.setFloat64(p, v, true),
      );
    case "c64":
      return make(
        (p) => ({ re: view.getFloat32(p, true), im: view.getFloat32(p + 4, true) }),
        (p, v: Complex) => {
          view.setFloat32(p, v.re, true);
          view.setFloat32(p + 4, v.im, true);
        },
      );
    case "c128":
      return make(
        (p) => ({ re: view.getFloat64(p, true), im: view.getFloat64(p + 8, true) }),
        (p, v: Complex) => {
          view.setFloat64(p, v.re, true);
          view.setFloat64(p + 8, v.im, true);
        },
      );
    default:
      throw new Error(`no dtype is called ${suffix}`);
  }
}

/** Raw bytes by width, for kernels that move elements whatever they mean. */
export function raw(bytes: number, buffer: ArrayBuffer, offset: number): (i: number) => Uint8Array {
  return (i) => new Uint8Array(buffer, offset + i * bytes, bytes);
}

/** A float of 16 bits: its number of mantissa bits and the bias of its exponent. */
interface Short {
  readonly mantissa: number;
  readonly bias: number;
}
const HALF: Short = { mantissa: 10, bias: 15 };
const BRAIN: Short = { mantissa: 7, bias: 127 };

function fromBits(bits: number, { mantissa, bias }: Short): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> mantissa;
  const fraction = bits & ((1 << mantissa) - 1);
  if (exponent === 2 * bias + 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const size = exponent === 0 ? fraction : fraction + (1 << mantissa);
  return sign * size * 2 ** (Math.max(exponent, 1) - bias - mantissa);
}

/** Counts the representable steps below |x|: their number is the bit pattern. */
function toBits(x: number, { mantissa, bias }: Short): number {
  const infinity = (2 * bias + 1) << mantissa;
  if (Number.isNaN(x)) return infinity | (1 << (mantissa - 1));
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size === Number.POSITIVE_INFINITY) return sign | infinity;
  let exponent = 1 - bias;
  while (exponent < bias && size >= 2 ** (exponent + 1)) exponent++;
  const steps = nearestEven(size / 2 ** (exponent - mantissa));
  return sign | Math.min(steps + ((exponent + bias - 1) << mantissa), infinity);
}

function nearestEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
