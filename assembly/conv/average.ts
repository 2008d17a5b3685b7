// Averages of windows over the last two axes of contiguous planes, and the way back. Slots and windows are those of pool.ts.
//
// avgPool, adaptiveAvgPool            y from x. Units: rows of y, over all planes
// avgPoolGrad, adaptiveAvgPoolGrad    x from y. Units: planes
//
// A row of windows is summed down the columns first, in the scratch arena, and then across: so every window shares the sums
// of its columns with those that overlap it, and the adds run along rows. float32 is summed in double precision; small
// windows of it are not, where a tap passes through few additions (slide.ts).

import { int, ptr, scratch } from "../abi";
import { fits, foldAcross, foldDown, foldOne, foldSquares, pad, Sum } from "./slide";

const TILE: i32 = 1024; // columns whose sums fit the first cache
const SMALL: i32 = 16; // taps: at most 15 additions, of 4 × 4 six

// A window: its rows [top, bottom), columns [left, right) and divisor.
let top: i32 = 0;
let bottom: i32 = 0;
let left: i32 = 0;
let right: i32 = 0;
let divisor: i32 = 0;

function findWindow(args: usize, oy: i32, ox: i32, adaptive: bool): void {
  const h = int(args, 3);
  const w = int(args, 4);
  if (adaptive) {
    const oh = int(args, 5);
    const ow = int(args, 6);
    top = oy * h / oh;
    bottom = ((oy + 1) * h + oh - 1) / oh;
    left = ox * w / ow;
    right = ((ox + 1) * w + ow - 1) / ow;
    divisor = (bottom - top) * (right - left);
    return;
  }
  const py = int(args, 11);
  const px = int(args, 12);
  top = oy * int(args, 9) - py;
  left = ox * int(args, 10) - px;
  bottom = min(top + int(args, 7), h + py);
  right = min(left + int(args, 8), w + px);
  const padded = (bottom - top) * (right - left);
  top = max(top, 0);
  left = max(left, 0);
  bottom = max(min(bottom, h), top);
  right = max(min(right, w), left);
  divisor = int(args, 14);
  if (divisor == 0) divisor = int(args, 13) != 0 ? padded : (bottom - top) * (right - left);
}

// The windows of a row that are wholly inside, and so share a divisor.
// @ts-ignore: decorator
@inline
function firstInside(args: usize): i32 { return (int(args, 12) + int(args, 10) - 1) / int(args, 10); }
// @ts-ignore: decorator
@inline
function lastInside(args: usize): i32 {
  const room = int(args, 4) + int(args, 12) - int(args, 8);
  return room < 0 ? -1 : min(room / int(args, 10), int(args, 6) - 1);
}

/** Windows of a row whose columns fit a tile; at least one. */
function windowsInTile(args: usize, adaptive: bool): i32 {
  const step = adaptive ? int(args, 4) / int(args, 6) + 1 : int(args, 10);
  const reach = adaptive ? step + 1 : int(args, 8);
  return max(1, (TILE - reach) / step);
}

// T: elements, A: sums.
// @ts-ignore: decorator
@inline
function average<T, A>(args: usize, begin: i32, end: i32, adaptive: bool): void {
  const w = int(args, 4);
  const oh = int(args, 5);
  const ow = int(args, 6);
  const sx = int(args, 10);
  const kw = int(args, 8);
  if (sizeof<T>() == 4 && !adaptive && int(args, 7) * kw <= SMALL) {
    const before = int(args, 12);
    const behind = max(0, (ow - 1) * sx - before + kw - w);
    if (fits(w, before, behind)) {
      averageSmall(args, begin, end, before, behind);
      return;
    }
  }
  const first = adaptive ? 0 : firstInside(args);
  const last = adaptive ? -1 : lastInside(args);
  const most = windowsInTile(args, adaptive);
  let found = -1;
  for (let unit = begin; unit < end; unit++) {
    const plane = unit / oh;
    const oy = unit - plane * oh;
    const x = ptr(args, 1) + <usize>(plane * int(args, 3) * w) * sizeof<T>();
    const y = ptr(args, 0) + <usize>(unit * ow) * sizeof<T>();
    for (let ox = 0; ox < ow; ) {
      const stop = min(ox + most, ow);
      if (stop - ox == 1) {
        // Of a window that spans the row only the number of its own row matters, which many planes share.
        if (ow > 1 || oy != found) findWindow(args, oy, ox, adaptive);
        found = oy;
        store<T>(y + <usize>ox * sizeof<T>(), quotient<T, A>(whole<T, A>(x, w)));
        ox++;
        continue;
      }
      findWindow(args, oy, stop - 1, adaptive);
      const to = right;
      findWindow(args, oy, ox, adaptive);
      const from = left;
      const rows = bottom - top;
      down<T, A>(to - from, x + <usize>(top * w + from) * sizeof<T>(), <usize>w * sizeof<T>(), rows);
      while (ox < stop) {
        findWindow(args, oy, ox, adaptive);
        if (isFloat<T>() && rows > 0 && ox >= first && ox < min(last, stop - 1)) {
          let sums = scratch + (<usize>(left - from) << 3);
          for (; ox < min(last, stop - 1); ox += 2) {
            across<T>(y + <usize>ox * sizeof<T>(), sums, kw, <usize>sx << 3);
            sums += <usize>sx << 4;
          }
          continue;
        }
        let sum: A = 0;
        for (let j = left - from; j < right - from; j++) sum += load<A>(scratch + (<usize>j << 3));
        store<T>(y + <usize>ox * sizeof<T>(), quotient<T, A>(sum));
        ox++;
      }
    }
  }
}

/** Small windows of float32, a row of them at a time, with `before` and `behind` elements of padding. */
function averageSmall(args: usize, begin: i32, end: i32, before: i32, behind: i32): void {
  const h = int(args, 3);
  const w = int(args, 4);
  const oh = int(args, 5);
  const ow = int(args, 6);
  const kw = int(args, 8);
  const sx = int(args, 10);
  const first = firstInside(args);
  const last = lastInside(args);
  const square = kw == 2 && sx == 2 && before == 0 && behind == 0;
  const pitch = <usize>w << 2;
  pad<Sum>(w, before, behind);
  for (let unit = begin; unit < end; unit++) {
    const plane = unit / oh;
    const oy = unit - plane * oh;
    findWindow(args, oy, min(first, ow - 1), false);
    const x = ptr(args, 1) + (<usize>(plane * h + top) * <usize>w << 2);
    const y = ptr(args, 0) + (<usize>unit * <usize>ow << 2);
    if (square && bottom - top == 2) {
      foldSquares<Sum>(ow, y, x, pitch, <f32>divisor);
      continue;
    }
    foldDown<Sum>(w, before, x, pitch, bottom - top);
    const inside = first <= last && bottom > top;
    if (inside) foldAcross<Sum>(y, first, last + 1, sx, kw, 1, <f32>divisor);
    for (let ox = 0; ox < ow; ox++) {
      if (inside && ox == first) ox = last + 1;
      if (ox == ow) break;
      findWindow(args, oy, ox, false);
      store<f32>(y + (<usize>ox << 2), quotient<f32, f32>(foldOne<Sum>(ox, sx, kw, 1)));
    }
  }
}

/** The average of the window that was found, of which this is the sum. */
// @ts-ignore: decorator
@inline
function quotient<T, A>(sum: A): T { return bottom > top && right > left ? <T>(sum / <A>divisor) : <T>0; }

/** The sum of the window that was found, without the scratch arena: it may be large. */
// @ts-ignore: decorator
@inline
function whole<T, A>(x: usize, w: i32): A {
  const full = left == 0 && right == w;
  const length = full ? (bottom - top) * w : right - left;
  let sum: A = 0;
  for (let i = top; i < bottom; i = full ? bottom : i + 1) sum += total<T, A>(length, x + <usize>(i * w + left) * sizeof<T>());
  return sum;
}

// @ts-ignore: decorator
@inline
function total<T, A>(n: i32, x: usize): A {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let a = i64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const v = v128.load(x + <usize>i * sizeof<T>());
    const w = v128.load(x + <usize>i * sizeof<T>(), 16);
    if (sizeof<T>() == 4) {
      a = f64x2.add(a, f64x2.promote_low_f32x4(v));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
      c = f64x2.add(c, f64x2.promote_low_f32x4(w));
      d = f64x2.add(d, f64x2.promote_low_f32x4(v128.shuffle<i64>(w, w, 1, 1)));
    } else {
      a = v128.add<A>(a, v);
      b = v128.add<A>(b, w);
    }
  }
  a = v128.add<A>(v128.add<A>(a, b), v128.add<A>(c, d));
  let sum: A = v128.extract_lane<A>(a, 0) + v128.extract_lane<A>(a, 1);
  for (; i < n; i++) sum += <A>load<T>(x + <usize>i * sizeof<T>());
  return sum;
}

/** The sums of n columns over so many rows, into the scratch arena. */
// @ts-ignore: decorator
@inline
function down<T, A>(n: i32, x: usize, pitch: usize, rows: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let to = scratch;
  for (; n >= lanes; n -= lanes) {
    let low = i64x2.splat(0);
    let high = low;
    let from = x;
    for (let i = 0; i < rows; i++) {
      const v = v128.load(from);
      low = v128.add<A>(low, sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v) : v);
      if (sizeof<T>() == 4) high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
      from += pitch;
    }
    v128.store(to, low);
    if (sizeof<T>() == 4) v128.store(to, high, 16);
    to += <usize>lanes << 3;
    x += 16;
  }
  for (; n > 0; n--) {
    let sum: A = 0;
    for (let i = 0; i < rows; i++) sum += <A>load<T>(x + <usize>i * pitch);
    store<A>(to, sum);
    to += 8;
    x += sizeof<T>();
  }
}

/** The averages of two windows `step` bytes apart in the sums of the columns, with the divisor that was found. */
// @ts-ignore: decorator
@inline
function across<T>(y: usize, sums: usize, kw: i32, step: usize): void {
  let sum = f64x2.splat(0);
  for (let j = 0; j < kw; j++) {
    sum = f64x2.add(sum, v128.load_lane<u64>(sums + step, v128.load_zero<u64>(sums), 1));
    sums += 8;
  }
  const mean = f64x2.div(sum, f64x2.splat(<f64>divisor));
  if (sizeof<T>() == 8) v128.store(y, mean);
  else v128.store_lane<u64>(y, f32x4.demote_f64x2_zero(mean), 0);
}

// @ts-ignore: decorator
@inline
function averageGrad<T>(args: usize, begin: i32, end: i32, adaptive: bool): void {
  const w = int(args, 4);
  const size = int(args, 3) * w;
  const oh = int(args, 5);
  const ow = int(args, 6);
  const sx = int(args, 10);
  const first = adaptive ? 0 : firstInside(args);
  const last = adaptive ? -1 : lastInside(args);
  const most = windowsInTile(args, adaptive);
  for (let plane = begin; plane < end; plane++) {
    const x = ptr(args, 1) + <usize>(plane * size) * sizeof<T>();
    memory.fill(x, 0, <usize>size * sizeof<T>());
    for (let oy = 0; oy < oh; oy++) {
      const y = ptr(args, 0) + <usize>((plane * oh + oy) * ow) * sizeof<T>();
      for (let ox = 0; ox < ow; ) {
        const stop = min(ox + most, ow);
        findWindow(args, oy, stop - 1, adaptive);
        const to = right;
        findWindow(args, oy, ox, adaptive);
        const from = left;
        if (stop - ox == 1) {
          const g = load<T>(y + <usize>ox * sizeof<T>()) / <T>divisor;
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) raise<T>(x + <usize>(i * w + j) * sizeof<T>(), g);
          }
          ox++;
          continue;
        }
        // What a row of windows gives to each column, and then that to each of their rows.
        memory.fill(scratch, 0, <usize>(to - from) * sizeof<T>());
        while (ox < stop) {
          findWindow(args, oy, ox, adaptive);
          // The windows inside share a divisor and follow each other evenly.
          const alike = ox >= first && ox <= last ? min(last + 1, stop) : ox + 1;
          let to = scratch + <usize>(left - from) * sizeof<T>();
          for (; ox < alike; ox++) {
            const g = load<T>(y + <usize>ox * sizeof<T>()) / <T>divisor;
            for (let j = 0; j < right - left; j++) raise<T>(to + <usize>j * sizeof<T>(), g);
            to += <usize>sx * sizeof<T>();
          }
        }
        for (let i = top; i < bottom; i++) addRow<T>(to - from, x + <usize>(i * w + from) * sizeof<T>());
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function raise<T>(at: usize, by: T): void { store<T>(at, load<T>(at) + by); }

/** Adds n elements of the scratch arena. */
// @ts-ignore: decorator
@inline
function addRow<T>(n: i32, x: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let from = scratch;
  for (; n >= lanes; n -= lanes) {
    v128.store(x, v128.add<T>(v128.load(x), v128.load(from)));
    x += 16;
    from += 16;
  }
  for (; n > 0; n--) {
    raise<T>(x, load<T>(from));
    x += sizeof<T>();
    from += sizeof<T>();
  }
}

export function avgPool_f32(args: usize, begin: i32, end: i32): void { average<f32, f64>(args, begin, end, false); }
export function avgPool_f64(args: usize, begin: i32, end: i32): void { average<f64, f64>(args, begin, end, false); }
export function avgPool_i64(args: usize, begin: i32, end: i32): void { average<i64, i64>(args, begin, end, false); }
export function avgPoolGrad_f32(args: usize, begin: i32, end: i32): void { averageGrad<f32>(args, begin, end, false); }
export function avgPoolGrad_f64(args: usize, begin: i32, end: i32): void { averageGrad<f64>(args, begin, end, false); }
export function adaptiveAvgPool_f32(args: usize, begin: i32, end: i32): void { average<f32, f64>(args, begin, end, true); }
export function adaptiveAvgPool_f64(args: usize, begin: i32, end: i32): void { average<f64, f64>(args, begin, end, true); }
export function adaptiveAvgPoolGrad_f32(args: usize, begin: i32, end: i32): void { averageGrad<f32>(args, begin, end, true); }
export function adaptiveAvgPoolGrad_f64(args: usize, begin: i32, end: i32): void { averageGrad<f64>(args, begin, end, true); }
