// Groups of elements in the low lanes of a v128, whatever their width, and stages for those that do not lie side by side.
//
// A kernel that maps S to D works on groups of `16 / max(sizeof S, sizeof D)` elements: the wider type fills a v128, the
// narrower one its low part.

import { scratch, SCRATCH_BYTES } from "./abi";

// The scratch arena: four cells of `spread`, then a stage an operand.
const CELL: usize = 64;
const STAGES: usize = 256;

/** Elements that a stage holds, of whatever width. */
export const STAGED: i32 = 256;

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

/** One element in all lanes. */
export function splat<T>(from: usize): v128 {
  if (sizeof<T>() == 16) return v128.load(from);
  if (sizeof<T>() == 8) return v128.load_splat<u64>(from);
  if (sizeof<T>() == 4) return v128.load_splat<u32>(from);
  return sizeof<T>() == 2 ? v128.load_splat<u16>(from) : v128.load_splat<u8>(from);
}

/** A vector where `whole`, else, at the end of a row, one element in all lanes: it gets the same bits. */
// @ts-ignore: decorator
@inline
export function takeSome<T>(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : splat<T>(at);
}

/** Stores what began as `takeSome`. */
// @ts-ignore: decorator
@inline
export function giveSome<T>(at: usize, x: v128, whole: bool): void {
  if (whole) v128.store(at, x);
  else if (sizeof<T>() == 4) v128.store_lane<u32>(at, x, 0);
  else v128.store_lane<u64>(at, x, 0);
}

/** Four groups in which every element is the one at `from`: a scalar operand is read from there again and again. */
export function spread<T>(from: usize, k: i32): usize {
  const cell = scratch + CELL * <usize>k;
  const x = splat<T>(from);
  v128.store(cell, x);
  v128.store(cell, x, 16);
  v128.store(cell, x, 32);
  v128.store(cell, x, 48);
  return cell;
}

/** Room for two vectors that `bothOf` and its like add up, one of sixteen; nothing else is there. */
// @ts-ignore: decorator
@inline export function aside(k: i32): usize { return scratch + SCRATCH_BYTES - 1024 + 32 * <usize>k; }

/** The address of stage `k`, of four. */
// @ts-ignore: decorator
@inline export function stage(k: i32): usize { return scratch + STAGES + <usize>k * STAGED * 16; }

/** Where the stages end. */
// @ts-ignore: decorator
@inline export function beyondStages(): usize { return stage(4); }

/** Collects `count` ≤ STAGED elements that lie `step` bytes apart in stage `k`; the last stands in for what its group lacks. */
export function collect<T>(k: i32, from: usize, step: usize, count: i32): usize {
  let to = stage(k);
  for (; count > 0; count--) {
    move<T>(to, from);
    to += sizeof<T>();
    from += step;
  }
  for (; to & 15; to += sizeof<T>()) move<T>(to, from - step);
  return stage(k);
}

/** Gives the first `count` elements of stage `k` to places that lie `step` bytes apart. */
export function deliver<T>(k: i32, to: usize, step: usize, count: i32): void {
  for (let from = stage(k); count > 0; count--) {
    move<T>(to, from);
    to += step;
    from += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function move<T>(to: usize, from: usize): void {
  if (sizeof<T>() == 16) v128.store(to, v128.load(from));
  else if (sizeof<T>() == 8) store<u64>(to, load<u64>(from));
  else if (sizeof<T>() == 4) store<u32>(to, load<u32>(from));
  else if (sizeof<T>() == 2) store<u16>(to, load<u16>(from));
  else store<u8>(to, load<u8>(from));
}

/**
 * a + b of the accumulators of a loop that takes vectors two by two. Where the engine pairs them they go through memory,
 * side by side: what is used alone after the loop would be taken apart in every turn of it. Each pair of a loop has its
 * own number k: two at one address would be mistaken for each other.
 */
// @ts-ignore: decorator
@inline
export function bothOf<T>(k: i32, a: v128, b: v128): v128 {
  if (!WIDE_VECTORS) return v128.add<T>(a, b);
  v128.store(aside(k), a);
  v128.store(aside(k), b, 16);
  return v128.add<T>(v128.load(aside(k)), v128.load(aside(k), 16));
}

/** The sum of the lanes of a float vector. */
// @ts-ignore: decorator
@inline
export function total<T>(x: v128): T {
  const half = v128.add<T>(x, v128.shuffle<f64>(x, x, 1, 0));
  if (sizeof<T>() == 4) return v128.extract_lane<T>(half, 0) + v128.extract_lane<T>(half, 1);
  else return v128.extract_lane<T>(half, 0);
}

/** Stores the low `count` elements, of 4 or 8 bytes, `step` bytes apart. */
export function scatter<T>(to: usize, step: usize, x: v128, count: i32): void {
  if (sizeof<T>() == 8) {
    v128.store_lane<u64>(to, x, 0);
    if (count > 1) v128.store_lane<u64>(to + step, x, 1);
  } else {
    v128.store_lane<u32>(to, x, 0);
    if (count > 1) v128.store_lane<u32>(to + step, x, 1);
    if (count > 2) v128.store_lane<u32>(to + 2 * step, x, 2);
    if (count > 3) v128.store_lane<u32>(to + 3 * step, x, 3);
  }
}

/** A square of 4 × 4 elements of 4 bytes, its columns made rows; the rows lie `across` and `pitch` bytes apart. */
// @ts-ignore: decorator
@inline
export function turnSquare(to: usize, pitch: usize, from: usize, across: usize): void {
  putTurned(v128.load(from), v128.load(from + across), v128.load(from + 2 * across), v128.load(from + 3 * across), to, pitch);
}

/** Four rows of four elements of 4 bytes, their columns made rows, `pitch` bytes apart. */
// @ts-ignore: decorator
@inline
export function putTurned(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, pitch: usize): void {
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + pitch, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * pitch, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * pitch, v128.shuffle<i64>(high01, high23, 1, 3));
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
