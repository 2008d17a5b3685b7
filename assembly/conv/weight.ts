// The gradient of a convolution by its weight as a matrix product, the block of block.ts: for each group
//
//   w[o, (c, ky, kx)] = Σ y[o, (b, oy, ox)] · x[(b, oy, ox), (c, ky, kx)]      m = o, n = c·kh·kw, k = b·oh·ow
//
// The sum over the images is cut into splits of `images` (slot 41) images each, so that it has units of its own; each
// writes a partial w, 42 elements after the last one's, and the sum over splits is a launch of its own.
// Units are tiles of (o, tap), then groups, then splits: the batch is split · groups + group, w group stride included.
//
//   args ─ as in block.ts │ 43 groups │ 44 flags (0: none), an i32 each: without one that is set there is nothing to do │
//          45 their number

import { int, ptr, scratch } from "../abi";
import { multiply } from "../gemm/core";
import { NOTES } from "../gemm/finish";
import { columns, ROWS } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { channelX, channelY, filter, pixels } from "./block";
import { gather } from "./gather";

// @ts-ignore: decorator
@final
class Weight {
  packA<T>(args: usize, batch: i32, i: i32, mc: i32, p: i32, kc: i32, to: usize): void {
    const split = batch / int(args, 43);
    const g = batch - split * int(args, 43);
    const ow = int(args, 30);
    const across = <usize>int(args, 15) * sizeof<T>();
    const along = <usize>int(args, 17) * sizeof<T>();
    // Without gaps between the rows of y an image is one run.
    const run = int(args, 16) == ow * int(args, 17) ? pixels(args) : ow;
    for (let r = 0; r < mc; r += ROWS) {
      let q = p;
      while (q < p + kc) {
        const b = q / pixels(args);
        const pixel = q - b * pixels(args);
        const oy = pixel / ow;
        const at = oy * int(args, 16) + (pixel - oy * ow) * int(args, 17);
        const count = min(run - pixel % run, p + kc - q);
        const from = channelY<T>(args, split * int(args, 41) + b, g, i + r) + <usize>at * sizeof<T>();
        pack<T>(to, from, ROWS, min(ROWS, mc - r), across, along, count);
        to += <usize>(ROWS * count) * sizeof<T>();
        q += count;
      }
    }
  }

  packB<T>(args: usize, batch: i32, p: i32, kc: i32, j: i32, nc: i32, to: usize): void {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    for (let s = 0; s < nc; s += columns<T>()) {
      packTaps<T>(args, batch, p, kc, j + s, min(lanes, nc - s), to);
      packTaps<T>(args, batch, p, kc, j + s + lanes, min(lanes, nc - s - lanes), to + 16);
      to += <usize>(columns<T>() * kc) * sizeof<T>();
    }
  }

  // @ts-ignore: decorator
  @inline direct<T>(args: usize, batch: i32, rows: i32, p: i32, j: i32, nc: i32): usize { return 0; }
  // @ts-ignore: decorator
  @inline rowB<T>(args: usize): usize { return 0; }
  // @ts-ignore: decorator
  @inline c<T>(args: usize, batch: i32, i: i32): usize {
    const split = batch / int(args, 43);
    return filter<T>(args, batch - split * int(args, 43), i, 0) + <usize>(split * int(args, 42)) * sizeof<T>();
  }
  // @ts-ignore: decorator
  @inline rowC<T>(args: usize): usize { return <usize>int(args, 19) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline column<T>(args: usize, j: i32): usize {
    const row = j / int(args, 32);
    const c = row / int(args, 31);
    const kx = j - row * int(args, 32);
    const ky = row - c * int(args, 31);
    return <usize>(c * int(args, 20) + ky * int(args, 21) + kx * int(args, 22)) * sizeof<T>();
  }
  // @ts-ignore: decorator
  @inline hasD(args: usize): bool { return false; }
  // @ts-ignore: decorator
  @inline colD<T>(args: usize): usize { return 0; }
  // @ts-ignore: decorator
  @inline d<T>(args: usize, g: i32, i: i32, j: i32): usize { return 0; }
}

// A lane of half a panel is a tap (c, ky, kx). Its notes: channel, the first row and column it sees; with -1 for the
// channel it is empty.
// @ts-ignore: decorator
@inline function noteAt(lane: i32): usize { return scratch + NOTES + (<usize>lane << 4); }

/** Half a panel: taps j … over kc pixels from pixel p. */
function packTaps<T>(args: usize, batch: i32, p: i32, kc: i32, j: i32, count: i32, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const split = batch / int(args, 43);
  const g = batch - split * int(args, 43);
  const kw = int(args, 32);
  const ow = int(args, 30);
  for (let l = 0; l < lanes; l++) {
    const row = (j + l) / kw;
    const c = row / int(args, 31);
    const note = noteAt(l);
    store<i32>(note, l < count ? c : -1);
    store<i32>(note, (row - c * int(args, 31)) * int(args, 35) - int(args, 37), 4);
    store<i32>(note, (j + l - row * kw) * int(args, 36) - int(args, 38), 8);
  }
  let b = p / pixels(args);
  let oy = (p - b * pixels(args)) / ow;
  let ox = p % ow;
  while (kc > 0) {
    // A run of one row of y.
    const run = min(ow - ox, kc);
    const image = split * int(args, 41) + b;
    const step = int(args, 34);
    let r0 = rowOf<T>(args, image, g, oy, 0);
    let r1 = rowOf<T>(args, image, g, oy, 1);
    let r2: usize = 0;
    let r3: usize = 0;
    let x0 = load<i32>(noteAt(0), 8) + ox * step;
    let x1 = load<i32>(noteAt(1), 8) + ox * step;
    let x2 = 0;
    let x3 = 0;
    if (lanes == 4) {
      r2 = rowOf<T>(args, image, g, oy, 2);
      r3 = rowOf<T>(args, image, g, oy, 3);
      x2 = load<i32>(noteAt(2), 8) + ox * step;
      x3 = load<i32>(noteAt(3), 8) + ox * step;
    }
    for (let r = run; r > 0; r -= lanes) {
      const v0 = pixelsOf<T>(args, r0, x0);
      const v1 = pixelsOf<T>(args, r1, x1);
      if (lanes == 4) {
        const v2 = pixelsOf<T>(args, r2, x2);
        const v3 = pixelsOf<T>(args, r3, x3);
        const low01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
        const high01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
        const high23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
        if (r > 1) v128.store(to, v128.shuffle<f64>(low01, low23, 1, 3), 32);
        if (r > 2) v128.store(to, v128.shuffle<f64>(high01, high23, 0, 2), 64);
        if (r > 3) v128.store(to, v128.shuffle<f64>(high01, high23, 1, 3), 96);
        x2 += lanes * step;
        x3 += lanes * step;
      } else {
        v128.store(to, v128.shuffle<f64>(v0, v1, 0, 2));
        if (r > 1) v128.store(to, v128.shuffle<f64>(v0, v1, 1, 3), 32);
      }
      x0 += lanes * step;
      x1 += lanes * step;
      to += 32 * min(lanes, r);
    }
    kc -= run;
    ox = 0;
    if (++oy == int(args, 29)) {
      oy = 0;
      b++;
    }
  }
}

/** The address of the row of x that lane `l` sees from row `oy` of y, 0 if it is outside or the lane empty. */
// @ts-ignore: decorator
@inline
function rowOf<T>(args: usize, image: i32, g: i32, oy: i32, l: i32): usize {
  const c = load<i32>(noteAt(l));
  const y = oy * int(args, 33) + load<i32>(noteAt(l), 4);
  if (c < 0 || <u32>y >= <u32>int(args, 27)) return 0;
  return channelX<T>(args, image, g, c) + <usize>(y * int(args, 25)) * sizeof<T>();
}

// @ts-ignore: decorator
@inline
function pixelsOf<T>(args: usize, row: usize, x: i32): v128 {
  return row == 0 ? i64x2.splat(0) : gather<T>(row, x, int(args, 34), int(args, 26), int(args, 28));
}

function isWanted(args: usize): bool {
  const flags = ptr(args, 44);
  if (flags == 0) return true;
  for (let i = 0; i < int(args, 45); i++) if (load<i32>(flags + (<usize>i << 2)) != 0) return true;
  return false;
}

export function convWeight_f32(args: usize, begin: i32, end: i32): void {
  if (isWanted(args)) multiply<f32, Weight>(args, begin, end);
}
export function convWeight_f64(args: usize, begin: i32, end: i32): void {
  if (isWanted(args)) multiply<f64, Weight>(args, begin, end);
}
