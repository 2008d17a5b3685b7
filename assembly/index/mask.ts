// Masks: where they are true, and values that go there.

import { FAULT_INDEX, fault, int, ptr } from "../abi";

// The true elements of a mask, in two steps: how many there are in each block of BLOCK bytes, then their places in
// ascending order.
//
//   count_true_b8  args ─ n: i32 │ x: usize │ counts: usize, an i32 for each block
//   places_true_b8 args ─ n: i32 │ x: usize │ counts: usize │ y: usize, int64
//
// x is contiguous. Units are blocks.
const BLOCK = 4096; // some 0.1 µs a block: little beside a launch, and few counts to add up

export function count_true_b8(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const x = ptr(args, 1);
  const counts = ptr(args, 2);
  for (let block = begin; block < end; block++) {
    const stop = min(n, (block + 1) * BLOCK);
    let i = block * BLOCK;
    let count = 0;
    for (; i + 16 <= stop; i += 16) count += popcnt(i8x16.bitmask(i8x16.ne(v128.load(x + i), i8x16.splat(0))));
    for (; i < stop; i++) count += load<u8>(x + i);
    store<i32>(counts + (<usize>block << 2), count);
  }
}

export function places_true_b8(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const x = ptr(args, 1);
  const counts = ptr(args, 2);
  let y = ptr(args, 3);
  for (let block = 0; block < begin; block++) y += <usize>load<i32>(counts + (<usize>block << 2)) << 3;
  let i = begin * BLOCK;
  const stop = min(n, end * BLOCK);
  for (; i + 16 <= stop; i += 16) {
    for (let bits = i8x16.bitmask(i8x16.ne(v128.load(x + i), i8x16.splat(0))); bits != 0; bits &= bits - 1) {
      store<i64>(y, i + ctz(bits));
      y += 8;
    }
  }
  for (; i < stop; i++) {
    if (load<u8>(x + i) == 0) continue;
    store<i64>(y, i);
    y += 8;
  }
}

// y[i] = the next element of x where mask[i] is true; the others keep their values.
//
//   args ─ n: i32 │ mask: usize │ x: usize │ length of x: i32 │ y: usize
//
// All contiguous; elements move by width. A mask with more true elements than x has is a fault. Launched with n = 1: the
// place in x depends on all of the mask before.

// @ts-ignore: decorator
@inline
function maskedScatter<T>(args: usize): void {
  const n = int(args, 0);
  const mask = ptr(args, 1);
  const x = ptr(args, 2);
  const length = int(args, 3);
  const y = ptr(args, 4);
  let next = 0;
  for (let i = 0; i < n; i++) {
    if (load<u8>(mask + i) == 0) continue;
    if (next == length) {
      fault(FAULT_INDEX, length);
      return;
    }
    store<T>(y + <usize>i * sizeof<T>(), load<T>(x + <usize>next * sizeof<T>()));
    next++;
  }
}

export function masked_scatter_w1(args: usize, begin: i32, end: i32): void { maskedScatter<u8>(args); }
export function masked_scatter_w2(args: usize, begin: i32, end: i32): void { maskedScatter<u16>(args); }
export function masked_scatter_w4(args: usize, begin: i32, end: i32): void { maskedScatter<u32>(args); }
export function masked_scatter_w8(args: usize, begin: i32, end: i32): void { maskedScatter<u64>(args); }
export function masked_scatter_w16(args: usize, begin: i32, end: i32): void { maskedScatter<v128>(args); }
