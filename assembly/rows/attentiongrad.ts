// The gradients of attention (attention.ts) by q, k and v, from the gradient g of its result:
//
//   p = exp(score - lse), dp[i, j] = Σ_e g[i, e] · v[j, e], ds = p · (dp - Σ_e g[i, e] · out[i, e])
//   dq = scale · ds · k, dk = dsᵀ · (scale · q), dv = pᵀ · g
//
//   args ─ 0 to 35 as in attention.ts │ 36 g │ 37 dq │ 38 dk │ 39 dv
//          strides of batch, head, row, column: 40 g │ 44 dq │ 48 dk │ 52 dv
//          56 parts of the keys │ 57 elements from a part's dq to the next's │ 58 … the first key of each part, and the end
//
// Columns of dq, dk and dv lie side by side. Units are parts of the keys (each writes a dq of its own: their sum is wanted,
// where there is more than one), then heads, then batches. Panels are as in attention.ts; what a block of queries gives a
// key is summed by products with strips of pᵀ and dsᵀ, into which the panels are turned.

import { int, ptr, real, scratch } from "../abi";
import { columns, micro, microPair, ROWS } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { madd } from "../math";
import { total } from "../simd";
import {
  hide, packPanels, packStrips, panelBytes, panels, row, scale, seen, step, stripBytes, stripsTimes, stripsTimesTwo,
  tileBytes, turnOut,
} from "./attention";
import { expNegative } from "./exp";

function backward<T>(args: usize, begin: i32, end: i32): void {
  const cols = columns<T>();
  const queries = int(args, 8);
  const narrow = int(args, 10);
  const wide = int(args, 11);
  const causal = int(args, 12) != 0;
  const blockQ = int(args, 14);
  const blockK = int(args, 15);
  const parts = int(args, 56);
  const size = sizeof<T>();
  // Queries and their g: panels for products over their columns, panels of columns for products over the queries.
  const packedQ = scratch + tileBytes<T>();
  const packedG = packedQ + panelBytes<T>(blockQ, narrow);
  const turnedQ = packedG + panelBytes<T>(blockQ, wide);
  const turnedG = turnedQ + panelBytes<T>(narrow, blockQ);
  const slopesQ = turnedG + panelBytes<T>(wide, blockQ);
  const pitchQ = stripBytes<T>(narrow, cols);
  const lists = slopesQ + <usize>panels<T>(blockQ) * pitchQ;
  const packedK = lists + (<usize>panels<T>(blockQ) << 6);
  const packedV = packedK + stripBytes<T>(blockK, narrow);
  const turnedK = packedV + stripBytes<T>(blockK, wide);
  const shares = turnedK + stripBytes<T>(narrow, blockK);
  const slopes = shares + 2 * stripBytes<T>(blockK, cols);
  const stripsP = slopes + 2 * stripBytes<T>(blockK, cols);
  const stripsS = stripsP + stripBytes<T>(blockK, blockQ);
  const pitchS = <usize>(ROWS * blockQ) * size;
  const pitchK = <usize>(ROWS * narrow) * size;
  const pitchV = <usize>(ROWS * wide) * size;
  const next = stripBytes<T>(blockK, cols);
  const nextQ = <usize>narrow << 5;
  const nextG = <usize>wide << 5;
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / parts;
    const part = unit - stack * parts;
    const batch = stack / int(args, 7);
    const head = stack - batch * int(args, 7);
    const from = int(args, 58 + part);
    const to = int(args, 59 + part);
    for (let j = from; j < to; j++) {
      memory.fill(row<T>(args, 38, 48, batch, head, j), 0, <usize>narrow * size);
      memory.fill(row<T>(args, 39, 52, batch, head, j), 0, <usize>wide * size);
    }
    for (let i = 0; i < queries; i += blockQ) {
      const m = min(blockQ, queries - i);
      const by = <T>real(args, 13);
      const q = row<T>(args, 2, 16, batch, head, i);
      const g = row<T>(args, 36, 40, batch, head, i);
      memory.fill(slopesQ, 0, <usize>panels<T>(m) * pitchQ);
      const reach = causal ? min(to, i + m) : to;
      if (from < reach) {
        packPanels<T>(packedQ, m, narrow, q, step<T>(args, 18), step<T>(args, 19), by);
        packPanels<T>(turnedQ, narrow, m, q, step<T>(args, 19), step<T>(args, 18), by);
        packPanels<T>(packedG, m, wide, g, step<T>(args, 42), step<T>(args, 43), 1);
        packPanels<T>(turnedG, wide, m, g, step<T>(args, 43), step<T>(args, 42), 1);
        list<T>(args, batch, head, i, m, g, lists);
      }
      for (let j = from; j < reach; j += blockK) {
        const n = min(blockK, reach - j);
        const k = row<T>(args, 3, 20, batch, head, j);
        packStrips<T>(packedK, n, narrow, k, step<T>(args, 22), step<T>(args, 23));
        packStrips<T>(turnedK, narrow, n, k, step<T>(args, 23), step<T>(args, 22));
        packStrips<T>(packedV, n, wide, row<T>(args, 4, 24, batch, head, j), step<T>(args, 26), step<T>(args, 27));
        const pitchT = <usize>(ROWS * n) * size;
        for (let p = 0; p < panels<T>(m); p++) {
          const at = p * cols;
          const met = seen<T>(causal, i + at, i + m, j, n);
          if (met <= 0) continue;
          const panelQ = packedQ + <usize>p * nextQ;
          const panelG = packedG + <usize>p * nextG;
          const sums = slopesQ + <usize>p * pitchQ;
          const isPair = WIDE_VECTORS && p + 1 < panels<T>(m);
          const together = isPair ? 2 : 1;
          const more = isPair ? seen<T>(causal, i + at + cols, i + m, j, n) - met : 0;
          if (isPair) {
            stripsTimesTwo<T>(met + more, narrow, 0, packedK, pitchK, panelQ, nextQ, shares, next, false);
            stripsTimesTwo<T>(met + more, wide, 0, packedV, pitchV, panelG, nextG, slopes, next, false);
          } else {
            stripsTimes<T>(met, narrow, packedK, pitchK, panelQ, shares, false);
            stripsTimes<T>(met, wide, packedV, pitchV, panelG, slopes, false);
          }
          for (let o = 0; o < together; o++) {
            const first = at + o * cols;
            const lanes = min(cols, m - first);
            const count = met + o * more;
            const s = shares + <usize>o * next;
            const t = slopes + <usize>o * next;
            hide<T>(args, batch, head, i + first, lanes, j, count, s);
            slope<T>(count, s, t, lists + (<usize>(p + o) << 6));
            for (let r = 0; r < count; r += ROWS) {
              const place = <usize>(r * blockQ + first * ROWS) * size;
              pack<T>(stripsP + place, s + (<usize>r << 5), ROWS, ROWS, 32, size, lanes);
              pack<T>(stripsS + place, t + (<usize>r << 5), ROWS, ROWS, 32, size, lanes);
            }
          }
          if (isPair) {
            stripsTimesTwo<T>(narrow, met, more, turnedK, pitchT, slopes, next, sums, pitchQ, true);
            p++;
          } else stripsTimes<T>(narrow, met, turnedK, pitchT, slopes, sums, true);
        }
        for (let r = 0; r < n; r += ROWS) {
          // The first panel that meets the strip.
          const at = causal ? max(0, (j + r - i) / cols) * cols : 0;
          const place = <usize>r / ROWS * pitchS + <usize>(at * ROWS) * size;
          const height = min(ROWS, n - r);
          const panel = <usize>at << 5;
          addRows<T>(height, narrow, m - at, stripsS + place, turnedQ + panel, m, row<T>(args, 38, 48, batch, head, j + r), step<T>(args, 50));
          addRows<T>(height, wide, m - at, stripsP + place, turnedG + panel, m, row<T>(args, 39, 52, batch, head, j + r), step<T>(args, 54));
        }
      }
      const dq = row<T>(args, 37, 44, batch, head, i) + <usize>part * step<T>(args, 57);
      for (let p = 0; p < panels<T>(m); p++) {
        const panel = slopesQ + <usize>p * pitchQ;
        scale<T>(panel, narrow, v128.splat<T>(by), v128.splat<T>(by));
        const lanes = min(cols, m - p * cols);
        turnOut<T>(dq + <usize>(p * cols) * step<T>(args, 46), step<T>(args, 46), panel, lanes, narrow);
      }
    }
  }
}

/** For each panel of queries i … i + m the list of lse, then that of Σ g · out. Lanes beyond have no share. */
function list<T>(args: usize, batch: i32, head: i32, i: i32, m: i32, g: usize, to: usize): void {
  const cols = columns<T>();
  for (let l = 0; l < panels<T>(m) * cols; l++) {
    const at = to + (<usize>(l / cols) << 6) + <usize>(l % cols) * sizeof<T>();
    let lse: T = <T>Infinity;
    let sum: T = 0;
    if (l < m) {
      const stack = batch * int(args, 7) + head;
      lse = load<T>(ptr(args, 1) + <usize>(stack * int(args, 8) + i + l) * sizeof<T>());
      sum = inner<T>(row<T>(args, 0, 32, batch, head, i + l), g + <usize>l * step<T>(args, 42), step<T>(args, 43), int(args, 11));
    }
    store<T>(at, lse);
    store<T>(at, sum, 32);
  }
}

/** Scores of a panel become shares, the gradients by these those by the scores. Rows up to a whole strip become 0. */
function slope<T>(n: i32, shares: usize, slopes: usize, list: usize): void {
  const lse0 = v128.load(list);
  const lse1 = v128.load(list, 16);
  const sum0 = v128.load(list, 32);
  const sum1 = v128.load(list, 48);
  const end = shares + (<usize>n << 5);
  for (; shares < end; shares += 32) {
    const p0 = expNegative<T>(v128.sub<T>(v128.load(shares), lse0));
    const p1 = expNegative<T>(v128.sub<T>(v128.load(shares, 16), lse1));
    v128.store(shares, p0);
    v128.store(shares, p1, 16);
    v128.store(slopes, v128.mul<T>(p0, v128.sub<T>(v128.load(slopes), sum0)));
    v128.store(slopes, v128.mul<T>(p1, v128.sub<T>(v128.load(slopes, 16), sum1)), 16);
    slopes += 32;
  }
  const rest = <usize>((ROWS - n % ROWS) % ROWS) << 5;
  memory.fill(shares, 0, rest);
  memory.fill(slopes, 0, rest);
}

/** Adds the product of a strip and panels `pitch` rows long to `height` rows of `width` elements. */
function addRows<T>(height: i32, width: i32, k: i32, strip: usize, panel: usize, pitch: i32, to: usize, apart: usize): void {
  const cols = columns<T>();
  for (let c = 0; c < width; c += cols) {
    if (WIDE_VECTORS && height == ROWS && c + 2 * cols <= width) {
      microPair<T>(k, strip, panel, <usize>pitch << 5, 32, to, 32, apart, to, apart);
      c += cols;
      panel += <usize>pitch << 5;
      to += 32;
    } else if (height == ROWS && c + cols <= width) micro<T>(k, strip, panel, 32, to, apart, to, apart);
    else {
      micro<T>(k, strip, panel, 32, scratch, 32, 0, 0);
      for (let r = 0; r < height; r++) {
        for (let l = 0; l < min(cols, width - c); l++) {
          const at = to + <usize>r * apart + <usize>l * sizeof<T>();
          store<T>(at, load<T>(at) + load<T>(scratch + (<usize>r << 5) + <usize>l * sizeof<T>()));
        }
      }
    }
    panel += <usize>pitch << 5;
    to += 32;
  }
}

/** Σ x · y, the elements of y `step` bytes apart. */
function inner<T>(x: usize, y: usize, step: usize, n: i32): T {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  let sums = v128.splat<T>(0);
  if (step == sizeof<T>()) {
    for (; n >= lanes; n -= lanes) {
      sums = madd<T>(v128.load(x), v128.load(y), sums);
      x += 16;
      y += 16;
    }
  }
  let sum = total<T>(sums);
  for (; n > 0; n--) {
    sum += load<T>(x) * load<T>(y);
    x += sizeof<T>();
    y += step;
  }
  return sum;
}

export function attentionGrad_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function attentionGrad_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
