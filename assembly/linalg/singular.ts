// Singular values, and singular vectors of both sides, of matrices of two diagonals, in float64, by the implicit QR iteration
// (Golub and Kahan), whose rotations turn the rows of other matrices.
//
//   args ─ 0 m │ 1 n │ 2 width (0: no vectors) │ 3 d │ 4 e │ 5 values │ 6 left │ 7 right │ 8 turnedLeft │ 9 turnedRight │ 10 work
//
// d, e: float64 [batch, n], the diagonal and what is right of it; values: [batch, n], descending; left: [batch, n, m], right: [batch,
// n, n], which come out in the turned ones, in the order of the values. Units are panels of `width` columns of both, over the
// batch: each iterates for itself, and column by column the same is done wherever it lies in a panel. A unit has its own work:
//
//   work ─ d, e, order [n] of 8 bytes │ rounds of strips.ts for the left side, and the right │ strips of both

import { int, ptr } from "../abi";
import { get, hypotenuse, set } from "./rows";
import { sort } from "./spectrum";
import {
  inLines, KEPT, keepRange, moveStrips, negateRow, roundsBytes, stripsBytes, turnApart, turnAt, turnStrips,
} from "./strips";

const ROUNDS: i32 = 60; // each value needs two or three
const EPSILON: f64 = 2.220446049250313e-16;

export function singular_f32(args: usize, begin: i32, end: i32): void { singular<f32>(args, begin, end); }
export function singular_f64(args: usize, begin: i32, end: i32): void { singular<f64>(args, begin, end); }

function singular<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const width = int(args, 2);
  const panels = width == 0 ? 1 : (m + width - 1) / width;
  const row = <usize>m * sizeof<T>();
  const short = <usize>n * sizeof<T>();
  const bytes = inLines(<usize>n * 24) + (roundsBytes<T>(n) + stripsBytes<T>(n, width)) * 2;
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / panels;
    const j = (unit - batch * panels) * width;
    const columns = min(width, m - j);
    const columnsRight = max(min(width, n - j), 0);
    const panel = <usize>(batch * n) * row + <usize>j * sizeof<T>();
    const panelRight = <usize>(batch * n) * short + <usize>j * sizeof<T>();
    const d = ptr(args, 10) + <usize>unit * bytes;
    const e = d + (<usize>n << 3);
    const order = e + (<usize>n << 3);
    const rounds = d + inLines(<usize>n * 24);
    const left = rounds + roundsBytes<T>(n) * 2;
    const right = left + stripsBytes<T>(n, width);
    memory.copy(d, ptr(args, 3) + (<usize>(batch * n) << 3), <usize>n << 3);
    memory.copy(e, ptr(args, 4) + (<usize>(batch * n) << 3), <usize>n << 3);
    moveStrips<T>(n, columns, ptr(args, 6) + panel, row, left, 0);
    moveStrips<T>(n, columnsRight, ptr(args, 7) + panelRight, short, right, 0);
    diagonalise<T>(n, d, e, columns, left, columnsRight, right, rounds);
    // The largest first: the values' signs go to the right side's rows.
    for (let i = 0; i < n; i++) {
      const value = get(d, i);
      if (value < 0) negateRow<T>(n, columnsRight, right, i);
      set(d, i, -abs(value));
    }
    sort(d, n, order);
    moveStrips<T>(n, columns, ptr(args, 8) + panel, row, left, order);
    moveStrips<T>(n, columnsRight, ptr(args, 9) + panelRight, short, right, order);
    if (j != 0) continue;
    const values = ptr(args, 5) + <usize>batch * short;
    for (let i = 0; i < n; i++) {
      store<T>(values + <usize>i * sizeof<T>(), <T>-get(d, load<i32>(order + (<usize>i << 2))));
    }
  }
}

/** Two diagonals to one, whose numbers are singular values but for their signs; the rotations turn the strips of either side. */
function diagonalise<T>(
  n: i32, d: usize, e: usize, columns: i32, left: usize, columnsRight: i32, right: usize, rounds: usize,
): void {
  const roundsRight = rounds + roundsBytes<T>(n);
  let kept = 0;
  let most: f64 = 0;
  for (let i = 0; i < n; i++) most = max<f64>(most, max<f64>(abs(get(d, i)), i < n - 1 ? abs(get(e, i)) : 0));
  const least = most * EPSILON;
  for (let last = n - 1; last > 0; last--) {
    for (let round = 0; round < ROUNDS; round++) {
      let first = last;
      while (first > 0 && abs(get(e, first - 1)) > EPSILON * (abs(get(d, first - 1)) + abs(get(d, first)))) first--;
      if (first == last) break;
      let zero = first;
      while (zero < last && abs(get(d, zero)) > least) zero++;
      const isSplit = zero < last;
      if (!isSplit) {
        keepRange(rounds, kept, first, last);
        keepRange(roundsRight, kept, first, last);
        sweep<T>(d, e, first, last, turnAt<T>(rounds, n, kept, 0), turnAt<T>(roundsRight, n, kept, 0), <usize>n * sizeof<T>());
        kept++;
      }
      if (isSplit || kept == KEPT) {
        turnStrips<T>(n, columns, left, rounds, kept, true);
        turnStrips<T>(n, columnsRight, right, roundsRight, kept, true);
        kept = 0;
      }
      if (isSplit) split<T>(n, d, e, zero, last, columns, left);
    }
  }
  turnStrips<T>(n, columns, left, rounds, kept, true);
  turnStrips<T>(n, columnsRight, right, roundsRight, kept, true);
}

/** Where a number of the diagonal is as good as 0, the one beside it is turned away to the end: rows of the left side alone. */
function split<T>(n: i32, d: usize, e: usize, zero: i32, last: i32, columns: i32, left: usize): void {
  let f = get(e, zero);
  set(d, zero, 0);
  set(e, zero, 0);
  for (let i = zero + 1; i <= last && f != 0; i++) {
    const g = get(d, i);
    const r = hypotenuse(f, g);
    set(d, i, r);
    turnApart<T>(n, columns, left, zero, i, <T>(g / r), <T>(f / r));
    if (i == last) break;
    const beside = get(e, i);
    set(e, i, g / r * beside);
    f *= -beside / r;
  }
}

/**
 * A round of the iteration from `first` to `last`; its shift is the less of the last square's two singular values. Sines are so
 * many bytes beyond cosines.
 */
function sweep<T>(
  d: usize, e: usize, first: i32, last: i32, cosines: usize, cosinesRight: usize, sines: usize,
): void {
  const shift = lessOf(get(d, last - 1), get(e, last - 1), get(d, last));
  const start = get(d, first);
  let f = (abs(start) - shift) * ((start < 0 ? -1.0 : 1.0) + shift / start);
  let g = get(e, first);
  for (let i = first; i < last; i++) {
    let r = hypotenuse(f, g);
    if (i > first) set(e, i - 1, r);
    let c = r == 0 ? 1 : f / r, s = r == 0 ? 0 : g / r;
    keep<T>(cosinesRight, sines, i, c, s);
    const own = get(d, i), beside = get(e, i), next = get(d, i + 1);
    f = c * own + s * beside;
    const turned = c * beside - s * own;
    g = s * next;
    r = hypotenuse(f, g);
    set(d, i, r);
    const scaled = c * next;
    c = r == 0 ? 1 : f / r;
    s = r == 0 ? 0 : g / r;
    keep<T>(cosines, sines, i, c, s);
    f = c * turned + s * scaled;
    set(d, i + 1, c * scaled - s * turned);
    if (i + 1 < last) {
      const after = get(e, i + 1);
      g = s * after;
      set(e, i + 1, c * after);
    }
  }
  set(e, last - 1, f);
}

// @ts-ignore: decorator
@inline
function keep<T>(cosines: usize, sines: usize, i: i32, c: f64, s: f64): void {
  store<T>(cosines + <usize>i * sizeof<T>(), <T>c);
  store<T>(cosines + sines + <usize>i * sizeof<T>(), <T>s);
}

/** The less singular value of a triangle with f and h on its diagonal and g beside it, as LAPACK's las2. */
function lessOf(f: f64, g: f64, h: f64): f64 {
  const less = min<f64>(abs(f), abs(h)), more = max<f64>(abs(f), abs(h));
  const size = abs(g);
  if (less == 0) return 0;
  const sum = 1 + less / more;
  const difference = (more - less) / more;
  if (size < more) {
    const square = (size / more) * (size / more);
    return less * (2 / (sqrt<f64>(sum * sum + square) + sqrt<f64>(difference * difference + square)));
  }
  const share = more / size;
  if (share == 0) return less * more / size;
  const left = sum * share, right = difference * share;
  return 2 * (less / (sqrt<f64>(1 + left * left) + sqrt<f64>(1 + right * right)) * share);
}
