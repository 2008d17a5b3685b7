// What a run of pixels of y sees of a channel of x, over all images: the copy that panels are packed from.
//
// It has the rows that those of y see, image after image, once for each phase of a stride (band.ts). A pixel has one place
// in it and a tap one offset, whose sum is where the tap sees x from the pixel.
//
//   the arena behind the panels ─ places of pixels │ offsets of taps │ the copy

import { int, scratch, SCRATCH_BYTES } from "../abi";
import { PANEL_BYTES } from "../gemm/core";
import { STRIP_BYTES, TILE_BYTES } from "../gemm/finish";
import { columns } from "../gemm/micro";
import { copyPlane, pitch, planesAcross, planesDown } from "./band";
import { channelX, pixels } from "./block";

/** Pixels of a run, at most: a panel's columns, or the depth of a product. */
const MOST: i32 = 1024;

// @ts-ignore: decorator
@inline export function placesAt(): usize { return scratch + TILE_BYTES + STRIP_BYTES + PANEL_BYTES; }
// @ts-ignore: decorator
@inline export function offsetsAt(): usize { return placesAt() + (<usize>MOST << 2); }

// @ts-ignore: decorator
@inline function imageOf(args: usize, j: i32): i32 { return j / pixels(args); }
// @ts-ignore: decorator
@inline export function rowOf(args: usize, j: i32): i32 { return j % pixels(args) / int(args, 30); }
/** Rows of the copy beyond those of y, in each image. */
// @ts-ignore: decorator
@inline export function moreRows(args: usize): i32 { return (int(args, 31) - 1) * int(args, 35) / int(args, 33); }

/** Rows of y that pixels j … touch. */
// @ts-ignore: decorator
@inline function rowsOf(args: usize, j: i32, nc: i32): i32 { return (j + nc - 1) / int(args, 30) - j / int(args, 30) + 1; }
/** Rows of a plane of the copy. */
// @ts-ignore: decorator
@inline
function rowsOfCopy(args: usize, j: i32, nc: i32): i32 {
  return rowsOf(args, j, nc) + (imageOf(args, j + nc - 1) - imageOf(args, j) + 1) * moreRows(args);
}

/** Whether there is room for the copy. */
export function fits<T>(args: usize, j: i32, nc: i32): bool {
  const size = <i64>(planesDown(args) * planesAcross(args)) * rowsOfCopy(args, j, nc) * pitch(args);
  const bytes = <i64>(int(args, 31) * int(args, 32)) * 4 + size * sizeof<T>() + 32;
  return bytes <= <i64>(scratch + SCRATCH_BYTES - offsetsAt());
}

/** Writes down the places of pixels j …, in whole panels. */
export function noteColumns<T>(args: usize, j: i32, nc: i32): void {
  const ow = int(args, 30);
  const cols = columns<T>();
  const width = pitch(args);
  let row = 0;
  let oy = rowOf(args, j);
  let ox = j % ow;
  let at = placesAt();
  for (let s = 0; s < nc; s++) {
    store<i32>(at, (row * width + ox) * <i32>sizeof<T>());
    at += 4;
    if (++ox < ow) continue;
    ox = 0;
    row++;
    if (++oy < int(args, 29)) continue;
    oy = 0;
    row += moreRows(args);
  }
  // Columns that fill the last panel are the last one again.
  for (let s = nc; s & (cols - 1); s++) {
    store<i32>(at, load<i32>(at - 4));
    at += 4;
  }
}

/** Writes down the offsets of taps for pixels j …; where the copy is. */
export function noteTaps<T>(args: usize, j: i32, nc: i32): usize {
  const width = pitch(args);
  const rows = rowsOfCopy(args, j, nc);
  const across = planesAcross(args);
  let at = offsetsAt();
  for (let ky = 0; ky < int(args, 31); ky++) {
    const y = ky * int(args, 35);
    for (let kx = 0; kx < int(args, 32); kx++) {
      const x = kx * int(args, 36);
      const plane = y % int(args, 33) * across + x % int(args, 34);
      store<i32>(at, ((plane * rows + y / int(args, 33)) * width + x / int(args, 34)) * <i32>sizeof<T>());
      at += 4;
    }
  }
  return at + 15 & ~15;
}

/** Copies what pixels j … see of a channel, from image `base` on. */
export function copySeen<T>(args: usize, base: i32, g: i32, c: i32, j: i32, nc: i32, to: usize): void {
  const last = imageOf(args, j + nc - 1);
  const end = rowOf(args, j + nc - 1) + 1;
  const width = pitch(args);
  for (let row = 0; row < planesDown(args); row++) {
    for (let column = 0; column < planesAcross(args); column++) {
      let oy = rowOf(args, j);
      for (let b = imageOf(args, j); b <= last; b++) {
        const rows = (b == last ? end : int(args, 29)) - oy + moreRows(args);
        copyPlane<T>(args, channelX<T>(args, base + b, g, c), oy * int(args, 33) + row, column, rows, width, to);
        to += <usize>(rows * width) * sizeof<T>();
        oy = 0;
      }
    }
  }
}
