// The stable sort of each row of [rows, n] in ascending or descending order, with the places of the elements.
//
//   order_  args ─ n: i32 │ descending: i32 │ x: usize │ values: usize │ indices: usize │ work: usize
//
// Units are rows; values and indices (int64) are [rows, n]. NaN counts as the greatest number, -0 equals +0. `work` has room for
// 2 · n records (record.ts) a row. The sort is by digits of 8 bits from the lowest, each pass moving the records from one half of
// the work space to the other; digits that all keys share are skipped. Short rows are sorted by insertion.

import { int, ptr, scratch } from "../abi";
import { keyOf, move, placeOf, rank, spell, write } from "./record";

const SHORT: i32 = 48; // below, insertion beats the counting of digits

// K: the key's unsigned type, T: elements.
// @ts-ignore: decorator
@inline
function order<T, K>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const flip = <K>(int(args, 1) != 0 ? -1 : 0);
  const record: usize = 2 * sizeof<K>();
  for (let unit = begin; unit < end; unit++) {
    const first = <usize>unit * <usize>n;
    const x = ptr(args, 2) + first * sizeof<T>();
    const work = ptr(args, 5) + first * 2 * record;
    for (let i = 0; i < n; i++) {
      write<K>(work + <usize>i * record, rank<T, K>(load<T>(x + <usize>i * sizeof<T>())) ^ flip, i);
    }
    arrange<K>(work, n);
    spell<T, K>(n, work, x, ptr(args, 3) + first * sizeof<T>(), ptr(args, 4) + (first << 3));
  }
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
