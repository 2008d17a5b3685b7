// fl.optim.swaUtils: weights that are averaged over training, and what that needs.

import { ValueError } from "../core/index.ts";
import { Module } from "../nn/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { add, add_, copy_, detach, div, lerp, sub, to } from "../ops/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { each, LRScheduler } from "./scheduler.ts";

/** The next average of a parameter, of which `count` were averaged before. */
export type AvgFn = (averaged: Tensor, current: Tensor, count: Tensor) => Tensor;

interface AveragedOptions<M> {
  model: M;
  device?: string | null;
  /** How the average goes on; by default all weights count alike. */
  avgFn?: AvgFn | null;
  multiAvgFn?: ((averaged: Tensor[], current: Tensor[], count: Tensor) => void) | null;
  /** Whether buffers are averaged too; by default they are copied. */
  useBuffers?: boolean;
}
const bindAveraged = /* @__PURE__ */ keywords<AveragedOptions<Module>>(
  "AveragedModel",
  "model, device?, avgFn?, multiAvgFn?, useBuffers?",
  { device: null, avgFn: null, multiAvgFn: null, useBuffers: false },
);

/**
 * A copy of a model whose weights are the average of those that it is shown.
 *
 * @example
 * const ema = new swaUtils.AveragedModel(model, { avgFn: swaUtils.getEmaAvgFn(0.999) });
 * ema.updateParameters(model); // after each step
 * ema(x);
 */
export class AveragedModel<M extends Module = Module> extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = { nAveraged: "n_averaged" };
  /** How many were averaged: an int64 buffer. */
  declare nAveraged: Tensor;
  readonly module: M;
  readonly #next: (averaged: Tensor[], current: Tensor[]) => void;
  readonly #useBuffers: boolean;

  constructor(
    ...args: Arguments<
      AveragedOptions<M>,
      [model: M],
      [
        device?: string | null,
        avgFn?: AvgFn | null,
        multiAvgFn?: AveragedOptions<M>["multiAvgFn"],
        useBuffers?: boolean,
      ]
    >
  ) {
    super();
    const { model, device, avgFn, multiAvgFn, useBuffers } = bindAveraged(args) as Required<AveragedOptions<M>>;
    if (avgFn != null && multiAvgFn != null) {
      throw new TypeError("AveragedModel: Only one of avg_fn and multi_avg_fn should be provided");
    }
    const self = Module.copy(model);
    this.module = device == null ? self : self.to(device);
    this.registerBuffer("nAveraged", tensor(0, { device: device ?? null }));
    this.#useBuffers = useBuffers ?? false;
    const one = avgFn ?? ((averaged, current, count) => add(averaged, div(sub(current, averaged), add(count, 1))));
    this.#next = (averaged, current) => {
      if (multiAvgFn != null) multiAvgFn(averaged, current, this.nAveraged);
      else for (const [i, x] of averaged.entries()) copy_(x, one(x, current[i]!, this.nAveraged));
    };
  }

  override forward(...args: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    return this.module(...args) as ReturnType<M["forward"]>;
  }

  /** Takes the weights of the model, as they are now, into the average. */
  updateParameters(model: Module): void {
    const tensorsOf = (m: Module): Tensor[] =>
      [...m.parameters(), ...(this.#useBuffers ? m.buffers() : [])].map((x) => detach(x));
    noGrad(() => {
      const [averaged, current] = [tensorsOf(this.module), tensorsOf(model)];
      if (this.nAveraged.item() === 0) for (const [i, x] of averaged.entries()) copy_(x, current[i]!);
      else this.#next(averaged, current);
      if (!this.#useBuffers) {
        const theirs = [...model.buffers()];
        for (const [i, x] of [...this.module.buffers()].entries()) copy_(x, theirs[i]!);
      }
      add_(this.nAveraged, 1);
    });
  }
}

/** The exponential moving average: `decay · averaged + (1 - decay) · current`. */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  if (!(decay >= 0 && decay <= 1)) {
    throw new ValueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`);
  }
  return (averaged, current) => lerp(averaged, current, 1 - decay);
}

interface SWA {
  optimizer: Optimizer;
  swaLr: number | readonly number[];
  /** Epochs on the way to `swaLr`; 10. */
  annealEpochs?: number;
  annealStrategy?: "cos" | "linear";
  lastEpoch?: number;
}
const bindSWA = /* @__PURE__ */ keywords<SWA>("SWALR", "optimizer, swaLr, annealEpochs?, annealStrategy?, lastEpoch?", {
  annealEpochs: 10,
  annealStrategy: "cos",
  lastEpoch: -1,
});

/** Takes the rate to `swaLr`, where it stays. */
export class SWALR extends LRScheduler {
  readonly swaLrs: readonly number[];
  readonly annealEpochs: number;
  readonly #anneal: (t: number) => number;

  constructor(
    ...args: Arguments<
      SWA,
      [optimizer: Optimizer, swaLr: number | readonly number[]],
      [annealEpochs?: number, annealStrategy?: "cos" | "linear", lastEpoch?: number]
    >
  ) {
    const { optimizer, swaLr, annealEpochs, annealStrategy, lastEpoch } = bindSWA(args);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ValueError(`anneal_strategy must by one of 'cos' or 'linear', instead got ${annealStrategy}`);
    }
    if (!(Number.isInteger(annealEpochs) && annealEpochs >= 0)) {
      throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${annealEpochs}`);
    }
    super(optimizer, lastEpoch);
    this.swaLrs = each(swaLr, optimizer.paramGroups.length, "swa_lr");
    this.annealEpochs = annealEpochs;
    this.#anneal = annealStrategy === "linear" ? (t) => t : (t) => (1 - Math.cos(Math.PI * t)) / 2;
    this.begin();
  }

  override getLr(): number[] {
    const step = Math.max(this._stepCount - 1, this.annealEpochs === 0 ? 1 : 0);
    const share = (at: number): number => this.#anneal(Math.max(0, Math.min(1, at / Math.max(1, this.annealEpochs))));
    const [before, now] = [share(step - 1), share(step)];
    return this.groups.map(({ lr }, i) => {
      const swa = this.swaLrs[i]!;
      const begun = before === 1 ? swa : (lr - before * swa) / (1 - before);
      return swa * now + begun * (1 - now);
    });
  }
}

/** Computes the running statistics of batch norms anew, as means over all that a loader gives (inputs, or arrays that begin with them). */
export function updateBn(
  loader: Iterable<Tensor | readonly [Tensor, ...unknown[]]>,
  model: Module,
  device: string | null = null,
): void {
  const norms = [...model.modules()].filter((m): m is Norm => "resetRunningStats" in m && "momentum" in m);
  if (norms.length === 0) return;
  const before = norms.map(({ momentum }) => momentum);
  const { training } = model;
  model.train();
  for (const norm of norms) {
    norm.resetRunningStats();
    norm.momentum = null; // a mean over all batches
  }
  try {
    noGrad(() => {
      for (const batch of loader) {
        const input = batch instanceof Tensor ? batch : batch[0];
        model(device === null ? input : to(input, device));
      }
    });
  } finally {
    for (const [i, norm] of norms.entries()) norm.momentum = before[i]!;
    model.train(training);
  }
}

type Norm = Module & { momentum: number | null; resetRunningStats(): void };
