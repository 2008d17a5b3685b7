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

// Where a walk over rows stands. The globals belong to the instance, so each thread has its own; they hold from a
// `seek` or `step` to the next.

/** The offset in elements at which the row begins, per operand. */
export let row0: i32 = 0;
export let row1: i32 = 0;
export let row2: i32 = 0;
export let row3: i32 = 0;
/** The place in the row. */
export let column: i32 = 0;
/** The row's index along the dim before the innermost. */
export let line: i32 = 0;

/** Stands on `unit`; returns how many units are left in its row. */
export function seek(args: usize, operands: i32, unit: i32): i32 {
  const last = int(args, 0) - 1;
  const inner = sizeAt(args, operands, last);
  let row = unit / inner;
  column = unit - row * inner;
  row0 = row1 = row2 = row3 = line = 0;
  for (let d = last - 1; d >= 0; d--) {
    const outer = row / sizeAt(args, operands, d);
    const index = row - outer * sizeAt(args, operands, d);
    if (d == last - 1) line = index;
    move(args, operands, d, index);
    row = outer;
  }
  return inner - column;
}

/** Stands on `unit`, the first of the row after the one that stood; returns the length of a row. */
export function step(args: usize, operands: i32, unit: i32): i32 {
  const last = int(args, 0) - 1;
  if (last == 0 || ++line == sizeAt(args, operands, last - 1)) return seek(args, operands, unit);
  // The common step divides nothing: rows may be as short as two elements.
  column = 0;
  move(args, operands, last - 1, 1);
  return sizeAt(args, operands, last);
}

function move(args: usize, operands: i32, d: i32, by: i32): void {
  row0 += by * strideAt(args, operands, d, 0);
  if (operands > 1) row1 += by * strideAt(args, operands, d, 1);
  if (operands > 2) row2 += by * strideAt(args, operands, d, 2);
  if (operands > 3) row3 += by * strideAt(args, operands, d, 3);
}
