// Proximal policy optimisation on a line, with a choice and a number as actions: distributions, generalised advantages,
// the clipped ratio, a divergence from the old policy.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const [STEPS, GAMMA, LAMBDA, CLIP] = [16, 0.99, 0.95, 0.2];

export default function run(fl: Flambeau, log: Log): void {
  const { nn, distributions } = fl;
  class ActorCritic extends nn.Module {
    body = new nn.Sequential(new nn.Linear(3, 32), new nn.Tanh());
    choice = new nn.Linear(32, 4);
    mean = new nn.Linear(32, 1);
    log_std = new nn.Parameter(fl.zeros(1).sub(0.5));
    value = new nn.Linear(32, 1);
    forward(x: Tensor): [choice: Tensor, mean: Tensor, std: Tensor, value: Tensor] {
      const h = this.body(x);
      return [this.choice(h), this.mean(h).squeeze(-1), this.log_std.exp(), this.value(h).squeeze(-1)];
    }
  }
  fl.manualSeed(6);
  const model = new ActorCritic();
  log.params("init", model);
  const states = fl.randn(STEPS, 3);
  const policyOf = (x: Tensor) => {
    const [logits, mean, std, value] = model(x);
    const choice = new distributions.Categorical({ logits });
    const number = new distributions.Normal(mean, std);
    return { choice, number, value };
  };
  const old = fl.noGrad(() => policyOf(states));
  const [choices, numbers] = [old.choice.sample([2]).at(0), old.number.sample()];
  log("actions", [choices, numbers]);
  const before = fl.noGrad(() => old.choice.logProb(choices).add(old.number.logProb(numbers)));
  const rewards = choices.eq(2).float().sub(numbers.square().mul(0.1));
  const advantages: number[] = [];
  const values = old.value.tolist() as number[];
  let running = 0;
  for (let t = STEPS - 1; t >= 0; t--) {
    const delta = rewards.at(t).item() + GAMMA * (values[t + 1] ?? 0) - values[t]!;
    running = delta + GAMMA * LAMBDA * running;
    advantages.unshift(running);
  }
  const a = fl.tensor(advantages, { dtype: "float32" });
  const returns = a.add(old.value);
  const optimizer = new fl.optim.Adam(model.parameters(), { lr: 3e-3, eps: 1e-5 });
  for (let epoch = 0; epoch < 5; epoch++) {
    const { choice, number, value } = policyOf(states);
    const ratio = choice.logProb(choices).add(number.logProb(numbers)).sub(before).exp();
    const clipped = fl.min(ratio.mul(a), ratio.clamp(1 - CLIP, 1 + CLIP).mul(a)).mean();
    const entropy = choice.entropy().mean().add(number.entropy().mean());
    const loss = clipped.neg().add(nn.functional.mseLoss(value, returns).mul(0.5)).sub(entropy.mul(0.01));
    const kl = distributions.klDivergence(old.choice, choice).mean();
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 0.5);
    optimizer.step();
    log("loss", [loss.item(), entropy.item(), kl.item()]);
  }
  const coin = new distributions.Bernoulli({ probs: fl.tensor([0.2, 0.7]) });
  log("coin", [coin.sample([3]), coin.logProb(fl.ones(2)), coin.entropy(), coin.logits]);
  const even = new distributions.Uniform(-1, fl.tensor([1, 3], { dtype: "float32" }));
  log("even", [even.sample([2]), even.logProb(fl.zeros(2)), even.variance, even.entropy()]);
  const wait = new distributions.Exponential(0.5);
  log("wait", [wait.sample([2]), wait.cdf(fl.tensor(1.5)), wait.mean]);
  const two = new distributions.Laplace(fl.tensor([0, 1], { dtype: "float32" }), 2);
  log("two", [two.rsample(), two.logProb(fl.zeros(2)), two.stddev]);
  const whole = new distributions.Independent(new distributions.Normal(fl.zeros(2, 3), fl.ones(2, 3)), 1);
  log("whole", [whole.sample(), whole.logProb(fl.ones(2, 3)), whole.entropy()]);
  const prior = new distributions.MultivariateNormal(fl.zeros(2), fl.eye(2).mul(2));
  const other = new distributions.MultivariateNormal(fl.ones(2), {
    scaleTril: fl.tensor([
      [1, 0],
      [0.5, 1],
    ]),
  });
  log("vectors", [prior.sample([2]), other.logProb(fl.zeros(2)), distributions.klDivergence(prior, other)]);
  const normal = new distributions.Normal(0, 1);
  log("normal", [
    normal.cdf(fl.tensor(1.5)),
    normal.icdf(fl.tensor(0.9)),
    distributions.klDivergence(normal, new distributions.Normal(1, 2)),
  ]);
  log("names", [String(normal), String(even), String(whole)]);
}
