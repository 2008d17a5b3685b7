// Searches: places in sorted sequences, membership.

import {
  DTypeError,
  INT32,
  INT64,
  isIntegral,
  promoteTypes,
  ShapeError,
  sameDims,
  show,
  ValueError,
} from "../core/index.ts";
import { asTensor, type FnQ, f32, type Operand, op, spec } from "../op/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { add, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { eq, ge, gt, lt } from "./compare.ts";
import { composedFunction } from "./composed.ts";
import { full, zeros } from "./create.ts";
import { gather, scatter } from "./gather.ts";
import { bitwiseRightShift, logicalAnd, logicalNot } from "./logic.ts";
import { grainOf } from "./product.ts";
import { amax, amin } from "./reduce.ts";
import { sort } from "./sort.ts";
import { clamp, clampMax, where } from "./ternary.ts";
import { reshape } from "./view.ts";

type Side = "left" | "right";
type SearchSorted = FnQ<
  [sortedSequence: Tensor, x: Operand],
  [],
  [],
  { outInt32: boolean; right: boolean; side: Side | null; sorter: Tensor | null }
>;

/**
 * Where each element of x would go in a sequence that is sorted along its last dim, so that it stays sorted: before its
 * equals, or behind them if `right` (or `side: "right"`). A sequence of one dim serves all elements, else x has its leading
 * dims. `sorter` are the indices that sort it. NaN goes to the end.
 */
export const searchsorted: SearchSorted = /* @__PURE__ */ composedFunction<SearchSorted>(
  "searchsorted",
  "sortedSequence, input, *, outInt32?, right?, side?, sorter?",
  (
    given,
    input,
    outInt32: boolean | undefined,
    right: boolean | undefined,
    side: Side | null | undefined,
    sorter: Tensor | null | undefined,
  ) => {
    asTensor(given, "searchsorted", "sortedSequence");
    if (side != null && word(side, "searchsorted", "side", ["left", "right"]) === "left" && right === true) {
      throw new ValueError('searchsorted: side is "left" and right is true');
    }
    if (sorter != null && !sameDims(asTensor(sorter, "searchsorted", "sorter").shape, given.shape)) {
      throw new ShapeError(`searchsorted: sorter is ${show(sorter)}, expected the shape of ${show(given)}`);
    }
    const sorted = sorter == null ? given : gather(given, -1, sorter);
    return found("searchsorted", sorted, input, right === true || side === "right", outInt32 === true);
  },
);

type Bucketize = (x: Operand, boundaries: Tensor, options?: BucketizeOptions) => Tensor;
export interface BucketizeOptions {
  /** Whether the result is int32; false, it is int64. */
  outInt32?: boolean;
  /** Whether a boundary belongs to the bucket above it; false. */
  right?: boolean;
}

/** The bucket of each element between sorted `boundaries`: `searchsorted` with one sequence for all. */
export const bucketize: Bucketize = /* @__PURE__ */ composedFunction(
  "bucketize",
  "input, boundaries, *, outInt32?, right?",
  (input, boundaries, outInt32?: unknown, right?: unknown) => {
    if (asTensor(boundaries, "bucketize", "boundaries").ndim !== 1) {
      throw new ShapeError(`bucketize: boundaries are ${show(boundaries)}, expected one dim`);
    }
    return found("bucketize", boundaries, input, right === true, outInt32 === true);
  },
);

function found(op: string, sorted: Tensor, input: Operand, right: boolean, narrow: boolean): Tensor {
  const x = input instanceof Tensor ? input : tensor(input as number, { dtype: sorted.dtype, device: sorted.device });
  if (x.code !== sorted.code) throw new DTypeError(`${op}: ${show(sorted)} and ${show(x)} differ in their dtype`);
  const shared = sorted.ndim === 1;
  if (!shared && (sorted.ndim === 0 || !sameDims(sorted.shape.slice(0, -1), x.shape.slice(0, -1)))) {
    throw new ShapeError(`${op}: ${show(x)} has not the leading dims of ${show(sorted)}`);
  }
  const places = reshape(placesOf(sorted, shared ? reshape(x, [-1]) : x, right), x.shape);
  return narrow ? asCode(places, INT32) : places;
}

/**
 * A binary search for each x [..., m] in the last dim of `sorted` [..., n], or of `sorted` [n] for all. It asks in the order in
 * which PyTorch asks, so that even of a sequence that is not sorted the places are PyTorch's.
 */
const placesOf: (sorted: Tensor, x: Tensor, right: boolean) => Tensor = /* @__PURE__ */ op(
  "searchsortedPlaces",
  "sorted, x, right",
  (sorted: Tensor, x: Tensor, right: boolean) => [{ sorted, x }, { right }],
  {
    infer: ({ x }) => spec(INT64, x.shape),
    kernel: "search",
    launch(k, { sorted, x }, { out }, { right }) {
      const n = sorted.shape[sorted.ndim - 1]!;
      const each = sorted.ndim === 1 ? x.numel() : x.shape[x.ndim - 1]!;
      const steps = Math.ceil(Math.log2(n + 1)) + 1;
      const call = k.call("search").int(n).int(Math.max(each, 1)).bool(right).tensor(sorted).tensor(x).tensor(out);
      call.run(x.numel(), grainOf(4 * steps));
    },
    decompose({ sorted, x }, { right }) {
      const n = sorted.shape[sorted.ndim - 1]!;
      const options = { dtype: "int64", device: x.device } as const;
      let start = zeros(x.shape, options);
      let end = full(x.shape, n, options);
      for (let left = n; left > 0; left >>= 1) {
        const middle = bitwiseRightShift(add(start, end), 1);
        const there = gather(sorted, -1, clampMax(middle, n - 1));
        // The negation puts NaN behind all.
        const less = logicalAnd(logicalNot(right ? gt(there, x) : ge(there, x)), lt(start, end));
        start = where(less, add(middle, 1), start);
        end = where(less, end, middle);
      }
      return start;
    },
    method: false,
    samples: () => [
      [f32(5), f32(4), false],
      [f32(2, 5), f32(2, 3), true],
    ],
  },
);

type IsIn = FnQ<[elements: Operand, testElements: Operand], [], [], { assumeUnique: boolean; invert: boolean }>;

/** True where an element is among `testElements`; with `invert` where it is not. One of the two may be a number. */
export const isin: IsIn = /* @__PURE__ */ composedFunction<IsIn>(
  "isin",
  "elements, testElements, *, assumeUnique?, invert?",
  (elements, tests, _assumeUnique: boolean | undefined, invert: boolean | undefined) => {
    const like = elements instanceof Tensor ? elements : asTensor(tests as Tensor, "isin", "testElements");
    const { device } = like;
    const [left, right] = [elements, tests].map((x) => (x instanceof Tensor ? x : tensor(x as number, { device }))) as [
      Tensor,
      Tensor,
    ];
    const code = promoteTypes(left.code, right.code);
    const [x, among] = [asCode(left, code), reshape(asCode(right, code), [-1])];
    if (among.numel() === 0) return full(x.shape, invert === true, { device });
    const within = isTicked(x, among) ?? isAmong(x, sort(among).values);
    return invert === true ? logicalNot(within) : within;
  },
);

const SPARSE = 4; // entries of a table for each element that is asked for, up to which it is less work than searches

/** `isAmong` by a table of all integers from the least to the greatest; null where they are no integers, or too far apart. */
function isTicked(x: Tensor, among: Tensor): Tensor | null {
  const span = spanOf(among);
  if (span === null || span.range > SPARSE * (x.numel() + among.numel())) return null;
  // One entry more at each end, which no integer ticks: there go all that lie beyond, as do those whose difference wraps.
  const { range, least } = span;
  const options = { dtype: "bool", device: x.device } as const;
  const table = scatter(zeros([range + 2], options), 0, sub(asCode(among, INT64), least - 1), true);
  const places = clamp(sub(asCode(x, INT64), least - 1), 0, range + 1);
  return reshape(gather(table, 0, reshape(places, [-1])), x.shape);
}

/**
 * The least of some integers, and how many there are from there to the greatest; null where these are no safe numbers, or
 * cannot be read without waiting.
 *
 * @internal
 */
export function spanOf(x: Tensor): { readonly least: number; readonly range: number } | null {
  if (!isIntegral(x.code) || x.numel() === 0 || x.device !== "cpu") return null;
  const all = asCode(x, INT64);
  const [low, high] = [amin(all), amax(all)].map((end) => BigInt(end.item({ bigint: true }))) as [bigint, bigint];
  const [least, most] = [Number(low), Number(high)];
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most)) return null;
  return { least, range: Number(high - low) + 1 };
}

function isAmong(x: Tensor, sorted: Tensor): Tensor {
  const flat = reshape(x, [-1]);
  const nearest = clampMax(placesOf(sorted, flat, false), sorted.numel() - 1);
  return reshape(eq(gather(sorted, 0, nearest), flat), x.shape);
}
