// Batch normalisation of a contiguous [n, c, hw]: x̂ = (x - mean) · rstd, y = x̂ · w + b, with mean and rstd a channel.
//
//   batchNormMoments_   args ─ n: i32 │ c: i32 │ hw: i32 │ tile: i32 │ x: usize │ mean: usize │ rstd: usize │ eps: f64
//                             │ running mean: usize or 0 │ running variance: usize or 0 │ momentum: f64
//   batchNormApply_     args ─ c: i32 │ hw: i32 │ x: usize │ y: usize │ mean: usize │ rstd: usize │ w: usize or 0 │ b: usize or 0
//   batchNormSums_      args ─ n: i32 │ c: i32 │ hw: i32 │ tile: i32 │ g: usize │ x: usize │ mean: usize │ rstd: usize │ dw: usize │ db: usize
//   batchNormBackward_  args ─ n: i32 │ c: i32 │ hw: i32 │ tile: i32 │ g: usize │ x: usize │ dx: usize │ mean: usize │ rstd: usize
//                             │ w: usize or 0 │ dw: usize │ db: usize
//   groupNormBackward_  args ─ c: i32 │ hw: i32 │ groups: i32 │ g: usize │ x: usize │ dx: usize │ mean: usize │ rstd: usize
//                             │ w: usize or 0 │ dw: usize │ db: usize
//
// `moments` finds the moments of each channel and moves the running ones: r ← r + momentum · (moment - r), with the
// unbiased variance. `sums` gives dw = Σ g · x̂ and db = Σ g, from which `backward` makes the derivative in training:
//
//   dx = (g - db / N - x̂ · dw / N) · rstd · w,  N = n · hw
//
// Of `groupNormBackward` mean and rstd are [n, groups], dw and db [n, c], the sums of each plane by itself; units are groups of
// channels of a sample, N = c / groups · hw, and with sums over the channels of a group
//
//   dx = (g · w - Σ w · db / N - x̂ · Σ w · dw / N) · rstd
//
// A channel's plane is a row of hw elements; where hw is 1 the rows are those of [n, c], and `tile` ≤ 1024 channels are one
// tile (where hw > 1, tile is 1). Units of `moments` and `sums` are tiles; of `apply` and `backward` planes (n · c) where hw > 1,
// else rows (n) of `apply` and tiles of `backward`.

import { int, ptr, real, scratch } from "../abi";
import { columns, row, Sum, TILE, wideTile } from "../reduce/blocked";
import { columnDeviations, deviations, drift, tileDrifts, tileMeans, tileSquares } from "../reduce/deviation";
import { ALL, cell, columnDots, derivative, dots, EACH, flats, standardize, tilt, tilts } from "./standard";
import { fill } from "./sweep";

// @ts-ignore: decorator
@inline
function moments<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const c = int(args, 1);
  const hw = int(args, 2);
  const tile = int(args, 3);
  const x = ptr(args, 4);
  const plane = <usize>hw * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const channel = unit * tile;
    if (hw > 1) {
      const start = x + <usize>channel * plane;
      const pitch = <usize>c * plane;
      const total = <f64>n * <f64>hw;
      let sum: f64 = 0;
      for (let i = 0; i < n; i++) sum += row<T, f64, Sum>(hw, start + <usize>i * pitch);
      const m = <T>(sum / total);
      let squares: f64 = 0;
      let off: f64 = 0;
      for (let i = 0; i < n; i++) {
        squares += deviations<T>(hw, start + <usize>i * pitch, m);
        off += drift;
      }
      keep<T>(args, channel, total, <f64>m, squares, off);
      continue;
    }
    const width = min(tile, c - channel);
    const start = x + <usize>channel * sizeof<T>();
    columns<T, f64, Sum>(n, width, c, start);
    for (let j = 0; j < width; j++) {
      store<T>(tileMeans() + <usize>j * sizeof<T>(), <T>(load<f64>(wideTile() + (<usize>j << 3)) / <f64>n));
    }
    columnDeviations<T>(n, width, c, start);
    for (let j = 0; j < width; j++) {
      const m = <f64>load<T>(tileMeans() + <usize>j * sizeof<T>());
      const at = <usize>j << 3;
      keep<T>(args, channel + j, <f64>n, m, load<f64>(tileSquares() + at), load<f64>(tileDrifts() + at));
    }
  }
}

/** Finishes a channel: mean = m + off / total, and likewise the variance (see reduce/deviation.ts). */
// @ts-ignore: decorator
@inline
function keep<T>(args: usize, channel: i32, total: f64, m: f64, squares: f64, off: f64): void {
  const at = <usize>channel * sizeof<T>();
  const mean = m + off / total;
  squares -= off * off / total;
  store<T>(ptr(args, 5) + at, <T>mean);
  store<T>(ptr(args, 6) + at, <T>(1 / sqrt<f64>(squares / total + real(args, 7))));
  const momentum = real(args, 10);
  if (ptr(args, 8) != 0) approach<T>(ptr(args, 8) + at, mean, momentum);
  if (ptr(args, 9) != 0) approach<T>(ptr(args, 9) + at, squares / (total - 1), momentum);
}

// @ts-ignore: decorator
@inline
function approach<T>(at: usize, to: f64, momentum: f64): void {
  store<T>(at, <T>((1 - momentum) * <f64>load<T>(at) + momentum * to));
}

// @ts-ignore: decorator
@inline
function apply<T>(args: usize, begin: i32, end: i32): void {
  const c = int(args, 0);
  const hw = int(args, 1);
  const mean = ptr(args, 4);
  const rstd = ptr(args, 5);
  const weight = ptr(args, 6);
  const bias = ptr(args, 7);
  fill<T>(cell(2), 1);
  fill<T>(cell(3), 0);
  const size = hw > 1 ? hw : c;
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit * <usize>size * sizeof<T>();
    if (hw > 1) {
      const channel = <usize>(unit % c) * sizeof<T>();
      fill<T>(cell(0), load<T>(mean + channel));
      fill<T>(cell(1), load<T>(rstd + channel));
      if (weight != 0) fill<T>(cell(2), load<T>(weight + channel));
      if (bias != 0) fill<T>(cell(3), load<T>(bias + channel));
      standardize<T>(hw, ptr(args, 3) + at, ptr(args, 2) + at, cell(0), cell(1), ALL, cell(2), ALL, cell(3), ALL);
    } else {
      standardize<T>(
        c, ptr(args, 3) + at, ptr(args, 2) + at, mean, rstd, EACH,
        weight == 0 ? cell(2) : weight, weight == 0 ? ALL : EACH,
        bias == 0 ? cell(3) : bias, bias == 0 ? ALL : EACH,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function sums<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const c = int(args, 1);
  const hw = int(args, 2);
  const tile = int(args, 3);
  const mean = ptr(args, 6);
  const rstd = ptr(args, 7);
  const dw = ptr(args, 8);
  const db = ptr(args, 9);
  fill<T>(cell(0), 1);
  for (let unit = begin; unit < end; unit++) {
    const channel = unit * tile;
    const at = <usize>channel * sizeof<T>();
    const start = at * <usize>hw;
    if (hw > 1) {
      const pitch = <usize>c * <usize>hw * sizeof<T>();
      let flat: f64 = 0;
      let slope: f64 = 0;
      for (let i = 0; i < n; i++) {
        const plane = start + <usize>i * pitch;
        flat += dots<T>(hw, ptr(args, 4) + plane, cell(0), ALL, ptr(args, 5) + plane, load<T>(mean + at));
        slope += tilt;
      }
      store<T>(dw + at, <T>(slope * <f64>load<T>(rstd + at)));
      store<T>(db + at, <T>flat);
      continue;
    }
    const width = min(tile, c - channel);
    columnDots<T>(n, width, c, ptr(args, 4) + start, ptr(args, 5) + start, mean + at, rstd + at);
    for (let j = 0; j < width; j++) {
      const to = at + <usize>j * sizeof<T>();
      store<T>(dw + to, <T>load<f64>(tilts() + (<usize>j << 3)));
      store<T>(db + to, <T>load<f64>(flats() + (<usize>j << 3)));
    }
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const c = int(args, 1);
  const hw = int(args, 2);
  const tile = int(args, 3);
  const total = <f64>n * <f64>hw;
  const mean = ptr(args, 7);
  fill<T>(cell(3), 1);
  // One number a channel of a tile: what is taken off, its slope, and the factor.
  const s = scratch;
  const t = scratch + <usize>TILE * 8;
  const k = scratch + <usize>TILE * 16;
  for (let unit = begin; unit < end; unit++) {
    if (hw > 1) {
      const channel = <usize>(unit % c) * sizeof<T>();
      const at = <usize>unit * <usize>hw * sizeof<T>();
      fill<T>(cell(0), load<T>(mean + channel));
      terms<T>(args, channel, total, s, t, k);
      fill<T>(s, load<T>(s));
      fill<T>(t, load<T>(t));
      fill<T>(k, load<T>(k));
      derivative<T>(hw, ptr(args, 6) + at, ptr(args, 4) + at, ptr(args, 5) + at, cell(3), ALL, s, cell(0), t, k, ALL);
      continue;
    }
    const channel = unit * tile;
    const width = min(tile, c - channel);
    const start = <usize>channel * sizeof<T>();
    for (let j: usize = 0; j < <usize>width * sizeof<T>(); j += sizeof<T>()) {
      terms<T>(args, start + j, total, s + j, t + j, k + j);
    }
    for (let i = 0; i < n; i++) {
      const at = start + <usize>i * <usize>c * sizeof<T>();
      derivative<T>(
        width, ptr(args, 6) + at, ptr(args, 4) + at, ptr(args, 5) + at, cell(3), ALL, s, mean + start, t, k, EACH,
      );
    }
  }
}

/** db / N, dw / N · rstd and rstd · w of the channel at `channel` (in bytes). */
// @ts-ignore: decorator
@inline
function terms<T>(args: usize, channel: usize, total: f64, s: usize, t: usize, k: usize): void {
  const rstd = <f64>load<T>(ptr(args, 8) + channel);
  const w: f64 = ptr(args, 9) == 0 ? 1 : <f64>load<T>(ptr(args, 9) + channel);
  store<T>(s, <T>(<f64>load<T>(ptr(args, 11) + channel) / total));
  store<T>(t, <T>(<f64>load<T>(ptr(args, 10) + channel) / total * rstd));
  store<T>(k, <T>(rstd * w));
}

// @ts-ignore: decorator
@inline
function groupBackward<T>(args: usize, begin: i32, end: i32): void {
  const hw = int(args, 1);
  const groups = int(args, 2);
  const channels = int(args, 0) / groups;
  const plane = <usize>hw * sizeof<T>();
  const total = <f64>channels * <f64>hw;
  const weight = ptr(args, 8);
  fill<T>(cell(4), 1);
  for (let unit = begin; unit < end; unit++) {
    const w = weight + <usize>(unit % groups * channels) * sizeof<T>();
    const first = <usize>(unit * channels);
    let flat: f64 = 0;
    let slope: f64 = 0;
    for (let j = 0; j < channels; j++) {
      const by: f64 = weight == 0 ? 1 : <f64>load<T>(w + <usize>j * sizeof<T>());
      const at = (first + <usize>j) * sizeof<T>();
      slope += by * <f64>load<T>(ptr(args, 9) + at);
      flat += by * <f64>load<T>(ptr(args, 10) + at);
    }
    const rstd = load<T>(ptr(args, 7) + <usize>unit * sizeof<T>());
    fill<T>(cell(0), <T>(flat / total));
    fill<T>(cell(1), load<T>(ptr(args, 6) + <usize>unit * sizeof<T>()));
    fill<T>(cell(2), <T>(slope / total * <f64>rstd));
    fill<T>(cell(3), rstd);
    for (let j = 0; j < channels; j++) {
      const at = (first + <usize>j) * plane;
      if (weight != 0) fill<T>(cell(4), load<T>(w + <usize>j * sizeof<T>()));
      derivative<T>(
        hw, ptr(args, 5) + at, ptr(args, 3) + at, ptr(args, 4) + at, cell(4), ALL, cell(0), cell(1), cell(2), cell(3), ALL,
      );
    }
  }
}

export function groupNormBackward_f32(args: usize, begin: i32, end: i32): void { groupBackward<f32>(args, begin, end); }
export function groupNormBackward_f64(args: usize, begin: i32, end: i32): void { groupBackward<f64>(args, begin, end); }
export function batchNormMoments_f32(args: usize, begin: i32, end: i32): void { moments<f32>(args, begin, end); }
export function batchNormMoments_f64(args: usize, begin: i32, end: i32): void { moments<f64>(args, begin, end); }
export function batchNormApply_f32(args: usize, begin: i32, end: i32): void { apply<f32>(args, begin, end); }
export function batchNormApply_f64(args: usize, begin: i32, end: i32): void { apply<f64>(args, begin, end); }
export function batchNormSums_f32(args: usize, begin: i32, end: i32): void { sums<f32>(args, begin, end); }
export function batchNormSums_f64(args: usize, begin: i32, end: i32): void { sums<f64>(args, begin, end); }
export function batchNormBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function batchNormBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
