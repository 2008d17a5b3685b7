// Reductions over dims.

import {
  type DType,
  INT64,
  IndexError,
  isIntegral,
  ShapeError,
  sameDims,
  show,
  showShape,
  wrapDim,
} from "../core/index.ts";
import {
  asTensor,
  type Dim,
  f32,
  i64,
  type Kernels,
  type Op,
  type OpK,
  op,
  type Spec,
  spec,
  toCode,
  toDense,
  wrongArgument,
} from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { expand, permute, reshape } from "./view.ts";

/** The dims that a `dim` argument names, sorted; all of them for null, undefined or an empty list. */
export function dimsOf(dim: Dim | undefined, ndim: number, op: string): readonly number[] {
  const list = dim == null ? [] : typeof dim === "number" ? [dim] : dim;
  if (!Array.isArray(list)) throw wrongArgument(op, "dim", dim, "an integer, a list of integers or null");
  if (dim == null || list.length === 0) return Array.from({ length: ndim }, (_, d) => d);
  const dims = list.map((d) => {
    const wrapped = wrapDim(d, ndim);
    if (!Number.isInteger(d) || wrapped < 0 || wrapped >= Math.max(ndim, 1)) {
      throw new IndexError(
        `${op}: dim ${d} is out of range for ${ndim} dims: expected [${-Math.max(ndim, 1)}, ${Math.max(ndim, 1) - 1}]`,
      );
    }
    return wrapped;
  });
  if (new Set(dims).size < dims.length) throw new ShapeError(`${op}: dim ${showShape(list)} names a dim twice`);
  return dims.filter((d) => d < ndim).sort((a, b) => a - b);
}

/** The shape without `dims`, or with 1 in their places. */
export function reducedShape(shape: readonly number[], dims: readonly number[], keepdim: boolean): readonly number[] {
  return keepdim ? shape.map((n, d) => (dims.includes(d) ? 1 : n)) : shape.filter((_, d) => !dims.includes(d));
}

const BLOCK = 32768; // elements of a part of a long axis
const TILE = 256; // columns of a tile
const GRAIN = 32768; // elements worth another thread

/** Launches a fold of assembly/reduce/fold.ts over `dims` of x into y. */
export function fold(
  k: Kernels,
  name: string,
  combine: string,
  x: Tensor,
  y: Tensor,
  dims: readonly number[],
  divisor: number,
): void {
  const { shape } = x;
  const trailing = dims.every((d, i) => d === dims[0]! + i);
  // [outer, n, inner] where the dims are neighbours; else they are brought to the end first.
  const order = trailing ? null : [...shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const source = order === null ? x : toDense(permute(x, order));
  const n = dims.reduce((p, d) => p * shape[d]!, 1);
  const inner =
    order !== null || dims.length === 0 ? 1 : shape.slice(dims[dims.length - 1]! + 1).reduce((p, s) => p * s, 1);
  const rows = y.numel();
  const outer = rows / Math.max(inner, 1);
  const tile = Math.min(Math.max(inner, 1), TILE);
  const tiles = Math.ceil(inner / tile);
  const parts = n > BLOCK && outer * tiles < 8 ? Math.ceil(n / BLOCK) : 1;
  const partial = parts === 1 ? y : k.scratch(y.code, [outer, parts, inner]);
  const block = parts === 1 ? Math.max(n, 1) : BLOCK;
  k.call(name)
    .int(n)
    .int(inner)
    .int(block)
    .int(tile)
    .tensor(source)
    .tensor(partial)
    .real(parts === 1 ? divisor : 1)
    .run(outer * parts * tiles, Math.max(1, Math.ceil(GRAIN / (Math.min(block, Math.max(n, 1)) * tile))));
  if (parts === 1) return;
  k.call(combine)
    .int(parts)
    .int(inner)
    .int(parts)
    .int(tile)
    .tensor(partial)
    .tensor(y)
    .real(divisor)
    .run(outer * tiles, outer * tiles);
}

type Sum = OpK<[dim?: Dim, keepdim?: boolean], ["dim", "keepdim"], { dim: Dim; keepdim: boolean; dtype: DType | null }>;

/**
 * Sum over `dim` (all dims by default). Integers and bool sum to int64. With `dtype` the elements are cast first.
 * The sum of nothing is 0.
 */
export const sum: Sum = /* @__PURE__ */ op(
  "sum",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    const code =
      dtype == null ? (isIntegral(asTensor(x, "sum", "input").code) ? INT64 : x.code) : dtypeArgument(dtype, "sum");
    return [{ x }, { dims: dimsOf(dim, x.ndim, "sum"), keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => spec(code, reducedShape(x.shape, dims, keepdim)),
    kernel: "sum",
    kernelBy: "out",
    launch: (k, { x }, { out }, { dims }) => fold(k, "sum", "sum", toCode(x, k.code), out, dims, 1),
    saves: [],
    vjp: (g, _saved, { dims, keepdim }, { x }) => ({ x: () => spread(g, x, dims, keepdim) }),
    samples: [[f32(2, 3)], [f32(2, 3, 4), 1, true], [f32(2, 3, 4), [0, 2]], [f32(0, 3), 0], [f32()], [i64(3, 2), 0]],
  },
);

/** A reduction's cotangent, shown at every element that it came from. */
export function spread(g: Tensor, x: Spec, dims: readonly number[], keepdim: boolean): Tensor {
  const kept = keepdim ? g : reshape(g, reducedShape(x.shape, dims, true));
  return expand(kept, x.shape);
}

/**
 * Sums the dims that were broadcast, so that the result has the shape `size`. Throws ShapeError where `size` does not
 * broadcast to x's shape.
 */
export const sumToSize: Op<
  (x: Tensor, ...size: readonly number[] | [readonly number[]]) => Tensor,
  (...size: readonly number[] | [readonly number[]]) => Tensor
> = /* @__PURE__ */ Object.assign(
  (x: Tensor, ...size: readonly (number | readonly number[])[]): Tensor => {
    const shape = size.flat() as number[];
    if (sameDims(x.shape, shape)) return x;
    const lead = x.ndim - shape.length;
    const fits = lead >= 0 && shape.every((n, d) => n === x.shape[d + lead] || n === 1);
    if (!fits) throw new ShapeError(`sumToSize: ${showShape(shape)} does not broadcast to ${show(x)}`);
    const dims = [...x.shape.keys()].filter((d) => d < lead || (shape[d - lead] === 1 && x.shape[d] !== 1));
    return dims.length === 0 ? reshape(x, shape) : reshape(sum(x, dims, true), shape);
  },
  { opName: "sumToSize" },
) as never;
