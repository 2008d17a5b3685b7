// Reflections 1 - τ·v vᵀ in float64, a row each, that turn rows of a matrix; many at a time as 1 - Vᵀ T V (Schreiber and
// Van Loan 1989).
//
// A stack of `count` reflections of vectors of length m lies at t, rows `row` bytes apart: row k has its v from column k + 1
// on, before which v is 1, and before that 0. Their τ are at `taus`.
//
//   work ─ V [BLOCK, m] │ Vᵀ's Gram matrix [BLOCK, BLOCK] │ T [BLOCK, BLOCK] │ 2 × [rows, BLOCK]

import { add, SIZE, subtract } from "./product";
import { dot, length, subtractRow } from "./rows";

/** Reflections at a time. */
export const BLOCK: i32 = 32;
const WIDE_ROW: usize = <usize>BLOCK * SIZE;
const SQUARE: usize = <usize>BLOCK * WIDE_ROW;

/** Bytes of the work for vectors of length m and so many rows that are turned. src/ops/kernelfactors.ts has the same. */
export function workBytes(m: i32, rows: i32): usize {
  return <usize>BLOCK * <usize>m * SIZE + SQUARE * 2 + <usize>rows * WIDE_ROW * 2;
}

/**
 * Makes the reflection that sends n numbers to a multiple of the first unit vector, as LAPACK's larfg: leaves the multiple in
 * the first place, v behind it, and returns τ.
 */
export function reflection(x: usize, n: i32): f64 {
  const alpha = load<f64>(x);
  const rest = dot(x + SIZE, x + SIZE, n - 1);
  if (rest == 0) return 0;
  const norm = length(alpha, sqrt<f64>(rest));
  const beta = reinterpret<i64>(alpha) < 0 ? norm : -norm;
  const divisor = alpha - beta;
  for (let i = 1; i < n; i++) store<f64>(x + <usize>i * SIZE, load<f64>(x + <usize>i * SIZE) / divisor);
  store<f64>(x, beta);
  return (beta - alpha) / beta;
}

/**
 * Makes reflections of the rows of t, one by one, that leave row k nothing beyond its k-th number: a stack in the rows of t
 * themselves, whose first numbers are Rᵀ.
 */
export function triangularise(t: usize, row: usize, n: i32, m: i32, taus: usize, work: usize): void {
  const count = min(m, n);
  for (let k = 0; k < count; k += BLOCK) {
    const size = min(BLOCK, count - k);
    for (let i = k; i < k + size; i++) {
      const x = t + <usize>i * (row + SIZE);
      const tau = reflection(x, m - i);
      store<f64>(taus + <usize>i * SIZE, tau);
      if (tau == 0) continue;
      for (let j = i + 1; j < k + size; j++) {
        const y = x + <usize>(j - i) * row;
        const s = tau * (load<f64>(y) + dot(x + SIZE, y + SIZE, m - i - 1));
        store<f64>(y, load<f64>(y) - s);
        subtractRow(y + SIZE, x + SIZE, m - i - 1, s);
      }
    }
    if (k + size == n) break;
    const first = t + <usize>k * (row + SIZE);
    gather(first, row, size, m - k, taus + <usize>k * SIZE, work);
    apply(first + <usize>size * row, row, n - k - size, size, m - k, work, false);
  }
}

/** Turns the rows of q by all reflections of a stack, from the last on: unit vectors become the columns of their product. */
export function turn(
  t: usize, row: usize, count: i32, m: i32, taus: usize, q: usize, rowQ: usize, rows: i32, work: usize,
): void {
  for (let k = (count - 1) / BLOCK * BLOCK; k >= 0; k -= BLOCK) {
    const size = min(BLOCK, count - k);
    gather(t + <usize>k * (row + SIZE), row, size, m - k, taus + <usize>k * SIZE, work);
    apply(q + <usize>k * SIZE, rowQ, rows, size, m - k, work, true);
  }
}

/** V and T of a block of reflections. */
function gather(t: usize, row: usize, count: i32, m: i32, taus: usize, work: usize): void {
  const rowV = <usize>m * SIZE;
  const gram = work + <usize>BLOCK * rowV;
  const factor = gram + SQUARE;
  for (let i = 0; i < count; i++) {
    const v = work + <usize>i * rowV;
    const at = <usize>i * SIZE;
    memory.fill(v, 0, at);
    store<f64>(v + at, 1);
    memory.copy(v + at + SIZE, t + <usize>i * row + at + SIZE, rowV - at - SIZE);
  }
  memory.fill(gram, 0, SQUARE * 2);
  add(count, count, m, work, rowV, SIZE, work, SIZE, rowV, gram, WIDE_ROW);
  for (let j = 0; j < count; j++) {
    const tau = load<f64>(taus + <usize>j * SIZE);
    store<f64>(factor + <usize>j * (WIDE_ROW + SIZE), tau);
    for (let i = 0; i < j; i++) {
      let s: f64 = 0;
      for (let l = i; l < j; l++) {
        s += load<f64>(factor + <usize>i * WIDE_ROW + <usize>l * SIZE) * load<f64>(gram + <usize>l * WIDE_ROW + <usize>j * SIZE);
      }
      store<f64>(factor + <usize>i * WIDE_ROW + <usize>j * SIZE, -tau * s);
    }
  }
}

/** Rows of x by the block that `gather` has left: x - x Vᵀ T V, or, where `back`, with Tᵀ. */
function apply(x: usize, rowX: usize, rows: i32, count: i32, m: i32, work: usize, back: bool): void {
  const rowV = <usize>m * SIZE;
  const factor = work + <usize>BLOCK * rowV + SQUARE;
  const shares = factor + SQUARE;
  const turned = shares + <usize>rows * WIDE_ROW;
  memory.fill(shares, 0, <usize>rows * WIDE_ROW * 2);
  add(rows, count, m, x, rowX, SIZE, work, SIZE, rowV, shares, WIDE_ROW);
  add(rows, count, count, shares, WIDE_ROW, SIZE, factor, back ? SIZE : WIDE_ROW, back ? WIDE_ROW : SIZE, turned, WIDE_ROW);
  subtract(rows, m, count, turned, WIDE_ROW, SIZE, work, rowV, SIZE, x, rowX);
}

/** Q and R of qr.ts, of the matrix whose columns are the n rows of t. */
export function factorQR(t: usize, n: i32, m: i32, q: usize, columns: i32, taus: usize, work: usize): void {
  const row = <usize>m * SIZE;
  triangularise(t, row, n, m, taus, work);
  unit(q, columns, m);
  turn(t, row, min(m, n), m, taus, q, row, columns, work);
}

/** The first rows of the unit matrix. */
export function unit(q: usize, rows: i32, m: i32): void {
  memory.fill(q, 0, <usize>rows * <usize>m * SIZE);
  for (let i = 0; i < min(rows, m); i++) store<f64>(q + <usize>i * <usize>(m + 1) * SIZE, 1);
}
