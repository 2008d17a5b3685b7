import { manualSeed, nn, randn, scope, type Tensor, tensor } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { weightNorm, removeWeightNorm } = nn.utils;
const close = (x: Tensor, y: Tensor): void => assert.ok(x.sub(y).abs().max().item() < 1e-5, `${x} is not ${y}`);

test("a weight as length and direction: the same outputs, PyTorch's keys, gradients for both", () => {
  manualSeed(0);
  const layer = new nn.Linear(3, 2);
  const x = randn(4, 3);
  const before = layer(x).detach();
  assert.is(weightNorm(layer), layer);
  assert.equal(Object.keys(layer.stateDict()), ["bias", "weight_g", "weight_v"]);
  assert.equal(layer.getParameter("weight_g").shape, [2, 1]);
  close(layer(x), before);

  layer(x).square().sum().backward();
  const [g, v] = [layer.getParameter("weight_g"), layer.getParameter("weight_v")];
  assert.ok(g.grad !== null && v.grad !== null);
  close(v.grad!.mul(v).sum(1), tensor([0, 0])); // a direction has no gradient along itself

  scope(() => void layer(x));
  assert.is(removeWeightNorm(layer), layer);
  assert.equal(Object.keys(layer.stateDict()), ["bias", "weight"]);
  assert.ok(layer.weight instanceof nn.Parameter);
  close(layer(x), before);
  assert.throws(() => removeWeightNorm(layer), /weight_norm of 'weight' not found in Linear\(/);
});

test("a weight of a recurrent layer goes by PyTorch's key, lengths along a dim or one in all", () => {
  const rnn = new nn.GRU(3, 4);
  const x = randn(5, 1, 3);
  const [before] = rnn(x);
  const field = Object.keys(rnn).find((name) => /^weightHh/.test(name))!;
  weightNorm(rnn, field);
  assert.ok(Object.keys(rnn.stateDict()).includes("weight_hh_l0_g"));
  close(rnn(x)[0], before);
  assert.equal(weightNorm(new nn.Linear(3, 2), "weight", 1).getParameter("weight_g").shape, [1, 3]);
  assert.equal(weightNorm(new nn.Linear(3, 2), { dim: null }).getParameter("weight_g").shape, []);
});

test("what cannot be normalised says so", () => {
  const layer = weightNorm(new nn.Linear(3, 2));
  assert.throws(() => weightNorm(layer), /two weight_norm hooks on the same parameter weight/);
  assert.throws(() => weightNorm(new nn.Linear(3, 2, false), "bias"), /no parameter "bias"/);
});

test.run();
