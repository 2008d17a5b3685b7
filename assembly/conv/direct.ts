// The convolution of block.ts without packing x: the block of images that a unit sees is copied once with its padding,
// and the micro-kernel reads every tap of it in place.
//
// A stride is a deinterleaving: rows and columns of the copy are sorted by their phase, so that the pixels that one tap
// sees from a row of y are side by side. With rows of `pitch` = ow + ⌊(kw-1)·dx/sx⌋, tap (c, ky, kx) of pixel (oy, ox)
// is then at table[c, ky, kx] + oy·pitch + ox, and columns of the product are the pixels of rows as wide as the pitch;
// those beyond ow are computed and dropped. It pays where packing would cost more than that: few channels of y.
//
//   args ─ as in block.ts, but 3 is the rows of y in a unit, 1 and 4 are not read; dilations > 0
//
// Units: bands of rows, then images, then groups. A copy with its table must fit what is left of the arena
// (src/ops/conv.ts sees to it).

import { int, ptr, real, scratch } from "../abi";
import { HEIGHT } from "../gemm/core";
import { finishPart, finishWhole, NOWHERE, setOffset, STRIP_BYTES, TILE_BYTES } from "../gemm/finish";
import { columns, microTable, ROWS } from "../gemm/micro";
import { channelX, channelY } from "./block";
import { packFilters } from "./filters";
import { gather } from "./gather";

/** Bytes of a filter in one go: nothing is packed, so only the chain of sums limits it. */
const DEPTH_BYTES: i32 = 2048;

// @ts-ignore: decorator
@inline function phases(taps: i32, dilation: i32, stride: i32): i32 { return dilation == 1 ? min(taps, stride) : stride; }
/** Rows of a plane of the copy: one channel, one phase of the rows, one of the columns. */
// @ts-ignore: decorator
@inline function planeRows(args: usize): i32 { return int(args, 3) + (int(args, 31) - 1) * int(args, 35) / int(args, 33); }
// @ts-ignore: decorator
@inline function pitch(args: usize): i32 { return int(args, 30) + (int(args, 32) - 1) * int(args, 36) / int(args, 34); }

// @ts-ignore: decorator
@inline
function direct<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const k = int(args, 2);
  const rows = int(args, 3);
  const oh = int(args, 29);
  const bands = (oh + rows - 1) / rows;
  const images = int(args, 41);
  const blocks = (k * <i32>sizeof<T>() + DEPTH_BYTES - 1) / DEPTH_BYTES;
  const depth = (k + blocks - 1) / blocks;
  const height = (m + ROWS - 1) / ROWS * ROWS;
  const strips = scratch + TILE_BYTES;
  const table = strips + STRIP_BYTES;
  const copy = (table + <usize>k * sizeof<usize>() + 15) & ~15;
  // The filters of a group that fit the arena are packed once for all of its units.
  const fits = <usize>(height * k) * sizeof<T>() <= STRIP_BYTES;
  let packed = -1;
  fillTable<T>(args, table);
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / bands;
    const g = stack / images;
    const b = stack - g * images;
    const oy = (unit - stack * bands) * rows;
    const count = min(rows, oh - oy);
    copyBand<T>(args, b, g, oy, count, copy);
    for (let p = 0; p < k; p += depth) {
      const kc = min(depth, k - p);
      const offsets = table + <usize>p * sizeof<usize>();
      if (fits) {
        const filters = strips + <usize>(height * p) * sizeof<T>();
        if (packed != g) packFilters<T>(args, g, 0, m, p, kc, filters);
        tiles<T>(args, b, g, oy, count, 0, m, p, kc, filters, copy, offsets);
      } else {
        for (let i = 0; i < m; i += HEIGHT) {
          const mc = min(HEIGHT, m - i);
          packFilters<T>(args, g, i, mc, p, kc, strips);
          tiles<T>(args, b, g, oy, count, i, mc, p, kc, strips, copy, offsets);
        }
      }
    }
    packed = g;
  }
}

/** The byte offsets of all taps in the copy. */
function fillTable<T>(args: usize, table: usize): void {
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
function copyBand<T>(args: usize, b: i32, g: i32, oy: i32, count: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const sy = int(args, 33);
  const sx = int(args, 34);
  const down = phases(int(args, 31), int(args, 35), sy);
  const across = phases(int(args, 32), int(args, 36), sx);
  const plane = <usize>(planeRows(args) * pitch(args)) * sizeof<T>();
  const width = pitch(args);
  const rows = planeRows(args) - int(args, 3) + count;
  for (let c = 0; c < int(args, 39); c++) {
    const image = channelX<T>(args, b, g, c);
    for (let phase = 0; phase < down * across; phase++) {
      const row = phase / across;
      const column = phase - row * across - int(args, 38);
      let y = oy * sy + row - int(args, 37);
      let at = to;
      // A row is written in whole vectors: what hangs over is overwritten by the next row or seen by no pixel.
      for (let r = 0; r < rows; r++) {
        const inside = <u32>y < <u32>int(args, 27);
        const from = image + <usize>(y * int(args, 25)) * sizeof<T>();
        for (let q = 0; q < width; q += lanes) {
          const x = inside ? gather<T>(from, q * sx + column, sx, int(args, 26), int(args, 28)) : i64x2.splat(0);
          v128.store(at + <usize>q * sizeof<T>(), x);
        }
        at += <usize>width * sizeof<T>();
        y += sy;
      }
      to += plane;
    }
  }
}

function tiles<T>(
  args: usize, b: i32, g: i32, oy: i32, count: i32, i: i32, mc: i32, p: i32, kc: i32,
  strips: usize, copy: usize, offsets: usize,
): void {
  const cols = columns<T>();
  const ow = int(args, 30);
  const width = pitch(args);
  const first = p == 0;
  const last = p + kc == int(args, 2);
  const bias = first ? ptr(args, 13) : 0;
  const plain = real(args, 6) == 1 && ptr(args, 13) == 0 && int(args, 5) == 0;
  const rowC = <usize>int(args, 15) * sizeof<T>();
  const c = channelY<T>(args, b, g, i) + <usize>(oy * int(args, 16)) * sizeof<T>();
  const end = (count - 1) * width + ow;
  for (let j = 0; j < end; j += cols) {
    const r = j / width;
    const x = j - r * width;
    const whole = x + cols <= ow && int(args, 17) == 1;
    const column = <usize>(r * int(args, 16) + x) * sizeof<T>();
    if (!whole) {
      for (let s = 0; s < cols; s++) {
        const row = (j + s) / width;
        const at = j + s - row * width;
        setOffset(s, row < count && at < ow ? <usize>(row * int(args, 16) + at * int(args, 17)) * sizeof<T>() : NOWHERE);
      }
    }
    const panel = copy + <usize>j * sizeof<T>();
    for (let ii = 0; ii < mc; ii += ROWS) {
      const strip = strips + <usize>(ii * kc) * sizeof<T>();
      const height = min(ROWS, mc - ii);
      const target = c + <usize>ii * rowC;
      if (plain && whole && height == ROWS) {
        microTable<T>(kc, strip, panel, offsets, target + column, rowC, !first);
        continue;
      }
      microTable<T>(kc, strip, panel, offsets, scratch, 32, false);
      for (let o = 0; o < height; o++) {
        const channel = g * int(args, 40) + i + ii + o;
        const d: usize = bias == 0 ? 0 : bias + <usize>channel * sizeof<T>();
        const row = target + <usize>o * rowC;
        if (whole) finishWhole<T>(args, o, row + column, d, 0, first, last);
        else finishPart<T>(args, o, row, cols, d, 0, first, last);
      }
    }
  }
}

export function convDirect_f32(args: usize, begin: i32, end: i32): void { direct<f32>(args, begin, end); }
export function convDirect_f64(args: usize, begin: i32, end: i32): void { direct<f64>(args, begin, end); }
