// What sorts move: a record is (key, place), where keys are unsigned integers in the wanted order.
//
// The record of a 32-bit key K is one u64 (key above, place below), that of a 64-bit key is two.

/** The number's place in the order of its type, as an unsigned integer: NaN is the greatest, -0 equals +0. */
// @ts-ignore: decorator
@inline
export function rank<T, K>(x: T): K {
  const top = <K>1 << <K>(8 * sizeof<K>() - 1);
  if (isFloat<T>()) {
    if (x != x) return <K>-1;
    const bits = reinterpret<K>(<T>(x + 0)); // -0 becomes +0
    return bits & top ? ~bits : bits | top; // the larger a negative number's bits, the smaller it is
  }
  return <K>x ^ top;
}

/** The same of four numbers of 32 bits. */
// @ts-ignore: decorator
@inline
export function ranks<T>(x: v128): v128 {
  const top = i32x4.splat(i32.MIN_VALUE);
  if (!isFloat<T>()) return v128.xor(x, top);
  const bits = f32x4.add(x, f32x4.splat(0));
  return v128.or(v128.xor(bits, v128.or(i32x4.shr_s(bits, 31), top)), f32x4.ne(x, x));
}

// @ts-ignore: decorator
@inline
export function write<K>(at: usize, key: K, place: i32): void {
  if (sizeof<K>() == 4) store<u64>(at, (<u64>key << 32) | <u64>place);
  else {
    store<K>(at, key);
    store<i32>(at, place, 8);
  }
}

// @ts-ignore: decorator
@inline
export function keyOf<K>(at: usize): K { return sizeof<K>() == 4 ? load<K>(at, 4) : load<K>(at); }

// @ts-ignore: decorator
@inline
export function placeOf<K>(at: usize): i32 { return sizeof<K>() == 4 ? load<i32>(at) : load<i32>(at, 8); }

// @ts-ignore: decorator
@inline
export function move<K>(to: usize, from: usize): void {
  if (sizeof<K>() == 4) store<u64>(to, load<u64>(from));
  else v128.store(to, v128.load(from));
}

/** The number that has this rank, but for those that share one. */
// @ts-ignore: decorator
@inline
function unrank<T, K>(rank: K): T {
  const top = <K>1 << <K>(8 * sizeof<K>() - 1);
  if (isFloat<T>()) return reinterpret<T>(rank & top ? rank ^ top : ~rank);
  return <T>(rank ^ top);
}

/**
 * Writes the elements that `count` records name, and their places. Keys are ranks with all bits turned by `flip`, as much
 * less as `base`.
 */
export function spell<T, K>(count: i32, records: usize, flip: K, base: K, x: usize, values: usize, indices: usize): void {
  let i: usize = 0;
  if (sizeof<K>() == 4) {
    const top = i32x4.splat(i32.MIN_VALUE);
    const turn = i32x4.splat(<i32>flip);
    const from = i32x4.splat(<i32>base);
    for (; i + 4 <= <usize>count; i += 4) {
      const a = v128.load(records + (i << 3));
      const b = v128.load(records + (i << 3), 16);
      const rank = v128.xor(i32x4.add(v128.shuffle<i32>(a, b, 1, 3, 5, 7), from), turn);
      const sign = isFloat<T>() ? v128.not(i32x4.shr_s(rank, 31)) : i64x2.splat(0);
      const value = v128.xor(rank, v128.or(sign, top));
      if (isFloat<T>()) {
        if (v128.any_true(v128.or(f32x4.eq(value, f32x4.splat(0)), f32x4.ne(value, value)))) {
          for (let k = i; k < i + 4; k++) spellOne<T, K>(k, records, flip, base, x, values, indices);
          continue;
        }
      }
      v128.store(values + (i << 2), value);
      const place = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
      v128.store(indices + (i << 3), i64x2.extend_low_i32x4_u(place));
      v128.store(indices + (i << 3), i64x2.extend_high_i32x4_u(place), 16);
    }
  }
  for (; i < <usize>count; i++) spellOne<T, K>(i, records, flip, base, x, values, indices);
}

function spellOne<T, K>(i: usize, records: usize, flip: K, base: K, x: usize, values: usize, indices: usize): void {
  const place = <usize>placeOf<K>(records + i * 2 * sizeof<K>());
  const rank = <K>(keyOf<K>(records + i * 2 * sizeof<K>()) + base) ^ flip;
  let value = unrank<T, K>(rank);
  // -0 and NaN are not told from their rank.
  if (isFloat<T>() && (value == 0 || value != value)) value = load<T>(x + place * sizeof<T>());
  store<T>(values + i * sizeof<T>(), value);
  store<i64>(indices + (i << 3), place);
}
