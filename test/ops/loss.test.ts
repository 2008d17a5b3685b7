// The derivatives of the losses, against finite differences, and the values at their kinks.
import { allclose, autograd, manualSeed, nn, randn, type Tensor, tensor } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const F = nn.functional;
const doubles = (values: number[][] | number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });
const logits = (): Tensor =>
  doubles([
    [0.3, -1.2, 2],
    [1.5, 0.2, -0.7],
  ]);
const other = (): Tensor =>
  doubles([
    [0.1, 0.7, -0.9],
    [0.4, -1.3, 0.8],
  ]);
const chances = (): Tensor =>
  doubles([
    [0.2, 0.7, 0.1],
    [0.5, 0.3, 0.2],
  ]);
const weight = tensor([0.5, 2, 1], { dtype: "float64" });

const derivatives = suite("derivatives, twice");

const CASES: Readonly<Record<string, readonly [(...xs: Tensor[]) => Tensor, readonly Tensor[]]>> = {
  mseLoss: [(x, y) => F.mseLoss(x!, y!), [logits(), other()]],
  l1Loss: [(x, y) => F.l1Loss(x!, y!, { reduction: "sum" }), [logits(), other()]],
  smoothL1Loss: [(x, y) => F.smoothL1Loss(x!, y!, { beta: 0.7 }), [logits(), other()]],
  huberLoss: [(x, y) => F.huberLoss(x!, y!, { delta: 0.7, reduction: "none" }), [logits(), other()]],
  klDiv: [(x, y) => F.klDiv(x!, y!, { reduction: "batchmean" }), [logits(), chances()]],
  "klDiv of logarithms": [(x, y) => F.klDiv(x!, y!, { logTarget: true, reduction: "sum" }), [logits(), other()]],
  binaryCrossEntropy: [(x, y) => F.binaryCrossEntropy(x!, y!, { weight }), [chances(), chances()]],
  binaryCrossEntropyWithLogits: [
    (x, y) => F.binaryCrossEntropyWithLogits(x!, y!, { posWeight: weight }),
    [logits(), chances()],
  ],
  nllLoss: [(x) => F.nllLoss(x!, tensor([2, 0]), { weight }), [logits()]],
  crossEntropy: [(x) => F.crossEntropy(x!, tensor([2, -100])), [logits()]],
  "crossEntropy, weighted and smoothed": [
    (x) => F.crossEntropy(x!, tensor([2, 0]), { weight, labelSmoothing: 0.2 }),
    [logits()],
  ],
  "crossEntropy of probabilities": [(x, y) => F.crossEntropy(x!, y!, { weight }), [logits(), chances()]],
};
for (const [name, [f, inputs]] of Object.entries(CASES)) {
  derivatives(name, () => {
    assert.ok(autograd.gradcheck(f, inputs));
    assert.ok(autograd.gradgradcheck(f, inputs));
  });
}

const kinks = suite("kinks");

/** The gradient of a loss of two numbers by the first. */
const slope = (f: (x: Tensor, y: Tensor) => Tensor, x: number, y: number): number => {
  const input = tensor(x, { dtype: "float64", requiresGrad: true });
  f(input, tensor(y, { dtype: "float64" })).backward();
  return input.grad!.item();
};

// As PyTorch has them.
kinks("where two branches meet, and beyond what a float can hold", () => {
  assert.is(slope(F.l1Loss, 1, 1), 0);
  assert.is(
    slope((x, y) => F.smoothL1Loss(x, y, { beta: 0 }), 1, 1),
    0,
  );
  assert.is(
    slope((x, y) => F.huberLoss(x, y, { delta: 1 }), 2, 1),
    1,
  );
  assert.is(slope(F.binaryCrossEntropyWithLogits, 0, 1), -0.5);
  assert.is(slope(F.binaryCrossEntropyWithLogits, 1000, 0), 1);
  assert.is(slope(F.binaryCrossEntropy, 0, 1), -1e12);
  const value = (x: number, y: number): number =>
    F.binaryCrossEntropy(tensor(x, { dtype: "float64" }), tensor(y, { dtype: "float64" })).item();
  assert.equal([value(0, 1), value(1, 0), value(1, 1)], [100, 100, 0]);
  assert.is(F.klDiv(tensor([0.5], { dtype: "float64" }), tensor([0], { dtype: "float64" })).item(), 0);
});

const entropies = suite("cross entropy of rows");

// The one operator against the likelihood of log-probabilities, which is made of others.
entropies("its value and gradient are those of its parts", () => {
  const weights = tensor([0.5, 2, 1, 0.25, 3], { dtype: "float64" });
  const target = tensor([4, 1, 0, 3, 1, 2]);
  manualSeed(3);
  const x = randn([6, 5], { dtype: "float64", requiresGrad: true });
  for (const weight of [null, weights])
    for (const ignoreIndex of [-100, 1])
      for (const reduction of ["mean", "sum", "none"] as const) {
        const options = { weight, ignoreIndex, reduction };
        const [whole, parts] = [
          F.crossEntropy(x, target, options),
          F.nllLoss(F.logSoftmax(x, 1), target, options),
        ] as const;
        const along = (y: Tensor): Tensor => autograd.grad(y.sin().sum(), x)[0]!;
        assert.ok(
          allclose(whole, parts, { rtol: 1e-12, atol: 1e-14 }),
          JSON.stringify({ ...options, weight: !!weight }),
        );
        assert.ok(allclose(along(whole), along(parts), { rtol: 1e-12, atol: 1e-14 }));
      }
});

entropies("nothing but ignored rows, a class that is none, a row that overflows", () => {
  const x = tensor([[1.5, 2.5]], { requiresGrad: true });
  const none = F.crossEntropy(x, tensor([1]), { ignoreIndex: 1 });
  assert.ok(Number.isNaN(none.item()));
  none.backward();
  assert.equal(x.grad!.tolist(), [[0, 0]]);
  assert.throws(() => F.crossEntropy(x, tensor([2])), /Target 2 is out of bounds for 2 classes/);
  assert.is(F.crossEntropy(tensor([[1e30, -1e30]], { dtype: "float32" }), tensor([0])).item(), 0);
  assert.ok(Number.isNaN(F.crossEntropy(tensor([[Infinity, 0.5]]), tensor([0])).item()));
});

derivatives.run();
kinks("the mistakes that are made most are refused by name", () => {
  const { binaryCrossEntropy, crossEntropy } = F;
  const target = (...values: number[]): Tensor => tensor(values);
  assert.throws(() => crossEntropy(logits(), target(0, 5)), /crossEntropy: Target 5 is out of bounds for 3 classes/);
  assert.throws(() => crossEntropy(logits(), target(0, 0.5)), /crossEntropy: target is float32\[2\], expected classes/);
  assert.throws(
    () => binaryCrossEntropy(target(0.5, 1.5), target(0.5, 1)),
    /all elements of input should be between 0 and 1/,
  );
});

kinks.run();
entropies.run();
