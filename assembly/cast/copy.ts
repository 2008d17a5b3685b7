// y = a, by the width of the elements in bytes, whatever they mean. The block is that of iterate.ts with the operands y, a.
//
// A copy may walk its dims in any order, so JavaScript gives them in the order that suits memory: the last two span a plane
// of which one side at least is contiguous in y, and whole rows of such a plane are moved at once by `plane`.

import { int, ptr } from "../abi";
import { column, line, row0, row1, seek, sizeAt, strideAt } from "../iterate";
import { splat } from "../simd";
import { transpose } from "./transpose";

// @ts-ignore: decorator
@inline
function copy<T>(args: usize, begin: i32, end: i32): void {
  const last = int(args, 0) - 1;
  const columns = sizeAt(args, 2, last);
  const lines = last > 0 ? sizeAt(args, 2, last - 1) : 1;
  const stepY = <usize>strideAt(args, 2, last, 0) * sizeof<T>();
  const stepA = <usize>strideAt(args, 2, last, 1) * sizeof<T>();
  const pitchY = last > 0 ? <usize>strideAt(args, 2, last - 1, 0) * sizeof<T>() : 0;
  const pitchA = last > 0 ? <usize>strideAt(args, 2, last - 1, 1) * sizeof<T>() : 0;
  while (begin < end) {
    const left = min(seek(args, 2, begin), end - begin);
    const y = ptr(args, 3) + <usize>row0 * sizeof<T>() + <usize>column * stepY;
    const a = ptr(args, 4) + <usize>row1 * sizeof<T>() + <usize>column * stepA;
    const rows = left < columns ? 1 : min(lines - line, (end - begin) / columns);
    plane<T>(rows, left, y, pitchY, stepY, a, pitchA, stepA);
    begin += rows * left;
  }
}

/** rows × columns elements; a pitch leads from row to row, a step from column to column, in bytes. */
export function plane<T>(rows: i32, columns: i32, y: usize, pitchY: usize, stepY: usize, a: usize, pitchA: usize, stepA: usize): void {
  const size = sizeof<T>();
  if (rows > 1 && stepY == size && pitchA == size && stepA != size && stepA != 0) {
    transpose<T>(rows, columns, y, pitchY, a, stepA);
    return;
  }
  if (rows > 1 && stepA == size && pitchY == size && stepY != size) {
    transpose<T>(columns, rows, y, stepY, a, pitchA);
    return;
  }
  if (stepA == 0 && stepY == size && pitchY == <usize>columns * size && pitchY < 16) {
    // Rows of few: the value fills a vector, of which the rows after it take what is too much.
    for (const spare = 16 / <i32>pitchY; rows > spare; rows--) {
      v128.store(y, splat<T>(a));
      y += pitchY;
      a += pitchA;
    }
  }
  for (; rows > 0; rows--) {
    if (stepY != size) strided<T>(columns, y, stepY, a, stepA);
    else if (stepA == size) contiguous(y, a, <usize>columns * size);
    else if (stepA == 0) repeated(y, splat<T>(a), <usize>columns * size);
    else if (stepA == -size) mirrored<T>(columns, y, a);
    else strided<T>(columns, y, size, a, stepA);
    y += pitchY;
    a += pitchA;
  }
}

// The engine's own copy is no faster for long rows, and a call for short ones. The last group of a row is moved once more, up to the row's end, instead of a tail of single elements.

// @ts-ignore: decorator
@inline
export function contiguous(y: usize, a: usize, bytes: usize): void {
  if (bytes >= 16) {
    const end = bytes - 16;
    let at: usize = 0;
    for (; at + 64 <= bytes; at += 64) {
      const v0 = v128.load(a + at, 0);
      const v1 = v128.load(a + at, 16);
      const v2 = v128.load(a + at, 32);
      const v3 = v128.load(a + at, 48);
      v128.store(y + at, v0, 0);
      v128.store(y + at, v1, 16);
      v128.store(y + at, v2, 32);
      v128.store(y + at, v3, 48);
    }
    for (; at < end; at += 16) v128.store(y + at, v128.load(a + at));
    v128.store(y + end, v128.load(a + end));
  } else if (bytes >= 8) {
    const first = load<u64>(a);
    store<u64>(y + bytes - 8, load<u64>(a + bytes - 8));
    store<u64>(y, first);
  } else if (bytes >= 4) {
    const first = load<u32>(a);
    store<u32>(y + bytes - 4, load<u32>(a + bytes - 4));
    store<u32>(y, first);
  } else {
    for (let at: usize = 0; at < bytes; at++) store<u8>(y + at, load<u8>(a + at));
  }
}

// Where all bytes of a value are the same, the engine's own fill is faster from some length on: 2 to 4 times within the first cache.
const ALIKE: usize = 512;

/** A row of one element, of which `value` is full. */
// @ts-ignore: decorator
@inline
function repeated(y: usize, value: v128, bytes: usize): void {
  if (bytes >= ALIKE && i8x16.all_true(i8x16.eq(value, i8x16.splat(i8x16.extract_lane_s(value, 0))))) {
    memory.fill(y, i8x16.extract_lane_u(value, 0), bytes);
  } else if (bytes >= 16) {
    const end = bytes - 16;
    let at: usize = 0;
    for (; at + 64 <= bytes; at += 64) {
      v128.store(y + at, value, 0);
      v128.store(y + at, value, 16);
      v128.store(y + at, value, 32);
      v128.store(y + at, value, 48);
    }
    for (; at < end; at += 16) v128.store(y + at, value);
    v128.store(y + end, value);
  } else if (bytes >= 8) {
    v128.store_lane<u64>(y, value, 0);
    v128.store_lane<u64>(y + bytes - 8, value, 0);
  } else if (bytes >= 4) {
    v128.store_lane<u32>(y, value, 0);
    v128.store_lane<u32>(y + bytes - 4, value, 0);
  } else if (bytes >= 2) {
    v128.store_lane<u16>(y, value, 0);
    v128.store_lane<u16>(y + bytes - 2, value, 0);
  } else v128.store_lane<u8>(y, value, 0);
}

/** A row read backwards from a. */
// @ts-ignore: decorator
@inline
function mirrored<T>(columns: i32, y: usize, a: usize): void {
  const lanes: i32 = 16 / sizeof<T>();
  a += sizeof<T>();
  for (; columns >= lanes; columns -= lanes) {
    a -= 16;
    v128.store(y, turned<T>(v128.load(a)));
    y += 16;
  }
  strided<T>(columns, y, sizeof<T>(), a - sizeof<T>(), -sizeof<T>());
}

/** The lanes in reverse order. */
// @ts-ignore: decorator
@inline
function turned<T>(x: v128): v128 {
  if (sizeof<T>() == 1) return i8x16.shuffle(x, x, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  if (sizeof<T>() == 2) return v128.shuffle<i16>(x, x, 7, 6, 5, 4, 3, 2, 1, 0);
  if (sizeof<T>() == 4) return v128.shuffle<i32>(x, x, 3, 2, 1, 0);
  if (sizeof<T>() == 8) return v128.shuffle<i64>(x, x, 1, 0);
  return x;
}

/** Elements apart. */
export function strided<T>(count: i32, y: usize, stepY: usize, a: usize, stepA: usize): void {
  for (; count >= 4; count -= 4) {
    one<T>(y, a);
    one<T>(y + stepY, a + stepA);
    one<T>(y + 2 * stepY, a + 2 * stepA);
    one<T>(y + 3 * stepY, a + 3 * stepA);
    y += 4 * stepY;
    a += 4 * stepA;
  }
  for (; count > 0; count--) {
    one<T>(y, a);
    y += stepY;
    a += stepA;
  }
}

// @ts-ignore: decorator
@inline
function one<T>(y: usize, a: usize): void {
  if (isVector<T>()) v128.store(y, v128.load(a));
  else store<T>(y, load<T>(a));
}

export function copy_w1(args: usize, begin: i32, end: i32): void { copy<u8>(args, begin, end); }
export function copy_w2(args: usize, begin: i32, end: i32): void { copy<u16>(args, begin, end); }
export function copy_w4(args: usize, begin: i32, end: i32): void { copy<u32>(args, begin, end); }
export function copy_w8(args: usize, begin: i32, end: i32): void { copy<u64>(args, begin, end); }
export function copy_w16(args: usize, begin: i32, end: i32): void { copy<v128>(args, begin, end); }
