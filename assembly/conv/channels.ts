// Convolutions with one channel of x and one of y a group, and both their gradients, for planes that are small or filters with a
// stride: eight channels of an image lie side by side, an element of each in a row of 32 bytes (eights.ts), so that no lane is
// lost at the end of a short row and a stride costs nothing.
//
//   args ─ as in block.ts, of the convolution whichever is asked for: 10 is y or the gradient by it, 12 x or, to be written,
//          the gradient by it; 11 w. Planes are dense; 8 groups or more │ 43 groups
//
// Units are eights of channels of an image, the images of an eight in turn; of the gradient by w eights, then splits (weight.ts).
// The last eight ends with the last channel, and may do some of the one before it again. The arena holds a table of taps, the
// filters, y and x (src/ops/convchannels.ts sees to it).

import { int, ptr, scratch } from "../abi";
import { madd } from "../math";
import { channelX, channelY, filter, pixels, taps } from "./block";
import { clear, EIGHT, fillPlaces, heightSeen, putRows, turnPlanes, turnRows, widthSeen } from "./eights";

// @ts-ignore: decorator
@inline function filtersAt(args: usize): usize { return (scratch + (<usize>taps(args) << 2) + 31) & ~31; }
// @ts-ignore: decorator
@inline function yAt(args: usize): usize { return filtersAt(args) + (<usize>taps(args) << 5); }
// @ts-ignore: decorator
@inline function xAt(args: usize): usize { return yAt(args) + (<usize>pixels(args) << 5); }

/** The first channel of an eight. */
// @ts-ignore: decorator
@inline function channelOf(args: usize, eight: i32): i32 { return min(eight * EIGHT, int(args, 43) - EIGHT); }

/** The filters of eight channels, a tap of each in a row. */
function turnFilters(args: usize, channel: i32, to: usize): void {
  for (let ky = 0; ky < int(args, 31); ky++) {
    for (let kx = 0; kx < int(args, 32); kx++) {
      const at = <usize>(ky * int(args, 21) + kx * int(args, 22)) << 2;
      for (let c = 0; c < EIGHT; c++) store<f32>(to + (<usize>c << 2), load<f32>(filter<f32>(args, channel + c, 0, 0) + at));
      to += 32;
    }
  }
}

export function channels_f32(args: usize, begin: i32, end: i32): void {
  const images = int(args, 41);
  const oh = int(args, 29);
  const ow = int(args, 30);
  const height = heightSeen(args);
  const width = widthSeen(args);
  const right = <usize>int(args, 34) << 5;
  const down = <usize>(int(args, 33) * width) << 5;
  const filters = filtersAt(args);
  const y = yAt(args);
  const x = xAt(args);
  const n = taps(args);
  let turned = -1;
  fillPlaces(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const eight = unit / images;
    const b = unit - eight * images;
    const channel = channelOf(args, eight);
    if (eight != turned) turnFilters(args, channel, filters);
    turned = eight;
    turnPlanes(args, channelX<f32>(args, b, channel, 0), <usize>int(args, 24) << 2, EIGHT, height, width, x);
    const bias: usize = ptr(args, 13) == 0 ? 0 : ptr(args, 13) + (<usize>channel << 2);
    let to = y;
    for (let oy = 0; oy < oh; oy++) {
      let at = x + <usize>oy * down;
      // Four pixels at a time; where there are fewer, the last one again.
      for (let ox = 0; ox < ow; ox += 4) {
        const most = <usize>min(3, ow - 1 - ox);
        const last = at + most * right;
        const lastY = to + (most << 5);
        if (most > 1) fourPixels(n, filters, bias, at, at + right, at + 2 * right, last, to, to + 32, to + 64, lastY);
        else twoPixels(n, filters, bias, at, last, to, lastY);
        at += 4 * right;
        to += 128;
      }
      to = y + (<usize>((oy + 1) * ow) << 5);
    }
    putPlanes(y, channelY<f32>(args, b, channel, 0), <usize>int(args, 15) << 2, pixels(args));
  }
}

function fourPixels(
  n: i32, weight: usize, bias: usize, x0: usize, x1: usize, x2: usize, x3: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  sum(true, n, weight, bias, x0, x1, x2, x3, y0, y1, y2, y3);
}

function twoPixels(n: i32, weight: usize, bias: usize, x0: usize, x1: usize, y0: usize, y1: usize): void {
  sum(false, n, weight, bias, x0, x1, 0, 0, y0, y1, 0, 0);
}

// @ts-ignore: decorator
@inline
function sum(
  isFour: bool, n: i32, weight: usize, bias: usize, x0: usize, x1: usize, x2: usize, x3: usize,
  y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  let a = f32x4.splat(0), A = a;
  if (bias != 0) {
    a = v128.load(bias);
    A = v128.load(bias, 16);
  }
  let b = a, B = A, c = a, C = A, d = a, D = A;
  for (let table = scratch; n > 0; n--) {
    const tap = load<usize>(table);
    const w = v128.load(weight), W = v128.load(weight, 16);
    a = madd<f32>(w, v128.load(x0 + tap), a);
    A = madd<f32>(W, v128.load(x0 + tap, 16), A);
    b = madd<f32>(w, v128.load(x1 + tap), b);
    B = madd<f32>(W, v128.load(x1 + tap, 16), B);
    if (isFour) {
      c = madd<f32>(w, v128.load(x2 + tap), c);
      C = madd<f32>(W, v128.load(x2 + tap, 16), C);
      d = madd<f32>(w, v128.load(x3 + tap), d);
      D = madd<f32>(W, v128.load(x3 + tap, 16), D);
    }
    table += 4;
    weight += 32;
  }
  v128.store(y0, a);
  v128.store(y0, A, 16);
  v128.store(y1, b);
  v128.store(y1, B, 16);
  if (!isFour) return;
  v128.store(y2, c);
  v128.store(y2, C, 16);
  v128.store(y3, d);
  v128.store(y3, D, 16);
}

/** n elements of eight, to planes `apart` bytes from one to the next. */
function putPlanes(from: usize, to: usize, apart: usize, n: i32): void {
  for (let half: usize = 0; half < 2; half++) {
    putRows(from + (half << 4), 0, n, 4, to, to + apart, to + 2 * apart, to + 3 * apart);
    to += 4 * apart;
  }
}

/** As many planes side by side, from n elements of each. */
function turnWhole(from: usize, apart: usize, n: i32, to: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    turnRows(from, from + apart, from + 2 * apart, from + 3 * apart, n, to + (half << 4), 32);
    from += 4 * apart;
  }
}

/** The gradient by x: each pixel of y gives its own to what it has seen, a tap at a time. */
export function channelsInput_f32(args: usize, begin: i32, end: i32): void {
  const images = int(args, 41);
  const ow = int(args, 30);
  const height = heightSeen(args);
  const width = widthSeen(args);
  const right = <usize>int(args, 34) << 5;
  const down = <usize>(int(args, 33) * width) << 5;
  const y = yAt(args);
  const x = xAt(args);
  let turned = -1;
  fillPlaces(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const eight = unit / images;
    const b = unit - eight * images;
    const channel = channelOf(args, eight);
    if (eight != turned) turnFilters(args, channel, filtersAt(args));
    turned = eight;
    turnWhole(channelY<f32>(args, b, channel, 0), <usize>int(args, 15) << 2, pixels(args), y);
    clear(x, height * width);
    for (let oy = 0; oy < int(args, 29); oy++) {
      const from = y + (<usize>(oy * ow) << 5);
      for (let tap = 0; tap < taps(args); tap++) {
        const to = x + <usize>oy * down + load<usize>(scratch + (<usize>tap << 2));
        give(ow, filtersAt(args) + (<usize>tap << 5), from, to, right);
      }
    }
    putSeen(args, x, height, width, channelX<f32>(args, b, channel, 0), <usize>int(args, 24) << 2);
  }
}

/** Adds n rows of `from`, times the weight, to rows of `to` that are `right` bytes apart. */
function give(n: i32, weight: usize, from: usize, to: usize, right: usize): void {
  const w = v128.load(weight), W = v128.load(weight, 16);
  for (; n > 0; n--) {
    const a = madd<f32>(w, v128.load(from), v128.load(to));
    const A = madd<f32>(W, v128.load(from, 16), v128.load(to, 16));
    v128.store(to, a);
    v128.store(to, A, 16);
    from += 32;
    to += right;
  }
}

/** What was given to the pixels of x that are no padding, to planes `apart` bytes from one to the next; zeros where y sees none. */
function putSeen(args: usize, from: usize, height: i32, width: i32, to: usize, apart: usize): void {
  const w = int(args, 28);
  const first = min(max(-int(args, 38), 0), w);
  const inside = max(min(width - int(args, 38), w) - first, 0);
  for (let r = 0; r < int(args, 27); r++) {
    const at = r + int(args, 37);
    const row = to + (<usize>(r * w) << 2);
    if (<u32>at >= <u32>height || inside < w)
      for (let c = 0; c < EIGHT; c++) memory.fill(row + <usize>c * apart, 0, <usize>w << 2);
    if (<u32>at < <u32>height) putPlanes(from + (<usize>(at * width + first + int(args, 38)) << 5), row + (<usize>first << 2), apart, inside);
  }
}

/** The gradient by w: three taps are summed in registers along an image, then over the images. */
export function channelsWeight_f32(args: usize, begin: i32, end: i32): void {
  const images = int(args, 41);
  const n = taps(args);
  const height = heightSeen(args);
  const width = widthSeen(args);
  const sums = filtersAt(args);
  const y = yAt(args);
  const x = xAt(args);
  const eights = (int(args, 43) + EIGHT - 1) / EIGHT;
  fillPlaces(args, scratch);
  for (let unit = begin; unit < end; unit++) {
    const split = unit / eights;
    const channel = channelOf(args, unit - split * eights);
    clear(sums, n);
    for (let b = split * images; b < (split + 1) * images; b++) {
      turnWhole(channelY<f32>(args, b, channel, 0), <usize>int(args, 15) << 2, pixels(args), y);
      turnPlanes(args, channelX<f32>(args, b, channel, 0), <usize>int(args, 24) << 2, EIGHT, height, width, x);
      for (let t = 0; t < n; t += 3) {
        // Of fewer than three the last is summed again, and put last.
        const one = min(t + 1, n - 1), two = min(t + 2, n - 1);
        threeTaps(args, y, x + tapAt(t), x + tapAt(one), x + tapAt(two), width, sums + (<usize>t << 5), sums + (<usize>one << 5), sums + (<usize>two << 5));
      }
    }
    for (let t = 0; t < n; t++) {
      const ky = t / int(args, 32);
      const at = <usize>(split * int(args, 42) + ky * int(args, 21) + (t - ky * int(args, 32)) * int(args, 22)) << 2;
      for (let c = 0; c < EIGHT; c++)
        store<f32>(filter<f32>(args, channel + c, 0, 0) + at, load<f32>(sums + (<usize>(t * EIGHT + c) << 2)));
    }
  }
}

// @ts-ignore: decorator
@inline function tapAt(t: i32): usize { return load<usize>(scratch + (<usize>t << 2)); }

function threeTaps(
  args: usize, y: usize, x0: usize, x1: usize, x2: usize, width: i32, to0: usize, to1: usize, to2: usize,
): void {
  const right = <usize>int(args, 34) << 5;
  const down = (<usize>(int(args, 33) * width) << 5) - <usize>int(args, 30) * right;
  let a = f32x4.splat(0), A = a, b = a, B = a, c = a, C = a;
  for (let oy = int(args, 29); oy > 0; oy--) {
    for (let ox = int(args, 30); ox > 0; ox--) {
      const g = v128.load(y), G = v128.load(y, 16);
      a = madd<f32>(g, v128.load(x0), a);
      A = madd<f32>(G, v128.load(x0, 16), A);
      b = madd<f32>(g, v128.load(x1), b);
      B = madd<f32>(G, v128.load(x1, 16), B);
      c = madd<f32>(g, v128.load(x2), c);
      C = madd<f32>(G, v128.load(x2, 16), C);
      y += 32;
      x0 += right;
      x1 += right;
      x2 += right;
    }
    x0 += down;
    x1 += down;
    x2 += down;
  }
  a = f32x4.add(v128.load(to0), a);
  A = f32x4.add(v128.load(to0, 16), A);
  b = f32x4.add(v128.load(to1), b);
  B = f32x4.add(v128.load(to1, 16), B);
  c = f32x4.add(v128.load(to2), c);
  C = f32x4.add(v128.load(to2, 16), C);
  v128.store(to0, a);
  v128.store(to0, A, 16);
  v128.store(to1, b);
  v128.store(to1, B, 16);
  v128.store(to2, c);
  v128.store(to2, C, 16);
}
