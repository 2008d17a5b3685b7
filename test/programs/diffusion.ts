// Denoising diffusion on points: a cosine schedule gathered by step, sinusoidal times, FiLM, sampling backwards.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const STEPS = 20;

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Denoiser extends nn.Module {
    time_mlp = new nn.Sequential(new nn.Linear(8, 16), new nn.SiLU(), new nn.Linear(16, 32));
    inp = new nn.Linear(2, 16);
    hidden = new nn.ModuleDict({ mid: new nn.Linear(16, 16), out: new nn.Linear(16, 2) });
    forward(x: Tensor, t: Tensor): Tensor {
      const frequencies = fl.exp(fl.arange(4, { dtype: "float32" }).mul(-Math.log(10000) / 3));
      const angles = t.at(":", null).mul(frequencies.at(null, ":"));
      const embedded = fl.cat([angles.sin(), angles.cos()], -1);
      const [scale, shift] = this.time_mlp(embedded).chunk(2, { dim: 1 }) as [Tensor, Tensor];
      const h = this.inp(x).mul(scale.add(1)).add(shift);
      return this.hidden.get("out")(nn.functional.silu(this.hidden.get("mid")(nn.functional.silu(h))));
    }
  }
  fl.manualSeed(55);
  const model = new Denoiser();
  log.params("init", model);
  const at = fl.linspace(0, 1, STEPS + 1, { dtype: "float64" });
  const curve = at
    .add(0.008)
    .div(1.008)
    .mul(Math.PI / 2)
    .cos()
    .pow(2);
  const betas = fl
    .sub(1, curve.at("1:").div(curve.at(":-1")))
    .clip(0, 0.999)
    .float();
  const alphas = fl.sub(1, betas);
  const products = alphas.cumprod(0);
  log("betas", betas);
  const optimizer = new fl.optim.Adam(model.parameters(), { lr: 2e-3 });
  const ema = Object.fromEntries([...model.namedParameters()].map(([name, p]) => [name, p.detach().clone()]));
  for (let step = 0; step < 6; step++) {
    const x0 = fl.randn(24, 2).sign().add(fl.randn(24, 2).mul(0.1));
    const t = fl.randint(0, STEPS, [24]);
    const noise = fl.randnLike(x0);
    const a = products.gather(0, t).unsqueeze(1);
    const noisy = a.sqrt().mul(x0).add(fl.sub(1, a).sqrt().mul(noise));
    const loss = nn.functional.mseLoss(model(noisy, t), noise);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    fl.noGrad(() => {
      for (const [name, p] of model.namedParameters()) ema[name]!.mul_(0.9).add_(p, { alpha: 0.1 });
    });
    log("loss", loss.item());
  }
  model.loadStateDict(ema);
  model.eval();
  const sampled = fl.noGrad(() => {
    let x = fl.randn(3, 2);
    for (let t = STEPS - 1; t >= 0; t--) {
      const predicted = model(x, fl.full([3], t));
      const [alpha, product, beta] = [alphas.at(t), products.at(t), betas.at(t)];
      x = x.sub(beta.div(fl.sub(1, product).sqrt()).mul(predicted)).div(alpha.sqrt());
      if (t > 0) x = x.addcmul(beta.sqrt(), fl.randnLike(x));
    }
    return x;
  });
  log("sampled", sampled);
}
