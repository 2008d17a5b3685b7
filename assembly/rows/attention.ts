// Scaled dot-product attention without the matrix of all scores: Tri Dao et al., "FlashAttention", arXiv 2205.14135.
//
//   score[i, j] = scale · Σ_d q[i, d] · k[j, d] + mask[i, j]      -∞ for j > i where causal
//   out[i] = Σ_j softmax_j(score[i])[j] · v[j]
//   lse[i] = log Σ_j exp(score[i, j])                             kept for the gradient
//
//   args ─ 0 out │ 1 lse │ 2 q │ 3 k │ 4 v │ 5 mask (0: none)
//          6 heads │ 7 queries │ 8 keys │ 9 width of q and k │ 10 width of v │ 11 rows of a block │ 12 causal │ 13 scale
//          strides in elements, each of batch, head, row, column: 14 q │ 18 k │ 22 v │ 26 mask
//   attentionGrad ─ further 30 g, the gradient by out │ 31 dq │ 32 dk │ 33 dv
//
// All but q, k, v and mask are dense: [batch, heads, rows, width]. Units of the attention are blocks of queries, then
// heads, then batches; of its gradient (which walks the same blocks, and computes the softmax anew from lse) heads, then
// batches. A row without any score but -∞ gives zeros; its lse is +∞, so that its softmax comes out as zeros again.
//
// A block is (rows × rows) of scores; (rows + ROWS) · width must fit the strips, see gemm/block.ts.

import { int, ptr, real, scratch } from "../abi";
import { blockProduct, FREE } from "../gemm/block";
import { expNegative } from "./exp";

// The arena beyond the products: two blocks of scores with rows of whole 32-byte groups, and three numbers a row.
// @ts-ignore: decorator
@inline function pitch<T>(args: usize): usize { return (<usize>int(args, 11) * sizeof<T>() + 31) & ~31; }
// @ts-ignore: decorator
@inline function scores(): usize { return scratch + FREE; }
// @ts-ignore: decorator
@inline function slopes<T>(args: usize): usize { return scores() + <usize>int(args, 11) * pitch<T>(args); }
/** List `which` of a number a row: 0 the greatest score, 1 the sum of exponentials. */
// @ts-ignore: decorator
@inline
function list<T>(args: usize, which: i32): usize {
  return slopes<T>(args) + <usize>int(args, 11) * (pitch<T>(args) + <usize>which * sizeof<T>());
}

/** The address of row `i` of the operand whose strides begin at `slot`. */
// @ts-ignore: decorator
@inline
function row<T>(args: usize, operand: i32, slot: i32, batch: i32, head: i32, i: i32): usize {
  const at = batch * int(args, slot) + head * int(args, slot + 1) + i * int(args, slot + 2);
  return ptr(args, operand) + <usize>at * sizeof<T>();
}

// @ts-ignore: decorator
@inline function step<T>(args: usize, slot: i32): usize { return <usize>int(args, slot) * sizeof<T>(); }

/** Scores of queries i … i + m with keys j … j + n, the row's tail up to whole vectors -∞. */
function score<T>(args: usize, batch: i32, head: i32, i: i32, m: i32, j: i32, n: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const pitchS = pitch<T>(args);
  blockProduct<T>(
    m, n, int(args, 9),
    row<T>(args, 2, 14, batch, head, i), step<T>(args, 16), step<T>(args, 17),
    row<T>(args, 3, 18, batch, head, j), step<T>(args, 21), step<T>(args, 20),
    scores(), pitchS, false,
  );
  const causal = int(args, 12) != 0;
  const scale = v128.splat<T>(<T>real(args, 13));
  for (let r = 0; r < m; r++) {
    const s = scores() + <usize>r * pitchS;
    for (let c = 0; c < n; c += lanes) {
      const at = s + <usize>c * sizeof<T>();
      v128.store(at, v128.mul<T>(v128.load(at), scale));
    }
    if (ptr(args, 5) != 0) {
      let from = row<T>(args, 5, 26, batch, head, i + r) + <usize>j * step<T>(args, 29);
      for (let c = 0; c < n; c++) {
        const at = s + <usize>c * sizeof<T>();
        store<T>(at, load<T>(at) + load<T>(from));
        from += step<T>(args, 29);
      }
    }
    const seen = causal ? max(0, min(n, i + r - j + 1)) : n;
    for (let c = seen; c < ((n + lanes - 1) & ~(lanes - 1)); c++) store<T>(s + <usize>c * sizeof<T>(), <T>-Infinity);
  }
}

function forward<T>(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 11);
  const queries = int(args, 7);
  const keys = int(args, 8);
  const width = int(args, 10);
  const blocks = (queries + rows - 1) / rows;
  const rowOut = <usize>width * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const stack = unit / blocks;
    const batch = stack / int(args, 6);
    const head = stack - batch * int(args, 6);
    const i = (unit - stack * blocks) * rows;
    const m = min(rows, queries - i);
    const out = ptr(args, 0) + <usize>(stack * queries + i) * rowOut;
    memory.fill(out, 0, <usize>m * rowOut);
    for (let r = 0; r < m; r++) {
      store<T>(list<T>(args, 0) + <usize>r * sizeof<T>(), <T>-Infinity);
      store<T>(list<T>(args, 1) + <usize>r * sizeof<T>(), <T>0);
    }
    const reach = int(args, 12) != 0 ? min(keys, i + m) : keys;
    for (let j = 0; j < reach; j += rows) {
      const n = min(rows, reach - j);
      score<T>(args, batch, head, i, m, j, n);
      for (let r = 0; r < m; r++) soften<T>(args, r, n, out + <usize>r * rowOut);
      blockProduct<T>(
        m, width, n, scores(), pitch<T>(args), sizeof<T>(),
        row<T>(args, 4, 22, batch, head, j), step<T>(args, 24), step<T>(args, 25), out, rowOut, true,
      );
    }
    for (let r = 0; r < m; r++) {
      const greatest = load<T>(list<T>(args, 0) + <usize>r * sizeof<T>());
      const sum = load<T>(list<T>(args, 1) + <usize>r * sizeof<T>());
      const none = sum == 0;
      scaleRow<T>(out + <usize>r * rowOut, width, none ? <T>0 : <T>1 / sum);
      const lse: T = none ? <T>Infinity : greatest + <T>Math.log(<f64>sum);
      store<T>(ptr(args, 1) + <usize>(stack * queries + i + r) * sizeof<T>(), lse);
    }
  }
}

/** Row r of the scores becomes exponentials, relative to the greatest score so far; what came before is scaled to it. */
function soften<T>(args: usize, r: i32, n: i32, out: usize): void {
  const s = scores() + <usize>r * pitch<T>(args);
  const end = s + ((<usize>n * sizeof<T>() + 15) & ~15);
  const greatestAt = list<T>(args, 0) + <usize>r * sizeof<T>();
  const sumAt = list<T>(args, 1) + <usize>r * sizeof<T>();
  const before = load<T>(greatestAt);
  let most = v128.splat<T>(before);
  for (let at = s; at < end; at += 16) most = v128.max<T>(most, v128.load(at));
  let greatest = v128.extract_lane<T>(most, 0);
  if (sizeof<T>() == 4) {
    greatest = max<T>(max<T>(greatest, v128.extract_lane<T>(most, 1)), v128.extract_lane<T>(most, 2));
    greatest = max<T>(greatest, v128.extract_lane<T>(most, 3));
  } else greatest = max<T>(greatest, v128.extract_lane<T>(most, 1));
  // All of it -∞: no exponential is more than 0.
  const origin = v128.splat<T>(greatest == -Infinity ? <T>0 : greatest);
  let sums = v128.splat<T>(0);
  for (let at = s; at < end; at += 16) {
    const x = expNegative<T>(v128.sub<T>(v128.load(at), origin));
    v128.store(at, x);
    sums = v128.add<T>(sums, x);
  }
  let sum: T = v128.extract_lane<T>(sums, 0) + v128.extract_lane<T>(sums, 1);
  if (sizeof<T>() == 4) sum += v128.extract_lane<T>(sums, 2) + v128.extract_lane<T>(sums, 3);
  if (before != greatest && before != -Infinity) {
    const fade = v128.extract_lane<T>(expNegative<T>(v128.splat<T>(before - greatest)), 0);
    scaleRow<T>(out, int(args, 10), fade);
    sum += fade * load<T>(sumAt);
  } else sum += load<T>(sumAt);
  store<T>(greatestAt, greatest);
  store<T>(sumAt, sum);
}

function scaleRow<T>(x: usize, n: i32, by: T): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  for (; n >= lanes; n -= lanes) {
    v128.store(x, v128.mul<T>(v128.load(x), v128.splat<T>(by)));
    x += 16;
  }
  for (; n > 0; n--) {
    store<T>(x, load<T>(x) * by);
    x += sizeof<T>();
  }
}

function backward<T>(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 11);
  const queries = int(args, 7);
  const keys = int(args, 8);
  const narrow = <usize>int(args, 9) * sizeof<T>();
  const wide = <usize>int(args, 10) * sizeof<T>();
  const causal = int(args, 12) != 0;
  const pitchS = pitch<T>(args);
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / int(args, 6);
    const head = unit - batch * int(args, 6);
    const dq = ptr(args, 31) + <usize>(unit * queries) * narrow;
    const dk = ptr(args, 32) + <usize>(unit * keys) * narrow;
    const dv = ptr(args, 33) + <usize>(unit * keys) * wide;
    memory.fill(dq, 0, <usize>queries * narrow);
    memory.fill(dk, 0, <usize>keys * narrow);
    memory.fill(dv, 0, <usize>keys * wide);
    for (let j = 0; j < keys; j += rows) {
      const n = min(rows, keys - j);
      // Queries before a key do not see it.
      for (let i = causal ? j / rows * rows : 0; i < queries; i += rows) {
        const m = min(rows, queries - i);
        const first = <usize>(unit * queries + i);
        const g = ptr(args, 30) + first * wide;
        score<T>(args, batch, head, i, m, j, n);
        for (let r = 0; r < m; r++) {
          const lse = load<T>(ptr(args, 1) + (first + <usize>r) * sizeof<T>());
          shares<T>(scores() + <usize>r * pitchS, n, lse);
        }
        // dv += pᵀ·g, and the gradient by p: g·vᵀ
        blockProduct<T>(n, int(args, 10), m, scores(), sizeof<T>(), pitchS, g, wide, sizeof<T>(), dv + <usize>j * wide, wide, true);
        blockProduct<T>(
          m, n, int(args, 10), g, wide, sizeof<T>(),
          row<T>(args, 4, 22, batch, head, j), step<T>(args, 25), step<T>(args, 24), slopes<T>(args), pitchS, false,
        );
        for (let r = 0; r < m; r++) {
          const out = ptr(args, 0) + (first + <usize>r) * wide;
          slope<T>(args, r, n, inner<T>(out, g + <usize>r * wide, int(args, 10)));
        }
        // dq += s·k, dk += sᵀ·q
        blockProduct<T>(
          m, int(args, 9), n, slopes<T>(args), pitchS, sizeof<T>(),
          row<T>(args, 3, 18, batch, head, j), step<T>(args, 20), step<T>(args, 21), dq + <usize>i * narrow, narrow, true,
        );
        blockProduct<T>(
          n, int(args, 9), m, slopes<T>(args), sizeof<T>(), pitchS,
          row<T>(args, 2, 14, batch, head, i), step<T>(args, 16), step<T>(args, 17), dk + <usize>j * narrow, narrow, true,
        );
      }
    }
  }
}

/** A row of scores becomes its softmax: exp(score - lse). */
function shares<T>(s: usize, n: i32, lse: T): void {
  const end = s + <usize>n * sizeof<T>();
  for (; s < end; s += 16) v128.store(s, expNegative<T>(v128.sub<T>(v128.load(s), v128.splat<T>(lse))));
}

/** Row r of the gradient by p becomes that by the unscaled score: scale · p · (dp - Σ g·out). */
function slope<T>(args: usize, r: i32, n: i32, sum: T): void {
  let p = scores() + <usize>r * pitch<T>(args);
  let dp = slopes<T>(args) + <usize>r * pitch<T>(args);
  const end = dp + <usize>n * sizeof<T>();
  const scale = v128.splat<T>(<T>real(args, 13));
  for (; dp < end; dp += 16) {
    const x = v128.mul<T>(v128.load(p), v128.sub<T>(v128.load(dp), v128.splat<T>(sum)));
    v128.store(dp, v128.mul<T>(x, scale));
    p += 16;
  }
}

function inner<T>(x: usize, y: usize, n: i32): T {
  let sum: T = 0;
  for (; n > 0; n--) {
    sum += load<T>(x) * load<T>(y);
    x += sizeof<T>();
    y += sizeof<T>();
  }
  return sum;
}

export function attention_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function attention_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function attentionGrad_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function attentionGrad_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
