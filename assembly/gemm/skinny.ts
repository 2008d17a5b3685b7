// Products with at most SKINNY rows or columns: each of a few vectors x times a matrix M, which is read once.
//
//   out[v, j] = α · Σ_p x[v, p] · M[p, j] + β · d[v, j]
//
// Where M is contiguous along p, four dot products at a time; where it is contiguous along j, four rows of M at a time
// are added into a row of sums. Sums go in blocks of CHAIN along p, each with its own accumulators.
// A unit is done by itself (the groups of four begin at its first column), so a partition never changes the bits.

import { int, ptr, real, scratch } from "../abi";
import { madd } from "../math";
import { total } from "../simd";
import { element } from "./dense";

export const SKINNY: i32 = 4;

/** Elements of the vectors that are packed in one go. One vector alone takes long runs of M, which comes from memory. */
const DEPTH: i32 = 4096;
const CHAIN: i32 = 1024;
const WIDTH: i32 = 4096;

// The arena: the vectors' blocks, packed, then their sums.
// @ts-ignore: decorator
@inline function vectorAt<T>(v: i32): usize { return scratch + <usize>(v * CHAIN) * sizeof<T>(); }
// @ts-ignore: decorator
@inline function sumsAt<T>(v: i32): usize { return scratch + <usize>(DEPTH + v * WIDTH) * sizeof<T>(); }

export function skinny<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const tileM = int(args, 3);
  const tileN = int(args, 4);
  const down = (m + tileM - 1) / tileM;
  const across = (n + tileN - 1) / tileN;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / down;
    const batch = stack / across;
    const i = (unit - stack * down) * tileM;
    const j = (stack - batch * across) * tileN;
    const rows = min(tileM, m - i);
    const cols = min(tileN, n - j);
    if (m <= SKINNY) {
      for (let s = 0; s < cols; s += WIDTH) block<T>(args, batch, i, rows, j + s, min(WIDTH, cols - s), false);
    } else {
      for (let r = 0; r < rows; r += WIDTH) block<T>(args, batch, i + r, min(WIDTH, rows - r), j, cols, true);
    }
  }
}

/** A block of C; `turned`: the vectors are the columns of B and M is A transposed. */
function block<T>(args: usize, batch: i32, i: i32, rows: i32, j: i32, cols: i32, turned: bool): void {
  const k = int(args, 2);
  const count = turned ? cols : rows;
  const length = turned ? rows : cols;
  // Strides in bytes: of x from vector to vector and along p; of M along p and along j.
  const xv = <usize>int(args, turned ? 19 : 16) * sizeof<T>();
  const xp = <usize>int(args, turned ? 18 : 17) * sizeof<T>();
  const mp = <usize>int(args, turned ? 17 : 18) * sizeof<T>();
  const mj = <usize>int(args, turned ? 16 : 19) * sizeof<T>();
  const x = turned ? element<T>(args, batch, 2, 0, j) : element<T>(args, batch, 1, i, 0);
  const matrix = turned ? element<T>(args, batch, 1, i, 0) : element<T>(args, batch, 2, 0, j);
  const isDot = count == 1 && length == 1 && xp == sizeof<T>() && mp == sizeof<T>();
  let p = 0;
  do {
    const kc = min(count == 1 && mp == sizeof<T>() ? DEPTH : CHAIN, k - p);
    const from = matrix + <usize>p * mp;
    // Two vectors are not packed.
    if (isDot) store<T>(sumsAt<T>(0), dot<T>(x + <usize>p * xp, from, kc));
    else {
      for (let v = 0; v < count; v++) packVector<T>(v, kc, x + <usize>v * xv + <usize>p * xp, xp);
      if (mp == sizeof<T>()) dots<T>(count, length, kc, from, mj);
      else sums<T>(count, length, kc, from, mp, mj);
    }
    fold<T>(args, batch, i, rows, j, cols, turned, p == 0, p + kc == k);
    p += kc;
  } while (p < k);
}

function packVector<T>(v: i32, kc: i32, from: usize, step: usize): void {
  for (let to = vectorAt<T>(v); kc > 0; kc--) {
    store<T>(to, load<T>(from));
    from += step;
    to += sizeof<T>();
  }
}

/**
 * M contiguous along p: four columns of M at a time, every vector while they are in the cache. They are a quarter of
 * all apart, so that memory is read in four streams that go on from column to column.
 */
function dots<T>(count: i32, length: i32, kc: i32, from: usize, mj: usize): void {
  const quarter = length >> 2;
  const apart = <usize>quarter * mj;
  const next = <usize>quarter * sizeof<T>();
  for (let j = 0; j < quarter; j++) {
    for (let v = 0; v < count; v++) {
      const to = sumsAt<T>(v) + <usize>j * sizeof<T>();
      fourDots<T>(vectorAt<T>(v), kc, from, apart, to, next);
    }
    from += mj;
  }
  from += 3 * apart;
  for (let j = 4 * quarter; j < length; j++) {
    for (let v = 0; v < count; v++) store<T>(sumsAt<T>(v) + <usize>j * sizeof<T>(), dot<T>(vectorAt<T>(v), from, kc));
    from += mj;
  }
}

/** The products of x with four columns, in chains of CHAIN elements. */
function fourDots<T>(x: usize, kc: i32, m0: usize, apart: usize, to: usize, next: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let m1 = m0 + apart, m2 = m1 + apart, m3 = m2 + apart;
  let s0 = i64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; kc >= 2 * lanes; kc -= CHAIN) {
    let a0 = i64x2.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (let q = min(CHAIN, kc); q >= 2 * lanes; q -= 2 * lanes) {
      const low = v128.load(x);
      const high = v128.load(x, 16);
      a0 = madd<T>(low, v128.load(m0), a0);
      b0 = madd<T>(high, v128.load(m0, 16), b0);
      a1 = madd<T>(low, v128.load(m1), a1);
      b1 = madd<T>(high, v128.load(m1, 16), b1);
      a2 = madd<T>(low, v128.load(m2), a2);
      b2 = madd<T>(high, v128.load(m2, 16), b2);
      a3 = madd<T>(low, v128.load(m3), a3);
      b3 = madd<T>(high, v128.load(m3, 16), b3);
      x += 32;
      m0 += 32;
      m1 += 32;
      m2 += 32;
      m3 += 32;
    }
    if (WIDE_VECTORS) {
      putPair(0, a0, b0);
      putPair(1, a1, b1);
      putPair(2, a2, b2);
      putPair(3, a3, b3);
      a0 = pairSum<T>(0);
      a1 = pairSum<T>(1);
      a2 = pairSum<T>(2);
      a3 = pairSum<T>(3);
    } else {
      a0 = v128.add<T>(a0, b0);
      a1 = v128.add<T>(a1, b1);
      a2 = v128.add<T>(a2, b2);
      a3 = v128.add<T>(a3, b3);
    }
    s0 = v128.add<T>(s0, a0);
    s1 = v128.add<T>(s1, a1);
    s2 = v128.add<T>(s2, a2);
    s3 = v128.add<T>(s3, a3);
  }
  let y0 = total<T>(s0), y1 = total<T>(s1), y2 = total<T>(s2), y3 = total<T>(s3);
  for (let q = kc & (2 * lanes - 1); q > 0; q--) {
    const y = load<T>(x);
    y0 += y * load<T>(m0);
    y1 += y * load<T>(m1);
    y2 += y * load<T>(m2);
    y3 += y * load<T>(m3);
    x += sizeof<T>();
    m0 += sizeof<T>();
    m1 += sizeof<T>();
    m2 += sizeof<T>();
    m3 += sizeof<T>();
  }
  store<T>(to, y0);
  store<T>(to + next, y1);
  store<T>(to + 2 * next, y2);
  store<T>(to + 3 * next, y3);
}

// Two sums that were one pair of vectors come apart in memory.
// @ts-ignore: decorator
@inline function pairAt(i: i32): usize { return sumsAt<f64>(SKINNY) + (<usize>i << 5); }
// @ts-ignore: decorator
@inline
function putPair(i: i32, a: v128, b: v128): void {
  v128.store(pairAt(i), a);
  v128.store(pairAt(i), b, 16);
}
// @ts-ignore: decorator
@inline function pairSum<T>(i: i32): v128 { return v128.add<T>(v128.load(pairAt(i)), v128.load(pairAt(i), 16)); }

function dot<T>(x: usize, y: usize, n: i32): T {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let a = i64x2.splat(0), b = a, c = a, d = a;
  for (; n >= 4 * lanes; n -= 4 * lanes) {
    a = madd<T>(v128.load(x), v128.load(y), a);
    b = madd<T>(v128.load(x, 16), v128.load(y, 16), b);
    c = madd<T>(v128.load(x, 32), v128.load(y, 32), c);
    d = madd<T>(v128.load(x, 48), v128.load(y, 48), d);
    x += 64;
    y += 64;
  }
  let sum = total<T>(v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d)));
  for (; n > 0; n--) {
    sum += load<T>(x) * load<T>(y);
    x += sizeof<T>();
    y += sizeof<T>();
  }
  return sum;
}

/** Any other M, fast where it is contiguous along j: rows of M, four at a time, into rows of sums. */
function sums<T>(count: i32, length: i32, kc: i32, from: usize, mp: usize, mj: usize): void {
  for (let v = 0; v < count; v++) memory.fill(sumsAt<T>(v), 0, <usize>length * sizeof<T>());
  let p = 0;
  for (; p + 4 <= kc; p += 4) {
    for (let v = 0; v < count; v++) {
      const x = vectorAt<T>(v) + <usize>p * sizeof<T>();
      add4<T>(sumsAt<T>(v), length, x, from, mp, mj);
    }
    from += 4 * mp;
  }
  for (; p < kc; p++) {
    for (let v = 0; v < count; v++) {
      const x = load<T>(vectorAt<T>(v) + <usize>p * sizeof<T>());
      let to = sumsAt<T>(v);
      let source = from;
      for (let j = 0; j < length; j++) {
        store<T>(to, load<T>(to) + x * load<T>(source));
        to += sizeof<T>();
        source += mj;
      }
    }
    from += mp;
  }
}

function add4<T>(to: usize, length: i32, x: usize, m0: usize, mp: usize, mj: usize): void {
  let m1 = m0 + mp, m2 = m1 + mp, m3 = m2 + mp;
  let j = 0;
  if (mj == sizeof<T>()) {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    const x0 = v128.load_splat<T>(x);
    const x1 = v128.load_splat<T>(x, sizeof<T>());
    const x2 = v128.load_splat<T>(x, 2 * sizeof<T>());
    const x3 = v128.load_splat<T>(x, 3 * sizeof<T>());
    for (; j + 2 * lanes <= length; j += 2 * lanes) {
      const even = madd<T>(x2, v128.load(m2), v128.mul<T>(x0, v128.load(m0)));
      const even1 = madd<T>(x2, v128.load(m2, 16), v128.mul<T>(x0, v128.load(m0, 16)));
      const odd = madd<T>(x3, v128.load(m3), v128.mul<T>(x1, v128.load(m1)));
      const odd1 = madd<T>(x3, v128.load(m3, 16), v128.mul<T>(x1, v128.load(m1, 16)));
      const y = v128.add<T>(v128.load(to), v128.add<T>(even, odd));
      const y1 = v128.add<T>(v128.load(to, 16), v128.add<T>(even1, odd1));
      v128.store(to, y);
      v128.store(to, y1, 16);
      to += 32;
      m0 += 32;
      m1 += 32;
      m2 += 32;
      m3 += 32;
    }
    if (j + lanes <= length) {
      const even = madd<T>(x2, v128.load(m2), v128.mul<T>(x0, v128.load(m0)));
      const odd = madd<T>(x3, v128.load(m3), v128.mul<T>(x1, v128.load(m1)));
      v128.store(to, v128.add<T>(v128.load(to), v128.add<T>(even, odd)));
      j += lanes;
      to += 16;
      m0 += 16;
      m1 += 16;
      m2 += 16;
      m3 += 16;
    }
  }
  const x0 = load<T>(x);
  const x1 = load<T>(x, sizeof<T>());
  const x2 = load<T>(x, 2 * sizeof<T>());
  const x3 = load<T>(x, 3 * sizeof<T>());
  for (; j < length; j++) {
    const even = x0 * load<T>(m0) + x2 * load<T>(m2);
    const odd = x1 * load<T>(m1) + x3 * load<T>(m3);
    store<T>(to, load<T>(to) + (even + odd));
    to += sizeof<T>();
    m0 += mj;
    m1 += mj;
    m2 += mj;
    m3 += mj;
  }
}

/** From the sums of one block along p to C. */
function fold<T>(
  args: usize, batch: i32, i: i32, rows: i32, j: i32, cols: i32, turned: bool, first: bool, last: bool,
): void {
  const alpha = <T>real(args, 6);
  const beta = <T>real(args, 8);
  const relu = last && int(args, 5) != 0;
  const hasD = first && ptr(args, 13) != 0;
  const colC = <usize>int(args, 15) * sizeof<T>();
  const colD = <usize>int(args, 21) * sizeof<T>();
  for (let r = 0; r < rows; r++) {
    let c = element<T>(args, batch, 0, i + r, j);
    let d = element<T>(args, batch, 3, i + r, j);
    for (let s = 0; s < cols; s++) {
      let y: T = alpha * load<T>(turned ? sumsAt<T>(s) + <usize>r * sizeof<T>() : sumsAt<T>(r) + <usize>s * sizeof<T>());
      if (hasD) y += beta * load<T>(d);
      else if (!first) y += load<T>(c);
      store<T>(c, relu && y < 0 ? <T>0 : y);
      c += colC;
      d += colD;
    }
  }
}
