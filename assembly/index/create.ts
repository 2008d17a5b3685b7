// Tensors made of nothing.

import { int, long, ptr, real } from "../abi";
import { rowOffset, sizeAt, strideAt } from "../iterate";

// y = value, by width.
//
//   args ─ the block of iterate.ts with the operand y; the value fills the place of its parameters from the low byte on
//
// Units are elements of y.

// @ts-ignore: decorator
@inline
function fill<T>(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const value = load<T>(args + 8);
  const inner = sizeAt(args, 1, rank - 1);
  const stride = strideAt(args, 1, rank - 1, 0);
  while (begin < end) {
    const row = begin / inner;
    const at = begin - row * inner;
    const count = min(end - begin, inner - at);
    fillRow<T>(count, ptr(args, 3) + <usize>(rowOffset(args, 1, rank, row, 0) + at * stride) * sizeof<T>(), stride, value);
    begin += count;
  }
}

// @ts-ignore: decorator
@inline
function fillRow<T>(count: i32, y: usize, stride: i32, value: T): void {
  if (sizeof<T>() == 1 && stride == 1) {
    memory.fill(y, <u8>value, count);
    return;
  }
  let k = 0;
  if (sizeof<T>() < 16) {
    const vector = v128.splat<T>(value);
    const lanes: i32 = 16 / <i32>sizeof<T>();
    if (stride == 1) for (; k + lanes <= count; k += lanes) v128.store(y + <usize>k * sizeof<T>(), vector);
  }
  for (; k < count; k++) store<T>(y + <usize>(k * stride) * sizeof<T>(), value);
}

export function fill_w1(args: usize, begin: i32, end: i32): void { fill<u8>(args, begin, end); }
export function fill_w2(args: usize, begin: i32, end: i32): void { fill<u16>(args, begin, end); }
export function fill_w4(args: usize, begin: i32, end: i32): void { fill<u32>(args, begin, end); }
export function fill_w8(args: usize, begin: i32, end: i32): void { fill<u64>(args, begin, end); }
export function fill_w16(args: usize, begin: i32, end: i32): void { fill<v128>(args, begin, end); }

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
