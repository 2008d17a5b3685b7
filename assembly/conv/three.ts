// Convolutions of 3 × 3 filters with one channel of x a group, and their gradient by the weight: the commonest of those in
// depthwise.ts, from which they are called. Nothing is copied.
//
// A channel is taken in columns of one vector, from the top down. A row of x is loaded three times, once for each column
// of the filter, and serves the three rows of y that see it; the sums of two rows of y are under way in registers, and
// so is the filter, or for the gradient its nine sums.

import { int } from "../abi";
import { madd } from "../math";
import { inside, movesTo } from "./gather";

/** Rows of y before the next column begins: their cache lines, of which four columns share one, stay in the first cache. */
const BAND: i32 = 64;

/** Whether the three taps are in neighbouring rows, and rows of x and y fill vectors. */
export function isThree<T>(args: usize): bool {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const steps = int(args, 33) == 1 && int(args, 34) == 1 && int(args, 35) == 1;
  const dense = int(args, 17) == 1 && int(args, 26) == 1 && int(args, 28) >= lanes && int(args, 30) >= lanes;
  return steps && dense && int(args, 31) == 3 && int(args, 32) == 3;
}

/** Whether no tap of a vector at `at` is beyond the ends of a row of x. */
// @ts-ignore: decorator
@inline
function isInside<T>(args: usize, at: i32): bool {
  return at >= 0 && at + 2 * int(args, 36) + 16 / <i32>sizeof<T>() <= int(args, 28);
}

// ── the convolution ──────────────────────────────────────────────────────────────────────────────────────────────────

/** One channel: y = x ∗ w + first. */
export function three<T>(args: usize, x: usize, w: usize, y: usize, first: T): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const oh = int(args, 29);
  const last = int(args, 30) - lanes;
  for (let oy = 0; oy < oh; oy += BAND) {
    const rows = min(BAND, oh - oy);
    // The last column ends with the row and may lie over the one before.
    for (let ox = 0; ; ox = min(ox + lanes, last)) {
      const at = ox - int(args, 38);
      const to = y + <usize>(oy * int(args, 16) + ox) * sizeof<T>();
      if (WIDE_VECTORS && ox + lanes < last && isInside<T>(args, at) && isInside<T>(args, at + lanes)) {
        columnPair<T>(args, x, at, w, to, oy, rows, first);
        ox += lanes;
      } else if (isInside<T>(args, at)) columnInside<T>(args, x, at, w, to, oy, rows, first);
      else columnAtEdge<T>(args, x, at, w, to, oy, rows, first);
      if (ox == last) break;
    }
  }
}

function columnInside<T>(args: usize, x: usize, at: i32, w: usize, y: usize, oy: i32, rows: i32, first: T): void {
  column<T>(args, false, x, at, w, y, oy, rows, first);
}

function columnAtEdge<T>(args: usize, x: usize, at: i32, w: usize, y: usize, oy: i32, rows: i32, first: T): void {
  column<T>(args, true, x, at, w, y, oy, rows, first);
}

/** Rows oy … of a column of y that sees x from element `at` of its rows. */
// @ts-ignore: decorator
@inline
function column<T>(
  args: usize, isEdge: bool, x: usize, at: i32, w: usize, y: usize, oy: i32, rows: i32, first: T,
): void {
  const height = int(args, 27);
  const width = int(args, 28);
  const dx = int(args, 36);
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  const rowW = <usize>int(args, 21) * sizeof<T>();
  const stepW = <usize>int(args, 22) * sizeof<T>();
  const w00 = v128.load_splat<T>(w), w01 = v128.load_splat<T>(w + stepW), w02 = v128.load_splat<T>(w + 2 * stepW);
  w += rowW;
  const w10 = v128.load_splat<T>(w), w11 = v128.load_splat<T>(w + stepW), w12 = v128.load_splat<T>(w + 2 * stepW);
  w += rowW;
  const w20 = v128.load_splat<T>(w), w21 = v128.load_splat<T>(w + stepW), w22 = v128.load_splat<T>(w + 2 * stepW);
  let iy = oy - int(args, 37);
  x += <usize>(iy * int(args, 25)) * sizeof<T>();
  let x0 = x + <usize>inside<T>(at, width) * sizeof<T>();
  let x1 = x + <usize>inside<T>(at + dx, width) * sizeof<T>();
  let x2 = x + <usize>inside<T>(at + 2 * dx, width) * sizeof<T>();
  const moves0 = movesTo<T>(at, width), moves1 = movesTo<T>(at + dx, width), moves2 = movesTo<T>(at + 2 * dx, width);
  // What the two rows of y under way have so far. The first two that are finished are none.
  const none = v128.splat<T>(first);
  let upper = none;
  let lower = none;
  for (let r = -2; r < rows; r++) {
    let done = upper;
    upper = lower;
    lower = none;
    if (<u32>iy < <u32>height) {
      let a = v128.load(x0);
      let b = v128.load(x1);
      let c = v128.load(x2);
      if (isEdge) {
        a = i8x16.swizzle(a, moves0);
        b = i8x16.swizzle(b, moves1);
        c = i8x16.swizzle(c, moves2);
      }
      done = v128.add<T>(done, madd<T>(c, w22, madd<T>(b, w21, v128.mul<T>(a, w20))));
      upper = v128.add<T>(upper, madd<T>(c, w12, madd<T>(b, w11, v128.mul<T>(a, w10))));
      lower = v128.add<T>(lower, madd<T>(c, w02, madd<T>(b, w01, v128.mul<T>(a, w00))));
    }
    if (r >= 0) {
      v128.store(y, done);
      y += rowY;
    }
    iy++;
    x0 += rowX;
    x1 += rowX;
    x2 += rowX;
  }
}

/** As `columnInside`, for two neighbouring columns. */
function columnPair<T>(args: usize, x: usize, at: i32, w: usize, y: usize, oy: i32, rows: i32, first: T): void {
  const height = int(args, 27);
  const dx = <usize>int(args, 36) * sizeof<T>();
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  const rowW = <usize>int(args, 21) * sizeof<T>();
  const stepW = <usize>int(args, 22) * sizeof<T>();
  const w00 = v128.load_splat<T>(w), w01 = v128.load_splat<T>(w + stepW), w02 = v128.load_splat<T>(w + 2 * stepW);
  w += rowW;
  const w10 = v128.load_splat<T>(w), w11 = v128.load_splat<T>(w + stepW), w12 = v128.load_splat<T>(w + 2 * stepW);
  w += rowW;
  const w20 = v128.load_splat<T>(w), w21 = v128.load_splat<T>(w + stepW), w22 = v128.load_splat<T>(w + 2 * stepW);
  let iy = oy - int(args, 37);
  let x0 = x + <usize>(iy * int(args, 25) + at) * sizeof<T>();
  const none = v128.splat<T>(first);
  let upper0 = none, upper1 = none;
  let lower0 = none, lower1 = none;
  for (let r = -2; r < rows; r++) {
    let done0 = upper0, done1 = upper1;
    upper0 = lower0;
    upper1 = lower1;
    lower0 = none;
    lower1 = none;
    if (<u32>iy < <u32>height) {
      const x1 = x0 + dx;
      const x2 = x1 + dx;
      const a0 = v128.load(x0), a1 = v128.load(x0, 16);
      const b0 = v128.load(x1), b1 = v128.load(x1, 16);
      const c0 = v128.load(x2), c1 = v128.load(x2, 16);
      done0 = v128.add<T>(done0, madd<T>(c0, w22, madd<T>(b0, w21, v128.mul<T>(a0, w20))));
      done1 = v128.add<T>(done1, madd<T>(c1, w22, madd<T>(b1, w21, v128.mul<T>(a1, w20))));
      upper0 = v128.add<T>(upper0, madd<T>(c0, w12, madd<T>(b0, w11, v128.mul<T>(a0, w10))));
      upper1 = v128.add<T>(upper1, madd<T>(c1, w12, madd<T>(b1, w11, v128.mul<T>(a1, w10))));
      lower0 = v128.add<T>(lower0, madd<T>(c0, w02, madd<T>(b0, w01, v128.mul<T>(a0, w00))));
      lower1 = v128.add<T>(lower1, madd<T>(c1, w02, madd<T>(b1, w01, v128.mul<T>(a1, w00))));
    }
    if (r >= 0) {
      v128.store(y, done0);
      v128.store(y, done1, 16);
      y += rowY;
    }
    iy++;
    x0 += rowX;
  }
}

// ── the gradient by the weight ───────────────────────────────────────────────────────────────────────────────────────

/** One channel of one image: adds Σ y · x to nine vectors of partial sums at `sums`. */
export function threeSums<T>(args: usize, x: usize, y: usize, sums: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const oh = int(args, 29);
  const ow = int(args, 30);
  for (let oy = 0; oy < oh; oy += BAND) {
    const rows = min(BAND, oh - oy);
    const from = y + <usize>(oy * int(args, 16)) * sizeof<T>();
    for (let ox = 0; ox < ow; ox += lanes) {
      const begin = min(ox, ow - lanes); // the rest of a row is in the last lanes of a vector that ends with it
      const at = begin - int(args, 38);
      const to = from + <usize>begin * sizeof<T>();
      if (WIDE_VECTORS && ox + 2 * lanes <= ow && isInside<T>(args, at) && isInside<T>(args, at + lanes)) {
        sumPair<T>(args, x, at, to, oy, rows, sums);
        ox += lanes;
      } else if (begin == ox && isInside<T>(args, at)) sumInside<T>(args, x, at, to, oy, rows, 0, sums);
      else sumAtEdge<T>(args, x, at, to, oy, rows, ox - begin, sums);
    }
  }
}

function sumInside<T>(args: usize, x: usize, at: i32, y: usize, oy: i32, rows: i32, skip: i32, sums: usize): void {
  sumColumn<T>(args, false, x, at, y, oy, rows, skip, sums);
}

function sumAtEdge<T>(args: usize, x: usize, at: i32, y: usize, oy: i32, rows: i32, skip: i32, sums: usize): void {
  sumColumn<T>(args, true, x, at, y, oy, rows, skip, sums);
}

/** Rows oy … of a column of y, without its first `skip` lanes, which are masked in x and y: both may be infinite there. */
// @ts-ignore: decorator
@inline
function sumColumn<T>(
  args: usize, isEdge: bool, x: usize, at: i32, y: usize, oy: i32, rows: i32, skip: i32, sums: usize,
): void {
  const width = int(args, 28);
  const dx = int(args, 36);
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  // Row r of x below this one is seen by row r - ky of y through row ky of the filter.
  const top = oy - int(args, 37);
  x += <usize>(top * int(args, 25)) * sizeof<T>();
  const column0 = x + <usize>inside<T>(at, width) * sizeof<T>();
  const column1 = x + <usize>inside<T>(at + dx, width) * sizeof<T>();
  const column2 = x + <usize>inside<T>(at + 2 * dx, width) * sizeof<T>();
  const bytes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const skipped = i8x16.lt_s(bytes, i8x16.splat(<i8>(skip * <i32>sizeof<T>())));
  const moves0 = v128.or(movesTo<T>(at, width), skipped);
  const moves1 = v128.or(movesTo<T>(at + dx, width), skipped);
  const moves2 = v128.or(movesTo<T>(at + 2 * dx, width), skipped);
  const whole = wholeFrom(top);
  const wholeEnd = wholeTo(args, top, rows);
  let s00 = i64x2.splat(0), s01 = s00, s02 = s00, s10 = s00, s11 = s00, s12 = s00, s20 = s00, s21 = s00, s22 = s00;
  let g = y + <usize>whole * rowY;
  let x0 = column0 + <usize>whole * rowX;
  let x1 = column1 + <usize>whole * rowX;
  let x2 = column2 + <usize>whole * rowX;
  for (let r = wholeEnd - whole; r > 0; r--) {
    let a = v128.load(x0);
    let b = v128.load(x1);
    let c = v128.load(x2);
    if (isEdge) {
      a = i8x16.swizzle(a, moves0);
      b = i8x16.swizzle(b, moves1);
      c = i8x16.swizzle(c, moves2);
    }
    let by = v128.load(g);
    if (isEdge) by = v128.andnot(by, skipped);
    s00 = madd<T>(by, a, s00);
    s01 = madd<T>(by, b, s01);
    s02 = madd<T>(by, c, s02);
    by = v128.load(g - rowY);
    if (isEdge) by = v128.andnot(by, skipped);
    s10 = madd<T>(by, a, s10);
    s11 = madd<T>(by, b, s11);
    s12 = madd<T>(by, c, s12);
    by = v128.load(g - 2 * rowY);
    if (isEdge) by = v128.andnot(by, skipped);
    s20 = madd<T>(by, a, s20);
    s21 = madd<T>(by, b, s21);
    s22 = madd<T>(by, c, s22);
    g += rowY;
    x0 += rowX;
    x1 += rowX;
    x2 += rowX;
  }
  addTo<T>(sums, s00);
  addTo<T>(sums + 16, s01);
  addTo<T>(sums + 32, s02);
  addTo<T>(sums + 48, s10);
  addTo<T>(sums + 64, s11);
  addTo<T>(sums + 80, s12);
  addTo<T>(sums + 96, s20);
  addTo<T>(sums + 112, s21);
  addTo<T>(sums + 128, s22);
  sumEnds<T>(args, y, top, rows, skipped, column0, column1, column2, moves0, moves1, moves2, sums);
}

// Rows of x below `top` that three rows of y see: from, to.
// @ts-ignore: decorator
@inline function wholeFrom(top: i32): i32 { return max(2, -top); }
// @ts-ignore: decorator
@inline function wholeTo(args: usize, top: i32, rows: i32): i32 { return max(min(rows, int(args, 27) - top), wholeFrom(top)); }

/** Rows of x that not all three of y see. */
function sumEnds<T>(
  args: usize, y: usize, top: i32, rows: i32, skipped: v128, column0: usize, column1: usize, column2: usize,
  moves0: v128, moves1: v128, moves2: v128, sums: usize,
): void {
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  const end = min(rows + 2, int(args, 27) - top);
  const whole = wholeFrom(top);
  const wholeEnd = wholeTo(args, top, rows);
  for (let r = max(0, -top); r < end; r++) {
    if (r >= whole && r < wholeEnd) continue;
    const row = <usize>r * rowX;
    for (let ky = max(0, r - rows + 1); ky <= min(2, r); ky++) {
      const by = v128.andnot(v128.load(y + <usize>(r - ky) * rowY), skipped);
      const sum = sums + <usize>(48 * ky);
      addTo<T>(sum, v128.mul<T>(by, i8x16.swizzle(v128.load(column0 + row), moves0)));
      addTo<T>(sum + 16, v128.mul<T>(by, i8x16.swizzle(v128.load(column1 + row), moves1)));
      addTo<T>(sum + 32, v128.mul<T>(by, i8x16.swizzle(v128.load(column2 + row), moves2)));
    }
  }
}

/** Where the sums of two columns lie: behind the nine vectors of partial sums. */
const BOTH: usize = 144;

/** As `sumInside` for two neighbouring columns, whose sums are added one column after the other. */
function sumPair<T>(args: usize, x: usize, at: i32, y: usize, oy: i32, rows: i32, sums: usize): void {
  const dx = <usize>int(args, 36) * sizeof<T>();
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  const top = oy - int(args, 37);
  const column = x + <usize>(top * int(args, 25) + at) * sizeof<T>();
  const whole = wholeFrom(top);
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s10 = zero, s11 = zero, s12 = zero, s20 = zero, s21 = zero, s22 = zero;
  let t00 = zero, t01 = zero, t02 = zero, t10 = zero, t11 = zero, t12 = zero, t20 = zero, t21 = zero, t22 = zero;
  let g = y + <usize>whole * rowY;
  let x0 = column + <usize>whole * rowX;
  for (let r = wholeTo(args, top, rows) - whole; r > 0; r--) {
    const x1 = x0 + dx;
    const x2 = x1 + dx;
    const a0 = v128.load(x0), a1 = v128.load(x0, 16);
    const b0 = v128.load(x1), b1 = v128.load(x1, 16);
    const c0 = v128.load(x2), c1 = v128.load(x2, 16);
    let by0 = v128.load(g), by1 = v128.load(g, 16);
    s00 = madd<T>(by0, a0, s00);
    t00 = madd<T>(by1, a1, t00);
    s01 = madd<T>(by0, b0, s01);
    t01 = madd<T>(by1, b1, t01);
    s02 = madd<T>(by0, c0, s02);
    t02 = madd<T>(by1, c1, t02);
    const above = g - rowY;
    by0 = v128.load(above);
    by1 = v128.load(above, 16);
    s10 = madd<T>(by0, a0, s10);
    t10 = madd<T>(by1, a1, t10);
    s11 = madd<T>(by0, b0, s11);
    t11 = madd<T>(by1, b1, t11);
    s12 = madd<T>(by0, c0, s12);
    t12 = madd<T>(by1, c1, t12);
    const higher = above - rowY;
    by0 = v128.load(higher);
    by1 = v128.load(higher, 16);
    s20 = madd<T>(by0, a0, s20);
    t20 = madd<T>(by1, a1, t20);
    s21 = madd<T>(by0, b0, s21);
    t21 = madd<T>(by1, b1, t21);
    s22 = madd<T>(by0, c0, s22);
    t22 = madd<T>(by1, c1, t22);
    g += rowY;
    x0 += rowX;
  }
  const both = sums + BOTH;
  putTwo(both, s00, t00);
  putTwo(both + 32, s01, t01);
  putTwo(both + 64, s02, t02);
  putTwo(both + 96, s10, t10);
  putTwo(both + 128, s11, t11);
  putTwo(both + 160, s12, t12);
  putTwo(both + 192, s20, t20);
  putTwo(both + 224, s21, t21);
  putTwo(both + 256, s22, t22);
  const moves = movesTo<T>(at, int(args, 28)); // none
  for (let c: usize = 0; c < 32; c += 16) {
    for (let k: usize = 0; k < 9; k++) addTo<T>(sums + (k << 4), v128.load(both + (k << 5) + c));
    const from = column + c;
    sumEnds<T>(args, y + c, top, rows, zero, from, from + dx, from + 2 * dx, moves, moves, moves, sums);
  }
}

// @ts-ignore: decorator
@inline
function putTwo(to: usize, a: v128, b: v128): void {
  v128.store(to, a);
  v128.store(to, b, 16);
}

// @ts-ignore: decorator
@inline
export function addTo<T>(sum: usize, x: v128): void { v128.store(sum, v128.add<T>(v128.load(sum), x)); }
