import type { DType } from "../core/index.ts";
import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { conv1d, conv2d, conv3d } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { ConvBase, type ConvOptions, type PaddingMode, type Sizes } from "./convbase.ts";

export type { ConvOptions, PaddingMode, Sizes } from "./convbase.ts";

type ConvArguments = Arguments<
  ConvOptions,
  [inChannels: number, outChannels: number, kernelSize: Sizes],
  [
    stride?: Sizes,
    padding?: Sizes | "valid" | "same",
    dilation?: Sizes,
    groups?: number,
    bias?: boolean,
    paddingMode?: PaddingMode,
    device?: string | null,
    dtype?: DType | null,
  ]
>;

const NAMES =
  "inChannels, outChannels, kernelSize, stride?, padding?, dilation?, groups?, bias?, paddingMode?, device?, dtype?";
const DEFAULTS = {
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
  bias: true,
  paddingMode: "zeros",
  device: null,
  dtype: null,
} as const;
const bindConv1d = /* @__PURE__ */ keywords<ConvOptions>("Conv1d", NAMES, DEFAULTS);
const bindConv2d = /* @__PURE__ */ keywords<ConvOptions>("Conv2d", NAMES, DEFAULTS);
const bindConv3d = /* @__PURE__ */ keywords<ConvOptions>("Conv3d", NAMES, DEFAULTS);

abstract class Conv extends ConvBase {
  constructor(name: string, dims: number, options: Bound<ConvOptions>) {
    super(name, dims, { ...options, outputPadding: 0, transposed: false });
  }

  protected convolved(conv: typeof conv2d, input: Tensor): Tensor {
    const padding = this.paddingMode === "zeros" ? this.padding : 0;
    return conv(this.padded(input), this.weight, this.bias, this.stride, padding, this.dilation, this.groups);
  }
}

/**
 * Convolution over one spatial dim (a cross-correlation, as everywhere in deep learning).
 *
 * Shape: `[n, inChannels, l]` or `[inChannels, l]` → `[n, outChannels, l']` with
 * `l' = ⌊(l + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1`.
 *
 * Attributes: `weight` `[outChannels, inChannels / groups, kernelSize]` and `bias` `[outChannels]` (null without), both
 * from U(-k, k) with k = 1 / √(inChannels / groups · kernelSize).
 *
 * @example
 * new nn.Conv1d(16, 33, 3, { stride: 2 })(randn(20, 16, 50)).shape // [20, 33, 24]
 */
export class Conv1d extends Conv {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvArguments) {
    super("Conv1d", 1, bindConv1d(args));
  }

  forward(input: Tensor): Tensor {
    return this.convolved(conv1d, input);
  }
}

/**
 * Convolution over two spatial dims (a cross-correlation, as everywhere in deep learning).
 *
 * Shape: `[n, inChannels, h, w]` or `[inChannels, h, w]` → `[n, outChannels, h', w']` with
 * `h' = ⌊(h + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1`, and `w'` alike.
 *
 * Attributes: `weight` `[outChannels, inChannels / groups, kernel h, kernel w]` and `bias` `[outChannels]` (null
 * without), both from U(-k, k) with k = 1 / √(inChannels / groups · kernel h · kernel w).
 *
 * @example
 * new nn.Conv2d(1, 32, 3, { padding: 1 })(randn(64, 1, 28, 28)).shape // [64, 32, 28, 28]
 */
export class Conv2d extends Conv {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvArguments) {
    super("Conv2d", 2, bindConv2d(args));
  }

  forward(input: Tensor): Tensor {
    return this.convolved(conv2d, input);
  }
}

/**
 * Convolution over three spatial dims (a cross-correlation, as everywhere in deep learning).
 *
 * Shape: `[n, inChannels, d, h, w]` or `[inChannels, d, h, w]` → `[n, outChannels, d', h', w']` with
 * `d' = ⌊(d + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1`, and `h'` and `w'` alike.
 *
 * Attributes: `weight` `[outChannels, inChannels / groups, ...kernelSize]` and `bias` `[outChannels]` (null without),
 * both from U(-k, k) with k = 1 / √(inChannels / groups · elements of the kernel).
 *
 * @example
 * new nn.Conv3d(16, 33, 3, { stride: 2 })(randn(2, 16, 10, 50, 50)).shape // [2, 33, 4, 24, 24]
 */
export class Conv3d extends Conv {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: ConvArguments) {
    super("Conv3d", 3, bindConv3d(args));
  }

  forward(input: Tensor): Tensor {
    return this.convolved(conv3d, input);
  }
}
