// Sums, means and maxima of bags of rows of a table.

import { IndexError, ShapeError, sameDims, show, ValueError } from "../core/index.ts";
import { type Arguments, asTensor, underNode } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { whole, word } from "./arguments.ts";
import { div, mul } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import { zeros } from "./create.ts";
import { max } from "./extreme.ts";
import { asIndex } from "./gather.ts";
import { narrow } from "./pick.ts";
import { any } from "./reduce.ts";
import { type EmbeddingOptions, embedding, indexAdd, indexSelect } from "./rows.ts";
import { where } from "./ternary.ts";
import { reshape } from "./view.ts";

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
    const places = bagsOf(index, offsets, includeLast === true);
    const bags = padding === null ? places : without(places, index, padding < 0 ? padding + rowsOf : padding);

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

/** Of each bag, which places of the flat input it has. */
function bagsOf(index: Tensor, offsets: unknown, includeLast: boolean): number[][] {
  const n = index.numel();
  if (index.ndim === 2) {
    if (offsets != null) throw new ValueError(`the input is ${show(index)}, a bag a row: leave offsets out`);
    const [count, length] = index.shape as readonly [number, number];
    return Array.from({ length: count }, (_, bag) => range(bag * length, (bag + 1) * length));
  }
  if (index.ndim !== 1) throw new ShapeError(`the input is ${show(index)}, expected one or two dims`);
  if (offsets == null) throw new ValueError("an input of one dim needs offsets");
  const given = asIndex(offsets, "embeddingBag", "offsets");
  if (given.ndim !== 1) throw new ShapeError(`offsets is ${show(given)}, expected one dim`);
  const begins = (given.tolist() as (number | bigint)[]).map(Number);
  if (begins.length > 0 && begins[0] !== 0) throw new IndexError(`offsets[0] is ${begins[0]}, expected 0`);
  const ends = includeLast ? begins.slice(1) : [...begins.slice(1), n];
  if (includeLast && begins.length === 0) throw new ShapeError("includeLastOffset: there is no last offset");
  const wrong = begins.find((begin, bag) => begin > (begins[bag + 1] ?? n));
  if (wrong !== undefined) throw new IndexError(`offset ${wrong} is beyond the next one, or the ${n} elements`);
  return ends.map((end, bag) => range(begins[bag]!, end));
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
  let next = 0;
  const taps = bags.flatMap((bag) => Array.from({ length: longest }, (_, i) => (i < bag.length ? next++ : -1)));
  const there = tensor(
    taps.map((tap) => tap >= 0),
    { device: rows.device },
  );
  const shape = [bags.length, longest, rows.shape[1]!];
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
