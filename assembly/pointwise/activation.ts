// Activations with a kernel of their own, and the backward kernels that a formula of several would be slow for. The
// blocks are those of iterate.ts: an activation has the operands y, a (its parameters in p0, p1), a derivative y, g, a,
// where a is what was saved: the input, or the output for sigmoid, tanh and relu.

import {
  bell4, erfc64, exp4, exp64, expm164Brief, hinge4, hinge64, limit4, mills4, sigmoid, sigmoid4, sigmoid4Brief, sigmoid64,
  sigmoidStrange4, sink4,
} from "../math";
import { Heavy, HeavyWith, Light, LightWith, map1, map2, Wary } from "./map";

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
    return f64x2.mul(x, sigmoid64(x));
  }
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
      // Below 0 it is |x| without the limit, so that -∞ · 0 is NaN, as the formula says.
      const below = f32x4.pmax(f32x4.neg(x), a);
      return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(f32x4.mul(below, mills4(a)), bell4(a)));
    }
    return f64x2.mul(f64x2.mul(f64x2.splat(0.5), x), erfc64(f64x2.mul(x, f64x2.splat(-Math.SQRT1_2))));
  }
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
    return f64x2.mul(x, sigmoid64(cubic64(x)));
  }
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

// @ts-ignore: decorator
@inline
function cubic64(x: v128): v128 {
  const factor = f64x2.add(f64x2.mul(f64x2.mul(f64x2.splat(TANH_CUBIC), x), x), f64x2.splat(1));
  return f64x2.mul(f64x2.mul(f64x2.splat(TANH_SCALE), x), factor);
}

/** min(x, 0) - log(1 + e^-|x|). */
// @ts-ignore: decorator
@final
class Logsigmoid extends Heavy {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128): v128 {
    if (sizeof<T>() == 4) return f32x4.sub(f32x4.pmin(x, f32x4.splat(0)), hinge4(x));
    return f64x2.sub(f64x2.pmin(x, f64x2.splat(0)), hinge64(x));
  }
}

/** log(1 + e^(p0·x)) / p0, and x where p0·x > p1. */
// @ts-ignore: decorator
@final
class Softplus extends HeavyWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, p: v128, q: v128): v128 {
    if (sizeof<T>() == 4) {
      const z = f32x4.mul(x, p);
      const y = f32x4.div(f32x4.add(f32x4.pmax(z, f32x4.splat(0)), hinge4(z)), p);
      return v128.bitselect(x, y, f32x4.gt(z, q));
    }
    const z = f64x2.mul(x, p);
    const y = f64x2.div(f64x2.add(f64x2.pmax(z, f64x2.splat(0)), hinge64(z)), p);
    return v128.bitselect(x, y, f64x2.gt(z, q));
  }
}

/** x, or p0·(e^(p1·x) - 1) where it is not positive; p1 is. */
// @ts-ignore: decorator
@final
class Elu extends HeavyWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, p: v128, q: v128): v128 {
    if (sizeof<T>() == 4) return v128.bitselect(x, f32x4.mul(p, sink4(f32x4.mul(x, q))), f32x4.gt(x, f32x4.splat(0)));
    return v128.bitselect(x, f64x2.mul(p, expm164Brief(f64x2.mul(x, q))), f64x2.gt(x, f64x2.splat(0)));
  }
}

/** x, or p0·x where it is not positive. */
// @ts-ignore: decorator
@final
export class LeakyRelu extends LightWith {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.bitselect(x, v128.mul<T>(x, p), v128.gt<T>(x, v128.splat<T>(<T>0))); }
}

/** g, or p0·g where x is not positive. */
// @ts-ignore: decorator
@final
export class LeakyReluGrad extends LightWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128, p: v128, q: v128): v128 {
    return v128.bitselect(g, v128.mul<T>(g, p), v128.gt<T>(x, v128.splat<T>(<T>0)));
  }
}

/** x, or b·x where it is not positive. */
// @ts-ignore: decorator
@final
export class Prelu extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, b: v128): v128 { return v128.bitselect(x, v128.mul<T>(x, b), v128.gt<T>(x, v128.splat<T>(<T>0))); }
}

/** (x + 3) / 6 held to [0, 1]. */
// @ts-ignore: decorator
@final
export class Hardsigmoid extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.div<T>(sixths<T>(x), v128.splat<T>(<T>6)); }
}

/** x times that. */
// @ts-ignore: decorator
@final
export class Hardswish extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.div<T>(v128.mul<T>(x, sixths<T>(x)), v128.splat<T>(<T>6)); }
}

/** x + 3 held to [0, 6]; NaN stays. */
// @ts-ignore: decorator
@inline
function sixths<T>(x: v128): v128 {
  return v128.pmin<T>(v128.pmax<T>(v128.add<T>(x, v128.splat<T>(<T>3)), v128.splat<T>(<T>0)), v128.splat<T>(<T>6));
}

/** g / 6 within ±3, else 0. */
// @ts-ignore: decorator
@final
export class HardsigmoidGrad extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128): v128 {
    return v128.and(v128.div<T>(g, v128.splat<T>(<T>6)), v128.lt<T>(v128.abs<T>(x), v128.splat<T>(<T>3)));
  }
}

/** 0 below -3, g above 3, between g·(x / 3 + ½). */
// @ts-ignore: decorator
@final
export class HardswishGrad extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128): v128 {
    const three = v128.splat<T>(<T>3);
    const slope = v128.mul<T>(g, v128.add<T>(v128.div<T>(x, three), v128.splat<T>(<T>0.5)));
    return v128.andnot(v128.bitselect(g, slope, v128.gt<T>(x, three)), v128.lt<T>(x, v128.splat<T>(<T>-3)));
  }
}

/** g where x lies between p0 and p1, else 0. */
// @ts-ignore: decorator
@final
export class HardtanhGrad extends LightWith {
  // @ts-ignore: decorator
  @inline apply<T>(g: v128, x: v128, p: v128, q: v128): v128 { return v128.and(g, v128.and(v128.gt<T>(x, p), v128.lt<T>(x, q))); }
}

/** x, or 0 within ±p0. */
// @ts-ignore: decorator
@final
export class Hardshrink extends LightWith {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.andnot(x, isWithin<T>(x, p)); }
}

/** Whether -p ≤ x ≤ p. */
// @ts-ignore: decorator
@inline function isWithin<T>(x: v128, p: v128): v128 { return v128.and(v128.le<T>(x, p), v128.ge<T>(x, v128.neg<T>(p))); }

/** x nearer to 0 by p0, and 0 within ±p0 and for NaN. */
// @ts-ignore: decorator
@final
export class Softshrink extends LightWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(x: v128, p: v128, q: v128): v128 {
    const above = v128.and(v128.sub<T>(x, p), v128.gt<T>(x, p));
    return v128.or(above, v128.and(v128.add<T>(x, p), v128.lt<T>(x, v128.neg<T>(p))));
  }
}

/** g, or 0 where x lies within ±p0. */
// @ts-ignore: decorator
@final
export class ShrinkGrad extends LightWith {
  // @ts-ignore: decorator
  @inline apply<T>(g: v128, x: v128, p: v128, q: v128): v128 { return v128.andnot(g, isWithin<T>(x, p)); }
}

/** x where it is greater than p0, else p1. */
// @ts-ignore: decorator
@final
export class Threshold extends LightWith {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.bitselect(x, q, v128.gt<T>(x, p)); }
}

/** With d = |a - b|: p1·d² / 2 up to p0, and p0·p1·(d - p0 / 2) beyond. */
// @ts-ignore: decorator
@final
export class Huber extends LightWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128, p: v128, q: v128): v128 {
    const d = v128.abs<T>(v128.sub<T>(a, b));
    const near = v128.pmin<T>(d, p); // NaN stays
    return v128.mul<T>(v128.mul<T>(near, q), v128.sub<T>(d, v128.mul<T>(near, v128.splat<T>(<T>0.5))));
  }
}

/** Its slope: p1·(a - b), a - b held to ±p0. */
// @ts-ignore: decorator
@final
export class HuberSlope extends LightWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128, p: v128, q: v128): v128 {
    return v128.mul<T>(v128.pmax<T>(v128.pmin<T>(v128.sub<T>(a, b), p), v128.neg<T>(p)), q);
  }
}

/** |a - b|. */
// @ts-ignore: decorator
@final
export class Distance extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.abs<T>(v128.sub<T>(a, b)); }
}

/** (a - b)². */
// @ts-ignore: decorator
@final
export class SquaredDistance extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128): v128 {
    const d = v128.sub<T>(a, b);
    return v128.mul<T>(d, d);
  }
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
    return siluGrad64(g, x, sigmoid64(x));
  }
}

// @ts-ignore: decorator
@inline
function siluGrad4(g: v128, x: v128, s: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.mul(f32x4.mul(g, s), f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s))));
}

// @ts-ignore: decorator
@inline
function siluGrad64(g: v128, x: v128, s: v128): v128 {
  const one = f64x2.splat(1);
  return f64x2.mul(f64x2.mul(g, s), f64x2.add(one, f64x2.mul(x, f64x2.sub(one, s))));
}

/** g, or g·p0·p1·e^(p1·x) where x is not positive; p1 is. */
// @ts-ignore: decorator
@final
class EluGrad extends HeavyWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128, p: v128, q: v128): v128 {
    const slope = v128.mul<T>(p, q);
    const z = v128.mul<T>(x, q);
    const e = sizeof<T>() == 4 ? exp4(z) : exp64(z);
    return v128.bitselect(g, v128.mul<T>(g, v128.mul<T>(e, slope)), v128.gt<T>(x, v128.splat<T>(<T>0)));
  }
}

/** g·sigmoid(p0·x), and g where p0·x > p1. */
// @ts-ignore: decorator
@final
class SoftplusGrad extends HeavyWith {
  // @ts-ignore: decorator
  @inline
  apply<T>(g: v128, x: v128, p: v128, q: v128): v128 {
    const z = v128.mul<T>(x, p);
    const s = sizeof<T>() == 4 ? sigmoid4(z) : sigmoid64(z);
    return v128.bitselect(g, v128.mul<T>(g, s), v128.gt<T>(z, q));
  }
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
      const tail = f32x4.mul(bell4(a), f32x4.sub(mills4(a), f32x4.mul(f32x4.abs(x), f32x4.splat(<f32>SQRT1_2PI))));
      return f32x4.mul(g, v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0))));
    }
    const below = f64x2.mul(f64x2.splat(0.5), erfc64(f64x2.mul(x, f64x2.splat(-Math.SQRT1_2))));
    const density = f64x2.mul(f64x2.splat(SQRT1_2PI), exp64(f64x2.mul(f64x2.mul(x, x), f64x2.splat(-0.5))));
    return f64x2.mul(g, f64x2.add(below, f64x2.mul(x, density)));
  }
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
    const one = f64x2.splat(1);
    const s = sigmoid64(cubic64(x));
    const slope = f64x2.add(f64x2.mul(f64x2.mul(f64x2.splat(3 * TANH_CUBIC), x), x), one);
    const rest = f64x2.mul(f64x2.mul(f64x2.mul(x, f64x2.sub(one, s)), f64x2.splat(TANH_SCALE)), slope);
    return f64x2.mul(f64x2.mul(g, s), f64x2.add(one, rest));
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

export function silu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Silu>(args, begin, end); }
export function silu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Silu>(args, begin, end); }
export function gelu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Gelu>(args, begin, end); }
export function gelu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Gelu>(args, begin, end); }
export function geluTanh_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, GeluTanh>(args, begin, end); }
export function geluTanh_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, GeluTanh>(args, begin, end); }
export function logsigmoid_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Logsigmoid>(args, begin, end); }
export function logsigmoid_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Logsigmoid>(args, begin, end); }
export function softplus_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Softplus>(args, begin, end); }
export function softplus_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Softplus>(args, begin, end); }
export function elu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Elu>(args, begin, end); }
export function elu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Elu>(args, begin, end); }
export function leakyRelu_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, LeakyRelu>(args, begin, end); }
export function leakyRelu_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, LeakyRelu>(args, begin, end); }
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
export function leakyReluGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, LeakyReluGrad>(args, begin, end); }
export function leakyReluGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, LeakyReluGrad>(args, begin, end); }
export function prelu_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Prelu>(args, begin, end); }
export function prelu_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Prelu>(args, begin, end); }
export function hardsigmoid_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Hardsigmoid>(args, begin, end); }
export function hardsigmoid_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Hardsigmoid>(args, begin, end); }
export function hardsigmoidGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, HardsigmoidGrad>(args, begin, end); }
export function hardsigmoidGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, HardsigmoidGrad>(args, begin, end); }
export function hardswish_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Hardswish>(args, begin, end); }
export function hardswish_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Hardswish>(args, begin, end); }
export function hardswishGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, HardswishGrad>(args, begin, end); }
export function hardswishGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, HardswishGrad>(args, begin, end); }
export function hardtanhGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, HardtanhGrad>(args, begin, end); }
export function hardtanhGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, HardtanhGrad>(args, begin, end); }
export function hardshrink_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Hardshrink>(args, begin, end); }
export function hardshrink_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Hardshrink>(args, begin, end); }
export function softshrink_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Softshrink>(args, begin, end); }
export function softshrink_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Softshrink>(args, begin, end); }
export function shrinkGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, ShrinkGrad>(args, begin, end); }
export function shrinkGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, ShrinkGrad>(args, begin, end); }
export function threshold_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Threshold>(args, begin, end); }
export function threshold_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Threshold>(args, begin, end); }
export function huber_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Huber>(args, begin, end); }
export function huber_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Huber>(args, begin, end); }
export function huberSlope_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, HuberSlope>(args, begin, end); }
export function huberSlope_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, HuberSlope>(args, begin, end); }
export function distance_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, Distance>(args, begin, end); }
export function distance_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, Distance>(args, begin, end); }
export function squaredDistance_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, SquaredDistance>(args, begin, end); }
export function squaredDistance_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, SquaredDistance>(args, begin, end); }
export function eluGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, EluGrad>(args, begin, end); }
export function eluGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, EluGrad>(args, begin, end); }
export function softplusGrad_f32(args: usize, begin: i32, end: i32): void { map2<f32, f32, SoftplusGrad>(args, begin, end); }
export function softplusGrad_f64(args: usize, begin: i32, end: i32): void { map2<f64, f64, SoftplusGrad>(args, begin, end); }
