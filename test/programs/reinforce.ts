// REINFORCE on a corridor: actions drawn by multinomial, returns discounted backwards, an entropy bonus, a baseline.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const [CELLS, HORIZON, GAMMA] = [7, 12, 0.95];

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  fl.manualSeed(543);
  const policy = new nn.Sequential(
    new nn.Linear(CELLS, 16),
    new nn.ReLU(),
    new nn.Linear(16, 2),
    new nn.Softmax({ dim: -1 }),
  );
  log.params("init", policy);
  const optimizer = new fl.optim.RMSprop(policy.parameters(), { lr: 0.01 });
  const eps = fl.finfo("float32").eps;
  for (let episode = 0; episode < 6; episode++) {
    const logProbs: Tensor[] = [];
    const rewards: number[] = [];
    const entropies: Tensor[] = [];
    let cell = 3;
    for (let t = 0; t < HORIZON && cell > 0 && cell < CELLS - 1; t++) {
      const state = nn.functional.oneHot(fl.tensor(cell), CELLS).float().unsqueeze(0);
      const probs = policy(state);
      const action = fl.multinomial(probs, 1);
      logProbs.push(probs.gather(1, action).log().squeeze());
      entropies.push(
        probs
          .mul(probs.clamp({ min: 1e-8 }).log())
          .sum(-1)
          .neg(),
      );
      cell += action.item() === 1 ? 1 : -1;
      rewards.push(cell === CELLS - 1 ? 1 : cell === 0 ? -1 : -0.01);
    }
    const returns: number[] = [];
    let total = 0;
    for (const reward of rewards.toReversed()) {
      total = reward + GAMMA * total;
      returns.unshift(total);
    }
    let advantage = fl.tensor(returns, { dtype: "float32" });
    if (advantage.numel() > 1) advantage = advantage.sub(advantage.mean()).div(advantage.std().add(eps));
    const loss = fl.stack(logProbs).mul(advantage).sum().neg().sub(fl.cat(entropies).mean().mul(0.01));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("episode", [rewards.length, cell, loss.item()]);
  }
}
