// y = a, and y = a constant, by the width of the elements in bytes, whatever they mean. The blocks are those of
// iterate.ts: copy has the operands y, a; fill has y alone and the value in the slots 1 (and 2).

import { int, ptr, scratch } from "../abi";
import { column, line, row0, row1, seek, sizeAt, step, strideAt } from "../iterate";
import { gather } from "../simd";

// Rows and columns of a tile: 16 elements of 4 bytes are a cache line.
const TILE: i32 = 16;

// @ts-ignore: decorator
@inline
function copy<T>(args: usize, begin: i32, end: i32): void {
  const last = int(args, 0) - 1;
  const inner = sizeAt(args, 2, last);
  const stepY = <usize>strideAt(args, 2, last, 0) * sizeof<T>();
  const stepA = <usize>strideAt(args, 2, last, 1) * sizeof<T>();
  const dense = stepY == sizeof<T>() && stepA == sizeof<T>();
  // A transposed plane: the result runs along the columns, the source along the rows.
  const plane = last > 0 && stepY == sizeof<T>() && strideAt(args, 2, last - 1, 1) == 1 && inner >= TILE;
  let left = seek(args, 2, begin);
  while (begin < end) {
    left = min(left, end - begin);
    let y = ptr(args, 3) + <usize>row0 * sizeof<T>() + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * sizeof<T>() + <usize>column * stepA;
    const rows = plane && column == 0 ? min(sizeAt(args, 2, last - 1) - line, (end - begin) / inner) : 0;
    if (!dense && rows >= TILE) {
      transpose<T>(y, <usize>strideAt(args, 2, last - 1, 0) * sizeof<T>(), a, stepA, rows, inner);
      begin += rows * inner;
      if (begin < end) left = seek(args, 2, begin);
      continue;
    }
    begin += left;
    if (dense) memory.copy(y, a, <usize>left * sizeof<T>());
    else {
      for (; left > 0; left--) {
        if (isVector<T>()) v128.store(y, v128.load(a));
        else store<T>(y, load<T>(a));
        y += stepY;
        a += stepA;
      }
    }
    left = step(args, 2, begin);
  }
}

/** y[r][c] = a[c][r]: rows of y are `pitchY` bytes apart, columns of a `pitchA`. */
function transpose<T>(y: usize, pitchY: usize, a: usize, pitchA: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r += TILE) {
    for (let c = 0; c < columns; c += TILE) {
      const from = a + <usize>c * pitchA + <usize>r * sizeof<T>();
      const to = y + <usize>r * pitchY + <usize>c * sizeof<T>();
      tile<T>(to, pitchY, from, pitchA, min(TILE, rows - r), min(TILE, columns - c));
    }
  }
}

/**
 * One tile. It is put together in the scratch arena, so that every cache line of y is written once and whole: with
 * pitches that are powers of two the lines of a tile fall upon each other in the cache.
 */
// @ts-ignore: decorator
@inline
function tile<T>(y: usize, pitchY: usize, a: usize, pitchA: usize, rows: i32, columns: i32): void {
  const pitch = <usize>TILE * sizeof<T>();
  if (sizeof<T>() == 4 && rows == TILE && columns == TILE) {
    for (let c = 0; c < TILE; c += 4) {
      for (let r = 0; r < TILE; r += 4) transpose4(scratch + <usize>r * pitch + (<usize>c << 2), a + <usize>c * pitchA + (<usize>r << 2), pitchA);
    }
  } else {
    for (let c = 0; c < columns; c++) {
      for (let r = 0; r < rows; r++) {
        const to = scratch + <usize>r * pitch + <usize>c * sizeof<T>();
        const from = a + <usize>c * pitchA + <usize>r * sizeof<T>();
        if (isVector<T>()) v128.store(to, v128.load(from));
        else store<T>(to, load<T>(from));
      }
    }
  }
  for (let r = 0; r < rows; r++) {
    const from = scratch + <usize>r * pitch;
    const to = y + <usize>r * pitchY;
    if (columns == TILE) {
      for (let i: usize = 0; i < pitch; i += 16) v128.store(to + i, v128.load(from + i));
    } else memory.copy(to, from, <usize>columns * sizeof<T>());
  }
}

/** Four columns of a become four rows of the tile. */
// @ts-ignore: decorator
@inline
function transpose4(y: usize, a: usize, pitchA: usize): void {
  const a0 = v128.load(a);
  const a1 = v128.load(a + pitchA);
  const a2 = v128.load(a + 2 * pitchA);
  const a3 = v128.load(a + 3 * pitchA);
  const low01 = v128.shuffle<i32>(a0, a1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(a0, a1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(a2, a3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(a2, a3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(low01, low23, 0, 2), 0);
  v128.store(y, v128.shuffle<i64>(low01, low23, 1, 3), 4 * TILE);
  v128.store(y, v128.shuffle<i64>(high01, high23, 0, 2), 8 * TILE);
  v128.store(y, v128.shuffle<i64>(high01, high23, 1, 3), 12 * TILE);
}

// @ts-ignore: decorator
@inline
function fill<T>(args: usize, begin: i32, end: i32): void {
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 1, last, 0) * sizeof<T>();
  const value = gather<T>(args + 8, 0, 16 / sizeof<T>());
  for (let left = seek(args, 1, begin); begin < end; left = step(args, 1, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * sizeof<T>() + <usize>column * stepY;
    if (stepY == sizeof<T>()) {
      const lanes: i32 = 16 / sizeof<T>();
      for (; left >= lanes; left -= lanes) {
        v128.store(y, value);
        y += 16;
      }
    }
    for (; left > 0; left--) {
      if (isVector<T>()) v128.store(y, value);
      else store<T>(y, load<T>(args + 8));
      y += stepY;
    }
  }
}

export function copy_w1(args: usize, begin: i32, end: i32): void { copy<u8>(args, begin, end); }
export function copy_w2(args: usize, begin: i32, end: i32): void { copy<u16>(args, begin, end); }
export function copy_w4(args: usize, begin: i32, end: i32): void { copy<u32>(args, begin, end); }
export function copy_w8(args: usize, begin: i32, end: i32): void { copy<u64>(args, begin, end); }
export function copy_w16(args: usize, begin: i32, end: i32): void { copy<v128>(args, begin, end); }

export function fill_w1(args: usize, begin: i32, end: i32): void { fill<u8>(args, begin, end); }
export function fill_w2(args: usize, begin: i32, end: i32): void { fill<u16>(args, begin, end); }
export function fill_w4(args: usize, begin: i32, end: i32): void { fill<u32>(args, begin, end); }
export function fill_w8(args: usize, begin: i32, end: i32): void { fill<u64>(args, begin, end); }
export function fill_w16(args: usize, begin: i32, end: i32): void { fill<v128>(args, begin, end); }
