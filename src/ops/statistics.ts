// Medians, quantiles, covariance.

import {
  BOOL,
  DTypeError,
  FLOAT32,
  FLOAT64,
  INT64,
  IndexError,
  isComplex,
  isFloating,
  isIntegral,
  ShapeError,
  show,
  ValueError,
} from "../core/index.ts";
import { asTensor, type Named, named, type Op, type Op1, type OpK, type OpQ } from "../op/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { axisOf } from "./axes.ts";
import { div, floorDivide, mul, sub } from "./binary.ts";
import { lt } from "./compare.ts";
import { complex, conj, imag, real } from "./complex.ts";
import { composed } from "./composed.ts";
import { cast } from "./copy.ts";
import { argmax } from "./extreme.ts";
import { assertReal } from "./folds.ts";
import { gather } from "./gather.ts";
import { logicalNot } from "./logic.ts";
import { mm } from "./matmul.ts";
import { diagonal, narrow } from "./pick.ts";
import { any, sum } from "./reduce.ts";
import { sort, topk } from "./sort.ts";
import { clamp, clampMin, lerp, where } from "./ternary.ts";
import { ceil, floor, isnan, round, sqrt } from "./unary.ts";
import { expand, movedim, reshape, squeeze, t, unsqueeze } from "./view.ts";

type Pair = Named<["values", "indices"]>;

/** The lower median of all elements, or along a dim with its place. */
export interface Median {
  (x: Tensor): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean | { keepdim?: boolean }): Pair;
  (x: Tensor, options: { dim: number; keepdim?: boolean }): Pair;
}
export interface MedianMethod {
  (): Tensor;
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): Pair;
  (options: { dim: number; keepdim?: boolean }): Pair;
}

function medians(name: string, place: (x: Tensor, dim: number) => Tensor): Op<Median, MedianMethod> {
  return composed(name, "input, dim?, keepdim?", (x: Tensor, dim: number | undefined, keepdim: boolean | undefined) => {
    assertReal(name, asTensor(x, name, "input"));
    if (dim === undefined) {
      const line = reshape(x, [-1]);
      if (line.numel() === 0) throw new IndexError(`${name}: ${show(x)} is empty`);
      return reshape(gather(line, 0, place(line, 0)), []);
    }
    const axis = axisOf(dim, x.ndim, name);
    const line = x.ndim === 0 ? reshape(x, [1]) : x;
    if (line.shape[axis] === 0) throw new IndexError(`${name}: dim ${axis} of ${show(x)} is empty`);
    const at = place(line, axis);
    const drop = (y: Tensor): Tensor => (x.ndim === 0 ? reshape(y, []) : keepdim ? y : squeeze(y, axis));
    return named([drop(gather(line, axis, at)), drop(at)], ["values", "indices"]);
  }) as unknown as Op<Median, MedianMethod>;
}

/** Where the lower median is: what PyTorch's selection leaves in the middle. */
function middle(x: Tensor, dim: number): Tensor {
  const k = Math.floor((x.shape[dim]! + 1) / 2);
  return narrow(topk(x, k, dim, false, false).indices, dim, k - 1, 1);
}

/** The median: of an even number of elements the lower one. NaN if there is one. With a dim `{ values, indices }`. */
export const median: Op<Median, MedianMethod> = /* @__PURE__ */ medians("median", (x, dim) => {
  if (isIntegral(x.code)) return middle(x, dim);
  const bad = isnan(x);
  return where(any(bad, dim, true), argmax(cast(bad, INT64), dim, true), middle(x, dim));
});

/** The median of what is not NaN; as `median` otherwise. */
export const nanmedian: Op<Median, MedianMethod> = /* @__PURE__ */ medians("nanmedian", (x, dim) => {
  if (isIntegral(x.code)) return middle(x, dim);
  const last = sub(sum(logicalNot(isnan(x)), dim, true), 1);
  return gather(sort(x, dim, false, { stable: true }).indices, dim, clampMin(floorDivide(last, 2), 0));
});

type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";
type Quantile = OpQ<
  [q: number | Tensor],
  [dim?: number | null, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number | null; keepdim: boolean; interpolation: Interpolation },
  Tensor,
  { q: number | Tensor }
>;

function quantiles(name: string, ranks: (sorted: Tensor, q: Tensor) => Tensor): Quantile {
  return composed(
    name,
    "input, q, dim?, keepdim?, *, interpolation?",
    (x, q, dim, keepdim, interpolation: Interpolation | undefined) => {
      asTensor(x, name, "input");
      if (x.code !== FLOAT32 && x.code !== FLOAT64)
        throw new DTypeError(`${name}: expected float32 or float64, got ${show(x)}`);
      if (x.numel() === 0) throw new IndexError(`${name}: ${show(x)} is empty`);
      if (q instanceof Tensor && (q.ndim > 1 || q.code !== x.code)) {
        throw new ShapeError(`${name}: q is ${show(q)}, expected a number or at most one dim of ${x.dtype}`);
      }
      if (typeof q === "number" && !(q >= 0 && q <= 1)) throw new ValueError(`${name}: q is ${q}, expected [0, 1]`);
      const way = word(interpolation ?? "linear", name, "interpolation", WAYS);
      const points = q instanceof Tensor ? q : tensor(Number(q), { dtype: x.dtype, device: x.device });
      // [..., n]: the dim last; the points are a new last dim of the result, which goes to the front.
      const axis = dim == null ? -1 : axisOf(dim, x.ndim, name);
      const turned = dim == null ? reshape(x, [-1]) : x.ndim === 0 ? reshape(x, [1]) : movedim(x, axis, -1);
      const sorted = sort(turned, -1, false, { stable: true }).values;
      const values = between(sorted, ranks(sorted, reshape(points, [-1])), way);
      const shape = keepdim ? x.shape.map((n, d) => (dim == null || d === axis ? 1 : n)) : turned.shape.slice(0, -1);
      const front = movedim(values, -1, 0);
      return reshape(front, points.ndim === 0 ? shape : [points.numel(), ...shape]);
    },
  );
}

const WAYS: readonly Interpolation[] = ["linear", "lower", "higher", "midpoint", "nearest"];

/** The elements at fractional ranks along the last dim. */
function between(sorted: Tensor, ranks: Tensor, way: Interpolation): Tensor {
  const at = (rank: Tensor): Tensor => gather(sorted, -1, cast(rank, INT64));
  if (way === "lower") return at(floor(ranks));
  if (way === "higher") return at(ceil(ranks));
  if (way === "nearest") return at(round(ranks));
  const below = floor(ranks);
  return lerp(at(below), at(ceil(ranks)), way === "midpoint" ? 0.5 : sub(ranks, below));
}

/** Ranks in the shape of the result: [..., points]. */
function spreadRanks(sorted: Tensor, q: Tensor): Tensor {
  return expand(q, [...sorted.shape.slice(0, -1), q.numel()]);
}

/** The `q`th quantiles along `dim`, or of all elements: between two elements as `interpolation` says. NaN if there is one. */
export const quantile: Quantile = /* @__PURE__ */ quantiles("quantile", (sorted, q) => {
  const last = sorted.shape.at(-1)! - 1;
  const bad = any(isnan(sorted), -1, true);
  return where(bad, last, spreadRanks(sorted, mul(q, last)));
});

/** The quantiles of what is not NaN; as `quantile` otherwise. */
export const nanquantile: Quantile = /* @__PURE__ */ quantiles("nanquantile", (sorted, q) => {
  const last = clampMin(sub(sum(logicalNot(isnan(sorted)), -1, true), 1), 0);
  return mul(spreadRanks(sorted, q), last);
});

type Covariance = OpK<[], [], { correction: number; fweights: Tensor | null; aweights: Tensor | null }>;

/**
 * Covariance of the rows of `x`, whose columns are observations: `Σ (a - mean a)(b - mean b)* / (n - correction)`. `fweights`
 * are how often each was observed, `aweights` how much it counts.
 */
export const cov: Covariance = /* @__PURE__ */ composed(
  "cov",
  "input, *, correction?, fweights?, aweights?",
  (
    x: Tensor,
    correction: number | undefined,
    fweights: Tensor | null | undefined,
    aweights: Tensor | null | undefined,
  ) => {
    asTensor(x, "cov", "input");
    if (x.ndim > 2) throw new ShapeError(`cov: expected at most 2 dims, got ${show(x)}`);
    if (x.code === BOOL) throw new DTypeError("cov: not defined for bool");
    const rows = x.ndim < 2 ? reshape(x, [1, -1]) : x;
    const n = rows.shape[1]!;
    const f = weightsOf(fweights, n, "fweights", "an integer", (code) => isIntegral(code) && code !== BOOL);
    const a = weightsOf(aweights, n, "aweights", "a floating point", isFloating);
    const w = f === null ? a : a === null ? f : mul(f, a);
    const by = correction ?? 1;
    const total = w === null ? tensor(n, { dtype: "int64", device: x.device }) : sum(w);
    const off = sub(rows, unsqueeze(div(sum(w === null ? rows : mul(rows, w), 1), total), 1));
    const lost = a !== null && by !== 0 ? div(mul(sum(mul(w!, a)), by), total) : by;
    const product = mm(off, conj(t(w === null ? off : mul(off, w))));
    return squeeze(div(product, clampMin(sub(total, lost), 0)));
  },
);

/** Weights of n observations, or null. */
function weightsOf(
  w: Tensor | null | undefined,
  n: number,
  name: string,
  kind: string,
  fits: (code: number) => boolean,
): Tensor | null {
  if (w == null) return null;
  asTensor(w, "cov", name);
  if (w.ndim > 1 || w.numel() !== n)
    throw new ShapeError(`cov: ${name} is ${show(w)}, expected one weight for each of ${n} observations`);
  if (!fits(w.code)) throw new DTypeError(`cov: ${name} is ${show(w)}, expected ${kind} dtype`);
  if (w.numel() > 0 && any(lt(w, 0)).item()) throw new ValueError(`cov: ${name} has a negative weight`);
  return w;
}

/** Correlation coefficients of the rows of `x`: the covariance over the standard deviations, within [-1, 1]. */
export const corrcoef: Op1 = /* @__PURE__ */ composed("corrcoef", "input", (x: Tensor) => {
  const c = cov(asTensor(x, "corrcoef", "input"));
  if (c.ndim === 0) return div(c, c);
  const diagonals = diagonal(c);
  const deviations = sqrt(isComplex(c.code) ? real(diagonals) : diagonals);
  const r = div(div(c, reshape(deviations, [-1, 1])), reshape(deviations, [1, -1]));
  return isComplex(r.code) ? complex(clamp(real(r), -1, 1), clamp(imag(r), -1, 1)) : clamp(r, -1, 1);
}) as unknown as Op1;
