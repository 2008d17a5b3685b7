// Running sums along contiguous lines: y[i] = x[0] + … + x[i], where y may be x.
//
//   sumBlocks_     args ─ n: i32 │ block: i32 │ x: usize │ sums: usize │ reverse: i32
//   cumsumBlocks_  args ─ n: i32 │ block: i32 │ x: usize │ sums: usize │ reverse: i32 │ y: usize
//
// Lines of n elements are cut into blocks of `block`, a multiple of 4, or n in one. A block is summed from zero, and to
// its sums that of the blocks before is added: of every block but the last, sumBlocks has left it in `sums`, where a line
// has several. Without an address for sums one call takes all blocks and carries the sum on: the bits are the same.
// `reverse` runs from the end. Units are blocks, those of a line in the order of the scan. float32 is summed in float64.
//
// Four elements are summed by themselves, so that only one addition in four waits for the one before. All is added such
// that what is not negative never makes a sum smaller, as if one element came after the other.

import { int, ptr } from "../abi";

// T: elements, A: sums, of 8 bytes.
// @ts-ignore: decorator
@inline
function sumBlocks<T, A>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const block = int(args, 1);
  const reverse = int(args, 4) != 0;
  const blocks = (n + block - 1) / block;
  for (let unit = begin; unit < end; unit += 2) {
    const other = min(unit + 1, end - 1);
    const x = start<T>(args, unit, blocks);
    const z = start<T>(args, other, blocks);
    if (reverse) sumTwo<T, A>(block, x, z, ptr(args, 3), unit, other, true);
    else sumTwo<T, A>(block, x, z, ptr(args, 3), unit, other, false);
  }
}

/** The first element of a block in the order of the scan; of the last block of a line, which nobody asks for, that of another. */
// @ts-ignore: decorator
@inline
function start<T>(args: usize, unit: i32, blocks: i32): usize {
  const n = int(args, 0);
  const line = unit / blocks;
  const first = min(unit - line * blocks, blocks - 2) * int(args, 1);
  return ptr(args, 2) + (<usize>line * <usize>n + <usize>(int(args, 4) != 0 ? n - 1 - first : first)) * sizeof<T>();
}

/** The sums of the blocks at x and z, which hide each other's waiting. */
// @ts-ignore: decorator
@inline
function sumTwo<T, A>(n: i32, x: usize, z: usize, sums: usize, i: i32, j: i32, reverse: bool): void {
  let a = i64x2.splat(0);
  let b = a;
  if (reverse) {
    x -= 3 * sizeof<T>();
    z -= 3 * sizeof<T>();
  }
  for (; n > 0; n -= 4) {
    a = v128.add<A>(a, sumOfFour<T, A>(x, reverse));
    b = v128.add<A>(b, sumOfFour<T, A>(z, reverse));
    x += reverse ? <usize>-4 * sizeof<T>() : <usize>4 * sizeof<T>();
    z += reverse ? <usize>-4 * sizeof<T>() : <usize>4 * sizeof<T>();
  }
  store<A>(sums + (<usize>i << 3), v128.extract_lane<A>(a, 0));
  store<A>(sums + (<usize>j << 3), v128.extract_lane<A>(b, 0));
}

/** In the low lane. */
// @ts-ignore: decorator
@inline
function sumOfFour<T, A>(x: usize, reverse: bool): v128 {
  const p = pair<T>(x, 0, reverse);
  const q = pair<T>(x, 1, reverse);
  const sums = v128.add<A>(v128.shuffle<i64>(p, q, 0, 2), v128.shuffle<i64>(p, q, 1, 3));
  return v128.add<A>(sums, v128.shuffle<i64>(sums, sums, 1, 1));
}

// @ts-ignore: decorator
@inline
function cumsumBlocks<T, A>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const block = int(args, 1);
  const sums = ptr(args, 3);
  const reverse = int(args, 4) != 0;
  const blocks = (n + block - 1) / block;
  let offset: A = 0;
  for (let unit = begin; unit < end; unit++) {
    const line = unit / blocks;
    const number = unit - line * blocks;
    if (number == 0) offset = 0;
    else if (unit == begin) {
      for (let i = unit - number; i < unit; i++) offset += load<A>(sums + (<usize>i << 3));
    }
    const first = number * block;
    const count = min(block, n - first);
    const at = (<usize>line * <usize>n + <usize>(reverse ? n - 1 - first : first)) * sizeof<T>();
    const x = ptr(args, 2) + at;
    const y = ptr(args, 5) + at;
    offset += reverse ? run<T, A>(count, x, y, offset, true) : run<T, A>(count, x, y, offset, false);
  }
}

/** `offset` and the running sums of n elements, the first of them at x, into y; returns their sum. */
// @ts-ignore: decorator
@inline
function run<T, A>(n: i32, x: usize, y: usize, offset: A, reverse: bool): A {
  const before = v128.splat<A>(offset);
  const zero = i64x2.splat(0);
  const size: usize = reverse ? -sizeof<T>() : sizeof<T>();
  let total = zero;
  if (reverse) {
    x -= 3 * sizeof<T>();
    y -= 3 * sizeof<T>();
  }
  for (; n >= 4; n -= 4) {
    const p = pair<T>(x, 0, reverse);
    const q = pair<T>(x, 1, reverse);
    const first = v128.shuffle<i64>(p, q, 0, 2); // elements 0 and 2
    const sums = v128.add<A>(first, v128.shuffle<i64>(p, q, 1, 3)); // 0 + 1 and 2 + 3
    const ahead = v128.shuffle<i64>(zero, sums, 0, 2); // 0 and 0 + 1
    const even = v128.add<A>(total, v128.add<A>(ahead, first));
    const odd = v128.add<A>(total, v128.add<A>(ahead, sums));
    total = v128.shuffle<i64>(odd, odd, 1, 1);
    give<T>(y, v128.add<A>(before, even), v128.add<A>(before, odd), reverse);
    x += 4 * size;
    y += 4 * size;
  }
  if (reverse) {
    x += 3 * sizeof<T>();
    y += 3 * sizeof<T>();
  }
  let sum = v128.extract_lane<A>(total, 0);
  for (; n > 0; n--) {
    sum += <A>load<T>(x);
    store<T>(y, <T>(offset + sum));
    x += size;
    y += size;
  }
  return sum;
}

/** Pair k, in the order of the scan, of the four elements from address x. */
// @ts-ignore: decorator
@inline
function pair<T>(x: usize, k: usize, reverse: bool): v128 {
  const at = x + (reverse ? 1 - k : k) * 2 * sizeof<T>();
  const v = sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load_zero<u64>(at)) : v128.load(at);
  return reverse ? v128.shuffle<i64>(v, v, 1, 0) : v;
}

/** Stores results 0 and 2, and 1 and 3. */
// @ts-ignore: decorator
@inline
function give<T>(y: usize, even: v128, odd: v128, reverse: bool): void {
  if (sizeof<T>() == 4) {
    even = f32x4.demote_f64x2_zero(even);
    odd = f32x4.demote_f64x2_zero(odd);
    v128.store(y, reverse ? v128.shuffle<i32>(even, odd, 5, 1, 4, 0) : v128.shuffle<i32>(even, odd, 0, 4, 1, 5));
  } else if (reverse) {
    v128.store(y, v128.shuffle<i64>(odd, even, 1, 3));
    v128.store(y, v128.shuffle<i64>(odd, even, 0, 2), 16);
  } else {
    v128.store(y, v128.shuffle<i64>(even, odd, 0, 2));
    v128.store(y, v128.shuffle<i64>(even, odd, 1, 3), 16);
  }
}

export function sumBlocks_f32(args: usize, begin: i32, end: i32): void { sumBlocks<f32, f64>(args, begin, end); }
export function sumBlocks_f64(args: usize, begin: i32, end: i32): void { sumBlocks<f64, f64>(args, begin, end); }
export function sumBlocks_i64(args: usize, begin: i32, end: i32): void { sumBlocks<i64, i64>(args, begin, end); }
export function cumsumBlocks_f32(args: usize, begin: i32, end: i32): void { cumsumBlocks<f32, f64>(args, begin, end); }
export function cumsumBlocks_f64(args: usize, begin: i32, end: i32): void { cumsumBlocks<f64, f64>(args, begin, end); }
export function cumsumBlocks_i64(args: usize, begin: i32, end: i32): void { cumsumBlocks<i64, i64>(args, begin, end); }
