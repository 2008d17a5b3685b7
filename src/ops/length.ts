// Norms under PyTorch's names, and what is measured by them.

import { type DType, DTypeError, isIntegral, ValueError } from "../core/index.ts";
import { asTensor, type Dim, type FnQ, type Op, type OpK, type OpQ, wrongArgument } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { axisOf } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { gt } from "./compare.ts";
import { composed, composedFunction } from "./composed.ts";
import { clampMin, where } from "./ternary.ts";
import { vectorNorm } from "./vectornorm.ts";

type P = number | "fro" | "nuc" | null;

function order(p: P | undefined, op: string): number {
  if (p == null || p === "fro") return 2;
  if (typeof p === "number") return p;
  throw wrongArgument(op, "p", p, 'a number or "fro"');
}

/** The p-norm over `dim` (all dims by default), 2 by default; see `linalg.vectorNorm`. */
export const norm: OpK<
  [p?: P, dim?: Dim, keepdim?: boolean],
  ["p", "dim", "keepdim"],
  { p: P; dim: Dim; keepdim: boolean; dtype: DType | null }
> = /* @__PURE__ */ composed("norm", "input, p?, dim?, keepdim?, dtype?", (x, p, dim, keepdim, dtype) =>
  vectorNorm(asTensor(x, "norm", "input"), order(p, "norm"), dim ?? null, keepdim ?? false, { dtype: dtype ?? null }),
);

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

/** `x / max(p-norm, eps)` along `dim`. */
export const normalize: FnQ<
  [x: Tensor],
  [p?: number, dim?: Dim, eps?: number],
  ["p", "dim", "eps"],
  { p: number; dim: Dim; eps: number }
> = /* @__PURE__ */ composedFunction("normalize", "input, p?, dim?, eps?", (x, p, dim, eps) =>
  div(x, clampMin(vectorNorm(asTensor(x, "normalize", "input"), Number(p ?? 2), dim ?? 1, true), eps ?? 1e-12)),
);
