// The gradient of a convolution by its weight in 16 multiplications for 2 × 2 pixels and 3 × 3 taps instead of 36: the
// adjoint of winograd.ts, whose matrices these are. For tiles d of 4 × 4 elements of x and g of 2 × 2 of y,
//
//   w[o, c] = Gᵀ·[Σ_tiles (A·g·Aᵀ) ∘ (Bᵀ·d·B)]·G
//
// of each item of the filter (tiles.ts), where A·g·Aᵀ is the same for all of them.
//
//   args ─ as in weight.ts, but 3 is the even rows of y in a band, 4 the channels of y in a block, 41 the images │ 44 splits
//          │ 45 flags, an i32 a unit: whether a weight is not finite (see winograd.ts) │ 46 the channels of x in a block;
//          filters are dense
//
// Units: blocks of channels of x, then of y, then groups, then splits. A split is a run of bands, over all images; none is
// empty.
//
//   the arena ─ as in tiles.ts │ strips and panels as in gemm/block.ts │ sums: place │ filter │ item │ channel │ tiles of x:
//               place │ item │ channel │ tile │ tiles of y: place │ channel │ tile

import { int, ptr, scratch } from "../abi";
import { blockProduct, PANELS } from "../gemm/block";
import { scatter } from "../simd";
import { channelY, filter } from "./block";
import {
  copyChannel, countX, countY, cutFilter, depth, findItem, GAP, HEAD, offset, PLACES, placesBytes, put, sizeX, sizeY, splitRow,
  tapX, tapY, tilesAcross, transformItem,
} from "./tiles";

export function winogradWeight_f32(args: usize, begin: i32, end: i32): void {
  const from = int(args, 39);
  const to = int(args, 40);
  const blockX = int(args, 46);
  const blockY = int(args, 4);
  const across = (from + blockX - 1) / blockX;
  const down = (to + blockY - 1) / blockY;
  const groups = int(args, 43);
  for (let unit = begin; unit < end; unit++) {
    let rest = unit / across;
    const c = (unit - rest * across) * blockX;
    const o = rest % down * blockY;
    rest /= down;
    const split = rest / groups;
    const bad = sumBlock(args, split, rest - split * groups, o, min(blockY, to - o), c, min(blockX, from - c));
    store<i32>(ptr(args, 45) + (<usize>unit << 2), bad);
  }
}

/** The weights of `m` filters from o and `n` channels from c; whether one is not finite. */
function sumBlock(args: usize, split: i32, g: i32, o: i32, m: i32, c: i32, n: i32): bool {
  const oh = int(args, 29);
  const band = int(args, 3);
  const bands = (oh + band - 1) / band;
  const all = bands * int(args, 41);
  const tiles = band / 2 * tilesAcross(args);
  const row = <usize>tiles << 2;
  cutFilter(args);
  const sums = scratch + PANELS + (<usize>(depth(0, n) + 8) * row + 63 & ~63);
  const images = sums + placesBytes(m, n << 2);
  const gradients = images + placesBytes(n, <i32>row);
  const placeY = <usize>m * row + <usize>GAP;
  const first = split * all / int(args, 44);
  const end = (split + 1) * all / int(args, 44);
  for (let i = first; i < end; i++) {
    const b = i / bands;
    const oy = (i - b * bands) * band;
    const rows = min(band, oh - oy);
    const count = (rows + 1) / 2 * tilesAcross(args);
    for (let k = 0; k < n; k++) {
      copyChannel(args, b, g, c + k, oy);
      for (let iy = 0; iy < countY(); iy++) {
        for (let ix = 0; ix < countX(); ix++) {
          findItem(1, 0, iy, ix, n * <i32>row);
          transformItem(args, iy, ix, rows, images + <usize>k * row, 32);
        }
      }
    }
    for (let k = 0; k < m; k++) {
      transformGradient(args, channelY<f32>(args, b, g, o + k), oy, rows, gradients + <usize>k * row, placeY);
    }
    let y = gradients;
    let x = images;
    let to = sums;
    for (let p = 0; p < PLACES; p++) {
      const width = depth(p, n);
      const rowC = <usize>width << 2;
      blockProduct<f32>(m, width, count, y, row, 4, x, 4, row, to, rowC, i > first);
      y += placeY;
      x += <usize>width * row + GAP;
      to += <usize>m * rowC + GAP;
    }
    // The tables of items lay where products make tiles.
    cutFilter(args);
  }
  let bad = i64x2.splat(0);
  for (let k = 0; k < m; k++) {
    const w = filter<f32>(args, g, o + k, c) + (<usize>(split * int(args, 42)) << 2);
    for (let iy = 0; iy < countY(); iy++) {
      for (let ix = 0; ix < countX(); ix++) {
        findItem(m, k, iy, ix, n << 2);
        bad = v128.or(bad, finishItem(args, sums, iy, ix, n, w));
      }
    }
  }
  return v128.any_true(bad);
}

/** A·g·Aᵀ of all tiles of one channel of y in `rows` rows from oy. */
function transformGradient(args: usize, y: usize, oy: i32, rows: i32, to: usize, place: usize): void {
  const ow = int(args, 30);
  const across = tilesAcross(args);
  const rowY = <usize>int(args, 16) << 2;
  // Two rows, first their even elements, then their odd ones, where the copy of x was.
  const upper = scratch + HEAD;
  const apart = <usize>across << 2;
  const lower = upper + 2 * apart;
  y += <usize>oy * rowY;
  for (let r = 0; r < rows; r += 2) {
    splitRow(y, 0, 1, ow, across, upper, apart);
    if (r + 1 < rows) splitRow(y + rowY, 0, 1, ow, across, lower, apart);
    else memory.fill(lower, 0, 2 * apart);
    let q = 0;
    if (WIDE_VECTORS) for (; q + 8 <= across; q += 8) gradientTiles(true, upper + (<usize>q << 2), apart, to + (<usize>q << 2), place);
    for (; q < across; q += 4) gradientTiles(false, upper + (<usize>q << 2), apart, to + (<usize>q << 2), place);
    to += apart;
    y += 2 * rowY;
  }
}

/** A·g·Aᵀ of four tiles, or of eight. */
// @ts-ignore: decorator
@inline
function gradientTiles(isPair: bool, upper: usize, apart: usize, to: usize, place: usize): void {
  const odd = upper + apart, lower = odd + apart, lowerOdd = lower + apart;
  const a = v128.load(upper), A = isPair ? v128.load(upper, 16) : a;
  const b = v128.load(odd), B = isPair ? v128.load(odd, 16) : b;
  const c = v128.load(lower), C = isPair ? v128.load(lower, 16) : c;
  const d = v128.load(lowerOdd), D = isPair ? v128.load(lowerOdd, 16) : d;
  line(isPair, a, A, b, B, to, place);
  line(isPair, f32x4.add(a, c), f32x4.add(A, C), f32x4.add(b, d), f32x4.add(B, D), to + 4 * place, place);
  line(isPair, f32x4.sub(a, c), f32x4.sub(A, C), f32x4.sub(b, d), f32x4.sub(B, D), to + 8 * place, place);
  line(isPair, f32x4.neg(c), f32x4.neg(C), f32x4.neg(d), f32x4.neg(D), to + 12 * place, place);
}

/** A row of A·g by Aᵀ: of four tiles, of which `even` and `odd` have the elements, and of four more in a pair. */
// @ts-ignore: decorator
@inline
function line(isPair: bool, even: v128, even2: v128, odd: v128, odd2: v128, to: usize, place: usize): void {
  put(isPair, to, even, even2);
  put(isPair, to + place, f32x4.add(even, odd), f32x4.add(even2, odd2));
  put(isPair, to + 2 * place, f32x4.sub(even, odd), f32x4.sub(even2, odd2));
  put(isPair, to + 3 * place, f32x4.neg(odd), f32x4.neg(odd2));
}

/** w = Gᵀ·m·G of an item for the n channels of one filter, four at a time. The answer is not 0 where a weight is not finite. */
function finishItem(args: usize, m: usize, iy: i32, ix: i32, n: i32, w: usize): v128 {
  const height = sizeY(iy);
  const width = sizeX(ix);
  const kw = int(args, 32);
  const channel = <usize>(int(args, 31) * kw) << 2;
  const down = <usize>(int(args, 33) * kw) << 2;
  const across = <usize>int(args, 34) << 2;
  // Where the copy of x was: the rows of Gᵀ·m, and a row of the result.
  const lines = scratch + HEAD;
  const result = lines + 192;
  w += <usize>(tapY(iy) * kw + tapX(ix)) << 2;
  let bad = i64x2.splat(0);
  for (let c = 0; c < n; c += 4) {
    const lanes = min(4, n - c);
    for (let x = 0; x < 4; x++) {
      const m0 = v128.load(m + offset(x)), m1 = v128.load(m + offset(x + 4));
      const m2 = v128.load(m + offset(x + 8)), m3 = v128.load(m + offset(x + 12));
      fold(height, m0, m1, m2, m3, lines + (<usize>x << 4), 64);
    }
    for (let y = 0; y < height; y++) {
      const line = lines + (<usize>y << 6);
      fold(width, v128.load(line), v128.load(line, 16), v128.load(line, 32), v128.load(line, 48), result, 16);
      let to = w + <usize>y * down;
      for (let x = 0; x < width; x++) {
        const weight = v128.load(result + (<usize>x << 4));
        bad = v128.or(bad, known(f32x4.sub(weight, weight), lanes));
        scatter<f32>(to, channel, weight, lanes);
        to += across;
      }
    }
    m += 16;
    w += 4 * channel;
  }
  return bad;
}

/** Gᵀ·m of an item of `size` taps; places that it does not have are not used. */
// @ts-ignore: decorator
@inline
function fold(size: i32, m0: v128, m1: v128, m2: v128, m3: v128, to: usize, apart: usize): void {
  if (size == 1) v128.store(to, f32x4.sub(m0, m3));
  else if (size == 2) {
    v128.store(to, f32x4.add(m0, m1));
    v128.store(to + apart, f32x4.add(m1, m3));
  } else {
    const outer = half(f32x4.add(m1, m2));
    v128.store(to, f32x4.add(m0, outer));
    v128.store(to + apart, half(f32x4.sub(m1, m2)));
    v128.store(to + 2 * apart, f32x4.add(outer, m3));
  }
}

// @ts-ignore: decorator
@inline function half(x: v128): v128 { return f32x4.mul(x, f32x4.splat(0.5)); }
/** The first `lanes` of x; behind the last channel is anything. */
// @ts-ignore: decorator
@inline
function known(x: v128, lanes: i32): v128 {
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes)));
}
