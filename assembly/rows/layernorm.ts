// Layer normalisation of the rows of [rows, n]: x̂ = (x - mean) · rstd, y = x̂ · w + b, rstd = 1 / √(variance + eps).
//
//   layerNorm_          args ─ n: i32 │ x: usize │ y: usize │ w: usize or 0 │ b: usize or 0 │ mean: usize │ rstd: usize │ eps: f64
//   layerNormBackward_  args ─ n: i32 │ g: usize │ x: usize │ dx: usize │ w: usize or 0 │ mean: usize │ rstd: usize
//   layerNormWeights_   args ─ n: i32 │ rows: i32 │ block: i32 │ tile: i32 │ g: usize │ x: usize │ mean: usize │ rstd: usize
//                             │ dw: usize │ db: usize
//
// Units are rows. layerNormWeights cuts the rows into parts of `block` (one if rows ≤ block) and the columns into tiles of
// `tile` ≤ 1024; its units are parts · tiles, and dw and db are [parts, n], to be summed. mean and rstd are [rows] and of
// the dtype of x.
// The means of a row in dx = (g·w - mean(g·w) - x̂ · mean(g·w·x̂)) · rstd are folded as in reduce/blocked.ts.

import { int, ptr, real } from "../abi";
import { row, Sum } from "../reduce/blocked";
import { deviations, drift } from "../reduce/deviation";
import { ALL, cell, columnDots, derivative, dots, EACH, flats, standardize, tilt, tilts } from "./standard";
import { fill } from "./sweep";

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const pitch = <usize>n * sizeof<T>();
  const weight = ptr(args, 3);
  const bias = ptr(args, 4);
  fill<T>(cell(2), 1);
  fill<T>(cell(3), 0);
  for (let unit = begin; unit < end; unit++) {
    const x = ptr(args, 1) + <usize>unit * pitch;
    const m = <T>(row<T, f64, Sum>(n, x) / <f64>n);
    const squares = deviations<T>(n, x, m);
    const off = drift / <f64>n;
    const mean = <T>(<f64>m + off);
    const rstd = <T>(1 / sqrt<f64>(squares / <f64>n - off * off + real(args, 7)));
    store<T>(ptr(args, 5) + <usize>unit * sizeof<T>(), mean);
    store<T>(ptr(args, 6) + <usize>unit * sizeof<T>(), rstd);
    fill<T>(cell(0), mean);
    fill<T>(cell(1), rstd);
    standardize<T>(
      n, ptr(args, 2) + <usize>unit * pitch, x, cell(0), cell(1), ALL,
      weight == 0 ? cell(2) : weight, weight == 0 ? ALL : EACH,
      bias == 0 ? cell(3) : bias, bias == 0 ? ALL : EACH,
    );
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const pitch = <usize>n * sizeof<T>();
  const w = ptr(args, 4) == 0 ? cell(4) : ptr(args, 4);
  const wMask = ptr(args, 4) == 0 ? ALL : EACH;
  fill<T>(cell(4), 1);
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit * pitch;
    const g = ptr(args, 1) + at;
    const x = ptr(args, 2) + at;
    const mean = load<T>(ptr(args, 5) + <usize>unit * sizeof<T>());
    const rstd = load<T>(ptr(args, 6) + <usize>unit * sizeof<T>());
    const flat = dots<T>(n, g, w, wMask, x, mean) / <f64>n;
    fill<T>(cell(0), <T>flat);
    fill<T>(cell(1), mean);
    fill<T>(cell(2), <T>(tilt / <f64>n * <f64>rstd * <f64>rstd));
    fill<T>(cell(3), rstd);
    derivative<T>(n, ptr(args, 3) + at, g, x, w, wMask, cell(0), cell(1), cell(2), cell(3), ALL);
  }
}

// @ts-ignore: decorator
@inline
function weights<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const rows = int(args, 1);
  const block = int(args, 2);
  const tile = int(args, 3);
  const tiles = (n + tile - 1) / tile;
  for (let unit = begin; unit < end; unit++) {
    const part = unit / tiles;
    const column = (unit - part * tiles) * tile;
    const first = part * block;
    const width = min(tile, n - column);
    const from = (<usize>first * <usize>n + <usize>column) * sizeof<T>();
    const to = (<usize>part * <usize>n + <usize>column) * sizeof<T>();
    const m = ptr(args, 6) + <usize>first * sizeof<T>();
    const r = ptr(args, 7) + <usize>first * sizeof<T>();
    columnDots<T>(min(block, rows - first), width, n, ptr(args, 4) + from, ptr(args, 5) + from, m, r, ALL);
    for (let j = 0; j < width; j++) {
      store<T>(ptr(args, 8) + to + <usize>j * sizeof<T>(), <T>load<f64>(tilts() + (<usize>j << 3)));
      store<T>(ptr(args, 9) + to + <usize>j * sizeof<T>(), <T>load<f64>(flats() + (<usize>j << 3)));
    }
  }
}

export function layerNorm_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function layerNorm_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function layerNormBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function layerNormBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
export function layerNormWeights_f32(args: usize, begin: i32, end: i32): void { weights<f32>(args, begin, end); }
export function layerNormWeights_f64(args: usize, begin: i32, end: i32): void { weights<f64>(args, begin, end); }
