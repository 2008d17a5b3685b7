import { arange, manualSeed, nn, randn, type Tensor, tensor } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const F = nn.functional;
const near = (x: Tensor, want: readonly (readonly number[])[]): void =>
  assert.ok(
    x
      .sub(tensor(want, { dtype: "float32" }))
      .abs()
      .max()
      .item() < 1e-4,
    String(x),
  );

// What PyTorch gives for these bags, one of them empty and one with padding alone in it, and the gradients of its table.
const BAGS = {
  sum: [
    [0.6379, 2.4611, 0.9758],
    [0, 0, 0],
    [0, 0, 0],
    [0.1903, 1.8151, 1.6756],
    [-0.4215, 1.2583, 0.5451],
  ],
  mean: [
    [0.319, 1.2306, 0.4879],
    [0, 0, 0],
    [0, 0, 0],
    [0.0952, 0.9076, 0.8378],
    [-0.2107, 0.6291, 0.2726],
  ],
  max: [
    [0.9017, 1.4317, 0.6141],
    [0, 0, 0],
    [0, 0, 0],
    [0.9017, 1.0295, 1.0615],
    [-0.1577, 1.4317, 0.3617],
  ],
} as const;
const GRADS = {
  sum: [
    [14, 16, 18],
    [13, 14, 15],
    [11, 13, 15],
    [10, 11, 12],
  ],
  mean: [
    [7, 8, 9],
    [6.5, 7, 7.5],
    [5.5, 6.5, 7.5],
    [5, 5.5, 6],
  ],
  max: [
    [0, 16, 15],
    [13, 0, 0],
    [11, 11, 3],
    [0, 0, 12],
  ],
} as const;

for (const mode of ["sum", "mean", "max"] as const) {
  test(`bags of rows, ${mode}: PyTorch's numbers with padding, an empty bag and maxNorm`, () => {
    manualSeed(0);
    const bag = new nn.EmbeddingBag(6, 3, { mode, paddingIdx: 1, maxNorm: 1.5 });
    const y = bag(tensor([1, 2, 4, 1, 5, 4, 3, 2]), tensor([0, 3, 4, 4, 6]));
    near(y, BAGS[mode]);
    y.mul(arange(1, 16).reshape(5, 3)).sum().backward();
    near(bag.weight.grad!, [[0, 0, 0], [0, 0, 0], ...GRADS[mode]]);
  });
}

test("bags: the last offset as the end, bags as rows, and what does not fit", () => {
  const table = arange(12, { dtype: "float32" }).reshape(6, 2);
  const input = tensor([0, 1, 2, 3]);
  const options = { mode: "sum", includeLastOffset: true } as const;
  near(F.embeddingBag(input, table, tensor([0, 1, 4]), options), [
    [0, 1],
    [12, 15],
  ]);
  near(
    F.embeddingBag(input.view(2, 2), table, {
      mode: "sum",
      perSampleWeights: tensor([
        [1, 2],
        [0, 0.5],
      ]),
    }),
    [
      [4, 7],
      [3, 3.5],
    ],
  );
  assert.throws(() => F.embeddingBag(input, table), /embeddingBag: an input of one dim needs offsets/);
  assert.throws(() => F.embeddingBag(input, table, tensor([1])), /offsets\[0\] is 1/);
  assert.throws(() => F.embeddingBag(input, table, tensor([0, 5])), /offset 5 is beyond/);
  assert.throws(() => F.embeddingBag(input.view(2, 2), table, tensor([0])), /leave offsets out/);
  assert.throws(
    () => F.embeddingBag(input, table, tensor([0]), { mode: "mean", perSampleWeights: randn(4) }),
    /go with mode "sum"/,
  );
});

test("pools of random windows: sizes, places, and what PyTorch refuses", () => {
  const x = randn(1, 2, 8, 8);
  assert.equal(new nn.FractionalMaxPool2d(2, { outputRatio: 0.5 })(x).shape, [1, 2, 4, 4]);
  const [values, places] = new nn.FractionalMaxPool2d(2, [3, 4], { returnIndices: true })(x) as unknown as [
    Tensor,
    Tensor,
  ];
  assert.ok(x.flatten(2).gather(2, places.flatten(2)).equal(values.flatten(2)));
  assert.equal(new nn.FractionalMaxPool3d(2, 3)(randn(1, 2, 8, 8, 8)).shape, [1, 2, 3, 3, 3]);
  assert.throws(() => new nn.FractionalMaxPool2d(2), /requires specifying either/);
  assert.throws(() => new nn.FractionalMaxPool2d(2, 3, 0.5), /only one of/);
  assert.throws(() => new nn.FractionalMaxPool2d(2, { outputRatio: 1 }), /between 0 and 1/);
});

test.run();
