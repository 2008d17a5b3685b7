// Norms under PyTorch's names, and what is measured by them.

import { type DType, DTypeError, isIntegral, ShapeError, show, showShape, ValueError } from "../core/index.ts";
import { asTensor, type Dim, type FnQ, type Op, type OpK, type OpQ, wrongArgument } from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { axisOf, dimsOf, reducedShape } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { gt } from "./compare.ts";
import { composed, composedFunction, written } from "./composed.ts";
import { cast } from "./copy.ts";
import { nuclearNorm } from "./nuclear.ts";
import { clampMin, where } from "./ternary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { movedim, reshape } from "./view.ts";

type P = number | "fro" | "nuc" | null;

/**
 * The p-norm over `dim` (all dims by default), 2 by default; see `linalg.vectorNorm`. "nuc" is the sum of the singular values
 * of the matrices in two dims.
 */
export const norm: OpK<
  [p?: P, dim?: Dim, keepdim?: boolean],
  ["p", "dim", "keepdim"],
  { p: P; dim: Dim; keepdim: boolean; dtype: DType | null }
> = /* @__PURE__ */ composed("norm", "input, p?, dim?, keepdim?, dtype?", (x, p, dim, keepdim, dtype) => {
  asTensor(x, "norm", "input");
  if (p === "nuc") return nuclear(dtype == null ? x : cast(x, dtypeArgument(dtype, "norm")), dim, keepdim ?? false);
  const order = p == null || p === "fro" ? 2 : p;
  if (typeof order !== "number") throw wrongArgument("norm", "p", p, 'a number, "fro" or "nuc"');
  return vectorNorm(x, order, dim ?? null, keepdim ?? false, { dtype: dtype ?? null });
});

function nuclear(x: Tensor, dim: Dim | undefined, keepdim: boolean): Tensor {
  const dims = dim == null ? [...x.shape.keys()] : typeof dim === "number" ? [dim] : dim;
  if (dims.length !== 2)
    throw new ShapeError(`norm: the nuclear norm is over two dims, got ${showShape(dims)} of ${show(x)}`);
  if (isIntegral(x.code)) throw new DTypeError(`norm: not defined for ${x.dtype}`);
  const y = nuclearNorm(movedim(x, dims, [-2, -1]));
  return keepdim ? reshape(y, reducedShape(x.shape, dimsOf(dims, x.ndim, "norm"), true)) : y;
}

/** The p-norm of `x - other`, 2 by default. */
export const dist: OpQ<[other: Tensor], [p?: number], ["p"], { p: number }> = /* @__PURE__ */ composed(
  "dist",
  "input, other, p?",
  (x, other, p) => vectorNorm(sub(asTensor(x, "dist", "input"), asTensor(other, "dist", "other")), p ?? 2),
);

/** `x` with each slice along `dim` scaled down to a p-norm of `maxnorm` where it has more. */
export const renorm: Op<
  (x: Tensor, p: number, dim: number, maxnorm: number) => Tensor,
  (p: number, dim: number, maxnorm: number) => Tensor
> = /* @__PURE__ */ composed(
  "renorm",
  "input, p, dim, maxnorm",
  (x: Tensor, p: number, dim: number, maxnorm: number) => {
    asTensor(x, "renorm", "input");
    if (isIntegral(x.code)) throw new DTypeError(`renorm: not defined for ${x.dtype}`);
    if (x.ndim < 2) throw new ValueError(`renorm: expected at least 2 dims, got ${x.ndim}`);
    if (!(Number(p) > 0)) throw wrongArgument("renorm", "p", p, "a positive number");
    if (!(Number(maxnorm) >= 0)) throw wrongArgument("renorm", "maxnorm", maxnorm, "a number that is not negative");
    const axis = axisOf(dim, x.ndim, "renorm");
    const others = [...x.shape.keys()].filter((d) => d !== axis);
    const size = vectorNorm(x, Number(p), others, true);
    // PyTorch keeps the quotient from 0 / 0 like this.
    return mul(x, where(gt(size, Number(maxnorm)), div(Number(maxnorm), add(size, 1e-7)), 1));
  },
);
/** `renorm`, in place. */
export const renorm_: typeof renorm = /* @__PURE__ */ written("renorm_", renorm);

/** `x / max(p-norm, eps)` along `dim`. */
export const normalize: FnQ<
  [x: Tensor],
  [p?: number, dim?: Dim, eps?: number],
  ["p", "dim", "eps"],
  { p: number; dim: Dim; eps: number }
> = /* @__PURE__ */ composedFunction("normalize", "input, p?, dim?, eps?", (x, p, dim, eps) =>
  div(x, clampMin(vectorNorm(asTensor(x, "normalize", "input"), Number(p ?? 2), dim ?? 1, true), eps ?? 1e-12)),
);
