// Eigenvalues of symmetric matrices of three diagonals, in float64, by the implicit QL iteration, whose rotations turn the rows
// of other matrices.
//
//   args ─ 0 n │ 1 width (0: no vectors) │ 2 d │ 3 e │ 4 values │ 5 vectors │ 6 turned │ 7 work
//
// d, e: float64 [batch, n], diagonal and what is beside it; values: [batch, n], ascending; vectors: [batch, n, n], which come out
// in `turned`, in the order of the values. Units are panels of `width` columns of the vectors, over the batch: each iterates
// for itself, and column by column the same is done wherever it lies in a panel. A unit has its own work:
//
//   work ─ d, e [n] float64 │ order [n] │ rounds: from, to [KEPT] │ their cosines, sines [KEPT, n] │ strips
//
// Rotations are kept for some rounds. Then they go down the columns strip by strip: a strip is a cache line or four of each row,
// side by side in memory, and of two rows that are turned one stays in registers.

import { int, ptr } from "../abi";
import { madd, msub } from "../math";
import { lanes, length } from "./rows";

const ROUNDS: i32 = 60; // each value needs two or three
const EPSILON: f64 = 2.220446049250313e-16;
/** Rounds that are kept. */
const KEPT: i32 = 16;

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
    spectrum<T>(n, ptr(args, 2) + line, ptr(args, 3) + line, columns, ptr(args, 5) + panel, ptr(args, 6) + panel, row, work);
    if (j != 0) continue;
    const values = ptr(args, 4) + <usize>batch * row;
    for (let i = 0; i < n; i++) store<T>(values + <usize>i * sizeof<T>(), <T>get(work, load<i32>(work + orderAt(n) + (<usize>i << 2))));
  }
}

/** Bytes of the work. src/ops/kernelfactors.ts has the same. */
export function spectrumBytes<T>(n: i32, width: i32): usize {
  return stripsAt<T>(n) + align(<usize>(n * stripped<T>(width)) * sizeof<T>());
}

/** So many columns as strips: whole pairs of vectors. */
// @ts-ignore: decorator
@inline function stripped<T>(columns: i32): i32 { return (columns + 2 * lanes<T>() - 1) & (-2 * lanes<T>()); }
// @ts-ignore: decorator
@inline export function orderAt(n: i32): usize { return <usize>n << 4; }
// @ts-ignore: decorator
@inline function rangesAt(n: i32): usize { return orderAt(n) + (<usize>n << 3); }
// @ts-ignore: decorator
@inline function turnsAt(n: i32): usize { return rangesAt(n) + (KEPT << 3); }
// @ts-ignore: decorator
@inline function stripsAt<T>(n: i32): usize { return align(turnsAt(n) + <usize>(KEPT * n * 2) * sizeof<T>()); }
/** To whole cache lines. */
// @ts-ignore: decorator
@inline function align(bytes: usize): usize { return (bytes + 63) & ~63; }

/**
 * The eigenvalues of one matrix, where `work` begins, and at orderAt(n) their places (int32) in ascending order. So many columns of
 * `vectors`, rows `row` apart, are turned and come out in that order in `turned`, which may be the same.
 */
export function spectrum<T>(
  n: i32, d: usize, e: usize, columns: i32, vectors: usize, turned: usize, row: usize, work: usize,
): void {
  const order = work + orderAt(n);
  const strips = work + stripsAt<T>(n);
  memory.copy(work, d, <usize>n << 3);
  memory.copy(work + (<usize>n << 3), e, <usize>n << 3);
  moveStrips<T>(n, columns, vectors, row, strips, 0);
  iterate<T>(n, columns, work);
  sort(work, n, order);
  moveStrips<T>(n, columns, turned, row, strips, order);
}

/** Columns of a matrix to strips; from strips, where there is an order, whose row order[i] becomes row i. */
function moveStrips<T>(n: i32, columns: i32, x: usize, row: usize, strips: usize, order: usize): void {
  for (let j = 0; j < columns; ) {
    const wide = columns - j >= 8 * lanes<T>();
    const pitch: usize = wide ? 128 : 32;
    const bytes: usize = wide ? 128 : <usize>min(columns - j, 2 * lanes<T>()) * sizeof<T>();
    let at = x + <usize>j * sizeof<T>();
    for (let i = 0; i < n; i++) {
      if (order == 0) memory.copy(strips + <usize>i * pitch, at, bytes);
      else memory.copy(at, strips + <usize>load<i32>(order + (<usize>i << 2)) * pitch, bytes);
      at += row;
    }
    strips += <usize>n * pitch;
    j += wide ? 8 * lanes<T>() : 2 * lanes<T>();
  }
}

/** The iteration on d and e, which `work` begins with. */
function iterate<T>(n: i32, columns: i32, work: usize): void {
  const d = work;
  const e = d + (<usize>n << 3);
  const ranges = work + rangesAt(n);
  let kept = 0;
  for (let l = 0; l < n; l++) {
    for (let round = 0; round < ROUNDS; round++) {
      let m = l;
      while (m < n - 1 && abs(get(e, m)) > EPSILON * (abs(get(d, m)) + abs(get(d, m + 1)))) m++;
      if (m == l) break;
      const cosines = work + turnsAt(n) + <usize>(kept * n * 2) * sizeof<T>();
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
        store<i32>(ranges + (<usize>kept << 3), i + 1);
        store<i32>(ranges + (<usize>kept << 3), m, 4);
        if (++kept == KEPT) {
          rotate<T>(n, columns, kept, work);
          kept = 0;
        }
      }
      if (i >= l) continue;
      set(d, l, get(d, l) - p);
      set(e, l, g);
      set(e, m, 0);
    }
  }
  rotate<T>(n, columns, kept, work);
}

/** √(x² + y²): by squares where these neither overflow nor vanish. */
// @ts-ignore: decorator
@inline
function hypotenuse(x: f64, y: f64): f64 {
  const square = x * x + y * y;
  return square > 1e-280 && square < 1e280 ? sqrt<f64>(square) : length(x, y);
}

// @ts-ignore: decorator
@inline function get(x: usize, i: i32): f64 { return load<f64>(x + (<usize>i << 3)); }
// @ts-ignore: decorator
@inline function set(x: usize, i: i32, value: f64): void { store<f64>(x + (<usize>i << 3), value); }

/** Turns all strips by the rounds that are kept. */
function rotate<T>(n: i32, columns: i32, kept: i32, work: usize): void {
  let strip = work + stripsAt<T>(n);
  for (let j = 0; j < columns; ) {
    const wide = columns - j >= 8 * lanes<T>();
    for (let round = 0; round < kept; round++) {
      const from = load<i32>(work + rangesAt(n) + (<usize>round << 3));
      const to = load<i32>(work + rangesAt(n) + (<usize>round << 3), 4);
      const cosines = work + turnsAt(n) + <usize>(round * n * 2) * sizeof<T>();
      if (from >= to) continue;
      if (wide) rotateStrip<T>(strip, from, to, cosines, cosines + <usize>n * sizeof<T>());
      else rotateNarrow<T>(strip, from, to, cosines, cosines + <usize>n * sizeof<T>());
    }
    strip += <usize>n * (wide ? 128 : 32);
    j += wide ? 8 * lanes<T>() : 2 * lanes<T>();
  }
}

/** Rotates rows i and i + 1 of a strip for i from `to` - 1 down to `from`. */
function rotateStrip<T>(strip: usize, from: i32, to: i32, cosines: usize, sines: usize): void {
  let at = strip + (<usize>to << 7);
  let y0 = v128.load(at), y1 = v128.load(at, 16), y2 = v128.load(at, 32), y3 = v128.load(at, 48);
  let y4 = v128.load(at, 64), y5 = v128.load(at, 80), y6 = v128.load(at, 96), y7 = v128.load(at, 112);
  for (let i = to - 1; i >= from; i--) {
    const c = v128.load_splat<T>(cosines + <usize>i * sizeof<T>());
    const s = v128.load_splat<T>(sines + <usize>i * sizeof<T>());
    const below = at;
    at -= 128;
    let p = v128.load(at), q = v128.load(at, 16);
    v128.store(below, madd<T>(s, p, v128.mul<T>(c, y0)));
    v128.store(below, madd<T>(s, q, v128.mul<T>(c, y1)), 16);
    y0 = msub<T>(s, y0, v128.mul<T>(c, p));
    y1 = msub<T>(s, y1, v128.mul<T>(c, q));
    p = v128.load(at, 32), q = v128.load(at, 48);
    v128.store(below, madd<T>(s, p, v128.mul<T>(c, y2)), 32);
    v128.store(below, madd<T>(s, q, v128.mul<T>(c, y3)), 48);
    y2 = msub<T>(s, y2, v128.mul<T>(c, p));
    y3 = msub<T>(s, y3, v128.mul<T>(c, q));
    p = v128.load(at, 64), q = v128.load(at, 80);
    v128.store(below, madd<T>(s, p, v128.mul<T>(c, y4)), 64);
    v128.store(below, madd<T>(s, q, v128.mul<T>(c, y5)), 80);
    y4 = msub<T>(s, y4, v128.mul<T>(c, p));
    y5 = msub<T>(s, y5, v128.mul<T>(c, q));
    p = v128.load(at, 96), q = v128.load(at, 112);
    v128.store(below, madd<T>(s, p, v128.mul<T>(c, y6)), 96);
    v128.store(below, madd<T>(s, q, v128.mul<T>(c, y7)), 112);
    y6 = msub<T>(s, y6, v128.mul<T>(c, p));
    y7 = msub<T>(s, y7, v128.mul<T>(c, q));
  }
  v128.store(at, y0);
  v128.store(at, y1, 16);
  v128.store(at, y2, 32);
  v128.store(at, y3, 48);
  v128.store(at, y4, 64);
  v128.store(at, y5, 80);
  v128.store(at, y6, 96);
  v128.store(at, y7, 112);
}

/** The same of a strip of two vectors. */
function rotateNarrow<T>(strip: usize, from: i32, to: i32, cosines: usize, sines: usize): void {
  let at = strip + (<usize>to << 5);
  let y0 = v128.load(at), y1 = v128.load(at, 16);
  for (let i = to - 1; i >= from; i--) {
    const c = v128.load_splat<T>(cosines + <usize>i * sizeof<T>());
    const s = v128.load_splat<T>(sines + <usize>i * sizeof<T>());
    const below = at;
    at -= 32;
    const p = v128.load(at), q = v128.load(at, 16);
    v128.store(below, madd<T>(s, p, v128.mul<T>(c, y0)));
    v128.store(below, madd<T>(s, q, v128.mul<T>(c, y1)), 16);
    y0 = msub<T>(s, y0, v128.mul<T>(c, p));
    y1 = msub<T>(s, y1, v128.mul<T>(c, q));
  }
  v128.store(at, y0);
  v128.store(at, y1, 16);
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
