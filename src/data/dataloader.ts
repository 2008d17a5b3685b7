import { showValue, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Generator as Stream } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Crew, type Terms } from "./crew.ts";
import type { Dataset, Streamed } from "./dataset.ts";
import { gather, groups, groupsAwaited, isNumbered, isPromise, type Recipe, relieveIfHigh } from "./fetch.ts";
import { BatchSampler, drawSeed, RandomSampler, type Sampler, SequentialSampler } from "./sampler.ts";

/** What `defaultCollate` makes of samples of type T. */
export type Collated<T> = T extends Tensor | number | bigint | boolean | ArrayBufferView
  ? Tensor
  : T extends string
    ? string[]
    : { -readonly [K in keyof T]: Collated<T[K]> };

interface Options<T, B> {
  dataset: Dataset<T> | Streamed<T>;
  /** Samples a batch; null gives them one by one; 1. */
  batchSize?: number | null;
  /** Whether each round takes the samples in a new order; false. */
  shuffle?: boolean | null;
  /** The order, in place of `shuffle`. */
  sampler?: Iterable<number> | null;
  /** The batches as lists of numbers, in place of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<readonly number[]> | null;
  /**
   * Threads that make the batches; 0 makes them here. A dataset whose samples only have to be waited for needs none: it
   * gives promises.
   */
  numWorkers?: number;
  /** Makes the samples of a batch one; `defaultCollate`. */
  collateFn?: ((samples: T[]) => B) | null;
  /** Nothing here, where all memory is alike; false. */
  pinMemory?: boolean;
  /** Whether a last, shorter batch is left out; false. */
  dropLast?: boolean;
  /** Seconds that a worker's batch may take; 0 is for ever. */
  timeout?: number;
  /** Called in each worker with its number, once its dataset is there. */
  workerInitFn?: ((id: number) => unknown) | null;
  /** Must be null: workers are threads. */
  multiprocessingContext?: null;
  /** Where orders are drawn; by default the stream of `manualSeed`. */
  generator?: Stream | null;
  /** Batches that each worker makes ahead; 2. */
  prefetchFactor?: number | null;
  /** Whether the workers stay for the next round; false. */
  persistentWorkers?: boolean;
  /** False where batches may come as soon as they are made; true. */
  inOrder?: boolean;
}
const bind = /* @__PURE__ */ keywords<Options<unknown, unknown>>(
  "DataLoader",
  "dataset, batchSize?, shuffle?, sampler?, batchSampler?, numWorkers?, collateFn?, pinMemory?, dropLast?, timeout?, " +
    "workerInitFn?, multiprocessingContext?, generator?, *, prefetchFactor?, persistentWorkers?, inOrder?",
  {
    batchSize: 1,
    shuffle: null,
    sampler: null,
    batchSampler: null,
    numWorkers: 0,
    collateFn: null,
    pinMemory: false,
    dropLast: false,
    timeout: 0,
    workerInitFn: null,
    multiprocessingContext: null,
    generator: null,
    prefetchFactor: null,
    persistentWorkers: false,
    inOrder: true,
  },
);

/**
 * Batches of a dataset: `for await (const [x, y] of loader)`, or `for (const … of loader)` where no sample has to be
 * waited for. Each round begins anew; with the same seed the order is PyTorch's.
 *
 * With `numWorkers` threads make them, `prefetchFactor` ahead each, and `for await` takes them in the same order. A worker has
 * its own of the dataset, `collateFn` and `workerInitFn`: the library's datasets over tensors are copied, and what is your own
 * is had by `fromModule`. Its random numbers start from the round's seed + its number; `getWorkerInfo` tells a dataset where
 * it is. What it throws comes back as an error of the same class, whose cause has the worker's stack.
 *
 * `for await` also asks for the memory of forgotten tensors when it runs high, so that a plain training loop stays flat.
 *
 * @example
 * const loader = new DataLoader(new TensorDataset(images, labels), { batchSize: 64, shuffle: true });
 * for await (const [x, y] of loader) train(x, y);
 */
export class DataLoader<T, B = Collated<T>> implements Iterable<B>, AsyncIterable<B>, Recipe<T, B>, Terms {
  readonly dataset: Dataset<T> | Streamed<T>;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  readonly sampler: Iterable<number> | null;
  readonly batchSampler: Iterable<readonly number[]> | null;
  readonly collateFn: ((samples: T[]) => B) | null;
  readonly generator: Stream | null;
  readonly numWorkers: number;
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly timeout: number;
  readonly inOrder: boolean;
  readonly workerInitFn: ((id: number) => unknown) | null;
  /** The workers that stay. */
  #crew: Crew | null = null;

  constructor(
    ...args: Arguments<
      Options<T, B>,
      [dataset: Dataset<T> | Streamed<T>],
      [
        batchSize?: number | null,
        shuffle?: boolean | null,
        sampler?: Iterable<number> | null,
        batchSampler?: Iterable<readonly number[]> | null,
        numWorkers?: number,
        collateFn?: ((samples: T[]) => B) | null,
        pinMemory?: boolean,
        dropLast?: boolean,
        timeout?: number,
        workerInitFn?: ((id: number) => unknown) | null,
        multiprocessingContext?: null,
        generator?: Stream | null,
      ]
    >
  ) {
    // What is bound has the types that the parameters state.
    const options = bind(args) as unknown as Required<Options<T, B>>;
    const { dataset, batchSize, shuffle, sampler, batchSampler, collateFn, dropLast, generator } = options;
    checkWorkers(options);
    if (sampler !== null && shuffle) {
      throw new ValueError("DataLoader: sampler option is mutually exclusive with shuffle");
    }
    const numbered = isNumbered(dataset);
    if (!numbered && !isIterable(dataset)) {
      throw new TypeError(
        `DataLoader: dataset is ${showValue(dataset)}, expected one with length and at(i), or an iterable; of tensors make a TensorDataset`,
      );
    }
    if (!numbered && (sampler !== null || batchSampler !== null || shuffle)) {
      throw new ValueError(
        "DataLoader: an iterable dataset has its own order: shuffle, sampler and batchSampler do not apply",
      );
    }
    if (batchSampler !== null && (batchSize !== 1 || shuffle || sampler !== null || dropLast)) {
      throw new ValueError(
        "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last",
      );
    }
    if (batchSize === null && dropLast) {
      throw new ValueError(
        "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with drop_last",
      );
    }
    if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new ValueError(
        `DataLoader: batch_size should be a positive integer value, but got batch_size=${batchSize}`,
      );
    }
    this.dataset = dataset;
    this.batchSize = batchSampler === null ? batchSize : null;
    this.dropLast = dropLast;
    this.generator = generator;
    this.numWorkers = options.numWorkers;
    this.prefetchFactor = options.prefetchFactor ?? 2;
    this.persistentWorkers = options.persistentWorkers;
    this.timeout = options.timeout;
    this.inOrder = options.inOrder;
    this.workerInitFn = options.workerInitFn;
    this.collateFn = collateFn;
    this.sampler =
      sampler ??
      (numbered ? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset)) : null);
    this.batchSampler =
      batchSampler ??
      (this.sampler !== null && batchSize !== null ? new BatchSampler(this.sampler, batchSize, dropLast) : null);
  }

  /** The number of batches in a round. Throws if the dataset or the sampler has no length. */
  get length(): number {
    const { length } = (this.batchSampler ?? this.sampler ?? this.dataset) as Partial<Sampler>;
    if (length === undefined) throw new TypeError("DataLoader: the dataset has no length");
    if (this.sampler !== null || this.batchSampler !== null || this.batchSize === null) return length;
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  [Symbol.iterator](): IterableIterator<B> {
    if (this.numWorkers > 0)
      throw new TypeError("DataLoader: batches of workers have to be waited for: use `for await`");
    drawSeed(this.generator); // PyTorch draws one for its workers, whether or not there are any
    return this.#atOnce();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    if (this.#crew !== null) return this.#fromWorkers(null); // they have their seed
    const seed = drawSeed(this.generator);
    return this.numWorkers > 0 ? this.#fromWorkers(seed) : this.#awaited();
  }

  /** The batches of one round; a promise where a sample is one. */
  *#batches(): IterableIterator<B | Promise<B>> {
    const { dataset } = this;
    if (isNumbered(dataset)) for (const indices of this.#order()) yield gather(this, dataset, indices);
    else if (Symbol.iterator in dataset) yield* groups(this, dataset);
    else throw new TypeError("DataLoader: the dataset has to be waited for: use `for await`");
  }

  *#atOnce(): IterableIterator<B> {
    for (const batch of this.#batches()) {
      if (isPromise<B>(batch)) throw new TypeError("DataLoader: a sample has to be waited for: use `for await`");
      yield batch;
    }
  }

  async *#awaited(): AsyncIterableIterator<B> {
    const { dataset } = this;
    if (!isNumbered(dataset) && Symbol.asyncIterator in dataset) return yield* groupsAwaited(this, dataset);
    for (const batch of this.#batches()) {
      await relieveIfHigh();
      yield await batch;
    }
  }

  async *#fromWorkers(seed: bigint | null): AsyncIterableIterator<B> {
    const { persistentWorkers } = this;
    const kept = seed === null ? this.#crew : null;
    const crew = kept ?? new Crew(this as Recipe<unknown, unknown>, this, seed!);
    if (persistentWorkers && kept === null) {
      this.#crew = crew;
      forgotten.register(this, crew);
    }
    try {
      yield* crew.round(this.#order()) as AsyncIterableIterator<B>; // as the collateFn's type says
    } finally {
      if (!persistentWorkers) crew.close();
      if (crew.closed) this.#crew = null;
    }
  }

  /** The numbers of each batch; for an iterable dataset, which has its own order, nothing again and again. */
  *#order(): IterableIterator<readonly number[]> {
    if (this.batchSampler !== null) yield* this.batchSampler;
    else if (this.sampler !== null) for (const index of this.sampler) yield [index];
    else for (;;) yield [];
  }

  /** Whether samples are put together, or come one by one. */
  get batched(): boolean {
    return this.batchSize !== null || this.batchSampler !== null;
  }
}

/** Ends the workers of loaders that nobody has any more. */
const forgotten = new FinalizationRegistry<Crew>((crew) => crew.close());

type WorkerOptions = "numWorkers" | "timeout" | "prefetchFactor" | "persistentWorkers" | "multiprocessingContext";

function checkWorkers(options: Required<Pick<Options<unknown, unknown>, WorkerOptions>>): void {
  const { numWorkers, timeout, prefetchFactor, persistentWorkers, multiprocessingContext } = options;
  const refuse = (why: string): never => {
    throw new ValueError(`DataLoader: ${why}`);
  };
  if (!Number.isInteger(numWorkers) || numWorkers < 0) {
    refuse(`num_workers option should be non-negative, got ${showValue(numWorkers)}`);
  }
  if (!(timeout >= 0)) refuse(`timeout option should be non-negative, got ${showValue(timeout)}`);
  if (numWorkers === 0) {
    if (prefetchFactor !== null) refuse("prefetch_factor option could only be specified with num_workers > 0");
    if (persistentWorkers) refuse("persistent_workers option needs num_workers > 0");
  } else if (prefetchFactor !== null && !(Number.isInteger(prefetchFactor) && prefetchFactor > 0)) {
    refuse(`prefetch_factor option should be positive, got ${showValue(prefetchFactor)}`);
  }
  if (multiprocessingContext !== null) refuse("multiprocessing_context must be None: workers are threads");
}

const isIterable = (x: unknown): boolean =>
  typeof x === "object" && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);
