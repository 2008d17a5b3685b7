// A program that each host runs for real: a product checked, a training step, a file in memory, threads.
import * as fl from "flambeau";

const { nn, optim } = fl;

export interface Answer {
  readonly describe: string;
  /** The product is right, and the same with threads. */
  readonly product: boolean;
  /** The first and the last loss. */
  readonly first: number;
  readonly last: number;
  /** What was saved and loaded again computes the same. */
  readonly reloaded: boolean;
  /** The sum of what a DataLoader's worker gave; or why there is none. */
  readonly loaded: string;
}

export async function smoke(): Promise<Answer> {
  const n = 160;
  const a = fl
    .arange(n * n, { dtype: "float32" })
    .remainder(7)
    .view(n, n);
  const product = a.matmul(a.t());
  // Threads start with the first work that is worth them, in a browser not before the caller yields.
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let i = 0; i < 20; i++) fl.scope(() => void a.matmul(a));
  const again = a.matmul(a.t());
  let expected = 0;
  for (let k = 0; k < n; k++) expected += ((3 * n + k) % 7) * ((5 * n + k) % 7);

  fl.manualSeed(0);
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 1));
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
  const x = fl.randn(32, 4);
  const y = x.sum(1, { keepdim: true });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const loss = nn.functional.mseLoss(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }

  const saved = fl.safetensors.save(net.stateDict());
  const twin = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 1));
  twin.loadStateDict(fl.safetensors.load(saved));

  const values = await product.data();
  return {
    describe: fl.backends.cpu.describe(),
    product: values[3 * n + 5] === expected && fl.equal(product, again),
    first: losses[0]!,
    last: losses.at(-1)!,
    reloaded: fl.equal(net(x), twin(x)),
    loaded: await loaded().catch(String),
  };
}

async function loaded(): Promise<string> {
  const { DataLoader, TensorDataset } = fl.utils.data;
  let sum = 0;
  for await (const [x] of new DataLoader(new TensorDataset(fl.arange(10)), { batchSize: 4, numWorkers: 1 })) {
    sum += x.sum().item();
  }
  return String(sum);
}
