// Convolutions with one channel of x a group, and their gradient by the weight; the block of block.ts and weight.ts.
//
// There is nothing to share between channels, so no product to make of it: a row of y is summed tap by tap from rows of x.
// Units of the convolution are channels of y, over all images; of the gradient channels, then splits. Accumulators are
// those of fixed places in a row, so that units may be cut anywhere.

import { int, ptr } from "../abi";
import { madd } from "../math";
import { channelX, channelY, filter } from "./block";
import { gather, one } from "./gather";

function forward<T>(args: usize, begin: i32, end: i32): void {
  const channels = int(args, 40);
  const groups = int(args, 43);
  const oh = int(args, 29);
  const sy = int(args, 33);
  for (let unit = begin; unit < end; unit++) {
    const b = unit / (groups * channels);
    const channel = unit - b * groups * channels;
    const g = channel / channels;
    const o = channel - g * channels;
    const bias = ptr(args, 13);
    const first: T = bias == 0 ? <T>0 : load<T>(bias + <usize>channel * sizeof<T>());
    const x = channelX<T>(args, b, g, 0);
    const w = filter<T>(args, g, o, 0);
    let y = channelY<T>(args, b, g, o);
    for (let oy = 0; oy < oh; oy++) {
      row<T>(args, oy * sy - int(args, 37), x, w, y, first);
      y += <usize>int(args, 16) * sizeof<T>();
    }
  }
}

/** One row of y, whose first tap sees row `top` of x. */
function row<T>(args: usize, top: i32, x: usize, w: usize, y: usize, first: T): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const kh = int(args, 31);
  const kw = int(args, 32);
  const px = int(args, 38);
  // The taps of column ox are inside where 0 ≤ ox·sx - px and this is not beyond the row.
  const reach = (kw - 1) * int(args, 36) - px;
  const simple = int(args, 34) == 1 && int(args, 26) == 1 && int(args, 17) == 1;
  const height = int(args, 27);
  const width = int(args, 28);
  const dy = int(args, 35);
  const rowX = <usize>int(args, 25) * sizeof<T>();
  const stepX = <usize>int(args, 36) * sizeof<T>();
  const rowW = <usize>int(args, 21) * sizeof<T>();
  const stepW = <usize>int(args, 22) * sizeof<T>();
  let ox = 0;
  while (ox < ow) {
    if (!simple || ox < px || ox + lanes > ow || ox + lanes + reach > width) {
      part<T>(args, top, ox, min(lanes, ow - ox), x, w, y, first);
      ox += lanes;
      continue;
    }
    const from = x + <usize>(ox - px) * sizeof<T>();
    const to = y + <usize>ox * sizeof<T>();
    let s0 = v128.splat<T>(first), s1 = s0, s2 = s0, s3 = s0;
    let iy = top;
    let weights = w;
    if (ox + 4 * lanes <= ow && ox + 4 * lanes + reach <= width) {
      for (let ky = 0; ky < kh; ky++) {
        if (<u32>iy < <u32>height) {
          let at = from + <usize>iy * rowX;
          let weight = weights;
          for (let kx = 0; kx < kw; kx++) {
            const by = v128.load_splat<T>(weight);
            s0 = madd<T>(by, v128.load(at), s0);
            s1 = madd<T>(by, v128.load(at, 16), s1);
            s2 = madd<T>(by, v128.load(at, 32), s2);
            s3 = madd<T>(by, v128.load(at, 48), s3);
            at += stepX;
            weight += stepW;
          }
        }
        iy += dy;
        weights += rowW;
      }
      v128.store(to, s0);
      v128.store(to, s1, 16);
      v128.store(to, s2, 32);
      v128.store(to, s3, 48);
      ox += 4 * lanes;
    } else {
      for (let ky = 0; ky < kh; ky++) {
        if (<u32>iy < <u32>height) {
          let at = from + <usize>iy * rowX;
          let weight = weights;
          for (let kx = 0; kx < kw; kx++) {
            s0 = madd<T>(v128.load_splat<T>(weight), v128.load(at), s0);
            at += stepX;
            weight += stepW;
          }
        }
        iy += dy;
        weights += rowW;
      }
      v128.store(to, s0);
      ox += lanes;
    }
  }
}

/** One vector of a row of y that sees beyond the ends of x, of which `count` lanes are written. */
function part<T>(args: usize, top: i32, ox: i32, count: i32, x: usize, w: usize, y: usize, first: T): void {
  const kw = int(args, 32);
  const sx = int(args, 34);
  const dx = int(args, 36);
  const stride = int(args, 26);
  const width = int(args, 28);
  const stepW = <usize>int(args, 22) * sizeof<T>();
  let sum = v128.splat<T>(first);
  for (let ky = 0; ky < int(args, 31); ky++) {
    const iy = top + ky * int(args, 35);
    if (<u32>iy >= <u32>int(args, 27)) continue;
    const from = x + <usize>(iy * int(args, 25)) * sizeof<T>();
    let weight = w + <usize>(ky * int(args, 21)) * sizeof<T>();
    let ix = ox * sx - int(args, 38);
    for (let kx = 0; kx < kw; kx++) {
      sum = madd<T>(v128.load_splat<T>(weight), gather<T>(from, ix, sx, stride, width), sum);
      ix += dx;
      weight += stepW;
    }
  }
  spill<T>(sum, y + <usize>(ox * int(args, 17)) * sizeof<T>(), int(args, 17), count);
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
  store<T>(to, v128.extract_lane<T>(x, 0));
  if (count > 1) store<T>(to + apart, v128.extract_lane<T>(x, 1));
  if (sizeof<T>() == 4) {
    if (count > 2) store<T>(to + 2 * apart, v128.extract_lane<T>(x, 2));
    if (count > 3) store<T>(to + 3 * apart, v128.extract_lane<T>(x, 3));
  }
}

function weight<T>(args: usize, begin: i32, end: i32): void {
  const channels = int(args, 40);
  const all = int(args, 43) * channels;
  const images = int(args, 41);
  for (let unit = begin; unit < end; unit++) {
    const split = unit / all;
    const g = (unit - split * all) / channels;
    const o = unit % channels;
    const w = filter<T>(args, g, o, 0) + <usize>(split * int(args, 42)) * sizeof<T>();
    for (let ky = 0; ky < int(args, 31); ky++) {
      for (let kx = 0; kx < int(args, 32); kx++) {
        let sum: T = 0;
        for (let b = split * images; b < (split + 1) * images; b++) sum += tap<T>(args, b, g, o, ky, kx);
        store<T>(w + <usize>(ky * int(args, 21) + kx * int(args, 22)) * sizeof<T>(), sum);
      }
    }
  }
}

/** Σ y · x over one image, for one tap. y is dense. */
function tap<T>(args: usize, b: i32, g: i32, o: i32, ky: i32, kx: i32): T {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const sx = int(args, 34);
  const stride = int(args, 26);
  const width = int(args, 28);
  const left = kx * int(args, 36) - int(args, 38);
  const image = channelX<T>(args, b, g, 0);
  let y = channelY<T>(args, b, g, o);
  let sums = v128.splat<T>(0);
  let rest: T = 0;
  for (let oy = 0; oy < int(args, 29); oy++) {
    const iy = oy * int(args, 33) + ky * int(args, 35) - int(args, 37);
    if (<u32>iy < <u32>int(args, 27)) {
      const from = image + <usize>(iy * int(args, 25)) * sizeof<T>();
      let ix = left;
      let ox = 0;
      for (; ox + lanes <= ow; ox += lanes) {
        sums = madd<T>(v128.load(y + <usize>ox * sizeof<T>()), gather<T>(from, ix, sx, stride, width), sums);
        ix += lanes * sx;
      }
      for (; ox < ow; ox++) {
        rest += load<T>(y + <usize>ox * sizeof<T>()) * one<T>(from, ix, stride, width);
        ix += sx;
      }
    }
    y += <usize>int(args, 16) * sizeof<T>();
  }
  let sum: T = v128.extract_lane<T>(sums, 0) + v128.extract_lane<T>(sums, 1);
  if (sizeof<T>() == 4) sum += v128.extract_lane<T>(sums, 2) + v128.extract_lane<T>(sums, 3);
  return sum + rest;
}

export function depthwise_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function depthwise_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function depthwiseWeight_f32(args: usize, begin: i32, end: i32): void { weight<f32>(args, begin, end); }
export function depthwiseWeight_f64(args: usize, begin: i32, end: i32): void { weight<f64>(args, begin, end); }
