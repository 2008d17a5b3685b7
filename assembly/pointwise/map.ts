// The loops of the pointwise kernels: y[i] = op(a[i], b[i], c[i]). The block is the one of iterate.ts.
//
// An operator is a class without fields. Its `apply` takes and gives groups of elements in the low lanes of v128s
// (simd.ts). Rows whose elements lie apart, and tails, go through stages, where they are whole groups again, so an
// element's bits do not depend on where it lies.

import { int, ptr, real } from "../abi";
import { column, row0, row1, row2, row3, seek, step, strideAt } from "../iterate";
import { collect, deliver, group, put, spread, stage, STAGED, take } from "../simd";

/** An operator of a few instructions: four groups in a turn, since a turn costs as much as a group. */
export class Light {
  // @ts-ignore: decorator
  @inline get light(): bool { return true; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
}

/** An operator of many instructions. */
export class Heavy {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return false; }
}

/**
 * An operator of one operand with a shorter form, `brief`, that does not hold for lanes that are `strange`: one in a run of
 * groups has them all take `apply`, which gives the others the same bits.
 */
export class Watchful {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
  // @ts-ignore: decorator
  @inline get watchful(): bool { return true; }
}

const WATCH: i32 = 64; // groups in a run

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
      if (op.watchful) watch1<S, D, O>(count, to, from, stepOf<S>(stepA, direct));
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
  for (; count > 0; count -= size) {
    put<D>(y, op.apply<S>(take<S>(a, size)), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
  }
}

// @ts-ignore: decorator
@inline
function watch1<S, D, O>(count: i32, y: usize, a: usize, stepA: usize): void {
  const op = changetype<O>(0);
  const size = group<S, D>();
  while (count > 0) {
    let run = min(count, WATCH * size);
    count -= run;
    let strange = i64x2.splat(0);
    let ahead = a;
    for (let i = run; i > 0; i -= size) {
      strange = v128.or(strange, op.strange<S>(take<S>(ahead, size)));
      ahead += <usize>size * stepA;
    }
    if (v128.any_true(strange)) {
      for (; run > 0; run -= size) {
        put<D>(y, op.apply<S>(take<S>(a, size)), size);
        y += <usize>size * sizeof<D>();
        a += <usize>size * stepA;
      }
    } else {
      for (; run > 0; run -= size) {
        put<D>(y, op.brief<S>(take<S>(a, size)), size);
        y += <usize>size * sizeof<D>();
        a += <usize>size * stepA;
      }
    }
  }
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
      run2<S, D, O>(
        count, direct ? y : stage(3),
        operand<S>(0, a, stepA, count, direct), stepOf<S>(stepA, direct),
        operand<S>(1, b, stepB, count, direct), stepOf<S>(stepB, direct),
      );
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
  for (; count > 0; count -= size) {
    put<D>(y, op.apply<S>(take<S>(a, size), take<S>(b, size)), size);
    y += <usize>size * sizeof<D>();
    a += <usize>size * stepA;
    b += <usize>size * stepB;
  }
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
