// Symmetric matrices to three diagonals, A = Q T Qᵀ, by reflections: BLOCK of them leave the rest as it was, and then are taken
// from it together, as a product (LAPACK's latrd). Half of the work is that of a symmetric matrix times a vector, which
// reads half the matrix once for each.
//
//   args ─ 0 n │ 1 a │ 2 d │ 3 e │ 4 vectors (0: none) │ 5 work
//
// a: [batch, n, n], of which the upper triangle is read, and which is lost; d, e: float64 [batch, n], the diagonal and what is
// beside it; vectors: Qᵀ [batch, n, n]. A unit is a matrix, with its own work:
//
//   work ─ τ [n] │ W [BLOCK, n] │ that of reflect.ts for n and n

import { int, ptr } from "../abi";
import { madd } from "../math";
import { bothOf, total } from "../simd";
import { subtract } from "./product";
import { BLOCK, reflection, turn, unit as unitRows, workBytes } from "./reflect";
import { dot, lanes, subtractRow } from "./rows";

export function tridiagonal_f32(args: usize, begin: i32, end: i32): void { tridiagonal<f32>(args, begin, end); }
export function tridiagonal_f64(args: usize, begin: i32, end: i32): void { tridiagonal<f64>(args, begin, end); }

function tridiagonal<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const row = <usize>n * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const square = <usize>unit * <usize>n * row;
    const line = <usize>(unit * n) << 3;
    const vectors: usize = ptr(args, 4) == 0 ? 0 : ptr(args, 4) + square;
    const work = ptr(args, 5) + <usize>unit * tridiagonalBytes<T>(n);
    tridiagonalise<T>(ptr(args, 1) + square, n, ptr(args, 2) + line, ptr(args, 3) + line, vectors, work);
  }
}

/** Bytes of the work. src/ops/kernelfactors.ts has the same in elements. */
function tridiagonalBytes<T>(n: i32): usize {
  return <usize>(n * (1 + BLOCK)) * sizeof<T>() + workBytes<T>(n, n);
}

/** T of a, and the rows of Qᵀ in `vectors` where that is not 0. */
function tridiagonalise<T>(a: usize, n: i32, d: usize, e: usize, vectors: usize, work: usize): void {
  const row = <usize>n * sizeof<T>();
  const w = work + row;
  for (let k = 0; k < n; k += BLOCK) {
    const count = min(BLOCK, n - k);
    for (let i = k; i < k + count; i++) reduceRow<T>(a, n, k, i, d, e, work, w);
    const rest = n - k - count;
    if (rest == 0) break;
    const from = <usize>(k + count) * sizeof<T>();
    const v = a + <usize>k * row + from;
    const corner = a + <usize>(k + count) * row + from;
    subtract<T>(rest, rest, count, v, sizeof<T>(), row, w + from, row, sizeof<T>(), corner, row, true);
    subtract<T>(rest, rest, count, w + from, sizeof<T>(), row, v, row, sizeof<T>(), corner, row, true);
  }
  if (vectors == 0) return;
  unitRows<T>(vectors, n, n);
  // A reflection begins beside the diagonal.
  if (n > 1) turn<T>(a + sizeof<T>(), row, n - 1, n - 1, work, vectors + row + sizeof<T>(), row, n - 1, w + row * BLOCK);
}

/**
 * Row i by the reflections from k on, as the product after the block will make all rows; then its own reflection v, which takes the
 * place of the row from column i + 1 on, with its 1, and w: the rest of the matrix is to lose v wᵀ + w vᵀ.
 */
function reduceRow<T>(a: usize, n: i32, k: i32, i: i32, d: usize, e: usize, taus: usize, w: usize): void {
  const row = <usize>n * sizeof<T>();
  const at = <usize>i * sizeof<T>();
  const top = a + <usize>i * row + at;
  for (let j = k; j < i; j++) {
    const vj = a + <usize>j * row + at;
    const wj = w + <usize>(j - k) * row + at;
    subtractRow<T>(top, wj, n - i, load<T>(vj));
    subtractRow<T>(top, vj, n - i, load<T>(wj));
  }
  store<f64>(d + (<usize>i << 3), <f64>load<T>(top));
  const size = n - i - 1;
  if (size == 0) return;
  const v = top + sizeof<T>();
  const p = w + <usize>(i - k) * row + at + sizeof<T>();
  const tau = reflection<T>(v, size);
  store<T>(taus + at, tau);
  store<f64>(e + (<usize>i << 3), <f64>load<T>(v));
  store<T>(v, 1);
  memory.fill(p, 0, <usize>size * sizeof<T>());
  if (tau == 0) return;
  timesVector<T>(v + row, row, size, v, p);
  for (let j = k; j < i; j++) {
    const vj = a + <usize>j * row + at + sizeof<T>();
    const wj = w + <usize>(j - k) * row + at + sizeof<T>();
    const byW = dot<T>(wj, v, size);
    const byV = dot<T>(vj, v, size);
    subtractRow<T>(p, vj, size, byW);
    subtractRow<T>(p, wj, size, byV);
  }
  // w = τ p - (τ² pᵀv / 2) v
  const share = tau * tau * dot<T>(p, v, size) / 2;
  for (let x: usize = 0; x < <usize>size * sizeof<T>(); x += sizeof<T>()) {
    store<T>(p + x, tau * load<T>(p + x) - share * load<T>(v + x));
  }
}

/** Adds A v to p, which is 0: of A, n × n, the upper triangle is read, two rows at a time. */
function timesVector<T>(a: usize, row: usize, n: i32, v: usize, p: usize): void {
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const at = <usize>i * sizeof<T>();
    const x = a + <usize>i * row + at;
    const y = x + row + sizeof<T>();
    const beside = load<T>(x, sizeof<T>());
    const v0 = load<T>(v + at), v1 = load<T>(v + at, sizeof<T>());
    store<T>(p + at, load<T>(p + at) + load<T>(x) * v0 + beside * v1);
    store<T>(p + at, load<T>(p + at, sizeof<T>()) + beside * v0 + load<T>(y) * v1, sizeof<T>());
    bothSides<T>(x + 2 * sizeof<T>(), y + sizeof<T>(), v + at, p + at, n - i - 2);
  }
  if (i == n) return;
  const at = <usize>i * sizeof<T>();
  store<T>(p + at, load<T>(p + at) + load<T>(a + <usize>i * row + at) * load<T>(v + at));
}

/** Two rows, n numbers of each, times v from its third number on to the first two of p; and times these two of v to the rest of p. */
function bothSides<T>(x: usize, y: usize, v: usize, p: usize, n: i32): void {
  const sums = p;
  const f = v128.load_splat<T>(v), g = v128.load_splat<T>(v, sizeof<T>());
  const fx = load<T>(v), gy = load<T>(v, sizeof<T>());
  const zero = i64x2.splat(0);
  let s0 = zero, s1 = zero, t0 = zero, t1 = zero;
  v += 2 * sizeof<T>();
  p += 2 * sizeof<T>();
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>(), x += 32, y += 32, v += 32, p += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    const v0 = v128.load(v), v1 = v128.load(v, 16);
    const p0 = v128.load(p), p1 = v128.load(p, 16);
    s0 = madd<T>(x0, v0, s0);
    s1 = madd<T>(x1, v1, s1);
    t0 = madd<T>(y0, v0, t0);
    t1 = madd<T>(y1, v1, t1);
    v128.store(p, madd<T>(g, y0, madd<T>(f, x0, p0)));
    v128.store(p, madd<T>(g, y1, madd<T>(f, x1, p1)), 16);
  }
  let s = total<T>(bothOf<T>(0, s0, s1));
  let t = total<T>(bothOf<T>(1, t0, t1));
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>(), v += sizeof<T>(), p += sizeof<T>()) {
    s += load<T>(x) * load<T>(v);
    t += load<T>(y) * load<T>(v);
    store<T>(p, load<T>(p) + fx * load<T>(x) + gy * load<T>(y));
  }
  store<T>(sums, load<T>(sums) + s);
  store<T>(sums, load<T>(sums, sizeof<T>()) + t, sizeof<T>());
}
