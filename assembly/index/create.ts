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
  let i = begin;
  if (sizeof<T>() == 4) {
    const from = f64x2.splat(start);
    const by = f64x2.splat(step);
    for (; i + 4 <= end; i += 4) {
      const places = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
      const low = f64x2.add(from, f64x2.mul(by, f64x2.convert_low_i32x4_s(places)));
      const high = f64x2.add(from, f64x2.mul(by, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(places, places, 1, 1))));
      v128.store(y + (<usize>i << 2), v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
    }
  }
  for (; i < end; i++) store<T>(y + <usize>i * sizeof<T>(), <T>(start + step * <f64>i));
}

export function arange_i64(args: usize, begin: i32, end: i32): void {
  const y = ptr(args, 0);
  const start = long(args, 1);
  const step = long(args, 2);
  let i = begin;
  let next = i64x2(start + step * <i64>i, start + step * <i64>(i + 1));
  const by = i64x2.splat(2 * step);
  for (; i + 2 <= end; i += 2) {
    v128.store(y + (<usize>i << 3), next);
    next = i64x2.add(next, by);
  }
  if (i < end) store<i64>(y + (<usize>i << 3), start + step * <i64>i);
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
  let i = begin;
  if (isFloat<T>() && sizeof<T>() == 4) {
    i = along(begin, min(end, n / 2), 0, y, <f32>start, <f32>step);
    // From the stop down: i - (n - 1) steps, whole numbers that f32 rounds as it rounds n - 1 - i.
    if (i >= n / 2) i = along(i, end, n - 1, y, <f32>stop, <f32>step);
  }
  for (; i < end; i++) {
    store<T>(y + <usize>i * sizeof<T>(), <T>(i < n / 2 ? start + step * <A>i : stop - step * <A>(n - 1 - i)));
  }
}

/** y[i] = start + (i - origin) · step for whole vectors of i up to `end`; returns how far it came. */
function along(i: i32, end: i32, origin: i32, y: usize, start: f32, step: f32): i32 {
  const from = f32x4.splat(start);
  const by = f32x4.splat(step);
  for (; i + 4 <= end; i += 4) {
    const places = i32x4.add(i32x4.splat(i - origin), i32x4(0, 1, 2, 3));
    v128.store(y + (<usize>i << 2), f32x4.add(from, f32x4.mul(by, f32x4.convert_i32x4_s(places))));
  }
  return i;
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
