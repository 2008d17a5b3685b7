// y = op(a, b, c), element by element. The block is the one of iterate.ts with the operands y, a, b, c.

import { madd } from "../math";
import { widen } from "../simd";
import { Light, map3 } from "./map";

/** b where the byte a is not 0, else c: by the width of the elements, whatever they mean. */
// @ts-ignore: decorator
@final
export class Where extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128, c: v128, p: v128): v128 { return v128.bitselect(b, c, widen<T>(a)); }
}

/** a + c·(b - a). */
// @ts-ignore: decorator
@final
export class Lerp extends Light {
  // @ts-ignore: decorator
  @inline
  apply<T>(a: v128, b: v128, c: v128, p: v128): v128 {
    // From the nearer end, so that both ends are exact.
    const low = madd<T>(c, v128.sub<T>(b, a), a);
    const high = madd<T>(v128.sub<T>(c, v128.splat<T>(<T>1)), v128.sub<T>(b, a), b);
    return v128.bitselect(low, high, v128.lt<T>(v128.abs<T>(c), v128.splat<T>(<T>0.5)));
  }
}

/** a + p0·b·c. */
// @ts-ignore: decorator
@final
export class Addcmul extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128, c: v128, p: v128): v128 { return v128.add<T>(a, v128.mul<T>(v128.mul<T>(p, b), c)); }
}

/** a + p0·b / c. */
// @ts-ignore: decorator
@final
export class Addcdiv extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128, c: v128, p: v128): v128 { return v128.add<T>(a, v128.div<T>(v128.mul<T>(p, b), c)); }
}

/** p0·(a - b)·c. */
// @ts-ignore: decorator
@final
export class TimesDifference extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128, c: v128, p: v128): v128 { return v128.mul<T>(v128.mul<T>(p, v128.sub<T>(a, b)), c); }
}

export function where_w1(args: usize, begin: i32, end: i32): void { map3<u8, u8, u8, Where>(args, begin, end); }
export function where_w2(args: usize, begin: i32, end: i32): void { map3<u8, u16, u16, Where>(args, begin, end); }
export function where_w4(args: usize, begin: i32, end: i32): void { map3<u8, u32, u32, Where>(args, begin, end); }
export function where_w8(args: usize, begin: i32, end: i32): void { map3<u8, u64, u64, Where>(args, begin, end); }
export function where_w16(args: usize, begin: i32, end: i32): void { map3<u8, v128, v128, Where>(args, begin, end); }
export function lerp_f32(args: usize, begin: i32, end: i32): void { map3<f32, f32, f32, Lerp>(args, begin, end); }
export function lerp_f64(args: usize, begin: i32, end: i32): void { map3<f64, f64, f64, Lerp>(args, begin, end); }
export function addcmul_f32(args: usize, begin: i32, end: i32): void { map3<f32, f32, f32, Addcmul>(args, begin, end); }
export function addcmul_f64(args: usize, begin: i32, end: i32): void { map3<f64, f64, f64, Addcmul>(args, begin, end); }
export function addcmul_i32(args: usize, begin: i32, end: i32): void { map3<i32, i32, i32, Addcmul>(args, begin, end); }
export function addcmul_i64(args: usize, begin: i32, end: i32): void { map3<i64, i64, i64, Addcmul>(args, begin, end); }
export function addcdiv_f32(args: usize, begin: i32, end: i32): void { map3<f32, f32, f32, Addcdiv>(args, begin, end); }
export function addcdiv_f64(args: usize, begin: i32, end: i32): void { map3<f64, f64, f64, Addcdiv>(args, begin, end); }
export function timesDifference_f32(args: usize, begin: i32, end: i32): void { map3<f32, f32, f32, TimesDifference>(args, begin, end); }
export function timesDifference_f64(args: usize, begin: i32, end: i32): void { map3<f64, f64, f64, TimesDifference>(args, begin, end); }
