import { nn, type Tensor, tensor, utils } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

class Net extends nn.Module {
  features = new nn.Sequential(new nn.Conv2d(1, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8), new nn.ReLU());
  head = new nn.Linear(8, 8);
  forward(x: Tensor): Tensor {
    return this.head(this.head(this.features(x).mean([2, 3])));
  }
}

test("a summary: modules in the order of their calls, shapes, parameters counted once", () => {
  const net = new Net();
  net.features.eval();
  net.head.bias!.requiresGrad = false;
  const found = utils.summary(net, [2, 1, 6, 6]);
  assert.equal(String(found).split("\n"), [
    "Layer                     Output shape  Parameters",
    "──────────────────────────────────────────────────",
    "Net                       [2, 8]                 0",
    "  (features): Sequential  [2, 8, 6, 6]           0",
    "    (0): Conv2d           [2, 8, 6, 6]          80",
    "    (1): BatchNorm2d      [2, 8, 6, 6]          16",
    "    (2): ReLU             [2, 8, 6, 6]           0",
    "  (head): Linear          [2, 8]                72",
    "  (head): Linear          [2, 8]            shared",
    "──────────────────────────────────────────────────",
    "Parameters: 168, of which 160 are trained",
  ]);
  assert.equal(
    found.rows.map(({ name, type, depth, outputShapes, parameters }) => [name, type, depth, outputShapes, parameters]),
    [
      ["", "Net", 0, [[2, 8]], 0],
      ["features", "Sequential", 1, [[2, 8, 6, 6]], 0],
      ["features.0", "Conv2d", 2, [[2, 8, 6, 6]], 80],
      ["features.1", "BatchNorm2d", 2, [[2, 8, 6, 6]], 16],
      ["features.2", "ReLU", 2, [[2, 8, 6, 6]], 0],
      ["head", "Linear", 1, [[2, 8]], 72],
      ["head", "Linear", 1, [[2, 8]], null],
    ],
  );
  assert.is(found.totalParams, 168);
  assert.is(found.trainableParams, 160);
  assert.ok(net.training && !net.features.training, "the modes are as before");
  assert.is(net.features.getBuffer("1.num_batches_tracked").item(), 0);
});

test("a summary of several inputs, of integers, and of a model that fails", () => {
  const lstm = utils.summary(new nn.LSTM(3, 4), [5, 1, 3]);
  assert.equal(lstm.rows[0]!.outputShapes, [
    [5, 1, 4],
    [1, 1, 4],
    [1, 1, 4],
  ]);
  assert.equal(utils.summary(new nn.Embedding(9, 2), [1, 3], { dtype: "int64" }).rows[0]!.outputShapes, [[1, 3, 2]]);
  const bilinear = new nn.Bilinear(2, 3, 4);
  assert.equal(
    utils.summary(bilinear, [
      [1, 2],
      [1, 3],
    ]).totalParams,
    28,
  );
  assert.is(utils.summary(new nn.Embedding(9, 2), { inputData: tensor([1, 2]) }).totalParams, 18);
  assert.throws(() => utils.summary(bilinear, [1, 2]));
  assert.throws(() => utils.summary(bilinear), /expected one of inputSize and inputData/);
  assert.ok(bilinear.training);
});

test.run();
