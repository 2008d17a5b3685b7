// Convolution with 3 × 3 filters in 16 multiplications for every 2 × 2 pixels instead of 36: Winograd's minimal filtering
// F(2 × 2, 3 × 3) as Lavin and Gray (2015) arrange it for many channels. For each tile of 4 × 4 elements d of a channel,
//
//   y = Aᵀ·[Σ_c (G·w·Gᵀ) ∘ (Bᵀ·d·B)]·A
//
//        ⎛1  0 −1  0⎞        ⎛ 1    0    0 ⎞
//   Bᵀ = ⎜0  1  1  0⎟    G = ⎜1/2  1/2  1/2⎟    Aᵀ = ⎛1  1  1  0⎞
//        ⎜0 −1  1  0⎟        ⎜1/2 −1/2  1/2⎟         ⎝0  1 −1 −1⎠
//        ⎝0  1  0 −1⎠        ⎝ 0    0    1 ⎠
//
// so that the sums over channels are 16 matrix products, one for each place of a tile: of filters by channels and
// channels by tiles. The transforms add and halve only; the sums are a ninth as long as those of a direct convolution.
//
// A tile mixes what the nine taps of a pixel would keep apart. Where a value is not finite, or becomes so on the way,
// every sum it enters is not either, nor is the result; a unit with such a result is done again by direct.ts.
//
//   args ─ as in direct.ts, with an even 3 │ 43 the transformed filters: group │ strip of ROWS filters │ place │ channel
//
// Strides and dilations are 1, and so is the distance of pixels in rows of x and y. Units are those of direct.ts; of the
// filters' transform filters, over all groups.
//
//   the arena ─ a row of pixels (64 B) │ products of a strip: place │ filter │ tile
//                                      │ tiles: place │ panel of 8 tiles │ channel

import { int, ptr, scratch } from "../abi";
import { micro, ROWS } from "../gemm/micro";
import { channelX, channelY, filter } from "./block";
import { convDirect_f32 } from "./direct";
import { gather } from "./gather";

/** Channels that one chain of sums runs along: as many keep it as exact as the direct kernel's. */
const DEPTH: i32 = 32;
export const PLACES: usize = 16;
/** A place begins a cache line later than the last one's size says: whole pages apart, sixteen would fight for eight ways. */
export const GAP: usize = 64;

// ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function winogradFilters_f32(args: usize, begin: i32, end: i32): void {
  const from = int(args, 39);
  const to = int(args, 40);
  const strips = (to + ROWS - 1) / ROWS;
  const place = (<usize>(from * ROWS) << 2) + GAP;
  for (let unit = begin; unit < end; unit++) {
    const g = unit / to;
    const o = unit - g * to;
    const strip = o / ROWS;
    let u = ptr(args, 43) + <usize>(g * strips + strip) * PLACES * place + (<usize>(o - strip * ROWS) << 2);
    for (let c = 0; c < from; c++) {
      transformFilter(filter<f32>(args, g, o, c), <usize>int(args, 21) << 2, <usize>int(args, 22) << 2, u, place);
      u += <usize>ROWS << 2;
    }
  }
}

/** u = G·w·Gᵀ, its places `place` bytes apart. */
function transformFilter(w: usize, row: usize, step: usize, u: usize, place: usize): void {
  for (let x: usize = 0; x < 3; x++) {
    // The columns of G·w take the places of the first three columns of u.
    const w0 = load<f32>(w);
    const w1 = load<f32>(w + row);
    const w2 = load<f32>(w + 2 * row);
    const outer: f32 = (w0 + w2) * 0.5;
    const inner: f32 = w1 * 0.5;
    const at = u + x * place;
    store<f32>(at, w0);
    store<f32>(at + 4 * place, outer + inner);
    store<f32>(at + 8 * place, outer - inner);
    store<f32>(at + 12 * place, w2);
    w += step;
  }
  for (let y: usize = 0; y < 4; y++) {
    const at = u + 4 * y * place;
    const w1 = load<f32>(at + place);
    const w2 = load<f32>(at + 2 * place);
    const outer: f32 = (load<f32>(at) + w2) * 0.5;
    const inner: f32 = w1 * 0.5;
    store<f32>(at + place, outer + inner);
    store<f32>(at + 2 * place, outer - inner);
    store<f32>(at + 3 * place, w2);
  }
}

// ── the convolution ──────────────────────────────────────────────────────────────────────────────────────────────────

export function winograd_f32(args: usize, begin: i32, end: i32): void {
  const from = int(args, 39);
  const to = int(args, 40);
  const oh = int(args, 29);
  const band = int(args, 3);
  const images = int(args, 41);
  const bands = (oh + band - 1) / band;
  const strips = (to + ROWS - 1) / ROWS;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / bands;
    const g = stack / images;
    const b = stack - g * images;
    const oy = (unit - stack * bands) * band;
    const rows = min(band, oh - oy);
    const tiles = ((rows + 1) / 2 * tilesAcross(args) + 7) & ~7;
    const products = scratch + 64;
    const panels = products + PLACES * (<usize>(ROWS * tiles) << 2);
    const panel = <usize>from << 5;
    const place = panel * <usize>(tiles / 8) + GAP;
    for (let c = 0; c < from; c++) {
      transformBand(args, channelX<f32>(args, b, g, c), oy, rows, panels + (<usize>c << 5), panel, place);
    }
    let bad = i64x2.splat(0);
    for (let strip = 0; strip < strips; strip++) {
      const u = ptr(args, 43) + <usize>(g * strips + strip) * PLACES * ((<usize>(from * ROWS) << 2) + GAP);
      multiplyStrip(from, tiles, u, panels, products);
      const o = strip * ROWS;
      for (let r = 0; r < min(ROWS, to - o); r++) {
        const bias: f32 = ptr(args, 13) == 0 ? 0 : load<f32>(ptr(args, 13) + (<usize>(g * to + o + r) << 2));
        const y = channelY<f32>(args, b, g, o + r) + (<usize>(oy * int(args, 16)) << 2);
        bad = v128.or(bad, finishBand(args, products + (<usize>(r * tiles) << 2), rows, tiles, bias, y));
      }
    }
    if (v128.any_true(bad)) convDirect_f32(args, unit, unit + 1);
  }
}

/** Tiles in a row, in whole vectors. */
// @ts-ignore: decorator
@inline export function tilesAcross(args: usize): i32 { return (int(args, 30) + 7) / 8 * 4; }

/** Bᵀ·d·B of all tiles of one channel in `rows` rows of y from oy, to panels of eight tiles in each of the places. */
export function transformBand(args: usize, x: usize, oy: i32, rows: i32, to: usize, panel: usize, place: usize): void {
  const height = int(args, 27);
  const width = int(args, 28);
  const rowX = <usize>int(args, 25) << 2;
  const across = tilesAcross(args);
  let tile = 0;
  for (let r = 0; r < rows; r += 2) {
    const iy = oy + r - int(args, 37);
    const row = x + <usize>iy * rowX;
    const isWhole = iy >= 0 && iy + 4 <= height;
    for (let q = 0; q < across; q += 4) {
      const at = to + <usize>(tile / 8) * panel + ((<usize>tile & 4) << 2);
      const ix = 2 * q - int(args, 38);
      if (isWhole && ix >= 0 && ix + 10 <= width) transformInside(row + (<usize>ix << 2), rowX, at, place);
      else transformAtEdge(row, rowX, iy, ix, height, width, at, place);
      tile += 4;
    }
  }
}

function transformInside(x: usize, row: usize, to: usize, place: usize): void {
  const x1 = x + row;
  const x2 = x1 + row;
  const x3 = x2 + row;
  line(f32x4.sub(v128.load(x), v128.load(x2)), f32x4.sub(v128.load(x, 16), v128.load(x2, 16)),
    f32x4.sub(v128.load(x, 8), v128.load(x2, 8)), f32x4.sub(v128.load(x, 24), v128.load(x2, 24)), to, place);
  to += 4 * place;
  line(f32x4.add(v128.load(x1), v128.load(x2)), f32x4.add(v128.load(x1, 16), v128.load(x2, 16)),
    f32x4.add(v128.load(x1, 8), v128.load(x2, 8)), f32x4.add(v128.load(x1, 24), v128.load(x2, 24)), to, place);
  to += 4 * place;
  line(f32x4.sub(v128.load(x2), v128.load(x1)), f32x4.sub(v128.load(x2, 16), v128.load(x1, 16)),
    f32x4.sub(v128.load(x2, 8), v128.load(x1, 8)), f32x4.sub(v128.load(x2, 24), v128.load(x1, 24)), to, place);
  to += 4 * place;
  line(f32x4.sub(v128.load(x1), v128.load(x3)), f32x4.sub(v128.load(x1, 16), v128.load(x3, 16)),
    f32x4.sub(v128.load(x1, 8), v128.load(x3, 8)), f32x4.sub(v128.load(x1, 24), v128.load(x3, 24)), to, place);
}

/** A row of Bᵀ·d by B for four tiles: `a` and `b` hold elements 0 to 3 and 4 to 7 of it, `c` and `d` 2 to 5 and 6 to 9. */
// @ts-ignore: decorator
@inline
function line(a: v128, b: v128, c: v128, d: v128, to: usize, place: usize): void {
  const d0 = v128.shuffle<f32>(a, b, 0, 2, 4, 6);
  const d1 = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
  const d2 = v128.shuffle<f32>(c, d, 0, 2, 4, 6);
  const d3 = v128.shuffle<f32>(c, d, 1, 3, 5, 7);
  v128.store(to, f32x4.sub(d0, d2));
  v128.store(to + place, f32x4.add(d1, d2));
  v128.store(to + 2 * place, f32x4.sub(d2, d1));
  v128.store(to + 3 * place, f32x4.sub(d1, d3));
}

/** The same where a tile reaches beyond the image: its rows are copied with zeros first. */
function transformAtEdge(
  x: usize, row: usize, iy: i32, ix: i32, height: i32, width: i32, to: usize, place: usize,
): void {
  const copy = scratch + 64;
  for (let r = 0; r < 4; r++) {
    const at = copy + (<usize>r * 48);
    const isInside = <u32>(iy + r) < <u32>height;
    for (let q = 0; q < 12; q += 4) {
      v128.store(at + (<usize>q << 2), isInside ? gather<f32>(x, ix + q, 1, 1, width) : i64x2.splat(0));
    }
    x += row;
  }
  transformInside(copy, 48, to, place);
}

/** products[place, filter, tile] = Σ_c u[place, filter, c] · panels[place, tile, c] */
function multiplyStrip(from: i32, tiles: i32, u: usize, panels: usize, products: usize): void {
  const row = <usize>tiles << 2;
  for (let place: usize = 0; place < PLACES; place++) {
    for (let tile = 0; tile < tiles; tile += 8) {
      for (let c = 0; c < from; c += DEPTH) {
        const strip = u + (<usize>(c * ROWS) << 2);
        micro<f32>(min(DEPTH, from - c), strip, panels + (<usize>c << 5), 32, products + (<usize>tile << 2), row, c > 0);
      }
      panels += <usize>from << 5;
    }
    u += (<usize>(from * ROWS) << 2) + GAP;
    panels += GAP;
    products += <usize>ROWS * row;
  }
}

/** y = Aᵀ·m·A + bias for the tiles of one filter in `rows` rows of y. The answer is not 0 where a pixel is not finite. */
function finishBand(args: usize, m: usize, rows: i32, tiles: i32, bias: f32, y: usize): v128 {
  const ow = int(args, 30);
  const rowY = <usize>int(args, 16) << 2;
  const across = tilesAcross(args);
  const place = <usize>(ROWS * tiles) << 2;
  const more = f32x4.splat(bias);
  let bad = i64x2.splat(0);
  for (let r = 0; r < rows; r += 2) {
    for (let q = 0; q < across; q += 4) {
      let at = m;
      let m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      let left = f32x4.add(f32x4.add(m0, m1), m2);
      let right = f32x4.sub(f32x4.sub(m1, m2), m3);
      let y00 = left, y01 = right;
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      left = f32x4.add(f32x4.add(m0, m1), m2);
      right = f32x4.sub(f32x4.sub(m1, m2), m3);
      y00 = f32x4.add(y00, left);
      y01 = f32x4.add(y01, right);
      let y10 = left, y11 = right;
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      left = f32x4.add(f32x4.add(m0, m1), m2);
      right = f32x4.sub(f32x4.sub(m1, m2), m3);
      y00 = f32x4.add(y00, left);
      y01 = f32x4.add(y01, right);
      y10 = f32x4.sub(y10, left);
      y11 = f32x4.sub(y11, right);
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      left = f32x4.add(f32x4.add(m0, m1), m2);
      right = f32x4.sub(f32x4.sub(m1, m2), m3);
      y10 = f32x4.sub(y10, left);
      y11 = f32x4.sub(y11, right);
      // x - x is 0 for a finite x and NaN for any other.
      const upper = v128.or(f32x4.sub(y00, y00), f32x4.sub(y01, y01));
      bad = v128.or(bad, v128.or(upper, v128.or(f32x4.sub(y10, y10), f32x4.sub(y11, y11))));
      const count = ow - 2 * q;
      const to = y + (<usize>q << 3);
      putRow(f32x4.add(y00, more), f32x4.add(y01, more), to, count);
      if (r + 1 < rows) putRow(f32x4.add(y10, more), f32x4.add(y11, more), to + rowY, count);
      m += 16;
    }
    y += 2 * rowY;
  }
  return bad;
}

/** Up to eight pixels of which `even` and `odd` have every other one. */
// @ts-ignore: decorator
@inline
function putRow(even: v128, odd: v128, to: usize, count: i32): void {
  const low = v128.shuffle<f32>(even, odd, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(even, odd, 2, 6, 3, 7);
  if (count >= 8) {
    v128.store(to, low);
    v128.store(to, high, 16);
  } else putPart(low, high, to, count);
}

function putPart(low: v128, high: v128, to: usize, count: i32): void {
  v128.store(scratch, low);
  v128.store(scratch, high, 16);
  for (let i: usize = 0; i < <usize>count; i++) store<f32>(to + (i << 2), load<f32>(scratch + (i << 2)));
}
