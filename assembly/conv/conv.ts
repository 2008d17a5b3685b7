// Convolution as a matrix product, the block of block.ts: for each group
//
//   y[o, (b, oy, ox)] = Σ w[o, (c, ky, kx)] · x[(c, ky, kx), (b, oy, ox)]      m = o, k = c·kh·kw, n = b·oh·ow
//
// The right operand is never made: panels are gathered from the images as they are packed. Columns run over all images,
// so that small ones fill panels as well as large ones. Units are tiles of (o, column), then groups.

import { int, ptr } from "../abi";
import { multiply } from "../gemm/core";
import { columns } from "../gemm/micro";
import { channelX, channelY, pixels } from "./block";
import { packFilters } from "./filters";
import { gather, one } from "./gather";

// @ts-ignore: decorator
@final
class Forward {
  // @ts-ignore: decorator
  @inline packA<T>(args: usize, g: i32, i: i32, mc: i32, p: i32, kc: i32, to: usize): void {
    packFilters<T>(args, g, i, mc, p, kc, to);
  }

  packB<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, nc: i32, to: usize): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const ow = int(args, 30);
    for (let s = 0; s < nc; s += lanes) {
      const ox = (j + s) % ow;
      // Half a panel, if its pixels are in one row of y; pixel by pixel where it is cut.
      if (ox + lanes <= ow && s + lanes <= nc) packRun<T>(args, g, p, kc, j + s, to);
      else for (let l = 0; l < lanes; l++) packPixel<T>(args, g, p, kc, s + l < nc ? j + s + l : -1, to + <usize>l * sizeof<T>());
      to += s & lanes ? <usize>(columns<T>() * kc) * sizeof<T>() - 16 : 16;
    }
    // A panel whose second half is empty is read all the same.
    if ((nc + lanes - 1) / lanes & 1) for (let l = 0; l < lanes; l++) packPixel<T>(args, g, p, kc, -1, to + <usize>l * sizeof<T>());
  }

  // @ts-ignore: decorator
  @inline direct<T>(args: usize, batch: i32, rows: i32, p: i32, j: i32, nc: i32): usize { return 0; }
  // @ts-ignore: decorator
  @inline rowB<T>(args: usize): usize { return 0; }
  // @ts-ignore: decorator
  @inline c<T>(args: usize, g: i32, i: i32): usize { return channelY<T>(args, 0, g, i); }
  // @ts-ignore: decorator
  @inline rowC<T>(args: usize): usize { return <usize>int(args, 15) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline column<T>(args: usize, j: i32): usize {
    const b = j / pixels(args);
    const pixel = j - b * pixels(args);
    const oy = pixel / int(args, 30);
    const ox = pixel - oy * int(args, 30);
    return <usize>(b * int(args, 14) + oy * int(args, 16) + ox * int(args, 17)) * sizeof<T>();
  }
  // @ts-ignore: decorator
  @inline hasD(args: usize): bool { return ptr(args, 13) != 0; }
  // @ts-ignore: decorator
  @inline colD<T>(args: usize): usize { return 0; }
  // @ts-ignore: decorator
  @inline d<T>(args: usize, g: i32, i: i32, j: i32): usize {
    return ptr(args, 13) == 0 ? 0 : ptr(args, 13) + <usize>(g * int(args, 40) + i) * sizeof<T>();
  }
}

/** Half a panel: pixels j … of one row of y, over kc taps from tap p. */
function packRun<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, to: usize): void {
  const b = j / pixels(args);
  const oy = (j - b * pixels(args)) / int(args, 30);
  const ox = j % int(args, 30);
  const x0 = ox * int(args, 34) - int(args, 38);
  const y0 = oy * int(args, 33) - int(args, 37);
  const kh = int(args, 31);
  const kw = int(args, 32);
  const height = int(args, 27);
  const width = int(args, 28);
  const step = int(args, 34);
  const stride = int(args, 26);
  const dx = int(args, 36);
  let c = p / (kh * kw);
  let ky = (p - c * kh * kw) / kw;
  let kx = p % kw;
  while (kc > 0) {
    const run = min(kw - kx, kc);
    const y = y0 + ky * int(args, 35);
    if (<u32>y < <u32>height) {
      const row = channelX<T>(args, b, g, c) + <usize>(y * int(args, 25)) * sizeof<T>();
      let x = x0 + kx * dx;
      for (let r = 0; r < run; r++) {
        v128.store(to, gather<T>(row, x, step, stride, width));
        x += dx;
        to += 32;
      }
    } else {
      for (let r = 0; r < run; r++) {
        v128.store(to, i64x2.splat(0));
        to += 32;
      }
    }
    kc -= run;
    kx = 0;
    if (++ky == kh) {
      ky = 0;
      c++;
    }
  }
}

/** One lane of a panel: pixel j, or zeros for none (-1). */
function packPixel<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, to: usize): void {
  if (j < 0) {
    for (; kc > 0; kc--) {
      store<T>(to, <T>0);
      to += 32;
    }
    return;
  }
  const b = j / pixels(args);
  const oy = (j - b * pixels(args)) / int(args, 30);
  const ox = j % int(args, 30);
  const kh = int(args, 31);
  const kw = int(args, 32);
  let c = p / (kh * kw);
  let ky = (p - c * kh * kw) / kw;
  let kx = p % kw;
  for (; kc > 0; kc--) {
    const y = oy * int(args, 33) - int(args, 37) + ky * int(args, 35);
    const x = ox * int(args, 34) - int(args, 38) + kx * int(args, 36);
    const inside = <u32>y < <u32>int(args, 27);
    const row = channelX<T>(args, b, g, c) + <usize>(y * int(args, 25)) * sizeof<T>();
    store<T>(to, inside ? one<T>(row, x, int(args, 26), int(args, 28)) : <T>0);
    to += 32;
    if (++kx == kw) {
      kx = 0;
      if (++ky == kh) {
        ky = 0;
        c++;
      }
    }
  }
}

export function conv_f32(args: usize, begin: i32, end: i32): void { multiply<f32, Forward>(args, begin, end); }
export function conv_f64(args: usize, begin: i32, end: i32): void { multiply<f64, Forward>(args, begin, end); }
