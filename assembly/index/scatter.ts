// y[…, index, …] = op(y[…, index, …], src[…]): every element of src goes into y, at the place along one dim that its
// index gives.
//
//   args ─ the block of iterate.ts with the operands y, index, src, the dim itself innermost. In the place of its
//          parameters: slot 1: size of y along the dim │ slot 2: an index to leave out, i64 (the least i64: none)
//
// index is int64; one that is out of range is a fault and is left out. Units are lines along the dim. What meets at one
// element comes from one line and meets in the order of the line, so that sums are the same in every run and the last
// of several values stays.
//
// Lines that share the index make rows of y and src. `scatterRows_` takes the same block, with one dim of adjacent lines
// before the dim itself, and cuts y by its rows: unit u of PARTS has those whose index is u modulo PARTS. So threads share no
// page of a large table; each reads all indices.

import { FAULT_INDEX, fault, int, long, ptr, scratch } from "../abi";
import { rowOffset, sizeAt, strideAt } from "../iterate";
import { CHECKED, within } from "./within";

function scatter<T, O>(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const size = int(args, 1);
  const skip = long(args, 2);
  // Letters: j runs along the lines, t from line to line.
  const length = sizeAt(args, 3, rank - 1);
  const jy = strideAt(args, 3, rank - 1, 0);
  const ji = strideAt(args, 3, rank - 1, 1);
  const js = strideAt(args, 3, rank - 1, 2);
  const lines = rank > 1 ? sizeAt(args, 3, rank - 2) : 1;
  const ty = rank > 1 ? strideAt(args, 3, rank - 2, 0) : 0;
  const ti = rank > 1 ? strideAt(args, 3, rank - 2, 1) : 0;
  const ts = rank > 1 ? strideAt(args, 3, rank - 2, 2) : 0;
  while (begin < end) {
    const count = min(end - begin, lines - (begin % lines));
    const y = ptr(args, 3) + <usize>rowOffset(args, 3, rank, begin, 0) * sizeof<T>();
    const index = ptr(args, 4) + (<usize>rowOffset(args, 3, rank, begin, 1) << 3);
    const src = ptr(args, 5) + <usize>rowOffset(args, 3, rank, begin, 2) * sizeof<T>();
    // The order that walks the memory in small steps: whole rows of lines that share the index, else the lines or the
    // rows, whichever lie closer together.
    if (lines > 1 && (ti == 0 || length == 1 || abs(ti) < abs(ji))) {
      for (let j = 0; j < length; j++) {
        const s = src + <usize>(j * js) * sizeof<T>();
        const i = index + (<usize>(j * ji) << 3);
        if (ti == 0) same<T, O>(count, y, jy, ty, load<i64>(i), s, ts, size, skip);
        else each<T, O>(count, y, jy, ty, i, ti, s, ts, size, skip);
      }
    } else {
      for (let t = 0; t < count; t++) {
        const s = src + <usize>(t * ts) * sizeof<T>();
        each<T, O>(length, y + <usize>(t * ty) * sizeof<T>(), jy, 0, index + (<usize>(t * ti) << 3), ji, s, js, size, skip);
      }
    }
    begin += count;
  }
}

const PARTS: i32 = 64; // src/ops/gather.ts says the same
const CHOSEN: i32 = 4096; // indices that are looked at before the first of them is used

// @ts-ignore: decorator
@inline
function scatterRows<T, O>(args: usize, begin: i32, end: i32): void {
  const y = ptr(args, 3);
  const index = ptr(args, 4);
  const src = ptr(args, 5);
  const width = sizeAt(args, 3, 0);
  const length = sizeAt(args, 3, 1);
  const jy = strideAt(args, 3, 1, 0);
  const ji = strideAt(args, 3, 1, 1);
  const js = strideAt(args, 3, 1, 2);
  const size = int(args, 1);
  const skip = long(args, 2);
  for (let first = 0; first < length; first += CHOSEN) {
    const last = min(first + CHOSEN, length);
    let to = scratch;
    for (let j = first; j < last; j++) {
      const i = load<i64>(index + (<usize>(j * ji) << 3));
      store<i32>(to, j);
      // One that is out of range is everybody's, so that the first of them is the fault in any cut.
      const part = <i32>i & (PARTS - 1);
      to += <usize>i32(((part >= begin) & (part < end)) | (<u64>i >= <u64>size)) << 2;
    }
    for (let from = scratch; from < to; from += 4) {
      const j = load<i32>(from);
      same<T, O>(width, y, jy, 1, load<i64>(index + (<usize>(j * ji) << 3)), src + <usize>(j * js) * sizeof<T>(), 1, size, skip);
    }
  }
}

/** A row of elements that share the index i. */
// @ts-ignore: decorator
@inline
function same<T, O>(count: i32, y: usize, jy: i32, ty: i32, i: i64, s: usize, ts: i32, size: i32, skip: i64): void {
  if (i == skip) return;
  if (<u64>i >= <u64>size) {
    fault(FAULT_INDEX, i);
    return;
  }
  const op = changetype<O>(0);
  y += <usize>(<i32>i * jy) * sizeof<T>();
  let k = 0;
  if (ty == 1 && ts == 1) {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    for (; k + lanes <= count; k += lanes) {
      const at = <usize>k * sizeof<T>();
      v128.store(y + at, op.vector<T>(v128.load(y + at), v128.load(s + at)));
    }
  }
  for (; k < count; k++) {
    const at = y + <usize>(k * ty) * sizeof<T>();
    store<T>(at, op.scalar<T>(load<T>(at), load<T>(s + <usize>(k * ts) * sizeof<T>())));
  }
}

/** Elements with an index each; the k-th starts k · ty beyond y. */
// @ts-ignore: decorator
@inline
function each<T, O>(count: i32, y: usize, jy: i32, ty: i32, index: usize, si: i32, s: usize, ss: i32, size: i32, skip: i64): void {
  const width = <usize>jy * sizeof<T>();
  const pitch = <usize>ty * sizeof<T>();
  const stepI = <usize>si << 3;
  const stepS = <usize>ss * sizeof<T>();
  while (count > 0) {
    const n = min(count, CHECKED);
    if (skip < 0 && stepI == 8 && within(n, index, size)) checked<T, O>(n, y, width, pitch, index, s, stepS);
    else singly<T, O>(n, y, width, pitch, index, stepI, s, stepS, size, skip);
    count -= n;
    y += <usize>n * pitch;
    index += <usize>n * stepI;
    s += <usize>n * stepS;
  }
}

/** Elements whose indices are adjacent and in range, four at a time and in order. */
function checked<T, O>(count: i32, y: usize, width: usize, pitch: usize, index: usize, s: usize, stepS: usize): void {
  for (; count >= 4; count -= 4) {
    const a = y + <usize>load<u32>(index, 0) * width;
    const b = y + <usize>load<u32>(index, 8) * width + pitch;
    const c = y + <usize>load<u32>(index, 16) * width + 2 * pitch;
    const d = y + <usize>load<u32>(index, 24) * width + 3 * pitch;
    fold<T, O>(a, s);
    fold<T, O>(b, s + stepS);
    fold<T, O>(c, s + 2 * stepS);
    fold<T, O>(d, s + 3 * stepS);
    y += 4 * pitch;
    index += 32;
    s += 4 * stepS;
  }
  for (; count > 0; count--) {
    fold<T, O>(y + <usize>load<u32>(index) * width, s);
    y += pitch;
    index += 8;
    s += stepS;
  }
}

function singly<T, O>(count: i32, y: usize, width: usize, pitch: usize, index: usize, stepI: usize, s: usize, stepS: usize, size: i32, skip: i64): void {
  for (; count > 0; count--) {
    const i = load<i64>(index);
    if (<u64>i < <u64>size) {
      if (i != skip) fold<T, O>(y + <usize>i * width, s);
    } else if (i != skip) fault(FAULT_INDEX, i);
    y += pitch;
    index += stepI;
    s += stepS;
  }
}

// @ts-ignore: decorator
@inline
function fold<T, O>(y: usize, s: usize): void { store<T>(y, changetype<O>(0).scalar<T>(load<T>(y), load<T>(s))); }

// The last value stays.
// @ts-ignore: decorator
@final
export class Put {
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return b; }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return b; }
}

// @ts-ignore: decorator
@final
export class Sum {
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return a + b; }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

// @ts-ignore: decorator
@final
export class Product {
  // @ts-ignore: decorator
  @inline scalar<T>(a: T, b: T): T { return a * b; }
  // @ts-ignore: decorator
  @inline vector<T>(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}

/** b where it is a NaN, which wins, as in every minimum and maximum: the first of the instructions loses it. */
// @ts-ignore: decorator
@inline function withNaN<T>(best: v128, b: v128): v128 { return v128.or(best, v128.ne<T>(b, b)); }

// Single floats are taken as vectors, which branch nowhere.
// @ts-ignore: decorator
@final
export class Least {
  // @ts-ignore: decorator
  @inline
  scalar<T>(a: T, b: T): T {
    if (isFloat<T>()) return v128.extract_lane<T>(this.vector<T>(v128.splat<T>(a), v128.splat<T>(b)), 0);
    return min<T>(a, b);
  }
  // @ts-ignore: decorator
  @inline
  vector<T>(a: v128, b: v128): v128 {
    if (isFloat<T>()) return withNaN<T>(v128.pmin<T>(a, b), b);
    if (sizeof<T>() == 8) return v128.bitselect(a, b, i64x2.lt_s(a, b));
    return v128.min<T>(a, b);
  }
}

// @ts-ignore: decorator
@final
export class Greatest {
  // @ts-ignore: decorator
  @inline
  scalar<T>(a: T, b: T): T {
    if (isFloat<T>()) return v128.extract_lane<T>(this.vector<T>(v128.splat<T>(a), v128.splat<T>(b)), 0);
    return max<T>(a, b);
  }
  // @ts-ignore: decorator
  @inline
  vector<T>(a: v128, b: v128): v128 {
    if (isFloat<T>()) return withNaN<T>(v128.pmax<T>(a, b), b);
    if (sizeof<T>() == 8) return v128.bitselect(a, b, i64x2.gt_s(a, b));
    return v128.max<T>(a, b);
  }
}

export function scatter_w1(args: usize, begin: i32, end: i32): void { scatter<u8, Put>(args, begin, end); }
export function scatter_w2(args: usize, begin: i32, end: i32): void { scatter<u16, Put>(args, begin, end); }
export function scatter_w4(args: usize, begin: i32, end: i32): void { scatter<u32, Put>(args, begin, end); }
export function scatter_w8(args: usize, begin: i32, end: i32): void { scatter<u64, Put>(args, begin, end); }
export function scatter_w16(args: usize, begin: i32, end: i32): void { scatter<v128, Put>(args, begin, end); }
export function scatter_sum_f32(args: usize, begin: i32, end: i32): void { scatter<f32, Sum>(args, begin, end); }
export function scatter_sum_f64(args: usize, begin: i32, end: i32): void { scatter<f64, Sum>(args, begin, end); }
export function scatterRows_sum_f32(args: usize, begin: i32, end: i32): void { scatterRows<f32, Sum>(args, begin, end); }
export function scatterRows_sum_f64(args: usize, begin: i32, end: i32): void { scatterRows<f64, Sum>(args, begin, end); }
export function scatter_sum_i32(args: usize, begin: i32, end: i32): void { scatter<i32, Sum>(args, begin, end); }
export function scatter_sum_i64(args: usize, begin: i32, end: i32): void { scatter<i64, Sum>(args, begin, end); }
export function scatter_prod_f32(args: usize, begin: i32, end: i32): void { scatter<f32, Product>(args, begin, end); }
export function scatter_prod_f64(args: usize, begin: i32, end: i32): void { scatter<f64, Product>(args, begin, end); }
export function scatter_prod_i32(args: usize, begin: i32, end: i32): void { scatter<i32, Product>(args, begin, end); }
export function scatter_prod_i64(args: usize, begin: i32, end: i32): void { scatter<i64, Product>(args, begin, end); }
export function scatter_amin_f32(args: usize, begin: i32, end: i32): void { scatter<f32, Least>(args, begin, end); }
export function scatter_amin_f64(args: usize, begin: i32, end: i32): void { scatter<f64, Least>(args, begin, end); }
export function scatter_amin_i32(args: usize, begin: i32, end: i32): void { scatter<i32, Least>(args, begin, end); }
export function scatter_amin_i64(args: usize, begin: i32, end: i32): void { scatter<i64, Least>(args, begin, end); }
export function scatter_amax_f32(args: usize, begin: i32, end: i32): void { scatter<f32, Greatest>(args, begin, end); }
export function scatter_amax_f64(args: usize, begin: i32, end: i32): void { scatter<f64, Greatest>(args, begin, end); }
export function scatter_amax_i32(args: usize, begin: i32, end: i32): void { scatter<i32, Greatest>(args, begin, end); }
export function scatter_amax_i64(args: usize, begin: i32, end: i32): void { scatter<i64, Greatest>(args, begin, end); }
