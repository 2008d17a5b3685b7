import { readFileSync } from "node:fs";
import { nn, optim, zeros } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = optim.lrScheduler;
type Optimizer = optim.SGD | optim.Adam;

/** What PyTorch's schedulers did (schedulers.py): by name, by step, by group: the rate and the momentum (or β₁). */
const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/schedulers.json", import.meta.url), "utf8"),
) as Record<string, [number, number][][]>;

/** What a run of ReduceLROnPlateau takes. */
const METRICS = [1, 0.9, 0.95, 0.91, 0.9, 0.92, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.8, 0.79];
function onMetrics(scheduler: InstanceType<typeof ReduceLROnPlateau>): { step(): void } {
  let at = 0;
  return { step: () => scheduler.step(METRICS[at++]!) };
}

const CASES: Record<string, (o: Optimizer) => { step(): void }> = {
  step: (o) => new StepLR(o, 3, 0.5),
  cosine: (o) => new CosineAnnealingLR(o, 5, 0.001),
  "cosine+step": (o) => {
    const both = [new CosineAnnealingLR(o, 5), new StepLR(o, 4)];
    return {
      step() {
        for (const scheduler of both) scheduler.step();
      },
    };
  },
  lambda: (o) => new LambdaLR(o, [(e) => 0.9 ** e, (e) => 1 / (1 + e)]),
  onecycle: (o) => new OneCycleLR(o, 0.5, { totalSteps: 14 }),
  multiplicative: (o) => new MultiplicativeLR(o, (e) => 1 - 0.01 * e),
  multistep: (o) => new MultiStepLR(o, [3, 7, 7, 9], 0.5),
  constant: (o) => new ConstantLR(o, { factor: 0.3, totalIters: 4 }),
  linear: (o) => new LinearLR(o, { startFactor: 0.1, endFactor: 0.8, totalIters: 6 }),
  exponential: (o) => new ExponentialLR(o, 0.9),
  polynomial: (o) => new PolynomialLR(o, { totalIters: 8, power: 2 }),
  restarts: (o) => new CosineAnnealingWarmRestarts(o, 4, { etaMin: 0.001 }),
  "restarts.longer": (o) => new CosineAnnealingWarmRestarts(o, 2, { TMult: 2 }),
  cyclic: (o) => new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3, stepSizeDown: 2 }),
  "cyclic.2": (o) =>
    new CyclicLR(o, [0.01, 0.02], [0.1, 0.3], { stepSizeUp: 2, mode: "triangular2", baseMomentum: 0.7 }),
  "cyclic.range": (o) =>
    new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 4, mode: "exp_range", gamma: 0.9, cycleMomentum: false }),
  "cyclic.own": (o) =>
    new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 2, scaleFn: (i) => 1 / (1 + i), scaleMode: "iterations" }),
  plateau: (o) => onMetrics(new ReduceLROnPlateau(o, { patience: 1, factor: 0.5 })),
  "plateau.max": (o) =>
    onMetrics(
      new ReduceLROnPlateau(o, "max", {
        patience: 2,
        factor: 0.5,
        threshold: 0.05,
        thresholdMode: "abs",
        cooldown: 2,
        minLr: [0.03, 0],
      }),
    ),
  sequential: (o) =>
    new SequentialLR(
      o,
      [new ConstantLR(o, { factor: 0.1, totalIters: 2 }), new ExponentialLR(o, 0.9), new CosineAnnealingLR(o, 5)],
      [3, 8],
    ),
  chained: (o) => new ChainedScheduler([new ConstantLR(o, { factor: 0.1, totalIters: 3 }), new ExponentialLR(o, 0.9)]),
  "onecycle.linear.three": (o) =>
    new OneCycleLR(o, [0.5, 0.2], {
      epochs: 7,
      stepsPerEpoch: 2,
      pctStart: 0.25,
      annealStrategy: "linear",
      threePhase: true,
      divFactor: 10,
      finalDivFactor: 100,
    }),
  "onecycle.adam": (o) => new OneCycleLR(o, 0.5, { totalSteps: 14, baseMomentum: 0.8, maxMomentum: 0.9 }),
  "onecycle.nomomentum": (o) => new OneCycleLR(o, 0.5, { totalSteps: 14, cycleMomentum: false }),
};

const parameter = (): nn.Parameter => new nn.Parameter(zeros(1));
function optimizerFor(name: string): Optimizer {
  const groups = [{ params: [parameter()] }, { params: [parameter()], lr: 0.01 }];
  return name.endsWith("adam") ? new optim.Adam(groups, 0.1) : new optim.SGD(groups, 0.1, 0.9);
}

const numbers = suite("numbers");

for (const [name, make] of Object.entries(CASES)) {
  numbers(`${name}: every rate and momentum is PyTorch's`, () => {
    const optimizer = optimizerFor(name);
    const scheduler = make(optimizer);
    for (const [at, want] of recorded[name]!.entries()) {
      const got = optimizer.paramGroups.map((group) => [group.lr, "betas" in group ? group.betas[0] : group.momentum]);
      for (const [i, [lr, momentum]] of want.entries()) {
        assert.ok(
          Math.abs(got[i]![0]! - lr) <= 1e-15 && Math.abs(got[i]![1]! - momentum) <= 1e-15,
          `step ${at}: ${got} for ${want}`,
        );
      }
      scheduler.step();
    }
  });
}

const rest = suite("state and refusals");

rest("a state in PyTorch's layout goes on where it ended", () => {
  const [one, two] = [optimizerFor(""), optimizerFor("")];
  const scheduler = new CosineAnnealingLR(one, 10, { etaMin: 0.001 });
  for (let i = 0; i < 4; i++) scheduler.step();
  const state = scheduler.stateDict();
  assert.equal(Object.keys(state), ["base_lrs", "last_epoch", "_step_count", "_last_lr", "T_max", "eta_min"]);
  assert.is(state.last_epoch, 4);
  two.loadStateDict(one.stateDict());
  const other = new CosineAnnealingLR(two, 10);
  two.loadStateDict(one.stateDict());
  other.loadStateDict(JSON.parse(JSON.stringify(state)));
  scheduler.step();
  other.step();
  assert.equal(other.getLastLr(), scheduler.getLastLr());
});

rest("a scheduler that begins late needs the rates that the groups began with", () => {
  const optimizer = optimizerFor("");
  assert.throws(
    () => new StepLR(optimizer, 3, { lastEpoch: 4 }),
    /param 'initial_lr' is not specified in param_groups\[0\]/,
  );
  new StepLR(optimizer, 3);
  assert.is(new StepLR(optimizer, 3, { lastEpoch: 4 }).lastEpoch, 5);
});

rest("step(epoch) goes to the formula's rate", () => {
  const optimizer = optimizerFor("");
  const scheduler = new StepLR(optimizer, 3, 0.5);
  scheduler.step(7);
  assert.equal(scheduler.getLastLr(), [0.025, 0.0025]);
});

rest("states of schedulers in schedulers, of milestones and of stretches", () => {
  const make = (o: Optimizer) =>
    new SequentialLR(o, [new CosineAnnealingWarmRestarts(o, 2, { TMult: 2 }), new MultiStepLR(o, [2, 3, 3])], [5]);
  const [one, two] = [optimizerFor(""), optimizerFor("")];
  const [a, b] = [make(one), make(two)];
  for (let i = 0; i < 6; i++) a.step();
  const state = a.stateDict();
  const [restarts, milestones] = state._schedulers as [Record<string, unknown>, Record<string, unknown>];
  assert.equal([restarts.T_0, restarts.T_mult, restarts.T_i], [2, 2, 4]);
  assert.equal(milestones.milestones, { 2: 1, 3: 2 });
  two.loadStateDict(one.stateDict());
  b.loadStateDict(JSON.parse(JSON.stringify(state)));
  for (let i = 0; i < 4; i++) {
    a.step();
    b.step();
    assert.equal(b.getLastLr(), a.getLastLr());
  }
});

rest("nonsense is refused in PyTorch's words", () => {
  const optimizer = optimizerFor("");
  assert.throws(
    () => new OneCycleLR(optimizer, 1),
    /You must define either total_steps OR \(epochs AND steps_per_epoch\)/,
  );
  assert.throws(
    () => new OneCycleLR(optimizer, 1, { totalSteps: 1.5 }),
    /Expected positive integer total_steps, but got 1.5/,
  );
  assert.throws(
    () => new OneCycleLR(optimizer, 1, { totalSteps: 5, pctStart: 2 }),
    /between 0 and 1 pct_start, but got 2/,
  );
  assert.throws(() => new OneCycleLR(optimizer, [1], { totalSteps: 5 }), /expected 2 values for max_lr, got 1/);
  assert.throws(() => new LambdaLR(optimizer, [(e) => e]), /Expected 2 lr_lambdas, but got 1/);
  const scheduler = new OneCycleLR(optimizer, 1, { totalSteps: 2 });
  scheduler.step();
  scheduler.step();
  assert.throws(() => scheduler.step(), /Tried to step 3 times/);
});

numbers.run();
rest.run();
