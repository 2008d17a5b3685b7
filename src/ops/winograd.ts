// When convolutions and their gradients go by Winograd's way (assembly/conv/winograd.ts), and how they are launched.

import { INT32 } from "../core/index.ts";
import type { Kernels } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { ARENA, block, copyBytes, copyOf, ROWS, STRIP_BYTES, TILE_BYTES, UNITS, type Work } from "./convwork.ts";
import { fold } from "./folds.ts";
import { grainOf } from "./product.ts";

/** Rows and columns below which most taps see zeros, which a direct sum is exact for. */
const LEAST_SIZE = 4;
/** Taps a dim that the tables of assembly/conv/tiles.ts have room for. */
const MOST_TAPS = 11;
/** Tiles of a unit stay in the second cache beside the filters; with fewer than that, filters are read too often. */
const TILE_CACHE = 384 << 10;
const LEAST_IN_UNIT = 32;
const PLACES = 16;
/** What a place takes beyond its elements, and what the arena has before a channel's copy: see assembly/conv/tiles.ts. */
const GAP = 64;
const HEAD = 448;

/** A dim of a filter cut into items of up to three taps, as assembly/conv/tiles.ts does; the places of a tile hold `sum` items. */
function cut(taps: number, stride: number): { items: number; sum: number } {
  let [items, sum] = [0, 0];
  for (let phase = 0; phase < Math.min(taps, stride); phase++) {
    const along = Math.ceil((taps - phase) / stride);
    items += Math.ceil(along / 3);
    // One place more than taps in each.
    sum += along + Math.ceil(along / 3);
  }
  return { items, sum };
}

/** Tiles of `rows` rows of y, in whole vectors. */
const tilesOf = (rows: number, { out }: Work): number => Math.ceil(rows / 2) * Math.ceil(out[1] / 8) * 4;
const even = (rows: number): number => Math.ceil(rows / 2) * 2;

/** Whether the kernels of this name can do it. */
function isPossible(k: Kernels, name: string, { kernel, out, geometry, yStrides }: Work): boolean {
  return (
    Math.max(...geometry.dilation) === 1 &&
    Math.max(...kernel) <= MOST_TAPS &&
    yStrides[3] === 1 &&
    Math.min(...out) >= LEAST_SIZE &&
    k.has(name)
  );
}

/** Launches the convolution; false where another way is better. */
export function runWinograd(k: Kernels, work: Work): boolean {
  if (!isPossible(k, "winograd", work)) return false;
  const { from, to, out, images, kernel, geometry } = work;
  const [y, x] = [cut(kernel[0], geometry.stride[0]), cut(kernel[1], geometry.stride[1])];
  const sum = from * y.sum * x.sum;
  // Multiplications a tile, and what the rest costs in such: writing and adding products, transforms of x, of filters.
  const direct = 4 * from * kernel[0] * kernel[1] * to;
  const tiled = sum * to + 100 * to + 80 * from * y.items * x.items;
  const waste = (4 * tilesOf(out[0], work)) / (out[0] * out[1]);
  const tiles = (images * out[0] * out[1]) / 4;
  if ((0.9 * direct - tiled * waste) * tiles < 300 * from * to * y.items * x.items) return false;

  const { rows: more, pitch, planes } = copyOf(kernel, geometry, out);
  const across = Math.ceil((tilesOf(1, work) + Math.floor((pitch - out[1] + 3) / 2) + 1) / 4) * 4;
  const copy = (rows: number): number => 2 * planes * (rows + more + 1) * across * 4;
  const bytes = (rows: number): number =>
    HEAD + copy(rows) + 2 * GAP + (tilesOf(rows, work) + 7) * (4 * (sum + PLACES * ROWS) + (PLACES * GAP) / 8);
  // The direct kernel does a unit again that is not finite.
  const again = (rows: number): number =>
    TILE_BYTES + STRIP_BYTES + from * kernel[0] * kernel[1] * 4 + copyBytes(work, rows, 4) + GAP;
  const units = (rows: number): number => images * geometry.groups * Math.ceil(out[0] / rows);
  const tooLarge = (rows: number): boolean => Math.max(bytes(rows), again(rows)) > ARENA;
  let rows = even(out[0]);
  while (
    rows > 2 &&
    (tooLarge(rows) || (tilesOf(rows, work) > LEAST_IN_UNIT && (bytes(rows) > TILE_CACHE || units(rows) < UNITS)))
  ) {
    rows = even(rows / 2);
  }
  if (tooLarge(rows)) return false;
  const filters = k.scratch(k.code, [geometry.groups, to + ROWS, sum + (PLACES * GAP) / 4]);
  block(k, "winogradFilters", work, rows, 0)
    .int(0)
    .tensor(filters)
    .run(geometry.groups * to, grainOf(sum * 32));
  block(k, "winograd", work, rows, 0)
    .int(0)
    .tensor(filters)
    .run(units(rows), grainOf(sum * to * tilesOf(rows, work)));
  return true;
}

/** Channels on either side below which the transforms of a gradient by the weight cost more than they save. */
const LEAST_CHANNELS = 24;
/** Products with the taps' places, over those with the taps, up to which they do not either. */
const MOST_PLACES = 0.7;
/** Channels in a block, and bytes of its sums and tiles, which stay in the second cache; half of them for the sums at most. */
const BLOCK = 64;
const BLOCK_BYTES = 1 << 20;
const LEAST_BLOCK = 8;

/**
 * Launches the gradient by the weight and gives the flags of its units, of which one is set where a weight is not finite
 * and the gradient is to be taken again; null where another way is better.
 */
export function runWinogradWeight(k: Kernels, work: Work): Tensor | null {
  const { from, to, w, out, images, kernel, geometry } = work;
  if (Math.max(...geometry.stride) > 1 || Math.min(from, to) < LEAST_CHANNELS) return null;
  if (!isPossible(k, "winogradWeight", work)) return null;
  const [y, x] = [cut(kernel[0], 1), cut(kernel[1], 1)];
  const [taps, sum] = [kernel[0] * kernel[1], y.sum * x.sum];
  if (sum * tilesOf(out[0], work) > MOST_PLACES * taps * out[0] * out[1]) return null;
  let [m, n] = [Math.min(BLOCK, to), Math.min(BLOCK, from)];
  let rows = even(out[0]);
  while (4 * sum * m * n > BLOCK_BYTES / 2) n = Math.ceil(n / 2);
  while (4 * (sum * m * n + (PLACES * m + sum * n) * tilesOf(rows, work)) > BLOCK_BYTES) {
    if (rows > 2) rows = even(rows / 2);
    else if (Math.max(m, n) <= LEAST_BLOCK) return null;
    else if (n < m) m = Math.ceil(m / 2);
    else n = Math.ceil(n / 2);
  }
  const bands = images * Math.ceil(out[0] / rows);
  const blocks = Math.ceil(from / n) * Math.ceil(to / m) * geometry.groups;
  const splits = Math.min(bands, Math.ceil(UNITS / blocks));
  const partial = splits === 1 ? w : k.scratch(w.code, [splits, ...w.shape]);
  const flags = k.scratch(INT32, [blocks * splits]);
  block(k, "winogradWeight", { ...work, w: partial }, rows, m)
    .int(w.numel())
    .int(geometry.groups)
    .int(splits)
    .tensor(flags)
    .int(n)
    .run(blocks * splits, grainOf((sum * m * n * bands * tilesOf(rows, work)) / splits));
  if (splits > 1) fold(k, "sum_f32", "sum_f32", partial, w, [0]);
  return flags;
}
