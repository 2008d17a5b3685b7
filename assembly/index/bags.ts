// Sums and means of bags of rows of a table, and their derivative by the table.
//
//   bags_          args ─ width: i32 │ rows: i32 │ bags: i32 │ length: i32 │ padding: i64 │ mean: i32 │ table: usize
//                        │ index: usize, int64 │ begins: usize, int64 of bags + 1, or 0: each bag has `length` indices
//                        │ scales: usize, one an index, or 0 │ y: usize
//   bagsBackward_  the same with the table's derivative, which is all 0, for the table and g for y
//
// All contiguous; y is [bags, width]. An index that is `padding` counts for nothing; one that is out of range is a fault. A bag
// is summed in its order. A mean divides by the indices that count, 1 at least. Units of `bags` are bags; those of the
// derivative are PARTS: unit u adds to the rows whose number is u modulo PARTS, and reads all indices; a row of g has 2 MB at most.

import { FAULT_INDEX, fault, int, long, ptr, scratch } from "../abi";

const PARTS: i32 = 64; // src/ops/embeddingbag.ts says the same

/** Where bag `bag` begins among the indices. */
// @ts-ignore: decorator
@inline
function beginOf(args: usize, bag: i32): i32 {
  return ptr(args, 8) == 0 ? bag * int(args, 3) : <i32>load<i64>(ptr(args, 8) + (<usize>bag << 3));
}

const CHUNK: i32 = 4096; // indices that are looked at before the first of their rows is used

// The arena: of each index that counts, the address of its row, and its scale.
const ENTRY: usize = 16;

/** Notes the indices [first, last) that count; returns how many. */
// @ts-ignore: decorator
@inline
function note<T>(args: usize, first: i32, last: i32): i32 {
  const pitch = <usize>int(args, 0) * sizeof<T>();
  const rows = int(args, 1);
  const padding = long(args, 4);
  let to = scratch;
  for (let k = first; k < last; k++) {
    const i = load<i64>(ptr(args, 7) + (<usize>k << 3));
    if (i == padding) continue;
    if (<u64>i >= <u64>rows) {
      fault(FAULT_INDEX, i);
      continue;
    }
    store<usize>(to, ptr(args, 6) + <usize>i * pitch);
    if (ptr(args, 9) != 0) store<T>(to, load<T>(ptr(args, 9) + <usize>k * sizeof<T>()), 8);
    to += ENTRY;
  }
  return <i32>((to - scratch) / ENTRY);
}

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const bytes = <usize>int(args, 0) * sizeof<T>();
  for (let bag = begin; bag < end; bag++) {
    const y = ptr(args, 10) + <usize>bag * bytes;
    const last = beginOf(args, bag + 1);
    let all = 0;
    memory.fill(y, 0, bytes);
    for (let first = beginOf(args, bag); first < last; first += CHUNK) {
      const count = note<T>(args, first, min(first + CHUNK, last));
      if (ptr(args, 9) == 0) addRows<T>(count, bytes, y, false);
      else addRows<T>(count, bytes, y, true);
      all += count;
    }
    if (int(args, 5) != 0 && all > 1) quotient<T>(bytes, y, y, <T>all);
  }
}

/** Adds the rows that were noted, 32 columns of f32 at a time. */
// @ts-ignore: decorator
@inline
function addRows<T>(count: i32, bytes: usize, y: usize, isScaled: bool): void {
  const end = scratch + <usize>count * ENTRY;
  let j: usize = 0;
  for (; j + 128 <= bytes; j += 128) {
    let a = v128.load(y + j), b = v128.load(y + j, 16), c = v128.load(y + j, 32), d = v128.load(y + j, 48);
    let e = v128.load(y + j, 64), f = v128.load(y + j, 80), g = v128.load(y + j, 96), h = v128.load(y + j, 112);
    for (let from = scratch; from < end; from += ENTRY) {
      const row = load<usize>(from) + j;
      a = v128.add<T>(a, scaled<T>(row, from, isScaled));
      b = v128.add<T>(b, scaled<T>(row + 16, from, isScaled));
      c = v128.add<T>(c, scaled<T>(row + 32, from, isScaled));
      d = v128.add<T>(d, scaled<T>(row + 48, from, isScaled));
      e = v128.add<T>(e, scaled<T>(row + 64, from, isScaled));
      f = v128.add<T>(f, scaled<T>(row + 80, from, isScaled));
      g = v128.add<T>(g, scaled<T>(row + 96, from, isScaled));
      h = v128.add<T>(h, scaled<T>(row + 112, from, isScaled));
    }
    v128.store(y + j, a);
    v128.store(y + j, b, 16);
    v128.store(y + j, c, 32);
    v128.store(y + j, d, 48);
    v128.store(y + j, e, 64);
    v128.store(y + j, f, 80);
    v128.store(y + j, g, 96);
    v128.store(y + j, h, 112);
  }
  for (; j + 16 <= bytes; j += 16) {
    let a = v128.load(y + j);
    for (let from = scratch; from < end; from += ENTRY) a = v128.add<T>(a, scaled<T>(load<usize>(from) + j, from, isScaled));
    v128.store(y + j, a);
  }
  for (; j < bytes; j += sizeof<T>()) {
    let a = load<T>(y + j);
    for (let from = scratch; from < end; from += ENTRY) {
      const x = load<T>(load<usize>(from) + j);
      a += isScaled ? x * load<T>(from, 8) : x;
    }
    store<T>(y + j, a);
  }
}

// @ts-ignore: decorator
@inline
function scaled<T>(at: usize, entry: usize, isScaled: bool): v128 {
  return isScaled ? v128.mul<T>(v128.load(at), v128.load_splat<T>(entry, 8)) : v128.load(at);
}

/** y = x / by */
function quotient<T>(bytes: usize, y: usize, x: usize, by: T): void {
  const divisor = v128.splat<T>(by);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) v128.store(y + j, v128.div<T>(v128.load(x + j), divisor));
  for (; j < bytes; j += sizeof<T>()) store<T>(y + j, load<T>(x + j) / by);
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const bytes = <usize>int(args, 0) * sizeof<T>();
  const rows = int(args, 1);
  const bags = int(args, 2);
  const padding = long(args, 4);
  const index = ptr(args, 7);
  for (let bag = 0; bag < bags; bag++) {
    const first = beginOf(args, bag);
    const last = beginOf(args, bag + 1);
    let g = ptr(args, 10) + <usize>bag * bytes;
    if (int(args, 5) != 0) {
      let count = 0;
      for (let k = first; k < last; k++) count += i32(load<i64>(index + (<usize>k << 3)) != padding);
      if (count > 1) {
        quotient<T>(bytes, scratch, g, <T>count);
        g = scratch;
      }
    }
    for (let k = first; k < last; k++) {
      const i = load<i64>(index + (<usize>k << 3));
      if (i == padding) continue;
      if (<u64>i >= <u64>rows) {
        fault(FAULT_INDEX, i);
        continue;
      }
      const part = <i32>i & (PARTS - 1);
      if (part < begin || part >= end) continue;
      const to = ptr(args, 6) + <usize>i * bytes;
      if (ptr(args, 9) == 0) addTo<T>(bytes, to, g, 1, false);
      else addTo<T>(bytes, to, g, load<T>(ptr(args, 9) + <usize>k * sizeof<T>()), true);
    }
  }
}

/** y += x · scale */
// @ts-ignore: decorator
@inline
function addTo<T>(bytes: usize, y: usize, x: usize, scale: T, isScaled: bool): void {
  const by = v128.splat<T>(scale);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const a = v128.load(x + j);
    v128.store(y + j, v128.add<T>(v128.load(y + j), isScaled ? v128.mul<T>(a, by) : a));
  }
  for (; j < bytes; j += sizeof<T>()) {
    const a = load<T>(x + j);
    store<T>(y + j, load<T>(y + j) + (isScaled ? a * scale : a));
  }
}

export function bags_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function bags_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function bagsBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function bagsBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
