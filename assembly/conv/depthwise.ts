// Convolutions with one channel of x a group, and their gradient by the weight; the block of block.ts and weight.ts.
//
// There is nothing to share between channels, so no product to make of it: a band of a channel is copied with its padding
// (band.ts), and a tile of y is summed tap by tap from the copy. Most filters are 3 × 3: three.ts.
//
//   args ─ as in weight.ts, but 3 is the rows of y in a band, 1 and 4 are not read; dilations > 0, and rows of y of the
//          convolution have no gaps
//
// Units of the convolution are channels of y, over all images; of the gradient channels, then splits. Table, sums and a
// band's copy must fit the arena (src/ops/convolve.ts sees to it).

import { int, ptr, scratch } from "../abi";
import { madd } from "../math";
import { total } from "../simd";
import { copyBand, fillTable, pitch } from "./band";
import { channelX, channelY, filter, taps } from "./block";
import { gather } from "./gather";
import { addTo, isThree, three, threeSums } from "./three";

// The arena: the table of taps; the taps, or their sums (of the gradient); a spare tile; the copy.
// @ts-ignore: decorator
@inline function sumsAt(args: usize): usize { return (scratch + <usize>taps(args) * sizeof<usize>() + 15) & ~15; }
// @ts-ignore: decorator
@inline function spareAt(args: usize): usize { return sumsAt(args) + (<usize>taps(args) << 4); }
// @ts-ignore: decorator
@inline function copyAt(args: usize): usize { return spareAt(args) + 128; }

function forward<T>(args: usize, begin: i32, end: i32): void {
  const channels = int(args, 40);
  const groups = int(args, 43);
  const oh = int(args, 29);
  const band = int(args, 3);
  const rowY = <usize>int(args, 16) * sizeof<T>();
  const copy = copyAt(args);
  const isSimple = isThree<T>(args);
  fillTable<T>(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const b = unit / (groups * channels);
    const channel = unit - b * groups * channels;
    const g = channel / channels;
    const o = channel - g * channels;
    const bias = ptr(args, 13);
    const first: T = bias == 0 ? <T>0 : load<T>(bias + <usize>channel * sizeof<T>());
    const w = filter<T>(args, g, o, 0);
    const y = channelY<T>(args, b, g, o);
    if (isSimple) {
      three<T>(args, channelX<T>(args, b, g, 0), w, y, first);
      continue;
    }
    packTaps<T>(args, w);
    for (let oy = 0; oy < oh; oy += band) {
      const count = min(band, oh - oy);
      copyBand<T>(args, b, g, oy, count, copy);
      rows<T>(args, count, copy, y + <usize>oy * rowY, first);
    }
  }
}

/**
 * `count` rows of y from the copy, with any filter, four at a time: the last four and the last columns of a row are made
 * again where they fill no tile.
 */
function rows<T>(args: usize, count: i32, copy: usize, y: usize, first: T): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const rowX = <usize>pitch(args) * sizeof<T>();
  const rowY = <usize>int(args, 16) * sizeof<T>();
  // Of fewer than four rows the last one is made again.
  const last = <usize>min(count, 4) - 1;
  for (let r = 0; r < count; r += 4) {
    const top = <usize>max(min(r, count - 4), 0);
    const x = copy + top * rowX;
    const to = y + top * rowY;
    if (ow < 2 * lanes) {
      tile<T>(args, x, rowX, last, spareAt(args), 32, first);
      for (let i: usize = 0; i <= last; i++) memory.copy(to + i * rowY, spareAt(args) + (i << 5), <usize>ow * sizeof<T>());
      continue;
    }
    for (let ox = 0; ox < ow; ) {
      const isWide = WIDE_VECTORS && ow >= 4 * lanes && ow - ox > 2 * lanes;
      const width = isWide ? 4 * lanes : 2 * lanes;
      const at = <usize>min(ox, ow - width) * sizeof<T>();
      if (isWide) wideTile<T>(args, x + at, rowX, last, to + at, rowY, first);
      else tile<T>(args, x + at, rowX, last, to + at, rowY, first);
      ox += width;
    }
  }
}

function tile<T>(args: usize, x: usize, rowX: usize, last: usize, y: usize, rowY: usize, first: T): void {
  sum<T>(false, args, x, rowX, last, y, rowY, first);
}

function wideTile<T>(args: usize, x: usize, rowX: usize, last: usize, y: usize, rowY: usize, first: T): void {
  sum<T>(true, args, x, rowX, last, y, rowY, first);
}

/** Two vectors, or four, of rows 0 … `last` of four. */
// @ts-ignore: decorator
@inline
function sum<T>(isWide: bool, args: usize, x: usize, rowX: usize, last: usize, y: usize, rowY: usize, first: T): void {
  let table = scratch;
  let weight = sumsAt(args);
  const one = min<usize>(1, last), two = min<usize>(2, last);
  const x1 = one * rowX, x2 = two * rowX, x3 = last * rowX;
  const start = v128.splat<T>(first);
  let s00 = start, s01 = start, s02 = start, s03 = start;
  let s10 = start, s11 = start, s12 = start, s13 = start;
  let s20 = start, s21 = start, s22 = start, s23 = start;
  let s30 = start, s31 = start, s32 = start, s33 = start;
  for (let t = taps(args); t > 0; t--) {
    const by = v128.load_splat<T>(weight);
    let at = x + load<usize>(table);
    s00 = madd<T>(by, v128.load(at), s00);
    s01 = madd<T>(by, v128.load(at, 16), s01);
    if (isWide) {
      s02 = madd<T>(by, v128.load(at, 32), s02);
      s03 = madd<T>(by, v128.load(at, 48), s03);
    }
    const at1 = at + x1;
    s10 = madd<T>(by, v128.load(at1), s10);
    s11 = madd<T>(by, v128.load(at1, 16), s11);
    if (isWide) {
      s12 = madd<T>(by, v128.load(at1, 32), s12);
      s13 = madd<T>(by, v128.load(at1, 48), s13);
    }
    const at2 = at + x2;
    s20 = madd<T>(by, v128.load(at2), s20);
    s21 = madd<T>(by, v128.load(at2, 16), s21);
    if (isWide) {
      s22 = madd<T>(by, v128.load(at2, 32), s22);
      s23 = madd<T>(by, v128.load(at2, 48), s23);
    }
    const at3 = at + x3;
    s30 = madd<T>(by, v128.load(at3), s30);
    s31 = madd<T>(by, v128.load(at3, 16), s31);
    if (isWide) {
      s32 = madd<T>(by, v128.load(at3, 32), s32);
      s33 = madd<T>(by, v128.load(at3, 48), s33);
    }
    table += sizeof<usize>();
    weight += sizeof<T>();
  }
  put(isWide, y, s00, s01, s02, s03);
  put(isWide, y + one * rowY, s10, s11, s12, s13);
  put(isWide, y + two * rowY, s20, s21, s22, s23);
  put(isWide, y + last * rowY, s30, s31, s32, s33);
}

// @ts-ignore: decorator
@inline
function put(isWide: bool, y: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(y, s0);
  v128.store(y, s1, 16);
  if (isWide) {
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
  }
}

/** The filter's taps side by side, in the order of the table. */
function packTaps<T>(args: usize, w: usize): void {
  let to = sumsAt(args);
  for (let ky = 0; ky < int(args, 31); ky++) {
    for (let kx = 0; kx < int(args, 32); kx++) {
      store<T>(to, load<T>(w + <usize>(ky * int(args, 21) + kx * int(args, 22)) * sizeof<T>()));
      to += sizeof<T>();
    }
  }
}

/** A tap is summed in the lanes of a vector: along a band, then over bands and images, at last across the lanes. */
function weight<T>(args: usize, begin: i32, end: i32): void {
  const channels = int(args, 40);
  const all = int(args, 43) * channels;
  const images = int(args, 41);
  const oh = int(args, 29);
  const band = int(args, 3);
  const sums = sumsAt(args);
  const copy = copyAt(args);
  const isSimple = isThree<T>(args);
  fillTable<T>(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const split = unit / all;
    const g = (unit - split * all) / channels;
    const o = unit % channels;
    memory.fill(sums, 0, <usize>taps(args) << 4);
    for (let b = split * images; b < (split + 1) * images; b++) {
      if (isSimple) {
        threeSums<T>(args, channelX<T>(args, b, g, 0), channelY<T>(args, b, g, o), sums);
        continue;
      }
      for (let oy = 0; oy < oh; oy += band) {
        const count = min(band, oh - oy);
        const y = channelY<T>(args, b, g, o) + <usize>(oy * int(args, 16)) * sizeof<T>();
        copyBand<T>(args, b, g, oy, count, copy);
        for (let t = 0; t < taps(args); t += 4) fourSums<T>(args, count, copy, t, y, sums);
      }
    }
    const w = filter<T>(args, g, o, 0) + <usize>(split * int(args, 42)) * sizeof<T>();
    for (let t = 0; t < taps(args); t++) {
      const ky = t / int(args, 32);
      const kx = t - ky * int(args, 32);
      store<T>(w + <usize>(ky * int(args, 21) + kx * int(args, 22)) * sizeof<T>(), total<T>(v128.load(sums + (<usize>t << 4))));
    }
  }
}

// A row ends with a vector of which `left` bytes are inside: y is loaded with zeros behind them, and what the copy has
// there is masked, since it may be infinite.
// @ts-ignore: decorator
@inline
function left<T>(args: usize): i32 { return ((int(args, 30) * <i32>sizeof<T>() - 1) & 15) + 1; }
// @ts-ignore: decorator
@inline
function maskOf(left: i32): v128 {
  return i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>left));
}

/** The same for taps t … t + 3 of any filter; those that are none are summed like the last and dropped. */
function fourSums<T>(args: usize, count: i32, copy: usize, t: i32, y: usize, sums: usize): void {
  const ow = int(args, 30);
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const end = taps(args) - 1;
  const rowX = <usize>pitch(args) * sizeof<T>();
  const tail = maskOf(left<T>(args));
  let x0 = copy + load<usize>(scratch + <usize>t * sizeof<usize>());
  let x1 = copy + load<usize>(scratch + <usize>min(t + 1, end) * sizeof<usize>());
  let x2 = copy + load<usize>(scratch + <usize>min(t + 2, end) * sizeof<usize>());
  let x3 = copy + load<usize>(scratch + <usize>min(t + 3, end) * sizeof<usize>());
  let s0 = i64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; count > 0; count--) {
    let mask = i64x2.splat(-1);
    for (let ox = 0; ox < ow; ox += lanes) {
      let g: v128;
      const at = <usize>ox * sizeof<T>();
      if (ox + lanes <= ow) g = v128.load(y + at);
      else {
        g = gather<T>(y, ox, 1, 1, ow);
        mask = tail;
      }
      s0 = madd<T>(g, v128.and(mask, v128.load(x0 + at)), s0);
      s1 = madd<T>(g, v128.and(mask, v128.load(x1 + at)), s1);
      s2 = madd<T>(g, v128.and(mask, v128.load(x2 + at)), s2);
      s3 = madd<T>(g, v128.and(mask, v128.load(x3 + at)), s3);
    }
    x0 += rowX;
    x1 += rowX;
    x2 += rowX;
    x3 += rowX;
    y += <usize>int(args, 16) * sizeof<T>();
  }
  sums += <usize>t << 4;
  addTo<T>(sums, s0);
  if (t < end) addTo<T>(sums + 16, s1);
  if (t + 1 < end) addTo<T>(sums + 32, s2);
  if (t + 2 < end) addTo<T>(sums + 48, s3);
}

export function depthwise_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function depthwise_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function depthwiseWeight_f32(args: usize, begin: i32, end: i32): void { weight<f32>(args, begin, end); }
export function depthwiseWeight_f64(args: usize, begin: i32, end: i32): void { weight<f64>(args, begin, end); }
