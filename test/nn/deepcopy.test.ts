// deepcopy: what is copied computes the same and shares nothing.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { nn, deepcopy } = fl;

const test = suite("deepcopy");

test("modules of every kind compute as what they were copied from", () => {
  const image = fl.rand(2, 4, 6, 6);
  const models: readonly [InstanceType<typeof nn.Module>, fl.Tensor][] = [
    [new nn.Sequential(new nn.Conv2d(4, 4, 3, { padding: 1, paddingMode: "circular" }), new nn.BatchNorm2d(4)), image],
    [new nn.Sequential(new nn.ConvTranspose2d(4, 2, 2), new nn.GroupNorm(1, 2), new nn.PReLU()), image],
    [new nn.Sequential(new nn.MaxPool2d(2), new nn.AvgPool2d(2), new nn.AdaptiveMaxPool2d(1), new nn.Flatten()), image],
    [new nn.LPPool2d(2, 2), image],
    [new nn.LSTM(6, 3, { numLayers: 2 }), image.at(0)],
    [new nn.TransformerEncoderLayer(6, 2, { dropout: 0 }), image.at(0)],
    [nn.utils.weightNorm(new nn.Linear(6, 2)), image],
  ];
  const first = (y: fl.Tensor | readonly fl.Tensor[]): unknown => (y instanceof fl.Tensor ? y : y[0]!).tolist();
  for (const [model, x] of models) {
    const copy = deepcopy(model);
    assert.is(copy.constructor, model.constructor);
    assert.equal(first(copy(x)), first(model(x)), String(model));
  }
});

test("a copy trains alone", () => {
  const net = new nn.Linear(2, 1);
  const copy = deepcopy(net);
  const before = net.weight.tolist();
  fl.noGrad(() => copy.weight.zero_());
  assert.equal(net.weight.tolist(), before);
  assert.ok(copy.weight instanceof nn.Parameter && copy.weight.requiresGrad);
});

test("states, arrays and objects are copied with what is in them, and what is shared stays shared", () => {
  const x = fl.ones(2);
  const state = { a: x, list: [x, 3], text: "t" };
  const copy = deepcopy(state);
  x.zero_();
  assert.equal(copy.a.tolist(), [1, 1]);
  assert.is(copy.list[0], copy.a);
  assert.is(copy.text, "t");
  assert.throws(() => deepcopy(fl.ones(1, { requiresGrad: true }).mul(2)), /only leaf tensors can be copied/);
});

test.run();
