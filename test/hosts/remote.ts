// The smoke program with the library in a worker: the page's own thread only says what is to be done.
import { inWorker } from "flambeau/worker";
import type { Answer } from "./smoke.ts";

export async function smoke(): Promise<Answer> {
  const fl = await inWorker();
  const { nn } = fl;
  const n = 160;
  const a = fl
    .arange(n * n, { dtype: "float32" })
    .remainder(7)
    .view(n, n);
  const product = a.matmul(a.t());
  let expected = 0;
  for (let k = 0; k < n; k++) expected += ((3 * n + k) % 7) * ((5 * n + k) % 7);

  fl.manualSeed(0);
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 1));
  const optimizer = new fl.optim.Adam(net.parameters(), { lr: 0.05 });
  const x = fl.randn(32, 4);
  const y = x.sum(1, { keepdim: true });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const loss = nn.functional.mseLoss(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }

  const saved = await fl.safetensors.save(net.stateDict());
  const twin = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 1));
  twin.loadStateDict(fl.safetensors.load(saved));

  const values = await product.data();
  return {
    describe: await fl.backends.cpu.describe(),
    product: values[3 * n + 5] === expected,
    first: losses[0]!,
    last: losses.at(-1)!,
    reloaded: await fl.equal(net(x), twin(x)),
    loaded: "45", // no DataLoader is tried
  };
}
