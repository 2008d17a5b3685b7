// Arguments for the derived tests: a shape, a dtype and a range of values, from which a test makes a tensor.

import type { DType } from "../core/index.ts";
import type { TensorSample } from "./types.ts";

const sampled =
  (dtype: DType, low: number, high: number) =>
  (...shape: number[]): TensorSample => ({ sample: true, shape, dtype, low, high });

/** A float32 tensor of this shape, with values in [-2, 2]. */
export const f32: (...shape: number[]) => TensorSample = sampled("float32", -2, 2);
/** A float32 tensor with values in [0.1, 2], where logarithms and roots are smooth. */
export const positive: (...shape: number[]) => TensorSample = sampled("float32", 0.1, 2);
/** A float32 tensor with values in [-0.9, 0.9], where the inverses of sine, cosine and tanh are smooth. */
export const inside: (...shape: number[]) => TensorSample = sampled("float32", -0.9, 0.9);
/** A float32 tensor with values in [1.1, 3], where the inverse of cosh is smooth. */
export const aboveOne: (...shape: number[]) => TensorSample = sampled("float32", 1.1, 3);
/** An int64 tensor with values in [-9, 9]. */
export const i64: (...shape: number[]) => TensorSample = sampled("int64", -9, 9);
/** An int8 tensor. */
export const i8: (...shape: number[]) => TensorSample = sampled("int8", -128, 127);
/** A bool tensor. */
export const bools: (...shape: number[]) => TensorSample = sampled("bool", 0, 1);
/** A complex64 tensor. */
export const c64: (...shape: number[]) => TensorSample = sampled("complex64", -2, 2);
/** int64 indices in [0, n). */
export const indices = (n: number, ...shape: number[]): TensorSample => ({
  sample: true,
  shape,
  dtype: "int64",
  low: 0,
  high: n - 1,
});
