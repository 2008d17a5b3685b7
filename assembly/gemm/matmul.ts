// C = α·A·B + β·D [, relu] for floats. The block is the one of dense.ts; units are tiles of C (core.ts).
//
// With four rows or columns or fewer the product is bound by reading the other operand once: skinny.ts. With few rows and
// a B that is contiguous along k, packing is left out: turned.ts. Matrices of a few elements, of which there are many: tiny.ts.

import { int } from "../abi";
import { multiply } from "./core";
import { Dense } from "./dense";
import { skinny, SKINNY } from "./skinny";
import { isTiny, tiny } from "./tiny";
import { isTurned, turned } from "./turned";

// @ts-ignore: decorator
@inline
function matmul<T>(args: usize, begin: i32, end: i32): void {
  if (isTiny<T>(args)) tiny<T>(args, begin, end);
  else if (min(int(args, 0), int(args, 1)) <= SKINNY) skinny<T>(args, begin, end);
  else multiply<T, Dense>(args, begin, end);
}

export function matmul_f32(args: usize, begin: i32, end: i32): void {
  if (isTurned(args)) turned(args, begin, end);
  else matmul<f32>(args, begin, end);
}
export function matmul_f64(args: usize, begin: i32, end: i32): void { matmul<f64>(args, begin, end); }
