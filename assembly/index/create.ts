// Tensors made of nothing.

import { int, long, ptr, real } from "../abi";

// y = 0, whatever the elements.
//
//   args ─ y: usize
//
// Units are bytes.
export function clear_w1(args: usize, begin: i32, end: i32): void { memory.fill(ptr(args, 0) + <usize>begin, 0, end - begin); }

// y[i] = start + i · step.
//
//   args ─ y: usize │ start │ step, both f64, or i64 for the integer
//
// y is contiguous. The arithmetic is double precision. Units are elements.
export function arange_f32(args: usize, begin: i32, end: i32): void { arange<f32>(args, begin, end); }
export function arange_f64(args: usize, begin: i32, end: i32): void { arange<f64>(args, begin, end); }

// @ts-ignore: decorator
@inline
function arange<T>(args: usize, begin: i32, end: i32): void {
  const y = ptr(args, 0);
  const start = real(args, 1);
  const step = real(args, 2);
  for (let i = begin; i < end; i++) store<T>(y + <usize>i * sizeof<T>(), <T>(start + step * <f64>i));
}

export function arange_i64(args: usize, begin: i32, end: i32): void {
  const y = ptr(args, 0);
  const start = long(args, 1);
  const step = long(args, 2);
  for (let i = begin; i < end; i++) store<i64>(y + (<usize>i << 3), start + step * <i64>i);
}

// y[i] = start + i · step in the first half, stop - (n - 1 - i) · step in the second, so that both ends are exact.
//
//   args ─ n: i32 │ y: usize │ start: f64 │ stop: f64 │ step: f64
//
// y is contiguous; float32 is computed in float32. An integer is the value without its fraction. Units are elements.
export function linspace_f32(args: usize, begin: i32, end: i32): void { linspace<f32, f32>(args, begin, end); }
export function linspace_f64(args: usize, begin: i32, end: i32): void { linspace<f64, f64>(args, begin, end); }
export function linspace_i64(args: usize, begin: i32, end: i32): void { linspace<i64, f64>(args, begin, end); }

// @ts-ignore: decorator
@inline
function linspace<T, A>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const y = ptr(args, 1);
  const start = <A>real(args, 2);
  const stop = <A>real(args, 3);
  const step = <A>real(args, 4);
  for (let i = begin; i < end; i++) {
    store<T>(y + <usize>i * sizeof<T>(), <T>(i < n / 2 ? start + step * <A>i : stop - step * <A>(n - 1 - i)));
  }
}

// The band of a matrix: y[i, j] = x[i, j] where lower ≤ j - i ≤ upper, else 0.
//
//   args ─ rows: i32 │ columns: i32 │ bytes of an element: i32 │ x: usize │ y: usize │ lower: i32 │ upper: i32
//
// x and y are contiguous batches of matrices, equal or disjoint; elements move by width, so there is one kernel for all.
// Units are rows, of all matrices.
export function band_w1(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 0);
  const columns = int(args, 1);
  const width = int(args, 2);
  const bytes = <usize>(columns * width);
  const lower = int(args, 5);
  const upper = int(args, 6);
  for (let unit = begin; unit < end; unit++) {
    const i = unit % rows;
    const from = <usize>(min(max(<i64>i + lower, 0), <i64>columns) * width);
    const to = max(from, <usize>(min(max(<i64>i + upper + 1, 0), <i64>columns) * width));
    const x = ptr(args, 3) + <usize>unit * bytes;
    const y = ptr(args, 4) + <usize>unit * bytes;
    memory.fill(y, 0, from);
    if (x != y) memory.copy(y + from, x + from, to - from);
    memory.fill(y + to, 0, bytes - to);
  }
}
