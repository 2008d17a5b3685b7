// The parts of the package, which a bundle shakes: they make the host known and work without the root, which alone
// attaches methods.
import { DataLoader, TensorDataset } from "flambeau/data";
import { safetensors } from "flambeau/io";
import { Linear, ReLU, Sequential } from "flambeau/nn";
import * as functional from "flambeau/nn/functional";
import { ones_ } from "flambeau/nn/init";
import { attachMethods, backward, conv2d, equal, noGrad, sum, Tensor, tanh, tensor } from "flambeau/ops";
import { Adam } from "flambeau/optim";
import { StepLR } from "flambeau/optim/lrScheduler";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("a net is trained, saved and loaded by parts alone", async () => {
  assert.not("tanh" in Tensor.prototype);
  const net = new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1));
  const optimizer = new Adam(net.parameters(), { lr: 0.05 });
  const scheduler = new StepLR(optimizer, 20);
  const x = tensor([
    [0.5, 1],
    [1.5, -1],
    [-0.5, 2],
    [0.1, 0.2],
  ]);
  const y = sum(x, 1, { keepdim: true });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 30; epoch++) {
    for await (const [inputs, targets] of new DataLoader(new TensorDataset(x, y), { batchSize: 2 })) {
      const loss = functional.mseLoss(net(inputs!), targets!);
      optimizer.zeroGrad();
      backward(loss);
      optimizer.step();
      losses.push(loss.item());
    }
    scheduler.step();
  }
  assert.ok(losses.at(-1)! < losses[0]! / 5, `${losses[0]} → ${losses.at(-1)}`);

  const twin = new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1));
  for (const p of twin.parameters()) ones_(p);
  twin.loadStateDict(safetensors.load(safetensors.save(net.stateDict())));
  assert.ok(noGrad(() => equal(net(x), twin(x))));
});

test("a function is the same in each part that gives it out", () => {
  assert.is(functional.conv2d, conv2d);
  assert.is(functional.tanh, tanh);
});

test("methods are attached for what is wanted", () => {
  attachMethods({ tanh });
  const x = tensor([0.5]);
  assert.ok(equal(x.tanh(), tanh(x)));
});

test.run();
