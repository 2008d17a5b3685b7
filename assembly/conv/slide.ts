// A row of windows over float32 planes in two steps: rows are folded down into one row of the scratch arena, which has the
// padding around it, and windows are folded across that. Both go from top to bottom and from left to right, four elements
// at a time and one at a time alike.

import { scratch, SCRATCH_BYTES } from "../abi";

const MOST: i32 = <i32>(SCRATCH_BYTES >> 2);

/** The maximum where there is no NaN: of equals the first. Where there is one, `foldDown` tells. */
// @ts-ignore: decorator
@final
export class Highest {
  // @ts-ignore: decorator
  @inline get zero(): f32 { return -Infinity; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return true; }
  // @ts-ignore: decorator
  @inline scalar(a: f32, b: f32): f32 { return a < b ? b : a; }
  // @ts-ignore: decorator
  @inline vector(a: v128, b: v128): v128 { return f32x4.pmax(a, b); }
}

/** The maximum; a NaN is one. */
// @ts-ignore: decorator
@final
export class HighestOrNaN {
  // @ts-ignore: decorator
  @inline get zero(): f32 { return -Infinity; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline scalar(a: f32, b: f32): f32 { return max<f32>(a, b); }
  // @ts-ignore: decorator
  @inline vector(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}

// @ts-ignore: decorator
@final
export class Sum {
  // @ts-ignore: decorator
  @inline get zero(): f32 { return 0; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline scalar(a: f32, b: f32): f32 { return a + b; }
  // @ts-ignore: decorator
  @inline vector(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}

/** Whether a row of w elements with its padding fits. */
// @ts-ignore: decorator
@inline export function fits(w: i32, before: i32, behind: i32): bool { return w < MOST && before < MOST && behind < MOST && w + before + behind <= MOST; }

/** Lays the padding around the row that `foldDown` will write. */
export function pad<O>(w: i32, before: i32, behind: i32): void {
  const zero = changetype<O>(0).zero;
  for (let i = 0; i < before; i++) store<f32>(scratch + (<usize>i << 2), zero);
  for (let i = before + w; i < before + w + behind; i++) store<f32>(scratch + (<usize>i << 2), zero);
}

/**
 * Folds `rows` rows of w elements, `pitch` bytes apart, into the row behind the padding. If O is watchful it gives a number
 * that is NaN if any element is NaN, and else seldom: a sum.
 */
export function foldDown<O>(w: i32, before: i32, x: usize, pitch: usize, rows: i32): f32 {
  const op = changetype<O>(0);
  let to = scratch + (<usize>before << 2);
  let strange = f32x4.splat(0);
  let n = w;
  for (; n >= 8; n -= 8) {
    let a = f32x4.splat(op.zero);
    let b = a;
    if (rows > 0) {
      a = v128.load(x);
      b = v128.load(x, 16);
      if (op.watchful) strange = f32x4.add(strange, f32x4.add(a, b));
    }
    let from = x + pitch;
    for (let i = 1; i < rows; i++) {
      const v = v128.load(from);
      const u = v128.load(from, 16);
      if (op.watchful) strange = f32x4.add(strange, f32x4.add(v, u));
      a = op.vector(a, v);
      b = op.vector(b, u);
      from += pitch;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    to += 32;
    x += 32;
  }
  for (; n > 0; n--) {
    let fold = rows > 0 ? load<f32>(x) : op.zero;
    if (op.watchful && rows > 0) strange = f32x4.add(strange, f32x4.splat(fold));
    for (let i = 1; i < rows; i++) {
      const v = load<f32>(x + <usize>i * pitch);
      if (op.watchful) strange = f32x4.add(strange, f32x4.splat(v));
      fold = op.scalar(fold, v);
    }
    store<f32>(to, fold);
    to += 4;
    x += 4;
  }
  return sumOf(strange);
}

/**
 * Folds windows [ox, end) of kw taps, dx apart, across that row into y; windows begin sx elements apart. What is folded is
 * divided by `divisor`.
 */
export function foldAcross<O>(y: usize, ox: i32, end: i32, sx: i32, kw: i32, dx: i32, divisor: f32): void {
  const op = changetype<O>(0);
  const step = <usize>dx << 2;
  if (sx <= 2 && end - ox >= 4) {
    const by = f32x4.splat(divisor);
    while (ox < end) {
      ox = min(ox, end - 4);
      let from = scratch + (<usize>(ox * sx) << 2);
      let fold = f32x4.splat(0);
      if (sx == 1) {
        fold = v128.load(from);
        for (let j = 1; j < kw; j++) {
          from += step;
          fold = op.vector(fold, v128.load(from));
        }
      } else {
        fold = everyOther(from);
        for (let j = 1; j < kw; j++) {
          from += step;
          fold = op.vector(fold, everyOther(from));
        }
      }
      v128.store(y + (<usize>ox << 2), divisor == 1 ? fold : f32x4.div(fold, by));
      ox += 4;
    }
    return;
  }
  for (; ox < end; ox++) store<f32>(y + (<usize>ox << 2), foldOne<O>(ox, sx, kw, dx) / divisor);
}

/** Folds n windows of 2 × 2 side by side from two rows: both steps in registers. Gives what `foldDown` gives. */
export function foldSquares<O>(n: i32, y: usize, x: usize, pitch: usize, divisor: f32): f32 {
  const op = changetype<O>(0);
  const by = f32x4.splat(divisor);
  let strange = f32x4.splat(0);
  for (; n >= 4; n -= 4) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const c = v128.load(x + pitch);
    const d = v128.load(x + pitch, 16);
    if (op.watchful) strange = f32x4.add(strange, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    const left = op.vector(a, c);
    const right = op.vector(b, d);
    const fold = op.vector(v128.shuffle<f32>(left, right, 0, 2, 4, 6), v128.shuffle<f32>(left, right, 1, 3, 5, 7));
    v128.store(y, divisor == 1 ? fold : f32x4.div(fold, by));
    x += 32;
    y += 16;
  }
  for (; n > 0; n--) {
    const left = op.scalar(load<f32>(x), load<f32>(x + pitch));
    const right = op.scalar(load<f32>(x, 4), load<f32>(x + pitch, 4));
    if (op.watchful) strange = f32x4.add(strange, f32x4.splat(load<f32>(x) + load<f32>(x + pitch) + (load<f32>(x, 4) + load<f32>(x + pitch, 4))));
    store<f32>(y, op.scalar(left, right) / divisor);
    x += 8;
    y += 4;
  }
  return sumOf(strange);
}

// @ts-ignore: decorator
@inline
function sumOf(v: v128): f32 {
  v = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
}

/** The fold of window ox. */
export function foldOne<O>(ox: i32, sx: i32, kw: i32, dx: i32): f32 {
  const op = changetype<O>(0);
  let from = scratch + (<usize>(ox * sx) << 2);
  let fold = load<f32>(from);
  for (let j = 1; j < kw; j++) {
    from += <usize>dx << 2;
    fold = op.scalar(fold, load<f32>(from));
  }
  return fold;
}

/** Elements 0, 2, 4 and 6. */
// @ts-ignore: decorator
@inline
function everyOther(from: usize): v128 { return v128.shuffle<f32>(v128.load(from), v128.load(from, 12), 0, 2, 5, 7); }
