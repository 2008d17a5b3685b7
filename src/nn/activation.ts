// Activations: a function as a module. Their own Shape is any shape, kept.

import { ShapeError, show, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import {
  elu,
  gelu,
  hardtanh,
  leakyRelu,
  logSoftmax,
  logsigmoid,
  relu,
  sigmoid,
  silu,
  softmax,
  softmin,
  softplus,
  tanh,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { fields, py, real } from "./repr.ts";

export interface InplaceOptions {
  /** Whether the input itself is changed; false. */
  inplace?: boolean;
}
type InplaceArguments = Arguments<InplaceOptions, [], [inplace?: boolean]>;
const bindReLU = /* @__PURE__ */ keywords<InplaceOptions>("ReLU", "inplace?", { inplace: false });
const bindSiLU = /* @__PURE__ */ keywords<InplaceOptions>("SiLU", "inplace?", { inplace: false });

/** Element-wise `max(x, 0)`. */
export class ReLU extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly inplace: boolean;
  constructor(...args: InplaceArguments) {
    super();
    this.inplace = bindReLU(args).inplace;
  }
  forward(input: Tensor): Tensor {
    return this.inplace ? relu(input, true) : relu(input);
  }
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** Element-wise `x · sigmoid(x)`. */
export class SiLU extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly inplace: boolean;
  constructor(...args: InplaceArguments) {
    super();
    this.inplace = bindSiLU(args).inplace;
  }
  forward(input: Tensor): Tensor {
    return this.inplace ? silu(input, true) : silu(input);
  }
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

export interface LeakyReLUOptions extends InplaceOptions {
  /** The slope below 0; 0.01. */
  negativeSlope?: number;
}
const bindLeakyReLU = /* @__PURE__ */ keywords<LeakyReLUOptions>("LeakyReLU", "negativeSlope?, inplace?", {
  negativeSlope: 0.01,
  inplace: false,
});

/** Element-wise `x` where `x ≥ 0`, else `negativeSlope · x`. */
export class LeakyReLU extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly negativeSlope: number;
  readonly inplace: boolean;
  constructor(...args: Arguments<LeakyReLUOptions, [], [negativeSlope?: number, inplace?: boolean]>) {
    super();
    const { negativeSlope, inplace } = bindLeakyReLU(args);
    this.negativeSlope = negativeSlope;
    this.inplace = inplace;
  }
  forward(input: Tensor): Tensor {
    return this.inplace ? leakyRelu(input, this.negativeSlope, true) : leakyRelu(input, this.negativeSlope);
  }
  override extraRepr(): string {
    return `negative_slope=${real(this.negativeSlope)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

export interface GELUOptions {
  /** "none" is exact, "tanh" the approximation with tanh. */
  approximate?: "none" | "tanh";
}
const bindGELU = /* @__PURE__ */ keywords<GELUOptions>("GELU", "approximate?", { approximate: "none" });

/** Element-wise `x · Φ(x)`, Φ the normal distribution function. */
export class GELU extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly approximate: "none" | "tanh";
  constructor(...args: Arguments<GELUOptions, [], [approximate?: "none" | "tanh"]>) {
    super();
    this.approximate = bindGELU(args).approximate;
  }
  forward(input: Tensor): Tensor {
    return gelu(input, { approximate: this.approximate });
  }
  override extraRepr(): string {
    return fields({ approximate: py(this.approximate) });
  }
}

/** Element-wise `1 / (1 + exp(-x))`. */
export class Sigmoid extends Layer {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** Element-wise hyperbolic tangent. */
export class Tanh extends Layer {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

export interface SoftmaxOptions {
  /** The dim along which the results sum to 1. Absent it is 0 for inputs of 0, 1 or 3 dims and else 1, as it was once. */
  dim?: number | null;
}
type SoftmaxArguments = Arguments<SoftmaxOptions, [], [dim?: number | null]>;
const bindSoftmax = /* @__PURE__ */ keywords<SoftmaxOptions>("Softmax", "dim?", { dim: null });
const bindLogSoftmax = /* @__PURE__ */ keywords<SoftmaxOptions>("LogSoftmax", "dim?", { dim: null });

/** The dim that PyTorch takes where none is given. */
const usualDim = (input: Tensor): number => (input.ndim === 0 || input.ndim === 1 || input.ndim === 3 ? 0 : 1);

/** Softmax along `dim`: `exp(x) / Σ exp(x)`. */
export class Softmax extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly dim: number | null;
  constructor(...args: SoftmaxArguments) {
    super();
    this.dim = bindSoftmax(args).dim;
  }
  forward(input: Tensor): Tensor {
    return softmax(input, this.dim ?? usualDim(input));
  }
  override extraRepr(): string {
    return fields({ dim: py(this.dim) });
  }
}

/** The logarithm of softmax along `dim`: `x - log Σ exp(x)`. */
export class LogSoftmax extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly dim: number | null;
  constructor(...args: SoftmaxArguments) {
    super();
    this.dim = bindLogSoftmax(args).dim;
  }
  forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim ?? usualDim(input));
  }
  override extraRepr(): string {
    return fields({ dim: py(this.dim) });
  }
}

const bindSoftmin = /* @__PURE__ */ keywords<SoftmaxOptions>("Softmin", "dim?", { dim: null });

/** Softmax of `-x` along `dim`. */
export class Softmin extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly dim: number | null;
  constructor(...args: SoftmaxArguments) {
    super();
    this.dim = bindSoftmin(args).dim;
  }
  forward(input: Tensor): Tensor {
    return softmin(input, this.dim ?? usualDim(input));
  }
  override extraRepr(): string {
    return fields({ dim: py(this.dim) });
  }
}

/** Softmax over the channels of pictures, `[n, c, h, w]` or `[c, h, w]`. */
export class Softmax2d extends Layer {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) {
      throw new ShapeError(`Softmax2d: input is ${show(input)}, expected [n, c, h, w] or [c, h, w]`);
    }
    return softmax(input, -3);
  }
}

export interface ELUOptions extends InplaceOptions {
  /** How deep it goes below 0; 1. */
  alpha?: number;
}
const bindELU = /* @__PURE__ */ keywords<ELUOptions>("ELU", "alpha?, inplace?", { alpha: 1, inplace: false });

/** Element-wise `x` where `x > 0`, else `alpha · (exp(x) - 1)`. */
export class ELU extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly alpha: number;
  readonly inplace: boolean;
  constructor(...args: Arguments<ELUOptions, [], [alpha?: number, inplace?: boolean]>) {
    super();
    const { alpha, inplace } = bindELU(args);
    this.alpha = alpha;
    this.inplace = inplace;
  }
  forward(input: Tensor): Tensor {
    return elu(input, this.alpha, this.inplace);
  }
  override extraRepr(): string {
    return `alpha=${real(this.alpha)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

export interface HardtanhOptions extends InplaceOptions {
  /** The least value; -1. */
  minVal?: number;
  /** The greatest value; 1. */
  maxVal?: number;
}
const bindHardtanh = /* @__PURE__ */ keywords<HardtanhOptions>("Hardtanh", "minVal?, maxVal?, inplace?", {
  minVal: -1,
  maxVal: 1,
  inplace: false,
});

/** Element-wise `x`, held between `minVal` and `maxVal`. */
export class Hardtanh extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;
  constructor(...args: Arguments<HardtanhOptions, [], [minVal?: number, maxVal?: number, inplace?: boolean]>) {
    super();
    const { minVal, maxVal, inplace } = bindHardtanh(args);
    if (!(maxVal > minVal)) throw new ValueError(`Hardtanh: maxVal ${maxVal} is not above minVal ${minVal}`);
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
  }
  forward(input: Tensor): Tensor {
    return hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }
  override extraRepr(): string {
    return `min_val=${real(this.minVal)}, max_val=${real(this.maxVal)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

const bindReLU6 = /* @__PURE__ */ keywords<InplaceOptions>("ReLU6", "inplace?", { inplace: false });

/** Element-wise `x`, held between 0 and 6. */
export class ReLU6 extends Hardtanh {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: InplaceArguments) {
    super(0, 6, bindReLU6(args).inplace);
  }
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

export interface SoftplusOptions {
  /** How sharp the bend is; 1. */
  beta?: number;
  /** Where `beta · x` is above it, the result is x; 20. */
  threshold?: number;
}
const bindSoftplus = /* @__PURE__ */ keywords<SoftplusOptions>("Softplus", "beta?, threshold?", {
  beta: 1,
  threshold: 20,
});

/** Element-wise `log(1 + exp(beta · x)) / beta`. */
export class Softplus extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly beta: number;
  readonly threshold: number;
  constructor(...args: Arguments<SoftplusOptions, [], [beta?: number, threshold?: number]>) {
    super();
    const { beta, threshold } = bindSoftplus(args);
    this.beta = beta;
    this.threshold = threshold;
  }
  forward(input: Tensor): Tensor {
    return softplus(input, this.beta, this.threshold);
  }
  override extraRepr(): string {
    return fields({ beta: real(this.beta), threshold: real(this.threshold) });
  }
}

/** Element-wise `log(1 / (1 + exp(-x)))`. */
export class LogSigmoid extends Layer {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return logsigmoid(input);
  }
}
