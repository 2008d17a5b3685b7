// Every optimizer with its options, with groups, under a scheduler of each kind.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn, optim } = fl;
  const { lrScheduler } = optim;
  const make = () => {
    fl.manualSeed(21);
    return new nn.Sequential(new nn.Linear(5, 8), new nn.Tanh(), new nn.Linear(8, 1));
  };
  type Net = ReturnType<typeof make>;
  const zoo: Record<string, (net: Net) => InstanceType<typeof optim.Optimizer>> = {
    sgd: (net) => new optim.SGD(net.parameters(), 0.1),
    nesterov: (net) => new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 0.01, nesterov: true }),
    maximize: (net) => new optim.SGD(net.parameters(), { lr: 0.01, maximize: true }),
    adam: (net) => new optim.Adam(net.parameters()),
    amsgrad: (net) => new optim.Adam(net.parameters(), 0.01, [0.8, 0.99], 1e-6, 0.1, true),
    adamw: (net) => new optim.AdamW(net.parameters(), { lr: 0.02 }),
    groups: (net) =>
      new optim.Adam(
        [{ params: net.at(0).parameters() }, { params: [...net.at(2).parameters()], lr: 0.1, weightDecay: 0.1 }],
        { lr: 1e-3 },
      ),
    rmsprop: (net) => new optim.RMSprop(net.parameters(), { lr: 0.01, momentum: 0.9, centered: true }),
    adagrad: (net) => new optim.Adagrad(net.parameters(), { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.5 }),
    adadelta: (net) => new optim.Adadelta(net.parameters(), { lr: 1, rho: 0.8 }),
    adamax: (net) => new optim.Adamax(net.parameters(), { lr: 0.01 }),
    radam: (net) => new optim.RAdam(net.parameters(), { lr: 0.05 }),
    rprop: (net) => new optim.Rprop(net.parameters(), { lr: 0.01, etas: [0.5, 1.1], stepSizes: [1e-5, 1] }),
    asgd: (net) => new optim.ASGD(net.parameters(), { lr: 0.1, t0: 2 }),
  };
  const x = fl.linspace(-2, 2, 40).view(8, 5);
  const y = x.pow(2).sum({ dim: 1, keepdim: true }).cos();
  for (const [name, create] of Object.entries(zoo)) {
    const net = make();
    const optimizer = create(net);
    const losses: number[] = [];
    for (let step = 0; step < 6; step++) {
      const closure = (): Tensor => {
        optimizer.zeroGrad();
        const loss = nn.functional.smoothL1Loss(net(x), y, { beta: 0.5 });
        loss.backward();
        return loss;
      };
      losses.push((optimizer.step(closure) as Tensor).item());
    }
    log(name, losses);
  }
  type Any = InstanceType<typeof optim.Optimizer>;
  const schedulers: Record<string, (optimizer: Any) => { step(): void }> = {
    step: (o) => new lrScheduler.StepLR(o, 3, 0.5),
    multi: (o) => new lrScheduler.MultiStepLR(o, { milestones: [2, 5], gamma: 0.1 }),
    exponential: (o) => new lrScheduler.ExponentialLR(o, 0.9),
    cosine: (o) => new lrScheduler.CosineAnnealingLR(o, { TMax: 5, etaMin: 0.01 }),
    restarts: (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    lambda: (o) => new lrScheduler.LambdaLR(o, { lrLambda: (epoch) => 1 / (1 + epoch) }),
    multiplicative: (o) => new lrScheduler.MultiplicativeLR(o, () => 0.8),
    linear: (o) => new lrScheduler.LinearLR(o, { startFactor: 0.1, totalIters: 4 }),
    constant: (o) => new lrScheduler.ConstantLR(o, 0.5, 3),
    polynomial: (o) => new lrScheduler.PolynomialLR(o, { totalIters: 6, power: 2 }),
    cyclic: (o) => new lrScheduler.CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3, mode: "triangular2", cycleMomentum: false }),
    onecycle: (o) => new lrScheduler.OneCycleLR(o, 0.5, { epochs: 2, stepsPerEpoch: 5, annealStrategy: "linear" }),
    sequential: (o) =>
      new lrScheduler.SequentialLR(
        o,
        [
          new lrScheduler.ConstantLR(o, { factor: 0.1, totalIters: 2 }),
          new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
        ],
        [2],
      ),
    chained: (o) =>
      new lrScheduler.ChainedScheduler([new lrScheduler.ConstantLR(o, 0.1, 2), new lrScheduler.ExponentialLR(o, 0.9)]),
  };
  const w = new nn.Parameter(fl.ones(2));
  for (const [name, create] of Object.entries(schedulers)) {
    const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
    const scheduler = create(optimizer);
    const rates: number[] = [];
    for (let epoch = 0; epoch < 9; epoch++) {
      rates.push(optimizer.paramGroups[0]!.lr);
      w.grad = null;
      w.square().sum().backward();
      optimizer.step();
      scheduler.step();
    }
    log(name, rates);
  }
  const optimizer = new optim.SGD([w], { lr: 0.1 });
  const plateau = new lrScheduler.ReduceLROnPlateau(optimizer, { mode: "min", factor: 0.5, patience: 1 });
  const rates = [4, 3, 2, 2, 2, 2, 2, 2, 1].map((metric) => {
    plateau.step(metric);
    return optimizer.paramGroups[0]!.lr;
  });
  log("plateau", rates);
}
