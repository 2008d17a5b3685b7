// Matrices with m ≥ n to two diagonals, A = U B Vᵀ, by reflections from either side by turns: BLOCK of each leave the rest of
// the matrix as it was, and then are taken from it together, as a product (LAPACK's labrd). Matrices are given turned: their columns
// are rows.
//
//   args ─ 0 m │ 1 n │ 2 rows (0: no vectors) │ 3 t │ 4 d │ 5 e │ 6 left │ 7 right │ 8 work
//
// t: Aᵀ [batch, n, m], which is lost; d, e: float64 [batch, n], the diagonal and what is right of it; left: Uᵀ [batch, rows, m] with
// n or m rows, right: Vᵀ [batch, n, n]. A unit is a matrix, with its own work:
//
//   work ─ U [n, n] │ X [BLOCK, n] │ Y [BLOCK, m] │ τ of either side [n] each │ of reflect.ts for m and max(rows, n)

import { int, ptr } from "../abi";
import { madd } from "../math";
import { bothOf, total } from "../simd";
import { subtract } from "./product";
import { BLOCK, reflection, turn, unit as unitRows, workBytes } from "./reflect";
import { dot, lanes, set, subtractRow } from "./rows";

export function bidiagonal_f32(args: usize, begin: i32, end: i32): void { bidiagonal<f32>(args, begin, end); }
export function bidiagonal_f64(args: usize, begin: i32, end: i32): void { bidiagonal<f64>(args, begin, end); }

function bidiagonal<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const rows = int(args, 2);
  const row = <usize>m * sizeof<T>();
  const short = <usize>n * sizeof<T>();
  const bytes = <usize>n * short + (short + row) * BLOCK + short * 2 + workBytes<T>(m, max(rows, n));
  for (let unit = begin; unit < end; unit++) {
    const t = ptr(args, 3) + <usize>unit * <usize>n * row;
    const line = <usize>(unit * n) << 3;
    const u = ptr(args, 8) + <usize>unit * bytes;
    const x = u + <usize>n * short;
    const y = x + short * BLOCK;
    const taus = y + row * BLOCK;
    bidiagonalise<T>(t, n, m, ptr(args, 4) + line, ptr(args, 5) + line, u, x, y, taus);
    if (rows == 0) continue;
    const inner = taus + short * 2;
    const left = ptr(args, 6) + <usize>(unit * rows) * row;
    unitRows<T>(left, rows, m);
    turn<T>(t, row, n, m, taus, left, row, rows, inner);
    const right = ptr(args, 7) + <usize>(unit * n) * short;
    unitRows<T>(right, n, n);
    // A reflection of columns begins beside the diagonal.
    if (n > 1) turn<T>(u + sizeof<T>(), short, n - 1, n - 1, taus + short, right + short + sizeof<T>(), short, n - 1, inner);
  }
}

/** The diagonal of a, n × m with m ≥ n, and what is left below it; reflections of rows stay in a, those of columns in u. */
function bidiagonalise<T>(
  a: usize, n: i32, m: i32, d: usize, e: usize, u: usize, x: usize, y: usize, taus: usize,
): void {
  const row = <usize>m * sizeof<T>();
  const short = <usize>n * sizeof<T>();
  for (let k = 0; k < n; k += BLOCK) {
    const count = min(BLOCK, n - k);
    for (let i = k; i < k + count; i++) reduceBoth<T>(a, n, m, k, i, d, e, u, x, y, taus);
    const rest = n - k - count;
    if (rest == 0) break;
    const from = <usize>(k + count) * sizeof<T>();
    const corner = a + <usize>(k + count) * row + from;
    const v = a + <usize>k * row + from;
    subtract<T>(rest, m - k - count, count, u + <usize>k * short + from, sizeof<T>(), short, y + from, row, sizeof<T>(), corner, row);
    subtract<T>(rest, m - k - count, count, x + from, sizeof<T>(), short, v, row, sizeof<T>(), corner, row);
  }
}

/**
 * Row i and column i as the products after the block will make all, and their reflections: the row's is v, in place of it, the
 * column's u; the rest of the matrix is to lose x vᵀ + u yᵀ. X and Y have the rows since k.
 */
function reduceBoth<T>(
  a: usize, n: i32, m: i32, k: i32, i: i32, d: usize, e: usize, u: usize, x: usize, y: usize, taus: usize,
): void {
  const row = <usize>m * sizeof<T>();
  const short = <usize>n * sizeof<T>();
  const at = <usize>i * sizeof<T>();
  const v = a + <usize>i * row + at;
  const width = m - i;
  for (let j = k; j < i; j++) {
    const past = <usize>(j - k);
    subtractRow<T>(v, y + past * row + at, width, load<T>(u + <usize>j * short + at));
    subtractRow<T>(v, a + <usize>j * row + at, width, load<T>(x + past * short + at));
  }
  const tau = reflection<T>(v, width);
  store<T>(taus + at, tau);
  set(d, i, <f64>load<T>(v));
  store<T>(v, 1);
  const height = n - i - 1;
  if (height == 0) return;
  // x = τ A v
  const below = at + sizeof<T>();
  const xi = x + <usize>(i - k) * short + below;
  timesColumn<T>(v + row, row, height, v, width, xi);
  for (let j = k; j < i; j++) {
    const past = <usize>(j - k);
    subtractRow<T>(xi, u + <usize>j * short + below, height, dot<T>(y + past * row + at, v, width));
    subtractRow<T>(xi, x + past * short + below, height, dot<T>(a + <usize>j * row + at, v, width));
  }
  scale<T>(xi, height, tau);
  // The column, of which x takes its part.
  const ui = u + <usize>i * short + below;
  for (let r = 0; r < height; r++) {
    store<T>(ui + <usize>r * sizeof<T>(), load<T>(v + <usize>(r + 1) * row) - load<T>(xi + <usize>r * sizeof<T>()));
  }
  for (let j = k; j < i; j++) {
    const past = <usize>(j - k);
    subtractRow<T>(ui, u + <usize>j * short + below, height, load<T>(y + past * row + at));
    subtractRow<T>(ui, x + past * short + below, height, load<T>(a + <usize>j * row + at));
  }
  const tauU = reflection<T>(ui, height);
  store<T>(taus + short + at, tauU);
  set(e, i, <f64>load<T>(ui));
  store<T>(ui, 1);
  // y = τ Aᵀ u
  const yi = y + <usize>(i - k) * row + below;
  memory.fill(yi, 0, <usize>(width - 1) * sizeof<T>());
  addRows<T>(v + row + sizeof<T>(), row, height, ui, width - 1, yi);
  for (let j = k; j <= i; j++) {
    const past = <usize>(j - k);
    if (j < i) subtractRow<T>(yi, y + past * row + below, width - 1, dot<T>(u + <usize>j * short + below, ui, height));
    subtractRow<T>(yi, a + <usize>j * row + below, width - 1, dot<T>(x + past * short + below, ui, height));
  }
  scale<T>(yi, width - 1, tauU);
}

function scale<T>(x: usize, n: i32, factor: T): void {
  for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += sizeof<T>()) store<T>(x + i, factor * load<T>(x + i));
}

/** `to` = A v of `rows` rows of n numbers, two at a time. */
function timesColumn<T>(a: usize, row: usize, rows: i32, v: usize, n: i32, to: usize): void {
  for (; rows >= 2; rows -= 2, a += 2 * row, to += 2 * sizeof<T>()) twoDots<T>(a, a + row, v, n, to);
  if (rows > 0) store<T>(to, dot<T>(a, v, n));
}

/** Σ x·v and Σ y·v. */
function twoDots<T>(x: usize, y: usize, v: usize, n: i32, to: usize): void {
  const zero = i64x2.splat(0);
  let s0 = zero, s1 = zero, t0 = zero, t1 = zero;
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>(), x += 32, y += 32, v += 32) {
    const v0 = v128.load(v), v1 = v128.load(v, 16);
    s0 = madd<T>(v128.load(x), v0, s0);
    s1 = madd<T>(v128.load(x, 16), v1, s1);
    t0 = madd<T>(v128.load(y), v0, t0);
    t1 = madd<T>(v128.load(y, 16), v1, t1);
  }
  let s = total<T>(bothOf<T>(0, s0, s1));
  let t = total<T>(bothOf<T>(1, t0, t1));
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>(), v += sizeof<T>()) {
    s += load<T>(x) * load<T>(v);
    t += load<T>(y) * load<T>(v);
  }
  store<T>(to, s);
  store<T>(to, t, sizeof<T>());
}

/** Adds as many rows of n numbers as u has, each times its number, two at a time. */
function addRows<T>(a: usize, row: usize, rows: i32, u: usize, n: i32, to: usize): void {
  for (; rows > 0; rows -= 2, a += 2 * row, u += 2 * sizeof<T>()) {
    if (rows == 1) subtractRow<T>(to, a, n, -load<T>(u));
    else addTwo<T>(a, a + row, load<T>(u), load<T>(u, sizeof<T>()), n, to);
  }
}

function addTwo<T>(x: usize, y: usize, f: T, g: T, n: i32, to: usize): void {
  const ff = v128.splat<T>(f), gg = v128.splat<T>(g);
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>(), x += 32, y += 32, to += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    const s0 = v128.load(to), s1 = v128.load(to, 16);
    v128.store(to, madd<T>(gg, y0, madd<T>(ff, x0, s0)));
    v128.store(to, madd<T>(gg, y1, madd<T>(ff, x1, s1)), 16);
  }
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>(), to += sizeof<T>()) {
    store<T>(to, load<T>(to) + f * load<T>(x) + g * load<T>(y));
  }
}
