// y[…] = x[…, index, …]: every element of y is read from x, at the place along one dim that its index gives.
//
//   args ─ the block of iterate.ts with the operands y, index, x. In the place of its parameters:
//          slot 1: size of x along the dim │ slot 2: stride of x along the dim
//
// x's strides in the dims are 0 where only the index moves. index is int64 and not negative; one that is out of range
// is a fault and leaves its element of y unwritten. Elements move by width, whatever they mean. Units are elements of y.
//
// gather has an index of its own for every element; indexSelect and embedding share one along whole rows, which are
// then copied at once.

import { FAULT_INDEX, fault, int, ptr } from "../abi";
import { rowOffset, sizeAt, strideAt } from "../iterate";

// @ts-ignore: decorator
@inline
function gather<T>(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const size = int(args, 1);
  const step = int(args, 2);
  const inner = sizeAt(args, 3, rank - 1);
  const sy = strideAt(args, 3, rank - 1, 0);
  const si = strideAt(args, 3, rank - 1, 1);
  const sx = strideAt(args, 3, rank - 1, 2);
  while (begin < end) {
    const row = begin / inner;
    const at = begin - row * inner;
    const count = min(end - begin, inner - at);
    const y = ptr(args, 3) + <usize>(rowOffset(args, 3, rank, row, 0) + at * sy) * sizeof<T>();
    const index = ptr(args, 4) + (<usize>(rowOffset(args, 3, rank, row, 1) + at * si) << 3);
    const x = ptr(args, 5) + <usize>(rowOffset(args, 3, rank, row, 2) + at * sx) * sizeof<T>();
    if (si == 0) copyRow<T>(count, y, sy, index, x, sx, size, step);
    else pick<T>(count, y, sy, index, si, x, sx, size, step);
    begin += count;
  }
}

/** `count` elements that share one index. */
// @ts-ignore: decorator
@inline
function copyRow<T>(count: i32, y: usize, sy: i32, index: usize, x: usize, sx: i32, size: i32, step: i32): void {
  const i = load<i64>(index);
  if (<u64>i >= <u64>size) {
    fault(FAULT_INDEX, i);
    return;
  }
  x += <usize>(<i32>i * step) * sizeof<T>();
  if (sy == 1 && sx == 1) {
    memory.copy(y, x, <usize>count * sizeof<T>());
    return;
  }
  for (let k = 0; k < count; k++) {
    store<T>(y + <usize>(k * sy) * sizeof<T>(), load<T>(x + <usize>(k * sx) * sizeof<T>()));
  }
}

/** `count` elements with an index each. */
// @ts-ignore: decorator
@inline
function pick<T>(count: i32, y: usize, sy: i32, index: usize, si: i32, x: usize, sx: i32, size: i32, step: i32): void {
  for (let k = 0; k < count; k++) {
    const i = load<i64>(index + (<usize>(k * si) << 3));
    if (<u64>i >= <u64>size) {
      fault(FAULT_INDEX, i);
      continue;
    }
    store<T>(y + <usize>(k * sy) * sizeof<T>(), load<T>(x + <usize>(<i32>i * step + k * sx) * sizeof<T>()));
  }
}

export function gather_w1(args: usize, begin: i32, end: i32): void { gather<u8>(args, begin, end); }
export function gather_w2(args: usize, begin: i32, end: i32): void { gather<u16>(args, begin, end); }
export function gather_w4(args: usize, begin: i32, end: i32): void { gather<u32>(args, begin, end); }
export function gather_w8(args: usize, begin: i32, end: i32): void { gather<u64>(args, begin, end); }
export function gather_w16(args: usize, begin: i32, end: i32): void { gather<v128>(args, begin, end); }
