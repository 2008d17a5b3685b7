// Regression in closed form, principal components, a Gaussian process, whitening: linear algebra with gradients.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { linalg } = fl;
  fl.manualSeed(33);
  const x = fl.randn(30, 4, { dtype: "float64" });
  const w = fl.tensor([1.5, -2, 0.5, 3], { dtype: "float64" });
  const y = x.matmul(w).add(fl.randn(30, { dtype: "float64" }).mul(0.1));
  const gram = x.t().matmul(x);
  const ridge = gram.add(fl.eye(4, { dtype: "float64" }).mul(0.1));
  log("solve", linalg.solve(ridge, x.t().matmul(y)));
  log("inverse", ridge.inverse().matmul(x.t()).mv(y));
  log("cholesky", fl.choleskySolve(x.t().matmul(y).unsqueeze(1), linalg.cholesky(ridge)).squeeze());
  log("lstsq", linalg.lstsq(x, y.unsqueeze(1)).solution.squeeze(1));
  log("pinv", linalg.pinv(x).mv(y));
  const { Q, R } = linalg.qr(x);
  log("qr", linalg.solveTriangular(R, Q.t().matmul(y.unsqueeze(1)), { upper: true }).squeeze());
  log("det", [linalg.det(ridge), ridge.logdet(), linalg.slogdet(gram.neg()).sign]);

  const centered = x.sub(x.mean(0));
  const { S, Vh } = linalg.svd(centered, { fullMatrices: false });
  log("explained", S.square().div(S.square().sum()));
  log("projected", centered.matmul(Vh.at(0)).abs());
  const { eigenvalues, eigenvectors } = linalg.eigh(fl.cov(x.t()));
  log("eigenvalues", eigenvalues);
  const white = centered.matmul(eigenvectors).div(eigenvalues.sqrt());
  log("white", fl.cov(white.t()));
  log("norms", [linalg.norm(x), linalg.matrixNorm(x, 2), linalg.matrixNorm(x, "nuc"), linalg.cond(gram)]);
  log("powers", [linalg.matrixPower(gram.div(100), 3), linalg.matrixExp(gram.div(100)).trace()]);

  // A Gaussian process whose kernel is learnt: the marginal likelihood by Cholesky.
  const t = fl.linspace(0, 1, 12, { dtype: "float64" });
  const f = t
    .mul(6)
    .sin()
    .add(fl.randn(12, { dtype: "float64" }).mul(0.1));
  const theta = fl.tensor([-1, 0, -2], { dtype: "float64", requiresGrad: true });
  const kernel = (a: Tensor, b: Tensor): Tensor =>
    a.unsqueeze(1).sub(b).square().mul(-0.5).div(theta.at(0).exp().square()).exp().mul(theta.at(1).exp());
  const optimizer = new fl.optim.Adam([theta], { lr: 0.1 });
  let alpha = fl.zeros(12);
  for (let step = 0; step < 6; step++) {
    const k = kernel(t, t).add(fl.eye(12, { dtype: "float64" }).mul(theta.at(2).exp()));
    const l = linalg.cholesky(k);
    alpha = fl.choleskySolve(f.unsqueeze(1), l).squeeze(1);
    const loss = f
      .dot(alpha)
      .mul(0.5)
      .add(l.diagonal().log().sum())
      .add(6 * Math.log(2 * Math.PI));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("likelihood", loss.item());
  }
  log(
    "mean",
    fl.noGrad(() => kernel(fl.tensor([0.25, 0.75], { dtype: "float64" }), t).mv(alpha)),
  );
  log("gamma", [fl.lgamma(t.at("1:").mul(5)), fl.digamma(t.at("1:").mul(5))]);
}
