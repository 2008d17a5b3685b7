// A WGAN critic with gradient penalty: autograd.grad with createGraph, then backward through it.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn, autograd } = fl;
  fl.manualSeed(5);
  const critic = new nn.Sequential(
    new nn.Conv1d(2, 8, 3, { padding: 1 }),
    new nn.SiLU(),
    new nn.Conv1d(8, 8, { kernelSize: 3, stride: 2 }),
    new nn.LayerNorm([8, 4]),
    new nn.Softplus(),
    new nn.Flatten(),
    new nn.Linear(32, 1),
  );
  log.params("init", critic);
  const penalty = (real: Tensor, fake: Tensor): Tensor => {
    const alpha = fl.rand(real.size(0), 1, 1).expandAs(real);
    const between = fl.lerp(fake, real, alpha).requiresGrad_(true);
    const scores = critic(between);
    const [gradient] = autograd.grad(scores, between, {
      gradOutputs: fl.onesLike(scores),
      createGraph: true,
      retainGraph: true,
    });
    return gradient!.reshape(real.size(0), -1).norm(2, 1).sub(1).pow(2).mean();
  };
  const optimizer = new fl.optim.RMSprop(critic.parameters(), { lr: 5e-4, alpha: 0.9, momentum: 0.1, centered: true });
  for (let step = 0; step < 6; step++) {
    const real = fl.randn(6, 2, 9).cumsum(-1).tanh();
    const fake = fl.empty(6, 2, 9).uniform_(-1, 1);
    const gp = penalty(real, fake);
    const loss = critic(fake).mean().sub(critic(real).mean()).add(gp.mul(10));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", [loss.item(), gp.item()]);
  }
}
