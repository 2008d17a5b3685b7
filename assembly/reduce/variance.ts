// mean = Σ x / n and variance = Σ (x - mean)² / divisor over the middle axis of a contiguous [outer, n, inner].
//
//   args ─ n: i32 │ inner: i32 │ block: i32 │ tile: i32 │ x: usize │ mean: usize │ variance: usize │ divisor: f64
//
// Parts, tiles and units as in fold.ts. divisor is max(0, n - correction), so too few elements give NaN or ∞, as in PyTorch.
// Two passes over each part: the second is exact where E[x²] - E[x]² would cancel.
//
// `variance` wants n ≤ block. `varianceParts` writes means and sums of squared deviations of the parts as float64 (the
// divisor is not used), which `varianceJoin` joins; its block is
//
//   args ─ n: i32 │ inner: i32 │ block: i32 │ means: usize │ squares: usize │ mean: usize │ variance: usize │ divisor: f64
//
// with units outer · inner.

import { int, ptr, real } from "../abi";
import { columns, row, Sum, wideTile } from "./blocked";
import { columnDeviations, deviations, drift, tileDrifts, tileMeans, tileSquares } from "./deviation";

// R is T, or f64 for the parts.
// @ts-ignore: decorator
@inline
function moments<T, R>(args: usize, begin: i32, end: i32, divisor: f64): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const block = int(args, 2);
  const tile = int(args, 3);
  const x = ptr(args, 4);
  const mean = ptr(args, 5);
  const variance = ptr(args, 6);
  const parts = n > block ? (n + block - 1) / block : 1;
  const tiles = (inner + tile - 1) / tile;
  for (let unit = begin; unit < end; unit++) {
    const line = unit / tiles;
    const column = (unit - line * tiles) * tile;
    const outer = line / parts;
    const first = (line - outer * parts) * block;
    const count = min(block, n - first);
    const size = <f64>count;
    const from = x + (<usize>(outer * n + first) * <usize>inner + <usize>column) * sizeof<T>();
    let to = (<usize>line * <usize>inner + <usize>column) * sizeof<R>();
    if (inner == 1) {
      const m = <T>(row<T, f64, Sum>(count, from) / size);
      const squares = deviations<T>(count, from, m);
      store<R>(mean + to, <R>(<f64>m + drift / size));
      store<R>(variance + to, <R>((squares - drift * drift / size) / divisor));
      continue;
    }
    const width = min(tile, inner - column);
    columns<T, f64, Sum>(count, width, inner, from);
    for (let j = 0; j < width; j++) {
      store<T>(tileMeans() + <usize>j * sizeof<T>(), <T>(load<f64>(wideTile() + (<usize>j << 3)) / size));
    }
    columnDeviations<T>(count, width, inner, from);
    for (let j = 0; j < width; j++) {
      const m = <f64>load<T>(tileMeans() + <usize>j * sizeof<T>());
      const squares = load<f64>(tileSquares() + (<usize>j << 3));
      const off = load<f64>(tileDrifts() + (<usize>j << 3));
      store<R>(mean + to, <R>(m + off / size));
      store<R>(variance + to, <R>((squares - off * off / size) / divisor));
      to += sizeof<R>();
    }
  }
}

// @ts-ignore: decorator
@inline
function join<R>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const block = int(args, 2);
  const parts = (n + block - 1) / block;
  const divisor = real(args, 7);
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / inner;
    const column = unit - outer * inner;
    let at = <usize>(outer * parts * inner + column) << 3;
    let mean: f64 = 0;
    let squares: f64 = 0;
    let seen: f64 = 0;
    for (let p = 0; p < parts; p++) {
      const count = <f64>min(block, n - p * block);
      const delta = load<f64>(ptr(args, 3) + at) - mean;
      mean += delta * (count / (seen + count));
      squares += load<f64>(ptr(args, 4) + at) + delta * delta * (seen * count / (seen + count));
      seen += count;
      at += <usize>inner << 3;
    }
    store<R>(ptr(args, 5) + <usize>unit * sizeof<R>(), <R>mean);
    store<R>(ptr(args, 6) + <usize>unit * sizeof<R>(), <R>(squares / divisor));
  }
}

export function variance_f32(args: usize, begin: i32, end: i32): void { moments<f32, f32>(args, begin, end, real(args, 7)); }
export function variance_f64(args: usize, begin: i32, end: i32): void { moments<f64, f64>(args, begin, end, real(args, 7)); }
export function varianceParts_f32(args: usize, begin: i32, end: i32): void { moments<f32, f64>(args, begin, end, 1); }
export function varianceParts_f64(args: usize, begin: i32, end: i32): void { moments<f64, f64>(args, begin, end, 1); }
export function varianceJoin_f32(args: usize, begin: i32, end: i32): void { join<f32>(args, begin, end); }
export function varianceJoin_f64(args: usize, begin: i32, end: i32): void { join<f64>(args, begin, end); }
