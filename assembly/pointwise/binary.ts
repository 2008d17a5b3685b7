// y = op(a, b), element by element, after broadcasting. The block is the one of iterate.ts with the operands y, a, b.
//
// Division follows PyTorch: `remainder` and `floorDivide` round to -∞ (the remainder has the divisor's sign), `fmod`
// and `truncDivide` to 0. An integer divided by 0 is a fault.

import { FAULT_DIVISION, fault } from "../abi";
import { atan2d, high, join, low, pow4, powers } from "../math";
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
  return rest != 0 && rest < 0 != b < 0 ? <T>(rest + b) : rest;
}

function truncDivide<T>(a: T, b: T): T {
  return divisible<T>(a, b) ? <T>(a / b) : <T>(b == 0 ? 0 : -a);
}

/** floor(a / b), of the exact quotient: what the remainder leaves divides to nearly an integer, and is rounded to it. */
function floorDivide<T>(a: T, b: T): T {
  if (isInteger<T>()) {
    const q = truncDivide<T>(a, b);
    return b != 0 && <T>(q * b) != a && a < 0 != b < 0 ? <T>(q - 1) : q;
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

/** A function of two f32, O's `two`, through two f64 at a time. */
// @ts-ignore: decorator
@final
class Halves2<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const op = changetype<O>(0);
    return join(op.two(low(a), low(b)), op.two(high(a), high(b)));
  }
}

// @ts-ignore: decorator
@final
class Atan2 {
  // @ts-ignore: decorator
  @inline two(a: v128, b: v128): v128 { return atan2d(a, b); }
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>NativeMath.atan2(a, b); }
}

// @ts-ignore: decorator
@final
class Fmod {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return fmod<T>(a, b); }
}

// @ts-ignore: decorator
@final
class Remainder {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return remainder<T>(a, b); }
}

// @ts-ignore: decorator
@final
class FloorDivide {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return floorDivide<T>(a, b); }
}

// @ts-ignore: decorator
@final
class TruncDivide {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return truncDivide<T>(a, b); }
}

// A shift by a negative number, or by the width and more, is as one without end: 0 is left, or the sign.

// @ts-ignore: decorator
@final
class LeftShift {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return b < 0 || b >= <T>(8 * sizeof<T>()) ? <T>0 : <T>(a << b); }
}

// @ts-ignore: decorator
@final
class RightShift {
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
export function fmod_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Each2<Fmod>>(args, begin, end); }
export function fmod_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Fmod>>(args, begin, end); }
export function fmod_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<Fmod>>(args, begin, end); }
export function fmod_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<Fmod>>(args, begin, end); }
export function remainder_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Each2<Remainder>>(args, begin, end); }
export function remainder_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Remainder>>(args, begin, end); }
export function remainder_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<Remainder>>(args, begin, end); }
export function remainder_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<Remainder>>(args, begin, end); }
export function floorDivide_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Each2<FloorDivide>>(args, begin, end); }
export function floorDivide_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<FloorDivide>>(args, begin, end); }
export function floorDivide_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<FloorDivide>>(args, begin, end); }
export function floorDivide_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<FloorDivide>>(args, begin, end); }
export function truncDivide_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<TruncDivide>>(args, begin, end); }
export function truncDivide_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<TruncDivide>>(args, begin, end); }
export function pow_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Pow>(args, begin, end); }
export function pow_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Pow>>(args, begin, end); }
export function pow_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<Pow>>(args, begin, end); }
export function pow_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<Pow>>(args, begin, end); }
export function atan2_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Halves2<Atan2>>(args, begin, end); }
export function atan2_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Each2<Atan2>>(args, begin, end); }
export function bitwiseLeftShift_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<LeftShift>>(args, begin, end); }
export function bitwiseLeftShift_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<LeftShift>>(args, begin, end); }
export function bitwiseRightShift_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Each2<RightShift>>(args, begin, end); }
export function bitwiseRightShift_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Each2<RightShift>>(args, begin, end); }
