// Convolutions with one channel of x a group, and their gradient by the weight; the block of block.ts and weight.ts.
//
// There is nothing to share between channels, so no product to make of it: a band of a channel is copied with its padding
// (band.ts), and a row of y is summed tap by tap from the copy. Most filters are 3 × 3: three.ts.
//
//   args ─ as in weight.ts, but 3 is the rows of y in a band, 1 and 4 are not read; dilations > 0
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

// The arena: the table of taps, their sums (of the gradient), the copy.
// @ts-ignore: decorator
@inline function sumsAt(args: usize): usize { return (scratch + <usize>taps(args) * sizeof<usize>() + 15) & ~15; }
// @ts-ignore: decorator
@inline function copyAt(args: usize): usize { return sumsAt(args) + (<usize>taps(args) << 4); }

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
    for (let oy = 0; oy < oh; oy += band) {
      const count = min(band, oh - oy);
      copyBand<T>(args, b, g, oy, count, copy);
      for (let r = 0; r < count; r++) row<T>(args, r, copy, w, y + <usize>(oy + r) * rowY, first);
    }
  }
}

/** Row `r` of a band of y, with any filter. */
function row<T>(args: usize, r: i32, copy: usize, w: usize, y: usize, first: T): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const across = int(args, 17);
  let x = copy + <usize>(r * pitch(args)) * sizeof<T>();
  let ox = 0;
  if (across == 1) {
    for (; ox + 4 * lanes <= ow; ox += 4 * lanes) {
      sum<T>(args, x, w, y, first);
      x += 64;
      y += 64;
    }
  }
  for (; ox < ow; ox += lanes) {
    spill<T>(sumOne<T>(args, x, w, first), y, across, min(lanes, ow - ox));
    x += 16;
    y += <usize>(lanes * across) * sizeof<T>();
  }
}

/** Four vectors of y, side by side. */
// @ts-ignore: decorator
@inline
function sum<T>(args: usize, x: usize, w: usize, y: usize, first: T): void {
  const kw = int(args, 32);
  const rowW = <usize>int(args, 21) * sizeof<T>();
  const stepW = <usize>int(args, 22) * sizeof<T>();
  let table = scratch;
  let s0 = v128.splat<T>(first), s1 = s0, s2 = s0, s3 = s0;
  for (let ky = int(args, 31); ky > 0; ky--) {
    let weight = w;
    for (let kx = kw; kx > 0; kx--) {
      const at = x + load<usize>(table);
      const by = v128.load_splat<T>(weight);
      s0 = madd<T>(by, v128.load(at), s0);
      s1 = madd<T>(by, v128.load(at, 16), s1);
      s2 = madd<T>(by, v128.load(at, 32), s2);
      s3 = madd<T>(by, v128.load(at, 48), s3);
      table += sizeof<usize>();
      weight += stepW;
    }
    w += rowW;
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

// @ts-ignore: decorator
@inline
function sumOne<T>(args: usize, x: usize, w: usize, first: T): v128 {
  const kw = int(args, 32);
  let table = scratch;
  let sum = v128.splat<T>(first);
  for (let ky = int(args, 31); ky > 0; ky--) {
    let weight = w;
    for (let kx = kw; kx > 0; kx--) {
      sum = madd<T>(v128.load_splat<T>(weight), v128.load(x + load<usize>(table)), sum);
      table += sizeof<usize>();
      weight += <usize>int(args, 22) * sizeof<T>();
    }
    w += <usize>int(args, 21) * sizeof<T>();
  }
  return sum;
}

/** The first `count` lanes of x to addresses `step` elements apart. */
// @ts-ignore: decorator
@inline
function spill<T>(x: v128, to: usize, step: i32, count: i32): void {
  if (step == 1 && count * <i32>sizeof<T>() == 16) {
    v128.store(to, x);
    return;
  }
  const apart = <usize>step * sizeof<T>();
  v128.store_lane<T>(to, x, 0);
  if (count > 1) v128.store_lane<T>(to + apart, x, 1);
  if (sizeof<T>() == 4) {
    if (count > 2) v128.store_lane<T>(to + 2 * apart, x, 2);
    if (count > 3) v128.store_lane<T>(to + 3 * apart, x, 3);
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
