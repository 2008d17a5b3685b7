import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { each, type SchedulerState, stateOf, takeOver } from "./scheduler.ts";

interface Plateau {
  optimizer: Optimizer;
  /** Whether the metric should fall or rise; "min". */
  mode?: "min" | "max";
  /** The factor of a drop; 0.1. */
  factor?: number;
  /** Epochs without progress that are let pass; 10. */
  patience?: number;
  /** What counts as progress; 1e-4. */
  threshold?: number;
  /** Whether that is a share of the best metric or a distance from it; "rel". */
  thresholdMode?: "rel" | "abs";
  /** Epochs after a drop in which nothing is counted; 0. */
  cooldown?: number;
  /** The lowest rate, for all groups or one each; 0. */
  minLr?: number | readonly number[];
  /** A rate is left where it would change by no more; 1e-8. */
  eps?: number;
}
const bind = /* @__PURE__ */ keywords<Plateau>(
  "ReduceLROnPlateau",
  "optimizer, mode?, factor?, patience?, threshold?, thresholdMode?, cooldown?, minLr?, eps?",
  {
    mode: "min",
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    thresholdMode: "rel",
    cooldown: 0,
    minLr: 0,
    eps: 1e-8,
  },
);

/**
 * Drops the rate when a metric makes no progress: `step(metric)` after each epoch.
 *
 * @example
 * const scheduler = new ReduceLROnPlateau(optimizer, "min", { patience: 5 });
 * scheduler.step(validationLoss);
 */
export class ReduceLROnPlateau {
  readonly #optimizer: Optimizer;
  mode: string;
  factor: number;
  patience: number;
  threshold: number;
  thresholdMode: string;
  cooldown: number;
  minLrs: number[];
  eps: number;
  cooldownCounter: number = 0;
  best: number;
  numBadEpochs: number = 0;
  lastEpoch: number = 0;
  /** @internal */
  _lastLr: number[];

  constructor(
    ...args: Arguments<
      Plateau,
      [optimizer: Optimizer],
      [
        mode?: "min" | "max",
        factor?: number,
        patience?: number,
        threshold?: number,
        thresholdMode?: "rel" | "abs",
        cooldown?: number,
        minLr?: number | readonly number[],
        eps?: number,
      ]
    >
  ) {
    const { optimizer, mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps } = bind(args);
    if (!(factor < 1)) throw new ValueError("Factor should be < 1.0.");
    if (mode !== "min" && mode !== "max") throw new ValueError(`mode ${mode} is unknown!`);
    if (thresholdMode !== "rel" && thresholdMode !== "abs") {
      throw new ValueError(`threshold mode ${thresholdMode} is unknown!`);
    }
    this.#optimizer = optimizer;
    this.mode = mode;
    this.factor = factor;
    this.patience = patience;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.cooldown = cooldown;
    this.minLrs = [...each(minLr, optimizer.paramGroups.length, "min_lrs")];
    this.eps = eps;
    this.best = mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    this._lastLr = optimizer.paramGroups.map(({ lr }) => lr);
  }

  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  /** Takes the metric of an epoch. */
  step(metrics: number | Tensor, epoch: number | null = null): void {
    const metric = metrics instanceof Tensor ? Number(metrics.item()) : Number(metrics);
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.isBetter(metric, this.best)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.inCooldown) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      for (const [i, group] of this.#optimizer.paramGroups.entries()) {
        const lr = Math.max(group.lr * this.factor, this.minLrs[i]!);
        if (group.lr - lr > this.eps) group.lr = lr;
      }
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this._lastLr = this.#optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Whether `a` is progress over `best`. */
  isBetter(a: number, best: number): boolean {
    const sign = this.mode === "min" ? -1 : 1;
    const bar = this.thresholdMode === "rel" ? best * (1 + sign * this.threshold) : best + sign * this.threshold;
    return sign < 0 ? a < bar : a > bar;
  }

  /** The rates that the last `step` left, one a group. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** All but the optimizer, with PyTorch's keys. */
  stateDict(): SchedulerState {
    return stateOf(this);
  }

  /** Takes over a state. */
  loadStateDict(stateDict: SchedulerState): void {
    takeOver(this, stateDict);
  }
}
