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

/** Writes the elements that `count` records name, and their places. */
export function spell<T, K>(count: i32, records: usize, x: usize, values: usize, indices: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const place = <usize>placeOf<K>(records + i * 2 * sizeof<K>());
    store<T>(values + i * sizeof<T>(), load<T>(x + place * sizeof<T>()));
    store<i64>(indices + (i << 3), place);
  }
}
