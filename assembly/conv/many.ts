// The convolution of block.ts for small images, many of them: eight images side by side are the columns of the product, so
// that no lane is lost at the end of a short row. The images are copied with their padding and turned, an element of eight
// images in a row; a panel is then a place in the copy, and taps are found by a table as in direct.ts.
//
//   args ─ as in block.ts; 1, 3 and 4 are not read; dilations > 0
//
// Units: eights of images, then groups. Table, filters, copy and products must fit the arena (src/ops/convolve.ts sees to
// it).

import { int, ptr, scratch } from "../abi";
import { STRIP_BYTES, TILE_BYTES } from "../gemm/finish";
import { microTable, microTablePair, ROWS } from "../gemm/micro";
import { channelX, channelY, pixels } from "./block";
import { EIGHT, fillPlaces, heightSeen, putRows, turnPlanes, widthSeen } from "./eights";
import { packFilters } from "./filters";

/** Taps that one chain of sums runs along. */
const DEPTH: i32 = 512;

export function convMany_f32(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const k = int(args, 2);
  const oh = int(args, 29);
  const ow = int(args, 30);
  const images = int(args, 41);
  const eights = (images + EIGHT - 1) / EIGHT;
  const height = heightSeen(args);
  const width = widthSeen(args);
  const filters = scratch + TILE_BYTES;
  const table = filters + STRIP_BYTES;
  const products = table + (<usize>k << 2) + 15 & ~15;
  const copy = products + (<usize>(ROWS * oh * ow) << 5);
  const row = <usize>(oh * ow) << 5;
  const next = <usize>int(args, 34) << 5;
  fillPlaces(args, table);
  for (let unit = begin; unit < end; unit++) {
    const g = unit / eights;
    const b = (unit - g * eights) * EIGHT;
    const count = min(EIGHT, images - b);
    const apart = <usize>int(args, 23) << 2;
    for (let c = 0; c < int(args, 39); c++)
      turnPlanes(args, channelX<f32>(args, b, g, c), apart, count, height, width, copy + (<usize>(c * height * width) << 5));
    for (let o = 0; o < m; o += ROWS) {
      packFilters<f32>(args, g, o, min(ROWS, m - o), 0, k, filters);
      for (let oy = 0; oy < oh; oy++) {
        let ox = 0;
        while (ox < ow) {
          const isPair = WIDE_VECTORS != 0 && ox + 2 <= ow;
          const panel = copy + (<usize>(oy * int(args, 33) * width + ox * int(args, 34)) << 5);
          const to = products + (<usize>(oy * ow + ox) << 5);
          for (let p = 0; p < k; p += DEPTH) {
            const strip = filters + (<usize>(p * ROWS) << 2);
            const offsets = table + (<usize>p << 2);
            if (isPair) microTablePair<f32>(min(DEPTH, k - p), strip, panel, next, offsets, to, 32, row, p > 0);
            else microTable<f32>(min(DEPTH, k - p), strip, panel, offsets, to, row, p > 0);
          }
          ox += isPair ? 2 : 1;
        }
      }
      for (let r = 0; r < min(ROWS, m - o); r++) {
        const bias: f32 = ptr(args, 13) == 0 ? 0 : load<f32>(ptr(args, 13) + (<usize>(g * m + o + r) << 2));
        finishChannel(args, b, count, g, o + r, products + (<usize>(r * oh * ow) << 5), bias);
      }
    }
  }
}

/** Products of one filter, a pixel of eight images in a row, to the images. */
function finishChannel(args: usize, b: i32, count: i32, g: i32, o: i32, from: usize, bias: f32): void {
  const rowY = <usize>int(args, 16) << 2;
  const step = <usize>int(args, 17) << 2;
  const last = b + count - 1;
  // Without gaps between the rows of y a channel is one run.
  const isRun = int(args, 16) == int(args, 30) * int(args, 17);
  const rows = isRun ? 1 : int(args, 29);
  const run = isRun ? pixels(args) : int(args, 30);
  for (let half = 0; half < count; half += 4) {
    let y0 = channelY<f32>(args, min(b + half, last), g, o);
    let y1 = channelY<f32>(args, min(b + half + 1, last), g, o);
    let y2 = channelY<f32>(args, min(b + half + 2, last), g, o);
    let y3 = channelY<f32>(args, min(b + half + 3, last), g, o);
    let at = from + (<usize>half << 2);
    for (let oy = rows; oy > 0; oy--) {
      putRows(at, bias, run, step, y0, y1, y2, y3);
      at += <usize>run << 5;
      y0 += rowY;
      y1 += rowY;
      y2 += rowY;
      y3 += rowY;
    }
  }
}
