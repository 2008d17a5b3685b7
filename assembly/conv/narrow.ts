// The gradient of a convolution by its weight where y has few channels: packing every tap of x as weight.ts does would
// cost more than the sums. An image of x is copied once with its padding, (band.ts), and a tap is a place in the
// copy. What is summed is a tile of ROWS channels of y by two taps, each as a vector of partial sums along the rows:
//
//   tile[o, t] = Σ_{oy, q} strip[oy, q, o] · copy[t, oy, q]      q numbers the vectors of a row
//
// A strip holds the channels' vectors side by side, with zeros behind the end of a row; there the copy is masked too, so
// that an infinity beyond is not seen. A sum runs along one band of rows, then is added to w.
//
//   args ─ as in weight.ts, but 3 is oh, 4 the channels of y in a block, 1 is not read, filters are dense
//
// Units: blocks, then groups, then splits. Table, strip and copy must fit the arena (src/ops/convolve.ts sees to it).

import { int, scratch } from "../abi";
import { ROWS } from "../gemm/micro";
import { madd } from "../math";
import { total } from "../simd";
import { copyBand, fillTable, pitch } from "./band";
import { channelY, filter } from "./block";
import { gather } from "./gather";

/** Vectors of a channel in a strip: with six channels 24 kB, which stay in the first cache beside the copy's rows. */
const STRIP: i32 = 256;
/** Bytes of the sums of six rows by three taps, where two rows are neighbours in a register of 256 bits. */
const PAIRS: usize = 288;

// @ts-ignore: decorator
@inline
function narrow<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const k = int(args, 2);
  const oh = int(args, 29);
  const to = int(args, 40);
  const images = int(args, 41);
  const groups = int(args, 43);
  const block = int(args, 4);
  const blocks = (to + block - 1) / block;
  const steps = (int(args, 30) + lanes - 1) / lanes;
  const isCut = int(args, 30) % lanes != 0;
  const band = min(max(STRIP / steps, 1), oh);
  const strip = (scratch + <usize>k * sizeof<usize>() + 15) & ~15;
  const pairs = strip + (<usize>(band * steps * ROWS) << 4);
  const copy = pairs + PAIRS;
  fillTable<T>(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / blocks;
    const split = stack / groups;
    const g = stack - split * groups;
    const first = (unit - stack * blocks) * block;
    const last = min(first + block, to);
    const w = filter<T>(args, g, 0, 0) + <usize>(split * int(args, 42)) * sizeof<T>();
    memory.fill(w + <usize>(first * k) * sizeof<T>(), 0, <usize>((last - first) * k) * sizeof<T>());
    for (let b = split * images; b < (split + 1) * images; b++) {
      copyBand<T>(args, b, g, 0, oh, copy);
      for (let o = first; o < last; o += ROWS) {
        const row = w + <usize>(o * k) * sizeof<T>();
        for (let oy = 0; oy < oh; oy += band) {
          const rows = min(band, oh - oy);
          packStrip<T>(args, b, g, o, min(ROWS, last - o), oy, rows, strip);
          const from = copy + <usize>(oy * pitch(args)) * sizeof<T>();
          // With an odd number of taps the last one is summed twice and written once.
          let t = 0;
          if (WIDE_VECTORS) {
            for (; t + 3 <= k; t += 3) {
              const taps = scratch + <usize>t * sizeof<usize>();
              const to = row + <usize>t * sizeof<T>();
              if (isCut) threeTapsToEnd<T>(args, rows, steps, strip, from, taps, to, min(ROWS, last - o), pairs);
              else threeTaps<T>(args, rows, steps, strip, from, taps, to, min(ROWS, last - o), pairs);
            }
          }
          for (; t < k; t += 2) {
            const x0 = from + load<usize>(scratch + <usize>t * sizeof<usize>());
            const x1 = from + load<usize>(scratch + <usize>min(t + 1, k - 1) * sizeof<usize>());
            sumTile<T>(args, rows, steps, strip, x0, x1, row, t, min(ROWS, last - o), min(2, k - t));
          }
        }
      }
    }
  }
}

/** Rows oy … of channels o … of y; channels beyond `count` are zeros. */
function packStrip<T>(args: usize, b: i32, g: i32, o: i32, count: i32, oy: i32, rows: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  for (let y = oy; y < oy + rows; y++) {
    const at = <usize>(y * int(args, 16)) * sizeof<T>();
    for (let q = 0; q < ow; q += lanes) {
      for (let r = 0; r < ROWS; r++) {
        let v = i64x2.splat(0);
        if (r < count) v = gather<T>(channelY<T>(args, b, g, o + r) + at, q, 1, int(args, 17), ow);
        v128.store(to, v);
        to += 16;
      }
    }
  }
}

function sumTile<T>(
  args: usize, rows: i32, steps: i32, strip: usize, x0: usize, x1: usize, w: usize, t: i32, height: i32, width: i32,
): void {
  const k = <usize>int(args, 2) * sizeof<T>();
  const jump = <usize>pitch(args) * sizeof<T>() - (<usize>steps << 4);
  // The bytes of the last vector that are inside a row.
  const left = int(args, 30) * <i32>sizeof<T>() - ((steps - 1) << 4);
  const tail = maskOf(left);
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero;
  let s30 = zero, s31 = zero, s40 = zero, s41 = zero, s50 = zero, s51 = zero;
  for (; rows > 0; rows--) {
    for (let q = steps; q > 0; q--) {
      let a0 = v128.load(x0);
      let a1 = v128.load(x1);
      if (q == 1) {
        a0 = v128.and(a0, tail);
        a1 = v128.and(a1, tail);
      }
      let g = v128.load(strip);
      s00 = madd<T>(g, a0, s00);
      s01 = madd<T>(g, a1, s01);
      g = v128.load(strip, 16);
      s10 = madd<T>(g, a0, s10);
      s11 = madd<T>(g, a1, s11);
      g = v128.load(strip, 32);
      s20 = madd<T>(g, a0, s20);
      s21 = madd<T>(g, a1, s21);
      g = v128.load(strip, 48);
      s30 = madd<T>(g, a0, s30);
      s31 = madd<T>(g, a1, s31);
      if (ASC_FEATURE_RELAXED_SIMD) {
        g = v128.load(strip, 64);
        s40 = madd<T>(g, a0, s40);
        s41 = madd<T>(g, a1, s41);
        g = v128.load(strip, 80);
        s50 = madd<T>(g, a0, s50);
        s51 = madd<T>(g, a1, s51);
      }
      x0 += 16;
      x1 += 16;
      strip += <usize>ROWS << 4;
    }
    x0 += jump;
    x1 += jump;
  }
  w += <usize>t * sizeof<T>();
  const two = width > 1;
  put<T>(w, s00, s01, two);
  if (height > 1) put<T>(w + k, s10, s11, two);
  if (height > 2) put<T>(w + 2 * k, s20, s21, two);
  if (height > 3) put<T>(w + 3 * k, s30, s31, two);
  if (height > 4) put<T>(w + 4 * k, s40, s41, two);
  if (height > 5) put<T>(w + 5 * k, s50, s51, two);
}

function threeTaps<T>(
  args: usize, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, w: usize, height: i32, pairs: usize,
): void {
  tilePair<T>(args, false, rows, steps, strip, from, taps, w, height, pairs);
}

function threeTapsToEnd<T>(
  args: usize, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, w: usize, height: i32, pairs: usize,
): void {
  tilePair<T>(args, true, rows, steps, strip, from, taps, w, height, pairs);
}

/**
 * As `sumTile` for three taps, whose places in the copy are at `taps`: vectors of two channels are paired. `isCut`: rows
 * end within a vector.
 */
// @ts-ignore: decorator
@inline
function tilePair<T>(
  args: usize, isCut: bool, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, w: usize, height: i32,
  pairs: usize,
): void {
  const jump = <usize>pitch(args) * sizeof<T>() - (<usize>steps << 4);
  const tail = maskOf(int(args, 30) * <i32>sizeof<T>() - ((steps - 1) << 4));
  let x0 = from + load<usize>(taps);
  let x1 = from + load<usize>(taps, sizeof<usize>());
  let x2 = from + load<usize>(taps, 2 * sizeof<usize>());
  const zero = i64x2.splat(0);
  let s00 = zero, s01 = zero, s02 = zero;
  let s10 = zero, s11 = zero, s12 = zero;
  let s20 = zero, s21 = zero, s22 = zero;
  let s30 = zero, s31 = zero, s32 = zero;
  let s40 = zero, s41 = zero, s42 = zero;
  let s50 = zero, s51 = zero, s52 = zero;
  for (; rows > 0; rows--) {
    for (let q = steps; q > 0; q--) {
      // Without a branch, so that all of the turn is one block.
      const mask = v128.or(tail, i32x4.splat(-i32(q != 1)));
      const g0 = v128.load(strip), g1 = v128.load(strip, 16);
      const g2 = v128.load(strip, 32), g3 = v128.load(strip, 48);
      const g4 = v128.load(strip, 64), g5 = v128.load(strip, 80);
      let a = v128.load(x0);
      if (isCut) a = v128.and(a, mask);
      s00 = madd<T>(g0, a, s00);
      s10 = madd<T>(g1, a, s10);
      s20 = madd<T>(g2, a, s20);
      s30 = madd<T>(g3, a, s30);
      s40 = madd<T>(g4, a, s40);
      s50 = madd<T>(g5, a, s50);
      a = v128.load(x1);
      if (isCut) a = v128.and(a, mask);
      s01 = madd<T>(g0, a, s01);
      s11 = madd<T>(g1, a, s11);
      s21 = madd<T>(g2, a, s21);
      s31 = madd<T>(g3, a, s31);
      s41 = madd<T>(g4, a, s41);
      s51 = madd<T>(g5, a, s51);
      a = v128.load(x2);
      if (isCut) a = v128.and(a, mask);
      s02 = madd<T>(g0, a, s02);
      s12 = madd<T>(g1, a, s12);
      s22 = madd<T>(g2, a, s22);
      s32 = madd<T>(g3, a, s32);
      s42 = madd<T>(g4, a, s42);
      s52 = madd<T>(g5, a, s52);
      x0 += 16;
      x1 += 16;
      x2 += 16;
      strip += <usize>ROWS << 4;
    }
    x0 += jump;
    x1 += jump;
    x2 += jump;
  }
  keep(pairs, s00, s10, s20, s30, s40, s50);
  keep(pairs + 96, s01, s11, s21, s31, s41, s51);
  keep(pairs + 192, s02, s12, s22, s32, s42, s52);
  const k = <usize>int(args, 2) * sizeof<T>();
  for (let r = 0; r < height; r++) {
    put<T>(w, v128.load(pairs), v128.load(pairs, 96), true);
    put<T>(w + 2 * sizeof<T>(), v128.load(pairs, 192), zero, false);
    pairs += 16;
    w += k;
  }
}

/** Six sums side by side. */
// @ts-ignore: decorator
@inline
function keep(to: usize, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): void {
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
  v128.store(to, e, 64);
  v128.store(to, f, 80);
}

/** The first `left` bytes of a vector. */
// @ts-ignore: decorator
@inline
function maskOf(left: i32): v128 {
  return i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>left));
}

/** Adds the sums of two vectors to two weights, or of one to one. */
// @ts-ignore: decorator
@inline
function put<T>(w: usize, first: v128, second: v128, two: bool): void {
  store<T>(w, load<T>(w) + total<T>(first));
  if (two) store<T>(w + sizeof<T>(), load<T>(w + sizeof<T>()) + total<T>(second));
}

export function convNarrow_f32(args: usize, begin: i32, end: i32): void { narrow<f32>(args, begin, end); }
export function convNarrow_f64(args: usize, begin: i32, end: i32): void { narrow<f64>(args, begin, end); }
