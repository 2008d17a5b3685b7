// Products of complex matrices that are large enough to be made of real ones.
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

/** The product by its definition. */
function expected(a: fl.Tensor, b: fl.Tensor): fl.Tensor {
  const [p, q, r, s] = [fl.real(a), fl.imag(a), fl.real(b), fl.imag(b)];
  const by = (x: fl.Tensor, y: fl.Tensor): fl.Tensor => x.unsqueeze(-1).mul(y.unsqueeze(-3)).sum(-2);
  return fl.complex(by(p, r).sub(by(q, s)), by(p, s).add(by(q, r)));
}

test("complex products, as their operands lie and in batches", () => {
  fl.manualSeed(4);
  const noise = (...shape: number[]): fl.Tensor =>
    fl.complex(fl.randn(shape, { dtype: "float64" }), fl.randn(shape, { dtype: "float64" }));
  const near = (a: fl.Tensor, b: fl.Tensor): void =>
    assert.ok(fl.matmul(a, b).sub(expected(a, b)).abs().max().item() < 1e-12);
  near(noise(40, 33), noise(33, 41));
  near(noise(33, 40).t(), noise(41, 33).t());
  near(noise(3, 40, 33), noise(3, 33, 41));
  near(noise(40, 33).narrow(1, 1, 32), noise(35, 41).narrow(0, 3, 32));
});

test("their gradients", () => {
  fl.manualSeed(5);
  const [a, b] = [0, 1].map(() => fl.complex(fl.randn(40, 40), fl.randn(40, 40)).requiresGrad_()) as [
    fl.Tensor,
    fl.Tensor,
  ];
  fl.matmul(a, b).abs().square().sum().backward();
  const product = fl.matmul(a.detach(), b.detach());
  // d |ab|² = 2 · ab · bᴴ, as PyTorch has it for complex numbers.
  const want = expected(product, b.detach().conj().t().contiguous()).mul(2);
  assert.ok(a.grad!.sub(want).abs().max().item() < 1e-2 * want.abs().max().item());
});

test.run();
