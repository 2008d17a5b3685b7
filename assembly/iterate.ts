// Strided iteration, solved once for every pointwise family.
//
// The argument block of a pointwise kernel with operands y, a, b, c (as many as it has, the result first):
//
//   slot 0      1        2        3   4   5   6   then for each dim, outermost first
//        rank │ p0 f64 │ p1 f64 │ y │ a │ b │ c │ size │ sy │ sa │ sb │ sc
//
// Strides are in elements. JavaScript merges dims that are contiguous together, so a contiguous operand set arrives as
// rank 1 with strides 1, a scalar operand with stride 0. rank ≥ 1. Units are elements of the result.
// y equals an input exactly (in place) or overlaps none.

import { int } from "./abi";

/** First slot of the dims for a kernel with `operands` operands, the result included. */
// @ts-ignore: decorator
@inline export function dimsAt(operands: i32): i32 { return 3 + operands; }

/** Slot of operand k: 0 is the result. */
// @ts-ignore: decorator
@inline export function operandAt(k: i32): i32 { return 3 + k; }

/** Size of dim d (0 is the outermost). */
// @ts-ignore: decorator
@inline export function sizeAt(args: usize, operands: i32, d: i32): i32 { return int(args, dimsAt(operands) + d * (operands + 1)); }

/** Stride of operand k along dim d. */
// @ts-ignore: decorator
@inline export function strideAt(args: usize, operands: i32, d: i32, k: i32): i32 { return int(args, dimsAt(operands) + d * (operands + 1) + 1 + k); }

/** Offset in elements of operand k at the start of the row (all dims but the innermost) that has the number `row`. */
export function rowOffset(args: usize, operands: i32, rank: i32, row: i32, k: i32): i32 {
  let offset = 0;
  for (let d = rank - 2; d >= 0; d--) {
    const size = sizeAt(args, operands, d);
    const outer = row / size;
    offset += (row - outer * size) * strideAt(args, operands, d, k);
    row = outer;
  }
  return offset;
}
