// The largest (smallest) element over the middle axis of a contiguous [outer, n, inner], and where it is first.
//
//   args ─ n: i32 │ inner: i32 │ block: i32 │ tile: i32 │ x: usize │ values: usize │ indices: usize │ from: usize
//
// Parts, tiles and units as in fold.ts; n ≥ 1. `values` (or 0 if they are not wanted) and `indices` (int64) are
// [outer, parts, inner]. If there are several parts, a second launch takes the values as x and the indices of the first
// as `from` (else 0): an index is then looked up there. Among equals the first wins, and a NaN wins over all.

import { int, ptr, scratch } from "../abi";
import { extremeOf, Maximum, Minimum, row, TILE } from "./blocked";

// @ts-ignore: decorator
@inline
function extreme<T, I, O>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const block = int(args, 2);
  const tile = int(args, 3);
  const x = ptr(args, 4);
  const values = ptr(args, 5);
  const indices = ptr(args, 6);
  const from = ptr(args, 7);
  const parts = n > block ? (n + block - 1) / block : 1;
  const tiles = (inner + tile - 1) / tile;
  for (let unit = begin; unit < end; unit++) {
    const line = unit / tiles;
    const column = (unit - line * tiles) * tile;
    const outer = line / parts;
    const first = (line - outer * parts) * block;
    const count = min(block, n - first);
    const source = (outer * n + first) * inner + column; // in elements
    const width = min(tile, inner - column);
    const start = x + <usize>source * sizeof<T>();
    if (inner == 1) {
      const best = isFloat<T>() ? extremeOf<T, O>(count, start) : row<T, T, O>(count, start);
      store<I>(places(), <I>find<T>(count, start, best));
    } else {
      best<T, I, O>(count, width, inner, start);
    }
    for (let j = 0; j < width; j++) {
      const at = <i32>load<I>(places() + <usize>j * sizeof<I>());
      const to = <usize>(line * inner + column + j);
      const element = <usize>(source + at * inner + j);
      if (values != 0) store<T>(values + to * sizeof<T>(), load<T>(x + element * sizeof<T>()));
      store<i64>(indices + (to << 3), from == 0 ? <i64>(first + at) : load<i64>(from + (element << 3)));
    }
  }
}

/** Where a tile's column has its best element: one I, as wide as T, a column. */
// @ts-ignore: decorator
@inline function places(): usize { return scratch + <usize>TILE * 8; }

/** The first of n ≥ 1 contiguous elements that equals `value`; of a NaN the first NaN. */
function find<T>(n: i32, x: usize, value: T): i32 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const nan = isFloat<T>() && value != value;
  const wanted = v128.splat<T>(value);
  let i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const at = x + <usize>i * sizeof<T>();
    const a = v128.load(at, 0);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const hit = nan
      ? v128.or(v128.or(v128.ne<T>(a, a), v128.ne<T>(b, b)), v128.or(v128.ne<T>(c, c), v128.ne<T>(d, d)))
      : v128.or(
          v128.or(v128.eq<T>(a, wanted), v128.eq<T>(b, wanted)),
          v128.or(v128.eq<T>(c, wanted), v128.eq<T>(d, wanted)),
        );
    if (v128.any_true(hit)) break;
  }
  for (; i < n - 1; i++) {
    const v = load<T>(x + <usize>i * sizeof<T>());
    if (v == value || (nan && v != v)) break;
  }
  return i;
}

/** The places of the best of n ≥ 1 elements in each of `width` columns. */
// @ts-ignore: decorator
@inline
function best<T, I, O>(n: i32, width: i32, stride: i32, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const whole = <usize>(width / lanes) << 4;
  const bytes = <usize>width * sizeof<T>();
  memory.copy(scratch, x, bytes);
  memory.fill(places(), 0, <usize>width * sizeof<I>());
  for (let i = 1; i < n; i++) {
    x += <usize>stride * sizeof<T>();
    const place = v128.splat<I>(<I>i);
    let j: usize = 0;
    for (; j < whole; j += 16) {
      const v = v128.load(x + j);
      const old = v128.load(scratch + j);
      // A float replaces another unless it is no better or the other is NaN: so a NaN does, once.
      const worse = idof<O>() == idof<Maximum>() ? v128.le<T>(v, old) : v128.ge<T>(v, old);
      const take = isFloat<T>() ? v128.andnot(v128.eq<T>(old, old), worse) : v128.not(worse);
      v128.store(scratch + j, v128.bitselect(v, old, take));
      v128.store(places() + j, v128.bitselect(place, v128.load(places() + j), take));
    }
    for (; j < bytes; j += sizeof<T>()) {
      const v = load<T>(x + j);
      const old = load<T>(scratch + j);
      const worse = idof<O>() == idof<Maximum>() ? v <= old : v >= old;
      if (!worse && old == old) {
        store<T>(scratch + j, v);
        store<I>(places() + j, <I>i);
      }
    }
  }
}

export function argmax_f32(args: usize, begin: i32, end: i32): void { extreme<f32, i32, Maximum>(args, begin, end); }
export function argmax_f64(args: usize, begin: i32, end: i32): void { extreme<f64, i64, Maximum>(args, begin, end); }
export function argmax_i32(args: usize, begin: i32, end: i32): void { extreme<i32, i32, Maximum>(args, begin, end); }
export function argmax_i64(args: usize, begin: i32, end: i32): void { extreme<i64, i64, Maximum>(args, begin, end); }
export function argmin_f32(args: usize, begin: i32, end: i32): void { extreme<f32, i32, Minimum>(args, begin, end); }
export function argmin_f64(args: usize, begin: i32, end: i32): void { extreme<f64, i64, Minimum>(args, begin, end); }
export function argmin_i32(args: usize, begin: i32, end: i32): void { extreme<i32, i32, Minimum>(args, begin, end); }
export function argmin_i64(args: usize, begin: i32, end: i32): void { extreme<i64, i64, Minimum>(args, begin, end); }
