// Products of vectors and matrices that are no matrix products.

import { BOOL, DTypeError, FloatScalar, isIntegral, resultType, ShapeError, show } from "../core/index.ts";
import { asTensor, type Op2T, type Operand, type OpQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { axisOf } from "./axes.ts";
import { add, mul } from "./binary.ts";
import { asCode } from "./cast.ts";
import { composed, renamed, within } from "./composed.ts";
import { copy_ } from "./copy.ts";
import { logicalOr } from "./logic.ts";
import { outer } from "./matmul.ts";
import { chain, crossOf, vectors } from "./matrices.ts";
import { broadcastTo, expand, reshape } from "./view.ts";

/** As `outer`. */
export const ger: Op2T = /* @__PURE__ */ renamed<Op2T>("ger", outer);

type Addr = OpQ<[vec1: Tensor, vec2: Tensor], [], [], { beta: Operand; alpha: Operand }>;

function addrOf(name: string, x: Tensor, a: Tensor, b: Tensor, beta: Operand, alpha: Operand): Tensor {
  asTensor(x, name, "input");
  const pairs = outer(asTensor(a, name, "vec1"), asTensor(b, name, "vec2"));
  const code = resultType([x, a, b]);
  for (const [factor, value] of Object.entries({ beta, alpha })) {
    if (isIntegral(code) && typeof value === "number" && !Number.isInteger(value)) {
      throw new DTypeError(`${name}: ${factor} is ${value}, expected an integer for integers`);
    }
  }
  const none = beta === 0 || (beta instanceof FloatScalar && Number(beta) === 0);
  const scaled = alpha === 1 ? pairs : mul(pairs, alpha);
  if (none) return asCode(scaled, code);
  const base = broadcastTo(beta === 1 ? x : mul(x, beta), pairs.shape);
  return code === BOOL ? logicalOr(base, scaled) : asCode(add(base, scaled), code);
}

/** `beta · x + alpha · vec1[i] · vec2[j]`; where beta is 0, x is not looked at. Of bools with "and" and "or". */
export const addr: Addr = /* @__PURE__ */ composed<Addr>(
  "addr",
  "input, vec1, vec2, *, beta?, alpha?",
  (x, a, b, beta: Operand | undefined, alpha: Operand | undefined) => addrOf("addr", x, a, b, beta ?? 1, alpha ?? 1),
);
/** `addr` into `x` itself. */
export const addr_: Addr = /* @__PURE__ */ composed<Addr>(
  "addr_",
  "input, vec1, vec2, *, beta?, alpha?",
  (x, a, b, beta: Operand | undefined, alpha: Operand | undefined) =>
    copy_(x, addrOf("addr_", x, a, b, beta ?? 1, alpha ?? 1)),
);

type Cross = OpQ<[other: Tensor], [dim?: number | null], ["dim"], { dim: number | null }>;

/** The cross product of vectors along `dim`, by default the first dim with three elements. */
export const cross: Cross = /* @__PURE__ */ composed<Cross>("cross", "input, other, dim?", (a, b, dim) => {
  vectors("cross", a, b);
  const first = a.shape.findIndex((n, d) => n === 3 && b.shape[d] === 3);
  if (dim == null && first < 0) throw new ShapeError(`cross: ${show(a)} and ${show(b)} have no dim of 3 elements`);
  return crossOf("cross", a, b, dim == null ? first : axisOf(dim, a.ndim, "cross"));
});

/** The Kronecker product: each element of a times the whole of b. */
export const kron: Op2T = /* @__PURE__ */ composed<Op2T>("kron", "input, other", (a, b) => {
  const ndim = Math.max(asTensor(a, "kron", "input").ndim, asTensor(b, "kron", "other").ndim);
  const padded = (x: Tensor): number[] => [...new Array<number>(ndim - x.ndim).fill(1), ...x.shape];
  const [outside, inside] = [padded(a), padded(b)];
  const pairs = (sizes: readonly number[], first: boolean): number[] => sizes.flatMap((n) => (first ? [n, 1] : [1, n]));
  const size = outside.map((n, d) => n * inside[d]!);
  const [left, right] = [reshape(a, pairs(outside, true)), reshape(b, pairs(inside, false))];
  const [m, n] = [outside.at(-1) ?? 1, inside.at(-1) ?? 1];
  if (ndim < 2 || n >= LINE) return reshape(mul(left, right), size);
  // Both are laid out along the last dim first, so that products are taken along lines of m · n and not of n.
  const line = (x: Tensor): Tensor =>
    reshape(expand(x, [...x.shape.slice(0, -2), m, n]), [...x.shape.slice(0, -2), m * n]);
  return reshape(mul(line(left), line(right)), size);
});

const LINE = 64; // elements of a line from which its beginning does not count

/** The product of all matrices, in the order that needs the fewest multiplications; see `linalg.multiDot`. */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  if (matrices.length === 1) return asTensor(matrices[0], "chainMatmul", "matrices[0]");
  return within("chainMatmul", () => chain("chainMatmul", matrices));
}
