// The k first of each row of [rows, n] in ascending or descending order, with their places. A sort is the case k = n.
//
//   order_  args ─ n: i32 │ k: i32 │ room: i32 │ descending: i32 │ x: usize │ values: usize │ indices: usize │ work: usize
//
// Units are rows; values and indices (int64) are [rows, k]. Equals stay in the order of their places; NaN counts as the
// greatest number, -0 equals +0. `work` has room for 2 · `room` records a row, room = n or room ≥ 2 · k: 8 bytes each for 32-bit types, 16
// for 64-bit ones.
//
// A record is (key, place), where keys are unsigned integers in the wanted order. Records are collected in the first half of
// the work space; when it is full, it is sorted, all but the k first are dropped, and from then on a key must be below the last
// of those to enter. So a few of a long row cost little more than one look at it. The sort is by digits of 8 bits from the
// lowest, each pass moving the records from one half to the other; digits that all keys share are skipped. Short rows
// are sorted by insertion.

import { int, ptr, scratch } from "../abi";

const SHORT: i32 = 48; // below, insertion beats the counting of digits

// The record of a 32-bit key is one u64 (key above, place below); that of a 64-bit key is two.
// K: the key's unsigned type, T: elements.
// @ts-ignore: decorator
@inline
function order<T, K>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const k = int(args, 1);
  const room = int(args, 2);
  const flip = <K>(int(args, 3) != 0 ? -1 : 0);
  const record: usize = 2 * sizeof<K>();
  for (let unit = begin; unit < end; unit++) {
    const x = ptr(args, 4) + <usize>unit * <usize>n * sizeof<T>();
    const values = ptr(args, 5) + <usize>unit * <usize>k * sizeof<T>();
    const indices = ptr(args, 6) + ((<usize>unit * <usize>k) << 3);
    const work = ptr(args, 7) + <usize>unit * 2 * <usize>room * record;
    let count = 0;
    let limited = false;
    let limit: K = 0;
    for (let i = 0; i < n; i++) {
      const key = rank<T, K>(load<T>(x + <usize>i * sizeof<T>())) ^ flip;
      if (limited && key >= limit) continue;
      if (count == room) {
        arrange<K>(work, room);
        count = k;
        limited = true;
        limit = k == 0 ? 0 : keyOf<K>(work + <usize>(k - 1) * record);
        if (key >= limit) continue;
      }
      write<K>(work + <usize>count * record, key, i);
      count++;
    }
    arrange<K>(work, count);
    for (let i = 0; i < k; i++) {
      const place = <usize>placeOf<K>(work + <usize>i * record);
      store<T>(values + <usize>i * sizeof<T>(), load<T>(x + place * sizeof<T>()));
      store<i64>(indices + (<usize>i << 3), place);
    }
  }
}

/** The number's place in the order of its type, as an unsigned integer. */
// @ts-ignore: decorator
@inline
function rank<T, K>(x: T): K {
  const top = <K>1 << <K>(8 * sizeof<K>() - 1);
  if (isFloat<T>()) {
    if (x != x) return <K>-1;
    const bits = reinterpret<K>(<T>(x + 0)); // -0 becomes +0
    return bits & top ? ~bits : bits | top; // the larger a negative number's bits, the smaller it is
  }
  return <K>x ^ top;
}

// @ts-ignore: decorator
@inline
function write<K>(at: usize, key: K, place: i32): void {
  if (sizeof<K>() == 4) store<u64>(at, (<u64>key << 32) | <u64>place);
  else {
    store<K>(at, key);
    store<i32>(at, place, 8);
  }
}
// @ts-ignore: decorator
@inline
function keyOf<K>(at: usize): K { return sizeof<K>() == 4 ? load<K>(at, 4) : load<K>(at); }
// @ts-ignore: decorator
@inline
function placeOf<K>(at: usize): i32 { return sizeof<K>() == 4 ? load<i32>(at) : load<i32>(at, 8); }
// @ts-ignore: decorator
@inline
function move<K>(to: usize, from: usize): void {
  if (sizeof<K>() == 4) store<u64>(to, load<u64>(from));
  else v128.store(to, v128.load(from));
}

/** Sorts `count` records by their keys, equals in the order in which they stand. The room behind them is used. */
function arrange<K>(from: usize, count: i32): void {
  const record: usize = 2 * sizeof<K>();
  if (count <= SHORT) {
    insertion<K>(from, count);
    return;
  }
  const digits: i32 = <i32>sizeof<K>();
  const bytes = <usize>count * record;
  const counts = scratch; // 256 a digit
  memory.fill(counts, 0, digits << 10);
  for (let at = from; at < from + bytes; at += record) {
    let key = keyOf<K>(at);
    for (let d: usize = 0; d < <usize>digits; d++) {
      const cell = counts + (d << 10) + (<usize>(key & 255) << 2);
      store<i32>(cell, load<i32>(cell) + 1);
      key >>= 8;
    }
  }
  let a = from;
  let b = from + bytes;
  for (let d = 0; d < digits; d++) {
    const places = counts + (<usize>d << 10);
    const shift = <K>(d << 3);
    if (load<i32>(places + (<usize>((keyOf<K>(a) >> shift) & 255) << 2)) == count) continue;
    let next: usize = b;
    for (let c: usize = 0; c < 1024; c += 4) {
      const size = <usize>load<i32>(places + c) * record;
      store<usize>(places + c, next);
      next += size;
    }
    for (let at = a; at < a + bytes; at += record) {
      const cell = places + (<usize>((keyOf<K>(at) >> shift) & 255) << 2);
      const to = load<usize>(cell);
      move<K>(to, at);
      store<usize>(cell, to + record);
    }
    const swap = a;
    a = b;
    b = swap;
  }
  if (a != from) memory.copy(from, a, bytes);
}

// @ts-ignore: decorator
@inline
function insertion<K>(from: usize, count: i32): void {
  const record: usize = 2 * sizeof<K>();
  for (let i = 1; i < count; i++) {
    let at = from + <usize>i * record;
    const key = keyOf<K>(at);
    const place = placeOf<K>(at);
    while (at > from && keyOf<K>(at - record) > key) {
      move<K>(at, at - record);
      at -= record;
    }
    write<K>(at, key, place);
  }
}

export function order_f32(args: usize, begin: i32, end: i32): void { order<f32, u32>(args, begin, end); }
export function order_f64(args: usize, begin: i32, end: i32): void { order<f64, u64>(args, begin, end); }
export function order_i32(args: usize, begin: i32, end: i32): void { order<i32, u32>(args, begin, end); }
export function order_i64(args: usize, begin: i32, end: i32): void { order<i64, u64>(args, begin, end); }
