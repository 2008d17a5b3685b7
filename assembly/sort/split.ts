// The stable sort of one long row, by all threads: its records (record.ts) go to buckets by their highest bits, each of
// which is then sorted by itself.
//
//   split_  args ─ n: i32 │ descending: i32 │ block: i32 │ phase: i32 │ x: usize │ values: usize │ indices: usize │ work: usize │ table: usize
//
//   phase 0  the least and the greatest key of every block of x. Units: blocks of `block` elements
//         1  how many of a block go to each bucket. Units: blocks
//         2  from these the places where a block's records of a bucket begin. Units: one
//         3  the records to their places, in the order of x, with keys less the least one. Units: blocks
//         4  each bucket sorted, and its elements and their places written. Units: buckets, BUCKETS of them
//
// `work` has room for 2 · n records. The table:
//
//   ┌──────────────────────────────┐
//   │ least, greatest key: 2 × u64 │ a block
//   ├──────────────────────────────┤
//   │ counts, then places: i32     │ a block and bucket
//   ├──────────────────────────────┤
//   │ where buckets begin: i32     │ BUCKETS and one more
//   └──────────────────────────────┘

import { int, ptr } from "../abi";
import { arrange } from "./order";
import { rank, ranks, spell, write } from "./record";

const BITS: i32 = 11;
const BUCKETS: i32 = 1 << BITS; // src/ops/sort.ts says the same
const SPREAD: i32 = 1793; // an odd factor: neighbours go to different chunks of units, since large buckets are neighbours

// Where keys begin and how many of their low bits do not matter for the bucket: found by `findRange`, of the instance.
let least: u64 = 0;
let shift: u64 = 0;

// @ts-ignore: decorator
@inline
function split<T, K>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const block = int(args, 2);
  const phase = int(args, 3);
  const blocks = (n + block - 1) / block;
  const counts = ptr(args, 8) + (<usize>blocks << 4);
  const starts = counts + (<usize>blocks << (BITS + 2));
  if (phase != 0 && phase != 2) findRange(ptr(args, 8), blocks);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * block;
    const last = min(first + block, n);
    const own = counts + (<usize>unit << (BITS + 2));
    if (phase == 0) bounds<T, K>(args, first, last, ptr(args, 8) + (<usize>unit << 4));
    else if (phase == 1) count<T, K>(args, first, last, own);
    else if (phase == 2) place(blocks, counts, starts);
    else if (phase == 3) move<T, K>(args, first, last, own);
    else bucket<T, K>(args, starts + (<usize>(unit * SPREAD & (BUCKETS - 1)) << 2));
  }
}

// @ts-ignore: decorator
@inline
function key<T, K>(args: usize, i: i32, flip: K): K { return rank<T, K>(load<T>(ptr(args, 4) + <usize>i * sizeof<T>())) ^ flip; }
// @ts-ignore: decorator
@inline
function flipOf<K>(args: usize): K { return <K>(int(args, 1) != 0 ? -1 : 0); }

// @ts-ignore: decorator
@inline
function bounds<T, K>(args: usize, first: i32, last: i32, to: usize): void {
  const flip = flipOf<K>(args);
  let low = <K>-1;
  let high: K = 0;
  let i = first;
  if (sizeof<K>() == 4) {
    const turn = i32x4.splat(<i32>flip);
    let lows = i32x4.splat(-1);
    let highs = i32x4.splat(0);
    for (; i + 4 <= last; i += 4) {
      const k = v128.xor(ranks<T>(v128.load(ptr(args, 4) + (<usize>i << 2))), turn);
      lows = i32x4.min_u(lows, k);
      highs = i32x4.max_u(highs, k);
    }
    lows = i32x4.min_u(lows, v128.shuffle<i32>(lows, lows, 2, 3, 0, 1));
    highs = i32x4.max_u(highs, v128.shuffle<i32>(highs, highs, 2, 3, 0, 1));
    low = <K>min<u32>(i32x4.extract_lane(lows, 0), i32x4.extract_lane(lows, 1));
    high = <K>max<u32>(i32x4.extract_lane(highs, 0), i32x4.extract_lane(highs, 1));
  }
  for (; i < last; i++) {
    const k = key<T, K>(args, i, flip);
    low = k < low ? k : low;
    high = k > high ? k : high;
  }
  store<u64>(to, <u64>low);
  store<u64>(to, <u64>high, 8);
}

function findRange(table: usize, blocks: i32): void {
  least = <u64>-1;
  let most: u64 = 0;
  for (let b: usize = 0; b < <usize>blocks; b++) {
    least = min(least, load<u64>(table + (b << 4)));
    most = max(most, load<u64>(table + (b << 4), 8));
  }
  shift = max<i64>(64 - clz<u64>(most - least) - BITS, 0);
}

// @ts-ignore: decorator
@inline
function count<T, K>(args: usize, first: i32, last: i32, counts: usize): void {
  const flip = flipOf<K>(args);
  const from = <K>least;
  const by = <K>shift;
  memory.fill(counts, 0, BUCKETS << 2);
  for (let i = first; i < last; i++) {
    const cell = counts + (<usize>((key<T, K>(args, i, flip) - from) >> by) << 2);
    store<i32>(cell, load<i32>(cell) + 1);
  }
}

function place(blocks: i32, counts: usize, starts: usize): void {
  let next = 0;
  for (let d: usize = 0; d < <usize>BUCKETS; d++) {
    store<i32>(starts + (d << 2), next);
    for (let b: usize = 0; b < <usize>blocks; b++) {
      const cell = counts + (b << (BITS + 2)) + (d << 2);
      const size = load<i32>(cell);
      store<i32>(cell, next);
      next += size;
    }
  }
  store<i32>(starts + (<usize>BUCKETS << 2), next);
}

// @ts-ignore: decorator
@inline
function move<T, K>(args: usize, first: i32, last: i32, places: usize): void {
  const flip = flipOf<K>(args);
  const from = <K>least;
  const by = <K>shift;
  const work = ptr(args, 7);
  for (let i = first; i < last; i++) {
    const k = <K>(key<T, K>(args, i, flip) - from);
    const cell = places + (<usize>(k >> by) << 2);
    const at = load<i32>(cell);
    store<i32>(cell, at + 1);
    write<K>(work + <usize>at * 2 * sizeof<K>(), k, i);
  }
}

// @ts-ignore: decorator
@inline
function bucket<T, K>(args: usize, starts: usize): void {
  const first = <usize>load<i32>(starts);
  const size = load<i32>(starts, 4) - <i32>first;
  if (size == 0) return;
  const record: usize = 2 * sizeof<K>();
  const from = ptr(args, 7) + first * record;
  arrange<K>(from, from + <usize>int(args, 0) * record, size, <i32>shift);
  spell<T, K>(size, from, flipOf<K>(args), <K>least, ptr(args, 4), ptr(args, 5) + first * sizeof<T>(), ptr(args, 6) + (first << 3));
}

export function split_f32(args: usize, begin: i32, end: i32): void { split<f32, u32>(args, begin, end); }
export function split_f64(args: usize, begin: i32, end: i32): void { split<f64, u64>(args, begin, end); }
export function split_i32(args: usize, begin: i32, end: i32): void { split<i32, u32>(args, begin, end); }
export function split_i64(args: usize, begin: i32, end: i32): void { split<i64, u64>(args, begin, end); }
