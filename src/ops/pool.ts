// Pooling over the last one or two dims; a dim alone is a plane of height 1.

import {
  DTypeError,
  INT64,
  isComplex,
  isFloating,
  ShapeError,
  show,
  showShape,
  ValueError,
  withOuter,
} from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  type Call,
  type FnQ,
  type Forms,
  f32,
  i64,
  type Kernels,
  type Named,
  op,
  type Sample,
  type Spec,
  spec,
  wrongArgument,
} from "../op/index.ts";
import { popFrame, pushFrame, type Tensor } from "../tensor/index.ts";
import type { Pair } from "./convolve.ts";
import { gather } from "./gather.ts";
import { reshape } from "./view.ts";
import { perDim, type Sizes } from "./window.ts";

/** Elements of x below which no other thread is woken: some ten microseconds of work. */
const GRAIN = 8192;

/** A window that slides over planes, in pairs of height and width. */
interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** Height and width of the last `ndim` dims. */
const planeOf = (shape: readonly number[], ndim: number): Pair =>
  ndim === 1 ? [1, shape.at(-1)!] : [shape.at(-2)!, shape.at(-1)!];

const area = ([h, w]: Pair): number => h * w;

/** Runs a kernel of assembly/conv/pool.ts whose units are rows of the result (`rows`) or whole planes. */
function run(call: Call, planes: number, size: Pair, out: Pair, rows: boolean): void {
  const units = rows ? planes * out[0] : planes;
  const work = rows ? area(size) / out[0] : area(size);
  call.run(units, Math.max(1, Math.ceil(GRAIN / Math.max(work, 1))));
}

const planesIn = (x: Tensor, size: Pair): number => x.numel() / Math.max(area(size), 1);

// ── the shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Throws unless `x` is [c, …] or [n, c, …] and only n may be 0. */
function checkInput(op: string, x: Spec, ndim: number): void {
  const fits = (x.ndim === ndim + 1 || x.ndim === ndim + 2) && x.shape.slice(-ndim - 1).every((n) => n > 0);
  if (!fits) {
    throw new ShapeError(
      `${op}: expected ${ndim + 1} dims, or ${ndim + 2} with a batch, of which the batch alone may be empty, got ${show(x)}`,
    );
  }
}

/** The shape of a pooled x. A window may hang over the end in ceil mode, if it begins before the padding there. */
function pooledShape(op: string, x: Spec, ndim: number, window: Window, ceil: boolean): readonly number[] {
  checkInput(op, x, ndim);
  const { kernel, stride, padding, dilation } = window;
  const out = x.shape.slice(-ndim).map((size, i) => {
    const d = 2 - ndim + i;
    const reach = dilation[d]! * (kernel[d]! - 1) + 1;
    const over = size + 2 * padding[d]! - reach;
    let n = Math.floor((over + (ceil ? stride[d]! - 1 : 0)) / stride[d]!) + 1;
    if (ceil && (n - 1) * stride[d]! >= size + padding[d]!) n--;
    return n;
  });
  if (out.some((n) => n < 1)) {
    throw new ShapeError(
      `${op}: the result of ${show(x)} would be ${showShape(out)}: the kernel ${showShape(kernel)} is too large`,
    );
  }
  return [...x.shape.slice(0, -ndim), ...out];
}

interface Options {
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null | undefined;
  readonly padding: Sizes | undefined;
  readonly dilation: Sizes | undefined;
}

/** The window that the arguments describe. */
function windowOf(op: string, ndim: number, { kernelSize, stride, padding, dilation }: Options): Window {
  const flat = (list: readonly number[], fill: number): Pair => (ndim === 1 ? [fill, list[0]!] : [list[0]!, list[1]!]);
  const kernel = perDim(op, "kernelSize", kernelSize, ndim, 1);
  const step =
    stride == null || (Array.isArray(stride) && stride.length === 0) ? kernel : perDim(op, "stride", stride, ndim, 1);
  const around = perDim(op, "padding", padding ?? 0, ndim, 0);
  const apart = perDim(op, "dilation", dilation ?? 1, ndim, 1);
  for (const [d, n] of around.entries()) {
    if (n > ((kernel[d]! - 1) * apart[d]! + 1) / 2) {
      throw new ValueError(
        `${op}: padding ${showShape(around)} is more than half of the kernel ${showShape(kernel)} with dilation ${showShape(apart)}`,
      );
    }
  }
  return { kernel: flat(kernel, 1), stride: flat(step, 1), padding: flat(around, 0), dilation: flat(apart, 1) };
}

// ── maximum ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The maximum of every window and where it is in its plane. */
const maxima: (
  x: Tensor,
  shape: readonly number[],
  kernel: Pair,
  stride: Pair,
  padding: Pair,
  dilation: Pair,
) => Named<"values" | "indices"> = /* @__PURE__ */ op(
  "maxPool",
  "x, shape, kernel, stride, padding, dilation",
  (x: Tensor, shape: readonly number[], kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) => [
    { x },
    { shape, ndim: shape.length, kernel, stride, padding, dilation },
  ],
  {
    outputs: ["values", "indices"],
    differentiable: ["values"],
    infer: ({ x }, { shape }) => {
      const full = [...x.shape.slice(0, -shape.length), ...shape];
      return [spec(x.code, full), spec(INT64, full)];
    },
    node: (_inputs, { ndim }) => (ndim === 1 ? "SqueezeBackward1" : `MaxPool${ndim}DWithIndicesBackward0`),
    kernel: "maxPool",
    launch(k, { x }, { values, indices }, { ndim, kernel, stride, padding, dilation }) {
      const [size, out] = [planeOf(x.shape, ndim), planeOf(values.shape, ndim)];
      const call = k.call("maxPool").tensor(values).tensor(x).tensor(indices).ints(size).ints(out);
      run(call.ints(kernel).ints(stride).ints(padding).ints(dilation), planesIn(x, size), size, out, true);
    },
    saves: ["indices"],
    vjp: ({ values: g }, { indices }, { ndim }, { x }) => ({
      x: () => scattered(g!, indices, x.shape.slice(-ndim)),
    }),
  },
);

/** Adds every element of `y` at its place in a plane of the last dims `size`: the gradient of `maxima`. */
const scattered: (y: Tensor, indices: Tensor, size: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "maxPoolGrad",
  "y, indices, size",
  (y: Tensor, indices: Tensor, size: readonly number[]) => [{ y, indices }, { size }],
  {
    infer: ({ y }, { size }) => spec(y.code, [...y.shape.slice(0, -size.length), ...size]),
    kernel: "maxPoolGrad",
    launch(k, { y, indices }, { out: x }, { size }) {
      const [plane, out] = [planeOf(size, size.length), planeOf(y.shape, size.length)];
      const call = k.call("maxPoolGrad").tensor(y).tensor(x).tensor(indices).ints(plane).ints(out);
      run(call, planesIn(x, plane), plane, out, false);
    },
    saves: ["indices"],
    vjp: (g, { indices }, { size }) => ({
      y: () => {
        const flat = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -size.length), -1]);
        return reshape(gather(flat(g), -1, flat(indices)), indices.shape);
      },
      indices: null,
    }),
  },
);

interface MaxPoolOptions {
  stride: Sizes | null;
  padding: Sizes;
  dilation: Sizes;
  ceilMode: boolean;
}
interface MaxPool {
  (
    x: Tensor,
    kernelSize: Sizes,
    options: Partial<MaxPoolOptions> & { returnIndices: true },
  ): Named<"values" | "indices">;
  (
    ...args: Forms<
      [x: Tensor, kernelSize: Sizes],
      [stride?: Sizes | null, padding?: Sizes, dilation?: Sizes, ceilMode?: boolean, returnIndices?: false],
      ["stride", "padding", "dilation", "ceilMode", "returnIndices"],
      MaxPoolOptions & { returnIndices: false }
    >
  ): Tensor;
}

function maxPool(name: string, ndim: number): MaxPool {
  const signature = "input, kernelSize, stride?, padding?, dilation?, ceilMode?, returnIndices?";
  return ((...args: unknown[]): Tensor | Tensor[] => {
    const [input, kernelSize, stride, padding, dilation, ceilMode, returnIndices] = bindArguments(
      name,
      signature,
      args,
    ) as [unknown, Sizes, Sizes | null | undefined, Sizes | undefined, Sizes | undefined, unknown, unknown];
    const x = asTensor(input, name, "input");
    if (isComplex(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}`);
    const window = windowOf(name, ndim, { kernelSize, stride, padding, dilation });
    const shape = pooledShape(name, x, ndim, window, ceilMode === true).slice(-ndim);
    const frame = pushFrame();
    let kept: readonly Tensor[] = [];
    try {
      const result = maxima(x, shape, window.kernel, window.stride, window.padding, window.dilation);
      kept = returnIndices === true ? result : [result.values];
      return returnIndices === true ? result : result.values;
    } catch (error) {
      throw withOuter(error, name);
    } finally {
      popFrame(frame, kept);
    }
  }) as MaxPool;
}

/**
 * The maximum of every window of `kernelSize` of the last dim; windows are `stride` apart (the kernel's size by default).
 * The padding counts as -∞, and a NaN is a maximum. With `returnIndices` the result is `{ values, indices }`.
 */
export const maxPool1d: MaxPool = /* @__PURE__ */ maxPool("maxPool1d", 1);

/**
 * The maximum of every window of `kernelSize` of the last two dims; windows are `stride` apart (the kernel's size by
 * default). The padding counts as -∞, and a NaN is a maximum. With `returnIndices` the result is `{ values, indices }`,
 * where an index is that of an element of its plane, row by row.
 */
export const maxPool2d: MaxPool = /* @__PURE__ */ maxPool("maxPool2d", 2);

// ── average ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type AveragePlan = readonly [
  shape: readonly number[],
  kernel: Pair,
  stride: Pair,
  padding: Pair,
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
  run(call, planesIn(x, size), size, out, rows);
}

/** The average of every window, `shape` of them. */
const averages: (x: Tensor, ...plan: AveragePlan) => Tensor = /* @__PURE__ */ op(
  "avgPool",
  `x, ${PLAN}`,
  (x: Tensor, ...plan: AveragePlan) => [{ x }, planOf(...plan)],
  {
    infer: ({ x }, { shape }) => spec(x.code, [...x.shape.slice(0, -shape.length), ...shape]),
    node: (_inputs, { ndim }) => (ndim === 1 ? "SqueezeBackward1" : `AvgPool${ndim}DBackward0`),
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

/** A pool of floats: an average of integers is one of int64 alone, as in PyTorch. */
function checkAverage(op: string, x: Spec): void {
  if (!isFloating(x.code) && x.code !== INT64) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
}

type AvgPool1d = FnQ<
  [x: Tensor, kernelSize: Sizes],
  [stride?: Sizes | null, padding?: Sizes, ceilMode?: boolean, countIncludePad?: boolean],
  ["stride", "padding", "ceilMode", "countIncludePad"],
  { stride: Sizes | null; padding: Sizes; ceilMode: boolean; countIncludePad: boolean }
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
  }
>;

function avgPool<F>(name: string, ndim: number, samples: readonly Sample[]): F {
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
      decompose({ x }, { window, ceil, include, divisor }) {
        const shape = pooledShape(name, x, ndim, window, ceil).slice(-ndim);
        return averages(x, shape, window.kernel, window.stride, window.padding, include, divisor);
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
export const avgPool1d: AvgPool1d = /* @__PURE__ */ avgPool("avgPool1d", 1, [
  [f32(2, 3, 9), 3],
  [f32(3, 9), 6, 3, 2, true],
]);

/**
 * The average of every window of `kernelSize` of the last two dims; windows are `stride` apart (the kernel's size by
 * default). The padding counts as zeros, unless `countIncludePad` is false; `divisorOverride` divides in place of the
 * number of elements.
 */
export const avgPool2d: AvgPool2d = /* @__PURE__ */ avgPool("avgPool2d", 2, [
  [f32(2, 3, 6, 7), 2],
  [f32(3, 5, 6), [3, 2], [2, 1], 1, true, false],
  [f32(1, 2, 4, 4), 2, { divisorOverride: 3 }],
  [i64(1, 2, 4, 4), 2],
]);

// ── adaptive average ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Averages of windows that share the plane among `shape`. */
const shares: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "adaptiveAvgPool",
  "x, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    infer: ({ x }, { shape }) => spec(x.code, [...x.shape.slice(0, -shape.length), ...shape]),
    node: (_inputs, { shape }) =>
      shape.length === 1 ? "SqueezeBackward1" : `AdaptiveAvgPool${shape.length}DBackward0`,
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
  run(k.call(name).tensor(y).tensor(x).tensor(null).ints(size).ints(out), planesIn(x, size), size, out, rows);
}

type AdaptiveAvgPool = FnQ<
  [x: Tensor, outputSize: number | readonly (number | null)[] | null],
  [],
  [],
  { outputSize: number | readonly (number | null)[] | null }
>;

function adaptiveAvgPool(name: string, ndim: number, samples: readonly Sample[]): AdaptiveAvgPool {
  return op<AdaptiveAvgPool, { x: Tensor }, { size: readonly (number | null)[] }>(
    name,
    "input, outputSize",
    (x, outputSize: unknown) => {
      const list = Array.isArray(outputSize) ? outputSize : new Array<unknown>(ndim).fill(outputSize);
      if (list.length !== ndim || !list.every((n) => n === null || Number.isInteger(n))) {
        throw wrongArgument(
          name,
          "outputSize",
          outputSize,
          ndim === 1 ? "an integer" : `an integer or ${ndim} of them`,
        );
      }
      if (list.some((n) => n !== null && n < 0)) {
        throw new ValueError(`${name}: outputSize is ${showShape(list)}, expected no negative numbers`);
      }
      return [{ x: asTensor(x, name, "input") }, { size: list }];
    },
    {
      infer({ x }, { size }) {
        if (!isFloating(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}`);
        checkInput(name, x, ndim);
        return spec(x.code, adapted(x, size));
      },
      decompose: ({ x }, { size }) => shares(x, adapted(x, size).slice(-ndim)),
      method: false,
      samples,
    },
  );
}

/** The shape of the result: null keeps a size. */
const adapted = (x: Spec, size: readonly (number | null)[]): readonly number[] => [
  ...x.shape.slice(0, -size.length),
  ...size.map((n, d) => n ?? x.shape[x.ndim - size.length + d]!),
];

/** Averages over the last dim so that `outputSize` are left: the windows share it evenly, and may overlap. */
export const adaptiveAvgPool1d: AdaptiveAvgPool = /* @__PURE__ */ adaptiveAvgPool("adaptiveAvgPool1d", 1, [
  [f32(2, 3, 8), 5],
]);

/**
 * Averages over the last two dims so that `outputSize` are left, one number or a pair, where null keeps a size: the
 * windows share the plane evenly, and may overlap.
 */
export const adaptiveAvgPool2d: AdaptiveAvgPool = /* @__PURE__ */ adaptiveAvgPool("adaptiveAvgPool2d", 2, [
  [f32(1, 2, 7, 5), [3, 2]],
  [f32(2, 4, 4), 1],
  [f32(1, 2, 4, 3), [5, null]],
]);
