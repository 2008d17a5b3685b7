// Where elements go in sorted sequences: y = the first place whose element is not less (right: that is greater).
//
//   args ─ n: i32 │ each: i32 │ right: i32 │ sorted: usize │ x: usize │ y: usize, int64
//
// All contiguous: sequences of n, for each of them `each` elements of x. Units are elements of x. It asks in PyTorch's order, so
// that even of a sequence that is not sorted the places are PyTorch's. NaN goes to the end.

import { int, ptr } from "../abi";

// @ts-ignore: decorator
@inline
function search<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const each = int(args, 1);
  if (int(args, 2) == 0) places<T>(n, each, ptr(args, 3), ptr(args, 4), ptr(args, 5), begin, end, false);
  else places<T>(n, each, ptr(args, 3), ptr(args, 4), ptr(args, 5), begin, end, true);
}

// @ts-ignore: decorator
@inline
function places<T>(n: i32, each: i32, sequences: usize, x: usize, y: usize, begin: i32, end: i32, right: bool): void {
  let line = begin / each;
  let sorted = sequences + <usize>(line * n) * sizeof<T>();
  let left = (line + 1) * each - begin; // elements of this sequence
  for (let i = begin; i < end; i++, left--) {
    if (left == 0) {
      left = each;
      sorted += <usize>n * sizeof<T>();
    }
    const value = load<T>(x + <usize>i * sizeof<T>());
    let low = 0;
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = load<T>(sorted + <usize>middle * sizeof<T>());
      // The negation puts NaN behind all.
      const less = right ? !(there > value) : !(there >= value);
      low = select(middle + 1, low, less);
      high = select(high, middle, less);
    }
    store<i64>(y + (<usize>i << 3), low);
  }
}

export function search_f32(args: usize, begin: i32, end: i32): void { search<f32>(args, begin, end); }
export function search_f64(args: usize, begin: i32, end: i32): void { search<f64>(args, begin, end); }
export function search_i32(args: usize, begin: i32, end: i32): void { search<i32>(args, begin, end); }
export function search_i64(args: usize, begin: i32, end: i32): void { search<i64>(args, begin, end); }
