// P A = L U in place of A: L below the diagonal, which is 1, and U. Of equals the first is the pivot.
//
//   args ─ 0 n │ 1 a │ 2 pivots │ 3 info │ 4 signs (0: none) │ 5 logarithms
//
// a: [batch, n, n], pivots: int32 [batch, n], info: int32 [batch], all dense. A unit is a matrix. pivots[k] is the row that was
// exchanged with row k; info is the first place on U's diagonal, from 1, where a zero stands, or 0; then the column below
// it is left as it is. At 4 and 5 a number a matrix: the
// sign of the determinant, and the logarithm of its size.
//
// Columns are halved: the left ones are factored, the right ones solved and multiplied (Toledo 1997), down to `base`, a
// cache line of each row, which are factored one by one.

import { int, ptr } from "../abi";
import { msub } from "../math";
import { subtract } from "./product";
import { exchangeRows, lanes } from "./rows";
import { solveTriangle } from "./solve";

// @ts-ignore: decorator
@inline function base<T>(): i32 { return 64 / <i32>sizeof<T>(); }

export function lu_f32(args: usize, begin: i32, end: i32): void { lu<f32>(args, begin, end); }
export function lu_f64(args: usize, begin: i32, end: i32): void { lu<f64>(args, begin, end); }

function lu<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let unit = begin; unit < end; unit++) {
    const a = ptr(args, 1) + <usize>unit * <usize>n * <usize>n * sizeof<T>();
    const pivots = ptr(args, 2) + (<usize>(unit * n) << 2);
    store<i32>(ptr(args, 3) + (<usize>unit << 2), factor<T>(a, n, 0, n, pivots));
    if (ptr(args, 4) != 0) determinant<T>(args, unit, a, n, pivots);
  }
}

/** Columns [from, to) of the rows from `from` on; the first place, from 1, of a zero, or 0. */
function factor<T>(a: usize, n: i32, from: i32, to: i32, pivots: usize): i32 {
  const columns = to - from;
  if (columns <= base<T>()) return factorFew<T>(a, n, from, to, pivots);
  const half = (columns / 2 + base<T>() - 1) & -base<T>();
  const middle = from + half;
  const row = <usize>n * sizeof<T>();
  const zero = factor<T>(a, n, from, middle, pivots);
  const left = a + <usize>from * (row + sizeof<T>());
  const right = left + <usize>half * sizeof<T>();
  const below = <usize>half * row;
  solveTriangle<T>(half, to - middle, left, row, sizeof<T>(), right, row, false, true);
  subtract<T>(n - middle, to - middle, half, left + below, row, sizeof<T>(), right, row, sizeof<T>(), right + below, row);
  const next = factor<T>(a, n, middle, to, pivots);
  return zero != 0 ? zero : next;
}

/** At most `base` columns, from the left; rows are exchanged whole. */
function factorFew<T>(a: usize, n: i32, from: i32, to: i32, pivots: usize): i32 {
  const row = <usize>n * sizeof<T>();
  const start = <usize>from * sizeof<T>();
  const isFull = to - from == base<T>();
  let zero = 0;
  let best = -1; // the row of the pivot, where the last step has seen it
  for (let k = from; k < to; k++) {
    const column = <usize>k * sizeof<T>();
    if (best < 0) best = largest<T>(a + column, row, k, n);
    store<i32>(pivots + (<usize>k << 2), best);
    const top = a + <usize>k * row;
    if (load<T>(a + <usize>best * row + column) == 0) {
      if (zero == 0) zero = k + 1;
      best = -1;
      continue;
    }
    exchangeRows<T>(a, row, n, k, best);
    const pivot = load<T>(top + column);
    best = -1;
    if (isFull) {
      if (k + 1 < n) best = eliminate<T>(top, row, start, k - from, pivot, n - k - 1) + k + 1;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const at = a + <usize>i * row;
      const f = load<T>(at + column) / pivot;
      store<T>(at + column, f);
      for (let j = column + sizeof<T>(); j < <usize>to * sizeof<T>(); j += sizeof<T>()) {
        store<T>(at + j, load<T>(at + j) - f * load<T>(top + j));
      }
    }
  }
  return zero;
}

/** The row, from k on, of the largest number in a column; one that is NaN is larger than none. */
function largest<T>(column: usize, row: usize, k: i32, n: i32): i32 {
  let best = k;
  let most = abs(load<T>(column + <usize>k * row));
  for (let i = k + 1; i < n; i++) {
    const size = abs(load<T>(column + <usize>i * row));
    if (size > most) {
      most = size;
      best = i;
    }
  }
  return best;
}

/**
 * Takes multiples of the row at `top` from the `count` rows below, in the `base` columns from `start` bytes on, so that column k of
 * these is 0; the multiples take its place. Returns the row, from 0, of the largest number in the next column.
 */
function eliminate<T>(top: usize, row: usize, start: usize, k: i32, pivot: T, count: i32): i32 {
  // The columns up to k keep their numbers: 0 is taken from them.
  const p0 = beyond<T>(top + start, k, 0), p1 = beyond<T>(top + start, k, lanes<T>());
  const p2 = beyond<T>(top + start, k, 2 * lanes<T>()), p3 = beyond<T>(top + start, k, 3 * lanes<T>());
  const column = start + <usize>k * sizeof<T>();
  const next: usize = k + 1 < base<T>() ? sizeof<T>() : 0;
  let best = 0;
  let most: T = 0;
  let at = top + row;
  for (let i = 0; i < count; i++) {
    const f = load<T>(at + column) / pivot;
    const x = at + start;
    const fs = v128.splat<T>(f);
    const x0 = msub<T>(fs, p0, v128.load(x));
    const x1 = msub<T>(fs, p1, v128.load(x, 16));
    const x2 = msub<T>(fs, p2, v128.load(x, 32));
    const x3 = msub<T>(fs, p3, v128.load(x, 48));
    v128.store(x, x0);
    v128.store(x, x1, 16);
    v128.store(x, x2, 32);
    v128.store(x, x3, 48);
    store<T>(at + column, f);
    const size = abs(load<T>(at + column + next));
    if (size > most || i == 0) {
      most = size;
      best = i;
    }
    at += row;
  }
  return best;
}

/** A vector of a row, from column j on; 0 where the column is not beyond k. */
// @ts-ignore: decorator
@inline
function beyond<T>(at: usize, k: i32, j: i32): v128 {
  const x = v128.load(at + <usize>j * sizeof<T>());
  if (sizeof<T>() == 8) return v128.and(x, i64x2.gt_s(i64x2(j, j + 1), i64x2.splat(k)));
  return v128.and(x, i32x4.gt_s(i32x4(j, j + 1, j + 2, j + 3), i32x4.splat(k)));
}

function determinant<T>(args: usize, unit: i32, a: usize, n: i32, pivots: usize): void {
  let sign: f64 = 1;
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const x = <f64>load<T>(a + <usize>(i * n + i) * sizeof<T>());
    const size = abs(x);
    if (load<i32>(pivots + (<usize>i << 2)) != i) sign = -sign;
    sum += Math.log(size);
    sign = size == 0 ? 0 : sign * (x / size);
  }
  store<T>(ptr(args, 4) + <usize>unit * sizeof<T>(), <T>sign);
  store<T>(ptr(args, 5) + <usize>unit * sizeof<T>(), <T>sum);
}
