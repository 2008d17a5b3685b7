// The 16-bit floats and f32, four at a time, and rows of them. To 16 bits all round to nearest, ties to even. NaN stays
// NaN, quiet.
//
// `unzip` and `zip` give and take the f32 in an order of their own, which costs no shuffles and can be paired (wide.ts).
// Their blocks are those of iterate.ts with the operands y, a, of which they read the addresses alone.

import { ptr } from "../abi";
import { choose } from "../math";

// A 16-bit type is a class without fields. A v128 of eight of them is four pairs: an `even` one in the low half of each
// 32 bits, an `odd` one in the high half. `low` and `high` give an f32 in those halves, and 0 in the other half.

// @ts-ignore: decorator
@final
export class Half {
  // @ts-ignore: decorator
  @inline even(x: v128): v128 { return this.wide(i32x4.shl(x, 16)); }
  // @ts-ignore: decorator
  @inline odd(x: v128): v128 { return this.wide(x); }
  /** float16 in the high halves → f32, exactly: a multiplication rebiases the exponent, and makes the subnormals normal. */
  // @ts-ignore: decorator
  @inline
  wide(x: v128): v128 {
    const bits = v128.and(i32x4.shr_s(x, 3), i32x4.splat(0x8fffe000));
    const y = f32x4.mul(bits, f32x4.splat(reinterpret<f32>((127 + 112) << 23)));
    // ∞ and NaN are what came out beyond the greatest number.
    return v128.or(y, v128.and(f32x4.ge(f32x4.abs(y), f32x4.splat(65536)), i32x4.splat(0xff << 23)));
  }
  // @ts-ignore: decorator
  @inline
  low(x: v128): v128 {
    const y = v128.and(i32x4.shr_u(this.rounded(x), 13), i32x4.splat(0x7fff));
    return v128.or(y, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
  }
  // @ts-ignore: decorator
  @inline
  high(x: v128): v128 {
    const y = v128.and(i32x4.shl(this.rounded(x), 3), i32x4.splat(0x7fff0000));
    return v128.or(y, v128.and(x, i32x4.splat(0x80000000)));
  }
  /** |x| as float16 would hold it, scaled so that its exponent is float16's. */
  // @ts-ignore: decorator
  @inline
  rounded(x: v128): v128 {
    const a = f32x4.pmin(v128.and(x, i32x4.splat(0x7fffffff)), f32x4.splat(65536)); // NaN stays
    // Added to a number whose last place is float16's, for a subnormal the last place of all of them.
    const exponent = i32x4.max_s(v128.and(a, i32x4.splat(0xff << 23)), i32x4.splat((127 - 14) << 23));
    const rounder = i32x4.add(exponent, i32x4.splat(13 << 23));
    return f32x4.mul(f32x4.sub(f32x4.add(a, rounder), rounder), f32x4.splat(reinterpret<f32>((127 - 112) << 23)));
  }
}

// @ts-ignore: decorator
@final
export class Brain {
  // @ts-ignore: decorator
  @inline even(x: v128): v128 { return i32x4.shl(x, 16); }
  // @ts-ignore: decorator
  @inline odd(x: v128): v128 { return v128.and(x, i32x4.splat(0xffff0000)); }
  // @ts-ignore: decorator
  @inline low(x: v128): v128 { return i32x4.shr_u(this.rounded(x), 16); }
  // @ts-ignore: decorator
  @inline high(x: v128): v128 { return v128.and(this.rounded(x), i32x4.splat(0xffff0000)); }
  /** With half an ulp less one, and the last bit that stays, which make the carry of round-half-even. */
  // @ts-ignore: decorator
  @inline
  rounded(x: v128): v128 {
    const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
    return choose(i32x4.splat(0x7fc00000), i32x4.add(i32x4.add(x, odd), i32x4.splat(0x7fff)), f32x4.ne(x, x));
  }
}

/** f32 of `count` 16-bit floats at a. */
// @ts-ignore: decorator
@inline
export function widen<F>(count: i32, y: usize, a: usize): void {
  const type = changetype<F>(0);
  for (; count >= 8; count -= 8) {
    const x = v128.load(a);
    v128.store(y, type.even(i32x4.extend_low_i16x8_u(x)));
    v128.store(y, type.even(i32x4.extend_high_i16x8_u(x)), 16);
    a += 16;
    y += 32;
  }
  widenSome<F>(count, y, a);
}

/** 16-bit floats of `count` f32 at a. */
// @ts-ignore: decorator
@inline
export function narrow<F>(count: i32, y: usize, a: usize): void {
  const type = changetype<F>(0);
  for (; count >= 8; count -= 8) {
    v128.store(y, i16x8.narrow_i32x4_u(type.low(v128.load(a)), type.low(v128.load(a, 16))));
    a += 32;
    y += 16;
  }
  narrowSome<F>(count, y, a);
}

/** As `widen`, but of every sixteen come first those in even places, then those in odd ones. */
// @ts-ignore: decorator
@inline
function unzip<F>(args: usize, begin: i32, end: i32): void {
  const type = changetype<F>(0);
  let y = ptr(args, 3) + (<usize>begin << 2);
  let a = ptr(args, 4) + (<usize>begin << 1);
  let count = end - begin;
  for (; count >= 16; count -= 16) {
    const x0 = v128.load(a);
    const x1 = v128.load(a, 16);
    v128.store(y, type.even(x0));
    v128.store(y, type.even(x1), 16);
    v128.store(y, type.odd(x0), 32);
    v128.store(y, type.odd(x1), 48);
    a += 32;
    y += 64;
  }
  widenSome<F>(count, y, a);
}

/** As `narrow`, in the order of `unzip`. */
// @ts-ignore: decorator
@inline
function zip<F>(args: usize, begin: i32, end: i32): void {
  const type = changetype<F>(0);
  let y = ptr(args, 3) + (<usize>begin << 1);
  let a = ptr(args, 4) + (<usize>begin << 2);
  let count = end - begin;
  for (; count >= 16; count -= 16) {
    const even0 = v128.load(a);
    const even1 = v128.load(a, 16);
    const odd0 = v128.load(a, 32);
    const odd1 = v128.load(a, 48);
    const y0 = v128.or(type.low(even0), type.high(odd0));
    const y1 = v128.or(type.low(even1), type.high(odd1));
    v128.store(y, y0);
    v128.store(y, y1, 16);
    a += 64;
    y += 32;
  }
  narrowSome<F>(count, y, a);
}

// @ts-ignore: decorator
@inline
function widenSome<F>(count: i32, y: usize, a: usize): void {
  for (; count > 0; count--) {
    v128.store_lane<u32>(y, changetype<F>(0).even(v128.load_splat<u16>(a)), 0);
    a += 2;
    y += 4;
  }
}

// @ts-ignore: decorator
@inline
function narrowSome<F>(count: i32, y: usize, a: usize): void {
  for (; count > 0; count--) {
    v128.store_lane<u16>(y, changetype<F>(0).low(v128.load_splat<u32>(a)), 0);
    a += 4;
    y += 2;
  }
}

export function unzip_f16(args: usize, begin: i32, end: i32): void { unzip<Half>(args, begin, end); }
export function unzip_bf16(args: usize, begin: i32, end: i32): void { unzip<Brain>(args, begin, end); }
export function zip_f16(args: usize, begin: i32, end: i32): void { zip<Half>(args, begin, end); }
export function zip_bf16(args: usize, begin: i32, end: i32): void { zip<Brain>(args, begin, end); }
