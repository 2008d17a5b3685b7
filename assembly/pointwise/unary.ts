// y = op(a), element by element. The block is the one of iterate.ts with the operands y, a (and for `clamp` its bounds
// in p0, p1).

import {
  acos4, asin4, atan4, cosh4, digamma64, erf4, erf64, erfc64, erfcd, erfinv64, exp4, exp4Brief, exp64, exp64Brief, expd, expm164,
  expm164Brief, expm1d, expm1Strange64, expStrange4, expStrange64, FAR4, FAR64, flip, high, join, lgamma64, log1p4, log1p4Brief, log1p64,
  log1p64Brief, log1pd, log1pStrange4, log1pStrange64, log4, log4Brief, log64, log64Brief, logStrange4, logStrange64, logTo4, logTo64, logTo64Brief,
  logTo4Brief, low, sigmoid4, sigmoid4Brief, sigmoid64, sigmoidStrange4, sinh4, tan4, tanh4, tanh64, wave4, wave64,
} from "../math";
import { Heavy, Light, LightWith, map1, Watchful } from "./map";

// ── a few instructions ──────────────────────────────────────────────────────────────────────────────────────────────

// @ts-ignore: decorator
@final
export class Neg extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.neg<T>(x); }
}

// @ts-ignore: decorator
@final
export class Abs extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.abs<T>(x); }
}

// @ts-ignore: decorator
@final
export class Square extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.mul<T>(x, x); }
}

// @ts-ignore: decorator
@final
export class Sqrt extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.sqrt<T>(x); }
}

// @ts-ignore: decorator
@final
export class Rsqrt extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), v128.sqrt<T>(x)); }
}

// @ts-ignore: decorator
@final
export class Reciprocal extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), x); }
}

// @ts-ignore: decorator
@final
export class Floor extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.floor<T>(x); }
}

// @ts-ignore: decorator
@final
export class Ceil extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.ceil<T>(x); }
}

// @ts-ignore: decorator
@final
export class Trunc extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.trunc<T>(x); }
}

// @ts-ignore: decorator
@final
export class Frac extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.sub<T>(x, v128.trunc<T>(x)); }
}

/** To nearest, halves to even. */
// @ts-ignore: decorator
@final
export class Round extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.nearest<T>(x); }
}

/** -1, 0 or 1; 0 for NaN. */
// @ts-ignore: decorator
@final
export class Sign extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const one = v128.splat<T>(<T>1);
    const zero = v128.splat<T>(<T>0);
    return v128.sub<T>(v128.and(v128.gt<T>(x, zero), one), v128.and(v128.lt<T>(x, zero), one));
  }
}

// @ts-ignore: decorator
@final
export class Relu extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const zero = v128.splat<T>(<T>0);
    return isFloat<T>() ? v128.pmax<T>(x, zero) : v128.and(x, v128.gt<T>(x, zero));
  }
}

/** x³. */
// @ts-ignore: decorator
@final
export class Cube extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.mul<T>(v128.mul<T>(x, x), x); }
}

/** 1 / x². */
// @ts-ignore: decorator
@final
export class InverseSquare extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), v128.mul<T>(x, x)); }
}

/** min(max(x, p0), p1); NaN stays. No bound is NaN. */
// @ts-ignore: decorator
@final
export class Clamp extends LightWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, low: v128, high: v128): v128 {
    if (isFloat<T>()) return v128.pmin<T>(v128.pmax<T>(x, low), high);
    const y = v128.bitselect(x, low, v128.gt<T>(x, low));
    return v128.bitselect(y, high, v128.lt<T>(y, high));
  }
}

// ── the functions of mathematics ────────────────────────────────────────────────────────────────────────────────────
//
// A class has the f32 form (`apply` four at a time, or `two` for `Halves`) and the f64 form (`one`, for `Each`).

/** f32 through two f64 at a time. */
// @ts-ignore: decorator
@final
class Halves<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const op = changetype<O>(0);
    return join(op.two(low(x)), op.two(high(x)));
  }
}

/** One f64 at a time, for f32 too. */
// @ts-ignore: decorator
@final
class Each<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const op = changetype<O>(0);
    if (sizeof<T>() == 4) return join(this.pair<O>(op, low(x)), this.pair<O>(op, high(x)));
    return this.pair<O>(op, x);
  }
  // @ts-ignore: decorator
  @inline
  pair<P>(op: P, x: v128): v128 {
    return f64x2.replace_lane(f64x2.splat(op.one(f64x2.extract_lane(x, 0))), 1, op.one(f64x2.extract_lane(x, 1)));
  }
}

/** sin, cos, tan in f32, O's `near`: lanes beyond FAR4 one by one, with all of π. */
// @ts-ignore: decorator
@final
class Turn<O> extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return f32x4.gt(f32x4.abs(x), f32x4.splat(FAR4)); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return changetype<O>(0).near(x); }
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const far = this.strange<T>(x);
    const y = this.brief<T>(x);
    return v128.any_true(far) ? v128.bitselect(beyond<O>(x), y, far) : y;
  }
}

/** A function of f64, O's `near`: lanes beyond its reach, and NaN, one by one. */
// @ts-ignore: decorator
@final
class Reach<O> extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return v128.not(f64x2.le(f64x2.abs(x), f64x2.splat(changetype<O>(0).reach))); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return changetype<O>(0).near64(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.any_true(this.strange<T>(x)) ? beyond64<O>(x) : this.brief<T>(x); }
}

/** Lanes within reach get the bits that they would get elsewhere. */
function beyond64<O>(x: v128): v128 {
  const far = changetype<Reach<O>>(0).strange<f64>(x);
  return v128.bitselect(changetype<Each<O>>(0).apply<f64>(x), changetype<O>(0).near64(x), far);
}

function beyond<O>(x: v128): v128 { return changetype<Each<O>>(0).apply<f32>(x); }

// @ts-ignore: decorator
@final
class Exp extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return expStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return exp4Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return exp4(x); }
}

// @ts-ignore: decorator
@final
class Log extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return log4Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return log4(x); }
}

// @ts-ignore: decorator
@final
class Tanh extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return tanh4(x); }
}

// @ts-ignore: decorator
@final
class Sigmoid extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return sigmoidStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return sigmoid4Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return sigmoid4(x); }
}

// @ts-ignore: decorator
@final
class Exp2 {
  // @ts-ignore: decorator
  @inline two(x: v128): v128 { return expd(f64x2.mul(x, f64x2.splat(0.6931471805599453))); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.exp2(x); }
}

// @ts-ignore: decorator
@final
class Expm1 {
  // @ts-ignore: decorator
  @inline two(x: v128): v128 { return expm1d(x); }
}

// @ts-ignore: decorator
@final
class Log2 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return logTo4Brief(x, 0); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return logTo4(x, 0); }
}

// @ts-ignore: decorator
@final
class Log10 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return logTo4Brief(x, 1); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return logTo4(x, 1); }
}

// @ts-ignore: decorator
@final
class Log1p extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return log1pStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return log1p4Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return log1p4(x); }
}

// @ts-ignore: decorator
@final
class Sin {
  // @ts-ignore: decorator
  @inline near(x: v128): v128 { return wave4(x, 0); }
  // @ts-ignore: decorator
  @inline get reach(): f64 { return FAR64; }
  // @ts-ignore: decorator
  @inline near64(x: v128): v128 { return wave64(x, 0); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.sin(x); }
}

// @ts-ignore: decorator
@final
class Cos {
  // @ts-ignore: decorator
  @inline near(x: v128): v128 { return wave4(x, 1); }
  // @ts-ignore: decorator
  @inline get reach(): f64 { return FAR64; }
  // @ts-ignore: decorator
  @inline near64(x: v128): v128 { return wave64(x, 1); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.cos(x); }
}

// @ts-ignore: decorator
@final
class Tan {
  // @ts-ignore: decorator
  @inline near(x: v128): v128 { return tan4(x); }
  // @ts-ignore: decorator
  @inline get reach(): f64 { return FAR64; }
  // @ts-ignore: decorator
  @inline near64(x: v128): v128 { return wave64(x, 2); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.tan(x); }
}

// @ts-ignore: decorator
@final
class Asin extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return asin4(x); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.asin(x); }
}

// @ts-ignore: decorator
@final
class Acos extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return acos4(x); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.acos(x); }
}

// @ts-ignore: decorator
@final
class Atan extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return atan4(x); }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.atan(x); }
}

// @ts-ignore: decorator
@final
class Sinh extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return sinh4(x); }
  // @ts-ignore: decorator
  @inline get reach(): f64 { return 700; }
  // @ts-ignore: decorator
  @inline
  near64(x: v128): v128 {
    // With e = e^|x| - 1: (e + e / (e + 1)) / 2.
    const e = expm164Brief(f64x2.abs(x));
    const y = f64x2.add(e, f64x2.div(e, f64x2.add(e, f64x2.splat(1))));
    return flip<f64>(f64x2.mul(y, f64x2.splat(0.5)), x);
  }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.sinh(x); }
}

// @ts-ignore: decorator
@final
class Cosh extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return cosh4(x); }
  // @ts-ignore: decorator
  @inline get reach(): f64 { return 700; }
  // @ts-ignore: decorator
  @inline
  near64(x: v128): v128 {
    const e = exp64Brief(f64x2.abs(x));
    return f64x2.mul(f64x2.add(e, f64x2.div(f64x2.splat(1), e)), f64x2.splat(0.5));
  }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.cosh(x); }
}

// @ts-ignore: decorator
@final
class Asinh {
  // @ts-ignore: decorator
  @inline
  two(x: v128): v128 {
    // log1p(a + a² / (1 + √(1 + a²))), a = |x|
    const a = f64x2.abs(x);
    const square = f64x2.mul(a, a);
    const one = f64x2.splat(1);
    const root = f64x2.sqrt(f64x2.add(square, one));
    const y = log1pd(f64x2.add(a, f64x2.div(square, f64x2.add(root, one))));
    return flip<f64>(v128.bitselect(a, y, f64x2.eq(a, f64x2.splat(Infinity))), x);
  }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.asinh(x); }
}

// @ts-ignore: decorator
@final
class Acosh {
  // @ts-ignore: decorator
  @inline
  two(x: v128): v128 {
    // log1p(d + √d·√(x + 1)), d = x - 1
    const d = f64x2.sub(x, f64x2.splat(1));
    return log1pd(f64x2.add(d, f64x2.mul(f64x2.sqrt(d), f64x2.sqrt(f64x2.add(x, f64x2.splat(1))))));
  }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.acosh(x); }
}

// @ts-ignore: decorator
@final
class Atanh {
  // @ts-ignore: decorator
  @inline
  two(x: v128): v128 {
    // log1p(2a / (1 - a)) / 2, a = |x|
    const a = f64x2.abs(x);
    const y = log1pd(f64x2.div(f64x2.add(a, a), f64x2.sub(f64x2.splat(1), a)));
    return flip<f64>(f64x2.mul(y, f64x2.splat(0.5)), x);
  }
  // @ts-ignore: decorator
  @inline one(x: f64): f64 { return NativeMath.atanh(x); }
}

// @ts-ignore: decorator
@final
class Erf extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return erf4(x); }
}

// @ts-ignore: decorator
@final
class Erfc {
  // @ts-ignore: decorator
  @inline two(x: v128): v128 { return erfcd(x); }
}

// In f64, two at a time.

// @ts-ignore: decorator
@final
class Exp64 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return expStrange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return exp64Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return exp64(x); }
}

// @ts-ignore: decorator
@final
class Log64 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return log64Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return log64(x); }
}

// @ts-ignore: decorator
@final
class Log264 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return logTo64Brief(x, 0); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return logTo64(x, 0); }
}

// @ts-ignore: decorator
@final
class Log1064 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return logStrange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return logTo64Brief(x, 1); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return logTo64(x, 1); }
}

// @ts-ignore: decorator
@final
class Log1p64 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return log1pStrange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return log1p64Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return log1p64(x); }
}

// @ts-ignore: decorator
@final
class Expm164 extends Watchful {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return expm1Strange64(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return expm164Brief(x); }
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return expm164(x); }
}

// @ts-ignore: decorator
@final
class Tanh64 extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return tanh64(x); }
}

// @ts-ignore: decorator
@final
class Sigmoid64 extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return sigmoid64(x); }
}

// @ts-ignore: decorator
@final
class Erf64 extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return erf64(x); }
}

// @ts-ignore: decorator
@final
class Erfc64 extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return erfc64(x); }
}

/** f32 through two f64 at a time, f64 as it is: O's `two`. */
// @ts-ignore: decorator
@final
class Through<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const op = changetype<O>(0);
    if (sizeof<T>() == 4) return join(op.two<T>(low(x)), op.two<T>(high(x)));
    return op.two<T>(x);
  }
}

// @ts-ignore: decorator
@final
class Lgamma {
  // @ts-ignore: decorator
  @inline two<T>(x: v128): v128 { return lgamma64(x); }
}

// @ts-ignore: decorator
@final
class Digamma {
  // @ts-ignore: decorator
  @inline two<T>(x: v128): v128 { return digamma64(x); }
}

// @ts-ignore: decorator
@final
class Erfinv {
  // @ts-ignore: decorator
  @inline two<T>(x: v128): v128 { return erfinv64(x, sizeof<T>() == 4 ? 1 : 2); }
}

export function neg_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Neg>(args, begin, end); }
export function neg_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Neg>(args, begin, end); }
export function neg_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Neg>(args, begin, end); }
export function neg_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Neg>(args, begin, end); }
export function abs_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Abs>(args, begin, end); }
export function abs_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Abs>(args, begin, end); }
export function abs_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Abs>(args, begin, end); }
export function abs_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Abs>(args, begin, end); }
export function square_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Square>(args, begin, end); }
export function square_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Square>(args, begin, end); }
export function square_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Square>(args, begin, end); }
export function square_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Square>(args, begin, end); }
export function cube_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Cube>(args, begin, end); }
export function cube_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Cube>(args, begin, end); }
export function cube_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Cube>(args, begin, end); }
export function cube_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Cube>(args, begin, end); }
export function inverseSquare_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, InverseSquare>(args, begin, end); }
export function inverseSquare_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, InverseSquare>(args, begin, end); }
export function sign_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Sign>(args, begin, end); }
export function sign_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Sign>(args, begin, end); }
export function sign_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Sign>(args, begin, end); }
export function sign_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Sign>(args, begin, end); }
export function relu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Relu>(args, begin, end); }
export function relu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Relu>(args, begin, end); }
export function relu_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Relu>(args, begin, end); }
export function relu_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Relu>(args, begin, end); }
export function clamp_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Clamp>(args, begin, end); }
export function clamp_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Clamp>(args, begin, end); }
export function clamp_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Clamp>(args, begin, end); }
export function clamp_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Clamp>(args, begin, end); }

export function sqrt_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Sqrt>(args, begin, end); }
export function sqrt_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Sqrt>(args, begin, end); }
export function rsqrt_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Rsqrt>(args, begin, end); }
export function rsqrt_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Rsqrt>(args, begin, end); }
export function reciprocal_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Reciprocal>(args, begin, end); }
export function reciprocal_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reciprocal>(args, begin, end); }
export function frac_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Frac>(args, begin, end); }
export function frac_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Frac>(args, begin, end); }
export function floor_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Floor>(args, begin, end); }
export function floor_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Floor>(args, begin, end); }
export function ceil_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Ceil>(args, begin, end); }
export function ceil_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Ceil>(args, begin, end); }
export function trunc_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Trunc>(args, begin, end); }
export function trunc_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Trunc>(args, begin, end); }
export function round_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Round>(args, begin, end); }
export function round_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Round>(args, begin, end); }

export function exp_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Exp>(args, begin, end); }
export function exp_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Exp64>(args, begin, end); }
export function log_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Log>(args, begin, end); }
export function log_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Log64>(args, begin, end); }
export function tanh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Tanh>(args, begin, end); }
export function tanh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Tanh64>(args, begin, end); }
export function sigmoid_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Sigmoid>(args, begin, end); }
export function sigmoid_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Sigmoid64>(args, begin, end); }
export function exp2_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Exp2>>(args, begin, end); }
export function exp2_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Exp2>>(args, begin, end); }
export function expm1_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Expm1>>(args, begin, end); }
export function expm1_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Expm164>(args, begin, end); }
export function log2_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Log2>(args, begin, end); }
export function log2_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Log264>(args, begin, end); }
export function log10_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Log10>(args, begin, end); }
export function log10_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Log1064>(args, begin, end); }
export function log1p_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Log1p>(args, begin, end); }
export function log1p_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Log1p64>(args, begin, end); }
export function sin_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Turn<Sin>>(args, begin, end); }
export function sin_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reach<Sin>>(args, begin, end); }
export function cos_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Turn<Cos>>(args, begin, end); }
export function cos_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reach<Cos>>(args, begin, end); }
export function tan_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Turn<Tan>>(args, begin, end); }
export function tan_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reach<Tan>>(args, begin, end); }
export function asin_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Asin>(args, begin, end); }
export function asin_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Asin>>(args, begin, end); }
export function acos_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Acos>(args, begin, end); }
export function acos_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Acos>>(args, begin, end); }
export function atan_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Atan>(args, begin, end); }
export function atan_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Atan>>(args, begin, end); }
export function sinh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Sinh>(args, begin, end); }
export function sinh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reach<Sinh>>(args, begin, end); }
export function cosh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Cosh>(args, begin, end); }
export function cosh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Reach<Cosh>>(args, begin, end); }
export function asinh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Asinh>>(args, begin, end); }
export function asinh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Asinh>>(args, begin, end); }
export function acosh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Acosh>>(args, begin, end); }
export function acosh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Acosh>>(args, begin, end); }
export function atanh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Atanh>>(args, begin, end); }
export function atanh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Each<Atanh>>(args, begin, end); }
export function erf_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Erf>(args, begin, end); }
export function erf_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Erf64>(args, begin, end); }
export function erfc_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Halves<Erfc>>(args, begin, end); }
export function erfc_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Erfc64>(args, begin, end); }
export function lgamma_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Through<Lgamma>>(args, begin, end); }
export function lgamma_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Through<Lgamma>>(args, begin, end); }
export function digamma_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Through<Digamma>>(args, begin, end); }
export function digamma_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Through<Digamma>>(args, begin, end); }
export function erfinv_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Through<Erfinv>>(args, begin, end); }
export function erfinv_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Through<Erfinv>>(args, begin, end); }
