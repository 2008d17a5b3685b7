// Sorts and selections along one dim.

import { dense, INT64, IndexError, SIZE, show, UINT8 } from "../core/index.ts";
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
import { Tensor } from "../tensor/index.ts";
import { axisOf, GRAIN, product, reducedShape, reordered, toEnd } from "./axes.ts";
import { assertReal, kept } from "./folds.ts";
import { scatterAdd_, zerosOf } from "./gather.ts";

type Pair = Named<["values", "indices"]>;

// ── launches ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Calls `launch` with x and its results as rows along `dim`; what it writes lands where it belongs. */
function rowwise(
  k: Kernels,
  x: Tensor,
  { values, indices }: { values: Tensor; indices: Tensor },
  dim: number,
  launch: (n: number, rows: number, x: Tensor, values: Tensor, indices: Tensor) => void,
): void {
  if (values.layout.size === 0) return;
  const last = dim >= x.ndim - 1;
  const turned = (t: Tensor): Tensor => reordered(t, toEnd([dim], t.ndim));
  const source = last ? x : toDense(turned(x));
  const n = source.shape.at(-1) ?? 1;
  const rows = product(source.shape.slice(0, -1));
  if (last) {
    launch(n, rows, source, values, indices);
    return;
  }
  const { shape } = turned(values);
  const [sorted, places] = [k.scratch(x.code, shape), k.scratch(INT64, shape)];
  launch(n, rows, source, sorted, places);
  copyInto(turned(values), sorted);
  copyInto(turned(indices), places);
}

const recordOf = (x: Tensor): number => (SIZE[x.code] === 8 ? 16 : 8); // bytes, as assembly/sort/record.ts has them
const grainOf = (n: number): number => Math.max(1, Math.ceil(GRAIN / 16 / n));

/** The stable sort of assembly/sort/order.ts. */
function ordered(
  k: Kernels,
  x: Tensor,
  out: { values: Tensor; indices: Tensor },
  dim: number,
  descending: boolean,
): void {
  rowwise(k, x, out, dim, (n, rows, source, values, indices) => {
    if (n >= SPLIT && (rows < (k.backend.threads ?? 1) || (rows === 1 && n >= LARGE))) {
      split(k, descending, source, values, indices, n);
      return;
    }
    const work = k.scratch(UINT8, [rows * 2 * n * recordOf(x)]);
    const call = k.call("order").int(n).bool(descending).tensor(source);
    call.tensor(values).tensor(indices).tensor(work).run(rows, grainOf(n));
  });
}

// Either way of sorting gives the same bits: which it is may depend on the threads.
const SPLIT = 1 << 16; // elements of a row that are worth sharing between threads
const LARGE = 1 << 19; // and that are sorted sooner in parts, which fit the cache, on one
const BLOCK = 1 << 16; // elements of a block: many enough to pay for the counts of its buckets
const BUCKETS = 2048; // as in assembly/sort/split.ts

/** The stable sort of assembly/sort/split.ts, row by row. */
function split(k: Kernels, descending: boolean, x: Tensor, values: Tensor, indices: Tensor, n: number): void {
  const blocks = Math.ceil(n / BLOCK);
  const work = k.scratch(UINT8, [2 * n * recordOf(x)]);
  const table = k.scratch(UINT8, [16 * blocks + 4 * BUCKETS * blocks + 4 * (BUCKETS + 1)]);
  const row = (t: Tensor, at: number): Tensor => new Tensor(t.storage, t.code, dense([n]), t.offset + at);
  for (let at = 0; at < x.layout.size; at += n) {
    for (const [phase, units] of [blocks, blocks, 1, blocks, BUCKETS].entries()) {
      const call = k.call("split").int(n).bool(descending).int(BLOCK).int(phase).tensor(row(x, at));
      call.tensor(row(values, at)).tensor(row(indices, at)).tensor(work).tensor(table).run(units, 1);
    }
  }
}

// The ways of assembly/sort/select.ts.
const SORT = 0;
const PARTIAL = 1;
const NTH_SORTED = 2;
const NTH = 3;
const QUICK = 4;

/** The `count` first, chosen by an algorithm of PyTorch's; by QUICK the `count`th alone. */
function chosen(
  k: Kernels,
  how: number,
  x: Tensor,
  out: { values: Tensor; indices: Tensor },
  dim: number,
  count: number,
  descending: boolean,
): void {
  rowwise(k, x, out, dim, (n, rows, source, values, indices) => {
    const work = k.scratch(UINT8, [rows * (how === PARTIAL ? count : n) * recordOf(x)]);
    const call = k.call("select").int(n).int(count).int(how).bool(descending).tensor(source);
    call.tensor(values).tensor(indices).tensor(work).run(rows, grainOf(n));
  });
}

/** The cotangent of x: g where the elements came from. */
function putBack(g: Tensor, indices: Tensor, x: Spec, dim: number): Tensor {
  return x.ndim === 0 ? g : scatterAdd_(zerosOf(x, g), dim, indices, g);
}

// ── sorts ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Sort<R> = OpK<
  [dim?: number, descending?: boolean],
  ["dim", "descending"],
  { dim: number; descending: boolean; stable: boolean | null },
  R
>;

/**
 * Whether equals keep their order. Where PyTorch's unstable sort is the C++ library's, on narrow types, ours leaves equals
 * as that does; its vectorised sorts of the others leave them in no order that could be told, so ours are stable.
 */
const keepsOrder = (x: Tensor, stable: boolean | null | undefined): boolean => stable === true || SIZE[x.code]! > 2;

/**
 * Sorts along `dim` (the last by default), with the places that the values came from. Equals keep their order if
 * `stable`; of dtypes of 32 bits and more in any case. NaN counts as the greatest.
 */
export const sort: Sort<Pair> = /* @__PURE__ */ op(
  "sort",
  "input, dim?, descending?, *, stable?",
  (x, dim, descending, stable: boolean | null | undefined) => {
    asTensor(x, "sort", "input");
    const axis = axisOf(dim ?? -1, x.ndim, "sort");
    return [{ x }, { dim: axis, descending: descending ?? false, stable: keepsOrder(x, stable) }];
  },
  {
    outputs: ["values", "indices"],
    infer({ x }) {
      assertReal("sort", x);
      return [spec(x.code, x.shape), spec(INT64, x.shape)];
    },
    kernel: "order",
    launch(k, { x }, out, { dim, descending, stable }) {
      if (stable) ordered(k, x, out, dim, descending);
      else chosen(k, SORT, x, out, dim, x.shape[dim] ?? 1, descending);
    },
    saves: ["indices"],
    vjp: (g, { indices }, { dim }, { x }) => ({ x: () => putBack(g.values!, indices, x, dim) }),
    samples: () => [[f32(5)], [f32(2, 3, 4), 1, true], [i64(3, 4)], [f32(), 0], [f32(0, 2)]],
  },
);

/** The places that `sort` gives. */
export const argsort: Sort<Tensor> = /* @__PURE__ */ op(
  "argsort",
  "input, dim?, descending?, *, stable?",
  (x, dim, descending, stable: boolean | null | undefined) => {
    asTensor(x, "argsort", "input");
    const axis = axisOf(dim ?? -1, x.ndim, "argsort");
    return [{ x }, { dim: axis, descending: descending ?? false, stable: stable ?? false }];
  },
  {
    infer({ x }) {
      assertReal("argsort", x);
      return spec(INT64, x.shape);
    },
    decompose: ({ x }, { dim, descending, stable }) => sort(x, dim, descending, { stable }).indices,
    samples: () => [[f32(5)], [f32(2, 3, 4), 1, true]],
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
    samples: () => [[f32(5, 2)]],
  },
);

// ── selections ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** k as an integer in [least, size of the dim]. */
function countOf(k: unknown, x: Tensor, dim: number, least: number, name: string): number {
  if (typeof k !== "number" || !Number.isInteger(k)) throw wrongArgument(name, "k", k, "an integer");
  const n = x.shape[dim] ?? 1;
  if (k >= least && k <= n) return k;
  throw new IndexError(`${name}: k = ${k} is out of range for dim ${dim} of ${show(x)}: expected [${least}, ${n}]`);
}

/**
 * The `k` largest (smallest) elements along `dim` (the last by default), with their places; in order unless `sorted` is
 * false. Of equals it takes those that PyTorch takes. NaN counts as the greatest.
 */
export const topk: OpQ<
  [k: number],
  [dim?: number, largest?: boolean, sorted?: boolean],
  ["dim", "largest", "sorted"],
  { dim: number; largest: boolean; sorted: boolean },
  Pair,
  { k: number }
> = /* @__PURE__ */ op(
  "topk",
  "input, k, dim?, largest?, sorted?",
  (x, k, dim, largest, sorted) => {
    asTensor(x, "topk", "input");
    const axis = axisOf(dim ?? -1, x.ndim, "topk");
    return [{ x }, { dim: axis, k: countOf(k, x, axis, 0, "topk"), largest: largest ?? true, sorted: sorted ?? true }];
  },
  {
    outputs: ["values", "indices"],
    infer({ x }, { k, dim }) {
      assertReal("topk", x);
      const shape = x.shape.map((n, d) => (d === dim ? k : n));
      return [spec(x.code, shape), spec(INT64, shape)];
    },
    kernel: "select",
    launch(kernels, { x }, out, { dim, k, largest, sorted }) {
      const few = k * 64 <= (x.shape[dim] ?? 1); // PyTorch's own choice
      chosen(kernels, few ? PARTIAL : sorted ? NTH_SORTED : NTH, x, out, dim, k, largest);
    },
    saves: ["indices"],
    vjp: (g, { indices }, { dim }, { x }) => ({ x: () => putBack(g.values!, indices, x, dim) }),
    samples: () => [
      [f32(5), 2],
      [f32(2, 3, 4), 2, 1, false],
      [i64(3, 4), 1],
      [f32(), 1],
    ],
  },
);

/** A dense tensor's elements in another shape, below the tape. */
const shaped = (t: Tensor, shape: readonly number[]): Tensor => new Tensor(t.storage, t.code, dense(shape), t.offset);

/** The `k`th smallest element along `dim` (the last by default), and its place. k counts from 1; NaN is the greatest. */
export const kthvalue: OpQ<
  [k: number],
  [dim?: number, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number; keepdim: boolean },
  Pair,
  { k: number }
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
      const dims = x.ndim === 0 ? [] : [dim];
      const shape = reducedShape(x.shape, dims, keepdim);
      return [spec(x.code, shape), spec(INT64, shape)];
    },
    kernel: "select",
    launch(kernels, { x }, { values, indices }, { k, dim }) {
      const shape = x.ndim === 0 ? [] : reducedShape(x.shape, [dim], true);
      const out = { values: shaped(values, shape), indices: shaped(indices, shape) };
      chosen(kernels, QUICK, x, out, dim, k, false);
    },
    saves: ["indices"],
    vjp: (g, { indices }, { dim, keepdim }, { x }) => ({
      x: () =>
        x.ndim === 0
          ? g.values!
          : putBack(kept(g.values!, x, [dim], keepdim), kept(indices, x, [dim], keepdim), x, dim),
    }),
    samples: () => [
      [f32(5), 2],
      [f32(2, 3, 4), 2, 1, true],
    ],
  },
);
