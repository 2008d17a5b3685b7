// In which order samples are taken.

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { empty, Generator, multinomial, randint, random_ } from "../ops/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { permutation } from "./dataset.ts";

/** An order: numbers of samples, anew each time it is iterated. */
export interface Sampler<T = number> extends Iterable<T> {
  readonly length: number;
}
interface Sized {
  readonly length: number;
}

/** First to last. */
export class SequentialSampler implements Sampler {
  readonly dataSource: Sized;

  constructor(dataSource: Sized) {
    this.dataSource = dataSource;
  }

  get length(): number {
    return this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.dataSource.length; i++) yield i;
  }
}

interface RandomOptions {
  dataSource: Sized;
  /** Whether a sample may come again before all have come; false. */
  replacement?: boolean;
  /** How many are taken; by default as many as there are. */
  numSamples?: number | null;
  /** Where the order is drawn; by default a stream whose seed comes from that of `manualSeed`. */
  generator?: Generator | null;
}
const bindRandom = /* @__PURE__ */ keywords<RandomOptions>(
  "RandomSampler",
  "dataSource, replacement?, numSamples?, generator?",
  { replacement: false, numSamples: null, generator: null },
);

/** At random; the order of a seed is PyTorch's. */
export class RandomSampler implements Sampler {
  readonly dataSource: Sized;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  readonly #numSamples: number | null;

  constructor(
    ...args: Arguments<
      RandomOptions,
      [dataSource: Sized],
      [replacement?: boolean, numSamples?: number | null, generator?: Generator | null]
    >
  ) {
    const { dataSource, replacement, numSamples, generator } = bindRandom(args);
    if (numSamples !== null && !(Number.isInteger(numSamples) && numSamples > 0)) {
      throw new ValueError(
        `RandomSampler: num_samples should be a positive integer value, but got num_samples=${numSamples}`,
      );
    }
    this.dataSource = dataSource;
    this.replacement = replacement;
    this.generator = generator;
    this.#numSamples = numSamples;
  }

  /** How many are taken. */
  get numSamples(): number {
    return this.#numSamples ?? this.dataSource.length;
  }

  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Iterator<number> {
    const n = this.dataSource.length;
    const { numSamples } = this;
    const generator = this.generator ?? new Generator().manualSeed(drawSeed(null));
    if (this.replacement) {
      // PyTorch draws 32 at a time, which shows in the stream of a generator that is used on.
      for (let left = numSamples; left > 0; left -= 32) yield* randoms(n, Math.min(32, left), generator);
      return;
    }
    for (let round = 0; round < Math.floor(numSamples / n); round++) yield* permutation(n, generator);
    yield* permutation(n, generator).slice(0, numSamples % n);
  }
}

interface SubsetOptions {
  indices: readonly number[];
  generator?: Generator | null;
}
const bindSubset = /* @__PURE__ */ keywords<SubsetOptions>("SubsetRandomSampler", "indices, generator?", {
  generator: null,
});

/** The given numbers in a random order. */
export class SubsetRandomSampler implements Sampler {
  readonly indices: readonly number[];
  readonly generator: Generator | null;

  constructor(...args: Arguments<SubsetOptions, [indices: readonly number[]], [generator?: Generator | null]>) {
    const { indices, generator } = bindSubset(args);
    this.indices = indices;
    this.generator = generator;
  }

  get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const i of permutation(this.indices.length, this.generator)) yield this.indices[i]!;
  }
}

interface WeightedOptions {
  /** What is proportional to the probability of each number; they need not sum to 1. */
  weights: readonly number[] | Tensor;
  numSamples: number;
  /** Whether a number may come again; true. */
  replacement?: boolean;
  generator?: Generator | null;
}
const bindWeighted = /* @__PURE__ */ keywords<WeightedOptions>(
  "WeightedRandomSampler",
  "weights, numSamples, replacement?, generator?",
  { replacement: true, generator: null },
);

/** Numbers drawn by weight: for classes that are rare. */
export class WeightedRandomSampler implements Sampler {
  readonly weights: Tensor;
  readonly numSamples: number;
  readonly replacement: boolean;
  readonly generator: Generator | null;

  constructor(
    ...args: Arguments<
      WeightedOptions,
      [weights: readonly number[] | Tensor, numSamples: number],
      [replacement?: boolean, generator?: Generator | null]
    >
  ) {
    const { weights, numSamples, replacement, generator } = bindWeighted(args);
    if (!Number.isInteger(numSamples) || numSamples <= 0) {
      throw new ValueError(
        `WeightedRandomSampler: num_samples should be a positive integer value, but got num_samples=${numSamples}`,
      );
    }
    this.weights = tensor(weights, { dtype: "float64" });
    if (this.weights.ndim !== 1) {
      throw new ValueError(
        `WeightedRandomSampler: weights should be a 1d sequence but given ${this.weights.ndim} dims`,
      );
    }
    this.numSamples = numSamples;
    this.replacement = replacement;
    this.generator = generator;
  }

  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Iterator<number> {
    const { weights, numSamples, replacement, generator } = this;
    const drawn = multinomial(weights, numSamples, replacement, { generator });
    yield* listOf(drawn);
  }
}

interface BatchOptions {
  sampler: Iterable<number> & Partial<Sized>;
  batchSize: number;
  dropLast: boolean;
}
const bindBatch = /* @__PURE__ */ keywords<BatchOptions>("BatchSampler", "sampler, batchSize, dropLast");

/** Lists of `batchSize` numbers from another sampler; a last, shorter one is dropped or not. */
export class BatchSampler implements Sampler<number[]> {
  readonly sampler: Iterable<number> & Partial<Sized>;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(
    ...args: Arguments<BatchOptions, [sampler: Iterable<number> & Partial<Sized>, batchSize: number, dropLast: boolean]>
  ) {
    const { sampler, batchSize, dropLast } = bindBatch(args);
    if (!Number.isInteger(batchSize) || batchSize <= 0) {
      throw new ValueError(
        `BatchSampler: batch_size should be a positive integer value, but got batch_size=${batchSize}`,
      );
    }
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
  }

  get length(): number {
    const { length } = this.sampler;
    if (length === undefined) throw new TypeError("BatchSampler: the sampler has no length");
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<number[]> {
    let batch: number[] = [];
    for (const index of this.sampler) {
      batch.push(index);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

/** A seed from a stream: PyTorch's `empty((), dtype=int64).random_()`. */
export function drawSeed(generator: Generator | null): bigint {
  const seed = random_(empty([], { dtype: "int64" }), { generator });
  try {
    return seed.item({ bigint: true }) as unknown as bigint;
  } finally {
    seed.dispose();
  }
}

const randoms = (below: number, count: number, generator: Generator): number[] =>
  listOf(randint(below, [count], { generator }));

/** The numbers of a tensor that goes back. */
function listOf(drawn: Tensor): number[] {
  try {
    return drawn.tolist() as number[];
  } finally {
    drawn.dispose();
  }
}
