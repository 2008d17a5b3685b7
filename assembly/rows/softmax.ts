// Softmax and its logarithm over the middle axis of a contiguous [outer, n, inner], and their derivatives.
//
//   softmax_, logSoftmax_                  args ─ n: i32 │ inner: i32 │ tile: i32 │ x: usize │ y: usize
//   softmaxBackward_, logSoftmaxBackward_  args ─ n: i32 │ inner: i32 │ tile: i32 │ g: usize │ y: usize │ dx: usize
//
// inner is cut into tiles of `tile` ≤ 1024 columns; units are outer · tiles. Results overlap no input.
//
//   softmax        y = exp(x - max) / Σ exp(x - max)      dx = (g - Σ g·y) · y
//   log softmax    y = x - max - log Σ exp(x - max)       dx = g - exp(y) · Σ g
//
// A row is swept a few times while it is in the cache; sums are those of reduce/blocked.ts. A row with only -∞, or with +∞
// or NaN in it, gives NaN, as in PyTorch.

import { int, ptr, scratch } from "../abi";
import { columns, Maximum, row, Sum, TILE, wideTile } from "../reduce/blocked";
import { expNegative } from "./exp";
import { fill, sweep } from "./sweep";

// A number a column, or one in a cell: the maxima, then factors or logarithms. Beyond the accumulators of blocked.ts.
// @ts-ignore: decorator
@inline function firstTile(): usize { return scratch + <usize>TILE * 16; }
// @ts-ignore: decorator
@inline function secondTile(): usize { return scratch + <usize>TILE * 24; }

// @ts-ignore: decorator
@inline
function softmax<T>(args: usize, begin: i32, end: i32, log: boolean): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const pitch = <usize>inner * sizeof<T>();
  const cells = inner == 1;
  const p = firstTile();
  const q = secondTile();
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    const offset = (<usize>(outer * n) * <usize>inner + <usize>column) * sizeof<T>();
    const x = ptr(args, 3) + offset;
    const y = ptr(args, 4) + offset;
    // A row is one sweep of n numbers, a tile n sweeps of its width.
    const width = cells ? n : min(tile, inner - column);
    const sweeps = cells ? 1 : n;
    if (cells) {
      fill<T>(p, row<T, T, Maximum>(n, x));
    } else {
      columns<T, T, Maximum>(n, width, inner, x);
      memory.copy(p, wideTile(), <usize>width * sizeof<T>());
    }
    for (let i = 0; i < sweeps; i++) {
      const at = <usize>i * pitch;
      sweep<T, ExpOfDifference>(width, y + at, x + at, x + at, p, p, cells);
    }
    if (cells) {
      const sum = row<T, f64, Sum>(n, y);
      fill<T>(q, <T>(log ? Math.log(sum) : 1 / sum));
    } else {
      columns<T, f64, Sum>(n, width, inner, y);
      for (let j = 0; j < width; j++) {
        const sum = load<f64>(wideTile() + (<usize>j << 3));
        store<T>(q + <usize>j * sizeof<T>(), <T>(log ? Math.log(sum) : 1 / sum));
      }
    }
    for (let i = 0; i < sweeps; i++) {
      const at = <usize>i * pitch;
      if (log) sweep<T, Differences>(width, y + at, x + at, x + at, p, q, cells);
      else sweep<T, Product>(width, y + at, y + at, y + at, q, q, cells);
    }
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32, log: boolean): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const tile = int(args, 2);
  const tiles = (inner + tile - 1) / tile;
  const pitch = <usize>inner * sizeof<T>();
  const cells = inner == 1;
  const p = firstTile();
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / tiles;
    const column = (unit - outer * tiles) * tile;
    const offset = (<usize>(outer * n) * <usize>inner + <usize>column) * sizeof<T>();
    const g = ptr(args, 3) + offset;
    const y = ptr(args, 4) + offset;
    const dx = ptr(args, 5) + offset;
    const width = cells ? n : min(tile, inner - column);
    const sweeps = cells ? 1 : n;
    // The products wait for their sum where the result will be.
    let terms = g;
    if (!log) {
      terms = dx;
      for (let i = 0; i < sweeps; i++) {
        const at = <usize>i * pitch;
        sweep<T, Product>(width, dx + at, g + at, g + at, y + at, y + at, false);
      }
    }
    if (cells) {
      fill<T>(p, <T>row<T, f64, Sum>(n, terms));
    } else {
      columns<T, f64, Sum>(n, width, inner, terms);
      for (let j = 0; j < width; j++) store<T>(p + <usize>j * sizeof<T>(), <T>load<f64>(wideTile() + (<usize>j << 3)));
    }
    for (let i = 0; i < sweeps; i++) {
      const at = <usize>i * pitch;
      if (log) sweep<T, LogBackward>(width, dx + at, g + at, y + at, p, p, cells);
      else sweep<T, Backward>(width, dx + at, g + at, y + at, p, p, cells);
    }
  }
}

// @ts-ignore: decorator
@final
class ExpOfDifference {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return expNegative<T>(v128.sub<T>(v128.load(a), v128.load(p))); }
}
// @ts-ignore: decorator
@final
class Differences {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.sub<T>(v128.sub<T>(v128.load(a), v128.load(p)), v128.load(q)); }
}
// @ts-ignore: decorator
@final
class Product {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.mul<T>(v128.load(a), v128.load(p)); }
}
// @ts-ignore: decorator
@final
class Backward {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.mul<T>(v128.sub<T>(v128.load(a), v128.load(p)), v128.load(b)); }
}
// @ts-ignore: decorator
@final
class LogBackward {
  // @ts-ignore: decorator
  @inline at<T>(a: usize, b: usize, p: usize, q: usize): v128 { return v128.sub<T>(v128.load(a), v128.mul<T>(expNegative<T>(v128.load(b)), v128.load(p))); }
}

export function softmax_f32(args: usize, begin: i32, end: i32): void { softmax<f32>(args, begin, end, false); }
export function softmax_f64(args: usize, begin: i32, end: i32): void { softmax<f64>(args, begin, end, false); }
export function logSoftmax_f32(args: usize, begin: i32, end: i32): void { softmax<f32>(args, begin, end, true); }
export function logSoftmax_f64(args: usize, begin: i32, end: i32): void { softmax<f64>(args, begin, end, true); }
export function softmaxBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end, false); }
export function softmaxBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end, false); }
export function logSoftmaxBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end, true); }
export function logSoftmaxBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end, true); }
