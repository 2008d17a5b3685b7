// y = op(a), element by element. The block is the one of iterate.ts with the operands y, a.

import { Light, map1 } from "./map";

// @ts-ignore: decorator
@final
export class Neg extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.neg<T>(x); }
}

export function neg_f32(args: usize, begin: i32, end: i32): void { map1<f32, f32, Neg>(args, begin, end); }
export function neg_f64(args: usize, begin: i32, end: i32): void { map1<f64, f64, Neg>(args, begin, end); }
export function neg_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Neg>(args, begin, end); }
export function neg_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Neg>(args, begin, end); }
