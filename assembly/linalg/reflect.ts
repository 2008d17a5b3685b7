// Reflections 1 - τ·v vᵀ, a row each, that turn rows of a matrix; many at a time as 1 - Vᵀ T V (Schreiber and
// Van Loan 1989).
//
// A stack of `count` reflections of vectors of length m lies at t, rows `row` bytes apart: row k has its v from column k + 1
// on, before which v is 1, and before that 0. Their τ are at `taus`.
//
//   work ─ V [BLOCK, m] │ Vᵀ's Gram matrix [BLOCK, BLOCK] │ T [BLOCK, BLOCK] │ 2 × [rows, BLOCK]

import { add, subtract } from "./product";
import { divideRow, dot, length, squares, subtractRow } from "./rows";

/** Reflections at a time. */
export const BLOCK: i32 = 32;
// @ts-ignore: decorator
@inline function blockRow<T>(): usize { return <usize>BLOCK * sizeof<T>(); }
// @ts-ignore: decorator
@inline function squareBytes<T>(): usize { return <usize>BLOCK * blockRow<T>(); }

/** Bytes of the work for vectors of length m and so many rows that are turned. src/ops/kernelfactors.ts has the same in elements. */
export function workBytes<T>(m: i32, rows: i32): usize {
  return <usize>BLOCK * <usize>m * sizeof<T>() + squareBytes<T>() * 2 + <usize>rows * blockRow<T>() * 2;
}

/**
 * Makes the reflection that sends n numbers to a multiple of the first unit vector, as LAPACK's larfg: leaves the multiple in
 * the first place, v behind it, and returns τ.
 */
export function reflection<T>(x: usize, n: i32): T {
  const alpha = <f64>load<T>(x);
  const rest = squares<T>(x + sizeof<T>(), n - 1);
  if (rest == 0) return 0;
  const norm = length(alpha, sqrt<f64>(rest));
  const beta = reinterpret<i64>(alpha) < 0 ? norm : -norm;
  divideRow<T>(x + sizeof<T>(), n - 1, <T>(alpha - beta));
  store<T>(x, <T>beta);
  return <T>((beta - alpha) / beta);
}

/**
 * Makes reflections of the first `count` rows of t, one by one, that leave row k nothing beyond its k-th number, and turns the
 * later of the n rows with them: a stack in the rows of t themselves, whose first numbers are Rᵀ.
 */
export function triangularise<T>(t: usize, row: usize, n: i32, count: i32, m: i32, taus: usize, work: usize): void {
  for (let k = 0; k < count; k += BLOCK) {
    const size = min(BLOCK, count - k);
    for (let i = k; i < k + size; i++) {
      const x = t + <usize>i * (row + sizeof<T>());
      const tau = reflection<T>(x, m - i);
      store<T>(taus + <usize>i * sizeof<T>(), tau);
      if (tau == 0) continue;
      for (let j = i + 1; j < k + size; j++) {
        const y = x + <usize>(j - i) * row;
        const s = tau * (load<T>(y) + dot<T>(x + sizeof<T>(), y + sizeof<T>(), m - i - 1));
        store<T>(y, load<T>(y) - s);
        subtractRow<T>(y + sizeof<T>(), x + sizeof<T>(), m - i - 1, s);
      }
    }
    if (k + size == n) break;
    const first = t + <usize>k * (row + sizeof<T>());
    gather<T>(first, row, size, m - k, taus + <usize>k * sizeof<T>(), work);
    apply<T>(first + <usize>size * row, row, n - k - size, size, m - k, work, false);
  }
}

/** Turns the rows of q by all reflections of a stack, from the last on: unit vectors become the columns of their product. */
export function turn<T>(
  t: usize, row: usize, count: i32, m: i32, taus: usize, q: usize, rowQ: usize, rows: i32, work: usize,
): void {
  for (let k = (count - 1) / BLOCK * BLOCK; k >= 0; k -= BLOCK) {
    const size = min(BLOCK, count - k);
    gather<T>(t + <usize>k * (row + sizeof<T>()), row, size, m - k, taus + <usize>k * sizeof<T>(), work);
    apply<T>(q + <usize>k * sizeof<T>(), rowQ, rows, size, m - k, work, true);
  }
}

/** V and T of a block of reflections. */
function gather<T>(t: usize, row: usize, count: i32, m: i32, taus: usize, work: usize): void {
  const rowV = <usize>m * sizeof<T>();
  const gram = work + <usize>BLOCK * rowV;
  const factor = gram + squareBytes<T>();
  for (let i = 0; i < count; i++) {
    const v = work + <usize>i * rowV;
    const at = <usize>i * sizeof<T>();
    memory.fill(v, 0, at);
    store<T>(v + at, 1);
    memory.copy(v + at + sizeof<T>(), t + <usize>i * row + at + sizeof<T>(), rowV - at - sizeof<T>());
  }
  memory.fill(gram, 0, squareBytes<T>() * 2);
  add<T>(count, count, m, work, rowV, sizeof<T>(), work, sizeof<T>(), rowV, gram, blockRow<T>());
  for (let j = 0; j < count; j++) {
    const tau = load<T>(taus + <usize>j * sizeof<T>());
    store<T>(factor + <usize>j * (blockRow<T>() + sizeof<T>()), tau);
    for (let i = 0; i < j; i++) {
      let s: T = 0;
      for (let l = i; l < j; l++) {
        s += load<T>(factor + <usize>i * blockRow<T>() + <usize>l * sizeof<T>()) * load<T>(gram + <usize>l * blockRow<T>() + <usize>j * sizeof<T>());
      }
      store<T>(factor + <usize>i * blockRow<T>() + <usize>j * sizeof<T>(), -tau * s);
    }
  }
}

/** Rows of x by the block that `gather` has left: x - x Vᵀ T V, or, where `back`, with Tᵀ. */
function apply<T>(x: usize, rowX: usize, rows: i32, count: i32, m: i32, work: usize, back: bool): void {
  const rowV = <usize>m * sizeof<T>();
  const factor = work + <usize>BLOCK * rowV + squareBytes<T>();
  const shares = factor + squareBytes<T>();
  const turned = shares + <usize>rows * blockRow<T>();
  memory.fill(shares, 0, <usize>rows * blockRow<T>() * 2);
  add<T>(rows, count, m, x, rowX, sizeof<T>(), work, sizeof<T>(), rowV, shares, blockRow<T>());
  add<T>(rows, count, count, shares, blockRow<T>(), sizeof<T>(), factor, back ? sizeof<T>() : blockRow<T>(), back ? blockRow<T>() : sizeof<T>(), turned, blockRow<T>());
  subtract<T>(rows, m, count, turned, blockRow<T>(), sizeof<T>(), work, rowV, sizeof<T>(), x, rowX);
}

/** Q and R of qr.ts, of the matrix whose columns are the n rows of t, of which `count` are reflected. */
export function factorQR<T>(
  t: usize, n: i32, count: i32, m: i32, q: usize, columns: i32, taus: usize, work: usize,
): void {
  const row = <usize>m * sizeof<T>();
  triangularise<T>(t, row, n, count, m, taus, work);
  if (columns == 0) return;
  unit<T>(q, columns, m);
  turn<T>(t, row, count, m, taus, q, row, columns, work);
}

/** The first rows of the unit matrix. */
export function unit<T>(q: usize, rows: i32, m: i32): void {
  memory.fill(q, 0, <usize>rows * <usize>m * sizeof<T>());
  for (let i = 0; i < min(rows, m); i++) store<T>(q + <usize>i * <usize>(m + 1) * sizeof<T>(), 1);
}
