// fl.linalg: factors that make the matrix again, gradients against finite differences, refusals.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

type Tensor = fl.Tensor;
const { linalg } = fl;
const { gradcheck } = fl.autograd;

fl.manualSeed(0);
const options = (dtype: fl.DType) => ({ dtype, requiresGrad: true }) as const;
const random = (dtype: fl.DType, ...shape: number[]): Tensor => fl.randn(shape, options(dtype));
const unit = (n: number, dtype: fl.DType): Tensor => fl.eye(n, { dtype });
const close = (a: Tensor, b: Tensor): void =>
  assert.ok(fl.allclose(a, b, { atol: 1e-9 }), `off by ${a.sub(b).abs().max().item()}`);
/** Hermitian and positive. */
const positive = (x: Tensor): Tensor => x.matmul(x.mH).add(unit(x.shape.at(-1)!, x.dtype));

const test = suite("linalg");
for (const dtype of ["float64", "complex128"] as const) {
  for (const [m, n] of [
    [4, 4],
    [5, 3],
    [3, 5],
  ] as const) {
    test(`factors of ${m} × ${n} in ${dtype}`, () => {
      const a = random(dtype, 2, m, n).detach();
      for (const mode of ["reduced", "complete"] as const) {
        const { Q, R } = linalg.qr(a, mode);
        close(Q.matmul(R), a);
        close(Q.mH.matmul(Q), unit(Q.shape[2]!, dtype).expand(2, -1, -1));
        close(R, R.triu());
      }
      for (const fullMatrices of [true, false]) {
        const { U, S, Vh } = linalg.svd(a, { fullMatrices });
        const k = S.shape[1]!;
        close(
          U.narrow(-1, 0, k)
            .mul(S.unsqueeze(-2))
            .matmul(Vh.narrow(-2, 0, k)),
          a,
        );
        close(U.mH.matmul(U), unit(U.shape[2]!, dtype).expand(2, -1, -1));
        close(Vh.matmul(Vh.mH), unit(Vh.shape[1]!, dtype).expand(2, -1, -1));
        assert.ok(S.diff({ dim: -1 }).le(0).all().item());
      }
      const p = linalg.pinv(a);
      close(a.matmul(p).matmul(a), a);
      close(p.matmul(a), p.matmul(a).mH);
    });
  }

  test(`solutions and eigenvalues in ${dtype}`, () => {
    const a = random(dtype, 2, 6, 6).detach();
    const b = random(dtype, 6, 3).detach();
    close(a.matmul(linalg.solve(a, b)), b.expand(2, -1, -1));
    close(linalg.solve(a, b.t(), { left: false }).matmul(a), b.t().expand(2, -1, -1));
    close(a.matmul(linalg.inv(a)), unit(6, dtype).expand(2, -1, -1));
    const h = positive(a);
    const { eigenvalues, eigenvectors } = linalg.eigh(h);
    close(eigenvectors.mul(eigenvalues.unsqueeze(-2)).matmul(eigenvectors.mH), h);
    close(linalg.eigvalsh(h, "U"), eigenvalues);
    const l = linalg.cholesky(h);
    close(l.matmul(l.mH), h);
    close(linalg.cholesky(h, { upper: true }), l.mH);
    close(fl.choleskySolve(b.expand(2, -1, -1), l), linalg.solve(h, b));
    const { sign, logabsdet } = linalg.slogdet(a);
    close(sign.mul(logabsdet.exp()), linalg.det(a));
    close(linalg.matrixPower(a, -2), linalg.inv(a.matmul(a)));
    close(linalg.matrixExp(a).matmul(linalg.matrixExp(a.neg())), unit(6, dtype).expand(2, -1, -1));
  });

  test(`gradients in ${dtype}`, () => {
    const [a, b] = [random(dtype, 2, 3, 3), random(dtype, 3, 2)];
    const abs = (x: Tensor): Tensor => x.abs(); // what does not depend on the phase of a vector
    const checks: readonly [(...x: Tensor[]) => Tensor | readonly Tensor[], Tensor[]][] = [
      [(x) => linalg.inv(x), [a]],
      [(x) => linalg.det(x), [a]],
      [(x) => linalg.slogdet(x).logabsdet, [a]],
      [(x) => abs(linalg.slogdet(x).sign.add(2)), [a]],
      [(x, y) => linalg.solve(x, y), [a, b]],
      [(x, y) => linalg.solveTriangular(x, y, { upper: false, unitriangular: true }), [a, b]],
      [(x) => linalg.cholesky(positive(x)), [a]],
      [(x) => linalg.eigh(positive(x)).eigenvalues, [a]],
      [(x) => abs(linalg.eigh(positive(x)).eigenvectors), [a]],
      [(x) => linalg.svdvals(x), [a]],
      [(x) => linalg.svd(x, false).map(abs), [random(dtype, 4, 3)]],
      [(x) => linalg.svd(x, false).map(abs), [random(dtype, 2, 4)]],
      [(x) => [...linalg.qr(x)], [random(dtype, 4, 2)]],
      [(x) => [...linalg.qr(x)], [random(dtype, 2, 4)]],
      [(x) => linalg.pinv(x), [random(dtype, 4, 2)]],
      [(x) => linalg.pinv(x), [random(dtype, 2, 3)]],
      [(x) => linalg.matrixExp(x), [a]],
      [(x) => linalg.cond(x), [a]],
      [(x) => linalg.norm(x, 2, [-2, -1]), [a]],
    ];
    for (const [f, inputs] of checks) assert.ok(gradcheck(f, inputs), String(f));
  });
}

test("a determinant of 0 has a gradient", () => {
  const a = fl.tensor(
    [
      [1, 2],
      [2, 4],
    ],
    options("float64"),
  );
  linalg.det(a).backward();
  close(
    a.grad!,
    fl.tensor(
      [
        [4, -2],
        [-2, 1],
      ],
      { dtype: "float64" },
    ),
  );
});

test("least squares: the line through points", () => {
  const x = fl.linspace(0, 1, 5, { dtype: "float64" });
  const A = fl.stack([x, fl.onesLike(x)], 1);
  const { solution, residuals, rank } = linalg.lstsq(A, x.mul(3).add(1).unsqueeze(1));
  close(solution, fl.tensor([[3], [1]], { dtype: "float64" }));
  assert.is(residuals.lt(1e-20).all().item() && rank.item(), 2);
});

test("least squares: reflections find what singular values do, and leave to them what has no full rank", () => {
  for (const dtype of ["float64", "complex128"] as const) {
    const A = fl.randn([2, 40, 6], { dtype });
    const B = fl.randn([40, 3], { dtype });
    const dependent = A.clone();
    dependent.select(-1, 5).copy_(A.select(-1, 1).sub(A.select(-1, 0)));
    for (const [a, full] of [
      [A, 6],
      [dependent, 5],
    ] as const) {
      const quick = linalg.lstsq(a, B.expand(2, -1, -1));
      const slow = linalg.lstsq(a, B.expand(2, -1, -1), null, { driver: "gelsd" });
      assert.equal(quick.rank.tolist(), [full, full]);
      assert.equal(slow.rank.tolist(), [full, full]);
      close(quick.solution, slow.solution);
      assert.equal(quick.residuals.shape, full === 6 ? [2, 3] : [0]);
      if (full === 6) close(quick.residuals, slow.residuals);
    }
  }
});

test("what has no answer is refused by a LinAlgError", () => {
  const zeros = fl.zeros(2, 2);
  for (const f of [() => linalg.inv(zeros), () => linalg.solve(zeros, fl.ones(2)), () => zeros.inverse()]) {
    assert.throws(
      f,
      (error: Error) => error instanceof linalg.LinAlgError && /the input matrix is singular/.test(error.message),
    );
  }
  assert.throws(() => linalg.cholesky(fl.eye(2).neg()), /the leading minor of order 1 is not positive-definite/);
  assert.equal(linalg.invEx(zeros).info.item(), 1);
  assert.equal(linalg.choleskyEx(fl.eye(3).neg()).info.item(), 1);
  assert.throws(() => linalg.inv(fl.zeros(2, 3)), /linalg.inv: A must be batches of square matrices/);
  assert.throws(() => linalg.svd(fl.arange(4).view(2, 2)), /linalg.svd: Expected a float32, float64 or complex tensor/);
  assert.equal(linalg.det(zeros).item(), 0);
  assert.equal(zeros.logdet().item(), -Infinity);
});

test.run();
