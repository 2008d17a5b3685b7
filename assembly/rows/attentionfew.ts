// Attention of few queries, as when a text grows word by word: keys and values are read as they lie, once for all queries,
// for packing them would take longer. The slots are those of attention.ts; columns of q, k and v lie side by side.

import { int, ptr, real, scratch } from "../abi";
import { madd } from "../math";
import { total } from "../simd";
import { row, step } from "./attention";
import { expNegative } from "./exp";

const FEW: i32 = 4;
const KEYS: i32 = 64; // of a block: with its values they stay in the first caches

export function isFew<T>(args: usize): bool {
  return int(args, 8) <= FEW && int(args, 14) >= int(args, 8) && int(args, 19) == 1 && int(args, 23) == 1 && int(args, 27) == 1;
}

// A row of scores each, then the greatest so far and the sum of exponentials of each.
// @ts-ignore: decorator
@inline function scoresOf<T>(i: i32): usize { return scratch + <usize>(i * KEYS) * sizeof<T>(); }
// @ts-ignore: decorator
@inline function stateOf<T>(i: i32): usize { return scoresOf<T>(FEW) + (<usize>i << 4); }

/** All queries of a head. */
export function few<T>(args: usize, batch: i32, head: i32): void {
  const m = int(args, 8);
  const keys = int(args, 9);
  const wide = int(args, 11);
  const causal = int(args, 12) != 0;
  for (let i = 0; i < m; i++) {
    memory.fill(row<T>(args, 0, 32, batch, head, i), 0, <usize>wide * sizeof<T>());
    store<T>(stateOf<T>(i), <T>-Infinity);
    store<T>(stateOf<T>(i), <T>0, 8);
  }
  for (let j = 0; j < keys; j += KEYS) {
    const k = row<T>(args, 3, 20, batch, head, j);
    const v = row<T>(args, 4, 24, batch, head, j);
    for (let i = 0; i < m; i++) {
      const n = min(KEYS, (causal ? min(keys, i + 1) : keys) - j);
      if (n <= 0) continue;
      const s = scoresOf<T>(i);
      dots<T>(n, int(args, 10), row<T>(args, 2, 16, batch, head, i), k, step<T>(args, 22), <T>real(args, 13), s);
      if (ptr(args, 5) != 0) {
        let from = row<T>(args, 5, 28, batch, head, i) + <usize>j * step<T>(args, 31);
        for (let r = 0; r < n; r++) {
          store<T>(s + <usize>r * sizeof<T>(), load<T>(s + <usize>r * sizeof<T>()) + load<T>(from));
          from += step<T>(args, 31);
        }
      }
      const out = row<T>(args, 0, 32, batch, head, i);
      soften<T>(s, n, stateOf<T>(i), out, wide);
      weigh<T>(n, wide, s, v, step<T>(args, 26), out);
    }
  }
  const stack = batch * int(args, 7) + head;
  for (let i = 0; i < m; i++) {
    const sum = load<T>(stateOf<T>(i), 8);
    scaleRow<T>(row<T>(args, 0, 32, batch, head, i), wide, sum == 0 ? <T>0 : <T>1 / sum);
    const lse: T = sum == 0 ? <T>Infinity : load<T>(stateOf<T>(i)) + <T>Math.log(<f64>sum);
    store<T>(ptr(args, 1) + <usize>(stack * m + i) * sizeof<T>(), lse);
  }
}

/** s[r] = by · Σ q · k[r], rows of k `pitch` bytes apart. */
function dots<T>(n: i32, width: i32, q: usize, k: usize, pitch: usize, by: T, s: usize): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const whole = <usize>(width / lanes) << 4;
  const bytes = <usize>width * sizeof<T>();
  for (let r = 0; r < n; r += 4) {
    // Beyond the last row the last one again, which is not kept.
    const k1 = k + (r + 1 < n ? pitch : 0);
    const k2 = k1 + (r + 2 < n ? pitch : 0);
    const k3 = k2 + (r + 3 < n ? pitch : 0);
    let a = v128.splat<T>(0), b = a, c = a, d = a;
    for (let at: usize = 0; at < whole; at += 16) {
      const x = v128.load(q + at);
      a = madd<T>(x, v128.load(k + at), a);
      b = madd<T>(x, v128.load(k1 + at), b);
      c = madd<T>(x, v128.load(k2 + at), c);
      d = madd<T>(x, v128.load(k3 + at), d);
    }
    let s0 = total<T>(a), s1 = total<T>(b), s2 = total<T>(c), s3 = total<T>(d);
    for (let at = whole; at < bytes; at += sizeof<T>()) {
      const x = load<T>(q + at);
      s0 += x * load<T>(k + at);
      s1 += x * load<T>(k1 + at);
      s2 += x * load<T>(k2 + at);
      s3 += x * load<T>(k3 + at);
    }
    const to = s + <usize>r * sizeof<T>(); // KEYS is a multiple of 4
    store<T>(to, s0 * by);
    store<T>(to, s1 * by, sizeof<T>());
    store<T>(to, s2 * by, 2 * sizeof<T>());
    store<T>(to, s3 * by, 3 * sizeof<T>());
    k = k3 + pitch;
  }
}

/** Scores become exponentials, relative to the greatest so far; `out`, which came before, is scaled to it. */
function soften<T>(s: usize, n: i32, state: usize, out: usize, width: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  for (let r = n; r & (lanes - 1); r++) store<T>(s + <usize>r * sizeof<T>(), <T>-Infinity);
  const end = s + ((<usize>n * sizeof<T>() + 15) & ~15);
  const before = load<T>(state);
  let greatest = before;
  for (let at = s; at < s + <usize>n * sizeof<T>(); at += sizeof<T>()) greatest = max<T>(greatest, load<T>(at));
  // All of it -∞: no exponential is more than 0.
  const origin = v128.splat<T>(greatest == -Infinity ? <T>0 : greatest);
  let sums = v128.splat<T>(0);
  for (let at = s; at < end; at += 16) {
    const x = expNegative<T>(v128.sub<T>(v128.load(at), origin));
    v128.store(at, x);
    sums = v128.add<T>(sums, x);
  }
  let sum = total<T>(sums);
  if (before != greatest && before != -Infinity) {
    const fade = v128.extract_lane<T>(expNegative<T>(v128.splat<T>(before - greatest)), 0);
    scaleRow<T>(out, width, fade);
    sum += fade * load<T>(state, 8);
  } else sum += load<T>(state, 8);
  store<T>(state, greatest);
  store<T>(state, sum, 8);
}

/** out += Σ p[r] · v[r], rows of v `pitch` bytes apart. */
function weigh<T>(n: i32, width: i32, p: usize, v: usize, pitch: usize, out: usize): void {
  const end = p + <usize>n * sizeof<T>();
  const bytes = <usize>width * sizeof<T>();
  let at: usize = 0;
  for (; at + 128 <= bytes; at += 128) {
    let a = v128.load(out + at), b = v128.load(out + at, 16), c = v128.load(out + at, 32), d = v128.load(out + at, 48);
    let e = v128.load(out + at, 64), f = v128.load(out + at, 80), g = v128.load(out + at, 96), h = v128.load(out + at, 112);
    let from = v + at;
    for (let r = p; r < end; r += sizeof<T>()) {
      const x = v128.load_splat<T>(r);
      a = madd<T>(x, v128.load(from), a);
      b = madd<T>(x, v128.load(from, 16), b);
      c = madd<T>(x, v128.load(from, 32), c);
      d = madd<T>(x, v128.load(from, 48), d);
      e = madd<T>(x, v128.load(from, 64), e);
      f = madd<T>(x, v128.load(from, 80), f);
      g = madd<T>(x, v128.load(from, 96), g);
      h = madd<T>(x, v128.load(from, 112), h);
      from += pitch;
    }
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
    v128.store(out + at, c, 32);
    v128.store(out + at, d, 48);
    v128.store(out + at, e, 64);
    v128.store(out + at, f, 80);
    v128.store(out + at, g, 96);
    v128.store(out + at, h, 112);
  }
  for (; at + 16 <= bytes; at += 16) {
    let a = v128.load(out + at);
    let from = v + at;
    for (let r = p; r < end; r += sizeof<T>()) {
      a = madd<T>(v128.load_splat<T>(r), v128.load(from), a);
      from += pitch;
    }
    v128.store(out + at, a);
  }
  for (; at < bytes; at += sizeof<T>()) {
    let a = load<T>(out + at);
    let from = v + at;
    for (let r = p; r < end; r += sizeof<T>()) {
      a += load<T>(r) * load<T>(from);
      from += pitch;
    }
    store<T>(out + at, a);
  }
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
