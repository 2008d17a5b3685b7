// A GAN on a ring of points: two nets, two optimizers, the fake detached for the discriminator.
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  fl.manualSeed(7);
  const generator = new nn.Sequential(
    new nn.Linear(8, 32),
    new nn.BatchNorm1d(32, 0.8),
    new nn.LeakyReLU(0.2, { inplace: true }),
    new nn.Linear(32, 2),
    new nn.Tanh(),
  );
  const discriminator = new nn.Sequential(
    nn.utils.weightNorm(new nn.Linear(2, 32)),
    new nn.LeakyReLU(0.2),
    new nn.Dropout(0.3),
    new nn.Linear(32, 1),
  );
  generator.apply((m) => {
    if (m instanceof nn.Linear) {
      nn.init.normal_(m.weight, 0, 0.02);
      nn.init.constant_(m.bias!, 0);
    } else if (m instanceof nn.BatchNorm1d) {
      nn.init.normal_(m.weight!, 1, 0.02);
    }
  });
  log.params("generator", generator);
  log.params("discriminator", discriminator);
  const criterion = new nn.BCEWithLogitsLoss();
  const options = { lr: 2e-3, betas: [0.5, 0.999] } as const;
  const optimizerG = new fl.optim.Adam(generator.parameters(), options);
  const optimizerD = new fl.optim.Adam(discriminator.parameters(), options);
  const real = fl.ones(24, 1);
  const fake = fl.zerosLike(real);
  for (let step = 0; step < 10; step++) {
    const angle = fl.rand(24).mul(2 * Math.PI);
    const points = fl.stack([angle.cos(), angle.sin()], { dim: 1 }).mul(0.8);
    const z = fl.randn(24, 8);

    optimizerD.zeroGrad({ setToNone: true });
    const made = generator(z);
    const lossD = fl.add(
      criterion(discriminator(points), real.mul(0.9)),
      criterion(discriminator(made.detach()), fake),
    );
    lossD.backward();
    optimizerD.step();

    optimizerG.zeroGrad();
    const lossG = criterion(discriminator(made), real);
    lossG.backward();
    optimizerG.step();
    log("loss", [lossD.item(), lossG.item()]);
  }
  log("running", generator.stateDict()["1.running_var"]!);
}
