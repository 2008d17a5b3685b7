// DataLoaders whose batches are made in threads.
import { arange, Generator, IndexError, manualSeed, rand, type Tensor, tensor, utils } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../process/child.ts";

const { ConcatDataset, DataLoader, fromModule, getWorkerInfo, MNIST, Subset, TensorDataset } = utils.data;

const MODULE = new URL("datasets.js", import.meta.url);
const workers = suite("workers");

/** All batches as nested arrays. */
async function read(loader: AsyncIterable<unknown>): Promise<unknown[]> {
  const batches = [];
  for await (const batch of loader) batches.push(plain(batch));
  return batches;
}
const plain = (x: unknown): unknown => (Array.isArray(x) ? x.map(plain) : ((x as Partial<Tensor>).tolist?.() ?? x));

workers("the same batches in the same order, whatever their number, and the same draws", async () => {
  const images = arange(60, { dtype: "uint8" }).view(15, 2, 2);
  const digits = new MNIST(images, arange(15));
  const pairs = new TensorDataset(arange(15).mul(0.5), tensor(Array.from({ length: 15 }, (_, i) => i % 2 === 0)));
  const chain = new ConcatDataset([digits, new Subset(digits, [3, 1, 4, 1, 5])]);
  for (const dataset of [pairs, chain, [1, 2.5, 3]] as (typeof pairs)[]) {
    const seen = [];
    for (const numWorkers of [0, 2]) {
      manualSeed(7);
      const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, numWorkers });
      seen.push([loader.length, await read(loader), rand(1).item()]);
    }
    assert.equal(seen[1], seen[0]);
  }
});

workers("a dataset, a collateFn and a workerInitFn of one's own, from their module", async () => {
  const squares = await fromModule<import("./datasets.ts").Squares>(MODULE, "Squares", [5, tensor([0.5])]);
  assert.is(squares.length, 5);
  const loader = new DataLoader(new Subset(squares, [4, 3, 2, 1]), { batchSize: 2, numWorkers: 2 });
  assert.equal(await read(loader), [
    [
      [[16.5], [9.5]],
      [0, 0],
    ],
    [
      [[4.5], [1.5]],
      [1, 1],
    ],
  ]);
  const collateFn = await fromModule<(samples: number[]) => { seed: number }>(MODULE, "told");
  const workerInitFn = await fromModule<(id: number) => void>(MODULE, "prepare");
  const generator = new Generator().manualSeed(1);
  const own = new DataLoader([5, 6, 7], { batchSize: 2, numWorkers: 2, collateFn, workerInitFn, generator });
  const [first, second] = (await read(own)) as { seed: number }[];
  assert.equal(
    [first, second],
    [
      { samples: [5, 6], prepared: [0], seed: first!.seed, name: "told" },
      { samples: [7], prepared: [1], seed: second!.seed, name: "told" },
    ],
  );
});

// Recorded from PyTorch: rand(1) as the sample, batch_size=1, two workers, after manual_seed(0) two rounds.
workers("random numbers start from the round's seed + the worker's number", async () => {
  const noise = await fromModule<{ length: number; at(i: number): Tensor }>(MODULE, "noise");
  for (const persistentWorkers of [false, true]) {
    manualSeed(0);
    const loader = new DataLoader(noise, { numWorkers: 2, persistentWorkers });
    const rounds = [await read(loader), await read(loader)].map((round) => (round as number[][][]).flat(2));
    assert.equal(rounds, [FIRST, persistentWorkers ? SECOND_OF_THE_SAME : SECOND]);
  }
});
const FIRST = [
  0.7821398973464966, 0.6938178539276123, 0.053598999977111816, 0.29795897006988525, 0.9887869358062744,
  0.1668546199798584,
];
const SECOND = [
  0.6428066492080688, 0.06311964988708496, 0.8766934275627136, 0.148002028465271, 0.28675633668899536,
  0.5031290054321289,
];
const SECOND_OF_THE_SAME = [
  0.1948593258857727, 0.2847197651863098, 0.5241790413856506, 0.9157088994979858, 0.19871777296066284,
  0.3888756036758423,
];

workers("an iterable dataset is shared out by getWorkerInfo; a worker that has no more is passed over", async () => {
  const count = await fromModule<Iterable<number>>(MODULE, "Count", [7]);
  assert.equal(await read(new DataLoader(count, { batchSize: 2 })), [[0, 1], [2, 3], [4, 5], [6]]);
  assert.equal(await read(new DataLoader(count, { batchSize: 2, numWorkers: 3 })), [[0, 3], [1, 4], [2, 5], [6]]);
  const short = new DataLoader(count, { batchSize: 2, numWorkers: 3, dropLast: true, persistentWorkers: true });
  for (let round = 0; round < 2; round++)
    assert.equal(await read(short), [
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  assert.is(getWorkerInfo(), null);
});

workers("a round that is left, and the next of the same workers", async () => {
  const loader = new DataLoader(new TensorDataset(arange(40)), {
    batchSize: 2,
    numWorkers: 2,
    persistentWorkers: true,
  });
  const left = loader[Symbol.asyncIterator]();
  assert.equal(plain((await left.next()).value), [[0, 1]]);
  for await (const [x] of loader) {
    assert.equal(x.tolist(), [0, 1]);
    break;
  }
  assert.is((await read(loader)).length, 20);
  let error: unknown;
  await left.next().catch((e) => {
    error = e;
  });
  assert.match(String(error), /the workers have begun another round/);
});

workers("batches as soon as they are made", async () => {
  const loader = new DataLoader(new TensorDataset(arange(9)), { numWorkers: 2, inOrder: false });
  const values = (await read(loader)).flat(2) as number[];
  assert.equal(values.sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

const thrown = async (options: object, dataset: unknown): Promise<Error> => {
  try {
    await read(new DataLoader(dataset as number[], { numWorkers: 2, ...options }));
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};
const faulty = (how: string): Promise<object> => fromModule(MODULE, "faulty", [5, how]);

workers("what a worker throws comes back with its class, its number and its stack", async () => {
  const error = await thrown({}, await faulty("throws"));
  assert.instance(error, IndexError);
  assert.match(error.message, /^DataLoader: worker 1: .*index 5 is out of range/);
  assert.match((error.cause as Error).stack ?? "", /datasets/);
});

workers("a worker that ends, or never answers", async () => {
  assert.match((await thrown({}, await faulty("ends"))).message, /worker 1 exited unexpectedly: it ended with code 3/);
  for (const how of ["hangs", "blocks"]) {
    assert.match((await thrown({ timeout: 4 }, await faulty(how))).message, /worker 1 .*timed out after 4 seconds/);
  }
});

workers("what cannot go to a thread is named, with what to do", async () => {
  const advice = /and its code cannot go to another thread: .* await utils\.data\.fromModule\(/;
  const own = { length: 3, at: (i: number): number => i };
  assert.match((await thrown({}, own)).message, /^DataLoader: dataset\["at"\] is a function/);
  assert.match((await thrown({}, own)).message, advice);
  class Mine {
    length = 3;
    at(i: number): number {
      return i;
    }
  }
  assert.match((await thrown({}, new Subset(new Mine(), [1]))).message, /^DataLoader: dataset\[0\] is a Mine/);
  const collateFn = (samples: unknown): unknown => samples;
  assert.match((await thrown({ collateFn }, [1])).message, /^DataLoader: collateFn is a function/);
  const history = new TensorDataset(tensor([1.5], { requiresGrad: true }).mul(2));
  assert.match((await thrown({}, history)).message, /tensor with a history/);
  assert.throws(() => [...new DataLoader([1], { numWorkers: 1 })], /use `for await`/);
  for (const [url, name, why] of [
    ["./datasets.js", "Squares", /is no whole URL: write new URL\("\.\/datasets\.js", import\.meta\.url\)/],
    [MODULE, "Cubes", /exports no Cubes: it exports .*Squares/],
  ] as const) {
    let error: unknown;
    await fromModule(url, name).catch((e) => {
      error = e;
    });
    assert.match(String(error), why);
  }
});

workers("they keep no process alive", async () => {
  const { code, output, seconds } = await run(`
    const { DataLoader, TensorDataset } = fl.utils.data;
    const loader = new DataLoader(new TensorDataset(fl.arange(1000)), { numWorkers: 2, persistentWorkers: true });
    for await (const [x] of loader) { console.log(x.item()); break; }
    const other = new DataLoader(new TensorDataset(fl.arange(4)), { numWorkers: 1 });
    const batches = other[Symbol.asyncIterator]();
    console.log((await batches.next()).value[0].item(), (await batches.next()).value[0].item());
  `);
  assert.is(code, 0, output);
  assert.is(output, "0\n0 1\n");
  assert.ok(seconds < 50, `${seconds} s`);
});

workers("memory stays bounded, here and there", async () => {
  const { code, output } = await run(
    `
    const { DataLoader, TensorDataset } = fl.utils.data;
    const data = new TensorDataset(fl.zeros(128, 1 << 18));
    const loader = new DataLoader(data, { numWorkers: 1, persistentWorkers: true });
    let most = 0;
    for (let round = 0; round < 12; round++) {
      for await (const [x] of loader) most = Math.max(most, process.memoryUsage.rss());
    }
    console.log(Math.round(most / 2 ** 20));
  `,
    { seconds: 120 },
  );
  assert.is(code, 0, output);
  // 128 MB here and as many there; 1.5 GB went over. The collector is provoked from 256 MB on.
  assert.ok(Number(output) < 1100, output);
});

workers.run();
