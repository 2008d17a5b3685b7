// What a tensor says of its history: PyTorch's own names, which people know by heart.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { nn } = fl;
const F = nn.functional;
const x = fl.ones(4, 3, { requiresGrad: true });
const image = fl.ones(1, 1, 4, 4, { requiresGrad: true });
const targets = fl.tensor([0, 1, 2, 0]);

// As live PyTorch printed them.
const printed: Record<string, () => fl.Tensor> = {
  AddBackward0: () => x.add(1),
  PowBackward0: () => x.square(),
  RsubBackward1: () => x.rsub(1),
  Log1PBackward0: () => x.log1p(),
  SumBackward0: () => x.sum(),
  SumBackward1: () => x.sum(1),
  MeanBackward0: () => x.mean(),
  MeanBackward1: () => x.mean(0, true),
  MaxBackward1: () => x.max(),
  MaxBackward0: () => x.max(1).values,
  ToCopyBackward0: () => x.to("float64"),
  StackBackward0: () => fl.stack([x, x]),
  CatBackward0: () => fl.cat([x, x]),
  TBackward0: () => x.t(),
  MmBackward0: () => x.matmul(x.t()),
  AddmmBackward0: () => new nn.Linear(3, 2)(x),
  ConvolutionBackward0: () => new nn.Conv2d(1, 2, 3)(image),
  MaxPool2DWithIndicesBackward0: () => F.maxPool2d(image, 2),
  NativeBatchNormBackward0: () => new nn.BatchNorm2d(1)(image),
  MseLossBackward0: () => F.mseLoss(x, fl.zeros(4, 3)),
  NllLossBackward0: () => F.crossEntropy(x, targets),
  BinaryCrossEntropyWithLogitsBackward0: () => F.binaryCrossEntropyWithLogits(x, fl.zeros(4, 3)),
};

const nodes = suite("names of nodes");
for (const [name, make] of Object.entries(printed)) {
  nodes(name, () => {
    const y = make();
    assert.is(y.gradFn?.name, name);
    assert.match(String(y), `grad_fn=<${name}>)`);
  });
}

nodes("a formula that gives back what was there before leaves its name", () => {
  const y = x.mul(2);
  assert.is(y.contiguous().gradFn?.name, "MulBackward0");
  assert.is(y.gradFn?.name, "MulBackward0");
});

nodes.run();
