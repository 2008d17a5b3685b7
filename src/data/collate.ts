import { showValue } from "../core/index.ts";
import { isPlain } from "../op/index.ts";
import { stack } from "../ops/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";

/**
 * Samples made into a batch: tensors are stacked, numbers become a tensor (integers int64, fractions float64, booleans
 * bool), typed arrays too, arrays become an array of batches, one a place, objects an object of batches, one a key. Text
 * stays a list.
 *
 * @example
 * defaultCollate([[zeros(2), 1], [ones(2), 0]]) // [tensor of shape [2, 2], tensor([1, 0])]
 */
export function defaultCollate(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (first instanceof Tensor) return stack(samples as readonly Tensor[]);
  if (ArrayBuffer.isView(first)) return stack(samples.map((sample) => tensor(sample as Float32Array)));
  if (typeof first === "number") {
    return tensor(samples as readonly number[], { dtype: samples.every(Number.isInteger) ? "int64" : "float64" });
  }
  if (typeof first === "bigint" || typeof first === "boolean") return tensor(samples as readonly boolean[]);
  if (typeof first === "string") return samples;
  if (Array.isArray(first)) {
    const rows = samples as readonly (readonly unknown[])[];
    if (rows.some((row) => row.length !== first.length)) {
      throw new TypeError("defaultCollate: each element in list of batch should be of equal size");
    }
    return first.map((_, i) => defaultCollate(rows.map((row) => row[i])));
  }
  if (isPlain(first)) {
    const rows = samples as readonly Record<string, unknown>[];
    return Object.fromEntries(Object.keys(first).map((key) => [key, defaultCollate(rows.map((row) => row[key]))]));
  }
  throw new TypeError(
    `defaultCollate: batch must contain tensors, typed arrays, numbers, objects or arrays; found ${showValue(first)}`,
  );
}
