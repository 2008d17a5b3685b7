import { showValue, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Generator as Stream } from "../ops/index.ts";
import { deviceOf, relieve, type Tensor, underPressure } from "../tensor/index.ts";
import { defaultCollate } from "./collate.ts";
import type { Dataset, IterableDataset } from "./dataset.ts";
import { BatchSampler, drawSeed, RandomSampler, type Sampler, SequentialSampler } from "./sampler.ts";

/** What `defaultCollate` makes of samples of type T. */
export type Collated<T> = T extends Tensor | number | bigint | boolean | ArrayBufferView
  ? Tensor
  : T extends string
    ? string[]
    : { -readonly [K in keyof T]: Collated<T[K]> };

interface Options<T, B> {
  dataset: Dataset<T> | IterableDataset<T>;
  /** Samples a batch; null gives them one by one; 1. */
  batchSize?: number | null;
  /** Whether each round takes the samples in a new order; false. */
  shuffle?: boolean | null;
  /** The order, in place of `shuffle`. */
  sampler?: Iterable<number> | null;
  /** The batches as lists of numbers, in place of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<readonly number[]> | null;
  /** Must be 0. A dataset whose samples take time gives promises. */
  numWorkers?: number;
  /** Makes the samples of a batch one; `defaultCollate`. */
  collateFn?: ((samples: T[]) => B) | null;
  /** Whether a last, shorter batch is left out; false. */
  dropLast?: boolean;
  /** Where orders are drawn; by default the stream of `manualSeed`. */
  generator?: Stream | null;
}
const bind = /* @__PURE__ */ keywords<Options<unknown, unknown>>(
  "DataLoader",
  "dataset, batchSize?, shuffle?, sampler?, batchSampler?, numWorkers?, collateFn?, *, dropLast?, generator?",
  {
    batchSize: 1,
    shuffle: null,
    sampler: null,
    batchSampler: null,
    numWorkers: 0,
    collateFn: null,
    dropLast: false,
    generator: null,
  },
);

/**
 * Batches of a dataset: `for await (const [x, y] of loader)`, or `for (const … of loader)` where no sample has to be
 * waited for. Each round begins anew; with the same seed the order is PyTorch's.
 *
 * `for await` also asks for the memory of forgotten tensors when it runs high, so that a plain training loop stays flat.
 *
 * @example
 * const loader = new DataLoader(new TensorDataset(images, labels), { batchSize: 64, shuffle: true });
 * for await (const [x, y] of loader) train(x, y);
 */
export class DataLoader<T, B = Collated<T>> implements Iterable<B>, AsyncIterable<B> {
  readonly dataset: Dataset<T> | IterableDataset<T>;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  readonly sampler: Iterable<number> | null;
  readonly batchSampler: Iterable<readonly number[]> | null;
  readonly collateFn: ((samples: T[]) => B) | null;
  readonly generator: Stream | null;

  constructor(
    ...args: Arguments<
      Options<T, B>,
      [dataset: Dataset<T> | IterableDataset<T>],
      [
        batchSize?: number | null,
        shuffle?: boolean | null,
        sampler?: Iterable<number> | null,
        batchSampler?: Iterable<readonly number[]> | null,
        numWorkers?: number,
        collateFn?: ((samples: T[]) => B) | null,
      ]
    >
  ) {
    // What is bound has the types that the parameters state.
    const options = bind(args) as unknown as Required<Options<T, B>>;
    const { dataset, batchSize, shuffle, sampler, batchSampler, numWorkers, collateFn, dropLast, generator } = options;
    if (numWorkers !== 0) {
      throw new ValueError("DataLoader: numWorkers must be 0: a dataset whose samples take time gives promises");
    }
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
    drawSeed(this.generator); // PyTorch draws one for its workers, whether or not there are any
    return this.#atOnce();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    drawSeed(this.generator);
    return this.#awaited();
  }

  *#atOnce(): IterableIterator<B> {
    for (const batch of this.#batches()) {
      if (isPromise<B>(batch)) throw new TypeError("DataLoader: a sample has to be waited for: use `for await`");
      yield batch;
    }
  }

  async *#awaited(): AsyncIterableIterator<B> {
    const { dataset } = this;
    if (!isNumbered(dataset) && Symbol.asyncIterator in dataset) {
      let group: T[] = [];
      for await (const sample of dataset) {
        group.push(sample);
        if (this.batchSize !== null && group.length < this.batchSize) continue;
        await relieveIfHigh();
        yield this.#collate(group);
        group = [];
      }
      if (group.length > 0 && !this.dropLast) yield this.#collate(group);
      return;
    }
    for (const batch of this.#batches()) {
      await relieveIfHigh();
      yield await batch;
    }
  }

  /** The batches of one round; a promise where a sample is one. */
  *#batches(): IterableIterator<B | Promise<B>> {
    const { dataset } = this;
    if (isNumbered(dataset)) {
      if (this.batchSampler !== null) for (const indices of this.batchSampler) yield this.#gather(dataset, indices);
      else for (const index of this.sampler!) yield this.#gather(dataset, [index]);
      return;
    }
    if (!(Symbol.iterator in dataset)) {
      throw new TypeError("DataLoader: the dataset has to be waited for: use `for await`");
    }
    let group: T[] = [];
    for (const sample of dataset) {
      group.push(sample);
      if (this.batchSize !== null && group.length < this.batchSize) continue;
      yield this.#collate(group);
      group = [];
    }
    if (group.length > 0 && !this.dropLast) yield this.#collate(group);
  }

  #gather(dataset: Dataset<T>, indices: readonly number[]): B | Promise<B> {
    // The dataset's own way to a batch gives what `defaultCollate` would, so it stands in only for that.
    if (dataset.batch !== undefined && this.collateFn === null && this.#batched) return dataset.batch(indices) as B;
    const samples = indices.map((index) => dataset.at(index) as T | Promise<T>);
    if (samples.some(isPromise)) return Promise.all(samples).then((ready) => this.#collate(ready));
    return this.#collate(samples as T[]);
  }

  #collate(samples: T[]): B {
    if (!this.#batched) return (this.collateFn === null ? samples[0] : this.collateFn(samples)) as B;
    return (this.collateFn ?? defaultCollate)(samples) as B;
  }

  /** Whether samples are put together, or come one by one. */
  get #batched(): boolean {
    return this.batchSize !== null || this.batchSampler !== null;
  }
}

/** Asks for the memory of forgotten tensors when much is in use. */
async function relieveIfHigh(): Promise<void> {
  const backend = deviceOf(null, "DataLoader");
  if (underPressure(backend)) await relieve(backend);
}

const isPromise = <T>(x: T | Promise<T>): x is Promise<T> =>
  typeof (x as { then?: unknown } | null | undefined)?.then === "function";

const isIterable = (x: unknown): boolean =>
  typeof x === "object" && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);

/** Whether samples are asked for by number; else the dataset gives them in its own order. */
function isNumbered<T>(dataset: Dataset<T> | IterableDataset<T>): dataset is Dataset<T> {
  const { at, length } = dataset as Partial<Dataset<T>>;
  return typeof at === "function" && typeof length === "number";
}
