// The mathematics of the kernels, vectorised. (What is not here in f64 are the scalar functions of AssemblyScript's NativeMath.)
//
// The functions of the hot paths (`…4`) take four f32 and stay within 2 ulp. Some have a brief form for lanes that are not
// strange; the full one gives these the same bits.
// The others (`…d`) take two f32 as f64 and are approximated to 2^-35 or better there, so that the one rounding to f32
// at the end decides: ≤ 0.51 ulp, with little care and hardly more time. Polynomials are minimax (Remez), the bound
// beside each is that of its own error. NaN, ±0, ±∞ and the poles are C's, as in PyTorch.

/** a·b + c: fused where the host has relaxed SIMD and fuses, rounded twice elsewhere. */
// @ts-ignore: decorator
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(a, b, c) : v128.add<T>(v128.mul<T>(a, b), c);
}

/** c - a·b, fused where `madd` is. */
// @ts-ignore: decorator
@inline
export function msub<T>(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_nmadd<T>(a, b, c) : v128.sub<T>(c, v128.mul<T>(a, b));
}

/** One step of Horner's rule: p·x + c. */
// @ts-ignore: decorator
@inline function along<T>(p: v128, x: v128, c: T): v128 { return madd<T>(p, x, v128.splat<T>(c)); }

/** a where the mask's lane is all ones, b where it is 0: one instruction where the host has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function choose(a: v128, b: v128, mask: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.relaxed_laneselect(a, b, mask) : v128.bitselect(a, b, mask);
}

/** x with the sign bit of `sign` flipped in. */
// @ts-ignore: decorator
@inline export function flip<T>(x: v128, sign: v128): v128 { return v128.xor(x, v128.and(sign, v128.splat<T>(<T>-0.0))); }

// ── four f32 ────────────────────────────────────────────────────────────────────────────────────────────────────────

const MAGIC4: f32 = 12582912; // 1.5·2^23: added to a small number, its low bits are the nearest integer

/** Lanes that `exp4Brief` and `sigmoid4Brief` do not hold for: |x| > 86, NaN. */
// @ts-ignore: decorator
@inline export function expStrange4(x: v128): v128 { return i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(0x42ac0000)); }

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp4Brief(x: v128): v128 {
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), f32x4.splat(MAGIC4));
  return scale4(expOfRest(restOf(x, f32x4.sub(shifted, f32x4.splat(MAGIC4)))), shifted);
}

/** e^x. 2^k is multiplied in two steps, so that subnormal results are rounded once. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-105)); // NaN stays
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), f32x4.splat(MAGIC4));
  const p = expOfRest(restOf(x, f32x4.sub(shifted, f32x4.splat(MAGIC4))));
  const k = i32x4.sub(shifted, f32x4.splat(MAGIC4));
  const half = i32x4.shr_s(k, 1);
  return f32x4.mul(f32x4.mul(p, power4(half)), power4(i32x4.sub(k, half)));
}

/** e^x for lanes that are ≤ 0 or NaN; 0 where that is subnormal. */
// @ts-ignore: decorator
@inline
export function decay4(x: v128): v128 {
  const magic = f32x4.splat(MAGIC4 + 127); // gives the bits of 2^k
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), magic);
  const y = f32x4.mul(expOfRest(restOf(x, f32x4.sub(shifted, magic))), i32x4.shl(shifted, 23));
  return v128.andnot(y, f32x4.lt(x, f32x4.splat(-87.33654)));
}

/** 2^k for integers k in [-126, 127]. */
// @ts-ignore: decorator
@inline function power4(k: v128): v128 { return i32x4.shl(i32x4.add(k, i32x4.splat(127)), 23); }

/** y·2^k, k in the low bits of `shifted`, where neither is subnormal: k is added to the exponent. */
// @ts-ignore: decorator
@inline function scale4(y: v128, shifted: v128): v128 { return i32x4.add(y, i32x4.shl(shifted, 23)); }

/** x - k·ln2, with ln2 in two parts: k times the first, of 9 bits, is exact. */
// @ts-ignore: decorator
@inline
function restOf(x: v128, k: v128): v128 {
  return madd<f32>(k, f32x4.splat(2.12194440055e-4), madd<f32>(k, f32x4.splat(-0.693359375), x));
}

/** e^r, |r| ≤ ln2/2. */
// @ts-ignore: decorator
@inline function expOfRest(r: v128): v128 { return along<f32>(expSlope(r), r, 1); }

/** (e^r - 1) / r, |r| ≤ ln2/2. */
// @ts-ignore: decorator
@inline function expSlope(r: v128): v128 { return along<f32>(expCurve(r), r, 1); }

/** (e^r - 1 - r) / r², |r| ≤ ln2/2. */
// @ts-ignore: decorator
@inline
function expCurve(r: v128): v128 {
  // 2^-28.3, of (e^r - 1) / r
  let p = v128.splat<f32>(1.3814465819912965e-3);
  p = along<f32>(p, r, 8.3687804576261004e-3);
  p = along<f32>(p, r, 0.041668394241867466);
  p = along<f32>(p, r, 0.16666520107313595);
  return along<f32>(p, r, 0.49999993412314457);
}

/** e^x for lanes that are ≤ 0 or NaN. 2^k is multiplied in two steps, so that subnormal results are rounded once. */
// @ts-ignore: decorator
@inline
function fade4(x: v128): v128 {
  x = f32x4.pmax(x, f32x4.splat(-105)); // NaN stays
  const magic = f32x4.splat(MAGIC4 + 127 + 32); // gives the bits of 2^(k + 32)
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), magic);
  const p = expOfRest(restOf(x, f32x4.sub(shifted, magic)));
  return f32x4.mul(f32x4.mul(p, i32x4.shl(shifted, 23)), f32x4.splat(2.3283064365386963e-10)); // 2^-32
}

/** e^x - 1 for lanes that are ≤ 0 or NaN: 2^k·(e^r - 1) + (2^k - 1), the largest terms summed first. */
// @ts-ignore: decorator
@inline
export function sink4(x: v128): v128 {
  x = f32x4.pmax(x, f32x4.splat(-30)); // from -18 on it is -1; NaN stays
  const magic = f32x4.splat(MAGIC4 + 127); // gives the bits of 2^k
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), magic);
  const r = restOf(x, f32x4.sub(shifted, magic));
  const power = i32x4.shl(shifted, 23);
  const sum = madd<f32>(power, r, f32x4.sub(power, f32x4.splat(1)));
  const y = madd<f32>(f32x4.mul(power, f32x4.mul(r, r)), expCurve(r), sum);
  return v128.or(y, v128.and(x, f32x4.splat(-0.0))); // -0 of -0
}

/** log(1 + e^-|x|). */
// @ts-ignore: decorator
@inline export function hinge4(x: v128): v128 { return log1p4Brief(fade4(f32x4.neg(f32x4.abs(x)))); }

const QUARTER4: f32 = 0.125; // of e^-x / 2 what is left to divide by e^x / 4

/** e^x / 4 for x ≥ 0. */
// @ts-ignore: decorator
@inline
function quarter4(x: v128): v128 {
  x = f32x4.pmin(x, f32x4.splat(90));
  const magic = f32x4.splat(MAGIC4 + 125); // gives the bits of 2^(k - 2)
  const shifted = madd<f32>(x, f32x4.splat(1.4426950408889634), magic);
  return f32x4.mul(expOfRest(restOf(x, f32x4.sub(shifted, magic))), i32x4.shl(shifted, 23));
}

/** sinh: an odd polynomial below 1, (e^|x| - e^-|x|) / 2 beyond. */
// @ts-ignore: decorator
@inline
export function sinh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  // 2^-34
  let p = v128.splat<f32>(2.81695122170071567e-6);
  p = along<f32>(p, z, 1.98361597788019644e-4);
  p = along<f32>(p, z, 8.33335005816711353e-3);
  p = along<f32>(p, z, 0.166666664975610302);
  const near = madd<f32>(f32x4.mul(z, a), p, a);
  const e = quarter4(a);
  const far = f32x4.sub(f32x4.add(e, e), f32x4.div(f32x4.splat(QUARTER4), e));
  return flip<f32>(choose(far, near, f32x4.ge(a, f32x4.splat(1))), x); // NaN is near
}

/** (e^x + e^-x) / 2. */
// @ts-ignore: decorator
@inline
export function cosh4(x: v128): v128 {
  const e = quarter4(f32x4.abs(x));
  return f32x4.add(f32x4.add(e, e), f32x4.div(f32x4.splat(QUARTER4), e));
}

/** 2^x, where that is neither subnormal nor too large. */
// @ts-ignore: decorator
@inline
function power2(x: v128): v128 {
  const shifted = f32x4.add(x, f32x4.splat(MAGIC4));
  return scale4(power2OfRest(f32x4.sub(x, f32x4.sub(shifted, f32x4.splat(MAGIC4)))), shifted);
}

/** 2^f, |f| ≤ ½. */
// @ts-ignore: decorator
@inline
function power2OfRest(f: v128): v128 {
  // 2^-23.4
  let p = v128.splat<f32>(1.3264726590466448e-3);
  p = along<f32>(p, f, 9.6715134573210014e-3);
  p = along<f32>(p, f, 0.055507337515639377);
  p = along<f32>(p, f, 0.24022242072880293);
  p = along<f32>(p, f, 0.69314697759103411);
  return along<f32>(p, f, 1);
}

/** Lanes that `log4Brief` does not hold for: all but the positive normal numbers. */
// @ts-ignore: decorator
@inline export function logStrange4(x: v128): v128 { return i32x4.gt_s(i32x4.add(x, i32x4.splat(0x7f800000)), i32x4.splat(0xfeffffff)); }

/** log x. */
// @ts-ignore: decorator
@inline
export function log4Brief(x: v128): v128 { return logOfParts(x, i32x4.splat(0)); }

/** log x. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38)); // subnormal: times 2^23
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  const regular = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, f32x4.splat(Infinity)));
  return v128.bitselect(logOfParts(scaled, v128.and(small, i32x4.splat(23))), pole<f32>(x), regular);
}

/** log(x·2^-down) = e·ln2 + log(1 + f), √½ ≤ 1 + f < √2. */
// @ts-ignore: decorator
@inline
function logOfParts(x: v128, down: v128): v128 {
  const bits = i32x4.sub(x, i32x4.splat(SQRT_HALF));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), down));
  return logOfRest(f32x4.sub(mantissa4(bits), f32x4.splat(1)), e);
}

/** e·ln2 + log(1 + f). */
// @ts-ignore: decorator
@inline
function logOfRest(f: v128, e: v128): v128 {
  const square = f32x4.mul(f, f);
  let y = f32x4.mul(f32x4.mul(square, f), logCurve(f, square));
  y = madd<f32>(e, f32x4.splat(-2.12194440055e-4), y);
  y = madd<f32>(square, f32x4.splat(-0.5), y);
  return madd<f32>(e, f32x4.splat(0.693359375), f32x4.add(f, y));
}

/** (log(1 + f) - f + f²/2) / f³, √½ ≤ 1 + f < √2. */
// @ts-ignore: decorator
@inline
function logCurve(f: v128, square: v128): v128 {
  // 2^-27.4; even and odd terms by themselves, for the latency
  let p = v128.splat<f32>(0.127615978970517);
  p = along<f32>(p, square, 0.142017548314506);
  p = along<f32>(p, square, 0.200012270006);
  p = along<f32>(p, square, 0.333333317073);
  let q = v128.splat<f32>(-0.0763453730206);
  q = along<f32>(q, square, -0.131601768853);
  q = along<f32>(q, square, -0.166233575783);
  q = along<f32>(q, square, -0.250008210298);
  return madd<f32>(q, f, p);
}

/** Lanes that `log1p4Brief` does not hold for: all but those in (-1, 2^125). */
// @ts-ignore: decorator
@inline
export function log1pStrange4(x: v128): v128 {
  return v128.not(v128.and(f32x4.gt(x, f32x4.splat(-1)), f32x4.lt(x, f32x4.splat(4.253529586511731e37))));
}

/** log(1 + x) = k·ln2 + log(1 + f): f = x·2^-k + (2^-k - 1) is rounded once. */
// @ts-ignore: decorator
@inline
export function log1p4Brief(x: v128): v128 {
  const one = f32x4.splat(1);
  const bits = v128.and(i32x4.sub(f32x4.add(x, one), i32x4.splat(SQRT_HALF)), i32x4.splat(0xff800000));
  const power = i32x4.sub(one, bits); // 2^-k
  const f = madd<f32>(x, power, f32x4.sub(power, one));
  const y = logOfRest(f, f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)));
  return v128.or(y, v128.and(x, f32x4.splat(-0.0))); // -0 of -0
}

/** log(1 + x). */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  return v128.bitselect(log4(f32x4.add(x, f32x4.splat(1))), log1p4Brief(x), log1pStrange4(x));
}

// Logarithms of base b: e·log_b 2 + log_b (1 + f), both constants in two parts of which the first has few bits.

/** The logarithm of base 2 (`ten` = 0) or 10 (1). */
// @ts-ignore: decorator
@inline
export function logTo4Brief(x: v128, ten: i32): v128 { return logToOfParts(x, i32x4.splat(0), ten); }

/** The logarithm of base 2 (`ten` = 0) or 10 (1). */
// @ts-ignore: decorator
@inline
export function logTo4(x: v128, ten: i32): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38)); // subnormal: times 2^23
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  const regular = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, f32x4.splat(Infinity)));
  return v128.bitselect(logToOfParts(scaled, v128.and(small, i32x4.splat(23)), ten), pole<f32>(x), regular);
}

// @ts-ignore: decorator
@inline
function logToOfParts(x: v128, down: v128, ten: i32): v128 {
  const bits = i32x4.sub(x, i32x4.splat(SQRT_HALF));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), down));
  const f = f32x4.sub(mantissa4(bits), f32x4.splat(1));
  const square = f32x4.mul(f, f);
  const y = madd<f32>(f32x4.mul(square, f), logCurve(f, square), f32x4.mul(square, f32x4.splat(-0.5))); // log(1 + f) - f
  // The first part of f has 12 bits, so that its product with the first part of the constant is exact.
  const first = v128.and(f, i32x4.splat(0xfffff000));
  const rest = f32x4.add(f32x4.sub(f, first), y);
  if (ten) {
    let sum = f32x4.mul(f32x4.add(first, rest), f32x4.splat(7.00731903251827651129e-4));
    sum = madd<f32>(rest, f32x4.splat(0.43359375), sum);
    sum = madd<f32>(e, f32x4.splat(2.48745663981195213739e-4), sum);
    return f32x4.add(madd<f32>(e, f32x4.splat(0.30078125), sum), f32x4.mul(first, f32x4.splat(0.43359375)));
  }
  let sum = f32x4.mul(f32x4.add(first, rest), f32x4.splat(3.12222140896e-4));
  sum = madd<f32>(rest, f32x4.splat(1.4423828125), sum);
  return f32x4.add(e, madd<f32>(first, f32x4.splat(1.4423828125), sum));
}

const SQRT_HALF: i32 = 0x3f3504f3; // the bits of √½: what is above counts for the next power of two

/** The number in [√½, √2) that is a power of two away from x, given x's bits less those of √½. */
// @ts-ignore: decorator
@inline function mantissa4(bits: v128): v128 { return i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(SQRT_HALF)); }

/** What a logarithm is outside (0, ∞). */
// @ts-ignore: decorator
@inline
function pole<T>(x: v128): v128 {
  const zero = v128.splat<T>(<T>0);
  const y = v128.bitselect(v128.splat<T>(<T>-Infinity), x, v128.eq<T>(x, zero));
  return v128.bitselect(v128.splat<T>(<T>NaN), y, v128.lt<T>(x, zero));
}

/** tanh: an odd polynomial below 0.625, 1 - 2 / (e^2|x| + 1) beyond. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  // 2^-27.8
  let p = v128.splat<f32>(-5.7049876080681588e-3);
  p = along<f32>(p, z, 0.020639087927016315);
  p = along<f32>(p, z, -0.053739715352678902);
  p = along<f32>(p, z, 0.13331442202360938);
  p = along<f32>(p, z, -0.33333281942212327);
  const near = madd<f32>(f32x4.mul(z, a), p, a);
  const one = f32x4.splat(1);
  // ln2 in one part will do: e is damped by the quotient, the more the larger k is.
  const twice = f32x4.pmin(f32x4.add(a, a), f32x4.splat(20));
  const shifted = madd<f32>(twice, f32x4.splat(1.4426950408889634), f32x4.splat(MAGIC4));
  const r = madd<f32>(f32x4.sub(shifted, f32x4.splat(MAGIC4)), f32x4.splat(-0.6931471805599453), twice);
  const e = scale4(expOfRest(r), shifted);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  return flip<f32>(choose(far, near, f32x4.ge(a, f32x4.splat(0.625))), x); // NaN is near
}

/** Lanes that `sigmoid4Brief` does not hold for: there 1 is no longer a part of 1 + e^-x. */
// @ts-ignore: decorator
@inline export function sigmoidStrange4(x: v128): v128 { return f32x4.lt(x, f32x4.splat(-16)); }

/** 1 / (1 + e^-x) = 1 / ((1 + 2^k) + 2^k·(e^r - 1)): the inner sum is exact, so that one rounding comes before the quotient. */
// @ts-ignore: decorator
@inline
export function sigmoid4Brief(x: v128): v128 {
  const minus = f32x4.neg(f32x4.pmin(x, f32x4.splat(30)));
  const magic = f32x4.splat(MAGIC4 + 127); // gives the bits of 2^k
  const shifted = madd<f32>(minus, f32x4.splat(1.4426950408889634), magic);
  const r = restOf(minus, f32x4.sub(shifted, magic));
  const power = i32x4.shl(shifted, 23);
  const one = f32x4.splat(1);
  return f32x4.div(one, madd<f32>(f32x4.mul(power, expSlope(r)), r, f32x4.add(power, one)));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline export function sigmoid4(x: v128): v128 { return v128.any_true(sigmoidStrange4(x)) ? sigmoidFar(x) : sigmoid4Brief(x); }

/** The sigmoid, as e^x·(1 - e^x) where e^x is next to nothing. */
function sigmoidFar(x: v128): v128 {
  const strange = sigmoidStrange4(x);
  const e = exp4(x);
  return v128.bitselect(f32x4.sub(e, f32x4.mul(e, e)), sigmoid4Brief(v128.andnot(x, strange)), strange);
}

// Φ(-a), the tail of the normal distribution, is bell4(a)·mills4(a) for a = limit4(x).

const NOTHING: f32 = 13.2; // from here on e^(-a²/2) is subnormal: 0

/** |x|, at most NOTHING. */
// @ts-ignore: decorator
@inline export function limit4(x: v128): v128 { return f32x4.pmin(f32x4.abs(x), f32x4.splat(NOTHING)); }

/** e^(-a²/2), but for a constant in the exponent, log2(e)/2 rounded to f32, which `mills4` takes into account. */
// @ts-ignore: decorator
@inline
export function bell4(a: v128): v128 {
  const square = f32x4.mul(a, a);
  const shifted = madd<f32>(square, f32x4.splat(-0.7213475108146667), f32x4.splat(MAGIC4));
  const f = madd<f32>(square, f32x4.splat(-0.7213475108146667), f32x4.sub(f32x4.splat(MAGIC4), shifted));
  return v128.andnot(scale4(power2OfRest(f), shifted), f32x4.ge(a, f32x4.splat(NOTHING)));
}

/** Φ(-a) / bell4(a): minimax with an error of 2^-23.6·(1 + a/2), ½ at 0. */
// @ts-ignore: decorator
@inline
export function mills4(a: v128): v128 {
  let p = v128.splat<f32>(0.01442445706);
  p = along<f32>(p, a, 0.1082353066);
  p = along<f32>(p, a, 0.3418973656);
  p = along<f32>(p, a, 0.5);
  let q = v128.splat<f32>(0.03617035428);
  q = along<f32>(q, a, 0.2708890316);
  q = along<f32>(q, a, 0.8987154045);
  q = along<f32>(q, a, 1.481676035);
  q = along<f32>(q, a, 1);
  return f32x4.div(p, q);
}

/** erf: an odd polynomial below 0.9, 1 - 2^q(|x|) beyond. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(3.95)); // beyond it is 1
  const z = f32x4.mul(x, x);
  // 2^-26.3
  let p = v128.splat<f32>(-0.000609035937155);
  p = along<f32>(p, z, 0.00501196272313);
  p = along<f32>(p, z, -0.026778908871);
  p = along<f32>(p, z, 0.112821408114);
  p = along<f32>(p, z, -0.376125232762);
  p = along<f32>(p, z, 0.128379153797);
  const near = madd<f32>(p, x, x);
  // log2 of erfc; its error moves erf by 2^-29
  let q = v128.splat<f32>(0.000287585859767);
  q = along<f32>(q, a, -0.00443821806621);
  q = along<f32>(q, a, 0.0322556067508);
  q = along<f32>(q, a, -0.150330179147);
  q = along<f32>(q, a, -0.918820971368);
  q = along<f32>(q, a, -1.6271500253);
  q = along<f32>(q, a, -0.00022049821069);
  const far = f32x4.sub(f32x4.splat(1), power2(q));
  return choose(flip<f32>(far, x), near, f32x4.ge(a, f32x4.splat(0.9))); // NaN is near
}

/**
 * a^b = 2^(b·log2 |a|), with the sign of an odd b. The exponent, which may be 126 and wants 2^-25, is computed in two halves
 * of f64: log2 m = s·p(s²), s = (m - 1) / (m + 1). Lanes where something is special are `powd`'s.
 */
// @ts-ignore: decorator
@inline
export function pow4(a: v128, b: v128): v128 {
  const bits = i32x4.sub(f32x4.abs(a), i32x4.splat(SQRT_HALF));
  const e = i32x4.shr_s(bits, 23);
  const m = mantissa4(bits);
  const t = exponentOfPower(low(m), f64x2.convert_low_i32x4_s(e), low(b));
  const u = exponentOfPower(high(m), f64x2.convert_low_i32x4_s(v128.shuffle<i64>(e, e, 1, 1)), high(b));
  const nearT = f64x2.add(t, f64x2.splat(MAGIC));
  const nearU = f64x2.add(u, f64x2.splat(MAGIC));
  const y = powerOfParts4(join(restOfPower(t, nearT), restOfPower(u, nearU)), v128.shuffle<i32>(nearT, nearU, 0, 2, 4, 6), a, b);
  // An exponent beyond ±125, or NaN, is special too.
  const large = i32x4.gt_s(v128.and(v128.shuffle<i32>(t, u, 1, 3, 5, 7), i32x4.splat(0x7fffffff)), i32x4.splat(0x405f4000));
  const special = v128.or(large, powSpecial4(a, b));
  return v128.any_true(special) ? v128.bitselect(pow4Special(a, b), y, special) : y;
}

/** A base that is zero, subnormal, infinite or NaN, or negative to what is no integer or not below 2^22. */
// @ts-ignore: decorator
@inline
function powSpecial4(a: v128, b: v128): v128 {
  const shifted = f32x4.add(b, f32x4.splat(MAGIC4));
  const whole = v128.and(f32x4.eq(f32x4.sub(shifted, f32x4.splat(MAGIC4)), b), f32x4.lt(f32x4.abs(b), f32x4.splat(4194304)));
  return v128.or(logStrange4(f32x4.abs(a)), v128.andnot(i32x4.shr_s(a, 31), whole));
}

/** 2^(f + k) with the sign of a^b; k is in the low bits. */
// @ts-ignore: decorator
@inline
function powerOfParts4(f: v128, k: v128, a: v128, b: v128): v128 {
  return v128.xor(scale4(expOfPower(f), k), v128.and(a, i32x4.shl(f32x4.add(b, f32x4.splat(MAGIC4)), 31)));
}

/** What of t is no integer, given MAGIC + t. */
// @ts-ignore: decorator
@inline function restOfPower(t: v128, near: v128): v128 { return f64x2.sub(t, f64x2.sub(near, f64x2.splat(MAGIC))); }

const POWERS: i32 = 256; // elements in a run

/**
 * y[i] = a[i]^b[i], up to whole vectors, with the bits of `pow4`, for an engine that pairs vectors: in runs of three loops. The
 * first makes f and k in f64, where the two halves of four lanes are a pair; the second brings them to 32 bits; the third
 * is paired again. `room` is for 24 bytes an element of a run. Steps are in bytes an element: 4 or 0.
 */
// @ts-ignore: decorator
@inline
export function powers(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize, room: usize): void {
  const wholes = room + 8 * POWERS;
  const rests4 = room + 16 * POWERS;
  const wholes4 = room + 20 * POWERS;
  while (count > 0) {
    const run = min(count, POWERS);
    const bytes = <usize>run * 4;
    let isSpecial = powSpecial(run, a, stepA, b, stepB, room);
    if (!isSpecial) {
      let s0 = i64x2.splat(0);
      let s1 = s0;
      let from = a;
      let by = b;
      for (let j: usize = 0; j < bytes; j += 16) {
        const bits = i32x4.sub(f32x4.abs(v128.load(from)), i32x4.splat(SQRT_HALF));
        const e = i32x4.shr_s(bits, 23);
        const m = mantissa4(bits);
        const p = v128.load(by);
        const t = exponentOfPower(positive(i64x2.extend_low_i32x4_u(m)), integer(i64x2.extend_low_i32x4_s(e)), number(i64x2.extend_low_i32x4_s(p)));
        const u = exponentOfPower(positive(i64x2.extend_high_i32x4_u(m)), integer(i64x2.extend_high_i32x4_s(e)), number(i64x2.extend_high_i32x4_s(p)));
        const nearT = f64x2.add(t, f64x2.splat(MAGIC));
        const nearU = f64x2.add(u, f64x2.splat(MAGIC));
        s0 = v128.or(s0, f64x2.gt(f64x2.abs(t), f64x2.splat(125)));
        s1 = v128.or(s1, f64x2.gt(f64x2.abs(u), f64x2.splat(125)));
        const f = restOfPower(t, nearT);
        const g = restOfPower(u, nearU);
        v128.store(room + 2 * j, f);
        v128.store(room + 2 * j, g, 16);
        v128.store(wholes + 2 * j, nearT);
        v128.store(wholes + 2 * j, nearU, 16);
        from += 4 * stepA;
        by += 4 * stepB;
      }
      v128.store(rests4, s0);
      v128.store(rests4, s1, 16);
      isSpecial = v128.any_true(v128.or(v128.load(rests4), v128.load(rests4, 16)));
    }
    if (isSpecial) {
      for (let j: usize = 0; j < bytes; j += 16) {
        v128.store(y + j, pow4(v128.load(a), v128.load(b)));
        a += 4 * stepA;
        b += 4 * stepB;
      }
    } else {
      for (let j: usize = 0; j < bytes; j += 16) {
        const at = room + 2 * j;
        v128.store(rests4 + j, join(v128.load(at), v128.load(at, 16)));
        v128.store(wholes4 + j, v128.shuffle<i32>(v128.load(at, 8 * POWERS), v128.load(at, 8 * POWERS + 16), 0, 2, 4, 6));
      }
      let j: usize = 0;
      for (; j + 16 < bytes; j += 32) {
        const y0 = powerOfParts4(v128.load(rests4 + j), v128.load(wholes4 + j), v128.load(a), v128.load(b));
        const y1 = powerOfParts4(v128.load(rests4 + j, 16), v128.load(wholes4 + j, 16), v128.load(a, 16), v128.load(b, 16));
        v128.store(y + j, y0);
        v128.store(y + j, y1, 16);
        a += 8 * stepA;
        b += 8 * stepB;
      }
      if (j < bytes) {
        v128.store(y + j, powerOfParts4(v128.load(rests4 + j), v128.load(wholes4 + j), v128.load(a), v128.load(b)));
        a += 4 * stepA;
        b += 4 * stepB;
      }
    }
    count -= run;
    y += bytes;
  }
}

/** Whether a lane of a run is special, but for its exponent. */
// @ts-ignore: decorator
@inline
function powSpecial(run: i32, a: usize, stepA: usize, b: usize, stepB: usize, room: usize): bool {
  let s0 = i64x2.splat(0);
  let s1 = s0;
  for (; run >= 8; run -= 8) {
    s0 = v128.or(s0, powSpecial4(v128.load(a), v128.load(b)));
    s1 = v128.or(s1, powSpecial4(v128.load(a, 16), v128.load(b, 16)));
    a += 8 * stepA;
    b += 8 * stepB;
  }
  v128.store(room, s0);
  v128.store(room, s1, 16);
  let special = v128.or(v128.load(room), v128.load(room, 16));
  for (; run > 0; run -= 4) {
    special = v128.or(special, powSpecial4(v128.load(a), v128.load(b)));
    a += 4 * stepA;
    b += 4 * stepB;
  }
  return v128.any_true(special);
}

// f64 of what stands in the low half of 64 bits, in instructions that an engine pairs: the bits of a positive normal f32, an
// integer, the bits of any f32 (∞ and NaN give numbers beyond all f32).
// @ts-ignore: decorator
@inline function positive(x: v128): v128 { return i64x2.add(i64x2.shl(x, 29), i64x2.splat(0x3800000000000000)); }
// @ts-ignore: decorator
@inline function integer(x: v128): v128 { return f64x2.sub(i64x2.sub(x, i64x2.splat(-0x4338000000000000)), f64x2.splat(MAGIC)); }
// @ts-ignore: decorator
@inline
function number(x: v128): v128 {
  return f64x2.mul(v128.and(i64x2.shl(x, 29), i64x2.splat(0x8fffffffffffffff)), f64x2.splat(5.282945311356653e269)); // 2^896
}

/** b·(e + log2 m), √½ ≤ m < √2. */
// @ts-ignore: decorator
@inline
function exponentOfPower(m: v128, e: v128, b: v128): v128 {
  const one = f64x2.splat(1);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  const zz = f64x2.mul(z, z);
  // 2^-37.8
  let p = madd<f64>(v128.splat<f64>(0.34072802816623726859), z, v128.splat<f64>(0.41167282609390478116));
  const q = madd<f64>(v128.splat<f64>(0.57708358327573446658), z, v128.splat<f64>(0.96179667335008947857));
  p = madd<f64>(p, zz, q);
  p = along<f64>(p, z, 2.8853900817900800536);
  return f64x2.mul(madd<f64>(p, s, e), b);
}

/** 2^f, |f| ≤ ½, with more care than `power2OfRest`. */
// @ts-ignore: decorator
@inline
function expOfPower(f: v128): v128 {
  const square = f32x4.mul(f, f);
  // 2^-28.9; even and odd terms by themselves, for the latency
  let p = v128.splat<f32>(1.5353362203856896e-4);
  p = along<f32>(p, square, 9.6184373626717295e-3);
  p = along<f32>(p, square, 0.24022647913545949);
  let q = v128.splat<f32>(1.3398875410499111e-3);
  q = along<f32>(q, square, 0.055503324687500393);
  q = along<f32>(q, square, 0.69314720285605834);
  return along<f32>(madd<f32>(p, f, q), f, 1);
}

function pow4Special(a: v128, b: v128): v128 { return join(powd(low(a), low(b)), powd(high(a), high(b))); }

export const FAR4: f32 = 12000; // for `wave4` and `tan4`: beyond it k has more than 13 bits

/** The integer nearest to x / (π/2), plus MAGIC4. */
// @ts-ignore: decorator
@inline function nearest4(x: v128): v128 { return madd<f32>(x, f32x4.splat(0.6366197723675814), f32x4.splat(MAGIC4)); }

/** x - k·π/2, rounded once. π/2 is in four parts, three of 11 bits, whose products with k are exact. */
// @ts-ignore: decorator
@inline
function reduce4(x: v128, k: v128): v128 {
  const s = reduceMost4(x, k);
  const third = thirdOfTurn4(k);
  const t = f32x4.sub(s, third);
  return f32x4.add(t, lostOfTurn4(k, s, t, third));
}

/** x less k times the first two parts, exactly. */
// @ts-ignore: decorator
@inline
function reduceMost4(x: v128, k: v128): v128 {
  return madd<f32>(k, f32x4.splat(-4.837512969970703125e-4), madd<f32>(k, f32x4.splat(-1.5703125), x));
}

// @ts-ignore: decorator
@inline function thirdOfTurn4(k: v128): v128 { return f32x4.mul(k, f32x4.splat(7.549533620476722717e-8)); }

/** What t = s - third lost, and the fourth part. */
// @ts-ignore: decorator
@inline
function lostOfTurn4(k: v128, s: v128, t: v128, third: v128): v128 {
  return madd<f32>(k, f32x4.splat(-2.563344068257089603e-12), f32x4.sub(f32x4.sub(s, t), third));
}

/** sin (`quarter` = 0) or cos (1) for |x| < FAR4: x = k·π/2 + r, |r| ≤ π/4. */
// @ts-ignore: decorator
@inline
export function wave4(x: v128, quarter: i32): v128 {
  const shifted = nearest4(x);
  const r = reduce4(x, f32x4.sub(shifted, f32x4.splat(MAGIC4)));
  const turn = i32x4.add(shifted, i32x4.splat(quarter));
  const z = f32x4.mul(r, r);
  // 2^-28
  let p = v128.splat<f32>(-0.000195152828094);
  p = along<f32>(p, z, 0.00833216075953);
  p = along<f32>(p, z, -0.166666546095);
  const sine = madd<f32>(f32x4.mul(z, r), p, v128.or(r, v128.and(x, f32x4.eq(x, f32x4.splat(0))))); // -0 of -0
  // 2^-33
  let q = v128.splat<f32>(2.44331556361e-5);
  q = along<f32>(q, z, -0.00138873162414);
  q = along<f32>(q, z, 0.0416666456827);
  q = along<f32>(along<f32>(q, z, -0.5), z, 1);
  const cosine = i32x4.shr_s(i32x4.shl(turn, 31), 31);
  return v128.xor(choose(q, sine, cosine), i32x4.shl(v128.and(turn, i32x4.splat(2)), 30));
}

/** tan for |x| < FAR4: r + r³·p(r²), or -1 / that for odd k. */
// @ts-ignore: decorator
@inline
export function tan4(x: v128): v128 {
  const shifted = nearest4(x);
  const k = f32x4.sub(shifted, f32x4.splat(MAGIC4));
  const s = reduceMost4(x, k);
  const third = thirdOfTurn4(k);
  const near = f32x4.sub(s, third);
  const lost = lostOfTurn4(k, s, near, third);
  const r = f32x4.add(near, lost);
  const rest = f32x4.add(f32x4.sub(near, r), lost); // what r lost: of -1 / r it would be too much
  const z = f32x4.mul(r, r);
  // 2^-29.6
  let p = v128.splat<f32>(0.0043762926044038592);
  p = along<f32>(p, z, 0.0000894892437458613896);
  p = along<f32>(p, z, 0.0108358590209157925);
  p = along<f32>(p, z, 0.0212821660694989858);
  p = along<f32>(p, z, 0.0540599213248159377);
  p = along<f32>(p, z, 0.133326632880241338);
  p = along<f32>(p, z, 0.333333497566576719);
  const sum = f32x4.add(r, madd<f32>(f32x4.mul(z, r), p, madd<f32>(z, rest, rest)));
  const t = v128.or(sum, v128.and(x, f32x4.eq(x, f32x4.splat(0)))); // -0 of -0
  return choose(f32x4.div(f32x4.splat(-1), t), t, i32x4.shr_s(i32x4.shl(shifted, 31), 31));
}

/** (asin √z / √z - 1) / z, √z ≤ FLAT4. */
// @ts-ignore: decorator
@inline
function asinCurve(z: v128): v128 {
  // 2^-29.0
  let p = v128.splat<f32>(0.0475278685606877359);
  p = along<f32>(p, z, 0.00670069556708048009);
  p = along<f32>(p, z, 0.0340258631129355541);
  p = along<f32>(p, z, 0.0442296539588785409);
  p = along<f32>(p, z, 0.0750211718566804065);
  return along<f32>(p, z, 0.166666308682305006);
}

const FLAT4: f32 = 0.5625; // beyond, of π/2 - 2 asin s both terms are small enough that the sum is right to 2 ulp

/** asin: s + s³·p(s²), s = |x| to FLAT4, and beyond π/2 - 2 asin s, s = √((1 - |x|) / 2). */
// @ts-ignore: decorator
@inline
export function asin4(x: v128): v128 {
  const a = f32x4.abs(x);
  const far = f32x4.gt(a, f32x4.splat(FLAT4));
  const z = choose(f32x4.mul(f32x4.sub(f32x4.splat(1), a), f32x4.splat(0.5)), f32x4.mul(a, a), far);
  const s = choose(f32x4.sqrt(z), a, far);
  const low = v128.and(far, f32x4.splat(LOW4 / 2));
  const y = f32x4.add(s, madd<f32>(f32x4.mul(z, s), asinCurve(z), low));
  return flip<f32>(choose(f32x4.sub(f32x4.splat(HALF_TURN4 / 2), f32x4.add(y, y)), y, far), x);
}

/** acos: π/2 - asin x to FLAT4, and beyond 2 asin √((1 - |x|) / 2), or π less that. */
// @ts-ignore: decorator
@inline
export function acos4(x: v128): v128 {
  const a = f32x4.abs(x);
  const far = f32x4.gt(a, f32x4.splat(FLAT4));
  const z = choose(f32x4.mul(f32x4.sub(f32x4.splat(1), a), f32x4.splat(0.5)), f32x4.mul(a, a), far);
  const s = choose(f32x4.sqrt(z), x, far);
  const y = madd<f32>(f32x4.mul(z, s), asinCurve(z), s);
  const twice = f32x4.add(y, y);
  const back = f32x4.sub(f32x4.splat(HALF_TURN4), f32x4.add(twice, f32x4.splat(2 * LOW4)));
  const ends = choose(back, twice, i32x4.shr_s(x, 31));
  return choose(ends, f32x4.sub(f32x4.splat(HALF_TURN4 / 2), f32x4.add(y, f32x4.splat(LOW4))), far);
}

const HALF_TURN4: f32 = 3.1415927410125732; // π
const LOW4: f32 = 4.371139000186243e-8; // what half of it is too large by

/** The angle of (x, y): t + t³·p(t²), t the smaller over the larger. */
// @ts-ignore: decorator
@inline
export function atan24(y: v128, x: v128): v128 {
  const a = f32x4.abs(x);
  const b = f32x4.abs(y);
  const steep = f32x4.gt(b, a);
  let top = choose(a, b, steep); // not min and max, for the sake of NaN
  let base = choose(b, a, steep);
  const both = v128.and(f32x4.eq(top, f32x4.splat(Infinity)), f32x4.eq(base, f32x4.splat(Infinity)));
  top = choose(f32x4.splat(1), top, both);
  base = choose(f32x4.splat(1), base, v128.or(both, f32x4.eq(base, f32x4.splat(0))));
  const angle = angle4(f32x4.div(top, base), steep);
  const back = f32x4.sub(f32x4.splat(HALF_TURN4), f32x4.add(angle, f32x4.splat(2 * LOW4)));
  return flip<f32>(choose(back, angle, i32x4.shr_s(x, 31)), y);
}

/** The angle with the tangent x. */
// @ts-ignore: decorator
@inline
export function atan4(x: v128): v128 {
  const a = f32x4.abs(x);
  const one = f32x4.splat(1);
  const steep = f32x4.gt(a, one);
  return flip<f32>(angle4(choose(f32x4.div(one, a), a, steep), steep), x);
}

/** atan t for t in [0, 1], or π/2 less that where it is steep. */
// @ts-ignore: decorator
@inline
function angle4(t: v128, steep: v128): v128 {
  const z = f32x4.mul(t, t);
  const square = f32x4.mul(z, z);
  // 2^-28.5; even and odd terms by themselves, for the latency, but for the largest
  let p = v128.splat<f32>(-1.79362297022340383e-3);
  p = along<f32>(p, square, -0.0311778567462159365);
  p = along<f32>(p, square, -0.0840345099246052536);
  let q = v128.splat<f32>(0.0109146114904972614);
  q = along<f32>(q, square, 0.0579576047185228392);
  q = along<f32>(q, square, 0.109521860065045509);
  p = madd<f32>(p, z, q);
  p = along<f32>(p, z, -0.142642417249696178);
  p = along<f32>(p, z, 0.199985482884902214);
  p = along<f32>(p, z, -0.333332990892624089);
  const low = v128.and(steep, f32x4.splat(LOW4));
  const rest = madd<f32>(f32x4.mul(z, t), p, low);
  return choose(f32x4.sub(f32x4.sub(f32x4.splat(HALF_TURN4 / 2), t), rest), f32x4.add(t, rest), steep);
}

// ── two f64 that were f32 ───────────────────────────────────────────────────────────────────────────────────────────

const MAGIC: f64 = 6755399441055744; // 1.5·2^52: added to a small number, its low bits are the nearest integer

/** Halves of four f32, widened. */
// @ts-ignore: decorator
@inline export function low(x: v128): v128 { return f64x2.promote_low_f32x4(x); }
// @ts-ignore: decorator
@inline export function high(x: v128): v128 { return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)); }
/** Four f32 from their halves. */
// @ts-ignore: decorator
@inline
export function join(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}

/** e^x - 1 (`minus` = 1) or e^x (0): 2^k·(e^r - 1) + (2^k - minus), without cancellation where k = 0. */
// @ts-ignore: decorator
@inline
function expm(x: v128, minus: f64): v128 {
  x = f64x2.pmax(f64x2.pmin(x, f64x2.splat(700)), f64x2.splat(-700));
  const shifted = madd<f64>(x, f64x2.splat(1.4426950408889634), f64x2.splat(MAGIC));
  const k = f64x2.sub(shifted, f64x2.splat(MAGIC));
  const r = madd<f64>(k, f64x2.splat(-0.6931471805599453), x);
  // 2^-37.7
  let p = v128.splat<f64>(2.4884458329428824e-5);
  p = along<f64>(p, r, 1.9907474430046237e-4);
  p = along<f64>(p, r, 1.3888804339632357e-3);
  p = along<f64>(p, r, 8.3332838187278255e-3);
  p = along<f64>(p, r, 0.041666666994088008);
  p = along<f64>(p, r, 0.16666666784143037);
  p = along<f64>(p, r, 0.49999999999646452);
  p = along<f64>(p, r, 0.99999999999590625);
  const power = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return madd<f64>(f64x2.mul(p, r), power, f64x2.sub(power, f64x2.splat(minus)));
}

export function expd(x: v128): v128 { return expm(x, 0); }
export function expm1d(x: v128): v128 { return signed(expm(x, 1), x); }

/** y, which has the sign of x already, but for zeros. */
// @ts-ignore: decorator
@inline function signed(y: v128, x: v128): v128 { return v128.or(y, v128.and(x, f64x2.splat(-0.0))); }

/** log u, where u = 1 + f exactly or, if it is not close to 1, nearly: 2s + s³·p(s²), s = f / (2 + f). */
// @ts-ignore: decorator
@inline
function logOf(u: v128, f: v128): v128 {
  const bits = i64x2.sub(u, i64x2.splat(0x3fe6a09e667f3bcd)); // √½
  const k = i64x2.shr_s(bits, 52);
  const m = i64x2.add(v128.and(bits, i64x2.splat(0xfffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd));
  f = v128.bitselect(f, f64x2.sub(m, f64x2.splat(1)), i64x2.eq(k, i64x2.splat(0)));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const z = f64x2.mul(s, s);
  // 2^-43.9
  let p = v128.splat<f64>(0.19586998344334984);
  p = along<f64>(p, z, 0.22176004030445068);
  p = along<f64>(p, z, 0.28572113241114887);
  p = along<f64>(p, z, 0.39999995586761283);
  p = along<f64>(p, z, 0.6666666667589293);
  const y = madd<f64>(f64x2.mul(z, s), p, f64x2.add(s, s));
  const e = f64x2.sub(i64x2.add(k, i64x2.splat(0x4338000000000000)), f64x2.splat(MAGIC)); // bits of MAGIC: k as f64
  const sum = madd<f64>(e, f64x2.splat(0.6931471805599453), y);
  const regular = v128.and(f64x2.gt(u, f64x2.splat(0)), f64x2.lt(u, f64x2.splat(Infinity)));
  return v128.bitselect(sum, pole<f64>(u), regular);
}

export function logd(x: v128): v128 { return logOf(x, f64x2.sub(x, f64x2.splat(1))); }
export function log1pd(x: v128): v128 { return signed(logOf(f64x2.add(x, f64x2.splat(1)), x), x); }

/** a^b = e^(b·log|a|), with the sign of an odd b. */
export function powd(a: v128, b: v128): v128 {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const size = f64x2.abs(a);
  let y = expd(f64x2.mul(b, logd(size)));
  const half = f64x2.mul(b, f64x2.splat(0.5));
  const whole = f64x2.eq(f64x2.trunc(b), b);
  const odd = v128.and(whole, f64x2.ne(f64x2.trunc(half), half));
  y = v128.xor(y, v128.and(v128.and(a, odd), f64x2.splat(-0.0)));
  const real = v128.or(whole, f64x2.ge(a, zero));
  y = v128.bitselect(y, f64x2.splat(NaN), v128.or(v128.or(real, f64x2.eq(size, zero)), f64x2.eq(size, f64x2.splat(Infinity))));
  return v128.bitselect(one, y, v128.or(v128.or(f64x2.eq(b, zero), f64x2.eq(a, one)), minusOneToInfinity(a, b)));
}

// @ts-ignore: decorator
@inline
function minusOneToInfinity(a: v128, b: v128): v128 {
  return v128.and(f64x2.eq(a, f64x2.splat(-1)), f64x2.eq(f64x2.abs(b), f64x2.splat(Infinity)));
}

/** sin (`quarter` = 0) or cos (1): x = k·π/2 + r, |r| ≤ π/4, for |x| < 10⁶: beyond it k·π/2 would no longer be exact. */
// @ts-ignore: decorator
@inline
function wave(x: v128, quarter: i64): v128 {
  const shifted = nearest(x);
  const r = reduce(x, f64x2.sub(shifted, f64x2.splat(MAGIC)));
  const turn = i64x2.add(shifted, i64x2.splat(quarter));
  const cosine = i64x2.ne(v128.and(turn, i64x2.splat(1)), i64x2.splat(0));
  const y = v128.bitselect(cosOf(r), sinOf(r), cosine);
  return v128.xor(y, i64x2.shl(v128.and(turn, i64x2.splat(2)), 62));
}

/** The integer nearest to x / (π/2), plus MAGIC. */
// @ts-ignore: decorator
@inline function nearest(x: v128): v128 { return madd<f64>(x, f64x2.splat(0.6366197723675814), f64x2.splat(MAGIC)); }

/** x - k·π/2: the first part of π/2 has 33 bits, so that its product with k is exact. */
// @ts-ignore: decorator
@inline
function reduce(x: v128, k: v128): v128 {
  return madd<f64>(k, f64x2.splat(-6.0771005065061922e-11), f64x2.sub(x, f64x2.mul(k, f64x2.splat(1.5707963267341256))));
}

// @ts-ignore: decorator
@inline
function sinOf(r: v128): v128 {
  const z = f64x2.mul(r, r);
  // 2^-37.6
  let p = v128.splat<f64>(2.7182372757769243e-6);
  p = along<f64>(p, z, -1.9839327136456102e-4);
  p = along<f64>(p, z, 8.3333293622801025e-3);
  p = along<f64>(p, z, -0.16666666641426521);
  return madd<f64>(f64x2.mul(z, r), p, r);
}

// @ts-ignore: decorator
@inline
function cosOf(r: v128): v128 {
  const z = f64x2.mul(r, r);
  // 2^-43.2
  let p = v128.splat<f64>(-2.7209547339168344e-7);
  p = along<f64>(p, z, 2.4799511759145513e-5);
  p = along<f64>(p, z, -1.3888883722609411e-3);
  p = along<f64>(p, z, 0.041666666622476999);
  return along<f64>(along<f64>(p, z, -0.5), z, 1);
}

export function sind(x: v128): v128 { return wave(x, 0); }
export function cosd(x: v128): v128 { return wave(x, 1); }

/** sin x at one address and cos x at another, with the bits of `sind` and `cosd`. */
export function sincosd(x: v128, sine: usize, cosine: usize): void {
  const shifted = nearest(x);
  const r = reduce(x, f64x2.sub(shifted, f64x2.splat(MAGIC)));
  const s = sinOf(r);
  const c = cosOf(r);
  const odd = i64x2.ne(v128.and(shifted, i64x2.splat(1)), i64x2.splat(0));
  const next = i64x2.add(shifted, i64x2.splat(1));
  v128.store(sine, v128.xor(v128.bitselect(c, s, odd), i64x2.shl(v128.and(shifted, i64x2.splat(2)), 62)));
  v128.store(cosine, v128.xor(v128.bitselect(s, c, odd), i64x2.shl(v128.and(next, i64x2.splat(2)), 62)));
}

/** erfc: 1 less an odd polynomial below 0.5, from the tail beyond. */
export function erfcd(x: v128): v128 {
  const a = f64x2.abs(x);
  const far = erfcFar(a);
  const y = v128.bitselect(f64x2.sub(f64x2.splat(2), far), far, f64x2.lt(x, f64x2.splat(0)));
  return v128.bitselect(f64x2.sub(f64x2.splat(1), erfNear(x)), y, f64x2.lt(a, f64x2.splat(0.5)));
}

// @ts-ignore: decorator
@inline
function erfNear(x: v128): v128 {
  const z = f64x2.mul(x, x);
  // 2^-40.2
  let p = v128.splat<f64>(1.0601170553212656e-6);
  p = along<f64>(p, z, -1.3914058682939868e-5);
  p = along<f64>(p, z, 1.1957329855730678e-4);
  p = along<f64>(p, z, -8.5427029712364634e-4);
  p = along<f64>(p, z, 5.2237865256096122e-3);
  p = along<f64>(p, z, -0.026866134011897638);
  p = along<f64>(p, z, 0.11283791318327366);
  p = along<f64>(p, z, -0.37612638890099032);
  p = along<f64>(p, z, 1.128379167094713);
  return f64x2.mul(p, x);
}

/** erfc a = e^(-a²) · t·p(t), t = 1 / (1 + a/2), for a ≥ 0.45. */
// @ts-ignore: decorator
@inline
function erfcFar(a: v128): v128 {
  const one = f64x2.splat(1);
  const t = f64x2.div(one, along<f64>(f64x2.splat(0.5), a, 1));
  // 2^-28.2
  let p = v128.splat<f64>(-0.026202866395661443);
  p = along<f64>(p, t, 0.049789534614534988);
  p = along<f64>(p, t, 0.093175772410860884);
  p = along<f64>(p, t, -0.30203027473671479);
  p = along<f64>(p, t, 0.17087825714703852);
  p = along<f64>(p, t, 0.011082844191504836);
  p = along<f64>(p, t, 0.19492580556352869);
  p = along<f64>(p, t, 0.24392619741150027);
  p = along<f64>(p, t, 0.2823481459396264);
  p = along<f64>(p, t, 0.28208535690352843);
  return f64x2.mul(f64x2.mul(p, t), expm(f64x2.neg(f64x2.mul(a, a)), 0));
}

// ── two f64, to 2 ulp ───────────────────────────────────────────────────────────────────────────────────────────────
//
// Even and odd terms of polynomials by themselves, for the latency.

/** (e^r - 1 - r) / r², |r| ≤ ln2/2. */
// @ts-ignore: decorator
@inline
function expCurve64(r: v128): v128 {
  const z = f64x2.mul(r, r);
  // 2^-57.9, of e^r
  let p = v128.splat<f64>(2.76308841328942787e-7);
  p = along<f64>(p, z, 2.48014911875878142e-5);
  p = along<f64>(p, z, 1.38888889456383971e-3);
  p = along<f64>(p, z, 0.0416666666665216326);
  p = along<f64>(p, z, 0.500000000000001181);
  let q = v128.splat<f64>(2.51176317141392158e-8);
  q = along<f64>(q, z, 2.75572171304496749e-6);
  q = along<f64>(q, z, 1.9841269916298147e-4);
  q = along<f64>(q, z, 8.33333333330780739e-3);
  q = along<f64>(q, z, 0.166666666666666979);
  return madd<f64>(q, r, p);
}

/** x - k·ln2, with ln2 in two parts: k times the first is exact. */
// @ts-ignore: decorator
@inline
function restOf64(x: v128, k: v128): v128 {
  return madd<f64>(k, f64x2.splat(-1.90821492927058770002e-10), madd<f64>(k, f64x2.splat(-0.693147180369123816490), x));
}

/** e^r, |r| ≤ ln2/2. */
// @ts-ignore: decorator
@inline
function expOfRest64(r: v128): v128 { return f64x2.add(madd<f64>(f64x2.mul(r, r), expCurve64(r), r), f64x2.splat(1)); }

/** Lanes that `exp64Brief` does not hold for. */
// @ts-ignore: decorator
@inline export function expStrange64(x: v128): v128 { return v128.not(f64x2.le(f64x2.abs(x), f64x2.splat(708))); }

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp64Brief(x: v128): v128 {
  const shifted = madd<f64>(x, f64x2.splat(1.4426950408889634), f64x2.splat(MAGIC));
  return i64x2.add(expOfRest64(restOf64(x, f64x2.sub(shifted, f64x2.splat(MAGIC)))), i64x2.shl(shifted, 52));
}

/** e^x. 2^k is multiplied in two steps, so that subnormal results are rounded once. */
// @ts-ignore: decorator
@inline
export function exp64(x: v128): v128 {
  x = f64x2.pmax(f64x2.pmin(x, f64x2.splat(710)), f64x2.splat(-746)); // NaN stays
  const magic = f64x2.splat(MAGIC);
  const k = f64x2.sub(madd<f64>(x, f64x2.splat(1.4426950408889634), magic), magic);
  const half = f64x2.add(f64x2.mul(k, f64x2.splat(0.5)), magic);
  const other = f64x2.add(f64x2.sub(k, f64x2.sub(half, magic)), magic);
  return f64x2.mul(f64x2.mul(expOfRest64(restOf64(x, k)), power64(half)), power64(other));
}

/** 2^k, given MAGIC + k. */
// @ts-ignore: decorator
@inline function power64(k: v128): v128 { return i64x2.shl(i64x2.add(k, i64x2.splat(1023)), 52); }

/** e^x for lanes that are ≤ 0 or NaN. */
// @ts-ignore: decorator
@inline
function fade64(x: v128): v128 {
  x = f64x2.pmax(x, f64x2.splat(-746)); // NaN stays
  const magic = f64x2.splat(MAGIC + 1023 + 200); // gives the bits of 2^(k + 200)
  const shifted = madd<f64>(x, f64x2.splat(1.4426950408889634), magic);
  const p = expOfRest64(restOf64(x, f64x2.sub(shifted, magic)));
  return f64x2.mul(f64x2.mul(p, i64x2.shl(shifted, 52)), f64x2.splat(6.223015277861142e-61)); // 2^-200
}

/** e^x - 1 for x in [-∞, 700] or NaN: 2^k·(e^r - 1) + (2^k - 1), the largest terms summed first. */
// @ts-ignore: decorator
@inline
export function expm164Brief(x: v128): v128 {
  x = f64x2.pmax(x, f64x2.splat(-60)); // from -38 on it is -1; NaN stays
  const magic = f64x2.splat(MAGIC + 1023); // gives the bits of 2^k
  const shifted = madd<f64>(x, f64x2.splat(1.4426950408889634), magic);
  const r = restOf64(x, f64x2.sub(shifted, magic));
  const power = i64x2.shl(shifted, 52);
  const sum = madd<f64>(power, r, f64x2.sub(power, f64x2.splat(1)));
  return signed(madd<f64>(f64x2.mul(power, f64x2.mul(r, r)), expCurve64(r), sum), x);
}

/** Lanes that it does not hold for. */
// @ts-ignore: decorator
@inline export function expm1Strange64(x: v128): v128 { return f64x2.gt(x, f64x2.splat(700)); }

/** e^x - 1. */
// @ts-ignore: decorator
@inline
export function expm164(x: v128): v128 {
  return v128.bitselect(exp64(x), expm164Brief(f64x2.pmin(x, f64x2.splat(700))), expm1Strange64(x));
}

/** tanh: with t = e^-2|x| - 1, -t / (t + 2), and beyond 1 what 2(1 + t) / (t + 2) leaves of 1. */
// @ts-ignore: decorator
@inline
export function tanh64(x: v128): v128 {
  const one = f64x2.splat(1);
  const two = f64x2.splat(2);
  const a = f64x2.abs(x);
  const t = expm164Brief(f64x2.mul(a, f64x2.splat(-2)));
  const far = f64x2.ge(a, one);
  const q = f64x2.div(v128.bitselect(f64x2.mul(f64x2.add(one, t), two), f64x2.neg(t), far), f64x2.add(t, two));
  return flip<f64>(f64x2.abs(v128.bitselect(f64x2.sub(one, q), q, far)), x); // NaN is near
}

/** 1 / (1 + e^-x), or e^x / (1 + e^x) where x is negative. */
// @ts-ignore: decorator
@inline
export function sigmoid64(x: v128): v128 {
  const e = fade64(f64x2.neg(f64x2.abs(x)));
  const one = f64x2.splat(1);
  return f64x2.div(v128.bitselect(e, one, f64x2.lt(x, f64x2.splat(0))), f64x2.add(one, e));
}

/** log(1 + e^-|x|). */
// @ts-ignore: decorator
@inline export function hinge64(x: v128): v128 { return log1p64Brief(fade64(f64x2.neg(f64x2.abs(x)))); }

/** Lanes that `log64Brief` does not hold for: all but the positive normal numbers. */
// @ts-ignore: decorator
@inline
export function logStrange64(x: v128): v128 {
  return v128.not(v128.and(f64x2.ge(x, f64x2.splat(2.2250738585072014e-308)), f64x2.lt(x, f64x2.splat(Infinity))));
}

/** log x. */
// @ts-ignore: decorator
@inline export function log64Brief(x: v128): v128 { return logOfRest64(f64x2.sub(mantissa64(x), f64x2.splat(1)), exponent64(x)); }

/** log x. */
export function log64(x: v128): v128 {
  const small = isSmall64(x);
  const y = log64Brief(scaled64(x, small));
  return polesOfLog64(f64x2.sub(y, v128.and(small, f64x2.splat(37.42994775023705))), x); // log 2^54
}

/** Subnormal numbers, and those that have no logarithm. */
// @ts-ignore: decorator
@inline function isSmall64(x: v128): v128 { return f64x2.lt(x, f64x2.splat(2.2250738585072014e-308)); }

/** Small numbers times 2^54. */
// @ts-ignore: decorator
@inline function scaled64(x: v128, small: v128): v128 { return v128.bitselect(f64x2.mul(x, f64x2.splat(18014398509481984)), x, small); }

/** A logarithm of x, but what belongs there where x is 0, negative, ∞ or NaN. */
// @ts-ignore: decorator
@inline
function polesOfLog64(y: v128, x: v128): v128 {
  return v128.bitselect(y, pole<f64>(x), v128.and(f64x2.gt(x, f64x2.splat(0)), f64x2.lt(x, f64x2.splat(Infinity))));
}

const SQRT_HALF64: i64 = 0x3fe6a09e667f3bcd; // the bits of √½: what is above counts for the next power of two

/** m, where x = 2^k·m, √½ ≤ m < √2. */
// @ts-ignore: decorator
@inline
function mantissa64(x: v128): v128 {
  return i64x2.add(v128.and(i64x2.sub(x, i64x2.splat(SQRT_HALF64)), i64x2.splat(0xfffffffffffff)), i64x2.splat(SQRT_HALF64));
}

/** That k. */
// @ts-ignore: decorator
@inline
function exponent64(x: v128): v128 {
  const biased = i64x2.shr_u(i64x2.add(x, i64x2.splat(0x3ff0000000000000 - SQRT_HALF64)), 52);
  return f64x2.sub(v128.or(biased, i64x2.splat(0x4330000000000000)), f64x2.splat(4503599627370496 + 1023)); // bits of 2^52
}

/** e·ln2 + log(1 + f). */
// @ts-ignore: decorator
@inline
function logOfRest64(f: v128, e: v128): v128 {
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5));
  const rest = madd<f64>(e, f64x2.splat(1.90821492927058770002e-10), bendOfLog64(f, half));
  return madd<f64>(e, f64x2.splat(0.693147180369123816490), f64x2.sub(f, f64x2.sub(half, rest)));
}

/** log(1 + f) - f + f²/2: with s = f / (2 + f), s·(f²/2 + s²·p(s²)). */
// @ts-ignore: decorator
@inline
function bendOfLog64(f: v128, half: v128): v128 {
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  // 2^-58.5
  let p = v128.splat<f64>(0.147960950802131287);
  p = along<f64>(p, w, 0.181835648307131039);
  p = along<f64>(p, w, 0.285714287424690774);
  p = along<f64>(p, w, 0.666666666666673446);
  let q = v128.splat<f64>(0.153140368143402136);
  q = along<f64>(q, w, 0.222221985641305661);
  q = along<f64>(q, w, 0.399999999994143448);
  return f64x2.mul(s, madd<f64>(z, madd<f64>(q, z, p), half));
}

/**
 * log₂ x (`base` = 0) or log₁₀ x (1): the logarithm of the rest in two parts, of which the first has so few bits that its
 * product with the first part of 1 / log(base) is exact; what the sum with the exponent's part loses is added in the end.
 */
// @ts-ignore: decorator
@inline
export function logTo64Brief(x: v128, base: i32): v128 {
  const e = exponent64(x);
  const f = f64x2.sub(mantissa64(x), f64x2.splat(1));
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5));
  const high = v128.and(f64x2.sub(f, half), i64x2.splat(0xffffffff00000000));
  const low = f64x2.add(f64x2.sub(f64x2.sub(f, high), half), bendOfLog64(f, half));
  const scale = base == 0 ? 1.44269504072144627571 : 4.34294481878168880939e-1;
  const more = base == 0 ? 1.67517131648865118353e-10 : 2.50829467116452752298e-11;
  const main = f64x2.mul(high, f64x2.splat(scale));
  const whole = base == 0 ? e : f64x2.mul(e, f64x2.splat(3.01029995663611771306e-1));
  let rest = f64x2.add(f64x2.mul(f64x2.add(low, high), f64x2.splat(more)), f64x2.mul(low, f64x2.splat(scale)));
  if (base == 1) rest = f64x2.add(rest, f64x2.mul(e, f64x2.splat(3.69423907715893078616e-13)));
  const sum = f64x2.add(whole, main);
  return f64x2.add(f64x2.add(rest, f64x2.add(f64x2.sub(whole, sum), main)), sum);
}

/** log₂ x (`base` = 0) or log₁₀ x (1). */
export function logTo64(x: v128, base: i32): v128 {
  const small = isSmall64(x);
  const y = logTo64Brief(scaled64(x, small), base);
  return polesOfLog64(f64x2.sub(y, v128.and(small, f64x2.splat(base == 0 ? 54 : 16.255619765854984))), x); // of 2^54
}

/** Lanes that `log1p64Brief` does not hold for: all but those in (-1, 2^1000). */
// @ts-ignore: decorator
@inline
export function log1pStrange64(x: v128): v128 {
  return v128.not(v128.and(f64x2.gt(x, f64x2.splat(-1)), f64x2.lt(x, f64x2.splat(1.0715086071862673e301))));
}

/** log(1 + x) = k·ln2 + log(1 + f): f = x·2^-k + (2^-k - 1) is rounded once. */
// @ts-ignore: decorator
@inline
export function log1p64Brief(x: v128): v128 {
  const one = f64x2.splat(1);
  const u = f64x2.add(x, one);
  const bits = v128.and(i64x2.sub(u, i64x2.splat(SQRT_HALF64)), i64x2.splat(0xfff0000000000000));
  const power = i64x2.sub(one, bits); // 2^-k
  return signed(logOfRest64(madd<f64>(x, power, f64x2.sub(power, one)), exponent64(u)), x);
}

/** log(1 + x). */
// @ts-ignore: decorator
@inline
export function log1p64(x: v128): v128 {
  return v128.bitselect(log64(f64x2.add(x, f64x2.splat(1))), log1p64Brief(x), log1pStrange64(x));
}

export const FAR64: f64 = 1e6; // for `wave64`: beyond it k has more than 20 bits

/**
 * sin (`part` = 0), cos (1) or tan (2) for |x| < FAR64: x = k·π/2 + r, |r| ≤ π/4. π/2 is in three parts, two of 33 bits,
 * whose products with k are exact; what r lost is added to the small terms.
 */
// @ts-ignore: decorator
@inline
export function wave64(x: v128, part: i32): v128 {
  const shifted = nearest(x);
  const k = f64x2.sub(shifted, f64x2.splat(MAGIC));
  const s = f64x2.sub(x, f64x2.mul(k, f64x2.splat(1.57079632673412561417)));
  const second = f64x2.mul(k, f64x2.splat(6.07710050630396597660e-11));
  const t = f64x2.sub(s, second);
  const third = madd<f64>(k, f64x2.splat(2.02226624879595063154e-21), f64x2.add(f64x2.sub(t, s), second));
  const r = f64x2.sub(t, third);
  const low = f64x2.sub(f64x2.sub(t, r), third);
  const z = f64x2.mul(r, r);
  const w = f64x2.mul(z, z);
  const half = f64x2.mul(z, f64x2.splat(0.5));
  // 2^-58
  let p = v128.splat<f64>(-2.50507542878220494e-8);
  p = along<f64>(p, w, -1.98412698297426524e-4);
  p = along<f64>(p, w, -0.166666666666666317);
  let q = v128.splat<f64>(1.58965662321402102e-10);
  q = along<f64>(q, w, 2.7557313668360879e-6);
  q = along<f64>(q, w, 8.33333333332233597e-3);
  const small = madd<f64>(f64x2.mul(z, r), madd<f64>(q, z, p), f64x2.sub(low, f64x2.mul(low, half)));
  const sine = f64x2.add(v128.or(r, v128.and(x, f64x2.eq(x, f64x2.splat(0)))), small); // -0 of -0
  // 2^-64
  let c = v128.splat<f64>(2.08757203422565265e-9);
  c = along<f64>(c, w, 2.48015872894133603e-5);
  c = along<f64>(c, w, 0.0416666666666665989);
  let d = v128.splat<f64>(-1.13594906535992196e-11);
  d = along<f64>(d, w, -2.75573143315829978e-7);
  d = along<f64>(d, w, -1.38888888888740189e-3);
  const one = f64x2.splat(1);
  const most = f64x2.sub(one, half);
  const rest = f64x2.sub(f64x2.mul(w, madd<f64>(d, z, c)), f64x2.mul(r, low));
  const cosine = f64x2.add(most, f64x2.add(f64x2.sub(f64x2.sub(one, most), half), rest));
  if (part == 2) {
    const odd = i64x2.ne(v128.and(shifted, i64x2.splat(1)), i64x2.splat(0));
    return f64x2.div(v128.bitselect(f64x2.neg(cosine), sine, odd), v128.bitselect(sine, cosine, odd));
  }
  const turn = i64x2.add(shifted, i64x2.splat(part));
  const odd = i64x2.ne(v128.and(turn, i64x2.splat(1)), i64x2.splat(0));
  return v128.xor(v128.bitselect(cosine, sine, odd), i64x2.shl(v128.and(turn, i64x2.splat(2)), 62));
}

/** erf: an odd series below 1, 1 - erfc |x| beyond. */
export function erf64(x: v128): v128 {
  const a = f64x2.abs(x);
  const near = f64x2.mul(x, erfNear64(f64x2.mul(x, x)));
  const far = flip<f64>(f64x2.sub(f64x2.splat(1), erfcFar64(f64x2.pmin(a, f64x2.splat(30)))), x);
  return v128.bitselect(far, near, f64x2.ge(a, f64x2.splat(1))); // NaN is near
}

/** erfc: 1 less an odd series below ½, from the tail beyond. */
export function erfc64(x: v128): v128 {
  const a = f64x2.abs(x);
  const far = erfcFar64(f64x2.pmin(a, f64x2.splat(30)));
  const y = v128.bitselect(f64x2.sub(f64x2.splat(2), far), far, f64x2.lt(x, f64x2.splat(0)));
  const near = f64x2.sub(f64x2.splat(1), f64x2.mul(x, erfNear64(f64x2.mul(x, x))));
  return v128.bitselect(y, near, f64x2.ge(a, f64x2.splat(0.5)));
}

/** erfc a for ½ ≤ a ≤ 30: e^(-a²) · t·p(t), t = 1 / (1 + a/2). The square is in two parts: an error in the exponent would be one of many ulp. */
// @ts-ignore: decorator
@inline
function erfcFar64(a: v128): v128 {
  const one = f64x2.splat(1);
  const t = f64x2.div(one, madd<f64>(f64x2.splat(0.5), a, one));
  const high = v128.and(a, i64x2.splat(0xfffffffff8000000));
  const less = f64x2.mul(f64x2.sub(high, a), f64x2.add(high, a)); // high² - a²
  const bell = fade64(f64x2.neg(f64x2.mul(high, high)));
  return f64x2.mul(f64x2.mul(f64x2.mul(bell, fade64(less)), t), erfcSeries64(t));
}

/** erf √z / √z for z ≤ 1. */
// @ts-ignore: decorator
@inline
function erfNear64(z: v128): v128 {
  // 2^-62
  let p = v128.splat<f64>(5.8729601925924344e-11);
  p = along<f64>(p, z, -1.1323807510240568e-9);
  p = along<f64>(p, z, 1.4647305172516411e-8);
  p = along<f64>(p, z, -1.6348495072339949e-7);
  p = along<f64>(p, z, 1.6460832873619584e-6);
  p = along<f64>(p, z, -1.4925585085420148e-5);
  p = along<f64>(p, z, 1.2055330700312304e-4);
  p = along<f64>(p, z, -8.5483269699318103e-4);
  p = along<f64>(p, z, 5.2239776246355483e-3);
  p = along<f64>(p, z, -0.026866170645058854);
  p = along<f64>(p, z, 0.11283791670954788);
  p = along<f64>(p, z, -0.37612638903183746);
  p = along<f64>(p, z, 1.1283791670955126);
  return p;
}

/** e^(a²)·erfc a / t for a ≥ 0.45, t = 1 / (1 + a/2). */
// @ts-ignore: decorator
@inline
function erfcSeries64(t: v128): v128 {
  // 2^-57
  let p = v128.splat<f64>(0.016777175112407426);
  p = along<f64>(p, t, -0.052523380283573576);
  p = along<f64>(p, t, -0.31051608012754854);
  p = along<f64>(p, t, 2.5319907621612731);
  p = along<f64>(p, t, -8.301787745023916);
  p = along<f64>(p, t, 16.63877399581028);
  p = along<f64>(p, t, -22.72652734315062);
  p = along<f64>(p, t, 22.086448282853186);
  p = along<f64>(p, t, -15.618660376269065);
  p = along<f64>(p, t, 8.2938820622163077);
  p = along<f64>(p, t, -3.5328625511826425);
  p = along<f64>(p, t, 1.2280196087884205);
  p = along<f64>(p, t, -0.26181438997466417);
  p = along<f64>(p, t, 0.06203881359955356);
  p = along<f64>(p, t, -0.064474640063527793);
  p = along<f64>(p, t, -0.055298306874920033);
  p = along<f64>(p, t, -4.5552311950621283e-3);
  p = along<f64>(p, t, 0.083758192429170929);
  p = along<f64>(p, t, 0.17630861634394577);
  p = along<f64>(p, t, 0.24683296665317299);
  p = along<f64>(p, t, 0.28209479122354498);
  p = along<f64>(p, t, 0.282094791779683);
  return p;
}

/** log |Γ(x)|: Lanczos' series with g = 7 for x ≥ ½, by reflection below. */
export function lgamma64(x: v128): v128 {
  const low = f64x2.lt(x, f64x2.splat(0.5));
  const z = f64x2.sub(v128.bitselect(f64x2.sub(f64x2.splat(1), x), x, low), f64x2.splat(1));
  const t = f64x2.add(z, f64x2.splat(7.5));
  const main = f64x2.sub(f64x2.mul(f64x2.add(z, f64x2.splat(0.5)), log64Brief(t)), t);
  let factor = lanczos64(z);
  if (v128.any_true(low)) {
    const sine = wave64(f64x2.mul(fraction64(x), f64x2.splat(3.141592653589793)), 0);
    factor = f64x2.mul(factor, v128.bitselect(f64x2.abs(sine), f64x2.splat(1), low));
  }
  const log = log64(factor);
  const above = f64x2.add(main, f64x2.add(log, f64x2.splat(0.9189385332046727))); // log(2π) / 2
  const below = f64x2.sub(f64x2.splat(0.22579135264472744), f64x2.add(main, log)); // log(π / 2) / 2
  const infinity = f64x2.splat(Infinity);
  return v128.bitselect(infinity, v128.bitselect(below, above, low), f64x2.eq(f64x2.abs(x), infinity));
}

/** x less the nearest integer. */
// @ts-ignore: decorator
@inline function fraction64(x: v128): v128 { return f64x2.sub(x, f64x2.nearest(x)); }

/** The series' sum, with P. Godfrey's nine coefficients, good to 1e-15; its fractions are added four by four. */
// @ts-ignore: decorator
@inline
function lanczos64(z: v128): v128 {
  const near = f64x2.pmin(z, f64x2.splat(1e70)); // what is beyond is 0
  const first = fractions64(f64x2.add(near, f64x2.splat(1)), 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059);
  const last = fractions64(f64x2.add(near, f64x2.splat(5)), 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7);
  return f64x2.add(f64x2.splat(0.99999999999980993), f64x2.add(first, last));
}

/** a / x + b / (x + 1) + c / (x + 2) + d / (x + 3). */
// @ts-ignore: decorator
@inline
function fractions64(x: v128, a: f64, b: f64, c: f64, d: f64): v128 {
  const two = f64x2.add(x, f64x2.splat(2));
  const ab = f64x2.mul(x, f64x2.add(x, f64x2.splat(1)));
  const cd = f64x2.mul(two, f64x2.add(x, f64x2.splat(3)));
  const left = madd<f64>(x, f64x2.splat(a + b), f64x2.splat(a));
  const right = madd<f64>(two, f64x2.splat(c + d), f64x2.splat(c));
  return f64x2.div(madd<f64>(left, cd, f64x2.mul(right, ab)), f64x2.mul(ab, cd));
}

/**
 * Γ'(x) / Γ(x), by reflection below ½: ψ(x) = ψ(x + 10) - Σ 1 / (x + k), and ψ(y) ~ log y - 1/2y - Σ B2k / (2k y²ᵏ). Of the
 * sum 1 / (x + k) + 1 / (x + 9 - k) = (2x + 9) / (u + k (9 - k)), u = x² + 9x.
 */
export function digamma64(x: v128): v128 {
  const low = f64x2.lt(x, f64x2.splat(0.5));
  const start = v128.bitselect(f64x2.sub(f64x2.splat(1), x), x, low);
  const near = f64x2.lt(start, f64x2.splat(10));
  const y = f64x2.add(start, v128.and(near, f64x2.splat(10)));
  const r = f64x2.div(f64x2.splat(1), f64x2.mul(y, y));
  let p = v128.splat<f64>(-0.44325980392156865); // B16 / 16
  p = along<f64>(p, r, 0.08333333333333333);
  p = along<f64>(p, r, -0.021092796092796094);
  p = along<f64>(p, r, 0.007575757575757576);
  p = along<f64>(p, r, -0.004166666666666667);
  p = along<f64>(p, r, 0.003968253968253968);
  p = along<f64>(p, r, -0.008333333333333333);
  p = along<f64>(p, r, 0.08333333333333333);
  let high = f64x2.sub(f64x2.sub(log64(y), f64x2.div(f64x2.splat(0.5), y)), f64x2.mul(p, r));
  // Of u (u + 8) (u + 14) (u + 18) (u + 20), and what its derivative is divided by it.
  const s = f64x2.pmin(start, f64x2.splat(10));
  const u = f64x2.mul(s, f64x2.add(s, f64x2.splat(9)));
  let d = f64x2.add(u, f64x2.splat(60));
  d = along<f64>(d, u, 1308);
  d = along<f64>(d, u, 12176);
  d = along<f64>(d, u, 40320);
  d = f64x2.mul(d, u);
  let n = v128.splat<f64>(5);
  n = along<f64>(n, u, 240);
  n = along<f64>(n, u, 3924);
  n = along<f64>(n, u, 24352);
  n = along<f64>(n, u, 40320);
  const sum = f64x2.div(f64x2.mul(f64x2.add(f64x2.add(s, s), f64x2.splat(9)), n), d);
  high = f64x2.sub(high, v128.and(near, sum));
  if (!v128.any_true(low)) return high;
  return v128.bitselect(digammaLow64(x, high), high, low);
}

/** ψ(1 - x) - π / tan πx; -∞ at 0, NaN at -1, -2 … */
function digammaLow64(x: v128, high: v128): v128 {
  const zero = f64x2.splat(0);
  const tan = wave64(f64x2.mul(fraction64(x), f64x2.splat(3.141592653589793)), 2);
  const y = f64x2.sub(high, f64x2.div(f64x2.splat(3.141592653589793), tan));
  const pole = v128.bitselect(f64x2.neg(f64x2.div(f64x2.splat(1), x)), f64x2.splat(NaN), f64x2.eq(x, zero));
  return v128.bitselect(pole, y, v128.and(f64x2.le(x, zero), f64x2.eq(x, f64x2.floor(x))));
}

/** The inverse of erf: M. Giles' polynomials (2010), then `steps` steps of Newton, each of which doubles their 22 bits. */
// @ts-ignore: decorator
@inline
export function erfinv64(x: v128, steps: i32): v128 {
  const one = f64x2.splat(1);
  const edge = f64x2.eq(f64x2.abs(x), one);
  const open = v128.andnot(x, edge);
  const w = f64x2.neg(log64(f64x2.mul(f64x2.sub(one, open), f64x2.add(one, open))));
  const centre = f64x2.sub(w, f64x2.splat(2.5));
  let p = v128.splat<f64>(2.81022636e-8);
  p = along<f64>(p, centre, 3.43273939e-7);
  p = along<f64>(p, centre, -3.5233877e-6);
  p = along<f64>(p, centre, -4.39150654e-6);
  p = along<f64>(p, centre, 0.00021858087);
  p = along<f64>(p, centre, -0.00125372503);
  p = along<f64>(p, centre, -0.00417768164);
  p = along<f64>(p, centre, 0.246640727);
  p = along<f64>(p, centre, 1.50140941);
  const tail = f64x2.sub(f64x2.sqrt(w), f64x2.splat(3));
  let q = v128.splat<f64>(-0.000200214257);
  q = along<f64>(q, tail, 0.000100950558);
  q = along<f64>(q, tail, 0.00134934322);
  q = along<f64>(q, tail, -0.00367342844);
  q = along<f64>(q, tail, 0.00573950773);
  q = along<f64>(q, tail, -0.0076224613);
  q = along<f64>(q, tail, 0.00943887047);
  q = along<f64>(q, tail, 1.00167406);
  q = along<f64>(q, tail, 2.83297682);
  let y = f64x2.mul(v128.bitselect(p, q, f64x2.lt(w, f64x2.splat(5))), open);
  for (; steps > 0; steps--) y = newton64(y, open);
  return v128.bitselect(flip<f64>(f64x2.splat(Infinity), x), y, edge);
}

/** A step towards the zero of erf(y) - x. */
function newton64(y: v128, x: v128): v128 {
  const slope = f64x2.mul(fade64(f64x2.neg(f64x2.mul(y, y))), f64x2.splat(1.1283791670955126));
  return f64x2.sub(y, f64x2.div(f64x2.sub(erf64(y), x), slope));
}

// ── one f64: what NativeMath lacks ──────────────────────────────────────────────────────────────────────────────────

export function sigmoid(x: f64): f64 {
  const e = NativeMath.exp(-abs<f64>(x));
  return (x < 0 ? e : 1) / (1 + e);
}
