// Adjacent indices, checked many at a time: the loops behind the check need no branch an element.

/** Indices that are checked together, before the first of them is used. */
export const CHECKED: i32 = 256;

/** Whether `count` adjacent int64 are all in [0, size). */
export function within(count: i32, index: usize, size: i32): bool {
  // In halves of 32 bits: the high one must be below 1, the low one below the size.
  const limit = i64x2.splat((1 << 32) | <i64>size);
  let outside = i64x2.splat(0);
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const first = i32x4.ge_u(v128.load(index), limit);
    outside = v128.or(outside, v128.or(first, i32x4.ge_u(v128.load(index, 16), limit)));
    index += 32;
  }
  for (; k < count; k++) {
    if (load<u64>(index) >= <u64>size) return false;
    index += 8;
  }
  return !v128.any_true(outside);
}
