// Eight planes side by side, an element of each in a row of 32 bytes: a channel of eight images, which many.ts and manyweight.ts
// read, or eight channels of an image, for channels.ts.

import { int } from "../abi";
import { putTurned } from "../simd";

export const EIGHT: i32 = 8;

// Rows and columns of an image, with its padding, that y sees.
// @ts-ignore: decorator
@inline export function heightSeen(args: usize): i32 { return (int(args, 29) - 1) * int(args, 33) + (int(args, 31) - 1) * int(args, 35) + 1; }
// @ts-ignore: decorator
@inline export function widthSeen(args: usize): i32 { return (int(args, 30) - 1) * int(args, 34) + (int(args, 32) - 1) * int(args, 36) + 1; }

/** The byte offsets of all taps in the copy. */
export function fillPlaces(args: usize, table: usize): void {
  const taps = int(args, 31) * int(args, 32);
  for (let tap = 0; tap < int(args, 39) * taps; tap++) {
    const c = tap / taps;
    const ky = (tap - c * taps) / int(args, 32);
    const at = (c * heightSeen(args) + ky * int(args, 35)) * widthSeen(args) + tap % int(args, 32) * int(args, 36);
    store<usize>(table + (<usize>tap << 2), <usize>at << 5);
  }
}

/** `count` planes of x, `apart` bytes from one to the next, padded; those that are none are the last one again. */
export function turnPlanes(args: usize, first: usize, apart: usize, count: i32, height: i32, width: i32, to: usize): void {
  const h = int(args, 27);
  const w = int(args, 28);
  for (let y = -int(args, 37); y < height - int(args, 37); y++) {
    if (<u32>y >= <u32>h) {
      to = clear(to, width);
      continue;
    }
    const left = min(max(int(args, 38), 0), width);
    const skipped = max(-int(args, 38), 0);
    const inside = max(min(w - skipped, width - left), 0);
    to = clear(to, left);
    const row = first + (<usize>(y * w + skipped) << 2);
    for (let half = 0; half < EIGHT; half += 4) {
      const x0 = row + <usize>min(half, count - 1) * apart;
      const x1 = row + <usize>min(half + 1, count - 1) * apart;
      const x2 = row + <usize>min(half + 2, count - 1) * apart;
      const x3 = row + <usize>min(half + 3, count - 1) * apart;
      turnRows(x0, x1, x2, x3, inside, to + (<usize>half << 2), 32);
    }
    to += <usize>inside << 5;
    to = clear(to, width - left - inside);
  }
}

/** Zeros for n elements of eight; the answer is what is next. (Rows are short: the engine's own fill is a call.) */
export function clear(to: usize, n: i32): usize {
  for (; n > 0; n--) {
    v128.store(to, i64x2.splat(0));
    v128.store(to, i64x2.splat(0), 16);
    to += 32;
  }
  return to;
}

/** Four rows of n elements to n times four, `apart` bytes from one to the next. */
export function turnRows(x0: usize, x1: usize, x2: usize, x3: usize, n: i32, to: usize, apart: usize): void {
  for (; n >= 4; n -= 4) {
    putTurned(v128.load(x0), v128.load(x1), v128.load(x2), v128.load(x3), to, apart);
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
    to += 4 * apart;
  }
  for (; n > 0; n--) {
    store<f32>(to, load<f32>(x0));
    store<f32>(to, load<f32>(x1), 4);
    store<f32>(to, load<f32>(x2), 8);
    store<f32>(to, load<f32>(x3), 12);
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    to += apart;
  }
}

/** n times four elements, 32 bytes apart, to four rows. */
export function putRows(from: usize, bias: f32, n: i32, step: usize, y0: usize, y1: usize, y2: usize, y3: usize): void {
  const more = f32x4.splat(bias);
  if (step == 4) {
    for (; n >= 4; n -= 4) {
      const a = f32x4.add(v128.load(from), more), b = f32x4.add(v128.load(from, 32), more);
      const c = f32x4.add(v128.load(from, 64), more), d = f32x4.add(v128.load(from, 96), more);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(y0, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(y1, v128.shuffle<f64>(ab, cd, 1, 3));
      v128.store(y2, v128.shuffle<f64>(AB, CD, 0, 2));
      v128.store(y3, v128.shuffle<f64>(AB, CD, 1, 3));
      from += 128;
      y0 += 16;
      y1 += 16;
      y2 += 16;
      y3 += 16;
    }
  }
  for (; n > 0; n--) {
    const x = f32x4.add(v128.load(from), more);
    v128.store32_lane(y0, x, 0);
    v128.store32_lane(y1, x, 1);
    v128.store32_lane(y2, x, 2);
    v128.store32_lane(y3, x, 3);
    from += 32;
    y0 += step;
    y1 += step;
    y2 += step;
    y3 += step;
  }
}
