// What layerNorm and batchNorm share: x̂ = (x - m) · r, along rows and columns, and the two sums of their derivatives.
//
// A parameter is a pair of address and mask: with mask -1 there is one number a column, with mask 0 one in a cell of
// sweep.ts for all columns.

import { scratch, SCRATCH_BYTES } from "../abi";
import { madd } from "../math";
import { TILE } from "../reduce/blocked";
import { lanesSum } from "../reduce/deviation";
import { bothOf } from "../simd";
import { CELL, fill } from "./sweep";

const RUN: i32 = 32; // groups of four vectors: the 128 steps of reduce/blocked.ts
export const EACH: usize = -1;
export const ALL: usize = 0;

/** Cells for the parameters of a row, and for the tails of rows. */
// @ts-ignore: decorator
@inline export function cell(k: i32): usize { return scratch + SCRATCH_BYTES - 16 * CELL + <usize>k * CELL; }
// @ts-ignore: decorator
@inline function tail(k: i32): usize { return cell(k + 8); }

// @ts-ignore: decorator
@inline
function storeLane<T>(at: usize, x: v128): void {
  if (sizeof<T>() == 4) v128.store_lane<f32>(at, x, 0);
  else v128.store_lane<f64>(at, x, 0);
}

/** y = (x - m) · r · w + b */
// @ts-ignore: decorator
@inline
export function standardize<T>(
  count: i32, y: usize, x: usize, m: usize, r: usize, mask: usize, w: usize, wMask: usize, b: usize, bMask: usize,
): void {
  const bytes = <usize>count * sizeof<T>();
  let j: usize = 0;
  if (WIDE_VECTORS) {
    for (; j + 16 < (bytes & ~15); j += 32) {
      const i = j & mask;
      const k = j & wMask;
      const l = j & bMask;
      const y0 = standard<T>(x + j, m + i, r + i, w + k, b + l);
      const y1 = standard<T>(x + j + 16, m + i + 16, r + i + 16, w + k + 16, b + l + 16);
      v128.store(y + j, y0);
      v128.store(y + j, y1, 16);
    }
  }
  for (; j < (bytes & ~15); j += 16) {
    v128.store(y + j, standard<T>(x + j, m + (j & mask), r + (j & mask), w + (j & wMask), b + (j & bMask)));
  }
  for (; j < bytes; j += sizeof<T>()) {
    fill<T>(tail(0), load<T>(x + j));
    fill<T>(tail(1), load<T>(m + (j & mask)));
    fill<T>(tail(2), load<T>(r + (j & mask)));
    fill<T>(tail(3), load<T>(w + (j & wMask)));
    fill<T>(tail(4), load<T>(b + (j & bMask)));
    storeLane<T>(y + j, standard<T>(tail(0), tail(1), tail(2), tail(3), tail(4)));
  }
}

// @ts-ignore: decorator
@inline
function standard<T>(x: usize, m: usize, r: usize, w: usize, b: usize): v128 {
  return madd<T>(unit<T>(x, m, r), v128.load(w), v128.load(b));
}

/** dx = (g · w - s - (x - m) · t) · k */
// @ts-ignore: decorator
@inline
export function derivative<T>(
  count: i32, dx: usize, g: usize, x: usize, w: usize, wMask: usize, s: usize, m: usize, t: usize, k: usize, mask: usize,
): void {
  const bytes = <usize>count * sizeof<T>();
  let j: usize = 0;
  if (WIDE_VECTORS) {
    for (; j + 16 < (bytes & ~15); j += 32) {
      const i = j & mask;
      const l = j & wMask;
      const d0 = slope<T>(g + j, x + j, w + l, s + i, m + i, t + i, k + i);
      const d1 = slope<T>(g + j + 16, x + j + 16, w + l + 16, s + i + 16, m + i + 16, t + i + 16, k + i + 16);
      v128.store(dx + j, d0);
      v128.store(dx + j, d1, 16);
    }
  }
  for (; j < (bytes & ~15); j += 16) {
    const i = j & mask;
    v128.store(dx + j, slope<T>(g + j, x + j, w + (j & wMask), s + i, m + i, t + i, k + i));
  }
  for (; j < bytes; j += sizeof<T>()) {
    const i = j & mask;
    fill<T>(tail(0), load<T>(g + j));
    fill<T>(tail(1), load<T>(x + j));
    fill<T>(tail(2), load<T>(w + (j & wMask)));
    fill<T>(tail(3), load<T>(s + i));
    fill<T>(tail(4), load<T>(m + i));
    fill<T>(tail(5), load<T>(t + i));
    fill<T>(tail(6), load<T>(k + i));
    storeLane<T>(dx + j, slope<T>(tail(0), tail(1), tail(2), tail(3), tail(4), tail(5), tail(6)));
  }
}

// @ts-ignore: decorator
@inline
function slope<T>(g: usize, x: usize, w: usize, s: usize, m: usize, t: usize, k: usize): v128 {
  const flat = v128.sub<T>(v128.mul<T>(v128.load(g), v128.load(w)), v128.load(s));
  const tilt = v128.mul<T>(v128.sub<T>(v128.load(x), v128.load(m)), v128.load(t));
  return v128.mul<T>(v128.sub<T>(flat, tilt), v128.load(k));
}

/** The second result of `dots`: Σ g · w · (x - m). */
export let tilt: f64 = 0;

/** Σ g · w over a row. */
export function dots<T>(n: i32, g: usize, w: usize, wMask: usize, x: usize, m: T): f64 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const mean = v128.splat<T>(m);
  const step = wMask & 32;
  let flatTotal: f64 = 0;
  let tiltTotal: f64 = 0;
  let pairs = n / (2 * lanes);
  let rest = n - pairs * 2 * lanes;
  while (pairs > 0) {
    const run = min(pairs, 2 * RUN);
    pairs -= run;
    let a = v128.splat<T>(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = 0; i < run; i++) {
      const p = v128.mul<T>(v128.load(g, 0), v128.load(w));
      const q = v128.mul<T>(v128.load(g, 16), v128.load(w, 16));
      a = v128.add<T>(a, p);
      b = v128.add<T>(b, q);
      c = madd<T>(p, v128.sub<T>(v128.load(x, 0), mean), c);
      d = madd<T>(q, v128.sub<T>(v128.load(x, 16), mean), d);
      g += 32;
      x += 32;
      w += step;
    }
    flatTotal += lanesSum<T>(bothOf<T>(0, a, b));
    tiltTotal += lanesSum<T>(bothOf<T>(1, c, d));
  }
  for (; rest > 0; rest--) {
    const p = <f64>load<T>(g) * <f64>load<T>(w);
    flatTotal += p;
    tiltTotal += p * <f64>(load<T>(x) - m);
    g += sizeof<T>();
    x += sizeof<T>();
    w += wMask & sizeof<T>();
  }
  tilt = tiltTotal;
  return flatTotal;
}

// What `columnDots` gives: TILE f64 each. It uses twice TILE more for its runs.
// @ts-ignore: decorator
@inline export function flats(): usize { return scratch; }
// @ts-ignore: decorator
@inline export function tilts(): usize { return scratch + <usize>TILE * 8; }
// @ts-ignore: decorator
@inline function narrowFlats(): usize { return scratch + <usize>TILE * 16; }
// @ts-ignore: decorator
@inline function narrowTilts(): usize { return scratch + <usize>TILE * 24; }

/**
 * Σ g and Σ g · (x - m) · r of `width` ≤ TILE columns of n elements, into `flats()` and `tilts()`. m and r have one number
 * a column.
 */
export function columnDots<T>(n: i32, width: i32, stride: i32, g: usize, x: usize, m: usize, r: usize): void {
  const pitch = <usize>stride * sizeof<T>();
  const bytes = <usize>width * sizeof<T>();
  memory.fill(flats(), 0, <usize>width << 3);
  memory.fill(tilts(), 0, <usize>width << 3);
  while (n > 0) {
    const run = min(n, 4 * RUN);
    n -= run;
    memory.fill(narrowFlats(), 0, bytes);
    memory.fill(narrowTilts(), 0, bytes);
    for (let i = 0; i < run; i++) {
      columnSums<T>(width, narrowFlats(), narrowTilts(), g, x, m, r, EACH);
      g += pitch;
      x += pitch;
    }
    for (let j = 0; j < width; j++) {
      const from = <usize>j * sizeof<T>();
      const to = <usize>j << 3;
      store<f64>(flats() + to, load<f64>(flats() + to) + <f64>load<T>(narrowFlats() + from));
      store<f64>(tilts() + to, load<f64>(tilts() + to) + <f64>load<T>(narrowTilts() + from));
    }
  }
}

/** Adds a row's g to the sums at `flat`, and g · (x - m) · r to those at `tilt`. */
// @ts-ignore: decorator
@inline
export function columnSums<T>(
  count: i32, flat: usize, tilt: usize, g: usize, x: usize, m: usize, r: usize, mask: usize,
): void {
  const bytes = <usize>count * sizeof<T>();
  let j: usize = 0;
  if (WIDE_VECTORS) {
    for (; j + 16 < (bytes & ~15); j += 32) {
      const i = j & mask;
      const s0 = v128.load(g + j);
      const s1 = v128.load(g + j, 16);
      const u0 = unit<T>(x + j, m + i, r + i);
      const u1 = unit<T>(x + j + 16, m + i + 16, r + i + 16);
      const f0 = v128.add<T>(v128.load(flat + j), s0);
      const f1 = v128.add<T>(v128.load(flat + j, 16), s1);
      const t0 = madd<T>(s0, u0, v128.load(tilt + j));
      const t1 = madd<T>(s1, u1, v128.load(tilt + j, 16));
      v128.store(flat + j, f0);
      v128.store(flat + j, f1, 16);
      v128.store(tilt + j, t0);
      v128.store(tilt + j, t1, 16);
    }
  }
  for (; j < (bytes & ~15); j += 16) {
    const slope = v128.load(g + j);
    v128.store(flat + j, v128.add<T>(v128.load(flat + j), slope));
    v128.store(tilt + j, madd<T>(slope, unit<T>(x + j, m + (j & mask), r + (j & mask)), v128.load(tilt + j)));
  }
  for (; j < bytes; j += sizeof<T>()) {
    const slope = load<T>(g + j);
    store<T>(flat + j, load<T>(flat + j) + slope);
    const unit = (load<T>(x + j) - load<T>(m + (j & mask))) * load<T>(r + (j & mask));
    store<T>(tilt + j, slope * unit + load<T>(tilt + j));
  }
}

// @ts-ignore: decorator
@inline
function unit<T>(x: usize, m: usize, r: usize): v128 {
  return v128.mul<T>(v128.sub<T>(v128.load(x), v128.load(m)), v128.load(r));
}
