// What is loaded: samples by number, or one after the other.

import { IndexError, ShapeError, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { type Generator, indexSelect, randperm, select } from "../ops/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/**
 * Samples by number: `length` of them, `at(i)` gives one (or a promise of it). An array is a dataset.
 *
 * `batch`, if there is one, gives the samples of several numbers at once, collated as `defaultCollate` would: a shortcut
 * for data that lie together.
 *
 * @example
 * class Squares extends Dataset<number> {
 *   length = 100;
 *   at(i: number): number {
 *     return i * i;
 *   }
 * }
 */
export interface Dataset<T> {
  readonly length: number;
  at(index: number): T | Promise<T> | undefined;
  batch?(indices: readonly number[]): unknown;
}
/** To be extended, as in PyTorch. It adds nothing: whatever has this form is a dataset. */
// biome-ignore lint/correctness/noUnusedVariables: the interface's
export abstract class Dataset<T> {}

/** Samples one after the other, at once or with waiting. */
export type Streamed<T> = Iterable<T> | AsyncIterable<T>;

/**
 * To be extended, as in PyTorch: with `[Symbol.iterator]` or `[Symbol.asyncIterator]`. It adds nothing: whatever can be
 * iterated is a dataset.
 */
// biome-ignore lint/correctness/noUnusedVariables: it says what comes
export abstract class IterableDataset<T> {}

/**
 * Tensors whose first dims are the samples: sample i is `[t.at(i) for each tensor]`.
 *
 * @example
 * const data = new TensorDataset(images, labels);
 * const [image, label] = data.at(0);
 */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<T> {
  readonly tensors: T;

  constructor(...tensors: T) {
    const sizes = new Set(tensors.map((x) => x.shape[0]));
    if (sizes.size !== 1 || sizes.has(undefined)) {
      throw new ShapeError(
        `TensorDataset: Size mismatch between tensors: first dims ${tensors.map((x) => showShape(x.shape)).join(", ")}`,
      );
    }
    this.tensors = tensors;
  }

  get length(): number {
    return this.tensors[0]!.shape[0]!;
  }

  at(index: number): T {
    return this.tensors.map((x) => select(x, 0, index)) as unknown as T; // one for one
  }

  batch(indices: readonly number[]): Tensor[] {
    const rows = tensor(indices, { dtype: "int64" });
    return this.tensors.map((x) => indexSelect(x, 0, rows));
  }
}

/** Some samples of a dataset, by their numbers. */
export class Subset<T> implements Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: readonly number[];
  /** There if the dataset has one. */
  declare readonly batch?: (indices: readonly number[]) => unknown;

  constructor(dataset: Dataset<T>, indices: readonly number[]) {
    this.dataset = dataset;
    this.indices = indices;
    if (dataset.batch !== undefined) this.batch = (at) => dataset.batch!(at.map((i) => this.#index(i)));
  }

  get length(): number {
    return this.indices.length;
  }

  at(index: number): T | Promise<T> | undefined {
    return this.dataset.at(this.#index(index));
  }

  #index(at: number): number {
    return this.indices[place(at, this.length, "Subset")]!;
  }
}

/** Datasets one behind the other. */
export class ConcatDataset<T> implements Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  /** Where each dataset ends. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<Dataset<T>>) {
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ValueError("ConcatDataset: datasets should not be an empty iterable");
    let end = 0;
    this.cumulativeSizes = this.datasets.map((dataset) => (end += dataset.length));
  }

  get length(): number {
    return this.cumulativeSizes.at(-1)!;
  }

  at(index: number): T | Promise<T> | undefined {
    const i = place(index, this.length, "ConcatDataset");
    const which = this.cumulativeSizes.findIndex((end) => i < end);
    return this.datasets[which]!.at(i - (this.cumulativeSizes[which - 1] ?? 0));
  }
}

interface Split<T> {
  dataset: Dataset<T>;
  lengths: readonly number[];
  generator?: Generator | null;
}

/**
 * Splits a dataset at random into parts of given lengths, or of shares that sum to 1 (what is left over goes one by one
 * to the first parts).
 *
 * @example
 * const [train, valid] = randomSplit(data, [0.9, 0.1], { generator: new Generator().manualSeed(42) });
 */
export function randomSplit<T>(
  ...args: Arguments<Split<T>, [dataset: Dataset<T>, lengths: readonly number[]], [generator?: Generator | null]>
): Subset<T>[] {
  const { dataset, lengths, generator } = keywords<Split<T>>("randomSplit", "dataset, lengths, generator?", {
    generator: null,
  })(args);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let sizes = [...lengths];
  if (total <= 1 && Math.abs(total - 1) < 1e-9) {
    sizes = lengths.map((share) => {
      if (!(share >= 0 && share <= 1)) {
        throw new ValueError(`randomSplit: a share must be between 0 and 1, got ${share}`);
      }
      return Math.floor(dataset.length * share);
    });
    const rest = dataset.length - sizes.reduce((sum, size) => sum + size, 0);
    for (let i = 0; i < rest; i++) sizes[i % sizes.length]!++;
  } else if (total !== dataset.length) {
    throw new ValueError(
      `randomSplit: Sum of input lengths does not equal the length of the input dataset: ${total} and ${dataset.length}`,
    );
  }
  const order = permutation(dataset.length, generator);
  let begin = 0;
  return sizes.map((size) => {
    const part = new Subset(dataset, order.slice(begin, begin + size));
    begin += size;
    return part;
  });
}

/** The numbers below n in a random order. */
export function permutation(n: number, generator: Generator | null): number[] {
  const order = randperm(n, { generator });
  try {
    return order.tolist() as number[];
  } finally {
    order.dispose();
  }
}

function place(index: number, length: number, op: string): number {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new IndexError(`${op}: index ${index} is out of range for ${length} samples`);
  }
  return index < 0 ? index + length : index;
}
