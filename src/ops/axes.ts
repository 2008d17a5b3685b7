// Dims as kernels see them: a dense tensor is [outer, n, inner] around the dims that are reduced.

import { dense, IndexError, type Layout, ShapeError, sameDims, showShape, strided, wrapDim } from "../core/index.ts";
import { type Dim, wrongArgument } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

/** The dims that a `dim` argument names, sorted; all of them for null, undefined or an empty list. */
export function dimsOf(dim: Dim | undefined, ndim: number, op: string): readonly number[] {
  const list = dim == null ? [] : typeof dim === "number" ? [dim] : dim;
  if (!Array.isArray(list)) throw wrongArgument(op, "dim", dim, "an integer, a list of integers or null");
  if (dim == null || list.length === 0) return allDims(ndim);
  const dims = list.map((d) => axisOf(d, ndim, op));
  if (ndim > 0 && isRising(dims)) return dims;
  if (new Set(dims).size < dims.length) throw new ShapeError(`${op}: dim ${showShape(list)} names a dim twice`);
  return dims.filter((d) => d < ndim).sort((a, b) => a - b);
}

function isRising(dims: readonly number[]): boolean {
  for (let i = 1; i < dims.length; i++) if (dims[i - 1]! >= dims[i]!) return false;
  return true;
}

const everyDim: (readonly number[])[] = [];

/** [0, 1 … ndim - 1], one array for each ndim. */
export function allDims(ndim: number): readonly number[] {
  everyDim[ndim] ??= Object.freeze(Array.from({ length: ndim }, (_, d) => d));
  return everyDim[ndim];
}

/** One dim in [0, max(ndim, 1)). */
export function axisOf(dim: unknown, ndim: number, op: string): number {
  if (typeof dim !== "number" || !Number.isInteger(dim)) throw wrongArgument(op, "dim", dim, "an integer");
  const wrapped = wrapDim(dim, ndim);
  const n = Math.max(ndim, 1);
  if (wrapped < 0 || wrapped >= n) {
    throw new IndexError(`${op}: dim ${dim} is out of range for ${ndim} dims: expected [${-n}, ${n - 1}]`);
  }
  return wrapped;
}

/** The shape without `dims`, or with 1 in their places. */
export function reducedShape(shape: readonly number[], dims: readonly number[], keepdim: boolean): readonly number[] {
  return keepdim ? shape.map((n, d) => (dims.includes(d) ? 1 : n)) : shape.filter((_, d) => !dims.includes(d));
}

export const product = (sizes: readonly number[]): number => sizes.reduce((p, n) => p * n, 1);

/** The sizes around the dims [from, to) of a shape. */
export interface Around {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

export function around(shape: readonly number[], from: number, to: number = from + 1): Around {
  return { outer: product(shape.slice(0, from)), n: product(shape.slice(from, to)), inner: product(shape.slice(to)) };
}

/** Dims that are neighbours, as [from, to). A tensor without dims has one group of none. */
export function groupsOf(dims: readonly number[]): (readonly [from: number, to: number])[] {
  if (dims.length === 0) return [[0, 0]];
  const groups: [number, number][] = [];
  for (const d of dims) {
    const last = groups.at(-1);
    if (last !== undefined && last[1] === d) last[1]++;
    else groups.push([d, d + 1]);
  }
  return groups;
}

const TILE = 1024; // columns that the kernels fold at once at most
const PART = 32768; // elements of a part of a long axis
const LONG = 128; // rows of a part that make its end cheap: a run of assembly/reduce/blocked.ts
const MANY = 16; // parts of an axis
const FEW = 8; // units below which a long axis is cut, so that there is work for other threads
export const GRAIN = 32768; // elements worth another thread

/** How a fold is cut into units (assembly/reduce/fold.ts). It depends on the sizes alone, and so do the results. */
export interface Cut {
  readonly tile: number;
  readonly block: number;
  readonly parts: number;
  readonly units: number;
  readonly grain: number;
}

/** `numbers`: how many there are in an element; `most`: elements of a part, from 128 · 1024 on. */
export function cutOf({ outer, n, inner }: Around, numbers = 1, most: number = Number.POSITIVE_INFINITY): Cut {
  const tile = Math.max(1, Math.min(inner, TILE / numbers));
  const tiles = Math.ceil(inner / tile);
  // The end of a part has its cost in every column: parts are longer where there are enough of them.
  const rows = Math.max(Math.ceil(PART / tile), Math.min(LONG, Math.ceil(n / MANY / 8) * 8));
  const cut = n > rows && (outer * tiles < FEW || n * tile > most);
  const block = cut ? rows : Math.max(n, 1);
  const parts = cut ? Math.ceil(n / rows) : 1;
  return { tile, block, parts, units: outer * parts * tiles, grain: Math.max(1, Math.ceil(GRAIN / (block * tile))) };
}

/** How a fold over dims goes: one launch a group of neighbouring dims, the last group first. */
export interface Plan {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Numbers in an element. */
  readonly numbers: number;
  readonly most: number;
  /** The layout of the result. */
  readonly layout: Layout;
  readonly steps: readonly (Around & Cut)[];
}

const plans = new WeakMap<Layout, Plan[]>();

/** The plan for a dense tensor of this shape. It is made once: a training loop folds the same shapes again and again. */
export function planOf(
  of: Layout,
  dims: readonly number[],
  keepdim: boolean,
  numbers: number,
  most: number = Number.POSITIVE_INFINITY,
): Plan {
  let known = plans.get(of);
  if (known === undefined) {
    known = [];
    plans.set(of, known);
  }
  for (const plan of known) {
    const isAlike = plan.keepdim === keepdim && plan.numbers === numbers && plan.most === most;
    if (isAlike && sameDims(plan.dims, dims)) return plan;
  }
  const shape = [...of.shape];
  const steps = groupsOf(dims)
    .reverse()
    .map(([from, to]) => {
      const sizes = around(shape, from, to);
      shape.splice(from, to - from);
      return { ...sizes, ...cutOf(sizes, numbers, most) };
    });
  const plan = { dims, keepdim, numbers, most, layout: dense(reducedShape(of.shape, dims, keepdim)), steps };
  known.push(plan);
  return plan;
}

/** x with the dims in another order, below the tape. */
export function reordered(x: Tensor, order: readonly number[]): Tensor {
  return new Tensor(x.storage, x.code, reorderedLayout(x.layout, order), x.offset);
}

function reorderedLayout({ shape, strides }: Layout, order: readonly number[]): Layout {
  return strided(
    order.map((d) => shape[d]!),
    order.map((d) => strides[d]!),
  );
}

/** The order of dims that brings `dims` to the end. */
export function toEnd(dims: readonly number[], ndim: number): readonly number[] {
  return [...Array(ndim).keys()].filter((d) => !dims.includes(d)).concat(dims);
}
