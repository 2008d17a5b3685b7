// Elements that occur more than once: what is different, how often, and what is most frequent.

import { INT64, IndexError, ShapeError, show } from "../core/index.ts";
import { asTensor, type Named, named, type Op, type OpK } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { axisOf } from "./axes.ts";
import { add, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { ne } from "./compare.ts";
import { composed } from "./composed.ts";
import { detach } from "./copy.ts";
import { arange, full, ones, zeros, zerosLike } from "./create.ts";
import { argmax } from "./extreme.ts";
import { assertReal } from "./folds.ts";
import { gather, scatter, scatterAdd_ } from "./gather.ts";
import { nonzero } from "./indexing.ts";
import { cat } from "./join.ts";
import { narrow, select } from "./pick.ts";
import { any } from "./reduce.ts";
import { indexSelect } from "./rows.ts";
import { cummax, cumsum } from "./scan.ts";
import { spanOf } from "./search.ts";
import { argsort, sort } from "./sort.ts";
import { where } from "./ternary.ts";
import { expand, movedim, reshape, squeeze } from "./view.ts";

interface Wanted {
  /** Whether the place of each element in the result is wanted too; false. */
  returnInverse?: boolean;
  /** Whether it is wanted how often each occurs; false. */
  returnCounts?: boolean;
  /** The dim whose slices are compared as wholes; null for single elements. */
  dim?: number | null;
}
/** More than one result. */
type Many = { returnInverse: true } | { returnCounts: true };
export interface UniqueOptions extends Wanted {
  /** Accepted for PyTorch's sake: the result is sorted in any case. */
  sorted?: boolean;
}

export interface Unique {
  (x: Tensor, options: UniqueOptions & Many): Tensor[];
  (x: Tensor, sorted: boolean, options: Wanted & Many): Tensor[];
  (x: Tensor, sorted: boolean, returnInverse: true, returnCounts?: boolean, dim?: number | null): Tensor[];
  (x: Tensor, sorted: boolean, returnInverse: boolean, returnCounts: true, dim?: number | null): Tensor[];
  (x: Tensor, options?: UniqueOptions): Tensor;
  (x: Tensor, sorted: boolean, options?: Wanted): Tensor;
  (x: Tensor, sorted: boolean, returnInverse: false, returnCounts?: false, dim?: number | null): Tensor;
}
export interface UniqueMethod {
  (options: UniqueOptions & Many): Tensor[];
  (sorted: boolean, options: Wanted & Many): Tensor[];
  (sorted: boolean, returnInverse: true, returnCounts?: boolean, dim?: number | null): Tensor[];
  (sorted: boolean, returnInverse: boolean, returnCounts: true, dim?: number | null): Tensor[];
  (options?: UniqueOptions): Tensor;
  (sorted: boolean, options?: Wanted): Tensor;
  (sorted: boolean, returnInverse: false, returnCounts?: false, dim?: number | null): Tensor;
}
export interface UniqueConsecutive {
  (x: Tensor, options: Wanted & Many): Tensor[];
  (x: Tensor, returnInverse: true, returnCounts?: boolean, dim?: number | null): Tensor[];
  (x: Tensor, returnInverse: boolean, returnCounts: true, dim?: number | null): Tensor[];
  (x: Tensor, options?: Wanted): Tensor;
  (x: Tensor, returnInverse: false, returnCounts?: false, dim?: number | null): Tensor;
}
export interface UniqueConsecutiveMethod {
  (options: Wanted & Many): Tensor[];
  (returnInverse: true, returnCounts?: boolean, dim?: number | null): Tensor[];
  (returnInverse: boolean, returnCounts: true, dim?: number | null): Tensor[];
  (options?: Wanted): Tensor;
  (returnInverse: false, returnCounts?: false, dim?: number | null): Tensor;
}

type Flag = boolean | undefined;

/**
 * The different elements in order; with `dim` the different slices, in the order of their elements. With `returnInverse` and
 * `returnCounts` an array: these, then the place of each element among them, then how often each occurs. NaN differs
 * from itself. No gradient flows.
 */
export const unique: Op<Unique, UniqueMethod> = /* @__PURE__ */ composed(
  "unique",
  "input, sorted?, returnInverse?, returnCounts?, dim?",
  (input: Tensor, _sorted: Flag, inverse: Flag, counts: Flag, dim: number | null | undefined) => {
    const x = slices("unique", input, dim);
    if (x.rows.shape[1] === 1) {
      const flat = reshape(x.rows, [-1]);
      const { values, ...groups } = counted(flat) ?? sorted(flat);
      return results(laidOut(values, x), x, groups, inverse, counts);
    }
    const order = orderOf(x.rows);
    const groups = groupsOf(indexSelect(x.rows, 0, order));
    const values = indexSelect(x.from, x.dim, indexSelect(order, 0, groups.starts));
    return results(values, x, { ...groups, of: () => backTo(order, groups.of()) }, inverse, counts);
  },
) as unknown as Op<Unique, UniqueMethod>;

/** As `unique`, of neighbours alone: what is equal to the element before it is left out. */
export const uniqueConsecutive: Op<UniqueConsecutive, UniqueConsecutiveMethod> = /* @__PURE__ */ composed(
  "uniqueConsecutive",
  "input, returnInverse?, returnCounts?, dim?",
  (input: Tensor, inverse: Flag, counts: Flag, dim: number | null | undefined) => {
    const x = slices("uniqueConsecutive", input, dim);
    const groups = groupsOf(x.rows);
    return results(indexSelect(x.from, x.dim, groups.starts), x, groups, inverse, counts);
  },
) as unknown as Op<UniqueConsecutive, UniqueConsecutiveMethod>;

interface Slices {
  /** What is picked from, along `dim`. */
  readonly from: Tensor;
  readonly dim: number;
  /** What is compared: [n, width]. */
  readonly rows: Tensor;
  /** The shape of the places. */
  readonly shape: readonly number[];
}

function slices(op: string, input: Tensor, dim: number | null | undefined): Slices {
  const x = detach(asTensor(input, op, "input"));
  assertReal(op, x);
  if (dim == null || x.ndim === 0) {
    const from = reshape(x, [-1]);
    return { from, dim: 0, rows: reshape(x, [-1, 1]), shape: x.shape };
  }
  const axis = axisOf(dim, x.ndim, op);
  const n = x.shape[axis]!;
  if (n > 0 && x.numel() === 0) throw new ShapeError(`${op}: the slices of ${show(x)} along dim ${dim} are empty`);
  return { from: x, dim: axis, rows: reshape(movedim(x, axis, 0), [n, n === 0 ? 0 : -1]), shape: [n] };
}

/** What is made only if it is wanted: the group of each element, in their order, and how many each group has. */
interface Groups {
  of(): Tensor;
  counts(): Tensor;
}

function results(values: Tensor, x: Slices, groups: Groups, inverse: Flag, counts: Flag): Tensor | Tensor[] {
  const more = [...(inverse ? [reshape(groups.of(), x.shape)] : []), ...(counts ? [groups.counts()] : [])];
  return more.length === 0 ? values : [values, ...more];
}

/** Values of slices of one element, as slices. */
const laidOut = (values: Tensor, { from, dim }: Slices): Tensor =>
  reshape(values, from.shape.with(dim, values.shape[0]!));

/** What lies in the order of a sort, in that of its input. */
const backTo = (order: Tensor, x: Tensor): Tensor => scatter(zerosLike(order), 0, order, x);

/** The values of a list by sorting it. */
function sorted(x: Tensor): Groups & { values: Tensor } {
  const { values, indices: order } = sort(x, 0, false, { stable: true });
  const groups = groupsOf(reshape(values, [-1, 1]));
  return { values: indexSelect(values, 0, groups.starts), of: () => backTo(order, groups.of()), counts: groups.counts };
}

const SPARSE = 4; // counters for each element, up to which counting is less work than a sort

/** The values of a list of integers by counting them; null where they are no integers, or too far apart. */
function counted(x: Tensor): (Groups & { values: Tensor }) | null {
  const n = x.numel();
  const span = spanOf(x);
  if (span === null || span.range > SPARSE * n) return null;
  const { least, range } = span;
  const places = sub(asCode(x, INT64), least);
  const options = { dtype: "int64", device: x.device } as const;
  const counts = scatterAdd_(zeros([range], options), 0, places, expand(ones([1], options), [n]));
  const there = reshape(nonzero(counts), [-1]);
  return {
    values: asCode(add(there, least), x.code),
    of: () => indexSelect(sub(cumsum(ne(counts, 0), 0), 1), 0, places),
    counts: () => indexSelect(counts, 0, there),
  };
}

/** The indices that bring rows in order: stable sorts by each column, the first last. */
function orderOf(rows: Tensor): Tensor {
  const [n, width] = rows.shape as [number, number];
  let order = arange(n, { device: rows.device });
  for (let column = width - 1; column >= 0; column--) {
    const keys = indexSelect(select(rows, 1, column), 0, order);
    order = indexSelect(order, 0, argsort(keys, 0, false, { stable: true }));
  }
  return order;
}

/** Neighbouring rows that are equal, and where the groups that they make start. */
function groupsOf(rows: Tensor): Groups & { starts: Tensor } {
  const n = rows.shape[0]!;
  const rest = Math.max(n - 1, 0);
  const differs = ne(narrow(rows, 0, n - rest, rest), narrow(rows, 0, 0, rest));
  const changes = rows.shape[1] === 1 ? reshape(differs, [-1]) : any(differs, 1);
  const isStart = cat([full([n - rest], true, { dtype: "bool", device: rows.device }), changes], 0);
  const starts = reshape(nonzero(isStart), [-1]);
  return {
    starts,
    of: () => sub(cumsum(isStart, 0), 1),
    counts: () => sub(cat([narrow(starts, 0, n - rest, starts.numel() - (n - rest)), endOf(rows)], 0), starts),
  };
}

/** The number of rows, in a list; of none an empty one. */
const endOf = (rows: Tensor): Tensor => full([Math.min(1, rows.shape[0]!)], rows.shape[0]!, { device: rows.device });

type Mode = OpK<
  [dim?: number, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number; keepdim: boolean },
  Named<["values", "indices"]>
>;

/** The most frequent value along `dim` (-1), of equally frequent ones the least, and a place where it is. */
export const mode: Mode = /* @__PURE__ */ composed<Mode>("mode", "input, dim?, keepdim?", (input, dim, keepdim) => {
  assertReal("mode", asTensor(input, "mode", "input"));
  const axis = axisOf(dim ?? -1, input.ndim, "mode");
  const x = input.ndim === 0 ? reshape(input, [1]) : input;
  const n = x.shape[axis]!;
  if (n === 0) throw new IndexError(`mode: dim ${axis} of ${show(x)} is empty`);
  const { values: sorted, indices: order } = sort(detach(x), axis, false, { stable: true });
  const places = expand(
    reshape(
      arange(n, { device: x.device }),
      x.shape.map((_, d) => (d === axis ? n : 1)),
    ),
    x.shape,
  );
  // Where each run of equals begins; how far a place is from there is greatest at the end of the longest run.
  const changes = ne(narrow(sorted, axis, 1, n - 1), narrow(sorted, axis, 0, n - 1));
  const begins = where(changes, narrow(places, axis, 1, n - 1), 0);
  const runs = cummax(cat([narrow(places, axis, 0, 1), begins], axis), axis).values;
  const indices = gather(order, axis, argmax(sub(places, runs), axis, true));
  const values = gather(x, axis, indices);
  const shaped = (y: Tensor): Tensor => (input.ndim === 0 ? reshape(y, []) : keepdim ? y : squeeze(y, axis));
  return named([shaped(values), shaped(indices)], ["values", "indices"]);
});
