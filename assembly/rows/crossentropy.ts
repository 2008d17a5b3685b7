// Cross entropy of the rows of a contiguous [rows, n], given the class of each, and its derivative.
//
//   crossEntropy_          args ─ n: i32 │ x │ classes: i64 each │ weights, one a class, or 0 │ ignored class: i64
//                               │ losses │ shares │ moments
//   crossEntropyTotal_     args ─ rows: i32 │ losses │ shares or 0 │ loss or 0 │ total: its unit is the whole
//   crossEntropyBackward_  args ─ n: i32 │ x │ classes │ weights or 0 │ ignored class: i64 │ moments │ total │ g: usize
//                               │ 1 where g has one number a row, 0 where it has one for all │ dx
//
//   likelihood_            args ─ n: i32 │ x │ classes: i64 each │ weights or 0 │ ignored class: i64 │ losses │ shares
//   likelihoodBackward_    args ─ n: i32 │ classes │ weights or 0 │ ignored class: i64 │ total │ g │ 1 where g has one number a row
//                               │ dx: all 0 before
//
//   loss = share · (log Σ exp(x - max) - (x[class] - max)),  share = weight of the class, 0 where it is the ignored one
//   moments = max, log Σ of each row
//   total = Σ shares, by which a mean divides (without shares 1); loss of all = Σ losses / total
//   Of `likelihood`, whose x are logarithms: loss = -x[class] · share, dx[class] = -share · g / total.
//   dx[j] = (exp(x - max - log Σ) - [j = class]) · share · g / total, 0 of an ignored row
//
// Units are rows. A row with only -∞, or with +∞ or NaN in it, gives NaN, as in PyTorch. A class out of range is a fault.

import { fault, FAULT_INDEX, int, long, ptr } from "../abi";
import { Maximum, row } from "../reduce/blocked";
import { lanesSum } from "../reduce/deviation";
import { bothOf, giveSome, takeSome } from "../simd";
import { expNegative } from "./exp";

const RUN: i32 = 64; // vectors that are summed in their own precision before they join the sum in f64

/** Σ exp(x - max) over a row. */
function exponentials<T>(n: i32, x: usize, most: T): f64 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const origin = v128.splat<T>(most);
  let total: f64 = 0;
  let groups = n / lanes;
  let rest = n - groups * lanes;
  while (groups > 0) {
    const run = min(groups, RUN);
    groups -= run;
    let s0 = v128.splat<T>(0);
    let s1 = s0;
    for (let i = run >> 1; i > 0; i--) {
      s0 = v128.add<T>(s0, expNegative<T>(v128.sub<T>(v128.load(x), origin)));
      s1 = v128.add<T>(s1, expNegative<T>(v128.sub<T>(v128.load(x, 16), origin)));
      x += 32;
    }
    let sum = bothOf<T>(0, s0, s1);
    if (run & 1) {
      sum = v128.add<T>(sum, expNegative<T>(v128.sub<T>(v128.load(x), origin)));
      x += 16;
    }
    total += lanesSum<T>(sum);
  }
  for (; rest > 0; rest--) {
    total += <f64>v128.extract_lane<T>(expNegative<T>(v128.sub<T>(takeSome<T>(x, false), origin)), 0);
    x += sizeof<T>();
  }
  return total;
}

/** The share of a row whose class is `y`. */
// @ts-ignore: decorator
@inline
function shareOf<T>(args: usize, y: i64, weights: i32 = 3): T {
  if (y == long(args, weights + 1)) return <T>0;
  return ptr(args, weights) == 0 ? <T>1 : load<T>(ptr(args, weights) + <usize>y * sizeof<T>());
}

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let i = begin; i < end; i++) {
    const y = load<i64>(ptr(args, 2) + (<usize>i << 3));
    const at = <usize>i * sizeof<T>();
    if (y != long(args, 4) && <u64>y >= <u64>n) {
      fault(FAULT_INDEX, y);
      continue;
    }
    const x = ptr(args, 1) + <usize>n * at;
    const most = row<T, T, Maximum>(n, x);
    const log = <T>Math.log(exponentials<T>(n, x, most));
    store<T>(ptr(args, 7) + 2 * at, most);
    store<T>(ptr(args, 7) + 2 * at, log, sizeof<T>());
    const share = shareOf<T>(args, y);
    const ignored = y == long(args, 4);
    store<T>(ptr(args, 5) + at, ignored ? <T>0 : share * (log - (load<T>(x + <usize>y * sizeof<T>()) - most)));
    store<T>(ptr(args, 6) + at, share);
  }
}

// @ts-ignore: decorator
@inline
function total<T>(args: usize): void {
  const rows = int(args, 0);
  let loss: f64 = 0;
  let shares: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const at = <usize>i * sizeof<T>();
    loss += <f64>load<T>(ptr(args, 1) + at);
    if (ptr(args, 2) != 0) shares += <f64>load<T>(ptr(args, 2) + at);
  }
  const by = ptr(args, 2) == 0 ? 1 : shares;
  if (ptr(args, 3) != 0) store<T>(ptr(args, 3), <T>(loss / by));
  store<T>(ptr(args, 4), <T>by);
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const bytes = <usize>int(args, 0) * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const y = load<i64>(ptr(args, 2) + (<usize>i << 3));
    const at = <usize>i * sizeof<T>();
    const x = ptr(args, 1) + <usize>i * bytes;
    const dx = ptr(args, 9) + <usize>i * bytes;
    const g = load<T>(ptr(args, 7) + (int(args, 8) != 0 ? at : 0));
    const ignored = y == long(args, 4); // of nothing but ignored rows the total is 0
    const factor: T = ignored ? <T>0 : (shareOf<T>(args, y) * g) / load<T>(ptr(args, 6));
    const by = v128.splat<T>(factor);
    const most = v128.splat<T>(load<T>(ptr(args, 5) + 2 * at));
    const log = v128.splat<T>(load<T>(ptr(args, 5) + 2 * at, sizeof<T>()));
    let j: usize = 0;
    if (WIDE_VECTORS) {
      for (; j + 32 <= bytes; j += 32) {
        const x0 = v128.load(x + j);
        const x1 = v128.load(x + j, 16);
        const p0 = expNegative<T>(v128.sub<T>(v128.sub<T>(x0, most), log));
        const p1 = expNegative<T>(v128.sub<T>(v128.sub<T>(x1, most), log));
        v128.store(dx + j, v128.mul<T>(p0, by));
        v128.store(dx + j, v128.mul<T>(p1, by), 16);
      }
    }
    while (j < bytes) {
      const whole = j + 16 <= bytes;
      const p = expNegative<T>(v128.sub<T>(v128.sub<T>(takeSome<T>(x + j, whole), most), log));
      giveSome<T>(dx + j, v128.mul<T>(p, by), whole);
      j += whole ? 16 : sizeof<T>();
    }
    if (ignored) continue;
    const target = dx + <usize>y * sizeof<T>();
    store<T>(target, load<T>(target) - factor);
  }
}

// @ts-ignore: decorator
@inline
function likelihood<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let i = begin; i < end; i++) {
    const y = load<i64>(ptr(args, 2) + (<usize>i << 3));
    const at = <usize>i * sizeof<T>();
    const ignored = y == long(args, 4);
    if (!ignored && <u64>y >= <u64>n) {
      fault(FAULT_INDEX, y);
      continue;
    }
    const share = shareOf<T>(args, y);
    store<T>(ptr(args, 5) + at, ignored ? <T>0 : -(load<T>(ptr(args, 1) + <usize>n * at + <usize>y * sizeof<T>()) * share));
    store<T>(ptr(args, 6) + at, share);
  }
}

// @ts-ignore: decorator
@inline
function likelihoodBackward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let i = begin; i < end; i++) {
    const y = load<i64>(ptr(args, 1) + (<usize>i << 3));
    const at = <usize>i * sizeof<T>();
    if (y == long(args, 3)) continue;
    const g = load<T>(ptr(args, 5) + (int(args, 6) != 0 ? at : 0));
    store<T>(ptr(args, 7) + <usize>n * at + <usize>y * sizeof<T>(), -(shareOf<T>(args, y, 2) * g) / load<T>(ptr(args, 4)));
  }
}

export function likelihood_f32(args: usize, begin: i32, end: i32): void { likelihood<f32>(args, begin, end); }
export function likelihood_f64(args: usize, begin: i32, end: i32): void { likelihood<f64>(args, begin, end); }
export function likelihoodBackward_f32(args: usize, begin: i32, end: i32): void { likelihoodBackward<f32>(args, begin, end); }
export function likelihoodBackward_f64(args: usize, begin: i32, end: i32): void { likelihoodBackward<f64>(args, begin, end); }
export function crossEntropy_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function crossEntropy_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function crossEntropyTotal_f32(args: usize, begin: i32, end: i32): void { total<f32>(args); }
export function crossEntropyTotal_f64(args: usize, begin: i32, end: i32): void { total<f64>(args); }
export function crossEntropyBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function crossEntropyBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
