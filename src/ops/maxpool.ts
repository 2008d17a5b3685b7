// Maxima of windows over the last one to three dims, and the way back.

import { cut, DTypeError, INT64, isComplex, ShapeError, sameDims, show, showShape } from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  type FnQ,
  type Forms,
  isGradEnabled,
  type Kernels,
  type Named,
  op,
  type Spec,
  spec,
  toDense,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { product } from "./axes.ts";
import { add, floorDivide, mul } from "./binary.ts";
import { composedFunction, within } from "./composed.ts";
import { zeros } from "./create.ts";
import { gather, scatter } from "./gather.ts";
import { take } from "./indexing.ts";
import {
  adaptedShape,
  checkInput,
  type OutputSize,
  outputSizes,
  planeOf,
  planesIn,
  pooledShape,
  runPool,
  windowOf,
} from "./poolwindow.ts";
import { indexSelect } from "./rows.ts";
import { reshape } from "./view.ts";
import { perDim, placesOn, type Sizes } from "./window.ts";

type Plan = readonly [
  shape: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  dilation: readonly number[],
];
const PLAN = "x, shape, kernel, stride, padding, dilation";
const planOf = (x: Tensor, ...[shape, kernel, stride, padding, dilation]: Plan) =>
  [{ x }, { shape, ndim: shape.length, kernel, stride, padding, dilation }] as const;
type PlanAttrs = ReturnType<typeof planOf>[1];
type Maxima = (x: Tensor, ...plan: Plan) => Named<["values", "indices"]>;

/** What comes of windows over the last dims, `shape` of them: the values and their places. */
function pooledSpecs(x: Spec, shape: readonly number[]): [values: Spec, indices: Spec] {
  const full = [...cut(x.shape, 0, x.ndim - shape.length), ...shape];
  return [spec(x.code, full), spec(INT64, full)];
}

/** The maximum of every window over one or two dims and where it is in its plane. */
const planeMaxima: Maxima = /* @__PURE__ */ op("maxPool", PLAN, planOf, {
  outputs: ["values", "indices"],
  differentiable: ["values"],
  infer: ({ x }, { shape }) => pooledSpecs(x, shape),
  node: (_inputs, { ndim }) => (ndim === 1 ? "SqueezeBackward1" : `MaxPool${ndim}DWithIndicesBackward0`),
  kernel: "maxPool",
  launch: (k, { x }, { values, indices }, plan) => runMaxima(k, x, values, indices, plan),
  saves: ["indices"],
  vjp: ({ values: g }, { indices }, { ndim }, { x }) => ({
    x: () => scattered(g!, indices, cut(x.shape, x.ndim - ndim)),
  }),
  backward(k, { values: g }, { indices }, { x }, { ndim }) {
    runScatter(k, toDense(g!), indices, x!, cut(x!.shape, x!.ndim - ndim));
    return true;
  },
});

/** The values of `planeMaxima` alone: a third of the bytes to write. For what is not differentiated. */
const planeValues: (x: Tensor, ...plan: Plan) => Tensor = /* @__PURE__ */ op("maxPool", PLAN, planOf, {
  infer: ({ x }, { shape }) => pooledSpecs(x, shape)[0],
  kernel: "maxPool",
  launch: (k, { x }, { out }, plan) => runMaxima(k, x, out, null, plan),
});

function runMaxima(k: Kernels, x: Tensor, values: Tensor, indices: Tensor | null, plan: PlanAttrs): void {
  const [size, out] = [planeOf(x.shape, plan.ndim), planeOf(values.shape, plan.ndim)];
  const call = k.call("maxPool").tensor(values).tensor(x).tensor(indices).ints(size).ints(out);
  call.ints(plan.kernel).ints(plan.stride).ints(plan.padding).ints(plan.dilation);
  runPool(call, planesIn(x, size), size, out, true);
}

/**
 * The same over three dims: the maxima of the planes, then those along the depth among them. A first of equals stays the
 * first, and a last NaN the last.
 */
const blockMaxima: Maxima = /* @__PURE__ */ op("maxPool3d", PLAN, planOf, {
  outputs: ["values", "indices"],
  differentiable: ["values"],
  infer: ({ x }, { shape }) => pooledSpecs(x, shape),
  node: "MaxPool3DWithIndicesBackward0",
  decompose({ x }, { shape, kernel, stride, padding, dilation }) {
    const [lead, full] = [x.shape.slice(0, -3), [...x.shape.slice(0, -3), ...shape]];
    const [depth, plane] = [x.shape.at(-3)!, x.shape.at(-2)! * x.shape.at(-1)!];
    const across = shape[1]! * shape[2]!;
    const inner = [shape, kernel, stride, padding, dilation].map((list) => list.slice(1)) as unknown as Plan;
    const planes = planeMaxima(x, ...inner);
    const column = (list: readonly number[], other: number): readonly number[] => [list[0]!, other];
    const deep = planeMaxima(
      reshape(planes.values, [...lead, depth, across]),
      column(shape, across),
      column(kernel, 1),
      column(stride, 1),
      column(padding, 0),
      column(dilation, 1),
    );
    const chosen = reshape(deep.indices, [...lead, shape[0]! * across]);
    const inPlane = gather(reshape(planes.indices, [...lead, depth * across]), -1, chosen);
    const above = mul(floorDivide(chosen, across), plane);
    return [reshape(deep.values, full), reshape(add(inPlane, above), full)];
  },
  saves: ["indices"],
  vjp: ({ values: g }, { indices }, _plan, { x }) => ({ x: () => scattered(g!, indices, x.shape.slice(-3)) }),
});

const maxima: Maxima = (x, ...plan) => (plan[0].length === 3 ? blockMaxima : planeMaxima)(x, ...plan);

/** Adds every element of `y` at its place in a plane of the last dims `size`: the gradient of `maxima`. */
const scattered: (y: Tensor, indices: Tensor, size: readonly number[]) => Tensor = /* @__PURE__ */ op(
  "maxPoolGrad",
  "y, indices, size",
  (y: Tensor, indices: Tensor, size: readonly number[]) => [{ y, indices }, { size }],
  {
    infer: ({ y }, { size }) => spec(y.code, [...cut(y.shape, 0, y.ndim - size.length), ...size]),
    kernel: "maxPoolGrad",
    launch: (k, { y, indices }, { out }, { size }) => runScatter(k, y, indices, out, size),
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

function runScatter(k: Kernels, y: Tensor, indices: Tensor, x: Tensor, size: readonly number[]): void {
  const [plane, out] = [planeOf(size, size.length), planeOf(y.shape, size.length)];
  const call = k.call("maxPoolGrad").tensor(y).tensor(x).tensor(indices).ints(plane).ints(out);
  runPool(call, planesIn(x, plane), plane, out, false);
}

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
  ): Named<["values", "indices"]>;
  (x: Tensor, options: { kernelSize: Sizes; returnIndices?: false } & Partial<MaxPoolOptions>): Tensor;
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
  return ((...args: unknown[]): Tensor | readonly Tensor[] => {
    const [input, kernelSize, stride, padding, dilation, ceilMode, returnIndices] = bindArguments(
      name,
      signature,
      args,
    ) as [unknown, Sizes, Sizes | null | undefined, Sizes | undefined, Sizes | undefined, unknown, unknown];
    const x = asTensor(input, name, "input");
    if (isComplex(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}`);
    const window = windowOf(name, ndim, { kernelSize, stride, padding, dilation });
    const shape = pooledShape(name, x, ndim, window, ceilMode === true).slice(-ndim);
    const plan: Plan = [shape, window.kernel, window.stride, window.padding, window.dilation];
    const both = returnIndices === true;
    if (!both && ndim < 3 && !(x.requiresGrad && isGradEnabled())) return within(name, () => planeValues(x, ...plan));
    return valuesOrBoth(name, both, () => maxima(x, ...plan));
  }) as MaxPool;
}

/** The values alone, unless the places are wanted too. */
function valuesOrBoth(
  name: string,
  both: boolean,
  pool: () => Named<["values", "indices"]>,
): Tensor | Named<["values", "indices"]> {
  return within<Tensor | Named<["values", "indices"]>>(name, () => {
    const result = pool();
    return both ? result : result.values;
  });
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

/**
 * The maximum of every window of `kernelSize` of the last three dims; windows are `stride` apart (the kernel's size by
 * default). The padding counts as -∞, and a NaN is a maximum. With `returnIndices` the result is `{ values, indices }`,
 * where an index is that of an element of its block, row by row and plane by plane.
 */
export const maxPool3d: MaxPool = /* @__PURE__ */ maxPool("maxPool3d", 3);

// ── adaptive ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The maxima of windows that share the last dims among `shape`. Where they are not equally long, every window's elements
 * are laid out side by side, the last repeated in shorter ones, so that equal windows see them.
 */
const adaptiveMaxima: (x: Tensor, shape: readonly number[]) => Named<["values", "indices"]> = /* @__PURE__ */ op(
  "adaptiveMaxPool",
  "x, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    outputs: ["values", "indices"],
    differentiable: ["values"],
    infer: ({ x }, { shape }) => pooledSpecs(x, shape),
    node: (_inputs, { shape }) =>
      shape.length === 1 ? "SqueezeBackward1" : `AdaptiveMaxPool${shape.length}DBackward0`,
    decompose({ x }, { shape }) {
      const size = x.shape.slice(-shape.length);
      const seen = size.map((n, d) => sharedPlaces(n, shape[d]!));
      const lengths = seen.map((list, d) => list.length / Math.max(shape[d]!, 1));
      let laidOut = x;
      for (const [d, list] of seen.entries()) {
        if (list.length !== size[d]) laidOut = indexSelect(laidOut, d - shape.length, placesOn(x, list));
      }
      const flat = (list: readonly number[], fill: number): readonly number[] =>
        shape.length === 1 ? [fill, ...list] : list;
      const none = flat(new Array<number>(shape.length).fill(0), 0);
      const ones = flat(new Array<number>(shape.length).fill(1), 1);
      const { values, indices } = maxima(laidOut, shape, flat(lengths, 1), flat(lengths, 1), none, ones);
      if (laidOut === x) return [values, indices];
      const own = seen.reduce<number[]>(
        (rows, list, d) => rows.flatMap((row) => list.map((i) => row * size[d]! + i)),
        [0],
      );
      return [values, take(placesOn(x, own), indices)];
    },
    saves: ["indices"],
    vjp: ({ values: g }, { indices }, { shape }, { x }) => ({
      x: () => scattered(g!, indices, x.shape.slice(-shape.length)),
    }),
  },
);

/** What the `m` windows that share `n` places see, one behind the other, all as long as the longest. */
function sharedPlaces(n: number, m: number): number[] {
  const windows = Array.from({ length: m }, (_, i) => [Math.floor((i * n) / m), Math.ceil(((i + 1) * n) / m)] as const);
  const longest = Math.max(1, ...windows.map(([from, to]) => to - from));
  return windows.flatMap(([from, to]) => Array.from({ length: longest }, (_, i) => Math.min(from + i, to - 1)));
}

interface AdaptiveMaxPool {
  (x: Tensor, outputSize: OutputSize, options: true | { returnIndices: true }): Named<["values", "indices"]>;
  (x: Tensor, outputSize: OutputSize, returnIndices?: false | { returnIndices?: false }): Tensor;
}

function adaptiveMaxPool(name: string, ndim: number): AdaptiveMaxPool {
  return ((...args: unknown[]): Tensor | readonly Tensor[] => {
    const [input, outputSize, returnIndices] = bindArguments(name, "input, outputSize, returnIndices?", args);
    const x = asTensor(input, name, "input");
    const size = outputSizes(name, outputSize, ndim);
    const shape = adaptedShape(name, x, size).slice(-ndim);
    return valuesOrBoth(name, returnIndices === true, () => adaptiveMaxima(x, shape));
  }) as AdaptiveMaxPool;
}

/**
 * The maxima over the last dim so that `outputSize` are left: the windows share it evenly, and may overlap. With
 * `returnIndices` the result is `{ values, indices }`.
 */
export const adaptiveMaxPool1d: AdaptiveMaxPool = /* @__PURE__ */ adaptiveMaxPool("adaptiveMaxPool1d", 1);
/**
 * The maxima over the last two dims so that `outputSize` are left, one number or a pair, where null keeps a size. With
 * `returnIndices` the result is `{ values, indices }`, where an index is that of an element of its plane.
 */
export const adaptiveMaxPool2d: AdaptiveMaxPool = /* @__PURE__ */ adaptiveMaxPool("adaptiveMaxPool2d", 2);
/**
 * The maxima over the last three dims so that `outputSize` are left, one number or three, where null keeps a size. With
 * `returnIndices` the result is `{ values, indices }`, where an index is that of an element of its block.
 */
export const adaptiveMaxPool3d: AdaptiveMaxPool = /* @__PURE__ */ adaptiveMaxPool("adaptiveMaxPool3d", 3);

// ── back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

type MaxUnpool = FnQ<
  [x: Tensor, indices: Tensor, kernelSize: Sizes],
  [stride?: Sizes | null, padding?: Sizes, outputSize?: readonly number[] | null],
  ["stride", "padding", "outputSize"],
  { stride: Sizes | null; padding: Sizes; outputSize: readonly number[] | null }
>;

function maxUnpool(name: string, ndim: number): MaxUnpool {
  return composedFunction(
    name,
    "input, indices, kernelSize, stride?, padding?, outputSize?",
    (x, indices, kernelSize, stride, padding, outputSize) => {
      checkInput(name, asTensor(x, name, "input"), ndim);
      if (asTensor(indices, name, "indices").code !== INT64 || !sameDims(indices.shape, x.shape)) {
        throw new ShapeError(
          `${name}: indices is ${show(indices)}, expected int64 in the shape of the input, ${show(x)}`,
        );
      }
      const kernel = perDim(name, "kernelSize", kernelSize, ndim, 1);
      const steps = stride == null ? kernel : perDim(name, "stride", stride, ndim, 1);
      const around = perDim(name, "padding", padding ?? 0, ndim, 0);
      const usual = kernel.map((k, d) => (x.shape.at(d - ndim)! - 1) * steps[d]! + k - 2 * around[d]!);
      const size = outputSize?.slice(-ndim) ?? usual;
      if (size.length !== ndim || size.some((n, d) => Math.abs(n - usual[d]!) >= steps[d]!)) {
        throw new ShapeError(
          `${name}: outputSize is ${showShape(size)}, expected ${showShape(usual)}, each give or take less than the stride ${showShape(steps)}`,
        );
      }
      const lead = x.shape.slice(0, -ndim);
      const flat = (y: Tensor): Tensor => reshape(y, [...lead, product(y.shape.slice(-ndim))]);
      const room = zeros([...lead, product(size)], { dtype: x.dtype, device: x.device });
      return reshape(scatter(room, -1, flat(indices), flat(x)), [...lead, ...size]);
    },
  );
}

/** Puts maxima back at the places that `maxPool1d` gave, among zeros. `outputSize` says which of the sizes that pool to that of `input`. */
export const maxUnpool1d: MaxUnpool = /* @__PURE__ */ maxUnpool("maxUnpool1d", 1);
/** Puts maxima back at the places that `maxPool2d` gave, among zeros. `outputSize` says which of the sizes that pool to that of `input`. */
export const maxUnpool2d: MaxUnpool = /* @__PURE__ */ maxUnpool("maxUnpool2d", 2);
/** Puts maxima back at the places that `maxPool3d` gave, among zeros. `outputSize` says which of the sizes that pool to that of `input`. */
export const maxUnpool3d: MaxUnpool = /* @__PURE__ */ maxUnpool("maxUnpool3d", 3);
