// C = α·A·B + β·D [, relu] for few rows and a B that is contiguous along k, as the weights of a linear layer are: each is
// read once, and packing it would cost as much as it serves. The block is the one of dense.ts; A is contiguous along k too.
//
// The sums of four or six rows by two columns are eight partial sums along k, added across at the end of a block of k. Where
// the engine pairs vectors all are made in one run along k, elsewhere half of them at a time: twelve vectors are what the
// registers hold. Four times two columns fill a tile of C. What a tile reads stays in the nearest caches.

import { int, scratch } from "../abi";
import { madd } from "../math";
import { Dense, element } from "./dense";
import { finishPart, finishWhole, setOffset, TILE_BYTES, TILE_ROW, tileAt } from "./finish";
import { ROWS } from "./micro";
import { SKINNY } from "./skinny";

/** Rows up to which packing B costs more than reading A again and again; the longer the rows, the more. */
const MOST_ROWS: i32 = 48;
const MOST_LONG_ROWS: i32 = 128;
const LONG: i32 = 512;
/** Steps along k in one go: long runs of B, which comes from memory. */
const DEPTH: i32 = 1024;

export function isTurned(args: usize): bool {
  const m = int(args, 0);
  const few = m >= ROWS && m > SKINNY && m <= (int(args, 2) < LONG ? MOST_ROWS : MOST_LONG_ROWS) && int(args, 1) > SKINNY;
  const alongK = int(args, 17) == 1 && int(args, 18) == 1 && int(args, 19) != 1;
  return few && alongK && int(args, 2) > 0 && int(args, 2) % 4 == 0;
}

export function turned(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const k = int(args, 2);
  const tileM = int(args, 3);
  const tileN = int(args, 4);
  const blocks = (k + DEPTH - 1) / DEPTH;
  const depth = ((k + blocks - 1) / blocks + 7) & ~7;
  const down = (m + tileM - 1) / tileM;
  const across = (n + tileN - 1) / tileN;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / down;
    const batch = stack / across;
    const i0 = (unit - stack * down) * tileM;
    const j0 = (stack - batch * across) * tileN;
    const i1 = min(i0 + tileM, m);
    const j1 = min(j0 + tileN, n);
    for (let p = 0; p < k; p += depth) {
      for (let j = j0; j < j1; j += 8) {
        for (let i = i0; i < i1; ) {
          const rows = rowsFor(i1 - i);
          tile(args, batch, rows, i, min(rows, i1 - i), j, min(8, j1 - j), p, min(depth, k - p));
          i += rows;
        }
      }
    }
  }
}

/** Rows of the next tile where so many are left: four or six, so that few are summed in vain. */
// @ts-ignore: decorator
@inline
function rowsFor(left: i32): i32 { return ROWS == 4 || left == 4 || left == 8 ? 4 : 6; }

/** `height` rows from i, of the `rows` that are summed, by `width` columns from j, summed over kc elements of k from p on. */
function tile(args: usize, batch: i32, rows: i32, i: i32, height: i32, j: i32, width: i32, p: i32, kc: i32): void {
  const o = changetype<Dense>(0);
  const k = int(args, 2);
  // The last rows are summed with some above them, which are dropped.
  const above = max(0, i + rows - int(args, 0));
  const a = element<f32>(args, batch, 1, i - above, p);
  const b = element<f32>(args, batch, 2, p, j);
  const rowA = <usize>int(args, 16) << 2;
  const rowB = <usize>int(args, 19) << 2;
  for (let s = 0; s < width; s += 2) {
    const b0 = b + <usize>s * rowB;
    const b1 = s + 1 < width ? b0 + rowB : b0; // a column that is none is dropped
    const to = tileAt<f32>(0, s);
    if (rows == 4) fourDots(kc, a, rowA, b0, b1, to);
    else sixDots(kc, a, rowA, b0, b1, to);
  }
  const whole = width == 8 && int(args, 15) == 1;
  if (!whole) for (let s = 0; s < width; s++) setOffset(s, <usize>(s * int(args, 15)) << 2);
  for (let r = 0; r < height; r++) {
    const c = element<f32>(args, batch, 0, i + r, j);
    const d = p == 0 ? o.d<f32>(args, batch, i + r, j) : 0;
    if (whole) finishWhole<f32>(args, tileAt<f32>(above + r, 0), c, d, o.colD<f32>(args), p == 0, p + kc == k);
    else finishPart<f32>(args, above + r, 0, width, c, d, o.colD<f32>(args), p == 0, p + kc == k);
  }
}

function sixDots(k: i32, a: usize, rowA: usize, b0: usize, b1: usize, to: usize): void { dots(6, k, a, rowA, b0, b1, to); }
function fourDots(k: i32, a: usize, rowA: usize, b0: usize, b1: usize, to: usize): void { dots(4, k, a, rowA, b0, b1, to); }

/** The products of four or six rows of A, `rowA` apart, with two columns of B, to rows of a tile. */
// @ts-ignore: decorator
@inline
function dots(rows: i32, k: i32, a: usize, rowA: usize, b0: usize, b1: usize, to: usize): void {
  partial(rows, WIDE_VECTORS != 0, k >> 3, a, rowA, b0, b1, sumAt(0));
  if (!WIDE_VECTORS) partial(rows, false, k >> 3, a + 16, rowA, b0 + 16, b1 + 16, sumAt(0) + 16);
  if (k & 4) {
    const last = <usize>(k & ~7) << 2;
    for (let r = 0; r < rows; r++) {
      const x = v128.load(a + last + <usize>r * rowA);
      v128.store(sumAt(2 * r), madd<f32>(x, v128.load(b0 + last), v128.load(sumAt(2 * r))));
      v128.store(sumAt(2 * r + 1), madd<f32>(x, v128.load(b1 + last), v128.load(sumAt(2 * r + 1))));
    }
  }
  putTwo(to, totals(halves(0), halves(1), halves(2), halves(3)));
  putTwo(to + 2 * TILE_ROW, totals(halves(4), halves(5), halves(6), halves(7)));
  if (rows == 6) putTwo(to + 4 * TILE_ROW, totals(halves(8), halves(9), halves(10), halves(11)));
}

/** Where the partial sums lie of row i / 2 and column i % 2: 32 bytes where other products have their strips. */
// @ts-ignore: decorator
@inline function sumAt(i: i32): usize { return scratch + TILE_BYTES + (<usize>i << 5); }
// @ts-ignore: decorator
@inline function halves(i: i32): v128 { return f32x4.add(v128.load(sumAt(i)), v128.load(sumAt(i), 16)); }

/** Every other vector along k of the products, or all of them as pairs, `steps` long, to every other vector from `to` on, or all. */
// @ts-ignore: decorator
@inline
function partial(rows: i32, isPair: bool, steps: i32, a: usize, rowA: usize, b0: usize, b1: usize, to: usize): void {
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, t00 = zero, t01 = zero;
  let s10 = zero, s11 = zero, t10 = zero, t11 = zero;
  let s20 = zero, s21 = zero, t20 = zero, t21 = zero;
  let s30 = zero, s31 = zero, t30 = zero, t31 = zero;
  let s40 = zero, s41 = zero, t40 = zero, t41 = zero;
  let s50 = zero, s51 = zero, t50 = zero, t51 = zero;
  for (; steps > 0; steps--) {
    const y0 = v128.load(b0);
    const y1 = v128.load(b1);
    const z0 = isPair ? v128.load(b0, 16) : zero;
    const z1 = isPair ? v128.load(b1, 16) : zero;
    let row = a;
    let x = v128.load(row);
    s00 = madd<f32>(x, y0, s00);
    s01 = madd<f32>(x, y1, s01);
    if (isPair) {
      x = v128.load(row, 16);
      t00 = madd<f32>(x, z0, t00);
      t01 = madd<f32>(x, z1, t01);
    }
    row += rowA;
    x = v128.load(row);
    s10 = madd<f32>(x, y0, s10);
    s11 = madd<f32>(x, y1, s11);
    if (isPair) {
      x = v128.load(row, 16);
      t10 = madd<f32>(x, z0, t10);
      t11 = madd<f32>(x, z1, t11);
    }
    row += rowA;
    x = v128.load(row);
    s20 = madd<f32>(x, y0, s20);
    s21 = madd<f32>(x, y1, s21);
    if (isPair) {
      x = v128.load(row, 16);
      t20 = madd<f32>(x, z0, t20);
      t21 = madd<f32>(x, z1, t21);
    }
    row += rowA;
    x = v128.load(row);
    s30 = madd<f32>(x, y0, s30);
    s31 = madd<f32>(x, y1, s31);
    if (isPair) {
      x = v128.load(row, 16);
      t30 = madd<f32>(x, z0, t30);
      t31 = madd<f32>(x, z1, t31);
    }
    if (rows == 6) {
      row += rowA;
      x = v128.load(row);
      s40 = madd<f32>(x, y0, s40);
      s41 = madd<f32>(x, y1, s41);
      if (isPair) {
        x = v128.load(row, 16);
        t40 = madd<f32>(x, z0, t40);
        t41 = madd<f32>(x, z1, t41);
      }
      row += rowA;
      x = v128.load(row);
      s50 = madd<f32>(x, y0, s50);
      s51 = madd<f32>(x, y1, s51);
      if (isPair) {
        x = v128.load(row, 16);
        t50 = madd<f32>(x, z0, t50);
        t51 = madd<f32>(x, z1, t51);
      }
    }
    a += 32;
    b0 += 32;
    b1 += 32;
  }
  putSums(to, s00, t00, s01, t01, isPair);
  putSums(to + 64, s10, t10, s11, t11, isPair);
  putSums(to + 128, s20, t20, s21, t21, isPair);
  putSums(to + 192, s30, t30, s31, t31, isPair);
  if (rows == 6) {
    putSums(to + 256, s40, t40, s41, t41, isPair);
    putSums(to + 320, s50, t50, s51, t51, isPair);
  }
}

// @ts-ignore: decorator
@inline
function putSums(to: usize, s0: v128, t0: v128, s1: v128, t1: v128, isPair: bool): void {
  v128.store(to, s0);
  if (isPair) v128.store(to, t0, 16);
  v128.store(to, s1, 32);
  if (isPair) v128.store(to, t1, 48);
}

/** Two columns of two rows of a tile. */
// @ts-ignore: decorator
@inline
function putTwo(to: usize, x: v128): void {
  v128.store64_lane(to, x, 0);
  v128.store64_lane(to + TILE_ROW, x, 1);
}

/** The sums of the lanes of four vectors. */
// @ts-ignore: decorator
@inline
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}
