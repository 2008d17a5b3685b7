// Complex numbers: y = op(a) and y = op(a, b). The blocks are those of iterate.ts; an element is a pair, real part first.
//
// Sums, products and comparisons are vectors; the other functions are computed in f64, one number at a time. Such a
// function leaves its result in the globals `re` and `im`.

import { narrow } from "../simd";
import { Heavy, Light, map1, map2 } from "./map";

let re: f64 = 0;
let im: f64 = 0;

// @ts-ignore: decorator
@inline
function give(x: f64, y: f64): void {
  re = x;
  im = y;
}

// A group is two complex64 or one complex128: T is a type of that width.

// @ts-ignore: decorator
@final
class Add extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    if (sizeof<T>() == 8) {
      return f32x4.add(a, b);
    }
    return f64x2.add(a, b);
  }
}

// @ts-ignore: decorator
@final
class Sub extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    if (sizeof<T>() == 8) {
      return f32x4.sub(a, b);
    }
    return f64x2.sub(a, b);
  }
}

// @ts-ignore: decorator
@final
class Mul extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    if (sizeof<T>() == 8) {
      const ac = f32x4.mul(v128.shuffle<i32>(a, a, 0, 0, 2, 2), b); // re·re, re·im
      const bd = f32x4.mul(v128.shuffle<i32>(a, a, 1, 1, 3, 3), v128.shuffle<i32>(b, b, 1, 0, 3, 2)); // im·im, im·re
      return f32x4.add(ac, v128.xor(bd, i64x2.splat(0x80000000)));
    }
    const ac = f64x2.mul(v128.shuffle<i64>(a, a, 0, 0), b);
    const bd = f64x2.mul(v128.shuffle<i64>(a, a, 1, 1), v128.shuffle<i64>(b, b, 1, 0));
    return f64x2.add(ac, v128.xor(bd, i64x2(i64.MIN_VALUE, 0)));
  }
}

// @ts-ignore: decorator
@final
class Neg extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 8) {
      return f32x4.neg(x);
    }
    return f64x2.neg(x);
  }
}

// @ts-ignore: decorator
@final
class Conj extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 8) {
      return v128.xor(x, i64x2.splat(i64.MIN_VALUE));
    }
    return v128.xor(x, i64x2(0, i64.MIN_VALUE));
  }
}

// @ts-ignore: decorator
@final
class Eq extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    if (sizeof<T>() == 8) {
      const same = f32x4.eq(a, b);
      return narrow<f64>(v128.and(same, v128.shuffle<i32>(same, same, 1, 0, 3, 2)));
    }
    return i8x16.splat(i64x2.all_true(f64x2.eq(a, b)) ? 1 : 0);
  }
}

// @ts-ignore: decorator
@final
class Ne extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    if (sizeof<T>() == 8) {
      const other = f32x4.ne(a, b);
      return narrow<f64>(v128.or(other, v128.shuffle<i32>(other, other, 1, 0, 3, 2)));
    }
    return i8x16.splat(v128.any_true(f64x2.ne(a, b)) ? 1 : 0);
  }
}

/** O's `at`, one number at a time. */
// @ts-ignore: decorator
@final
class Each<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const op = changetype<O>(0);
    if (sizeof<T>() == 8) {
      op.at(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
      const y = f32x4.replace_lane(f32x4.splat(<f32>re), 1, <f32>im);
      op.at(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3));
      return f32x4.replace_lane(f32x4.replace_lane(y, 2, <f32>re), 3, <f32>im);
    }
    op.at(f64x2.extract_lane(x, 0), f64x2.extract_lane(x, 1));
    return f64x2(re, im);
  }
}

/** O's `at` of two numbers, one pair at a time. */
// @ts-ignore: decorator
@final
class Each2<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const op = changetype<O>(0);
    if (sizeof<T>() == 8) {
      op.at(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 0), f32x4.extract_lane(b, 1));
      const y = f32x4.replace_lane(f32x4.splat(<f32>re), 1, <f32>im);
      op.at(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 2), f32x4.extract_lane(b, 3));
      return f32x4.replace_lane(f32x4.replace_lane(y, 2, <f32>re), 3, <f32>im);
    }
    op.at(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1), f64x2.extract_lane(b, 0), f64x2.extract_lane(b, 1));
    return f64x2(re, im);
  }
}

/** The real part of what O's `at` leaves: a complex number in, a real one out. */
// @ts-ignore: decorator
@final
class Real<O> extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    const y = changetype<Each<O>>(0).apply<T>(x);
    return sizeof<T>() == 8 ? v128.shuffle<i32>(y, y, 0, 2, 0, 2) : y;
  }
}

// ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** |z|. */
function absolute(x: f64, y: f64): void { give(NativeMath.hypot(x, y), 0); }

/** The angle of z in (-π, π]. */
function angle(x: f64, y: f64): void { give(NativeMath.atan2(y, x), 0); }

/** z / |z|, and 0 for 0. */
function sgn(x: f64, y: f64): void {
  const size = NativeMath.hypot(x, y);
  if (size == 0) give(0, 0);
  else give(x / size, y / size);
}

function exp(x: f64, y: f64): void {
  const size = NativeMath.exp(x);
  give(size * NativeMath.cos(y), y == 0 ? y : size * NativeMath.sin(y));
}

/** e^z - 1: (e^x - 1)·cos y - 2·sin²(y/2) + i·e^x·sin y, which does not cancel. */
function expm1(x: f64, y: f64): void {
  const half = NativeMath.sin(0.5 * y);
  give(NativeMath.expm1(x) * NativeMath.cos(y) - 2 * half * half, NativeMath.exp(x) * NativeMath.sin(y));
}

function log(x: f64, y: f64): void { give(NativeMath.log(NativeMath.hypot(x, y)), NativeMath.atan2(y, x)); }

function log1p(x: f64, y: f64): void { give(0.5 * NativeMath.log1p(x * (2 + x) + y * y), NativeMath.atan2(y, 1 + x)); }

/** The root with a real part ≥ 0; the larger of its parts first, the other by division. */
function sqrt(x: f64, y: f64): void {
  if (x == 0 && y == 0) return give(0, y);
  const t = f64.sqrt(0.5 * (NativeMath.hypot(x, y) + abs<f64>(x)));
  if (x >= 0) give(t, (0.5 * y) / t);
  else give(abs<f64>(0.5 * y) / t, copysign<f64>(t, y));
}

function sinh(x: f64, y: f64): void { give(NativeMath.sinh(x) * NativeMath.cos(y), NativeMath.cosh(x) * NativeMath.sin(y)); }

function cosh(x: f64, y: f64): void { give(NativeMath.cosh(x) * NativeMath.cos(y), NativeMath.sinh(x) * NativeMath.sin(y)); }

/** (sinh 2x + i·sin 2y) / (cosh 2x + cos 2y); beyond 20 its limit, before anything overflows. */
function tanh(x: f64, y: f64): void {
  if (abs<f64>(x) > 20) return give(copysign<f64>(1, x), 2 * NativeMath.sin(2 * y) * NativeMath.exp(-2 * abs<f64>(x)));
  const below = NativeMath.cosh(2 * x) + NativeMath.cos(2 * y);
  give(NativeMath.sinh(2 * x) / below, NativeMath.sin(2 * y) / below);
}

/** What `f` of i·z left becomes f's trigonometric sister of z: -i times it. */
// @ts-ignore: decorator
@inline function turned(): void { give(im, -re); }

function sin(x: f64, y: f64): void {
  sinh(-y, x);
  turned();
}

function cos(x: f64, y: f64): void { cosh(-y, x); }

function tan(x: f64, y: f64): void {
  tanh(-y, x);
  turned();
}

/** log(z + √(z² + 1)), from the side where the sum does not cancel. */
function asinh(x: f64, y: f64): void {
  const left = x < 0;
  if (left) give(-x, -y);
  else give(x, y);
  const a = re;
  const b = im;
  sqrt(a * a - b * b + 1, 2 * a * b);
  log(a + re, b + im);
  if (left) give(-re, -im);
}

/** log(z + √(z + 1)·√(z - 1)). */
function acosh(x: f64, y: f64): void {
  sqrt(x + 1, y);
  const a = re;
  const b = im;
  sqrt(x - 1, y);
  log(x + a * re - b * im, y + a * im + b * re);
}

/** (log1p z - log1p -z) / 2. */
function atanh(x: f64, y: f64): void {
  log1p(x, y);
  const a = re;
  const b = im;
  log1p(-x, -y);
  give(0.5 * (a - re), 0.5 * (b - im));
}

function asin(x: f64, y: f64): void {
  asinh(-y, x);
  turned();
}

function acos(x: f64, y: f64): void {
  asin(x, y);
  give(0.5 * Math.PI - re, -im);
}

function atan(x: f64, y: f64): void {
  atanh(-y, x);
  turned();
}

/** (x + iy) / (u + iv), scaled by the larger part of the divisor. */
function div(x: f64, y: f64, u: f64, v: f64): void {
  if (abs<f64>(u) >= abs<f64>(v)) {
    const ratio = v / u;
    const below = u + v * ratio;
    give((x + y * ratio) / below, (y - x * ratio) / below);
  } else {
    const ratio = u / v;
    const below = u * ratio + v;
    give((x * ratio + y) / below, (y * ratio - x) / below);
  }
}

function reciprocal(x: f64, y: f64): void { div(1, 0, x, y); }

/** 1 / (1 + e^-z). */
function sigmoid(x: f64, y: f64): void {
  exp(-x, -y);
  div(1, 0, 1 + re, im);
}

/** e^(w·log z); 0 to a power is 0, or 1 for the power 0. */
function pow(x: f64, y: f64, u: f64, v: f64): void {
  if (u == 0 && v == 0) return give(1, 0);
  if (x == 0 && y == 0) return give(0, 0);
  log(x, y);
  exp(re * u - im * v, re * v + im * u);
}

// @ts-ignore: decorator
@final
class Absolute {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { absolute(x, y); }
}

// @ts-ignore: decorator
@final
class Angle {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { angle(x, y); }
}

// @ts-ignore: decorator
@final
class Sgn {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { sgn(x, y); }
}

// @ts-ignore: decorator
@final
class Exp {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { exp(x, y); }
}

// @ts-ignore: decorator
@final
class Expm1 {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { expm1(x, y); }
}

// @ts-ignore: decorator
@final
class Log {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { log(x, y); }
}

// @ts-ignore: decorator
@final
class Log1p {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { log1p(x, y); }
}

// @ts-ignore: decorator
@final
class Sqrt {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { sqrt(x, y); }
}

// @ts-ignore: decorator
@final
class Sinh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { sinh(x, y); }
}

// @ts-ignore: decorator
@final
class Cosh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { cosh(x, y); }
}

// @ts-ignore: decorator
@final
class Tanh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { tanh(x, y); }
}

// @ts-ignore: decorator
@final
class Sin {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { sin(x, y); }
}

// @ts-ignore: decorator
@final
class Cos {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { cos(x, y); }
}

// @ts-ignore: decorator
@final
class Tan {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { tan(x, y); }
}

// @ts-ignore: decorator
@final
class Asinh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { asinh(x, y); }
}

// @ts-ignore: decorator
@final
class Acosh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { acosh(x, y); }
}

// @ts-ignore: decorator
@final
class Atanh {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { atanh(x, y); }
}

// @ts-ignore: decorator
@final
class Asin {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { asin(x, y); }
}

// @ts-ignore: decorator
@final
class Acos {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { acos(x, y); }
}

// @ts-ignore: decorator
@final
class Atan {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { atan(x, y); }
}

// @ts-ignore: decorator
@final
class Reciprocal {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { reciprocal(x, y); }
}

// @ts-ignore: decorator
@final
class Sigmoid {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64): void { sigmoid(x, y); }
}

// @ts-ignore: decorator
@final
class Div {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64, u: f64, v: f64): void { div(x, y, u, v); }
}

// @ts-ignore: decorator
@final
class Pow {
  // @ts-ignore: decorator
  @inline at(x: f64, y: f64, u: f64, v: f64): void { pow(x, y, u, v); }
}

export function add_c64(args: usize, begin: i32, end: i32): void { map2<u64, u64, Add>(args, begin, end); }
export function add_c128(args: usize, begin: i32, end: i32): void { map2<v128, v128, Add>(args, begin, end); }
export function sub_c64(args: usize, begin: i32, end: i32): void { map2<u64, u64, Sub>(args, begin, end); }
export function sub_c128(args: usize, begin: i32, end: i32): void { map2<v128, v128, Sub>(args, begin, end); }
export function mul_c64(args: usize, begin: i32, end: i32): void { map2<u64, u64, Mul>(args, begin, end); }
export function mul_c128(args: usize, begin: i32, end: i32): void { map2<v128, v128, Mul>(args, begin, end); }
export function eq_c64(args: usize, begin: i32, end: i32): void { map2<u64, u8, Eq>(args, begin, end); }
export function eq_c128(args: usize, begin: i32, end: i32): void { map2<v128, u8, Eq>(args, begin, end); }
export function ne_c64(args: usize, begin: i32, end: i32): void { map2<u64, u8, Ne>(args, begin, end); }
export function ne_c128(args: usize, begin: i32, end: i32): void { map2<v128, u8, Ne>(args, begin, end); }
export function neg_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Neg>(args, begin, end); }
export function neg_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Neg>(args, begin, end); }
export function conj_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Conj>(args, begin, end); }
export function conj_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Conj>(args, begin, end); }
export function div_c64(args: usize, begin: i32, end: i32): void { map2<u64, u64, Each2<Div>>(args, begin, end); }
export function div_c128(args: usize, begin: i32, end: i32): void { map2<v128, v128, Each2<Div>>(args, begin, end); }
export function pow_c64(args: usize, begin: i32, end: i32): void { map2<u64, u64, Each2<Pow>>(args, begin, end); }
export function pow_c128(args: usize, begin: i32, end: i32): void { map2<v128, v128, Each2<Pow>>(args, begin, end); }

export function abs_c64(args: usize, begin: i32, end: i32): void { map1<u64, f32, Real<Absolute>>(args, begin, end); }
export function abs_c128(args: usize, begin: i32, end: i32): void { map1<v128, f64, Real<Absolute>>(args, begin, end); }
export function angle_c64(args: usize, begin: i32, end: i32): void { map1<u64, f32, Real<Angle>>(args, begin, end); }
export function angle_c128(args: usize, begin: i32, end: i32): void { map1<v128, f64, Real<Angle>>(args, begin, end); }

export function sgn_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Sgn>>(args, begin, end); }
export function sgn_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Sgn>>(args, begin, end); }
export function exp_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Exp>>(args, begin, end); }
export function exp_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Exp>>(args, begin, end); }
export function expm1_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Expm1>>(args, begin, end); }
export function expm1_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Expm1>>(args, begin, end); }
export function log_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Log>>(args, begin, end); }
export function log_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Log>>(args, begin, end); }
export function log1p_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Log1p>>(args, begin, end); }
export function log1p_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Log1p>>(args, begin, end); }
export function sqrt_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Sqrt>>(args, begin, end); }
export function sqrt_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Sqrt>>(args, begin, end); }
export function sinh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Sinh>>(args, begin, end); }
export function sinh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Sinh>>(args, begin, end); }
export function cosh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Cosh>>(args, begin, end); }
export function cosh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Cosh>>(args, begin, end); }
export function tanh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Tanh>>(args, begin, end); }
export function tanh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Tanh>>(args, begin, end); }
export function sin_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Sin>>(args, begin, end); }
export function sin_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Sin>>(args, begin, end); }
export function cos_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Cos>>(args, begin, end); }
export function cos_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Cos>>(args, begin, end); }
export function tan_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Tan>>(args, begin, end); }
export function tan_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Tan>>(args, begin, end); }
export function asinh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Asinh>>(args, begin, end); }
export function asinh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Asinh>>(args, begin, end); }
export function acosh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Acosh>>(args, begin, end); }
export function acosh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Acosh>>(args, begin, end); }
export function atanh_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Atanh>>(args, begin, end); }
export function atanh_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Atanh>>(args, begin, end); }
export function asin_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Asin>>(args, begin, end); }
export function asin_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Asin>>(args, begin, end); }
export function acos_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Acos>>(args, begin, end); }
export function acos_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Acos>>(args, begin, end); }
export function atan_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Atan>>(args, begin, end); }
export function atan_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Atan>>(args, begin, end); }
export function reciprocal_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Reciprocal>>(args, begin, end); }
export function reciprocal_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Reciprocal>>(args, begin, end); }
export function sigmoid_c64(args: usize, begin: i32, end: i32): void { map1<u64, u64, Each<Sigmoid>>(args, begin, end); }
export function sigmoid_c128(args: usize, begin: i32, end: i32): void { map1<v128, v128, Each<Sigmoid>>(args, begin, end); }
