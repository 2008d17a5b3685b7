// A band of an image, copied with its padding so that every tap of a convolution is read in place.
//
// A stride is a deinterleaving: rows and columns of the copy are sorted by their phase, so that the pixels that one tap
// sees from a row of y are side by side. With rows of `pitch` = ow + ⌊(kw-1)·dx/sx⌋, tap (c, ky, kx) of pixel (oy, ox)
// is then at table[c, ky, kx] + oy·pitch + ox.
//
//   args ─ as in block.ts, but 3 is the rows of y in a band; dilations > 0

import { int } from "../abi";
import { channelX } from "./block";

// @ts-ignore: decorator
@inline function phases(taps: i32, dilation: i32, stride: i32): i32 { return dilation == 1 ? min(taps, stride) : stride; }
/** Planes of a channel: phases of its rows, of its columns. */
// @ts-ignore: decorator
@inline export function planesDown(args: usize): i32 { return phases(int(args, 31), int(args, 35), int(args, 33)); }
// @ts-ignore: decorator
@inline export function planesAcross(args: usize): i32 { return phases(int(args, 32), int(args, 36), int(args, 34)); }
/** Rows of a plane of the copy: one channel, one phase of the rows, one of the columns. */
// @ts-ignore: decorator
@inline function planeRows(args: usize): i32 { return int(args, 3) + (int(args, 31) - 1) * int(args, 35) / int(args, 33); }
// @ts-ignore: decorator
@inline export function pitch(args: usize): i32 { return int(args, 30) + (int(args, 32) - 1) * int(args, 36) / int(args, 34); }

/** An odd number of cache lines: planes whole pages apart would fight for the ways of a cache. */
// @ts-ignore: decorator
@inline function planeBytes<T>(args: usize): usize { return (<usize>(planeRows(args) * pitch(args)) * sizeof<T>() + 63 >> 6 | 1) << 6; }

/** The byte offsets of all taps in the copy. */
export function fillTable<T>(args: usize, table: usize): void {
  const kh = int(args, 31);
  const kw = int(args, 32);
  const sy = int(args, 33);
  const sx = int(args, 34);
  const down = planesDown(args);
  const across = planesAcross(args);
  for (let c = 0; c < int(args, 39); c++) {
    for (let ky = 0; ky < kh; ky++) {
      const y = ky * int(args, 35);
      for (let kx = 0; kx < kw; kx++) {
        const x = kx * int(args, 36);
        const plane = (c * down + y % sy) * across + x % sx;
        const at = y / sy * pitch(args) + x / sx;
        store<usize>(table, <usize>plane * planeBytes<T>(args) + <usize>at * sizeof<T>());
        table += sizeof<usize>();
      }
    }
  }
}

/** Copies what `count` rows of y from `oy` see of a group's channels, padded and sorted by phase. */
export function copyBand<T>(args: usize, b: i32, g: i32, oy: i32, count: i32, to: usize): void {
  const across = planesAcross(args);
  const down = planesDown(args);
  const plane = planeBytes<T>(args);
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
 * is overwritten by zeros or the next row.
 */
export function copyPlane<T>(args: usize, image: usize, y: i32, x: i32, rows: i32, width: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const sx = int(args, 34);
  const size = int(args, 28);
  y -= int(args, 37);
  x -= int(args, 38);
  // No vector is loaded beyond the channel's end.
  const bound = image + <usize>((int(args, 27) - 1) * int(args, 25) + size) * sizeof<T>();
  // Columns that are left of the image, and those before its end.
  const begin = min(x < 0 ? (sx - 1 - x) / sx : 0, width);
  const end = min(x < size ? (size - x + sx - 1) / sx : 0, width);
  for (; rows > 0; rows--) {
    const isInside = <u32>y < <u32>int(args, 27);
    let q = 0;
    if (isInside) {
      for (; q < begin; q += lanes) v128.store(to + <usize>q * sizeof<T>(), i64x2.splat(0));
      const from = image + <usize>(y * int(args, 25) + x) * sizeof<T>();
      const left = (<i32>bound - <i32>from) / <i32>sizeof<T>();
      if (sx == 1) copyRun<T>(from, begin, end, left, to);
      else if (sx == 2) copyEverySecond<T>(from, begin, end, left, to);
      else copyEvery<T>(from, sx, begin, end, to);
      q = max(begin, end);
    }
    for (; q < width; q += lanes) v128.store(to + <usize>q * sizeof<T>(), i64x2.splat(0));
    to += <usize>width * sizeof<T>();
    y += int(args, 33);
  }
}

// Columns [q, end) of a row, of which `left` elements may be loaded.

function copyRun<T>(from: usize, q: i32, end: i32, left: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  for (const last = min(end - 1, left - lanes); q <= last; q += lanes) v128.store(to + <usize>q * sizeof<T>(), v128.load(from + <usize>q * sizeof<T>()));
  copyEvery<T>(from, 1, q, end, to);
}

function copyEverySecond<T>(from: usize, q: i32, end: i32, left: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  for (const last = min(end - 1, (left >> 1) - lanes); q <= last; q += lanes) {
    const at = from + <usize>(2 * q) * sizeof<T>();
    const a = v128.load(at), b = v128.load(at, 16);
    const v = sizeof<T>() == 4 ? v128.shuffle<f32>(a, b, 0, 2, 4, 6) : v128.shuffle<f64>(a, b, 0, 2);
    v128.store(to + <usize>q * sizeof<T>(), v);
  }
  copyEvery<T>(from, 2, q, end, to);
}

function copyEvery<T>(from: usize, step: i32, q: i32, end: i32, to: usize): void {
  for (; q < end; q++) store<T>(to + <usize>q * sizeof<T>(), load<T>(from + <usize>(q * step) * sizeof<T>()));
}
