// A program that each host runs for real: a product checked, a training step, a file in memory, threads.
import * as fl from "flambeau";

const { nn, optim } = fl;
const describe = fl.backends.cpu.describe();

const n = 160;
const a = fl
  .arange(n * n, { dtype: "float32" })
  .remainder(7)
  .view(n, n);
const product = a.matmul(a.t());
for (let i = 0; i < 20; i++) fl.scope(() => void a.matmul(a)); // the threads have come by now
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
console.log(
  JSON.stringify({
    describe,
    product: values[3 * n + 5] === expected && fl.equal(product, again),
    first: losses[0],
    last: losses.at(-1),
    reloaded: fl.equal(net(x), twin(x)),
  }),
);
