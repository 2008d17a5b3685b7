// The block of every two-dimensional convolution:
//
//   y[b, o, oy, ox] = Σ_{c, ky, kx} w[o, c, ky, kx] · x[b, c, oy·sy + ky·dy - py, ox·sx + kx·dx - px]  (+ bias[o])
//
// with zeros outside of x, in groups: the o and c of a group see only each other.
//
//   args ─ 0 … 9 as in gemm/core.ts │ 10 y │ 11 w │ 12 x │ 13 bias (0: none)
//          strides in elements: 14 y image │ 15 y channel │ 16 y row │ 17 y column
//            18 w group │ 19 w out │ 20 w in │ 21 w row │ 22 w column │ 23 x image │ 24 x channel │ 25 x row │ 26 x column
//          27 height of x │ 28 its width │ 29 oh │ 30 ow (of y) │ 31 kh │ 32 kw │ 33 sy │ 34 sx │ 35 dy │ 36 dx
//          37 py │ 38 px │ 39 channels of x a group │ 40 channels of y a group │ 41 images │ 42 w split (weight.ts)
//
// Rows of x are dense. Strides of w may be negative and y may have gaps, so the gradient by x is such a convolution too: of
// the gradient of y with w turned over, one for each of the sy · sx phases of a stride.

import { int, ptr } from "../abi";

// @ts-ignore: decorator
@inline export function taps(args: usize): i32 { return int(args, 31) * int(args, 32); }
// @ts-ignore: decorator
@inline export function pixels(args: usize): i32 { return int(args, 29) * int(args, 30); }

/** The address of channel `c` of group `g` of image `b` of x. */
// @ts-ignore: decorator
@inline
export function channelX<T>(args: usize, b: i32, g: i32, c: i32): usize {
  return ptr(args, 12) + <usize>(b * int(args, 23) + (g * int(args, 39) + c) * int(args, 24)) * sizeof<T>();
}

/** The address of channel `o` of group `g` of image `b` of y. */
// @ts-ignore: decorator
@inline
export function channelY<T>(args: usize, b: i32, g: i32, o: i32): usize {
  return ptr(args, 10) + <usize>(b * int(args, 14) + (g * int(args, 40) + o) * int(args, 15)) * sizeof<T>();
}

/** The address of w[o, c, 0, 0] of group `g`. */
// @ts-ignore: decorator
@inline
export function filter<T>(args: usize, g: i32, o: i32, c: i32): usize {
  return ptr(args, 11) + <usize>(g * int(args, 18) + o * int(args, 19) + c * int(args, 20)) * sizeof<T>();
}
