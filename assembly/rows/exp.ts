// exp of lanes that are ≤ 0 or NaN: 2^k · e^r with k the nearest integer to x / ln 2, so |r| ≤ ln 2 / 2, and e^r by a polynomial
// (float32: minimax, 2^-28.3, the one of math.ts; float64: Taylor's to degree 13, the rest is below an eighth of an ulp);
// ≤ 1 ulp in all. Results below the normal range are 0, NaN stays NaN.
//
// Constants are loaded from tables: V8 builds a v128 constant anew at every use, which takes as long as the arithmetic.

import { madd } from "../math";

// @ts-ignore: decorator
@inline
export function expNegative<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? exp32(x) : exp64(x);
}

// The least argument; 1 / ln 2; 1.5 · 2^23 (2^52), which moves the binary point of a small number to the end of the word, so
// that the sum is rounded to an integer that stands in its low bits, here with the bias of the exponent added; -ln 2 in
// two pieces of which the first has so few bits that its product with k is exact; the polynomial.
const TABLE32 = memory.data<f32>([
  -87.33654, 1.4426950408889634, 12583039, -0.693359375, 2.12194440054690583e-4,
  1.3814465819912965e-3, 8.3687804576261004e-3, 0.041668394241867466, 0.16666520107313595, 0.49999993412314457, 1,
]);
const TABLE64 = memory.data<f64>([
  -708.3964185322641, 1.4426950408889634, 6755399441056767, -6.93147180369123816490e-01, -1.90821492927058770002e-10,
  1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
  1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1,
]);

// @ts-ignore: decorator
@inline function c32(i: i32): v128 { return v128.load_splat<u32>(TABLE32 + (<usize>i << 2)); }
// @ts-ignore: decorator
@inline function c64(i: i32): v128 { return v128.load_splat<u64>(TABLE64 + (<usize>i << 3)); }

// @ts-ignore: decorator
@inline
function exp32(x: v128): v128 {
  const shifted = madd<f32>(x, c32(1), c32(2));
  const k = f32x4.sub(shifted, c32(2));
  const r = madd<f32>(k, c32(4), madd<f32>(k, c32(3), x));
  let p = madd<f32>(c32(5), r, c32(6));
  p = madd<f32>(p, r, c32(7));
  p = madd<f32>(p, r, c32(8));
  p = madd<f32>(p, r, c32(9));
  p = f32x4.add(c32(10), madd<f32>(f32x4.mul(r, r), p, r));
  p = f32x4.mul(p, i32x4.shl(shifted, 23));
  return v128.andnot(p, f32x4.lt(x, c32(0)));
}

// @ts-ignore: decorator
@inline
function exp64(x: v128): v128 {
  const shifted = madd<f64>(x, c64(1), c64(2));
  const k = f64x2.sub(shifted, c64(2));
  const r = madd<f64>(k, c64(4), madd<f64>(k, c64(3), x));
  let p = madd<f64>(c64(5), r, c64(6));
  for (let i = 7; i < 17; i++) p = madd<f64>(p, r, c64(i));
  p = f64x2.add(c64(17), madd<f64>(f64x2.mul(r, r), p, r));
  p = f64x2.mul(p, i64x2.shl(shifted, 52));
  return v128.andnot(p, f64x2.lt(x, c64(0)));
}
