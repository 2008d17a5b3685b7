// How far vectors are from each other, or how alike.

import { DTypeError, Float, isFloating, ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, f32, type Kernels, noComplex, op, spec } from "../op/index.ts";
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
import { grainOf } from "./product.ts";
import { sum } from "./reduce.ts";
import { indexAdd, indexSelect } from "./rows.ts";
import { clampMin, where } from "./ternary.ts";
import { abs, sign, sqrt, square } from "./unary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { broadcastShapes, broadcastTensors, expand, mT, unsqueeze } from "./view.ts";

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
  if (order === 1 || order === 2) return ofPairs(x, order);
  const [left, right] = pairsOf(x);
  return lengths(sub(left, right), order);
});

/** The two rows of each pair of rows of x. */
function pairsOf(x: Tensor): [Tensor, Tensor] {
  const pairs = triuIndices(x.shape[0]!, x.shape[0]!, 1, { device: x.device });
  return [0, 1].map((side) => indexSelect(x, 0, select(pairs, 0, side))) as [Tensor, Tensor];
}

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
    if (order === 1) return apart(...batched(x1, x2), 1);
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
      if (!byProduct) return apart(...batched(x1, x2), 2);
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

// ── by kernels: assembly/rows/distance.ts ────────────────────────────────────────────────────────────────────────────

/** The sum of magnitudes, or the root of the sum of squares. */
type Order = 1 | 2;

/** Both with all leading dims of both. */
function batched(x1: Tensor, x2: Tensor): [Tensor, Tensor] {
  const lead = broadcastShapes(x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  return [x1, x2].map((x) => expand(x, [...lead, ...x.shape.slice(-2)])) as [Tensor, Tensor];
}

/** Distances [..., n, r] of the rows of x1 [..., n, m] from those of x2 [..., r, m]. */
const apart: (x1: Tensor, x2: Tensor, p: Order) => Tensor = /* @__PURE__ */ op(
  "distances",
  "x1, x2, p",
  (x1: Tensor, x2: Tensor, p: Order) => [{ x1, x2 }, { p }],
  {
    method: false,
    infer({ x1, x2 }) {
      noComplex("cdist", x1, x2);
      return spec(x1.code, [...x1.shape.slice(0, -1), x2.shape.at(-2)!]);
    },
    kernel: "distances",
    launch: (k, { x1, x2 }, { out }, { p }) => launchDistances(k, "distances", x1, x2, p, false, [out]),
    decompose: ({ x1, x2 }, { p }) => vectorNorm(differences(x1, x2), p, -1),
    saves: ["x1", "x2", "out"],
    vjp(g, { x1, x2, out }, { p }) {
      return {
        x1: () => pulls(weightsOf(g, out, p), x1, x2, p, false),
        x2: () => pulls(mT(weightsOf(g, out, p)), x2, x1, p, false),
      };
    },
    samples: () => [
      [f32(4, 3), f32(5, 3), 1],
      [f32(2, 4, 6), f32(2, 3, 6), 2],
    ],
  },
);

/** Distances of each two rows of x [n, m], in the order of the upper triangle. */
const ofPairs: (x: Tensor, p: Order) => Tensor = /* @__PURE__ */ op(
  "pairDistances",
  "input, p",
  (x: Tensor, p: Order) => [{ x }, { p }],
  {
    method: false,
    infer({ x }) {
      noComplex("pdist", x);
      return spec(x.code, [(x.shape[0]! * (x.shape[0]! - 1)) / 2]);
    },
    kernel: "distances",
    launch: (k, { x }, { out }, { p }) => launchDistances(k, "distances", x, x, p, true, [out]),
    decompose({ x }, { p }) {
      const [left, right] = pairsOf(x);
      return vectorNorm(sub(left, right), p, -1);
    },
    saves: ["x", "out"],
    vjp: (g, { x, out }, { p }) => ({ x: () => pulls(weightsOf(g, out, p), x, x, p, true) }),
    samples: () => [
      [f32(5, 3), 1],
      [f32(4, 9), 2],
    ],
  },
);

/** What the slope of each distance counts with: that of a root is its argument's, divided by it. */
const weightsOf = (g: Tensor, out: Tensor, p: Order): Tensor => (p === 1 ? g : where(eq(out, 0), 0, div(g, out)));

/**
 * The derivative of distances by the rows of `x1`: of each the sum of its differences from those of x2, or their signs, times the
 * weights w [..., n, r]. With `triangle` x1 and x2 are the same, and w has a weight for each pair.
 */
const pulls: (w: Tensor, x1: Tensor, x2: Tensor, p: Order, triangle: boolean) => Tensor = /* @__PURE__ */ op(
  "distancesBackward",
  "w, x1, x2, p, triangle",
  (w: Tensor, x1: Tensor, x2: Tensor, p: Order, triangle: boolean) => [
    { w, x1, x2 },
    { p, triangle },
  ],
  {
    method: false,
    infer: ({ x1 }) => spec(x1.code, x1.shape),
    kernel: "distancesBackward",
    launch: (k, { w, x1, x2 }, { out }, { p, triangle }) =>
      launchDistances(k, "distancesBackward", x1, x2, p, triangle, [w, out]),
    decompose({ w, x1, x2 }, { p, triangle }) {
      const slope = (d: Tensor): Tensor => mul(p === 1 ? sign(d) : d, unsqueeze(w, -1));
      if (!triangle) return sum(slope(differences(x1, x2)), -2);
      const pairs = triuIndices(x1.shape[0]!, x1.shape[0]!, 1, { device: x1.device });
      const [left, right] = [select(pairs, 0, 0), select(pairs, 0, 1)];
      const each = slope(sub(indexSelect(x1, 0, left), indexSelect(x1, 0, right)));
      return indexAdd(indexAdd(mul(x1, 0), 0, left, each), 0, right, each, { alpha: -1 });
    },
  },
);

function launchDistances(
  k: Kernels,
  name: string,
  x1: Tensor,
  x2: Tensor,
  p: Order,
  triangle: boolean,
  rest: readonly Tensor[],
): void {
  const [n, m] = x1.shape.slice(-2) as [number, number];
  const r = x2.shape.at(-2)!;
  const call = k.call(name).int(n).int(r).int(m).int(p).bool(triangle).tensor(x1).tensor(x2);
  for (const x of rest) call.tensor(x);
  call.run(m === 0 ? 0 : x1.layout.size / m, grainOf(r * m));
}
