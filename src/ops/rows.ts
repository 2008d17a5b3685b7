// One index tensor for whole rows of a dim: `y[…, i, …] = x[…, index[i], …]` and its relatives, tables of embeddings.

import {
  DTypeError,
  INT64,
  IndexError,
  ShapeError,
  sameDims,
  show,
  showShape,
  strided,
  ValueError,
} from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  f32,
  indices,
  noGrad,
  type Op,
  type Operand,
  type OpN,
  type OpQ,
  op,
  spec,
} from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { realNumber, whole, word } from "./arguments.ts";
import { add, div, mul, mul_, pow } from "./binary.ts";
import { gt } from "./compare.ts";
import { composed, composedFunction } from "./composed.ts";
import { copy_ } from "./copy.ts";
import { fillInto, full, ones, zeros, zerosLike } from "./create.ts";
import {
  asIndex,
  folding,
  gather,
  gatherInto,
  sameCode,
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  scatterInto,
  zerosOf,
} from "./gather.ts";
import { logicalAnd } from "./logic.ts";
import { amax, sum } from "./reduce.ts";
import { type Reduction, scatterReduce } from "./scatterreduce.ts";
import { where } from "./ternary.ts";
import { abs } from "./unary.ts";
import { dimOf, expand, reshape, unsqueeze, view } from "./view.ts";

/** A 1-dim index; a 0-dim one counts as a list of one. */
function asList(x: unknown, op: string): Tensor {
  const index = asIndex(x, op);
  if (index.ndim > 1) throw new ShapeError(`${op}: index is ${show(index)}, expected one dim`);
  return index;
}

/** A list of indices shown along `dim` of a shape. */
function along(index: Tensor, shape: readonly number[], dim: number): Tensor {
  const layout = strided(
    shape.map((n, d) => (d === dim ? index.numel() : n)),
    shape.map((_, d) => (d === dim ? (index.layout.strides[0] ?? 0) : 0)),
  );
  return new Tensor(index.storage, index.code, layout, index.offset);
}

/** The rows of `x` along `dim` that `index` names, in its order. An index out of range is an IndexError. */
export const indexSelect: OpN<[dim: number, index: Tensor], { dim: number; index: Tensor }> = /* @__PURE__ */ op(
  "indexSelect",
  "input, dim, index",
  (x, dim, index) => [
    { x: asTensor(x, "indexSelect", "input"), index: asList(index, "indexSelect") },
    { dim: dimOf(dim, x.ndim, "indexSelect") },
  ],
  {
    infer({ x, index }, { dim }) {
      if (x.ndim > 0) return spec(x.code, x.shape.with(dim, index.layout.size));
      if (index.layout.size !== 1)
        throw new ShapeError(`indexSelect: index of a 0-dim tensor is ${show(index)}, expected one element`);
      return x;
    },
    into: (y, { x, index }, { dim }) =>
      gatherInto(
        y,
        along(index, y.shape, dim),
        x,
        x.layout.strides.map((stride, d) => (d === dim ? 0 : stride)),
        x.shape[dim] ?? 1,
        x.layout.strides[dim] ?? 0,
      ),
    saves: ["index"],
    vjp: (g, { index }, { dim }, { x }) => ({ x: () => indexAdd_(zerosOf(x, g), dim, index, g), index: null }),
    samples: () => [
      [f32(4, 3), 0, indices(4, 5)],
      [f32(2, 4, 3), 1, indices(4, 2)],
    ],
  },
);

// What follows scatters rows: `source` has x's shape, but for `dim`, where it has a row for every index.

type IntoRows<Rest extends readonly unknown[], K> = OpQ<
  [dim: number, index: Tensor, source: Tensor, ...Rest],
  [],
  [],
  K,
  Tensor,
  { dim: number; index: Tensor; source: Tensor }
>;

/** Checked arguments, with a 0-dim tensor seen as one row. */
function rows(op: string, x: Tensor, dim: number, index: Tensor, source: Tensor) {
  const d = dimOf(dim, asTensor(x, op, "input").ndim, op);
  const list = asList(index, op);
  sameCode(op, x, asTensor(source, op, "source"));
  const shape = x.ndim === 0 ? [1] : x.shape;
  const given = source.ndim === 0 ? [1] : source.shape;
  if (!sameDims(given, shape.with(d, list.numel()))) {
    throw new ShapeError(
      `${op}: source is ${show(source)}, expected the shape ${showShape(shape.with(d, list.numel()))} for ${show(x)}`,
    );
  }
  return { dim: d, index: along(list, given, d), source: source.ndim === 0 ? view(source, [1]) : source };
}

/** `f` on a tensor with at least one dim; `x` itself where f writes into it. */
function asRows(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  if (x.ndim > 0) return f(x);
  const y = f(view(x, [1]));
  return y.storage === x.storage ? x : view(y, []);
}

/** How rows get into a tensor: `scatter`, `scatterAdd`, or these in place. */
type Write<S> = (x: Tensor, dim: number, index: Tensor, source: S) => Tensor;

type IndexAdd = IntoRows<[], { alpha: Operand }>;

const indexAddBy = (name: string, write: Write<Tensor>): IndexAdd =>
  composed<IndexAdd>(name, "input, dim, index, source, *, alpha?", (x, dim, index, source, alpha) => {
    const to = rows(name, x, dim, index, source);
    const scaled = alpha === undefined || alpha === 1 ? to.source : mul(to.source, alpha);
    return asRows(x, (y) => write(y, to.dim, to.index, scaled));
  });

/** A copy of `x` with `alpha` times the rows of `source` added to the rows that `index` names. */
export const indexAdd: IndexAdd = /* @__PURE__ */ indexAddBy("indexAdd", (...args) => scatterAdd(...args));
/** `indexAdd` into `x` itself. */
export const indexAdd_: IndexAdd = /* @__PURE__ */ indexAddBy("indexAdd_", (...args) => scatterAdd_(...args));

type IndexCopy = IntoRows<[], Record<never, never>>;

const indexCopyBy = (name: string, write: Write<Tensor>): IndexCopy =>
  composed<IndexCopy>(name, "input, dim, index, source", (x, dim, index, source) => {
    const to = rows(name, x, dim, index, source);
    return asRows(x, (y) => write(y, to.dim, to.index, to.source));
  });

/** A copy of `x` with the rows of `source` over the rows that `index` names. */
export const indexCopy: IndexCopy = /* @__PURE__ */ indexCopyBy("indexCopy", (...args) => scatter(...args));
/** `indexCopy` into `x` itself. */
export const indexCopy_: IndexCopy = /* @__PURE__ */ indexCopyBy("indexCopy_", (...args) => scatter_(...args));

type IndexFill = Op<
  (x: Tensor, dim: number, index: Tensor, value: Operand) => Tensor,
  (dim: number, index: Tensor, value: Operand) => Tensor
>;

const indexFillBy = (name: string, write: Write<Operand>): IndexFill =>
  composed<IndexFill>(name, "input, dim, index, value", (x, dim, index, value) => {
    const d = dimOf(dim, asTensor(x, name, "input").ndim, name);
    const places = along(asList(index, name), x.ndim === 0 ? [1] : x.shape, d);
    if (!(value instanceof Tensor)) return asRows(x, (y) => write(y, d, places, value));
    if (value.ndim > 0) throw new ShapeError(`${name}: value is ${show(value)}, expected a number or a 0-dim tensor`);
    return asRows(x, (y) => write(y, d, places, expand(value, places.shape)));
  });

/** A copy of `x` with `value` over the rows that `index` names. */
export const indexFill: IndexFill = /* @__PURE__ */ indexFillBy("indexFill", (...args) => scatter(...args));
/** `indexFill` of `x` itself. */
export const indexFill_: IndexFill = /* @__PURE__ */ indexFillBy("indexFill_", (...args) => scatter_(...args));

type IndexReduce = IntoRows<[reduce: Reduction], { includeSelf: boolean }>;

const indexReduceBy = (name: string, write: (x: Tensor, result: Tensor) => Tensor): IndexReduce =>
  composed<IndexReduce>(
    name,
    "input, dim, index, source, reduce, *, includeSelf?",
    (x, dim, index, source, reduce, includeSelf) => {
      word(reduce, name, "reduce", ["prod", "mean", "amax", "amin"]);
      const to = rows(name, x, dim, index, source);
      const options = { includeSelf: includeSelf !== false };
      return write(
        x,
        asRows(x, (y) => scatterReduce(y, to.dim, to.index, to.source, reduce, options)),
      );
    },
  );

/** A copy of `x` with the rows of `source` folded into the rows that `index` names; see `scatterReduce`. */
export const indexReduce: IndexReduce = /* @__PURE__ */ indexReduceBy("indexReduce", (_x, result) => result);
/** `indexReduce` into `x` itself. */
export const indexReduce_: IndexReduce = /* @__PURE__ */ indexReduceBy("indexReduce_", (x, result) => copy_(x, result));

// ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The rows of a table `weight` [rows, width] for indices of any shape: [...indices, width]. */
const lookUp: (weight: Tensor, index: Tensor, padding: number, byFrequency: boolean) => Tensor = /* @__PURE__ */ op(
  "embedding",
  "weight, input, paddingIdx, scaleGradByFreq",
  (weight: Tensor, index: Tensor, padding: number, byFrequency: boolean) => [
    { weight, index },
    { padding, byFrequency },
  ],
  {
    infer: ({ weight, index }) => spec(weight.code, [...index.shape, weight.shape[1]!]),
    into(y, { weight, index }) {
      const [row, column] = weight.layout.strides as [number, number];
      const places = new Tensor(
        index.storage,
        index.code,
        strided([...index.shape, 1], [...index.layout.strides, 0]),
        index.offset,
      );
      gatherInto(y, places, weight, [...index.shape.map(() => 0), column], weight.shape[0]!, row);
    },
    saves: ["index"],
    vjp: (g, { index }, { padding, byFrequency }, { weight }) => ({
      weight: () => {
        const rows = weight.shape[0]!;
        return addUp(byFrequency ? div(g, unsqueeze(frequencies(index, rows, g), -1)) : g, index, rows, padding);
      },
      index: null,
    }),
    samples: () => [[f32(5, 3), indices(5, 2, 4), -1, false]],
  },
);

/** How often each index occurs among all, in the dtype of `like`. */
function frequencies(index: Tensor, rows: number, like: Tensor): Tensor {
  const flat = reshape(index, -1);
  const options = { dtype: like.dtype, device: like.device };
  const counts = scatterAdd_(zeros(rows, options), 0, flat, ones(flat.numel(), options));
  return reshape(gather(counts, 0, flat), index.shape);
}

/** The derivative of `lookUp` by the table: every cotangent row is added to the row that it came from, but for the padding. */
const addUp: (g: Tensor, index: Tensor, count: number, padding: number) => Tensor = /* @__PURE__ */ op(
  "embeddingDenseBackward",
  "gradOutput, indices, numWeights, paddingIdx",
  (g: Tensor, index: Tensor, count: number, padding: number) => [
    { g, index },
    { count, padding },
  ],
  {
    infer: ({ g }, { count }) => spec(g.code, [count, g.shape[g.ndim - 1]!]),
    into(y, { g, index }, { padding }) {
      fillInto(y, 0);
      const width = g.shape[g.ndim - 1]!;
      const n = index.numel();
      const places = along(reshape(index, [n]), [n, width], 0);
      folding(y, reshape(g, [n, width]), (to, from) =>
        scatterInto("sum", to, 0, places, from, padding < 0 ? undefined : BigInt(padding)),
      );
    },
    saves: ["index"],
    vjp: (g, { index }, { padding }) => ({
      g: () => lookUp(padding < 0 ? g : indexFill(g, 0, full([1], padding, { device: g.device }), 0), index, -1, false),
      index: null,
    }),
  },
);

type Embedding = (
  input: Tensor,
  weight: Tensor,
  paddingIdx?: number | null | EmbeddingOptions,
  maxNorm?: number | null | EmbeddingOptions,
  normType?: number | EmbeddingOptions,
  scaleGradByFreq?: boolean | EmbeddingOptions,
  sparse?: boolean | EmbeddingOptions,
) => Tensor;

export interface EmbeddingOptions {
  /** The row that gets no gradient. */
  paddingIdx?: number | null;
  /** Rows that are looked up and longer than this are shortened to it first, in the table itself. */
  maxNorm?: number | null;
  /** The p of the norm for `maxNorm`. Default 2. */
  normType?: number;
  /** Divide the gradient of a row by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
  /** Accepted as PyTorch's default is: gradients are dense. */
  sparse?: boolean;
}

/**
 * The rows of `weight` [rows, width] that `input` names: [...input.shape, width].
 *
 * The values of the row `paddingIdx` are looked up as any other's. Throws ShapeError where weight is no matrix,
 * IndexError where an index is out of range.
 */
export const embedding: Embedding = /* @__PURE__ */ (...args) => {
  const [input, table, paddingIdx, maxNorm, normType, scaleGradByFreq] = bindArguments(
    "embedding",
    "input, weight, paddingIdx?, maxNorm?, normType?, scaleGradByFreq?, sparse?",
    args,
  );
  const index = asIndex(input, "embedding", "input");
  const weight = asTensor(table, "embedding", "weight");
  if (weight.ndim !== 2) throw new ShapeError(`embedding: weight is ${show(weight)}, expected two dims`);
  const rows = weight.shape[0]!;
  const padding = paddingIdx == null ? -1 : whole(paddingIdx, "embedding", "paddingIdx");
  if (paddingIdx != null && (padding < -rows || padding >= rows)) {
    throw new IndexError(`embedding: paddingIdx ${padding} is out of range for ${rows} rows`);
  }
  if (maxNorm != null) shortenRows(weight, index, maxNorm, normType);
  return lookUp(weight, index, paddingIdx != null && padding < 0 ? padding + rows : padding, scaleGradByFreq === true);
};

/** What `maxNorm` asks for. @internal */
export function shortenRows(weight: Tensor, index: Tensor, maxNorm: unknown, normType: unknown): void {
  const most = realNumber(maxNorm, "embedding", "maxNorm");
  noGrad(() => shorten(weight, index, most, realNumber(normType ?? 2, "embedding", "normType")));
}

/** Scales the rows of a table that are looked up so that none has a p-norm above `most`. */
function shorten(weight: Tensor, index: Tensor, most: number, p: number): void {
  const size = abs(weight);
  const norms = p === Number.POSITIVE_INFINITY ? amax(size, 1) : pow(sum(pow(size, p), 1), 1 / p);
  const used = gt(scatter_(zerosLike(norms), 0, reshape(index, -1), 1), 0);
  const factor = where(logicalAnd(used, gt(norms, most)), div(most, add(norms, 1e-7)), 1); // as PyTorch guards a row of zeros
  mul_(weight, unsqueeze(factor, 1));
}

/**
 * Every class number as a row of zeros with a 1 at its place: [...x.shape, numClasses], int64. `numClasses` -1 is one
 * more than the greatest. Throws where a number is negative or too large.
 */
export const oneHot: (x: Tensor, numClasses?: number | { numClasses?: number }) => Tensor =
  /* @__PURE__ */ composedFunction<(x: Tensor, numClasses?: unknown) => Tensor>(
    "oneHot",
    "input, numClasses?",
    (input, numClasses) => {
      const x = asTensor(input, "oneHot", "input");
      if (x.code !== INT64) throw new DTypeError(`oneHot: classes are int64, got ${show(x)}`);
      const given = whole(numClasses ?? -1, "oneHot", "numClasses");
      if (given < -1 || given === 0)
        throw new ValueError(`oneHot: numClasses is ${given}, expected more than 0, or -1`);
      if (given < 0 && x.numel() === 0)
        throw new ValueError("oneHot: there is no greatest class of no elements: give numClasses");
      const classes = given < 0 ? amax(reshape(x, -1)).item() + 1 : given;
      return scatter_(zeros([...x.shape, classes], { dtype: "int64", device: x.device }), -1, unsqueeze(x, -1), 1);
    },
  );
