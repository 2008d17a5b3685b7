// Losses: how far outputs are from targets. Formulas over other operators, but for those with a kink that PyTorch smooths.

import {
  broadcast,
  DTypeError,
  IndexError,
  isFloating,
  resultType,
  ShapeError,
  sameDims,
  showShape,
  ValueError,
} from "../core/index.ts";
import { type Bound, binary, f32, noGrad, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { logsigmoid } from "./activation.ts";
import { add, div, mul, sub } from "./binary.ts";
import { ne } from "./compare.ts";
import { sgn } from "./complex.ts";
import {
  type Classes,
  checkClasses,
  classDim,
  classesOf,
  entropyOfRows,
  isEntropyOfRows,
  likelihoodOfRows,
} from "./entropy.ts";
import { gather } from "./gather.ts";
import {
  type LossOf,
  type LossOptions,
  type LossReduction,
  lossOf,
  type Old,
  type Pair,
  reduced,
  reductionOf,
  USUAL,
} from "./lossform.ts";
import { amax, amin, sum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";
import { clamp, where } from "./ternary.ts";
import { abs, exp, log, log1p, neg, square } from "./unary.ts";
import { expand, reshape, unsqueeze } from "./view.ts";

export type { LossOptions, LossReduction } from "./lossform.ts";

export interface WeightedLossOptions extends LossOptions {
  weight?: Tensor | null;
}
export interface SmoothL1LossOptions extends LossOptions {
  /** Where squares turn into absolute values; 1. */
  beta?: number;
}
export interface HuberLossOptions {
  input: Tensor;
  target: Tensor;
  /** As of all losses; "mean". */
  reduction?: LossReduction;
  /** Where squares turn into absolute values; 1. */
  delta?: number;
  /** Weights of the elements. */
  weight?: Tensor | null;
}
export interface KlDivOptions extends Omit<LossOptions, "reduction"> {
  /** As of all losses, or "batchmean": the sum over the first size. */
  reduction?: LossReduction | "batchmean";
  /** Whether the targets are logarithms too; false. */
  logTarget?: boolean;
}
export interface NllLossOptions extends WeightedLossOptions {
  /** Targets of this class count for nothing; -100. */
  ignoreIndex?: number;
}
export interface CrossEntropyOptions extends NllLossOptions {
  /** The share of the target that is spread evenly over all classes; 0. */
  labelSmoothing?: number;
}
export interface LogitsLossOptions extends WeightedLossOptions {
  /** Weights of the positive targets, one a class. */
  posWeight?: Tensor | null;
}

type Loss<K, O extends readonly unknown[]> = LossOf<K, Pair, O>;

/** A loss of an input and a target. */
const loss = <K extends { input: Tensor; target: Tensor }>(
  name: string,
  signature: string,
  defaults: { readonly [P in keyof K]?: K[P] },
  formula: (args: Bound<K>) => Tensor,
  node?: (args: Bound<K>) => string | null,
): ((...args: readonly unknown[]) => Tensor) =>
  lossOf<K>(name, ["input", "target"], signature, defaults, formula, node);

type Coded = Pick<Spec, "code">;
const areFloats = (a: Coded, b: Coded): boolean => isFloating(a.code) && isFloating(b.code);

function assertFloats(name: string, a: Spec, b: Spec): void {
  if (!areFloats(a, b)) throw new DTypeError(`${name}: not defined for ${a.dtype} and ${b.dtype}: expected floats`);
}

const squaresOf = (a: Tensor, b: Tensor): Tensor => (areFloats(a, b) ? squaredDistance(a, b) : square(sub(a, b)));
const distancesOf = (a: Tensor, b: Tensor): Tensor => (areFloats(a, b) ? distance(a, b) : abs(sub(a, b)));

/** A function of `a - b` for floats; `slope` is its derivative by a, times g and `sign`. */
function ofDifference(
  name: string,
  expr: string,
  f: (d: Tensor) => Tensor,
  slope: (g: Tensor, a: Tensor, b: Tensor, sign: number) => Tensor,
) {
  return binary(name, {
    expr,
    check: ({ a, b }) => assertFloats(name, a, b),
    numbers: "none",
    saves: ["a", "b"],
    decompose: ({ a, b }) => f(sub(a, b)),
    vjp: (g, { a, b }) => ({
      a: () => slope(g, a, b, 1),
      b: () => slope(g, a, b, -1),
    }),
    samples: () => [[f32(2, 3), f32(2, 3)]],
    method: false,
  });
}

/** `by · (a - b) · g`. */
const timesDifference: (a: Tensor, b: Tensor, g: Tensor, by: number) => Tensor = /* @__PURE__ */ op(
  "timesDifference",
  "input, other, g, by",
  (a, b, g, by) => [{ a, b, g }, { by }],
  {
    infer({ a, b, g }) {
      assertFloats("timesDifference", a, b);
      return spec(resultType([a, b, g]), broadcast("timesDifference", [a.layout, b.layout, g.layout]));
    },
    pointwise: {
      kernel: "timesDifference",
      compute: resultType,
      bool: false,
      params: ({ by }) => [by as number, 0],
      expr: "p0 * (a - b) * g",
    },
    decompose: ({ a, b, g }, { by }) => mul(mul(sub(a, b), by), g),
    samples: () => [[f32(2, 3), f32(2, 3), f32(2, 1), 2]],
    method: false,
  },
);

const squaredDistance = /* @__PURE__ */ ofDifference("squaredDistance", "(a - b) * (a - b)", square, (g, a, b, sign) =>
  timesDifference(a, b, g, 2 * sign),
);
const distance = /* @__PURE__ */ ofDifference("distance", "abs(a - b)", abs, (g, a, b, sign) =>
  mul(g, sgn(sign > 0 ? sub(a, b) : sub(b, a))),
);

type Bend = { readonly bend: number; readonly scale: number };
type Bent = (a: Tensor, b: Tensor, bend: number, scale: number) => Tensor;

/** What the loss and its slope share. */
const bending = (kernel: string) =>
  ({
    infer: ({ a, b }: { a: Spec; b: Spec }) => spec(resultType([a, b]), broadcast(kernel, [a.layout, b.layout])),
    pointwise: {
      kernel,
      compute: resultType,
      bool: false,
      params: ({ bend, scale }: Readonly<Record<string, unknown>>) => [bend as number, scale as number] as const,
    },
    method: false,
  }) as const;

/** With d = |a - b|: `scale · d² / 2` up to `bend`, and a straight line from there. */
const bent: Bent = /* @__PURE__ */ op<Bent, { a: Tensor; b: Tensor }, Bend, "a" | "b">(
  "huber",
  "input, target, bend, scale",
  (a, b, bend, scale) => [
    { a, b },
    { bend, scale },
  ],
  {
    ...bending("huber"),
    decompose({ a, b }, { bend, scale }) {
      const d = abs(sub(a, b));
      const near = clamp(d, null, bend);
      return mul(mul(near, scale), sub(d, mul(near, 0.5)));
    },
    saves: ["a", "b"],
    vjp: (g, { a, b }, { bend, scale }) => ({
      a: () => mul(g, bentSlope(a, b, bend, scale)),
      b: () => neg(mul(g, bentSlope(a, b, bend, scale))),
    }),
  },
);

/** Its slope: `scale · (a - b)`, the difference held to ±bend. */
const bentSlope: Bent = /* @__PURE__ */ op<Bent, { a: Tensor; b: Tensor }, Bend>(
  "huberSlope",
  "input, target, bend, scale",
  (a, b, bend, scale) => [
    { a, b },
    { bend, scale },
  ],
  {
    ...bending("huberSlope"),
    decompose: ({ a, b }, { bend, scale }) => mul(clamp(sub(a, b), -bend, bend), scale),
  },
);

/** Squared errors: `(x - y)²`. */
export const mseLoss: Loss<WeightedLossOptions, [...Old, reduction?: LossReduction, weight?: Tensor | null]> =
  /* @__PURE__ */ loss<WeightedLossOptions>(
    "mseLoss",
    "sizeAverage?, reduce?, reduction?, weight?",
    { ...USUAL, weight: null },
    ({ input, target, weight, ...rest }) => weighted(squaresOf(input, target), weight, reductionOf(rest)),
    ({ weight }) => (weight === null ? "MseLossBackward0" : null),
  );

/** Absolute errors: `|x - y|`. */
export const l1Loss: Loss<WeightedLossOptions, [...Old, reduction?: LossReduction, weight?: Tensor | null]> =
  /* @__PURE__ */ loss<WeightedLossOptions>(
    "l1Loss",
    "sizeAverage?, reduce?, reduction?, weight?",
    { ...USUAL, weight: null },
    ({ input, target, weight, ...rest }) => weighted(distancesOf(input, target), weight, reductionOf(rest)),
  );

/** Losses times weights; a weighted mean divides by the sum of the weights. */
function weighted(losses: Tensor, weight: Tensor | null, reduction: LossReduction): Tensor {
  if (weight === null) return reduced(losses, reduction);
  const product = mul(losses, weight);
  return reduction === "mean" ? div(sum(product), sum(expand(weight, losses.shape))) : reduced(product, reduction);
}

/** With d = x - y: `d² / (2·beta)` where `|d| < beta`, else `|d| - beta / 2`. */
export const smoothL1Loss: Loss<SmoothL1LossOptions, [...Old, reduction?: LossReduction, beta?: number]> =
  /* @__PURE__ */ loss<SmoothL1LossOptions>(
    "smoothL1Loss",
    "sizeAverage?, reduce?, reduction?, beta?",
    { ...USUAL, beta: 1 },
    ({ input, target, beta, ...rest }) => {
      if (beta < 0) throw new ValueError("smooth_l1_loss does not support negative values for beta.");
      const losses = beta === 0 ? distancesOf(input, target) : bent(input, target, beta, 1 / beta);
      return reduced(losses, reductionOf(rest));
    },
    ({ beta }) => (beta === 0 ? null : "SmoothL1LossBackward0"),
  );

/** With d = x - y: `d² / 2` where `|d| ≤ delta`, else `delta · (|d| - delta / 2)`. */
export const huberLoss: Loss<HuberLossOptions, [reduction?: LossReduction, delta?: number, weight?: Tensor | null]> =
  /* @__PURE__ */ loss<HuberLossOptions>(
    "huberLoss",
    "reduction?, delta?, weight?",
    { reduction: "mean", delta: 1, weight: null },
    ({ input, target, reduction, delta, weight }) => {
      if (!(delta > 0)) throw new ValueError("huber_loss does not support non-positive values for delta.");
      return weighted(bent(input, target, delta, 1), weight, reduction);
    },
    ({ weight }) => (weight === null ? "HuberLossBackward0" : null),
  );

/** `y · (log y - x)`, x being log-probabilities: the divergence from the target distribution. */
export const klDiv: Loss<KlDivOptions, [...Old, reduction?: LossReduction | "batchmean"]> =
  /* @__PURE__ */ loss<KlDivOptions>(
    "klDiv",
    "sizeAverage?, reduce?, reduction?, *, logTarget?",
    { ...USUAL, logTarget: false },
    ({ input, target, reduction, logTarget, ...old }) => {
      const losses = logTarget
        ? mul(exp(target), sub(target, input))
        : sub(where(ne(target, 0), mul(target, log(target)), 0), mul(target, input));
      if (reduction === "batchmean") return div(sum(losses), input.shape[0] ?? 1);
      return reduced(losses, reductionOf({ ...old, reduction }));
    },
  );

/** Of each element `-(y · log x + (1 - y) · log(1 - x))`, logarithms not below -100, as PyTorch. */
const entropy: (x: Tensor, y: Tensor) => Tensor = /* @__PURE__ */ op(
  "binaryCrossEntropy",
  "input, target",
  (x, y) => [{ x, y }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    decompose: ({ x, y }) =>
      sub(mul(sub(y, 1), clamp(log1p(neg(x)), { min: -100 })), mul(y, clamp(log(x), { min: -100 }))),
    saves: ["x", "y"],
    // At 0 and 1 the gradient is finite: the denominator is held above 1e-12.
    vjp: (g, { x, y }) => ({
      x: () => mul(g, div(sub(x, y), clamp(mul(x, sub(1, x)), { min: 1e-12 }))),
      y: () => mul(g, sub(log1p(neg(x)), log(x))),
    }),
  },
);

/** Where a value can be read at once; a missing sigmoid is the mistake that is made here. */
function assertProbabilities(x: Tensor): void {
  if (x.device !== "cpu" || x.numel() === 0) return;
  const inside = noGrad(() => amin(x).item() >= 0 && amax(x).item() <= 1);
  if (!inside) throw new ValueError("all elements of input should be between 0 and 1");
}

/** Binary cross entropy of probabilities: `-weight · (y · log x + (1 - y) · log(1 - x))`. */
export const binaryCrossEntropy: Loss<
  WeightedLossOptions,
  [weight?: Tensor | null, sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: LossReduction]
> = /* @__PURE__ */ loss<WeightedLossOptions>(
  "binaryCrossEntropy",
  "weight?, sizeAverage?, reduce?, reduction?",
  { ...USUAL, weight: null },
  ({ input, target, weight, ...rest }) => {
    if (!sameDims(input.shape, target.shape)) {
      throw new ShapeError(
        `a target size (${showShape(target.shape)}) that is different to the input size (${showShape(input.shape)})`,
      );
    }
    assertProbabilities(input);
    const losses = entropy(input, target);
    return reduced(weight === null ? losses : mul(losses, weight), reductionOf(rest));
  },
  () => "BinaryCrossEntropyBackward0",
);

/** Binary cross entropy of logits: `-weight · (posWeight · y · log σ(x) + (1 - y) · log(1 - σ(x)))`, without overflow. */
export const binaryCrossEntropyWithLogits: Loss<
  LogitsLossOptions,
  [
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    reduce?: boolean | null,
    reduction?: LossReduction,
    posWeight?: Tensor | null,
  ]
> = /* @__PURE__ */ loss<LogitsLossOptions>(
  "binaryCrossEntropyWithLogits",
  "weight?, sizeAverage?, reduce?, reduction?, posWeight?",
  { ...USUAL, weight: null, posWeight: null },
  ({ input, target, weight, posWeight, ...rest }) => {
    if (!sameDims(input.shape, target.shape)) {
      throw new ShapeError(
        `Target size (${showShape(target.shape)}) must be the same as input size (${showShape(input.shape)})`,
      );
    }
    const positive = logsigmoid(input);
    const scaled = posWeight === null ? positive : mul(positive, add(mul(sub(posWeight, 1), target), 1));
    const losses = sub(mul(sub(1, target), input), scaled);
    return reduced(weight === null ? losses : mul(losses, weight), reductionOf(rest));
  },
  () => "BinaryCrossEntropyWithLogitsBackward0",
);

/** `-weight[y] · x[y]`, 0 where the target does not count, reduced: the mean is weighted. */
function likelihood(input: Tensor, classes: Classes, reduction: LossReduction): Tensor {
  const { counts, index, weight } = classes;
  const dim = classDim(input);
  const picked = lookedUp(input.shape[dim]!, () => reshape(gather(input, dim, unsqueeze(index, dim)), index.shape));
  const losses = where(counts, neg(weight === null ? picked : mul(picked, weight)), 0);
  return reduction === "mean" ? div(sum(losses), total(classes)) : reduced(losses, reduction);
}

/** What `look` finds by a target among so many classes. */
function lookedUp(classes: number, look: () => Tensor): Tensor {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    const found = /index (-?\d+)/.exec(error.message)?.[1];
    throw new IndexError(`Target ${found} is out of bounds for ${classes} classes`);
  }
}

const likelihoodNode = (input: Tensor): string => (input.ndim > 2 ? "NllLoss2DBackward0" : "NllLossBackward0");

/** What a weighted mean divides by. */
const total = ({ counts, weight }: Classes): Tensor => sum(weight === null ? counts : where(counts, weight, 0));

/** Negative log-likelihood of classes: `-weight[y] · x[y]`, x being log-probabilities. The mean is weighted. */
export const nllLoss: Loss<
  NllLossOptions,
  [
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    ignoreIndex?: number,
    reduce?: boolean | null,
    reduction?: LossReduction,
  ]
> = /* @__PURE__ */ loss<NllLossOptions>(
  "nllLoss",
  "weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?",
  { ...USUAL, weight: null, ignoreIndex: -100 },
  ({ input, target, weight, ignoreIndex, ...rest }) => {
    checkClasses(input, target, weight);
    const reduction = reductionOf(rest);
    if (isEntropyOfRows(input, target, weight, reduction)) {
      return lookedUp(input.shape[1]!, () => likelihoodOfRows(input, target, weight, ignoreIndex, reduction)[0]);
    }
    return likelihood(input, classesOf(target, weight, ignoreIndex), reduction);
  },
  ({ input }) => likelihoodNode(input),
);

/**
 * Cross entropy of logits: `-weight[y] · log softmax(x)[y]`; with probabilities of the logits' shape for targets
 * `-Σ y · weight · log softmax(x)`. The mean over classes is weighted.
 */
export const crossEntropy: Loss<
  CrossEntropyOptions,
  [
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    ignoreIndex?: number,
    reduce?: boolean | null,
    reduction?: LossReduction,
    labelSmoothing?: number,
  ]
> = /* @__PURE__ */ loss<CrossEntropyOptions>(
  "crossEntropy",
  "weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?, labelSmoothing?",
  { ...USUAL, weight: null, ignoreIndex: -100, labelSmoothing: 0 },
  (args) => {
    const { input, target, weight, ignoreIndex, labelSmoothing } = args;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ValueError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
    }
    const reduction = reductionOf(args);
    const dim = classDim(input);
    const count = input.shape[dim] ?? 0;
    if (isFloating(target.code) && sameDims(target.shape, input.shape)) {
      const logs = logSoftmax(input, dim);
      const spread = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / count);
      const losses = neg(sum(mul(weighed(logs, weight), spread), dim));
      return reduction === "mean" ? div(sum(losses), losses.numel()) : reduced(losses, reduction);
    }
    checkClasses(input, target, weight);
    if (labelSmoothing === 0 && isEntropyOfRows(input, target, weight, reduction)) {
      return lookedUp(count, () => entropyOfRows(input, target, weight, ignoreIndex, reduction)[0]);
    }
    const logs = logSoftmax(input, dim);
    const classes = classesOf(target, weight, ignoreIndex);
    const hard = likelihood(logs, classes, reduction);
    if (labelSmoothing === 0) return hard;
    const all = where(classes.counts, neg(sum(weighed(logs, weight), dim)), 0);
    const soft = reduction === "mean" ? div(sum(all), total(classes)) : reduced(all, reduction);
    return add(mul(hard, 1 - labelSmoothing), mul(soft, labelSmoothing / count));
  },
  (args) => {
    if (isFloating(args.target.code)) return reductionOf(args) === "mean" ? "DivBackward1" : "NegBackward0";
    return args.labelSmoothing === 0 ? likelihoodNode(args.input) : null;
  },
);

/** Log-probabilities times the weights of their classes. */
function weighed(logs: Tensor, weight: Tensor | null): Tensor {
  if (weight === null) return logs;
  return mul(logs, logs.ndim === 1 ? weight : reshape(weight, [1, -1, ...logs.shape.slice(2).map(() => 1)]));
}
