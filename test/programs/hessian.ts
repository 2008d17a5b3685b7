// Newton's method by Hessian-vector products and conjugate gradients; the Hessian row by row; higher derivatives.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { autograd } = fl;
  fl.manualSeed(9);
  const x = fl.randn(30, 4, { dtype: "float64" });
  const y = x.at(":", 0).mul(2).sub(x.at(":", 2)).gt(0).to(x.dtype);
  const w = fl.zeros(4, { dtype: "float64", requiresGrad: true });
  const objective = (v: Tensor): Tensor =>
    fl.nn.functional.binaryCrossEntropyWithLogits(x.mv(v), y).add(v.dot(v).mul(0.05));
  const hvp = (v: Tensor): Tensor => {
    const [g] = autograd.grad(objective(w), [w], { createGraph: true });
    const [hv] = autograd.grad(g!, [w], { gradOutputs: [v] });
    return hv!;
  };
  for (let step = 0; step < 4; step++) {
    const [g] = autograd.grad(objective(w), w);
    let r = g!.neg();
    let p = r.clone();
    const d = fl.zerosLike(w);
    for (let k = 0; k < 4; k++) {
      const hp = hvp(p);
      const alpha = r.dot(r).div(p.dot(hp));
      d.add_(p.mul(alpha));
      const next = r.sub(hp.mul(alpha));
      const beta = next.dot(next).div(r.dot(r));
      p = next.add(p.mul(beta));
      r = next;
    }
    fl.noGrad(() => w.add_(d));
    log("newton", [objective(w).item(), g!.norm().item()]);
  }
  const { functional } = autograd;
  log("hessian", functional.hessian(objective, w.detach()));
  log(
    "jacobian",
    functional.jacobian((v) => x.at(":3").mv(v).exp(), w.detach()),
  );
  const [value, product] = functional.vhp(objective, w.detach(), fl.onesLike(w));
  log("vhp", [value, product]);
  log("hvp", functional.hvp(objective, w.detach(), fl.ones(4, { dtype: "float64" }))[1]);
  log("vjp", functional.vjp((v) => v.pow(3), w.detach(), fl.arange(4, { dtype: "float64" }))[1]);
  log("jvp", functional.jvp((v) => v.sin(), w.detach(), fl.arange(4, { dtype: "float64" }))[1]);

  // d⁴/dt⁴ of t⁵ · e^t
  const t = fl.tensor(0.7, { dtype: "float64", requiresGrad: true });
  let f = t.pow(5).mul(t.exp());
  for (let order = 1; order <= 4; order++) {
    [f] = autograd.grad(f, t, { createGraph: true }) as [Tensor];
    log("derivative", f.item());
  }
}
