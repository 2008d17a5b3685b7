// Scans along one dim: running sums, products and extremes.

import { type DType, DTypeError, INT64, isComplex, isIntegral } from "../core/index.ts";
import { asTensor, f32, i64, inPlace, type Named, type OpN, type OpQ, op, spec } from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { axisOf } from "./axes.ts";
import { add, mul, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { conj, real } from "./complex.ts";
import { cast } from "./copy.ts";
import { assertReal } from "./folds.ts";
import { scatterAdd_, zerosOf } from "./gather.ts";
import { amax, amin } from "./reduce.ts";
import { runningProduct, runningSum, scan } from "./running.ts";
import { where } from "./ternary.ts";
import { abs, exp, log } from "./unary.ts";

type Running = OpQ<[dim: number], [], [], { dtype: DType | null }, Tensor, { dim: number }>;

function accumulated(name: "cumsum" | "cumprod", run: typeof runningSum): Running {
  return op(
    name,
    "input, dim, *, dtype?",
    (x, dim, dtype: DType | null | undefined) => {
      asTensor(x, name, "input");
      const code = dtype == null ? (isIntegral(x.code) ? INT64 : x.code) : dtypeArgument(dtype, name);
      return [{ x }, { dim: axisOf(dim, x.ndim, name), code }];
    },
    {
      infer: ({ x }, { code }) => spec(code, x.shape),
      decompose({ x }, { dim, code }) {
        // Narrow integers run on as int64: the bits that stay are the same.
        const wide = isIntegral(code) ? INT64 : code;
        return as(run(as(as(x, code), wide), dim, false, false), code);
      },
      samples: () => [
        [f32(3), 0],
        [f32(2, 3, 4), 1],
        [i64(2, 3), -1],
        [f32(0, 2), 0],
        [f32(), 0],
      ],
    },
  );
}

function as(x: Tensor, code: number): Tensor {
  return x.code === code ? x : cast(x, code);
}

/** Running sums along `dim`: integers and bool sum to int64; with `dtype` the elements are cast first. */
export const cumsum: Running = /* @__PURE__ */ accumulated("cumsum", runningSum);
export const cumsum_: Running = /* @__PURE__ */ inPlace(cumsum);
/** Running products along `dim`; dtypes as in `cumsum`. */
export const cumprod: Running = /* @__PURE__ */ accumulated("cumprod", runningProduct);
export const cumprod_: Running = /* @__PURE__ */ inPlace(cumprod);

type Pair = Named<["values", "indices"]>;
type RunningExtreme = OpN<[dim: number], { dim: number }, Pair>;

function runningExtreme(name: "cummax" | "cummin"): RunningExtreme {
  return op(
    name,
    "input, dim",
    (x: Tensor, dim: number) => [{ x: asTensor(x, name, "input") }, { dim: axisOf(dim, x.ndim, name) }],
    {
      outputs: ["values", "indices"],
      infer({ x }) {
        assertReal(name, x);
        return [spec(x.code, x.shape), spec(INT64, x.shape)];
      },
      kernel: name,
      launch: (k, { x }, { values, indices }, { dim }) =>
        scan(k, name, x, dim, (call) => call.tensor(x).tensor(values).tensor(indices)),
      saves: ["indices"],
      vjp: (g, { indices }, { dim }, { x }) => ({
        x: () => (x.ndim === 0 ? g.values! : scatterAdd_(zerosOf(x, g.values!), dim, indices, g.values!)),
      }),
      samples: () => [
        [f32(3), 0],
        [f32(2, 3, 4), 1],
        [i64(2, 3), -1],
        [f32(), 0],
      ],
    },
  );
}

/** Largest element so far along `dim`, and its index: the last of equals. A NaN stays. */
export const cummax: RunningExtreme = /* @__PURE__ */ runningExtreme("cummax");
/** Smallest element so far along `dim`, and its index: the last of equals. A NaN stays. */
export const cummin: RunningExtreme = /* @__PURE__ */ runningExtreme("cummin");

/** `log Σ exp(x)` of the elements so far along `dim`, without overflow. */
export const logcumsumexp: OpN<[dim: number], { dim: number }> = /* @__PURE__ */ op(
  "logcumsumexp",
  "input, dim",
  (x: Tensor, dim: number) => {
    asTensor(x, "logcumsumexp", "input");
    if (isIntegral(x.code)) throw new DTypeError(`logcumsumexp: not defined for ${x.dtype}`);
    return [{ x }, { dim: axisOf(dim, x.ndim, "logcumsumexp") }];
  },
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "logcumsumexp",
    launch: (k, { x }, { out }, { dim }) =>
      scan(k, "logcumsumexp", x, dim, (call) => call.tensor(x).tensor(out).bool(false).bool(false)),
    decompose({ x }, { dim }) {
      if (x.numel() === 0) return exp(x);
      const most = amax(isComplex(x.code) ? real(x) : x, dim, true);
      const finite = where(eq(abs(most), Number.POSITIVE_INFINITY), 0, most);
      return add(log(runningSum(exp(sub(x, finite)), dim, false, false)), finite);
    },
    saves: ["x", "out"],
    // dx[k] = Σ g[i] exp(x[k] - y[i]) over i ≥ k, about the largest exponent in each sum.
    vjp: (g, { x, out }, { dim }) => ({
      x() {
        if (x.numel() === 0) return g;
        const least = amin(isComplex(out.code) ? real(out) : out, dim, true);
        const finite = where(eq(abs(least), Number.POSITIVE_INFINITY), 0, least);
        const shares = runningSum(mul(g, conj(exp(sub(finite, out)))), dim, true, false);
        return mul(shares, conj(exp(sub(x, finite))));
      },
    }),
    samples: () => [
      [f32(3), 0],
      [f32(2, 3, 4), 1],
      [f32(), 0],
    ],
  },
);
