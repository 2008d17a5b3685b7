// A deep Q net on a slippery line: epsilon-greedy, replay of random minibatches, a target net that follows softly.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

type Transition = readonly [state: Tensor, action: number, reward: number, next: Tensor, done: boolean];

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class QNet extends nn.Module {
    body = new nn.Sequential(new nn.Linear(2, 24), new nn.ReLU());
    value = new nn.Linear(24, 1);
    advantage = new nn.Linear(24, 3);
    forward(x: Tensor): Tensor {
      const h = this.body(x);
      const a = this.advantage(h);
      return this.value(h).add(a.sub(a.mean(1, { keepdim: true })));
    }
  }
  fl.manualSeed(99);
  const [policy, target] = [new QNet(), new QNet()];
  target.loadStateDict(policy.stateDict());
  target.eval().requiresGrad_(false);
  log.params("init", policy);
  const memory: Transition[] = [];
  const optimizer = new fl.optim.AdamW(policy.parameters(), { lr: 1e-3, amsgrad: true });
  let state = fl.zeros(2);
  const losses: number[] = [];
  for (let t = 0; t < 60; t++) {
    const epsilon = 0.05 + 0.85 * Math.exp(-t / 30);
    const action =
      fl.rand(1).item() > epsilon
        ? fl.noGrad(() => policy(state.unsqueeze(0)).max(1).indices.item())
        : fl.randint(3, [1]).item();
    const next = state.add(fl.tensor([0.1 * (action - 1), 0.02])).add(fl.randn(2).mul(0.01));
    const done = Math.abs(next.at(0).item()) > 0.5;
    memory.push([state, action, next.at(0).item(), next, done]);
    state = done ? fl.zeros(2) : next;
    if (memory.length < 16) continue;
    const batch = (fl.randperm(memory.length).at(":16").tolist() as number[]).map((i) => memory[i]!);
    const states = fl.stack(batch.map(([s]) => s));
    const nexts = fl.stack(batch.map(([, , , n]) => n));
    const actions = fl.tensor(batch.map(([, a]) => [a]));
    const rewards = fl.tensor(
      batch.map(([, , r]) => r),
      { dtype: "float32" },
    );
    const alive = fl.tensor(batch.map(([, , , , d]) => !d));
    const q = policy(states).gather(1, actions);
    const future = fl.zeros(16);
    fl.noGrad(() => {
      if (alive.any().item()) future.setAt([alive], target(nexts.at(alive)).amax(1));
    });
    const loss = nn.functional.huberLoss(q, rewards.add(future.mul(0.99)).unsqueeze(1));
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradValue_(policy.parameters(), 100);
    optimizer.step();
    const [theirs, ours] = [target.stateDict(), policy.stateDict()];
    for (const key of Object.keys(ours)) theirs[key] = ours[key]!.mul(0.05).add(theirs[key]!.mul(0.95));
    target.loadStateDict(theirs);
    losses.push(loss.item());
  }
  log("losses", losses);
  log("q", policy(fl.tensor([[0.1, 0.2]])));
  log("target", target.value.bias!);
}
