// Values that meet at one place, folded: sums, products, extremes and means at the places that an index tensor gives.

import { DTypeError, isComplex, isFloating, isIntegral, type Scalar } from "../core/index.ts";
import { asTensor, copyInto, f32, indices, type OpQ, op, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { div, floorDivide, mul } from "./binary.ts";
import { eq } from "./compare.ts";
import { composed } from "./composed.ts";
import { cast, copy_ } from "./copy.ts";
import { onesLike, zerosLike } from "./create.ts";
import { asIndex, checkIndex, folding, gather, sameCode, scatter, scatterAdd, scatterInto } from "./gather.ts";
import { logicalAnd } from "./logic.ts";
import { maskedFill, where } from "./ternary.ts";
import { dimOf } from "./view.ts";

export type Reduction = "sum" | "prod" | "mean" | "amax" | "amin";

/** x with src multiplied into it, or the extremes of both, at the places along `dim`. */
const folded: (x: Tensor, dim: number, index: Tensor, src: Tensor, fold: "prod" | "amin" | "amax") => Tensor =
  /* @__PURE__ */ op(
    "scatterReduce",
    "input, dim, index, src, reduce",
    (x: Tensor, dim: number, index: Tensor, src: Tensor, fold: "prod" | "amin" | "amax") => [
      { x, index, src },
      { dim, fold },
    ],
    {
      infer({ x, index, src }, { dim, fold }) {
        if (isComplex(x.code)) throw new DTypeError(`scatterReduce: "${fold}" is not defined for ${x.dtype}`);
        sameCode("scatterReduce", x, src);
        checkIndex("scatterReduce", dim, index, [x, src]);
        return spec(x.code, x.shape);
      },
      into(y, { x, index, src }, { dim, fold }) {
        copyInto(y, x);
        folding(y, src, (to, from) => scatterInto(fold, to, dim, index, from));
      },
      saves: ["x", "index", "src", "out"],
      vjp(g, { x, index, src, out }, { dim, fold }) {
        if (fold === "prod")
          return {
            x: () => byOthers(g, x, dim, index, src),
            index: null,
            src: () => bySource(g, x, dim, index, src, out),
          };
        // What is as large as the result shares its cotangent evenly.
        const won = cast(eq(x, out), x.code);
        const srcWon = cast(eq(src, gather(out, dim, index)), x.code);
        const share = div(g, scatterAdd(won, dim, index, srcWon));
        return { x: () => mul(won, share), index: null, src: () => mul(srcWon, gather(share, dim, index)) };
      },
      samples: () => [
        [f32(3, 4), 0, indices(3, 2, 4), f32(2, 4), "prod"],
        [f32(3, 4), 1, indices(4, 3, 5), f32(3, 5), "amax"],
      ],
    },
  );

/** The derivative of a product by x: the product of the others, found without dividing by a 0. */
function byOthers(g: Tensor, x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const nonzero = maskedFill(x, eq(x, 0), 1);
  return div(mul(g, folded(nonzero, dim, index, src, "prod")), nonzero);
}

/** The derivative of a product by src: where an element is the only 0 of its place, the product of the others. */
function bySource(g: Tensor, x: Tensor, dim: number, index: Tensor, src: Tensor, out: Tensor): Tensor {
  const isZero = eq(src, 0);
  const zeros = gather(scatterAdd(zerosLike(x), dim, index, cast(isZero, x.code)), dim, index);
  const only = logicalAnd(isZero, eq(zeros, 1));
  const without = folded(x, dim, index, maskedFill(src, only, 1), "prod");
  return where(
    only,
    gather(mul(g, without), dim, index),
    div(gather(mul(g, out), dim, index), maskedFill(src, isZero, 1)),
  );
}

/** What changes nothing in a fold. */
function neutral(x: Tensor, reduce: Reduction): Scalar {
  if (reduce === "sum" || reduce === "mean") return 0;
  if (reduce === "prod") return 1;
  const sign = reduce === "amax" ? -1 : 1;
  if (isFloating(x.code)) return sign * Number.POSITIVE_INFINITY;
  const [least, most] = LIMITS[x.dtype]!;
  return sign < 0 ? least : most;
}

const LIMITS: Readonly<Record<string, readonly [Scalar, Scalar]>> = {
  bool: [false, true],
  uint8: [0, 255],
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

type ScatterReduce = OpQ<
  [dim: number, index: Tensor, src: Tensor, reduce: Reduction],
  [],
  [],
  { includeSelf: boolean },
  Tensor,
  { dim: number; index: Tensor; src: Tensor; reduce: Reduction }
>;

/**
 * A copy of `x` with the elements of `src` folded into the places that `index` gives along `dim`: their sum, product,
 * mean, greatest or least value. What is there counts too, unless `includeSelf` is false.
 *
 * Elements that are the extreme of their place share its gradient evenly. The mean of integers is rounded down.
 */
export const scatterReduce: ScatterReduce = /* @__PURE__ */ composed(
  "scatterReduce",
  "input, dim, index, src, reduce, *, includeSelf?",
  (x, dim, at, src, reduce, includeSelf) => {
    const d = dimOf(dim, asTensor(x, "scatterReduce", "input").ndim, "scatterReduce");
    const index = asIndex(at, "scatterReduce");
    asTensor(src, "scatterReduce", "src");
    const kind = word(reduce, "scatterReduce", "reduce", ["sum", "prod", "mean", "amax", "amin"]);
    const start = includeSelf === false ? scatter(x, d, index, neutral(x, kind)) : x;
    if (kind === "sum") return scatterAdd(start, d, index, src);
    if (kind !== "mean") return folded(start, d, index, src, kind);
    const total = scatterAdd(start, d, index, src);
    const counts = scatterAdd(includeSelf === false ? zerosLike(x) : onesLike(x), d, index, onesLike(src));
    const count = maskedFill(counts, eq(counts, 0), 1);
    return isIntegral(x.code) ? floorDivide(total, count) : div(total, count);
  },
);

/** `scatterReduce` into `x` itself. */
export const scatterReduce_: ScatterReduce = /* @__PURE__ */ composed(
  "scatterReduce_",
  "input, dim, index, src, reduce, *, includeSelf?",
  (x, dim, index, src, reduce, includeSelf) =>
    copy_(x, scatterReduce(x, dim, index, src, reduce, { includeSelf: includeSelf !== false })),
);
