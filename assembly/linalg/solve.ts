// Systems of a triangle within a larger kernel. It is halved, and the one half's solution subtracted from the other half's
// right side by a product, down to triangles of BASE rows.

import { msub } from "../math";
import { giveSome, takeSome } from "../simd";
import { SIZE, subtract } from "./product";

const BASE: i32 = 16;

/** x with `a x = b` in place of b, n × k with contiguous rows; a's diagonal is 1 where `unit`. */
export function solveTriangle(
  n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool,
): void {
  if (n <= BASE) {
    base(n, k, a, rowA, colA, b, rowB, upper, unit);
    return;
  }
  const second = n / 12 * 6; // rows of whole tiles
  const first = n - second;
  // Where the triangle begins that is solved first, and the other.
  const from = <usize>second * <usize>upper;
  const then = <usize>first * <usize>!upper;
  const source = b + from * rowB;
  const target = b + then * rowB;
  solveTriangle(first, k, a + from * (rowA + colA), rowA, colA, source, rowB, upper, unit);
  subtract(second, k, first, a + then * rowA + from * colA, rowA, colA, source, rowB, SIZE, target, rowB);
  solveTriangle(second, k, a + then * (rowA + colA), rowA, colA, target, rowB, upper, unit);
}

/** The same of few rows: sixteen columns at a time. */
function base(
  n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool,
): void {
  let j = 0;
  for (; j + 16 <= k; j += 16, b += 128) wide(n, a, rowA, colA, b, rowB, upper, unit);
  for (; j < k; j += 2, b += 16) narrow(n, a, rowA, colA, b, rowB, upper, unit, j + 2 <= k);
}

function wide(n: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool): void {
  for (let step = 0; step < n; step++) {
    const i = <usize>(upper ? n - 1 - step : step);
    const from: usize = upper ? i + 1 : 0;
    const target = b + i * rowB;
    let s0 = v128.load(target), s1 = v128.load(target, 16), s2 = v128.load(target, 32), s3 = v128.load(target, 48);
    let s4 = v128.load(target, 64), s5 = v128.load(target, 80), s6 = v128.load(target, 96), s7 = v128.load(target, 112);
    let at = a + i * rowA + from * colA;
    let x = b + from * rowB;
    for (let left = step; left > 0; left--) {
      const f = v128.load_splat<f64>(at);
      s0 = msub<f64>(f, v128.load(x), s0);
      s1 = msub<f64>(f, v128.load(x, 16), s1);
      s2 = msub<f64>(f, v128.load(x, 32), s2);
      s3 = msub<f64>(f, v128.load(x, 48), s3);
      s4 = msub<f64>(f, v128.load(x, 64), s4);
      s5 = msub<f64>(f, v128.load(x, 80), s5);
      s6 = msub<f64>(f, v128.load(x, 96), s6);
      s7 = msub<f64>(f, v128.load(x, 112), s7);
      at += colA;
      x += rowB;
    }
    if (!unit) {
      const d = v128.load_splat<f64>(a + i * (rowA + colA));
      s0 = f64x2.div(s0, d);
      s1 = f64x2.div(s1, d);
      s2 = f64x2.div(s2, d);
      s3 = f64x2.div(s3, d);
      s4 = f64x2.div(s4, d);
      s5 = f64x2.div(s5, d);
      s6 = f64x2.div(s6, d);
      s7 = f64x2.div(s7, d);
    }
    v128.store(target, s0);
    v128.store(target, s1, 16);
    v128.store(target, s2, 32);
    v128.store(target, s3, 48);
    v128.store(target, s4, 64);
    v128.store(target, s5, 80);
    v128.store(target, s6, 96);
    v128.store(target, s7, 112);
  }
}

/** Two columns, or, where not `both`, one. */
function narrow(
  n: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool, both: bool,
): void {
  for (let step = 0; step < n; step++) {
    const i = <usize>(upper ? n - 1 - step : step);
    const from: usize = upper ? i + 1 : 0;
    const target = b + i * rowB;
    let s = takeSome<f64>(target, both);
    let at = a + i * rowA + from * colA;
    let x = b + from * rowB;
    for (let left = step; left > 0; left--) {
      s = msub<f64>(v128.load_splat<f64>(at), takeSome<f64>(x, both), s);
      at += colA;
      x += rowB;
    }
    if (!unit) s = f64x2.div(s, v128.load_splat<f64>(a + i * (rowA + colA)));
    giveSome<f64>(target, s, both);
  }
}
