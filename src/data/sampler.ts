// In which order samples are taken.

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { empty, Generator, randint, random_ } from "../ops/index.ts";
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

function randoms(below: number, count: number, generator: Generator): number[] {
  const drawn = randint(below, [count], { generator });
  try {
    return drawn.tolist() as number[];
  } finally {
    drawn.dispose();
  }
}
