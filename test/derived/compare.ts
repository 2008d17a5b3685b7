// Values of tensors against each other.

import { fromBFloat, fromHalf, type TypedArray } from "#src/tensor/read";
import type { Tensor } from "#src/tensor/tensor";

/** Elements as numbers, complex ones as two; read from whatever device. */
export async function numbers(x: Tensor): Promise<number[]> {
  return decoded(x, await x.data());
}

export function numbersSync(x: Tensor): number[] {
  return decoded(x, x.dataSync());
}

function decoded(x: Tensor, data: TypedArray): number[] {
  const convert = x.dtype === "float16" ? fromHalf : x.dtype === "bfloat16" ? fromBFloat : Number;
  return Array.from(data as Float64Array, (v) => convert(v));
}

/** How far two computations of the same may be apart: a few roundings of the dtype. */
const TOLERANCE: Readonly<Record<string, number>> = {
  float16: 4e-3,
  bfloat16: 3e-2,
  float32: 2e-5,
  complex64: 2e-5,
  float64: 1e-11,
  complex128: 1e-11,
};

/** Says where two lists of numbers differ by more than their dtype allows, or null. */
export function difference(a: readonly number[], b: readonly number[], dtype: string): string | null {
  if (a.length !== b.length) return `${a.length} numbers, expected ${b.length}`;
  const tolerance = TOLERANCE[dtype] ?? 0;
  const scale = Math.max(1, ...b.filter(Number.isFinite).map(Math.abs));
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (Math.abs(x - y) <= tolerance * scale) continue;
    return `number ${i} is ${x}, expected ${y}`;
  }
  return null;
}

/** Says how two tensors differ in dtype, shape or values, or null. */
export async function tensorDifference(a: Tensor, b: Tensor): Promise<string | null> {
  const about = (x: Tensor): string => `${x.dtype}[${x.shape.join(", ")}]`;
  if (about(a) !== about(b)) return `${about(a)}, expected ${about(b)}`;
  return difference(await numbers(a), await numbers(b), a.dtype);
}

/** As an array: the only result, or several. */
export function listOf(result: unknown): Tensor[] {
  return (Array.isArray(result) ? result : [result]) as Tensor[];
}
