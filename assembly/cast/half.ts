// The 16-bit floats and f32, four at a time: 16-bit patterns lie in the low half of a v128.
//
// To 16 bits all round to nearest, ties to even. NaN stays NaN, quiet.

import { choose } from "../math";

/** float16 → f32, exactly: the exponent is rebiased by a multiplication, which also makes the subnormals normal. */
export function fromHalf(h: v128): v128 {
  const x = i32x4.extend_low_i16x8_u(h);
  const bits = i32x4.shl(v128.and(x, i32x4.splat(0x7fff)), 13);
  const finite = f32x4.mul(bits, f32x4.splat(reinterpret<f32>((127 + 112) << 23)));
  const special = v128.and(i32x4.ge_s(bits, i32x4.splat(0x7c00 << 13)), i32x4.splat(0xff << 23));
  return v128.or(v128.or(finite, special), i32x4.shl(v128.and(x, i32x4.splat(0x8000)), 16));
}

/** f32 → float16. */
export function toHalf(x: v128): v128 {
  const y = halfBits(x);
  return i16x8.narrow_i32x4_u(y, y);
}

/** The bits of a float16 in the low half of each lane. */
// @ts-ignore: decorator
@inline
export function halfBits(x: v128): v128 {
  const a = f32x4.abs(x);
  // Half an ulp less one, and the last bit that stays, make the carry of round-half-even.
  const odd = v128.and(i32x4.shr_u(a, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(a, odd), i32x4.splat(0xfff - (112 << 23))), 13);
  // The ulp of 0.5 is the step of the subnormals: the addition rounds.
  const tiny = i32x4.sub(f32x4.add(a, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  let y = choose(tiny, normal, f32x4.lt(a, f32x4.splat(6.103515625e-5)));
  y = choose(i32x4.splat(0x7c00), y, f32x4.ge(a, f32x4.splat(65520)));
  y = choose(i32x4.splat(0x7e00), y, f32x4.ne(x, x));
  return v128.or(y, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
}

/** bfloat16 → f32: its upper half. */
export function fromBrain(h: v128): v128 {
  return i32x4.shl(i32x4.extend_low_i16x8_u(h), 16);
}

/** f32 → bfloat16. */
export function toBrain(x: v128): v128 {
  const y = brainBits(x);
  return i16x8.narrow_i32x4_u(y, y);
}

/** The bits of a bfloat16 in the low half of each lane. */
// @ts-ignore: decorator
@inline
export function brainBits(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, odd), i32x4.splat(0x7fff)), 16);
  return choose(i32x4.splat(0x7fc0), rounded, f32x4.ne(x, x));
}
