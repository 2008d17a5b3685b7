// Rows of a matrix in float64: the loops that the factorisations share. A row is contiguous.

import { madd, msub } from "../math";
import { bothOf, giveSome, takeSome } from "../simd";

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

/** Σ x[i] · y[i] of n numbers. */
export function dot(x: usize, y: usize, n: i32): f64 {
  const zero = i64x2.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  for (; n >= 8; n -= 8, x += 64, y += 64) {
    s0 = madd<f64>(v128.load(x), v128.load(y), s0);
    s1 = madd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd<f64>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd<f64>(v128.load(x, 48), v128.load(y, 48), s3);
  }
  const both = f64x2.add(bothOf<f64>(0, s0, s1), bothOf<f64>(1, s2, s3));
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; n > 0; n--, x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}

/** Pairs of numbers (x, y) become (c·x - s·y, s·x + c·y). */
export function rotate(x: usize, y: usize, n: i32, c: f64, s: f64): void {
  const cc = f64x2.splat(c), ss = f64x2.splat(s);
  for (; n >= 4; n -= 4, x += 32, y += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    v128.store(x, msub<f64>(ss, y0, f64x2.mul(cc, x0)));
    v128.store(x, msub<f64>(ss, y1, f64x2.mul(cc, x1)), 16);
    v128.store(y, madd<f64>(ss, x0, f64x2.mul(cc, y0)));
    v128.store(y, madd<f64>(ss, x1, f64x2.mul(cc, y1)), 16);
  }
  for (; n > 0; n--, x += 8, y += 8) {
    const p = load<f64>(x), q = load<f64>(y);
    store<f64>(x, c * p - s * q);
    store<f64>(y, s * p + c * q);
  }
}

/** √(x² + y²), without overflow on the way. */
export function length(x: f64, y: f64): f64 {
  const most = max<f64>(abs(x), abs(y));
  if (most == 0 || most == Infinity) return most;
  const least = min<f64>(abs(x), abs(y)) / most;
  return most * sqrt<f64>(1 + least * least);
}
