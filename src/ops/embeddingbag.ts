// Sums, means and maxima of bags of rows of a table.

import { INT64, IndexError, ShapeError, sameDims, show, ValueError } from "../core/index.ts";
import { type Arguments, asTensor, f32, indices, op, spec, toCode, underNode } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { whole, word } from "./arguments.ts";
import { div, mul } from "./binary.ts";
import { ne } from "./compare.ts";
import { conj } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { arange, fillInto, ones, zeros } from "./create.ts";
import { max } from "./extreme.ts";
import { asIndex } from "./gather.ts";
import { narrow } from "./pick.ts";
import { grainOf } from "./product.ts";
import { any, sum } from "./reduce.ts";
import { type EmbeddingOptions, embedding, indexAdd, indexSelect, shortenRows } from "./rows.ts";
import { searchsorted } from "./search.ts";
import { clamp, where } from "./ternary.ts";
import { expand, reshape, unsqueeze } from "./view.ts";

export type BagMode = "sum" | "mean" | "max";

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins in an input of one dim. */
  offsets?: Tensor | null;
  /** What becomes of a bag's rows; "mean". */
  mode?: BagMode;
  /** Factors of the rows, in the shape of the input, for mode "sum". */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset says where the last bag ends; false. */
  includeLastOffset?: boolean;
}

/**
 * The rows of `weight` [rows, width] that a bag of indices names, as their sum, mean or maximum: [bags, width].
 *
 * Bags are the rows of an `input` of two dims, or lie one behind the other in one of one dim, where `offsets` says how. A bag of
 * nothing gives 0; `paddingIdx` in a bag counts for nothing. Throws ShapeError where input, offsets or weights do not fit,
 * IndexError where an index or offset is out of range.
 */
export const embeddingBag: (
  ...args: Arguments<
    EmbeddingBagOptions & { input: Tensor; weight: Tensor },
    [input: Tensor, weight: Tensor],
    [
      offsets?: Tensor | null,
      maxNorm?: number | null,
      normType?: number,
      scaleGradByFreq?: boolean,
      mode?: BagMode,
      sparse?: boolean,
      perSampleWeights?: Tensor | null,
      includeLastOffset?: boolean,
      paddingIdx?: number | null,
    ]
  >
) => Tensor = /* @__PURE__ */ composedFunction<(...args: unknown[]) => Tensor>(
  "embeddingBag",
  "input, weight, offsets?, maxNorm?, normType?, scaleGradByFreq?, mode?, sparse?, perSampleWeights?, includeLastOffset?, paddingIdx?",
  (input, table, offsets, maxNorm, normType, byFrequency, given, _sparse, factors, includeLast, paddingIdx) => {
    const index = asIndex(input, "embeddingBag", "input");
    const weight = asTensor(table, "embeddingBag", "weight");
    const mode = word(given ?? "mean", "embeddingBag", "mode", ["sum", "mean", "max"]);
    const scales = factors == null ? null : asTensor(factors, "embeddingBag", "perSampleWeights");
    if (scales !== null && !sameDims(scales.shape, index.shape)) {
      throw new ShapeError(`perSampleWeights is ${show(scales)}, expected the shape of the input, ${show(index)}`);
    }
    if (scales !== null && mode !== "sum") throw new ValueError(`perSampleWeights go with mode "sum", got "${mode}"`);
    if (mode === "max" && byFrequency === true) throw new ValueError('scaleGradByFreq does not go with mode "max"');

    const rowsOf = weight.shape[0]!;
    const padding = paddingIdx == null ? null : whole(paddingIdx, "embeddingBag", "paddingIdx");
    if (padding !== null && (padding < -rowsOf || padding >= rowsOf)) {
      throw new IndexError(`paddingIdx ${padding} is out of range for ${rowsOf} rows`);
    }
    const plan = planOf(index, offsets, includeLast === true);
    const skipped = padding === null ? -1 : padding < 0 ? padding + rowsOf : padding;
    const width = weight.shape[1] ?? 0;
    if (
      mode !== "max" &&
      byFrequency !== true &&
      weight.ndim === 2 &&
      width <= WIDEST &&
      (scales === null || scales.code === weight.code)
    ) {
      if (maxNorm != null) shortenRows(weight, index, maxNorm, normType);
      const upTo = plan.begins === null ? index.numel() : plan.begins[plan.bags]!;
      const flat = narrow(reshape(index, [-1]), 0, 0, upTo);
      const begins = plan.begins === null ? null : list(plan.begins, weight);
      const by = scales === null ? null : narrow(reshape(scales, [-1]), 0, 0, upTo);
      return underNode("EmbeddingBagBackward0", () =>
        sumsOfBags(weight, flat, begins, by, plan.bags, plan.length, skipped, mode === "mean"),
      );
    }
    const places = placesOf(plan);
    const bags = padding === null ? places : without(places, index, skipped);

    const found = embedding(reshape(index, [-1]), weight, {
      maxNorm: maxNorm as number | null,
      normType: (normType ?? 2) as number,
      scaleGradByFreq: byFrequency === true,
    });
    const scaled = scales === null ? found : mul(found, reshape(scales, [-1, 1]));
    const rows = padding === null ? scaled : indexSelect(scaled, 0, list(bags.flat(), weight));
    return underNode("EmbeddingBagBackward0", () => {
      if (mode === "max" && rows.shape[0]! > 0) return maxima(rows, bags);
      const sums = sumsOf(rows, bags);
      if (mode !== "mean" || bags.length === 0) return sums;
      const sizes = bags.map((bag) => [Math.max(bag.length, 1)]);
      return div(sums, tensor(sizes, { dtype: weight.dtype, device: weight.device }));
    });
  },
);

/** Columns of a table that the kernels take. */
const WIDEST = 65536;
/** Units of the derivative: PARTS of assembly/index/bags.ts. */
const PARTS = 64;
/** No index counts for nothing. */
const NONE = -(2n ** 63n);

type Sums = (
  weight: Tensor,
  index: Tensor,
  begins: Tensor | null,
  scales: Tensor | null,
  bags: number,
  length: number,
  padding: number,
  mean: boolean,
) => Tensor;

/**
 * The sum, or the mean, of the rows of each bag: [bags, width]. Bag i has the places of `index` from begins[i] to
 * begins[i + 1], or `length` of them each; `padding` counts for nothing.
 */
const sumsOfBags: Sums = /* @__PURE__ */ op(
  "embeddingBagSums",
  "weight, index, begins, scales, bags, length, padding, mean",
  (
    weight: Tensor,
    index: Tensor,
    begins: Tensor | null,
    scales: Tensor | null,
    bags: number,
    length: number,
    padding: number,
    mean: boolean,
  ) => [
    { weight, index, begins, scales },
    { bags, length, padding, mean },
  ],
  {
    infer: ({ weight }, { bags }) => spec(weight.code, [bags, weight.shape[1]!]),
    kernel: "bags",
    launch(k, { weight, index, begins, scales }, { out }, { bags, length, padding, mean }) {
      const places = toCode(index, INT64);
      const [rows, width] = weight.shape as [number, number];
      const call = k.call("bags").int(width).int(rows).int(bags).int(length).long(skipping(padding)).bool(mean);
      call.tensor(weight).tensor(places).tensor(begins).tensor(scales).tensor(out);
      call.run(bags, grainOf((width * (index.numel() + bags)) / Math.max(bags, 1)));
    },
    decompose({ weight, index, begins, scales }, { bags, length, padding, mean }) {
      const at = { bags, length, padding };
      const rows = embedding(index, weight);
      const used = counted(scales === null ? rows : mul(rows, unsqueeze(scales, 1)), index, padding);
      const none = zeros([bags, weight.shape[1]!], { dtype: weight.dtype, device: weight.device });
      const sums = indexAdd(none, 0, bagOf(index, begins, at), used);
      return mean ? div(sums, sizes(sums, index, begins, at)) : sums;
    },
    saves: ["weight", "index", "begins", "scales"],
    vjp(g, { weight, index, begins, scales }, { bags, length, padding, mean }) {
      const at = { bags, length, padding };
      return {
        weight: () => scattered(g, index, begins, scales, weight.shape[0]!, length, padding, mean),
        index: null,
        begins: null,
        // A mean has no scales.
        scales: () =>
          sum(
            counted(mul(conj(embedding(index, weight)), indexSelect(g, 0, bagOf(index, begins, at))), index, padding),
            1,
          ),
      };
    },
    method: false,
    samples: () => [
      [f32(5, 3), indices(5, 6), null, null, 3, 2, -1, false],
      [f32(5, 9), indices(5, 6), null, null, 2, 3, 1, true],
      [f32(5, 3), indices(5, 4), null, f32(4), 2, 2, -1, false],
    ],
  },
);

/** The derivative of `sumsOfBags` by its table of `rows` rows. */
const scattered: (
  g: Tensor,
  index: Tensor,
  begins: Tensor | null,
  scales: Tensor | null,
  rows: number,
  length: number,
  padding: number,
  mean: boolean,
) => Tensor = /* @__PURE__ */ op(
  "embeddingBagBackward",
  "g, index, begins, scales, rows, length, padding, mean",
  (
    g: Tensor,
    index: Tensor,
    begins: Tensor | null,
    scales: Tensor | null,
    rows: number,
    length: number,
    padding: number,
    mean: boolean,
  ) => [
    { g, index, begins, scales },
    { rows, length, padding, mean },
  ],
  {
    infer: ({ g }, { rows }) => spec(g.code, [rows, g.shape[1]!]),
    kernel: "bagsBackward",
    launch(k, { g, index, begins, scales }, { out }, { rows, length, padding, mean }) {
      const places = toCode(index, INT64);
      const [bags, width] = g.shape as [number, number];
      fillInto(out, 0);
      const call = k.call("bagsBackward").int(width).int(rows).int(bags).int(length);
      call.long(skipping(padding)).bool(mean).tensor(out).tensor(places).tensor(begins).tensor(scales).tensor(g);
      call.run(PARTS, Math.max(PARTS / 2, grainOf((width * index.numel()) / PARTS)));
    },
    decompose({ g, index, begins, scales }, { rows, length, padding, mean }) {
      const at = { bags: g.shape[0]!, length, padding };
      const each = indexSelect(mean ? div(g, sizes(g, index, begins, at)) : g, 0, bagOf(index, begins, at));
      const used = counted(scales === null ? each : mul(each, unsqueeze(conj(scales), 1)), index, padding);
      return indexAdd(zeros([rows, g.shape[1]!], { dtype: g.dtype, device: g.device }), 0, index, used);
    },
  },
);

const skipping = (padding: number): bigint => (padding < 0 ? NONE : BigInt(padding));

interface Bags {
  readonly bags: number;
  readonly length: number;
  readonly padding: number;
}

/** The bag of each place of the flat index. */
function bagOf(index: Tensor, begins: Tensor | null, { bags, length }: Bags): Tensor {
  const options = { device: index.device };
  if (begins === null) return reshape(expand(unsqueeze(arange(bags, options), 1), [bags, length]), [-1]);
  return searchsorted(narrow(begins, 0, 1, bags), arange(index.numel(), options), { right: true });
}

/** How many places of each bag count, 1 at least: [bags, 1], in the dtype of `like`. */
function sizes(like: Tensor, index: Tensor, begins: Tensor | null, at: Bags): Tensor {
  const options = { dtype: like.dtype, device: like.device };
  const each = counted(ones([index.numel(), 1], options), index, at.padding);
  return clamp(indexAdd(zeros([at.bags, 1], options), 0, bagOf(index, begins, at), each), { min: 1 });
}

/** Rows with 0 where the index is the padding. */
const counted = (rows: Tensor, index: Tensor, padding: number): Tensor =>
  padding < 0 ? rows : where(unsqueeze(ne(index, padding), 1), rows, 0);

/** Where bags begin, and the last ends, in the flat input; null where each has `length` places. */
interface Plan {
  readonly begins: readonly number[] | null;
  readonly bags: number;
  readonly length: number;
}

function planOf(index: Tensor, offsets: unknown, includeLast: boolean): Plan {
  const n = index.numel();
  if (index.ndim === 2) {
    if (offsets != null) throw new ValueError(`the input is ${show(index)}, a bag a row: leave offsets out`);
    return { begins: null, bags: index.shape[0]!, length: index.shape[1]! };
  }
  if (index.ndim !== 1) throw new ShapeError(`the input is ${show(index)}, expected one or two dims`);
  if (offsets == null) throw new ValueError("an input of one dim needs offsets");
  const given = asIndex(offsets, "embeddingBag", "offsets");
  if (given.ndim !== 1) throw new ShapeError(`offsets is ${show(given)}, expected one dim`);
  const begins = (given.tolist() as (number | bigint)[]).map(Number);
  if (begins.length > 0 && begins[0] !== 0) throw new IndexError(`offsets[0] is ${begins[0]}, expected 0`);
  if (includeLast && begins.length === 0) throw new ShapeError("includeLastOffset: there is no last offset");
  const wrong = begins.find((begin, bag) => begin > (begins[bag + 1] ?? n));
  if (wrong !== undefined) throw new IndexError(`offset ${wrong} is beyond the next one, or the ${n} elements`);
  if (begins.length === 0) return { begins: [0], bags: 0, length: 0 };
  return { begins: includeLast ? begins : [...begins, n], bags: begins.length - Number(includeLast), length: 0 };
}

/** Of each bag, which places of the flat input it has. */
function placesOf({ begins, bags, length }: Plan): number[][] {
  return Array.from({ length: bags }, (_, bag) =>
    begins === null ? range(bag * length, (bag + 1) * length) : range(begins[bag]!, begins[bag + 1]!),
  );
}

/** The bags without the places whose index is `padding`. */
function without(bags: readonly number[][], index: Tensor, padding: number): number[][] {
  const values = reshape(index, [-1]).tolist() as (number | bigint)[];
  return bags.map((bag) => bag.filter((place) => Number(values[place]) !== padding));
}

/** The sum of each bag, whose rows lie one behind the other. */
function sumsOf(rows: Tensor, bags: readonly number[][]): Tensor {
  const bagOf = bags.flatMap((bag, i) => bag.map(() => i));
  const none = zeros([bags.length, rows.shape[1]!], { dtype: rows.dtype, device: rows.device });
  return indexAdd(none, 0, list(bagOf, rows), narrow(rows, 0, 0, bagOf.length));
}

/** The maximum of each bag: of its rows laid out as long as the longest bag's. The gradient goes to the first of equals. */
function maxima(rows: Tensor, bags: readonly number[][]): Tensor {
  const longest = Math.max(...bags.map((bag) => bag.length));
  const shape = [bags.length, longest, rows.shape[1]!];
  if (bags.every((bag) => bag.length === longest)) {
    return max(reshape(narrow(rows, 0, 0, bags.length * longest), shape), 1).values;
  }
  let next = 0;
  const taps = bags.flatMap((bag) => Array.from({ length: longest }, (_, i) => (i < bag.length ? next++ : -1)));
  const there = tensor(
    taps.map((tap) => tap >= 0),
    { device: rows.device },
  );
  const seen = reshape(
    indexSelect(
      rows,
      0,
      list(
        taps.map((tap) => Math.max(tap, 0)),
        rows,
      ),
    ),
    shape,
  );
  const mask = reshape(there, [bags.length, longest, 1]);
  const greatest = max(where(mask, seen, Number.NEGATIVE_INFINITY), 1).values;
  return where(any(mask, 1), greatest, 0);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const list = (values: readonly number[], like: Tensor): Tensor =>
  tensor(BigInt64Array.from(values, BigInt), { device: like.device });
