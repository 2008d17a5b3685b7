// Pooling over the last two axes of contiguous planes; a one-dimensional pool has height 1. Values of a plane are
// numbered row by row; an index is such a number.
//
//   args ─ 0 y │ 1 x │ 2 indices: i64 │ 3 h │ 4 w │ 5 oh │ 6 ow │ 7 kh │ 8 kw │ 9 sy │ 10 sx │ 11 py │ 12 px
//          maxPool: 13 dy │ 14 dx     avgPool: 13 countIncludePad │ 14 divisorOverride (0: none)
//
// maxPool       y and indices from x; y alone where there is no address for indices. Units: rows of y, over all planes
// maxPoolGrad   x from y and indices, with h·w and oh·ow as the planes' sizes. Units: planes
//
// The window of y[oy, ox] is kh × kw taps from (oy·sy - py, ox·sx - px), for the adaptive pool the rows
// [⌊oy·h/oh⌋, ⌈(oy+1)·h/oh⌉) and columns likewise. Taps outside are never the maximum and add nothing to an average;
// a NaN is a maximum.

import { fault, FAULT_INDEX, int, ptr } from "../abi";
import { fits, foldAcross, foldDown, foldSquares, Highest, HighestOrNaN, pad } from "./slide";

// @ts-ignore: decorator
@inline
function lowest<T>(): T {
  if (isFloat<T>()) return <T>-Infinity;
  else return sizeof<T>() == 8 ? <T>i64.MIN_VALUE : <T>i32.MIN_VALUE;
}

// @ts-ignore: decorator
@inline
function maxPool<T>(args: usize, begin: i32, end: i32): void {
  const h = int(args, 3);
  const w = int(args, 4);
  const oh = int(args, 5);
  const ow = int(args, 6);
  const sx = int(args, 10);
  const px = int(args, 12);
  const dy = int(args, 13);
  const dx = int(args, 14);
  const reach = (int(args, 8) - 1) * dx;
  const behind = max(0, (ow - 1) * sx - px + reach + 1 - w);
  if (isFloat<T>() && sizeof<T>() == 4 && ptr(args, 2) == 0 && fits(w, px, behind)) {
    maxima(args, begin, end, behind);
    return;
  }
  // The windows [first, last] of a row are wholly inside; there are enough of them, and close enough, to take four at once.
  const first = (px + sx - 1) / sx;
  const last = min((w - 1 - reach + px) / sx, ow - 1);
  const vectors = isFloat<T>() && sizeof<T>() == 4 && sx <= 2 && last - first >= 3 && ptr(args, 2) != 0;
  const square = sx == 2 && int(args, 7) == 2 && int(args, 8) == 2 && dx == 1 && dy == 1;
  for (let unit = begin; unit < end; unit++) {
    const plane = unit / oh;
    const oy = unit - plane * oh;
    const x = ptr(args, 1) + <usize>(plane * h * w) * sizeof<T>();
    const y0 = oy * int(args, 9) - int(args, 11);
    const y1 = min(y0 + (int(args, 7) - 1) * dy + 1, h);
    const top = inside(y0, dy);
    const row = unit * ow;
    for (let ox = 0; ox < ow; ) {
      if (vectors && ox >= first && ox <= last) {
        // The last four may begin before the end of the four in front: those windows are computed twice.
        for (; ox <= last; ox += 4) {
          ox = min(ox, last - 3);
          const left = ox * sx - px;
          if (square && top + 2 == y1) maxOfSquares(ptr(args, 0), ptr(args, 2), row + ox, x, w, top * w + left);
          else maxOfFour(ptr(args, 0), ptr(args, 2), row + ox, x, w, top, y1, dy, left, left + reach, dx, sx);
        }
      } else {
        maxOfOne<T>(args, x, top, y1, dy, ox, row + ox);
        ox++;
      }
    }
  }
}

/** The values alone, a row of windows at a time, with `behind` elements of padding at its end. */
function maxima(args: usize, begin: i32, end: i32, behind: i32): void {
  const h = int(args, 3);
  const w = int(args, 4);
  const oh = int(args, 5);
  const ow = int(args, 6);
  const kw = int(args, 8);
  const sx = int(args, 10);
  const px = int(args, 12);
  const dy = int(args, 13);
  const dx = int(args, 14);
  const pitch = <usize>(dy * w) << 2;
  const square = kw == 2 && sx == 2 && dx == 1 && px == 0 && behind == 0;
  pad<Highest>(w, px, behind);
  for (let unit = begin; unit < end; unit++) {
    const plane = unit / oh;
    const y0 = (unit - plane * oh) * int(args, 9) - int(args, 11);
    const top = inside(y0, dy);
    const rows = (min(y0 + (int(args, 7) - 1) * dy + 1, h) - top + dy - 1) / dy;
    const x = ptr(args, 1) + (<usize>(plane * h + top) * <usize>w << 2);
    const y = ptr(args, 0) + (<usize>unit * <usize>ow << 2);
    if (square && rows == 2) {
      const strange = foldSquares<Highest>(ow, y, x, pitch, 1);
      if (strange != strange) foldSquares<HighestOrNaN>(ow, y, x, pitch, 1);
      continue;
    }
    const strange = foldDown<Highest>(w, px, x, pitch, rows);
    if (strange == strange) {
      foldAcross<Highest>(y, 0, ow, sx, kw, dx, 1);
    } else {
      foldDown<HighestOrNaN>(w, px, x, pitch, rows);
      foldAcross<HighestOrNaN>(y, 0, ow, sx, kw, dx, 1);
    }
  }
}

/** The maximum of window ox over rows [top, y1) of the plane x, and its place, into element `at` of y and of the indices. */
// @ts-ignore: decorator
@inline
function maxOfOne<T>(args: usize, x: usize, top: i32, y1: i32, dy: i32, ox: i32, at: i32): void {
  const w = int(args, 4);
  const dx = int(args, 14);
  const x0 = ox * int(args, 10) - int(args, 12);
  const x1 = min(x0 + (int(args, 8) - 1) * dx + 1, w);
  const left = inside(x0, dx);
  let best = lowest<T>();
  let index = top * w + left;
  for (let i = top; i < y1; i += dy) {
    for (let j = left; j < x1; j += dx) {
      const value = load<T>(x + <usize>(i * w + j) * sizeof<T>());
      if (value > best || value != value) {
        best = value;
        index = i * w + j;
      }
    }
  }
  store<T>(ptr(args, 0) + <usize>at * sizeof<T>(), best);
  if (ptr(args, 2) != 0) store<i64>(ptr(args, 2) + (<usize>at << 3), index);
}

/**
 * The same of four windows `sx` elements apart, all inside: rows from `top` to before `bottom` and columns from `left` to
 * `right` of the first of them.
 */
// @ts-ignore: decorator
@inline
function maxOfFour(y: usize, indices: usize, at: i32, x: usize, w: i32, top: i32, bottom: i32, dy: i32, left: i32, right: i32, dx: i32, sx: i32): void {
  const lanes = sx == 2 ? i32x4(0, 2, 4, 6) : i32x4(0, 1, 2, 3);
  let best = f32x4.splat(-Infinity);
  let index = i32x4.add(lanes, i32x4.splat(top * w + left));
  for (let i = top; i < bottom; i += dy) {
    for (let place = i * w + left, end = i * w + right; place <= end; place += dx) {
      const from = x + (<usize>place << 2);
      let value = v128.load(from);
      if (sx == 2) value = v128.shuffle<f32>(value, v128.load(from, 12), 0, 2, 5, 7);
      const take = better(value, best);
      best = v128.bitselect(value, best, take);
      index = v128.bitselect(i32x4.add(lanes, i32x4.splat(place)), index, take);
    }
  }
  v128.store(y + (<usize>at << 2), best);
  const to = indices + (<usize>at << 3);
  v128.store(to, i64x2.extend_low_i32x4_u(index));
  v128.store(to, i64x2.extend_high_i32x4_u(index), 16);
}

/** The same of four windows of 2 × 2 side by side, the first of them at `place`. */
// @ts-ignore: decorator
@inline
function maxOfSquares(y: usize, indices: usize, at: i32, x: usize, w: i32, place: i32): void {
  const from = x + (<usize>place << 2);
  const below = from + (<usize>w << 2);
  const upper0 = v128.load(from);
  const upper1 = v128.load(from, 16);
  const lower0 = v128.load(below);
  const lower1 = v128.load(below, 16);
  // Of equals the left and upper one stays, of NaNs the last, as tap by tap.
  const a = v128.shuffle<f32>(upper0, upper1, 0, 2, 4, 6);
  const b = v128.shuffle<f32>(upper0, upper1, 1, 3, 5, 7);
  const c = v128.shuffle<f32>(lower0, lower1, 0, 2, 4, 6);
  const d = v128.shuffle<f32>(lower0, lower1, 1, 3, 5, 7);
  const right = better(b, a);
  const upper = v128.bitselect(b, a, right);
  const rightBelow = better(d, c);
  const lower = v128.bitselect(d, c, rightBelow);
  const down = better(lower, upper);
  v128.store(y + (<usize>at << 2), v128.bitselect(lower, upper, down));
  // A mask is -1 where it is true.
  const offset = v128.bitselect(i32x4.sub(i32x4.splat(w), rightBelow), i32x4.neg(right), down);
  const index = i32x4.add(i32x4.add(i32x4(0, 2, 4, 6), i32x4.splat(place)), offset);
  const to = indices + (<usize>at << 3);
  v128.store(to, i64x2.extend_low_i32x4_u(index));
  v128.store(to, i64x2.extend_high_i32x4_u(index), 16);
}

// @ts-ignore: decorator
@inline
function better(a: v128, b: v128): v128 { return v128.or(f32x4.gt(a, b), f32x4.ne(a, a)); }

/** The first of from, from + step, … that is not negative. */
// @ts-ignore: decorator
@inline
function inside(from: i32, step: i32): i32 { return from >= 0 ? from : from + (step - 1 - from) / step * step; }

// @ts-ignore: decorator
@inline
function maxPoolGrad<T>(args: usize, begin: i32, end: i32): void {
  const size = int(args, 3) * int(args, 4);
  const count = int(args, 5) * int(args, 6);
  for (let plane = begin; plane < end; plane++) {
    const x = ptr(args, 1) + <usize>(plane * size) * sizeof<T>();
    memory.fill(x, 0, <usize>size * sizeof<T>());
    for (let i = 0; i < count; i++) {
      const at = <usize>(plane * count + i);
      const index = load<i64>(ptr(args, 2) + (at << 3));
      if (<u64>index >= <u64>size) {
        fault(FAULT_INDEX, index);
        continue;
      }
      const to = x + <usize>index * sizeof<T>();
      store<T>(to, load<T>(to) + load<T>(ptr(args, 0) + at * sizeof<T>()));
    }
  }
}

export function maxPool_f32(args: usize, begin: i32, end: i32): void { maxPool<f32>(args, begin, end); }
export function maxPool_f64(args: usize, begin: i32, end: i32): void { maxPool<f64>(args, begin, end); }
export function maxPool_i32(args: usize, begin: i32, end: i32): void { maxPool<i32>(args, begin, end); }
export function maxPool_i64(args: usize, begin: i32, end: i32): void { maxPool<i64>(args, begin, end); }
export function maxPoolGrad_f32(args: usize, begin: i32, end: i32): void { maxPoolGrad<f32>(args, begin, end); }
export function maxPoolGrad_f64(args: usize, begin: i32, end: i32): void { maxPoolGrad<f64>(args, begin, end); }
