// `x.at(…)` and `x.setAt(…)`: Python's indexing. Numbers, slices, `null` and `"..."` make views; index tensors and masks
// pick elements, in a copy.

import {
  BOOL,
  broadcast,
  DTypeError,
  dense,
  expandTo,
  extent,
  INT32,
  INT64,
  IndexError,
  isIntegral,
  type Scalar,
  ShapeError,
  SIZE,
  sameDims,
  show,
  showShape,
  showValue,
  strided,
  UINT8,
} from "../core/index.ts";
import {
  asTensor,
  bools,
  Call,
  copyInto,
  f32,
  indices as indexSample,
  inPlace,
  mergeDims,
  need,
  type Op,
  type OpQ,
  op,
  type Spec,
  spec,
  toCode,
  toDense,
} from "../op/index.ts";
import { allocate, Tensor, tensor } from "../tensor/index.ts";
import { sizesOf, whole } from "./arguments.ts";
import { composed, within, written } from "./composed.ts";
import { cast, copy_, fill_ } from "./copy.ts";
import { full, zeros } from "./create.ts";
import { asIndex, folding, gatherInto, launch, sameCode, scatterInto, valueFor, zerosOf } from "./gather.ts";
import { cat } from "./join.ts";
import { laid, part, rangeOf, select, unbind } from "./pick.ts";
import { maskedFill_ } from "./ternary.ts";
import { dimOf, expand, reshape, unsqueeze } from "./view.ts";

// ── the grammar ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Python's `start:stop:step` as a value: `x.at(fl.slice(1, null, 2))`. */
export class Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
  constructor(start: number | null, stop: number | null, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

interface SliceFunction {
  (start: number | null, stop?: number | null, step?: number | null): Slice;
  (x: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number): Tensor;
}
type SliceMethod = (dim?: number, start?: number | null, end?: number | null, step?: number) => Tensor;

/**
 * `slice(stop)`, `slice(start, stop)` or `slice(start, stop, step)`, as in Python; null leaves a bound open.
 *
 * The method is another thing: `x.slice(dim, start, end, step)` is the view of a range of one dim.
 */
export const slice: Op<SliceFunction, SliceMethod> = /* @__PURE__ */ Object.assign(
  (...args: readonly unknown[]): Slice | Tensor => {
    const [first, second, third, fourth, fifth] = args;
    if (!(first instanceof Tensor)) {
      return args.length < 2 ? new Slice(null, bound(first), 1) : new Slice(bound(first), bound(second), stepOf(third));
    }
    const d = dimOf((second ?? 0) as number, first.ndim, "slice");
    const step = stepOf(fifth);
    if (step <= 0) throw new IndexError(`slice: step is ${step}, expected more than 0`);
    const { start, length } = rangeOf(first.shape[d]!, bound(third), bound(fourth), step);
    return part(first, d, start, length, step);
  },
  { opName: "slice" },
) as unknown as Op<SliceFunction, SliceMethod>;

const bound = (value: unknown): number | null => (value == null ? null : whole(value, "slice", "a bound"));
const stepOf = (value: unknown): number => (value == null ? 1 : whole(value, "slice", "step"));

type List = readonly (number | boolean | List)[];

/** What may stand in `at`: an index, a slice (or one as a string, `"1:"`), `"..."`, a new axis, a mask, indices. */
export type Index = number | bigint | Slice | string | null | boolean | Tensor | List;

/** The view that the simple indices make, and what is left: index tensors by dim of that view. */
interface Resolved {
  readonly view: Tensor;
  readonly picks: readonly { readonly dim: number; readonly index: Tensor }[];
}

function resolve(x: Tensor, indices: readonly Index[], op: string): Resolved {
  const entries = indices.map((index) => entryOf(index, x.device, op));
  const used = entries.reduce<number>((n, entry) => n + dimsUsed(entry), 0);
  if (used > x.ndim) throw new IndexError(`${op}: ${used} indices for ${show(x)}, which has ${x.ndim} dims`);
  if (entries.filter((entry) => entry === "...").length > 1) throw new IndexError(`${op}: "..." may stand once`);
  let view = x;
  let d = 0;
  const picks: { dim: number; index: Tensor }[] = [];
  for (const entry of entries) {
    if (typeof entry === "number") {
      view = select(view, d, entry);
    } else if (entry === "...") {
      d += x.ndim - used;
    } else if (entry instanceof Slice) {
      if (entry.step <= 0) throw new IndexError(`${op}: the step of a slice is ${entry.step}, expected more than 0`);
      const { start, length } = rangeOf(view.shape[d]!, entry.start, entry.stop, entry.step);
      if (length !== view.shape[d] || entry.step !== 1) view = part(view, d, start, length, entry.step);
      d++;
    } else if (entry === null) {
      view = unsqueeze(view, d);
      d++;
    } else if (typeof entry === "boolean") {
      view = unsqueeze(view, d);
      picks.push({ dim: d, index: tensor(entry ? [0] : [], { dtype: "int64", device: x.device }) });
      d++;
    } else if (entry.code === BOOL) {
      for (const [k, n] of entry.shape.entries()) {
        if (view.shape[d + k] !== n) {
          throw new IndexError(
            `${op}: a mask of the shape ${showShape(entry.shape)} does not match ${show(view)} at dim ${d + k}`,
          );
        }
      }
      for (const [k, index] of unbind(nonzero(entry), 1).entries()) picks.push({ dim: d + k, index });
      d += entry.ndim;
    } else {
      picks.push({ dim: d, index: entry });
      d++;
    }
  }
  return { view, picks };
}

type Entry = number | Slice | "..." | null | boolean | Tensor;

function entryOf(index: Index, device: string, op: string): Entry {
  if (index === null || typeof index === "boolean" || index instanceof Slice || index === "...") return index;
  if (typeof index === "number" || typeof index === "bigint") return whole(index, op, "an index");
  if (typeof index === "string") return sliceOf(index, op);
  if (Array.isArray(index)) {
    const list = tensor(index as List, index.length === 0 ? { dtype: "int64", device } : { device });
    return entryOf(list.ndim === 0 ? reshape(list, [1]) : list, device, op);
  }
  const x = asTensor(index, op, "an index");
  if (x.code === UINT8) return toCode(x, BOOL);
  if (!isIntegral(x.code)) throw new IndexError(`${op}: an index is ${show(x)}, expected integers or a mask of bool`);
  if (x.code === BOOL) return x.ndim === 0 ? Boolean(x.item()) : x;
  return x.ndim === 0 ? whole(x, op, "an index") : x;
}

const dimsUsed = (entry: Entry): number =>
  typeof entry === "number" || entry instanceof Slice
    ? 1
    : entry instanceof Tensor
      ? entry.code === BOOL
        ? entry.ndim
        : 1
      : 0;

/** `"1:"`, `"::2"`, `":"`. */
function sliceOf(text: string, op: string): Slice {
  const match = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/.exec(text);
  if (match === null)
    throw new IndexError(`${op}: the index ${showValue(text)} is no slice: expected "start:stop:step" or "..."`);
  const [, start, stop, step] = match.map((s) => (s === undefined ? null : Number(s)));
  return new Slice(start ?? null, stop ?? null, step ?? 1);
}

type At = Op<(x: Tensor, ...indices: Index[]) => Tensor, (...indices: Index[]) => Tensor>;

/**
 * Python's `x[…]`: `x.at(0, fl.slice(1, null, 2), "...", null, mask, indexTensor, [0, 2])`.
 *
 * Numbers, slices, `null` and `"..."` give a view; index tensors, lists and masks a copy, in whose shape their broadcast
 * shape stands at the place of the first of them, or in front where something stands between them.
 */
export const at: At = /* @__PURE__ */ Object.assign(
  (x: Tensor, ...indices: Index[]): Tensor =>
    within("at", () => {
      const { view, picks } = resolve(asTensor(x, "at", "input"), indices, "at");
      if (picks.length > 0) return pickAt(view, ...broadcastPicks(picks, "at"));
      return view === x ? expand(x, x.shape) : view;
    }),
  { opName: "at" },
) as unknown as At;

type SetAt = Op<
  (x: Tensor, indices: Index | readonly Index[], value: Tensor | Scalar) => Tensor,
  (indices: Index | readonly Index[], value: Tensor | Scalar) => Tensor
>;

/**
 * Python's `x[…] = value`: `x.setAt([0, fl.slice(0, 2)], value)`; a single index needs no list. The value broadcasts to
 * what `at` would give, and is cast. Returns `x`.
 */
export const setAt: SetAt = /* @__PURE__ */ Object.assign(
  (x: Tensor, indices: Index | readonly Index[], value: Tensor | Scalar): Tensor =>
    within("setAt", () => {
      const list = Array.isArray(indices) ? (indices as readonly Index[]) : [indices as Index];
      const mask = list.length === 1 ? wholeMask(x, list[0]!) : null;
      if (mask !== null && !(value instanceof Tensor)) return maskedFill_(x, mask, value);
      const { view, picks } = resolve(asTensor(x, "setAt", "input"), list, "setAt");
      if (picks.length === 0) {
        if (value instanceof Tensor) copy_(view, withoutLead(value, view.ndim));
        else fill_(view, value);
        return x;
      }
      const [tensors, dims] = broadcastPicks(picks, "setAt");
      const given = value instanceof Tensor ? value : valueFor("setAt", view, value);
      const values = given.code === view.code ? given : cast(given, view.code);
      putAt_(view, tensors, dims, withoutLead(values, pickedShape(view, tensors, dims).length), false);
      return x;
    }),
  { opName: "setAt" },
) as unknown as SetAt;

/** A mask over the first dims of x, in a shape that broadcasts to x's: one number under it needs no places. */
function wholeMask(x: Tensor, index: Index): Tensor | null {
  if (!(index instanceof Tensor) || index.code !== BOOL || index.ndim === 0) return null;
  if (!sameDims(index.shape, asTensor(x, "setAt", "input").shape.slice(0, index.ndim))) return null;
  return reshape(index, [...index.shape, ...new Array<number>(x.ndim - index.ndim).fill(1)]);
}

/** `value` without the dims of size 1 in front that its target does not have. */
function withoutLead(value: Tensor, ndim: number): Tensor {
  let lead = 0;
  while (value.ndim - lead > ndim && value.shape[lead] === 1) lead++;
  return lead === 0 ? value : reshape(value, value.shape.slice(lead));
}

// ── index tensors ────────────────────────────────────────────────────────────────────────────────────────────────────

function broadcastPicks(picks: Resolved["picks"], op: string): [Tensor[], number[]] {
  const shape = broadcast(
    op,
    picks.map(({ index }) => index.layout),
  );
  return [picks.map(({ index }) => expand(index, shape)), picks.map(({ dim }) => dim)];
}

/** The dims of the result: those of the indices stand at the place of the first, or in front where they are apart. */
function pickedShape(x: Spec, indices: readonly Spec[], dims: readonly number[]): number[] {
  const rest = x.shape.filter((_, d) => !dims.includes(d));
  rest.splice(placeOf(dims), 0, ...indices[0]!.shape);
  return rest;
}

/** Where the dims of the indices stand in the result. */
const placeOf = (dims: readonly number[]): number => (dims.every((d, i) => d === dims[0]! + i) ? dims[0]! : 0);

/** The places, in elements from the first of `x`, that index tensors give together; `bound` is more than all of them. */
function placesOf(x: Tensor, indices: readonly Tensor[], dims: readonly number[]): { places: Tensor; bound: number } {
  const { shape } = indices[0]!;
  const places = allocate(x.storage.backend, INT64, dense(shape));
  const operands = [places, ...indices.map((index) => toCode(index, INT64))];
  const sizes = dims.map((d) => x.shape[d]!);
  const steps = dims.map((d) => x.layout.strides[d]!);
  if (places.numel() > 0) {
    const merged = mergeDims(
      shape,
      operands.map((t) => t.layout),
    );
    const after = sizes.flatMap((size, k) => [size, steps[k]!]);
    launch("places_i64", operands, merged, (call) => call.int(indices.length).int(0), places.numel(), 16384, after);
  }
  return { places, bound: extent(strided(sizes, steps)) };
}

/** x at index tensors of one shape for some of its dims. */
const pickAt: (x: Tensor, indices: readonly Tensor[], dims: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "index",
  "input, indices, dims",
  (x: Tensor, indices: readonly Tensor[], dims: readonly number[]) => [{ x, indices }, { dims }],
  {
    infer: ({ x, indices }, { dims }) => spec(x.code, pickedShape(x, indices, dims)),
    into(y, { x, indices }, { dims }) {
      const { places, bound } = placesOf(x, indices, dims);
      const at = placeOf(dims);
      const inserted = (rest: readonly number[], own: readonly number[]): number[] => [
        ...rest.slice(0, at),
        ...own,
        ...rest.slice(at),
      ];
      const rest = x.layout.strides.filter((_, d) => !dims.includes(d));
      const none = places.shape.map(() => 0);
      const shown = strided(
        y.shape,
        inserted(
          rest.map(() => 0),
          places.layout.strides,
        ),
      );
      gatherInto(y, new Tensor(places.storage, INT64, shown, places.offset), x, inserted(rest, none), bound, 1);
    },
    saves: ["indices"],
    vjp: (g, { indices }, { dims }, { x }) => ({
      x: () => putAt_(zerosOf(x, g), indices, dims, g, true),
      indices: null,
    }),
    samples: () => [[f32(3, 4, 5), [indexSample(3, 2), indexSample(5, 2)], [0, 2]]],
  },
);

/** A copy of x with `values` put, or added, at index tensors of one shape for some of its dims. */
const putAt: (
  x: Tensor,
  indices: readonly Tensor[],
  dims: readonly number[],
  values: Tensor,
  accumulate: boolean,
) => Tensor = /* @__PURE__ */ op(
  "indexPut",
  "input, indices, dims, values, accumulate",
  (x: Tensor, indices: readonly Tensor[], dims: readonly number[], values: Tensor, accumulate: boolean) => [
    { x, indices, values },
    { dims, accumulate },
  ],
  {
    infer({ x, indices, values }, { dims }) {
      sameCode("indexPut", x, values);
      const shape = pickedShape(x, indices, dims);
      if (!sameDims(broadcast("indexPut", [values.layout, dense(shape)]), shape)) {
        throw new ShapeError(`indexPut: values ${show(values)} do not broadcast to the shape ${showShape(shape)}`);
      }
      return spec(x.code, x.shape);
    },
    into(y, { x, indices, values }, { dims, accumulate }) {
      if (y !== x) copyInto(y, x);
      if (!accumulate) putInto(y, indices, dims, values, false);
      else folding(y, values, (to, from) => putInto(to, indices, dims, from, true));
    },
    saves: ["indices"],
    vjp: (g, { indices }, { dims, accumulate }, { values }) => ({
      x: () => (accumulate ? g : putAt(g, indices, dims, zeros([], { dtype: values.dtype, device: g.device }), false)),
      indices: null,
      values: () => pickAt(g, indices, dims),
    }),
    samples: () => [[f32(3, 4, 5), [indexSample(3, 2), indexSample(5, 2)], [0, 2], f32(2, 4), true]],
  },
);

const putAt_: typeof putAt = /* @__PURE__ */ inPlace(putAt);

function putInto(
  y: Tensor,
  indices: readonly Tensor[],
  dims: readonly number[],
  values: Tensor,
  accumulate: boolean,
): void {
  const { places, bound } = placesOf(y, indices, dims);
  const n = places.numel();
  const shape = pickedShape(y, indices, dims);
  const at = placeOf(dims);
  const count = places.ndim;
  // values as [n, ...rest]: the dims of the indices in front, and joined.
  const shown = expandTo(values.layout, shape);
  const order = (list: readonly number[]): number[] => [
    ...list.slice(at, at + count),
    ...list.slice(0, at),
    ...list.slice(at + count),
  ];
  const source = toDense(
    new Tensor(values.storage, values.code, strided(order(shown.shape), order(shown.strides)), values.offset),
  );
  const rest = order(shape).slice(count);
  const restStrides = y.layout.strides.filter((_, d) => !dims.includes(d));
  const seen = (x: Tensor, first: number, step: number, strides: readonly number[]): Tensor =>
    new Tensor(x.storage, x.code, strided([first, ...rest], [step, ...strides]), x.offset);
  const joined = dense([n, ...rest]);
  scatterInto(
    accumulate ? "sum" : null,
    seen(y, bound, 1, restStrides),
    0,
    seen(
      places,
      n,
      1,
      rest.map(() => 0),
    ),
    new Tensor(source.storage, source.code, joined, source.offset),
  );
}

type IndexPut = OpQ<
  [indices: readonly (Tensor | null)[], values: Tensor],
  [accumulate?: boolean],
  ["accumulate"],
  { accumulate: boolean }
>;

function indexPutWith(name: string, write: typeof putAt): IndexPut {
  return composed<IndexPut>(name, "input, indices, values, accumulate?", (x, list, values, accumulate) => {
    asTensor(values, name, "values");
    const entries = list.map((index) => (index === null ? new Slice(null, null, 1) : asTensor(index, name, "indices")));
    // A 0-dim index tensor is one of the index tensors here, not a number.
    const { view, picks } = resolve(
      asTensor(x, name, "input"),
      entries.map((t) => (t instanceof Tensor && t.ndim === 0 ? reshape(t, [1]) : t)),
      name,
    );
    return picks.length === 0 ? view : write(view, ...broadcastPicks(picks, name), values, accumulate ?? false);
  });
}

/**
 * A copy of `x` with `values` at `x.at(…indices)`, where null leaves a dim whole; with `accumulate` they are added.
 * Without it, where indices repeat, the last value stays.
 */
export const indexPut: IndexPut = /* @__PURE__ */ indexPutWith("indexPut", putAt);
/** `indexPut` into `x` itself. */
export const indexPut_: IndexPut = /* @__PURE__ */ indexPutWith("indexPut_", putAt_);

type Take = Op<(x: Tensor, index: Tensor) => Tensor, (index: Tensor) => Tensor>;

/** The elements of the flat `x` at `index`, in its shape; a negative index counts from the end. */
export const take: Take = /* @__PURE__ */ composed("take", "input, index", (x, index) =>
  pickAt(reshape(asTensor(x, "take", "input"), -1), [asIndex(index, "take")], [0]),
);

type Put = OpQ<[index: Tensor, source: Tensor], [accumulate?: boolean], ["accumulate"], { accumulate: boolean }>;

/** A copy of `x` whose flat elements at `index` are those of `source`, or with those added. */
export const put: Put = /* @__PURE__ */ composed(
  "put",
  "input, index, source, accumulate?",
  (x, index, source, accumulate) => {
    asTensor(x, "put", "input");
    asTensor(source, "put", "source");
    if (asIndex(index, "put").numel() !== source.numel()) {
      throw new ShapeError(`put: index ${show(index)} and source ${show(source)} must have as many elements`);
    }
    const flat = putAt(reshape(x, -1), [reshape(index, -1)], [0], reshape(source, -1), accumulate ?? false);
    return reshape(flat, x.shape);
  },
);
/** `put`, in place. */
export const put_: Put = /* @__PURE__ */ written("put_", put);

// ── masks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const BLOCK = 4096; // elements of a block of assembly/index/mask.ts

/** The places of the true elements of a dense mask, in order. */
function truePlaces(mask: Tensor): Tensor {
  const { backend } = mask.storage;
  const n = mask.numel();
  const blocks = Math.ceil(n / BLOCK);
  const counts = allocate(backend, INT32, dense([blocks]));
  const call = (kernel: string): Call =>
    new Call(backend.command(need(backend, kernel))).int(n).tensor(mask).tensor(counts);
  call("count_true_b8").run(blocks, 16);
  const total = new Int32Array(backend.readSync(counts.storage.allocation!, 0, 4 * blocks).buffer).reduce(
    (a, b) => a + b,
    0,
  );
  const places = allocate(backend, INT64, dense([total]));
  if (total > 0) call("places_true_b8").tensor(places).run(blocks, 16);
  return places;
}

/** `x` as a dense mask: what is not 0 is true. */
const asMask = (x: Tensor): Tensor => toDense(toCode(x, BOOL));

const coordinates: (x: Tensor) => Tensor = /* @__PURE__ */ op("nonzero", "input", (x: Tensor) => [{ x }], {
  dynamic({ x }) {
    const places = truePlaces(asMask(x));
    const n = places.numel();
    if (x.ndim === 1) return new Tensor(places.storage, INT64, dense([n, 1]), places.offset);
    const y = allocate(x.storage.backend, INT64, dense([n, x.ndim]));
    if (y.numel() > 0) {
      const { backend } = x.storage;
      new Call(backend.command(need(backend, "coordinates_i64")))
        .int(x.ndim)
        .tensor(places)
        .tensor(y)
        .ints([x.ndim, 1, ...x.shape])
        .run(n, 4096);
    }
    return y;
  },
  samples: () => [[bools(3, 4)]],
});

interface NonzeroMethod {
  (options?: { asTuple?: false }): Tensor;
  (options: { asTuple: true }): Tensor[];
}
type Nonzero = Op<
  { (x: Tensor, options?: { asTuple?: false }): Tensor; (x: Tensor, options: { asTuple: true }): Tensor[] },
  NonzeroMethod
>;

/**
 * The indices of the elements that are not 0, a row each: [n, ndim]. With `asTuple` one tensor of n indices a dim
 * instead, as indexing takes them.
 */
export const nonzero: Nonzero = /* @__PURE__ */ composed(
  "nonzero",
  "input, *, asTuple?",
  (input, asTuple?: unknown) => {
    const x = asTensor(input, "nonzero", "input");
    if (asTuple !== true) return coordinates(x);
    return unbind(coordinates(x.ndim === 0 ? reshape(x, [1]) : x), 1);
  },
) as Nonzero;

type NonzeroStatic = Op<
  (x: Tensor, options: { size: number; fillValue?: number }) => Tensor,
  (options: { size: number; fillValue?: number }) => Tensor
>;

/** The first `size` rows of `nonzero`; where there are fewer, the rest is `fillValue` (-1). */
export const nonzeroStatic: NonzeroStatic = /* @__PURE__ */ composed(
  "nonzeroStatic",
  "input, *, size, fillValue?",
  (x: Tensor, size?: unknown, fillValue?: unknown) => {
    const found = coordinates(asTensor(x, "nonzeroStatic", "input"));
    const rows = whole(size, "nonzeroStatic", "size");
    if (rows < 0) throw new ShapeError(`nonzeroStatic: size is ${rows}, expected 0 or more`);
    const kept = part(found, 0, 0, Math.min(rows, found.shape[0]!), 1);
    const rest = full([rows - kept.shape[0]!, x.ndim], whole(fillValue ?? -1, "nonzeroStatic", "fillValue"), {
      device: x.device,
    });
    return cat([kept, rest], 0);
  },
) as unknown as NonzeroStatic;

/** The indices of the elements that are not 0, a row each: [n, ndim]. */
export const argwhere: Op<(x: Tensor) => Tensor, () => Tensor> = /* @__PURE__ */ composed("argwhere", "input", (x) =>
  coordinates(asTensor(x, "argwhere", "input")),
);

/** A mask argument. */
function maskOf(mask: unknown, op: string): Tensor {
  const x = asTensor(mask, op, "mask");
  if (x.code !== BOOL) throw new DTypeError(`${op}: mask is ${show(x)}, expected bool`);
  return x;
}

/** `x` shown in a shape that it broadcasts to, below the operators. */
const shownAs = (x: Tensor, shape: readonly number[]): Tensor =>
  new Tensor(x.storage, x.code, expandTo(x.layout, shape), x.offset);

/** The elements of `x` where `mask`, which broadcasts with it, is true: one dim, in row-major order. */
export const maskedSelect: Op<(x: Tensor, mask: Tensor) => Tensor, (mask: Tensor) => Tensor> = /* @__PURE__ */ op(
  "maskedSelect",
  "input, mask",
  (x, mask) => [{ x: asTensor(x, "maskedSelect", "input"), mask: maskOf(mask, "maskedSelect") }],
  {
    dynamic({ x, mask }) {
      const shape = broadcast("maskedSelect", [x.layout, mask.layout]);
      const places = truePlaces(toDense(shownAs(mask, shape)));
      const y = allocate(x.storage.backend, x.code, dense(places.shape));
      const flat = toDense(shownAs(x, shape));
      gatherInto(y, places, flat, [0], flat.numel(), 1);
      return y;
    },
    saves: ["mask"],
    vjp: (g, { mask }, _attrs, { x }) => ({
      x: () => {
        const shape = broadcast("maskedSelect", [x.layout, mask.layout]);
        return maskedScatter(zeros(shape, { dtype: x.dtype, device: g.device }), mask, g);
      },
      mask: null,
    }),
    samples: () => [[f32(3, 4), bools(3, 4)]],
  },
);

type MaskedScatter = Op<(x: Tensor, mask: Tensor, source: Tensor) => Tensor, (mask: Tensor, source: Tensor) => Tensor>;

/**
 * `x`, broadcast with `mask`, where the mask is false; where it is true the elements of `source` in order, which must be
 * enough of them.
 */
export const maskedScatter: MaskedScatter = /* @__PURE__ */ op(
  "maskedScatter",
  "input, mask, source",
  (x, mask, source) => [
    {
      x: asTensor(x, "maskedScatter", "input"),
      mask: maskOf(mask, "maskedScatter"),
      source: asTensor(source, "maskedScatter", "source"),
    },
  ],
  {
    infer({ x, mask, source }) {
      sameCode("maskedScatter", x, source);
      return spec(x.code, broadcast("maskedScatter", [x.layout, mask.layout]));
    },
    into(y, { x, mask, source }) {
      if (y !== x) copyInto(y, x);
      const { backend } = y.storage;
      const target = toDense(y);
      const where = toDense(shownAs(mask, y.shape));
      const values = toDense(source);
      new Call(backend.command(need(backend, `masked_scatter_w${SIZE[y.code]}`)))
        .int(target.numel())
        .tensor(where)
        .tensor(values)
        .int(values.numel())
        .tensor(target)
        .run(1, 1);
      if (target !== y) copyInto(y, target);
    },
    saves: ["mask"],
    vjp: (g, { mask }, _attrs, { source }) => ({
      x: () => maskedScatter(g, mask, zeros(g.shape, { dtype: g.dtype, device: g.device })),
      mask: null,
      source: () => {
        const used = maskedSelect(g, mask);
        return reshape(laid(used, [source.layout.size], [1], 0), source.shape);
      },
    }),
    samples: () => [[f32(3, 4), bools(3, 4), f32(12)]],
  },
);

/** `maskedScatter` into `x` itself. */
export const maskedScatter_: MaskedScatter = /* @__PURE__ */ inPlace(maskedScatter);

const unraveled: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "unravelIndex",
  "indices, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    infer: ({ x }, { shape }) => spec("int64", [...x.shape, shape.length]),
    into(y, { x }, { shape }) {
      const places = toDense(toCode(x, INT64));
      const { backend } = y.storage;
      new Call(backend.command(need(backend, "coordinates_i64")))
        .int(shape.length)
        .tensor(places)
        .tensor(y)
        .ints([shape.length, 1, ...shape])
        .run(places.numel(), 4096);
    },
  },
);

/** The coordinates in a tensor of the given shape of places in its flat form: one tensor like `indices` for every dim. */
export function unravelIndex(indices: Tensor, shape: number | readonly number[]): Tensor[] {
  const index = asIndex(indices, "unravelIndex", "indices");
  return unbind(unraveled(index, sizesOf(shape, "unravelIndex", "shape")), -1);
}
