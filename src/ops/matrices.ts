// fl.linalg: what needs no decomposition. Not exported with the other operators: some names are theirs.

import { ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor, type FnQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { roll } from "./arrange.ts";
import { axisOf } from "./axes.ts";
import { mul, sub } from "./binary.ts";
import { conj } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { onesLike } from "./create.ts";
import { cat } from "./join.ts";
import { mm } from "./matmul.ts";
import { diagonal as diagonalOf, narrow } from "./pick.ts";
import { sum } from "./reduce.ts";
import { cumprod } from "./scan.ts";
import { expand, reshape, unsqueeze } from "./view.ts";

/** a × b of vectors with three elements along `axis`. */
export function crossOf(name: string, a: Tensor, b: Tensor, axis: number): Tensor {
  if (a.shape[axis] !== 3 || b.shape[axis] !== 3) {
    throw new ShapeError(`${name}: ${show(a)} and ${show(b)} have not 3 elements each along dim ${axis}`);
  }
  // y[i] = a[i + 1] · b[i + 2] - a[i + 2] · b[i + 1]
  return sub(mul(roll(a, -1, axis), roll(b, -2, axis)), mul(roll(a, -2, axis), roll(b, -1, axis)));
}

/** Throws ShapeError where two tensors differ in their number of dims. */
export function vectors(name: string, a: Tensor, b: Tensor): void {
  if (asTensor(a, name, "input").ndim !== asTensor(b, name, "other").ndim) {
    throw new ShapeError(`${name}: ${show(a)} and ${show(b)} differ in their number of dims`);
  }
}

/** The cross product of vectors along `dim`, the last by default. */
export const cross: FnQ<[x: Tensor, other: Tensor], [], [], { dim: number }> = /* @__PURE__ */ composedFunction(
  "linalg.cross",
  "input, other, *, dim?",
  (a, b, dim: number | undefined) => {
    vectors("linalg.cross", a, b);
    return crossOf("linalg.cross", a, b, axisOf(dim ?? -1, a.ndim, "linalg.cross"));
  },
);

/** A view of the diagonals of the matrices in the last two dims; see `diagonal`. */
export const diagonal: FnQ<[A: Tensor], [], [], { offset: number; dim1: number; dim2: number }> =
  /* @__PURE__ */ composedFunction(
    "linalg.diagonal",
    "A, *, offset?, dim1?, dim2?",
    (x, offset: number | undefined, dim1: number | undefined, dim2: number | undefined) =>
      diagonalOf(asTensor(x, "linalg.diagonal", "A"), offset ?? 0, dim1 ?? -2, dim2 ?? -1),
  );

/** The dot products `Σ conj(x) · y` of vectors along `dim` (-1). */
export const vecdot: FnQ<[x: Tensor, y: Tensor], [], [], { dim: number }> = /* @__PURE__ */ composedFunction(
  "linalg.vecdot",
  "x, y, *, dim?",
  (x, y, dim: number | undefined) =>
    sum(mul(conj(asTensor(x, "linalg.vecdot", "x")), asTensor(y, "linalg.vecdot", "y")), dim ?? -1),
);

/** Powers of each element, `x^0 … x^(N - 1)`, in a new last dim; N is the size of the last dim by default. */
export const vander: FnQ<[x: Tensor], [], [], { N: number | null }> = /* @__PURE__ */ composedFunction(
  "linalg.vander",
  "x, *, N?",
  (given, count: number | null | undefined) => {
    asTensor(given, "linalg.vander", "x");
    const x = given.ndim === 0 ? reshape(given, [1]) : given;
    const n = count ?? x.shape.at(-1)!;
    if (n < 2) throw new ValueError(`linalg.vander: N is ${n}, expected more than 1`);
    const powers = cumprod(expand(unsqueeze(x, -1), [...x.shape, n - 1]), -1);
    return cat([onesLike(narrow(powers, -1, 0, 1)), powers], -1);
  },
);

/**
 * The product of all matrices, in the order that needs the fewest multiplications. The first and the last may be vectors.
 *
 * Throws ShapeError where fewer than two are given, or others are no matrices.
 */
export const multiDot: FnQ<[tensors: readonly Tensor[]], [], [], object> = /* @__PURE__ */ composedFunction(
  "linalg.multiDot",
  "tensors",
  (tensors) => chain("linalg.multiDot", tensors),
);

/** See `multiDot`. */
export function chain(name: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors) || tensors.length < 2) throw new ShapeError(`${name}: expected two matrices or more`);
  const last = tensors.length - 1;
  const matrices = tensors.map((x, i) => {
    const atEnd = i === 0 || i === last;
    if (asTensor(x, name, `tensors[${i}]`).ndim !== 2 && !(atEnd && x.ndim === 1)) {
      throw new ShapeError(`${name}: tensors[${i}] is ${show(x)}, expected ${atEnd ? "one or two dims" : "two dims"}`);
    }
    return x.ndim === 2 ? x : reshape(x, i === 0 ? [1, -1] : [-1, 1]);
  });
  const y = best(matrices.map((x) => x.shape as readonly [number, number])).evaluate(matrices);
  const shape = [...(tensors[0]!.ndim === 1 ? [] : [y.shape[0]!]), ...(tensors[last]!.ndim === 1 ? [] : [y.shape[1]!])];
  return reshape(y, shape);
}

interface Plan {
  readonly cost: number;
  evaluate(matrices: readonly Tensor[]): Tensor;
}

/** The cheapest way to multiply matrices of these shapes: of all places where the last product may be, the best. */
function best(shapes: readonly (readonly [number, number])[]): Plan {
  const known = new Map<number, Plan>();
  const n = shapes.length;
  const plan = (from: number, to: number): Plan => {
    const key = from * n + to;
    let cheapest = known.get(key);
    if (cheapest !== undefined) return cheapest;
    cheapest = { cost: from === to ? 0 : Number.POSITIVE_INFINITY, evaluate: (matrices) => matrices[from]! };
    for (let cut = from; cut < to; cut++) {
      const [left, right] = [plan(from, cut), plan(cut + 1, to)];
      const cost = left.cost + right.cost + shapes[from]![0] * shapes[cut]![1] * shapes[to]![1];
      if (cost < cheapest.cost) {
        cheapest = { cost, evaluate: (matrices) => mm(left.evaluate(matrices), right.evaluate(matrices)) };
      }
    }
    known.set(key, cheapest);
    return cheapest;
  };
  return plan(0, n - 1);
}
