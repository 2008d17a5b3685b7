// Activations with a kernel of their own, and the backward kernels that a formula of several would be slow for. The
// blocks are those of iterate.ts: an activation has the operands y, a (its parameters in p0, p1), a derivative y, g, a,
// where a is what was saved: the input, or the output for sigmoid, tanh and relu.

import { bell4, erfc, expd, expm1d, high, join, limit4, log1pd, low, mills4, sigmoid, sigmoid4, sigmoid4Brief, sigmoidStrange4 } from "../math";
import { Heavy, Light, map1, map1With, map2, Wary } from "./map";

const SQRT1_2PI = 0.3989422804014327; // 1 / √(2π)
const TANH_SCALE = 1.5957691216057308; // 2·√(2/π): tanh u = 2·sigmoid(2u) - 1
const TANH_CUBIC = 0.044715;

/** x · sigmoid(x). */
// @ts-ignore: decorator
@final
class Silu extends Wary {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return sigmoidStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return f32x4.mul(x, sigmoid4Brief(x)); }
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) return f32x4.mul(x, sigmoid4(x));
    const first = silu(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, silu(f64x2.extract_lane(x, 1)));
  }
}

function silu(x: f64): f64 {
  return x * sigmoid(x);
}

/** x · Φ(x) = max(x, 0) - |x|·Φ(-|x|): from the tail of the normal distribution, without cancellation. */
// @ts-ignore: decorator
@final
class Gelu extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) {
      const a = limit4(x);
      return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(f32x4.mul(a, mills4(a)), bell4(a)));
    }
    const first = gelu(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, gelu(f64x2.extract_lane(x, 1)));
  }
}

function gelu(x: f64): f64 {
  return 0.5 * x * erfc(-Math.SQRT1_2 * x);
}

/** x · (1 + tanh u) / 2 = x · sigmoid(2u), u = √(2/π)·(x + 0.044715 x³). */
// @ts-ignore: decorator
@final
class GeluTanh extends Wary {
  // @ts-ignore: decorator
  @inline strange<T>(x: v128): v128 { return cubicStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(x: v128): v128 { return f32x4.mul(x, sigmoid4Brief(cubic4(x))); }
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) return f32x4.mul(x, sigmoid4(cubic4(x)));
    const first = geluTanh(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, geluTanh(f64x2.extract_lane(x, 1)));
  }
}

function geluTanh(x: f64): f64 {
  return x * sigmoid(cubic(x));
}

/** 2u. */
// @ts-ignore: decorator
@inline
function cubic4(x: v128): v128 {
  const scale = f32x4.mul(f32x4.mul(x, x), f32x4.splat(<f32>(TANH_SCALE * TANH_CUBIC)));
  return f32x4.mul(x, f32x4.add(scale, f32x4.splat(<f32>TANH_SCALE)));
}

/** Lanes where 2u might be strange to the sigmoid: at -4.85 it is -15.9. */
// @ts-ignore: decorator
@inline function cubicStrange4(x: v128): v128 { return f32x4.lt(x, f32x4.splat(-4.85)); }

function cubic(x: f64): f64 { return TANH_SCALE * x * (1 + TANH_CUBIC * x * x); }

/** min(x, 0) - log(1 + e^-|x|). */
// @ts-ignore: decorator
@final
class Logsigmoid extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) {
      const zero = f32x4.splat(0);
      const e = f32x4.neg(f32x4.abs(x));
      return f32x4.sub(f32x4.pmin(x, zero), join(log1pd(expd(low(e))), log1pd(expd(high(e)))));
    }
    const first = logsigmoid(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, logsigmoid(f64x2.extract_lane(x, 1)));
  }
}

function logsigmoid(x: f64): f64 {
  return min<f64>(x, 0) - NativeMath.log1p(NativeMath.exp(-abs<f64>(x)));
}

/** log(1 + e^(p0·x)) / p0, and x where p0·x > p1. */
// @ts-ignore: decorator
@final
class Softplus extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, p: v128, q: v128): v128 {
    if (sizeof<T>() == 4) {
      const z = f32x4.mul(x, p);
      const y = f32x4.div(join(log1pd(expd(low(z))), log1pd(expd(high(z)))), p);
      return v128.bitselect(x, y, f32x4.gt(z, q));
    }
    const first = softplus(f64x2.extract_lane(x, 0), f64x2.extract_lane(p, 0), f64x2.extract_lane(q, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, softplus(f64x2.extract_lane(x, 1), f64x2.extract_lane(p, 1), f64x2.extract_lane(q, 1)));
  }
}

function softplus(x: f64, p: f64, q: f64): f64 {
  return x * p > q ? x : NativeMath.log1p(NativeMath.exp(x * p)) / p;
}

/** x, or p0·(e^x - 1) where it is not positive. */
// @ts-ignore: decorator
@final
class Elu extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, p: v128, q: v128): v128 {
    if (sizeof<T>() == 4) {
      const y = f32x4.mul(p, join(expm1d(low(x)), expm1d(high(x))));
      return v128.bitselect(x, y, f32x4.gt(x, f32x4.splat(0)));
    }
    const first = elu(f64x2.extract_lane(x, 0), f64x2.extract_lane(p, 0), f64x2.extract_lane(q, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, elu(f64x2.extract_lane(x, 1), f64x2.extract_lane(p, 1), f64x2.extract_lane(q, 1)));
  }
}

function elu(x: f64, p: f64, q: f64): f64 {
  return x > 0 ? x : p * NativeMath.expm1(x);
}

/** x, or p0·x where it is not positive. */
// @ts-ignore: decorator
@final
export class LeakyRelu extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.bitselect(x, v128.mul<T>(x, p), v128.gt<T>(x, v128.splat<T>(<T>0))); }
}

/** 0 where the result is 0, whatever g is; else g, also where the result is NaN. */
// @ts-ignore: decorator
@final
export class ReluGrad extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(g: v128, y: v128): v128 { return v128.andnot(g, v128.le<T>(y, v128.splat<T>(<T>0))); }
}

/** g·(1 - y)·y. */
// @ts-ignore: decorator
@final
export class SigmoidGrad extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(g: v128, y: v128): v128 { return v128.mul<T>(v128.mul<T>(g, v128.sub<T>(v128.splat<T>(<T>1), y)), y); }
}

/** g·(1 - y²). */
// @ts-ignore: decorator
@final
export class TanhGrad extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(g: v128, y: v128): v128 { return v128.mul<T>(g, v128.sub<T>(v128.splat<T>(<T>1), v128.mul<T>(y, y))); }
}

/** g·s·(1 + x·(1 - s)), s = sigmoid(x). */
// @ts-ignore: decorator
@final
class SiluGrad extends Wary {
  // @ts-ignore: decorator
  @inline strange<T>(g: v128, x: v128): v128 { return sigmoidStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(g: v128, x: v128): v128 { return siluGrad4(g, x, sigmoid4Brief(x)); }
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128): v128 {
    if (sizeof<T>() == 4) return siluGrad4(g, x, sigmoid4(x));
    const first = siluGrad(f64x2.extract_lane(g, 0), f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, siluGrad(f64x2.extract_lane(g, 1), f64x2.extract_lane(x, 1)));
  }
}

// @ts-ignore: decorator
@inline
function siluGrad4(g: v128, x: v128, s: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.mul(f32x4.mul(g, s), f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s))));
}

function siluGrad(g: f64, x: f64): f64 {
  const s = sigmoid(x);
  return g * s * (1 + x * (1 - s));
}

/** g·(Φ(x) + x·φ(x)), where the sum at -x is 1 less that at x. */
// @ts-ignore: decorator
@final
class GeluGrad extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128): v128 {
    if (sizeof<T>() == 4) {
      const a = limit4(x);
      const tail = f32x4.mul(bell4(a), f32x4.sub(mills4(a), f32x4.mul(a, f32x4.splat(<f32>SQRT1_2PI))));
      return f32x4.mul(g, v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0))));
    }
    const first = geluGrad(f64x2.extract_lane(g, 0), f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, geluGrad(f64x2.extract_lane(g, 1), f64x2.extract_lane(x, 1)));
  }
}

function geluGrad(g: f64, x: f64): f64 {
  return g * (0.5 * erfc(-Math.SQRT1_2 * x) + x * SQRT1_2PI * NativeMath.exp(-0.5 * x * x));
}

/** g·s·(1 + x·(1 - s)·(2u)'), s = sigmoid(2u). */
// @ts-ignore: decorator
@final
class GeluTanhGrad extends Wary {
  // @ts-ignore: decorator
  @inline strange<T>(g: v128, x: v128): v128 { return cubicStrange4(x); }
  // @ts-ignore: decorator
  @inline brief<T>(g: v128, x: v128): v128 { return geluTanhGrad4(g, x, sigmoid4Brief(cubic4(x))); }
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128): v128 {
    if (sizeof<T>() == 4) return geluTanhGrad4(g, x, sigmoid4(cubic4(x)));
    const first = geluTanhGrad(f64x2.extract_lane(g, 0), f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, geluTanhGrad(f64x2.extract_lane(g, 1), f64x2.extract_lane(x, 1)));
  }
}

// @ts-ignore: decorator
@inline
function geluTanhGrad4(g: v128, x: v128, s: v128): v128 {
  const one = f32x4.splat(1);
  const slope = f32x4.mul(f32x4.mul(x, x), f32x4.splat(<f32>(3 * TANH_CUBIC * TANH_SCALE)));
  const rest = f32x4.mul(f32x4.mul(x, f32x4.sub(one, s)), f32x4.add(slope, f32x4.splat(<f32>TANH_SCALE)));
  return f32x4.mul(f32x4.mul(g, s), f32x4.add(one, rest));
}

function geluTanhGrad(g: f64, x: f64): f64 {
  const s = sigmoid(cubic(x));
  return g * s * (1 + x * (1 - s) * TANH_SCALE * (1 + 3 * TANH_CUBIC * x * x));
}

export function silu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Silu>(args, begin, end); }
export function silu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Silu>(args, begin, end); }
export function gelu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Gelu>(args, begin, end); }
export function gelu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Gelu>(args, begin, end); }
export function geluTanh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, GeluTanh>(args, begin, end); }
export function geluTanh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, GeluTanh>(args, begin, end); }
export function logsigmoid_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Logsigmoid>(args, begin, end); }
export function logsigmoid_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Logsigmoid>(args, begin, end); }
export function softplus_f32(args: usize, begin: i32, end: i32): void { map1With<f32, f32, Softplus>(args, begin, end); }
export function softplus_f64(args: usize, begin: i32, end: i32): void { map1With<f64, f64, Softplus>(args, begin, end); }
export function elu_f32(args: usize, begin: i32, end: i32): void { map1With<f32, f32, Elu>(args, begin, end); }
export function elu_f64(args: usize, begin: i32, end: i32): void { map1With<f64, f64, Elu>(args, begin, end); }
export function leakyRelu_f32(args: usize, begin: i32, end: i32): void { map1With<f32, f32, LeakyRelu>(args, begin, end); }
export function leakyRelu_f64(args: usize, begin: i32, end: i32): void { map1With<f64, f64, LeakyRelu>(args, begin, end); }
export function reluGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, ReluGrad>(args, begin, end); }
export function reluGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, ReluGrad>(args, begin, end); }
export function sigmoidGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, SigmoidGrad>(args, begin, end); }
export function sigmoidGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, SigmoidGrad>(args, begin, end); }
export function tanhGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, TanhGrad>(args, begin, end); }
export function tanhGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, TanhGrad>(args, begin, end); }
export function siluGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, SiluGrad>(args, begin, end); }
export function siluGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, SiluGrad>(args, begin, end); }
export function geluGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, GeluGrad>(args, begin, end); }
export function geluGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, GeluGrad>(args, begin, end); }
export function geluTanhGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, GeluTanhGrad>(args, begin, end); }
export function geluTanhGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, GeluTanhGrad>(args, begin, end); }
