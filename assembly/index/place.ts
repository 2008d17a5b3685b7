// Between places in a tensor and its coordinates.

import { FAULT_INDEX, fault, int, ptr } from "../abi";
import { dimsAt, rowOffset, sizeAt, strideAt } from "../iterate";
import { CHECKED, within } from "./within";

// y = Σ index[k] · step[k], the one place that several index tensors give together. A negative index counts from the
// end of its dim; with one out of range the place is -1, and it is a fault.
//
//   args ─ the block of iterate.ts with the operands y and the index tensors (int64), slot 1: how many these are;
//          after its dims, for each index tensor: size of its dim │ step
//
// Units are elements of y.
export function places_i64(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const indices = int(args, 1);
  const operands = indices + 1;
  const dims = dimsAt(operands) + rank * (operands + 1);
  const inner = sizeAt(args, operands, rank - 1);
  while (begin < end) {
    const row = begin / inner;
    const at = begin - row * inner;
    const count = min(end - begin, inner - at);
    const sy = strideAt(args, operands, rank - 1, 0);
    const y = ptr(args, 3) + (<usize>(rowOffset(args, operands, rank, row, 0) + at * sy) << 3);
    for (let k = 0; k < indices; k++) {
      const si = strideAt(args, operands, rank - 1, k + 1);
      const index = ptr(args, 4 + k) + (<usize>(rowOffset(args, operands, rank, row, k + 1) + at * si) << 3);
      addPlaces(count, y, sy, index, si, int(args, dims + 2 * k), int(args, dims + 2 * k + 1), k == 0);
    }
    begin += count;
  }
}

function addPlaces(count: i32, y: usize, sy: i32, index: usize, si: i32, size: i32, step: i32, first: bool): void {
  while (count > 0) {
    const n = min(count, CHECKED);
    if (sy == 1 && si == 1 && within(n, index, size)) addChecked(n, y, index, step, first);
    else addSingly(n, y, <usize>sy << 3, index, <usize>si << 3, size, step, first);
    count -= n;
    y += <usize>(n * sy) << 3;
    index += <usize>(n * si) << 3;
  }
}

/** Adjacent indices that are in range, none of them negative. */
function addChecked(count: i32, y: usize, index: usize, step: i32, first: bool): void {
  const steps = i64x2.splat(step);
  for (; count >= 2; count -= 2) {
    // The high half of an index is 0, and so is that of its product.
    const places = i32x4.mul(v128.load(index), steps);
    v128.store(y, first ? places : i64x2.add(v128.load(y), places));
    y += 16;
    index += 16;
  }
  if (count > 0) store<i64>(y, (first ? 0 : load<i64>(y)) + load<i64>(index) * step);
}

function addSingly(count: i32, y: usize, stepY: usize, index: usize, stepI: usize, size: i32, step: i32, first: bool): void {
  for (; count > 0; count--) {
    const before = first ? 0 : load<i64>(y);
    let i = load<i64>(index);
    if (i < -(<i64>size) || i >= <i64>size) {
      fault(FAULT_INDEX, i);
      i = -1;
    } else if (i < 0) i += size;
    store<i64>(y, i < 0 || before < 0 ? -1 : before + i * step);
    y += stepY;
    index += stepI;
  }
}

// y[i, d]: the coordinates of the element whose place in row-major order is x[i].
//
//   args ─ rank: i32 │ x: usize │ y: usize │ stride of y by i │ stride of y by d │ the sizes
//
// x and y are int64, x is contiguous. Units are elements of x.
export function coordinates_i64(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const x = ptr(args, 1);
  const y = ptr(args, 2);
  const byElement = int(args, 3);
  const byDim = int(args, 4);
  const last = int(args, 4 + rank);
  let row = 0; // the place at which the row of the element before begins, and where its coordinates are
  let known: usize = 0;
  for (let i = begin; i < end; i++) {
    let place = <i32>load<i64>(x + (<usize>i << 3));
    const to = y + (<usize>(i * byElement) << 3);
    if (known != 0 && <u32>(place - row) < <u32>last) {
      for (let d = 0; d < rank - 1; d++) store<i64>(to + (<usize>(d * byDim) << 3), load<i64>(known + (<usize>(d * byDim) << 3)));
      store<i64>(to + (<usize>((rank - 1) * byDim) << 3), place - row);
    } else {
      row = place - place % last;
      for (let d = rank - 1; d >= 0; d--) {
        const size = int(args, 5 + d);
        const outer = place / size;
        store<i64>(to + (<usize>(d * byDim) << 3), place - outer * size);
        place = outer;
      }
    }
    known = to;
  }
}

// y = 0, 0, …, 1, 1, …: each i repeated repeats[i] times. A negative count is a fault and counts as 0.
//
//   args ─ n: i32 │ repeats: usize, int64 │ y: usize, int64 of length Σ repeats
//
// Launched with n = 1.
export function repeated_places_i64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const repeats = ptr(args, 1);
  let y = ptr(args, 2);
  for (let i = 0; i < n; i++) {
    const count = load<i64>(repeats + (<usize>i << 3));
    if (count < 0) fault(FAULT_INDEX, count);
    for (let k: i64 = 0; k < count; k++) {
      store<i64>(y, i);
      y += 8;
    }
  }
}
