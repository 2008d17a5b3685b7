import { type Arguments, keywords } from "../op/index.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Sizes } from "./conv.ts";
import { Layer } from "./layer.ts";
import { fields, py } from "./repr.ts";

export interface MaxPoolOptions {
  kernelSize: Sizes;
  /** Steps between windows; by default the window's size. */
  stride?: Sizes | null;
  /** Elements of -∞ on both sides; 0. */
  padding?: Sizes;
  /** Steps between the elements of a window; 1. */
  dilation?: Sizes;
  /** Whether the result comes with the positions of the maxima; false. */
  returnIndices?: boolean;
  /** Whether a window may hang over the end; false. */
  ceilMode?: boolean;
}

const bindMaxPool2d = /* @__PURE__ */ keywords<MaxPoolOptions>(
  "MaxPool2d",
  "kernelSize, stride?, padding?, dilation?, returnIndices?, ceilMode?",
  { stride: null, padding: 0, dilation: 1, returnIndices: false, ceilMode: false },
);

/**
 * The maximum of each window of an image.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with
 * `h' = ⌊(h + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1` (⌈ ⌉ with `ceilMode`), and `w'` alike.
 *
 * With `returnIndices` the result is `[output, indices]`: positions in the plane, for unpooling.
 *
 * @example
 * new nn.MaxPool2d(2)(randn(64, 32, 28, 28)).shape // [64, 32, 14, 14]
 */
export class MaxPool2d extends Layer {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  constructor(
    ...args: Arguments<
      MaxPoolOptions,
      [kernelSize: Sizes],
      [stride?: Sizes | null, padding?: Sizes, dilation?: Sizes, returnIndices?: boolean, ceilMode?: boolean]
    >
  ) {
    super();
    const { kernelSize, stride, padding, dilation, returnIndices, ceilMode } = bindMaxPool2d(args);
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.dilation = dilation;
    this.returnIndices = returnIndices;
    this.ceilMode = ceilMode;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    if (!returnIndices) return maxPool2d(input, kernelSize, stride, padding, dilation, ceilMode);
    // Who asks for the places knows that two tensors come; the type is for all others.
    const options = { stride, padding, dilation, ceilMode, returnIndices: true } as const;
    return maxPool2d(input, kernelSize, options) as unknown as Tensor;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return fields({
      kernel_size: py(kernelSize),
      stride: py(stride),
      padding: py(padding),
      dilation: py(dilation),
      ceil_mode: py(ceilMode),
    });
  }
}

export interface AvgPoolOptions {
  kernelSize: Sizes;
  /** Steps between windows; by default the window's size. */
  stride?: Sizes | null;
  /** Zeros on both sides; 0. */
  padding?: Sizes;
  /** Whether a window may hang over the end; false. */
  ceilMode?: boolean;
  /** Whether the zeros of the padding count in the mean; true. */
  countIncludePad?: boolean;
  /** What sums are divided by in place of the window's size. */
  divisorOverride?: number | null;
}

const bindAvgPool2d = /* @__PURE__ */ keywords<AvgPoolOptions>(
  "AvgPool2d",
  "kernelSize, stride?, padding?, ceilMode?, countIncludePad?, divisorOverride?",
  { stride: null, padding: 0, ceilMode: false, countIncludePad: true, divisorOverride: null },
);

/**
 * The mean of each window of an image.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with `h' = ⌊(h + 2·padding - kernelSize) / stride⌋ + 1`
 * (⌈ ⌉ with `ceilMode`), and `w'` alike.
 *
 * @example
 * new nn.AvgPool2d(3, { stride: 2 })(randn(20, 16, 50, 32)).shape // [20, 16, 24, 15]
 */
export class AvgPool2d extends Layer {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(
    ...args: Arguments<
      AvgPoolOptions,
      [kernelSize: Sizes],
      [
        stride?: Sizes | null,
        padding?: Sizes,
        ceilMode?: boolean,
        countIncludePad?: boolean,
        divisorOverride?: number | null,
      ]
    >
  ) {
    super();
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = bindAvgPool2d(args);
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
    this.divisorOverride = divisorOverride;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }

  override extraRepr(): string {
    return fields({ kernel_size: py(this.kernelSize), stride: py(this.stride), padding: py(this.padding) });
  }
}

/** A size for each spatial dim; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

const bindAdaptiveAvgPool2d = /* @__PURE__ */ keywords<{ outputSize: OutputSize }>("AdaptiveAvgPool2d", "outputSize");

/**
 * The means of as many windows as the output has elements, whatever the size of the image: window i of h' covers rows
 * `⌊i·h / h'⌋` to `⌈(i + 1)·h / h'⌉`.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, ...outputSize]`; a null keeps that size.
 *
 * @example
 * new nn.AdaptiveAvgPool2d(1)(randn(64, 512, 7, 7)).shape // [64, 512, 1, 1]
 */
export class AdaptiveAvgPool2d extends Layer {
  readonly outputSize: OutputSize;

  constructor(...args: Arguments<{ outputSize: OutputSize }, [outputSize: OutputSize]>) {
    super();
    this.outputSize = bindAdaptiveAvgPool2d(args).outputSize;
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }

  override extraRepr(): string {
    return fields({ output_size: py(this.outputSize) });
  }
}
