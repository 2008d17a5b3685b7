// Bits and truth values. The block is the one of iterate.ts with the operands y, a (, b).
//
// A truth value is one byte, 0 or 1, so `and`, `or` and `xor` of truth values are those of their
// bits.

import { Light, map1, map2 } from "./map";

// @ts-ignore: decorator
@final
export class And extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.and(a, b); }
}

// @ts-ignore: decorator
@final
export class Or extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.or(a, b); }
}

// @ts-ignore: decorator
@final
export class Xor extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.xor(a, b); }
}

// @ts-ignore: decorator
@final
export class Not extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.not(x); }
}

// @ts-ignore: decorator
@final
export class LogicalNot extends Light {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return v128.xor(x, i8x16.splat(1)); }
}

export function bitwiseAnd_b8(args: usize, begin: i32, end: i32): void { map2<u8, u8, And>(args, begin, end); }
export function bitwiseAnd_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, And>(args, begin, end); }
export function bitwiseAnd_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, And>(args, begin, end); }
export function bitwiseOr_b8(args: usize, begin: i32, end: i32): void { map2<u8, u8, Or>(args, begin, end); }
export function bitwiseOr_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Or>(args, begin, end); }
export function bitwiseOr_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Or>(args, begin, end); }
export function bitwiseXor_b8(args: usize, begin: i32, end: i32): void { map2<u8, u8, Xor>(args, begin, end); }
export function bitwiseXor_i32(args: usize, begin: i32, end: i32): void { map2<i32, i32, Xor>(args, begin, end); }
export function bitwiseXor_i64(args: usize, begin: i32, end: i32): void { map2<i64, i64, Xor>(args, begin, end); }
export function bitwiseNot_i32(args: usize, begin: i32, end: i32): void { map1<i32, i32, Not>(args, begin, end); }
export function bitwiseNot_i64(args: usize, begin: i32, end: i32): void { map1<i64, i64, Not>(args, begin, end); }
export function logicalNot_b8(args: usize, begin: i32, end: i32): void { map1<u8, u8, LogicalNot>(args, begin, end); }

// On truth values the logical operators are those of bits.
export { bitwiseAnd_b8 as logicalAnd_b8, bitwiseOr_b8 as logicalOr_b8, bitwiseXor_b8 as logicalXor_b8 };
export { logicalNot_b8 as bitwiseNot_b8 };
