// Systems of a triangle within a larger kernel. It is halved, and the one half's solution subtracted from the other half's
// right side by a product, down to triangles of BASE rows.

import { msub } from "../math";
import { giveSome, takeSome } from "../simd";
import { subtract } from "./product";
import { lanes } from "./rows";

const BASE: i32 = 16;

/** x with `a x = b` in place of b, n × k with contiguous rows; a's diagonal is 1 where `unit`. */
export function solveTriangle<T>(
  n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool,
): void {
  if (n <= BASE) {
    base<T>(n, k, a, rowA, colA, b, rowB, upper, unit);
    return;
  }
  const second = n / 12 * 6; // rows of whole tiles
  const first = n - second;
  // Where the triangle begins that is solved first, and the other.
  const from = <usize>second * <usize>upper;
  const then = <usize>first * <usize>!upper;
  const source = b + from * rowB;
  const target = b + then * rowB;
  solveTriangle<T>(first, k, a + from * (rowA + colA), rowA, colA, source, rowB, upper, unit);
  subtract<T>(second, k, first, a + then * rowA + from * colA, rowA, colA, source, rowB, sizeof<T>(), target, rowB);
  solveTriangle<T>(second, k, a + then * (rowA + colA), rowA, colA, target, rowB, upper, unit);
}

/** The same of few rows: eight vectors of columns at a time. */
function base<T>(
  n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool,
): void {
  let j = 0;
  for (; j + 8 * lanes<T>() <= k; j += 8 * lanes<T>(), b += 128) wide<T>(n, a, rowA, colA, b, rowB, upper, unit);
  for (; j + lanes<T>() <= k; j += lanes<T>(), b += 16) narrow<T>(n, a, rowA, colA, b, rowB, upper, unit, true);
  for (; j < k; j++, b += sizeof<T>()) narrow<T>(n, a, rowA, colA, b, rowB, upper, unit, false);
}

function wide<T>(n: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool): void {
  for (let step = 0; step < n; step++) {
    const i = <usize>(upper ? n - 1 - step : step);
    const from: usize = upper ? i + 1 : 0;
    const target = b + i * rowB;
    let s0 = v128.load(target), s1 = v128.load(target, 16), s2 = v128.load(target, 32), s3 = v128.load(target, 48);
    let s4 = v128.load(target, 64), s5 = v128.load(target, 80), s6 = v128.load(target, 96), s7 = v128.load(target, 112);
    let at = a + i * rowA + from * colA;
    let x = b + from * rowB;
    for (let left = step; left > 0; left--) {
      const f = v128.load_splat<T>(at);
      s0 = msub<T>(f, v128.load(x), s0);
      s1 = msub<T>(f, v128.load(x, 16), s1);
      s2 = msub<T>(f, v128.load(x, 32), s2);
      s3 = msub<T>(f, v128.load(x, 48), s3);
      s4 = msub<T>(f, v128.load(x, 64), s4);
      s5 = msub<T>(f, v128.load(x, 80), s5);
      s6 = msub<T>(f, v128.load(x, 96), s6);
      s7 = msub<T>(f, v128.load(x, 112), s7);
      at += colA;
      x += rowB;
    }
    if (!unit) {
      const d = v128.load_splat<T>(a + i * (rowA + colA));
      s0 = v128.div<T>(s0, d);
      s1 = v128.div<T>(s1, d);
      s2 = v128.div<T>(s2, d);
      s3 = v128.div<T>(s3, d);
      s4 = v128.div<T>(s4, d);
      s5 = v128.div<T>(s5, d);
      s6 = v128.div<T>(s6, d);
      s7 = v128.div<T>(s7, d);
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

/** A vector of columns, or, where not `whole`, one. */
function narrow<T>(
  n: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, upper: bool, unit: bool, whole: bool,
): void {
  for (let step = 0; step < n; step++) {
    const i = <usize>(upper ? n - 1 - step : step);
    const from: usize = upper ? i + 1 : 0;
    const target = b + i * rowB;
    let s = takeSome<T>(target, whole);
    let at = a + i * rowA + from * colA;
    let x = b + from * rowB;
    for (let left = step; left > 0; left--) {
      s = msub<T>(v128.load_splat<T>(at), takeSome<T>(x, whole), s);
      at += colA;
      x += rowB;
    }
    if (!unit) s = v128.div<T>(s, v128.load_splat<T>(a + i * (rowA + colA)));
    giveSome<T>(target, s, whole);
  }
}
