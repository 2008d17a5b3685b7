import type { DType } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Conv1d, Conv2d, Conv3d, type ConvOptions, type PaddingMode, type Sizes } from "./conv.ts";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeOptions } from "./convtranspose.ts";

type LazyOptions = Omit<ConvOptions, "inChannels">;
type LazyTransposeOptions = Omit<ConvTransposeOptions, "inChannels">;
type LazyArguments = Arguments<
  LazyOptions,
  [outChannels: number, kernelSize: Sizes],
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
type LazyTransposeArguments = Arguments<
  LazyTransposeOptions,
  [outChannels: number, kernelSize: Sizes],
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

const NAMES = "outChannels, kernelSize, stride?, padding?, dilation?, groups?, bias?, paddingMode?, device?, dtype?";
const TRANSPOSE_NAMES =
  "outChannels, kernelSize, stride?, padding?, outputPadding?, groups?, bias?, dilation?, paddingMode?, device?, dtype?";
const bindLazyConv1d = /* @__PURE__ */ keywords<LazyOptions>("LazyConv1d", NAMES);
const bindLazyConv2d = /* @__PURE__ */ keywords<LazyOptions>("LazyConv2d", NAMES);
const bindLazyConv3d = /* @__PURE__ */ keywords<LazyOptions>("LazyConv3d", NAMES);
const bindLazyConvTranspose1d = /* @__PURE__ */ keywords<LazyTransposeOptions>("LazyConvTranspose1d", TRANSPOSE_NAMES);
const bindLazyConvTranspose2d = /* @__PURE__ */ keywords<LazyTransposeOptions>("LazyConvTranspose2d", TRANSPOSE_NAMES);
const bindLazyConvTranspose3d = /* @__PURE__ */ keywords<LazyTransposeOptions>("LazyConvTranspose3d", TRANSPOSE_NAMES);

/**
 * A `Conv1d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConv1d(8, 3)(randn(2, 4, 9)).shape // [2, 8, 7]
 */
export class LazyConv1d extends Conv1d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyArguments) {
    super({ ...bindLazyConv1d(args), inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.settle(input, Conv1d);
    return this.forward(input); // which is Conv1d's now
  }
}

/**
 * A `Conv2d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConv2d(8, 3)(randn(2, 4, 9, 9)).shape // [2, 8, 7, 7]
 */
export class LazyConv2d extends Conv2d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyArguments) {
    super({ ...bindLazyConv2d(args), inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.settle(input, Conv2d);
    return this.forward(input); // which is Conv2d's now
  }
}

/**
 * A `Conv3d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConv3d(8, 3)(randn(2, 4, 9, 9, 9)).shape // [2, 8, 7, 7, 7]
 */
export class LazyConv3d extends Conv3d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyArguments) {
    super({ ...bindLazyConv3d(args), inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.settle(input, Conv3d);
    return this.forward(input); // which is Conv3d's now
  }
}

/**
 * A `ConvTranspose1d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConvTranspose1d(8, 3)(randn(2, 4, 9)).shape // [2, 8, 11]
 */
export class LazyConvTranspose1d extends ConvTranspose1d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyTransposeArguments) {
    super({ ...bindLazyConvTranspose1d(args), inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    this.settle(input, ConvTranspose1d);
    return this.forward(input, outputSize); // which is ConvTranspose1d's now
  }
}

/**
 * A `ConvTranspose2d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConvTranspose2d(8, 3)(randn(2, 4, 9, 9)).shape // [2, 8, 11, 11]
 */
export class LazyConvTranspose2d extends ConvTranspose2d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyTransposeArguments) {
    super({ ...bindLazyConvTranspose2d(args), inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    this.settle(input, ConvTranspose2d);
    return this.forward(input, outputSize); // which is ConvTranspose2d's now
  }
}

/**
 * A `ConvTranspose3d` that takes the number of its input's channels from its first input, and draws its weight then. Until then its
 * `weight` is empty and takes no state.
 *
 * @example
 * new nn.LazyConvTranspose3d(8, 3)(randn(2, 4, 9, 9, 9)).shape // [2, 8, 11, 11, 11]
 */
export class LazyConvTranspose3d extends ConvTranspose3d {
  static override readonly lazy: boolean = true;

  constructor(...args: LazyTransposeArguments) {
    super({ ...bindLazyConvTranspose3d(args), inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    this.settle(input, ConvTranspose3d);
    return this.forward(input, outputSize); // which is ConvTranspose3d's now
  }
}
