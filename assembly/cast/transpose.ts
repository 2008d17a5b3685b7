// Planes of which y is contiguous along the one side and a along the other.
//
// They are moved by squares of 4 × 4 elements in registers, SIDE × SIDE elements at a time: rows of so many elements are
// lines of the cache (four-byte ones), so that a line of a is still there when its next square is read.

import { turnSquare } from "../simd";
import { strided } from "./copy";

const SIDE: i32 = 16;
const BAND: i32 = 512; // columns of a, each on a page of its own, whose pages are known to the processor at once
const NEAR: usize = 1024; // bytes between rows of y up to which a few hundred rows stay in the caches
const BLOCK: i32 = 1024; // so many
const STRIP: i32 = 256; // elements of a thin plane that stay in the first cache

/** y[r][c] = a[c][r]: rows of y are `pitchY` bytes apart, columns of a `pitchA`. */
export function transpose<T>(rows: i32, columns: i32, y: usize, pitchY: usize, a: usize, pitchA: usize): void {
  if (rows < 4 || columns < 4) {
    thin<T>(rows, columns, y, pitchY, a, pitchA);
  } else if (pitchY <= NEAR) {
    // Down the columns: a is read as SIDE streams.
    for (let top = 0; top < rows; top += BLOCK) {
      const bottom = min(rows, top + BLOCK);
      for (let c = 0; c < columns; c += SIDE) {
        for (let r = top; r < bottom; r += SIDE) tile<T>(r, bottom, c, columns, y, pitchY, a, pitchA);
      }
    }
  } else {
    // Along the rows: y is written as SIDE streams.
    for (let left = 0; left < columns; left += BAND) {
      const right = min(columns, left + BAND);
      for (let r = 0; r < rows; r += SIDE) {
        for (let c = left; c < right; c += SIDE) tile<T>(r, rows, c, right, y, pitchY, a, pitchA);
      }
    }
  }
}

/** The tile at row r and column c of the part that ends before row `bottom` and column `right`. */
// @ts-ignore: decorator
@inline
function tile<T>(r: i32, bottom: i32, c: i32, right: i32, y: usize, pitchY: usize, a: usize, pitchA: usize): void {
  if (r + SIDE <= bottom && c + SIDE <= right) {
    for (let i = r; i < r + SIDE; i += 4) {
      for (let j = c; j < c + SIDE; j += 4) square<T>(i, j, y, pitchY, a, pitchA);
    }
  } else edge<T>(r, min(r + SIDE, bottom), c, min(c + SIDE, right), y, pitchY, a, pitchA);
}

/** A smaller tile. The last square each way is moved back, over the one before, so that it ends where the part does. */
function edge<T>(r: i32, bottom: i32, c: i32, right: i32, y: usize, pitchY: usize, a: usize, pitchA: usize): void {
  for (let i = r; i < bottom; i += 4) {
    for (let j = c; j < right; j += 4) square<T>(min(i, bottom - 4), min(j, right - 4), y, pitchY, a, pitchA);
  }
}

/** The square at row r and column c: four columns of a become four rows of y. */
// @ts-ignore: decorator
@inline
function square<T>(r: i32, c: i32, y: usize, pitchY: usize, a: usize, pitchA: usize): void {
  y += <usize>r * pitchY + <usize>c * sizeof<T>();
  a += <usize>c * pitchA + <usize>r * sizeof<T>();
  if (sizeof<T>() == 1) {
    let v = v128.load_zero<u32>(a);
    v = v128.load_lane<u32>(a + pitchA, v, 1);
    v = v128.load_lane<u32>(a + 2 * pitchA, v, 2);
    v = v128.load_lane<u32>(a + 3 * pitchA, v, 3);
    v = i8x16.shuffle(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    v128.store_lane<u32>(y, v, 0);
    v128.store_lane<u32>(y + pitchY, v, 1);
    v128.store_lane<u32>(y + 2 * pitchY, v, 2);
    v128.store_lane<u32>(y + 3 * pitchY, v, 3);
  } else if (sizeof<T>() == 2) {
    const a01 = v128.load_lane<u64>(a + pitchA, v128.load_zero<u64>(a), 1);
    const a23 = v128.load_lane<u64>(a + 3 * pitchA, v128.load_zero<u64>(a + 2 * pitchA), 1);
    const y01 = v128.shuffle<i16>(a01, a23, 0, 4, 8, 12, 1, 5, 9, 13);
    const y23 = v128.shuffle<i16>(a01, a23, 2, 6, 10, 14, 3, 7, 11, 15);
    v128.store_lane<u64>(y, y01, 0);
    v128.store_lane<u64>(y + pitchY, y01, 1);
    v128.store_lane<u64>(y + 2 * pitchY, y23, 0);
    v128.store_lane<u64>(y + 3 * pitchY, y23, 1);
  } else if (sizeof<T>() == 4) {
    turnSquare(y, pitchY, a, pitchA);
  } else if (sizeof<T>() == 8) {
    for (let i: usize = 0; i < 4; i += 2) {
      for (let j: usize = 0; j < 4; j += 2) {
        const a0 = v128.load(a + j * pitchA + (i << 3));
        const a1 = v128.load(a + (j + 1) * pitchA + (i << 3));
        v128.store(y + i * pitchY + (j << 3), v128.shuffle<i64>(a0, a1, 0, 2));
        v128.store(y + (i + 1) * pitchY + (j << 3), v128.shuffle<i64>(a0, a1, 1, 3));
      }
    }
  } else {
    for (let i: usize = 0; i < 4; i++) {
      for (let j: usize = 0; j < 4; j++) v128.store(y + i * pitchY + (j << 4), v128.load(a + j * pitchA + (i << 4)));
    }
  }
}

/** A plane with a side too short for squares, in strips of the other. */
function thin<T>(rows: i32, columns: i32, y: usize, pitchY: usize, a: usize, pitchA: usize): void {
  const size = sizeof<T>();
  if (rows < 4) {
    for (let c = 0; c < columns; c += STRIP) {
      const count = min(STRIP, columns - c);
      for (let r = 0; r < rows; r++) {
        strided<T>(count, y + <usize>r * pitchY + <usize>c * size, size, a + <usize>c * pitchA + <usize>r * size, pitchA);
      }
    }
    return;
  }
  for (let r = 0; r < rows; r += STRIP) {
    const count = min(STRIP, rows - r);
    for (let c = 0; c < columns; c++) {
      strided<T>(count, y + <usize>r * pitchY + <usize>c * size, pitchY, a + <usize>c * pitchA + <usize>r * size, size);
    }
  }
}
