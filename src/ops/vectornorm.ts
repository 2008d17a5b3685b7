// The p-norm over dims: behind norm, dist, renorm, normalize and linalg.vectorNorm.

import {
  DTYPES,
  type DType,
  DTypeError,
  IndexError,
  isDifferentiable,
  isHalf,
  KIND,
  REAL,
  show,
  WIDE,
} from "../core/index.ts";
import {
  asTensor,
  copyInto,
  type Dim,
  type FnQ,
  f32,
  fullName,
  need,
  op,
  pointwiseAs,
  positive,
  spec,
  wrongArgument,
} from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { dimsOf, reducedShape } from "./axes.ts";
import { div, mul, pow } from "./binary.ts";
import { eq, ne } from "./compare.ts";
import { sgn } from "./complex.ts";
import { cast } from "./copy.ts";
import { fold, kept } from "./folds.ts";
import { amax, amin, sum } from "./reduce.ts";
import { where } from "./ternary.ts";
import { abs, sqrt } from "./unary.ts";

type VectorNorm = FnQ<
  [x: Tensor],
  [ord?: number, dim?: Dim, keepdim?: boolean],
  ["ord", "dim", "keepdim"],
  { ord: number; dim: Dim; keepdim: boolean; dtype: DType | null }
>;

/**
 * `(Σ |x|^ord)^(1 / ord)` over `dim` (all dims by default): the largest magnitude for ∞, the smallest for -∞, the number of
 * elements that are not 0 for 0. Real, of complex numbers too. The gradient is 0 where a kink makes it undefined.
 */
export const vectorNorm: VectorNorm = /* @__PURE__ */ op(
  "vectorNorm",
  "input, ord?, dim?, keepdim?, *, dtype?",
  (x, ord, dim, keepdim, dtype: DType | null | undefined) => {
    asTensor(x, "vectorNorm", "input");
    const code = dtype == null ? x.code : dtypeArgument(dtype, "vectorNorm");
    if (!isDifferentiable(code)) {
      throw new DTypeError(
        `vectorNorm: expected a floating point or complex dtype, got ${dtype == null ? show(x) : DTYPES[code]}`,
      );
    }
    if (KIND[code]! < KIND[x.code]!) throw new DTypeError(`vectorNorm: ${show(x)} cannot be seen as ${DTYPES[code]}`);
    const p = ord == null ? 2 : Number(ord);
    if (Number.isNaN(p)) throw wrongArgument("vectorNorm", "ord", ord, "a number");
    return [
      { x: x.code === code ? x : cast(x, code) },
      { p, dims: dimsOf(dim, x.ndim, "vectorNorm"), keepdim: keepdim ?? false },
    ];
  },
  {
    method: false,
    infer({ x }, { p, dims, keepdim }) {
      if ((p < 0 || p === Number.POSITIVE_INFINITY) && dims.some((d) => x.shape[d] === 0)) {
        throw new IndexError(
          `vectorNorm: ${show(x)} has no elements over dim [${dims.join(", ")}], and ord ${p} no value for none`,
        );
      }
      return spec(REAL[x.code]!, reducedShape(x.shape, dims, keepdim));
    },
    // The two common norms are one pass over the elements.
    kernelName: ({ x }, { p }) =>
      p === 2 ? fullName("sumsq", floatOf(x.code)) : p === 1 ? fullName("sumabs", floatOf(x.code)) : null,
    launch(k, { x }, { out }, { p, dims }) {
      const code = floatOf(x.code);
      const total = code === out.code ? out : k.scratch(code, out.shape);
      fold(k, fullName(p === 2 ? "sumsq" : "sumabs", code), fullName("sum", code), x, total, dims);
      if (p === 2) pointwiseAs(k.backend, need(k.backend, fullName("sqrt", code)), code, code, out, [total], 0, 0);
      else if (total !== out) copyInto(out, total);
    },
    decompose({ x }, { p, dims, keepdim }) {
      const size = abs(x);
      if (p === 0) return cast(sum(ne(x, 0), dims, keepdim), REAL[x.code]!);
      if (p === 1) return sum(size, dims, keepdim);
      if (p === 2) return sqrt(sum(mul(size, size), dims, keepdim));
      if (p === Number.POSITIVE_INFINITY) return amax(size, dims, keepdim);
      if (p === Number.NEGATIVE_INFINITY) return amin(size, dims, keepdim);
      return pow(sum(pow(size, p), dims, keepdim), 1 / p);
    },
    saves: ["x", "out"],
    vjp: (g, { x, out }, { p, dims, keepdim }) => ({
      x: p === 0 ? null : () => slope(kept(g, x, dims, keepdim), x, kept(out, x, dims, keepdim), p, dims),
    }),
    samples: () => [
      [f32(2, 3)],
      [f32(2, 3, 4), 1, 1],
      [positive(2, 3), 3, [0, 1], true],
      [f32(5), Number.POSITIVE_INFINITY],
    ],
  },
);

/** The dtype that a floating one is summed in. */
const floatOf = (code: number): number => (isHalf(code) ? WIDE[code]! : code);

/** The cotangent of x. */
function slope(g: Tensor, x: Tensor, norm: Tensor, p: number, dims: readonly number[]): Tensor {
  if (p === 1) return mul(sgn(x), g);
  if (p === 2) return mul(x, quotient(g, norm));
  const size = abs(x);
  if (Math.abs(p) === Number.POSITIVE_INFINITY) {
    const equal = eq(size, norm);
    return mul(mul(sgn(x), equal), div(g, sum(equal, dims, true)));
  }
  if (p < 1) {
    const powers = where(eq(size, 0), 0, pow(size, p - 1));
    return mul(mul(sgn(x), powers), mul(g, pow(norm, 1 - p)));
  }
  const scale = quotient(g, pow(norm, p - 1), norm);
  return p < 2 ? mul(mul(sgn(x), pow(size, p - 1)), scale) : mul(mul(x, pow(size, p - 2)), scale);
}

/** a / b, 0 where the norm is. */
function quotient(a: Tensor, b: Tensor, norm: Tensor = b): Tensor {
  return where(eq(norm, 0), 0, div(a, b));
}
