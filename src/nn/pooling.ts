import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from "../ops/index.ts";
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
const bindMaxPool3d = /* @__PURE__ */ keywords<MaxPoolOptions>("MaxPool3d", MAX_NAMES, MAX_DEFAULTS);

/** What maximum pools share; they differ in the number of dims. */
abstract class MaxPool extends Layer {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;
  private readonly _pool: typeof maxPool2d;

  constructor(pool: typeof maxPool2d, options: Bound<MaxPoolOptions>) {
    super();
    const { kernelSize, stride, padding, dilation, returnIndices, ceilMode } = options;
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.dilation = dilation;
    this.returnIndices = returnIndices;
    this.ceilMode = ceilMode;
    this._pool = pool;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    if (!this.returnIndices) return this._pool(input, kernelSize, stride, padding, dilation, ceilMode);
    // Who asks for the places knows that two tensors come; the type is for all others.
    const options = { stride, padding, dilation, ceilMode, returnIndices: true } as const;
    return this._pool(input, kernelSize, options) as unknown as Tensor;
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
  static override readonly keepsNothing: boolean = true;
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
  static override readonly keepsNothing: boolean = true;
  constructor(...args: MaxPoolArguments) {
    super(maxPool2d, bindMaxPool2d(args));
  }
}

/**
 * The maximum of each window of a volume.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, d', h', w']` with
 * `d' = ⌊(d + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1` (⌈ ⌉ with `ceilMode`), and `h'` and `w'` alike. With
 * `returnIndices` the result is `[output, indices]`: positions in the volume, for unpooling.
 *
 * @example
 * new nn.MaxPool3d(3, { stride: 2 })(randn(2, 16, 20, 20, 10)).shape // [2, 16, 9, 9, 4]
 */
export class MaxPool3d extends MaxPool {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: MaxPoolArguments) {
    super(maxPool3d, bindMaxPool3d(args));
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
const OVER_NAMES = `${AVG_NAMES}, divisorOverride?`;
const OVER_DEFAULTS = { ...AVG_DEFAULTS, divisorOverride: null } as const;
const bindAvgPool2d = /* @__PURE__ */ keywords<AvgPoolOptions>("AvgPool2d", OVER_NAMES, OVER_DEFAULTS);
const bindAvgPool3d = /* @__PURE__ */ keywords<AvgPoolOptions>("AvgPool3d", OVER_NAMES, OVER_DEFAULTS);

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
  static override readonly keepsNothing: boolean = true;
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

type AvgPoolArguments = Arguments<
  AvgPoolOptions,
  [kernelSize: Sizes],
  [
    stride?: Sizes | null,
    padding?: Sizes,
    ceilMode?: boolean,
    countIncludePad?: boolean,
    divisorOverride?: number | null,
  ]
>;

/** One over several dims, whose divisor may be given. */
abstract class AvgPoolOver extends AvgPool {
  readonly divisorOverride: number | null;
  private readonly _pool: typeof avgPool2d;

  constructor(pool: typeof avgPool2d, options: Bound<AvgPoolOptions>) {
    super(options);
    this.divisorOverride = options.divisorOverride;
    this._pool = pool;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return this._pool(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/**
 * The mean of each window of an image.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with `h' = ⌊(h + 2·padding - kernelSize) / stride⌋ + 1`
 * (⌈ ⌉ with `ceilMode`), and `w'` alike.
 *
 * @example
 * new nn.AvgPool2d(3, { stride: 2 })(randn(20, 16, 50, 32)).shape // [20, 16, 24, 15]
 */
export class AvgPool2d extends AvgPoolOver {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: AvgPoolArguments) {
    super(avgPool2d, bindAvgPool2d(args));
  }
}

/**
 * The mean of each window of a volume.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, d', h', w']` with `d' = ⌊(d + 2·padding - kernelSize) / stride⌋ + 1`
 * (⌈ ⌉ with `ceilMode`), and `h'` and `w'` alike.
 *
 * @example
 * new nn.AvgPool3d(3, { stride: 2 })(randn(2, 16, 20, 20, 10)).shape // [2, 16, 9, 9, 4]
 */
export class AvgPool3d extends AvgPoolOver {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: AvgPoolArguments) {
    super(avgPool3d, bindAvgPool3d(args));
  }
}
