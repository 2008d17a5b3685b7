// Eigenvalues of symmetric matrices of three diagonals, in float64, by the implicit QL iteration, whose rotations turn the rows
// of other matrices.
//
//   args ─ 0 n │ 1 width (0: no vectors) │ 2 d │ 3 e │ 4 values │ 5 vectors │ 6 turned │ 7 work
//
// d, e: float64 [batch, n], diagonal and what is beside it; values: [batch, n], ascending; vectors: [batch, n, n], which come out
// in `turned`, in the order of the values. Units are panels of `width` columns of the vectors, over the batch: each iterates
// for itself, and column by column the same is done wherever it lies in a panel. A unit has its own work:
//
//   work ─ d, e, order [n] of 8 bytes │ rounds, strips of strips.ts

import { int, ptr } from "../abi";
import { get, hypotenuse, length, set } from "./rows";
import { inLines, KEPT, keepRange, moveStrips, roundsBytes, stripsBytes, turnAt, turnStrips } from "./strips";

const ROUNDS: i32 = 60; // each value needs two or three
const EPSILON: f64 = 2.220446049250313e-16;

export function spectrum_f32(args: usize, begin: i32, end: i32): void { spectra<f32>(args, begin, end); }
export function spectrum_f64(args: usize, begin: i32, end: i32): void { spectra<f64>(args, begin, end); }

function spectra<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const width = int(args, 1);
  const panels = width == 0 ? 1 : (n + width - 1) / width;
  const row = <usize>n * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / panels;
    const j = (unit - batch * panels) * width;
    const columns = min(width, n - j);
    const line = <usize>(batch * n) << 3;
    const panel = <usize>batch * <usize>n * row + <usize>j * sizeof<T>();
    const work = ptr(args, 7) + <usize>unit * spectrumBytes<T>(n, width);
    const values: usize = j == 0 ? ptr(args, 4) + <usize>batch * row : 0;
    spectrum<T>(n, ptr(args, 2) + line, ptr(args, 3) + line, columns, ptr(args, 5) + panel, ptr(args, 6) + panel, values, work);
  }
}

/** Bytes of the work. src/ops/kernelfactors.ts has the same. */
function spectrumBytes<T>(n: i32, width: i32): usize {
  return inLines(<usize>n * 24) + roundsBytes<T>(n) + stripsBytes<T>(n, width);
}

/** So many columns of `vectors`, which come out in `turned`; the values go to `values` where that is not 0. */
function spectrum<T>(
  n: i32, diagonal: usize, beside: usize, columns: i32, vectors: usize, turned: usize, values: usize, work: usize,
): void {
  const row = <usize>n * sizeof<T>();
  const d = work;
  const e = d + (<usize>n << 3);
  const order = e + (<usize>n << 3);
  const rounds = work + inLines(<usize>n * 24);
  const strips = rounds + roundsBytes<T>(n);
  memory.copy(d, diagonal, <usize>n << 3);
  memory.copy(e, beside, <usize>n << 3);
  moveStrips<T>(n, columns, vectors, row, strips, 0);
  iterate<T>(n, columns, d, e, rounds, strips);
  sort(d, n, order);
  moveStrips<T>(n, columns, turned, row, strips, order);
  if (values == 0) return;
  for (let i = 0; i < n; i++) {
    store<T>(values + <usize>i * sizeof<T>(), <T>get(d, load<i32>(order + (<usize>i << 2))));
  }
}

/** The iteration on d and e, whose rotations turn the strips. */
function iterate<T>(n: i32, columns: i32, d: usize, e: usize, rounds: usize, strips: usize): void {
  let kept = 0;
  for (let l = 0; l < n; l++) {
    for (let round = 0; round < ROUNDS; round++) {
      let m = l;
      while (m < n - 1 && abs(get(e, m)) > EPSILON * (abs(get(d, m)) + abs(get(d, m + 1)))) m++;
      if (m == l) break;
      const cosines = turnAt<T>(rounds, n, kept, 0);
      const sines = cosines + <usize>n * sizeof<T>();
      let g = (get(d, l + 1) - get(d, l)) / (2 * get(e, l));
      let r = length(g, 1);
      g = get(d, m) - get(d, l) + get(e, l) / (g + (g < 0 ? -r : r));
      let s: f64 = 1;
      let c: f64 = 1;
      let p: f64 = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * get(e, i);
        const b = c * get(e, i);
        r = hypotenuse(f, g);
        set(e, i + 1, r);
        if (r == 0) {
          set(d, i + 1, get(d, i + 1) - p);
          set(e, m, 0);
          break;
        }
        s = f / r;
        c = g / r;
        g = get(d, i + 1) - p;
        r = (get(d, i) - g) * s + 2 * c * b;
        p = s * r;
        set(d, i + 1, g + p);
        g = c * r - b;
        store<T>(cosines + <usize>i * sizeof<T>(), <T>c);
        store<T>(sines + <usize>i * sizeof<T>(), <T>s);
      }
      if (columns != 0) {
        keepRange(rounds, kept, i + 1, m);
        if (++kept == KEPT) {
          turnStrips<T>(n, columns, strips, rounds, kept, false);
          kept = 0;
        }
      }
      if (i >= l) continue;
      set(d, l, get(d, l) - p);
      set(e, l, g);
      set(e, m, 0);
    }
  }
  turnStrips<T>(n, columns, strips, rounds, kept, false);
}

/** The places of n numbers in ascending order, equals as they come, as int32. */
export function sort(values: usize, n: i32, order: usize): void {
  for (let i = 0; i < n; i++) {
    const value = get(values, i);
    let at = i;
    for (; at > 0; at--) {
      const before = load<i32>(order + (<usize>(at - 1) << 2));
      if (!(get(values, before) > value)) break;
      store<i32>(order + (<usize>at << 2), before);
    }
    store<i32>(order + (<usize>at << 2), i);
  }
}
