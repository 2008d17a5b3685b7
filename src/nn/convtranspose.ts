import { type DType, ShapeError, ValueError } from "../core/index.ts";
import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { ConvBase, type ConvOptions, type Sizes } from "./convbase.ts";

export interface ConvTransposeOptions extends Omit<ConvOptions, "padding" | "paddingMode"> {
  /** Elements cut off on both sides of what the kernels reach; 0. */
  padding?: Sizes;
  /** Elements added behind the result, less than the stride: which of the sizes that convolve to the input's; 0. */
  outputPadding?: Sizes;
  paddingMode?: "zeros";
}
type ConvTransposeArguments = Arguments<
  ConvTransposeOptions,
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  [
    stride?: Sizes,
    padding?: Sizes,
    outputPadding?: Sizes,
    groups?: number,
    bias?: boolean,
    dilation?: Sizes,
    paddingMode?: "zeros",
    device?: string | null,
    dtype?: DType | null,
  ]
>;

const NAMES =
  "inChannels, outChannels, kernelSize, stride?, padding?, outputPadding?, groups?, bias?, dilation?, paddingMode?, device?, dtype?";
const DEFAULTS = {
  stride: 1,
  padding: 0,
  outputPadding: 0,
  groups: 1,
  bias: true,
  dilation: 1,
  paddingMode: "zeros",
  device: null,
  dtype: null,
} as const;
const bindConvTranspose1d = /* @__PURE__ */ keywords<ConvTransposeOptions>("ConvTranspose1d", NAMES, DEFAULTS);
const bindConvTranspose2d = /* @__PURE__ */ keywords<ConvTransposeOptions>("ConvTranspose2d", NAMES, DEFAULTS);
const bindConvTranspose3d = /* @__PURE__ */ keywords<ConvTransposeOptions>("ConvTranspose3d", NAMES, DEFAULTS);

abstract class ConvTranspose extends ConvBase {
  static override readonly forwardSignature: string = "input, outputSize?";
  declare readonly padding: readonly number[]; // the options allow no word

  constructor(name: string, dims: number, options: Bound<ConvTransposeOptions>) {
    if (options.paddingMode !== "zeros") throw new ValueError(`${name}: only "zeros" padding mode is supported`);
    super(name, dims, { ...options, transposed: true });
  }

  protected spread(conv: typeof convTranspose2d, input: Tensor, outputSize: readonly number[] | null): Tensor {
    const more = outputSize === null ? this.outputPadding : this._missing(input, outputSize);
    return conv(input, this.weight, this.bias, this.stride, this.padding, more, this.groups, this.dilation);
  }

  /** The padding behind the result that makes it as large as is asked. */
  private _missing(input: Tensor, outputSize: readonly number[]): readonly number[] {
    const dims = this.kernelSize.length;
    const size = outputSize.length === dims ? outputSize : outputSize.slice(input.ndim - dims);
    if (size.length !== dims) throw new ShapeError(`outputSize has ${outputSize.length} numbers, expected ${dims}`);
    return size.map((n, d) => {
      const reach = this.dilation[d]! * (this.kernelSize[d]! - 1) + 1;
      const least = (input.shape.at(d - dims)! - 1) * this.stride[d]! - 2 * this.padding[d]! + reach;
      if (n >= least && n < least + this.stride[d]!) return n - least;
      throw new ShapeError(
        `outputSize is ${n} in spatial dim ${d}, expected from ${least} to ${least + this.stride[d]! - 1}`,
      );
    });
  }
}

/**
 * Transposed convolution over one spatial dim: the gradient of a convolution with these arguments by its input, which makes small
 * ones large.
 *
 * Shape: `[n, inChannels, l]` or `[inChannels, l]` → `[n, outChannels, l']` with
 * `l' = (l - 1)·stride - 2·padding + dilation·(kernelSize - 1) + outputPadding + 1`. Where it is called with an
 * `outputSize`, the output padding follows from that.
 *
 * Attributes: `weight` `[inChannels, outChannels / groups, ...kernelSize]` and `bias` `[outChannels]` (null without), both
 * from U(-k, k) with k = 1 / √(outChannels / groups · elements of the kernel).
 *
 * @example
 * new nn.ConvTranspose1d(16, 33, 3, { stride: 2 })(randn(20, 16, 50)).shape // [20, 33, 101]
 */
export class ConvTranspose1d extends ConvTranspose {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvTransposeArguments) {
    super("ConvTranspose1d", 1, bindConvTranspose1d(args));
  }

  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this.spread(convTranspose1d, input, outputSize);
  }
}

/**
 * Transposed convolution over two spatial dims: the gradient of a convolution with these arguments by its input, which makes small
 * ones large.
 *
 * Shape: `[n, inChannels, h, w]` or `[inChannels, h, w]` → `[n, outChannels, h', w']` with
 * `h' = (h - 1)·stride - 2·padding + dilation·(kernelSize - 1) + outputPadding + 1`, and the others alike. Where it is called with an
 * `outputSize`, the output padding follows from that.
 *
 * Attributes: `weight` `[inChannels, outChannels / groups, ...kernelSize]` and `bias` `[outChannels]` (null without), both
 * from U(-k, k) with k = 1 / √(outChannels / groups · elements of the kernel).
 *
 * @example
 * new nn.ConvTranspose2d(16, 33, 3, { stride: 2 })(randn(20, 16, 50, 100)).shape // [20, 33, 101, 201]
 */
export class ConvTranspose2d extends ConvTranspose {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvTransposeArguments) {
    super("ConvTranspose2d", 2, bindConvTranspose2d(args));
  }

  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this.spread(convTranspose2d, input, outputSize);
  }
}

/**
 * Transposed convolution over three spatial dims: the gradient of a convolution with these arguments by its input, which makes small
 * ones large.
 *
 * Shape: `[n, inChannels, d, h, w]` or `[inChannels, d, h, w]` → `[n, outChannels, d', h', w']` with
 * `d' = (d - 1)·stride - 2·padding + dilation·(kernelSize - 1) + outputPadding + 1`, and the others alike. Where it is called with an
 * `outputSize`, the output padding follows from that.
 *
 * Attributes: `weight` `[inChannels, outChannels / groups, ...kernelSize]` and `bias` `[outChannels]` (null without), both
 * from U(-k, k) with k = 1 / √(outChannels / groups · elements of the kernel).
 *
 * @example
 * new nn.ConvTranspose3d(16, 33, 3, { stride: 2 })(randn(2, 16, 5, 6, 7)).shape // [2, 33, 11, 13, 15]
 */
export class ConvTranspose3d extends ConvTranspose {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvTransposeArguments) {
    super("ConvTranspose3d", 3, bindConvTranspose3d(args));
  }

  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this.spread(convTranspose3d, input, outputSize);
  }
}
