// When 3 × 3 convolutions and their gradients go by Winograd's way (assembly/conv/winograd.ts), and how they are launched.

import { INT32, SUFFIX } from "../core/index.ts";
import type { Kernels } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { ARENA, block, copyOf, ROWS, STRIP_BYTES, TILE_BYTES, UNITS, type Work } from "./convwork.ts";
import { fold } from "./folds.ts";
import { grainOf } from "./product.ts";

/** Channels on either side below which the transforms cost more than they save. */
const LEAST_CHANNELS = 8;
const LEAST_CHANNELS_OF_GRADIENT = 16;
/** Tiles of all images below which the transform of the filters does. */
const LEAST_TILES = 32;
/** Rows and columns below which most taps see zeros, which a direct sum is exact for. */
const LEAST_SIZE = 4;
/** Tiles of a unit stay in the second cache beside the filters; with fewer than that, filters are read too often. */
const TILE_CACHE = 320 << 10;
const LEAST_IN_UNIT = 16;
const PLACES = 16;
/** What a place, or a filter's channel, takes at most beyond its elements: GAP in assembly/conv/winograd.ts. */
const GAP = 64;

/** Whether the taps are three neighbours in each of three neighbouring rows, and enough of them. */
function isFor(k: Kernels, kernel: string, { from, to, kernel: [kh, kw], out, ...work }: Work, least: number): boolean {
  const { stride, dilation } = work.geometry;
  return (
    Math.min(from, to) >= least &&
    kh === 3 &&
    kw === 3 &&
    Math.max(...stride, ...dilation) === 1 &&
    work.yStrides[3] === 1 &&
    Math.min(...out) >= LEAST_SIZE &&
    work.images * Math.ceil(out[0] / 2) * Math.ceil(out[1] / 2) >= LEAST_TILES &&
    k.has(`${kernel}_${SUFFIX[k.code]}`)
  );
}

/** Tiles of `rows` rows of y, in whole vectors. */
const tilesOf = (rows: number, { out }: Work): number => Math.ceil(rows / 2) * Math.ceil(out[1] / 8) * 4;
const even = (rows: number): number => Math.ceil(rows / 2) * 2;

/** Launches the convolution; false where another way is better. */
export function runWinograd(k: Kernels, work: Work): boolean {
  if (!isFor(k, "winograd", work, LEAST_CHANNELS)) return false;
  const { from, to, out, images, geometry } = work;
  const { rows: more, pitch } = copyOf(work.kernel, geometry, out);
  const bytes = (rows: number): number => (from + ROWS) * PLACES * 4 * (tilesOf(rows, work) + 7) + PLACES * GAP + GAP;
  // The direct kernel does a unit again that is not finite.
  const again = (rows: number): number => TILE_BYTES + STRIP_BYTES + from * (9 * 4 + (rows + more) * pitch * 4) + GAP;
  const units = (rows: number): number => images * geometry.groups * Math.ceil(out[0] / rows);
  let rows = even(out[0]);
  while (
    rows > 2 &&
    (Math.max(bytes(rows), again(rows)) > ARENA ||
      (tilesOf(rows, work) > LEAST_IN_UNIT && (bytes(rows) > TILE_CACHE || units(rows) < UNITS)))
  ) {
    rows = even(rows / 2);
  }
  if (Math.max(bytes(rows), again(rows)) > ARENA) return false;
  const filters = k.scratch(k.code, [geometry.groups, PLACES, to + ROWS, from + GAP / 4]);
  block(k, "winogradFilters", work, rows, 0)
    .int(0)
    .tensor(filters)
    .run(geometry.groups * to, grainOf(from * 64));
  block(k, "winograd", work, rows, 0)
    .int(0)
    .tensor(filters)
    .run(units(rows), grainOf(from * to * PLACES * tilesOf(rows, work)));
  return true;
}

/** The part of the arena that gemm/block.ts leaves alone. */
const FREE = ARENA - TILE_BYTES - STRIP_BYTES - (1 << 20);
/** Channels in a block: the products of a block, in all places, are 256 kB. */
const BLOCK = 64;

/**
 * Launches the gradient by the weight and gives the flags of its units, of which one is set where a weight is not finite
 * and the gradient is to be taken again; null where another way is better.
 */
export function runWinogradWeight(k: Kernels, work: Work): Tensor | null {
  if (!isFor(k, "winogradWeight", work, LEAST_CHANNELS_OF_GRADIENT)) return null;
  const { from, to, w, out, images, geometry } = work;
  let size = BLOCK;
  let rows = even(out[0]);
  const fits = (): boolean => {
    const [m, n] = [Math.min(size, to), Math.min(size, from)];
    return PLACES * 4 * ((m + n) * tilesOf(rows, work) + m * (n + 3)) + 3 * PLACES * GAP <= FREE;
  };
  while (!fits()) {
    if (rows > 2) rows = even(rows / 2);
    else if (size > LEAST_CHANNELS) size /= 2;
    else return null;
  }
  const bands = images * Math.ceil(out[0] / rows);
  const blocks = Math.ceil(from / size) * Math.ceil(to / size) * geometry.groups;
  const per = Math.ceil(bands / Math.ceil(UNITS / blocks));
  const splits = Math.ceil(bands / per);
  const partial = splits === 1 ? w : k.scratch(w.code, [splits, ...w.shape]);
  const flags = k.scratch(INT32, [blocks * splits]);
  block(k, "winogradWeight", { ...work, w: partial }, rows, size)
    .int(w.numel())
    .int(geometry.groups)
    .int(per)
    .tensor(flags)
    .run(blocks * splits, grainOf(size * size * PLACES * per * tilesOf(rows, work)));
  if (splits > 1) fold(k, "sum_f32", "sum_f32", partial, w, [0]);
  return flags;
}
