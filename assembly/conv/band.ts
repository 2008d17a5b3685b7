// A band of an image, copied with its padding so that every tap of a convolution is read in place.
//
// A stride is a deinterleaving: rows and columns of the copy are sorted by their phase, so that the pixels that one tap
// sees from a row of y are side by side. With rows of `pitch` = ow + ⌊(kw-1)·dx/sx⌋, tap (c, ky, kx) of pixel (oy, ox)
// is then at table[c, ky, kx] + oy·pitch + ox.
//
//   args ─ as in block.ts, but 3 is the rows of y in a band; dilations > 0

import { int } from "../abi";
import { channelX } from "./block";
import { gather } from "./gather";

// @ts-ignore: decorator
@inline function phases(taps: i32, dilation: i32, stride: i32): i32 { return dilation == 1 ? min(taps, stride) : stride; }
/** Rows of a plane of the copy: one channel, one phase of the rows, one of the columns. */
// @ts-ignore: decorator
@inline function planeRows(args: usize): i32 { return int(args, 3) + (int(args, 31) - 1) * int(args, 35) / int(args, 33); }
// @ts-ignore: decorator
@inline export function pitch(args: usize): i32 { return int(args, 30) + (int(args, 32) - 1) * int(args, 36) / int(args, 34); }

/** The byte offsets of all taps in the copy. */
export function fillTable<T>(args: usize, table: usize): void {
  const kh = int(args, 31);
  const kw = int(args, 32);
  const sy = int(args, 33);
  const sx = int(args, 34);
  const down = phases(kh, int(args, 35), sy);
  const across = phases(kw, int(args, 36), sx);
  for (let c = 0; c < int(args, 39); c++) {
    for (let ky = 0; ky < kh; ky++) {
      const y = ky * int(args, 35);
      for (let kx = 0; kx < kw; kx++) {
        const x = kx * int(args, 36);
        const plane = (c * down + y % sy) * across + x % sx;
        const at = (plane * planeRows(args) + y / sy) * pitch(args) + x / sx;
        store<usize>(table, <usize>at * sizeof<T>());
        table += sizeof<usize>();
      }
    }
  }
}

/** Copies what `count` rows of y from `oy` see of a group's channels, padded and sorted by phase. */
export function copyBand<T>(args: usize, b: i32, g: i32, oy: i32, count: i32, to: usize): void {
  const across = phases(int(args, 32), int(args, 36), int(args, 34));
  const down = phases(int(args, 31), int(args, 35), int(args, 33));
  const plane = <usize>(planeRows(args) * pitch(args)) * sizeof<T>();
  const rows = planeRows(args) - int(args, 3) + count;
  for (let c = 0; c < int(args, 39); c++) {
    const image = channelX<T>(args, b, g, c);
    for (let phase = 0; phase < down * across; phase++) {
      const row = phase / across;
      copyPlane<T>(args, image, oy * int(args, 33) + row, phase - row * across, rows, pitch(args), to);
      to += plane;
    }
  }
}

/**
 * Copies rows y, y + sy, … and columns x, x + sx, … of the padded image. Rows are written in whole vectors: what hangs over
 * is overwritten by the next one.
 */
export function copyPlane<T>(args: usize, image: usize, y: i32, x: i32, rows: i32, width: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const sx = int(args, 34);
  const even = sx == 1 && int(args, 26) == 1;
  y -= int(args, 37);
  x -= int(args, 38);
  for (; rows > 0; rows--) {
    const from = image + <usize>(y * int(args, 25)) * sizeof<T>();
    const isInside = <u32>y < <u32>int(args, 27);
    if (isInside && even) copyRow<T>(from, x, int(args, 28), width, to);
    else {
      for (let q = 0; q < width; q += lanes) {
        const v = isInside ? gather<T>(from, q * sx + x, sx, int(args, 26), int(args, 28)) : i64x2.splat(0);
        v128.store(to + <usize>q * sizeof<T>(), v);
      }
    }
    to += <usize>width * sizeof<T>();
    y += int(args, 33);
  }
}

/** Elements [first, first + width) of a row of `size`, with zeros outside of it and, at the end, up to a vector too much. */
function copyRow<T>(row: usize, first: i32, size: i32, width: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const begin = min(max(-first, 0), width);
  const end = min(max(size - first, begin), width);
  let q = 0;
  for (; q < begin; q += lanes) v128.store(to + <usize>q * sizeof<T>(), i64x2.splat(0));
  const from = row + <usize>first * sizeof<T>();
  for (q = begin; q + lanes <= end; q += lanes) v128.store(to + <usize>q * sizeof<T>(), v128.load(from + <usize>q * sizeof<T>()));
  for (; q < end; q++) store<T>(to + <usize>q * sizeof<T>(), load<T>(from + <usize>q * sizeof<T>()));
  for (; q < width; q += lanes) v128.store(to + <usize>q * sizeof<T>(), i64x2.splat(0));
}
