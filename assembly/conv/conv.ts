// Convolution as a matrix product, the block of block.ts: for each group
//
//   y[o, (b, oy, ox)] = Σ w[o, (c, ky, kx)] · x[(c, ky, kx), (b, oy, ox)]      m = o, k = c·kh·kw, n = b·oh·ow
//
// The right operand is never made: a channel at a time, what a tile sees of the images is copied with its padding
// (seen.ts), and each tap is packed from there to all panels. Columns run over all images, so that small ones fill panels
// as well as large ones. Units are tiles of (o, column), then groups; dilations > 0.

import { int, ptr } from "../abi";
import { multiply } from "../gemm/core";
import { columns } from "../gemm/micro";
import { channelX, channelY, pixels } from "./block";
import { packFilters } from "./filters";
import { one } from "./gather";
import { copySeen, fits, noteColumns, noteTaps, offsetsAt, placesAt } from "./seen";

// @ts-ignore: decorator
@final
class Forward {
  // @ts-ignore: decorator
  @inline packA<T>(args: usize, g: i32, i: i32, mc: i32, p: i32, kc: i32, to: usize): void {
    packFilters<T>(args, g, i, mc, p, kc, to);
  }

  packB<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, nc: i32, to: usize): void {
    if (!fits<T>(args, j, nc)) packPixels<T>(args, g, p, kc, j, nc, to);
    else {
      noteColumns<T>(args, j, nc);
      const copy = noteTaps<T>(args, j, nc);
      const taps = int(args, 31) * int(args, 32);
      for (let c = p / taps; c * taps < p + kc; c++) {
        const first = max(p - c * taps, 0);
        const end = min(p + kc - c * taps, taps);
        copySeen<T>(args, 0, g, c, j, nc, copy);
        packChannel<T>(first, end, nc, copy, to + (<usize>(c * taps + first - p) << 5), <usize>kc << 5);
      }
    }
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

/** Taps first … end of a channel to all panels, which are `panel` bytes. */
function packChannel<T>(first: i32, end: i32, nc: i32, copy: usize, to: usize, panel: usize): void {
  const cols = columns<T>();
  const half = <usize>(cols / 2) << 2;
  let places = placesAt();
  for (let s = 0; s < nc; s += cols) {
    const p0 = load<i32>(places), p1 = load<i32>(places + half);
    let at = to;
    let offset = offsetsAt() + (<usize>first << 2);
    if (isRun<T>(places) && isRun<T>(places + half)) {
      for (let t = first; t < end; t++) {
        const from = copy + load<i32>(offset);
        v128.store(at, v128.load(from + p0));
        v128.store(at, v128.load(from + p1), 16);
        at += 32;
        offset += 4;
      }
    } else {
      packHalf<T>(first, end, places, copy, to);
      packHalf<T>(first, end, places + half, copy, to + 16);
    }
    places += 2 * half;
    to += panel;
  }
}

/** Whether a vector's places are neighbours. */
// @ts-ignore: decorator
@inline
function isRun<T>(places: usize): bool {
  const p = load<i32>(places);
  if (sizeof<T>() == 8) return load<i32>(places, 4) - p == 8;
  return load<i32>(places, 4) - p == 4 && load<i32>(places, 8) - p == 8 && load<i32>(places, 12) - p == 12;
}

/** A vector of each row of a panel, from neighbouring places or any. */
function packHalf<T>(first: i32, end: i32, places: usize, copy: usize, to: usize): void {
  const isTogether = isRun<T>(places);
  const p0 = load<i32>(places), p1 = load<i32>(places, 4);
  const p2 = sizeof<T>() == 4 ? load<i32>(places, 8) : 0, p3 = sizeof<T>() == 4 ? load<i32>(places, 12) : 0;
  let offset = offsetsAt() + (<usize>first << 2);
  for (let t = first; t < end; t++) {
    const from = copy + load<i32>(offset);
    if (isTogether) v128.store(to, v128.load(from + p0));
    else {
      let v = v128.load_splat<T>(from + p0);
      v = v128.load_lane<T>(from + p1, v, 1);
      if (sizeof<T>() == 4) {
        v = v128.load_lane<T>(from + p2, v, 2);
        v = v128.load_lane<T>(from + p3, v, 3);
      }
      v128.store(to, v);
    }
    to += 32;
    offset += 4;
  }
}

/** Panels of columns j … one by one, where there is no room for a copy. */
function packPixels<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, nc: i32, to: usize): void {
  const cols = columns<T>();
  for (let s = 0; s < nc; s += cols) {
    for (let l = 0; l < cols; l++) packPixel<T>(args, g, p, kc, j + min(s + l, nc - 1), to + <usize>l * sizeof<T>());
    to += <usize>kc << 5;
  }
}

/** One lane of a panel: pixel j. */
function packPixel<T>(args: usize, g: i32, p: i32, kc: i32, j: i32, to: usize): void {
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
