// A fold of 16-bit floats: by a kernel of fold.ts for f32, which gets them a part at a time.
//
//   args ─ kernel: i32 │ cast: i32, to f32 │ unzip: i32, to f32 in another order │ n │ inner │ block │ tile │ x │ y │ divisor
//
// From n on the slots are those of fold.ts, and so are units; y is of f32. block · tile ≤ ROOM elements.

import { int, ptr, real, scratch } from "../abi";

const ROOM: i32 = 128 << 10;
const SOME: i32 = 4096; // elements of short lines that are folded in one call

// In the scratch arena, beyond what a fold uses.
const BLOCK: usize = 256 << 10;
const CAST: usize = BLOCK + 256;
const STAGE: usize = CAST + 256;

export function foldShort(args: usize, begin: i32, end: i32): void {
  const kernel = int(args, 0);
  const n = int(args, 3);
  const inner = int(args, 4);
  const block = int(args, 5);
  const tile = int(args, 6);
  const x = ptr(args, 7);
  const y = ptr(args, 8);
  const parts = n > block ? (n + block - 1) / block : 1;
  const tiles = (inner + tile - 1) / tile;
  const fold = scratch + BLOCK;
  const stage = scratch + STAGE;
  store<usize>(fold, stage, 32);
  store<f64>(fold, real(args, 9), 48);
  if (parts == 1 && tiles == 1 && n * inner <= SOME) {
    // Lines that follow on each other.
    const line = n * inner;
    const some = SOME / max(line, 1);
    for (; begin < end; begin += some) {
      const count = min(some, end - begin);
      widen(args, inner == 1 && (n & 15) == 0, stage, x + (<usize>(begin * line) << 1), count * line);
      setFold(fold, n, inner, y + (<usize>(begin * inner) << 2));
      call_indirect(kernel, fold, 0, count);
    }
    return;
  }
  for (let unit = begin; unit < end; unit++) {
    const line = unit / tiles; // of the result
    const column = (unit - line * tiles) * tile;
    const outer = line / parts;
    const first = (line - outer * parts) * block;
    const count = min(block, n - first);
    const width = min(tile, inner - column);
    const from = x + ((<usize>(outer * n + first) * <usize>inner + <usize>column) << 1);
    if (tiles == 1) widen(args, inner == 1, stage, from, count * width);
    else {
      for (let i = 0; i < count; i++) {
        widen(args, false, stage + (<usize>(i * width) << 2), from + (<usize>i * <usize>inner << 1), width);
      }
    }
    setFold(fold, count, width, y + ((<usize>line * <usize>inner + <usize>column) << 2));
    call_indirect(kernel, fold, 0, 1);
  }
}

/** The kernel's block: lines of n × inner elements, each in one part and one tile. */
function setFold(fold: usize, n: i32, inner: i32, y: usize): void {
  store<i32>(fold, n);
  store<i32>(fold, inner, 8);
  store<i32>(fold, n, 16);
  store<i32>(fold, inner, 24);
  store<usize>(fold, y, 40);
}

/** y = a, in any order where that is free. */
function widen(args: usize, isFree: bool, y: usize, a: usize, count: i32): void {
  const block = scratch + CAST;
  store<i32>(block, 1);
  store<usize>(block, y, 24);
  store<usize>(block, a, 32);
  store<i32>(block, count, 40);
  store<i32>(block, 1, 48);
  store<i32>(block, 1, 56);
  call_indirect(int(args, isFree ? 2 : 1), block, 0, count);
}
