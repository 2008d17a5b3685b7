// More activations: those that bend, shrink and gate. Their Shape is any shape, kept, where nothing else is said.

import type { DType } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import {
  celu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  mish,
  prelu,
  rrelu,
  selu,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { InplaceOptions } from "./activation.ts";
import { constant_ } from "./init.ts";
import { Layer } from "./layer.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { fields, py, real } from "./repr.ts";

/** A layer that may write its result over its input. */
abstract class Inplace extends Layer {
  readonly inplace: boolean;
  constructor({ inplace }: Required<InplaceOptions>) {
    super();
    this.inplace = inplace;
  }
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** Settings and, where it is so, that the layer writes in place, as PyTorch prints them. */
function settings(values: Readonly<Record<string, string>>, inplace: boolean): string {
  return fields(inplace ? { ...values, inplace: "True" } : values);
}

type InplaceArguments = Arguments<InplaceOptions, [], [inplace?: boolean]>;
const bindInplace = (name: string): ((args: readonly unknown[]) => Required<InplaceOptions>) =>
  keywords<InplaceOptions>(name, "inplace?", { inplace: false });

const bindSELU = /* @__PURE__ */ bindInplace("SELU");

/** Element-wise `1.0507 · elu(x, 1.6733)`, which keeps activations near mean 0 and variance 1. */
export class SELU extends Inplace {
  constructor(...args: InplaceArguments) {
    super(bindSELU(args));
  }
  forward(input: Tensor): Tensor {
    return selu(input, this.inplace);
  }
}

const bindMish = /* @__PURE__ */ bindInplace("Mish");

/** Element-wise `x · tanh(softplus(x))`. */
export class Mish extends Inplace {
  constructor(...args: InplaceArguments) {
    super(bindMish(args));
  }
  forward(input: Tensor): Tensor {
    return mish(input, this.inplace);
  }
}

const bindHardsigmoid = /* @__PURE__ */ bindInplace("Hardsigmoid");

/** Element-wise `(x + 3) / 6`, held between 0 and 1. */
export class Hardsigmoid extends Inplace {
  constructor(...args: InplaceArguments) {
    super(bindHardsigmoid(args));
  }
  forward(input: Tensor): Tensor {
    return hardsigmoid(input, this.inplace);
  }
  override extraRepr(): string {
    return "";
  }
}

const bindHardswish = /* @__PURE__ */ bindInplace("Hardswish");

/** Element-wise `x · hardsigmoid(x)`. */
export class Hardswish extends Inplace {
  constructor(...args: InplaceArguments) {
    super(bindHardswish(args));
  }
  forward(input: Tensor): Tensor {
    return hardswish(input, this.inplace);
  }
  override extraRepr(): string {
    return "";
  }
}

export interface CELUOptions extends InplaceOptions {
  /** How deep it goes below 0; 1. */
  alpha?: number;
}
const bindCELU = /* @__PURE__ */ keywords<CELUOptions>("CELU", "alpha?, inplace?", { alpha: 1, inplace: false });

/** Element-wise `x` where `x > 0`, else `alpha · (exp(x / alpha) - 1)`. */
export class CELU extends Inplace {
  readonly alpha: number;
  constructor(...args: Arguments<CELUOptions, [], [alpha?: number, inplace?: boolean]>) {
    const options = bindCELU(args);
    super(options);
    this.alpha = options.alpha;
  }
  forward(input: Tensor): Tensor {
    return celu(input, this.alpha, this.inplace);
  }
  override extraRepr(): string {
    return settings({ alpha: real(this.alpha) }, this.inplace);
  }
}

export interface RReLUOptions extends InplaceOptions {
  /** The least slope below 0; 1/8. */
  lower?: number;
  /** The greatest slope below 0; 1/3. */
  upper?: number;
}
const bindRReLU = /* @__PURE__ */ keywords<RReLUOptions>("RReLU", "lower?, upper?, inplace?", {
  lower: 1 / 8,
  upper: 1 / 3,
  inplace: false,
});

/** Element-wise `x`, or `a · x` where it is not positive: in training a is drawn from [lower, upper], else it is the middle. */
export class RReLU extends Inplace {
  readonly lower: number;
  readonly upper: number;
  constructor(...args: Arguments<RReLUOptions, [], [lower?: number, upper?: number, inplace?: boolean]>) {
    const options = bindRReLU(args);
    super(options);
    this.lower = options.lower;
    this.upper = options.upper;
  }
  forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, this.training, { inplace: this.inplace });
  }
  override extraRepr(): string {
    return settings({ lower: real(this.lower), upper: real(this.upper) }, this.inplace);
  }
}

export interface ThresholdOptions extends InplaceOptions {
  threshold: number;
  /** What takes the place of what is not greater. */
  value: number;
}
const bindThreshold = /* @__PURE__ */ keywords<ThresholdOptions>("Threshold", "threshold, value, inplace?", {
  inplace: false,
});

/** Element-wise `x` where it is greater than `threshold`, else `value`. */
export class Threshold extends Inplace {
  readonly threshold: number;
  readonly value: number;
  constructor(...args: Arguments<ThresholdOptions, [threshold: number, value: number], [inplace?: boolean]>) {
    const options = bindThreshold(args);
    super(options);
    this.threshold = options.threshold;
    this.value = options.value;
  }
  forward(input: Tensor): Tensor {
    return threshold(input, this.threshold, this.value, this.inplace);
  }
  override extraRepr(): string {
    return settings({ threshold: real(this.threshold), value: real(this.value) }, this.inplace);
  }
}

export interface ShrinkOptions {
  /** How near to 0 counts as 0; 0.5. */
  lambd?: number;
}
type ShrinkArguments = Arguments<ShrinkOptions, [], [lambd?: number]>;
const bindShrink = (name: string): ((args: readonly unknown[]) => Required<ShrinkOptions>) =>
  keywords<ShrinkOptions>(name, "lambd?", { lambd: 0.5 });

/** A layer that takes what is near to 0 for 0. */
abstract class Shrink extends Layer {
  readonly lambd: number;
  constructor({ lambd }: Required<ShrinkOptions>) {
    super();
    this.lambd = lambd;
  }
  override extraRepr(): string {
    return real(this.lambd);
  }
}

const bindHardshrink = /* @__PURE__ */ bindShrink("Hardshrink");

/** Element-wise `x`, and 0 where it lies within `lambd` of 0. */
export class Hardshrink extends Shrink {
  constructor(...args: ShrinkArguments) {
    super(bindHardshrink(args));
  }
  forward(input: Tensor): Tensor {
    return hardshrink(input, this.lambd);
  }
}

const bindSoftshrink = /* @__PURE__ */ bindShrink("Softshrink");

/** Element-wise `x`, nearer to 0 by `lambd`, and 0 where it lies within. */
export class Softshrink extends Shrink {
  constructor(...args: ShrinkArguments) {
    super(bindSoftshrink(args));
  }
  forward(input: Tensor): Tensor {
    return softshrink(input, this.lambd);
  }
}

/** Element-wise `x / (1 + |x|)`. */
export class Softsign extends Layer {
  forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/** Element-wise `x - tanh(x)`. */
export class Tanhshrink extends Layer {
  forward(input: Tensor): Tensor {
    return tanhshrink(input);
  }
}

export interface GLUOptions {
  /** The dim that is halved; -1. */
  dim?: number;
}
const bindGLU = /* @__PURE__ */ keywords<GLUOptions>("GLU", "dim?", { dim: -1 });

/**
 * The first half times the sigmoid of the second, along `dim`.
 *
 * Shape: `[…, 2n, …]` → `[…, n, …]`.
 */
export class GLU extends Layer {
  readonly dim: number;
  constructor(...args: Arguments<GLUOptions, [], [dim?: number]>) {
    super();
    this.dim = bindGLU(args).dim;
  }
  forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }
  override extraRepr(): string {
    return fields({ dim: py(this.dim) });
  }
}

export interface PReLUOptions extends Factory {
  /** One slope for all, or one a channel (dim 1); 1. */
  numParameters?: number;
  /** What the slopes are at first; 0.25. */
  init?: number;
}
const bindPReLU = /* @__PURE__ */ keywords<PReLUOptions>("PReLU", "numParameters?, init?, device?, dtype?", {
  numParameters: 1,
  init: 0.25,
  device: null,
  dtype: null,
});

/**
 * Element-wise `x`, or `weight · x` where it is negative.
 *
 * Attributes: `weight` `[numParameters]`.
 */
export class PReLU extends Layer {
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;
  constructor(
    ...args: Arguments<
      PReLUOptions,
      [],
      [numParameters?: number, init?: number, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { numParameters, init, ...factory } = bindPReLU(args);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = blank([numParameters], factory);
    this.resetParameters();
  }

  /** Sets the slopes as they were at first. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }
  forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }
  override extraRepr(): string {
    return fields({ num_parameters: py(this.numParameters) });
  }
}
