// One index tensor for whole rows of a dim: `y[…, i, …] = x[…, index[i], …]` and its relatives, tables of embeddings.

import { IndexError, ShapeError, sameDims, show, showShape, strided } from "../core/index.ts";
import { asTensor, bindArguments, f32, indices, type Op, type Operand, type OpQ, op, spec } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { mul } from "./binary.ts";
import { composed } from "./composed.ts";
import { fillInto, full } from "./create.ts";
import { asIndex, folding, gatherInto, sameCode, scatter, scatterAdd, scatterInto, zerosOf } from "./gather.ts";
import { dimOf, expand, reshape, view } from "./view.ts";

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
export const indexSelect: Op<
  (x: Tensor, dim: number, index: Tensor) => Tensor,
  (dim: number, index: Tensor) => Tensor
> = /* @__PURE__ */ op(
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
    vjp: (g, { index }, { dim }, { x }) => ({ x: () => indexAdd(zerosOf(x, g), dim, index, g), index: null }),
    samples: [
      [f32(4, 3), 0, indices(4, 5)],
      [f32(2, 4, 3), 1, indices(4, 2)],
    ],
  },
);

// What follows scatters rows: `source` has x's shape, but for `dim`, where it has a row for every index.

type IntoRows<Rest extends readonly unknown[], N extends readonly PropertyKey[], K> = OpQ<
  [dim: number, index: Tensor, source: Tensor],
  Rest,
  N,
  K
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

/** `f` on a tensor with at least one dim. */
function asRows(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  return x.ndim === 0 ? view(f(view(x, [1])), []) : f(x);
}

type IndexAdd = IntoRows<[], [], { alpha: Operand }>;

/** A copy of `x` with `alpha` times the rows of `source` added to the rows that `index` names. */
export const indexAdd: IndexAdd = /* @__PURE__ */ composed(
  "indexAdd",
  "input, dim, index, source, *, alpha?",
  (x, dim, index, source, alpha) => {
    const to = rows("indexAdd", x, dim, index, source);
    const scaled = alpha === undefined || alpha === 1 ? to.source : mul(to.source, alpha);
    return asRows(x, (y) => scatterAdd(y, to.dim, to.index, scaled));
  },
);

/** A copy of `x` with the rows of `source` over the rows that `index` names. */
export const indexCopy: IntoRows<[], [], Record<never, never>> = /* @__PURE__ */ composed(
  "indexCopy",
  "input, dim, index, source",
  (x, dim, index, source) => {
    const to = rows("indexCopy", x, dim, index, source);
    return asRows(x, (y) => scatter(y, to.dim, to.index, to.source));
  },
);

/** A copy of `x` with `value` over the rows that `index` names. */
export const indexFill: Op<
  (x: Tensor, dim: number, index: Tensor, value: Operand) => Tensor,
  (dim: number, index: Tensor, value: Operand) => Tensor
> = /* @__PURE__ */ composed("indexFill", "input, dim, index, value", (x, dim, index, value) => {
  const d = dimOf(dim, asTensor(x, "indexFill", "input").ndim, "indexFill");
  const list = asList(index, "indexFill");
  const shape = x.ndim === 0 ? [1] : x.shape;
  const places = along(list, shape, d);
  if (!(value instanceof Tensor)) return asRows(x, (y) => scatter(y, d, places, value));
  if (value.ndim > 0) throw new ShapeError(`indexFill: value is ${show(value)}, expected a number or a 0-dim tensor`);
  return asRows(x, (y) => scatter(y, d, places, expand(value, places.shape)));
});

// ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The rows of a table `weight` [rows, width] for indices of any shape: [...indices, width]. */
const lookUp: (weight: Tensor, index: Tensor, padding: number) => Tensor = /* @__PURE__ */ op(
  "embedding",
  "weight, input, paddingIdx",
  (weight: Tensor, index: Tensor, padding: number) => [{ weight, index }, { padding }],
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
    vjp: (g, { index }, { padding }, { weight }) => ({
      weight: () => addUp(g, index, weight.shape[0]!, padding),
      index: null,
    }),
    samples: [[f32(5, 3), indices(5, 2, 4), -1]],
  },
);

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
      g: () => lookUp(padding < 0 ? g : indexFill(g, 0, full([1], padding, { device: g.device }), 0), index, -1),
      index: null,
    }),
  },
);

type Embedding = (
  input: Tensor,
  weight: Tensor,
  paddingIdx?: number | null | EmbeddingOptions,
  maxNorm?: null,
  normType?: number,
  scaleGradByFreq?: boolean,
  sparse?: boolean,
) => Tensor;

export interface EmbeddingOptions {
  paddingIdx?: number | null;
  maxNorm?: null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

/**
 * The rows of `weight` [rows, width] that `input` names: [...input.shape, width].
 *
 * The row `paddingIdx` gets no gradient; its values are looked up as any other's. Throws ShapeError where weight is no
 * matrix, IndexError where an index is out of range.
 */
export const embedding: Embedding = /* @__PURE__ */ (...args: unknown[]): Tensor => {
  const [input, table, paddingIdx] = bindArguments(
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
  return lookUp(weight, index, paddingIdx != null && padding < 0 ? padding + rows : padding);
};
