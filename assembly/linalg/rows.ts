// Rows of a matrix of floats: the loops that the factorisations share. A row is contiguous.

import { madd, msub } from "../math";
import { bothOf, giveSome, takeSome, total } from "../simd";

/** Elements of a vector. */
// @ts-ignore: decorator
@inline export function lanes<T>(): i32 { return 16 / <i32>sizeof<T>(); }

/** Exchanges rows i and j, `row` bytes apart each, over n columns. */
export function exchangeRows<T>(a: usize, row: usize, n: i32, i: i32, j: i32): void {
  if (i == j) return;
  let p = a + <usize>i * row;
  let q = a + <usize>j * row;
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>(), p += 32, q += 32) {
    const x0 = v128.load(p), x1 = v128.load(p, 16);
    const y0 = v128.load(q), y1 = v128.load(q, 16);
    v128.store(p, y0);
    v128.store(p, y1, 16);
    v128.store(q, x0);
    v128.store(q, x1, 16);
  }
  for (; n > 0; n--, p += sizeof<T>(), q += sizeof<T>()) {
    const x = load<T>(p);
    store<T>(p, load<T>(q));
    store<T>(q, x);
  }
}

/** n numbers, minus `factor` times as many others. */
export function subtractRow<T>(to: usize, from: usize, n: i32, factor: T): void {
  const f = v128.splat<T>(factor);
  for (; n >= 4 * lanes<T>(); n -= 4 * lanes<T>(), to += 64, from += 64) {
    const x0 = msub<T>(f, v128.load(from), v128.load(to));
    const x1 = msub<T>(f, v128.load(from, 16), v128.load(to, 16));
    const x2 = msub<T>(f, v128.load(from, 32), v128.load(to, 32));
    const x3 = msub<T>(f, v128.load(from, 48), v128.load(to, 48));
    v128.store(to, x0);
    v128.store(to, x1, 16);
    v128.store(to, x2, 32);
    v128.store(to, x3, 48);
  }
  while (n > 0) {
    const whole = n >= lanes<T>();
    giveSome<T>(to, msub<T>(f, takeSome<T>(from, whole), takeSome<T>(to, whole)), whole);
    const step = whole ? lanes<T>() : 1;
    n -= step;
    to += <usize>step * sizeof<T>();
    from += <usize>step * sizeof<T>();
  }
}

/** n numbers by `divisor`. */
export function divideRow<T>(x: usize, n: i32, divisor: T): void {
  const by = v128.splat<T>(divisor);
  for (; n >= lanes<T>(); n -= lanes<T>(), x += 16) v128.store(x, v128.div<T>(v128.load(x), by));
  for (; n > 0; n--, x += sizeof<T>()) store<T>(x, load<T>(x) / divisor);
}

/** Σ x[i] · y[i] of n numbers. */
export function dot<T>(x: usize, y: usize, n: i32): T {
  const zero = i64x2.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  for (; n >= 4 * lanes<T>(); n -= 4 * lanes<T>(), x += 64, y += 64) {
    s0 = madd<T>(v128.load(x), v128.load(y), s0);
    s1 = madd<T>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd<T>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd<T>(v128.load(x, 48), v128.load(y, 48), s3);
  }
  let sum = total<T>(v128.add<T>(bothOf<T>(0, s0, s1), bothOf<T>(1, s2, s3)));
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) sum += load<T>(x) * load<T>(y);
  return sum;
}

/** Σ x[i]² of n numbers in float64, where no square of a float32 overflows or vanishes. */
export function squares<T>(x: usize, n: i32): f64 {
  if (sizeof<T>() == 8) return dot<f64>(x, x, n);
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
  for (; n >= 4; n -= 4, x += 16) {
    const y = v128.load(x);
    const low = f64x2.promote_low_f32x4(y), high = f64x2.promote_low_f32x4(v128.shuffle<f64>(y, y, 1, 0));
    s0 = madd<f64>(low, low, s0);
    s1 = madd<f64>(high, high, s1);
  }
  let sum = total<f64>(f64x2.add(s0, s1));
  for (; n > 0; n--, x += 4) sum += <f64>load<f32>(x) * <f64>load<f32>(x);
  return sum;
}

/** Pairs of numbers (x, y) become (c·x - s·y, s·x + c·y). */
export function rotate<T>(x: usize, y: usize, n: i32, c: T, s: T): void {
  const cc = v128.splat<T>(c), ss = v128.splat<T>(s);
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>(), x += 32, y += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    v128.store(x, msub<T>(ss, y0, v128.mul<T>(cc, x0)));
    v128.store(x, msub<T>(ss, y1, v128.mul<T>(cc, x1)), 16);
    v128.store(y, madd<T>(ss, x0, v128.mul<T>(cc, y0)));
    v128.store(y, madd<T>(ss, x1, v128.mul<T>(cc, y1)), 16);
  }
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) {
    const p = load<T>(x), q = load<T>(y);
    store<T>(x, c * p - s * q);
    store<T>(y, s * p + c * q);
  }
}

/** √(x² + y²), without overflow on the way. */
export function length(x: f64, y: f64): f64 {
  const most = max<f64>(abs(x), abs(y));
  if (most == 0 || most == Infinity) return most;
  const least = min<f64>(abs(x), abs(y)) / most;
  return most * sqrt<f64>(1 + least * least);
}

/** √(x² + y²): by squares where these neither overflow nor vanish. */
// @ts-ignore: decorator
@inline
export function hypotenuse(x: f64, y: f64): f64 {
  const square = x * x + y * y;
  return square > 1e-280 && square < 1e280 ? sqrt<f64>(square) : length(x, y);
}

// Number i of a row of float64.
// @ts-ignore: decorator
@inline export function get(x: usize, i: i32): f64 { return load<f64>(x + (<usize>i << 3)); }
// @ts-ignore: decorator
@inline export function set(x: usize, i: i32, value: f64): void { store<f64>(x + (<usize>i << 3), value); }
