// Softmax and its logarithm over the middle axis of a contiguous [outer, n, inner], and their derivatives.
//
//   softmax_, logSoftmax_                  args ─ n: i32 │ inner: i32 │ tile: i32 │ x: usize │ y: usize
//   softmaxBackward_, logSoftmaxBackward_  args ─ n: i32 │ inner: i32 │ tile: i32 │ g: usize │ y: usize │ dx: usize
//
// inner is cut into tiles of `tile` ≤ 1024 columns; units are outer · tiles. Results overlap no input.
//
//   softmax        y = exp(x - max) / Σ exp(x - max)      dx = (g - Σ g·y) · y
//   log softmax    y = x - max - log Σ exp(x - max)       dx = g - exp(y) · Σ g
//
// A row is swept a few times while it is in the cache; sums are cut as in reduce/blocked.ts. A row with only -∞, or with +∞
// or NaN in it, gives NaN, as in PyTorch.

import { int, ptr, scratch } from "../abi";
import { madd } from "../math";
import { columns, Maximum, Peak, row, Sum, TILE, wideTile } from "../reduce/blocked";
import { lanesSum } from "../reduce/deviation";
import { bothOf } from "../simd";
import { expNegative } from "./exp";
import { fill, sweep } from "./sweep";

const RUN: i32 = 16; // additions in the element type before f64

// A number a column, or one in a cell: the maxima, then factors or logarithms. Beyond the accumulators of blocked.ts.
// @ts-ignore: decorator
@inline function firstTile(): usize { return scratch + <usize>TILE * 16; }
// @ts-ignore: decorator
@inline function secondTile(): usize { return scratch + <usize>TILE * 24; }

// @ts-ignore: decorator
@inline
function softmax<T>(args: usize, begin: i32, end: i32, log: boolean): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const limit = ptr(args, 3) + <usize>(end * n) * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    const offset = (<usize>(outer * n) * <usize>inner + <usize>column) * sizeof<T>();
    const x = ptr(args, 3) + offset;
    const y = ptr(args, 4) + offset;
    if (inner == 1) softmaxRow<T>(n, x, y, limit, log);
    else softmaxColumns<T>(n, min(tile, inner - column), inner, x, y, log);
  }
}

// @ts-ignore: decorator
@inline
function softmaxRow<T>(n: i32, x: usize, y: usize, limit: usize, log: boolean): void {
  const p = firstTile();
  const q = secondTile();
  const greatest = row<T, T, Peak>(n, x, limit);
  const sum = exponentials<T>(n, y, x, greatest, !log);
  fill<T>(p, greatest);
  fill<T>(q, <T>(log ? Math.log(sum) : 1 / sum));
  if (log) sweep<T, Differences>(n, y, x, x, p, q, true);
  else sweep<T, Product>(n, y, y, y, q, q, true);
}

/** Σ exp(x - greatest) of a row; y is the terms, if they are kept. */
// @ts-ignore: decorator
@inline
function exponentials<T>(n: i32, y: usize, x: usize, greatest: T, kept: boolean): f64 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const peak = v128.splat<T>(greatest);
  let total: f64 = 0;
  let vectors = n / lanes;
  let rest = n - vectors * lanes;
  while (vectors > 0) {
    const run = min(vectors, 2 * RUN);
    vectors -= run;
    let s0 = v128.splat<T>(0);
    let s1 = s0;
    for (let i = run >> 1; i > 0; i--) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const e0 = expNegative<T>(v128.sub<T>(x0, peak));
      const e1 = expNegative<T>(v128.sub<T>(x1, peak));
      if (kept) {
        v128.store(y, e0);
        v128.store(y, e1, 16);
      }
      s0 = v128.add<T>(s0, e0);
      s1 = v128.add<T>(s1, e1);
      x += 32;
      y += 32;
    }
    let sum = bothOf<T>(0, s0, s1);
    if (run & 1) {
      const e = expNegative<T>(v128.sub<T>(v128.load(x), peak));
      if (kept) v128.store(y, e);
      sum = v128.add<T>(sum, e);
      x += 16;
      y += 16;
    }
    total += lanesSum<T>(sum);
  }
  for (; rest > 0; rest--) {
    const e = v128.extract_lane<T>(expNegative<T>(v128.splat<T>(load<T>(x) - greatest)), 0);
    if (kept) store<T>(y, e);
    total += e;
    x += sizeof<T>();
    y += sizeof<T>();
  }
  return total;
}

// @ts-ignore: decorator
@inline
function softmaxColumns<T>(n: i32, width: i32, inner: i32, x: usize, y: usize, log: boolean): void {
  const p = firstTile();
  const q = secondTile();
  const pitch = <usize>inner * sizeof<T>();
  columns<T, T, Maximum>(n, width, inner, x);
  memory.copy(p, wideTile(), <usize>width * sizeof<T>());
  for (let i = 0; i < n; i++) {
    const at = <usize>i * pitch;
    sweep<T, ExpOfDifference>(width, y + at, x + at, x + at, p, p, false);
  }
  columns<T, f64, Sum>(n, width, inner, y);
  for (let j = 0; j < width; j++) {
    const sum = load<f64>(wideTile() + (<usize>j << 3));
    store<T>(q + <usize>j * sizeof<T>(), <T>(log ? Math.log(sum) : 1 / sum));
  }
  for (let i = 0; i < n; i++) {
    const at = <usize>i * pitch;
    if (log) sweep<T, Differences>(width, y + at, x + at, x + at, p, q, false);
    else sweep<T, Product>(width, y + at, y + at, y + at, q, q, false);
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32, log: boolean): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const limit = ptr(args, 3) + <usize>(end * n) * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    const offset = (<usize>(outer * n) * <usize>inner + <usize>column) * sizeof<T>();
    const g = ptr(args, 3) + offset;
    const y = ptr(args, 4) + offset;
    const dx = ptr(args, 5) + offset;
    if (inner == 1) {
      const p = firstTile();
      fill<T>(p, <T>(log ? row<T, f64, Sum>(n, g, limit) : dot<T>(n, g, y)));
      if (log) sweep<T, LogBackward>(n, dx, g, y, p, p, true);
      else sweep<T, Backward>(n, dx, g, y, p, p, true);
    } else backwardColumns<T>(n, min(tile, inner - column), inner, g, y, dx, log);
  }
}

/** Σ g·y of a row. */
function dot<T>(n: i32, g: usize, y: usize): f64 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let total: f64 = 0;
  let groups = n / (4 * lanes);
  let rest = n - groups * 4 * lanes;
  while (groups > 0) {
    const run = min(groups, RUN);
    groups -= run;
    let a = v128.splat<T>(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = 0; i < run; i++) {
      a = madd<T>(v128.load(g), v128.load(y), a);
      b = madd<T>(v128.load(g, 16), v128.load(y, 16), b);
      c = madd<T>(v128.load(g, 32), v128.load(y, 32), c);
      d = madd<T>(v128.load(g, 48), v128.load(y, 48), d);
      g += 64;
      y += 64;
    }
    total += lanesSum<T>(v128.add<T>(bothOf<T>(0, a, b), bothOf<T>(1, c, d)));
  }
  for (; rest > 0; rest--) {
    total += <f64>load<T>(g) * <f64>load<T>(y);
    g += sizeof<T>();
    y += sizeof<T>();
  }
  return total;
}

// @ts-ignore: decorator
@inline
function backwardColumns<T>(n: i32, width: i32, inner: i32, g: usize, y: usize, dx: usize, log: boolean): void {
  const p = firstTile();
  const pitch = <usize>inner * sizeof<T>();
  // The products wait for their sum where the result will be.
  let terms = g;
  if (!log) {
    terms = dx;
    for (let i = 0; i < n; i++) {
      const at = <usize>i * pitch;
      sweep<T, Product>(width, dx + at, g + at, g + at, y + at, y + at, false);
    }
  }
  columns<T, f64, Sum>(n, width, inner, terms);
  for (let j = 0; j < width; j++) store<T>(p + <usize>j * sizeof<T>(), <T>load<f64>(wideTile() + (<usize>j << 3)));
  for (let i = 0; i < n; i++) {
    const at = <usize>i * pitch;
    if (log) sweep<T, LogBackward>(width, dx + at, g + at, y + at, p, p, false);
    else sweep<T, Backward>(width, dx + at, g + at, y + at, p, p, false);
  }
}

// @ts-ignore: decorator
@final
class ExpOfDifference {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return expNegative<T>(v128.sub<T>(v128.load(a), v128.load(p))); }
}
// @ts-ignore: decorator
@final
class Differences {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.sub<T>(v128.sub<T>(v128.load(a), v128.load(p)), v128.load(q)); }
}
// @ts-ignore: decorator
@final
class Product {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.mul<T>(v128.load(a), v128.load(p)); }
}
// @ts-ignore: decorator
@final
class Backward {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.mul<T>(v128.sub<T>(v128.load(a), v128.load(p)), v128.load(b)); }
}
// @ts-ignore: decorator
@final
class LogBackward {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.sub<T>(v128.load(a), v128.mul<T>(expNegative<T>(v128.load(b)), v128.load(p))); }
}

export function softmax_f32(args: usize, begin: i32, end: i32): void { softmax<f32>(args, begin, end, false); }
export function softmax_f64(args: usize, begin: i32, end: i32): void { softmax<f64>(args, begin, end, false); }
export function logSoftmax_f32(args: usize, begin: i32, end: i32): void { softmax<f32>(args, begin, end, true); }
export function logSoftmax_f64(args: usize, begin: i32, end: i32): void { softmax<f64>(args, begin, end, true); }
export function softmaxBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end, false); }
export function softmaxBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end, false); }
export function logSoftmaxBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end, true); }
export function logSoftmaxBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end, true); }
