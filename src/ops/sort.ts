// Sorts and selections along one dim.

import { INT64, IndexError, SIZE, show, UINT8 } from "../core/index.ts";
import {
  asTensor,
  copyInto,
  f32,
  i64,
  type Kernels,
  type Named,
  type Op,
  type OpK,
  type OpQ,
  op,
  type Spec,
  spec,
  toDense,
  wrongArgument,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { axisOf, GRAIN, product, reducedShape, reordered, toEnd } from "./axes.ts";
import { scatterAdd, zerosOf } from "./gather.ts";
import { narrow } from "./pick.ts";
import { assertReal } from "./reduce.ts";
import { reshape } from "./view.ts";

type Pair = Named<"values" | "indices">;

const ROOM = 4096; // records among which the first are sought at least: rarer sorts of them, still within a cache

/** Launches assembly/sort/order.ts: the `count` first along `dim`. */
function order(
  k: Kernels,
  x: Tensor,
  values: Tensor,
  indices: Tensor,
  dim: number,
  count: number,
  descending: boolean,
): void {
  if (values.layout.size === 0) return;
  const last = dim >= x.ndim - 1;
  const turned = (t: Tensor): Tensor => reordered(t, toEnd([dim], t.ndim));
  const source = last ? x : toDense(turned(x));
  const n = source.shape.at(-1) ?? 1;
  const rows = product(source.shape.slice(0, -1));
  const shape = turned(last ? x : values).shape;
  const [sorted, places] = last ? [values, indices] : [k.scratch(x.code, shape), k.scratch(INT64, shape)];
  const room = Math.min(n, Math.max(2 * count, ROOM));
  const record = SIZE[x.code] === 8 ? 16 : 8;
  const work = k.scratch(UINT8, [rows * 2 * room * record]);
  const call = k.call("order").int(n).int(count).int(room).bool(descending).tensor(source);
  call
    .tensor(sorted)
    .tensor(places)
    .tensor(work)
    .run(rows, Math.max(1, Math.ceil(GRAIN / 16 / n)));
  if (last) return;
  copyInto(turned(values), sorted);
  copyInto(turned(indices), places);
}

/** The cotangent of x: g where the elements came from. */
function putBack(g: Tensor, indices: Tensor, x: Spec, dim: number): Tensor {
  return x.ndim === 0 ? g : scatterAdd(zerosOf(x, g), dim, indices, g);
}

type Sort<R> = OpK<
  [dim?: number, descending?: boolean],
  ["dim", "descending"],
  { dim: number; descending: boolean; stable: boolean },
  R
>;

/**
 * Sorts along `dim` (the last by default), with the places that the values came from. Equals keep their order, whatever
 * `stable` says; NaN counts as the greatest.
 */
export const sort: Sort<Pair> = /* @__PURE__ */ op(
  "sort",
  "input, dim?, descending?, *, stable?",
  (x, dim, descending) => {
    asTensor(x, "sort", "input");
    return [{ x }, { dim: axisOf(dim ?? -1, x.ndim, "sort"), descending: descending ?? false }];
  },
  {
    outputs: ["values", "indices"],
    infer({ x }) {
      assertReal("sort", x);
      return [spec(x.code, x.shape), spec(INT64, x.shape)];
    },
    kernel: "order",
    launch: (k, { x }, { values, indices }, { dim, descending }) =>
      order(k, x, values, indices, dim, x.shape[dim] ?? 1, descending),
    saves: ["indices"],
    vjp: (g, { indices }, { dim }, { x }) => ({ x: () => putBack(g.values!, indices, x, dim) }),
    samples: [[f32(5)], [f32(2, 3, 4), 1, true], [i64(3, 4)], [f32(), 0], [f32(0, 2)]],
  },
);

/** The places that `sort` gives. */
export const argsort: Sort<Tensor> = /* @__PURE__ */ op(
  "argsort",
  "input, dim?, descending?, *, stable?",
  (x, dim, descending) => {
    asTensor(x, "argsort", "input");
    return [{ x }, { dim: axisOf(dim ?? -1, x.ndim, "argsort"), descending: descending ?? false }];
  },
  {
    infer({ x }) {
      assertReal("argsort", x);
      return spec(INT64, x.shape);
    },
    decompose: ({ x }, { dim, descending }) => sort(x, dim, descending).indices,
    samples: [[f32(5)], [f32(2, 3, 4), 1, true]],
  },
);

/** Sorted along the first dim. */
export const msort: Op<(x: Tensor) => Tensor, () => Tensor> = /* @__PURE__ */ op(
  "msort",
  "input",
  (x: Tensor) => [{ x: asTensor(x, "msort", "input") }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    decompose: ({ x }) => sort(x, 0).values,
    samples: [[f32(5, 2)]],
  },
);

/** k as an integer in [0, n]. */
function countOf(k: unknown, x: Tensor, dim: number, least: number, name: string): number {
  if (typeof k !== "number" || !Number.isInteger(k)) throw wrongArgument(name, "k", k, "an integer");
  const n = x.shape[dim] ?? 1;
  if (k < least || k > n)
    throw new IndexError(`${name}: k = ${k} is out of range for dim ${dim} of ${show(x)}: expected [${least}, ${n}]`);
  return k;
}

/**
 * The `k` largest (smallest) elements along `dim` (the last by default) in order, with their places. Of equals the first
 * come first; NaN counts as the greatest. The result is sorted, whatever `sorted` says.
 */
export const topk: OpQ<
  [k: number],
  [dim?: number, largest?: boolean, sorted?: boolean],
  ["dim", "largest", "sorted"],
  { dim: number; largest: boolean; sorted: boolean },
  Pair
> = /* @__PURE__ */ op(
  "topk",
  "input, k, dim?, largest?, sorted?",
  (x, k, dim, largest) => {
    asTensor(x, "topk", "input");
    const axis = axisOf(dim ?? -1, x.ndim, "topk");
    return [{ x }, { dim: axis, k: countOf(k, x, axis, 0, "topk"), largest: largest ?? true }];
  },
  {
    outputs: ["values", "indices"],
    infer({ x }, { k, dim }) {
      assertReal("topk", x);
      const shape = x.shape.map((n, d) => (d === dim ? k : n));
      return [spec(x.code, shape), spec(INT64, shape)];
    },
    kernel: "order",
    launch: (kernels, { x }, { values, indices }, { dim, k, largest }) =>
      order(kernels, x, values, indices, dim, k, largest),
    saves: ["indices"],
    vjp: (g, { indices }, { dim }, { x }) => ({ x: () => putBack(g.values!, indices, x, dim) }),
    samples: [
      [f32(5), 2],
      [f32(2, 3, 4), 2, 1, false],
      [i64(3, 4), 1],
    ],
  },
);

/** The `k`th smallest element along `dim` (the last by default), and its place. k counts from 1. */
export const kthvalue: OpQ<
  [k: number],
  [dim?: number, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number; keepdim: boolean },
  Pair
> = /* @__PURE__ */ op(
  "kthvalue",
  "input, k, dim?, keepdim?",
  (x, k, dim, keepdim) => {
    asTensor(x, "kthvalue", "input");
    const axis = axisOf(dim ?? -1, x.ndim, "kthvalue");
    return [{ x }, { dim: axis, k: countOf(k, x, axis, 1, "kthvalue"), keepdim: keepdim ?? false }];
  },
  {
    outputs: ["values", "indices"],
    infer({ x }, { dim, keepdim }) {
      assertReal("kthvalue", x);
      const shape = reducedShape(
        x.shape,
        [dim].filter((d) => d < x.ndim),
        keepdim,
      );
      return [spec(x.code, shape), spec(INT64, shape)];
    },
    decompose({ x }, { k, dim, keepdim }) {
      const smallest = topk(x, k, dim, false);
      if (x.ndim === 0) return smallest;
      const shape = reducedShape(x.shape, [dim], keepdim);
      return smallest.map((y) => reshape(narrow(y, dim, k - 1, 1), shape));
    },
    samples: [
      [f32(5), 2],
      [f32(2, 3, 4), 2, 1, true],
    ],
  },
);
