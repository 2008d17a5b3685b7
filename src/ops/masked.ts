// fl.masked: reductions, scans and normalisations of the elements at which a mask is true. What is masked out is replaced by
// what is neutral to the operator; without a mask nothing is. Not exported with the other operators: the names are theirs.

import {
  BOOL,
  codeOf,
  DTYPES,
  type DType,
  DTypeError,
  FLOAT32,
  INT64,
  isFloating,
  isIntegral,
  SIZE,
  show,
} from "../core/index.ts";
import { asTensor, type Dim, type FnQ, type Named } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { dimsOf, product } from "./axes.ts";
import { div, mul, sub } from "./binary.ts";
import { conj } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { cast } from "./copy.ts";
import { argmax as argmaxOf, argmin as argminOf } from "./extreme.ts";
import { amax as amaxOf, amin as aminOf, mean as meanOf, prod as prodOf, sum as sumOf } from "./reduce.ts";
import { cumprod as cumprodOf, cumsum as cumsumOf } from "./scan.ts";
import {
  logaddexp as logaddexpOf,
  logSoftmax as logSoftmaxOf,
  logsumexp as logsumexpOf,
  softmax as softmaxOf,
  softmin as softminOf,
} from "./softmax.ts";
import { nanmedian } from "./statistics.ts";
import { clampMin, where } from "./ternary.ts";
import { sqrt } from "./unary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { expand } from "./view.ts";

type Mask = Tensor | null | undefined;
type Type = DType | null | undefined;

/** x where the mask is true, else `fill`. */
function filled(x: Tensor, mask: Mask, fill: number | bigint, op: string): Tensor {
  if (mask == null) return x;
  if (asTensor(mask, op, "mask").code !== BOOL) throw new DTypeError(`${op}: mask is ${show(mask)}, expected bool`);
  return where(mask, x, fill);
}

/** The result in the dtype asked for, else in `code`. */
function typed(y: Tensor, dtype: Type, code: number): Tensor {
  const wanted = dtype == null ? code : codeOf(dtype);
  return y.code === wanted ? y : cast(y, wanted);
}

/** What no element of the dtype exceeds (`sign` 1), or falls below (-1). */
function bound(code: number, sign: 1 | -1): number | bigint {
  if (!isIntegral(code)) return sign * Number.POSITIVE_INFINITY;
  if (code === BOOL || DTYPES[code] === "uint8") return sign === 1 ? (code === BOOL ? 1 : 255) : 0;
  const half = 2n ** BigInt(8 * SIZE[code]! - 1);
  return sign === 1 ? half - 1n : -half;
}

/** Of integers int64, as sums are. */
const wide = (x: Tensor): number => (isIntegral(x.code) ? INT64 : x.code);

type Reduction = FnQ<
  [x: Tensor],
  [dim?: Dim],
  ["dim"],
  { dim: Dim; keepdim: boolean; dtype: DType | null; mask: Tensor | null }
>;
const REDUCTION = "input, dim?, *, keepdim?, dtype?, mask?";

function reduction(
  name: string,
  fill: (x: Tensor) => number | bigint,
  code: (x: Tensor) => number,
  run: (x: Tensor, dims: readonly number[], keepdim: boolean) => Tensor,
): Reduction {
  return composedFunction(name, REDUCTION, (x, dim, keepdim: boolean | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, name, "input");
    const y = run(filled(x, mask, fill(x), name), dimsOf(dim, x.ndim, name), keepdim ?? false);
    return typed(y, dtype, code(x));
  });
}

const same = (x: Tensor): number => x.code;

/** The sum over `dim`. */
export const sum: Reduction = /* @__PURE__ */ reduction(
  "masked.sum",
  () => 0,
  wide,
  (x, dims, keepdim) => sumOf(x, dims, keepdim),
);
/** The product over `dim`, one dim after the other. */
export const prod: Reduction = /* @__PURE__ */ reduction(
  "masked.prod",
  () => 1,
  wide,
  (x, dims, keepdim) => [...dims].reverse().reduce((y, d) => prodOf(y, d, keepdim), x),
);
/** The largest element over `dim`. */
export const amax: Reduction = /* @__PURE__ */ reduction(
  "masked.amax",
  (x) => bound(x.code, -1),
  same,
  (x, dims, keepdim) => amaxOf(x, dims, keepdim),
);
/** The smallest element over `dim`. */
export const amin: Reduction = /* @__PURE__ */ reduction(
  "masked.amin",
  (x) => bound(x.code, 1),
  same,
  (x, dims, keepdim) => aminOf(x, dims, keepdim),
);
/** `log Σ exp(x)` over `dim`. */
export const logsumexp: Reduction = /* @__PURE__ */ reduction(
  "masked.logsumexp",
  (x) => bound(x.code, -1),
  same,
  (x, dims, keepdim) => logsumexpOf(x, dims, keepdim),
);

function counted(x: Tensor, mask: Mask, dims: readonly number[], op: string): Tensor | number {
  if (mask == null) return product(dims.map((d) => x.shape[d]!));
  return sumOf(expand(asTensor(mask, op, "mask"), x.shape), dims, true);
}

/** The mean over `dim`; NaN of nothing. */
export const mean: Reduction = /* @__PURE__ */ composedFunction(
  "masked.mean",
  REDUCTION,
  (x, dim, keepdim: boolean | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, "masked.mean", "input");
    const dims = dimsOf(dim, x.ndim, "masked.mean");
    if (mask == null) return typed(meanOf(x, dims, keepdim ?? false), dtype, x.code);
    const total = sumOf(filled(x, mask, 0, "masked.mean"), dims, keepdim ?? false);
    const count = sumOf(expand(mask, x.shape), dims, keepdim ?? false);
    return typed(div(total, count), dtype, x.code);
  },
);

type Spread = FnQ<
  [x: Tensor],
  [dim?: Dim, unbiased?: boolean],
  ["dim", "unbiased"],
  { dim: Dim; unbiased: boolean; correction: number | null; keepdim: boolean; dtype: DType | null; mask: Tensor | null }
>;

function spread(name: string, finish: (variance: Tensor) => Tensor): Spread {
  return composedFunction(
    name,
    "input, dim?, unbiased?, *, correction?, keepdim?, dtype?, mask?",
    (
      x,
      dim,
      unbiased,
      correction: number | null | undefined,
      keepdim: boolean | undefined,
      dtype: Type,
      mask: Mask,
    ) => {
      asTensor(x, name, "input");
      const dims = dimsOf(dim, x.ndim, name);
      const floats = isIntegral(x.code) ? cast(x, FLOAT32) : x;
      const count = counted(x, mask, dims, name);
      const off = sub(floats, div(sumOf(filled(floats, mask, 0, name), dims, true), count));
      const squares = sumOf(filled(mul(off, conj(off)), mask, 0, name), dims, true);
      const by = correction ?? Number(unbiased ?? true);
      const degrees = typeof count === "number" ? Math.max(count - by, 0) : clampMin(sub(count, by), 0);
      const y = finish(div(squares, degrees));
      return typed(keepdim === true ? y : sumOf(y, dims, false), dtype, floats.code);
    },
  );
}

/** The variance over `dim`; of complex numbers in their dtype. */
export const var_: Spread = /* @__PURE__ */ spread("masked.var", (variance) => variance);
export { var_ as var };
/** The standard deviation over `dim`. */
export const std: Spread = /* @__PURE__ */ spread("masked.std", (variance) => sqrt(variance));

type Place = FnQ<
  [x: Tensor],
  [dim?: number | null],
  ["dim"],
  { dim: number | null; keepdim: boolean; dtype: DType | null; mask: Tensor | null }
>;

function place(name: string, sign: 1 | -1, run: typeof argmaxOf): Place {
  return composedFunction(name, REDUCTION, (x, dim, keepdim: boolean | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, name, "input");
    return typed(run(filled(x, mask, bound(x.code, sign), name), dim ?? null, keepdim ?? false), dtype, x.code);
  });
}

/** The index of the largest element, in the dtype of x. */
export const argmax: Place = /* @__PURE__ */ place("masked.argmax", -1, argmaxOf);
/** The index of the smallest element, in the dtype of x. */
export const argmin: Place = /* @__PURE__ */ place("masked.argmin", 1, argminOf);

/** The lower median along `dim`. */
export const median: FnQ<
  [x: Tensor],
  [dim?: number],
  ["dim"],
  { dim: number; keepdim: boolean; dtype: DType | null; mask: Tensor | null }
> = /* @__PURE__ */ composedFunction(
  "masked.median",
  REDUCTION,
  (x, dim, keepdim: boolean | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, "masked.median", "input");
    if (!isFloating(x.code)) throw new DTypeError(`masked.median: expected a floating point dtype, got ${show(x)}`);
    const all: Named<["values", "indices"]> = nanmedian(
      filled(x, mask, Number.NaN, "masked.median"),
      dim ?? -1,
      keepdim ?? false,
    );
    return typed(all.values, dtype, x.code);
  },
);

type Along = FnQ<[x: Tensor, dim: number], [], [], { dtype: DType | null; mask: Tensor | null }>;

function along(
  name: string,
  fill: (x: Tensor) => number | bigint,
  code: (x: Tensor) => number,
  run: (x: Tensor, dim: number) => Tensor,
): Along {
  return composedFunction(name, "input, dim, *, dtype?, mask?", (x, dim, dtype: Type, mask: Mask) => {
    const y = filled(asTensor(x, name, "input"), mask, fill(x), name);
    const wanted = dtype == null ? code(x) : codeOf(dtype);
    return run(y.code === wanted ? y : cast(y, wanted), dim);
  });
}

/** Running sums. */
export const cumsum: Along = /* @__PURE__ */ along(
  "masked.cumsum",
  () => 0,
  wide,
  (x, dim) => cumsumOf(x, dim),
);
/** Running products. */
export const cumprod: Along = /* @__PURE__ */ along(
  "masked.cumprod",
  () => 1,
  wide,
  (x, dim) => cumprodOf(x, dim),
);
/** softmax. */
export const softmax: Along = /* @__PURE__ */ along(
  "masked.softmax",
  (x) => bound(x.code, -1),
  same,
  (x, dim) => softmaxOf(x, dim),
);
/** logSoftmax. */
export const logSoftmax: Along = /* @__PURE__ */ along(
  "masked.logSoftmax",
  (x) => bound(x.code, -1),
  same,
  (x, dim) => logSoftmaxOf(x, dim),
);
/** softmin. */
export const softmin: Along = /* @__PURE__ */ along(
  "masked.softmin",
  (x) => bound(x.code, 1),
  same,
  (x, dim) => softminOf(x, dim),
);

/** The p-norm over `dim`. */
export const norm: FnQ<
  [x: Tensor],
  [ord?: number, dim?: Dim],
  ["ord", "dim"],
  { ord: number; dim: Dim; keepdim: boolean; dtype: DType | null; mask: Tensor | null }
> = /* @__PURE__ */ composedFunction(
  "masked.norm",
  "input, ord?, dim?, *, keepdim?, dtype?, mask?",
  (x, ord, dim, keepdim: boolean | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, "masked.norm", "input");
    const p = Number(ord ?? 2);
    const y = filled(x, mask, p === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0, "masked.norm");
    return vectorNorm(y, p, dim ?? null, keepdim ?? false, { dtype: dtype ?? null });
  },
);

/** `x / max(p-norm, eps)` along `dim`. */
export const normalize: FnQ<
  [x: Tensor, ord: number, dim: Dim],
  [],
  [],
  { eps: number; dtype: DType | null; mask: Tensor | null }
> = /* @__PURE__ */ composedFunction(
  "masked.normalize",
  "input, ord, dim, *, eps?, dtype?, mask?",
  (x, ord, dim, eps: number | undefined, dtype: Type, mask: Mask) => {
    asTensor(x, "masked.normalize", "input");
    const size = norm(x, ord, dim, { keepdim: true, dtype: dtype ?? null, mask: mask ?? null });
    const kept = clampMin(size, Number(eps ?? 1e-12));
    return typed(div(filled(x, mask, 0, "masked.normalize"), kept), dtype, x.code);
  },
);

/** `log(exp(x) + exp(other))`. */
export const logaddexp: FnQ<
  [x: Tensor, other: Tensor],
  [],
  [],
  { dtype: DType | null; inputMask: Tensor | null; otherMask: Tensor | null }
> = /* @__PURE__ */ composedFunction(
  "masked.logaddexp",
  "input, other, *, dtype?, inputMask?, otherMask?",
  (x, other, dtype: Type, inputMask: Mask, otherMask: Mask) => {
    const a = filled(asTensor(x, "masked.logaddexp", "input"), inputMask, Number.NEGATIVE_INFINITY, "masked.logaddexp");
    const b = filled(
      asTensor(other, "masked.logaddexp", "other"),
      otherMask,
      Number.NEGATIVE_INFINITY,
      "masked.logaddexp",
    );
    return typed(logaddexpOf(a, b), dtype, x.code);
  },
);
