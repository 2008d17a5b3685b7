// The gradient of a 3 × 3 convolution by its weight in 16 multiplications instead of 36: the adjoint of winograd.ts, whose
// matrices these are. For tiles d of 4 × 4 elements of x and g of 2 × 2 of y,
//
//   w[o, c] = Gᵀ·[Σ_tiles (A·g·Aᵀ) ∘ (Bᵀ·d·B)]·G
//
//   args ─ as in weight.ts, but 3 is the even rows of y in a band, 4 the channels in a block, 41 the images │ 44 splits
//          │ 45 flags, an i32 a unit: whether a weight is not finite (see winograd.ts); filters are dense
//
// Units: blocks of channels of x, then of y, then groups, then splits. A split is a run of bands, over all images; none is
// empty.
//
//   the arena ─ as in gemm/block.ts │ sums: place │ filter │ channel │ tiles of x and of y: place │ channel │ tile

import { int, ptr, scratch } from "../abi";
import { blockProduct, FREE } from "../gemm/block";
import { scatter } from "../simd";
import { channelY, filter } from "./block";
import { copyChannel, cutFilter, findItem, GAP, HEAD, PLACES, put, splitRow, tilesAcross, transformItem } from "./tiles";

export function winogradWeight_f32(args: usize, begin: i32, end: i32): void {
  const from = int(args, 39);
  const to = int(args, 40);
  const block = int(args, 4);
  const across = (from + block - 1) / block;
  const down = (to + block - 1) / block;
  const groups = int(args, 43);
  for (let unit = begin; unit < end; unit++) {
    let rest = unit / across;
    const c = (unit - rest * across) * block;
    const o = rest % down * block;
    rest /= down;
    const split = rest / groups;
    const bad = sumBlock(args, split, rest - split * groups, o, min(block, to - o), c, min(block, from - c));
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
  const placeX = <usize>n * row + <usize>GAP;
  const placeY = <usize>m * row + <usize>GAP;
  const sums = scratch + FREE;
  const rowC = <usize>(n + 3 & ~3) << 2; // whole vectors, for finishRow
  const matrix = <usize>m * rowC + <usize>GAP;
  const images = sums + <usize>PLACES * matrix;
  const gradients = images + <usize>PLACES * placeX;
  const first = split * all / int(args, 44);
  const end = (split + 1) * all / int(args, 44);
  for (let i = first; i < end; i++) {
    const b = i / bands;
    const oy = (i - b * bands) * band;
    const rows = min(band, oh - oy);
    const count = (rows + 1) / 2 * tilesAcross(args);
    cutFilter(args);
    for (let k = 0; k < n; k++) {
      copyChannel(args, b, g, c + k, oy);
      findItem(n, k, 0, 0, <i32>row);
      transformItem(args, 0, 0, rows, images, 32);
    }
    for (let k = 0; k < m; k++) {
      transformGradient(args, channelY<f32>(args, b, g, o + k), oy, rows, gradients + <usize>k * row, placeY);
    }
    for (let p: usize = 0; p < <usize>PLACES; p++) {
      blockProduct<f32>(m, n, count, gradients + p * placeY, row, 4, images + p * placeX, 4, row,
        sums + p * matrix, rowC, i > first);
    }
  }
  let bad = i64x2.splat(0);
  for (let k = 0; k < m; k++) {
    const w = filter<f32>(args, g, o + k, c) + (<usize>(split * int(args, 42)) << 2);
    bad = v128.or(bad, finishRow(sums + <usize>k * rowC, matrix, n, w));
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

/** w = Gᵀ·m·G for the n channels of one filter, four at a time. The answer is not 0 where a weight is not finite. */
function finishRow(m: usize, place: usize, n: i32, w: usize): v128 {
  let bad = i64x2.splat(0);
  for (let c = 0; c < n; c += 4) {
    const lanes = min(4, n - c);
    // The rows of Gᵀ·m take the places of its first three.
    for (let x: usize = 0; x < 4; x++) {
      const at = m + x * place;
      const m1 = v128.load(at + 4 * place);
      const m2 = v128.load(at + 8 * place);
      const outer = half(f32x4.add(m1, m2));
      const last = v128.load(at + 12 * place);
      v128.store(at, f32x4.add(v128.load(at), outer));
      v128.store(at + 4 * place, half(f32x4.sub(m1, m2)));
      v128.store(at + 8 * place, f32x4.add(outer, last));
    }
    for (let y: usize = 0; y < 3; y++) {
      const at = m + 4 * y * place;
      const m1 = v128.load(at + place);
      const m2 = v128.load(at + 2 * place);
      const outer = half(f32x4.add(m1, m2));
      const w0 = f32x4.add(v128.load(at), outer);
      const w1 = half(f32x4.sub(m1, m2));
      const w2 = f32x4.add(outer, v128.load(at + 3 * place));
      bad = v128.or(bad, known(v128.or(f32x4.sub(w0, w0), v128.or(f32x4.sub(w1, w1), f32x4.sub(w2, w2))), lanes));
      const to = w + 12 * y;
      scatter<f32>(to, 36, w0, lanes);
      scatter<f32>(to + 4, 36, w1, lanes);
      scatter<f32>(to + 8, 36, w2, lanes);
    }
    m += 16;
    w += 144;
  }
  return bad;
}

// @ts-ignore: decorator
@inline function half(x: v128): v128 { return f32x4.mul(x, f32x4.splat(0.5)); }
/** The first `lanes` of x; behind the last channel is anything. */
// @ts-ignore: decorator
@inline
function known(x: v128, lanes: i32): v128 {
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes)));
}
