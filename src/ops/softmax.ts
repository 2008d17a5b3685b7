// Softmax, its logarithm, and the logarithm of a sum of exponentials.

import {
  broadcast,
  DTYPES,
  type DType,
  DTypeError,
  defaultFloat,
  isComplex,
  isFloating,
  isIntegral,
  REAL,
  resultType,
  show,
} from "../core/index.ts";
import {
  asTensor,
  type Call,
  type Dim,
  type FnQ,
  f32,
  type Kernels,
  type Op2T,
  type OpQ,
  op,
  spec,
  wrongArgument,
} from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { around, axisOf, dimsOf, GRAIN, reducedShape } from "./axes.ts";
import { add, div, maximum, mul, sub } from "./binary.ts";
import { eq, lt } from "./compare.ts";
import { conj, real } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { cast } from "./copy.ts";
import { kept, spread } from "./folds.ts";
import { amax, sum } from "./reduce.ts";
import { where } from "./ternary.ts";
import { abs, exp, exp2, log, log1p, log2, neg } from "./unary.ts";
import { reshape } from "./view.ts";

const TILE = 64; // columns whose rows are swept while they are in the cache

/** A launch of assembly/rows/softmax.ts: `operands` writes the slots after the sizes. */
function rows(k: Kernels, name: string, x: Tensor, dim: number, operands: (call: Call) => Call): void {
  const { outer, n, inner } = around(x.shape, Math.min(dim, x.ndim), Math.min(dim + 1, x.ndim));
  if (x.layout.size === 0) return;
  const tile = Math.min(inner, TILE);
  const units = outer * Math.ceil(inner / tile);
  operands(k.call(name).int(n).int(inner).int(tile)).run(units, Math.max(1, Math.ceil(GRAIN / 8 / (n * tile))));
}

type Softmax = OpQ<[dim: number], [dtype?: DType | null], ["dtype"], { dtype: DType | null }, Tensor, { dim: number }>;

function normalised(
  name: "softmax" | "logSoftmax",
  formula: (x: Tensor, dim: number) => Tensor,
  backward: (g: Tensor, y: Tensor, dim: number) => Tensor,
): Softmax {
  return op(
    name,
    "input, dim, dtype?",
    (x, dim, dtype) => {
      asTensor(x, name, "input");
      const code = dtype == null ? x.code : dtypeArgument(dtype, name);
      if (!isFloating(code)) throw new DTypeError(`${name}: not defined for ${show(x)}: say { dtype } for floats`);
      return [{ x: x.code === code ? x : cast(x, code) }, { dim: axisOf(dim, x.ndim, name) }];
    },
    {
      infer: ({ x }) => spec(x.code, x.shape),
      kernel: name,
      launch: (k, { x }, { out }, { dim }) => rows(k, name, x, dim, (call) => call.tensor(x).tensor(out)),
      decompose: ({ x }, { dim }) => formula(x, dim),
      saves: ["out"],
      vjp: (g, { out }, { dim }) => ({ x: () => backward(g, out, dim) }),
      samples: () => [
        [f32(4), 0],
        [f32(2, 3), 1],
        [f32(2, 3, 4), 1],
        [f32(), 0],
      ],
    },
  );
}

function derivative(
  name: "softmaxBackward" | "logSoftmaxBackward",
  formula: (g: Tensor, y: Tensor, dim: number) => Tensor,
): (g: Tensor, y: Tensor, dim: number) => Tensor {
  return op(name, "g, output, dim", (g: Tensor, y: Tensor, dim: number) => [{ g, y }, { dim }], {
    infer: ({ y }) => spec(y.code, y.shape),
    kernel: name,
    launch: (k, { g, y }, { out }, { dim }) => rows(k, name, y, dim, (call) => call.tensor(g).tensor(y).tensor(out)),
    decompose: ({ g, y }, { dim }) => formula(g, y, dim),
  });
}

/**
 * Softmax along `dim`: `exp(x - max) / Σ exp(x - max)`. With `dtype` the elements are cast first. A row of -∞ gives NaN,
 * as in PyTorch.
 */
export const softmax: Softmax = /* @__PURE__ */ normalised(
  "softmax",
  (x, dim) => exp(logSoftmax(x, dim)),
  /* @__PURE__ */ derivative("softmaxBackward", (g, y, dim) => mul(sub(g, sum(mul(g, y), dim, true)), y)),
);

/** `x - log Σ exp(x)` along `dim`, without overflow. With `dtype` the elements are cast first. */
export const logSoftmax: Softmax = /* @__PURE__ */ normalised(
  "logSoftmax",
  (x, dim) => sub(x, logsumexp(x, dim, true)),
  /* @__PURE__ */ derivative("logSoftmaxBackward", (g, y, dim) => sub(g, mul(exp(y), sum(g, dim, true)))),
);

/** `softmax(-x)` along `dim`. */
export const softmin: FnQ<
  [x: Tensor, dim: number],
  [dtype?: DType | null],
  ["dtype"],
  { dtype: DType | null },
  Tensor,
  { dim: number }
> = /* @__PURE__ */ composedFunction("softmin", "input, dim, dtype?", (x, dim, dtype) =>
  softmax(neg(asTensor(x, "softmin", "input")), dim, dtype ?? null),
);

/** `log Σ exp(x)` over `dim`, without overflow; integers become float32. -∞ of nothing. */
export const logsumexp: OpQ<[dim: Dim], [keepdim?: boolean], ["keepdim"], { keepdim: boolean }, Tensor, { dim: Dim }> =
  /* @__PURE__ */ op(
    "logsumexp",
    "input, dim, keepdim?",
    (x, dim, keepdim) => {
      asTensor(x, "logsumexp", "input");
      if (dim === undefined) throw wrongArgument("logsumexp", "dim", dim, "an integer, a list of integers or null");
      const floats = isIntegral(x.code) ? cast(x, defaultFloat()) : x;
      return [{ x: floats }, { dims: dimsOf(dim, x.ndim, "logsumexp"), keepdim: keepdim ?? false }];
    },
    {
      infer: ({ x }, { dims, keepdim }) => spec(x.code, reducedShape(x.shape, dims, keepdim)),
      decompose({ x }, { dims, keepdim }) {
        const shape = reducedShape(x.shape, dims, keepdim);
        if (x.numel() === 0) return log(sum(exp(x), dims, keepdim));
        const most = amax(isComplex(x.code) ? cast(x, REAL[x.code]!) : x, dims, true);
        const finite = where(eq(abs(most), Number.POSITIVE_INFINITY), 0, most);
        return reshape(add(log(sum(exp(sub(x, finite)), dims, true)), finite), shape);
      },
      saves: ["x", "out"],
      vjp: (g, { x, out }, { dims, keepdim }) => ({
        x: () => mul(spread(g, x, dims, keepdim), conj(exp(sub(x, kept(out, x, dims, keepdim))))),
      }),
      samples: () => [
        [f32(4), 0],
        [f32(2, 3), [0, 1]],
        [f32(2, 3, 4), 1, true],
        [f32(), 0],
      ],
    },
  );

/** `log(exp(a) + exp(b))` or its like to another base, without overflow. */
function logOfSum(
  name: "logaddexp" | "logaddexp2",
  exponential: (x: Tensor) => Tensor,
  logarithm: (x: Tensor) => Tensor,
  logarithmOfOneMore: (x: Tensor) => Tensor,
): Op2T {
  return op(name, "input, other", (a, b) => [{ a: asTensor(a, name, "input"), b: asTensor(b, name, "other") }], {
    infer({ a, b }) {
      const code = resultType([a, b]);
      if (isIntegral(code)) throw new DTypeError(`${name}: not defined for ${DTYPES[code]}`);
      return spec(code, broadcast(name, [a.layout, b.layout]));
    },
    pointwise: { kernel: name, compute: resultType, bool: false },
    decompose({ a, b }) {
      if (isComplex(a.code) || isComplex(b.code)) {
        const swap = lt(real(a), real(b));
        const [more, less] = [where(swap, b, a), where(swap, a, b)];
        return add(more, logarithm(add(exponential(sub(less, more)), 1)));
      }
      const rest = logarithmOfOneMore(exponential(neg(abs(sub(a, b)))));
      // Of two equal infinities there is no difference.
      return where(
        eq(a, b),
        add(a, Math.log(2) / Math.log(name === "logaddexp" ? Math.E : 2)),
        add(maximum(a, b), rest),
      );
    },
    saves: ["a", "b"],
    vjp: (g, { a, b }) => ({
      a: () => div(g, conj(add(exponential(sub(b, a)), 1))),
      b: () => div(g, conj(add(exponential(sub(a, b)), 1))),
    }),
    samples: () => [
      [f32(2, 3), f32(2, 3)],
      [f32(2, 1), f32(3)],
    ],
  });
}

/** `log(exp(a) + exp(b))`, without overflow. */
export const logaddexp: Op2T = /* @__PURE__ */ logOfSum("logaddexp", exp, log, log1p);
/** `log2(2^a + 2^b)`, without overflow. */
export const logaddexp2: Op2T = /* @__PURE__ */ logOfSum("logaddexp2", exp2, log2, (x) => mul(log1p(x), Math.LOG2E));
