// Losses with margins, and losses of distributions; see src/ops/marginloss.ts for the formulas.

import { type Arguments, keywords } from "../op/index.ts";
import {
  type CtcLossOptions,
  cosineEmbeddingLoss,
  ctcLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  poissonNllLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";
import {
  Loss,
  type Old,
  REDUCED,
  type Reduced,
  type ReducedArguments,
  type Reduction,
  type Weighted,
  WeightedLoss,
} from "./reduction.ts";

interface MarginOptions extends Reduced {
  margin?: number;
}
type MarginArguments = Arguments<MarginOptions, [], [margin?: number, ...Old, reduction?: Reduction]>;
const bindMargin = (name: string, margin: number): ((args: readonly unknown[]) => Required<MarginOptions>) =>
  keywords<MarginOptions>(name, "margin?, sizeAverage?, reduce?, reduction?", { ...REDUCED, margin });

/** A loss with a margin. */
abstract class MarginLoss extends Loss {
  readonly margin: number;
  constructor(options: Required<MarginOptions>) {
    super(options);
    this.margin = options.margin;
  }
}

const bindMarginRankingLoss = /* @__PURE__ */ bindMargin("MarginRankingLoss", 0);

/**
 * `max(0, margin - y · (x1 - x2))`: for y = 1 the first shall be greater by `margin` (0), for y = -1 the second.
 *
 * Shape: three tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class MarginRankingLoss extends MarginLoss {
  static override readonly forwardSignature: string = "input1, input2, target";

  constructor(...args: MarginArguments) {
    super(bindMarginRankingLoss(args));
  }
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

const bindCosineEmbeddingLoss = /* @__PURE__ */ bindMargin("CosineEmbeddingLoss", 0);

/**
 * With the cosine c of two vectors: `1 - c` where y = 1, `max(0, c - margin)` where y = -1.
 *
 * Shape: `[n, c]` twice and `[n]`, or `[c]` twice and one number → a number, or `[n]` with `reduction: "none"`.
 */
export class CosineEmbeddingLoss extends MarginLoss {
  static override readonly forwardSignature: string = "input1, input2, target";

  constructor(...args: MarginArguments) {
    super(bindCosineEmbeddingLoss(args));
  }
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

const bindHingeEmbeddingLoss = /* @__PURE__ */ bindMargin("HingeEmbeddingLoss", 1);

/**
 * `x` where y = 1, `max(0, margin - x)` where y = -1.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class HingeEmbeddingLoss extends MarginLoss {
  constructor(...args: MarginArguments) {
    super(bindHingeEmbeddingLoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

interface TripletOptions extends MarginOptions {
  /** The p of the norm; 2. */
  p?: number;
  /** Added to the differences; 1e-6. */
  eps?: number;
  /** Whether the negative one's distance is that to the anchor or to the positive one, whichever is nearer; false. */
  swap?: boolean;
}
const bindTripletMarginLoss = /* @__PURE__ */ keywords<TripletOptions>(
  "TripletMarginLoss",
  "margin?, p?, eps?, swap?, sizeAverage?, reduce?, reduction?",
  { ...REDUCED, margin: 1, p: 2, eps: 1e-6, swap: false },
);

/**
 * `max(0, |anchor - positive| - |anchor - negative| + margin)`, with p-norms.
 *
 * Shape: three of `[n, d]` or `[d]` → a number, or `[n]` with `reduction: "none"`.
 */
export class TripletMarginLoss extends MarginLoss {
  static override readonly forwardSignature: string = "anchor, positive, negative";

  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  constructor(
    ...args: Arguments<
      TripletOptions,
      [],
      [margin?: number, p?: number, eps?: number, swap?: boolean, ...Old, reduction?: Reduction]
    >
  ) {
    const options = bindTripletMarginLoss(args);
    super(options);
    this.p = options.p;
    this.eps = options.eps;
    this.swap = options.swap;
  }
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

interface TripletWithDistanceOptions {
  /** How far two tensors are from each other; `pairwiseDistance`. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** By how much the negative one shall be farther; 1. */
  margin?: number;
  /** As of `TripletMarginLoss`; false. */
  swap?: boolean;
  /** What becomes of the losses of the elements; "mean". */
  reduction?: Reduction;
}
const bindTripletMarginWithDistanceLoss = /* @__PURE__ */ keywords<TripletWithDistanceOptions>(
  "TripletMarginWithDistanceLoss",
  "*, distanceFunction?, margin?, swap?, reduction?",
  { distanceFunction: null, margin: 1, swap: false, reduction: "mean" },
);

/** `TripletMarginLoss` with any distance. */
export class TripletMarginWithDistanceLoss extends Module {
  static override readonly forwardSignature: string = "anchor, positive, negative";

  readonly distanceFunction: ((a: Tensor, b: Tensor) => Tensor) | null;
  readonly margin: number;
  readonly swap: boolean;
  readonly reduction: Reduction;
  constructor(...args: Arguments<TripletWithDistanceOptions, []>) {
    super();
    const { distanceFunction, margin, swap, reduction } = bindTripletMarginWithDistanceLoss(args);
    this.distanceFunction = distanceFunction;
    this.margin = margin;
    this.swap = swap;
    this.reduction = reduction;
  }
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction });
  }
}

interface MultiMarginOptions extends Weighted {
  /** 1, or 2 for squares. */
  p?: number;
  /** By how much the right class shall be ahead; 1. */
  margin?: number;
}
const bindMultiMarginLoss = /* @__PURE__ */ keywords<MultiMarginOptions>(
  "MultiMarginLoss",
  "p?, margin?, weight?, sizeAverage?, reduce?, reduction?",
  { ...REDUCED, p: 1, margin: 1, weight: null },
);

/**
 * `Σ max(0, margin - x[y] + x[i])^p / c` over the classes i ≠ y.
 *
 * Shape: `[n, c]` and classes `[n]`, or `[c]` and one class → a number, or `[n]` with `reduction: "none"`.
 *
 * Attributes: the buffer `weight` `[c]`, null without.
 */
export class MultiMarginLoss extends WeightedLoss {
  readonly p: number;
  readonly margin: number;
  constructor(
    ...args: Arguments<
      MultiMarginOptions,
      [],
      [p?: number, margin?: number, weight?: Tensor | null, ...Old, reduction?: Reduction]
    >
  ) {
    const options = bindMultiMarginLoss(args);
    super(options);
    this.p = options.p;
    this.margin = options.margin;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

const bindMultiLabelMarginLoss = /* @__PURE__ */ keywords<Reduced>(
  "MultiLabelMarginLoss",
  "sizeAverage?, reduce?, reduction?",
  REDUCED,
);

/**
 * `Σ max(0, 1 - (x[y] - x[i])) / c` over the classes y of the target and those i that are not in it.
 *
 * Shape: `[n, c]` or `[c]` twice, the target listing classes up to the first -1 → a number, or `[n]` with
 * `reduction: "none"`.
 */
export class MultiLabelMarginLoss extends Loss {
  constructor(...args: ReducedArguments) {
    super(bindMultiLabelMarginLoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, { reduction: this.reduction });
  }
}

const bindMultiLabelSoftMarginLoss = /* @__PURE__ */ keywords<Weighted>(
  "MultiLabelSoftMarginLoss",
  "weight?, sizeAverage?, reduce?, reduction?",
  { ...REDUCED, weight: null },
);

/**
 * The mean over the classes of `-(y · log σ(x) + (1 - y) · log σ(-x))`.
 *
 * Shape: `[n, c]` twice → a number, or `[n]` with `reduction: "none"`.
 *
 * Attributes: the buffer `weight` `[c]`, null without.
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  constructor(...args: Arguments<Weighted, [], [weight?: Tensor | null, ...Old, reduction?: Reduction]>) {
    super(bindMultiLabelSoftMarginLoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

const bindSoftMarginLoss = /* @__PURE__ */ keywords<Reduced>(
  "SoftMarginLoss",
  "sizeAverage?, reduce?, reduction?",
  REDUCED,
);

/**
 * `log(1 + exp(-y · x))`, y being 1 or -1.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class SoftMarginLoss extends Loss {
  constructor(...args: ReducedArguments) {
    super(bindSoftMarginLoss(args));
  }
  forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, { reduction: this.reduction });
  }
}

interface PoissonNLLOptions extends Reduced {
  /** Whether the input is the logarithm of the mean; true. */
  logInput?: boolean;
  /** Whether Stirling's formula for log(target!) is added; false. */
  full?: boolean;
  /** Added to the mean before its logarithm is taken; 1e-8. */
  eps?: number;
}
const bindPoissonNLLLoss = /* @__PURE__ */ keywords<PoissonNLLOptions>(
  "PoissonNLLLoss",
  "logInput?, full?, sizeAverage?, eps?, reduce?, reduction?",
  { ...REDUCED, logInput: true, full: false, eps: 1e-8 },
);

/**
 * Of counts y that are Poisson distributed: `exp(x) - y · x`, or `x - y · log(x + eps)` where x is the mean itself.
 *
 * Shape: two tensors of one shape → a number, or that shape with `reduction: "none"`.
 */
export class PoissonNLLLoss extends Loss {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  constructor(
    ...args: Arguments<
      PoissonNLLOptions,
      [],
      [
        logInput?: boolean,
        full?: boolean,
        sizeAverage?: boolean | null,
        eps?: number,
        reduce?: boolean | null,
        reduction?: Reduction,
      ]
    >
  ) {
    const options = bindPoissonNLLLoss(args);
    super(options);
    this.logInput = options.logInput;
    this.full = options.full;
    this.eps = options.eps;
  }
  forward(input: Tensor, target: Tensor): Tensor {
    const { full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput: this.logInput, full, eps, reduction });
  }
}

interface GaussianNLLOptions {
  /** Whether `log(2π) / 2` is added; false. */
  full?: boolean;
  /** Variances below it count as it; 1e-6. */
  eps?: number;
  /** What becomes of the losses of the elements; "mean". */
  reduction?: Reduction;
}
const bindGaussianNLLLoss = /* @__PURE__ */ keywords<GaussianNLLOptions>(
  "GaussianNLLLoss",
  "*, full?, eps?, reduction?",
  { full: false, eps: 1e-6, reduction: "mean" },
);

/**
 * Of values that are normally distributed: `(log var + (x - y)² / var) / 2`.
 *
 * Shape: `[n, …]` twice and variances of that shape, without its last dim, or with 1 there → a number, or the input's
 * shape with `reduction: "none"`.
 */
export class GaussianNLLLoss extends Module {
  static override readonly forwardSignature: string = "input, target, var";

  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;
  constructor(...args: Arguments<GaussianNLLOptions, []>) {
    super();
    const { full, eps, reduction } = bindGaussianNLLLoss(args);
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }
  forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}

interface CTCOptions {
  /** The class that is the blank; 0. */
  blank?: number;
  /** What becomes of the losses of the sequences: "mean" divides each by its number of labels first; "mean". */
  reduction?: Reduction;
  /** Whether a sequence that is impossible counts as 0 and not as ∞; false. */
  zeroInfinity?: boolean;
}
const bindCTCLoss = /* @__PURE__ */ keywords<CTCOptions>("CTCLoss", "blank?, reduction?, zeroInfinity?", {
  blank: 0,
  reduction: "mean",
  zeroInfinity: false,
});

/**
 * The negative log-likelihood of label sequences, over all ways to emit them step by step with blanks between.
 *
 * Shape: log-probabilities `[t, n, c]` (or `[t, c]`), labels `[n, s]` or one behind the other, and the lengths of both, `[n]` →
 * a number, or `[n]` with `reduction: "none"`.
 */
export class CTCLoss extends Module {
  static override readonly forwardSignature: string = "logProbs, targets, inputLengths, targetLengths";

  readonly blank: number;
  readonly reduction: Reduction;
  readonly zeroInfinity: boolean;
  constructor(...args: Arguments<CTCOptions, [], [blank?: number, reduction?: Reduction, zeroInfinity?: boolean]>) {
    super();
    const { blank, reduction, zeroInfinity } = bindCTCLoss(args);
    this.blank = blank;
    this.reduction = reduction;
    this.zeroInfinity = zeroInfinity;
  }
  forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: CtcLossOptions["inputLengths"],
    targetLengths: CtcLossOptions["targetLengths"],
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
