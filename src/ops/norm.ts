// Normalisations: layer, batch, group, root mean square.
//
// Letters: n samples, c channels, hw elements of a channel's plane.

import {
  cut,
  DTypeError,
  dense,
  FLOAT64,
  isFloating,
  isIntegral,
  REAL,
  ShapeError,
  sameDims,
  show,
  showShape,
} from "../core/index.ts";
import {
  asTensor,
  copyInto,
  type FnQ,
  f32,
  type Kernels,
  type Named,
  noGrad,
  type Op,
  op,
  type Spec,
  spec,
  toDense,
  wrongArgument,
} from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { pad } from "./arrange.ts";
import { GRAIN, product } from "./axes.ts";
import { add, div, floorDivide, mul, pow, sub } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import { clone, copy_ } from "./copy.ts";
import { fillInto, zeros } from "./create.ts";
import { once } from "./once.ts";
import { narrow } from "./pick.ts";
import { mean, sum, sumToSize } from "./reduce.ts";
import { rsqrt } from "./unary.ts";
import { varMean } from "./variance.ts";
import { expand, reshape } from "./view.ts";

const grain = (size: number): number => Math.max(1, Math.ceil(GRAIN / Math.max(size, 1)));

// ── layer normalisation ──────────────────────────────────────────────────────────────────────────────────────────────

/** The trailing shape to normalise over. */
function normalized(shape: unknown, x: Tensor, op: string): readonly number[] {
  const list = typeof shape === "number" ? [shape] : shape;
  if (!Array.isArray(list) || list.some((n) => !Number.isInteger(n))) {
    throw wrongArgument(op, "normalizedShape", shape, "an integer or a list of integers");
  }
  if (list.length === 0) throw new ShapeError(`${op}: normalizedShape is empty, expected at least one dim`);
  const at = x.ndim - list.length;
  if (at < 0 || list.some((n, d) => n !== x.shape[at + d])) {
    throw new ShapeError(`${op}: normalizedShape ${showShape(list)} is not the end of the shape of ${show(x)}`);
  }
  return list;
}

function parameter(p: unknown, shape: readonly number[], op: string, name: string): Tensor | null {
  if (p == null) return null;
  const x = asTensor(p, op, name);
  if (!sameDims(x.shape, shape)) {
    throw new ShapeError(`${op}: ${name} is ${show(x)}, expected the shape ${showShape(shape)}`);
  }
  return x;
}

/** [rows, n] around the last `last` dims. */
function rowsOf(x: Spec, last: number): { rows: number; n: number } {
  const { shape } = x.layout;
  const at = shape.length - last;
  let [rows, n] = [1, 1];
  for (let d = 0; d < at; d++) rows *= shape[d]!;
  for (let d = at; d < shape.length; d++) n *= shape[d]!;
  return { rows, n };
}

/** The shape of a number a row that broadcasts against x. */
const statistics = (x: Spec, last: number): readonly number[] => x.shape.map((n, d) => (d < x.ndim - last ? n : 1));
const lastDims = (x: Spec, last: number): readonly number[] => [...x.shape.keys()].slice(x.ndim - last);

type Layered = Named<["out", "mean", "rstd"]>;

/** Layer normalisation with the statistics that it used; see `layerNorm`. */
export const nativeLayerNorm: Op<
  (
    x: Tensor,
    normalizedShape: number | readonly number[],
    weight: Tensor | null,
    bias: Tensor | null,
    eps: number,
  ) => Layered,
  never
> = /* @__PURE__ */ op(
  "nativeLayerNorm",
  "input, normalizedShape, weight, bias, eps",
  (x, normalizedShape, weight, bias, eps) => {
    asTensor(x, "nativeLayerNorm", "input");
    const shape = normalized(normalizedShape, x, "nativeLayerNorm");
    return [
      {
        x,
        weight: parameter(weight, shape, "nativeLayerNorm", "weight"),
        bias: parameter(bias, shape, "nativeLayerNorm", "bias"),
      },
      { last: shape.length, eps: Number(eps) },
    ];
  },
  {
    method: false,
    outputs: ["out", "mean", "rstd"],
    differentiable: ["out"],
    infer({ x }, { last }) {
      if (!isFloating(x.code)) throw new DTypeError(`nativeLayerNorm: expected a floating point dtype, got ${show(x)}`);
      const number = spec(x.code, statistics(x, last));
      return [spec(x.code, x.shape), number, number];
    },
    kernel: "layerNorm",
    launch(k, { x, weight, bias }, { out, mean, rstd }, { last, eps }) {
      const { rows, n } = rowsOf(x, last);
      const call = k.call("layerNorm").int(n).tensor(x).tensor(out).tensor(weight).tensor(bias);
      call.tensor(mean).tensor(rstd).real(eps).run(rows, grain(n));
    },
    decompose({ x, weight, bias }, { last, eps }) {
      const moments = varMean(x, lastDims(x, last), { correction: 0, keepdim: true });
      const rstd = rsqrt(add(moments.var, eps));
      return [affine(mul(sub(x, moments.mean), rstd), weight, bias), moments.mean, rstd];
    },
    saves: ["x", "weight", "mean", "rstd"],
    vjp(g, { x, weight, mean, rstd }, { last, eps }) {
      const by = weight === null ? null : once(() => layerNormBackwards(g.out!, x, weight, mean, rstd, last, eps));
      return {
        x: by === null ? () => layerNormBackward(g.out!, x, mean, rstd, last, eps) : () => by().x,
        weight: by === null ? null : () => by().weight,
        bias: by === null ? () => g.out! : () => by().bias,
      };
    },
    backward(k, { out: g }, { x, weight, mean, rstd }, into, { last }) {
      const isWhole = weight !== null && into.x !== null && into.weight !== null && into.bias !== null;
      if (!isWhole || weight.code !== x.code || into.bias!.code !== x.code) return false;
      launchBackwards(k, toDense(g!), toDense(x), toDense(weight), mean, rstd, into.x!, into.weight!, into.bias!, last);
      return true;
    },
    samples: () => [
      [f32(2, 3), [3], null, null, 1e-5],
      [f32(2, 3, 4), [3, 4], f32(3, 4), f32(3, 4), 1e-5],
    ],
  },
);

/** y · w + b, where they are. */
function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight === null ? y : mul(y, weight);
  return bias === null ? scaled : add(scaled, bias);
}

/** dx of layerNorm without a weight. The formula goes through the statistics again, so that a second derivative sees them. */
const layerNormBackward: (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, last: number, eps: number) => Tensor =
  /* @__PURE__ */ op(
    "layerNormBackward",
    "g, input, mean, rstd, last, eps",
    (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, last: number, eps: number) => [
      { x, g, mean, rstd },
      { last, eps },
    ],
    {
      infer: ({ x }) => spec(x.code, x.shape),
      kernel: "layerNormBackward",
      launch(k, { x, g, mean, rstd }, { out }, { last }) {
        const { rows, n } = rowsOf(x, last);
        const call = k.call("layerNormBackward").int(n).int(rows).int(1).tensor(g).tensor(x).tensor(out);
        call.tensor(null).tensor(mean).tensor(rstd).tensor(null).tensor(null).run(rows, grain(n));
      },
      decompose: ({ x, g }, { last, eps }) => standardizedBackward(g, x, lastDims(x, last), eps),
    },
  );

const MOST_ROWS = 128; // of a block: their sums are made in one run
const BLOCKS = 8; // at least, so that there is work for other threads

/** dx, dw = Σ g · x̂ and db = Σ g over the rows, for which the operands pass through memory once. */
const layerNormBackwards: (
  g: Tensor,
  x: Tensor,
  weight: Tensor,
  mean: Tensor,
  rstd: Tensor,
  last: number,
  eps: number,
) => Named<["x", "weight", "bias"]> = /* @__PURE__ */ op(
  "layerNormBackwards",
  "g, input, weight, mean, rstd, last, eps",
  (g: Tensor, x: Tensor, weight: Tensor, mean: Tensor, rstd: Tensor, last: number, eps: number) => [
    { x, g, weight, mean, rstd },
    { last, eps },
  ],
  {
    outputs: ["x", "weight", "bias"],
    infer({ x }, { last }) {
      const one = spec(x.code, cut(x.shape, x.ndim - last));
      return [spec(x.code, x.shape), one, one];
    },
    kernel: "layerNormBackward",
    launch: (k, { x, g, weight, mean, rstd }, by, { last }) =>
      launchBackwards(k, g, x, weight, mean, rstd, by.x, by.weight, by.bias, last),
    decompose({ x, g, weight }, { last, eps }) {
      const dims = lastDims(x, last);
      return [
        standardizedBackward(mul(g, weight), x, dims, eps),
        sumToSize(mul(g, standardized(x, dims, eps)), weight.shape),
        sumToSize(g, weight.shape),
      ];
    },
  },
);

function launchBackwards(
  k: Kernels,
  g: Tensor,
  x: Tensor,
  weight: Tensor,
  mean: Tensor,
  rstd: Tensor,
  byX: Tensor,
  byWeight: Tensor,
  byBias: Tensor,
  last: number,
): void {
  const { rows, n } = rowsOf(x, last);
  const block = Math.min(MOST_ROWS, Math.max(Math.ceil(rows / BLOCKS), Math.ceil(GRAIN / Math.max(n, 1))));
  const parts = Math.max(1, Math.ceil(rows / block));
  const room = (y: Tensor): Tensor => (parts === 1 ? y : k.scratch(x.code, [parts, n]));
  const [dw, db] = [room(byWeight), room(byBias)];
  const call = k.call("layerNormBackward").int(n).int(rows).int(block).tensor(g).tensor(x).tensor(byX);
  call
    .tensor(weight)
    .tensor(mean)
    .tensor(rstd)
    .tensor(dw)
    .tensor(db)
    .run(parts, grain(block * n));
  if (parts === 1) return;
  sumRows(k, dw, byWeight, parts, n);
  sumRows(k, db, byBias, parts, n);
}

/** x̂ = (x - mean) / √(variance + eps) over `dims`. */
function standardized(x: Tensor, dims: readonly number[], eps: number): Tensor {
  const moments = varMean(x, dims, { correction: 0, keepdim: true });
  return mul(sub(x, moments.mean), rsqrt(add(moments.var, eps)));
}

/** The derivative of `standardized`: (g - mean(g) - x̂ · mean(g · x̂)) / √(variance + eps). */
function standardizedBackward(g: Tensor, x: Tensor, dims: readonly number[], eps: number): Tensor {
  const moments = varMean(x, dims, { correction: 0, keepdim: true });
  const rstd = rsqrt(add(moments.var, eps));
  const unit = mul(sub(x, moments.mean), rstd);
  const tilt = mul(unit, mean(mul(g, unit), dims, true));
  return mul(sub(sub(g, mean(g, dims, true)), tilt), rstd);
}

/** y = Σ x over the rows of [parts, n]. */
function sumRows(k: Kernels, x: Tensor, y: Tensor, parts: number, n: number): void {
  const tile = Math.max(1, Math.min(n, 1024));
  const call = k.call("sum").int(parts).int(n).int(parts).int(tile).tensor(x).tensor(y).real(1);
  call.run(Math.ceil(n / tile), grain(parts * tile));
}

/**
 * `(x - mean) / √(variance + eps) · weight + bias` over the last dims, whose shape is `normalizedShape`. The variance is
 * the biased one.
 */
export const layerNorm: FnQ<
  [x: Tensor, normalizedShape: number | readonly number[]],
  [weight?: Tensor | null, bias?: Tensor | null, eps?: number],
  ["weight", "bias", "eps"],
  { weight: Tensor | null; bias: Tensor | null; eps: number },
  Tensor,
  { normalizedShape: number | readonly number[] }
> = /* @__PURE__ */ composedFunction(
  "layerNorm",
  "input, normalizedShape, weight?, bias?, eps?",
  (x, normalizedShape, weight, bias, eps) =>
    nativeLayerNorm(x, normalizedShape, weight ?? null, bias ?? null, eps ?? 1e-5).out,
);

// ── batch normalisation ──────────────────────────────────────────────────────────────────────────────────────────────

interface Planes {
  readonly n: number;
  readonly c: number;
  readonly hw: number;
}

/** Sizes of [n, c, ...]. */
function planes(x: Spec): Planes {
  return { n: x.shape[0] ?? 1, c: x.shape[1] ?? x.shape[0]!, hw: product(x.shape.slice(2)) };
}

/** Channels of a tile: those of one plane where planes are rows, else as many as the kernels take together. */
const CHANNELS = 64;
function tiles({ c, hw }: { c: number; hw: number }): { tile: number; units: number } {
  const tile = hw > 1 ? 1 : CHANNELS;
  return { tile, units: Math.ceil(c / tile) };
}

/** All dims but the channels'. */
const besides = (x: Spec): readonly number[] => [...x.shape.keys()].filter((d) => d !== 1);
/** A number a channel, seen in the dims of x. */
const perChannel = (p: Tensor, x: Spec): Tensor =>
  reshape(p, x.ndim < 2 ? p.shape : x.shape.map((_, d) => (d === 1 ? -1 : 1)));

type Normalized = Named<["out", "mean", "rstd"]>;

/** The mean of each channel over its planes, and 1 / √(variance + eps); running ones, where there are any, move towards them. */
function launchMoments(
  k: Kernels,
  { n, c, hw }: Planes,
  x: Tensor,
  mean: Tensor,
  rstd: Tensor,
  eps: number,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  momentum: number,
): void {
  const { tile, units } = tiles({ c, hw });
  const call = k.call("batchNormMoments").int(n).int(c).int(hw).int(tile).tensor(x).tensor(mean).tensor(rstd).real(eps);
  call
    .tensor(runningMean)
    .tensor(runningVar)
    .real(momentum)
    .run(units, grain(n * hw * tile));
}

/** Σ g · x̂ and Σ g of each channel over its planes. */
function launchSums(
  k: Kernels,
  { n, c, hw }: Planes,
  g: Tensor,
  x: Tensor,
  mean: Tensor,
  rstd: Tensor,
  weight: Tensor,
  bias: Tensor,
): void {
  const { tile, units } = tiles({ c, hw });
  const call = k.call("batchNormSums").int(n).int(c).int(hw).int(tile).tensor(g).tensor(x).tensor(mean).tensor(rstd);
  call
    .tensor(weight)
    .tensor(bias)
    .run(units, grain(n * hw * tile));
}

/** Normalises by the moments of the batch and moves the running ones. */
const byBatch: (
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  momentum: number,
  eps: number,
) => Normalized = /* @__PURE__ */ op(
  "batchNorm",
  "input, weight, bias, runningMean, runningVar, momentum, eps",
  (
    x: Tensor,
    weight: Tensor | null,
    bias: Tensor | null,
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    momentum: number,
    eps: number,
  ) => [
    { x, weight, bias, runningMean, runningVar },
    { momentum, eps },
  ],
  {
    outputs: ["out", "mean", "rstd"],
    differentiable: ["out"],
    mutates: ["runningMean", "runningVar"],
    infer({ x }) {
      const number = spec(x.code, [planes(x).c]);
      return [spec(x.code, x.shape), number, number];
    },
    node: "NativeBatchNormBackward0",
    kernel: "batchNormMoments",
    launch(k, { x, weight, bias, runningMean, runningVar }, { out, mean, rstd }, { momentum, eps }) {
      launchMoments(k, planes(x), x, mean, rstd, eps, runningMean, runningVar, momentum);
      applyMoments(k, x, mean, rstd, weight, bias, out);
    },
    saves: ["x", "weight", "mean", "rstd"],
    vjp(g, { x, weight, mean, rstd }, { eps }) {
      const sums = once(() => channelSums(g.out!, x, mean, rstd, eps));
      return {
        x: () => batchNormBackward(g.out!, x, weight, mean, rstd, sums()[0]!, sums()[1]!, eps),
        weight: () => sums()[0]!,
        bias: () => sums()[1]!,
        runningMean: null,
        runningVar: null,
      };
    },
  },
);

function applyMoments(
  k: Kernels,
  x: Tensor,
  mean: Tensor,
  rstd: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  y: Tensor,
): void {
  const { n, c, hw } = planes(x);
  const call = k.call("batchNormApply").int(c).int(hw).tensor(x).tensor(y).tensor(mean).tensor(rstd).tensor(weight);
  const row = hw > 1 ? hw : c;
  call.tensor(bias).run((n * c * hw) / Math.max(row, 1), grain(row));
}

/** Normalises by given moments. */
const byMoments: (x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | null, bias: Tensor | null) => Tensor =
  /* @__PURE__ */ op(
    "batchNorm",
    "input, mean, rstd, weight, bias",
    (x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | null, bias: Tensor | null) => [
      { x, mean, rstd, weight, bias },
    ],
    {
      infer: ({ x }) => spec(x.code, x.shape),
      node: "NativeBatchNormBackward0",
      kernel: "batchNormApply",
      launch: (k, { x, mean, rstd, weight, bias }, { out }) => applyMoments(k, x, mean, rstd, weight, bias, out),
      decompose({ x, mean, rstd, weight, bias }) {
        const unit = mul(sub(x, perChannel(mean, x)), perChannel(rstd, x));
        return affine(unit, weight === null ? null : perChannel(weight, x), bias === null ? null : perChannel(bias, x));
      },
      saves: ["x", "mean", "rstd", "weight"],
      vjp: (g, { x, mean, rstd, weight }) => ({
        x: () => mul(g, perChannel(weight === null ? rstd : mul(rstd, weight), x)),
        mean: null, // running moments have no gradient
        rstd: null,
        weight: () => sum(mul(g, mul(sub(x, perChannel(mean, x)), perChannel(rstd, x))), besides(x)),
        bias: () => sum(g, besides(x)),
      }),
      backward(k, g, { x, mean, rstd, weight }, into) {
        const [slope, centers, scales] = [toDense(g), toDense(mean), toDense(rstd)];
        if (into.x !== null) {
          const none = k.scratch(x.code, mean.shape);
          fillInto(none, 0);
          applyMoments(k, slope, none, scales, weight === null ? null : toDense(weight), null, into.x);
        }
        if (into.weight !== null || into.bias !== null) {
          const [dw, db] = [into.weight, into.bias].map((t) => t ?? k.scratch(x.code, mean.shape)) as [Tensor, Tensor];
          launchSums(k, planes(x), slope, toDense(x), centers, scales, dw, db);
        }
        return true;
      },
    },
  );

/** dw = Σ g · x̂ and db = Σ g of each channel. */
const channelSums: (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, eps: number) => Tensor[] = /* @__PURE__ */ op(
  "batchNormSums",
  "g, input, mean, rstd, eps",
  (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, eps: number) => [{ x, g, mean, rstd }, { eps }],
  {
    outputs: ["weight", "bias"],
    infer({ x }) {
      const number = spec(x.code, [planes(x).c]);
      return [number, number];
    },
    kernel: "batchNormSums",
    launch(k, { x, g, mean, rstd }, { weight, bias }) {
      launchSums(k, planes(x), g, x, mean, rstd, weight!, bias!);
    },
    decompose: ({ x, g }, { eps }) => [sum(mul(g, standardized(x, besides(x), eps)), besides(x)), sum(g, besides(x))],
  },
);

/** dx of normalising by the batch, from the sums of `channelSums`. */
const batchNormBackward: (
  g: Tensor,
  x: Tensor,
  weight: Tensor | null,
  mean: Tensor,
  rstd: Tensor,
  dw: Tensor,
  db: Tensor,
  eps: number,
) => Tensor = /* @__PURE__ */ op(
  "batchNormBackward",
  "g, input, weight, mean, rstd, dw, db, eps",
  (g: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, rstd: Tensor, dw: Tensor, db: Tensor, eps: number) => [
    { x, g, weight, mean, rstd, dw, db },
    { eps },
  ],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "batchNormBackward",
    launch(k, { x, g, weight, mean, rstd, dw, db }, { out }) {
      const { n, c, hw } = planes(x);
      const { tile, units } = tiles({ c, hw });
      const call = k.call("batchNormBackward").int(n).int(c).int(hw).int(tile).tensor(g).tensor(x).tensor(out);
      call.tensor(mean).tensor(rstd).tensor(weight).tensor(dw).tensor(db);
      if (hw > 1) call.run(n * c, grain(hw));
      else call.run(units, grain(n * tile));
    },
    // Through the moments again, so that a second derivative sees them.
    decompose: ({ x, g, weight }, { eps }) =>
      standardizedBackward(weight === null ? g : mul(g, perChannel(weight, x)), x, besides(x), eps),
  },
);

type BatchNorm = FnQ<
  [x: Tensor, runningMean: Tensor | null, runningVar: Tensor | null],
  [weight?: Tensor | null, bias?: Tensor | null, training?: boolean, momentum?: number, eps?: number],
  ["weight", "bias", "training", "momentum", "eps"],
  { weight: Tensor | null; bias: Tensor | null; training: boolean; momentum: number; eps: number }
>;

/**
 * `(x - mean) / √(variance + eps) · weight + bias` for each channel, dim 1. In training mean and variance are those of
 * the batch, and the running ones are moved in place: `running += momentum · (moment - running)`, the variance the
 * unbiased one. Otherwise they are the running ones.
 */
export const batchNorm: BatchNorm = /* @__PURE__ */ composedFunction(
  "batchNorm",
  "input, runningMean, runningVar, weight?, bias?, training?, momentum?, eps?",
  (x, runningMean, runningVar, weight, bias, training, momentum, eps) => {
    const args = channelArguments("batchNorm", x, { runningMean, runningVar, weight, bias });
    if (training !== true) {
      if (args.runningMean === null || args.runningVar === null) {
        throw new TypeError("batchNorm: expected runningMean and runningVar, for it is not training");
      }
      return byMoments(x, args.runningMean, rsqrt(add(args.runningVar, eps ?? 1e-5)), args.weight, args.bias);
    }
    const { n, hw } = planes(x);
    if (n * hw === 1)
      throw new ShapeError(`batchNorm: expected more than 1 value per channel when training, got ${show(x)}`);
    // An empty batch has no moments: the running ones stay.
    const [runningM, runningV] = n * hw === 0 ? [null, null] : [args.runningMean, args.runningVar];
    return byBatch(x, args.weight, args.bias, runningM, runningV, momentum ?? 0.1, eps ?? 1e-5).out;
  },
);

type OfChannels = { runningMean: Tensor | null; runningVar: Tensor | null; weight: Tensor | null; bias: Tensor | null };

function channelArguments(name: string, x: Tensor, args: { readonly [K in keyof OfChannels]: unknown }): OfChannels {
  asTensor(x, name, "input");
  if (!isFloating(x.code)) throw new DTypeError(`${name}: expected a floating point dtype, got ${show(x)}`);
  const shape = [planes(x).c];
  const out: Record<string, Tensor | null> = {};
  for (const key in args) out[key] = parameter(args[key as keyof OfChannels], shape, name, key);
  return out as OfChannels;
}

// ── others ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `x / √(mean(x²) + eps) · weight` over the last dims, whose shape is `normalizedShape`. eps is that of the dtype by default. */
export const rmsNorm: FnQ<
  [x: Tensor, normalizedShape: number | readonly number[]],
  [weight?: Tensor | null, eps?: number | null],
  ["weight", "eps"],
  { weight: Tensor | null; eps: number | null }
> = /* @__PURE__ */ composedFunction(
  "rmsNorm",
  "input, normalizedShape, weight?, eps?",
  (x, normalizedShape, weight, eps) => {
    const shape = normalized(normalizedShape, asTensor(x, "rmsNorm", "input"), "rmsNorm");
    const scale = parameter(weight, shape, "rmsNorm", "weight");
    const least = eps ?? (REAL[x.code] === FLOAT64 ? Number.EPSILON : 2 ** -23);
    const y = mul(x, rsqrt(add(mean(mul(x, x), lastDims(x, shape.length), true), least)));
    return scale === null ? y : mul(y, scale);
  },
);

/** Normalises by the moments of groups of channels, [n, groups]. */
const byGroups: (x: Tensor, weight: Tensor | null, bias: Tensor | null, groups: number, eps: number) => Normalized =
  /* @__PURE__ */ op(
    "groupNorm",
    "input, weight, bias, groups, eps",
    (x: Tensor, weight: Tensor | null, bias: Tensor | null, groups: number, eps: number) => [
      { x, weight, bias },
      { groups, eps },
    ],
    {
      outputs: ["out", "mean", "rstd"],
      differentiable: ["out"],
      infer({ x }, { groups }) {
        if (!isFloating(x.code)) throw new DTypeError(`groupNorm: expected a floating point dtype, got ${show(x)}`);
        const number = spec(x.code, [x.shape[0]!, groups]);
        return [spec(x.code, x.shape), number, number];
      },
      node: "NativeGroupNormBackward0",
      kernel: "batchNormMoments",
      launch(k, { x, weight, bias }, { out, mean, rstd }, { groups, eps }) {
        const { n, c, hw } = planes(x);
        launchMoments(k, { n: 1, c: n * groups, hw: (c / groups) * hw }, x, mean, rstd, eps, null, null, 0);
        const [m, r] = [eachPlane(k, mean, n, c), eachPlane(k, rstd, n, c)];
        const [w, b] = [weight && eachPlane(k, weight, n, c), bias && eachPlane(k, bias, n, c)];
        const flat = dense([1, n * c, hw]);
        const apart = (t: Tensor): Tensor => new Tensor(t.storage, t.code, flat, t.offset);
        applyMoments(k, apart(x), m, r, w, b, apart(out));
      },
      decompose({ x, weight, bias }, { groups, eps }) {
        const shape = [x.shape[0]!, groups];
        const moments = varMean(grouped(x, groups), 2, { correction: 0, keepdim: true });
        const rstd = rsqrt(add(moments.var, eps));
        const unit = reshape(mul(sub(grouped(x, groups), moments.mean), rstd), x.shape);
        const [w, b] = [weight && perChannel(weight, x), bias && perChannel(bias, x)];
        return [affine(unit, w, b), reshape(moments.mean, shape), reshape(rstd, shape)];
      },
      saves: ["x", "weight", "mean", "rstd"],
      vjp(g, { x, weight, mean, rstd }, { groups, eps }) {
        const sums = once(() => groupSums(g.out!, x, mean, rstd, groups, eps));
        return {
          x: () => groupNormBackward(g.out!, x, weight, mean, rstd, sums()[0]!, sums()[1]!, groups, eps),
          weight: () => sum(sums()[0]!, 0),
          bias: () => sum(sums()[1]!, 0),
        };
      },
      method: false,
      samples: () => [
        [f32(2, 4, 3), f32(4), f32(4), 2, 1e-5],
        [f32(2, 4, 1), null, f32(4), 2, 1e-5],
        [f32(2, 3, 2, 2), f32(3), null, 3, 1e-5],
        [f32(3, 4), null, null, 1, 1e-5],
      ],
    },
  );

/** The elements of each group: [n, groups, size]. */
const grouped = (x: Tensor, groups: number): Tensor =>
  reshape(x, [x.shape[0]!, groups, product(x.shape.slice(1)) / groups]);

/** Numbers of the groups, [n, groups], or of the channels, [c], as one for each plane of [n, c]. */
function eachPlane(k: Kernels, p: Tensor, n: number, c: number): Tensor {
  const y = k.scratch(p.code, [n * c]);
  const shape = p.ndim === 1 ? [n, c, 1] : [n, p.shape[1]!, c / p.shape[1]!];
  const source = p.ndim === 1 ? [1, c, 1] : [n, p.shape[1]!, 1];
  copyInto(
    new Tensor(y.storage, y.code, dense(shape), y.offset),
    new Tensor(p.storage, p.code, dense(source), p.offset),
  );
  return y;
}

/** Σ g · x̂ and Σ g of each plane: [n, c]. */
const groupSums: (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, groups: number, eps: number) => Tensor[] =
  /* @__PURE__ */ op(
    "groupNormSums",
    "g, input, mean, rstd, groups, eps",
    (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, groups: number, eps: number) => [
      { x, g, mean, rstd },
      { groups, eps },
    ],
    {
      outputs: ["weight", "bias"],
      infer({ x }) {
        const number = spec(x.code, [x.shape[0]!, x.shape[1]!]);
        return [number, number];
      },
      kernel: "batchNormSums",
      launch(k, { x, g, mean, rstd }, { weight, bias }) {
        const { n, c, hw } = planes(x);
        const [m, r] = [eachPlane(k, mean, n, c), eachPlane(k, rstd, n, c)];
        launchSums(k, { n: 1, c: n * c, hw }, g, x, m, r, weight!, bias!);
      },
      decompose({ x, g }, { groups, eps }) {
        const unit = reshape(standardized(grouped(x, groups), [2], eps), x.shape);
        const each = (y: Tensor): Tensor => sum(reshape(y, [x.shape[0]!, x.shape[1]!, planes(x).hw]), 2);
        return [each(mul(g, unit)), each(g)];
      },
    },
  );

/** dx of normalising by groups, from the sums of `groupSums`. */
const groupNormBackward: (
  g: Tensor,
  x: Tensor,
  weight: Tensor | null,
  mean: Tensor,
  rstd: Tensor,
  dw: Tensor,
  db: Tensor,
  groups: number,
  eps: number,
) => Tensor = /* @__PURE__ */ op(
  "groupNormBackward",
  "g, input, weight, mean, rstd, dw, db, groups, eps",
  (
    g: Tensor,
    x: Tensor,
    weight: Tensor | null,
    mean: Tensor,
    rstd: Tensor,
    dw: Tensor,
    db: Tensor,
    groups: number,
    eps: number,
  ) => [
    { x, g, weight, mean, rstd, dw, db },
    { groups, eps },
  ],
  {
    infer: ({ x }) => spec(x.code, x.shape),
    kernel: "groupNormBackward",
    launch(k, { x, g, weight, mean, rstd, dw, db }, { out }, { groups }) {
      const { n, c, hw } = planes(x);
      const call = k.call("groupNormBackward").int(c).int(hw).int(groups).tensor(g).tensor(x).tensor(out);
      call
        .tensor(mean)
        .tensor(rstd)
        .tensor(weight)
        .tensor(dw)
        .tensor(db)
        .run(n * groups, grain((c / groups) * hw));
    },
    // Through the moments again, so that a second derivative sees them.
    decompose({ x, g, weight }, { groups, eps }) {
      const slope = weight === null ? g : mul(g, perChannel(weight, x));
      return reshape(standardizedBackward(grouped(slope, groups), grouped(x, groups), [2], eps), x.shape);
    },
  },
);

/** Layer normalisation of each of `numGroups` groups of channels, then `weight` and `bias` a channel. */
export const groupNorm: FnQ<
  [x: Tensor, numGroups: number],
  [weight?: Tensor | null, bias?: Tensor | null, eps?: number],
  ["weight", "bias", "eps"],
  { weight: Tensor | null; bias: Tensor | null; eps: number },
  Tensor,
  { numGroups: number }
> = /* @__PURE__ */ composedFunction(
  "groupNorm",
  "input, numGroups, weight?, bias?, eps?",
  (x, numGroups, weight, bias, eps) => {
    asTensor(x, "groupNorm", "input");
    if (x.ndim < 2) throw new ShapeError(`groupNorm: expected at least 2 dims, got ${show(x)}`);
    const c = x.shape[1]!;
    if (!Number.isInteger(numGroups) || numGroups < 1 || c % numGroups !== 0) {
      throw new ShapeError(`groupNorm: the ${c} channels of ${show(x)} do not make ${String(numGroups)} groups`);
    }
    const [w, b] = [parameter(weight, [c], "groupNorm", "weight"), parameter(bias, [c], "groupNorm", "bias")];
    return byGroups(x, w, b, numGroups, eps ?? 1e-5).out;
  },
);

/** As `batchNorm` over each sample's own planes: by their moments if `useInputStats`, else by the running ones. */
export const instanceNorm: FnQ<
  [x: Tensor],
  [
    runningMean?: Tensor | null,
    runningVar?: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    useInputStats?: boolean,
    momentum?: number,
    eps?: number,
  ],
  ["runningMean", "runningVar", "weight", "bias", "useInputStats", "momentum", "eps"],
  {
    runningMean: Tensor | null;
    runningVar: Tensor | null;
    weight: Tensor | null;
    bias: Tensor | null;
    useInputStats: boolean;
    momentum: number;
    eps: number;
  }
> = /* @__PURE__ */ composedFunction(
  "instanceNorm",
  "input, runningMean?, runningVar?, weight?, bias?, useInputStats?, momentum?, eps?",
  (x, runningMean, runningVar, weight, bias, useInputStats, momentum, eps) => {
    const args = channelArguments("instanceNorm", x, { runningMean, runningVar, weight, bias });
    const { n, c, hw } = planes(x);
    const train = useInputStats ?? true;
    if (train && hw === 1)
      throw new ShapeError(`instanceNorm: expected more than 1 element in a plane, got ${show(x)}`);
    // The planes of all samples as the channels of one.
    const flat = reshape(x, [1, n * c, ...x.shape.slice(2)]);
    const each = (p: Tensor | null): Tensor | null => (p === null ? null : reshape(clone(expand(p, [n, c])), [-1]));
    const [means, variances] = [each(args.runningMean), each(args.runningVar)];
    const y = batchNorm(
      flat,
      means,
      variances,
      each(args.weight),
      each(args.bias),
      train,
      momentum ?? 0.1,
      eps ?? 1e-5,
    );
    if (train) {
      noGrad(() => {
        if (args.runningMean !== null) copy_(args.runningMean, mean(reshape(means!, [n, c]), 0));
        if (args.runningVar !== null) copy_(args.runningVar, mean(reshape(variances!, [n, c]), 0));
      });
    }
    return reshape(y, x.shape);
  },
);

/** `x / (k + alpha · mean of x² over size neighbouring channels)^beta`; what lies beyond the channels counts as 0. */
export const localResponseNorm: FnQ<
  [x: Tensor, size: number],
  [alpha?: number, beta?: number, k?: number],
  ["alpha", "beta", "k"],
  { alpha: number; beta: number; k: number }
> = /* @__PURE__ */ composedFunction(
  "localResponseNorm",
  "input, size, alpha?, beta?, k?",
  (x, size, alpha, beta, k) => {
    asTensor(x, "localResponseNorm", "input");
    if (x.ndim < 3) throw new ShapeError(`localResponseNorm: expected 3 dims or more, got ${show(x)}`);
    if (x.numel() === 0) return x;
    const c = x.shape[1]!;
    const before = Math.floor(size / 2);
    const beside: number[] = new Array(2 * (x.ndim - 2)).fill(0);
    const squares = pad(mul(x, x), [...beside, before, size - 1 - before]);
    let total = narrow(squares, 1, 0, c);
    for (let i = 1; i < size; i++) total = add(total, narrow(squares, 1, i, c));
    const average = isIntegral(x.code) ? floorDivide(total, size) : div(total, size);
    return div(x, pow(add(mul(average, alpha ?? 1e-4), k ?? 1), beta ?? 0.75));
  },
);

type NativeBatchNorm = FnQ<
  [
    x: Tensor,
    weight: Tensor | null,
    bias: Tensor | null,
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    training: boolean,
    momentum: number,
    eps: number,
  ],
  [],
  [],
  Record<never, never>,
  Tensor[]
>;

/** `batchNorm` with the moments that it used, as [out, mean, 1 / √(variance + eps)]; both are empty if not training. */
export const nativeBatchNorm: NativeBatchNorm = /* @__PURE__ */ composedFunction(
  "nativeBatchNorm",
  "input, weight, bias, runningMean, runningVar, training, momentum, eps",
  (x, weight, bias, runningMean, runningVar, training, momentum, eps) => {
    if (!training) {
      const none = (): Tensor => zeros([0], { dtype: x.dtype, device: x.device });
      return [batchNorm(x, runningMean, runningVar, weight, bias, false, Number(momentum), eps), none(), none()];
    }
    const args = channelArguments("nativeBatchNorm", x, { runningMean, runningVar, weight, bias });
    const all = byBatch(x, args.weight, args.bias, args.runningMean, args.runningVar, Number(momentum), eps);
    return [all.out, all.mean, all.rstd];
  },
);

/** `groupNorm` with the moments of the groups, [n, groups] each, as [out, mean, 1 / √(variance + eps)]. */
export const nativeGroupNorm: FnQ<
  [x: Tensor, weight: Tensor | null, bias: Tensor | null, n: number, c: number, hw: number, group: number, eps: number],
  [],
  [],
  Record<never, never>,
  Tensor[]
> = /* @__PURE__ */ composedFunction(
  "nativeGroupNorm",
  "input, weight, bias, N, C, HxW, group, eps",
  (x, weight, bias, n, c, hw, group, eps) => {
    asTensor(x, "nativeGroupNorm", "input");
    const rows = reshape(x, [n * group, (c * hw) / group]);
    const moments = varMean(rows, 1, { correction: 0, keepdim: true });
    const rstd = rsqrt(add(moments.var, eps));
    const y = reshape(mul(sub(rows, moments.mean), rstd), x.shape);
    const [w, b] = [
      parameter(weight, [c], "nativeGroupNorm", "weight"),
      parameter(bias, [c], "nativeGroupNorm", "bias"),
    ];
    const out = affine(y, w === null ? null : perChannel(w, x), b === null ? null : perChannel(b, x));
    return [out, reshape(moments.mean, [n, group]), reshape(rstd, [n, group])];
  },
);
