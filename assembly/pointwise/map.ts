// The loops of the pointwise kernels: y[i] = op(a[i], b[i], c[i]). The block is the one of iterate.ts.
//
// An operator is a class without fields. Its `apply` takes and gives groups of elements in the low lanes of v128s
// (simd.ts). Rows whose elements lie apart, and tails, go through stages, where they are whole groups again, so an
// element's bits do not depend on where it lies.

import { int, ptr, real } from "../abi";
import { column, row0, row1, row2, row3, seek, step, strideAt } from "../iterate";
import { aside, collect, deliver, group, put, spread, stage, STAGED, take } from "../simd";

/** An operator of a few instructions: four groups in a turn, since a turn costs as much as a group. */
export class Light {
  // @ts-ignore: decorator
  @inline get light(): bool { return true; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/** An operator of many instructions. */
export class Heavy {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/**
 * An operator with a shorter form in f32, `brief`, that does not hold for lanes that are `strange`: one in a run of groups has
 * them all take `apply`, which gives the others the same bits.
 */
export class Watchful {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return true; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/** A watchful operator of one operand by its short form. */
class Brief1<O> extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128): v128 { return changetype<O>(0).brief<T>(x); }
}

/** A watchful operator of two operands by its short form. */
class Brief2<O> extends Heavy {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return changetype<O>(0).brief<T>(a, b); }
}

/** Watchful where groups are to be paired; elsewhere the branch is in `apply`, which costs less than to ask twice. */
export class Wary {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return WIDE_VECTORS == 1; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/** An operator of two operands in f32 with a loop of its own, `over`, where groups are to be paired. */
export class Whole {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return WIDE_VECTORS == 1; }
}

const WATCH: i32 = 64; // groups in a run

/**
 * Whether two groups are taken together, loads first and stores last, for an engine that pairs them (wide.ts). It pairs no
 * parts of vectors, and of an f64 little is done in vectors.
 */
// @ts-ignore: decorator
@inline function pairs<S, D>(): bool { return WIDE_VECTORS == 1 && sizeof<S>() == 4 && sizeof<D>() == 4; }

/** Whether a row's operand is contiguous or one element. */
// @ts-ignore: decorator
@inline function regular<T>(step: usize): bool { return step == sizeof<T>() || step == 0; }

/** Where `count` elements of operand `k` lie side by side: where they are, in a cell for all of them, or in a stage. */
// @ts-ignore: decorator
@inline
function operand<T>(k: i32, from: usize, step: usize, count: i32, direct: bool): usize {
  if (!direct) return collect<T>(k, from, step, count);
  return step == 0 ? spread<T>(from, k) : from;
}

/** The bytes from an element to the next where `operand` found them. */
// @ts-ignore: decorator
@inline function stepOf<T>(step: usize, direct: bool): usize { return direct ? step : sizeof<T>(); }

/** The number in a slot, an f64, as T in every lane; integers hold the nearest they can. */
// @ts-ignore: decorator
@inline
export function parameter<T>(args: usize, slot: i32): v128 {
  if (isVector<T>()) return v128.load(args + 8 * <usize>slot);
  return v128.splat<T>(<T>real(args, slot));
}

/** y: D = op(a: S). */
// @ts-ignore: decorator
@inline
export function map1<S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 2, last, 0) * sizeof<D>();
  const stepA = <usize>strideAt(args, 2, last, 1) * sizeof<S>();
  const size = group<S, D>();
  const dense = stepY == sizeof<D>() && regular<S>(stepA);
  for (let left = seek(args, 2, begin); begin < end; left = step(args, 2, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * sizeof<D>() + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * sizeof<S>() + <usize>column * stepA;
    while (left > 0) {
      const direct = dense && left >= size;
      let count = direct ? left & -size : min(left, STAGED);
      const from = operand<S>(0, a, stepA, count, direct);
      const to = direct ? y : stage(3);
      if (op.watchful && sizeof<S>() == 4) watch1<S, D, O>(count, to, from, stepOf<S>(stepA, direct));
      else run1<S, D, O>(count, to, from, stepOf<S>(stepA, direct));
      if (!direct) deliver<D>(3, y, stepY, count);
      y += <usize>count * stepY;
      a += <usize>count * stepA;
      left -= count;
    }
  }
}

// @ts-ignore: decorator
@inline
function run1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  const ahead = <usize>size * sizeof<S>();
  const on = <usize>size * sizeof<D>();
  if (op.light) {
    for (; count >= 4 * size; count -= 4 * size) {
      put<D>(y, op.apply<S>(take<S>(a, size)), size);
      put<D>(y + on, op.apply<S>(take<S>(a + ahead, size)), size);
      put<D>(y + 2 * on, op.apply<S>(take<S>(a + 2 * ahead, size)), size);
      put<D>(y + 3 * on, op.apply<S>(take<S>(a + 3 * ahead, size)), size);
      y += 4 * on;
      a += <usize>(4 * size) * stepA;
    }
  }
  sweep1<S, D, O>(count, y, a, stepA);
}

/** Group after group, two a turn where the engine pairs vectors. */
// @ts-ignore: decorator
@inline
function sweep1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  if (pairs<S, D>() && !op.light) {
    for (; count >= 8; count -= 8) {
      const x0 = v128.load(a);
      const x1 = v128.load(a, 16);
      const y0 = op.apply<S>(x0);
      const y1 = op.apply<S>(x1);
      v128.store(y, y0);
      v128.store(y, y1, 16);
      y += 32;
      a += 8 * stepA;
    }
  }
  for (; count > 0; count -= size) {
    put<D>(y, op.apply<S>(take<S>(a, size)), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
  }
}

/** As `run1`, of a watchful operator. */
// @ts-ignore: decorator
@inline
function watch1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize): void {
  const size = group<S, D>();
  while (count > 0) {
    const run = min(count, WATCH * size);
    count -= run;
    if (strange1<S, O>(run, size, a, stepA)) sweep1<S, D, O>(run, y, a, stepA);
    else sweep1<S, D, Brief1<O>>(run, y, a, stepA);
    y += <usize>run * sizeof<D>();
    a += <usize>run * stepA;
  }
}

/** Whether a lane of a run is strange. */
// @ts-ignore: decorator
@inline
function strange1<S, O>(run: i32, size: i32, a: usize, stepA: usize): bool {
  const op = changetype<O>(0);
  let strange = i64x2.splat(0);
  if (pairs<S, S>()) {
    let s0 = strange;
    let s1 = strange;
    for (; run >= 8; run -= 8) {
      s0 = v128.or(s0, op.strange<S>(v128.load(a)));
      s1 = v128.or(s1, op.strange<S>(v128.load(a, 16)));
      a += 8 * stepA;
    }
    strange = eitherOf(s0, s1);
  }
  for (; run > 0; run -= size) {
    strange = v128.or(strange, op.strange<S>(take<S>(a, size)));
    a += <usize>size * stepA;
  }
  return v128.any_true(strange);
}

/** a | b of what a loop has paired: through memory, as in `bothOf`. */
// @ts-ignore: decorator
@inline
function eitherOf(a: v128, b: v128): v128 {
  v128.store(aside(0), a);
  v128.store(aside(0), b, 16);
  return v128.or(v128.load(aside(0)), v128.load(aside(0), 16));
}

/** y: D = op(a: S, p0, p1). */
// @ts-ignore: decorator
@inline
export function map1With<S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const p = parameter<S>(args, 1);
  const q = parameter<S>(args, 2);
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 2, last, 0) * sizeof<D>();
  const stepA = <usize>strideAt(args, 2, last, 1) * sizeof<S>();
  const size = group<S, D>();
  const dense = stepY == sizeof<D>() && regular<S>(stepA);
  for (let left = seek(args, 2, begin); begin < end; left = step(args, 2, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * sizeof<D>() + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * sizeof<S>() + <usize>column * stepA;
    while (left > 0) {
      const direct = dense && left >= size;
      const count = direct ? left & -size : min(left, STAGED);
      let from = operand<S>(0, a, stepA, count, direct);
      let to = direct ? y : stage(3);
      for (let i = count; i > 0; i -= size) {
        put<D>(to, op.apply<S>(take<S>(from, size), p, q), size);
        to += <usize>size * sizeof<D>();
        from += <usize>size * stepOf<S>(stepA, direct);
      }
      if (!direct) deliver<D>(3, y, stepY, count);
      y += <usize>count * stepY;
      a += <usize>count * stepA;
      left -= count;
    }
  }
}

/** y: D = op(a: S, b: S). */
// @ts-ignore: decorator
@inline
export function map2<S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 3, last, 0) * sizeof<D>();
  const stepA = <usize>strideAt(args, 3, last, 1) * sizeof<S>();
  const stepB = <usize>strideAt(args, 3, last, 2) * sizeof<S>();
  const size = group<S, D>();
  const dense = stepY == sizeof<D>() && regular<S>(stepA) && regular<S>(stepB);
  for (let left = seek(args, 3, begin); begin < end; left = step(args, 3, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * sizeof<D>() + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * sizeof<S>() + <usize>column * stepA;
    let b = ptr(args, 5) + <usize>row2 * sizeof<S>() + <usize>column * stepB;
    while (left > 0) {
      const direct = dense && left >= size;
      const count = direct ? left & -size : min(left, STAGED);
      const first = operand<S>(0, a, stepA, count, direct);
      const second = operand<S>(1, b, stepB, count, direct);
      const to = direct ? y : stage(3);
      if (op.whole) op.over(count, to, first, stepOf<S>(stepA, direct), second, stepOf<S>(stepB, direct));
      else if (op.watchful && sizeof<S>() == 4) watch2<S, D, O>(count, to, first, stepOf<S>(stepA, direct), second, stepOf<S>(stepB, direct));
      else run2<S, D, O>(count, to, first, stepOf<S>(stepA, direct), second, stepOf<S>(stepB, direct));
      if (!direct) deliver<D>(3, y, stepY, count);
      y += <usize>count * stepY;
      a += <usize>count * stepA;
      b += <usize>count * stepB;
      left -= count;
    }
  }
}

// @ts-ignore: decorator
@inline
function run2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  const ahead = <usize>size * sizeof<S>();
  const on = <usize>size * sizeof<D>();
  if (op.light) {
    for (; count >= 4 * size; count -= 4 * size) {
      put<D>(y, op.apply<S>(take<S>(a, size), take<S>(b, size)), size);
      put<D>(y + on, op.apply<S>(take<S>(a + ahead, size), take<S>(b + ahead, size)), size);
      put<D>(y + 2 * on, op.apply<S>(take<S>(a + 2 * ahead, size), take<S>(b + 2 * ahead, size)), size);
      put<D>(y + 3 * on, op.apply<S>(take<S>(a + 3 * ahead, size), take<S>(b + 3 * ahead, size)), size);
      y += 4 * on;
      a += <usize>(4 * size) * stepA;
      b += <usize>(4 * size) * stepB;
    }
  }
  sweep2<S, D, O>(count, y, a, stepA, b, stepB);
}

/** Group after group, two a turn where the engine pairs vectors. */
// @ts-ignore: decorator
@inline
function sweep2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  if (pairs<S, D>() && !op.light) {
    for (; count >= 8; count -= 8) {
      const a0 = v128.load(a);
      const a1 = v128.load(a, 16);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const y0 = op.apply<S>(a0, b0);
      const y1 = op.apply<S>(a1, b1);
      v128.store(y, y0);
      v128.store(y, y1, 16);
      y += 32;
      a += 8 * stepA;
      b += 8 * stepB;
    }
  }
  for (; count > 0; count -= size) {
    put<D>(y, op.apply<S>(take<S>(a, size), take<S>(b, size)), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
    b += <usize>size * stepB;
  }
}

/** As `run2`, of a watchful operator. */
// @ts-ignore: decorator
@inline
function watch2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const size = group<S, D>();
  while (count > 0) {
    const run = min(count, WATCH * size);
    count -= run;
    if (strange2<S, O>(run, size, a, stepA, b, stepB)) sweep2<S, D, O>(run, y, a, stepA, b, stepB);
    else sweep2<S, D, Brief2<O>>(run, y, a, stepA, b, stepB);
    y += <usize>run * sizeof<D>();
    a += <usize>run * stepA;
    b += <usize>run * stepB;
  }
}

/** Whether a lane of a run is strange. */
// @ts-ignore: decorator
@inline
function strange2<S, O>(run: i32, size: i32, a: usize, stepA: usize, b: usize, stepB: usize): bool {
  const op = changetype<O>(0);
  let strange = i64x2.splat(0);
  if (pairs<S, S>()) {
    let s0 = strange;
    let s1 = strange;
    for (; run >= 8; run -= 8) {
      s0 = v128.or(s0, op.strange<S>(v128.load(a), v128.load(b)));
      s1 = v128.or(s1, op.strange<S>(v128.load(a, 16), v128.load(b, 16)));
      a += 8 * stepA;
      b += 8 * stepB;
    }
    strange = eitherOf(s0, s1);
  }
  for (; run > 0; run -= size) {
    strange = v128.or(strange, op.strange<S>(take<S>(a, size), take<S>(b, size)));
    a += <usize>size * stepA;
    b += <usize>size * stepB;
  }
  return v128.any_true(strange);
}

/** y: D = op(a: A, b: S, c: S, p0). */
// @ts-ignore: decorator
@inline
export function map3<A, S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const p = parameter<S>(args, 1);
  const last = int(args, 0) - 1;
  const stepY = <usize>strideAt(args, 4, last, 0) * sizeof<D>();
  const stepA = <usize>strideAt(args, 4, last, 1) * sizeof<A>();
  const stepB = <usize>strideAt(args, 4, last, 2) * sizeof<S>();
  const stepC = <usize>strideAt(args, 4, last, 3) * sizeof<S>();
  const size = group<S, D>();
  const dense = stepY == sizeof<D>() && regular<A>(stepA) && regular<S>(stepB) && regular<S>(stepC);
  for (let left = seek(args, 4, begin); begin < end; left = step(args, 4, begin)) {
    left = min(left, end - begin);
    begin += left;
    let y = ptr(args, 3) + <usize>row0 * sizeof<D>() + <usize>column * stepY;
    let a = ptr(args, 4) + <usize>row1 * sizeof<A>() + <usize>column * stepA;
    let b = ptr(args, 5) + <usize>row2 * sizeof<S>() + <usize>column * stepB;
    let c = ptr(args, 6) + <usize>row3 * sizeof<S>() + <usize>column * stepC;
    while (left > 0) {
      const direct = dense && left >= size;
      const count = direct ? left & -size : min(left, STAGED);
      let to = direct ? y : stage(3);
      let first = operand<A>(0, a, stepA, count, direct);
      let second = operand<S>(1, b, stepB, count, direct);
      let third = operand<S>(2, c, stepC, count, direct);
      for (let i = count; i > 0; i -= size) {
        put<D>(to, op.apply<S>(take<A>(first, size), take<S>(second, size), take<S>(third, size), p), size);
        to += <usize>size * sizeof<D>();
        first += <usize>size * stepOf<A>(stepA, direct);
        second += <usize>size * stepOf<S>(stepB, direct);
        third += <usize>size * stepOf<S>(stepC, direct);
      }
      if (!direct) deliver<D>(3, y, stepY, count);
      y += <usize>count * stepY;
      a += <usize>count * stepA;
      b += <usize>count * stepB;
      c += <usize>count * stepC;
      left -= count;
    }
  }
}
