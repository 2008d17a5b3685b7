// The loops of the pointwise kernels: y[i] = op(a[i], b[i], c[i]). The block is the one of iterate.ts.
//
// An operator is a class without fields. Its `apply` takes and gives groups of elements in the low lanes of v128s
// (simd.ts). Tails and strided rows gather and scatter whole groups, so an element's bits do not depend on where it
// lies. In a `Light` operator's dense rows memory is the limit: they have a loop of their own. A `Heavy` one is inlined
// once, and the tests of `whole` are a small part of its cost.

import { int, ptr, real } from "../abi";
import { column, row0, row1, row2, row3, seek, step, strideAt } from "../iterate";
import { gather, group, put, scatter, spread, take } from "../simd";

/** An operator of a few instructions. */
export class Light {
  // @ts-ignore: decorator
  @inline get light(): bool { return true; }
}

/** An operator of many instructions. */
export class Heavy {
  // @ts-ignore: decorator
  @inline get light(): bool { return false; }
}

/** Whether a row's operand is contiguous or one element. */
// @ts-ignore: decorator
@inline function regular<T>(step: usize): bool { return step == sizeof<T>() || step == 0; }

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
    if (dense) {
      if (stepA == 0) a = spread<S>(a, 0);
      if (op.light) {
        for (; left >= size; left -= size) {
          put<D>(y, op.apply<S>(take<S>(a, size)), size);
          y += <usize>size * sizeof<D>();
          a += <usize>size * stepA;
        }
      }
    }
    for (; left > 0; left -= size) {
      const whole = !op.light && dense && left >= size;
      const x = op.apply<S>(whole ? take<S>(a, size) : gather<S>(a, stepA, left));
      if (whole) put<D>(y, x, size);
      else scatter<D>(y, stepY, x, min(left, size));
      y += <usize>size * stepY;
      a += <usize>size * stepA;
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
    if (dense) {
      if (stepA == 0) a = spread<S>(a, 0);
      if (op.light) {
        for (; left >= size; left -= size) {
          put<D>(y, op.apply<S>(take<S>(a, size), p, q), size);
          y += <usize>size * sizeof<D>();
          a += <usize>size * stepA;
        }
      }
    }
    for (; left > 0; left -= size) {
      const whole = !op.light && dense && left >= size;
      const x = op.apply<S>(whole ? take<S>(a, size) : gather<S>(a, stepA, left), p, q);
      if (whole) put<D>(y, x, size);
      else scatter<D>(y, stepY, x, min(left, size));
      y += <usize>size * stepY;
      a += <usize>size * stepA;
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
    if (dense) {
      if (stepA == 0) a = spread<S>(a, 0);
      if (stepB == 0) b = spread<S>(b, 1);
      if (op.light) {
        for (; left >= size; left -= size) {
          put<D>(y, op.apply<S>(take<S>(a, size), take<S>(b, size)), size);
          y += <usize>size * sizeof<D>();
          a += <usize>size * stepA;
          b += <usize>size * stepB;
        }
      }
    }
    for (; left > 0; left -= size) {
      const whole = !op.light && dense && left >= size;
      const x = op.apply<S>(
        whole ? take<S>(a, size) : gather<S>(a, stepA, left),
        whole ? take<S>(b, size) : gather<S>(b, stepB, left),
      );
      if (whole) put<D>(y, x, size);
      else scatter<D>(y, stepY, x, min(left, size));
      y += <usize>size * stepY;
      a += <usize>size * stepA;
      b += <usize>size * stepB;
    }
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
    if (dense) {
      if (stepA == 0) a = spread<A>(a, 0);
      if (stepB == 0) b = spread<S>(b, 1);
      if (stepC == 0) c = spread<S>(c, 2);
      if (op.light) {
        for (; left >= size; left -= size) {
          put<D>(y, op.apply<S>(take<A>(a, size), take<S>(b, size), take<S>(c, size), p), size);
          y += <usize>size * sizeof<D>();
          a += <usize>size * stepA;
          b += <usize>size * stepB;
          c += <usize>size * stepC;
        }
      }
    }
    for (; left > 0; left -= size) {
      const whole = !op.light && dense && left >= size;
      const x = op.apply<S>(
        whole ? take<A>(a, size) : gather<A>(a, stepA, left),
        whole ? take<S>(b, size) : gather<S>(b, stepB, left),
        whole ? take<S>(c, size) : gather<S>(c, stepC, left),
        p,
      );
      if (whole) put<D>(y, x, size);
      else scatter<D>(y, stepY, x, min(left, size));
      y += <usize>size * stepY;
      a += <usize>size * stepA;
      b += <usize>size * stepB;
      c += <usize>size * stepC;
    }
  }
}
