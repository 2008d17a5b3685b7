// Normalisations: derivatives of first and second order, and the running moments.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } = fl.nn.functional;

const norms = suite("normalisations");

/** A float64 tensor with different numbers, which requires grad. */
function numbers(...shape: number[]): fl.Tensor {
  const n = shape.reduce((p, s) => p * s, 1);
  const values = Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1) + i / n);
  return fl.tensor(values).reshape(shape).detach().requiresGrad_();
}

const CASES: readonly (readonly [string, (x: fl.Tensor, w: fl.Tensor, b: fl.Tensor) => fl.Tensor, number[]])[] = [
  ["layerNorm", (x, w, b) => layerNorm(x, [3], w, b), [4, 3]],
  ["rmsNorm", (x, w) => rmsNorm(x, [3], w), [4, 3]],
  ["batchNorm of rows", (x, w, b) => batchNorm(x, null, null, w, b, true), [4, 3]],
  ["batchNorm of planes", (x, w, b) => batchNorm(x, null, null, w, b, true), [2, 3, 2]],
  [
    "batchNorm by running moments",
    (x, w, b) => batchNorm(x, fl.zeros(3).double(), fl.ones(3).double(), w, b),
    [2, 3, 2],
  ],
  ["groupNorm", (x, w, b) => groupNorm(x, 1, w, b), [2, 3, 2]],
  ["instanceNorm", (x, w, b) => instanceNorm(x, null, null, w, b), [2, 3, 2]],
];

for (const [name, f, shape] of CASES) {
  norms(`${name}: finite differences agree, twice`, () => {
    const [x, w, b] = [numbers(...shape), numbers(3), numbers(3)];
    // eps is small beside these variances, so that nothing hides behind it.
    assert.ok(fl.autograd.gradcheck(f, [x, w, b]));
    assert.ok(fl.autograd.gradgradcheck(f, [x, w, b], null, { atol: 1e-4 }));
  });
}

norms("training moves the running moments, the variance by the unbiased one; evaluation uses and keeps them", () => {
  const x = fl.tensor(
    [
      [1, 10],
      [3, 30],
    ],
    { dtype: "float32" },
  );
  const [mean, variance] = [fl.zeros(2), fl.ones(2)];
  batchNorm(x, mean, variance, null, null, true, 0.5);
  assert.equal(mean.tolist(), [1, 10]); // 0 + 0.5 · (2, 20)
  assert.equal(variance.tolist(), [1.5, 100.5]); // 1 + 0.5 · ((2, 200) - 1)
  const y = batchNorm(x, mean, variance, null, null, false, 0.5, 0);
  assert.equal(mean.tolist(), [1, 10]);
  const [a, b] = y.tolist() as number[][];
  assert.equal(a, [0, 0]);
  assert.ok(Math.abs(b![0]! - 2 / Math.sqrt(1.5)) < 1e-6 && Math.abs(b![1]! - 20 / Math.sqrt(100.5)) < 1e-6);
});

norms("the moments of samples are averaged into the running ones", () => {
  const x = fl.tensor([[[0, 2]], [[4, 8]]], { dtype: "float32" });
  const [mean, variance] = [fl.zeros(1), fl.zeros(1)];
  instanceNorm(x, mean, variance, null, null, true, 1);
  assert.equal(mean.tolist(), [3.5]); // of 1 and 6
  assert.equal(variance.tolist(), [5]); // of 2 and 8
});

norms("what cannot be normalised throws and says why", () => {
  const x = fl.zeros(1, 3);
  assert.throws(
    () => batchNorm(x, null, null, null, null, true),
    /expected more than 1 value per channel when training/,
  );
  assert.throws(
    () => batchNorm(x, null, null),
    /batchNorm: expected runningMean and runningVar, for it is not training/,
  );
  assert.throws(() => batchNorm(x, fl.zeros(2), fl.ones(2)), /runningMean is float32\[2\], expected the shape \[3\]/);
  assert.throws(() => layerNorm(x, [2]), /normalizedShape \[2\] is not the end of the shape of float32\[1, 3\]/);
  assert.throws(() => groupNorm(x, 2), /the 3 channels of float32\[1, 3\] do not make 2 groups/);
});

norms.run();
