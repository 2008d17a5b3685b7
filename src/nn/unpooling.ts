import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { lpPool1d, lpPool2d, lpPool3d, maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Sizes } from "./conv.ts";
import { Layer } from "./layer.ts";
import { Module } from "./module.ts";
import { fields, py } from "./repr.ts";

export interface MaxUnpoolOptions {
  kernelSize: Sizes;
  /** Steps between the windows that were pooled; by default the window's size. */
  stride?: Sizes | null;
  /** What was added on both sides when pooling; 0. */
  padding?: Sizes;
}
type MaxUnpoolArguments = Arguments<MaxUnpoolOptions, [kernelSize: Sizes], [stride?: Sizes | null, padding?: Sizes]>;

const UNPOOL_NAMES = "kernelSize, stride?, padding?";
const UNPOOL_DEFAULTS = { stride: null, padding: 0 } as const;
const bindMaxUnpool1d = /* @__PURE__ */ keywords<MaxUnpoolOptions>("MaxUnpool1d", UNPOOL_NAMES, UNPOOL_DEFAULTS);
const bindMaxUnpool2d = /* @__PURE__ */ keywords<MaxUnpoolOptions>("MaxUnpool2d", UNPOOL_NAMES, UNPOOL_DEFAULTS);
const bindMaxUnpool3d = /* @__PURE__ */ keywords<MaxUnpoolOptions>("MaxUnpool3d", UNPOOL_NAMES, UNPOOL_DEFAULTS);

abstract class MaxUnpool extends Module {
  static override readonly forwardSignature: string = "input, indices, outputSize?";
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  private readonly _unpool: typeof maxUnpool2d;

  constructor(unpool: typeof maxUnpool2d, dims: number, { kernelSize, stride, padding }: Bound<MaxUnpoolOptions>) {
    super();
    const each = (sizes: Sizes): readonly number[] =>
      typeof sizes === "number" ? new Array<number>(dims).fill(sizes) : sizes;
    this.kernelSize = each(kernelSize);
    this.stride = each(stride ?? kernelSize);
    this.padding = each(padding);
    this._unpool = unpool;
  }

  override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this._unpool(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }

  override extraRepr(): string {
    return fields({ kernel_size: py(this.kernelSize), stride: py(this.stride), padding: py(this.padding) });
  }
}

/**
 * The way back from `MaxPool1d`: every maximum at the place that `returnIndices` gave, among zeros.
 *
 * Shape: `[n, c, l]` or `[c, l]`, and indices alike → `[n, c, l']` with
 * `l' = (l - 1)·stride - 2·padding + kernelSize`, or `outputSize`, where the layer is called with one.
 *
 * @example
 * const [output, indices] = new nn.MaxPool1d(2, { returnIndices: true })(x);
 * new nn.MaxUnpool1d(2)(output, indices).shape // x.shape
 */
export class MaxUnpool1d extends MaxUnpool {
  constructor(...args: MaxUnpoolArguments) {
    super(maxUnpool1d, 1, bindMaxUnpool1d(args));
  }
}

/**
 * The way back from `MaxPool2d`: every maximum at the place that `returnIndices` gave, among zeros.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]`, and indices alike → `[n, c, h', w']` with
 * `h' = (h - 1)·stride - 2·padding + kernelSize`, or `outputSize`, where the layer is called with one.
 *
 * @example
 * const [output, indices] = new nn.MaxPool2d(2, { returnIndices: true })(x);
 * new nn.MaxUnpool2d(2)(output, indices).shape // x.shape
 */
export class MaxUnpool2d extends MaxUnpool {
  constructor(...args: MaxUnpoolArguments) {
    super(maxUnpool2d, 2, bindMaxUnpool2d(args));
  }
}

/**
 * The way back from `MaxPool3d`: every maximum at the place that `returnIndices` gave, among zeros.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]`, and indices alike → `[n, c, d', h', w']` with
 * `d' = (d - 1)·stride - 2·padding + kernelSize`, or `outputSize`, where the layer is called with one.
 *
 * @example
 * const [output, indices] = new nn.MaxPool3d(2, { returnIndices: true })(x);
 * new nn.MaxUnpool3d(2)(output, indices).shape // x.shape
 */
export class MaxUnpool3d extends MaxUnpool {
  constructor(...args: MaxUnpoolArguments) {
    super(maxUnpool3d, 3, bindMaxUnpool3d(args));
  }
}

export interface LPPoolOptions {
  /** The power p: 1 sums, ∞ would be the maximum. */
  normType: number;
  kernelSize: Sizes;
  /** Steps between windows; by default the window's size. */
  stride?: Sizes | null;
  /** Whether a window may hang over the end; false. */
  ceilMode?: boolean;
}
type LPPoolArguments = Arguments<
  LPPoolOptions,
  [normType: number, kernelSize: Sizes],
  [stride?: Sizes | null, ceilMode?: boolean]
>;

const LP_NAMES = "normType, kernelSize, stride?, ceilMode?";
const LP_DEFAULTS = { stride: null, ceilMode: false } as const;
const bindLPPool1d = /* @__PURE__ */ keywords<LPPoolOptions>("LPPool1d", LP_NAMES, LP_DEFAULTS);
const bindLPPool2d = /* @__PURE__ */ keywords<LPPoolOptions>("LPPool2d", LP_NAMES, LP_DEFAULTS);
const bindLPPool3d = /* @__PURE__ */ keywords<LPPoolOptions>("LPPool3d", LP_NAMES, LP_DEFAULTS);

abstract class LPPool extends Layer {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
  private readonly _pool: typeof lpPool2d;

  constructor(pool: typeof lpPool2d, { normType, kernelSize, stride, ceilMode }: Bound<LPPoolOptions>) {
    super();
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.ceilMode = ceilMode;
    this._pool = pool;
  }

  forward(input: Tensor): Tensor {
    return this._pool(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }

  override extraRepr(): string {
    return fields({
      norm_type: py(this.normType),
      kernel_size: py(this.kernelSize),
      stride: py(this.stride),
      ceil_mode: py(this.ceilMode),
    });
  }
}

/**
 * `(Σ x^p)^(1/p)` over each window of a sequence, p being `normType`.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, l']` with `l' = ⌊(l - kernelSize) / stride⌋ + 1` (⌈ ⌉ with
 * `ceilMode`).
 *
 * @example
 * new nn.LPPool1d(2, 3, { stride: 2 })(randn(20, 16, 50)).shape // [20, 16, 24]
 */
export class LPPool1d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(lpPool1d, bindLPPool1d(args));
  }
}

/**
 * `(Σ x^p)^(1/p)` over each window of an image, p being `normType`.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']` with `h' = ⌊(h - kernelSize) / stride⌋ + 1` (⌈ ⌉ with
 * `ceilMode`).
 *
 * @example
 * new nn.LPPool2d(2, 3, { stride: 2 })(randn(20, 16, 50, 32)).shape // [20, 16, 24, 15]
 */
export class LPPool2d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(lpPool2d, bindLPPool2d(args));
  }
}

/**
 * `(Σ x^p)^(1/p)` over each window of a volume, p being `normType`.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, d', h', w']` with `d' = ⌊(d - kernelSize) / stride⌋ + 1` (⌈ ⌉ with
 * `ceilMode`).
 *
 * @example
 * new nn.LPPool3d(2, 3, { stride: 2 })(randn(2, 16, 20, 20, 10)).shape // [2, 16, 9, 9, 4]
 */
export class LPPool3d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(lpPool3d, bindLPPool3d(args));
  }
}
