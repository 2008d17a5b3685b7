// Schedulers whose rates follow a formula of the epoch.

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { LRScheduler, type SchedulerState } from "./scheduler.ts";

interface Lambda {
  optimizer: Optimizer;
  /** Factors by epoch: one function for all groups, or one each. */
  lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[];
  lastEpoch?: number;
}
const bindLambda = /* @__PURE__ */ keywords<Lambda>("LambdaLR", "optimizer, lrLambda, lastEpoch?", { lastEpoch: -1 });

/**
 * The rate a group began with times a function of the epoch.
 *
 * @example
 * new LambdaLR(optimizer, (epoch) => 0.95 ** epoch);
 */
export class LambdaLR extends LRScheduler {
  readonly #lambdas: readonly ((epoch: number) => number)[];

  constructor(...args: Arguments<Lambda, [optimizer: Optimizer, lrLambda: Lambda["lrLambda"]], [lastEpoch?: number]>) {
    const { optimizer, lrLambda, lastEpoch } = bindLambda(args);
    super(optimizer, lastEpoch);
    this.#lambdas = lambdasOf(lrLambda, this.groups.length);
    this.begin();
  }

  override getLr(): number[] {
    return this.baseLrs.map((base, i) => base * this.#lambdas[i]!(this.lastEpoch));
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), lr_lambdas: this.#lambdas.map(() => null) };
  }
}

interface Multiplicative {
  optimizer: Optimizer;
  /** Factors by epoch: one function for all groups, or one each. */
  lrLambda: Lambda["lrLambda"];
  lastEpoch?: number;
}
const bindMultiplicative = /* @__PURE__ */ keywords<Multiplicative>(
  "MultiplicativeLR",
  "optimizer, lrLambda, lastEpoch?",
  {
    lastEpoch: -1,
  },
);

/**
 * The rate of the last epoch times a function of the epoch.
 *
 * @example
 * new MultiplicativeLR(optimizer, () => 0.95);
 */
export class MultiplicativeLR extends LRScheduler {
  readonly #lambdas: readonly ((epoch: number) => number)[];

  constructor(
    ...args: Arguments<Multiplicative, [optimizer: Optimizer, lrLambda: Lambda["lrLambda"]], [lastEpoch?: number]>
  ) {
    const { optimizer, lrLambda, lastEpoch } = bindMultiplicative(args);
    super(optimizer, lastEpoch);
    this.#lambdas = lambdasOf(lrLambda, this.groups.length);
    this.begin();
  }

  override getLr(): number[] {
    return this.groups.map(({ lr }, i) => (this.lastEpoch > 0 ? lr * this.#lambdas[i]!(this.lastEpoch) : lr));
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), lr_lambdas: this.#lambdas.map(() => null) };
  }
}

function lambdasOf(lrLambda: Lambda["lrLambda"], count: number): readonly ((epoch: number) => number)[] {
  const lambdas = typeof lrLambda === "function" ? new Array<typeof lrLambda>(count).fill(lrLambda) : [...lrLambda];
  if (lambdas.length !== count) throw new ValueError(`Expected ${count} lr_lambdas, but got ${lambdas.length}`);
  return lambdas;
}

interface Step {
  optimizer: Optimizer;
  /** Epochs between two drops. */
  stepSize: number;
  /** The factor of a drop; 0.1. */
  gamma?: number;
  lastEpoch?: number;
}
const bindStep = /* @__PURE__ */ keywords<Step>("StepLR", "optimizer, stepSize, gamma?, lastEpoch?", {
  gamma: 0.1,
  lastEpoch: -1,
});

/**
 * The rate times `gamma` every `stepSize` epochs.
 *
 * @example
 * new StepLR(optimizer, 30, { gamma: 0.1 });
 */
export class StepLR extends LRScheduler {
  stepSize: number;
  gamma: number;

  constructor(
    ...args: Arguments<Step, [optimizer: Optimizer, stepSize: number], [gamma?: number, lastEpoch?: number]>
  ) {
    const { optimizer, stepSize, gamma, lastEpoch } = bindStep(args);
    super(optimizer, lastEpoch);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.begin();
  }

  override getLr(): number[] {
    const drops = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.groups.map(({ lr }) => (drops ? lr * this.gamma : lr));
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((base) => base * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }
}

interface MultiStep {
  optimizer: Optimizer;
  /** The epochs of the drops. */
  milestones: readonly number[];
  /** The factor of a drop; 0.1. */
  gamma?: number;
  lastEpoch?: number;
}
const bindMultiStep = /* @__PURE__ */ keywords<MultiStep>("MultiStepLR", "optimizer, milestones, gamma?, lastEpoch?", {
  gamma: 0.1,
  lastEpoch: -1,
});

/**
 * The rate times `gamma` at each of the milestones.
 *
 * @example
 * new MultiStepLR(optimizer, [30, 80], { gamma: 0.1 });
 */
export class MultiStepLR extends LRScheduler {
  /** How often each milestone was named. */
  milestones: Record<number, number> = {};
  gamma: number;

  constructor(
    ...args: Arguments<
      MultiStep,
      [optimizer: Optimizer, milestones: readonly number[]],
      [gamma?: number, lastEpoch?: number]
    >
  ) {
    const { optimizer, milestones, gamma, lastEpoch } = bindMultiStep(args);
    super(optimizer, lastEpoch);
    for (const epoch of milestones) this.milestones[epoch] = (this.milestones[epoch] ?? 0) + 1;
    this.gamma = gamma;
    this.begin();
  }

  override getLr(): number[] {
    const factor = this.gamma ** (this.milestones[this.lastEpoch] ?? 0);
    return this.groups.map(({ lr }) => lr * factor);
  }

  protected override closedForm(): number[] {
    let drops = 0;
    for (const [epoch, count] of Object.entries(this.milestones)) if (Number(epoch) <= this.lastEpoch) drops += count;
    return this.baseLrs.map((base) => base * this.gamma ** drops);
  }
}

interface Constant {
  optimizer: Optimizer;
  /** The share of the rate that is used at first; 1/3. */
  factor?: number;
  /** Epochs until the whole rate is used; 5. */
  totalIters?: number;
  lastEpoch?: number;
}
const bindConstant = /* @__PURE__ */ keywords<Constant>("ConstantLR", "optimizer, factor?, totalIters?, lastEpoch?", {
  factor: 1 / 3,
  totalIters: 5,
  lastEpoch: -1,
});

/**
 * A share of the rate for `totalIters` epochs, then the whole.
 *
 * @example
 * new ConstantLR(optimizer, { factor: 0.5, totalIters: 4 });
 */
export class ConstantLR extends LRScheduler {
  factor: number;
  totalIters: number;

  constructor(
    ...args: Arguments<Constant, [optimizer: Optimizer], [factor?: number, totalIters?: number, lastEpoch?: number]>
  ) {
    const { optimizer, factor, totalIters, lastEpoch } = bindConstant(args);
    if (!(factor >= 0 && factor <= 1)) {
      throw new ValueError("Constant multiplicative factor expected to be between 0 and 1.");
    }
    super(optimizer, lastEpoch);
    this.factor = factor;
    this.totalIters = totalIters;
    this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, factor, totalIters } = this;
    const change = lastEpoch === 0 ? factor : lastEpoch === totalIters ? 1 / factor : 1;
    return this.groups.map(({ lr }) => lr * change);
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((base) => base * (this.lastEpoch >= this.totalIters ? 1 : this.factor));
  }
}

interface Linear {
  optimizer: Optimizer;
  /** The share of the rate at first; 1/3. */
  startFactor?: number;
  /** The share at the end; 1. */
  endFactor?: number;
  /** Epochs in between; 5. */
  totalIters?: number;
  lastEpoch?: number;
}
const bindLinear = /* @__PURE__ */ keywords<Linear>(
  "LinearLR",
  "optimizer, startFactor?, endFactor?, totalIters?, lastEpoch?",
  { startFactor: 1 / 3, endFactor: 1, totalIters: 5, lastEpoch: -1 },
);

/**
 * A share of the rate that moves in a straight line from `startFactor` to `endFactor`: to warm up.
 *
 * @example
 * new LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 });
 */
export class LinearLR extends LRScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;

  constructor(
    ...args: Arguments<
      Linear,
      [optimizer: Optimizer],
      [startFactor?: number, endFactor?: number, totalIters?: number, lastEpoch?: number]
    >
  ) {
    const { optimizer, startFactor, endFactor, totalIters, lastEpoch } = bindLinear(args);
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw new ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.");
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw new ValueError("Ending multiplicative factor expected to be between 0 and 1.");
    }
    super(optimizer, lastEpoch);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    let change = 1;
    if (lastEpoch === 0) change = startFactor;
    else if (lastEpoch <= totalIters) {
      const slope = endFactor - startFactor;
      change = 1 + slope / (totalIters * startFactor + (lastEpoch - 1) * slope);
    }
    return this.groups.map(({ lr }) => lr * change);
  }

  protected override closedForm(): number[] {
    const { startFactor, endFactor, totalIters } = this;
    const share = Math.min(totalIters, this.lastEpoch) / totalIters;
    return this.baseLrs.map((base) => base * (startFactor + (endFactor - startFactor) * share));
  }
}

interface Exponential {
  optimizer: Optimizer;
  /** The factor of each epoch. */
  gamma: number;
  lastEpoch?: number;
}
const bindExponential = /* @__PURE__ */ keywords<Exponential>("ExponentialLR", "optimizer, gamma, lastEpoch?", {
  lastEpoch: -1,
});

/**
 * The rate times `gamma` every epoch.
 *
 * @example
 * new ExponentialLR(optimizer, 0.95);
 */
export class ExponentialLR extends LRScheduler {
  gamma: number;

  constructor(...args: Arguments<Exponential, [optimizer: Optimizer, gamma: number], [lastEpoch?: number]>) {
    const { optimizer, gamma, lastEpoch } = bindExponential(args);
    super(optimizer, lastEpoch);
    this.gamma = gamma;
    this.begin();
  }

  override getLr(): number[] {
    return this.groups.map(({ lr }) => (this.lastEpoch === 0 ? lr : lr * this.gamma));
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((base) => base * this.gamma ** this.lastEpoch);
  }
}

interface Polynomial {
  optimizer: Optimizer;
  /** Epochs until the rate is 0; 5. */
  totalIters?: number;
  /** The power; 1. */
  power?: number;
  lastEpoch?: number;
}
const bindPolynomial = /* @__PURE__ */ keywords<Polynomial>(
  "PolynomialLR",
  "optimizer, totalIters?, power?, lastEpoch?",
  { totalIters: 5, power: 1, lastEpoch: -1 },
);

/**
 * The rate times `(1 - epoch / totalIters) ** power`, 0 from `totalIters` on.
 *
 * @example
 * new PolynomialLR(optimizer, { totalIters: 100, power: 0.9 });
 */
export class PolynomialLR extends LRScheduler {
  totalIters: number;
  power: number;

  constructor(
    ...args: Arguments<Polynomial, [optimizer: Optimizer], [totalIters?: number, power?: number, lastEpoch?: number]>
  ) {
    const { optimizer, totalIters, power, lastEpoch } = bindPolynomial(args);
    super(optimizer, lastEpoch);
    this.totalIters = totalIters;
    this.power = power;
    this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch, totalIters, power } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.groups.map(({ lr }) => lr);
    const decay = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
    return this.groups.map(({ lr }) => lr * decay);
  }

  protected override closedForm(): number[] {
    const { totalIters, power } = this;
    return this.baseLrs.map((base) => base * (1 - Math.min(totalIters, this.lastEpoch) / totalIters) ** power);
  }
}

interface Cosine {
  optimizer: Optimizer;
  /** Epochs from the highest rate to the lowest. */
  TMax: number;
  /** The lowest rate; 0. */
  etaMin?: number;
  lastEpoch?: number;
}
const bindCosine = /* @__PURE__ */ keywords<Cosine>("CosineAnnealingLR", "optimizer, TMax, etaMin?, lastEpoch?", {
  etaMin: 0,
  lastEpoch: -1,
});

/**
 * Half a cosine from the rate a group began with down to `etaMin` in `TMax` epochs (and up again after):
 * `etaMin + (base - etaMin) · (1 + cos(π · epoch / TMax)) / 2`.
 *
 * @example
 * new CosineAnnealingLR(optimizer, 100);
 */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number;
  etaMin: number;

  constructor(...args: Arguments<Cosine, [optimizer: Optimizer, TMax: number], [etaMin?: number, lastEpoch?: number]>) {
    const { optimizer, TMax, etaMin, lastEpoch } = bindCosine(args);
    super(optimizer, lastEpoch);
    this.TMax = TMax;
    this.etaMin = etaMin;
    this.begin();
  }

  override getLr(): number[] {
    const { TMax, etaMin, lastEpoch, groups } = this;
    if (lastEpoch === 0) return groups.map(({ lr }) => lr);
    if (this._stepCount === 1 && lastEpoch > 0) return this.closedForm();
    // At the turn the factor below would be 0 / 0.
    if (modulo(lastEpoch - 1 - TMax, 2 * TMax) === 0) {
      return groups.map(({ lr }, i) => lr + ((this.baseLrs[i]! - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2);
    }
    const now = 1 + Math.cos((Math.PI * lastEpoch) / TMax);
    const before = 1 + Math.cos((Math.PI * (lastEpoch - 1)) / TMax);
    return groups.map(({ lr }) => (now / before) * (lr - etaMin) + etaMin);
  }

  protected override closedForm(): number[] {
    const { TMax, etaMin, lastEpoch } = this;
    return this.baseLrs.map((base) => etaMin + ((base - etaMin) * (1 + Math.cos((lastEpoch * Math.PI) / TMax))) / 2);
  }
}

interface WarmRestarts {
  optimizer: Optimizer;
  /** Epochs until the first restart. */
  T0: number;
  /** By what each stretch is longer than the last; 1. */
  TMult?: number;
  /** The lowest rate; 0. */
  etaMin?: number;
  lastEpoch?: number;
}
const bindWarmRestarts = /* @__PURE__ */ keywords<WarmRestarts>(
  "CosineAnnealingWarmRestarts",
  "optimizer, T0, TMult?, etaMin?, lastEpoch?",
  { TMult: 1, etaMin: 0, lastEpoch: -1 },
);

/**
 * Half a cosine from the rate a group began with down to `etaMin`, and anew from above; `step(epoch)` takes parts of an
 * epoch too. I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts".
 *
 * @example
 * new CosineAnnealingWarmRestarts(optimizer, 10, { TMult: 2 });
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  T0: number;
  TMult: number;
  etaMin: number;
  /** The length of this stretch, and where in it we are. */
  TI: number;
  TCur: number;

  constructor(
    ...args: Arguments<
      WarmRestarts,
      [optimizer: Optimizer, T0: number],
      [TMult?: number, etaMin?: number, lastEpoch?: number]
    >
  ) {
    const { optimizer, T0, TMult, etaMin, lastEpoch } = bindWarmRestarts(args);
    if (!Number.isInteger(T0) || T0 <= 0) throw new ValueError(`Expected positive integer T_0, but got ${T0}`);
    if (!Number.isInteger(TMult) || TMult < 1) throw new ValueError(`Expected integer T_mult >= 1, but got ${TMult}`);
    super(optimizer, lastEpoch);
    this.T0 = T0;
    this.TMult = TMult;
    this.etaMin = etaMin;
    this.TI = T0;
    this.TCur = lastEpoch;
    this.begin();
  }

  override getLr(): number[] {
    const { etaMin, TCur, TI } = this;
    return this.baseLrs.map((base) => etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * TCur) / TI))) / 2);
  }

  override step(epoch: number | null = null): void {
    const { T0, TMult } = this;
    if (epoch !== null && !(epoch >= 0)) throw new ValueError(`Expected non-negative epoch, but got ${epoch}`);
    const to = epoch ?? (this.lastEpoch < 0 ? 0 : null);
    if (to === null) {
      this.TCur++;
      if (this.TCur >= this.TI) {
        this.TCur -= this.TI;
        this.TI *= TMult;
      }
    } else {
      // The stretches before the n-th take T0 · (TMultⁿ - 1) / (TMult - 1) epochs.
      const n = TMult === 1 ? 0 : Math.floor(Math.log((to / T0) * (TMult - 1) + 1) / Math.log(TMult));
      this.TI = T0 * TMult ** n;
      this.TCur = TMult === 1 ? to % T0 : to - (T0 * (TMult ** n - 1)) / (TMult - 1);
    }
    this.lastEpoch = Math.floor(to ?? this.lastEpoch + 1);
    this._lastLr = this.getLr();
    for (const [i, group] of this.groups.entries()) group.lr = this._lastLr[i]!;
  }

  override stateDict(): SchedulerState {
    const { T0, ...state } = super.stateDict();
    return { ...state, T_0: T0 };
  }
}

/** As Python's `%`: never negative. */
const modulo = (a: number, n: number): number => ((a % n) + n) % n;
