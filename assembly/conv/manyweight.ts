// The gradient by the weight of a convolution of many small images: eight of them side by side, as in many.ts, so that no
// lane is lost at the end of a row and none is added to another before the end. What is summed is a tile of ROWS channels of
// y by two taps:
//
//   tile[o, t, image] = Σ_pixel strip[pixel, o, image] · copy[pixel + t, image]
//
// A strip holds the channels' pixels of a band of rows. A sum runs along one band, then is added to that of the unit's
// images so far.
//
//   args ─ as in weight.ts, but 1, 3 and 4 are not read; images in eights, rows of y side by side, filters dense
//
// Units: groups, then splits. Table, strip, sums and copy must fit the arena (src/ops/convolve.ts sees to it).

import { int, scratch } from "../abi";
import { ROWS } from "../gemm/micro";
import { madd } from "../math";
import { total } from "../simd";
import { channelX, channelY, filter } from "./block";
import { EIGHT, fillPlaces, heightSeen, turnPlanes, turnRows, widthSeen } from "./eights";

/** Pixels of a strip, unless a row has more: with six channels 24 kB. */
const STRIP: i32 = 128;
/** Bytes of the sums of a tap, and of a pixel in a strip: ROWS channels of eight images. */
const TAP: usize = ROWS << 5;

export function convManyWeight_f32(args: usize, begin: i32, end: i32): void {
  const k = int(args, 2);
  const oh = int(args, 29);
  const ow = int(args, 30);
  const to = int(args, 40);
  const images = int(args, 41);
  const groups = int(args, 43);
  const height = heightSeen(args);
  const width = widthSeen(args);
  const band = min(max(STRIP / ow, 1), oh);
  const strip = (scratch + (<usize>k << 2) + 15) & ~15;
  const sums = strip + <usize>(band * ow) * TAP;
  const apart = <usize>int(args, 23) << 2;
  const bytes = <usize>((to + ROWS - 1) / ROWS * k) * TAP;
  const copy = sums + bytes;
  fillPlaces(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const split = unit / groups;
    const g = unit - split * groups;
    memory.fill(sums, 0, bytes);
    for (let b = split * images; b < (split + 1) * images; b += EIGHT) {
      for (let c = 0; c < int(args, 39); c++)
        turnPlanes(args, channelX<f32>(args, b, g, c), apart, EIGHT, height, width, copy + (<usize>(c * height * width) << 5));
      for (let o = 0; o < to; o += ROWS) {
        for (let oy = 0; oy < oh; oy += band) {
          const rows = min(band, oh - oy);
          packStrip(args, b, g, o, min(ROWS, to - o), oy, rows, strip);
          const from = copy + (<usize>(oy * int(args, 33) * width) << 5);
          const tile = sums + <usize>(o / ROWS * k) * TAP;
          // With an odd number of taps the last one is summed twice and added once.
          for (let t = 0; t < k; t += 2) {
            const x0 = from + load<usize>(scratch + (<usize>t << 2));
            const x1 = from + load<usize>(scratch + (<usize>min(t + 1, k - 1) << 2));
            sumTwoTaps(args, rows, strip, x0, x1, tile + <usize>t * TAP, t + 1 < k);
          }
        }
      }
    }
    const w = filter<f32>(args, g, 0, 0) + (<usize>(split * int(args, 42)) << 2);
    for (let o = 0; o < to; o++) {
      const strips = o / ROWS;
      let from = sums + <usize>(strips * k) * TAP + (<usize>(o - strips * ROWS) << 5);
      for (let t = 0; t < k; t++) {
        store<f32>(w + (<usize>(o * k + t) << 2), total<f32>(f32x4.add(v128.load(from), v128.load(from, 16))));
        from += TAP;
      }
    }
  }
}

/** Rows oy … of `count` channels of y from o on; others are zeros. */
function packStrip(args: usize, b: i32, g: i32, o: i32, count: i32, oy: i32, rows: i32, to: usize): void {
  const n = rows * int(args, 30);
  const at = <usize>(oy * int(args, 16)) << 2;
  if (count < ROWS) memory.fill(to, 0, <usize>n * TAP);
  for (let r = 0; r < count; r++) {
    for (let half = 0; half < EIGHT; half += 4) {
      const y0 = channelY<f32>(args, b + half, g, o + r) + at;
      const y1 = channelY<f32>(args, b + half + 1, g, o + r) + at;
      const y2 = channelY<f32>(args, b + half + 2, g, o + r) + at;
      const y3 = channelY<f32>(args, b + half + 3, g, o + r) + at;
      turnRows(y0, y1, y2, y3, n, to + (<usize>r << 5) + (<usize>half << 2), TAP);
    }
  }
}

/** The sums of two taps, or of one, added to those at `to`: of all images where vectors are paired, else of four and four. */
function sumTwoTaps(args: usize, rows: i32, strip: usize, x0: usize, x1: usize, to: usize, isTwo: bool): void {
  const ow = int(args, 30);
  const next = <usize>int(args, 34) << 5;
  const jump = (<usize>(int(args, 33) * widthSeen(args)) << 5) - <usize>ow * next;
  if (WIDE_VECTORS) sumPixels(true, rows, ow, next, jump, strip, x0, x1, to, isTwo);
  else {
    sumFour(rows, ow, next, jump, strip, x0, x1, to, isTwo);
    sumFour(rows, ow, next, jump, strip + 16, x0 + 16, x1 + 16, to + 16, isTwo);
  }
}

function sumFour(
  rows: i32, ow: i32, next: usize, jump: usize, strip: usize, x0: usize, x1: usize, to: usize, isTwo: bool,
): void {
  sumPixels(false, rows, ow, next, jump, strip, x0, x1, to, isTwo);
}

// @ts-ignore: decorator
@inline
function sumPixels(
  isPair: bool, rows: i32, ow: i32, next: usize, jump: usize, strip: usize, x0: usize, x1: usize, to: usize, isTwo: bool,
): void {
  const zero = i64x2.splat(0);
  let s00 = zero, s10 = zero, s20 = zero, s30 = zero, s40 = zero, s50 = zero;
  let s01 = zero, s11 = zero, s21 = zero, s31 = zero, s41 = zero, s51 = zero;
  let t00 = zero, t10 = zero, t20 = zero, t30 = zero, t40 = zero, t50 = zero;
  let t01 = zero, t11 = zero, t21 = zero, t31 = zero, t41 = zero, t51 = zero;
  for (; rows > 0; rows--) {
    for (let q = ow; q > 0; q--) {
      const a0 = v128.load(x0), b0 = v128.load(x1);
      const a1 = isPair ? v128.load(x0, 16) : zero, b1 = isPair ? v128.load(x1, 16) : zero;
      let g = v128.load(strip);
      s00 = madd<f32>(g, a0, s00);
      s01 = madd<f32>(g, b0, s01);
      if (isPair) {
        g = v128.load(strip, 16);
        t00 = madd<f32>(g, a1, t00);
        t01 = madd<f32>(g, b1, t01);
      }
      g = v128.load(strip, 32);
      s10 = madd<f32>(g, a0, s10);
      s11 = madd<f32>(g, b0, s11);
      if (isPair) {
        g = v128.load(strip, 48);
        t10 = madd<f32>(g, a1, t10);
        t11 = madd<f32>(g, b1, t11);
      }
      g = v128.load(strip, 64);
      s20 = madd<f32>(g, a0, s20);
      s21 = madd<f32>(g, b0, s21);
      if (isPair) {
        g = v128.load(strip, 80);
        t20 = madd<f32>(g, a1, t20);
        t21 = madd<f32>(g, b1, t21);
      }
      g = v128.load(strip, 96);
      s30 = madd<f32>(g, a0, s30);
      s31 = madd<f32>(g, b0, s31);
      if (isPair) {
        g = v128.load(strip, 112);
        t30 = madd<f32>(g, a1, t30);
        t31 = madd<f32>(g, b1, t31);
      }
      if (ASC_FEATURE_RELAXED_SIMD) {
        g = v128.load(strip, 128);
        s40 = madd<f32>(g, a0, s40);
        s41 = madd<f32>(g, b0, s41);
        if (isPair) {
          g = v128.load(strip, 144);
          t40 = madd<f32>(g, a1, t40);
          t41 = madd<f32>(g, b1, t41);
        }
        g = v128.load(strip, 160);
        s50 = madd<f32>(g, a0, s50);
        s51 = madd<f32>(g, b0, s51);
        if (isPair) {
          g = v128.load(strip, 176);
          t50 = madd<f32>(g, a1, t50);
          t51 = madd<f32>(g, b1, t51);
        }
      }
      x0 += next;
      x1 += next;
      strip += TAP;
    }
    x0 += jump;
    x1 += jump;
  }
  addTap(isPair, to, s00, t00, s10, t10, s20, t20, s30, t30, s40, t40, s50, t50);
  if (isTwo) addTap(isPair, to + TAP, s01, t01, s11, t11, s21, t21, s31, t31, s41, t41, s51, t51);
}

/** Adds the sums of a tap, one or two vectors a channel, to those at `to`. */
// @ts-ignore: decorator
@inline
function addTap(
  isPair: bool, to: usize, s0: v128, t0: v128, s1: v128, t1: v128, s2: v128, t2: v128, s3: v128, t3: v128, s4: v128, t4: v128,
  s5: v128, t5: v128,
): void {
  addSums(isPair, to, s0, t0);
  addSums(isPair, to + 32, s1, t1);
  addSums(isPair, to + 64, s2, t2);
  addSums(isPair, to + 96, s3, t3);
  if (ASC_FEATURE_RELAXED_SIMD) {
    addSums(isPair, to + 128, s4, t4);
    addSums(isPair, to + 160, s5, t5);
  }
}

// @ts-ignore: decorator
@inline
function addSums(isPair: bool, to: usize, s: v128, t: v128): void {
  s = f32x4.add(v128.load(to), s);
  if (isPair) t = f32x4.add(v128.load(to, 16), t);
  v128.store(to, s);
  if (isPair) v128.store(to, t, 16);
}
