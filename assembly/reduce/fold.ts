// y = fold of x over the middle axis of a contiguous [outer, n, inner].
//
//   args ─ n: i32 │ inner: i32 │ block: i32 │ tile: i32 │ x: usize │ y: usize │ divisor: f64
//
// n is cut into parts of `block` elements (one part if n ≤ block, so an empty axis gives the neutral element), inner
// into tiles of `tile` columns (≤ 1024 numbers); y is [outer, parts, inner]. Units are outer · parts · tiles. A reduction with too few
// units to share between threads has several parts, and a second launch folds them (for nansum, sumsq, sumabs and sum_b8 that
// is one of `sum`). block and tile may depend on shapes, never on the number of threads.
// Sums of floats are divided by `divisor` (1, or the n of a mean). Complex sums are the real ones over twice as many columns.
//
// sum_b8 counts in int64. amax_b8 is any, amin_b8 is all. max and min give NaN if there is one.

import { int, ptr, real } from "../abi";
import { columns, extremeColumns, extremeOf, Maximum, Minimum, Product, row, Sum, SumOfMagnitudes, SumOfNumbers, SumOfSquares, wideTile } from "./blocked";

// T: elements, W: accumulators, R: results, O: operator, `pair`: numbers in an element.
// @ts-ignore: decorator
@inline
function fold<T, W, R, O>(args: usize, begin: i32, end: i32, pair: i32 = 1): void {
  const n = int(args, 0);
  const inner = int(args, 1) * pair;
  const block = int(args, 2);
  const tile = int(args, 3) * pair;
  const x = ptr(args, 4);
  const y = ptr(args, 5);
  const divisor = real(args, 6);
  const parts = n > block ? (n + block - 1) / block : 1;
  const tiles = (inner + tile - 1) / tile;
  const outers = (end + parts - 1) / parts; // that are begun, where inner is 1
  const limit = inner == 1 ? x + <usize>(outers * n) * sizeof<T>() : 0;
  for (let unit = begin; unit < end; unit++) {
    const line = unit / tiles; // of the result
    const column = (unit - line * tiles) * tile;
    const outer = line / parts;
    const first = (line - outer * parts) * block;
    const count = min(block, n - first);
    const from = x + (<usize>(outer * n + first) * <usize>inner + <usize>column) * sizeof<T>();
    const to = y + (<usize>line * <usize>inner + <usize>column) * sizeof<R>();
    const isExtreme = isFloat<T>() && (idof<O>() == idof<Maximum>() || idof<O>() == idof<Minimum>());
    if (inner == 1) {
      if (isExtreme && count > 0) store<T>(to, extremeOf<T, O>(count, from));
      else store<R>(to, finish<W, R, O>(row<T, W, O>(count, from, limit), divisor));
    } else {
      const width = min(tile, inner - column);
      if (isExtreme && count > 0) extremeColumns<T, O>(count, width, inner, from);
      else columns<T, W, O>(count, width, inner, from);
      finishRow<W, R, O>(width, to, divisor);
    }
  }
}

// @ts-ignore: decorator
@inline
function finish<W, R, O>(total: W, divisor: f64): R {
  if (isFloat<W>() && idof<O>() == idof<Sum>() && divisor != 1) return <R>(total / <W>divisor);
  return <R>total;
}

/** What `columns` left. */
// @ts-ignore: decorator
@inline
function finishRow<W, R, O>(width: i32, to: usize, divisor: f64): void {
  let from = wideTile();
  if (sizeof<R>() == sizeof<W>() && (idof<O>() != idof<Sum>() || divisor == 1)) {
    memory.copy(to, from, <usize>width * sizeof<R>());
    return;
  }
  if (isFloat<W>() && sizeof<R>() < sizeof<W>()) {
    const by = f64x2.splat(divisor);
    for (; width >= 4; width -= 4) {
      let low = v128.load(from);
      let high = v128.load(from, 16);
      if (idof<O>() == idof<Sum>() && divisor != 1) {
        low = f64x2.div(low, by);
        high = f64x2.div(high, by);
      }
      v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
      from += 32;
      to += 16;
    }
  }
  for (; width > 0; width--) {
    store<R>(to, finish<W, R, O>(load<W>(from), divisor));
    from += sizeof<W>();
    to += sizeof<R>();
  }
}

export function sum_f32(args: usize, begin: i32, end: i32): void { fold<f32, f64, f32, Sum>(args, begin, end); }
export function sum_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, Sum>(args, begin, end); }
export function sum_i32(args: usize, begin: i32, end: i32): void { fold<i32, i32, i32, Sum>(args, begin, end); }
export function sum_i64(args: usize, begin: i32, end: i32): void { fold<i64, i64, i64, Sum>(args, begin, end); }
export function sum_b8(args: usize, begin: i32, end: i32): void { fold<u8, i64, i64, Sum>(args, begin, end); }
export function sum_c64(args: usize, begin: i32, end: i32): void { fold<f32, f64, f32, Sum>(args, begin, end, 2); }
export function sum_c128(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, Sum>(args, begin, end, 2); }

export function nansum_f32(args: usize, begin: i32, end: i32): void { fold<f32, f64, f32, SumOfNumbers>(args, begin, end); }
export function nansum_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, SumOfNumbers>(args, begin, end); }
export function sumsq_f32(args: usize, begin: i32, end: i32): void { fold<f32, f64, f32, SumOfSquares>(args, begin, end); }
export function sumsq_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, SumOfSquares>(args, begin, end); }
export function sumabs_f32(args: usize, begin: i32, end: i32): void { fold<f32, f64, f32, SumOfMagnitudes>(args, begin, end); }
export function sumabs_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, SumOfMagnitudes>(args, begin, end); }

export function prod_f32(args: usize, begin: i32, end: i32): void { fold<f32, f32, f32, Product>(args, begin, end); }
export function prod_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, Product>(args, begin, end); }
export function prod_i32(args: usize, begin: i32, end: i32): void { fold<i32, i32, i32, Product>(args, begin, end); }
export function prod_i64(args: usize, begin: i32, end: i32): void { fold<i64, i64, i64, Product>(args, begin, end); }

export function amax_f32(args: usize, begin: i32, end: i32): void { fold<f32, f32, f32, Maximum>(args, begin, end); }
export function amax_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, Maximum>(args, begin, end); }
export function amax_i32(args: usize, begin: i32, end: i32): void { fold<i32, i32, i32, Maximum>(args, begin, end); }
export function amax_i64(args: usize, begin: i32, end: i32): void { fold<i64, i64, i64, Maximum>(args, begin, end); }
export function amax_b8(args: usize, begin: i32, end: i32): void { fold<u8, u8, u8, Maximum>(args, begin, end); }

export function amin_f32(args: usize, begin: i32, end: i32): void { fold<f32, f32, f32, Minimum>(args, begin, end); }
export function amin_f64(args: usize, begin: i32, end: i32): void { fold<f64, f64, f64, Minimum>(args, begin, end); }
export function amin_i32(args: usize, begin: i32, end: i32): void { fold<i32, i32, i32, Minimum>(args, begin, end); }
export function amin_i64(args: usize, begin: i32, end: i32): void { fold<i64, i64, i64, Minimum>(args, begin, end); }
export function amin_b8(args: usize, begin: i32, end: i32): void { fold<u8, u8, u8, Minimum>(args, begin, end); }

// (a + bi)(c + di), one column at a time: products of complex numbers are rare.
// @ts-ignore: decorator
@inline
function complexProduct<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const inner = int(args, 1);
  const block = int(args, 2);
  const tile = int(args, 3);
  const parts = n > block ? (n + block - 1) / block : 1;
  const tiles = (inner + tile - 1) / tile;
  for (let unit = begin; unit < end; unit++) {
    const line = unit / tiles;
    const column = (unit - line * tiles) * tile;
    const outer = line / parts;
    const first = (line - outer * parts) * block;
    const count = min(block, n - first);
    const width = min(tile, inner - column);
    let from = ptr(args, 4) + (<usize>(outer * n + first) * <usize>inner + <usize>column) * 2 * sizeof<T>();
    let to = ptr(args, 5) + (<usize>line * <usize>inner + <usize>column) * 2 * sizeof<T>();
    for (let j = 0; j < width; j++) {
      let re: T = 1;
      let im: T = 0;
      let at = from;
      for (let i = 0; i < count; i++) {
        const c = load<T>(at);
        const d = load<T>(at + sizeof<T>());
        const next = re * c - im * d;
        im = re * d + im * c;
        re = next;
        at += <usize>inner * 2 * sizeof<T>();
      }
      store<T>(to, re);
      store<T>(to + sizeof<T>(), im);
      from += 2 * sizeof<T>();
      to += 2 * sizeof<T>();
    }
  }
}

export function prod_c64(args: usize, begin: i32, end: i32): void { complexProduct<f32>(args, begin, end); }
export function prod_c128(args: usize, begin: i32, end: i32): void { complexProduct<f64>(args, begin, end); }
