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
// Records that are sorted by digits of 11 bits.
const MANY: i32 = 4096;
const MOST: i32 = 1 << 17;

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
    arrange<K>(work, work + <usize>n * record, n, 8 * sizeof<K>());
    spell<T, K>(n, work, flip, 0, x, ptr(args, 3) + first * sizeof<T>(), ptr(args, 4) + (first << 3));
  }
}

/**
 * Sorts `count` records by the low `bits` bits of their keys, which agree in the others; equals stay in the order in which
 * they stand. There is room for as many at `room`.
 */
export function arrange<K>(from: usize, room: usize, count: i32, bits: i32): void {
  const record: usize = 2 * sizeof<K>();
  if (count <= SHORT) {
    insertion<K>(from, count);
    return;
  }
  // Wide digits save a pass where that is one of three, if there is enough to pay for the counts and it fits the cache.
  const width = bits > 16 && bits <= 22 && count >= MANY && count <= MOST ? 11 : 8;
  const digits = (bits + width - 1) / width;
  const mask = <K>((1 << width) - 1);
  const bytes = <usize>count * record;
  const counts = scratch;
  memory.fill(counts, 0, digits << (width + 2));
  for (let at = from; at < from + bytes; at += record) {
    let key = keyOf<K>(at);
    for (let d = 0; d < digits; d++) {
      const cell = counts + (<usize>d << (width + 2)) + (<usize>(key & mask) << 2);
      store<i32>(cell, load<i32>(cell) + 1);
      key >>= <K>width;
    }
  }
  let a = from;
  let b = room;
  for (let d = 0; d < digits; d++) {
    const places = counts + (<usize>d << (width + 2));
    const shift = <K>(d * width);
    if (load<i32>(places + (<usize>((keyOf<K>(a) >> shift) & mask) << 2)) == count) continue;
    let next: usize = b;
    for (let c: usize = 0; c < <usize>4 << width; c += 4) {
      const size = <usize>load<i32>(places + c) * record;
      store<usize>(places + c, next);
      next += size;
    }
    for (let at = a; at < a + bytes; at += record) {
      const cell = places + (<usize>((keyOf<K>(at) >> shift) & mask) << 2);
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
