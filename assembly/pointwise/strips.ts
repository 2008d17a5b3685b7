// A pointwise kernel over operands that are not all as it takes them: of another dtype, which a pointwise kernel of one
// operand casts, or each contiguous along another dim. They are brought together a tile at a time, in the first cache.
//
//   args ─ kernel: i32, its place in the table │ rank ≥ 2: i32 │ p0: f64 │ p1: f64 │ operands: i32 │ rows: i32 │ columns: i32
//        │ for each operand, the result first: address │ bytes of an element: i32 │ cast: i32, a place in the table, or 0
//        │ for each dim: size, and the stride of each operand in elements: i32
//
// A cast gives the kernel elements of at most 16 bytes, or takes them from it. A tile is rows × columns ≤ TILE elements of
// the last two dims; units are tiles. The result equals an operand exactly or overlaps none.

import { int, ptr, scratch } from "../abi";
import { plane } from "../cast/copy";

const TILE: i32 = 1024; // src/op/launch.ts says the same

// In the scratch arena, beyond what a pointwise kernel uses.
const BLOCK: usize = 512 << 10; // the kernel's own arguments
const CASTS: usize = BLOCK + 512; // those of a cast
const STAGES: usize = CASTS + 512;
const STAGE: usize = <usize>TILE * 16 + 256; // a tile of any elements; they do not begin at one place of the cache

// @ts-ignore: decorator
@inline function tileOf(k: i32): usize { return scratch + STAGES + <usize>k * STAGE; }
/** A tile that is to be cast, or was. */
// @ts-ignore: decorator
@inline function raw(): usize { return tileOf(4); }

export function strips(args: usize, begin: i32, end: i32): void {
  const operands = int(args, 4);
  const rows = int(args, 5);
  const columns = int(args, 6);
  const size = (<usize>operands + 1) << 3; // of a dim's slots, in bytes
  const last = args + ((7 + 3 * <usize>operands) << 3) + <usize>(int(args, 1) - 1) * size;
  const down = load<i32>(last - size);
  const across = load<i32>(last);
  const tilesDown = (down + rows - 1) / rows;
  const tilesAcross = (across + columns - 1) / columns;
  const bytes = int(args, 8);
  const cast = int(args, 9);
  const pitchY = load<i32>(last - size, 8) * bytes;
  const stepY = load<i32>(last, 8) * bytes;
  const inner = scratch + BLOCK;
  const sizes = inner + ((3 + <usize>operands) << 3);
  store<i32>(inner, 1);
  v128.store(inner + 8, v128.load(args + 16));
  for (let unit = begin; unit < end; unit++) {
    const above = unit / tilesAcross;
    const outer = above / tilesDown;
    const column = (unit - above * tilesAcross) * columns;
    const row = (above - outer * tilesDown) * rows;
    const height = min(rows, down - row);
    const width = min(columns, across - column);
    const y = corner(args, last, 0, outer, row, column);
    const isRow = areRows(height, width, bytes, pitchY, stepY);
    const to = isRow && cast == 0 ? y : tileOf(0);
    store<i32>(sizes, height * width);
    store<usize>(inner + 24, to);
    store<i32>(sizes, 1, 8);
    for (let k = 1; k < operands; k++) {
      const steps = <usize>(k + 1) << 3; // where a dim has this operand's
      const a = corner(args, last, k, outer, row, column);
      const pitchA = load<i32>(last - size + steps);
      const stepA = load<i32>(last + steps);
      const isOne = stepA == 0 && (height == 1 || pitchA == 0);
      store<usize>(inner + 24 + (<usize>k << 3), bring(args, k, isOne ? 1 : height, isOne ? 1 : width, a, pitchA, stepA));
      store<i32>(sizes + steps, isOne ? 0 : 1);
    }
    call_indirect(int(args, 0), inner, 0, height * width);
    if (to == y) continue;
    const from = cast != 0 ? castTo(cast, isRow ? y : raw(), to, height * width) : to;
    if (!isRow) move(bytes, height, width, y, pitchY, stepY, from, width * bytes, bytes);
  }
}

/** The address of operand k at the tile's first element. */
function corner(args: usize, last: usize, k: i32, outer: i32, row: i32, column: i32): usize {
  const size = (<usize>int(args, 4) + 1) << 3;
  const steps = <usize>(k + 1) << 3;
  let offset = column * load<i32>(last + steps) + row * load<i32>(last - size + steps);
  for (let dim = last - 2 * size; outer > 0; dim -= size) {
    const next = outer / load<i32>(dim);
    offset += (outer - next * load<i32>(dim)) * load<i32>(dim + steps);
    outer = next;
  }
  return ptr(args, 7 + 3 * k) + <usize>(offset * int(args, 8 + 3 * k));
}

/** Whether rows × columns elements lie side by side, row after row; pitch and step are in bytes. */
// @ts-ignore: decorator
@inline
function areRows(rows: i32, columns: i32, bytes: i32, pitch: i32, step: i32): bool {
  return (columns == 1 || step == bytes) && (rows == 1 || pitch == columns * bytes);
}

/** Where rows × columns elements of operand k lie side by side as the kernel takes them. */
function bring(args: usize, k: i32, rows: i32, columns: i32, a: usize, pitch: i32, step: i32): usize {
  const bytes = int(args, 8 + 3 * k);
  const cast = int(args, 9 + 3 * k);
  pitch *= bytes;
  step *= bytes;
  if (!areRows(rows, columns, bytes, pitch, step)) {
    const to = cast != 0 ? raw() : tileOf(k);
    move(bytes, rows, columns, to, columns * bytes, bytes, a, pitch, step);
    a = to;
  }
  return cast != 0 ? castTo(cast, tileOf(k), a, rows * columns) : a;
}

/** y = a by a pointwise kernel; returns y. */
function castTo(kernel: i32, y: usize, a: usize, count: i32): usize {
  const block = scratch + CASTS;
  store<i32>(block, 1);
  store<usize>(block, y, 24);
  store<usize>(block, a, 32);
  store<i32>(block, count, 40);
  store<i32>(block, 1, 48);
  store<i32>(block, 1, 56);
  call_indirect(kernel, block, 0, count);
  return y;
}

/** A plane of elements of so many bytes; pitches and steps are in bytes. */
function move(bytes: i32, rows: i32, columns: i32, y: usize, pitchY: usize, stepY: usize, a: usize, pitchA: usize, stepA: usize): void {
  if (bytes == 4) plane<u32>(rows, columns, y, pitchY, stepY, a, pitchA, stepA);
  else if (bytes == 2) plane<u16>(rows, columns, y, pitchY, stepY, a, pitchA, stepA);
  else if (bytes == 8) plane<u64>(rows, columns, y, pitchY, stepY, a, pitchA, stepA);
  else if (bytes == 1) plane<u8>(rows, columns, y, pitchY, stepY, a, pitchA, stepA);
  else plane<v128>(rows, columns, y, pitchY, stepY, a, pitchA, stepA);
}
