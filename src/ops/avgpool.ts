// Averages of windows over the last one to three dims.

import { DTypeError, INT64, isFloating, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, f32, i64, type Kernels, op, type Sample, type Spec, spec } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { relu } from "./activation.ts";
import { realNumber } from "./arguments.ts";
import { product } from "./axes.ts";
import { div, mul, pow } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import {
  adaptedShape,
  type OutputSize,
  outputSizes,
  planeOf,
  planesIn,
  pooledShape,
  runPool,
  type Window,
  windowOf,
} from "./poolwindow.ts";
import { mean } from "./reduce.ts";
import { abs, sign } from "./unary.ts";
import { reshape } from "./view.ts";
import { perDim, type Sizes } from "./window.ts";

type AveragePlan = readonly [
  shape: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  includePad: boolean,
  divisor: number,
];
const PLAN = "shape, kernel, stride, padding, includePad, divisor";
const planOf = (...[shape, kernel, stride, padding, includePad, divisor]: AveragePlan) =>
  ({ shape, ndim: shape.length, kernel, stride, padding, includePad, divisor }) as const;
type Average = ReturnType<typeof planOf>;
const spread = ({ kernel, stride, padding, includePad, divisor }: Average, shape: readonly number[]): AveragePlan => [
  shape,
  kernel,
  stride,
  padding,
  includePad,
  divisor,
];

function launchAverage(k: Kernels, name: string, y: Tensor, x: Tensor, plan: Average, rows: boolean): void {
  const [size, out] = [planeOf(x.shape, plan.ndim), planeOf(y.shape, plan.ndim)];
  const call = k.call(name).tensor(y).tensor(x).tensor(null).ints(size).ints(out);
  call.ints(plan.kernel).ints(plan.stride).ints(plan.padding).bool(plan.includePad).int(plan.divisor);
  runPool(call, planesIn(x, size), size, out, rows);
}

/** The average of every window, `shape` of them. */
const averages: (x: Tensor, ...plan: AveragePlan) => Tensor = /* @__PURE__ */ op(
  "avgPool",
  `x, ${PLAN}`,
  (x: Tensor, ...plan: AveragePlan) => [{ x }, planOf(...plan)],
  {
    infer: ({ x }, { shape }) => spec(x.code, [...x.shape.slice(0, -shape.length), ...shape]),
    kernel: "avgPool",
    launch: (k, { x }, { out }, plan) => launchAverage(k, "avgPool", out, x, plan, true),
    saves: [],
    vjp: (g, _saved, plan, { x }) => ({ x: () => averagesGrad(g, ...spread(plan, x.shape.slice(-plan.ndim))) }),
  },
);

/** Hands every element of y to the window that it is the average of; `shape` is that of the planes. */
const averagesGrad: (y: Tensor, ...plan: AveragePlan) => Tensor = /* @__PURE__ */ op(
  "avgPoolGrad",
  `y, ${PLAN}`,
  (y: Tensor, ...plan: AveragePlan) => [{ y }, planOf(...plan)],
  {
    infer: ({ y }, { shape }) => spec(y.code, [...y.shape.slice(0, -shape.length), ...shape]),
    kernel: "avgPoolGrad",
    launch: (k, { y }, { out }, plan) => launchAverage(k, "avgPoolGrad", y, out, plan, false),
    saves: [],
    vjp: (g, _saved, plan, { y }) => ({ y: () => averages(g, ...spread(plan, y.shape.slice(-plan.ndim))) }),
  },
);

/** `averages` over three dims: the sums of the planes, then theirs along the depth, divided. */
function blockAverages(x: Tensor, ...[shape, kernel, stride, padding, includePad, divisor]: AveragePlan): Tensor {
  const [lead, size] = [x.shape.slice(0, -3), x.shape.slice(-3)];
  const across = shape[1]! * shape[2]!;
  const planes = averages(x, shape.slice(1), kernel.slice(1), stride.slice(1), padding.slice(1), true, 1);
  const deep = reshape(planes, [...lead, size[0]!, across]);
  const sums = averages(deep, [shape[0]!, across], [kernel[0]!, 1], [stride[0]!, 1], [padding[0]!, 0], true, 1);
  const elements = shape.map((count, d) =>
    Array.from({ length: count }, (_, i) => {
      const from = i * stride[d]! - padding[d]!;
      const to = Math.min(from + kernel[d]!, size[d]! + padding[d]!);
      return Math.max(1, includePad ? to - from : Math.min(to, size[d]!) - Math.max(from, 0));
    }),
  );
  const y = reshape(sums, [...lead, ...shape]);
  const options = isFloating(x.code) ? {} : ({ roundingMode: "trunc" } as const);
  if (divisor !== 0) return div(y, divisor, options);
  if (elements.every((list) => list.every((n) => n === list[0]))) {
    return div(y, product(elements.map((list) => list[0]!)), options);
  }
  const counts = elements.reduce<number[]>((all, list) => all.flatMap((n) => list.map((m) => n * m)), [1]);
  return div(y, reshape(tensor(counts, { dtype: x.dtype, device: x.device }), shape), options);
}

/** A pool of floats: an average of integers is one of int64 alone, as in PyTorch. */
function checkAverage(op: string, x: Spec): void {
  if (!isFloating(x.code) && x.code !== INT64) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
}

type AvgPool1d = FnQ<
  [x: Tensor, kernelSize: Sizes],
  [stride?: Sizes | null, padding?: Sizes, ceilMode?: boolean, countIncludePad?: boolean],
  ["stride", "padding", "ceilMode", "countIncludePad"],
  { stride: Sizes | null; padding: Sizes; ceilMode: boolean; countIncludePad: boolean },
  Tensor,
  { kernelSize: Sizes }
>;
type AvgPool2d = FnQ<
  [x: Tensor, kernelSize: Sizes],
  [
    stride?: Sizes | null,
    padding?: Sizes,
    ceilMode?: boolean,
    countIncludePad?: boolean,
    divisorOverride?: number | null,
  ],
  ["stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"],
  {
    stride: Sizes | null;
    padding: Sizes;
    ceilMode: boolean;
    countIncludePad: boolean;
    divisorOverride: number | null;
  },
  Tensor,
  { kernelSize: Sizes }
>;

function avgPool<F>(name: string, ndim: number, samples: () => readonly Sample[]): F {
  return op<AvgPool2d, { x: Tensor }, { window: Window; ceil: boolean; include: boolean; divisor: number }>(
    name,
    `input, kernelSize, stride?, padding?, ceilMode?, countIncludePad?${ndim === 1 ? "" : ", divisorOverride?"}`,
    (x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride) => {
      if (divisorOverride === 0) throw new ValueError(`${name}: divisorOverride is 0, expected another number`);
      return [
        { x: asTensor(x, name, "input") },
        {
          window: windowOf(name, ndim, { kernelSize, stride, padding, dilation: 1 }),
          ceil: ceilMode ?? false,
          include: countIncludePad ?? true,
          divisor: divisorOverride ?? 0,
        },
      ];
    },
    {
      infer({ x }, { window, ceil }) {
        checkAverage(name, x);
        return spec(x.code, pooledShape(name, x, ndim, window, ceil));
      },
      node: ndim === 1 ? "SqueezeBackward1" : `AvgPool${ndim}DBackward0`,
      decompose({ x }, { window, ceil, include, divisor }) {
        const shape = pooledShape(name, x, ndim, window, ceil).slice(-ndim);
        const average = ndim === 3 ? blockAverages : averages;
        return average(x, shape, window.kernel, window.stride, window.padding, include, divisor);
      },
      method: false,
      samples,
    },
  ) as F;
}

/**
 * The average of every window of `kernelSize` of the last dim; windows are `stride` apart (the kernel's size by default).
 * The padding counts as zeros, unless `countIncludePad` is false.
 */
export const avgPool1d: AvgPool1d = /* @__PURE__ */ avgPool("avgPool1d", 1, () => [
  [f32(2, 3, 9), 3],
  [f32(3, 9), 6, 3, 2, true],
]);

/**
 * The average of every window of `kernelSize` of the last two dims; windows are `stride` apart (the kernel's size by
 * default). The padding counts as zeros, unless `countIncludePad` is false; `divisorOverride` divides in place of the
 * number of elements.
 */
export const avgPool2d: AvgPool2d = /* @__PURE__ */ avgPool("avgPool2d", 2, () => [
  [f32(2, 3, 6, 7), 2],
  [f32(3, 5, 6), [3, 2], [2, 1], 1, true, false],
  [f32(1, 2, 4, 4), 2, { divisorOverride: 3 }],
  [i64(1, 2, 4, 4), 2],
]);

/**
 * The average of every window of `kernelSize` of the last three dims; windows are `stride` apart (the kernel's size by
 * default). The padding counts as zeros, unless `countIncludePad` is false; `divisorOverride` divides in place of the
 * number of elements.
 */
export const avgPool3d: AvgPool2d = /* @__PURE__ */ avgPool("avgPool3d", 3, () => [
  [f32(1, 2, 4, 6, 5), 2],
  [f32(2, 3, 5, 4), [2, 3, 2], [1, 2, 2], 1, true, false],
  [f32(1, 2, 3, 3, 4), 2, { divisorOverride: 3 }],
  [i64(1, 2, 3, 4, 4), 2],
]);

// ── adaptive average ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Averages of windows that share the plane among `shape`. */
const shares: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "adaptiveAvgPool",
  "x, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    infer: ({ x }, { shape }) => spec(x.code, [...x.shape.slice(0, -shape.length), ...shape]),
    kernel: "adaptiveAvgPool",
    launch: (k, { x }, { out }, { shape }) => launchShares(k, "adaptiveAvgPool", out, x, shape.length, true),
    saves: [],
    vjp: (g, _saved, { shape }, { x }) => ({ x: () => sharesGrad(g, x.shape.slice(-shape.length)) }),
  },
);

/** Hands every element of y to the window that it is the average of; `shape` is that of the planes. */
const sharesGrad: (y: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "adaptiveAvgPoolGrad",
  "y, shape",
  (y: Tensor, shape: readonly number[]) => [{ y }, { shape }],
  {
    infer: ({ y }, { shape }) => spec(y.code, [...y.shape.slice(0, -shape.length), ...shape]),
    kernel: "adaptiveAvgPoolGrad",
    launch: (k, { y }, { out }, { shape }) => launchShares(k, "adaptiveAvgPoolGrad", y, out, shape.length, false),
    saves: [],
    vjp: (g, _saved, { shape }, { y }) => ({ y: () => shares(g, y.shape.slice(-shape.length)) }),
  },
);

function launchShares(k: Kernels, name: string, y: Tensor, x: Tensor, ndim: number, rows: boolean): void {
  const [size, out] = [planeOf(x.shape, ndim), planeOf(y.shape, ndim)];
  runPool(k.call(name).tensor(y).tensor(x).tensor(null).ints(size).ints(out), planesIn(x, size), size, out, rows);
}

/** `shares` over three dims: of the planes, then along the depth. */
function blockShares(x: Tensor, shape: readonly number[]): Tensor {
  const [lead, across] = [x.shape.slice(0, -3), shape[1]! * shape[2]!];
  const planes = reshape(shares(x, shape.slice(1)), [...lead, x.shape.at(-3)!, across]);
  return reshape(shares(planes, [shape[0]!, across]), [...lead, ...shape]);
}

type AdaptiveAvgPool = FnQ<[x: Tensor, outputSize: OutputSize], [], [], object, Tensor, { outputSize: OutputSize }>;

function adaptiveAvgPool(name: string, ndim: number, samples: () => readonly Sample[]): AdaptiveAvgPool {
  return op<AdaptiveAvgPool, { x: Tensor }, { size: readonly (number | null)[] }>(
    name,
    "input, outputSize",
    (x, outputSize: unknown) => [{ x: asTensor(x, name, "input") }, { size: outputSizes(name, outputSize, ndim) }],
    {
      infer: ({ x }, { size }) => spec(x.code, adaptedShape(name, x, size)),
      node: ndim === 1 ? "SqueezeBackward1" : `AdaptiveAvgPool${ndim}DBackward0`,
      decompose({ x }, { size }) {
        const shape = adaptedShape(name, x, size).slice(-ndim);
        if (isFloating(x.code) && product(shape) === 1) {
          const dims = shape.map((_, d) => x.ndim - ndim + d);
          return mean(x, dims, true);
        }
        return (ndim === 3 ? blockShares : shares)(x, shape);
      },
      method: false,
      samples,
    },
  );
}

/** Averages over the last dim so that `outputSize` are left: the windows share it evenly, and may overlap. */
export const adaptiveAvgPool1d: AdaptiveAvgPool = /* @__PURE__ */ adaptiveAvgPool("adaptiveAvgPool1d", 1, () => [
  [f32(2, 3, 8), 5],
]);

/**
 * Averages over the last two dims so that `outputSize` are left, one number or a pair, where null keeps a size: the
 * windows share the plane evenly, and may overlap.
 */
export const adaptiveAvgPool2d: AdaptiveAvgPool = /* @__PURE__ */ adaptiveAvgPool("adaptiveAvgPool2d", 2, () => [
  [f32(1, 2, 7, 5), [3, 2]],
  [f32(2, 4, 4), 1],
  [f32(1, 2, 4, 3), [5, null]],
]);

/**
 * Averages over the last three dims so that `outputSize` are left, one number or three, where null keeps a size: the
 * windows share the block evenly, and may overlap.
 */
export const adaptiveAvgPool3d: AdaptiveAvgPool = /* @__PURE__ */ adaptiveAvgPool("adaptiveAvgPool3d", 3, () => [
  [f32(1, 2, 4, 5, 3), [2, 3, 2]],
  [f32(2, 3, 2, 4), [null, 1, 2]],
]);

// ── power average ────────────────────────────────────────────────────────────────────────────────────────────────────

type LpPool = FnQ<
  [x: Tensor, normType: number, kernelSize: Sizes],
  [stride?: Sizes | null, ceilMode?: boolean],
  ["stride", "ceilMode"],
  { stride: Sizes | null; ceilMode: boolean }
>;

type Mean = (x: Tensor, kernelSize: Sizes, stride: Sizes | null, padding: number, ceilMode: boolean) => Tensor;

function lpPool(name: string, ndim: number, average: () => Mean): LpPool {
  return composedFunction(
    name,
    "input, normType, kernelSize, stride?, ceilMode?",
    (x, normType, kernelSize, stride, ceilMode) => {
      const p = realNumber(normType, name, "normType");
      const mean = average()(pow(asTensor(x, name, "input"), p), kernelSize, stride ?? null, 0, ceilMode ?? false);
      const elements = product(perDim(name, "kernelSize", kernelSize, ndim, 1));
      return pow(mul(mul(sign(mean), relu(abs(mean))), elements), 1 / p);
    },
  );
}

/** `(Σ x^p)^(1/p)` over every window of the last dim, p being `normType`; the power's sign is kept. */
export const lpPool1d: LpPool = /* @__PURE__ */ lpPool("lpPool1d", 1, () => avgPool1d);
/** `(Σ x^p)^(1/p)` over every window of the last two dims, p being `normType`; the power's sign is kept. */
export const lpPool2d: LpPool = /* @__PURE__ */ lpPool("lpPool2d", 2, () => avgPool2d);
/** `(Σ x^p)^(1/p)` over every window of the last three dims, p being `normType`; the power's sign is kept. */
export const lpPool3d: LpPool = /* @__PURE__ */ lpPool("lpPool3d", 3, () => avgPool3d);
