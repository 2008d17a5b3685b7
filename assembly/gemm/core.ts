// C = α·A·B + β·D, rectified on request, for operands of any kind: the loops around the micro-kernel.
//
//   for each block of DEPTH along k
//     pack B of the rectangle into panels                  (stays in the outer caches)
//     for each block of HEIGHT rows
//       pack A of the block into strips                    (stays in the second cache)
//       for each panel, for each strip: micro              (the panel stays in the first cache)
//
// A unit is a tile of C of tileM × tileN; units count down the rows, then along the columns, then over the batch.
// Neighbouring units of one call are one rectangle, so that its B is packed once. An element of C is summed in blocks
// of k that depend on k alone, so neither tiles nor rectangles change the bits.
//
// What A, B, C and D are is an operand class O without fields, which reads its own part of the argument block:
//   packA, packB     rows, columns into strips, panels
//   direct, rowB     where B can be used unpacked: its address (else 0), and the bytes between its rows
//   c, rowC, column  the address of a row of C, the bytes between rows, the byte offset of a column in a row (it grows)
//   hasD, d, colD    whether there is a D; the address of an element or 0; the bytes from one column of it to the next
//
//   args ─ 0 m │ 1 n │ 2 k │ 3 tileM │ 4 tileN │ 5 relu │ 6 α │ 7 Im α │ 8 β │ 9 Im β │ 10 … of the operand class

import { int, real, scratch } from "../abi";
import { finishPart, finishWhole, NOWHERE, setOffset, STRIP_BYTES, TILE_BYTES, TILE_ROW, tileAt } from "./finish";
import { columns, micro, microPair, ROWS } from "./micro";

/** Steps along k in one go: a panel of 8 kB and a strip of 6 kB stay in a first-level cache of 32 kB. */
export const DEPTH: i32 = 256;
/**
 * Rows of A in one go, a multiple of every ROWS. Each row of a large C is in a page of its own, and processors remember
 * where some 64 pages are.
 */
export const HEIGHT: i32 = 48;
/** Bytes of a packed row of B in one go, and of all its panels: half the arena. */
const WIDTH_BYTES: i32 = 4096;
export const PANEL_BYTES: usize = WIDTH_BYTES * DEPTH;

export function multiply<T, O>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const tileM = int(args, 3);
  const tileN = int(args, 4);
  const down = (m + tileM - 1) / tileM;
  const across = (n + tileN - 1) / tileN;
  while (begin < end) {
    const stack = begin / down;
    const batch = stack / across;
    const first = begin - stack * down;
    const count = min(end - begin, down - first);
    const j = (stack - batch * across) * tileN;
    rectangle<T, O>(args, batch, first * tileM, min((first + count) * tileM, m), j, min(j + tileN, n));
    begin += count;
  }
}

/** Rows [i0, i1) and columns [j0, j1) of C. */
export function rectangle<T, O>(args: usize, batch: i32, i0: i32, i1: i32, j0: i32, j1: i32): void {
  const o = changetype<O>(0);
  const k = int(args, 2);
  // Equal blocks, so that the last one is not a sliver.
  const blocks = max((k + DEPTH - 1) / DEPTH, 1);
  const depth = ((k + blocks - 1) / blocks + 7) & ~7;
  const strips = scratch + TILE_BYTES;
  const panels = strips + STRIP_BYTES;
  const width = WIDTH_BYTES / <i32>sizeof<T>();
  for (let j = j0; j < j1; j += width) {
    const nc = min(width, j1 - j);
    let p = 0;
    do {
      const kc = min(depth, k - p);
      const direct = o.direct<T>(args, batch, i1 - i0, p, j, nc);
      if (direct == 0) o.packB<T>(args, batch, p, kc, j, nc, panels);
      else if (nc & (columns<T>() - 1)) {
        const full = nc & ~(columns<T>() - 1);
        o.packB<T>(args, batch, p, kc, j + full, nc - full, panels);
      }
      for (let i = i0; i < i1; i += HEIGHT) {
        const mc = min(HEIGHT, i1 - i);
        o.packA<T>(args, batch, i, mc, p, kc, strips);
        tiles<T, O>(args, batch, i, mc, j, nc, p, kc, direct);
      }
      p += kc;
    } while (p < k);
  }
}

function tiles<T, O>(args: usize, batch: i32, i: i32, mc: i32, j: i32, nc: i32, p: i32, kc: i32, direct: usize): void {
  const o = changetype<O>(0);
  const cols = columns<T>();
  const strips = scratch + TILE_BYTES;
  const packed = strips + STRIP_BYTES;
  const c = o.c<T>(args, batch, i);
  const rowC = o.rowC<T>(args);
  const first = p == 0;
  const last = p + kc == int(args, 2);
  // Where D is only to be added, and its columns lie as those of C, the micro-kernel does so; one of all columns, as the bias of
  // a channel, is first spread in C.
  const colD = o.colD<T>(args);
  const isSum = !o.hasD(args) || real(args, 8) == 1 && (colD == sizeof<T>() || colD == 0);
  const plain = real(args, 6) == 1 && isSum && int(args, 5) == 0;
  const hasD = first && o.hasD(args);
  const rowFrom = hasD ? o.d<T>(args, batch, i + 1, j) - o.d<T>(args, batch, i, j) : rowC;
  for (let jj = 0; jj < nc; ) {
    const left = nc - jj;
    // Two panels at a time. Where B is not packed, its columns that fill no panel are.
    const isPair = WIDE_VECTORS && left >= (direct == 0 ? cols + 1 : 2 * cols);
    let panel = packed + <usize>(jj * kc) * sizeof<T>();
    let step: usize = 32;
    let next: usize = 32 * kc;
    if (direct != 0) {
      if (left >= cols) {
        panel = direct + <usize>jj * sizeof<T>();
        step = o.rowB<T>(args);
        next = 32;
      } else panel = packed;
    }
    const width = min(cols, left);
    const column = place<T, O>(args, j + jj, width, 0);
    const width2 = isPair ? min(cols, left - cols) : 0;
    const column2 = isPair ? place<T, O>(args, j + jj + cols, width2, cols) : 0;
    const whole = plain && column != NOWHERE && (!isPair || column2 == column + 32);
    const from: usize = !whole ? 0 : hasD ? o.d<T>(args, batch, i, j + jj) : first ? 0 : c + column;
    // Rows of a large C lie in memory, and all at once they come sooner than one after the other.
    if (from != 0 && rowFrom != 0) for (let ii = 0; ii < mc; ii++) load<i32>(from + <usize>ii * rowFrom);
    for (let ii = 0; ii < mc; ii += ROWS) {
      const strip = strips + <usize>(ii * kc) * sizeof<T>();
      const height = min(ROWS, mc - ii);
      const target = c + <usize>ii * rowC;
      const isDone = whole && height == ROWS;
      const to = isDone ? target + column : scratch;
      const apart = isDone ? rowC : TILE_ROW;
      let addend = isDone && from != 0 ? from + <usize>ii * rowFrom : 0;
      let rowAddend = rowFrom;
      if (addend != 0 && hasD && colD == 0) {
        spread<T>(addend, rowFrom, to, rowC, isPair ? 64 : 32);
        addend = to;
        rowAddend = rowC;
      }
      if (isPair) microPair<T>(kc, strip, panel, next, step, to, 32, apart, addend, rowAddend);
      else micro<T>(kc, strip, panel, step, to, apart, addend, rowAddend);
      if (isDone) continue;
      finish<T, O>(args, batch, i + ii, height, j + jj, width, 0, target, column, first, last);
      if (isPair) finish<T, O>(args, batch, i + ii, height, j + jj + cols, width2, cols, target, column2, first, last);
    }
    jj += width + width2;
  }
}

/** Writes one number a row, `rowD` bytes apart from `d` on, to all columns of a tile, `bytes` wide. */
function spread<T>(d: usize, rowD: usize, c: usize, rowC: usize, bytes: usize): void {
  for (let r = 0; r < ROWS; r++) {
    const x = v128.load_splat<T>(d);
    for (let at: usize = 0; at < bytes; at += 32) {
      v128.store(c + at, x);
      v128.store(c + at, x, 16);
    }
    d += rowD;
    c += rowC;
  }
}

/** The offset in a row of C of a panel whose columns are side by side there; NOWHERE for others, whose offsets are noted. */
// @ts-ignore: decorator
@inline
function place<T, O>(args: usize, j: i32, width: i32, s: i32): usize {
  const o = changetype<O>(0);
  const column = o.column<T>(args, j);
  // Offsets grow with the column, so the last one tells.
  if (width == columns<T>() && o.column<T>(args, j + width - 1) - column == 32 - sizeof<T>()) return column;
  for (let q = 0; q < width; q++) setOffset(s + q, o.column<T>(args, j + q));
  return NOWHERE;
}

/** From columns s … of the tile to `width` columns of C from j on. */
function finish<T, O>(
  args: usize, batch: i32, i: i32, height: i32, j: i32, width: i32, s: i32, row: usize, column: usize, first: bool, last: bool,
): void {
  const o = changetype<O>(0);
  const rowC = o.rowC<T>(args);
  const colD = o.colD<T>(args);
  for (let r = 0; r < height; r++) {
    const d = first ? o.d<T>(args, batch, i + r, j) : 0;
    if (column != NOWHERE) finishWhole<T>(args, tileAt<T>(r, s), row + column, d, colD, first, last);
    else finishPart<T>(args, r, s, width, row, d, colD, first, last);
    row += rowC;
  }
}
