// The micro-kernel: a tile of C of ROWS × COLUMNS in registers, over packed panels.
//
//   tile[r, c] (+)= Σ_p strip[p, r] · panel[p, c]
//
// A strip holds ROWS rows of A interleaved along k; a panel holds COLUMNS columns of B, `apart` bytes from one k to the
// next: packed (32) or B itself where its rows are contiguous. Every element of C is one chain of
// multiply-adds in the order of k, whatever row and column of a tile it falls on, so a tiling never changes the bits.
//
// With T = i32 an element is a pair of int16, and a product two products and their sum (pairs.ts).
//
// Of the sixteen vector registers V8 keeps one: 12 sums + 2 of B + 1 of A fill the rest with a fused multiply-add;
// without one the product needs a register too, and 8 sums leave room for two products in flight. Where vectors are paired
// a tile of twice the columns fills them alike.

import { madd } from "../math";

/** Rows of a tile. */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Columns of a tile: two vectors. */
// @ts-ignore: decorator
@inline export function columns<T>(): i32 { return 32 / <i32>sizeof<T>(); }

/**
 * Writes the tile to `c`, whose rows are `rowC` bytes apart: the sums, added to what is at `from`, whose rows are `rowFrom` apart
 * (0: to nothing). That may be `c` itself.
 */
export function micro<T>(
  k: i32, strip: usize, panel: usize, apart: usize, c: usize, rowC: usize, from: usize, rowFrom: usize,
): void {
  if (isFloat<T>()) product<T>(ROWS, k, strip, panel, apart, false, false, 0, c, 32, rowC, from, rowFrom, false);
  else {
    const lower = strip + (<usize>(ROWS / 2) << 2);
    pairProduct(k, strip, panel, apart, c, rowC, from, rowFrom);
    pairProduct(k, lower, panel, apart, c + <usize>(ROWS / 2) * rowC, rowC, below(from, rowFrom), rowFrom);
  }
}

// @ts-ignore: decorator
@inline function below(from: usize, rowFrom: usize): usize { return from == 0 ? 0 : from + <usize>(ROWS / 2) * rowFrom; }

/**
 * As `micro`, over two panels `next` bytes apart, for an engine that pairs vectors; their tiles of c, and of what is at
 * `from`, are `nextC` bytes apart (of integers side by side).
 */
export function microPair<T>(
  k: i32, strip: usize, panel: usize, next: usize, apart: usize, c: usize, nextC: usize, rowC: usize,
  from: usize, rowFrom: usize,
): void {
  if (isFloat<T>()) product<T>(ROWS, k, strip, panel, apart, false, true, next, c, nextC, rowC, from, rowFrom, false);
  else {
    const lower = strip + (<usize>(ROWS / 2) << 2);
    widePairProduct(k, strip, panel, apart, next, c, rowC, from, rowFrom);
    widePairProduct(k, lower, panel, apart, next, c + <usize>(ROWS / 2) * rowC, rowC, below(from, rowFrom), rowFrom);
  }
}

/** Goes on with the sums that `micro` has left at `c`, over k more steps: they come out as of one run. */
export function microOn<T>(k: i32, strip: usize, panel: usize, apart: usize, c: usize, rowC: usize): void {
  product<T>(ROWS, k, strip, panel, apart, false, false, 0, c, 32, rowC, 0, 0, true);
}

/** As `micro`, with the rows of the panel anywhere, row p `table[p]` bytes (usize) from `panel`; `add`: to what is at c. */
export function microTable<T>(
  k: i32, strip: usize, panel: usize, table: usize, c: usize, rowC: usize, add: bool,
): void {
  product<T>(ROWS, k, strip, panel, table, true, false, 0, c, 32, rowC, add ? c : 0, rowC, false);
}

/** As `microTable`, over two panels `next` bytes apart; their tiles of c are `nextC` bytes apart. */
export function microTablePair<T>(
  k: i32, strip: usize, panel: usize, next: usize, table: usize, c: usize, nextC: usize, rowC: usize, add: bool,
): void {
  product<T>(ROWS, k, strip, panel, table, true, true, next, c, nextC, rowC, add ? c : 0, rowC, false);
}

/** As `microTablePair` for the first three rows of the strip alone: so many sums fill the registers of 128 bits. */
export function microTablePairOfThree<T>(
  k: i32, strip: usize, panel: usize, next: usize, table: usize, c: usize, nextC: usize, rowC: usize, add: bool,
): void {
  product<T>(3, k, strip, panel, table, true, true, next, c, nextC, rowC, add ? c : 0, rowC, false);
}

// Half the rows of a tile of pairs: each product needs a register more than a multiply-add.
function pairProduct(
  k: i32, strip: usize, panel: usize, apart: usize, c: usize, rowC: usize, from: usize, rowFrom: usize,
): void {
  halfProduct(k, strip, panel, apart, false, 0, c, rowC, from, rowFrom);
}
function widePairProduct(
  k: i32, strip: usize, panel: usize, apart: usize, next: usize, c: usize, rowC: usize, from: usize, rowFrom: usize,
): void {
  halfProduct(k, strip, panel, apart, true, next, c, rowC, from, rowFrom);
}

// @ts-ignore: decorator
@inline
function halfProduct(
  k: i32, strip: usize, panel: usize, apart: usize, isPair: bool, next: usize, c: usize, rowC: usize,
  from: usize, rowFrom: usize,
): void {
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero;
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero;
  for (; k > 0; k--) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    const b2 = isPair ? v128.load(panel + next) : zero;
    const b3 = isPair ? v128.load(panel + next, 16) : zero;
    let a = v128.load32_splat(strip);
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(a, b0));
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(a, b1));
    if (isPair) {
      s02 = i32x4.add(s02, i32x4.dot_i16x8_s(a, b2));
      s03 = i32x4.add(s03, i32x4.dot_i16x8_s(a, b3));
    }
    a = v128.load32_splat(strip, 4);
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(a, b0));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(a, b1));
    if (isPair) {
      s12 = i32x4.add(s12, i32x4.dot_i16x8_s(a, b2));
      s13 = i32x4.add(s13, i32x4.dot_i16x8_s(a, b3));
    }
    if (ROWS == 6) {
      a = v128.load32_splat(strip, 8);
      s20 = i32x4.add(s20, i32x4.dot_i16x8_s(a, b0));
      s21 = i32x4.add(s21, i32x4.dot_i16x8_s(a, b1));
      if (isPair) {
        s22 = i32x4.add(s22, i32x4.dot_i16x8_s(a, b2));
        s23 = i32x4.add(s23, i32x4.dot_i16x8_s(a, b3));
      }
    }
    strip += <usize>ROWS << 2;
    panel += apart;
  }
  const step: usize = from == 0 ? 0 : rowFrom;
  putRow<i32>(c, 32, s00, s01, s02, s03, isPair, from);
  putRow<i32>(c + rowC, 32, s10, s11, s12, s13, isPair, from + step);
  if (ROWS == 6) putRow<i32>(c + 2 * rowC, 32, s20, s21, s22, s23, isPair, from + 2 * step);
}

/**
 * The first `rows` rows of a tile; `way` is the distance of rows of B or the table; the second panel's tile is `nextC` bytes
 * from the first's; `on`: one panel's sums go on from what is at c. rows, isTable, isPair and on are constants where this is
 * called.
 */
// @ts-ignore: decorator
@inline
function product<T>(
  rows: i32, k: i32, strip: usize, panel: usize, way: usize, isTable: bool, isPair: bool, next: usize,
  c: usize, nextC: usize, rowC: usize, from: usize, rowFrom: usize, on: bool,
): void {
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero;
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero;
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero;
  let s40 = zero, s41 = zero, s42 = zero, s43 = zero;
  let s50 = zero, s51 = zero, s52 = zero, s53 = zero;
  if (on) {
    s00 = v128.load(c), s01 = v128.load(c, 16);
    s10 = v128.load(c + rowC), s11 = v128.load(c + rowC, 16);
    s20 = v128.load(c + 2 * rowC), s21 = v128.load(c + 2 * rowC, 16);
    s30 = v128.load(c + 3 * rowC), s31 = v128.load(c + 3 * rowC, 16);
    if (rows > 4) {
      s40 = v128.load(c + 4 * rowC), s41 = v128.load(c + 4 * rowC, 16);
      s50 = v128.load(c + 5 * rowC), s51 = v128.load(c + 5 * rowC, 16);
    }
  }
  for (; k > 0; k--) {
    const row = isTable ? panel + load<usize>(way) : panel;
    const b0 = v128.load(row);
    const b1 = v128.load(row, 16);
    const b2 = isPair ? v128.load(row + next) : zero;
    const b3 = isPair ? v128.load(row + next, 16) : zero;
    let a = v128.load_splat<T>(strip);
    s00 = madd<T>(a, b0, s00);
    s01 = madd<T>(a, b1, s01);
    if (isPair) {
      s02 = madd<T>(a, b2, s02);
      s03 = madd<T>(a, b3, s03);
    }
    a = v128.load_splat<T>(strip, sizeof<T>());
    s10 = madd<T>(a, b0, s10);
    s11 = madd<T>(a, b1, s11);
    if (isPair) {
      s12 = madd<T>(a, b2, s12);
      s13 = madd<T>(a, b3, s13);
    }
    a = v128.load_splat<T>(strip, 2 * sizeof<T>());
    s20 = madd<T>(a, b0, s20);
    s21 = madd<T>(a, b1, s21);
    if (isPair) {
      s22 = madd<T>(a, b2, s22);
      s23 = madd<T>(a, b3, s23);
    }
    if (rows > 3) {
      a = v128.load_splat<T>(strip, 3 * sizeof<T>());
      s30 = madd<T>(a, b0, s30);
      s31 = madd<T>(a, b1, s31);
      if (isPair) {
        s32 = madd<T>(a, b2, s32);
        s33 = madd<T>(a, b3, s33);
      }
    }
    if (rows > 4) {
      a = v128.load_splat<T>(strip, 4 * sizeof<T>());
      s40 = madd<T>(a, b0, s40);
      s41 = madd<T>(a, b1, s41);
      if (isPair) {
        s42 = madd<T>(a, b2, s42);
        s43 = madd<T>(a, b3, s43);
      }
      a = v128.load_splat<T>(strip, 5 * sizeof<T>());
      s50 = madd<T>(a, b0, s50);
      s51 = madd<T>(a, b1, s51);
      if (isPair) {
        s52 = madd<T>(a, b2, s52);
        s53 = madd<T>(a, b3, s53);
      }
    }
    strip += <usize>ROWS * sizeof<T>();
    if (isTable) way += sizeof<usize>();
    else panel += way;
  }
  const step: usize = from == 0 ? 0 : rowFrom;
  putRow<T>(c, nextC, s00, s01, s02, s03, isPair, from);
  c += rowC;
  from += step;
  putRow<T>(c, nextC, s10, s11, s12, s13, isPair, from);
  c += rowC;
  from += step;
  putRow<T>(c, nextC, s20, s21, s22, s23, isPair, from);
  if (rows > 3) {
    c += rowC;
    from += step;
    putRow<T>(c, nextC, s30, s31, s32, s33, isPair, from);
  }
  if (rows > 4) {
    c += rowC;
    from += step;
    putRow<T>(c, nextC, s40, s41, s42, s43, isPair, from);
    c += rowC;
    from += step;
    putRow<T>(c, nextC, s50, s51, s52, s53, isPair, from);
  }
}

// @ts-ignore: decorator
@inline
function putRow<T>(c: usize, next: usize, s0: v128, s1: v128, s2: v128, s3: v128, isPair: bool, from: usize): void {
  if (from != 0) {
    const c0 = v128.load(from), c1 = v128.load(from, 16);
    s0 = v128.add<T>(c0, s0);
    s1 = v128.add<T>(c1, s1);
    if (isPair) {
      const c2 = v128.load(from + next), c3 = v128.load(from + next, 16);
      s2 = v128.add<T>(c2, s2);
      s3 = v128.add<T>(c3, s3);
    }
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  if (isPair) {
    v128.store(c + next, s2);
    v128.store(c + next, s3, 16);
  }
}
