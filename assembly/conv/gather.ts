// A vector of an image's row, zeros beyond its ends: what every packing of a convolution is made of.

/**
 * Elements x[at], x[at + step], … of the row at `row`, which has `size` elements `stride` elements apart; 0 where the
 * index is outside [0, size).
 */
// @ts-ignore: decorator
@inline
export function gather<T>(row: usize, at: i32, step: i32, stride: i32, size: i32): v128 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  if (step == 1 && stride == 1 && size >= lanes) {
    if (<u32>at <= <u32>(size - lanes)) return v128.load(row + <usize>at * sizeof<T>());
    return shifted<T>(row, at, size);
  }
  if (sizeof<T>() == 4 && step == 2 && stride == 1 && at >= 0 && at + 8 <= size) {
    const from = row + <usize>at * sizeof<T>();
    return v128.shuffle<f32>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6);
  }
  return scattered<T>(row, at, step, stride, size);
}

/** Loads what is inside and moves it to its lanes. */
function shifted<T>(row: usize, at: i32, size: i32): v128 {
  return i8x16.swizzle(v128.load(row + <usize>inside<T>(at, size) * sizeof<T>()), movesTo<T>(at, size));
}

/** Where to load for a vector that begins at element `at` of a row, which has at least a vector, and may lie outside. */
// @ts-ignore: decorator
@inline
export function inside<T>(at: i32, size: i32): i32 { return max(0, min(at, size - 16 / <i32>sizeof<T>())); }

/** The swizzle that moves what was loaded to its lanes; it gives 0 for the bytes that come from outside. */
export function movesTo<T>(at: i32, size: i32): v128 {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const move = max(-lanes, min(at - inside<T>(at, size), lanes)) * <i32>sizeof<T>();
  return i8x16.add(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>move));
}

function scattered<T>(row: usize, at: i32, step: i32, stride: i32, size: i32): v128 {
  let x = v128.splat<T>(one<T>(row, at, stride, size));
  x = v128.replace_lane<T>(x, 1, one<T>(row, at + step, stride, size));
  if (sizeof<T>() == 4) {
    x = v128.replace_lane<T>(x, 2, one<T>(row, at + 2 * step, stride, size));
    x = v128.replace_lane<T>(x, 3, one<T>(row, at + 3 * step, stride, size));
  }
  return x;
}

/** Element `at` of a row, 0 outside of it. */
// @ts-ignore: decorator
@inline
export function one<T>(row: usize, at: i32, stride: i32, size: i32): T {
  return <u32>at < <u32>size ? load<T>(row + <usize>(at * stride) * sizeof<T>()) : <T>0;
}
