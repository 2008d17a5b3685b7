// Convolution in 16 multiplications for every 2 × 2 pixels and 3 × 3 taps instead of 36: Winograd's minimal filtering
// F(2 × 2, 3 × 3) as Lavin and Gray (2015) arrange it for many channels. For each tile of 4 × 4 elements d of a channel,
//
//   y = Aᵀ·[Σ (G·w·Gᵀ) ∘ (Bᵀ·d·B)]·A
//
//        ⎛1  0 −1  0⎞        ⎛ 1    0    0 ⎞
//   Bᵀ = ⎜0  1  1  0⎟    G = ⎜1/2  1/2  1/2⎟    Aᵀ = ⎛1  1  1  0⎞
//        ⎜0 −1  1  0⎟        ⎜1/2 −1/2  1/2⎟         ⎝0  1 −1 −1⎠
//        ⎝0  1  0 −1⎠        ⎝ 0    0    1 ⎠
//
// Filters of other sizes and strides are cut into items of three, two or one taps a dim (tiles.ts), all of which are summed
// before Aᵀ: so the sums over channels and items are 16 matrix products, one for each place of a tile, of filters by items
// and items by tiles. The transforms add and halve only.
//
// A tile mixes what the taps of a pixel would keep apart. Where a value is not finite, or becomes so on the way, every
// sum it enters is not either, nor is the result; a unit with such a result is done again by direct.ts.
//
//   args ─ as in direct.ts, with an even 3 │ 43 the transformed filters: group │ strip of ROWS filters │ place │ item
//
// Dilations are 1, and so is the distance of pixels in rows of x and y. Units are those of direct.ts; of the filters'
// transform filters, over all groups.
//
//   the arena ─ as in tiles.ts │ products of a strip: place │ filter │ tile │ tiles: panel of 8 │ place │ item

import { int, ptr, scratch } from "../abi";
import { micro, microPair, ROWS } from "../gemm/micro";
import { channelY, filter } from "./block";
import { convDirect_f32 } from "./direct";
import {
  behindCopy, copyChannel, countX, countY, cutFilter, depth, findItem, GAP, nextChannel, offset, PLACES, placesBytes, put, sizeX,
  sizeY, tapX, tapY, tilesAcross, transformItem,
} from "./tiles";

/** Items that one chain of sums runs along, about: so many keep the results as exact as PyTorch's. */
const CHAIN: i32 = 32;

// ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function winogradFilters_f32(args: usize, begin: i32, end: i32): void {
  const from = int(args, 39);
  const to = int(args, 40);
  const strips = (to + ROWS - 1) / ROWS;
  cutFilter(args);
  const bytes = placesBytes(from, ROWS << 2);
  for (let unit = begin; unit < end; unit++) {
    const g = unit / to;
    const o = unit - g * to;
    const strip = o / ROWS;
    const u = ptr(args, 43) + <usize>(g * strips + strip) * bytes + (<usize>(o - strip * ROWS) << 2);
    for (let iy = 0; iy < countY(); iy++) {
      for (let ix = 0; ix < countX(); ix++) {
        findItem(from, 0, iy, ix, ROWS << 2);
        const first = <usize>(tapY(iy) * int(args, 21) + tapX(ix) * int(args, 22)) << 2;
        for (let c = 0; c < from; c++) {
          transformFilter(args, filter<f32>(args, g, o, c) + first, sizeY(iy), sizeX(ix), u);
          nextChannel();
        }
      }
    }
  }
}

/** G·w·Gᵀ of an item of `height` × `width` taps, the first of which is at w. */
function transformFilter(args: usize, w: usize, height: i32, width: i32, u: usize): void {
  const row = <usize>(int(args, 21) * int(args, 33)) << 2;
  const step = <usize>(int(args, 22) * int(args, 34)) << 2;
  const w00 = load<f32>(w), w01 = tap(w, step, 1, width), w02 = tap(w, step, 2, width);
  if (height == 1) {
    across(width, w00, w01, w02, u, 0);
    across(width, -w00, -w01, -w02, u, 12);
    return;
  }
  w += row;
  const w10 = load<f32>(w), w11 = tap(w, step, 1, width), w12 = tap(w, step, 2, width);
  if (height == 2) {
    across(width, w00, w01, w02, u, 0);
    across(width, w00 + w10, w01 + w11, w02 + w12, u, 4);
    across(width, w10, w11, w12, u, 12);
    return;
  }
  w += row;
  const w20 = load<f32>(w), w21 = tap(w, step, 1, width), w22 = tap(w, step, 2, width);
  const s0 = half(w00 + w20), s1 = half(w01 + w21), s2 = half(w02 + w22);
  const h0 = half(w10), h1 = half(w11), h2 = half(w12);
  across(width, w00, w01, w02, u, 0);
  across(width, s0 + h0, s1 + h1, s2 + h2, u, 4);
  across(width, s0 - h0, s1 - h1, s2 - h2, u, 8);
  across(width, w20, w21, w22, u, 12);
}

/** Tap i of an item's row, if there are so many. */
// @ts-ignore: decorator
@inline function tap(w: usize, step: usize, i: i32, width: i32): f32 { return i < width ? load<f32>(w + <usize>i * step) : 0; }

/** A row of G·w by Gᵀ: to the places from `place` on. */
// @ts-ignore: decorator
@inline
function across(width: i32, w0: f32, w1: f32, w2: f32, u: usize, place: i32): void {
  store<f32>(u + offset(place), w0);
  if (width == 1) store<f32>(u + offset(place + 3), -w0);
  else if (width == 2) {
    store<f32>(u + offset(place + 1), w0 + w1);
    store<f32>(u + offset(place + 3), w1);
  } else {
    const outer = half(w0 + w2);
    const inner = half(w1);
    store<f32>(u + offset(place + 1), outer + inner);
    store<f32>(u + offset(place + 2), outer - inner);
    store<f32>(u + offset(place + 3), w2);
  }
}

// @ts-ignore: decorator
@inline function half(x: f32): f32 { return x * 0.5; }

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
    cutFilter(args);
    const products = behindCopy(args);
    const panels = products + (<usize>(PLACES * ROWS * tiles) << 2);
    const panel = placesBytes(from, 32);
    for (let c = 0; c < from; c++) {
      copyChannel(args, b, g, c, oy);
      for (let iy = 0; iy < countY(); iy++) {
        for (let ix = 0; ix < countX(); ix++) {
          findItem(from, c, iy, ix, 32);
          transformItem(args, iy, ix, rows, panels, panel);
        }
      }
    }
    let u = ptr(args, 43) + <usize>(g * strips) * placesBytes(from, ROWS << 2);
    let bad = i64x2.splat(0);
    for (let o = 0; o < to; o += ROWS) {
      multiplyStrip(from, tiles, u, panels, panel, products);
      for (let r = 0; r < min(ROWS, to - o); r++) {
        const bias: f32 = ptr(args, 13) == 0 ? 0 : load<f32>(ptr(args, 13) + (<usize>(g * to + o + r) << 2));
        const y = channelY<f32>(args, b, g, o + r) + (<usize>(oy * int(args, 16)) << 2);
        bad = v128.or(bad, finishBand(args, products + (<usize>(r * tiles) << 2), rows, tiles, bias, y));
      }
      u += placesBytes(from, ROWS << 2);
    }
    if (v128.any_true(bad)) convDirect_f32(args, unit, unit + 1);
  }
}

/** products[place, filter, tile] = Σ u[place, item, filter] · panels[tile, place, item] */
function multiplyStrip(from: i32, tiles: i32, u: usize, panels: usize, panel: usize, products: usize): void {
  const row = <usize>tiles << 2;
  for (let place = 0; place < PLACES; place++) {
    const k = depth(place, from);
    // Equal chains, so that the last one is not a sliver.
    const chains = max((k + CHAIN / 2 - 1) / CHAIN, 1);
    const chain = (k + chains - 1) / chains;
    let v = panels;
    let tile = 0;
    while (tile < tiles) {
      const isPair = WIDE_VECTORS != 0 && tile + 16 <= tiles;
      const to = products + (<usize>tile << 2);
      let p = 0;
      do {
        const strip = u + (<usize>(p * ROWS) << 2);
        const from = v + (<usize>p << 5);
        const before: usize = p > 0 ? to : 0;
        if (isPair) microPair<f32>(min(chain, k - p), strip, from, panel, 32, to, 32, row, before, row);
        else micro<f32>(min(chain, k - p), strip, from, 32, to, row, before, row);
        p += chain;
      } while (p < k);
      tile += isPair ? 16 : 8;
      v += isPair ? 2 * panel : panel;
    }
    u += <usize>((k * ROWS << 2) + GAP);
    panels += <usize>((k << 5) + GAP);
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
    let q = 0;
    if (WIDE_VECTORS) {
      for (; q + 8 <= across; q += 8) {
        finishPair(m, place, bias);
        bad = v128.or(bad, v128.or(v128.load(scratch, 128), v128.load(scratch, 144)));
        const count = ow - 2 * q;
        const to = y + (<usize>q << 3);
        putRow(v128.load(scratch), v128.load(scratch, 32), to, count);
        if (count > 8) putRow(v128.load(scratch, 16), v128.load(scratch, 48), to + 32, count - 8);
        if (r + 1 < rows) {
          putRow(v128.load(scratch, 64), v128.load(scratch, 96), to + rowY, count);
          if (count > 8) putRow(v128.load(scratch, 80), v128.load(scratch, 112), to + rowY + 32, count - 8);
        }
        m += 32;
      }
    }
    for (; q < across; q += 4) {
      let at = m;
      let m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      let y00 = left(m0, m1, m2), y01 = right(m1, m2, m3);
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      let y10 = left(m0, m1, m2), y11 = right(m1, m2, m3);
      y00 = f32x4.add(y00, y10);
      y01 = f32x4.add(y01, y11);
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      let even = left(m0, m1, m2), odd = right(m1, m2, m3);
      y00 = f32x4.add(y00, even);
      y01 = f32x4.add(y01, odd);
      y10 = f32x4.sub(y10, even);
      y11 = f32x4.sub(y11, odd);
      at += 4 * place;
      m0 = v128.load(at), m1 = v128.load(at + place), m2 = v128.load(at + 2 * place), m3 = v128.load(at + 3 * place);
      even = left(m0, m1, m2), odd = right(m1, m2, m3);
      y10 = f32x4.sub(y10, even);
      y11 = f32x4.sub(y11, odd);
      bad = v128.or(bad, notFinite(y00, y01, y10, y11));
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

/** For eight tiles: even and odd pixels of the upper row, of the lower one, and what is not 0 where one is not finite. */
function finishPair(m: usize, place: usize, bias: f32): void {
  const more = f32x4.splat(bias);
  let m0 = v128.load(m), m1 = v128.load(m + place), m2 = v128.load(m + 2 * place), m3 = v128.load(m + 3 * place);
  let n0 = v128.load(m, 16), n1 = v128.load(m + place, 16), n2 = v128.load(m + 2 * place, 16), n3 = v128.load(m + 3 * place, 16);
  let a00 = left(m0, m1, m2), a01 = right(m1, m2, m3);
  let b00 = left(n0, n1, n2), b01 = right(n1, n2, n3);
  m += 4 * place;
  m0 = v128.load(m), m1 = v128.load(m + place), m2 = v128.load(m + 2 * place), m3 = v128.load(m + 3 * place);
  n0 = v128.load(m, 16), n1 = v128.load(m + place, 16), n2 = v128.load(m + 2 * place, 16), n3 = v128.load(m + 3 * place, 16);
  let a10 = left(m0, m1, m2), a11 = right(m1, m2, m3);
  let b10 = left(n0, n1, n2), b11 = right(n1, n2, n3);
  a00 = f32x4.add(a00, a10), a01 = f32x4.add(a01, a11);
  b00 = f32x4.add(b00, b10), b01 = f32x4.add(b01, b11);
  m += 4 * place;
  m0 = v128.load(m), m1 = v128.load(m + place), m2 = v128.load(m + 2 * place), m3 = v128.load(m + 3 * place);
  n0 = v128.load(m, 16), n1 = v128.load(m + place, 16), n2 = v128.load(m + 2 * place, 16), n3 = v128.load(m + 3 * place, 16);
  let c0 = left(m0, m1, m2), c1 = right(m1, m2, m3);
  let d0 = left(n0, n1, n2), d1 = right(n1, n2, n3);
  a00 = f32x4.add(a00, c0), a01 = f32x4.add(a01, c1);
  b00 = f32x4.add(b00, d0), b01 = f32x4.add(b01, d1);
  a10 = f32x4.sub(a10, c0), a11 = f32x4.sub(a11, c1);
  b10 = f32x4.sub(b10, d0), b11 = f32x4.sub(b11, d1);
  m += 4 * place;
  m0 = v128.load(m), m1 = v128.load(m + place), m2 = v128.load(m + 2 * place), m3 = v128.load(m + 3 * place);
  n0 = v128.load(m, 16), n1 = v128.load(m + place, 16), n2 = v128.load(m + 2 * place, 16), n3 = v128.load(m + 3 * place, 16);
  c0 = left(m0, m1, m2), c1 = right(m1, m2, m3);
  d0 = left(n0, n1, n2), d1 = right(n1, n2, n3);
  a10 = f32x4.sub(a10, c0), a11 = f32x4.sub(a11, c1);
  b10 = f32x4.sub(b10, d0), b11 = f32x4.sub(b11, d1);
  put(true, scratch, f32x4.add(a00, more), f32x4.add(b00, more));
  put(true, scratch + 32, f32x4.add(a01, more), f32x4.add(b01, more));
  put(true, scratch + 64, f32x4.add(a10, more), f32x4.add(b10, more));
  put(true, scratch + 96, f32x4.add(a11, more), f32x4.add(b11, more));
  put(true, scratch + 128, notFinite(a00, a01, a10, a11), notFinite(b00, b01, b10, b11));
}

// @ts-ignore: decorator
@inline function left(m0: v128, m1: v128, m2: v128): v128 { return f32x4.add(f32x4.add(m0, m1), m2); }
// @ts-ignore: decorator
@inline function right(m1: v128, m2: v128, m3: v128): v128 { return f32x4.sub(f32x4.sub(m1, m2), m3); }

/** x - x is 0 for a finite x and NaN for any other. */
// @ts-ignore: decorator
@inline
function notFinite(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.or(v128.or(f32x4.sub(a, a), f32x4.sub(b, b)), v128.or(f32x4.sub(c, c), f32x4.sub(d, d)));
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
  v128.store(scratch, low, 160);
  v128.store(scratch, high, 176);
  for (let i: usize = 0; i < <usize>count; i++) store<f32>(to + (i << 2), load<f32>(scratch + (i << 2), 160));
}
