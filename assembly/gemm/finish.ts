// From a tile of sums to C: scales by α, adds β·D (at the first block of k) or what is there (at later ones), rectifies
// (at the last). The slots are those of core.ts.
//
// The arena of every product:
//
//      0 ┌─────────────────────────────┐
//        │ a tile: ROWS rows of 64 B   │ of sums that cannot go to C as they are; one panel's take half a row
//    384 │ offsets of its columns in C │
//    768 ├─────────────────────────────┤
//        │ strips of A                 │ HEIGHT × DEPTH at least, or filters of a convolution
//        ├─────────────────────────────┤
//        │ panels of B                 │
//        └─────────────────────────────┘

import { int, real, scratch } from "../abi";

const OFFSETS: usize = 384;
export const TILE_BYTES: usize = 768;
/** Bytes from one row of the tile to the next. */
export const TILE_ROW: usize = 64;
export const STRIP_BYTES: usize = 245_760;

/** The offset of a column that has no place in C. */
export const NOWHERE: usize = usize.MAX_VALUE;

/** Notes the byte offset of column `s` of the tile in a row of C, for `finishPart`. */
// @ts-ignore: decorator
@inline
export function setOffset(s: i32, offset: usize): void { store<usize>(scratch + OFFSETS + (<usize>s << 2), offset); }

/** The address of row r, column s of the tile. */
// @ts-ignore: decorator
@inline
export function tileAt<T>(r: i32, s: i32): usize { return scratch + <usize>r * TILE_ROW + <usize>s * sizeof<T>(); }

/** A panel's sums of one row, at `from`, to columns of C that are side by side, from `c`. */
// @ts-ignore: decorator
@inline
export function finishWhole<T>(
  args: usize, from: usize, c: usize, d: usize, colD: usize, first: bool, last: bool,
): void {
  const alpha = v128.splat<T>(<T>real(args, 6));
  let x0 = v128.mul<T>(alpha, v128.load(from));
  let x1 = v128.mul<T>(alpha, v128.load(from, 16));
  if (d != 0) {
    const beta = v128.splat<T>(<T>real(args, 8));
    let y0: v128, y1: v128;
    if (colD == sizeof<T>()) {
      y0 = v128.load(d);
      y1 = v128.load(d, 16);
    } else if (colD == 0) {
      y0 = v128.load_splat<T>(d);
      y1 = y0;
    } else {
      y0 = spread<T>(d, colD);
      y1 = spread<T>(d + (16 / sizeof<T>()) * colD, colD);
    }
    x0 = v128.add<T>(x0, v128.mul<T>(beta, y0));
    x1 = v128.add<T>(x1, v128.mul<T>(beta, y1));
  } else if (!first) {
    x0 = v128.add<T>(x0, v128.load(c));
    x1 = v128.add<T>(x1, v128.load(c, 16));
  }
  // pmax(x, 0) is x < 0 ? 0 : x, which keeps a NaN.
  if (isFloat<T>() && last && int(args, 5) != 0) {
    x0 = v128.pmax<T>(x0, i64x2.splat(0));
    x1 = v128.pmax<T>(x1, i64x2.splat(0));
  }
  v128.store(c, x0);
  v128.store(c, x1, 16);
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

/** Sums of one row, of `width` columns from column s of the tile on, to C by the columns' offsets from `row`. */
export function finishPart<T>(
  args: usize, r: i32, s: i32, width: i32, row: usize, d: usize, colD: usize, first: bool, last: bool,
): void {
  const alpha = <T>real(args, 6);
  const beta = <T>real(args, 8);
  const relu = last && int(args, 5) != 0;
  let from = tileAt<T>(r, s);
  for (const end = s + width; s < end; s++) {
    const offset = load<usize>(scratch + OFFSETS + (<usize>s << 2));
    if (offset != NOWHERE) {
      const c = row + offset;
      let x: T = alpha * load<T>(from);
      if (d != 0) x += beta * load<T>(d);
      else if (!first) x += load<T>(c);
      store<T>(c, relu && x < 0 ? <T>0 : x);
    }
    from += sizeof<T>();
    d += d != 0 ? colD : 0;
  }
}
