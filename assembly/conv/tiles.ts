// Tiles of Winograd's minimal filtering F(2 × 2, 3 × 3): what winograd.ts and its gradient see of x. Letters are those of
// winograd.ts.
//
// A dim of a filter is cut into items: along each phase of the stride, where taps are neighbours, threes of taps, then a
// pair or a single tap. A three has all four places of a tile, a pair three of them, and a single tap the outer two, one for
// each pixel; Aᵀ is the same for all:
//
//   three   Bᵀ·d and G·w as in winograd.ts
//   pair    (d₀ − d₁, d₁, –, d₁ − d₂), with (w₀, w₀ + w₁, –, w₁) for filter
//   single  (d₀, –, –, d₁), with (w₀, –, –, −w₀)
//
// Places of a tile are numbered in rows of four. Threes come first, then pairs, so that an item has the same number in all of
// them.

import { int, scratch } from "../abi";
import { channelX } from "./block";
import { gather } from "./gather";

export const PLACES: i32 = 16;
/**
 * A place begins a cache line later than the sizes of those before it say: sixteen of them whole pages apart would fight
 * for the ways of a cache.
 */
export const GAP: i32 = 64;

// The arena begins with: vectors of pixels │ first taps of items along y, along x │ where an item is in each place, and how
// much further in the next channel.
const TAPS_Y: usize = 192;
const TAPS_X: usize = 256;
const OFFSETS: usize = 320;
const STEPS: usize = 384;
/** Bytes of the arena that this file takes; a channel's copy is behind them. */
export const HEAD: usize = 448;

// Items along y and x, how many of them are threes, and how many threes or pairs.
let itemsY: i32 = 0;
let threesY: i32 = 0;
let pairsY: i32 = 0;
let itemsX: i32 = 0;
let threesX: i32 = 0;
let pairsX: i32 = 0;

/** Cuts both dims of the filter into items. */
export function cutFilter(args: usize): void {
  const kh = int(args, 31);
  const kw = int(args, 32);
  const sy = int(args, 33);
  const sx = int(args, 34);
  threesY = cut(kh, sy, 3, 0, scratch + TAPS_Y);
  pairsY = cut(kh, sy, 2, threesY, scratch + TAPS_Y);
  itemsY = cut(kh, sy, 1, pairsY, scratch + TAPS_Y);
  threesX = cut(kw, sx, 3, 0, scratch + TAPS_X);
  pairsX = cut(kw, sx, 2, threesX, scratch + TAPS_X);
  itemsX = cut(kw, sx, 1, pairsX, scratch + TAPS_X);
}

/** Writes down the first taps of all items of `size` taps, behind `n` larger ones; the number of items so far. */
function cut(taps: i32, stride: i32, size: i32, n: i32, to: usize): i32 {
  for (let phase = 0; phase < min(taps, stride); phase++) {
    const count = (taps - phase + stride - 1) / stride;
    const threes = count / 3;
    const rest = count - 3 * threes;
    const end = size == 3 ? threes : i32(rest == size);
    for (let i = 0; i < end; i++) {
      store<i32>(to + (<usize>n << 2), phase + 3 * (size == 3 ? i : threes) * stride);
      n++;
    }
  }
  return n;
}

// @ts-ignore: decorator
@inline export function countY(): i32 { return itemsY; }
// @ts-ignore: decorator
@inline export function countX(): i32 { return itemsX; }
/** The taps of an item along y or x. */
// @ts-ignore: decorator
@inline export function sizeY(i: i32): i32 { return i < threesY ? 3 : i < pairsY ? 2 : 1; }
// @ts-ignore: decorator
@inline export function sizeX(i: i32): i32 { return i < threesX ? 3 : i < pairsX ? 2 : 1; }
/** The first tap of an item along y or x. */
// @ts-ignore: decorator
@inline export function tapY(i: i32): i32 { return load<i32>(scratch + TAPS_Y + (<usize>i << 2)); }
// @ts-ignore: decorator
@inline export function tapX(i: i32): i32 { return load<i32>(scratch + TAPS_X + (<usize>i << 2)); }

// The items of a dim in place 0 … 3 of it.
// @ts-ignore: decorator
@inline function inRow(place: i32): i32 { return place == 1 ? pairsY : place == 2 ? threesY : itemsY; }
// @ts-ignore: decorator
@inline function inColumn(place: i32): i32 { return place == 1 ? pairsX : place == 2 ? threesX : itemsX; }
/** The items of a channel in a place. */
// @ts-ignore: decorator
@inline function inPlace(place: i32): i32 { return inRow(place >> 2) * inColumn(place & 3); }
/** The items of `channels` channels in a place: what its product sums over. */
// @ts-ignore: decorator
@inline export function depth(place: i32, channels: i32): i32 { return channels * inPlace(place); }

/** Bytes of all places with `bytes` bytes an item. */
export function placesBytes(channels: i32, bytes: i32): usize {
  let sum = 0;
  for (let place = 0; place < PLACES; place++) sum += depth(place, channels) * bytes + GAP;
  return <usize>sum;
}

/** Finds item (iy, ix) of channel c in all places, with `bytes` bytes an item. */
export function findItem(channels: i32, c: i32, iy: i32, ix: i32, bytes: i32): void {
  let at = 0;
  for (let place = 0; place < PLACES; place++) {
    const step = inPlace(place) * bytes;
    const number = iy * inColumn(place & 3) + ix;
    store<i32>(scratch + OFFSETS + (<usize>place << 2), at + c * step + number * bytes);
    store<i32>(scratch + STEPS + (<usize>place << 2), step);
    at += channels * step + GAP;
  }
}

/** Goes on to the next channel. */
export function nextChannel(): void {
  for (let at = scratch + OFFSETS; at < scratch + STEPS; at += 16) {
    v128.store(at, i32x4.add(v128.load(at), v128.load(at, STEPS - OFFSETS)));
  }
}

/** Where the item that was found is in a place. */
// @ts-ignore: decorator
@inline export function offset(place: i32): usize { return load<usize>(scratch + OFFSETS + (<usize>place << 2)); }

// ── tiles of x ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Tiles in a row, in whole vectors. */
// @ts-ignore: decorator
@inline export function tilesAcross(args: usize): i32 { return (int(args, 30) + 7) / 8 * 4; }

// A channel's copy: planes by phase of the rows, then of the columns, then by even and odd columns, so that what neighbouring
// tiles see in one place is side by side. Tiles that stick out see more of x, or zeros.
// @ts-ignore: decorator
@inline function copyRows(args: usize): i32 { return int(args, 3) + (int(args, 31) - 1) / int(args, 33) + 1; }
// @ts-ignore: decorator
@inline function copyWidth(args: usize): i32 { return tilesAcross(args) + ((int(args, 32) - 1) / int(args, 34) + 3) / 2 + 4 & ~3; }
// @ts-ignore: decorator
@inline function phasesX(args: usize): i32 { return min(int(args, 32), int(args, 34)); }
/** Bytes of a plane. */
// @ts-ignore: decorator
@inline function planeBytes(args: usize): usize { return <usize>(copyRows(args) * copyWidth(args)) << 2; }

/** The first byte of the arena behind the copy. */
export function behindCopy(args: usize): usize {
  const planes = 2 * min(int(args, 31), int(args, 33)) * phasesX(args);
  return scratch + HEAD + (<usize>planes * planeBytes(args) + 63 & ~63);
}

/** Copies what a band of y from oy sees of a channel. */
export function copyChannel(args: usize, b: i32, g: i32, c: i32, oy: i32): void {
  const image = channelX<f32>(args, b, g, c);
  const height = int(args, 27);
  const width = copyWidth(args);
  const plane = planeBytes(args);
  let planes = scratch + HEAD;
  for (let row = 0; row < min(int(args, 31), int(args, 33)); row++) {
    for (let column = 0; column < phasesX(args); column++) {
      let to = planes;
      let y = oy * int(args, 33) + row - int(args, 37);
      for (let r = copyRows(args); r > 0; r--) {
        const from = image + (<usize>(y * int(args, 25)) << 2);
        if (<u32>y < <u32>height) splitRow(from, column - int(args, 38), int(args, 34), int(args, 28), width, to, plane);
        else {
          memory.fill(to, 0, <usize>width << 2);
          memory.fill(to + plane, 0, <usize>width << 2);
        }
        to += <usize>width << 2;
        y += int(args, 33);
      }
      planes += 2 * plane;
    }
  }
}

/**
 * Elements x[at], x[at + step], … of a row of `size`, zeros outside of it: n even ones, in whole vectors, and as many odd
 * ones `apart` bytes further.
 */
export function splitRow(row: usize, at: i32, step: i32, size: i32, n: i32, to: usize, apart: usize): void {
  while (n > 0) {
    let whole = step == 1 && at >= 0 ? max(min((size - at) >> 3, (n + 3) >> 2), 0) : 0;
    n -= whole << 2;
    for (; whole > 0; whole--) {
      const from = row + (<usize>at << 2);
      putSplit(v128.load(from), v128.load(from, 16), to, apart);
      at += 8;
      to += 16;
    }
    if (n <= 0) return;
    const isBehind = at >= size;
    const a = isBehind ? i64x2.splat(0) : gather<f32>(row, at, step, 1, size);
    const b = isBehind ? i64x2.splat(0) : gather<f32>(row, at + 4 * step, step, 1, size);
    putSplit(a, b, to, apart);
    at += 8 * step;
    to += 16;
    n -= 4;
  }
}

// @ts-ignore: decorator
@inline
function putSplit(a: v128, b: v128, to: usize, apart: usize): void {
  v128.store(to, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
  v128.store(to + apart, v128.shuffle<f32>(a, b, 1, 3, 5, 7));
}

/** Bᵀ·d·B of item (iy, ix) of the channel that was copied, for the tiles of `rows` rows of y, to panels of eight tiles. */
export function transformItem(args: usize, iy: i32, ix: i32, rows: i32, to: usize, panel: usize): void {
  const width = copyWidth(args);
  const row = <usize>width << 2;
  const across = tilesAcross(args);
  const sy = int(args, 33);
  const sx = int(args, 34);
  const plane = planeBytes(args);
  const tap = tapX(ix) / sx;
  const planes = scratch + HEAD + <usize>(2 * (tapY(iy) % sy * phasesX(args) + tapX(ix) % sx)) * plane;
  const top = planes + (<usize>(tapY(iy) / sy * width) << 2);
  // The first column of a tile, and how much further the second one is: in the other plane.
  let from = top + <usize>(tap & 1) * plane + (<usize>(tap >> 1) << 2);
  const odd = top + <usize>(tap + 1 & 1) * plane + (<usize>(tap + 1 >> 1) << 2) - from;
  let tile = 0;
  for (let r = 0; r < rows; r += 2) {
    let q = 0;
    while (q < across) {
      const isPair = WIDE_VECTORS != 0 && (tile & 4) == 0 && q + 8 <= across;
      const x = from + (<usize>q << 2);
      const at = to + <usize>(tile >> 3) * panel + ((<usize>tile & 4) << 2);
      if (isPair) transformEight(sizeY(iy), sizeX(ix), x, row, odd, at);
      else transformFour(sizeY(iy), sizeX(ix), x, row, odd, at);
      const done = isPair ? 8 : 4;
      tile += done;
      q += done;
    }
    from += 2 * row;
  }
}

/** An item of so many taps along y and x, for four tiles. */
function transformFour(height: i32, width: i32, x: usize, row: usize, odd: usize, to: usize): void {
  if (height == 3) {
    if (width == 3) threeByThree(x, row, odd, to);
    else if (width == 2) threeByTwo(x, row, odd, to);
    else threeByOne(x, row, odd, to);
  } else if (height == 2) {
    if (width == 3) twoByThree(x, row, odd, to);
    else if (width == 2) twoByTwo(x, row, odd, to);
    else twoByOne(x, row, odd, to);
  } else {
    if (width == 3) oneByThree(x, row, odd, to);
    else if (width == 2) oneByTwo(x, row, odd, to);
    else oneByOne(x, row, odd, to);
  }
}

/** The same for eight tiles. */
function transformEight(height: i32, width: i32, x: usize, row: usize, odd: usize, to: usize): void {
  if (height == 3) {
    if (width == 3) threeByThreePair(x, row, odd, to);
    else if (width == 2) threeByTwoPair(x, row, odd, to);
    else threeByOnePair(x, row, odd, to);
  } else if (height == 2) {
    if (width == 3) twoByThreePair(x, row, odd, to);
    else if (width == 2) twoByTwoPair(x, row, odd, to);
    else twoByOnePair(x, row, odd, to);
  } else {
    if (width == 3) oneByThreePair(x, row, odd, to);
    else if (width == 2) oneByTwoPair(x, row, odd, to);
    else oneByOnePair(x, row, odd, to);
  }
}

function threeByThree(x: usize, row: usize, odd: usize, to: usize): void { threeLines(false, 3, x, row, odd, to); }
function threeByTwo(x: usize, row: usize, odd: usize, to: usize): void { threeLines(false, 2, x, row, odd, to); }
function threeByOne(x: usize, row: usize, odd: usize, to: usize): void { threeLines(false, 1, x, row, odd, to); }
function twoByThree(x: usize, row: usize, odd: usize, to: usize): void { twoLines(false, 3, x, row, odd, to); }
function twoByTwo(x: usize, row: usize, odd: usize, to: usize): void { twoLines(false, 2, x, row, odd, to); }
function twoByOne(x: usize, row: usize, odd: usize, to: usize): void { twoLines(false, 1, x, row, odd, to); }
function oneByThree(x: usize, row: usize, odd: usize, to: usize): void { oneLine(false, 3, x, row, odd, to); }
function oneByTwo(x: usize, row: usize, odd: usize, to: usize): void { oneLine(false, 2, x, row, odd, to); }
function oneByOne(x: usize, row: usize, odd: usize, to: usize): void { oneLine(false, 1, x, row, odd, to); }

// Of eight tiles.
function threeByThreePair(x: usize, row: usize, odd: usize, to: usize): void { threeLines(true, 3, x, row, odd, to); }
function threeByTwoPair(x: usize, row: usize, odd: usize, to: usize): void { threeLines(true, 2, x, row, odd, to); }
function threeByOnePair(x: usize, row: usize, odd: usize, to: usize): void { threeLines(true, 1, x, row, odd, to); }
function twoByThreePair(x: usize, row: usize, odd: usize, to: usize): void { twoLines(true, 3, x, row, odd, to); }
function twoByTwoPair(x: usize, row: usize, odd: usize, to: usize): void { twoLines(true, 2, x, row, odd, to); }
function twoByOnePair(x: usize, row: usize, odd: usize, to: usize): void { twoLines(true, 1, x, row, odd, to); }
function oneByThreePair(x: usize, row: usize, odd: usize, to: usize): void { oneLine(true, 3, x, row, odd, to); }
function oneByTwoPair(x: usize, row: usize, odd: usize, to: usize): void { oneLine(true, 2, x, row, odd, to); }
function oneByOnePair(x: usize, row: usize, odd: usize, to: usize): void { oneLine(true, 1, x, row, odd, to); }

const SUB: i32 = 0;
const ADD: i32 = 1;
const ALONE: i32 = 2;

// @ts-ignore: decorator
@inline
function threeLines(isPair: bool, width: i32, x: usize, row: usize, odd: usize, to: usize): void {
  const x1 = x + row;
  const x2 = x1 + row;
  line(isPair, width, SUB, x, x2, odd, to, 0);
  line(isPair, width, ADD, x1, x2, odd, to, 4);
  line(isPair, width, SUB, x2, x1, odd, to, 8);
  line(isPair, width, SUB, x1, x2 + row, odd, to, 12);
}

// @ts-ignore: decorator
@inline
function twoLines(isPair: bool, width: i32, x: usize, row: usize, odd: usize, to: usize): void {
  const x1 = x + row;
  line(isPair, width, SUB, x, x1, odd, to, 0);
  line(isPair, width, ALONE, x1, x, odd, to, 4);
  line(isPair, width, SUB, x1, x1 + row, odd, to, 12);
}

// @ts-ignore: decorator
@inline
function oneLine(isPair: bool, width: i32, x: usize, row: usize, odd: usize, to: usize): void {
  line(isPair, width, ALONE, x, x, odd, to, 0);
  line(isPair, width, ALONE, x + row, x, odd, to, 12);
}

/** A row of Bᵀ·d, made of rows p and q of d, by B for four tiles, or eight: to the places from `place` on. */
// @ts-ignore: decorator
@inline
function line(isPair: bool, width: i32, how: i32, p: usize, q: usize, odd: usize, to: usize, place: i32): void {
  const d0 = vector(how, p, q, 0), e0 = isPair ? vector(how, p, q, 16) : d0;
  const d1 = vector(how, p + odd, q + odd, 0), e1 = isPair ? vector(how, p + odd, q + odd, 16) : d1;
  if (width == 1) {
    put(isPair, to + offset(place), d0, e0);
    put(isPair, to + offset(place + 3), d1, e1);
    return;
  }
  const d2 = vector(how, p, q, 4), e2 = isPair ? vector(how, p, q, 20) : d2;
  if (width == 2) {
    put(isPair, to + offset(place), f32x4.sub(d0, d1), f32x4.sub(e0, e1));
    put(isPair, to + offset(place + 1), d1, e1);
    put(isPair, to + offset(place + 3), f32x4.sub(d1, d2), f32x4.sub(e1, e2));
    return;
  }
  const d3 = vector(how, p + odd, q + odd, 4), e3 = isPair ? vector(how, p + odd, q + odd, 20) : d3;
  put(isPair, to + offset(place), f32x4.sub(d0, d2), f32x4.sub(e0, e2));
  put(isPair, to + offset(place + 1), f32x4.add(d1, d2), f32x4.add(e1, e2));
  put(isPair, to + offset(place + 2), f32x4.sub(d2, d1), f32x4.sub(e2, e1));
  put(isPair, to + offset(place + 3), f32x4.sub(d1, d3), f32x4.sub(e1, e3));
}

// @ts-ignore: decorator
@inline
function vector(how: i32, p: usize, q: usize, at: usize): v128 {
  if (how == ALONE) return v128.load(p + at);
  if (how == ADD) return f32x4.add(v128.load(p + at), v128.load(q + at));
  return f32x4.sub(v128.load(p + at), v128.load(q + at));
}

/** Stores a vector, or a pair of them side by side. */
// @ts-ignore: decorator
@inline
export function put(isPair: bool, to: usize, low: v128, high: v128): void {
  v128.store(to, low);
  if (isPair) v128.store(to, high, 16);
}
