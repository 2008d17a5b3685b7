// Histograms: how many elements lie in each bin, or how much they weigh.

import {
  DTypeError,
  FLOAT64,
  INT64,
  isFloating,
  isIntegral,
  ShapeError,
  sameDims,
  show,
  showShape,
  ValueError,
} from "../core/index.ts";
import { asTensor, bindArguments, type Named, named, type OpK, type OpQ } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { product } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { ge, le } from "./compare.ts";
import { composed, within } from "./composed.ts";
import { detach } from "./copy.ts";
import { linspace, ones, onesLike, zeros } from "./create.ts";
import { diff } from "./difference.ts";
import { scatterAdd_ } from "./gather.ts";
import { logicalAnd } from "./logic.ts";
import { select } from "./pick.ts";
import { amax, amin, sum } from "./reduce.ts";
import { bucketize } from "./search.ts";
import { clamp, clampMax, where } from "./ternary.ts";
import { expand, reshape } from "./view.ts";

type Bincount = OpK<
  [weights?: Tensor | null, minlength?: number],
  ["weights", "minlength"],
  { weights: Tensor | null; minlength: number }
>;

/** How often each number occurs in a list of integers that are not negative, or the sum of its weights. */
export const bincount: Bincount = /* @__PURE__ */ composed<Bincount>(
  "bincount",
  "input, weights?, minlength?",
  (x, weights, minlength) => {
    if (!isIntegral(asTensor(x, "bincount", "input").code) || x.ndim !== 1) {
      throw new ShapeError(`bincount: input is ${show(x)}, expected one dim of integers`);
    }
    const least = whole(minlength ?? 0, "bincount", "minlength");
    if (least < 0) throw new ValueError(`bincount: minlength is ${least}, expected none below 0`);
    if (weights != null && !sameDims(weights.shape, x.shape)) {
      throw new ShapeError(`bincount: weights are ${show(weights)}, expected the shape of ${show(x)}`);
    }
    const places = asCode(x, INT64);
    if (x.numel() > 0 && amin(places).item() < 0) throw new ValueError("bincount: input has numbers below 0");
    const n = Math.max(least, x.numel() === 0 ? 0 : amax(places).item() + 1);
    const heavy =
      weights == null ? expand(ones([1], { dtype: "int64", device: x.device }), places.shape) : weightsOf(weights);
    return scatterAdd_(zeros(n, { dtype: heavy.dtype, device: x.device }), 0, places, heavy);
  },
);

/** Weights as they are summed: float32 as it is, all else as float64. */
const weightsOf = (weights: Tensor): Tensor => {
  const w = detach(weights);
  return w.dtype === "float32" ? w : asCode(w, FLOAT64);
};

type Histc = OpK<
  [bins?: number, min?: number, max?: number],
  ["bins", "min", "max"],
  Record<"bins" | "min" | "max", number>
>;

/**
 * How many elements lie in each of `bins` (100) equal parts of [min, max], by default from the least to the greatest element.
 * What lies outside counts nowhere.
 */
export const histc: Histc = /* @__PURE__ */ composed<Histc>(
  "histc",
  "input, bins?, min?, max?",
  (input, bins, min, max) => {
    const x = detach(floats("histc", input));
    const n = binsOf("histc", bins ?? 100);
    let [low, high] = [Number(min ?? 0), Number(max ?? 0)];
    if (low === high && x.numel() > 0) [low, high] = ends(x);
    if (low === high) [low, high] = [low - 1, high + 1];
    checkRange("histc", low, high);
    const flat = reshape(x, [-1]);
    const inside = logicalAnd(ge(flat, low), le(flat, high));
    // The end of the last bin belongs to it.
    const place = clampMax(asCode(div(mul(sub(where(inside, flat, low), low), n), high - low), INT64), n - 1);
    return scatterAdd_(zeros(n, { dtype: x.dtype, device: x.device }), 0, place, asCode(inside, x.code));
  },
);

function floats(name: string, x: Tensor): Tensor {
  if (!isFloating(asTensor(x, name, "input").code))
    throw new DTypeError(`${name}: input is ${show(x)}, expected floats`);
  return x;
}

function binsOf(name: string, bins: unknown): number {
  const n = whole(bins, name, "bins");
  if (n < 1) throw new ValueError(`${name}: bins is ${n}, expected one above 0`);
  return n;
}

/** The least and the greatest element. */
const ends = (x: Tensor): [number, number] => [amin(x).item(), amax(x).item()];

function checkRange(name: string, low: number, high: number): void {
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ValueError(`${name}: range [${low}, ${high}] is not finite`);
  if (low > high) throw new ValueError(`${name}: min ${low} is greater than max ${high}`);
}

type Histogram = OpQ<
  [bins: number | Tensor],
  [],
  [],
  {
    /** The ends of the first and the last bin; those of the elements by default. */
    range: readonly number[] | null;
    /** What each element counts. */
    weight: Tensor | null;
    /** Whether the counts are divided by their sum and the widths of the bins, so that the integral is 1; false. */
    density: boolean;
  },
  Named<["hist", "binEdges"]>
>;

/**
 * How many elements lie in each bin, and the edges of the bins: `bins` equal ones, or those between given edges. A bin has its
 * left edge, the last one both. What lies outside counts nowhere.
 */
export const histogram: Histogram = /* @__PURE__ */ composed<Histogram>(
  "histogram",
  "input, bins, *, range?, weight?, density?",
  (
    input,
    bins,
    range: readonly number[] | null | undefined,
    weight: Tensor | null | undefined,
    density: boolean | undefined,
  ) => {
    const x = reshape(detach(floats("histogram", input)), [-1, 1]);
    checkWeight("histogram", weight, input.shape, x);
    const edges = [edgesOf("histogram", select(x, 1, 0), bins, range)];
    return named([counted(x, edges, weight, density), edges[0]!], ["hist", "binEdges"]);
  },
);

interface HistogramddOptions {
  /** The ends of the first and the last bin of each dim, one behind the other; those of the elements by default. */
  range?: readonly number[] | null;
  /** What each point counts. */
  weight?: Tensor | null;
  /** Whether the counts are divided by their sum and the sizes of the bins; false. */
  density?: boolean;
}
/** The counts, and the edges of each dim. */
export type Histogramdd = [hist: Tensor, binEdges: Tensor[]] & { readonly hist: Tensor; readonly binEdges: Tensor[] };

/**
 * As `histogram`, of points [..., d] in d dims: the counts of the cells, and the edges along each dim. `bins` is one number for
 * all dims, or a number or edges for each.
 */
export const histogramdd: (
  input: Tensor,
  bins: number | readonly number[] | readonly Tensor[],
  options?: HistogramddOptions,
) => Histogramdd = (...args) => {
  const [hist, ...binEdges] = within("histogramdd", () => {
    const [given, bins, range, weight, density] = bindArguments(
      "histogramdd",
      "input, bins, range?, weight?, density?",
      args,
    ) as [Tensor, number | (number | Tensor)[], number[]?, (Tensor | null)?, boolean?];
    const input = floats("histogramdd", given);
    const d = input.shape.at(-1) ?? 0;
    const list = Array.isArray(bins) ? bins : new Array<number>(d).fill(bins);
    if (input.ndim < 2 || list.length !== d) {
      throw new ShapeError(`histogramdd: input is ${show(input)}, expected [..., ${list.length}] for as many bins`);
    }
    if (range != null && range.length !== 2 * d) throw new ValueError("histogramdd: range has not two ends a dim");
    const x = reshape(detach(input), [-1, d]);
    checkWeight("histogramdd", weight, input.shape.slice(0, -1), x);
    const edges = list.map((n, i) =>
      edgesOf("histogramdd", select(x, 1, i), n, range == null ? null : range.slice(2 * i, 2 * i + 2)),
    );
    return [counted(x, edges, weight, density), ...edges];
  }) as [Tensor, ...Tensor[]];
  return Object.assign([hist, binEdges] as [Tensor, Tensor[]], { hist, binEdges });
};

function checkWeight(name: string, weight: Tensor | null | undefined, shape: readonly number[], x: Tensor): void {
  if (weight != null && !(sameDims(weight.shape, shape) && weight.code === x.code)) {
    throw new ShapeError(`${name}: weight is ${show(weight)}, expected ${x.dtype} of the shape ${showShape(shape)}`);
  }
}

/** How many of the points [m, d], or how much of their weight, is in each cell between the edges of the d dims. */
function counted(
  x: Tensor,
  edges: readonly Tensor[],
  weight: Tensor | null | undefined,
  density: boolean | undefined,
): Tensor {
  const sizes = edges.map((edge) => edge.numel() - 1);
  let inside: Tensor | null = null;
  let cell: Tensor | null = null;
  for (const [d, edge] of edges.entries()) {
    const [n, along] = [sizes[d]!, select(x, 1, d)];
    const here = logicalAnd(ge(along, select(edge, 0, 0)), le(along, select(edge, 0, n)));
    const place = clamp(sub(bucketize(along, edge, { right: true }), 1), 0, n - 1);
    inside = inside === null ? here : logicalAnd(inside, here);
    cell = cell === null ? place : add(mul(cell, n), place);
  }
  const counts = where(inside!, weight == null ? onesLike(select(x, 1, 0)) : reshape(detach(weight), [-1]), 0);
  const empty = zeros(product(sizes), { dtype: x.dtype, device: x.device });
  const hist = reshape(scatterAdd_(empty, 0, cell!, counts), sizes);
  if (density !== true) return hist;
  const volumes = edges.map((edge, d) =>
    reshape(
      diff(edge),
      sizes.map((_, e) => (e === d ? -1 : 1)),
    ),
  );
  return volumes.reduce((y, width) => div(y, width), div(hist, sum(hist)));
}

function edgesOf(name: string, x: Tensor, bins: number | Tensor, range: readonly number[] | null | undefined): Tensor {
  if (bins instanceof Tensor) {
    if (bins.ndim !== 1 || bins.numel() < 2 || bins.code !== x.code) {
      throw new ShapeError(`${name}: bins are ${show(bins)}, expected two edges or more in one dim of ${x.dtype}`);
    }
    return bins;
  }
  const n = binsOf(name, bins);
  if (range != null && range.length !== 2) throw new ValueError("histogram: range has not two ends");
  let [low, high] = range != null ? [Number(range[0]), Number(range[1])] : x.numel() === 0 ? [0, 1] : ends(x);
  checkRange(name, low, high);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  return linspace(low, high, n + 1, { dtype: x.dtype, device: x.device });
}
