// The micro-kernel of gemm/micro.ts whose rows of B are found by a table, over two panels: twelve sums of 256 bits where
// the engine pairs vectors, or of 128 for half of its rows. An element is the same chain of multiply-adds as there, so the bits are the same.

import { madd } from "../math";
import { ROWS } from "../gemm/micro";

/** As `microTable`, over two panels `next` bytes apart; their tiles of c are `nextC` bytes apart. */
export function tablePair<T>(
  k: i32, strip: usize, panel: usize, next: usize, table: usize, c: usize, nextC: usize, rowC: usize, add: bool,
): void {
  product<T>(6, k, strip, panel, next, table, c, nextC, rowC, add);
}

/** As `tablePair` for the first three rows of the strip alone: so many sums fill the registers of 128 bits. */
export function tablePairOfThree<T>(
  k: i32, strip: usize, panel: usize, next: usize, table: usize, c: usize, nextC: usize, rowC: usize, add: bool,
): void {
  product<T>(3, k, strip, panel, next, table, c, nextC, rowC, add);
}

/** `rows` is a constant where this is called. */
// @ts-ignore: decorator
@inline
function product<T>(
  rows: i32, k: i32, strip: usize, panel: usize, next: usize, table: usize, c: usize, nextC: usize, rowC: usize, add: bool,
): void {
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero;
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero;
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero;
  let s40 = zero, s41 = zero, s42 = zero, s43 = zero;
  let s50 = zero, s51 = zero, s52 = zero, s53 = zero;
  for (; k > 0; k--) {
    const row = panel + load<usize>(table);
    const b0 = v128.load(row);
    const b1 = v128.load(row, 16);
    const b2 = v128.load(row + next);
    const b3 = v128.load(row + next, 16);
    let a = v128.load_splat<T>(strip);
    s00 = madd<T>(a, b0, s00);
    s01 = madd<T>(a, b1, s01);
    s02 = madd<T>(a, b2, s02);
    s03 = madd<T>(a, b3, s03);
    a = v128.load_splat<T>(strip, sizeof<T>());
    s10 = madd<T>(a, b0, s10);
    s11 = madd<T>(a, b1, s11);
    s12 = madd<T>(a, b2, s12);
    s13 = madd<T>(a, b3, s13);
    a = v128.load_splat<T>(strip, 2 * sizeof<T>());
    s20 = madd<T>(a, b0, s20);
    s21 = madd<T>(a, b1, s21);
    s22 = madd<T>(a, b2, s22);
    s23 = madd<T>(a, b3, s23);
    if (rows == 6) {
      a = v128.load_splat<T>(strip, 3 * sizeof<T>());
      s30 = madd<T>(a, b0, s30);
      s31 = madd<T>(a, b1, s31);
      s32 = madd<T>(a, b2, s32);
      s33 = madd<T>(a, b3, s33);
      a = v128.load_splat<T>(strip, 4 * sizeof<T>());
      s40 = madd<T>(a, b0, s40);
      s41 = madd<T>(a, b1, s41);
      s42 = madd<T>(a, b2, s42);
      s43 = madd<T>(a, b3, s43);
      a = v128.load_splat<T>(strip, 5 * sizeof<T>());
      s50 = madd<T>(a, b0, s50);
      s51 = madd<T>(a, b1, s51);
      s52 = madd<T>(a, b2, s52);
      s53 = madd<T>(a, b3, s53);
    }
    strip += <usize>ROWS * sizeof<T>();
    table += sizeof<usize>();
  }
  put<T>(c, nextC, s00, s01, s02, s03, add);
  c += rowC;
  put<T>(c, nextC, s10, s11, s12, s13, add);
  c += rowC;
  put<T>(c, nextC, s20, s21, s22, s23, add);
  if (rows == 6) {
    c += rowC;
    put<T>(c, nextC, s30, s31, s32, s33, add);
    c += rowC;
    put<T>(c, nextC, s40, s41, s42, s43, add);
    c += rowC;
    put<T>(c, nextC, s50, s51, s52, s53, add);
  }
}

// @ts-ignore: decorator
@inline
function put<T>(c: usize, next: usize, s0: v128, s1: v128, s2: v128, s3: v128, add: bool): void {
  if (add) {
    const c0 = v128.load(c), c1 = v128.load(c, 16), c2 = v128.load(c + next), c3 = v128.load(c + next, 16);
    s0 = v128.add<T>(c0, s0); s1 = v128.add<T>(c1, s1); s2 = v128.add<T>(c2, s2); s3 = v128.add<T>(c3, s3);
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c + next, s2);
  v128.store(c + next, s3, 16);
}
