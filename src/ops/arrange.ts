// Elements in another order, in a copy: mirrored, rolled, turned, cut to a triangle, padded, each repeated.

import {
  BOOL,
  dense,
  isComplex,
  isIntegral,
  SCALAR_COMPLEX,
  type Scalar,
  ShapeError,
  SIZE,
  scalarKind,
  show,
  showShape,
  strided,
  toNumber,
} from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  Call,
  copyInto,
  f32,
  inPlace,
  need,
  type Op,
  type Op1,
  type OpK,
  type OpQ,
  op,
  spec,
  toDense,
  underNode,
  wrongArgument,
} from "../op/index.ts";
import { allocate, Tensor, tensor } from "../tensor/index.ts";
import { gathered, whole, wholes, word } from "./arguments.ts";
import { composed, composedFunction } from "./composed.ts";
import { clone } from "./copy.ts";
import { fillInto } from "./create.ts";
import { diagonal, laid } from "./pick.ts";
import { sum } from "./reduce.ts";
import { indexSelect } from "./rows.ts";
import { dimList, dimOf, expand, reshape, transpose, unsqueeze } from "./view.ts";
import { placesOn } from "./window.ts";

type Sizes = readonly number[] | readonly [readonly number[]];

// ── mirrored, rolled, turned ─────────────────────────────────────────────────────────────────────────────────────────

const mirrored: (x: Tensor, dims: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "flip",
  "input, dims",
  (x: Tensor, dims: readonly number[]) => [{ x }, { dims }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    into(y, { x }, { dims }) {
      if (x.layout.size === 0) return;
      // Read from the last element on, backwards.
      const { shape, strides } = x.layout;
      const start = dims.reduce((at, d) => at + (shape[d]! - 1) * strides[d]!, x.offset);
      const backwards = strides.map((s, d) => (dims.includes(d) ? -s : s));
      copyInto(y, new Tensor(x.storage, x.code, strided(shape, backwards), start));
    },
    saves: [],
    vjp: (g, _saved, { dims }) => ({ x: () => mirrored(g, dims) }),
    samples: () => [[f32(2, 3, 4), [0, 2]]],
  },
);

type Flip = Op<
  (x: Tensor, ...dims: Sizes | [{ dims: number | readonly number[] }]) => Tensor,
  (...dims: Sizes | [{ dims: number | readonly number[] }]) => Tensor
>;

/** `x` with the order of the elements reversed along some dims; a copy, where NumPy makes a view. */
export const flip: Flip = /* @__PURE__ */ Object.assign(
  (x: Tensor, ...args: readonly unknown[]): Tensor => {
    const [, dims] = bindArguments("flip", "input, dims", [x, ...gathered(args)]);
    return mirrored(x, dimList(dims as number[], asTensor(x, "flip", "input").ndim, "flip"));
  },
  { opName: "flip" },
) as unknown as Flip;

/** `x` with its columns, dim 1, in reverse order. */
export const fliplr: Op1 = /* @__PURE__ */ composed("fliplr", "input", (x) => {
  if (asTensor(x, "fliplr", "input").ndim < 2) throw new ShapeError(`fliplr: ${show(x)} has fewer than two dims`);
  return mirrored(x, [1]);
});

/** `x` with its rows, dim 0, in reverse order. */
export const flipud: Op1 = /* @__PURE__ */ composed("flipud", "input", (x) => {
  if (asTensor(x, "flipud", "input").ndim < 1) throw new ShapeError("flipud: a 0-dim tensor has no rows");
  return mirrored(x, [0]);
});

const rolled: (x: Tensor, shifts: readonly number[], dims: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "roll",
  "input, shifts, dims",
  (x: Tensor, shifts: readonly number[], dims: readonly number[]) => [{ x }, { shifts, dims }],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    into: (y, { x }, { shifts, dims }) => rollInto(y, x, shifts, dims),
    saves: [],
    vjp: (g, _saved, { shifts, dims }) => ({
      x: () =>
        rolled(
          g,
          shifts.map((n) => -n),
          dims,
        ),
    }),
    samples: () => [[f32(4, 5), [1, -2], [0, 1]]],
  },
);

/** Two pieces a dim, each copied to where it begins after the shift. */
function rollInto(y: Tensor, x: Tensor, shifts: readonly number[], dims: readonly number[]): void {
  const [shift, ...shiftsLeft] = shifts;
  const [dim, ...dimsLeft] = dims;
  if (shift === undefined || dim === undefined || x.layout.size === 0) {
    copyInto(y, x);
    return;
  }
  const n = x.shape[dim]!;
  const by = ((shift % n) + n) % n;
  rollInto(range(y, dim, by, n - by), range(x, dim, 0, n - by), shiftsLeft, dimsLeft);
  rollInto(range(y, dim, 0, by), range(x, dim, n - by, by), shiftsLeft, dimsLeft);
}

/** A range of a dim, below the operators. */
function range(x: Tensor, dim: number, start: number, length: number): Tensor {
  const { shape, strides } = x.layout;
  return new Tensor(x.storage, x.code, strided(shape.with(dim, length), strides), x.offset + start * strides[dim]!);
}

type Roll = OpQ<
  [shifts: number | readonly number[]],
  [dims?: number | readonly number[] | null],
  ["dims"],
  { dims: number | readonly number[] | null },
  Tensor,
  { shifts: number | readonly number[] }
>;

/** `x` shifted along dims, what leaves one end enters at the other; without `dims` the flat `x` is. */
export const roll: Roll = /* @__PURE__ */ composed("roll", "input, shifts, dims?", (x, shifts, dims) => {
  const by = wholes(shifts, "roll", "shifts");
  asTensor(x, "roll", "input");
  if (by.length === 0) throw new ShapeError("roll: shifts is empty");
  if (dims == null || (Array.isArray(dims) && dims.length === 0)) {
    if (by.length !== 1) throw new ShapeError(`roll: ${by.length} shifts without dims, expected one`);
    return reshape(rolled(reshape(x, -1), by, [0]), x.shape);
  }
  if (x.ndim === 0) throw new ShapeError("roll: a 0-dim tensor has no dim to roll along");
  const along = wholes(dims, "roll", "dims").map((d) => dimOf(d, x.ndim, "roll"));
  if (along.length !== by.length) throw new ShapeError(`roll: ${by.length} shifts for ${along.length} dims`);
  return rolled(x, by, along);
});

/** `x` turned by 90 degrees `k` (1) times in the plane of two dims ([0, 1]), from the first towards the second. */
export const rot90: OpK<[k?: number, dims?: readonly number[]], ["k", "dims"], { k: number; dims: readonly number[] }> =
  /* @__PURE__ */ composed("rot90", "input, k?, dims?", (x, k, dims) => {
    if (asTensor(x, "rot90", "input").ndim < 2) throw new ShapeError(`rot90: ${show(x)} has fewer than two dims`);
    const plane = dimList(dims ?? [0, 1], x.ndim, "rot90");
    if (plane.length !== 2) throw new ShapeError(`rot90: dims ${showShape(plane)} are ${plane.length}, expected 2`);
    const [a, b] = plane as [number, number];
    switch (((whole(k ?? 1, "rot90", "k") % 4) + 4) % 4) {
      case 1:
        return transpose(mirrored(x, [b]), a, b);
      case 2:
        return mirrored(x, [a, b]);
      case 3:
        return transpose(mirrored(x, [a]), a, b);
      default:
        return clone(x);
    }
  });

// ── triangles and diagonals ──────────────────────────────────────────────────────────────────────────────────────────

const ROW_GRAIN = 65536; // bytes worth another thread
const FAR = 2 ** 30; // beyond every diagonal

type Triangle = OpK<[diagonal?: number], ["diagonal"], { diagonal: number }>;

/** The part of the matrices between two diagonals, which are given by the one that bounds it. */
function triangle(name: string, band: (diagonal: number) => readonly [number, number]): Triangle {
  const f: Triangle = op(
    name,
    "input, diagonal?",
    (x: Tensor, diagonal?: number) => [
      { x: asTensor(x, name, "input") },
      { diagonal: whole(diagonal ?? 0, name, "diagonal") },
    ],
    {
      infer({ x }) {
        if (x.ndim < 2) throw new ShapeError(`${name}: ${show(x)} has fewer than two dims`);
        return spec(x.code, x.shape);
      },
      into(y, { x }, { diagonal }) {
        if (x.layout.size === 0) return;
        const [rows, columns] = x.shape.slice(-2) as [number, number];
        const width = SIZE[x.code]!;
        const source = toDense(x);
        const target = y.layout.contiguous ? y : allocate(y.storage.backend, y.code, dense(y.shape));
        const { backend } = y.storage;
        new Call(backend.command(need(backend, "band_w1")))
          .ints([rows, columns, width])
          .tensor(source)
          .tensor(target)
          .ints(band(diagonal))
          .run(x.layout.size / columns, Math.ceil(ROW_GRAIN / (columns * width)));
        if (target !== y) copyInto(y, target);
      },
      saves: [],
      vjp: (g, _saved, { diagonal }) => ({ x: () => f(g, diagonal) }),
      samples: () => [[f32(3, 4)], [f32(2, 3, 3), -1]],
    },
  ) as unknown as Triangle;
  return f;
}

/** The matrices with 0 above a diagonal: the main one, or `diagonal` places above it. */
export const tril: Triangle = /* @__PURE__ */ triangle("tril", (diagonal) => [-FAR, diagonal]);
/** The matrices with 0 below a diagonal: the main one, or `diagonal` places above it. */
export const triu: Triangle = /* @__PURE__ */ triangle("triu", (diagonal) => [diagonal, FAR]);
/** `tril` of `x` itself. */
export const tril_: Triangle = /* @__PURE__ */ inPlace(tril);
/** `triu` of `x` itself. */
export const triu_: Triangle = /* @__PURE__ */ inPlace(triu);

type DiagEmbed = OpK<
  [offset?: number, dim1?: number, dim2?: number],
  ["offset", "dim1", "dim2"],
  { offset: number; dim1: number; dim2: number }
>;

/** Matrices of zeros with the rows of `x`, its last dim, on a diagonal; `dim1` and `dim2` (the last two) are theirs. */
export const diagEmbed: DiagEmbed = /* @__PURE__ */ composed(
  "diagEmbed",
  "input, offset?, dim1?, dim2?",
  (x, offset, dim1, dim2) => {
    const ndim = asTensor(x, "diagEmbed", "input").ndim + 1;
    const rows = dimOf(dim1 ?? -2, ndim, "diagEmbed");
    const columns = dimOf(dim2 ?? -1, ndim, "diagEmbed");
    if (rows === columns) throw new ShapeError(`diagEmbed: dim1 and dim2 are both ${rows}, expected two dims`);
    const k = whole(offset ?? 0, "diagEmbed", "offset");
    const n = (x.shape[x.ndim - 1] ?? 1) + Math.abs(k);
    const rest = x.shape.slice(0, -1);
    const shape = Array.from({ length: ndim }, (_, d) => (d === rows || d === columns ? n : rest.shift()!));
    const { strides } = dense(shape);
    const others = strides.filter((_, d) => d !== rows && d !== columns);
    return laid(
      x,
      shape,
      [...others, strides[rows]! + strides[columns]!],
      k >= 0 ? k * strides[columns]! : -k * strides[rows]!,
    );
  },
);

type Diag = OpK<[diagonal?: number], ["diagonal"], { diagonal: number }>;

/** The diagonal of a matrix, in a copy; of one dim, the matrix that has it. */
export const diag: Diag = /* @__PURE__ */ composed("diag", "input, diagonal?", (x, k) => {
  if (asTensor(x, "diag", "input").ndim === 1) return diagEmbed(x, k ?? 0);
  if (x.ndim !== 2) throw new ShapeError(`diag: ${show(x)} has ${x.ndim} dims, expected one or two`);
  return clone(diagonal(x, k ?? 0));
});

/** The matrix that has all elements of `x` on a diagonal. */
export const diagflat: OpK<[offset?: number], ["offset"], { offset: number }> = /* @__PURE__ */ composed(
  "diagflat",
  "input, offset?",
  (x, offset) => diagEmbed(reshape(asTensor(x, "diagflat", "input"), -1), offset ?? 0),
);

/** The sum of the main diagonal of a matrix. */
export const trace: Op1 = /* @__PURE__ */ composed("trace", "input", (x) => {
  if (asTensor(x, "trace", "input").ndim !== 2) throw new ShapeError(`trace: ${show(x)} is no matrix`);
  return underNode("TraceBackward0", () => sum(diagonal(x)));
});

// ── padded ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const bordered: (x: Tensor, before: readonly number[], after: readonly number[], value: Scalar) => Tensor =
  /* @__PURE__ */ op(
    "constantPadNd",
    "input, before, after, value",
    (x: Tensor, before: readonly number[], after: readonly number[], value: Scalar) => [
      { x },
      { before, after, value },
    ],
    {
      infer: ({ x }, { before, after }) =>
        spec(
          x.code,
          x.shape.map((n, d) => n + before[d]! + after[d]!),
        ),
      into(y, { x }, { before, after, value }) {
        fillInto(y, value);
        // What both show: a negative border cuts x, a positive one moves it in y.
        let [to, from] = [y, x];
        for (const [d, n] of before.entries()) {
          const skipped = Math.max(0, -n);
          const length = Math.max(0, from.shape[d]! - skipped - Math.max(0, -after[d]!));
          from = range(from, d, skipped, length);
          to = range(to, d, Math.max(0, n), length);
        }
        copyInto(to, from);
      },
      saves: [],
      vjp: (g, _saved, { before, after }) => ({
        x: () =>
          bordered(
            g,
            before.map((n) => -n),
            after.map((n) => -n),
            0,
          ),
      }),
      samples: () => [
        [f32(2, 3), [0, 1], [2, 1], 1.5],
        [f32(3, 4), [1, -1], [-1, 0], 0],
      ],
    },
  );

/** Widths before and after every dim, from a list of pairs that begins at the last one. */
function widths(x: Tensor, pad: unknown, op: string): { before: number[]; after: number[] } {
  const list = wholes(pad, op, "pad");
  if (list.length % 2 !== 0 || list.length > 2 * x.ndim) {
    throw new ShapeError(
      `${op}: pad ${showShape(list)} has ${list.length} widths, expected pairs for at most ${x.ndim} dims`,
    );
  }
  const pair = (d: number, side: number): number => list[2 * (x.ndim - 1 - d) + side] ?? 0;
  const before = x.shape.map((_, d) => pair(d, 0));
  const after = x.shape.map((_, d) => pair(d, 1));
  for (const [d, n] of x.shape.entries()) {
    if (n + before[d]! + after[d]! < 0)
      throw new ShapeError(`${op}: pad ${showShape(list)} cuts more than dim ${d} of ${show(x)} has`);
  }
  return { before, after };
}

function paddingValue(value: unknown, x: Tensor, op: string): Scalar {
  const v = (value ?? 0) as Scalar;
  if (scalarKind(v) === SCALAR_COMPLEX && !isComplex(x.code)) throw wrongArgument(op, "value", value, "a real number");
  return isIntegral(x.code) ? (x.code === BOOL ? toNumber(v) !== 0 : Math.trunc(toNumber(v))) : v;
}

/** `x` with borders of `value`: pairs of widths before and after a dim, beginning at the last. Negative ones cut. */
export const constantPadNd: OpQ<[pad: readonly number[]], [value?: Scalar], ["value"], { value: Scalar }> =
  /* @__PURE__ */ composed("constantPadNd", "input, pad, value?", (x, pad, value) => {
    const { before, after } = widths(asTensor(x, "constantPadNd", "input"), pad, "constantPadNd");
    return bordered(x, before, after, paddingValue(value, x, "constantPadNd"));
  });

type PadMode = "constant" | "reflect" | "replicate" | "circular";
type Pad = (
  x: Tensor,
  pad: readonly number[],
  mode?: PadMode | { mode?: PadMode; value?: Scalar | null },
  value?: Scalar | null,
) => Tensor;

/**
 * `x` with borders: pairs of widths before and after a dim, beginning at the last. Negative ones cut.
 *
 * `mode` says what is in them: a `value` (0), or, for the last dims of a batch, the elements mirrored at the edge without
 * repeating it ("reflect"), the edge itself ("replicate"), or the other end ("circular").
 */
export const pad: Pad = /* @__PURE__ */ composedFunction<
  (x: Tensor, pad: readonly number[], mode?: unknown, value?: unknown) => Tensor
>("pad", "input, pad, mode?, value?", (x, sizes, mode, value) => {
  const { before, after } = widths(asTensor(x, "pad", "input"), sizes, "pad");
  const kind = word(mode ?? "constant", "pad", "mode", ["constant", "reflect", "replicate", "circular"]);
  if (kind === "constant") return bordered(x, before, after, paddingValue(value, x, "pad"));
  if (value != null && value !== 0) throw wrongArgument("pad", "value", value, `none with the mode "${kind}"`);
  const inner = sizes.length / 2;
  if (x.ndim < inner + 1 || x.ndim > inner + 2) {
    throw new ShapeError(
      `pad: the mode "${kind}" pads ${inner} dims of a tensor with ${inner + 1} or ${inner + 2}, got ${show(x)}`,
    );
  }
  let y = x;
  for (let d = x.ndim - inner; d < x.ndim; d++) y = indexSelect(y, d, border(y, d, before[d]!, after[d]!, kind));
  return y;
});

/** For every place of a padded dim, the place of x that stands there. */
function border(x: Tensor, dim: number, before: number, after: number, mode: PadMode): Tensor {
  const n = x.shape[dim]!;
  const most = Math.max(before, after);
  if (mode === "reflect" && most >= n)
    throw new ShapeError(`pad: a border of ${most} is too wide to reflect dim ${dim} of ${show(x)}`);
  if (mode === "circular" && most > n)
    throw new ShapeError(`pad: a border of ${most} goes around dim ${dim} of ${show(x)} more than once`);
  if (n === 0) throw new ShapeError(`pad: dim ${dim} of ${show(x)} is empty`);
  const place = (i: number): number => {
    if (mode === "circular") return (i + n) % n;
    if (mode === "replicate") return Math.min(Math.max(i, 0), n - 1);
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
  };
  const places = Array.from({ length: n + before + after }, (_, i) => place(i - before));
  return placesOn(x, places);
}

// ── each repeated ────────────────────────────────────────────────────────────────────────────────────────────────────

/** 0, 0, …, 1, 1, …: every place as often as `repeats` says. */
const repeatedPlaces: (repeats: Tensor, total: number) => Tensor = /* @__PURE__ */ op(
  "repeatInterleave",
  "repeats, total",
  (repeats: Tensor, total: number) => [{ repeats }, { total }],
  {
    infer: (_inputs, { total }) => spec("int64", [total]),
    into(y, { repeats }) {
      const counts = toDense(repeats);
      const { backend } = y.storage;
      new Call(backend.command(need(backend, "repeated_places_i64")))
        .int(counts.numel())
        .tensor(counts)
        .tensor(y)
        .run(1, 1);
    },
  },
);

interface RepeatOptions {
  dim?: number | null;
  outputSize?: number | null;
}
type RepeatInterleave = Op<
  (
    x: Tensor,
    repeats?: number | Tensor | RepeatOptions,
    dim?: number | null | RepeatOptions,
    options?: RepeatOptions,
  ) => Tensor,
  (repeats?: number | Tensor | RepeatOptions, dim?: number | null | RepeatOptions, options?: RepeatOptions) => Tensor
>;

/**
 * Every element of `x` repeated on the spot, along `dim` or, without it, of the flat `x`; as often as a number says, or a
 * list with a number for each place. `repeatInterleave(counts)` alone gives the places themselves.
 */
export const repeatInterleave: RepeatInterleave = /* @__PURE__ */ composed<
  (x: Tensor, repeats?: number | Tensor, dim?: number | null, outputSize?: unknown) => Tensor
>("repeatInterleave", "input, repeats?, dim?, *, outputSize?", (input, repeats, dim, outputSize) => {
  asTensor(input, "repeatInterleave", "input");
  if (repeats === undefined) return placesOf(input, input.numel(), outputSize);
  const x = dim == null ? reshape(input, -1) : input;
  const d = dimOf(dim ?? 0, x.ndim, "repeatInterleave");
  const n = x.shape[d]!;
  if (repeats instanceof Tensor) return indexSelect(x, d, placesOf(repeats, n, outputSize));
  const times = whole(repeats, "repeatInterleave", "repeats");
  if (times < 0) throw new ShapeError(`repeatInterleave: repeats is ${times}, expected 0 or more`);
  const shape = x.shape.with(d, n * times);
  return reshape(expand(unsqueeze(x, d + 1), x.shape.toSpliced(d + 1, 0, times)), shape);
}) as unknown as RepeatInterleave;

function placesOf(repeats: Tensor, n: number, outputSize: unknown): Tensor {
  if (!isIntegral(repeats.code) || repeats.ndim > 1) {
    throw new ShapeError(`repeatInterleave: repeats is ${show(repeats)}, expected one dim of integers`);
  }
  const counts = (repeats.ndim === 0 ? new Array<unknown>(n).fill(repeats.item()) : repeats.tolist()) as number[];
  if (counts.length === 1 && n !== 1) counts.push(...new Array<number>(n - 1).fill(counts[0]!));
  if (counts.length !== n)
    throw new ShapeError(`repeatInterleave: repeats ${show(repeats)} has not a number for each of ${n} places`);
  if (counts.some((count) => count < 0)) throw new ShapeError("repeatInterleave: repeats has a negative number");
  const total = counts.reduce((a, b) => a + b, 0);
  if (outputSize != null && outputSize !== total) {
    throw new ShapeError(`repeatInterleave: outputSize is ${String(outputSize)}, but repeats add up to ${total}`);
  }
  return repeatedPlaces(tensor(counts, { dtype: "int64", device: repeats.device }), total);
}
