// Views of a part: one place or a range of a dim, a diagonal, windows, and splits into several. Their derivative lays a
// cotangent into zeros. With them the operators that put a part into a copy of the whole.

import {
  dense,
  extent,
  IndexError,
  type Layout,
  replaced,
  type Scalar,
  ShapeError,
  SIZE,
  sameDims,
  show,
  showShape,
  strided,
  without,
} from "../core/index.ts";
import {
  asTensor,
  copyInto,
  f32,
  type Op,
  type OpK,
  type OpN,
  type OpQ,
  op,
  operatorOf,
  parts,
  type Spec,
  spec,
  type ViewOf,
  view as viewOp,
} from "../op/index.ts";
import { assertAlive, isTracked, Tensor } from "../tensor/index.ts";
import { whole, wholes } from "./arguments.ts";
import { composed, renamed } from "./composed.ts";
import { clone, contiguous, copy_, fill_ } from "./copy.ts";
import { arange, fillInto, zeros } from "./create.ts";
import { cat, stack } from "./join.ts";
import { indexAdd } from "./rows.ts";
import { dimOf, reshape } from "./view.ts";

/** What a view rule needs to know of its source. */
interface Source {
  readonly layout: Layout;
  readonly offset: number;
}

// ── one place ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The part of `x` at one index of a dim, which is gone from the result. A negative index counts from the end. */
export const select: OpN<[dim: number, index: number], { dim: number; index: number }> = /* @__PURE__ */ viewOp(
  "select",
  "input, dim, index",
  (x: Tensor, dim: number, index: number) => {
    if (asTensor(x, "select", "input").ndim === 0)
      throw new IndexError("select: a 0-dim tensor has no dim to select from");
    const d = dimOf(dim, x.ndim, "select");
    return [{ x }, { dim: d, index: indexOf(index, x, d, "select") }];
  },
  {
    view: selected,
    vjp: (g, attrs, x) => inset(g, x, (source) => selected(source, attrs)),
    samples: () => [[f32(2, 3, 4), 1, -1]],
  },
);

function selected({ layout, offset }: Source, { dim, index }: { dim: number; index: number }): ViewOf {
  const { shape, strides } = layout;
  return { layout: strided(without(shape, dim), without(strides, dim)), offset: offset + index * strides[dim]! };
}

/** An index of a dim in [0, size), from one that may be negative. */
function indexOf(index: unknown, x: Spec, dim: number, op: string): number {
  const i = whole(index, op, "index");
  const n = x.shape[dim]!;
  if (i < -n || i >= n) throw new IndexError(`${op}: index ${i} is out of range for dim ${dim} of ${show(x)}`);
  return i < 0 ? i + n : i;
}

// ── a range ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `length` places of a dim, `step` apart, from `start` on: what narrow, split and indexing are made of. Checks nothing. @internal */
export const part: (x: Tensor, dim: number, start: number, length: number, step: number) => Tensor =
  /* @__PURE__ */ viewOp(
    "slice",
    "input, dim, start, length, step",
    (x: Tensor, dim: number, start: number, length: number, step: number) => [{ x }, { dim, start, length, step }],
    {
      view: sliced,
      vjp: (g, attrs, x) => inset(g, x, (source) => sliced(source, attrs)),
      method: false,
      samples: () => [[f32(5, 4), 0, 1, 2, 2]],
    },
  );

function sliced(
  { layout, offset }: Source,
  attrs: { dim: number; start: number; length: number; step: number },
): ViewOf {
  const { dim, start, length, step } = attrs;
  const { shape, strides } = layout;
  return {
    layout: strided(replaced(shape, dim, length), replaced(strides, dim, strides[dim]! * step)),
    offset: offset + start * strides[dim]!,
  };
}

/** The places `start` to `start + length` of a dim. `start` may count from the end, and may be a 0-dim integer tensor. */
export const narrow: OpN<
  [dim: number, start: number | Tensor, length: number],
  { dim: number; start: number | Tensor; length: number }
> = /* @__PURE__ */ composed("narrow", "input, dim, start, length", (x, dim, start, length) => {
  if (asTensor(x, "narrow", "input").ndim === 0) throw new ShapeError("narrow: a 0-dim tensor has no dim to narrow");
  const d = dimOf(dim, x.ndim, "narrow");
  const n = x.shape[d]!;
  const from = whole(start, "narrow", "start");
  const count = whole(length, "narrow", "length");
  if (from < -n || from > n) throw new IndexError(`narrow: start ${from} is out of range: expected ${-n} to ${n}`);
  const first = from < 0 ? from + n : from;
  if (count < 0 || first + count > n) {
    throw new IndexError(`narrow: start ${first} and length ${count} do not fit into dim ${d} of ${show(x)}`);
  }
  return part(x, d, first, count, 1);
});

/** The range that Python's `start:stop:step` names in a dim of n places. @internal */
export function rangeOf(
  n: number,
  start: number | null,
  stop: number | null,
  step: number,
): { start: number; length: number } {
  const clamp = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
  const from = clamp(start ?? 0);
  const to = clamp(stop ?? n);
  return { start: from, length: Math.max(0, Math.ceil((to - from) / step)) };
}

// ── diagonals and windows ────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The diagonal of the matrices over `dim1` and `dim2`, as a last dim; `offset` > 0 is above the main one.
 * Throws where the dims are the same.
 */
export const diagonal: OpK<
  [offset?: number, dim1?: number, dim2?: number],
  ["offset", "dim1", "dim2"],
  { offset: number; dim1: number; dim2: number }
> = /* @__PURE__ */ viewOp(
  "diagonal",
  "input, offset?, dim1?, dim2?",
  (x: Tensor, offset?: number, dim1?: number, dim2?: number) => {
    asTensor(x, "diagonal", "input");
    const rows = dimOf(dim1 ?? 0, x.ndim, "diagonal");
    const columns = dimOf(dim2 ?? 1, x.ndim, "diagonal");
    if (rows === columns) throw new ShapeError(`diagonal: dim1 and dim2 are both ${rows}, expected two dims`);
    return [{ x }, { diagonal: whole(offset ?? 0, "diagonal", "offset"), rows, columns }];
  },
  {
    view: onDiagonal,
    vjp: (g, attrs, x) => inset(g, x, (source) => onDiagonal(source, attrs)),
    samples: () => [
      [f32(3, 4), 1],
      [f32(2, 3, 4), -1, 2, 0],
    ],
  },
);

function onDiagonal({ layout, offset }: Source, attrs: { diagonal: number; rows: number; columns: number }): ViewOf {
  const { shape, strides } = layout;
  const { diagonal: k, rows, columns } = attrs;
  const length = Math.max(
    0,
    k >= 0 ? Math.min(shape[rows]!, shape[columns]! - k) : Math.min(shape[rows]! + k, shape[columns]!),
  );
  const rest = (list: readonly number[]): number[] => list.filter((_, d) => d !== rows && d !== columns);
  const start = length === 0 ? 0 : k >= 0 ? k * strides[columns]! : -k * strides[rows]!;
  return {
    layout: strided([...rest(shape), length], [...rest(strides), strides[rows]! + strides[columns]!]),
    offset: offset + start,
  };
}

/** Windows of `size` places along a dim, `step` apart, as a last dim: they overlap where `step` is less than `size`. */
export const unfold: Op<
  (x: Tensor, dimension: number, size: number, step: number) => Tensor,
  (dimension: number, size: number, step: number) => Tensor
> = /* @__PURE__ */ viewOp(
  "unfold",
  "input, dimension, size, step",
  (x: Tensor, dimension: number, size: number, step: number) => {
    const dim = dimOf(dimension, asTensor(x, "unfold", "input").ndim, "unfold");
    const n = x.shape[dim] ?? 1;
    const attrs = { dim, size: whole(size, "unfold", "size"), step: whole(step, "unfold", "step") };
    if (attrs.size < 0 || attrs.size > n)
      throw new ShapeError(`unfold: size ${size} does not fit into dim ${dim} of ${show(x)}`);
    if (attrs.step <= 0) throw new ShapeError(`unfold: step is ${step}, expected more than 0`);
    return [{ x }, attrs];
  },
  {
    view: windows,
    vjp: (g, attrs, x) => accumulated(g, x, (places) => unfold(places, attrs.dim, attrs.size, attrs.step)),
    samples: () => [[f32(7, 2), 0, 3, 2]],
  },
);

function windows({ layout, offset }: Source, { dim, size, step }: { dim: number; size: number; step: number }): ViewOf {
  const { shape, strides } = layout;
  if (shape.length === 0) return { layout: strided([size], [1]), offset };
  const count = Math.floor((shape[dim]! - size) / step) + 1;
  return {
    layout: strided(
      [...replaced(shape, dim, count), size],
      [...replaced(strides, dim, strides[dim]! * step), strides[dim]!],
    ),
    offset,
  };
}

/**
 * The storage of `x` seen with any sizes and strides, in elements from `storageOffset` (that of `x` by default).
 * Throws where they reach beyond the storage. The gradient of an element that is shown several times is the sum.
 */
export const asStrided: OpQ<
  [size: readonly number[], stride: readonly number[]],
  [storageOffset?: number],
  ["storageOffset"],
  { storageOffset: number }
> = /* @__PURE__ */ viewOp(
  "asStrided",
  "input, size, stride, storageOffset?",
  (x: Tensor, size: readonly number[], stride: readonly number[], storageOffset?: number) => {
    assertAlive(asTensor(x, "asStrided", "input"), "asStrided");
    const offset = storageOffset == null ? x.offset : whole(storageOffset, "asStrided", "storageOffset");
    const room = Math.floor(x.storage.bytes / SIZE[x.code]!);
    return [{ x }, { ...geometry("asStrided", size, stride, offset, room), from: x.offset }];
  },
  {
    view: (_x, { size, stride, offset }) => ({ layout: strided(size, stride), offset }),
    vjp: (g, { size, stride, offset, from }, x) => {
      // Both geometries over one vector that stands for the storage.
      const start = Math.min(offset, from);
      const length = Math.max(offset + extent(strided(size, stride)), from + extent(x.layout)) - start;
      const places = asStrided(arange(length, { device: g.device }), size, stride, offset - start);
      const sums = indexAdd(
        zeros(length, { dtype: g.dtype, device: g.device }),
        0,
        reshape(places, -1),
        reshape(g, -1),
      );
      return asStrided(sums, x.shape, x.layout.strides, from - start);
    },
    samples: () => [[f32(3, 4), [2, 3], [1, 2], 1]],
  },
);

/** Checked sizes and strides, from `offset` in a storage of `room` elements. */
function geometry(op: string, size: readonly number[], stride: readonly number[], offset: number, room: number) {
  const sizes = wholes(size, op, "size");
  const strides = wholes(stride, op, "stride");
  const natural = sizes.length === strides.length && [...sizes, ...strides, offset].every((n) => n >= 0);
  if (!natural || (!sizes.includes(0) && offset + extent(strided(sizes, strides)) > room)) {
    throw new ShapeError(
      `${op}: size ${showShape(sizes)} with strides ${showShape(strides)} from ${offset} does not fit a storage of ${room} elements`,
    );
  }
  return { size: sizes, stride: strides, offset };
}

// ── derivatives ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Zeros of x's shape with g where `look` shows them: the derivative of a view that shows no element twice. */
function inset(g: Tensor, x: Spec, look: (source: Source) => ViewOf): Tensor {
  const { layout, offset } = look({ layout: dense(x.shape), offset: 0 });
  return laid(g, x.shape, layout.strides, offset);
}

/** @internal */
export const laid: (x: Tensor, shape: readonly number[], strides: readonly number[], offset: number) => Tensor =
  /* @__PURE__ */ op(
    "inset",
    "input, shape, strides, offset",
    (x: Tensor, shape: readonly number[], strides: readonly number[], offset: number) => [
      { x },
      { shape, strides, offset },
    ],
    {
      infer: ({ x }, { shape }) => spec(x.code, shape),
      into(y, { x }, { strides, offset }) {
        fillInto(y, 0);
        copyInto(new Tensor(y.storage, y.code, strided(x.shape, strides), y.offset + offset), x);
      },
      saves: [],
      vjp: (g, _saved, { strides, offset }, { x }) => ({
        x: () => {
          const whole = contiguous(g);
          return asStrided(whole, x.shape, strides, whole.offset + offset);
        },
      }),
      method: false,
    },
  );

/** Zeros of x's shape with g added where `look` shows the elements: the derivative of a view that shows some twice. */
function accumulated(g: Tensor, x: Spec, look: (places: Tensor) => Tensor): Tensor {
  const n = x.layout.size;
  const places = look(reshape(arange(n, { device: g.device }), x.shape));
  const sums = indexAdd(zeros(n, { dtype: g.dtype, device: g.device }), 0, reshape(places, -1), reshape(g, -1));
  return reshape(sums, x.shape);
}

// ── splits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All parts along a dim, which is gone from them. */
export const unbind: OpK<[dim?: number], ["dim"], { dim: number }, Tensor[]> = /* @__PURE__ */ composed(
  "unbind",
  "input, dim?",
  (x, dim) => {
    if (asTensor(x, "unbind", "input").ndim === 0)
      throw new IndexError("unbind: a 0-dim tensor has no dim to take apart");
    const d = dimOf(dim ?? 0, x.ndim, "unbind");
    const each = Array.from({ length: x.shape[d]! }, (_, i) => ({ dim: d, index: i }));
    return layers(operatorOf(select), x, each, { dim: d });
  },
);

const layers = /* @__PURE__ */ parts<{ dim: number }>("unbind", (g, { dim }, x) => {
  const shape = without(x.shape, dim);
  const [first, second] = g;
  const apart = first && second ? second.offset - first.offset : 0;
  return (
    besides(
      g,
      () => apart,
      (strides) => strided(x.shape, strides.toSpliced(dim, 0, apart)),
    ) ??
    stack(
      filled(g, x, () => shape),
      dim,
    )
  );
});

/**
 * The cotangents of all parts as one view, where each begins in one memory as far behind the one before as `apart` says
 * (which is given the former's layout): a kernel that knew where they belong has put them there. Else null.
 */
function besides(
  g: readonly (Tensor | null)[],
  apart: (layout: Layout) => number,
  joined: (strides: readonly number[]) => Layout,
): Tensor | null {
  for (let i = 0; i < g.length; i++) {
    const [before, x] = [g[Math.max(i - 1, 0)], g[i]];
    if (!before || !x || isTracked(x) || x.storage !== before.storage || x.code !== before.code) return null;
    if (i > 0 && x.offset !== before.offset + apart(before.layout)) return null;
    if (!sameDims(x.layout.strides, before.layout.strides)) return null;
  }
  const [first] = g;
  return first ? new Tensor(first.storage, first.code, joined(first.layout.strides), first.offset) : null;
}

type Split = OpQ<[sizeOrSizes: number | readonly number[]], [dim?: number], ["dim"], { dim: number }, Tensor[]>;

/** The cotangents of all parts, zeros where none came. */
function filled(g: readonly (Tensor | null)[], x: Spec, shape: (i: number) => readonly number[]): Tensor[] {
  const { device } = g.find((one) => one !== null)!;
  return g.map((one, i) => one ?? zeros(shape(i), { dtype: x.dtype, device }));
}

/** Consecutive pieces along a dim: of `splitSize` places each (the last may be smaller), or of the sizes in a list. */
export const split: Split = /* @__PURE__ */ composed("split", "input, splitSizeOrSections, dim?", (x, sizes, dim) => {
  const d = splitDim(x, dim, "split");
  return pieces(
    x,
    d,
    Array.isArray(sizes) ? sizes : evenSizes(x.shape[d]!, whole(sizes, "split", "splitSize"), "split"),
    "split",
  );
});

/** Consecutive pieces of the given sizes along a dim. */
export const splitWithSizes: OpQ<[splitSizes: readonly number[]], [dim?: number], ["dim"], { dim: number }, Tensor[]> =
  /* @__PURE__ */ composed("splitWithSizes", "input, splitSizes, dim?", (x, sizes, dim) =>
    pieces(x, splitDim(x, dim, "splitWithSizes"), sizes, "splitWithSizes"),
  );

type Chunk = OpQ<[chunks: number], [dim?: number], ["dim"], { dim: number }, Tensor[], { chunks: number }>;

/** At most `chunks` pieces of the same size along a dim; the last may be smaller. */
export const chunk: Chunk = /* @__PURE__ */ composed("chunk", "input, chunks, dim?", (x, chunks, dim) => {
  const d = splitDim(x, dim, "chunk");
  const count = whole(chunks, "chunk", "chunks");
  if (count <= 0) throw new ShapeError(`chunk: chunks is ${count}, expected more than 0`);
  const n = x.shape[d]!;
  if (n === 0) return pieces(x, d, new Array<number>(count).fill(0), "chunk");
  return pieces(x, d, evenSizes(n, Math.ceil(n / count), "chunk"), "chunk");
});

/** `split`, whose pieces PyTorch lets one write into. */
export const unsafeSplit: Split = /* @__PURE__ */ renamed("unsafeSplit", split);
/** `splitWithSizes`, whose pieces PyTorch lets one write into. */
export const unsafeSplitWithSizes: typeof splitWithSizes = /* @__PURE__ */ renamed(
  "unsafeSplitWithSizes",
  splitWithSizes,
);
/** `chunk`, whose pieces PyTorch lets one write into. */
export const unsafeChunk: Chunk = /* @__PURE__ */ renamed("unsafeChunk", chunk);

type TensorSplit = OpQ<
  [indicesOrSections: number | readonly number[] | Tensor],
  [dim?: number],
  ["dim"],
  { dim: number },
  Tensor[]
>;

/** Pieces along a dim: so many of nearly equal size, or cut at the given places. */
export const tensorSplit: TensorSplit = /* @__PURE__ */ composed(
  "tensorSplit",
  "input, indicesOrSections, dim?",
  (x, where, dim) => {
    const d = splitDim(x, dim, "tensorSplit");
    const n = x.shape[d]!;
    const list = where instanceof Tensor && where.ndim > 0 ? (where.tolist() as number[]) : where;
    const cuts = Array.isArray(list)
      ? wholes(list, "tensorSplit", "indices")
      : evenCuts(n, whole(list, "tensorSplit", "sections"));
    const starts = [0, ...cuts];
    return starts.map((start, i) => {
      const range = rangeOf(n, start, cuts[i] ?? null, 1);
      return part(x, d, range.start, range.length, 1);
    });
  },
);

/** Where to cut n places into `sections` pieces, the first ones larger by one where it does not come out even. */
function evenCuts(n: number, sections: number): number[] {
  if (sections <= 0) throw new ShapeError(`tensorSplit: sections is ${sections}, expected more than 0`);
  const size = Math.floor(n / sections);
  const larger = n % sections;
  return Array.from({ length: sections - 1 }, (_, i) => (i + 1) * size + Math.min(i + 1, larger));
}

type DimSplit = Op<
  (x: Tensor, indicesOrSections: number | readonly number[]) => Tensor[],
  (indicesOrSections: number | readonly number[]) => Tensor[]
>;

/** `tensorSplit` by columns: along dim 1, or dim 0 of a 1-dim tensor. Sections must divide the size. */
export const hsplit: DimSplit = /* @__PURE__ */ dimSplit("hsplit", 1, (x) => (x.ndim === 1 ? 0 : 1));
/** `tensorSplit` along dim 0. Sections must divide the size. */
export const vsplit: DimSplit = /* @__PURE__ */ dimSplit("vsplit", 2, () => 0);
/** `tensorSplit` along dim 2. Sections must divide the size. */
export const dsplit: DimSplit = /* @__PURE__ */ dimSplit("dsplit", 3, () => 2);

function dimSplit(name: string, least: number, along: (x: Tensor) => number): DimSplit {
  return composed<DimSplit>(name, "input, indicesOrSections", (x, where) => {
    if (asTensor(x, name, "input").ndim < least)
      throw new ShapeError(`${name}: ${show(x)} has fewer than ${least} dims`);
    const dim = along(x);
    if (!Array.isArray(where)) {
      const sections = whole(where, name, "sections");
      if (sections <= 0 || x.shape[dim]! % sections !== 0) {
        throw new ShapeError(`${name}: ${sections} sections do not divide dim ${dim} of ${show(x)}`);
      }
    }
    return tensorSplit(x, where, dim);
  });
}

function splitDim(x: unknown, dim: number | undefined, op: string): number {
  const { ndim } = asTensor(x, op, "input");
  if (ndim === 0) throw new ShapeError(`${op}: a 0-dim tensor cannot be split`);
  return dimOf(dim ?? 0, ndim, op);
}

function evenSizes(n: number, size: number, op: string): number[] {
  if (size < 0 || (size === 0 && n > 0))
    throw new ShapeError(`${op}: the size of a piece is ${size}, expected more than 0`);
  const count = Math.max(1, Math.ceil(n / Math.max(size, 1)));
  const sizes: number[] = [];
  for (let i = 0; i < count; i++) sizes.push(Math.min(size, n - i * size));
  return sizes;
}

const ranges = /* @__PURE__ */ parts<{ dim: number; sizes: readonly number[] }>(
  "split",
  (g, { dim, sizes }, x) =>
    besides(
      g,
      ({ shape, strides }) => shape[dim]! * strides[dim]!,
      (strides) => strided(x.shape, strides),
    ) ??
    cat(
      filled(g, x, (i) => replaced(x.shape, dim, sizes[i]!)),
      dim,
    ),
);

function pieces(x: Tensor, dim: number, sizes: readonly number[], op: string): Tensor[] {
  const list = wholes(sizes, op, "sizes");
  if (list.some((n) => n < 0) || list.reduce((a, b) => a + b, 0) !== x.shape[dim]) {
    throw new ShapeError(`${op}: sizes ${showShape(list)} do not add up to dim ${dim} of ${show(x)}`);
  }
  let end = 0;
  const each = list.map((length) => {
    end += length;
    return { dim, start: end - length, length, step: 1 };
  });
  return ranges(operatorOf(part), x, each, { dim, sizes: list });
}

// ── a part put into a copy of the whole ──────────────────────────────────────────────────────────────────────────────

/** A copy of `x` with `src` over what `part` shows of it. */
function overlaid(name: string, x: Tensor, src: Tensor, part: (whole: Tensor) => Tensor): Tensor {
  const whole = clone(asTensor(x, name, "input"));
  const piece = part(whole);
  asTensor(src, name, "src");
  if (!sameDims(piece.shape, src.shape))
    throw new ShapeError(`${name}: src is ${show(src)}, expected the shape ${showShape(piece.shape)}`);
  copy_(piece, src);
  return whole;
}

/** A copy of `x` with `src` in the place of `select(x, dim, index)`. */
export const selectScatter: Op<
  (x: Tensor, src: Tensor, dim: number, index: number) => Tensor,
  (src: Tensor, dim: number, index: number) => Tensor
> = /* @__PURE__ */ composed("selectScatter", "input, src, dim, index", (x, src, dim, index) =>
  overlaid("selectScatter", x, src, (whole) => select(whole, dim, index)),
);

/** A copy of `x` with `src` in the place of `start:end:step` along a dim. */
export const sliceScatter: OpQ<
  [src: Tensor],
  [dim?: number, start?: number | null, end?: number | null, step?: number],
  ["dim", "start", "end", "step"],
  { dim: number; start: number | null; end: number | null; step: number }
> = /* @__PURE__ */ composed("sliceScatter", "input, src, dim?, start?, end?, step?", (x, src, dim, start, end, step) =>
  overlaid("sliceScatter", x, src, (all) => {
    const d = dimOf(dim ?? 0, all.ndim, "sliceScatter");
    const by = whole(step ?? 1, "sliceScatter", "step");
    if (by <= 0) throw new ShapeError(`sliceScatter: step is ${by}, expected more than 0`);
    const range = rangeOf(all.shape[d]!, start ?? null, end ?? null, by);
    return part(all, d, range.start, range.length, by);
  }),
);

/** A copy of `x` with `src` on a diagonal. */
export const diagonalScatter: OpQ<
  [src: Tensor],
  [offset?: number, dim1?: number, dim2?: number],
  ["offset", "dim1", "dim2"],
  { offset: number; dim1: number; dim2: number }
> = /* @__PURE__ */ composed("diagonalScatter", "input, src, offset?, dim1?, dim2?", (x, src, offset, dim1, dim2) =>
  overlaid("diagonalScatter", x, src, (whole) => diagonal(whole, offset ?? 0, dim1 ?? 0, dim2 ?? 1)),
);

type FillDiagonal = OpQ<[fillValue: Scalar], [wrap?: boolean], ["wrap"], { wrap: boolean }>;

/**
 * Writes `fillValue` over the main diagonal, in place: elements whose indices are all the same. `wrap` goes on below the last
 * row of a square, one row left out, where a matrix is taller than wide. Throws for fewer than two dims, and for more
 * whose sizes differ.
 */
export const fillDiagonal_: FillDiagonal = /* @__PURE__ */ composed<FillDiagonal>(
  "fillDiagonal_",
  "input, fillValue, wrap?",
  (x, fillValue, wrap) => {
    const { shape, layout } = asTensor(x, "fillDiagonal_", "input");
    if (shape.length < 2) throw new ShapeError(`fillDiagonal_: ${show(x)} has fewer than two dims`);
    if (shape.length > 2 && new Set(shape).size > 1) {
      throw new ShapeError(`fillDiagonal_: all dims of ${show(x)} must be of equal length`);
    }
    const step = layout.strides.reduce((sum, stride) => sum + stride, 0);
    const [height, width] = shape as [number, number];
    const size = Math.min(height, width);
    fill_(asStrided(x, [size], [step]), fillValue);
    if (wrap && shape.length === 2 && height > width + 1) {
      const rest = Math.ceil((height * width) / (width + 1)) - size;
      fill_(asStrided(x, [rest], [step], x.offset + layout.strides[0]! * (width + 1)), fillValue);
    }
    return x;
  },
);

const stridedScatter: (
  x: Tensor,
  src: Tensor,
  size: readonly number[],
  stride: readonly number[],
  offset: number,
) => Tensor = /* @__PURE__ */ op(
  "asStridedScatter",
  "input, src, size, stride, offset",
  (x: Tensor, src: Tensor, size: readonly number[], stride: readonly number[], offset: number) => [
    { x, src },
    { size, stride, offset },
  ],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    into(y, { x, src }, { size, stride, offset }) {
      copyInto(y, x);
      copyInto(new Tensor(y.storage, y.code, strided(size, stride), y.offset + offset), src);
    },
    saves: [],
    vjp: (g, _saved, { size, stride, offset }, { x }) => {
      const shown = (): Tensor => {
        const whole = contiguous(g);
        return asStrided(whole, size, stride, whole.offset + offset);
      };
      // PyTorch passes x the cotangents of the elements that were replaced, where one would expect those of the others.
      return { x: () => laid(shown(), x.shape, stride, offset), src: shown };
    },
  },
);

/** A copy of `x` with `src` over the elements that `asStrided` shows; their places count from the first of the copy. */
export const asStridedScatter: OpQ<
  [src: Tensor, size: readonly number[], stride: readonly number[]],
  [storageOffset?: number],
  ["storageOffset"],
  { storageOffset: number }
> = /* @__PURE__ */ composed(
  "asStridedScatter",
  "input, src, size, stride, storageOffset?",
  (x, src, size, stride, storageOffset) => {
    const offset = whole(storageOffset ?? 0, "asStridedScatter", "storageOffset");
    const attrs = geometry("asStridedScatter", size, stride, offset, asTensor(x, "asStridedScatter", "input").numel());
    if (!sameDims(asTensor(src, "asStridedScatter", "src").shape, attrs.size)) {
      throw new ShapeError(`asStridedScatter: src is ${show(src)}, expected the shape ${showShape(attrs.size)}`);
    }
    return stridedScatter(x, src, attrs.size, attrs.stride, attrs.offset);
  },
);
