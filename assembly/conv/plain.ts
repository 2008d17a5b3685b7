// Convolution of integers, which wrap, in plain loops; the block of block.ts. Units are tiles of (o, column), then groups,
// as in conv.ts.

import { int, ptr } from "../abi";
import { channelX, channelY, filter, pixels } from "./block";

// @ts-ignore: decorator
@inline
function conv<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const tileM = int(args, 3);
  const tileN = int(args, 4);
  const down = (m + tileM - 1) / tileM;
  const across = (n + tileN - 1) / tileN;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / down;
    const g = stack / across;
    const o0 = (unit - stack * down) * tileM;
    const j0 = (stack - g * across) * tileN;
    for (let o = o0; o < min(o0 + tileM, m); o++) {
      for (let j = j0; j < min(j0 + tileN, n); j++) {
        const b = j / pixels(args);
        const oy = (j - b * pixels(args)) / int(args, 30);
        const ox = j % int(args, 30);
        const at = <usize>(oy * int(args, 16) + ox * int(args, 17)) * sizeof<T>();
        store<T>(channelY<T>(args, b, g, o) + at, pixel<T>(args, b, g, o, oy, ox));
      }
    }
  }
}

function pixel<T>(args: usize, b: i32, g: i32, o: i32, oy: i32, ox: i32): T {
  const bias = ptr(args, 13);
  let sum: T = bias == 0 ? <T>0 : load<T>(bias + <usize>(g * int(args, 40) + o) * sizeof<T>());
  for (let c = 0; c < int(args, 39); c++) {
    const x = channelX<T>(args, b, g, c);
    const w = filter<T>(args, g, o, c);
    for (let ky = 0; ky < int(args, 31); ky++) {
      const iy = oy * int(args, 33) + ky * int(args, 35) - int(args, 37);
      if (<u32>iy >= <u32>int(args, 27)) continue;
      for (let kx = 0; kx < int(args, 32); kx++) {
        const ix = ox * int(args, 34) + kx * int(args, 36) - int(args, 38);
        if (<u32>ix >= <u32>int(args, 28)) continue;
        sum += load<T>(x + <usize>(iy * int(args, 25) + ix * int(args, 26)) * sizeof<T>())
          * load<T>(w + <usize>(ky * int(args, 21) + kx * int(args, 22)) * sizeof<T>());
      }
    }
  }
  return sum;
}

export function conv_i32(args: usize, begin: i32, end: i32): void { conv<i32>(args, begin, end); }
export function conv_i64(args: usize, begin: i32, end: i32): void { conv<i64>(args, begin, end); }
