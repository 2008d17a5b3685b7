// Learning rates that follow a plan: fl.optim.lrScheduler. A scheduler sets the rate of every group at each `step()`.
// Most of them multiply the rate that is there, so that several can be used on one optimizer.

import { showValue, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { camel, snake } from "./keys.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";

// biome-ignore lint/suspicious/noExplicitAny: an optimizer of any groups; `check` makes the parameter contravariant
type AnyOptimizer = Optimizer<any, any>;

/** A scheduler's state in PyTorch's layout. */
export type SchedulerState = Record<string, unknown>;

/**
 * The base of all schedulers.
 *
 * A subclass says what the rates are at `lastEpoch` (`getLr`), from what they are now, and ends its constructor with
 * `this.begin()`, which sets the first rates.
 */
export abstract class LRScheduler {
  readonly #optimizer: AnyOptimizer;
  /** The rates that the groups began with. */
  baseLrs: number[];
  /** Steps taken. */
  lastEpoch: number;
  /** Calls of `step`, the first in `begin`. @internal */
  _stepCount: number = 0;
  /** @internal */
  _lastLr: number[] = [];

  /** `lastEpoch` other than -1 goes on where an earlier scheduler ended: the groups must have their `initialLr`. */
  constructor(optimizer: AnyOptimizer, lastEpoch: number) {
    this.#optimizer = optimizer;
    for (const [i, group] of this.groups.entries()) {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ValueError(`param 'initial_lr' is not specified in param_groups[${i}] when resuming an optimizer`);
      }
    }
    this.baseLrs = this.groups.map((group) => group.initialLr!);
    this.lastEpoch = lastEpoch;
  }

  get optimizer(): AnyOptimizer {
    return this.#optimizer;
  }

  protected get groups(): ParamGroup[] {
    return this.#optimizer.paramGroups;
  }

  /** The rates at `lastEpoch`, one a group. */
  abstract getLr(): number[];

  /** The rates at `lastEpoch` whatever came before, where the plan has a formula. */
  protected closedForm?(): number[];

  /** Sets the first rates. */
  protected begin(): void {
    this.step();
  }

  /** Goes on by one, or to `epoch`, and sets the rates. */
  step(epoch: number | null = null): void {
    this._stepCount++;
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const rates = epoch !== null && this.closedForm !== undefined ? this.closedForm() : this.getLr();
    for (const [i, group] of this.groups.entries()) group.lr = rates[i]!;
    this._lastLr = rates;
  }

  /** The rates that the last `step` set, one a group. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** All but the optimizer, with PyTorch's keys. Functions are not kept. */
  stateDict(): SchedulerState {
    return Object.fromEntries(
      Object.entries(this).map(([key, value]) => [snake(key), typeof value === "function" ? null : value]),
    );
  }

  /** Takes over a state. The rates are the optimizer's, whose own state has them. */
  loadStateDict(stateDict: SchedulerState): void {
    for (const [key, value] of Object.entries(stateDict)) {
      const field = camel(key);
      const own = (this as Record<string, unknown>)[field];
      if (Object.hasOwn(this, field) && typeof own !== "function") (this as Record<string, unknown>)[field] = value;
    }
  }
}

interface Lambda {
  optimizer: AnyOptimizer;
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

  constructor(
    ...args: Arguments<Lambda, [optimizer: AnyOptimizer, lrLambda: Lambda["lrLambda"]], [lastEpoch?: number]>
  ) {
    const { optimizer, lrLambda, lastEpoch } = bindLambda(args);
    super(optimizer, lastEpoch);
    this.#lambdas = typeof lrLambda === "function" ? this.groups.map(() => lrLambda) : [...lrLambda];
    if (this.#lambdas.length !== this.groups.length) {
      throw new ValueError(`Expected ${this.groups.length} lr_lambdas, but got ${this.#lambdas.length}`);
    }
    this.begin();
  }

  override getLr(): number[] {
    return this.baseLrs.map((base, i) => base * this.#lambdas[i]!(this.lastEpoch));
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), lr_lambdas: this.#lambdas.map(() => null) };
  }
}

interface Step {
  optimizer: AnyOptimizer;
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
    ...args: Arguments<Step, [optimizer: AnyOptimizer, stepSize: number], [gamma?: number, lastEpoch?: number]>
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

interface Cosine {
  optimizer: AnyOptimizer;
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

  constructor(
    ...args: Arguments<Cosine, [optimizer: AnyOptimizer, TMax: number], [etaMin?: number, lastEpoch?: number]>
  ) {
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

interface OneCycle {
  optimizer: AnyOptimizer;
  /** The highest rate, for all groups or one each. */
  maxLr: number | readonly number[];
  /** Steps in the cycle; or give `epochs` and `stepsPerEpoch`. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** The share of the steps in which the rate rises; 0.3. */
  pctStart?: number;
  /** How the rate moves; "cos". */
  annealStrategy?: "cos" | "linear";
  /** Whether the momentum (or the first beta) falls while the rate rises; true. */
  cycleMomentum?: boolean;
  /** The lowest momentum; 0.85. */
  baseMomentum?: number | readonly number[];
  /** The highest momentum; 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first rate is `maxLr / divFactor`; 25. */
  divFactor?: number;
  /** The last rate is the first one divided by this; 1e4. */
  finalDivFactor?: number;
  /** Whether the rate first falls as it rose, and then to the last one; false. */
  threePhase?: boolean;
  lastEpoch?: number;
}
const bindOneCycle = /* @__PURE__ */ keywords<OneCycle>(
  "OneCycleLR",
  "optimizer, maxLr, totalSteps?, epochs?, stepsPerEpoch?, pctStart?, annealStrategy?, cycleMomentum?, baseMomentum?, maxMomentum?, divFactor?, finalDivFactor?, threePhase?, lastEpoch?",
  {
    totalSteps: null,
    epochs: null,
    stepsPerEpoch: null,
    pctStart: 0.3,
    annealStrategy: "cos",
    cycleMomentum: true,
    baseMomentum: 0.85,
    maxMomentum: 0.95,
    divFactor: 25,
    finalDivFactor: 1e4,
    threePhase: false,
    lastEpoch: -1,
  },
);

/** What a scheduler of one cycle keeps in each group. */
interface CycleGroup extends ParamGroup {
  maxLr: number;
  minLr: number;
  maxMomentum?: number;
  baseMomentum?: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** A stretch of the cycle: which of the group's values it goes from and to, and the step at which it ends. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [from: "initialLr" | "maxLr", to: "initialLr" | "maxLr" | "minLr"];
  readonly momentum: readonly [from: "maxMomentum" | "baseMomentum", to: "maxMomentum" | "baseMomentum"];
}

/**
 * One cycle over the whole training, a step a batch: the rate rises to `maxLr` and falls to almost nothing, the momentum
 * the other way round.
 *
 * @example
 * const scheduler = new OneCycleLR(optimizer, 0.01, { totalSteps: epochs * loader.length });
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number;
  cycleMomentum: boolean;
  useBeta1: boolean;
  readonly #phases: readonly Phase[];
  readonly #anneal: (from: number, to: number, share: number) => number;

  constructor(
    ...args: Arguments<
      OneCycle,
      [optimizer: AnyOptimizer, maxLr: number | readonly number[]],
      [
        totalSteps?: number | null,
        epochs?: number | null,
        stepsPerEpoch?: number | null,
        pctStart?: number,
        annealStrategy?: "cos" | "linear",
        cycleMomentum?: boolean,
        baseMomentum?: number | readonly number[],
        maxMomentum?: number | readonly number[],
        divFactor?: number,
        finalDivFactor?: number,
        threePhase?: boolean,
        lastEpoch?: number,
      ]
    >
  ) {
    const options = bindOneCycle(args);
    const { optimizer, pctStart, annealStrategy, cycleMomentum, threePhase, lastEpoch } = options;
    const steps = stepsOf(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    }
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ValueError(
        `anneal_strategy must be one of 'cos' or 'linear', instead got ${showValue(annealStrategy)}`,
      );
    }
    const useBeta1 = "betas" in optimizer.defaults;
    if (cycleMomentum && !useBeta1 && !("momentum" in optimizer.defaults)) {
      throw new ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled");
    }
    if (lastEpoch === -1) prepareGroups(options, useBeta1);
    super(optimizer, lastEpoch);
    this.totalSteps = steps;
    this.cycleMomentum = cycleMomentum;
    this.useBeta1 = useBeta1;
    this.#anneal = annealStrategy === "cos" ? cosine : linear;
    const up = {
      end: pctStart * steps - 1,
      lr: ["initialLr", "maxLr"],
      momentum: ["maxMomentum", "baseMomentum"],
    } as const;
    this.#phases = threePhase
      ? [
          up,
          { end: 2 * pctStart * steps - 2, lr: ["maxLr", "initialLr"], momentum: ["baseMomentum", "maxMomentum"] },
          { end: steps - 1, lr: ["initialLr", "minLr"], momentum: ["maxMomentum", "maxMomentum"] },
        ]
      : [up, { end: steps - 1, lr: ["maxLr", "minLr"], momentum: ["baseMomentum", "maxMomentum"] }];
    this.begin();
  }

  override getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw new ValueError(`Tried to step ${step} times. The specified number of total steps is ${this.totalSteps}`);
    }
    const last = this.#phases.length - 1;
    const at = this.#phases.findIndex(({ end }, i) => step <= end || i === last);
    const { end, lr, momentum } = this.#phases[at]!;
    const start = this.#phases[at - 1]?.end ?? 0;
    const share = (step - start) / (end - start);
    return (this.groups as CycleGroup[]).map((group) => {
      if (this.cycleMomentum) {
        setMomentum(group, this.#anneal(group[momentum[0]]!, group[momentum[1]]!, share), this.useBeta1);
      }
      return this.#anneal(group[lr[0]]!, group[lr[1]]!, share);
    });
  }
}

const cosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
const linear = (from: number, to: number, share: number): number => (to - from) * share + from;
/** As Python's `%`: never negative. */
const modulo = (a: number, n: number): number => ((a % n) + n) % n;

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: Required<OneCycle>): number {
  if (totalSteps === null && (epochs === null || stepsPerEpoch === null)) {
    throw new ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)");
  }
  const steps = totalSteps ?? epochs! * stepsPerEpoch!;
  if (!Number.isInteger(steps) || steps <= 0) {
    throw new ValueError(`Expected positive integer total_steps, but got ${steps}`);
  }
  return steps;
}

function prepareGroups(
  { optimizer, maxLr, maxMomentum, baseMomentum, cycleMomentum, divFactor, finalDivFactor }: Required<OneCycle>,
  useBeta1: boolean,
): void {
  const groups = optimizer.paramGroups as CycleGroup[];
  const highest = each(maxLr, groups.length, "max_lr");
  const top = each(maxMomentum, groups.length, "max_momentum");
  const bottom = each(baseMomentum, groups.length, "base_momentum");
  for (const [i, group] of groups.entries()) {
    group.initialLr = highest[i]! / divFactor;
    group.maxLr = highest[i]!;
    group.minLr = group.initialLr / finalDivFactor;
    if (!cycleMomentum) continue;
    setMomentum(group, top[i]!, useBeta1);
    group.maxMomentum = top[i]!;
    group.baseMomentum = bottom[i]!;
  }
}

function setMomentum(group: CycleGroup, momentum: number, useBeta1: boolean): void {
  if (useBeta1) group.betas = [momentum, group.betas![1]];
  else group.momentum = momentum;
}

function each(values: number | readonly number[], count: number, name: string): readonly number[] {
  if (typeof values === "number") return new Array<number>(count).fill(values);
  if (values.length !== count) throw new ValueError(`expected ${count} values for ${name}, got ${values.length}`);
  return values;
}
