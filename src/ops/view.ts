// Views: other layouts over the same storage.

import {
  dense,
  expandTo,
  IndexError,
  type Layout,
  ShapeError,
  show,
  showShape,
  strided,
  wrapDim,
} from "../core/index.ts";
import { asTensor, f32, type Op, type Spec, view as viewOp } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { clone } from "./copy.ts";
import { sumToSize } from "./reduce.ts";

type Shape = readonly number[] | readonly [readonly number[]];

/** Dims in [0, ndim). */
export function dimOf(dim: number, ndim: number, op: string): number {
  const wrapped = wrapDim(dim, ndim);
  if (!Number.isInteger(dim) || wrapped < 0 || wrapped >= Math.max(ndim, 1)) {
    throw new IndexError(
      `${op}: dim ${dim} is out of range for ${ndim} dims: expected [${-Math.max(ndim, 1)}, ${Math.max(ndim, 1) - 1}]`,
    );
  }
  return wrapped;
}

/** The dims in another order. */
export const permute: Op<(x: Tensor, ...dims: Shape) => Tensor, (...dims: Shape) => Tensor> = /* @__PURE__ */ variadic(
  "permute",
  (x, dims) => {
    const order = dims.map((d) => dimOf(d, x.ndim, "permute"));
    if (order.length !== x.ndim || new Set(order).size < order.length) {
      throw new ShapeError(`permute: dims ${showShape(dims)} are no order of the ${x.ndim} dims of ${show(x)}`);
    }
    return permuted(x, order);
  },
);

const permuted: (x: Tensor, order: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "permute",
  "input, dims",
  (x: Tensor, order: readonly number[]) => [{ x }, { order }],
  {
    view: ({ layout, offset }, { order }) => ({
      layout: strided(
        order.map((d) => layout.shape[d]!),
        order.map((d) => layout.strides[d]!),
      ),
      offset,
    }),
    vjp: (g, { order }) =>
      permute(
        g,
        order.map((_, d) => order.indexOf(d)),
      ),
    samples: [[f32(2, 3, 4), [2, 0, 1]]],
  },
);

/** `x` with dims of size 1 repeated without a copy; -1 keeps a size. */
export const expand: Op<(x: Tensor, ...sizes: Shape) => Tensor, (...sizes: Shape) => Tensor> = /* @__PURE__ */ variadic(
  "expand",
  (x, sizes) => {
    const lead = sizes.length - x.ndim;
    const shape = sizes.map((n, d) => (n === -1 && d >= lead ? x.shape[d - lead]! : n));
    if (lead < 0 || shape.some((n, d) => n < 0 || (d >= lead && x.shape[d - lead] !== 1 && x.shape[d - lead] !== n))) {
      throw new ShapeError(`expand: ${show(x)} cannot be expanded to ${showShape(sizes)}: only dims of size 1 grow`);
    }
    return expanded(x, shape);
  },
);

const expanded: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "expand",
  "input, size",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    view: ({ layout, offset }, { shape }) => ({ layout: expandTo(layout, shape), offset }),
    vjp: (g, _attrs, x) => sumToSize(g, x.shape),
    samples: [[f32(3, 1), [2, 3, 4]]],
  },
);

/** The elements in order in another shape, without a copy; -1 stands for the size that fits. Throws where strides forbid it. */
export const view: Op<(x: Tensor, ...shape: Shape) => Tensor, (...shape: Shape) => Tensor> = /* @__PURE__ */ variadic(
  "view",
  (x, sizes) => {
    const shape = fitted(sizes, x, "view");
    if (viewLayout(x.layout, shape) === null) {
      throw new ShapeError(
        `view: ${show(x)} with strides ${showShape(x.layout.strides)} cannot be seen as ${showShape(shape)} without a copy: use reshape`,
      );
    }
    return viewed(x, shape);
  },
);

/** As `view`, with a copy where strides forbid one. */
export const reshape: Op<(x: Tensor, ...shape: Shape) => Tensor, (...shape: Shape) => Tensor> =
  /* @__PURE__ */ variadic("reshape", (x, sizes) => {
    const shape = fitted(sizes, x, "reshape");
    return viewLayout(x.layout, shape) === null ? viewed(clone(x), shape) : viewed(x, shape);
  });

const viewed: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "view",
  "input, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    view: ({ layout, offset }, { shape }) => ({ layout: viewLayout(layout, shape)!, offset }),
    vjp: (g, _attrs, x: Spec) => reshape(g, x.shape),
    samples: [[f32(2, 3), [3, 2]]],
  },
);

/** The shape with -1 replaced by what fits. */
function fitted(sizes: readonly number[], x: Tensor, op: string): readonly number[] {
  const open = sizes.indexOf(-1);
  const known = sizes.reduce((p, n) => (n === -1 ? p : p * n), 1);
  const bad = sizes.some((n) => !Number.isInteger(n) || n < -1) || sizes.lastIndexOf(-1) !== open;
  const missing = open < 0 ? 1 : known === 0 ? Number.NaN : x.numel() / known;
  if (bad || (open < 0 ? known !== x.numel() : !Number.isInteger(missing))) {
    throw new ShapeError(`${op}: shape ${showShape(sizes)} is invalid for ${show(x)} with ${x.numel()} elements`);
  }
  return sizes.map((n) => (n === -1 ? missing : n));
}

/** The layout that shows the same elements in order in another shape, or null where one set of strides cannot. */
export function viewLayout(layout: Layout, shape: readonly number[]): Layout | null {
  if (layout.contiguous) return dense(shape);
  const strides = new Array<number>(shape.length);
  let to = shape.length - 1;
  let chunk = 1; // elements of the new dims matched with the current run of old dims
  let run = 1; // elements of that run
  let step = 0;
  for (let from = layout.shape.length - 1; from >= 0; from--) {
    if (run === 1) step = layout.strides[from]!;
    run *= layout.shape[from]!;
    const joined = from > 0 && (layout.shape[from - 1] === 1 || layout.strides[from - 1] === run * step);
    if (from > 0 && joined) continue;
    while (to >= 0 && (chunk < run || shape[to] === 1)) {
      strides[to] = chunk * step;
      chunk *= shape[to]!;
      to--;
    }
    if (chunk !== run) return null;
    run = 1;
    chunk = 1;
  }
  return to >= 0 ? null : strided(shape, strides);
}

/** An operator that takes a list of numbers as an array or as arguments. */
export function variadic<F>(name: string, call: (x: Tensor, list: readonly number[]) => Tensor): F {
  return Object.assign(
    (x: Tensor, ...list: readonly (number | readonly number[])[]): Tensor =>
      call(asTensor(x, name, "input"), list.flat() as number[]),
    {
      opName: name,
    },
  ) as F;
}
