// Losses with margins, where what is far enough on the right side costs nothing, and losses of distributions.

import {
  DTypeError,
  Float,
  type FloatScalar,
  INT64,
  ShapeError,
  sameDims,
  show,
  showShape,
  ValueError,
} from "../core/index.ts";
import { Tensor } from "../tensor/index.ts";
import { logsigmoid } from "./activation.ts";
import { add, div, minimum, mul, sub } from "./binary.ts";
import { eq, gt, le, lt, ne } from "./compare.ts";
import { detach } from "./copy.ts";
import { arange, full as filled, zeros } from "./create.ts";
import { pairwiseDistance } from "./distance.ts";
import { gather, scatterAdd } from "./gather.ts";
import { logicalAnd, logicalNot } from "./logic.ts";
import {
  type LossOf,
  type LossOptions,
  type LossReduction,
  lossOf,
  type Old,
  type Pair,
  type Reduced,
  reduced,
  reductionOf,
  USUAL,
} from "./lossform.ts";
import { any, mean, sum } from "./reduce.ts";
import { cumprod } from "./scan.ts";
import { clampMin, maskedFill, where } from "./ternary.ts";
import { exp, log, log1p, neg, sqrt, square } from "./unary.ts";
import { reshape, unsqueeze } from "./view.ts";

/** A hyper-parameter is a float, so that integers become floats beside it. */
const real = (x: number): FloatScalar => Float(Number(x));

// ── of two or three tensors ──────────────────────────────────────────────────────────────────────────────────────────

export interface TwoInputsLossOptions extends Reduced {
  input1: Tensor;
  input2: Tensor;
  target: Tensor;
  /** How far they must be apart; 0. */
  margin?: number;
}
type TwoInputsLoss = LossOf<
  TwoInputsLossOptions,
  [input1: Tensor, input2: Tensor, target: Tensor],
  [margin?: number, ...Old, reduction?: LossReduction]
>;
const TWO = ["input1", "input2", "target"] as const;
const MARGIN = "margin?, sizeAverage?, reduce?, reduction?";

/** `max(0, margin - y · (x1 - x2))`: for y = 1 the first shall be greater by `margin`, for y = -1 the second. */
export const marginRankingLoss: TwoInputsLoss = /* @__PURE__ */ lossOf<TwoInputsLossOptions>(
  "marginRankingLoss",
  TWO,
  MARGIN,
  { ...USUAL, margin: 0 },
  ({ input1, input2, target, margin, ...rest }) => {
    if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
      throw new ShapeError(`${show(input1)}, ${show(input2)} and ${show(target)} differ in their number of dims`);
    }
    const short = add(mul(neg(target), sub(input1, input2)), real(margin));
    return reduced(clampMin(short, 0), reductionOf(rest));
  },
);

/** With the cosine c of the two over their last dim: `1 - c` where y = 1, `max(0, c - margin)` where y = -1. */
export const cosineEmbeddingLoss: TwoInputsLoss = /* @__PURE__ */ lossOf<TwoInputsLossOptions>(
  "cosineEmbeddingLoss",
  TWO,
  MARGIN,
  { ...USUAL, margin: 0 },
  ({ input1, input2, target, margin, ...rest }) => {
    const dim = target.ndim;
    if (dim > 1 || input1.ndim !== dim + 1 || input2.ndim !== dim + 1) {
      throw new ShapeError(
        `inputs are ${show(input1)} and ${show(input2)} for the target ${show(target)}: expected [n, c] and [n], or [c] and []`,
      );
    }
    const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), dim);
    const size = (x: Tensor): Tensor => add(dot(x, x), 1e-12);
    const cosine = div(dot(input1, input2), sqrt(mul(size(input1), size(input2))));
    const alike = where(eq(target, 1), sub(1, cosine), 0);
    const apart = where(eq(target, -1), clampMin(sub(cosine, real(margin)), 0), 0);
    return reduced(add(alike, apart), reductionOf(rest));
  },
);

interface Triplet {
  anchor: Tensor;
  positive: Tensor;
  negative: Tensor;
  /** By how much the negative one shall be farther; 1. */
  margin?: number;
  /** Whether the negative one's distance is that to the anchor or to the positive one, whichever is nearer; false. */
  swap?: boolean;
}
export interface TripletMarginLossOptions extends Triplet, Reduced {
  /** The p of the norm; 2. */
  p?: number;
  /** Added to the differences; 1e-6. */
  eps?: number;
}
export interface TripletMarginWithDistanceLossOptions extends Triplet {
  /** What becomes of the losses of the elements; "mean". */
  reduction?: LossReduction;
  /** How far two tensors are from each other; `pairwiseDistance`. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
}
type Three = [anchor: Tensor, positive: Tensor, negative: Tensor];
const THREE = ["anchor", "positive", "negative"] as const;

function triplet(
  { anchor, positive, negative, margin, swap }: Required<Triplet>,
  distance: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  if (!(margin > 0)) throw new ValueError(`margin is ${Number(margin)}, expected one above 0`);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim) {
    throw new ShapeError(
      `anchor ${show(anchor)}, positive ${show(positive)} and negative ${show(negative)} differ in their number of dims`,
    );
  }
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const farther = swap ? minimum(far, distance(positive, negative)) : far;
  return clampMin(sub(add(near, Number(margin)), farther), 0);
}

/** `max(0, |anchor - positive| - |anchor - negative| + margin)`, with p-norms. */
export const tripletMarginLoss: LossOf<
  TripletMarginLossOptions,
  Three,
  [margin?: number, p?: number, eps?: number, swap?: boolean, ...Old, reduction?: LossReduction]
> = /* @__PURE__ */ lossOf<TripletMarginLossOptions>(
  "tripletMarginLoss",
  THREE,
  "margin?, p?, eps?, swap?, sizeAverage?, reduce?, reduction?",
  { ...USUAL, margin: 1, p: 2, eps: 1e-6, swap: false },
  ({ p, eps, sizeAverage, reduce, reduction, ...rest }) =>
    reduced(
      triplet(rest, (a, b) => pairwiseDistance(a, b, p, eps)),
      reductionOf({ sizeAverage, reduce, reduction }),
    ),
);

/** `tripletMarginLoss` with any distance. */
export const tripletMarginWithDistanceLoss: LossOf<TripletMarginWithDistanceLossOptions, Three, []> =
  /* @__PURE__ */ lossOf<TripletMarginWithDistanceLossOptions>(
    "tripletMarginWithDistanceLoss",
    THREE,
    "*, distanceFunction?, margin?, swap?, reduction?",
    { distanceFunction: null, margin: 1, swap: false, reduction: "mean" },
    ({ distanceFunction, reduction, ...rest }) =>
      reduced(triplet(rest, distanceFunction ?? ((a, b) => pairwiseDistance(a, b))), reduction),
  );

// ── of an input and a target ─────────────────────────────────────────────────────────────────────────────────────────

const PAIR = ["input", "target"] as const;

export interface HingeEmbeddingLossOptions extends LossOptions {
  /** From where on what is unlike costs nothing; 1. */
  margin?: number;
}

/** `x` where y = 1, `max(0, margin - x)` where y = -1. */
export const hingeEmbeddingLoss: LossOf<
  HingeEmbeddingLossOptions,
  Pair,
  [margin?: number, ...Old, reduction?: LossReduction]
> = /* @__PURE__ */ lossOf<HingeEmbeddingLossOptions>(
  "hingeEmbeddingLoss",
  PAIR,
  MARGIN,
  { ...USUAL, margin: 1 },
  ({ input, target, margin, ...rest }) => {
    const unlike = where(ne(target, 1), clampMin(sub(real(margin), input), 0), 0);
    return reduced(add(unlike, where(ne(target, -1), input, 0)), reductionOf(rest));
  },
);

/** `log(1 + exp(-y · x))`. */
export const softMarginLoss: LossOf<LossOptions, Pair, [...Old, reduction?: LossReduction]> =
  /* @__PURE__ */ lossOf<LossOptions>(
    "softMarginLoss",
    PAIR,
    "sizeAverage?, reduce?, reduction?",
    USUAL,
    ({ input, target, ...rest }) => reduced(log1p(exp(mul(neg(target), input))), reductionOf(rest)),
    () => "SoftMarginLossBackward0",
  );

export interface MultiMarginLossOptions extends LossOptions {
  /** 1, or 2 for squares. */
  p?: number;
  /** By how much the right class shall be ahead; 1. */
  margin?: number;
  /** Weights of the classes. */
  weight?: Tensor | null;
}

/** Rows of classes: [n, c] as it is, one row without its n, one number as a row of one. */
function rowsOf(x: Tensor): Tensor {
  if (x.ndim > 2 || (x.ndim > 0 && x.shape.at(-1) === 0)) {
    throw new ShapeError(`input is ${show(x)}, expected [n, c] or [c] with at least one class`);
  }
  return x.ndim === 2 ? x : reshape(x, [1, -1]);
}

function classes(target: Tensor): Tensor {
  if (target.code !== INT64) throw new DTypeError(`target is ${show(target)}, expected int64`);
  return target;
}

/** `Σ max(0, margin - x[y] + x[i])^p / c` over the classes i ≠ y, weighted by the weight of y. */
export const multiMarginLoss: LossOf<
  MultiMarginLossOptions,
  Pair,
  [p?: number, margin?: number, weight?: Tensor | null, ...Old, reduction?: LossReduction]
> = /* @__PURE__ */ lossOf<MultiMarginLossOptions>(
  "multiMarginLoss",
  PAIR,
  "p?, margin?, weight?, sizeAverage?, reduce?, reduction?",
  { ...USUAL, p: 1, margin: 1, weight: null },
  ({ input, target, p, margin, weight, ...rest }) => {
    const x = rowsOf(input);
    const [n, c] = x.shape as [number, number];
    if (Number(p) !== 1 && Number(p) !== 2) throw new ValueError(`p is ${Number(p)}, expected 1 or 2`);
    if (target.ndim > 1 || target.numel() !== n) {
      throw new ShapeError(`target is ${show(target)}, expected ${n} classes for ${show(input)}`);
    }
    if (weight !== null && (weight.ndim !== 1 || weight.numel() !== c)) {
      throw new ShapeError(`weight is ${show(weight)}, expected one for each of ${c} classes`);
    }
    const y = reshape(classes(target), [n, 1]);
    const short = add(sub(x, gather(x, 1, y)), Number(margin));
    const counts = logicalAnd(gt(short, 0), ne(arange(c, { device: x.device }), y));
    const cost = where(counts, Number(p) === 1 ? short : square(short), 0);
    const losses = weight === null ? cost : mul(cost, reshape(gather(weight, 0, reshape(y, [n])), [n, 1]));
    return reduced(reshape(mean(losses, 1), target.shape), reductionOf(rest));
  },
  () => "MultiMarginLossBackward0",
);

/**
 * `Σ max(0, 1 - (x[y] - x[i])) / c` over the classes y of the target and those i that are not in it. A row of the target
 * lists classes up to the first -1.
 */
export const multilabelMarginLoss: LossOf<LossOptions, Pair, [...Old, reduction?: LossReduction]> =
  /* @__PURE__ */ lossOf<LossOptions>(
    "multilabelMarginLoss",
    PAIR,
    "sizeAverage?, reduce?, reduction?",
    USUAL,
    ({ input, target, ...rest }) => {
      const x = rowsOf(input);
      if (!sameDims(input.shape, target.shape)) {
        throw new ShapeError(`target is ${show(target)}, expected the input's shape ${showShape(input.shape)}`);
      }
      const listed = reshape(classes(target), x.shape);
      const before = cumprod(ne(listed, -1), 1);
      const counts = ne(before, 0);
      const y = where(counts, listed, 0);
      const isTarget = gt(scatterAdd(zeros(x.shape, { dtype: "int64", device: x.device }), 1, y, before), 0);
      // [n, y, i]
      const short = sub(1, sub(unsqueeze(gather(x, 1, y), 2), unsqueeze(x, 1)));
      const pairs = logicalAnd(logicalAnd(unsqueeze(counts, 2), logicalNot(unsqueeze(isTarget, 1))), gt(short, 0));
      const losses = div(sum(where(pairs, short, 0), [1, 2]), x.shape[1]!);
      return reduced(reshape(losses, input.shape.slice(0, -1)), reductionOf(rest));
    },
    () => "MultilabelMarginLossBackward0",
  );

export interface MultilabelSoftMarginLossOptions extends LossOptions {
  /** Weights of the classes. */
  weight?: Tensor | null;
}

/** The mean over the classes of `-(y · log σ(x) + (1 - y) · log σ(-x))`. */
export const multilabelSoftMarginLoss: LossOf<
  MultilabelSoftMarginLossOptions,
  Pair,
  [weight?: Tensor | null, ...Old, reduction?: LossReduction]
> = /* @__PURE__ */ lossOf<MultilabelSoftMarginLossOptions>(
  "multilabelSoftMarginLoss",
  PAIR,
  "weight?, sizeAverage?, reduce?, reduction?",
  { ...USUAL, weight: null },
  ({ input, target, weight, ...rest }) => {
    const losses = neg(add(mul(target, logsigmoid(input)), mul(sub(1, target), logsigmoid(neg(input)))));
    return reduced(mean(weight === null ? losses : mul(losses, weight), -1), reductionOf(rest));
  },
);

// ── of distributions ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface PoissonNllLossOptions extends LossOptions {
  /** Whether the input is the logarithm of the mean; true. */
  logInput?: boolean;
  /** Whether Stirling's formula for log(target!) is added; false. */
  full?: boolean;
  /** Added to the mean before its logarithm is taken; 1e-8. */
  eps?: number;
}

/** Of counts y that are Poisson distributed: `exp(x) - y · x`, or `x - y · log(x + eps)` where x is the mean itself. */
export const poissonNllLoss: LossOf<
  PoissonNllLossOptions,
  Pair,
  [
    logInput?: boolean,
    full?: boolean,
    sizeAverage?: boolean | null,
    eps?: number,
    reduce?: boolean | null,
    reduction?: LossReduction,
  ]
> = /* @__PURE__ */ lossOf<PoissonNllLossOptions>(
  "poissonNllLoss",
  PAIR,
  "logInput?, full?, sizeAverage?, eps?, reduce?, reduction?",
  { ...USUAL, logInput: true, full: false, eps: 1e-8 },
  ({ input, target, logInput, full, eps, ...rest }) => {
    const losses = logInput ? sub(exp(input), mul(target, input)) : sub(input, mul(target, log(add(input, real(eps)))));
    if (!full) return reduced(losses, reductionOf(rest));
    const stirling = add(sub(mul(target, log(target)), target), mul(log(mul(target, 2 * Math.PI)), 0.5));
    return reduced(add(losses, maskedFill(stirling, le(target, 1), 0)), reductionOf(rest));
  },
);

export interface GaussianNllLossOptions {
  input: Tensor;
  target: Tensor;
  /** The variances: of the input's shape, or one for all elements of its last dim; a number for all. */
  var: Tensor | number;
  /** Whether `log(2π) / 2` is added; false. */
  full?: boolean;
  /** Variances below it count as it; 1e-6. */
  eps?: number;
  /** What becomes of the losses of the elements; "mean". */
  reduction?: LossReduction;
}

/** Of values that are normally distributed: `(log var + (x - y)² / var) / 2`. */
export const gaussianNllLoss: LossOf<
  GaussianNllLossOptions,
  [input: Tensor, target: Tensor, var_: Tensor | number],
  [full?: boolean, eps?: number, reduction?: LossReduction]
> = /* @__PURE__ */ lossOf<GaussianNllLossOptions>(
  "gaussianNllLoss",
  PAIR,
  "var, full?, eps?, reduction?",
  { full: false, eps: 1e-6, reduction: "mean" },
  ({ input, target, var: given, full, eps, reduction }) => {
    const variance = variancesOf(given, input);
    // The bound holds the value and lets the gradient through.
    const held = add(variance, detach(sub(clampMin(variance, Number(eps)), variance)));
    const losses = mul(add(log(held), div(square(sub(input, target)), held)), 0.5);
    return reduced(full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
  },
);

function variancesOf(given: Tensor | number, input: Tensor): Tensor {
  const variance =
    given instanceof Tensor ? given : filled(input.shape, given, { dtype: input.dtype, device: input.device });
  if (any(lt(variance, 0)).item()) throw new ValueError("var has entries below 0");
  if (sameDims(variance.shape, input.shape)) return variance;
  if (sameDims(variance.shape, input.shape.slice(0, -1))) return unsqueeze(variance, -1);
  const odd = variance.shape.filter((n, d) => n !== input.shape[d]);
  if (variance.ndim === input.ndim && odd.length === 1 && odd[0] === 1) return variance;
  throw new ShapeError(`var is ${show(variance)}, expected the shape of ${show(input)} or 1 in one of its dims`);
}
