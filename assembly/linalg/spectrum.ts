// Eigenvalues and eigenvectors of a symmetric matrix in float64: reflections to three diagonals, then the implicit QL iteration.
//
//   work ─ d, e, c, s, order, τ [n] each │ that of reflect.ts for n and n

import { madd, msub } from "../math";
import { bothOf, giveSome, takeSome } from "../simd";
import { reflection, turn, unit, workBytes } from "./reflect";
import { length, rotate } from "./rows";

const SIZE: usize = 8;
const ROUNDS: i32 = 60; // each value needs two or three
const EPSILON: f64 = 2.220446049250313e-16;

/** Bytes of the work. src/ops/kernelfactors.ts has the same. */
export function spectrumBytes(n: i32): usize { return <usize>n * SIZE * 6 + workBytes<f64>(n, n); }

/**
 * The eigenvalues in ascending order, and the eigenvectors as rows. Of a, which is lost, the upper triangle is read; `vectors`
 * is no part of it.
 */
export function spectrum(a: usize, n: i32, values: usize, vectors: usize, work: usize): void {
  const row = <usize>n * SIZE;
  const d = work;
  const e = d + row;
  const c = e + row;
  const s = c + row;
  const order = s + row;
  const taus = order + row;
  const rest = taus + row;
  tridiagonalise(a, n, row, d, e, taus, c);
  unit<f64>(vectors, n, n);
  // A reflection begins beside the diagonal.
  if (n > 1) turn<f64>(a + SIZE, row, n - 1, n - 1, taus, vectors + row + SIZE, row, n - 1, rest);
  iterate(n, d, e, c, s, vectors, row);
  sort(d, n, order);
  for (let i = 0; i < n; i++) {
    const from = load<i32>(order + (<usize>i << 2));
    store<f64>(values + <usize>i * SIZE, load<f64>(d + <usize>from * SIZE));
    memory.copy(a + <usize>i * row, vectors + <usize>from * row, row);
  }
  memory.copy(vectors, a, <usize>n * row);
}

/** Diagonal and what is beside it; row k of a keeps the reflection from column k + 1 on. */
function tridiagonalise(a: usize, n: i32, row: usize, d: usize, e: usize, taus: usize, p: usize): void {
  for (let k = 0; k < n; k++) {
    const top = a + <usize>k * (row + SIZE);
    store<f64>(d + <usize>k * SIZE, load<f64>(top));
    if (k == n - 1) break;
    const v = top + SIZE;
    const size = n - k - 1;
    const tau = reflection<f64>(v, size);
    store<f64>(taus + <usize>k * SIZE, tau);
    const beta = load<f64>(v);
    store<f64>(e + <usize>k * SIZE, beta);
    if (tau == 0) continue;
    // p = A v, of which each row gives its part right of the diagonal, and the column below it.
    store<f64>(v, 1);
    memory.fill(p, 0, <usize>size * SIZE);
    for (let i = 0; i < size; i++) {
      const at = <usize>i * SIZE;
      const x = v + <usize>(i + 1) * row + at;
      const vi = load<f64>(v + at);
      const own = load<f64>(p + at) + load<f64>(x) * vi;
      const sum = bothSides(x + SIZE, v + at + SIZE, p + at + SIZE, size - i - 1, vi);
      store<f64>(p + at, own + sum);
    }
    // A - v wᵀ - w vᵀ with w = τ p - (τ² pᵀv / 2) v
    let share: f64 = 0;
    for (let at: usize = 0; at < <usize>size * SIZE; at += SIZE) share += load<f64>(p + at) * load<f64>(v + at);
    share *= tau * tau / 2;
    for (let at: usize = 0; at < <usize>size * SIZE; at += SIZE) {
      store<f64>(p + at, tau * load<f64>(p + at) - share * load<f64>(v + at));
    }
    for (let i = 0; i < size; i++) {
      const at = <usize>i * SIZE;
      update(v + <usize>(i + 1) * row + at, v + at, p + at, size - i, load<f64>(v + at), load<f64>(p + at));
    }
    store<f64>(v, beta);
  }
}

/** Σ x·v, while factor · x is added to p. */
function bothSides(x: usize, v: usize, p: usize, n: i32, factor: f64): f64 {
  const zero = i64x2.splat(0);
  const f = f64x2.splat(factor);
  let s0 = zero, s1 = zero;
  for (; n >= 4; n -= 4, x += 32, v += 32, p += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const p0 = v128.load(p), p1 = v128.load(p, 16);
    s0 = madd<f64>(x0, v128.load(v), s0);
    s1 = madd<f64>(x1, v128.load(v, 16), s1);
    v128.store(p, madd<f64>(f, x0, p0));
    v128.store(p, madd<f64>(f, x1, p1), 16);
  }
  const both = bothOf<f64>(0, s0, s1);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; n > 0; n--, x += 8, v += 8, p += 8) {
    sum += load<f64>(x) * load<f64>(v);
    store<f64>(p, load<f64>(p) + factor * load<f64>(x));
  }
  return sum;
}

/** x - a·w - b·v. */
function update(x: usize, v: usize, w: usize, n: i32, a: f64, b: f64): void {
  const fa = f64x2.splat(a), fb = f64x2.splat(b);
  for (; n >= 4; n -= 4, x += 32, v += 32, w += 32) {
    const y0 = msub<f64>(fb, v128.load(v), msub<f64>(fa, v128.load(w), v128.load(x)));
    const y1 = msub<f64>(fb, v128.load(v, 16), msub<f64>(fa, v128.load(w, 16), v128.load(x, 16)));
    v128.store(x, y0);
    v128.store(x, y1, 16);
  }
  for (; n > 0; n -= 2, x += 16, v += 16, w += 16) {
    const both = n >= 2;
    const y = msub<f64>(fa, takeSome<f64>(w, both), takeSome<f64>(x, both));
    giveSome<f64>(x, msub<f64>(fb, takeSome<f64>(v, both), y), both);
  }
}

/** The iteration; the rotations of a round turn the rows of `vectors` together. */
function iterate(n: i32, d: usize, e: usize, cs: usize, ss: usize, vectors: usize, row: usize): void {
  for (let l = 0; l < n; l++) {
    for (let round = 0; round < ROUNDS; round++) {
      let m = l;
      while (m < n - 1 && abs(get(e, m)) > EPSILON * (abs(get(d, m)) + abs(get(d, m + 1)))) m++;
      if (m == l) break;
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
        r = length(f, g);
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
        set(cs, i, c);
        set(ss, i, s);
      }
      rotateRows(vectors, row, n, i + 1, m, cs, ss);
      if (i >= l) continue;
      set(d, l, get(d, l) - p);
      set(e, l, g);
      set(e, m, 0);
    }
  }
}

// @ts-ignore: decorator
@inline function get(x: usize, i: i32): f64 { return load<f64>(x + (<usize>i << 3)); }
// @ts-ignore: decorator
@inline function set(x: usize, i: i32, value: f64): void { store<f64>(x + (<usize>i << 3), value); }

/** Rotates rows i and i + 1 for i from `to` - 1 down to `from`: in sixteen columns the row that goes on stays in registers. */
function rotateRows(x: usize, row: usize, n: i32, from: i32, to: i32, cs: usize, ss: usize): void {
  if (from >= to) return;
  let j = 0;
  for (; j + 16 <= n; j += 16) {
    let at = x + <usize>to * row + (<usize>j << 3);
    let y0 = v128.load(at), y1 = v128.load(at, 16), y2 = v128.load(at, 32), y3 = v128.load(at, 48);
    let y4 = v128.load(at, 64), y5 = v128.load(at, 80), y6 = v128.load(at, 96), y7 = v128.load(at, 112);
    for (let i = to - 1; i >= from; i--) {
      const c = v128.load_splat<f64>(cs + (<usize>i << 3));
      const s = v128.load_splat<f64>(ss + (<usize>i << 3));
      const below = at;
      at -= row;
      let p = v128.load(at), q = v128.load(at, 16);
      v128.store(below, madd<f64>(s, p, f64x2.mul(c, y0)));
      v128.store(below, madd<f64>(s, q, f64x2.mul(c, y1)), 16);
      y0 = msub<f64>(s, y0, f64x2.mul(c, p));
      y1 = msub<f64>(s, y1, f64x2.mul(c, q));
      p = v128.load(at, 32), q = v128.load(at, 48);
      v128.store(below, madd<f64>(s, p, f64x2.mul(c, y2)), 32);
      v128.store(below, madd<f64>(s, q, f64x2.mul(c, y3)), 48);
      y2 = msub<f64>(s, y2, f64x2.mul(c, p));
      y3 = msub<f64>(s, y3, f64x2.mul(c, q));
      p = v128.load(at, 64), q = v128.load(at, 80);
      v128.store(below, madd<f64>(s, p, f64x2.mul(c, y4)), 64);
      v128.store(below, madd<f64>(s, q, f64x2.mul(c, y5)), 80);
      y4 = msub<f64>(s, y4, f64x2.mul(c, p));
      y5 = msub<f64>(s, y5, f64x2.mul(c, q));
      p = v128.load(at, 96), q = v128.load(at, 112);
      v128.store(below, madd<f64>(s, p, f64x2.mul(c, y6)), 96);
      v128.store(below, madd<f64>(s, q, f64x2.mul(c, y7)), 112);
      y6 = msub<f64>(s, y6, f64x2.mul(c, p));
      y7 = msub<f64>(s, y7, f64x2.mul(c, q));
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
  if (j == n) return;
  for (let i = to - 1; i >= from; i--) {
    const at = x + <usize>i * row + (<usize>j << 3);
    rotate<f64>(at, at + row, n - j, get(cs, i), get(ss, i));
  }
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
