// k-means with k-means++ seeds, a Gaussian mixture by expectation and maximisation, principal axes by powers.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  fl.manualSeed(4);
  const k = 3;
  const true_ = fl.tensor(
    [
      [0, 0],
      [4, 1],
      [1, 5],
    ],
    { dtype: "float32" },
  );
  const x = fl.cat(true_.unbind().map((c) => fl.randn(20, 2).mul(0.8).add(c)));
  const seeds = [x.at(fl.randint(0, 60, [1]).item())];
  while (seeds.length < k) {
    const d = fl.cdist(x, fl.stack(seeds)).min(1).values.square();
    seeds.push(x.at(fl.multinomial(d.div(d.sum()), 1).item()));
  }
  let centers = fl.stack(seeds);
  let labels: Tensor = fl.zeros(60, { dtype: "int64" });
  for (let i = 0; i < 20; i++) {
    labels = fl.cdist(x, centers).argmin({ dim: 1 });
    const counts = fl.bincount(labels, { minlength: k }).clamp(1).unsqueeze(1);
    const sums = fl.zeros(k, 2).indexAdd_(0, labels, x);
    const moved = sums.div(counts);
    const change = moved.sub(centers).norm();
    centers = moved;
    if (change.item() < 1e-6) break;
  }
  log("centers", centers.at(centers.at(":", 0).argsort()));
  log("inertia", x.sub(centers.at(labels)).square().sum().item());

  // A mixture with diagonal covariances.
  let [mu, variance, weight] = [centers.clone(), fl.ones(k, 2), fl.full([k], 1 / k)];
  for (let i = 0; i < 10; i++) {
    const d = x.unsqueeze(1).sub(mu); // [n, k, 2]
    const logp = d
      .square()
      .div(variance)
      .add(variance.log())
      .add(Math.log(2 * Math.PI))
      .sum(-1)
      .mul(-0.5);
    const joint = logp.add(weight.log());
    const evidence = joint.logsumexp({ dim: 1, keepdim: true });
    const r = joint.sub(evidence).exp();
    const n = r.sum(0);
    mu = r.t().mm(x).div(n.unsqueeze(-1));
    variance = r.t().mm(x.pow(2)).div(n.at(":", null)).sub(mu.pow(2)).add(1e-6);
    weight = n.div(n.sum());
    log("evidence", evidence.mean().item());
  }
  log("weight", weight.sort().values);

  const centered = x.sub(x.mean(0));
  const covariance = centered
    .t()
    .matmul(centered)
    .div(x.size(0) - 1);
  log("cov", fl.allclose(covariance, fl.cov(x.t()), { atol: 1e-5 }));
  let v = fl.ones(2);
  for (let i = 0; i < 50; i++) {
    v = covariance.matmul(v);
    v = v.div(v.norm());
  }
  log("axis", v);
  log("explained", v.dot(covariance.mv(v)).div(covariance.trace()).item());
  const corr = fl.corrcoef(x.t());
  log("corr", corr);
}
