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

import { int, ptr } from "../abi";
import { multiply } from "../gemm/core";
import { columns, ROWS } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { putTurned } from "../simd";
import { pitch } from "./band";
import { channelX, channelY, filter, pixels } from "./block";
import { one } from "./gather";
import { copySeen, fits, moreRows, noteTaps, offsetsAt, rowOf } from "./seen";

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
    if (kc == 0) return;
    const cols = columns<T>();
    const split = batch / int(args, 43);
    const g = batch - split * int(args, 43);
    const first = split * int(args, 41);
    const taps = int(args, 31) * int(args, 32);
    const isCopied = fits<T>(args, p, kc);
    const copy = isCopied ? noteTaps<T>(args, p, kc) : 0;
    let copied = -1;
    for (let s = 0; s < nc; ) {
      const c = (j + s) / taps;
      const tap = j + s - c * taps;
      const lane = to + (<usize>(s / cols * kc) << 5) + <usize>(s & cols - 1) * sizeof<T>();
      let done = 1;
      if (isCopied) {
        if (c != copied) copySeen<T>(args, first, g, c, p, kc, copy);
        copied = c;
        const offsets = offsetsAt() + (<usize>tap << 2);
        if (sizeof<T>() == 4 && (s & 3) == 0 && s + 4 <= nc && tap + 4 <= taps) {
          packFourTaps(args, p, kc, copy, offsets, lane);
          done = 4;
        } else packTap<T>(args, p, kc, copy + load<i32>(offsets), lane);
      } else {
        for (let q = p; q < p + kc; q++) store<T>(lane + (<usize>(q - p) << 5), seen<T>(args, first, g, c, tap, q));
      }
      s += done;
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

/** One lane of a panel: what a tap sees from pixels p …; from the first row of y that they touch it begins at `from`. */
function packTap<T>(args: usize, p: i32, kc: i32, from: usize, to: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const ow = int(args, 30);
  const row = <usize>pitch(args) * sizeof<T>();
  let oy = rowOf(args, p);
  let ox = p % ow;
  while (kc > 0) {
    const run = min(ow - ox, kc);
    let x = from + <usize>ox * sizeof<T>();
    let r = run;
    for (; r >= lanes; r -= lanes) {
      const v = v128.load(x);
      v128.store_lane<T>(to, v, 0);
      v128.store_lane<T>(to, v, 1, 32);
      if (lanes == 4) {
        v128.store_lane<T>(to, v, 2, 64);
        v128.store_lane<T>(to, v, 3, 96);
      }
      x += 16;
      to += <usize>lanes << 5;
    }
    for (; r > 0; r--) {
      store<T>(to, load<T>(x));
      x += sizeof<T>();
      to += 32;
    }
    kc -= run;
    ox = 0;
    from += row;
    if (++oy == int(args, 29)) {
      oy = 0;
      from += <usize>moreRows(args) * row;
    }
  }
}

/** Half the lanes of a panel of float32: what four taps, whose offsets in the copy are side by side, see from pixels p … */
function packFourTaps(args: usize, p: i32, kc: i32, copy: usize, offsets: usize, to: usize): void {
  const ow = int(args, 30);
  const row = <usize>pitch(args) << 2;
  let x0 = copy + load<i32>(offsets), x1 = copy + load<i32>(offsets, 4);
  let x2 = copy + load<i32>(offsets, 8), x3 = copy + load<i32>(offsets, 12);
  let oy = rowOf(args, p);
  let ox = p % ow;
  while (kc > 0) {
    const run = min(ow - ox, kc);
    const first = <usize>ox << 2;
    if (run >= 4) {
      // The last square is moved back, over the one before.
      for (let i = 0; i < run; i += 4) {
        const q = <usize>min(i, run - 4) << 2;
        const at = first + q;
        putTurned(v128.load(x0 + at), v128.load(x1 + at), v128.load(x2 + at), v128.load(x3 + at), to + (q << 3), 32);
      }
    } else {
      for (let i: usize = 0; i < <usize>run; i++) {
        const at = first + (i << 2);
        const rows = to + (i << 5);
        store<f32>(rows, load<f32>(x0 + at));
        store<f32>(rows, load<f32>(x1 + at), 4);
        store<f32>(rows, load<f32>(x2 + at), 8);
        store<f32>(rows, load<f32>(x3 + at), 12);
      }
    }
    to += <usize>run << 5;
    kc -= run;
    ox = 0;
    let step = row;
    if (++oy == int(args, 29)) {
      oy = 0;
      step += <usize>moreRows(args) * row;
    }
    x0 += step;
    x1 += step;
    x2 += step;
    x3 += step;
  }
}

/** What a tap of channel c sees from pixel q, counted from image `first` on. */
function seen<T>(args: usize, first: i32, g: i32, c: i32, tap: i32, q: i32): T {
  const b = q / pixels(args);
  const oy = (q - b * pixels(args)) / int(args, 30);
  const ky = tap / int(args, 32);
  const y = oy * int(args, 33) + ky * int(args, 35) - int(args, 37);
  const x = q % int(args, 30) * int(args, 34) + (tap - ky * int(args, 32)) * int(args, 36) - int(args, 38);
  if (<u32>y >= <u32>int(args, 27)) return <T>0;
  return one<T>(channelX<T>(args, first + b, g, c) + <usize>(y * int(args, 25)) * sizeof<T>(), x, int(args, 26), int(args, 28));
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
