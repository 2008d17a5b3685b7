import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, avgPool1d, avgPool2d, maxPool1d, maxPool2d } from "../ops/index.ts";
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
type MaxPoolArguments = Arguments<
  MaxPoolOptions,
  [kernelSize: Sizes],
  [stride?: Sizes | null, padding?: Sizes, dilation?: Sizes, returnIndices?: boolean, ceilMode?: boolean]
>;

const MAX_NAMES = "kernelSize, stride?, padding?, dilation?, returnIndices?, ceilMode?";
const MAX_DEFAULTS = { stride: null, padding: 0, dilation: 1, returnIndices: false, ceilMode: false } as const;
const bindMaxPool1d = /* @__PURE__ */ keywords<MaxPoolOptions>("MaxPool1d", MAX_NAMES, MAX_DEFAULTS);
const bindMaxPool2d = /* @__PURE__ */ keywords<MaxPoolOptions>("MaxPool2d", MAX_NAMES, MAX_DEFAULTS);

/** What maximum pools share; they differ in the number of dims. */
abstract class MaxPool extends Layer {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;
  readonly #pool: typeof maxPool2d;

  constructor(pool: typeof maxPool2d, options: Bound<MaxPoolOptions>) {
    super();
    const { kernelSize, stride, padding, dilation, returnIndices, ceilMode } = options;
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.dilation = dilation;
    this.returnIndices = returnIndices;
    this.ceilMode = ceilMode;
    this.#pool = pool;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    if (!this.returnIndices) return this.#pool(input, kernelSize, stride, padding, dilation, ceilMode);
    // Who asks for the places knows that two tensors come; the type is for all others.
    const options = { stride, padding, dilation, ceilMode, returnIndices: true } as const;
    return this.#pool(input, kernelSize, options) as unknown as Tensor;
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

/**
 * The maximum of each window of a sequence.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, l']` with `l' = ⌊(l + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1`
 * (⌈ ⌉ with `ceilMode`). With `returnIndices` the result is `[output, indices]`: positions in the sequence.
 *
 * @example
 * new nn.MaxPool1d(3, { stride: 2 })(randn(20, 16, 50)).shape // [20, 16, 24]
 */
export class MaxPool1d extends MaxPool {
  constructor(...args: MaxPoolArguments) {
    super(maxPool1d, bindMaxPool1d(args));
  }
}

/**
 * The maximum of each window of an image.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with
 * `h' = ⌊(h + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1` (⌈ ⌉ with `ceilMode`), and `w'` alike. With
 * `returnIndices` the result is `[output, indices]`: positions in the plane, for unpooling.
 *
 * @example
 * new nn.MaxPool2d(2)(randn(64, 32, 28, 28)).shape // [64, 32, 14, 14]
 */
export class MaxPool2d extends MaxPool {
  constructor(...args: MaxPoolArguments) {
    super(maxPool2d, bindMaxPool2d(args));
  }
}

interface AvgPool1dOptions {
  kernelSize: Sizes;
  /** Steps between windows; by default the window's size. */
  stride?: Sizes | null;
  /** Zeros on both sides; 0. */
  padding?: Sizes;
  /** Whether a window may hang over the end; false. */
  ceilMode?: boolean;
  /** Whether the zeros of the padding count in the mean; true. */
  countIncludePad?: boolean;
}
export interface AvgPoolOptions extends AvgPool1dOptions {
  /** What sums are divided by in place of the window's size. */
  divisorOverride?: number | null;
}

const AVG_NAMES = "kernelSize, stride?, padding?, ceilMode?, countIncludePad?";
const AVG_DEFAULTS = { stride: null, padding: 0, ceilMode: false, countIncludePad: true } as const;
const bindAvgPool1d = /* @__PURE__ */ keywords<AvgPool1dOptions>("AvgPool1d", AVG_NAMES, AVG_DEFAULTS);
const bindAvgPool2d = /* @__PURE__ */ keywords<AvgPoolOptions>("AvgPool2d", `${AVG_NAMES}, divisorOverride?`, {
  ...AVG_DEFAULTS,
  divisorOverride: null,
});

/** What average pools share; they differ in the number of dims. */
abstract class AvgPool extends Layer {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor({ kernelSize, stride, padding, ceilMode, countIncludePad }: Bound<AvgPool1dOptions>) {
    super();
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  override extraRepr(): string {
    return fields({ kernel_size: py(this.kernelSize), stride: py(this.stride), padding: py(this.padding) });
  }
}

/**
 * The mean of each window of a sequence.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, l']` with `l' = ⌊(l + 2·padding - kernelSize) / stride⌋ + 1` (⌈ ⌉ with
 * `ceilMode`).
 *
 * @example
 * new nn.AvgPool1d(3, { stride: 2 })(randn(20, 16, 50)).shape // [20, 16, 24]
 */
export class AvgPool1d extends AvgPool {
  constructor(
    ...args: Arguments<
      AvgPool1dOptions,
      [kernelSize: Sizes],
      [stride?: Sizes | null, padding?: Sizes, ceilMode?: boolean, countIncludePad?: boolean]
    >
  ) {
    const options = bindAvgPool1d(args);
    // PyTorch shows these sizes as tuples of one.
    const { kernelSize, stride, padding } = options;
    super({
      ...options,
      kernelSize: single(kernelSize),
      stride: single(stride ?? kernelSize),
      padding: single(padding),
    });
  }

  forward(input: Tensor): Tensor {
    return avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }
}

const single = (sizes: Sizes): readonly number[] => (typeof sizes === "number" ? [sizes] : sizes);

/**
 * The mean of each window of an image.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with `h' = ⌊(h + 2·padding - kernelSize) / stride⌋ + 1`
 * (⌈ ⌉ with `ceilMode`), and `w'` alike.
 *
 * @example
 * new nn.AvgPool2d(3, { stride: 2 })(randn(20, 16, 50, 32)).shape // [20, 16, 24, 15]
 */
export class AvgPool2d extends AvgPool {
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
    const options = bindAvgPool2d(args);
    super(options);
    this.divisorOverride = options.divisorOverride;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** A size for each spatial dim; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

interface AdaptiveOptions<S> {
  outputSize: S;
}
const bindAdaptive1d = /* @__PURE__ */ keywords<AdaptiveOptions<number>>("AdaptiveAvgPool1d", "outputSize");
const bindAdaptive2d = /* @__PURE__ */ keywords<AdaptiveOptions<OutputSize>>("AdaptiveAvgPool2d", "outputSize");

/**
 * The means of as many windows as the output is long, whatever the length of the sequence: window i of l' covers
 * `⌊i·l / l'⌋` to `⌈(i + 1)·l / l'⌉`.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, outputSize]`.
 *
 * @example
 * new nn.AdaptiveAvgPool1d(5)(randn(1, 64, 8)).shape // [1, 64, 5]
 */
export class AdaptiveAvgPool1d extends Layer {
  readonly outputSize: number;

  constructor(...args: Arguments<AdaptiveOptions<number>, [outputSize: number]>) {
    super();
    this.outputSize = bindAdaptive1d(args).outputSize;
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }

  override extraRepr(): string {
    return fields({ output_size: py(this.outputSize) });
  }
}

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

  constructor(...args: Arguments<AdaptiveOptions<OutputSize>, [outputSize: OutputSize]>) {
    super();
    this.outputSize = bindAdaptive2d(args).outputSize;
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }

  override extraRepr(): string {
    return fields({ output_size: py(this.outputSize) });
  }
}
