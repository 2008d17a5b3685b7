import { nn, optim, randn, type Tensor, tensor, ValueError } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { clipGradNorm_, clipGradValue_, parametersToVector, vectorToParameters } = nn.utils;
const param = (values: number[], grad: number[] | null): nn.Parameter => {
  const p = new nn.Parameter(tensor(values, { dtype: "float64" }));
  if (grad !== null) p.grad = tensor(grad, { dtype: "float64" });
  return p;
};
const near = (x: Tensor, want: readonly number[]): void => {
  for (const [i, v] of (x.reshape(-1).tolist() as number[]).entries())
    assert.ok(Math.abs(v - want[i]!) < 1e-6, `${x} is not ${want}`);
};

const clipping = suite("clipping");

clipping("by norm: the norm before, and gradients of at most that length", () => {
  const [p, q, r] = [param([0, 0], [3, 0]), param([0], [4]), param([0], null)];
  assert.is(clipGradNorm_([p, q, r], 1).item(), 5);
  near(p.grad!, [0.6, 0]);
  near(q.grad!, [0.8]);
  assert.ok(clipGradNorm_([p, q], 10).item() < 1.00001);
  near(q.grad!, [0.8]);
  for (const [kind, norm] of [
    [Number.POSITIVE_INFINITY, 4],
    [1, 7],
    [3, 91 ** (1 / 3)],
  ] as const) {
    near(clipGradNorm_([param([0], [3]), param([0], [-4])], 1, { normType: kind }), [norm]);
  }
  assert.is(clipGradNorm_([r], 1).item(), 0);
});

clipping("a norm that is no number is an error, if asked", () => {
  const p = param([0], [Number.NaN]);
  assert.throws(
    () => clipGradNorm_(p, 1, { errorIfNonfinite: true }),
    (e: unknown) => e instanceof ValueError && /is non-finite/.test((e as Error).message),
  );
  assert.ok(Number.isNaN(clipGradNorm_(p, 1).item()));
});

clipping("by value", () => {
  const p = param([0, 0, 0], [3, -0.5, -7]);
  clipGradValue_(p, 1);
  near(p.grad!, [1, -0.5, -1]);
});

const vectors = suite("vectors");

vectors("there and back", () => {
  const net = new nn.Linear(2, 1);
  const vector = parametersToVector(net.parameters());
  assert.equal(vector.shape, [3]);
  vectorToParameters(tensor([1, 2, 3]), net.parameters());
  assert.equal([net.weight.tolist(), net.bias!.tolist()], [[[1, 2]], [3]]);
  assert.throws(() => vectorToParameters(tensor([1]), net.parameters()), /the parameters have 3 elements, got \[1\]/);
});

const training = suite("training");

training("a network learns, with every piece in its place", () => {
  const net = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 1));
  const optimizer = new optim.AdamW(net.parameters(), { lr: 0.05, weightDecay: 0 });
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 200);
  const x = randn([64, 2]);
  const y = x.at(":", 0).mul(x.at(":", 1)).unsqueeze(1);
  const losses: number[] = [];
  for (let step = 0; step < 200; step++) {
    const loss = nn.functional.mseLoss(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    clipGradNorm_(net.parameters(), 1);
    optimizer.step();
    scheduler.step();
    losses.push(loss.item());
  }
  assert.ok(losses.at(-1)! < 0.05 * losses[0]!, `${losses[0]} → ${losses.at(-1)}`);
});

for (const one of [clipping, vectors, training]) one.run();
