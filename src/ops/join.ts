// Tensors put together: one behind the other, along a new dim, as a grid, or again and again.

import { dense, resultType, ShapeError, SIZE, sameDims, show, showShape, showValue, strided } from "../core/index.ts";
import {
  type Arguments,
  asTensor,
  bindArguments,
  Call,
  copyInto,
  f32,
  need,
  type Op,
  type OpK,
  op,
  type Spec,
  spec,
  underNode,
} from "../op/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import { gathered, sizesOf, whole, word } from "./arguments.ts";
import { product } from "./axes.ts";
import { composed, composedFunction, within } from "./composed.ts";
import { zeros } from "./create.ts";
import { laid, narrow } from "./pick.ts";
import { sum } from "./reduce.ts";
import { indexSelect } from "./rows.ts";
import { atleast1d, atleast2d, atleast3d, dimOf, expand, reshape, unsqueeze, view } from "./view.ts";

interface JoinOptions {
  tensors: readonly Tensor[];
  /** The dim along which they lie; 0. */
  dim?: number;
}
type Join = (...args: Arguments<JoinOptions, [tensors: readonly Tensor[]], [dim?: number]>) => Tensor;

/** A list of tensors. Throws TypeError for what is none. */
function listOf(tensors: unknown, name: string): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new TypeError(`${name}: expected a non-empty list of Tensors`);
  for (const [i, x] of tensors.entries()) {
    if (!(x instanceof Tensor)) throw new TypeError(`${name}: expected a Tensor as element ${i}, got ${showValue(x)}`);
  }
  return tensors as readonly Tensor[];
}

/** An empty vector fits anything: PyTorch lets it stand in any list. */
const isNothing = ({ shape }: Spec): boolean => shape.length === 1 && shape[0] === 0;

/** Where each tensor begins along `dim`, and at last where all end. */
function offsets(tensors: readonly Spec[], dim: number): number[] {
  const at = [0];
  for (const x of tensors) at.push(at.at(-1)! + (isNothing(x) ? 0 : x.shape[dim]!));
  return at;
}

const join: (tensors: readonly Tensor[], dim: number) => Tensor = /* @__PURE__ */ op(
  "cat",
  "tensors, dim",
  (tensors, dim: number) => [
    { tensors },
    { dim: dimOf(dim, (tensors.find((x) => !isNothing(x)) ?? tensors[0]!).ndim, "cat") },
  ],
  {
    infer({ tensors }, { dim }) {
      const first = tensors.find((x) => !isNothing(x)) ?? tensors[0]!;
      for (const [i, x] of tensors.entries()) {
        if (x.ndim === 0)
          throw new ShapeError(`cat: zero-dimensional tensor (at position ${i}) cannot be concatenated`);
        if (isNothing(x)) continue;
        if (x.ndim !== first.ndim)
          throw new ShapeError(`cat: Tensors must have same number of dimensions: got ${first.ndim} and ${x.ndim}`);
        for (const [d, size] of x.shape.entries()) {
          if (d === dim || size === first.shape[d]) continue;
          throw new ShapeError(
            `cat: Sizes of tensors must match except in dimension ${dim}. Expected size ${first.shape[d]} but got size ${size} for tensor number ${i} in the list.`,
          );
        }
      }
      return spec(resultType(tensors), dense(first.shape.with(dim, offsets(tensors, dim).at(-1)!)));
    },
    into(y, { tensors }, { dim }) {
      if (joinedRows(y, tensors, dim)) return;
      const at = offsets(tensors, dim);
      for (const [i, x] of tensors.entries()) {
        if (isNothing(x)) continue;
        const place = new Tensor(
          y.storage,
          y.code,
          strided(x.shape, y.layout.strides),
          y.offset + at[i]! * y.layout.strides[dim]!,
        );
        copyInto(place, x);
      }
    },
    saves: [],
    vjp: (g, _, { dim }, { tensors }) => {
      const at = offsets(tensors, dim);
      return {
        tensors: (i) =>
          narrow(g, isNothing(tensors[i]!) ? 0 : dim, isNothing(tensors[i]!) ? 0 : at[i]!, at[i + 1]! - at[i]!),
      };
    },
    samples: () => [
      [[f32(2, 3), f32(4, 3)], 0],
      [[f32(2, 3), f32(2, 0), f32(2, 1)], 1],
      [[f32(0), f32(2)], 0],
    ],
    method: false,
  },
);

const JOIN = "join_w1";
const MOST = 256; // pieces: the argument block has room for more
const JOIN_GRAIN = 1 << 17; // bytes below which no other thread is woken

/** Writes rows of all tensors in turn, where they are dense: y in the order of its memory. False where that cannot be. */
function joinedRows(y: Tensor, tensors: readonly Tensor[], dim: number): boolean {
  const pieces = tensors.filter((x) => x.layout.size > 0);
  const rows = product(y.shape.slice(0, dim));
  if (rows <= 1 || pieces.length === 0 || pieces.length > MOST || y.storage.backend.kernel(JOIN) === null) return false;
  if (![y, ...pieces].every((x) => x.code === y.code && x.layout.contiguous)) return false;
  const width = SIZE[y.code]!;
  const call = new Call(y.storage.backend.command(need(y.storage.backend, JOIN))).tensor(y).int(pieces.length);
  for (const x of pieces) call.tensor(x).int((x.layout.size / rows) * width);
  call.run(rows, Math.max(1, Math.ceil((JOIN_GRAIN * rows) / (y.layout.size * width))));
  return true;
}

/**
 * Tensors one behind the other along `dim`. Their other sizes agree; an empty vector is passed over. The dtype is the one
 * that holds all of theirs.
 *
 * @example
 * cat([tensor([1, 2]), tensor([3])]) // tensor([1, 2, 3])
 */
export const cat: Join = (...args) => {
  const [tensors, dim] = bindArguments("cat", "tensors, dim?", args);
  return join(listOf(tensors, "cat"), (dim ?? 0) as number);
};

/** The same as `cat`. */
export const concat: Join = cat;
/** The same as `cat`. */
export const concatenate: Join = cat;

/**
 * Tensors of one shape along a new dim, which is `dim` of the result.
 *
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1) // tensor([[1, 3], [2, 4]])
 */
export const stack: Join = (...args) =>
  within("stack", () => {
    const [tensors, dim] = bindArguments("stack", "tensors, dim?", args);
    const list = listOf(tensors, "stack");
    const [first] = list as readonly [Tensor];
    const odd = list.findIndex((x) => !sameDims(x.shape, first.shape));
    if (odd >= 0) {
      throw new ShapeError(
        `each tensor is expected to be equal size, but got ${showShape(first.shape)} at entry 0 and ${showShape(list[odd]!.shape)} at entry ${odd}`,
      );
    }
    const at = dimOf((dim ?? 0) as number, first.ndim + 1, "stack");
    return underNode("StackBackward0", () =>
      join(
        list.map((x) => unsqueeze(x, at)),
        at,
      ),
    );
  });

type Stacked = (tensors: readonly Tensor[]) => Tensor;

function stacked(name: string, grown: (x: Tensor) => Tensor, along: (x: Tensor) => number): Stacked {
  return composedFunction<Stacked>(name, "tensors", (tensors) => {
    const list = listOf(tensors, name).map(grown);
    return cat(list, along(list[0]!));
  });
}

/** Side by side: along dim 1, or dim 0 of 1-dim tensors. */
export const hstack: Stacked = /* @__PURE__ */ stacked(
  "hstack",
  (x) => atleast1d(x),
  (x) => (x.ndim === 1 ? 0 : 1),
);
const onTop = (name: string): Stacked =>
  stacked(
    name,
    (x) => atleast2d(x),
    () => 0,
  );
/** On top of each other: along dim 0 of at least 2-dim tensors. */
export const vstack: Stacked = /* @__PURE__ */ onTop("vstack");
/** `vstack` by another name. */
export const rowStack: Stacked = /* @__PURE__ */ onTop("rowStack");
/** Behind each other: along dim 2 of at least 3-dim tensors. */
export const dstack: Stacked = /* @__PURE__ */ stacked(
  "dstack",
  (x) => atleast3d(x),
  () => 2,
);
/** Columns side by side; a tensor of fewer than two dims is one column. */
export const columnStack: Stacked = /* @__PURE__ */ stacked(
  "columnStack",
  (x) => (x.ndim > 1 ? x : reshape(x, [-1, 1])),
  () => 1,
);

// ── repeated ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Sizes = readonly number[] | readonly [readonly number[]];
type Repeat = Op<(x: Tensor, ...repeats: Sizes) => Tensor, (...repeats: Sizes) => Tensor>;

/** [r0, n0, r1, n1, …]: how often and what, dim by dim. */
const pairsOf = (repeats: readonly number[], shape: readonly number[]): number[] => {
  const lead = repeats.length - shape.length;
  return repeats.flatMap((r, d) => [r, d < lead ? 1 : shape[d - lead]!]);
};

const repeated: (x: Tensor, repeats: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "repeat",
  "input, repeats",
  (x: Tensor, repeats: readonly number[]) => [{ x }, { repeats }],
  {
    infer({ x }, { repeats }) {
      const pairs = pairsOf(repeats, x.shape);
      return spec(
        x.code,
        repeats.map((r, d) => r * pairs[2 * d + 1]!),
      );
    },
    into(y, { x }, { repeats }) {
      const pairs = pairsOf(repeats, x.shape);
      const own = new Array<number>(repeats.length - x.ndim).fill(0).concat(x.layout.strides);
      const from = repeats.flatMap((_, d) => [0, own[d]!]);
      const to = repeats.flatMap((_, d) => [y.layout.strides[d]! * pairs[2 * d + 1]!, y.layout.strides[d]!]);
      copyInto(
        new Tensor(y.storage, y.code, strided(pairs, to), y.offset),
        new Tensor(x.storage, x.code, strided(pairs, from), x.offset),
      );
    },
    saves: [],
    vjp: (g, _saved, { repeats }, { x }) => ({
      x: () => {
        const times = repeats.map((_, d) => 2 * d);
        const total = times.length === 0 ? g : sum(reshape(g, pairsOf(repeats, x.shape)), times);
        return reshape(total, x.shape);
      },
    }),
    samples: () => [[f32(2, 3), [2, 1, 3]]],
  },
);

function repeats(name: string, pad: boolean): Repeat {
  return Object.assign(
    (x: Tensor, ...args: readonly unknown[]): Tensor => {
      const [list] = gathered(args);
      const times = sizesOf(list, name, "repeats");
      const missing = Math.max(0, asTensor(x, name, "input").ndim - times.length);
      if (missing > 0 && !pad)
        throw new ShapeError(
          `${name}: ${showShape(times)} is too short for ${show(x)}: a number for every dim is needed`,
        );
      return repeated(x, [...new Array<number>(missing).fill(1), ...times]);
    },
    { opName: name },
  ) as unknown as Repeat;
}

/** `x` repeated along every dim so many times; more numbers than dims make new ones in front. */
export const repeat: Repeat = /* @__PURE__ */ repeats("repeat", false);
/** As `repeat`, where fewer numbers than dims leave those in front as they are. */
export const tile: Repeat = /* @__PURE__ */ repeats("tile", true);

// ── combined ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The matrices along the main diagonal of a larger one; 1-dim tensors are rows. */
export function blockDiag(...tensors: readonly Tensor[]): Tensor {
  const blocks = tensors.map((x, i) => {
    if (asTensor(x, "blockDiag", `tensors[${i}]`).ndim > 2)
      throw new ShapeError(`blockDiag: ${show(x)} has more than two dims`);
    return atleast2d(x);
  });
  if (blocks.length === 0) return zeros(1, 0);
  const columns = blocks.reduce((n, x) => n + x.shape[1]!, 0);
  let start = 0;
  const rows = blocks.map((x) => {
    const [n, m] = x.shape as readonly [number, number];
    const row = laid(x, [n, columns], [columns, 1], start);
    start += m;
    return row;
  });
  return cat(rows, 0);
}

type Indexing = "ij" | "xy";

/**
 * The coordinates of a grid over 1-dim tensors: one tensor of the grid's shape for each. With `indexing: "xy"` the first
 * two dims are exchanged, as in pictures; `"ij"` is the default.
 */
export function meshgrid(...args: readonly (Tensor | readonly Tensor[] | { indexing?: Indexing })[]): Tensor[] {
  const last = args[args.length - 1];
  const options =
    last !== undefined && !(last instanceof Tensor) && !Array.isArray(last) ? (last as { indexing?: Indexing }) : {};
  const list = (options === last ? args.slice(0, -1) : args).flat().map((x) => asTensor(x, "meshgrid", "tensors"));
  const swap = word(options.indexing ?? "ij", "meshgrid", "indexing", ["ij", "xy"]) === "xy" && list.length > 1;
  for (const x of list) {
    if (x.ndim > 1) throw new ShapeError(`meshgrid: ${show(x)} has more than one dim`);
    if (x.code !== list[0]!.code) throw new ShapeError(`meshgrid: ${show(x)} and ${show(list[0]!)} differ in dtype`);
  }
  const place = (i: number): number => (swap && i < 2 ? 1 - i : i);
  const shape = list.map((_, d) => list[place(d)]!.numel());
  return list.map((x, i) =>
    expand(
      reshape(
        x,
        shape.map((_, d) => (d === place(i) ? -1 : 1)),
      ),
      shape,
    ),
  );
}

/** All tuples of one element of each tensor, a row each; a single tensor is itself. */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return asTensor(tensors[0], "cartesianProd", "tensors");
  return stack(
    meshgrid(...tensors).map((x) => reshape(x, -1)),
    1,
  );
}

type Combinations = OpK<
  [r?: number, withReplacement?: boolean],
  ["r", "withReplacement"],
  { r: number; withReplacement: boolean }
>;

/** All choices of `r` (2) elements of a 1-dim tensor, a row each, in order; with `withReplacement` the same may come again. */
export const combinations: Combinations = /* @__PURE__ */ composed(
  "combinations",
  "input, r?, withReplacement?",
  (x, r, withReplacement) => {
    if (asTensor(x, "combinations", "input").ndim !== 1)
      throw new ShapeError(`combinations: ${show(x)} has not one dim`);
    const size = whole(r ?? 2, "combinations", "r");
    if (size < 0) throw new ShapeError(`combinations: r is ${size}, expected 0 or more`);
    if (size === 0) return zeros(0, { dtype: x.dtype, device: x.device });
    const chosen = choices(x.numel(), size, withReplacement === true);
    return view(indexSelect(x, 0, tensor(chosen, { device: x.device })), [chosen.length / size, size]);
  },
);

/** All choices of `size` of n places in order, one behind the other; each place higher than the one before, or `again` as high. */
function choices(n: number, size: number, again: boolean): Int32Array<ArrayBuffer> {
  const step = again ? 0 : 1;
  const last = n - (size - 1) * step; // where the first place must end, and the others one step later each
  let count = last < 1 ? 0 : 1;
  for (let i = 0; i < size && count > 0; i++) count = (count * (last + size - 1 - i)) / (i + 1);
  const chosen = new Int32Array(count * size);
  for (let i = 0; i < Math.min(size, chosen.length); i++) chosen[i] = i * step;
  for (let at = size; at < chosen.length; at += size) {
    let i = size - 1;
    while (chosen[at - size + i] === last - 1 + i * step) i--;
    for (let k = 0; k < i; k++) chosen[at + k] = chosen[at - size + k]!;
    const next = chosen[at - size + i]! + 1;
    for (let k = i; k < size; k++) chosen[at + k] = next + (k - i) * step;
  }
  return chosen;
}
