// Losses: how far outputs are from targets, as one number ("mean", "sum") or one an element ("none").

import { type Arguments, keywords } from "../op/index.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";
import {
  Loss,
  REDUCED,
  type Reduced,
  type ReducedArguments,
  type Reduction,
  reductionOf,
  type Weighted,
  WeightedLoss,
} from "./reduction.ts";

export type { Reduction } from "./reduction.ts";

const bindMSELoss = /* @__PURE__ */ keywords<Reduced>("MSELoss", "sizeAverage?, reduce?, reduction?", REDUCED);

/**
 * Squared errors: `(x - y)²`.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class MSELoss extends Loss {
  constructor(...args: ReducedArguments) {
    super(bindMSELoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

const bindL1Loss = /* @__PURE__ */ keywords<Reduced>("L1Loss", "sizeAverage?, reduce?, reduction?", REDUCED);

/**
 * Absolute errors: `|x - y|`.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class L1Loss extends Loss {
  constructor(...args: ReducedArguments) {
    super(bindL1Loss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

interface SmoothL1Options extends Reduced {
  /** Where squares turn into absolute values; 1. */
  beta?: number;
}
const bindSmoothL1Loss = /* @__PURE__ */ keywords<SmoothL1Options>(
  "SmoothL1Loss",
  "sizeAverage?, reduce?, reduction?, beta?",
  { ...REDUCED, beta: 1 },
);

/**
 * Absolute errors with a round bottom: with d = x - y, `d² / (2·beta)` where `|d| < beta`, else `|d| - beta / 2`.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class SmoothL1Loss extends Loss {
  readonly beta: number;
  constructor(
    ...args: Arguments<
      SmoothL1Options,
      [],
      [sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Reduction, beta?: number]
    >
  ) {
    const options = bindSmoothL1Loss(args);
    super(options);
    this.beta = options.beta;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

interface HuberOptions {
  /** What becomes of the losses of the elements; "mean". */
  reduction?: Reduction;
  /** Where squares turn into absolute values; 1. */
  delta?: number;
}
const bindHuberLoss = /* @__PURE__ */ keywords<HuberOptions>("HuberLoss", "reduction?, delta?", {
  reduction: "mean",
  delta: 1,
});

/**
 * Squares near 0, absolute values beyond: with d = x - y, `d² / 2` where `|d| ≤ delta`, else `delta · (|d| - delta / 2)`.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class HuberLoss extends Module {
  static override readonly forwardSignature: string = "input, target";

  readonly reduction: Reduction;
  readonly delta: number;
  constructor(...args: Arguments<HuberOptions, [], [reduction?: Reduction, delta?: number]>) {
    super();
    const { reduction, delta } = bindHuberLoss(args);
    this.reduction = reduction;
    this.delta = delta;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

interface NLLOptions extends Weighted {
  /** Targets of this class count for nothing; -100. */
  ignoreIndex?: number;
}
const bindNLLLoss = /* @__PURE__ */ keywords<NLLOptions>(
  "NLLLoss",
  "weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?",
  { weight: null, sizeAverage: null, ignoreIndex: -100, reduce: null, reduction: "mean" },
);

/**
 * Negative log-likelihood of classes: `-weight[y] · x[y]`, x being log-probabilities (see `LogSoftmax`). The mean is
 * weighted.
 *
 * Shape: `[n, c, …]` and classes `[n, …]`, or `[c]` and one class → a number, or the shape of the classes with
 * `reduction: "none"`.
 *
 * Attributes: the buffer `weight` `[c]`, null without.
 */
export class NLLLoss extends WeightedLoss {
  readonly ignoreIndex: number;
  constructor(
    ...args: Arguments<
      NLLOptions,
      [],
      [
        weight?: Tensor | null,
        sizeAverage?: boolean | null,
        ignoreIndex?: number,
        reduce?: boolean | null,
        reduction?: Reduction,
      ]
    >
  ) {
    const options = bindNLLLoss(args);
    super(options);
    this.ignoreIndex = options.ignoreIndex;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

interface CrossEntropyOptions extends NLLOptions {
  /** The share of the target that is spread evenly over all classes; 0. */
  labelSmoothing?: number;
}
const bindCrossEntropyLoss = /* @__PURE__ */ keywords<CrossEntropyOptions>(
  "CrossEntropyLoss",
  "weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?, labelSmoothing?",
  { weight: null, sizeAverage: null, ignoreIndex: -100, reduce: null, reduction: "mean", labelSmoothing: 0 },
);

/**
 * Cross entropy of logits: `-weight[y] · log softmax(x)[y]`; with probabilities for targets `-Σ y · weight · log softmax(x)`.
 * The mean over classes is weighted.
 *
 * Shape: logits `[n, c, …]` and classes `[n, …]` (or `[c]` and one class), or probabilities of the logits' shape → a
 * number, or the shape of the classes with `reduction: "none"`.
 *
 * Attributes: the buffer `weight` `[c]`, null without.
 *
 * @example
 * new nn.CrossEntropyLoss()(randn(3, 5), tensor([1, 0, 4])) // a number
 */
export class CrossEntropyLoss extends WeightedLoss {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  constructor(
    ...args: Arguments<
      CrossEntropyOptions,
      [],
      [
        weight?: Tensor | null,
        sizeAverage?: boolean | null,
        ignoreIndex?: number,
        reduce?: boolean | null,
        reduction?: Reduction,
        labelSmoothing?: number,
      ]
    >
  ) {
    const options = bindCrossEntropyLoss(args);
    super(options);
    this.ignoreIndex = options.ignoreIndex;
    this.labelSmoothing = options.labelSmoothing;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

const bindBCELoss = /* @__PURE__ */ keywords<Weighted>("BCELoss", "weight?, sizeAverage?, reduce?, reduction?", {
  weight: null,
  ...REDUCED,
});

/**
 * Binary cross entropy of probabilities: `-weight · (y · log x + (1 - y) · log(1 - x))`, logarithms not below -100.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 *
 * Attributes: the buffer `weight`, null without.
 */
export class BCELoss extends WeightedLoss {
  constructor(
    ...args: Arguments<
      Weighted,
      [],
      [weight?: Tensor | null, sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Reduction]
    >
  ) {
    super(bindBCELoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

interface BCEWithLogitsOptions extends Weighted {
  /** Weights of the positive targets, one a class. */
  posWeight?: Tensor | null;
}
const bindBCEWithLogitsLoss = /* @__PURE__ */ keywords<BCEWithLogitsOptions>(
  "BCEWithLogitsLoss",
  "weight?, sizeAverage?, reduce?, reduction?, posWeight?",
  { weight: null, ...REDUCED, posWeight: null },
);

/**
 * Binary cross entropy of logits: `-weight · (posWeight · y · log σ(x) + (1 - y) · log(1 - σ(x)))`, without overflow.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 *
 * Attributes: the buffers `weight` and `posWeight`, null without.
 */
export class BCEWithLogitsLoss extends WeightedLoss {
  static override readonly stateNames: Readonly<Record<string, string>> = { posWeight: "pos_weight" };

  posWeight: Tensor | null = null;
  constructor(
    ...args: Arguments<
      BCEWithLogitsOptions,
      [],
      [
        weight?: Tensor | null,
        sizeAverage?: boolean | null,
        reduce?: boolean | null,
        reduction?: Reduction,
        posWeight?: Tensor | null,
      ]
    >
  ) {
    const options = bindBCEWithLogitsLoss(args);
    super(options);
    this.registerBuffer("posWeight", options.posWeight);
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, posWeight } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, reduction, posWeight });
  }
}

interface KLDivOptions extends Reduced {
  /** Whether the targets are logarithms too; false. */
  logTarget?: boolean;
}
const bindKLDivLoss = /* @__PURE__ */ keywords<
  Omit<KLDivOptions, "reduction"> & { reduction?: Reduction | "batchmean" }
>("KLDivLoss", "sizeAverage?, reduce?, reduction?, *, logTarget?", { ...REDUCED, logTarget: false });

/**
 * Divergence from the target distribution: `y · (log y - x)`, x being log-probabilities. "batchmean" divides the sum by
 * the size of the batch, which is the divergence as mathematics has it; "mean" divides by all elements.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class KLDivLoss extends Module {
  static override readonly forwardSignature: string = "input, target";

  readonly reduction: Reduction | "batchmean";
  readonly logTarget: boolean;
  constructor(
    ...args: Arguments<
      Omit<KLDivOptions, "reduction"> & { reduction?: Reduction | "batchmean" },
      [],
      [sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Reduction | "batchmean"]
    >
  ) {
    super();
    const { sizeAverage, reduce, reduction, logTarget } = bindKLDivLoss(args);
    this.reduction = reduction === "batchmean" ? reduction : reductionOf({ sizeAverage, reduce, reduction });
    this.logTarget = logTarget;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}
