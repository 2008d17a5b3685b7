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
  @inline get given(): bool { return false; }
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
  @inline get given(): bool { return false; }
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
  @inline get given(): bool { return false; }
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return true; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/** A light operator whose last operands are the parameters p0 and p1. */
export class LightWith {
  // @ts-ignore: decorator
  @inline get given(): bool { return true; }
  // @ts-ignore: decorator
  @inline get light(): bool { return true; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
  // @ts-ignore: decorator
  @inline get whole(): bool { return false; }
}

/** A heavy one. */
export class HeavyWith {
  // @ts-ignore: decorator
  @inline get given(): bool { return true; }
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
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
  @inline get given(): bool { return false; }
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
  @inline get given(): bool { return false; }
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
 * parts of vectors.
 */
// @ts-ignore: decorator
@inline function pairs<S, D>(): bool { return WIDE_VECTORS == 1 && sizeof<S>() >= 4 && sizeof<S>() == sizeof<D>(); }

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

/** The parameter in a slot, if O takes parameters. */
// @ts-ignore: decorator
@inline
function given<S, O>(args: usize, slot: i32): v128 {
  if (changetype<O>(0).given) return parameter<S>(args, slot);
  return i64x2.splat(0);
}

/** op(x), or op(x, p, q). */
// @ts-ignore: decorator
@inline
function of1<S, O>(x: v128, p: v128, q: v128): v128 {
  const op = changetype<O>(0);
  if (op.given) return op.apply<S>(x, p, q);
  return op.apply<S>(x);
}

/** op(a, b), or op(a, b, p, q). */
// @ts-ignore: decorator
@inline
function of2<S, O>(a: v128, b: v128, p: v128, q: v128): v128 {
  const op = changetype<O>(0);
  if (op.given) return op.apply<S>(a, b, p, q);
  return op.apply<S>(a, b);
}

/** y: D = op(a: S), or op(a, p0, p1). */
// @ts-ignore: decorator
@inline
export function map1<S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const p = given<S, O>(args, 1);
  const q = given<S, O>(args, 2);
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
      if (op.watchful && isFloat<S>()) watch1<S, D, O>(count, to, from, stepOf<S>(stepA, direct));
      else run1<S, D, O>(count, to, from, stepOf<S>(stepA, direct), p, q);
      if (!direct) deliver<D>(3, y, stepY, count);
      y += <usize>count * stepY;
      a += <usize>count * stepA;
      left -= count;
    }
  }
}

// @ts-ignore: decorator
@inline
function run1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, p: v128, q: v128): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  const ahead = <usize>size * sizeof<S>();
  const on = <usize>size * sizeof<D>();
  if (op.light) {
    for (; count >= 4 * size; count -= 4 * size) {
      put<D>(y, of1<S, O>(take<S>(a, size), p, q), size);
      put<D>(y + on, of1<S, O>(take<S>(a + ahead, size), p, q), size);
      put<D>(y + 2 * on, of1<S, O>(take<S>(a + 2 * ahead, size), p, q), size);
      put<D>(y + 3 * on, of1<S, O>(take<S>(a + 3 * ahead, size), p, q), size);
      y += 4 * on;
      a += <usize>(4 * size) * stepA;
    }
  }
  sweep1<S, D, O>(count, y, a, stepA, p, q);
}

/** Group after group, two a turn where the engine pairs vectors. */
// @ts-ignore: decorator
@inline
function sweep1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, p: v128, q: v128): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  if (pairs<S, D>() && !op.light) {
    for (; count >= 2 * size; count -= 2 * size) {
      const x0 = v128.load(a);
      const x1 = v128.load(a, 16);
      const y0 = of1<S, O>(x0, p, q);
      const y1 = of1<S, O>(x1, p, q);
      v128.store(y, y0);
      v128.store(y, y1, 16);
      y += 32;
      a += <usize>(2 * size) * stepA;
    }
  }
  for (; count > 0; count -= size) {
    put<D>(y, of1<S, O>(take<S>(a, size), p, q), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
  }
}

/** As `run1`, of a watchful operator. */
// @ts-ignore: decorator
@inline
function watch1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize): void {
  const none = i64x2.splat(0);
  const size = group<S, D>();
  while (count > 0) {
    const run = min(count, WATCH * size);
    count -= run;
    if (strange1<S, O>(run, size, a, stepA)) sweep1<S, D, O>(run, y, a, stepA, none, none);
    else sweep1<S, D, Brief1<O>>(run, y, a, stepA, none, none);
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
    for (; run >= 2 * size; run -= 2 * size) {
      s0 = v128.or(s0, op.strange<S>(v128.load(a)));
      s1 = v128.or(s1, op.strange<S>(v128.load(a, 16)));
      a += <usize>(2 * size) * stepA;
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

/** y: D = op(a: S, b: S), or op(a, b, p0, p1). */
// @ts-ignore: decorator
@inline
export function map2<S, D, O>(args: usize, begin: i32, end: i32): void {
  const op = changetype<O>(0);
  const p = given<S, O>(args, 1);
  const q = given<S, O>(args, 2);
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
      else if (op.watchful && isFloat<S>()) watch2<S, D, O>(count, to, first, stepOf<S>(stepA, direct), second, stepOf<S>(stepB, direct));
      else run2<S, D, O>(count, to, first, stepOf<S>(stepA, direct), second, stepOf<S>(stepB, direct), p, q);
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
function run2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize, p: v128, q: v128): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  const ahead = <usize>size * sizeof<S>();
  const on = <usize>size * sizeof<D>();
  if (op.light) {
    for (; count >= 4 * size; count -= 4 * size) {
      put<D>(y, of2<S, O>(take<S>(a, size), take<S>(b, size), p, q), size);
      put<D>(y + on, of2<S, O>(take<S>(a + ahead, size), take<S>(b + ahead, size), p, q), size);
      put<D>(y + 2 * on, of2<S, O>(take<S>(a + 2 * ahead, size), take<S>(b + 2 * ahead, size), p, q), size);
      put<D>(y + 3 * on, of2<S, O>(take<S>(a + 3 * ahead, size), take<S>(b + 3 * ahead, size), p, q), size);
      y += 4 * on;
      a += <usize>(4 * size) * stepA;
      b += <usize>(4 * size) * stepB;
    }
  }
  sweep2<S, D, O>(count, y, a, stepA, b, stepB, p, q);
}

/** Group after group, two a turn where the engine pairs vectors. */
// @ts-ignore: decorator
@inline
function sweep2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize, p: v128, q: v128): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  if (pairs<S, D>() && !op.light) {
    for (; count >= 2 * size; count -= 2 * size) {
      const a0 = v128.load(a);
      const a1 = v128.load(a, 16);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const y0 = of2<S, O>(a0, b0, p, q);
      const y1 = of2<S, O>(a1, b1, p, q);
      v128.store(y, y0);
      v128.store(y, y1, 16);
      y += 32;
      a += <usize>(2 * size) * stepA;
      b += <usize>(2 * size) * stepB;
    }
  }
  for (; count > 0; count -= size) {
    put<D>(y, of2<S, O>(take<S>(a, size), take<S>(b, size), p, q), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
    b += <usize>size * stepB;
  }
}

/** As `run2`, of a watchful operator. */
// @ts-ignore: decorator
@inline
function watch2<S, D, O>(count: i32, y: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  const none = i64x2.splat(0);
  const size = group<S, D>();
  while (count > 0) {
    const run = min(count, WATCH * size);
    count -= run;
    if (strange2<S, O>(run, size, a, stepA, b, stepB)) sweep2<S, D, O>(run, y, a, stepA, b, stepB, none, none);
    else sweep2<S, D, Brief2<O>>(run, y, a, stepA, b, stepB, none, none);
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
    for (; run >= 2 * size; run -= 2 * size) {
      s0 = v128.or(s0, op.strange<S>(v128.load(a), v128.load(b)));
      s1 = v128.or(s1, op.strange<S>(v128.load(a, 16), v128.load(b, 16)));
      a += <usize>(2 * size) * stepA;
      b += <usize>(2 * size) * stepB;
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
      let i = count;
      for (; direct && i >= 2 * size; i -= 2 * size) {
        const y0 = op.apply<S>(take<A>(first, size), take<S>(second, size), take<S>(third, size), p);
        const y1 = op.apply<S>(
          take<A>(first + <usize>size * sizeof<A>(), size),
          take<S>(second + <usize>size * sizeof<S>(), size),
          take<S>(third + <usize>size * sizeof<S>(), size),
          p,
        );
        put<D>(to, y0, size);
        put<D>(to + <usize>size * sizeof<D>(), y1, size);
        to += <usize>(2 * size) * sizeof<D>();
        first += <usize>(2 * size) * stepOf<A>(stepA, direct);
        second += <usize>(2 * size) * stepOf<S>(stepB, direct);
        third += <usize>(2 * size) * stepOf<S>(stepC, direct);
      }
      for (; i > 0; i -= size) {
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
