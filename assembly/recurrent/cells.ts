// What recurrent cells make of the gates of one row at one step, and the derivatives. The products with U are done already
// (forward) or follow (backward): recurrent.ts, which has the slots of the block too.
//
//   rnn    h = tanh(x + p), or rectified
//   lstm   c = σ(f)·c' + σ(i)·tanh(g),  h = σ(o)·tanh(c)             of i, f, g, o = x + p
//   gru    h = n + z·(h' - n),  n = tanh(x + r·q)                    of r, z = σ(x + p + bias), q = p + bias
//
// p is the state's part of the gates, x the input's; h' and c' are the states before. A cell is a class without fields:
//
//   products      columns of p, in widths of h
//   kept          columns of what is kept of the gates, where p stands first: lstm σ(i) σ(f) tanh(g) σ(o), gru r z n q
//   adds          whether backward leaves a part of the gradient by h' for the product to add to
//   deltas        the slot of the gradient by p, which the product takes
//   forward       of row r at `step`; `before` is the step before or -1
//   backward      likewise

import { int, ptr, scratch } from "../abi";
import { madd, sigmoid, sigmoid4, sigmoid4Brief, sigmoidStrange4, tanh4 } from "../math";
import { giveSome, takeSome } from "../simd";

/** The address of row r of `columns` widths at a step of the list in `slot`. */
// @ts-ignore: decorator
@inline
export function row<T>(args: usize, slot: i32, columns: i32, step: i32, r: i32): usize {
  return ptr(args, slot) + <usize>((step * int(args, 1) + r) * int(args, 2) * columns) * sizeof<T>();
}

/** Row r of the state at step `before`; before any step it is the first state, in slot `first`. */
// @ts-ignore: decorator
@inline
export function state<T>(args: usize, first: i32, all: i32, before: i32, r: i32): usize {
  return before < 0 ? row<T>(args, first, 1, 0, r) : row<T>(args, all, 1, before, r);
}

// @ts-ignore: decorator
@inline
function sigma<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return sigmoid4(x);
  return f64x2(sigmoid(f64x2.extract_lane(x, 0)), sigmoid(f64x2.extract_lane(x, 1)));
}
// @ts-ignore: decorator
@inline
function bend<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return tanh4(x);
  return f64x2(NativeMath.tanh(f64x2.extract_lane(x, 0)), NativeMath.tanh(f64x2.extract_lane(x, 1)));
}
/** g · y · (1 - y), the derivative by x of y = σ(x). */
// @ts-ignore: decorator
@inline
function bySigma<T>(g: v128, y: v128): v128 { return v128.mul<T>(v128.mul<T>(g, v128.sub<T>(v128.splat<T>(<T>1), y)), y); }
/** g · (1 - y²), the derivative by x of y = tanh(x). */
// @ts-ignore: decorator
@inline
function byBend<T>(g: v128, y: v128): v128 { return v128.mul<T>(g, v128.sub<T>(v128.splat<T>(<T>1), v128.mul<T>(y, y))); }

/** The gradient by the state at a step: from the steps after it, and from its own row of `own`, if there is one. */
// @ts-ignore: decorator
@inline
function both<T>(later: usize, own: usize, j: usize, whole: bool): v128 {
  const g = takeSome<T>(later + j, whole);
  return own == 0 ? g : v128.add<T>(g, takeSome<T>(own + j, whole));
}
// @ts-ignore: decorator
@inline
function given<T>(args: usize, slot: i32, step: i32, r: i32): usize {
  return ptr(args, slot) == 0 ? 0 : row<T>(args, slot, 1, step, r);
}

// @ts-ignore: decorator
@final
export class Rnn {
  // @ts-ignore: decorator
  @inline products(): i32 { return 1; }
  // @ts-ignore: decorator
  @inline kept(): i32 { return 1; }
  // @ts-ignore: decorator
  @inline adds(): bool { return false; }
  // @ts-ignore: decorator
  @inline deltas(): i32 { return 7; }

  forward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    const rectified = int(args, 10) != 0;
    const x = row<T>(args, 7, 1, step, r);
    const h = row<T>(args, 8, 1, step, r);
    for (let j: usize = 0; j < bytes; ) {
      const whole = j + 16 <= bytes;
      const sum = v128.add<T>(takeSome<T>(x + j, whole), takeSome<T>(h + j, whole));
      // pmax(x, 0) is x < 0 ? 0 : x, which keeps a NaN.
      giveSome<T>(h + j, rectified ? v128.pmax<T>(sum, i64x2.splat(0)) : bend<T>(sum), whole);
      j += whole ? 16 : sizeof<T>();
    }
  }

  backward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    const rectified = int(args, 10) != 0;
    const h = row<T>(args, 8, 1, step, r);
    const dx = row<T>(args, 7, 1, step, r);
    const later = row<T>(args, 14, 1, 0, r);
    const own = given<T>(args, 12, step, r);
    for (let j: usize = 0; j < bytes; ) {
      const whole = j + 16 <= bytes;
      const g = both<T>(later, own, j, whole);
      const y = takeSome<T>(h + j, whole);
      giveSome<T>(dx + j, rectified ? v128.andnot(g, v128.le<T>(y, i64x2.splat(0))) : byBend<T>(g, y), whole);
      j += whole ? 16 : sizeof<T>();
    }
  }
}

// @ts-ignore: decorator
@final
export class Lstm {
  // @ts-ignore: decorator
  @inline products(): i32 { return 4; }
  // @ts-ignore: decorator
  @inline kept(): i32 { return 4; }
  // @ts-ignore: decorator
  @inline adds(): bool { return false; }
  // @ts-ignore: decorator
  @inline deltas(): i32 { return 7; }

  forward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    let x = row<T>(args, 7, 4, step, r);
    let gates = row<T>(args, 9, 4, step, r);
    const last = state<T>(args, 10, 11, before, r);
    const h = row<T>(args, 8, 1, step, r);
    const c = row<T>(args, 11, 1, step, r);
    let j: usize = 0;
    if (WIDE_VECTORS && sizeof<T>() == 4 && isBrief(x, gates, bytes)) {
      // Two vectors a turn: all is loaded before anything is stored.
      for (; j + 32 <= bytes; j += 32) {
        const i0 = sigmoid4Brief(gate<f32>(x, gates, 0, true)), i1 = sigmoid4Brief(gate<f32>(x, gates, 16, true));
        const f0 = sigmoid4Brief(gate<f32>(x, gates, bytes, true)), f1 = sigmoid4Brief(gate<f32>(x, gates, bytes + 16, true));
        const g0 = tanh4(gate<f32>(x, gates, 2 * bytes, true)), g1 = tanh4(gate<f32>(x, gates, 2 * bytes + 16, true));
        const o0 = sigmoid4Brief(gate<f32>(x, gates, 3 * bytes, true));
        const o1 = sigmoid4Brief(gate<f32>(x, gates, 3 * bytes + 16, true));
        const cell0 = madd<f32>(i0, g0, f32x4.mul(f0, v128.load(last + j)));
        const cell1 = madd<f32>(i1, g1, f32x4.mul(f1, v128.load(last + j, 16)));
        const h0 = f32x4.mul(o0, tanh4(cell0)), h1 = f32x4.mul(o1, tanh4(cell1));
        putPair(gates, i0, i1);
        putPair(gates + bytes, f0, f1);
        putPair(gates + 2 * bytes, g0, g1);
        putPair(gates + 3 * bytes, o0, o1);
        putPair(c + j, cell0, cell1);
        putPair(h + j, h0, h1);
        x += 32;
        gates += 32;
      }
    }
    while (j < bytes) {
      const whole = j + 16 <= bytes;
      const i = sigma<T>(gate<T>(x, gates, 0, whole));
      const f = sigma<T>(gate<T>(x, gates, bytes, whole));
      const g = bend<T>(gate<T>(x, gates, 2 * bytes, whole));
      const o = sigma<T>(gate<T>(x, gates, 3 * bytes, whole));
      const cell = madd<T>(i, g, v128.mul<T>(f, takeSome<T>(last + j, whole)));
      giveSome<T>(gates, i, whole);
      giveSome<T>(gates + bytes, f, whole);
      giveSome<T>(gates + 2 * bytes, g, whole);
      giveSome<T>(gates + 3 * bytes, o, whole);
      giveSome<T>(c + j, cell, whole);
      giveSome<T>(h + j, v128.mul<T>(o, bend<T>(cell)), whole);
      const width: usize = whole ? 16 : sizeof<T>();
      j += width;
      x += width;
      gates += width;
    }
  }

  backward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    let gates = row<T>(args, 9, 4, step, r);
    let dx = row<T>(args, 7, 4, step, r);
    const last = state<T>(args, 10, 11, before, r);
    const c = row<T>(args, 11, 1, step, r);
    const laterH = row<T>(args, 14, 1, 0, r);
    const laterC = row<T>(args, 15, 1, 0, r);
    const ownH = given<T>(args, 12, step, r);
    const ownC = given<T>(args, 13, step, r);
    let j: usize = 0;
    if (WIDE_VECTORS) {
      // What is not given is -0, which changes no sum: a branch would be the end of what can be paired.
      putPair(scratch, v128.splat<T>(<T>-0.0), v128.splat<T>(<T>-0.0));
      const moreH = ownH == 0 ? scratch : ownH, maskH: usize = ownH == 0 ? 0 : -1;
      const moreC = ownC == 0 ? scratch : ownC, maskC: usize = ownC == 0 ? 0 : -1;
      for (; j + 32 <= bytes; j += 32) {
        const byH = moreH + (j & maskH);
        const byC = moreC + (j & maskC);
        const i0 = v128.load(gates), i1 = v128.load(gates, 16);
        const f0 = v128.load(gates + bytes), f1 = v128.load(gates + bytes, 16);
        const g0 = v128.load(gates + 2 * bytes), g1 = v128.load(gates + 2 * bytes, 16);
        const o0 = v128.load(gates + 3 * bytes), o1 = v128.load(gates + 3 * bytes, 16);
        const shown0 = bend<T>(v128.load(c + j)), shown1 = bend<T>(v128.load(c + j, 16));
        const dh0 = v128.add<T>(v128.load(laterH + j), v128.load(byH));
        const dh1 = v128.add<T>(v128.load(laterH + j, 16), v128.load(byH, 16));
        const dc0 = v128.add<T>(v128.add<T>(v128.load(laterC + j), v128.load(byC)), byBend<T>(v128.mul<T>(dh0, o0), shown0));
        const dc1 = v128.add<T>(
          v128.add<T>(v128.load(laterC + j, 16), v128.load(byC, 16)), byBend<T>(v128.mul<T>(dh1, o1), shown1),
        );
        const di0 = bySigma<T>(v128.mul<T>(dc0, g0), i0), di1 = bySigma<T>(v128.mul<T>(dc1, g1), i1);
        const df0 = bySigma<T>(v128.mul<T>(dc0, v128.load(last + j)), f0);
        const df1 = bySigma<T>(v128.mul<T>(dc1, v128.load(last + j, 16)), f1);
        const dg0 = byBend<T>(v128.mul<T>(dc0, i0), g0), dg1 = byBend<T>(v128.mul<T>(dc1, i1), g1);
        const do0 = bySigma<T>(v128.mul<T>(dh0, shown0), o0), do1 = bySigma<T>(v128.mul<T>(dh1, shown1), o1);
        putPair(dx, di0, di1);
        putPair(dx + bytes, df0, df1);
        putPair(dx + 2 * bytes, dg0, dg1);
        putPair(dx + 3 * bytes, do0, do1);
        putPair(laterC + j, v128.mul<T>(dc0, f0), v128.mul<T>(dc1, f1));
        gates += 32;
        dx += 32;
      }
    }
    while (j < bytes) {
      const whole = j + 16 <= bytes;
      const i = takeSome<T>(gates, whole);
      const f = takeSome<T>(gates + bytes, whole);
      const g = takeSome<T>(gates + 2 * bytes, whole);
      const o = takeSome<T>(gates + 3 * bytes, whole);
      const shown = bend<T>(takeSome<T>(c + j, whole));
      const dh = both<T>(laterH, ownH, j, whole);
      const dc = v128.add<T>(both<T>(laterC, ownC, j, whole), byBend<T>(v128.mul<T>(dh, o), shown));
      giveSome<T>(dx, bySigma<T>(v128.mul<T>(dc, g), i), whole);
      giveSome<T>(dx + bytes, bySigma<T>(v128.mul<T>(dc, takeSome<T>(last + j, whole)), f), whole);
      giveSome<T>(dx + 2 * bytes, byBend<T>(v128.mul<T>(dc, i), g), whole);
      giveSome<T>(dx + 3 * bytes, bySigma<T>(v128.mul<T>(dh, shown), o), whole);
      giveSome<T>(laterC + j, v128.mul<T>(dc, f), whole);
      const width: usize = whole ? 16 : sizeof<T>();
      j += width;
      gates += width;
      dx += width;
    }
  }
}

/** Whether `sigmoid4Brief` holds for the three gates of a row that are sigmoids, as far as they are taken in pairs. */
function isBrief(x: usize, p: usize, bytes: usize): bool {
  let least0 = f32x4.splat(0);
  let least1 = least0;
  for (let j: usize = 0; j + 32 <= bytes; j += 32) {
    least0 = f32x4.pmin(least0, gate<f32>(x, p, j, true));
    least1 = f32x4.pmin(least1, gate<f32>(x, p, j + 16, true));
    least0 = f32x4.pmin(least0, gate<f32>(x, p, bytes + j, true));
    least1 = f32x4.pmin(least1, gate<f32>(x, p, bytes + j + 16, true));
    least0 = f32x4.pmin(least0, gate<f32>(x, p, 3 * bytes + j, true));
    least1 = f32x4.pmin(least1, gate<f32>(x, p, 3 * bytes + j + 16, true));
  }
  putPair(scratch, least0, least1);
  return !v128.any_true(v128.or(sigmoidStrange4(v128.load(scratch)), sigmoidStrange4(v128.load(scratch, 16))));
}

// @ts-ignore: decorator
@inline
function putPair(to: usize, a: v128, b: v128): void {
  v128.store(to, a);
  v128.store(to, b, 16);
}

/** x + p of one gate. */
// @ts-ignore: decorator
@inline
function gate<T>(x: usize, p: usize, at: usize, whole: bool): v128 {
  return v128.add<T>(takeSome<T>(x + at, whole), takeSome<T>(p + at, whole));
}

// @ts-ignore: decorator
@final
export class Gru {
  // @ts-ignore: decorator
  @inline products(): i32 { return 3; }
  // @ts-ignore: decorator
  @inline kept(): i32 { return 4; }
  // @ts-ignore: decorator
  @inline adds(): bool { return true; }
  // @ts-ignore: decorator
  @inline deltas(): i32 { return 15; }

  forward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    let x = row<T>(args, 7, 3, step, r);
    let gates = row<T>(args, 9, 4, step, r);
    let bias = ptr(args, 10);
    const last = state<T>(args, 6, 8, before, r);
    const h = row<T>(args, 8, 1, step, r);
    for (let j: usize = 0; j < bytes; ) {
      const whole = j + 16 <= bytes;
      const reset = sigma<T>(v128.add<T>(takeSome<T>(x, whole), biased<T>(gates, bias, 0, whole)));
      const keep = sigma<T>(v128.add<T>(takeSome<T>(x + bytes, whole), biased<T>(gates, bias, bytes, whole)));
      const q = biased<T>(gates, bias, 2 * bytes, whole);
      const n = bend<T>(madd<T>(reset, q, takeSome<T>(x + 2 * bytes, whole)));
      giveSome<T>(gates, reset, whole);
      giveSome<T>(gates + bytes, keep, whole);
      giveSome<T>(gates + 2 * bytes, n, whole);
      giveSome<T>(gates + 3 * bytes, q, whole);
      giveSome<T>(h + j, madd<T>(keep, v128.sub<T>(takeSome<T>(last + j, whole), n), n), whole);
      const width: usize = whole ? 16 : sizeof<T>();
      j += width;
      x += width;
      gates += width;
      if (bias != 0) bias += width;
    }
  }

  backward<T>(args: usize, step: i32, before: i32, r: i32): void {
    const bytes = <usize>int(args, 2) * sizeof<T>();
    const one = v128.splat<T>(<T>1);
    let gates = row<T>(args, 9, 4, step, r);
    let dx = row<T>(args, 7, 3, step, r);
    let dp = row<T>(args, 15, 3, step, r);
    const last = state<T>(args, 6, 8, before, r);
    const later = row<T>(args, 14, 1, 0, r);
    const own = given<T>(args, 12, step, r);
    for (let j: usize = 0; j < bytes; ) {
      const whole = j + 16 <= bytes;
      const reset = takeSome<T>(gates, whole);
      const keep = takeSome<T>(gates + bytes, whole);
      const n = takeSome<T>(gates + 2 * bytes, whole);
      const g = both<T>(later, own, j, whole);
      const byNew = byBend<T>(v128.mul<T>(g, v128.sub<T>(one, keep)), n);
      const byReset = bySigma<T>(v128.mul<T>(byNew, takeSome<T>(gates + 3 * bytes, whole)), reset);
      const byKeep = bySigma<T>(v128.mul<T>(g, v128.sub<T>(takeSome<T>(last + j, whole), n)), keep);
      giveSome<T>(dx, byReset, whole);
      giveSome<T>(dx + bytes, byKeep, whole);
      giveSome<T>(dx + 2 * bytes, byNew, whole);
      giveSome<T>(dp, byReset, whole);
      giveSome<T>(dp + bytes, byKeep, whole);
      giveSome<T>(dp + 2 * bytes, v128.mul<T>(byNew, reset), whole);
      giveSome<T>(later + j, v128.mul<T>(g, keep), whole);
      const width: usize = whole ? 16 : sizeof<T>();
      j += width;
      gates += width;
      dx += width;
      dp += width;
    }
  }
}

/** p + bias of one gate; there may be none. */
// @ts-ignore: decorator
@inline
function biased<T>(p: usize, bias: usize, at: usize, whole: bool): v128 {
  const x = takeSome<T>(p + at, whole);
  return bias == 0 ? x : v128.add<T>(x, takeSome<T>(bias + at, whole));
}
