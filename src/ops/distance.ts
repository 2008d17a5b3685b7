// How far vectors are from each other, or how alike.

import { DTypeError, Float, isFloating, ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, f32, noComplex, op, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { add, div, mul, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { composedFunction } from "./composed.ts";
import { detach } from "./copy.ts";
import { onesLike, triuIndices } from "./create.ts";
import { cat } from "./join.ts";
import { matmul } from "./matmul.ts";
import { select } from "./pick.ts";
import { sum } from "./reduce.ts";
import { indexSelect } from "./rows.ts";
import { clampMin, where } from "./ternary.ts";
import { abs, sign, sqrt, square } from "./unary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { broadcastShapes, broadcastTensors, mT, unsqueeze } from "./view.ts";

/** Throws DTypeError for what is no float. */
function floats(name: string, argument: string, x: Tensor): Tensor {
  if (!isFloating(asTensor(x, name, argument).code)) {
    throw new DTypeError(`${name}: ${argument} is ${show(x)}, expected floats`);
  }
  return x;
}

type CosineSimilarity = FnQ<
  [x1: Tensor, x2: Tensor],
  [dim?: number, eps?: number],
  ["dim", "eps"],
  { dim: number; eps: number }
>;

/** `x1 · x2 / (max(|x1|, eps) · max(|x2|, eps))` along `dim` (1), eps being 1e-8. */
export const cosineSimilarity: CosineSimilarity = /* @__PURE__ */ composedFunction<CosineSimilarity>(
  "cosineSimilarity",
  "x1, x2, dim?, eps?",
  (x1, x2, dim, eps) => {
    const axis = dim ?? 1;
    const direction = (x: Tensor): Tensor => {
      const length = vectorNorm(x, 2, axis, true);
      // Where the length is below eps it is eps, yet the gradient flows as if it were not.
      return div(x, add(length, detach(sub(clampMin(length, Number(eps ?? 1e-8)), length))));
    };
    const [a, b] = broadcastTensors(floats("cosineSimilarity", "x1", x1), floats("cosineSimilarity", "x2", x2));
    return sum(mul(direction(a!), direction(b!)), axis);
  },
);

type PairwiseDistance = FnQ<
  [x1: Tensor, x2: Tensor],
  [p?: number, eps?: number, keepdim?: boolean],
  ["p", "eps", "keepdim"],
  { p: number; eps: number; keepdim: boolean }
>;

/** The p-norm (2) of `x1 - x2 + eps` over the last dim, eps being 1e-6. */
export const pairwiseDistance: PairwiseDistance = /* @__PURE__ */ composedFunction<PairwiseDistance>(
  "pairwiseDistance",
  "x1, x2, p?, eps?, keepdim?",
  (x1, x2, p, eps, keepdim) => {
    const apart = sub(asTensor(x1, "pairwiseDistance", "x1"), asTensor(x2, "pairwiseDistance", "x2"));
    return vectorNorm(add(apart, Float(Number(eps ?? 1e-6))), Number(p ?? 2), -1, keepdim ?? false);
  },
);

type Pdist = FnQ<[x: Tensor], [p?: number], ["p"], { p: number }>;

/** The p-norm (2) of the difference of each two rows of [n, m], in the order of the upper triangle: [n · (n - 1) / 2]. */
export const pdist: Pdist = /* @__PURE__ */ composedFunction<Pdist>("pdist", "input, p?", (x, p) => {
  if (floats("pdist", "input", x).ndim !== 2) throw new ShapeError(`pdist: input is ${show(x)}, expected two dims`);
  const order = orderOf("pdist", p);
  const pairs = triuIndices(x.shape[0]!, x.shape[0]!, 1, { device: x.device });
  const [left, right] = [0, 1].map((side) => indexSelect(x, 0, select(pairs, 0, side))) as [Tensor, Tensor];
  return lengths(sub(left, right), order);
});

function orderOf(name: string, p: number | undefined): number {
  const order = Number(p ?? 2);
  if (!(order >= 0)) throw new ValueError(`${name}: p is ${order}, expected none below 0`);
  return order;
}

/** p-norms over the last dim. For p = 0 a gradient flows, which is 0. */
function lengths(x: Tensor, p: number): Tensor {
  return p === 0 ? sum(abs(sign(x)), -1) : vectorNorm(x, p, -1);
}

const MODES = [
  "use_mm_for_euclid_dist_if_necessary",
  "use_mm_for_euclid_dist",
  "donot_use_mm_for_euclid_dist",
] as const;
type Mode = (typeof MODES)[number];
const FEW = 25; // rows up to which the differences are taken one by one, as PyTorch does

type Cdist = FnQ<
  [x1: Tensor, x2: Tensor],
  [p?: number, computeMode?: Mode],
  ["p", "computeMode"],
  { p: number; computeMode: Mode }
>;

/**
 * The p-norm (2) of the difference of each row of x1 [..., n, m] and each of x2 [..., r, m]: [..., n, r].
 *
 * Euclidean distances of more than 25 rows come from a matrix product, which is fast and less exact where rows are near;
 * `computeMode` "donot_use_mm_for_euclid_dist" takes the differences.
 */
export const cdist: Cdist = /* @__PURE__ */ composedFunction<Cdist>(
  "cdist",
  "x1, x2, p?, computeMode?",
  (x1, x2, p, mode) => {
    for (const [name, x] of Object.entries({ x1, x2 })) {
      if (floats("cdist", name, x).ndim < 2)
        throw new ShapeError(`cdist: ${name} is ${show(x)}, expected two dims or more`);
    }
    if (x1.shape.at(-1) !== x2.shape.at(-1)) {
      throw new ShapeError(`cdist: rows of ${show(x1)} and ${show(x2)} have different lengths`);
    }
    const order = orderOf("cdist", p);
    const how = word(mode ?? MODES[0], "cdist", "computeMode", MODES);
    if (order !== 2) return lengths(differences(x1, x2), order);
    const many = x1.shape.at(-2)! > FEW || x2.shape.at(-2)! > FEW;
    return euclidean(x1, x2, how === MODES[1] || (how === MODES[0] && many));
  },
);

/** [..., n, 1, m] - [..., 1, r, m] */
const differences = (x1: Tensor, x2: Tensor): Tensor => sub(unsqueeze(x1, -2), unsqueeze(x2, -3));

/** Its derivative needs no differences: with w = g / distance it is `x1 · Σ w - w · x2`. */
const euclidean: (x1: Tensor, x2: Tensor, byProduct: boolean) => Tensor = /* @__PURE__ */ op(
  "cdist",
  "x1, x2, byProduct",
  (x1: Tensor, x2: Tensor, byProduct: boolean) => [{ x1, x2 }, { byProduct }],
  {
    method: false,
    infer({ x1, x2 }) {
      noComplex("cdist", x1, x2);
      const batch = broadcastShapes(x1.shape.slice(0, -2), x2.shape.slice(0, -2));
      return spec(x1.code, [...batch, x1.shape.at(-2)!, x2.shape.at(-2)!]);
    },
    decompose({ x1, x2 }, { byProduct }) {
      if (!byProduct) return vectorNorm(differences(x1, x2), 2, -1);
      // |a|² - 2ab + |b|² as one product
      const [a, b] = [sum(square(x1), -1, true), sum(square(x2), -1, true)];
      const left = cat([mul(x1, -2), a, onesLike(a)], -1);
      return sqrt(clampMin(matmul(left, mT(cat([x2, onesLike(b), b], -1))), 0));
    },
    saves: ["x1", "x2", "out"],
    vjp(g, { x1, x2, out }) {
      const weights = (): Tensor => where(eq(out, 0), 0, div(g, out));
      const pull = (x: Tensor, w: Tensor, other: Tensor): Tensor => sub(mul(x, sum(w, -1, true)), matmul(w, other));
      return { x1: () => pull(x1, weights(), x2), x2: () => pull(x2, mT(weights()), x1) };
    },
    samples: () => [
      [f32(4, 3), f32(5, 3), false],
      [f32(2, 4, 3), f32(5, 3), true],
    ],
  },
);
