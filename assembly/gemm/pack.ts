// Packing: `lanes` vectors of length k, read with any strides, interleaved into a panel of `width` lanes.
//
//   to[p · width + l] = from[l · across + p · along]      for l < lanes; 0 for the lanes beyond
//
// Strides are in bytes. A strip of A and a panel of B are the same thing with other widths, and since strides are read
// here, a transposed operand costs nothing. width is a multiple of 2 (float32: 4, 6 or 8; float64: 4 or 6).

import { turnSquare } from "../simd";

export function pack<T>(to: usize, from: usize, width: i32, lanes: i32, across: usize, along: usize, k: i32): void {
  const pitch = <usize>width * sizeof<T>();
  if (lanes < width) {
    packLoose<T>(to, from, width, lanes, across, along, k);
  } else if (across == sizeof<T>()) {
    if (pitch == 32) packRows32(to, from, along, k);
    else packRows(to, from, pitch, along, k);
  } else if (along == sizeof<T>()) {
    const group: i32 = 16 / <i32>sizeof<T>();
    let l = 0;
    for (; l + group <= width; l += group) {
      turn<T>(to + <usize>l * sizeof<T>(), from + <usize>l * across, pitch, across, k);
    }
    if (l < width) turnPair<T>(to + <usize>l * sizeof<T>(), from + <usize>l * across, pitch, across, k);
  } else {
    packLoose<T>(to, from, width, lanes, across, along, k);
  }
}

/** Four panels of k rows that are 128 bytes side by side in memory: a row of one panel alone is half of a cache line. */
export function packFour(to: usize, from: usize, along: usize, k: i32): void {
  const to1: usize = k << 5, to2: usize = k << 6, to3: usize = 96 * k;
  for (; k > 0; k--) {
    const x0 = v128.load(from), x1 = v128.load(from, 16), x2 = v128.load(from, 32), x3 = v128.load(from, 48);
    const x4 = v128.load(from, 64), x5 = v128.load(from, 80), x6 = v128.load(from, 96), x7 = v128.load(from, 112);
    v128.store(to, x0);
    v128.store(to, x1, 16);
    v128.store(to + to1, x2);
    v128.store(to + to1, x3, 16);
    v128.store(to + to2, x4);
    v128.store(to + to2, x5, 16);
    v128.store(to + to3, x6);
    v128.store(to + to3, x7, 16);
    from += along;
    to += 32;
  }
}

/** Any strides, and panels that are not full. */
function packLoose<T>(to: usize, from: usize, width: i32, lanes: i32, across: usize, along: usize, k: i32): void {
  const pitch = <usize>width * sizeof<T>();
  for (let l = 0; l < lanes; l++) {
    let source = from + <usize>l * across;
    let target = to + <usize>l * sizeof<T>();
    for (let p = 0; p < k; p++) {
      store<T>(target, load<T>(source));
      source += along;
      target += pitch;
    }
  }
  for (let l = lanes; l < width; l++) {
    let target = to + <usize>l * sizeof<T>();
    for (let p = 0; p < k; p++) {
      store<T>(target, <T>0);
      target += pitch;
    }
  }
}

/** Lanes side by side in memory: rows of 32 bytes, the panels of B. */
function packRows32(to: usize, from: usize, along: usize, k: i32): void {
  for (; k > 0; k--) {
    const low = v128.load(from);
    const high = v128.load(from, 16);
    v128.store(to, low);
    v128.store(to, high, 16);
    from += along;
    to += 32;
  }
}

/** Lanes side by side in memory: rows of 16, 24 or 48 bytes, the strips of A. */
function packRows(to: usize, from: usize, pitch: usize, along: usize, k: i32): void {
  for (; k > 0; k--) {
    v128.store(to, v128.load(from));
    if (pitch == 24) store<i64>(to, load<i64>(from, 16), 16);
    else if (pitch == 48) {
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
    }
    from += along;
    to += pitch;
  }
}

/** 16 bytes of lanes, each contiguous along k: transposes in registers. */
// @ts-ignore: decorator
@inline
function turn<T>(to: usize, from: usize, pitch: usize, across: usize, k: i32): void {
  if (sizeof<T>() == 4) {
    for (; k >= 4; k -= 4) {
      turnSquare(to, pitch, from, across);
      to += 4 * pitch;
      from += 16;
    }
  } else {
    for (; k >= 2; k -= 2) {
      const r0 = v128.load(from);
      const r1 = v128.load(from + across);
      v128.store(to, v128.shuffle<f64>(r0, r1, 0, 2));
      v128.store(to + pitch, v128.shuffle<f64>(r0, r1, 1, 3));
      to += 2 * pitch;
      from += 16;
    }
  }
  for (; k > 0; k--) {
    for (let l: usize = 0; l < 16 / sizeof<T>(); l++) store<T>(to + l * sizeof<T>(), load<T>(from + l * across));
    to += pitch;
    from += sizeof<T>();
  }
}

/** The last two lanes of a float32 strip of six. */
// @ts-ignore: decorator
@inline
function turnPair<T>(to: usize, from: usize, pitch: usize, across: usize, k: i32): void {
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + across);
    const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    v128.store64_lane(to, low, 0);
    v128.store64_lane(to + pitch, low, 1);
    v128.store64_lane(to + 2 * pitch, high, 0);
    v128.store64_lane(to + 3 * pitch, high, 1);
    to += 4 * pitch;
    from += 16;
  }
  for (; k > 0; k--) {
    store<T>(to, load<T>(from));
    store<T>(to, load<T>(from + across), sizeof<T>());
    to += pitch;
    from += sizeof<T>();
  }
}
