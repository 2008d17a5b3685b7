// y[j] = op(a[j], b[j], p, q) along a row, where p and q are either one number each for the whole row or, like a and b, one
// a column. All are read from memory: the one number stands in a cell, CELL bytes filled with it.
//
// An operator has only `at`, which loads those of its operands that it uses and gives a vector. A tail element is put
// into cells and so becomes a vector of equals: it gets the same bits as any other.

import { scratch, SCRATCH_BYTES } from "../abi";

export const CELL: usize = 32;

// @ts-ignore: decorator
@inline function tail(k: i32): usize { return scratch + SCRATCH_BYTES - 4 * CELL + <usize>k * CELL; }

// @ts-ignore: decorator
@inline
export function sweep<T, O>(count: i32, y: usize, a: usize, b: usize, p: usize, q: usize, cells: boolean): void {
  const op = changetype<O>(0);
  const bytes = <usize>count * sizeof<T>();
  const whole = bytes & ~15;
  const mask: usize = cells ? 0 : -1;
  let j: usize = 0;
  if (WIDE_VECTORS) {
    for (; j + 16 < whole; j += 32) {
      const s = p + (j & mask);
      const t = q + (j & mask);
      const y0 = op.at<T>(a + j, b + j, s, t);
      const y1 = op.at<T>(a + j + 16, b + j + 16, s + 16, t + 16);
      v128.store(y + j, y0);
      v128.store(y + j, y1, 16);
    }
  }
  for (; j < whole; j += 16) v128.store(y + j, op.at<T>(a + j, b + j, p + (j & mask), q + (j & mask)));
  for (; j < bytes; j += sizeof<T>()) {
    fill<T>(tail(0), load<T>(a + j));
    fill<T>(tail(1), load<T>(b + j));
    fill<T>(tail(2), load<T>(p + (j & mask)));
    fill<T>(tail(3), load<T>(q + (j & mask)));
    const r = op.at<T>(tail(0), tail(1), tail(2), tail(3));
    if (sizeof<T>() == 4) v128.store_lane<f32>(y + j, r, 0);
    else v128.store_lane<f64>(y + j, r, 0);
  }
}

/** Fills the cell at `at` with x. */
// @ts-ignore: decorator
@inline
export function fill<T>(at: usize, x: T): void {
  const cell = v128.splat<T>(x);
  v128.store(at, cell);
  v128.store(at, cell, 16);
}
