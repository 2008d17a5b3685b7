// From a tile of sums to C: scales by α, adds β·D (at the first block of k) or what is there (at later ones), rectifies
// (at the last). The slots are those of core.ts.
//
// The arena of every product:
//
//      0 ┌─────────────────────────────┐
//        │ a tile: ROWS rows of 32 B   │ of sums that cannot go to C as they are
//    192 │ offsets of its columns in C │
//    256 │ notes                       │ of a packer, about the lanes of a panel
//    512 ├─────────────────────────────┤
//        │ strips of A                 │ HEIGHT × DEPTH of the widest type
//        ├─────────────────────────────┤
//        │ panels of B                 │
//        └─────────────────────────────┘

import { int, real, scratch } from "../abi";

const OFFSETS: usize = 192;
export const NOTES: usize = 256;
export const TILE_BYTES: usize = 512;
export const STRIP_BYTES: usize = 245_760;

/** The offset of a column that has no place in C. */
export const NOWHERE: usize = usize.MAX_VALUE;

/** Notes the byte offset of column `s` of the tile in a row of C, for `finishPart`. */
// @ts-ignore: decorator
@inline
export function setOffset(s: i32, offset: usize): void { store<usize>(scratch + OFFSETS + (<usize>s << 2), offset); }

/** Row r of the tile to columns of C that are side by side, from `c`. */
// @ts-ignore: decorator
@inline
export function finishWhole<T>(args: usize, r: i32, c: usize, d: usize, colD: usize, first: bool, last: bool): void {
  const tile = scratch + (<usize>r << 5);
  const relu = last && int(args, 5) != 0;
  for (let s: usize = 0; s < 32; s += 16) {
    let x = v128.mul<T>(v128.splat<T>(<T>real(args, 6)), v128.load(tile + s));
    if (d != 0) {
      let y: v128;
      if (colD == sizeof<T>()) y = v128.load(d + s);
      else {
        y = v128.load_splat<T>(d);
        if (colD != 0) y = spread<T>(d + (s / sizeof<T>()) * colD, colD);
      }
      x = v128.add<T>(x, v128.mul<T>(v128.splat<T>(<T>real(args, 8)), y));
    } else if (!first) x = v128.add<T>(x, v128.load(c + s));
    // pmax(x, 0) is x < 0 ? 0 : x, which keeps a NaN.
    if (isFloat<T>() && relu) x = v128.pmax<T>(x, i64x2.splat(0));
    v128.store(c + s, x);
  }
}

/** A vector of elements `step` bytes apart. */
// @ts-ignore: decorator
@inline
function spread<T>(from: usize, step: usize): v128 {
  let x = v128.splat<T>(load<T>(from));
  x = v128.replace_lane<T>(x, 1, load<T>(from + step));
  if (sizeof<T>() == 4) {
    x = v128.replace_lane<T>(x, 2, load<T>(from + 2 * step));
    x = v128.replace_lane<T>(x, 3, load<T>(from + 3 * step));
  }
  return x;
}

/** Row r of the tile to columns of C that are not side by side, by their offsets from `row`. */
export function finishPart<T>(
  args: usize, r: i32, row: usize, width: i32, d: usize, colD: usize, first: bool, last: bool,
): void {
  const tile = scratch + (<usize>r << 5);
  const alpha = <T>real(args, 6);
  const beta = <T>real(args, 8);
  const relu = last && int(args, 5) != 0;
  for (let s = 0; s < width; s++) {
    const offset = load<usize>(scratch + OFFSETS + (<usize>s << 2));
    if (offset == NOWHERE) continue;
    const c = row + offset;
    let x: T = alpha * load<T>(tile + <usize>s * sizeof<T>());
    if (d != 0) x += beta * load<T>(d + <usize>s * colD);
    else if (!first) x += load<T>(c);
    store<T>(c, relu && x < 0 ? <T>0 : x);
  }
}
