// Extremes with their places: argmax, argmin, and the three forms of max and min.

import { INT64, showValue } from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  f32,
  i64,
  type Kernels,
  type Named,
  type Op,
  type OpK,
  op,
  spec,
  underNode,
} from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type Around, around, axisOf, cutOf, reducedShape } from "./axes.ts";
import { maximum, minimum } from "./binary.ts";
import { assertReal, assertSome, kept } from "./folds.ts";
import { scatterAdd_, zerosOf } from "./gather.ts";
import { amax, amin } from "./reduce.ts";

/** Launches a fold of assembly/reduce/extreme.ts. `values` is null where only the places are wanted. */
function place(k: Kernels, name: string, x: Tensor, values: Tensor | null, indices: Tensor, sizes: Around): void {
  const { outer, n, inner } = sizes;
  const { tile, block, parts, units, grain } = cutOf(sizes);
  const shape = [outer, parts, inner];
  const partial = parts === 1 ? values : k.scratch(x.code, shape);
  const places = parts === 1 ? indices : k.scratch(INT64, shape);
  const first = k.call(name).int(n).int(inner).int(block).int(tile);
  first.tensor(x).tensor(partial).tensor(places).tensor(null).run(units, grain);
  if (parts === 1) return;
  const second = k.call(name).int(parts).int(inner).int(parts).int(tile);
  second
    .tensor(partial)
    .tensor(values)
    .tensor(indices)
    .tensor(places)
    .run(units / parts, grain);
}

type Places = OpK<
  [dim?: number | null, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number | null; keepdim: boolean }
>;

function places(name: "argmax" | "argmin"): Places {
  return op(
    name,
    "input, dim?, keepdim?",
    (x, dim, keepdim) => {
      asTensor(x, name, "input");
      return [{ x }, { dim: dim == null ? null : axisOf(dim, x.ndim, name), keepdim: keepdim ?? false }];
    },
    {
      infer({ x }, { dim, keepdim }) {
        assertReal(name, x);
        const dims = dim === null ? [...x.shape.keys()] : [dim].filter((d) => d < x.ndim);
        assertSome(name, x, dims, dim === null);
        return spec(INT64, reducedShape(x.shape, dims, keepdim));
      },
      kernel: name,
      launch: (k, { x }, { out }, { dim }) =>
        place(k, name, x, null, out, dim === null || x.ndim === 0 ? around(x.shape, 0, x.ndim) : around(x.shape, dim)),
      samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true], [f32()], [i64(3, 2), 0]],
    },
  );
}

/** Index of the first largest element along `dim`, or in the flattened tensor. The first NaN is larger than all. */
export const argmax: Places = /* @__PURE__ */ places("argmax");
/** Index of the first smallest element along `dim`, or in the flattened tensor. The first NaN is smaller than all. */
export const argmin: Places = /* @__PURE__ */ places("argmin");

type Pair = Named<["values", "indices"]>;

/** max or min along one dim. */
function along(name: "max" | "min"): (x: Tensor, dim: number, keepdim: boolean | undefined) => Pair {
  const kernel = name === "max" ? "argmax" : "argmin";
  return op(
    name,
    "input, dim, keepdim?",
    (x: Tensor, dim: number, keepdim: boolean | undefined) => [
      { x },
      { dim: axisOf(dim, x.ndim, name), keepdim: keepdim ?? false },
    ],
    {
      outputs: ["values", "indices"],
      infer({ x }, { dim, keepdim }) {
        assertReal(name, x);
        const dims = [dim].filter((d) => d < x.ndim);
        assertSome(name, x, dims, false);
        const shape = reducedShape(x.shape, dims, keepdim);
        return [spec(x.code, shape), spec(INT64, shape)];
      },
      kernel,
      launch: (k, { x }, { values, indices }, { dim }) =>
        place(k, kernel, x, values, indices, around(x.shape, Math.min(dim, x.ndim), Math.min(dim + 1, x.ndim))),
      saves: ["indices"],
      vjp: (g, { indices }, { dim, keepdim }, { x }) => ({
        x: g.values === null ? null : () => putBack(g.values!, indices, x, dim, keepdim),
      }),
      samples: () => [
        [f32(2, 3), 1],
        [f32(2, 3, 4), 1, true],
        [f32(), 0],
        [i64(3, 2), 0],
      ],
    },
  );
}

/** Zeros like x, with g where the indices say. */
function putBack(g: Tensor, indices: Tensor, x: Parameters<typeof zerosOf>[0], dim: number, keepdim: boolean): Tensor {
  if (x.ndim === 0) return g;
  return scatterAdd_(zerosOf(x, g), dim, kept(indices, x, [dim], keepdim), kept(g, x, [dim], keepdim));
}

/** The whole tensor's extreme, that along a dim with its indices, or the larger or smaller of two tensors. */
export interface Extreme {
  (x: Tensor): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean | { keepdim?: boolean }): Pair;
  (x: Tensor, options: { dim: number; keepdim?: boolean }): Pair;
  (x: Tensor, other: Tensor | { other: Tensor }): Tensor;
}
export interface ExtremeMethod {
  (): Tensor;
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): Pair;
  (options: { dim: number; keepdim?: boolean }): Pair;
  (other: Tensor | { other: Tensor }): Tensor;
}

function forms(
  name: "max" | "min",
  whole: (x: Tensor) => Tensor,
  two: (a: Tensor, b: Tensor) => Tensor,
): Op<Extreme, ExtremeMethod> {
  const byDim = along(name);
  const call = (...args: unknown[]): Tensor | Pair => {
    const [x, dim, keepdim, other] = bindArguments(name, "input, dim?, keepdim?, other?", args);
    asTensor(x, name, "input");
    const second = other ?? (dim instanceof Tensor ? dim : undefined);
    if (second !== undefined) return two(x as Tensor, asTensor(second, name, "other"));
    if (dim === undefined) return whole(x as Tensor);
    if (typeof dim !== "number")
      throw new TypeError(`${name}: dim is ${showValue(dim)}, expected an integer or a Tensor`);
    return byDim(x as Tensor, dim, keepdim as boolean | undefined);
  };
  return Object.assign(call, { opName: name }) as unknown as Op<Extreme, ExtremeMethod>;
}

/** `max(x)`, `max(x, dim) → { values, indices }` (the first of equals), `max(x, other)` element by element. NaN is largest. */
export const max: Op<Extreme, ExtremeMethod> = /* @__PURE__ */ forms(
  "max",
  (x) => underNode("MaxBackward1", () => amax(x)),
  maximum,
);
/** `min(x)`, `min(x, dim) → { values, indices }` (the first of equals), `min(x, other)` element by element. NaN is smallest. */
export const min: Op<Extreme, ExtremeMethod> = /* @__PURE__ */ forms(
  "min",
  (x) => underNode("MinBackward1", () => amin(x)),
  minimum,
);

/** Both extremes over `dim`, or over the whole tensor. */
export const aminmax: Op<
  (x: Tensor, options?: { dim?: number | null; keepdim?: boolean }) => Named<["min", "max"]>,
  (options?: { dim?: number | null; keepdim?: boolean }) => Named<["min", "max"]>
> = /* @__PURE__ */ op(
  "aminmax",
  "input, *, dim?, keepdim?",
  (x: Tensor, dim: number | null | undefined, keepdim: boolean | undefined) => {
    asTensor(x, "aminmax", "input");
    const dims = dim == null ? [...x.shape.keys()] : [axisOf(dim, x.ndim, "aminmax")].filter((d) => d < x.ndim);
    return [{ x }, { dims, all: dim == null, keepdim: keepdim ?? false }];
  },
  {
    outputs: ["min", "max"],
    infer({ x }, { dims, all, keepdim }) {
      assertReal("aminmax", x);
      assertSome("aminmax", x, dims, all);
      const out = spec(x.code, reducedShape(x.shape, dims, keepdim));
      return [out, out];
    },
    decompose: ({ x }, { dims, keepdim }) => [amin(x, dims, keepdim), amax(x, dims, keepdim)],
    samples: () => [[f32(2, 3)], [i64(3)]],
  },
) as never;
