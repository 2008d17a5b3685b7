// Dropout in its forms. The noise is drawn as PyTorch draws it: a float64 uniform for each of its elements, in the order
// in which the input lies in memory.

import {
  DTypeError,
  dense,
  FLOAT64,
  isComplex,
  isFloating,
  type Layout,
  ShapeError,
  show,
  ValueError,
} from "../core/index.ts";
import { asTensor, bindArguments } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { realNumber } from "./arguments.ts";
import { add, add_, mul, mul_ } from "./binary.ts";
import { defaultGenerator } from "./generator.ts";
import { noise } from "./random.ts";
import { permute, squeeze, unsqueeze } from "./view.ts";

export interface DropoutOptions {
  /** The probability that an element is dropped. Default 0.5. */
  p?: number;
  training?: boolean;
  /** Write over the input. Default false. */
  inplace?: boolean;
}

type Dropout = (
  x: Tensor,
  p?: number | DropoutOptions,
  training?: boolean | DropoutOptions,
  inplace?: boolean | DropoutOptions,
) => Tensor;

/** The shape of the noise, which broadcasts over the input. */
type Shape = (x: Tensor) => readonly number[];

const ofElements: Shape = (x) => x.shape;
const ofFeatures: Shape = (x) => x.shape.map((n, d) => (d < 2 ? n : 1));

/** One of the forms: `apply` puts noise over an input, given the probability that an element stays. */
function form(name: string, trains: boolean, dims: readonly [number, number], shape: Shape, apply: Apply): Dropout {
  return (...args) => {
    const [input, p, training, inplace] = bindArguments(name, "input, p?, training?, inplace?", args);
    const x = asTensor(input, name, "input");
    const drop = realNumber(p ?? 0.5, name, "p");
    if (!(drop >= 0 && drop <= 1)) throw new ValueError(`${name}: p is ${drop}, expected a probability, from 0 to 1`);
    const within = inplace === true;
    if (!((training ?? trains) as boolean) || drop === 0 || x.numel() === 0) return x;
    if (!isFloating(x.code) && !isComplex(x.code)) throw new DTypeError(`${name}: ${show(x)} is not floating point`);
    if (drop === 1) return within ? mul_(x, 0) : mul(x, 0);
    const [least, batched] = dims;
    if (x.ndim < least) throw new ShapeError(`${name}: ${show(x)} has fewer than ${least} dims`);
    if (x.ndim >= batched) return apply(x, shape, drop, within);
    return squeeze(apply(unsqueeze(x, 0), shape, drop, within), 0);
  };
}

type Apply = (x: Tensor, shape: Shape, drop: number, within: boolean) => Tensor;

/** `x · noise / (1 - p)`. */
const scaling: Apply = (x, shape, drop, within) => {
  // PyTorch divides the noise in x's dtype.
  const keep = 1 - drop;
  const hit = x.code === FLOAT64 ? 1 / keep : Math.fround(1 / Math.fround(keep));
  const kept = noiseFor(x, shape(x), keep, hit);
  return within ? mul_(x, kept) : mul(x, kept);
};

/** What is dropped becomes the negative saturation of SELU, and all is scaled so that mean and variance stay. */
const selfNormalizing: Apply = (x, shape, drop, within) => {
  const ALPHA = 1.7580993408473766; // SELU's scale · alpha
  const a = 1 / Math.sqrt((ALPHA * ALPHA * drop + 1) * (1 - drop));
  const kept = noiseFor(x, shape(x), 1 - drop, 1);
  const shift = add_(mul_(add(kept, -1), ALPHA * a), ALPHA * a * drop);
  const scale = mul_(kept, a);
  return within ? add_(mul_(x, scale), shift) : add(mul(x, scale), shift);
};

/** `hit` with the probability `keep`, else 0, drawn in x's order in memory. */
function noiseFor(x: Tensor, shape: readonly number[], keep: number, hit: number): Tensor {
  const order = shape === x.shape ? memoryOrder(x.layout) : null;
  const draw = (sizes: readonly number[]): Tensor => noise(sizes, x.code, x.device, keep, hit, defaultGenerator());
  if (order === null) return draw(shape);
  return permute(
    draw(order.map((d) => shape[d]!)),
    order.map((_, d) => order.indexOf(d)),
  );
}

/** The order of dims in which a tensor lies densely in memory, where that is not the usual one; else null. */
function memoryOrder(layout: Layout): number[] | null {
  if (layout.contiguous) return null;
  const order = layout.shape.map((_, d) => d).sort((a, b) => layout.strides[b]! - layout.strides[a]! || a - b);
  const { strides } = dense(order.map((d) => layout.shape[d]!));
  return order.every((d, i) => layout.shape[d] === 1 || layout.strides[d] === strides[i]) ? order : null;
}

/**
 * In training every element is set to 0 with the probability `p`, and the others are divided by `1 - p`; else the input
 * itself.
 */
export const dropout: Dropout = /* @__PURE__ */ form("dropout", true, [0, 0], ofElements, scaling);
/** `dropout` of whole channels: [n, c, l], or [c, l]. */
export const dropout1d: Dropout = /* @__PURE__ */ form("dropout1d", true, [2, 3], ofFeatures, scaling);
/** `dropout` of whole channels: [n, c, h, w], or any [n, c, …]. */
export const dropout2d: Dropout = /* @__PURE__ */ form("dropout2d", true, [2, 0], ofFeatures, scaling);
/** `dropout` of whole channels: [n, c, d, h, w], or [c, d, h, w]. */
export const dropout3d: Dropout = /* @__PURE__ */ form("dropout3d", true, [2, 5], ofFeatures, scaling);
/** `dropout` of whole channels, of any [n, c, …]. */
export const featureDropout: Dropout = /* @__PURE__ */ form("featureDropout", true, [2, 0], ofFeatures, scaling);
/** Dropout that keeps mean and variance behind a SELU. Off unless `training` is true. */
export const alphaDropout: Dropout = /* @__PURE__ */ form("alphaDropout", false, [0, 0], ofElements, selfNormalizing);
/** `alphaDropout` of whole channels. Off unless `training` is true. */
export const featureAlphaDropout: Dropout = /* @__PURE__ */ form(
  "featureAlphaDropout",
  false,
  [2, 0],
  ofFeatures,
  selfNormalizing,
);
