// y = op(a, b), element by element, after broadcasting. The block is the one of iterate.ts with the operands y, a, b.
//
// Division follows PyTorch: `remainder` and `floorDivide` round to -∞ (the remainder has the divisor's sign), `fmod`
// and `truncDivide` to 0. An integer divided by 0 is a fault.

import { FAULT_DIVISION, fault } from "../abi";
import { atan24, high, hinge4, hinge64, join, low, pow4, powers } from "../math";
import { beyondStages } from "../simd";
import { Heavy, Light, map2, Whole } from "./map";

// @ts-ignore: decorator
@final
export class Add extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

// @ts-ignore: decorator
@final
export class Sub extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.sub<T>(a, b); }
}

// @ts-ignore: decorator
@final
export class Mul extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}

// @ts-ignore: decorator
@final
export class Div extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.div<T>(a, b); }
}

/** NaN if either is NaN. */
// @ts-ignore: decorator
@final
export class Maximum extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return isFloat<T>() ? v128.max<T>(a, b) : v128.bitselect(a, b, v128.gt<T>(a, b)); }
}

/** NaN if either is NaN. */
// @ts-ignore: decorator
@final
export class Minimum extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return isFloat<T>() ? v128.min<T>(a, b) : v128.bitselect(a, b, v128.lt<T>(a, b)); }
}

/** A function of two numbers, O's `of`, lane by lane. */
// @ts-ignore: decorator
@final
class Each2<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const op = changetype<O>(0);
    let y = v128.splat<T>(op.of<T>(v128.extract_lane<T>(a, 0), v128.extract_lane<T>(b, 0)));
    y = v128.replace_lane<T>(y, 1, op.of<T>(v128.extract_lane<T>(a, 1), v128.extract_lane<T>(b, 1)));
    if (sizeof<T>() == 4) {
      y = v128.replace_lane<T>(y, 2, op.of<T>(v128.extract_lane<T>(a, 2), v128.extract_lane<T>(b, 2)));
      y = v128.replace_lane<T>(y, 3, op.of<T>(v128.extract_lane<T>(a, 3), v128.extract_lane<T>(b, 3)));
    }
    return y;
  }
}

/** a - b·trunc(a / b), exactly. */
function fmod<T>(a: T, b: T): T {
  if (isInteger<T>()) return divisible<T>(a, b) ? <T>(a % b) : <T>0;
  if (sizeof<T>() == 4) {
    // Of 24-bit numbers whose quotient has less than 28 bits f64 holds the quotient's integer and its product exactly.
    const q = trunc<f64>(<f64>a / <f64>b);
    if (abs<f64>(q) < 268435456 && abs<f64>(<f64>b) < Infinity) return <T>copysign<f64>(<f64>a - q * <f64>b, <f64>a);
  }
  return <T>(<f64>a % <f64>b);
}

/** Whether an integer division can be done: not by 0, which is a fault, and not by -1, which overflows for one number. */
function divisible<T>(a: T, b: T): bool {
  if (b == 0) fault(FAULT_DIVISION, 0);
  return b != 0 && b != -1;
}

function remainder<T>(a: T, b: T): T {
  const rest = fmod<T>(a, b);
  if (isInteger<T>()) return <T>(rest + (b & <T>-(<i32>(rest != 0) & <i32>((rest ^ b) < 0)))); // no branch that cannot be foretold
  return rest != 0 && rest < 0 != b < 0 ? <T>(rest + b) : rest;
}

function truncDivide<T>(a: T, b: T): T {
  return divisible<T>(a, b) ? <T>(a / b) : <T>(b == 0 ? 0 : -a);
}

/** floor(a / b), of the exact quotient: what the remainder leaves divides to nearly an integer, and is rounded to it. */
function floorDivide<T>(a: T, b: T): T {
  if (isInteger<T>()) {
    const q = truncDivide<T>(a, b);
    return <T>(q - <T>(<i32>(<T>(q * b) != a) & <i32>((a ^ b) < 0) & <i32>(b != 0)));
  }
  if (b == 0) return <T>(a / b);
  const rest = fmod<T>(a, b);
  const q = (<f64>a - <f64>rest) / <f64>b - (rest != 0 && rest < 0 != b < 0 ? 1 : 0);
  return q == 0 ? <T>copysign<f64>(0, <f64>a / <f64>b) : <T>floor<f64>(q + 0.5);
}

/** a^b in integers, by squaring. A negative power is 0 but for ±1; the operator refuses it as a scalar. */
function power<T>(a: T, b: T): T {
  if (b < 0) return a == 1 ? <T>1 : a == -1 ? (b & 1 ? <T>-1 : <T>1) : <T>0;
  let y: T = 1;
  for (; b > 0; b >>= 1) {
    if (b & 1) y *= a;
    a *= a;
  }
  return y;
}

/** C's pow, which knows that 1 and -1 stay what they are even to the power of NaN and ±∞. */
function pow64(a: f64, b: f64): f64 {
  return a == 1 || (a == -1 && abs<f64>(b) == Infinity) ? 1 : NativeMath.pow(a, b);
}

// @ts-ignore: decorator
@final
class Pow extends Whole {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return pow4(a, b); }
  // @ts-ignore: decorator
  @inline
  over(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
    powers(count, y, a, stepA, b, stepB, beyondStages());
  }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return isInteger<T>() ? power<T>(a, b) : <T>pow64(<f64>a, <f64>b); }
}

// @ts-ignore: decorator
@final
class Atan2 extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return atan24(a, b); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>NativeMath.atan2(a, b); }
}

/** √(a² + b²); ∞ if either is, whatever the other. */
// @ts-ignore: decorator
@final
export class Hypot extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const y = join(leg(low(a), low(b)), leg(high(a), high(b)));
    const infinity = f32x4.splat(Infinity);
    return v128.bitselect(infinity, y, v128.or(f32x4.eq(f32x4.abs(a), infinity), f32x4.eq(f32x4.abs(b), infinity)));
  }
}

/** Of two f32 neither square overflows in f64. */
// @ts-ignore: decorator
@inline function leg(a: v128, b: v128): v128 { return f64x2.sqrt(f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b))); }

/** log(e^a + e^b). */
// @ts-ignore: decorator
@final
export class Logaddexp extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    // Of two equal infinities there is no difference.
    const same = v128.and(v128.eq<T>(a, b), v128.eq<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)));
    const d = v128.sub<T>(a, b);
    return v128.bitselect(a, v128.add<T>(v128.pmax<T>(a, b), sizeof<T>() == 4 ? hinge4(d) : hinge64(d)), same);
  }
}

/** |a| with the sign of b. */
// @ts-ignore: decorator
@final
export class Copysign extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.bitselect(b, a, v128.splat<T>(<T>-0.0)); }
}

/** The quotient without its fraction. */
// @ts-ignore: decorator
@final
export class TruncQuotient extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.trunc<T>(v128.div<T>(a, b)); }
}

/**
 * A function of a quotient's parts, O's, several lanes at a time: of f32, and of i32, the quotient fits f64. Lanes for which
 * that does not hold are O's `of`, one by one.
 */
// @ts-ignore: decorator
@final
class Parts<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const op = changetype<O>(0);
    if (sizeof<T>() == 8) {
      const q = f64x2.trunc(f64x2.div(a, b));
      if (!v128.all_true<i64>(isExact64(a, b, q))) return eachOf<O, T>(a, b);
      return op.real(a, b, restOf64(a, b, q));
    }
    if (isFloat<T>()) {
      const a0 = low(a);
      const a1 = high(a);
      const b0 = low(b);
      const b1 = high(b);
      const q0 = f64x2.trunc(f64x2.div(a0, b0));
      const q1 = f64x2.trunc(f64x2.div(a1, b1));
      if (!v128.all_true<i64>(v128.and(isExact(q0, b0), isExact(q1, b1)))) return eachOf<O, T>(a, b);
      return join(op.real(a0, b0, restOf(a0, b0, q0)), op.real(a1, b1, restOf(a1, b1, q1)));
    }
    const minusOne = i32x4.splat(-1);
    if (v128.any_true(v128.or(i32x4.eq(b, i32x4.splat(0)), i32x4.eq(b, minusOne)))) return eachOf<O, T>(a, b);
    const q0 = f64x2.div(f64x2.convert_low_i32x4_s(a), f64x2.convert_low_i32x4_s(b));
    const q1 = f64x2.div(f64x2.convert_low_i32x4_s(upper(a)), f64x2.convert_low_i32x4_s(upper(b)));
    return op.whole<i32>(a, b, v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(op.rounded(q0)), i32x4.trunc_sat_f64x2_s_zero(op.rounded(q1)), 0, 2));
  }
}

/** As `Parts`, of i64 that fit f64. */
// @ts-ignore: decorator
@final
class LongParts<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const op = changetype<O>(0);
    const beyond = v128.or(i64x2.add(a, i64x2.splat(1 << 50)), i64x2.add(b, i64x2.splat(1 << 50)));
    if (v128.any_true(v128.or(i64x2.shr_u(beyond, 51), i64x2.eq(b, i64x2.splat(0))))) return eachOf<O, i64>(a, b);
    const q = op.rounded(f64x2.div(realOf(a), realOf(b)));
    return op.whole<i64>(a, b, i64x2.sub(f64x2.add(q, f64x2.splat(MAGIC)), f64x2.splat(MAGIC)));
  }
}

const MAGIC: f64 = 6755399441055744; // 1.5 · 2^52: added to a whole number below 2^51, it leaves that number in the low bits

// @ts-ignore: decorator
@inline function realOf(x: v128): v128 { return f64x2.sub(i64x2.add(x, f64x2.splat(MAGIC)), f64x2.splat(MAGIC)); }

// @ts-ignore: decorator
@inline function upper(x: v128): v128 { return v128.shuffle<i64>(x, x, 1, 1); }

/** Of 24-bit numbers whose quotient has less than 28 bits f64 holds the quotient's integer and its product exactly. */
// @ts-ignore: decorator
@inline
function isExact(q: v128, b: v128): v128 {
  return v128.and(f64x2.lt(f64x2.abs(q), f64x2.splat(268435456)), f64x2.lt(f64x2.abs(b), f64x2.splat(Infinity)));
}

/** a - q·b, with the sign of a if it is 0. */
// @ts-ignore: decorator
@inline
function restOf(a: v128, b: v128, q: v128): v128 {
  return v128.bitselect(a, f64x2.sub(a, f64x2.mul(q, b)), f64x2.splat(-0.0));
}

/** A quotient of less than 51 bits, of numbers whose parts' products are neither too large nor too small. */
// @ts-ignore: decorator
@inline
function isExact64(a: v128, b: v128, q: v128): v128 {
  const size = f64x2.abs(b);
  const moderate = v128.and(f64x2.gt(size, f64x2.splat(1e-250)), f64x2.lt(size, f64x2.splat(1e250)));
  return v128.and(v128.and(moderate, f64x2.lt(f64x2.abs(a), f64x2.splat(1e250))), f64x2.lt(f64x2.abs(q), f64x2.splat(1125899906842624)));
}

/** a - q·b, the product in two parts, whose sum is exact; the quotient may have been rounded up to an integer. */
// @ts-ignore: decorator
@inline
function restOf64(a: v128, b: v128, q: v128): v128 {
  const product = f64x2.mul(q, b);
  const q0 = v128.and(q, i64x2.splat(0xfffffffff8000000));
  const q1 = f64x2.sub(q, q0);
  const b0 = v128.and(b, i64x2.splat(0xfffffffffc000000));
  const b1 = f64x2.sub(b, b0);
  let lost = f64x2.sub(f64x2.mul(q0, b0), product);
  lost = f64x2.add(f64x2.add(lost, f64x2.mul(q0, b1)), f64x2.mul(q1, b0));
  lost = f64x2.add(lost, f64x2.mul(q1, b1));
  const rest = f64x2.sub(f64x2.sub(a, product), lost);
  const turned = v128.and(v128.xor(f64x2.lt(rest, f64x2.splat(0)), f64x2.lt(a, f64x2.splat(0))), f64x2.ne(rest, f64x2.splat(0)));
  const size = v128.bitselect(a, b, f64x2.splat(-0.0)); // |b| with the sign of a
  return v128.bitselect(a, f64x2.add(rest, v128.and(size, turned)), f64x2.splat(-0.0));
}

/** Lanes of a remainder that is not 0 and has not the sign of b. */
// @ts-ignore: decorator
@inline
function isBelow(rest: v128, b: v128): v128 {
  return v128.and(v128.xor(f64x2.lt(rest, f64x2.splat(0)), f64x2.lt(b, f64x2.splat(0))), f64x2.ne(rest, f64x2.splat(0)));
}

function eachOf<O, T>(a: v128, b: v128): v128 { return changetype<Each2<O>>(0).apply<T>(a, b); }

// @ts-ignore: decorator
@final
class Fmod {
  // @ts-ignore: decorator
  @inline real(a: v128, b: v128, rest: v128): v128 { return rest; }
  // @ts-ignore: decorator
  @inline rounded(q: v128): v128 { return f64x2.trunc(q); }
  // @ts-ignore: decorator
  @inline whole<T>(a: v128, b: v128, q: v128): v128 { return v128.sub<T>(a, v128.mul<T>(q, b)); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return fmod<T>(a, b); }
}

// @ts-ignore: decorator
@final
class Remainder {
  // @ts-ignore: decorator
  @inline real(a: v128, b: v128, rest: v128): v128 { return v128.bitselect(f64x2.add(rest, b), rest, isBelow(rest, b)); }
  // @ts-ignore: decorator
  @inline rounded(q: v128): v128 { return f64x2.floor(q); }
  // @ts-ignore: decorator
  @inline whole<T>(a: v128, b: v128, q: v128): v128 { return v128.sub<T>(a, v128.mul<T>(q, b)); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return remainder<T>(a, b); }
}

// @ts-ignore: decorator
@final
class FloorDivide {
  // @ts-ignore: decorator
  @inline
  real(a: v128, b: v128, rest: v128): v128 {
    const quotient = f64x2.div(f64x2.sub(a, rest), b);
    const q = f64x2.sub(quotient, v128.and(isBelow(rest, b), f64x2.splat(1)));
    const zero = v128.and(v128.xor(a, b), f64x2.splat(-0.0)); // of the quotient's sign
    return v128.bitselect(zero, f64x2.floor(f64x2.add(q, f64x2.splat(0.5))), f64x2.eq(q, f64x2.splat(0)));
  }
  // @ts-ignore: decorator
  @inline rounded(q: v128): v128 { return f64x2.floor(q); }
  // @ts-ignore: decorator
  @inline whole<T>(a: v128, b: v128, q: v128): v128 { return q; }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return floorDivide<T>(a, b); }
}

// @ts-ignore: decorator
@final
class TruncDivide {
  // @ts-ignore: decorator
  @inline rounded(q: v128): v128 { return f64x2.trunc(q); }
  // @ts-ignore: decorator
  @inline whole<T>(a: v128, b: v128, q: v128): v128 { return q; }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return truncDivide<T>(a, b); }
}

/** A shift of all lanes by one number where that is so, which is one instruction. */
// @ts-ignore: decorator
@final
class Shift<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const by = v128.extract_lane<T>(b, 0);
    if (by < 0 || by >= <T>(8 * sizeof<T>()) || !v128.all_true<T>(v128.eq<T>(b, v128.splat<T>(by)))) return eachOf<O, T>(a, b);
    return changetype<O>(0).all<T>(a, <i32>by);
  }
}

// A shift by a negative number, or by the width and more, is as one without end: 0 is left, or the sign.

// @ts-ignore: decorator
@final
class LeftShift {
  // @ts-ignore: decorator
  @inline all<T>(a: v128, by: i32): v128 { return v128.shl<T>(a, by); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return b < 0 || b >= <T>(8 * sizeof<T>()) ? <T>0 : <T>(a << b); }
}

// @ts-ignore: decorator
@final
class RightShift {
  // @ts-ignore: decorator
  @inline all<T>(a: v128, by: i32): v128 { return v128.shr<T>(a, by); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>(a >> (b < 0 || b >= <T>(8 * sizeof<T>()) ? <T>(8 * sizeof<T>() - 1) : b)); }
}

export function add_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Add>(args, begin, end); }
export function add_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Add>(args, begin, end); }
export function add_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Add>(args, begin, end); }
export function add_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Add>(args, begin, end); }
export function sub_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Sub>(args, begin, end); }
export function sub_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Sub>(args, begin, end); }
export function sub_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Sub>(args, begin, end); }
export function sub_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Sub>(args, begin, end); }
export function mul_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Mul>(args, begin, end); }
export function mul_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Mul>(args, begin, end); }
export function mul_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Mul>(args, begin, end); }
export function mul_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Mul>(args, begin, end); }
export function div_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Div>(args, begin, end); }
export function div_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Div>(args, begin, end); }
export function maximum_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Maximum>(args, begin, end); }
export function maximum_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Maximum>(args, begin, end); }
export function maximum_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Maximum>(args, begin, end); }
export function maximum_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Maximum>(args, begin, end); }
export function minimum_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Minimum>(args, begin, end); }
export function minimum_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Minimum>(args, begin, end); }
export function minimum_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Minimum>(args, begin, end); }
export function minimum_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Minimum>(args, begin, end); }
export function fmod_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Parts<Fmod>>(args, begin, end); }
export function fmod_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Parts<Fmod>>(args, begin, end); }
export function fmod_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Parts<Fmod>>(args, begin, end); }
export function fmod_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, LongParts<Fmod>>(args, begin, end); }
export function remainder_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Parts<Remainder>>(args, begin, end); }
export function remainder_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Parts<Remainder>>(args, begin, end); }
export function remainder_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Parts<Remainder>>(args, begin, end); }
export function remainder_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, LongParts<Remainder>>(args, begin, end); }
export function floorDivide_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Parts<FloorDivide>>(args, begin, end); }
export function floorDivide_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Parts<FloorDivide>>(args, begin, end); }
export function floorDivide_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Parts<FloorDivide>>(args, begin, end); }
export function floorDivide_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, LongParts<FloorDivide>>(args, begin, end); }
export function truncDivide_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Parts<TruncDivide>>(args, begin, end); }
export function truncDivide_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, LongParts<TruncDivide>>(args, begin, end); }
export function pow_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Pow>(args, begin, end); }
export function pow_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Pow>>(args, begin, end); }
export function pow_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<Pow>>(args, begin, end); }
export function pow_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<Pow>>(args, begin, end); }
export function atan2_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Atan2>(args, begin, end); }
export function atan2_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Atan2>>(args, begin, end); }
export function bitwiseLeftShift_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Shift<LeftShift>>(args, begin, end); }
export function bitwiseLeftShift_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Shift<LeftShift>>(args, begin, end); }
export function bitwiseRightShift_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Shift<RightShift>>(args, begin, end); }
export function bitwiseRightShift_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Shift<RightShift>>(args, begin, end); }
export function truncDivide_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, TruncQuotient>(args, begin, end); }
export function truncDivide_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, TruncQuotient>(args, begin, end); }
export function copysign_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Copysign>(args, begin, end); }
export function copysign_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Copysign>(args, begin, end); }
export function hypot_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Hypot>(args, begin, end); }
export function logaddexp_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Logaddexp>(args, begin, end); }
export function logaddexp_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Logaddexp>(args, begin, end); }
