// Rows of a matrix in float64: the loops that the factorisations share. A row is contiguous.

import { msub } from "../math";
import { giveSome, takeSome } from "../simd";

/** Exchanges rows i and j, `row` bytes apart each, over n columns. */
export function exchangeRows(a: usize, row: usize, n: i32, i: i32, j: i32): void {
  if (i == j) return;
  let p = a + <usize>i * row;
  let q = a + <usize>j * row;
  for (; n >= 4; n -= 4, p += 32, q += 32) {
    const x0 = v128.load(p), x1 = v128.load(p, 16);
    const y0 = v128.load(q), y1 = v128.load(q, 16);
    v128.store(p, y0);
    v128.store(p, y1, 16);
    v128.store(q, x0);
    v128.store(q, x1, 16);
  }
  for (; n > 0; n--, p += 8, q += 8) {
    const x = load<f64>(p);
    store<f64>(p, load<f64>(q));
    store<f64>(q, x);
  }
}

/** n numbers, minus `factor` times as many others. */
export function subtractRow(to: usize, from: usize, n: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  for (; n >= 8; n -= 8, to += 64, from += 64) {
    const x0 = msub<f64>(f, v128.load(from), v128.load(to));
    const x1 = msub<f64>(f, v128.load(from, 16), v128.load(to, 16));
    const x2 = msub<f64>(f, v128.load(from, 32), v128.load(to, 32));
    const x3 = msub<f64>(f, v128.load(from, 48), v128.load(to, 48));
    v128.store(to, x0);
    v128.store(to, x1, 16);
    v128.store(to, x2, 32);
    v128.store(to, x3, 48);
  }
  for (; n > 0; n -= 2, to += 16, from += 16) {
    const both = n >= 2;
    giveSome<f64>(to, msub<f64>(f, takeSome<f64>(from, both), takeSome<f64>(to, both)), both);
  }
}
