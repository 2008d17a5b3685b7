// Images of another size. Along rows and along columns an element of the result is a sum of a few of the input's, its taps,
// each times a weight.
//
//   resample_          args ─ h: i32 │ w: i32 │ m: i32 │ n: i32 │ taps down: i32 │ taps across: i32 │ x: usize │ y: usize
//                            │ places down: i32, [m, taps] │ weights down, [m, taps], or 0 │ places across │ weights across or 0
//   resampleBackward_  the same with dx for x and g for y
//
// x is a contiguous batch of [h, w], y of [m, n]; w ≤ 65536. Places across are in bytes. Without weights there is one tap, an
// element as it is. Rows are put together first, then what came of them, each sum from the first tap on, rounded after
// every product and every sum: the bits are those of the formula. Units are rows of y, backward images.

import { int, ptr, scratch } from "../abi";
import { contiguous } from "../cast/copy";

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const h = int(args, 0);
  const w = int(args, 1);
  const m = int(args, 2);
  const n = int(args, 3);
  const down = int(args, 4);
  const across = int(args, 5);
  const pitch = <usize>w * sizeof<T>();
  const bytes = <usize>n * sizeof<T>();
  let known: usize = 0; // the row of x that the row of y before this one shows as it is
  for (let unit = begin; unit < end; unit++) {
    const image = unit / m;
    const i = unit - image * m;
    const x = ptr(args, 6) + <usize>(image * h) * pitch;
    const y = ptr(args, 7) + <usize>unit * bytes;
    const places = ptr(args, 8) + (<usize>(i * down) << 2);
    let line = x + <usize>load<u32>(places) * pitch;
    if (ptr(args, 9) != 0) {
      blend<T>(w, down, x, pitch, places, ptr(args, 9) + <usize>(i * down) * sizeof<T>());
      line = scratch;
    } else if (line == known) {
      contiguous(y, y - bytes, bytes);
      continue;
    } else known = line;
    spread<T>(n, across, line, y, ptr(args, 10), ptr(args, 11));
  }
}

/** Σ weight · row into the arena. */
// @ts-ignore: decorator
@inline
function blend<T>(w: i32, taps: i32, x: usize, pitch: usize, places: usize, weights: usize): void {
  const bytes = <usize>w * sizeof<T>();
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    let sum = v128.mul<T>(v128.load(x + <usize>load<u32>(places) * pitch + j), v128.load_splat<T>(weights));
    for (let t = 1; t < taps; t++) {
      const row = x + <usize>load<u32>(places + (<usize>t << 2)) * pitch;
      sum = v128.add<T>(sum, v128.mul<T>(v128.load(row + j), v128.load_splat<T>(weights + <usize>t * sizeof<T>())));
    }
    v128.store(scratch + j, sum);
  }
  for (; j < bytes; j += sizeof<T>()) {
    let sum: T = load<T>(x + <usize>load<u32>(places) * pitch + j) * load<T>(weights);
    for (let t = 1; t < taps; t++) {
      const row = x + <usize>load<u32>(places + (<usize>t << 2)) * pitch;
      sum += load<T>(row + j) * load<T>(weights + <usize>t * sizeof<T>());
    }
    store<T>(scratch + j, sum);
  }
}

/** A row of y from a row of w. */
// @ts-ignore: decorator
@inline
function spread<T>(n: i32, taps: i32, line: usize, y: usize, places: usize, weights: usize): void {
  const size = sizeof<T>();
  if (weights == 0) {
    for (; n > 0; n--) {
      store<T>(y, load<T>(line + load<u32>(places)));
      y += size;
      places += 4;
    }
  } else if (taps == 2) {
    for (; n > 0; n--) {
      const first: T = load<T>(line + load<u32>(places)) * load<T>(weights);
      store<T>(y, first + load<T>(line + load<u32>(places, 4)) * load<T>(weights, sizeof<T>()));
      y += size;
      places += 8;
      weights += 2 * size;
    }
  } else if (taps == 4) {
    for (; n > 0; n--) {
      let sum: T = load<T>(line + load<u32>(places)) * load<T>(weights);
      sum += load<T>(line + load<u32>(places, 4)) * load<T>(weights, sizeof<T>());
      sum += load<T>(line + load<u32>(places, 8)) * load<T>(weights, 2 * sizeof<T>());
      sum += load<T>(line + load<u32>(places, 12)) * load<T>(weights, 3 * sizeof<T>());
      store<T>(y, sum);
      y += size;
      places += 16;
      weights += 4 * size;
    }
  } else {
    for (; n > 0; n--) {
      let sum: T = load<T>(line + load<u32>(places)) * load<T>(weights);
      for (let t = 1; t < taps; t++) {
        places += 4;
        weights += size;
        sum += load<T>(line + load<u32>(places)) * load<T>(weights);
      }
      store<T>(y, sum);
      y += size;
      places += 4;
      weights += size;
    }
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const h = int(args, 0);
  const w = int(args, 1);
  const m = int(args, 2);
  const n = int(args, 3);
  const down = int(args, 4);
  const across = int(args, 5);
  const pitch = <usize>w * sizeof<T>();
  for (let image = begin; image < end; image++) {
    const dx = ptr(args, 6) + <usize>(image * h) * pitch;
    let g = ptr(args, 7) + <usize>(image * m) * <usize>n * sizeof<T>();
    memory.fill(dx, 0, <usize>h * pitch);
    for (let i = 0; i < m; i++) {
      const places = ptr(args, 8) + (<usize>(i * down) << 2);
      if (ptr(args, 9) == 0) collect<T>(n, across, dx + <usize>load<u32>(places) * pitch, g, ptr(args, 10), ptr(args, 11));
      else {
        memory.fill(scratch, 0, pitch);
        collect<T>(n, across, scratch, g, ptr(args, 10), ptr(args, 11));
        for (let t = 0; t < down; t++) {
          const weight = load<T>(ptr(args, 9) + <usize>(i * down + t) * sizeof<T>());
          addRow<T>(pitch, dx + <usize>load<u32>(places + (<usize>t << 2)) * pitch, weight);
        }
      }
      g += <usize>n * sizeof<T>();
    }
  }
}

/** Adds what a row of y takes from each place of `line`. */
// @ts-ignore: decorator
@inline
function collect<T>(n: i32, taps: i32, line: usize, g: usize, places: usize, weights: usize): void {
  for (; n > 0; n--) {
    const slope = load<T>(g);
    g += sizeof<T>();
    if (weights == 0) {
      const to = line + load<u32>(places);
      store<T>(to, load<T>(to) + slope);
      places += 4;
      continue;
    }
    for (let t = 0; t < taps; t++) {
      const to = line + load<u32>(places);
      store<T>(to, load<T>(to) + slope * load<T>(weights));
      places += 4;
      weights += sizeof<T>();
    }
  }
}

/** Adds `weight` times the arena's row. */
// @ts-ignore: decorator
@inline
function addRow<T>(bytes: usize, to: usize, weight: T): void {
  const factor = v128.splat<T>(weight);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) v128.store(to + j, v128.add<T>(v128.load(to + j), v128.mul<T>(v128.load(scratch + j), factor)));
  for (; j < bytes; j += sizeof<T>()) store<T>(to + j, load<T>(to + j) + load<T>(scratch + j) * weight);
}

export function resample_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function resample_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function resampleBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function resampleBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
