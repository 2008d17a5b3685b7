// Cross entropy of rows of logits with a class each, and the likelihood of rows of their logarithms, as one operator each:
// assembly/rows/crossentropy.ts. The losses themselves, with all that they take, are in loss.ts. No public names.

import {
  DTypeError,
  FLOAT32,
  FLOAT64,
  INT64,
  isComplex,
  isFloating,
  ShapeError,
  sameDims,
  show,
  showShape,
  without,
} from "../core/index.ts";
import { f32, indices, op, spec, toDense } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { div, mul, sub } from "./binary.ts";
import { eq, ne } from "./compare.ts";
import { cast } from "./copy.ts";
import { arange, fillInto, ones } from "./create.ts";
import { gather } from "./gather.ts";
import { cat } from "./join.ts";
import type { LossReduction } from "./lossform.ts";
import { grainOf } from "./product.ts";
import { amax, sum } from "./reduce.ts";
import { softmax } from "./softmax.ts";
import { where } from "./ternary.ts";
import { exp, log, neg } from "./unary.ts";
import { reshape, unsqueeze } from "./view.ts";

/** Targets as they are looked up. @internal */
export interface Classes {
  /** True where the target counts. */
  readonly counts: Tensor;
  /** The classes, 0 where the target does not count. */
  readonly index: Tensor;
  /** The weight of each, null for 1. */
  readonly weight: Tensor | null;
}

/** The dim of the classes: the second, or the only one. @internal */
export const classDim = (input: Tensor): number => (input.ndim === 1 ? 0 : 1);

/** Throws unless there is a class for each row of the input, and a weight for each class if there are any. @internal */
export function checkClasses(input: Tensor, target: Tensor, weight: Tensor | null): void {
  const dim = classDim(input);
  if (input.ndim === 0) throw new ShapeError(`input is ${show(input)}, expected at least one dim`);
  const wanted = without(input.shape, dim);
  if (!sameDims(target.shape, wanted)) {
    throw new ShapeError(`Expected target size ${showShape(wanted)}, got ${showShape(target.shape)}`);
  }
  if (weight !== null && (weight.ndim !== 1 || weight.shape[0] !== input.shape[dim])) {
    throw new ShapeError(
      `weight tensor should be defined either for all ${input.shape[dim]} classes or no classes, got ${show(weight)}`,
    );
  }
  if (isFloating(target.code) || isComplex(target.code)) {
    throw new DTypeError(`target is ${show(target)}, expected classes as int64, or probabilities of the input's shape`);
  }
}

/** @internal */
export function classesOf(target: Tensor, weight: Tensor | null, ignoreIndex: number): Classes {
  const classes = target.code === INT64 ? target : cast(target, INT64);
  const counts = ne(classes, ignoreIndex);
  const index = where(counts, classes, 0);
  return { counts, index, weight: weight && reshape(gather(weight, 0, reshape(index, [-1])), index.shape) };
}

/** True where `entropyOfRows` takes them. @internal */
export function isEntropyOfRows(x: Tensor, target: Tensor, weight: Tensor | null, reduction: LossReduction): boolean {
  const floats = x.code === FLOAT32 || x.code === FLOAT64; // narrower ones could not hold the sum of the weights
  const weights = weight === null || (weight.code === x.code && !weight.requiresGrad);
  const known = reduction === "mean" || reduction === "sum" || reduction === "none";
  return floats && weights && known && x.ndim === 2 && target.code === INT64;
}

/** The loss; the greatest logit and `log Σ exp(x - max)` of each row; what a mean divides by, else 1. @internal */
export const entropyOfRows: (
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  ignore: number,
  reduction: LossReduction,
) => readonly [loss: Tensor, moments: Tensor, total: Tensor] = /* @__PURE__ */ op(
  "entropyOfRows",
  "x, target, weight, ignore, reduction",
  (x: Tensor, target: Tensor, weight: Tensor | null, ignore: number, reduction: LossReduction) => [
    { x, target, weight },
    { ignore, reduction },
  ],
  {
    outputs: ["loss", "moments", "total"],
    named: false,
    differentiable: ["loss"],
    infer: ({ x }, { reduction }) => {
      const rows = x.shape[0]!;
      return [spec(x.code, reduction === "none" ? [rows] : []), spec(x.code, [rows, 2]), spec(x.code, [])];
    },
    kernel: "crossEntropy",
    launch(k, { x, target, weight }, { loss, moments, total }, { ignore, reduction }) {
      const [rows, n] = x.shape as [number, number];
      const losses = reduction === "none" ? loss : k.scratch(x.code, [rows]);
      const shares = k.scratch(x.code, [rows]);
      const each = k.call("crossEntropy").int(n).tensor(x).tensor(target).tensor(weight).long(BigInt(ignore));
      each
        .tensor(losses)
        .tensor(shares)
        .tensor(moments)
        .run(rows, grainOf(n * WORK));
      const all = k
        .call("crossEntropyTotal")
        .int(rows)
        .tensor(losses)
        .tensor(reduction === "mean" ? shares : null);
      all
        .tensor(reduction === "none" ? null : loss)
        .tensor(total)
        .run(1, 1);
    },
    decompose({ x, target, weight }, { ignore, reduction }) {
      const most = amax(x, 1, true);
      const norm = log(sum(exp(sub(x, most)), 1, true));
      const { counts, index, weight: weights } = classesOf(target, weight, ignore);
      const chosen = neg(reshape(gather(sub(sub(x, most), norm), 1, unsqueeze(index, 1)), index.shape));
      const losses = where(counts, weights === null ? chosen : mul(chosen, weights), 0);
      const total =
        reduction === "mean"
          ? cast(sum(sharesOf(counts, weights)), x.code)
          : ones([], { dtype: x.dtype, device: x.device });
      return [reduction === "none" ? losses : div(sum(losses), total), cat([most, norm], 1), total];
    },
    saves: ["x", "target", "weight", "moments", "total"],
    vjp({ loss: g }, { x, target, weight, total }, { ignore }) {
      return {
        x: () => entropyOfRowsGrad(g!, x, target, weight, total, ignore),
        target: null,
        weight: null,
      };
    },
    backward(k, { loss: g }, { x, target, weight, moments, total }, into, { ignore, reduction }) {
      const [rows, n] = x.shape as [number, number];
      const [logits, classes, slope] = [toDense(x), toDense(target), toDense(g!)];
      const weights = weight === null ? null : toDense(weight);
      const call = k.call("crossEntropyBackward").int(n).tensor(logits).tensor(classes).tensor(weights);
      call
        .long(BigInt(ignore))
        .tensor(moments)
        .tensor(total)
        .tensor(slope)
        .bool(reduction === "none")
        .tensor(into.x);
      call.run(rows, grainOf(n * WORK));
      return true;
    },
    method: false,
    samples: () => [
      [f32(4, 3), indices(3, 4), null, 1, "mean"],
      [f32(2, 5), indices(5, 2), null, -100, "sum"],
      [f32(3, 9), indices(9, 3), null, -100, "none"],
    ],
  },
);

/** Multiplications that an exponential takes as long as. */
const WORK = 16;

/** The weight with which each row counts. */
const sharesOf = (counts: Tensor, weight: Tensor | null): Tensor =>
  weight === null ? counts : where(counts, weight, 0);

/** `(softmax(x) - [j = class]) · share · g / total`. */
function entropyOfRowsGrad(
  g: Tensor,
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  total: Tensor,
  ignore: number,
): Tensor {
  const { counts, index, weight: weights } = classesOf(target, weight, ignore);
  const factor = where(counts, div(mul(sharesOf(counts, weights), g), total), 0);
  const hot = cast(eq(unsqueeze(index, 1), arange(x.shape[1]!, { device: x.device })), x.code);
  return mul(sub(softmax(x, 1), hot), unsqueeze(factor, 1));
}

/** `-share · x[class]` of rows of log-probabilities, and what a mean divides by, else 1. @internal */
export const likelihoodOfRows: (
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  ignore: number,
  reduction: LossReduction,
) => readonly [loss: Tensor, total: Tensor] = /* @__PURE__ */ op(
  "likelihoodOfRows",
  "x, target, weight, ignore, reduction",
  (x: Tensor, target: Tensor, weight: Tensor | null, ignore: number, reduction: LossReduction) => [
    { x, target, weight },
    { ignore, reduction },
  ],
  {
    outputs: ["loss", "total"],
    named: false,
    differentiable: ["loss"],
    infer({ x }, { reduction }) {
      if (!isFloating(x.code))
        throw new DTypeError(`likelihoodOfRows: expected a floating point dtype, got ${show(x)}`);
      return [spec(x.code, reduction === "none" ? [x.shape[0]!] : []), spec(x.code, [])];
    },
    kernel: "likelihood",
    launch(k, { x, target, weight }, { loss, total }, { ignore, reduction }) {
      const [rows, n] = x.shape as [number, number];
      const losses = reduction === "none" ? loss : k.scratch(x.code, [rows]);
      const shares = k.scratch(x.code, [rows]);
      const each = k.call("likelihood").int(n).tensor(x).tensor(target).tensor(weight).long(BigInt(ignore));
      each.tensor(losses).tensor(shares).run(rows, grainOf(WORK));
      const all = k.call("crossEntropyTotal").int(rows).tensor(losses);
      all
        .tensor(reduction === "mean" ? shares : null)
        .tensor(reduction === "none" ? null : loss)
        .tensor(total)
        .run(1, 1);
    },
    decompose({ x, target, weight }, { ignore, reduction }) {
      const { counts, index, weight: weights } = classesOf(target, weight, ignore);
      const chosen = neg(reshape(gather(x, 1, unsqueeze(index, 1)), index.shape));
      const losses = where(counts, weights === null ? chosen : mul(chosen, weights), 0);
      const total =
        reduction === "mean"
          ? cast(sum(sharesOf(counts, weights)), x.code)
          : ones([], { dtype: x.dtype, device: x.device });
      return [reduction === "none" ? losses : div(sum(losses), total), total];
    },
    saves: ["target", "weight", "total"],
    vjp: ({ loss: g }, { target, weight, total }, { ignore, reduction }, { x }) => ({
      x: () => likelihoodOfRowsGrad(g!, target, weight, total, ignore, reduction, x.shape[1]!),
      target: null,
      weight: null,
    }),
    method: false,
    samples: () => [
      [f32(4, 3), indices(3, 4), null, 1, "mean"],
      [f32(2, 5), indices(5, 2), null, -100, "sum"],
      [f32(3, 9), indices(9, 3), null, -100, "none"],
    ],
  },
);

/** Zeros, but for `-share · g / total` at the class of each row. */
const likelihoodOfRowsGrad: (
  g: Tensor,
  target: Tensor,
  weight: Tensor | null,
  total: Tensor,
  ignore: number,
  reduction: LossReduction,
  n: number,
) => Tensor = /* @__PURE__ */ op(
  "likelihoodOfRowsGrad",
  "g, target, weight, total, ignore, reduction, n",
  (
    g: Tensor,
    target: Tensor,
    weight: Tensor | null,
    total: Tensor,
    ignore: number,
    reduction: LossReduction,
    n: number,
  ) => [
    { g, target, weight, total },
    { ignore, reduction, n },
  ],
  {
    infer: ({ g, target }, { n }) => spec(g.code, [target.shape[0]!, n]),
    kernel: "likelihoodBackward",
    launch(k, { g, target, weight, total }, { out }, { ignore, reduction, n }) {
      fillInto(out, 0);
      const call = k.call("likelihoodBackward").int(n).tensor(target).tensor(weight).long(BigInt(ignore));
      call
        .tensor(total)
        .tensor(g)
        .bool(reduction === "none")
        .tensor(out);
      call.run(target.shape[0]!, grainOf(WORK));
    },
    decompose({ g, target, weight, total }, { ignore, n }) {
      const { counts, index, weight: weights } = classesOf(target, weight, ignore);
      const factor = where(counts, neg(div(mul(sharesOf(counts, weights), g), total)), 0);
      const hot = cast(eq(unsqueeze(index, 1), arange(n, { device: g.device })), g.code);
      return mul(hot, unsqueeze(factor, 1));
    },
  },
);
