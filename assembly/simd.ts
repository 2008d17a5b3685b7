// Groups of elements in the low lanes of a v128, whatever their width and wherever they lie.
//
// A kernel that maps S to D works on groups of `16 / max(sizeof S, sizeof D)` elements: the wider type fills a v128, the
// narrower one its low part.

import { scratch } from "./abi";

const STAGE: usize = 64; // in the scratch arena: cells of `spread` come before

/** Elements in a group of a kernel that reads S and writes D. */
// @ts-ignore: decorator
@inline export function group<S, D>(): i32 { return 16 / max<i32>(sizeof<S>(), sizeof<D>()); }

/** Loads `count` (a constant) adjacent elements. */
// @ts-ignore: decorator
@inline
export function take<T>(from: usize, count: i32): v128 {
  const bytes = count * <i32>sizeof<T>();
  if (bytes == 16) return v128.load(from);
  if (bytes == 8) return v128.load_zero<u64>(from);
  if (bytes == 4) return v128.load_zero<u32>(from);
  if (bytes == 2) return i16x8.splat(load<i16>(from));
  return i8x16.splat(load<i8>(from));
}

/** Stores the low `count` (a constant) elements side by side. */
// @ts-ignore: decorator
@inline
export function put<T>(to: usize, x: v128, count: i32): void {
  const bytes = count * <i32>sizeof<T>();
  if (bytes == 16) v128.store(to, x);
  else if (bytes == 8) v128.store_lane<u64>(to, x, 0);
  else if (bytes == 4) v128.store_lane<u32>(to, x, 0);
  else if (bytes == 2) v128.store_lane<u16>(to, x, 0);
  else v128.store_lane<u8>(to, x, 0);
}

/** A vector where `whole`, else, at the end of a row, one element in all lanes: it gets the same bits. */
// @ts-ignore: decorator
@inline
export function takeSome<T>(at: usize, whole: bool): v128 {
  if (whole) return v128.load(at);
  return sizeof<T>() == 4 ? v128.load_splat<u32>(at) : v128.load_splat<u64>(at);
}

/** Stores what began as `takeSome`. */
// @ts-ignore: decorator
@inline
export function giveSome<T>(at: usize, x: v128, whole: bool): void {
  if (whole) v128.store(at, x);
  else if (sizeof<T>() == 4) v128.store_lane<u32>(at, x, 0);
  else v128.store_lane<u64>(at, x, 0);
}

/** Loads up to `count` elements that lie `step` bytes apart. Lanes beyond them hold valid elements too. */
export function gather<T>(from: usize, step: usize, count: i32): v128 {
  if (sizeof<T>() == 16) return v128.load(from);
  if (sizeof<T>() == 8) {
    const x = v128.load_splat<u64>(from);
    return count > 1 ? v128.load_lane<u64>(from + step, x, 1) : x;
  }
  if (sizeof<T>() == 4) {
    let x = v128.load_splat<u32>(from);
    if (count > 1) x = v128.load_lane<u32>(from + step, x, 1);
    if (count > 2) x = v128.load_lane<u32>(from + 2 * step, x, 2);
    if (count > 3) x = v128.load_lane<u32>(from + 3 * step, x, 3);
    return x;
  }
  v128.store(scratch + STAGE, sizeof<T>() == 2 ? i16x8.splat(load<i16>(from)) : i8x16.splat(load<i8>(from)));
  for (let i = 1; i < min(count, <i32>(16 / sizeof<T>())); i++) {
    from += step;
    store<T>(scratch + STAGE + <usize>i * sizeof<T>(), load<T>(from));
  }
  return v128.load(scratch + STAGE);
}

/** Fills cell `k` of the scratch arena with one element and returns its address: a scalar operand is read from there again and again. */
export function spread<T>(from: usize, k: usize): usize {
  const cell = scratch + 16 * k;
  v128.store(cell, gather<T>(from, 0, 16 / sizeof<T>()));
  return cell;
}

/** Stores the low `count` elements, at most a v128 of them, `step` bytes apart. */
export function scatter<T>(to: usize, step: usize, x: v128, count: i32): void {
  if (sizeof<T>() == 16) v128.store(to, x);
  else if (sizeof<T>() == 8) {
    v128.store_lane<u64>(to, x, 0);
    if (count > 1) v128.store_lane<u64>(to + step, x, 1);
  } else if (sizeof<T>() == 4) {
    v128.store_lane<u32>(to, x, 0);
    if (count > 1) v128.store_lane<u32>(to + step, x, 1);
    if (count > 2) v128.store_lane<u32>(to + 2 * step, x, 2);
    if (count > 3) v128.store_lane<u32>(to + 3 * step, x, 3);
  } else {
    v128.store(scratch + STAGE, x);
    for (let i = 0; i < min(count, <i32>(16 / sizeof<T>())); i++) {
      store<T>(to, load<T>(scratch + STAGE + <usize>i * sizeof<T>()));
      to += step;
    }
  }
}

/** The sum of the lanes of a float vector. */
// @ts-ignore: decorator
@inline
export function total<T>(x: v128): T {
  const half = v128.add<T>(x, v128.shuffle<f64>(x, x, 1, 0));
  if (sizeof<T>() == 4) return v128.extract_lane<T>(half, 0) + v128.extract_lane<T>(half, 1);
  else return v128.extract_lane<T>(half, 0);
}

/** Lane masks of T as bytes 0 or 1 in the low lanes. */
// @ts-ignore: decorator
@inline
export function narrow<T>(mask: v128): v128 {
  if (sizeof<T>() == 8) mask = v128.shuffle<i32>(mask, mask, 0, 2, 0, 2);
  const half = i16x8.narrow_i32x4_s(mask, mask);
  return v128.and(i8x16.narrow_i16x8_s(half, half), i8x16.splat(1));
}

/** Bytes in the low lanes as lane masks of T: all ones where the byte is not 0. */
// @ts-ignore: decorator
@inline
export function widen<T>(bytes: v128): v128 {
  const mask = i8x16.ne(bytes, i8x16.splat(0));
  if (sizeof<T>() == 1) return mask;
  if (sizeof<T>() == 16) return v128.swizzle(mask, i8x16.splat(0));
  const half = i16x8.extend_low_i8x16_s(mask);
  if (sizeof<T>() == 2) return half;
  const word = i32x4.extend_low_i16x8_s(half);
  return sizeof<T>() == 4 ? word : i64x2.extend_low_i32x4_s(word);
}
