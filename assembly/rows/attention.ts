// Scaled dot-product attention without the matrix of all scores: Tri Dao et al., "FlashAttention", arXiv 2205.14135.
//
//   score[i, j] = scale · Σ_d q[i, d] · k[j, d] + mask[i, j]      -∞ for j > i where causal
//   out[i] = Σ_j softmax_j(score[i])[j] · v[j]
//   lse[i] = log Σ_j exp(score[i, j])                             kept for the gradient
//
//   args ─ 0 out │ 1 lse │ 2 q │ 3 k │ 4 v │ 5 mask (0: none)
//          6 batches │ 7 heads │ 8 queries │ 9 keys │ 10 width of q and k │ 11 width of v │ 12 causal │ 13 scale
//          14 queries and 15 keys of a block
//          strides in elements, each of batch, head, row, column: 16 q │ 20 k │ 24 v │ 28 mask │ 32 out
//   attentionGrad (attentiongrad.ts) has further slots.
//
// lse is dense: [batch, heads, queries]; columns of out lie side by side. Units are heads of batches, then blocks of
// queries, the last block first: where causal it is the most work. A row without any score but -∞ gives zeros; its lse is
// +∞, so that its softmax comes out as zeros again.
//
// A block of queries goes over the keys block by block, a panel of `columns` queries at a time, with the products turned
// over: keys, packed as strips, times the panel give a column of scores for each query, and these as they lie are the
// panel that strips of v are multiplied with. So exponentials and sums go down the columns of whole vectors, and nothing
// is packed but q, k and v. Where causal, a panel meets no key beyond its last query. Where the engine pairs vectors two
// panels go together, each with the keys that it meets. Few queries go another way: attentionfew.ts.

import { int, ptr, real, scratch } from "../abi";
import { columns, micro, microOn, microPair, ROWS } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { log4 } from "../math";
import { turnSquare } from "../simd";
import { few, isFew } from "./attentionfew";
import { expNegative } from "./exp";

// What lies in the arena, one behind the other.
// @ts-ignore: decorator
@inline function strips(n: i32): i32 { return (n + ROWS - 1) / ROWS; }
// @ts-ignore: decorator
@inline export function panels<T>(n: i32): i32 { return (n + columns<T>() - 1) / columns<T>(); }
/** Bytes of `n` vectors of k elements in strips. */
// @ts-ignore: decorator
@inline export function stripBytes<T>(n: i32, k: i32): usize { return <usize>(strips(n) * ROWS * k) * sizeof<T>(); }
/** Bytes of `n` vectors of k elements in panels. */
// @ts-ignore: decorator
@inline export function panelBytes<T>(n: i32, k: i32): usize { return <usize>(panels<T>(n) * k) << 5; }

/** The address of row `i` of the operand whose strides begin at `slot`. */
// @ts-ignore: decorator
@inline
export function row<T>(args: usize, operand: i32, slot: i32, batch: i32, head: i32, i: i32): usize {
  const at = batch * int(args, slot) + head * int(args, slot + 1) + i * int(args, slot + 2);
  return ptr(args, operand) + <usize>at * sizeof<T>();
}

// @ts-ignore: decorator
@inline export function step<T>(args: usize, slot: i32): usize { return <usize>int(args, slot) * sizeof<T>(); }

/** Packs `n` vectors of k elements as strips. */
export function packStrips<T>(to: usize, n: i32, k: i32, from: usize, across: usize, along: usize): void {
  for (let i = 0; i < n; i += ROWS) {
    pack<T>(to + <usize>(i * k) * sizeof<T>(), from + <usize>i * across, ROWS, min(ROWS, n - i), across, along, k);
  }
}

/** Packs `n` vectors of k elements, times `by`, as panels. */
export function packPanels<T>(to: usize, n: i32, k: i32, from: usize, across: usize, along: usize, by: T): void {
  const cols = columns<T>();
  for (let i = 0; i < n; i += cols) {
    pack<T>(to + <usize>(i * k) * sizeof<T>(), from + <usize>i * across, cols, min(cols, n - i), across, along, k);
  }
  if (by != 1) scale<T>(to, panels<T>(n) * k, v128.splat<T>(by), v128.splat<T>(by));
}

/** Multiplies the rows of a panel, or of several. */
export function scale<T>(panel: usize, rows: i32, low: v128, high: v128): void {
  for (; rows > 0; rows--) {
    v128.store(panel, v128.mul<T>(v128.load(panel), low));
    v128.store(panel, v128.mul<T>(v128.load(panel, 16), high), 16);
    panel += 32;
  }
}

/** Panels of the product of strips of `rows` vectors and one panel, both of length k. */
export function stripsTimes<T>(rows: i32, k: i32, strip: usize, pitch: usize, panel: usize, to: usize, add: bool): void {
  for (; rows > 0; rows -= ROWS) {
    micro<T>(k, strip, panel, 32, to, 32, add ? to : 0, 32);
    strip += pitch;
    to += <usize>ROWS << 5;
  }
}

/**
 * As `stripsTimes` for two panels `next` bytes apart, whose products are `nextTo` bytes apart. The second may be `more` steps
 * longer than the first: it then goes on alone.
 */
export function stripsTimesTwo<T>(
  rows: i32, k: i32, more: i32, strip: usize, pitch: usize, panel: usize, next: usize, to: usize, nextTo: usize, add: bool,
): void {
  const rest = <usize>(ROWS * k) * sizeof<T>();
  for (; rows > 0; rows -= ROWS) {
    if (more == 0) microPair<T>(k, strip, panel, next, 32, to, nextTo, 32, add ? to : 0, 32);
    else {
      const tile = add ? scratch : to;
      const nextTile = add ? TILE : nextTo;
      microPair<T>(k, strip, panel, next, 32, tile, nextTile, 32, 0, 0);
      microOn<T>(more, strip + rest, panel + next + (<usize>k << 5), 32, tile + nextTile, 32);
      if (add) {
        addTile<T>(to, tile);
        addTile<T>(to + nextTo, tile + TILE);
      }
    }
    strip += pitch;
    to += <usize>ROWS << 5;
  }
}

/** Bytes of a tile of one panel. */
const TILE: usize = ROWS << 5;
/** Two of them lie at the begin of the arena. */
// @ts-ignore: decorator
@inline export function tileBytes<T>(): usize { return 2 * TILE; }

// @ts-ignore: decorator
@inline
function addTile<T>(to: usize, tile: usize): void {
  for (let at: usize = 0; at < TILE; at += 32) {
    const x0 = v128.add<T>(v128.load(to + at), v128.load(tile + at));
    const x1 = v128.add<T>(v128.load(to + at, 16), v128.load(tile + at, 16));
    v128.store(to + at, x0);
    v128.store(to + at, x1, 16);
  }
}

/** Writes the first `lanes` columns of a panel as rows of `width` elements. */
export function turnOut<T>(to: usize, pitch: usize, panel: usize, lanes: i32, width: i32): void {
  let l = 0;
  if (sizeof<T>() == 4) {
    for (; l + 4 <= lanes; l += 4) {
      const target = to + <usize>l * pitch;
      const from = panel + (<usize>l << 2);
      let c = 0;
      for (; c + 4 <= width; c += 4) turnSquare(target + (<usize>c << 2), pitch, from + (<usize>c << 5), 32);
      for (; c < width; c++) {
        for (let r: usize = 0; r < 4; r++) {
          store<T>(target + r * pitch + (<usize>c << 2), load<T>(from + (<usize>c << 5) + (r << 2)));
        }
      }
    }
  }
  for (; l < lanes; l++) {
    for (let c = 0; c < width; c++) {
      store<T>(to + <usize>l * pitch + <usize>c * sizeof<T>(), load<T>(panel + (<usize>c << 5) + <usize>l * sizeof<T>()));
    }
  }
}

/** How many of the keys j … j + n the panel of queries i … meets; `end` is the end of their block. */
// @ts-ignore: decorator
@inline
export function seen<T>(causal: bool, i: i32, end: i32, j: i32, n: i32): i32 {
  return causal ? min(n, min(i + columns<T>(), end) - j) : n;
}

/** Adds the mask to the scores at `to` of `n` keys from j on with `m` queries from i on, and hides keys beyond the query. */
export function hide<T>(args: usize, batch: i32, head: i32, i: i32, m: i32, j: i32, n: i32, to: usize): void {
  if (ptr(args, 5) != 0) {
    for (let l = 0; l < m; l++) {
      let from = row<T>(args, 5, 28, batch, head, i + l) + <usize>j * step<T>(args, 31);
      let at = to + <usize>l * sizeof<T>();
      for (let r = 0; r < n; r++) {
        store<T>(at, load<T>(at) + load<T>(from));
        from += step<T>(args, 31);
        at += 32;
      }
    }
  }
  if (int(args, 12) == 0) return;
  for (let r = max(0, i + 1 - j); r < n; r++) {
    const blind = min(columns<T>(), j + r - i);
    for (let l = 0; l < blind; l++) store<T>(to + (<usize>r << 5) + <usize>l * sizeof<T>(), <T>-Infinity);
  }
}

/** x where it is finite, else 0. A constant would be loaded for each of two vectors, which then are no pair. */
// @ts-ignore: decorator
@inline
function finite<T>(x: v128): v128 {
  const none = v128.sub<T>(x, x);
  return v128.and(x, v128.eq<T>(none, none));
}

/** Scores of the panel of queries i … with n keys from j on become exponentials, and the sums so far shrink as these do. */
// @ts-ignore: decorator
@inline
function soften<T>(
  args: usize, batch: i32, head: i32, i: i32, end: i32, j: i32, n: i32, scores: usize, state: usize, sums: usize,
): void {
  hide<T>(args, batch, head, i, min(columns<T>(), end - i), j, n, scores);
  const moved = exponentials<T>(scores, n, state);
  if (moved && j > 0) scale<T>(sums, int(args, 11), v128.load(state, 64), v128.load(state, 80));
}

/**
 * Scores of a panel with n keys become exponentials, relative to the greatest so far. `state` has for each query the
 * greatest score, the sum of exponentials, and the factor by which what came before shrinks. Whether any is not 1.
 */
function exponentials<T>(s: usize, n: i32, state: usize): bool {
  const end = s + (<usize>n << 5);
  let most0 = v128.load(state);
  let most1 = v128.load(state, 16);
  let more0 = most0;
  let more1 = most1;
  // Two chains of `pmax`, one instruction where WebAssembly's own, which keeps NaN, is nine: a NaN shows in the sum.
  let at = s;
  for (; at + 32 < end; at += 64) {
    most0 = v128.pmax<T>(most0, v128.load(at));
    most1 = v128.pmax<T>(most1, v128.load(at, 16));
    more0 = v128.pmax<T>(more0, v128.load(at, 32));
    more1 = v128.pmax<T>(more1, v128.load(at, 48));
  }
  if (at < end) {
    most0 = v128.pmax<T>(most0, v128.load(at));
    most1 = v128.pmax<T>(most1, v128.load(at, 16));
  }
  // What a loop has summed goes on from memory: see `bothOf`.
  v128.store(state, v128.pmax<T>(most0, more0), 96);
  v128.store(state, v128.pmax<T>(most1, more1), 112);
  most0 = v128.load(state, 96);
  most1 = v128.load(state, 112);
  // All of it -∞: no exponential is more than 0. An ∞ gives NaN, as an exponential of ∞ is.
  const origin0 = finite<T>(most0);
  const origin1 = finite<T>(most1);
  let sum0 = v128.splat<T>(0);
  let sum1 = sum0;
  for (at = s; at < end; at += 32) {
    const x = expNegative<T>(v128.sub<T>(v128.load(at), origin0));
    const y = expNegative<T>(v128.sub<T>(v128.load(at, 16), origin1));
    v128.store(at, x);
    v128.store(at, y, 16);
    sum0 = v128.add<T>(sum0, x);
    sum1 = v128.add<T>(sum1, y);
  }
  const before0 = v128.load(state);
  const before1 = v128.load(state, 16);
  v128.store(state, most0);
  v128.store(state, most1, 16);
  v128.store(state, sum0, 128);
  v128.store(state, sum1, 144);
  sum0 = v128.load(state, 128);
  sum1 = v128.load(state, 144);
  let past0 = v128.load(state, 32);
  let past1 = v128.load(state, 48);
  const moved = v128.any_true(v128.or(v128.ne<T>(before0, most0), v128.ne<T>(before1, most1)));
  if (moved) {
    const fade0 = expNegative<T>(v128.sub<T>(before0, origin0));
    const fade1 = expNegative<T>(v128.sub<T>(before1, origin1));
    v128.store(state, fade0, 64);
    v128.store(state, fade1, 80);
    past0 = v128.mul<T>(past0, fade0);
    past1 = v128.mul<T>(past1, fade1);
  }
  v128.store(state, v128.add<T>(sum0, past0), 32);
  v128.store(state, v128.add<T>(sum1, past1), 48);
  return moved;
}

const STATE: usize = 160; // bytes of a panel's state, of which the last 64 are room

function forward<T>(args: usize, begin: i32, end: i32): void {
  const cols = columns<T>();
  const queries = int(args, 8);
  const keys = int(args, 9);
  const narrow = int(args, 10);
  const wide = int(args, 11);
  const causal = int(args, 12) != 0;
  const blockQ = int(args, 14);
  const blockK = int(args, 15);
  const blocks = (queries + blockQ - 1) / blockQ;
  const packedQ = scratch + tileBytes<T>();
  const sums = packedQ + panelBytes<T>(blockQ, narrow);
  const packedK = sums + (<usize>(panels<T>(blockQ) * strips(wide) * ROWS) << 5);
  const packedV = packedK + stripBytes<T>(blockK, narrow);
  const scores = packedV + stripBytes<T>(wide, blockK);
  const states = scores + 2 * stripBytes<T>(blockK, cols);
  const pitchQ = <usize>narrow << 5;
  const pitchK = <usize>(ROWS * narrow) * sizeof<T>();
  const pitchS = <usize>(strips(wide) * ROWS) << 5;
  const stacks = int(args, 7) * int(args, 6);
  for (let unit = begin; unit < end; unit++) {
    const later = unit / stacks;
    const stack = unit - later * stacks;
    const batch = stack / int(args, 7);
    const head = stack - batch * int(args, 7);
    const i = (blocks - 1 - later) * blockQ;
    const m = min(blockQ, queries - i);
    if (isFew<T>(args)) {
      few<T>(args, batch, head);
      continue;
    }
    packPanels<T>(
      packedQ, m, narrow, row<T>(args, 2, 16, batch, head, i), step<T>(args, 18), step<T>(args, 19), <T>real(args, 13),
    );
    for (let p = 0; p < panels<T>(m); p++) {
      const state = states + <usize>p * STATE;
      v128.store(state, v128.splat<T>(<T>-Infinity));
      v128.store(state, v128.splat<T>(<T>-Infinity), 16);
      memory.fill(state + 32, 0, 32);
    }
    const reach = causal ? min(keys, i + m) : keys;
    for (let j = 0; j < reach; j += blockK) {
      const n = min(blockK, reach - j);
      packStrips<T>(packedK, n, narrow, row<T>(args, 3, 20, batch, head, j), step<T>(args, 22), step<T>(args, 23));
      packStrips<T>(packedV, wide, n, row<T>(args, 4, 24, batch, head, j), step<T>(args, 27), step<T>(args, 26));
      const pitchV = <usize>(ROWS * n) * sizeof<T>();
      for (let p = 0; p < panels<T>(m); p++) {
        const first = i + p * cols;
        const met = seen<T>(causal, first, i + m, j, n);
        if (met <= 0) continue;
        const panel = packedQ + <usize>p * pitchQ;
        const state = states + <usize>p * STATE;
        const target = sums + <usize>p * pitchS;
        if (WIDE_VECTORS && p + 1 < panels<T>(m)) {
          const more = seen<T>(causal, first + cols, i + m, j, n) - met;
          const others = scores + stripBytes<T>(blockK, cols);
          stripsTimesTwo<T>(met + more, narrow, 0, packedK, pitchK, panel, pitchQ, scores, others - scores, false);
          soften<T>(args, batch, head, first, i + m, j, met, scores, state, target);
          soften<T>(args, batch, head, first + cols, i + m, j, met + more, others, state + STATE, target + pitchS);
          stripsTimesTwo<T>(wide, met, more, packedV, pitchV, scores, others - scores, target, pitchS, j > 0);
          p++;
        } else {
          stripsTimes<T>(met, narrow, packedK, pitchK, panel, scores, false);
          soften<T>(args, batch, head, first, i + m, j, met, scores, state, target);
          stripsTimes<T>(wide, met, packedV, pitchV, scores, target, j > 0);
        }
      }
    }
    for (let p = 0; p < panels<T>(m); p++) {
      const first = i + p * cols;
      const panel = sums + <usize>p * pitchS;
      finish<T>(states + <usize>p * STATE, panel, wide);
      const lanes = min(cols, i + m - first);
      turnOut<T>(row<T>(args, 0, 32, batch, head, first), step<T>(args, 34), panel, lanes, wide);
      const lse = ptr(args, 1) + <usize>(stack * queries + first) * sizeof<T>();
      memory.copy(lse, states + <usize>p * STATE, <usize>lanes * sizeof<T>());
    }
  }
}

/** Divides the panel by the sums of its queries, and puts log-sums in place of the greatest scores. */
function finish<T>(state: usize, panel: usize, width: i32): void {
  const zero = v128.splat<T>(0);
  const sum0 = v128.load(state, 32);
  const sum1 = v128.load(state, 48);
  const none0 = v128.eq<T>(sum0, zero);
  const none1 = v128.eq<T>(sum1, zero);
  const one = v128.splat<T>(1);
  scale<T>(
    panel, width,
    v128.andnot(v128.div<T>(one, sum0), none0), v128.andnot(v128.div<T>(one, sum1), none1),
  );
  const never = v128.splat<T>(<T>Infinity);
  const lse0 = v128.add<T>(v128.load(state), logarithm<T>(sum0));
  const lse1 = v128.add<T>(v128.load(state, 16), logarithm<T>(sum1));
  v128.store(state, v128.bitselect(never, lse0, none0));
  v128.store(state, v128.bitselect(never, lse1, none1), 16);
}

// @ts-ignore: decorator
@inline
function logarithm<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return log4(x);
  const low = Math.log(v128.extract_lane<f64>(x, 0));
  return v128.replace_lane<f64>(v128.splat<f64>(low), 1, Math.log(v128.extract_lane<f64>(x, 1)));
}

export function attention_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function attention_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
