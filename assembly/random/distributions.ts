// Random numbers, drawn as PyTorch draws them on the CPU, so that a seed gives its numbers.
//
//   args ─ n: i32 │ state: usize │ y: usize │ parameters: f64 or i64, as each says
//
// y has n contiguous elements and state is mt19937.ts's. The draws of an element depend on how many were made before
// it: these kernels are launched with n = 1 and ignore begin and end.

import { FAULT_PROBABILITY, fault, int, long, ptr, real, scratch } from "../abi";
import { exp64, high, join, log1p64Brief, log4, log64, logd, low, sincosd } from "../math";
import { available, draw, draw4, draw64, normal53, seed, uniform53 } from "./mt19937";

const BITS53: u64 = (1 << 53) - 1;

/** Starts the stream of a seed: state │ seed: i64. */
export function seed_mt19937(args: usize, begin: i32, end: i32): void {
  seed(ptr(args, 0), <u32>long(args, 1));
}

// Uniform in [from, to): from │ to │ bits. A float32 takes `bits` bits of one draw: 24, and 11 or 8 where the result
// is to be a float16 or a bfloat16.
export function uniform_f32(args: usize, begin: i32, end: i32): void {
  const y = ptr(args, 2);
  const from = <f32>real(args, 3);
  const to = <f32>real(args, 4);
  fillUniform(int(args, 0), ptr(args, 1), y, from, to - from, <i32>real(args, 5));
}

export function uniform_f64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const from = real(args, 3);
  const width = real(args, 4) - from;
  for (let i = 0; i < n; i++) store<f64>(y + (<usize>i << 3), uniform53(state) * width + from);
}

// The scaling is PyTorch's fused multiply-add: the product is exact in double precision.
function fillUniform(n: i32, state: usize, y: usize, from: f64, width: f64, bits: i32): void {
  const mask: u32 = (1 << bits) - 1;
  const unit = <f32>(1.0 / <f64>(1 << bits));
  while (n > 0) {
    const count = min(n, available(state));
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const u = f32x4.mul(f32x4.convert_i32x4_s(v128.and(draw4(state), i32x4.splat(mask))), f32x4.splat(unit));
      const low = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(u), f64x2.splat(width)), f64x2.splat(from));
      const top = f64x2.promote_low_f32x4(i64x2.shuffle(u, u, 1, 0));
      const high = f64x2.add(f64x2.mul(top, f64x2.splat(width)), f64x2.splat(from));
      v128.store(y, i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
      y += 16;
    }
    for (; i < count; i++) {
      store<f32>(y, <f32>(<f64>(<f32>(draw(state) & mask) * unit) * width + from));
      y += 4;
    }
    n -= count;
  }
}

// Normal: mean │ std │ bits (as above). Fewer than 16 elements are made one by one in double precision. From 16 on all
// elements are first uniform; each group of 16 then becomes the Box-Muller pairs of its halves, and where n is no
// multiple of 16 the last 16 elements are drawn and made anew.
export function normal_f32(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const mean = real(args, 3);
  const std = real(args, 4);
  if (n < 16) {
    for (let i = 0; i < n; i++) store<f32>(y + (<usize>i << 2), <f32>(normal53(state) * std + mean));
    return;
  }
  const bits = <i32>real(args, 5);
  fillUniform(n, state, y, 0, 1, bits);
  for (let i = 0; i + 16 <= n; i += 16) pairs_f32(y + (<usize>i << 2), <f32>mean, <f32>std);
  if ((n & 15) != 0) {
    const last = y + (<usize>(n - 16) << 2);
    fillUniform(16, state, last, 0, 1, bits);
    pairs_f32(last, <f32>mean, <f32>std);
  }
}

export function normal_f64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const mean = real(args, 3);
  const std = real(args, 4);
  if (n < 16) {
    for (let i = 0; i < n; i++) store<f64>(y + (<usize>i << 3), normal53(state) * std + mean);
    return;
  }
  for (let i = 0; i < n; i++) store<f64>(y + (<usize>i << 3), uniform53(state));
  for (let i = 0; i + 16 <= n; i += 16) pairs_f64(y + (<usize>i << 3), mean, std);
  if ((n & 15) != 0) {
    const last = y + (<usize>(n - 16) << 3);
    for (let i = 0; i < 16; i++) store<f64>(last + (<usize>i << 3), uniform53(state));
    pairs_f64(last, mean, std);
  }
}

/** Eight uniform numbers and the eight after them become eight pairs of normal ones. The angle is a float32, as PyTorch's. */
function pairs_f32(y: usize, mean: f32, std: f32): void {
  for (let i = 0; i < 2; i++, y += 16) {
    const u = f32x4.sub(f32x4.splat(1), v128.load(y)); // [0, 1) → (0, 1] for the logarithm
    const radius = f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log4(u)));
    const angle = f32x4.mul(f32x4.splat(<f32>(2 * Math.PI)), v128.load(y, 32));
    sincosd(low(angle), scratch, scratch + 32);
    sincosd(high(angle), scratch + 16, scratch + 48);
    store4(y, f32x4.mul(radius, join(v128.load(scratch, 32), v128.load(scratch, 48))), mean, std);
    store4(y + 32, f32x4.mul(radius, join(v128.load(scratch), v128.load(scratch, 16))), mean, std);
  }
}

// @ts-ignore: decorator
@inline
function store4(y: usize, x: v128, mean: f32, std: f32): void {
  v128.store(y, f32x4.add(f32x4.mul(x, f32x4.splat(std)), f32x4.splat(mean)));
}

function pairs_f64(y: usize, mean: f64, std: f64): void {
  for (let i = 0; i < 4; i++, y += 16) {
    const u = f64x2.sub(f64x2.splat(1), v128.load(y));
    const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), logd(u)));
    const angle = f64x2.mul(f64x2.splat(2 * Math.PI), v128.load(y, 64));
    sincosd(angle, scratch, scratch + 16);
    store2(y, f64x2.mul(radius, v128.load(scratch, 16)), mean, std);
    store2(y + 64, f64x2.mul(radius, v128.load(scratch)), mean, std);
  }
}

// @ts-ignore: decorator
@inline
function store2(y: usize, x: v128, mean: f64, std: f64): void {
  v128.store(y, f64x2.add(f64x2.mul(x, f64x2.splat(std)), f64x2.splat(mean)));
}

// `hit` with the probability p, else 0: p │ hit. A float64 uniform u each, whatever the result's dtype. u < p is decided on the
// 53 bits themselves: k / 2^53 < p just when k < ceil(p · 2^53).
export function bernoulli_b8(args: usize, begin: i32, end: i32): void { bernoulli<u8>(args); }
export function bernoulli_f32(args: usize, begin: i32, end: i32): void { bernoulli<f32>(args); }
export function bernoulli_f64(args: usize, begin: i32, end: i32): void { bernoulli<f64>(args); }

function bernoulli<T>(args: usize): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const limit = <i64>ceil(real(args, 3) * 9007199254740992.0);
  const hit = <T>real(args, 4);
  let i = 0;
  while (i < n) {
    // Dropout draws millions of float32: four at a time where eight words are at hand.
    if (isFloat<T>() && sizeof<T>() == 4) {
      for (let words = available(state); words >= 8 && i + 4 <= n; words -= 8, i += 4) {
        const low = below(draw4(state), limit);
        const high = below(draw4(state), limit);
        v128.store(y + (<usize>i << 2), v128.and(i32x4.shuffle(low, high, 0, 2, 4, 6), f32x4.splat(<f32>hit)));
      }
      if (i == n) return;
    }
    store<T>(y + <usize>i * sizeof<T>(), <i64>(draw64(state) & BITS53) < limit ? hit : <T>0);
    i++;
  }
}

/** Masks of two numbers of 53 bits, from two pairs of draws. */
// @ts-ignore: decorator
@inline
function below(words: v128, limit: i64): v128 {
  const k = v128.and(i32x4.shuffle(words, words, 1, 0, 3, 2), i64x2.splat(BITS53));
  return i64x2.lt_s(k, i64x2.splat(limit));
}

// 1 with the probability p[i], else 0: p: usize, contiguous and of y's dtype, in which the uniform is drawn too. A p
// beyond [0, 1] is a fault.
export function bernoulli_each_f32(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const p = ptr(args, 3);
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 2;
    const u = <f32>(draw(state) & 0xffffff) * (1.0 / 16777216.0);
    const limit = load<f32>(p + at);
    if (!(limit >= 0 && limit <= 1)) fault(FAULT_PROBABILITY, i);
    store<f32>(y + at, u < limit ? 1 : 0);
  }
}

export function bernoulli_each_f64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const p = ptr(args, 3);
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 3;
    const limit = load<f64>(p + at);
    if (!(limit >= 0 && limit <= 1)) fault(FAULT_PROBABILITY, i);
    store<f64>(y + at, uniform53(state) < limit ? 1 : 0);
  }
}

// Whole numbers in [base, base + range): range: i64 (unsigned, 0 means 2^64) │ base: i64. A remainder of one draw, and
// from a range of 2^28 on of two: a remainder of 32 bits would then favour the small numbers by 1 in 16 and more.
const WIDE: u64 = 1 << 28;

export function randint_i64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const range = <u64>long(args, 3);
  const base = long(args, 4);
  for (let i = 0; i < n; i++) {
    const at = y + (<usize>i << 3);
    if (range == 0) store<i64>(at, <i64>draw64(state) + base);
    else if (range >= WIDE) store<i64>(at, <i64>(draw64(state) % range) + base);
    else store<i64>(at, <i64>(draw(state) % <u32>range) + base);
  }
}

// Whole numbers in [0, range) of a dtype that takes one draw whatever its range (2^24 + 1 for float32, 2^31 for int32,
// and so on): range: i64.
export function random_i64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const range = <u64>long(args, 3);
  for (let i = 0; i < n; i++) store<i64>(y + (<usize>i << 3), <i64>(<u64>draw(state) % range));
}

// A permutation of 0 … n - 1 by Fisher and Yates' shuffle from the front. Beyond 2^32 / 20 elements the remainder of 32
// bits would be uneven, and the shuffle is the one that builds the permutation as it goes.
const EVEN = 214748364;

export function randperm_i64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  if (n < EVEN) {
    for (let i = 0; i < n; i++) store<i64>(y + (<usize>i << 3), i);
    for (let i = 0; i < n - 1; i++) {
      const a = y + (<usize>i << 3);
      const b = a + (<usize>(draw(state) % <u32>(n - i)) << 3);
      const kept = load<i64>(a);
      store<i64>(a, load<i64>(b));
      store<i64>(b, kept);
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    const a = y + (<usize>i << 3);
    const b = y + (<usize>(draw64(state) % <u64>(i + 1)) << 3);
    store<i64>(a, i);
    store<i64>(a, load<i64>(b));
    store<i64>(b, i);
  }
}

// The distributions below are the inverse of their cumulative function at a float64 uniform (the log-normal's is a
// normal number instead): p0 │ p1. Two numbers at a time; the last of an odd number is drawn alone, and gets the same bits.

// @ts-ignore: decorator
@inline
function inverse<T, D>(args: usize): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  const y = ptr(args, 2);
  const p0 = real(args, 3);
  const p1 = real(args, 4);
  const distribution = changetype<D>(0);
  for (let i = 0; i < n; i += 2) {
    const first = distribution.draw(state);
    const both = i + 1 < n;
    const drawn = both ? f64x2.replace_lane(f64x2.splat(first), 1, distribution.draw(state)) : f64x2.splat(first);
    const at = y + <usize>i * sizeof<T>();
    const value = distribution.of(drawn, p0, p1);
    store<T>(at, <T>f64x2.extract_lane(value, 0));
    if (both) store<T>(at, <T>f64x2.extract_lane(value, 1), sizeof<T>());
  }
}

// p0: the rate.
// @ts-ignore: decorator
@final
export class Exponential {
  // @ts-ignore: decorator
  @inline draw(state: usize): f64 { return uniform53(state); }
  // @ts-ignore: decorator
  @inline of(u: v128, rate: f64, none: f64): v128 { return f64x2.mul(f64x2.splat(-1 / rate), log1p64Brief(f64x2.neg(u))); }
}

// p0: the probability of a success. The number of trials up to it.
// @ts-ignore: decorator
@final
export class Geometric {
  // @ts-ignore: decorator
  @inline draw(state: usize): f64 { return uniform53(state); }
  // @ts-ignore: decorator
  @inline of(u: v128, p: f64, none: f64): v128 { return f64x2.ceil(f64x2.div(log64(u), f64x2.splat(Math.log1p(-p)))); }
}

// p0: the median │ p1: the width.
// @ts-ignore: decorator
@final
export class Cauchy {
  // @ts-ignore: decorator
  @inline draw(state: usize): f64 { return Math.tan(Math.PI * (uniform53(state) - 0.5)); }
  // @ts-ignore: decorator
  @inline of(t: v128, median: f64, width: f64): v128 { return f64x2.add(f64x2.splat(median), f64x2.mul(f64x2.splat(width), t)); }
}

// p0: the mean │ p1: the standard deviation, both of the logarithm.
// @ts-ignore: decorator
@final
export class LogNormal {
  // @ts-ignore: decorator
  @inline draw(state: usize): f64 { return normal53(state); }
  // @ts-ignore: decorator
  @inline of(z: v128, mean: f64, std: f64): v128 { return exp64(f64x2.add(f64x2.mul(z, f64x2.splat(std)), f64x2.splat(mean))); }
}

export function exponential_f32(args: usize, begin: i32, end: i32): void { inverse<f32, Exponential>(args); }
export function exponential_f64(args: usize, begin: i32, end: i32): void { inverse<f64, Exponential>(args); }
export function geometric_f32(args: usize, begin: i32, end: i32): void { inverse<f32, Geometric>(args); }
export function geometric_f64(args: usize, begin: i32, end: i32): void { inverse<f64, Geometric>(args); }
export function cauchy_f32(args: usize, begin: i32, end: i32): void { inverse<f32, Cauchy>(args); }
export function cauchy_f64(args: usize, begin: i32, end: i32): void { inverse<f64, Cauchy>(args); }
export function log_normal_f32(args: usize, begin: i32, end: i32): void { inverse<f32, LogNormal>(args); }
export function log_normal_f64(args: usize, begin: i32, end: i32): void { inverse<f64, LogNormal>(args); }

// Categories drawn with replacement: p │ categories: i32 │ samples: i32 │ sums.
//
// n is the number of rows; p is [n, categories], not negative and with a positive sum a row, y [n, samples] of int64;
// sums has room for one row. Each sample is the first category at which the running share of the row reaches a float64
// uniform.
export function multinomial_f32(args: usize, begin: i32, end: i32): void { multinomial<f32>(args); }
export function multinomial_f64(args: usize, begin: i32, end: i32): void { multinomial<f64>(args); }

function multinomial<T>(args: usize): void {
  const n = int(args, 0);
  const state = ptr(args, 1);
  let y = ptr(args, 2);
  let p = ptr(args, 3);
  const categories = int(args, 4);
  const samples = int(args, 5);
  const sums = ptr(args, 6);
  for (let row = 0; row < n; row++) {
    let sum: T = 0;
    for (let c = 0; c < categories; c++, p += sizeof<T>()) {
      sum += load<T>(p);
      store<T>(sums + <usize>c * sizeof<T>(), sum);
    }
    for (let j = 0; j < samples; j++, y += 8) {
      const u = uniform53(state);
      // The last category stops every search: rounding may leave the last share just below u.
      let low = 0;
      let high = categories - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (<f64>(load<T>(sums + <usize>middle * sizeof<T>()) / sum) < u) low = middle + 1;
        else high = middle;
      }
      store<i64>(y, low);
    }
  }
}
