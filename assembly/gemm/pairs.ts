// Products of int8 matrices, summed in int32, which is exact and wraps: C = A·B by i32x4.dot_i16x8_s, which multiplies eight
// numbers and adds them two by two. So k goes in pairs: two neighbours along k, widened to int16, are one element of 32
// bits, and of such elements the blocks, panels and tiles are those of any product (core.ts).
//
// Relaxed SIMD's dot product of int8 would multiply sixteen, but its right operand has seven bits. An int8 is exact as two
// of them, and then the two instructions of this way are as fast.

import { int, ptr } from "../abi";
import { multiply } from "./core";
import { Dense } from "./dense";

/**
 * Element (i, p) of y is the pair x[i, 2·p], x[i, 2·p + 1]; 0 behind the end of k.
 *
 *   args ─ 0 y │ 1 x │ 2 k │ strides in elements: 3 y along i │ 4 y along p │ 5 x along i │ 6 x along k │ 7 rows
 *
 * Units are those of the dim that y is contiguous along from end to end: rows, or pairs where rows are contiguous.
 */
export function pairs_i8(args: usize, begin: i32, end: i32): void {
  const alongP = int(args, 4) == 1;
  const k = int(args, 2);
  const half = (k + 1) / 2;
  const inner = alongP ? half : int(args, 7);
  const row = <usize>int(args, 5);
  const step = <usize>int(args, 6);
  for (let unit = begin; unit < end; unit++) {
    let y = ptr(args, 0) + (<usize>(unit * int(args, alongP ? 3 : 4)) << 2);
    if (alongP) {
      const x = ptr(args, 1) + <usize>unit * row;
      pairRow(x, x + step, 2 * step, inner - (k & 1), y);
      if (k & 1) store<i32>(y + (<usize>(inner - 1) << 2), <i32>load<i8>(x + <usize>(k - 1) * step) & 0xffff);
    } else {
      const x = ptr(args, 1) + <usize>unit * 2 * step;
      if (2 * unit + 1 < k) pairRow(x, x + step, row, inner, y);
      else for (let i = 0; i < inner; i++) store<i32>(y + (<usize>i << 2), <i32>load<i8>(x + <usize>i * row) & 0xffff);
    }
  }
}

/** y[i] = x0[i], x1[i], both `step` apart. */
function pairRow(x0: usize, x1: usize, step: usize, count: i32, y: usize): void {
  if (step == 2 && x1 == x0 + 1) {
    for (; count >= 4; count -= 4) {
      v128.store(y, v128.load8x8_s(x0));
      x0 += 8;
      x1 += 8;
      y += 16;
    }
  } else if (step == 1) {
    for (; count >= 8; count -= 8) {
      const even = v128.load8x8_s(x0);
      const odd = v128.load8x8_s(x1);
      v128.store(y, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(y, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
      x0 += 8;
      x1 += 8;
      y += 32;
    }
  }
  for (; count > 0; count--) {
    store<i32>(y, (<i32>load<i8>(x0) & 0xffff) | (<i32>load<i8>(x1) << 16));
    x0 += step;
    x1 += step;
    y += 4;
  }
}

/** The block of dense.ts for matrices of pairs, with α = 1 and no D. */
export function pairProduct_i32(args: usize, begin: i32, end: i32): void { multiply<i32, Dense>(args, begin, end); }
