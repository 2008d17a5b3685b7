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
import { contiguous, strided } from "../cast/copy";
import { column, line, row0, row1, row2, seek, sizeAt, step, strideAt } from "../iterate";
import { CHECKED, within } from "./within";

// @ts-ignore: decorator
@inline
function gather<T>(args: usize, begin: i32, end: i32): void {
  const last = int(args, 0) - 1;
  const size = int(args, 1);
  const width = <usize>int(args, 2) * sizeof<T>();
  const columns = sizeAt(args, 3, last);
  const stepY = <usize>strideAt(args, 3, last, 0) * sizeof<T>();
  const stepI = <usize>strideAt(args, 3, last, 1) << 3;
  const stepX = <usize>strideAt(args, 3, last, 2) * sizeof<T>();
  // Rows that share their indices check them once.
  const shared = last > 0 && stepI == 8 && stepY == sizeof<T>() && strideAt(args, 3, last - 1, 1) == 0;
  let known: usize = 0;
  const whole = stepI == 0 && stepY == sizeof<T>() && stepX == sizeof<T>();
  let left = seek(args, 3, begin);
  while (begin < end) {
    left = min(left, end - begin);
    const y = ptr(args, 3) + <usize>row0 * sizeof<T>() + <usize>column * stepY;
    const index = ptr(args, 4) + (<usize>row1 << 3) + <usize>column * stepI;
    const x = ptr(args, 5) + <usize>row2 * sizeof<T>() + <usize>column * stepX;
    if (whole) {
      // As many rows as are left: none comes before the first is whole.
      const rows = last == 0 || left < columns ? 1 : min(sizeAt(args, 3, last - 1) - line, (end - begin) / columns);
      const pitchY = last == 0 ? <usize>0 : <usize>strideAt(args, 3, last - 1, 0) * sizeof<T>();
      const pitchI = last == 0 ? <usize>0 : <usize>strideAt(args, 3, last - 1, 1) << 3;
      const pitchX = last == 0 ? <usize>0 : <usize>strideAt(args, 3, last - 1, 2) * sizeof<T>();
      copyRows(rows, <usize>left * sizeof<T>(), y, pitchY, index, pitchI, x, pitchX, size, width);
      begin += rows * left;
      left = seek(args, 3, begin);
      continue;
    }
    begin += left;
    if (stepI == 0) {
      const i = load<i64>(index);
      if (<u64>i < <u64>size) strided<T>(left, y, stepY, x + <usize>i * width, stepX);
      else fault(FAULT_INDEX, i);
    } else if (shared && left == columns && (index == known || within(left, index, size))) {
      known = index;
      pickChecked<T>(left, y, index, x, stepX, width);
    } else pick<T>(left, y, stepY, index, stepI, x, stepX, size, width);
    left = step(args, 3, begin);
  }
}

const LONG: usize = 512; // bytes from which the engine's wider copy is felt: rows from afar come sooner, the fewer the stores

/** Rows that share an index each. */
function copyRows(rows: i32, bytes: usize, y: usize, pitchY: usize, index: usize, pitchI: usize, x: usize, pitchX: usize, size: i32, width: usize): void {
  for (; rows > 0; rows--) {
    const i = load<i64>(index);
    const from = x + <usize>i * width;
    if (<u64>i >= <u64>size) fault(FAULT_INDEX, i);
    else if (bytes < LONG) contiguous(y, from, bytes);
    else memory.copy(y, from, bytes);
    y += pitchY;
    index += pitchI;
    x += pitchX;
  }
}

/** `count` elements with an index each. */
// @ts-ignore: decorator
@inline
function pick<T>(count: i32, y: usize, stepY: usize, index: usize, stepI: usize, x: usize, stepX: usize, size: i32, width: usize): void {
  while (count > 0) {
    const n = min(count, CHECKED);
    if (stepY == sizeof<T>() && stepI == 8 && within(n, index, size)) {
      pickChecked<T>(n, y, index, x, stepX, width);
    } else singly<T>(n, y, stepY, index, stepI, x, stepX, size, width);
    count -= n;
    y += <usize>n * stepY;
    index += <usize>n * stepI;
    x += <usize>n * stepX;
  }
}

// @ts-ignore: decorator
@inline
function pickChecked<T>(count: i32, y: usize, index: usize, x: usize, stepX: usize, width: usize): void {
  if (stepX == 0 && width == sizeof<T>()) pickElements<T>(count, y, index, x);
  else pickSteps<T>(count, y, index, x, stepX, width);
}

/** y[k] = x[index[k]], four at a time: so many more reads from afar are under way at once. */
function pickElements<T>(count: i32, y: usize, index: usize, x: usize): void {
  for (; count >= 4; count -= 4) {
    const a = load<T>(x + <usize>load<u32>(index, 0) * sizeof<T>());
    const b = load<T>(x + <usize>load<u32>(index, 8) * sizeof<T>());
    const c = load<T>(x + <usize>load<u32>(index, 16) * sizeof<T>());
    const d = load<T>(x + <usize>load<u32>(index, 24) * sizeof<T>());
    store<T>(y, a, 0);
    store<T>(y, b, sizeof<T>());
    store<T>(y, c, 2 * sizeof<T>());
    store<T>(y, d, 3 * sizeof<T>());
    y += 4 * sizeof<T>();
    index += 32;
  }
  for (; count > 0; count--) {
    store<T>(y, load<T>(x + <usize>load<u32>(index) * sizeof<T>()));
    y += sizeof<T>();
    index += 8;
  }
}

/** y[k] = x[index[k] · width + k · stepX], in bytes. */
function pickSteps<T>(count: i32, y: usize, index: usize, x: usize, stepX: usize, width: usize): void {
  for (; count >= 4; count -= 4) {
    const a = x + <usize>load<u32>(index, 0) * width;
    const b = x + <usize>load<u32>(index, 8) * width + stepX;
    const c = x + <usize>load<u32>(index, 16) * width + 2 * stepX;
    const d = x + <usize>load<u32>(index, 24) * width + 3 * stepX;
    store<T>(y, load<T>(a), 0);
    store<T>(y, load<T>(b), sizeof<T>());
    store<T>(y, load<T>(c), 2 * sizeof<T>());
    store<T>(y, load<T>(d), 3 * sizeof<T>());
    y += 4 * sizeof<T>();
    index += 32;
    x += 4 * stepX;
  }
  for (; count > 0; count--) {
    store<T>(y, load<T>(x + <usize>load<u32>(index) * width));
    y += sizeof<T>();
    index += 8;
    x += stepX;
  }
}

function singly<T>(count: i32, y: usize, stepY: usize, index: usize, stepI: usize, x: usize, stepX: usize, size: i32, width: usize): void {
  for (; count > 0; count--) {
    const i = load<i64>(index);
    if (<u64>i < <u64>size) store<T>(y, load<T>(x + <usize>i * width));
    else fault(FAULT_INDEX, i);
    y += stepY;
    index += stepI;
    x += stepX;
  }
}

export function gather_w1(args: usize, begin: i32, end: i32): void { gather<u8>(args, begin, end); }
export function gather_w2(args: usize, begin: i32, end: i32): void { gather<u16>(args, begin, end); }
export function gather_w4(args: usize, begin: i32, end: i32): void { gather<u32>(args, begin, end); }
export function gather_w8(args: usize, begin: i32, end: i32): void { gather<u64>(args, begin, end); }
export function gather_w16(args: usize, begin: i32, end: i32): void { gather<v128>(args, begin, end); }
