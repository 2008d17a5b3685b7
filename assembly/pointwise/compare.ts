// y = a ⋚ b, one byte 0 or 1 an element. The block is the one of iterate.ts with the operands y, a, b.
//
// A comparison with NaN is false, but for `ne`.

import { narrow } from "../simd";
import { Light, map2 } from "./map";

// @ts-ignore: decorator
@final
export class Eq extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.eq<T>(a, b)); }
}

// @ts-ignore: decorator
@final
export class Ne extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.ne<T>(a, b)); }
}

// @ts-ignore: decorator
@final
export class Lt extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.lt<T>(a, b)); }
}

// @ts-ignore: decorator
@final
export class Le extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.le<T>(a, b)); }
}

// @ts-ignore: decorator
@final
export class Gt extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.gt<T>(a, b)); }
}

// @ts-ignore: decorator
@final
export class Ge extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return narrow<T>(v128.ge<T>(a, b)); }
}

export function eq_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Eq>(args, begin, end); }
export function eq_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Eq>(args, begin, end); }
export function eq_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Eq>(args, begin, end); }
export function eq_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Eq>(args, begin, end); }
export function ne_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Ne>(args, begin, end); }
export function ne_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Ne>(args, begin, end); }
export function ne_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Ne>(args, begin, end); }
export function ne_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Ne>(args, begin, end); }
export function lt_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Lt>(args, begin, end); }
export function lt_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Lt>(args, begin, end); }
export function lt_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Lt>(args, begin, end); }
export function lt_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Lt>(args, begin, end); }
export function le_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Le>(args, begin, end); }
export function le_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Le>(args, begin, end); }
export function le_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Le>(args, begin, end); }
export function le_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Le>(args, begin, end); }
export function gt_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Gt>(args, begin, end); }
export function gt_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Gt>(args, begin, end); }
export function gt_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Gt>(args, begin, end); }
export function gt_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Gt>(args, begin, end); }
export function ge_f32(args: usize, begin: i32, end: i32): void { map2<f32, u8, Ge>(args, begin, end); }
export function ge_f64(args: usize, begin: i32, end: i32): void { map2<f64, u8, Ge>(args, begin, end); }
export function ge_i32(args: usize, begin: i32, end: i32): void { map2<i32, u8, Ge>(args, begin, end); }
export function ge_i64(args: usize, begin: i32, end: i32): void { map2<i64, u8, Ge>(args, begin, end); }
