import { Generator, IndexError, manualSeed, rand, type Tensor, tensor, utils, ValueError, zeros } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const {
  BatchSampler,
  ConcatDataset,
  DataLoader,
  Dataset,
  defaultCollate,
  IterableDataset,
  RandomSampler,
  randomSplit,
  SequentialSampler,
  Subset,
  SubsetRandomSampler,
  TensorDataset,
  WeightedRandomSampler,
} = utils.data;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lists = (loader: Iterable<Tensor>): unknown[] => [...loader].map((batch) => batch.tolist());
/** The next number of the default stream: it tells whether as much was drawn as PyTorch draws. */
const next = (): number => rand(1).item();

// Recorded from PyTorch: the same seeds, the same calls.
const order = suite("orders are PyTorch's");

order("shuffle draws a new order each round from the default stream", () => {
  manualSeed(0);
  const loader = new DataLoader(range(10), { batchSize: 3, shuffle: true });
  assert.equal(lists(loader), [[6, 7, 1], [4, 2, 0], [9, 8, 3], [5]]);
  assert.equal(lists(loader), [[2, 4, 7], [0, 8, 9], [5, 3, 6], [1]]);
  assert.is(next(), 0.455627977848053);
});

order("a generator of one's own, the last batch dropped", () => {
  manualSeed(1);
  const generator = new Generator().manualSeed(42);
  const loader = new DataLoader(range(10), 4, true, { generator, dropLast: true });
  assert.is(loader.length, 2);
  assert.equal(lists(loader), [
    [6, 5, 4, 0],
    [8, 9, 2, 1],
  ]);
  assert.equal(lists(loader), [
    [3, 6, 5, 8],
    [9, 4, 2, 0],
  ]);
  assert.is(next(), 0.7576315999031067);
});

order("first to last: one seed is drawn all the same", () => {
  manualSeed(3);
  assert.equal(lists(new DataLoader(range(7), { batchSize: 5 })), [
    [0, 1, 2, 3, 4],
    [5, 6],
  ]);
  assert.is(next(), 0.2858424782752991);
});

order("samplers", () => {
  manualSeed(4);
  assert.equal(
    [...new RandomSampler(range(10), true, 40)],
    [
      7, 3, 8, 1, 3, 9, 3, 1, 4, 5, 1, 0, 2, 4, 3, 2, 4, 4, 2, 4, 9, 3, 5, 6, 4, 3, 3, 6, 2, 7, 7, 0, 8, 2, 1, 7, 9, 1,
      7, 5,
    ],
  );
  assert.is(next(), 0.0914568305015564);
  manualSeed(5);
  assert.equal([...new RandomSampler(range(4), { numSamples: 10 })], [1, 3, 0, 2, 2, 0, 1, 3, 2, 3]);
  assert.is(next(), 0.9074696898460388);
  const sampler = new RandomSampler(range(5), { generator: new Generator().manualSeed(6) });
  assert.equal(
    [[...sampler], [...sampler]],
    [
      [0, 2, 1, 3, 4],
      [4, 3, 0, 2, 1],
    ],
  );
  assert.equal([...new BatchSampler(new SequentialSampler(range(5)), 2, false)], [[0, 1], [2, 3], [4]]);
  assert.is(new BatchSampler(range(5), 2, true).length, 2);
});

order("randomSplit, by lengths and by shares", () => {
  const parts = randomSplit(range(10), [3, 7], { generator: new Generator().manualSeed(42) });
  assert.equal(
    parts.map((part) => part.indices),
    [
      [2, 6, 1],
      [8, 4, 5, 0, 9, 3, 7],
    ],
  );
  const shares = randomSplit(range(11), [0.3, 0.3, 0.4], new Generator().manualSeed(7));
  assert.equal(
    shares.map((part) => part.indices),
    [
      [3, 0, 9, 2],
      [5, 8, 4],
      [10, 1, 7, 6],
    ],
  );
  assert.throws(() => randomSplit(range(10), [3, 3]), /Sum of input lengths does not equal the length/);
});

const collated = suite("collation");

collated("numbers, booleans, text, tensors, typed arrays, arrays, objects", () => {
  assert.equal(read(defaultCollate([1, 2])), ["int64", [1, 2]]);
  assert.equal(read(defaultCollate([0.5, 2])), ["float64", [0.5, 2]]);
  assert.equal(read(defaultCollate([true, false])), ["bool", [true, false]]);
  assert.equal(defaultCollate(["a", "b"]), ["a", "b"]);
  assert.equal(read(defaultCollate([tensor([0.5]), tensor([1.5])])), ["float32", [[0.5], [1.5]]]);
  assert.equal(read(defaultCollate([new Uint8Array([1]), new Uint8Array([2])])), ["uint8", [[1], [2]]]);
  const [x, { y }] = defaultCollate([
    [1, { y: [2, "p"] }],
    [3, { y: [4, "q"] }],
  ]) as [Tensor, { y: [Tensor, string[]] }];
  assert.equal(
    [x.tolist(), y[0].tolist(), y[1]],
    [
      [1, 3],
      [2, 4],
      ["p", "q"],
    ],
  );
  assert.throws(() => defaultCollate([[1], [1, 2]]), /should be of equal size/);
  assert.throws(() => defaultCollate([() => 1]), /found a function/);
});

const loading = suite("loading");

loading("a TensorDataset's batches are those of its samples, at once", () => {
  const data = new TensorDataset(
    tensor([
      [0, 1],
      [2, 3],
      [4, 5],
    ]),
    tensor([7, 8, 9]),
  );
  assert.equal(
    data.at(1).map((t) => t.tolist()),
    [[2, 3], 8],
  );
  const batches = [...new DataLoader(data, { batchSize: 2 })].map(([x, y]) => [x.tolist(), y.tolist()]);
  assert.equal(batches, [
    [
      [
        [0, 1],
        [2, 3],
      ],
      [7, 8],
    ],
    [[[4, 5]], [9]],
  ]);
  const own = new DataLoader(data, { batchSize: 2, collateFn: (samples) => samples.length });
  assert.equal([...own], [2, 1]);
  assert.throws(() => new TensorDataset(zeros(2), zeros(3)), /Size mismatch between tensors/);
});

loading("subsets and chains", () => {
  const data = new TensorDataset(tensor([0, 10, 20, 30]));
  const part = new Subset(data, [3, 1]);
  assert.equal(
    [...new DataLoader(part, { batchSize: 2 })].map(([x]) => x.tolist()),
    [[30, 10]],
  );
  assert.throws(
    () => part.at(2),
    (e: unknown) => e instanceof IndexError,
  );
  const chain = new ConcatDataset([range(2), [7, 8, 9]]);
  assert.equal([chain.length, chain.at(1), chain.at(2), chain.at(-1)], [5, 1, 7, 9]);
});

loading("promises are waited for with `for await`, and refused without", async () => {
  const data = { length: 5, at: async (i: number): Promise<number> => i * i };
  const got: unknown[] = [];
  for await (const batch of new DataLoader(data, { batchSize: 2 })) got.push((batch as Tensor).tolist());
  assert.equal(got, [[0, 1], [4, 9], [16]]);
  assert.throws(() => [...new DataLoader(data)], /use `for await`/);
});

loading("iterable datasets, at once or awaited", async () => {
  function* some(): Generator2 {
    yield* [1, 2, 3];
  }
  async function* later(): AsyncGenerator<number> {
    yield* [1, 2, 3];
  }
  assert.equal(lists(new DataLoader({ [Symbol.iterator]: some }, { batchSize: 2 })), [[1, 2], [3]]);
  assert.equal(lists(new DataLoader({ [Symbol.iterator]: some }, { batchSize: 2, dropLast: true })), [[1, 2]]);
  const got: unknown[] = [];
  for await (const batch of new DataLoader({ [Symbol.asyncIterator]: later }, { batchSize: 2 }))
    got.push(batch.tolist());
  assert.equal(got, [[1, 2], [3]]);
  assert.throws(() => new DataLoader({ [Symbol.iterator]: some }).length, /no length/);
  assert.throws(() => new DataLoader({ [Symbol.iterator]: some }, { shuffle: true }), /its own order/);
});

loading("batchSize null gives samples one by one; samplers of one's own", () => {
  assert.equal([...new DataLoader(["a", "b"], { batchSize: null })], ["a", "b"]);
  assert.equal(lists(new DataLoader(range(9), { sampler: [3, 1, 2], batchSize: 2 })), [[3, 1], [2]]);
  assert.equal(lists(new DataLoader(range(9), { batchSampler: [[8], [7, 6]] })), [[8], [7, 6]]);
});

loading("a tensor is no dataset", () => {
  assert.throws(
    () => new DataLoader(zeros([3]) as never),
    /dataset is float32\[3\], expected one with length and at\(i\)/,
  );
});

loading("options that contradict each other are refused in PyTorch's words", () => {
  const bad: readonly (readonly [object, RegExp])[] = [
    [{ shuffle: true, sampler: [1] }, /sampler option is mutually exclusive with shuffle/],
    [{ batchSampler: [[1]], batchSize: 2 }, /batch_sampler option is mutually exclusive/],
    [{ batchSize: null, dropLast: true }, /disables auto-batching/],
    [{ batchSize: 0 }, /batch_size should be a positive integer/],
    [{ numWorkers: -1 }, /num_workers option should be non-negative/],
    [{ timeout: -1 }, /timeout option should be non-negative/],
    [{ prefetchFactor: 3 }, /prefetch_factor option could only be specified with num_workers > 0/],
    [{ numWorkers: 1, prefetchFactor: 0 }, /prefetch_factor option should be positive/],
    [{ persistentWorkers: true }, /persistent_workers option needs num_workers > 0/],
  ];
  for (const [options, why] of bad) {
    assert.throws(
      () => new DataLoader(range(3), options),
      (e: unknown) => e instanceof ValueError && why.test(e.message),
    );
  }
});

loading("samplers of a subset and by weight draw what PyTorch draws", () => {
  manualSeed(4);
  assert.equal([...new SubsetRandomSampler([10, 20, 30, 40, 50])], [10, 40, 20, 50, 30]);
  assert.equal([...new WeightedRandomSampler([0.1, 0.5, 0.4, 0], 6)], [0, 2, 2, 1, 1, 2]);
  assert.equal([...new WeightedRandomSampler([0.1, 0.5, 0.4], 2, { replacement: false })], [2, 0]);
  assert.ok(Math.abs(next() - 0.6074) < 1e-4);
  assert.throws(() => new WeightedRandomSampler([1], 0), /num_samples should be a positive integer/);
});

loading("datasets are extended as in PyTorch", () => {
  class Squares extends Dataset<number> {
    override get length(): number {
      return 3;
    }
    override at(i: number): number {
      return i * i;
    }
  }
  class Count extends IterableDataset<number> {
    *[Symbol.iterator](): Generator2 {
      yield* [1, 2, 3];
    }
  }
  assert.equal(lists(new DataLoader(new Squares(), { batchSize: 2 })), [[0, 1], [4]]);
  assert.equal(lists(new DataLoader(new Count(), { batchSize: 2 })), [[1, 2], [3]]);
  assert.ok(new Squares() instanceof Dataset);
});

type Generator2 = IterableIterator<number>;
const read = (x: unknown): unknown => [(x as Tensor).dtype, (x as Tensor).tolist()];

for (const one of [order, collated, loading]) one.run();
