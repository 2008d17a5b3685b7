// exp of lanes that are ≤ 0 or NaN: 2^k · e^r with k the nearest integer to x / ln 2, so |r| ≤ ln 2 / 2, and e^r by a polynomial
// (float32: `decay4` of math.ts; float64: Taylor's to degree 13, the rest is below an eighth of an ulp); ≤ 1.1 ulp in all.
// Results below the normal range are 0, NaN stays NaN.

import { decay4, madd } from "../math";

// @ts-ignore: decorator
@inline
export function expNegative<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? decay4(x) : decay2(x);
}

// @ts-ignore: decorator
@inline
function decay2(x: v128): v128 {
  // 1.5 · 2^52 moves the binary point of a small number to the end of the word, so that the sum is rounded to an integer that
  // stands in its low bits, here with the bias of the exponent added.
  const magic = f64x2.splat(6755399441056767);
  const shifted = madd<f64>(x, f64x2.splat(1.4426950408889634), magic);
  const k = f64x2.sub(shifted, magic);
  // ln 2 in two pieces of which the first has so few bits that its product with k is exact.
  const r = madd<f64>(k, f64x2.splat(-1.90821492927058770002e-10), madd<f64>(k, f64x2.splat(-6.93147180369123816490e-01), x));
  let p = f64x2.splat(1.0 / 6227020800);
  p = madd<f64>(p, r, f64x2.splat(1.0 / 479001600));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 39916800));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 3628800));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 362880));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 40320));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 5040));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 720));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 120));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 24));
  p = madd<f64>(p, r, f64x2.splat(1.0 / 6));
  p = madd<f64>(p, r, f64x2.splat(0.5));
  p = f64x2.add(f64x2.splat(1), madd<f64>(f64x2.mul(r, r), p, r));
  p = f64x2.mul(p, i64x2.shl(shifted, 52));
  return v128.andnot(p, f64x2.lt(x, f64x2.splat(-708.3964185322641)));
}
