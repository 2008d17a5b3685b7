// The gradient of a convolution by its weight where y has few channels: packing every tap of x as weight.ts does would
// cost more than the sums. An image of x is copied once with its padding, (band.ts), and a tap is a place in the
// copy. What is summed is a tile of ROWS channels of y by two taps, each as a vector of partial sums along the rows:
//
//   tile[o, t] = Σ_{oy, q} strip[oy, q, o] · copy[t, oy, q]      q numbers the vectors of a row
//
// A strip holds the channels' vectors side by side, with zeros behind the end of a row; there the copy is masked too, so
// that an infinity beyond is not seen. A sum runs along one band of rows, then is added to that of the unit's images so far;
// only at the end of the unit are lanes added up, and w is written.
//
//   args ─ as in weight.ts, but 3 is oh, 4 the channels of y in a block, 1 is not read, filters are dense
//
// Units: blocks, then groups, then splits. Table, strip, sums and copy must fit the arena (src/ops/convolve.ts sees to it).

import { int, scratch } from "../abi";
import { ROWS } from "../gemm/micro";
import { madd } from "../math";
import { total } from "../simd";
import { copyBand, fillTable, pitch } from "./band";
import { channelY, filter } from "./block";
import { gather } from "./gather";
import { addTo } from "./three";

/** Vectors of a channel in a strip: with six channels 24 kB, which stay in the first cache beside the copy's rows. */
const STRIP: i32 = 256;
/** Bytes of the sums of a tap: of ROWS channels side by side, so that two are neighbours in a register of 256 bits. */
const TAP: usize = ROWS << 4;

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
  const sums = strip + <usize>(band * steps) * TAP;
  const bytes = <usize>((block + ROWS - 1) / ROWS * k) * TAP;
  const copy = sums + bytes;
  fillTable<T>(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / blocks;
    const split = stack / groups;
    const g = stack - split * groups;
    const first = (unit - stack * blocks) * block;
    const last = min(first + block, to);
    const w = filter<T>(args, g, 0, 0) + <usize>(split * int(args, 42)) * sizeof<T>();
    memory.fill(sums, 0, bytes);
    for (let b = split * images; b < (split + 1) * images; b++) {
      copyBand<T>(args, b, g, 0, oh, copy);
      for (let o = first; o < last; o += ROWS) {
        const tile = sums + <usize>((o - first) / ROWS * k) * TAP;
        for (let oy = 0; oy < oh; oy += band) {
          const rows = min(band, oh - oy);
          packStrip<T>(args, b, g, o, min(ROWS, last - o), oy, rows, strip);
          const from = copy + <usize>(oy * pitch(args)) * sizeof<T>();
          let t = 0;
          if (WIDE_VECTORS) {
            for (; t + 3 <= k; t += 3) {
              const taps = scratch + <usize>t * sizeof<usize>();
              const to = tile + <usize>t * TAP;
              if (isCut) threeTapsToEnd<T>(args, rows, steps, strip, from, taps, to);
              else threeTaps<T>(args, rows, steps, strip, from, taps, to);
            }
          }
          // With an odd number of taps the last one is summed twice and added once.
          for (; t < k; t += 2) {
            const x0 = from + load<usize>(scratch + <usize>t * sizeof<usize>());
            const x1 = from + load<usize>(scratch + <usize>min(t + 1, k - 1) * sizeof<usize>());
            sumTile<T>(args, rows, steps, strip, x0, x1, tile + <usize>t * TAP, t + 1 < k);
          }
        }
      }
    }
    for (let o = first; o < last; o++) {
      const strips = (o - first) / ROWS;
      let from = sums + <usize>(strips * k) * TAP + (<usize>(o - first - strips * ROWS) << 4);
      const row = w + <usize>(o * k) * sizeof<T>();
      for (let t = 0; t < k; t++) {
        store<T>(row + <usize>t * sizeof<T>(), total<T>(v128.load(from)));
        from += TAP;
      }
    }
  }
}

/** Rows oy … of channels o … of y; channels beyond `count` are zeros. */
function packStrip<T>(args: usize, b: i32, g: i32, o: i32, count: i32, oy: i32, rows: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const stride = int(args, 17);
  for (let r = 0; r < ROWS; r++) {
    let at = to + (<usize>r << 4);
    for (let y = oy; y < oy + rows; y++) {
      const from = r < count ? channelY<T>(args, b, g, o + r) + <usize>(y * int(args, 16)) * sizeof<T>() : 0;
      for (let q = 0; q < ow; q += lanes) {
        let v = i64x2.splat(0);
        if (r < count) v = gather<T>(from, q, 1, stride, ow);
        v128.store(at, v);
        at += TAP;
      }
    }
  }
}

function sumTile<T>(
  args: usize, rows: i32, steps: i32, strip: usize, x0: usize, x1: usize, to: usize, isTwo: bool,
): void {
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
  addSums<T>(to, s00, s10, s20, s30, s40, s50);
  if (isTwo) addSums<T>(to + TAP, s01, s11, s21, s31, s41, s51);
}

/** Adds those of a tap to what is at `to`. */
// @ts-ignore: decorator
@inline
function addSums<T>(to: usize, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): void {
  addTo<T>(to, a);
  addTo<T>(to + 16, b);
  addTo<T>(to + 32, c);
  addTo<T>(to + 48, d);
  if (ASC_FEATURE_RELAXED_SIMD) {
    addTo<T>(to + 64, e);
    addTo<T>(to + 80, f);
  }
}

function threeTaps<T>(
  args: usize, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, to: usize,
): void {
  tilePair<T>(args, false, rows, steps, strip, from, taps, to);
}

function threeTapsToEnd<T>(
  args: usize, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, to: usize,
): void {
  tilePair<T>(args, true, rows, steps, strip, from, taps, to);
}

/**
 * As `sumTile` for three taps, whose places in the copy are at `taps`: vectors of two channels are paired. `isCut`: rows
 * end within a vector.
 */
// @ts-ignore: decorator
@inline
function tilePair<T>(
  args: usize, isCut: bool, rows: i32, steps: i32, strip: usize, from: usize, taps: usize, to: usize,
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
  addPairs<T>(to, s00, s10, s20, s30, s40, s50);
  addPairs<T>(to + TAP, s01, s11, s21, s31, s41, s51);
  addPairs<T>(to + 2 * TAP, s02, s12, s22, s32, s42, s52);
}

/** As `addSums`: all is loaded before anything is stored. */
// @ts-ignore: decorator
@inline
function addPairs<T>(to: usize, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): void {
  a = v128.add<T>(v128.load(to), a);
  b = v128.add<T>(v128.load(to, 16), b);
  c = v128.add<T>(v128.load(to, 32), c);
  d = v128.add<T>(v128.load(to, 48), d);
  e = v128.add<T>(v128.load(to, 64), e);
  f = v128.add<T>(v128.load(to, 80), f);
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

export function convNarrow_f32(args: usize, begin: i32, end: i32): void { narrow<f32>(args, begin, end); }
export function convNarrow_f64(args: usize, begin: i32, end: i32): void { narrow<f64>(args, begin, end); }
