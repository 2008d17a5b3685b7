// Tiles of Winograd's minimal filtering F(2 × 2, 3 × 3): what winograd.ts and its gradient see of x. Letters are those of
// winograd.ts.
//
// A dim of a filter is cut into items: along each phase of the stride, where taps are neighbours, threes of taps, then
// single taps. A three has all four places of a tile; a single tap needs the outer two alone, one for each pixel:
//
//   three: Bᵀ·d as in winograd.ts        single: (d₀, –, –, d₁), with w and −w for filter
//
// Places of a tile are numbered in rows of four. Threes come first, so that an item has the same number in all of them.

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

// Items along y and x, and how many of them are threes.
let itemsY: i32 = 0;
let threesY: i32 = 0;
let itemsX: i32 = 0;
let threesX: i32 = 0;

/** Cuts both dims of the filter into items. */
export function cutFilter(args: usize): void {
  const kh = int(args, 31);
  const kw = int(args, 32);
  const sy = int(args, 33);
  const sx = int(args, 34);
  threesY = cut(kh, sy, true, scratch + TAPS_Y);
  itemsY = threesY + cut(kh, sy, false, scratch + TAPS_Y + (<usize>threesY << 2));
  threesX = cut(kw, sx, true, scratch + TAPS_X);
  itemsX = threesX + cut(kw, sx, false, scratch + TAPS_X + (<usize>threesX << 2));
}

/** Writes down the first taps of threes or of what is left by them; their number. */
function cut(taps: i32, stride: i32, isThree: bool, to: usize): i32 {
  let n = 0;
  for (let phase = 0; phase < min(taps, stride); phase++) {
    const count = (taps - phase + stride - 1) / stride;
    const whole = count - count % 3;
    const end = isThree ? whole : count;
    for (let t = isThree ? 0 : whole; t < end; t += isThree ? 3 : 1) {
      store<i32>(to + (<usize>n << 2), phase + t * stride);
      n++;
    }
  }
  return n;
}

// @ts-ignore: decorator
@inline export function countY(): i32 { return itemsY; }
// @ts-ignore: decorator
@inline export function countX(): i32 { return itemsX; }
// @ts-ignore: decorator
@inline export function isThreeY(i: i32): bool { return i < threesY; }
// @ts-ignore: decorator
@inline export function isThreeX(i: i32): bool { return i < threesX; }
/** The first tap of an item along y or x. */
// @ts-ignore: decorator
@inline export function tapY(i: i32): i32 { return load<i32>(scratch + TAPS_Y + (<usize>i << 2)); }
// @ts-ignore: decorator
@inline export function tapX(i: i32): i32 { return load<i32>(scratch + TAPS_X + (<usize>i << 2)); }

/** The items of a channel in a place. */
// @ts-ignore: decorator
@inline
function inPlace(place: i32): i32 { return ((place >> 2) % 3 == 0 ? itemsY : threesY) * ((place & 3) % 3 == 0 ? itemsX : threesX); }
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
    const number = iy * ((place & 3) % 3 == 0 ? itemsX : threesX) + ix;
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
      if (isPair) {
        if (isThreeY(iy)) {
          if (isThreeX(ix)) threeByThreePair(x, row, odd, at);
          else threeByOnePair(x, row, odd, at);
        } else if (isThreeX(ix)) oneByThreePair(x, row, odd, at);
        else oneByOnePair(x, row, odd, at);
      } else if (isThreeY(iy)) {
        if (isThreeX(ix)) threeByThree(x, row, odd, at);
        else threeByOne(x, row, odd, at);
      } else if (isThreeX(ix)) oneByThree(x, row, odd, at);
      else oneByOne(x, row, odd, at);
      const done = isPair ? 8 : 4;
      tile += done;
      q += done;
    }
    from += 2 * row;
  }
}

function threeByThree(x: usize, row: usize, odd: usize, to: usize): void { threeLines(false, true, x, row, odd, to); }
function threeByOne(x: usize, row: usize, odd: usize, to: usize): void { threeLines(false, false, x, row, odd, to); }
function oneByThree(x: usize, row: usize, odd: usize, to: usize): void { twoLines(false, true, x, row, odd, to); }
function oneByOne(x: usize, row: usize, odd: usize, to: usize): void { twoLines(false, false, x, row, odd, to); }

// Of eight tiles.
function threeByThreePair(x: usize, row: usize, odd: usize, to: usize): void { threeLines(true, true, x, row, odd, to); }
function threeByOnePair(x: usize, row: usize, odd: usize, to: usize): void { threeLines(true, false, x, row, odd, to); }
function oneByThreePair(x: usize, row: usize, odd: usize, to: usize): void { twoLines(true, true, x, row, odd, to); }
function oneByOnePair(x: usize, row: usize, odd: usize, to: usize): void { twoLines(true, false, x, row, odd, to); }

const SUB: i32 = 0;
const ADD: i32 = 1;
const ALONE: i32 = 2;

// @ts-ignore: decorator
@inline
function threeLines(isPair: bool, isThree: bool, x: usize, row: usize, odd: usize, to: usize): void {
  const x1 = x + row;
  const x2 = x1 + row;
  line(isPair, isThree, SUB, x, x2, odd, to, 0);
  line(isPair, isThree, ADD, x1, x2, odd, to, 4);
  line(isPair, isThree, SUB, x2, x1, odd, to, 8);
  line(isPair, isThree, SUB, x1, x2 + row, odd, to, 12);
}

// @ts-ignore: decorator
@inline
function twoLines(isPair: bool, isThree: bool, x: usize, row: usize, odd: usize, to: usize): void {
  line(isPair, isThree, ALONE, x, x, odd, to, 0);
  line(isPair, isThree, ALONE, x + row, x, odd, to, 12);
}

/** A row of Bᵀ·d, made of rows p and q of d, by B for four tiles, or eight: to the places from `place` on. */
// @ts-ignore: decorator
@inline
function line(isPair: bool, isThree: bool, how: i32, p: usize, q: usize, odd: usize, to: usize, place: i32): void {
  const d0 = vector(how, p, q, 0), e0 = isPair ? vector(how, p, q, 16) : d0;
  const d1 = vector(how, p + odd, q + odd, 0), e1 = isPair ? vector(how, p + odd, q + odd, 16) : d1;
  if (!isThree) {
    put(isPair, to + offset(place), d0, e0);
    put(isPair, to + offset(place + 3), d1, e1);
    return;
  }
  const d2 = vector(how, p, q, 4), e2 = isPair ? vector(how, p, q, 20) : d2;
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
