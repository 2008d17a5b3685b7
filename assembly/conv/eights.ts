// Eight images side by side, an element of each in a row of the copy: what many.ts and manyweight.ts read.

import { int } from "../abi";
import { putTurned } from "../simd";
import { channelX } from "./block";

export const IMAGES: i32 = 8;

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

/** A channel of eight images, padded; images that are none are the last one again. */
export function turnChannel(args: usize, b: i32, count: i32, g: i32, c: i32, height: i32, width: i32, copy: usize): void {
  const h = int(args, 27);
  const w = int(args, 28);
  let to = copy + (<usize>(c * height * width) << 5);
  for (let y = -int(args, 37); y < height - int(args, 37); y++) {
    if (<u32>y >= <u32>h) {
      memory.fill(to, 0, <usize>width << 5);
      to += <usize>width << 5;
      continue;
    }
    const left = min(max(int(args, 38), 0), width);
    const first = max(-int(args, 38), 0);
    const inside = max(min(w - first, width - left), 0);
    memory.fill(to, 0, <usize>left << 5);
    to += <usize>left << 5;
    for (let half = 0; half < IMAGES; half += 4) {
      const row = <usize>(y * w + first) << 2;
      const x0 = channelX<f32>(args, b + min(half, count - 1), g, c) + row;
      const x1 = channelX<f32>(args, b + min(half + 1, count - 1), g, c) + row;
      const x2 = channelX<f32>(args, b + min(half + 2, count - 1), g, c) + row;
      const x3 = channelX<f32>(args, b + min(half + 3, count - 1), g, c) + row;
      turnRows(x0, x1, x2, x3, inside, to + (<usize>half << 2), 32);
    }
    to += <usize>inside << 5;
    memory.fill(to, 0, <usize>(width - left - inside) << 5);
    to += <usize>(width - left - inside) << 5;
  }
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
