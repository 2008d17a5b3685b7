// Where attention puts its results: heads beside each other in a row, so that no copy follows or precedes a projection.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { scaledDotProductAttention: attend } = fl.nn.functional;
const [B, T, H, D] = [2, 19, 3, 8];

/** softmax(q·kᵀ/√d)·v with a causal mask, by its formula. */
function formula(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const blind = fl.triu(fl.ones(q.size(-2), k.size(-2)), 1).bool();
  const score = q
    .matmul(k.transpose(-2, -1))
    .div(Math.sqrt(q.size(-1)))
    .maskedFill(blind, -Infinity);
  return score.softmax(-1).matmul(v);
}

const near = (x: Tensor, y: Tensor, what: string): void => {
  assert.equal(x.shape, y.shape, what);
  assert.ok(fl.allclose(x, y, { rtol: 1e-4, atol: 1e-5 }), `${what}: ${x} is not ${y}`);
};

type Heads = (x: Tensor) => [Tensor, Tensor, Tensor];
const WAYS: Readonly<Record<string, Heads>> = {
  split: (x) => x.split(H * D, 2).map((t) => t.view(B, T, H, D).transpose(1, 2)) as [Tensor, Tensor, Tensor],
  unbind: (x) => x.view(B, T, 3, H, D).permute(2, 0, 3, 1, 4).unbind(0) as [Tensor, Tensor, Tensor],
  "split of heads that lie apart": (x) =>
    x.split(H * D, 2).map((t) => t.reshape(B, T, H, D).transpose(1, 2).contiguous()) as [Tensor, Tensor, Tensor],
};

for (const [name, heads] of Object.entries(WAYS)) {
  test(`the gradient of a projection by ${name} is that of the formula`, () => {
    fl.manualSeed(3);
    const weight = fl.randn(B, H, T, D);
    const [x, y] = [fl.randn(B, T, 3 * H * D).requiresGrad_(), fl.zeros(B, T, 3 * H * D)];
    y.copy_(x.detach());
    y.requiresGrad_();
    const out = attend(...heads(x), { isCausal: true });
    near(out, formula(...heads(y)), "the result");
    assert.equal(out.stride(), [T * H * D, D, H * D, 1]);
    out.mul(weight).sum().backward();
    formula(...heads(y))
      .mul(weight)
      .sum()
      .backward();
    near(x.grad!, y.grad!, "the gradient");
    assert.ok(x.grad!.isContiguous());
  });
}

test("a second derivative goes through the pieces of a projection", () => {
  fl.manualSeed(4);
  const x = fl.randn(1, 5, 3 * 2 * 3, { dtype: "float64", requiresGrad: true });
  const f = (t: Tensor): Tensor => {
    const [q, k, v] = t.split(6, 2).map((p) => p.view(1, 5, 2, 3).transpose(1, 2)) as [Tensor, Tensor, Tensor];
    return attend(q, k, v, { isCausal: true });
  };
  assert.ok(fl.autograd.gradcheck(f, [x]));
  assert.ok(fl.autograd.gradgradcheck(f, [x]));
});

test("three dims give a contiguous result, and one head that is long the same gradients as many threads", () => {
  fl.manualSeed(5);
  const operands = (): Tensor[] => [0, 1, 2].map(() => fl.randn(1, 700, 16).requiresGrad_());
  const before = fl.getNumThreads();
  for (const isCausal of [true, false]) {
    const leaves = operands();
    const [q, k, v] = leaves as [Tensor, Tensor, Tensor];
    const grads = [1, 2, 3].map((threads) => {
      fl.setNumThreads(threads);
      for (const x of leaves) x.grad = null;
      const out = attend(q, k, v, { isCausal });
      assert.ok(out.isContiguous());
      out.square().sum().backward();
      return leaves.map((x) => x.grad!.clone());
    });
    fl.setNumThreads(before);
    const wanted = [q, k, v].map((x) => x.detach().clone().requiresGrad_()) as [Tensor, Tensor, Tensor];
    (isCausal ? formula(...wanted) : wanted[0].matmul(wanted[1].mT).div(4).softmax(-1).matmul(wanted[2]))
      .square()
      .sum()
      .backward();
    for (const [i, x] of wanted.entries()) {
      near(grads[0]![i]!, x.grad!, `gradient ${i}`);
      assert.ok(fl.equal(grads[0]![i]!, grads[1]![i]!) && fl.equal(grads[0]![i]!, grads[2]![i]!));
    }
  }
});

test.run();
