import { type DType, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { bilinear, flatten, linear, unflatten } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { fans, kaimingUniform_, uniform_ } from "./init.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { fields, py } from "./repr.ts";

/** Gives back its argument, whatever it was made with. */
export class Identity extends Layer {
  static override readonly keepsNothing: boolean = true;
  constructor(..._ignored: readonly unknown[]) {
    super();
  }

  forward(input: Tensor): Tensor {
    return input;
  }
}

export interface LinearOptions extends Factory {
  inFeatures: number;
  outFeatures: number;
  /** Whether a bias is learned; by default yes. */
  bias?: boolean;
}

const bindLinear = /* @__PURE__ */ keywords<LinearOptions>(
  "Linear",
  "inFeatures, outFeatures, bias?, device?, dtype?",
  { bias: true, device: null, dtype: null },
);

/**
 * An affine map of the last dim: `y = x · weightᵀ + bias`.
 *
 * Shape: `[…, inFeatures]` → `[…, outFeatures]`.
 *
 * Attributes: `weight` `[outFeatures, inFeatures]` and `bias` `[outFeatures]` (null without), both from U(-k, k) with
 * k = 1 / √inFeatures.
 *
 * @example
 * const layer = new nn.Linear(20, 30);
 * layer(randn(128, 20)).shape // [128, 30]
 */
export class Linear extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      LinearOptions,
      [inFeatures: number, outFeatures: number],
      [bias?: boolean, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { inFeatures, outFeatures, bias, ...factory } = bindLinear(args);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = blank([outFeatures, inFeatures], factory);
    this.bias = bias ? blank([outFeatures], factory) : null;
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetAffine(this.weight, this.bias);
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return fields({
      in_features: py(this.inFeatures),
      out_features: py(this.outFeatures),
      bias: py(this.bias !== null),
    });
  }
}

export interface BilinearOptions extends Factory {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
  /** Whether a bias is learned; by default yes. */
  bias?: boolean;
}
const bindBilinear = /* @__PURE__ */ keywords<BilinearOptions>(
  "Bilinear",
  "in1Features, in2Features, outFeatures, bias?, device?, dtype?",
  { bias: true, device: null, dtype: null },
);

/**
 * A form that is linear in each of two inputs: `y[k] = x1ᵀ · weight[k] · x2 + bias[k]`.
 *
 * Shape: `[…, in1Features]` and `[…, in2Features]` → `[…, outFeatures]`.
 *
 * Attributes: `weight` `[outFeatures, in1Features, in2Features]` and `bias` `[outFeatures]` (null without), both from
 * U(-k, k) with k = 1 / √in1Features.
 */
export class Bilinear extends Module {
  static override readonly forwardSignature: string = "input1, input2";

  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      BilinearOptions,
      [in1Features: number, in2Features: number, outFeatures: number],
      [bias?: boolean, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { in1Features, in2Features, outFeatures, bias, ...factory } = bindBilinear(args);
    if (in1Features <= 0) throw new ValueError(`Bilinear: in1Features is ${in1Features}, expected one above 0`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = blank([outFeatures, in1Features, in2Features], factory);
    this.bias = bias ? blank([outFeatures], factory) : null;
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return fields({
      in1_features: py(this.in1Features),
      in2_features: py(this.in2Features),
      out_features: py(this.outFeatures),
      bias: py(this.bias !== null),
    });
  }
}

/** The start of linear and convolution layers: weight and bias from U(-k, k) with k = 1 / √fanIn. */
export function resetAffine(weight: Parameter, bias: Parameter | null): void {
  // a = √5 makes He's bound exactly k.
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (bias === null) return;
  const { fanIn } = fans(weight, "resetParameters");
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}

export interface FlattenOptions {
  /** The first dim that is merged; by default 1, after the batch. */
  startDim?: number;
  /** The last one. */
  endDim?: number;
}

const bindFlatten = /* @__PURE__ */ keywords<FlattenOptions>("Flatten", "startDim?, endDim?", {
  startDim: 1,
  endDim: -1,
});

/**
 * Merges the dims from `startDim` to `endDim` into one, by default all but the batch.
 *
 * @example
 * new nn.Flatten()(zeros(32, 1, 5, 5)).shape // [32, 25]
 */
export class Flatten extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly startDim: number;
  readonly endDim: number;

  constructor(...args: Arguments<FlattenOptions, [], [startDim?: number, endDim?: number]>) {
    super();
    const { startDim, endDim } = bindFlatten(args);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return fields({ start_dim: py(this.startDim), end_dim: py(this.endDim) });
  }
}

export interface UnflattenOptions {
  dim: number;
  /** The sizes that the dim becomes; one may be -1. */
  unflattenedSize: readonly number[];
}
const bindUnflatten = /* @__PURE__ */ keywords<UnflattenOptions>("Unflatten", "dim, unflattenedSize");

/**
 * Splits one dim into several: the way back of `Flatten`.
 *
 * @example
 * new nn.Unflatten(1, [2, 5, 5])(zeros(32, 50)).shape // [32, 2, 5, 5]
 */
export class Unflatten extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(...args: Arguments<UnflattenOptions, [dim: number, unflattenedSize: readonly number[]]>) {
    super();
    const { dim, unflattenedSize } = bindUnflatten(args);
    this.dim = dim;
    this.unflattenedSize = [...unflattenedSize];
  }

  forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return fields({ dim: py(this.dim), unflattened_size: py(this.unflattenedSize) });
  }
}
