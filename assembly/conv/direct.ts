// The convolution of block.ts without packing x: the block of images that a unit sees is copied once with its padding,
// and the micro-kernel reads every tap of it in place.
//
// The columns of the product are the pixels of rows as wide as the pitch of the copy (band.ts); those beyond ow are
// computed and dropped. It pays where packing would cost more than that: few channels of y.
//
//   args ─ as in block.ts, but 3 is the rows of y in a unit, 1 and 4 are not read; dilations > 0
//
// Units: bands of rows, then images, then groups. A copy with its table must fit what is left of the arena
// (src/ops/conv.ts sees to it).

import { int, ptr, real, scratch } from "../abi";
import { HEIGHT } from "../gemm/core";
import { finishPart, finishWhole, NOWHERE, setOffset, STRIP_BYTES, TILE_BYTES, TILE_ROW, tileAt } from "../gemm/finish";
import { columns, microTable, microTablePair, microTablePairOfThree, ROWS } from "../gemm/micro";
import { copyBand, fillTable, pitch } from "./band";
import { channelY } from "./block";
import { packFilters } from "./filters";

/** Bytes of a filter in one go: nothing is packed, so only the chain of sums limits it. */
const DEPTH_BYTES: i32 = 2048;

// @ts-ignore: decorator
@inline
function direct<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const k = int(args, 2);
  const rows = int(args, 3);
  const oh = int(args, 29);
  const bands = (oh + rows - 1) / rows;
  const images = int(args, 41);
  const blocks = (k * <i32>sizeof<T>() + DEPTH_BYTES - 1) / DEPTH_BYTES;
  const depth = (k + blocks - 1) / blocks;
  const height = (m + ROWS - 1) / ROWS * ROWS;
  const strips = scratch + TILE_BYTES;
  const table = strips + STRIP_BYTES;
  const copy = (table + <usize>k * sizeof<usize>() + 15) & ~15;
  // The filters of a group that fit the arena are packed once for all of its units.
  const fits = <usize>(height * k) * sizeof<T>() <= STRIP_BYTES;
  let packed = -1;
  fillTable<T>(args, table);
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / bands;
    const g = stack / images;
    const b = stack - g * images;
    const oy = (unit - stack * bands) * rows;
    const count = min(rows, oh - oy);
    copyBand<T>(args, b, g, oy, count, copy);
    for (let p = 0; p < k; p += depth) {
      const kc = min(depth, k - p);
      const offsets = table + <usize>p * sizeof<usize>();
      if (fits) {
        const filters = strips + <usize>(height * p) * sizeof<T>();
        if (packed != g) packFilters<T>(args, g, 0, m, p, kc, filters);
        tiles<T>(args, b, g, oy, count, 0, m, p, kc, filters, copy, offsets);
      } else {
        for (let i = 0; i < m; i += HEIGHT) {
          const mc = min(HEIGHT, m - i);
          packFilters<T>(args, g, i, mc, p, kc, strips);
          tiles<T>(args, b, g, oy, count, i, mc, p, kc, strips, copy, offsets);
        }
      }
    }
    packed = g;
  }
}

function tiles<T>(
  args: usize, b: i32, g: i32, oy: i32, count: i32, i: i32, mc: i32, p: i32, kc: i32,
  strips: usize, copy: usize, offsets: usize,
): void {
  const cols = columns<T>();
  const first = p == 0;
  const last = p + kc == int(args, 2);
  const bias = first ? ptr(args, 13) : 0;
  const plain = real(args, 6) == 1 && ptr(args, 13) == 0 && int(args, 5) == 0;
  const rowC = <usize>int(args, 15) * sizeof<T>();
  const c = channelY<T>(args, b, g, i) + <usize>(oy * int(args, 16)) * sizeof<T>();
  const end = (count - 1) * pitch(args) + int(args, 30);
  for (let j = 0; j < end; ) {
    const isPair = (WIDE_VECTORS != 0 || isFew<T>(mc)) && j + cols < end;
    const column = place<T>(args, j, count, 0);
    const column2 = isPair ? place<T>(args, j + cols, count, cols) : 0;
    const whole = plain && column != NOWHERE && column2 != NOWHERE;
    const panel = copy + <usize>j * sizeof<T>();
    for (let ii = 0; ii < mc; ii += ROWS) {
      const strip = strips + <usize>(ii * kc) * sizeof<T>();
      const height = min(ROWS, mc - ii);
      const target = c + <usize>ii * rowC;
      const isFewPair = isPair && isFew<T>(height);
      const isDone = whole && height == (isFewPair ? FEW : ROWS);
      const to = isDone ? target + column : scratch;
      const apart = isDone ? rowC : TILE_ROW;
      const next = isDone ? column2 - column : 32;
      if (isFewPair) microTablePairOfThree<T>(kc, strip, panel, 32, offsets, to, next, apart, isDone && !first);
      else if (isPair) microTablePair<T>(kc, strip, panel, 32, offsets, to, next, apart, isDone && !first);
      else microTable<T>(kc, strip, panel, offsets, to, apart, isDone && !first);
      if (isDone) continue;
      const channel = g * int(args, 40) + i + ii;
      const d: usize = bias == 0 ? 0 : bias + <usize>channel * sizeof<T>();
      finish<T>(args, height, 0, target, column, d, first, last);
      if (isPair) finish<T>(args, height, cols, target, column2, d, first, last);
    }
    j += isPair ? 2 * cols : cols;
  }
}

/** Rows for which half a tile is enough. Without a fused multiply-add it is no better than a whole one. */
const FEW: i32 = 3;
// @ts-ignore: decorator
@inline function isFew<T>(rows: i32): bool { return ASC_FEATURE_RELAXED_SIMD && rows <= FEW; }

/**
 * The offset in y of a panel whose pixels, from number j of the band on, are side by side there; NOWHERE for others, whose
 * offsets are noted as those of columns s … of the tile.
 */
function place<T>(args: usize, j: i32, count: i32, s: i32): usize {
  const cols = columns<T>();
  const ow = int(args, 30);
  const width = pitch(args);
  const r = j / width;
  const x = j - r * width;
  if (x + cols <= ow && int(args, 17) == 1) return <usize>(r * int(args, 16) + x) * sizeof<T>();
  for (let q = 0; q < cols; q++) {
    const row = (j + q) / width;
    const at = j + q - row * width;
    const isInside = row < count && at < ow;
    setOffset(s + q, isInside ? <usize>(row * int(args, 16) + at * int(args, 17)) * sizeof<T>() : NOWHERE);
  }
  return NOWHERE;
}

/** A panel's sums, from column s of the tile, to y; `d` is the bias of the first row, if there is one. */
function finish<T>(
  args: usize, height: i32, s: i32, row: usize, column: usize, d: usize, first: bool, last: bool,
): void {
  const rowC = <usize>int(args, 15) * sizeof<T>();
  for (let r = 0; r < height; r++) {
    if (column != NOWHERE) finishWhole<T>(args, tileAt<T>(r, s), row + column, d, 0, first, last);
    else finishPart<T>(args, r, s, columns<T>(), row, d, 0, first, last);
    row += rowC;
    if (d != 0) d += sizeof<T>();
  }
}

export function convDirect_f32(args: usize, begin: i32, end: i32): void { direct<f32>(args, begin, end); }
export function convDirect_f64(args: usize, begin: i32, end: i32): void { direct<f64>(args, begin, end); }
