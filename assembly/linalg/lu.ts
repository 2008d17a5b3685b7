// P A = L U in float64, in place of A: L below the diagonal, which is 1, and U. Of equals the first is the pivot.
//
//   args ─ 0 n │ 1 a │ 2 pivots │ 3 info │ 4 signs (0: none) │ 5 logarithms
//
// a: [batch, n, n], pivots: int32 [batch, n], info: int32 [batch], all dense. A unit is a matrix. pivots[k] is the row that was
// exchanged with row k; info is the first place on U's diagonal, from 1, where a zero stands, or 0; then the column below
// it is left as it is. At 4 and 5 a float64 a matrix: the
// sign of the determinant, and the logarithm of its size.
//
// Columns are halved: the left ones are factored, the right ones solved and multiplied (Toledo 1997), down to BASE columns,
// a cache line of each row, which are factored one by one.

import { int, ptr } from "../abi";
import { msub } from "../math";
import { SIZE, subtract } from "./product";
import { exchangeRows } from "./rows";
import { solveTriangle } from "./solve";

const BASE: i32 = 8;

export function lu_f64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let unit = begin; unit < end; unit++) {
    const a = ptr(args, 1) + <usize>unit * <usize>n * <usize>n * SIZE;
    const pivots = ptr(args, 2) + (<usize>(unit * n) << 2);
    store<i32>(ptr(args, 3) + (<usize>unit << 2), factor(a, n, 0, n, pivots));
    if (ptr(args, 4) != 0) determinant(args, unit, a, n, pivots);
  }
}

/** Columns [from, to) of the rows from `from` on; the first place, from 1, of a zero, or 0. */
function factor(a: usize, n: i32, from: i32, to: i32, pivots: usize): i32 {
  const columns = to - from;
  if (columns <= BASE) return factorFew(a, n, from, to, pivots);
  const half = (columns / 2 + BASE - 1) & -BASE;
  const middle = from + half;
  const row = <usize>n * SIZE;
  const zero = factor(a, n, from, middle, pivots);
  const left = a + <usize>from * (row + SIZE);
  const right = left + <usize>half * SIZE;
  const below = <usize>half * row;
  solveTriangle(half, to - middle, left, row, SIZE, right, row, false, true);
  subtract(n - middle, to - middle, half, left + below, row, SIZE, right, row, SIZE, right + below, row);
  const next = factor(a, n, middle, to, pivots);
  return zero != 0 ? zero : next;
}

/** At most BASE columns, from the left; rows are exchanged whole. */
function factorFew(a: usize, n: i32, from: i32, to: i32, pivots: usize): i32 {
  const row = <usize>n * SIZE;
  const start = <usize>from * SIZE;
  const isFull = to - from == BASE;
  let zero = 0;
  let best = -1; // the row of the pivot, where the last step has seen it
  for (let k = from; k < to; k++) {
    const column = <usize>k * SIZE;
    if (best < 0) best = largest(a + column, row, k, n);
    store<i32>(pivots + (<usize>k << 2), best);
    const top = a + <usize>k * row;
    if (load<f64>(a + <usize>best * row + column) == 0) {
      if (zero == 0) zero = k + 1;
      best = -1;
      continue;
    }
    exchangeRows(a, row, n, k, best);
    const pivot = load<f64>(top + column);
    best = -1;
    if (isFull) {
      if (k + 1 < n) best = eliminate(top, row, start, k - from, pivot, n - k - 1) + k + 1;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const at = a + <usize>i * row;
      const f = load<f64>(at + column) / pivot;
      store<f64>(at + column, f);
      for (let j = column + SIZE; j < <usize>to * SIZE; j += SIZE) {
        store<f64>(at + j, load<f64>(at + j) - f * load<f64>(top + j));
      }
    }
  }
  return zero;
}

/** The row, from k on, of the largest number in a column; one that is NaN is larger than none. */
function largest(column: usize, row: usize, k: i32, n: i32): i32 {
  let best = k;
  let most = abs(load<f64>(column + <usize>k * row));
  for (let i = k + 1; i < n; i++) {
    const size = abs(load<f64>(column + <usize>i * row));
    if (size > most) {
      most = size;
      best = i;
    }
  }
  return best;
}

/**
 * Takes multiples of the row at `top` from the `count` rows below, in the BASE columns from `start` bytes on, so that column k of
 * these is 0; the multiples take its place. Returns the row, from 0, of the largest number in the next column.
 */
function eliminate(top: usize, row: usize, start: usize, k: i32, pivot: f64, count: i32): i32 {
  // The columns up to k keep their numbers: 0 is taken from them.
  const p0 = beyond(top + start, k, 0), p1 = beyond(top + start, k, 2);
  const p2 = beyond(top + start, k, 4), p3 = beyond(top + start, k, 6);
  const column = start + <usize>k * SIZE;
  const next: usize = k + 1 < BASE ? SIZE : 0;
  let best = 0;
  let most: f64 = 0;
  let at = top + row;
  for (let i = 0; i < count; i++) {
    const f = load<f64>(at + column) / pivot;
    const x = at + start;
    const fs = f64x2.splat(f);
    const x0 = msub<f64>(fs, p0, v128.load(x));
    const x1 = msub<f64>(fs, p1, v128.load(x, 16));
    const x2 = msub<f64>(fs, p2, v128.load(x, 32));
    const x3 = msub<f64>(fs, p3, v128.load(x, 48));
    v128.store(x, x0);
    v128.store(x, x1, 16);
    v128.store(x, x2, 32);
    v128.store(x, x3, 48);
    store<f64>(at + column, f);
    const size = abs(load<f64>(at + column + next));
    if (size > most || i == 0) {
      most = size;
      best = i;
    }
    at += row;
  }
  return best;
}

/** Two numbers of a row, from column j on; 0 where the column is not beyond k. */
// @ts-ignore: decorator
@inline
function beyond(at: usize, k: i32, j: i32): v128 {
  return v128.and(v128.load(at + (<usize>j << 3)), i64x2(j > k ? -1 : 0, j + 1 > k ? -1 : 0));
}

function determinant(args: usize, unit: i32, a: usize, n: i32, pivots: usize): void {
  let sign: f64 = 1;
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const x = load<f64>(a + <usize>(i * n + i) * SIZE);
    const size = abs(x);
    if (load<i32>(pivots + (<usize>i << 2)) != i) sign = -sign;
    sum += Math.log(size);
    sign = size == 0 ? 0 : sign * (x / size);
  }
  store<f64>(ptr(args, 4) + (<usize>unit << 3), sign);
  store<f64>(ptr(args, 5) + (<usize>unit << 3), sum);
}
