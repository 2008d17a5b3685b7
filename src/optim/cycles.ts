// Schedulers that move the momentum with the rate.

import { showValue, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";
import { each, LRScheduler } from "./scheduler.ts";

interface OneCycle {
  optimizer: Optimizer;
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
      [optimizer: Optimizer, maxLr: number | readonly number[]],
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
    const useBeta1 = usesBeta1(optimizer, cycleMomentum);
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

interface Cyclic {
  optimizer: Optimizer;
  /** The lowest rate, for all groups or one each. */
  baseLr: number | readonly number[];
  /** The highest rate, for all groups or one each. */
  maxLr: number | readonly number[];
  /** Steps from the lowest to the highest; 2000. */
  stepSizeUp?: number;
  /** Steps back; null for as many. */
  stepSizeDown?: number | null;
  /** How high later cycles go: as high, half as high each time, or by `gamma` less at each step; "triangular". */
  mode?: "triangular" | "triangular2" | "exp_range";
  gamma?: number;
  /** A height of one's own, instead of `mode`. */
  scaleFn?: ((x: number) => number) | null;
  /** Whether `scaleFn` takes the number of the cycle or of the step; "cycle". */
  scaleMode?: "cycle" | "iterations";
  /** Whether the momentum (or the first beta) falls while the rate rises; true. */
  cycleMomentum?: boolean;
  /** The lowest momentum; 0.8. */
  baseMomentum?: number | readonly number[];
  /** The highest momentum; 0.9. */
  maxMomentum?: number | readonly number[];
  lastEpoch?: number;
}
const bindCyclic = /* @__PURE__ */ keywords<Cyclic>(
  "CyclicLR",
  "optimizer, baseLr, maxLr, stepSizeUp?, stepSizeDown?, mode?, gamma?, scaleFn?, scaleMode?, cycleMomentum?, baseMomentum?, maxMomentum?, lastEpoch?",
  {
    stepSizeUp: 2000,
    stepSizeDown: null,
    mode: "triangular",
    gamma: 1,
    scaleFn: null,
    scaleMode: "cycle",
    cycleMomentum: true,
    baseMomentum: 0.8,
    maxMomentum: 0.9,
    lastEpoch: -1,
  },
);

/**
 * The rate rises from `baseLr` to `maxLr` and falls back, again and again, a step a batch; the momentum the other way
 * round. L. N. Smith, "Cyclical Learning Rates for Training Neural Networks".
 *
 * @example
 * const scheduler = new CyclicLR(optimizer, 0.001, 0.1, { stepSizeUp: 500, mode: "triangular2" });
 */
export class CyclicLR extends LRScheduler {
  maxLrs: readonly number[];
  totalSize: number;
  stepRatio: number;
  mode: string;
  gamma: number;
  cycleMomentum: boolean;
  useBeta1: boolean;
  readonly #scale: (cycle: number, step: number) => number;

  constructor(
    ...args: Arguments<
      Cyclic,
      [optimizer: Optimizer, baseLr: number | readonly number[], maxLr: number | readonly number[]],
      [
        stepSizeUp?: number,
        stepSizeDown?: number | null,
        mode?: "triangular" | "triangular2" | "exp_range",
        gamma?: number,
        scaleFn?: ((x: number) => number) | null,
        scaleMode?: "cycle" | "iterations",
        cycleMomentum?: boolean,
        baseMomentum?: number | readonly number[],
        maxMomentum?: number | readonly number[],
        lastEpoch?: number,
      ]
    >
  ) {
    const options = bindCyclic(args);
    const { optimizer, stepSizeUp, mode, gamma, scaleFn, scaleMode, cycleMomentum, lastEpoch } = options;
    const groups = optimizer.paramGroups as CycleGroup[];
    const baseLrs = each(options.baseLr, groups.length, "base_lr");
    const maxLrs = each(options.maxLr, groups.length, "max_lr");
    const bottom = each(options.baseMomentum, groups.length, "base_momentum");
    const top = each(options.maxMomentum, groups.length, "max_momentum");
    if (scaleFn === null && !["triangular", "triangular2", "exp_range"].includes(mode)) {
      throw new ValueError("mode is invalid and scale_fn is None");
    }
    const useBeta1 = usesBeta1(optimizer, cycleMomentum);
    if (lastEpoch === -1) {
      for (const [i, group] of groups.entries()) {
        group.lr = baseLrs[i]!;
        group.initialLr = baseLrs[i]!;
        if (!cycleMomentum) continue;
        setMomentum(group, top[i]!, useBeta1);
        group.maxMomentum = top[i]!;
        group.baseMomentum = bottom[i]!;
      }
    }
    super(optimizer, lastEpoch);
    this.baseLrs = [...baseLrs];
    this.maxLrs = maxLrs;
    this.totalSize = stepSizeUp + (options.stepSizeDown ?? stepSizeUp);
    this.stepRatio = stepSizeUp / this.totalSize;
    this.mode = mode;
    this.gamma = gamma;
    this.cycleMomentum = cycleMomentum;
    this.useBeta1 = useBeta1;
    if (scaleFn !== null) this.#scale = (cycle, step) => scaleFn(scaleMode === "cycle" ? cycle : step);
    else if (mode === "triangular") this.#scale = () => 1;
    else if (mode === "triangular2") this.#scale = (cycle) => 1 / 2 ** (cycle - 1);
    else this.#scale = (_, step) => this.gamma ** step;
    this.begin();
  }

  override getLr(): number[] {
    const { lastEpoch: step, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + step / totalSize);
    const x = 1 + step / totalSize - cycle;
    const height = (x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1)) * this.#scale(cycle, step);
    return (this.groups as CycleGroup[]).map((group, i) => {
      if (this.cycleMomentum) {
        setMomentum(group, group.maxMomentum! - (group.maxMomentum! - group.baseMomentum!) * height, this.useBeta1);
      }
      return this.baseLrs[i]! + (this.maxLrs[i]! - this.baseLrs[i]!) * height;
    });
  }
}

const cosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
const linear = (from: number, to: number, share: number): number => (to - from) * share + from;

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

/** Whether the momentum is the first beta; throws where it should be moved and there is none. */
function usesBeta1({ defaults }: Optimizer, cycleMomentum: boolean): boolean {
  if (cycleMomentum && !("betas" in defaults) && !("momentum" in defaults)) {
    throw new ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled");
  }
  return "betas" in defaults;
}

function setMomentum(group: CycleGroup, momentum: number, useBeta1: boolean): void {
  if (useBeta1) group.betas = [momentum, group.betas![1]];
  else group.momentum = momentum;
}
