import { type DType, ShapeError, ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import {
  add_,
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  lerp_,
  localResponseNorm,
  ones,
  onesLike,
  reciprocal,
  rmsNorm,
  squeeze,
  unsqueeze,
  zeros,
  zerosLike,
} from "../ops/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { ones_, zeros_ } from "./init.ts";
import { Layer } from "./layer.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { fields, py, real } from "./repr.ts";

export interface BatchNormOptions extends Factory {
  numFeatures: number;
  /** Added to the variance; 1e-5. */
  eps?: number;
  /** The weight of a new batch in the running statistics; null keeps their plain average; 0.1. */
  momentum?: number | null;
  /** Whether scale and shift are learned; true. */
  affine?: boolean;
  /** Whether running statistics are kept, and used in evaluation; true. */
  trackRunningStats?: boolean;
  /** Whether, with `affine`, there is a shift; true. */
  bias?: boolean;
}

type BatchNormArguments = Arguments<
  BatchNormOptions,
  [numFeatures: number],
  [
    eps?: number,
    momentum?: number | null,
    affine?: boolean,
    trackRunningStats?: boolean,
    device?: string | null,
    dtype?: DType | null,
  ]
>;

const bindBatchNorm = /* @__PURE__ */ keywords<BatchNormOptions>(
  "BatchNorm",
  "numFeatures, eps?, momentum?, affine?, trackRunningStats?, device?, dtype?, *, bias?",
  { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: true, device: null, dtype: null, bias: true },
);

/** What batch norms share; they differ in the inputs that they take. */
abstract class BatchNorm extends Layer {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    runningMean: "running_mean",
    runningVar: "running_var",
    numBatchesTracked: "num_batches_tracked",
  };
  // Version 2 counts the batches.
  static override readonly stateVersion: number = 2;

  readonly numFeatures: number;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Tensor | null = null;
  runningVar: Tensor | null = null;
  numBatchesTracked: Tensor | null = null;

  constructor(...args: BatchNormArguments) {
    super();
    const { numFeatures, eps, momentum, affine, trackRunningStats, bias, ...factory } = bindBatchNorm(args);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? blank([numFeatures], factory) : null;
    this.bias = affine && bias ? blank([numFeatures], factory) : null;
    if (trackRunningStats) {
      this.registerBuffer("runningMean", zeros([numFeatures], factory));
      this.registerBuffer("runningVar", ones([numFeatures], factory));
      this.registerBuffer("numBatchesTracked", zeros([], { ...factory, dtype: "int64" }));
    }
    this.resetParameters();
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    if (this.runningMean !== null) zeros_(this.runningMean);
    if (this.runningVar !== null) ones_(this.runningVar);
    if (this.numBatchesTracked !== null) zeros_(this.numBatchesTracked);
  }

  /** Forgets the running statistics, and sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** Throws for an input of the wrong number of dims. */
  protected abstract check(input: Tensor): void;

  forward(input: Tensor): Tensor {
    this.check(input);
    const { weight, bias, momentum, eps, runningMean, runningVar } = this;
    const ofBatch = this.training || runningMean === null || runningVar === null;
    if (!this.training || !this.trackRunningStats || runningMean === null || runningVar === null) {
      return batchNorm(
        input,
        this.training ? null : runningMean,
        this.training ? null : runningVar,
        weight,
        bias,
        ofBatch,
        0,
        eps,
      );
    }
    if (momentum !== null) {
      const output = batchNorm(input, runningMean, runningVar, weight, bias, true, momentum, eps);
      this._count();
      return output;
    }
    // The plain average of all batches. The count stays a tensor, so that no device has to be waited for.
    const mean = zerosLike(runningMean);
    const variance = onesLike(runningVar);
    const output = batchNorm(input, mean, variance, weight, bias, true, 1, eps);
    this._count();
    noGrad(() => {
      const share = reciprocal(this.numBatchesTracked!);
      lerp_(runningMean, mean, share);
      lerp_(runningVar, variance, share);
    });
    return output;
  }

  private _count(): void {
    const { numBatchesTracked } = this;
    if (numBatchesTracked !== null) noGrad(() => add_(numBatchesTracked, 1));
  }

  /** States of version 1 did not count. */
  override upgradeState(state: Record<string, Tensor>, prefix: string, version: number | null): void {
    if ((version ?? 1) >= 2 || this.numBatchesTracked === null) return;
    state[`${prefix}num_batches_tracked`] ??= tensor(0, { dtype: "int64" });
  }

  override extraRepr(): string {
    return `${this.numFeatures}, ${fields({
      eps: real(this.eps),
      momentum: this.momentum === null ? "None" : real(this.momentum),
      affine: py(this.affine),
      track_running_stats: py(this.trackRunningStats),
    })}`;
  }
}

/**
 * Batch normalisation of vectors or sequences: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics over all
 * dims but the channels.
 *
 * While training the statistics are the batch's (the variance biased) and the running ones follow them:
 * `running = (1 - momentum) · running + momentum · batch` (the variance unbiased); in evaluation the running ones are
 * used.
 *
 * Shape: `[n, numFeatures]` or `[n, numFeatures, l]`, kept.
 *
 * Attributes: `weight` (1) and `bias` (0), `[numFeatures]`, null without `affine`; the buffers `runningMean`,
 * `runningVar`, `numBatchesTracked`, null without `trackRunningStats`.
 *
 * @example
 * new nn.BatchNorm1d(100)(randn(20, 100)).shape // [20, 100]
 */
export class BatchNorm1d extends BatchNorm {
  static override readonly keepsNothing: boolean = true;
  protected override check(input: Tensor): void {
    if (input.ndim !== 2 && input.ndim !== 3) {
      throw new ShapeError(`expected 2D or 3D input (got ${input.ndim}D input)`);
    }
  }
}

/**
 * Batch normalisation of images: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics over all dims but the
 * channels. Training and evaluation are as in `BatchNorm1d`.
 *
 * Shape: `[n, numFeatures, h, w]`, kept.
 *
 * Attributes: `weight` (1) and `bias` (0), `[numFeatures]`, null without `affine`; the buffers `runningMean`,
 * `runningVar`, `numBatchesTracked`, null without `trackRunningStats`.
 *
 * @example
 * new nn.BatchNorm2d(32)(randn(64, 32, 14, 14)).shape // [64, 32, 14, 14]
 */
export class BatchNorm2d extends BatchNorm {
  static override readonly keepsNothing: boolean = true;
  protected override check(input: Tensor): void {
    if (input.ndim !== 4) throw new ShapeError(`expected 4D input (got ${input.ndim}D input)`);
  }
}

/**
 * Batch normalisation of volumes: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics over all dims but the
 * channels. Training, evaluation and attributes are as in `BatchNorm1d`.
 *
 * Shape: `[n, numFeatures, d, h, w]`, kept.
 *
 * @example
 * new nn.BatchNorm3d(32)(randn(4, 32, 3, 14, 14)).shape // [4, 32, 3, 14, 14]
 */
export class BatchNorm3d extends BatchNorm {
  static override readonly keepsNothing: boolean = true;
  protected override check(input: Tensor): void {
    if (input.ndim !== 5) throw new ShapeError(`expected 5D input (got ${input.ndim}D input)`);
  }
}

const bindInstanceNorm = /* @__PURE__ */ keywords<BatchNormOptions>(
  "InstanceNorm",
  "numFeatures, eps?, momentum?, affine?, trackRunningStats?, device?, dtype?, *, bias?",
  { eps: 1e-5, momentum: 0.1, affine: false, trackRunningStats: false, device: null, dtype: null, bias: true },
);

/** What instance norms share: batch norms of each sample by itself, which take a sample without the batch's dim too. */
abstract class InstanceNorm extends BatchNorm {
  /** The dims of a batch. */
  protected abstract readonly dims: number;

  constructor(...args: BatchNormArguments) {
    super(bindInstanceNorm(args));
  }

  protected override check(input: Tensor): void {
    if (input.ndim !== this.dims && input.ndim !== this.dims - 1) {
      throw new ShapeError(`expected ${this.dims - 1}D or ${this.dims}D input (got ${input.ndim}D input)`);
    }
    const channels = input.shape[input.ndim - this.dims + 1]!;
    if (this.affine && channels !== this.numFeatures) {
      throw new ValueError(
        `expected input's size at dim=1 to match num_features (${this.numFeatures}), but got: ${channels}.`,
      );
    }
  }

  override forward(input: Tensor): Tensor {
    this.check(input);
    const { weight, bias, momentum, eps, runningMean, runningVar, training, trackRunningStats } = this;
    const single = input.ndim < this.dims;
    const batch = single ? unsqueeze(input, 0) : input;
    const ofInput = training || !trackRunningStats;
    const output = instanceNorm(batch, runningMean, runningVar, weight, bias, ofInput, momentum ?? 0, eps);
    return single ? squeeze(output, 0) : output;
  }
}

/**
 * Instance normalisation of sequences: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics of each channel of
 * each sample. The same in training and evaluation, unless `trackRunningStats` is asked for.
 *
 * Shape: `[n, numFeatures, l]` or `[numFeatures, l]`, kept.
 *
 * Attributes: those of `BatchNorm1d`; null by default, since `affine` and `trackRunningStats` are false.
 *
 * @example
 * new nn.InstanceNorm1d(100)(randn(20, 100, 40)).shape // [20, 100, 40]
 */
export class InstanceNorm1d extends InstanceNorm {
  static override readonly keepsNothing: boolean = true;
  protected override get dims(): number {
    return 3;
  }
}

/**
 * Instance normalisation of images, as `InstanceNorm1d`.
 *
 * Shape: `[n, numFeatures, h, w]` or `[numFeatures, h, w]`, kept.
 */
export class InstanceNorm2d extends InstanceNorm {
  static override readonly keepsNothing: boolean = true;
  protected override get dims(): number {
    return 4;
  }
}

/**
 * Instance normalisation of volumes, as `InstanceNorm1d`.
 *
 * Shape: `[n, numFeatures, d, h, w]` or `[numFeatures, d, h, w]`, kept.
 */
export class InstanceNorm3d extends InstanceNorm {
  static override readonly keepsNothing: boolean = true;
  protected override get dims(): number {
    return 5;
  }
}

export interface LocalResponseNormOptions {
  /** Neighbouring channels that count. */
  size: number;
  /** 1e-4. */
  alpha?: number;
  /** 0.75. */
  beta?: number;
  /** 1. */
  k?: number;
}

const bindLocalResponseNorm = /* @__PURE__ */ keywords<LocalResponseNormOptions>(
  "LocalResponseNorm",
  "size, alpha?, beta?, k?",
  { alpha: 1e-4, beta: 0.75, k: 1 },
);

/**
 * Each channel divided by what its neighbours add up to: `y = x / (k + alpha / size · Σ x²)^beta`.
 *
 * Shape: `[n, c, …]`, kept.
 */
export class LocalResponseNorm extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(
    ...args: Arguments<LocalResponseNormOptions, [size: number], [alpha?: number, beta?: number, k?: number]>
  ) {
    super();
    const { size, alpha, beta, k } = bindLocalResponseNorm(args);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, ${fields({ alpha: real(this.alpha), beta: real(this.beta), k: real(this.k) })}`;
  }
}

export interface LayerNormOptions extends Factory {
  normalizedShape: number | readonly number[];
  /** Added to the variance; 1e-5. */
  eps?: number;
  /** Whether scale and shift are learned for each element; true. */
  elementwiseAffine?: boolean;
  /** Whether, with `elementwiseAffine`, there is a shift; true. */
  bias?: boolean;
}

const bindLayerNorm = /* @__PURE__ */ keywords<LayerNormOptions>(
  "LayerNorm",
  "normalizedShape, eps?, elementwiseAffine?, bias?, device?, dtype?",
  { eps: 1e-5, elementwiseAffine: true, bias: true, device: null, dtype: null },
);

/**
 * Layer normalisation: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics of each sample over its last dims,
 * which are `normalizedShape`. The same in training and evaluation.
 *
 * Shape: `[…, ...normalizedShape]`, kept.
 *
 * Attributes: `weight` (1) and `bias` (0) of `normalizedShape`, null without `elementwiseAffine`.
 *
 * @example
 * new nn.LayerNorm(10)(randn(20, 5, 10)).shape // [20, 5, 10]
 */
export class LayerNorm extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      LayerNormOptions,
      [normalizedShape: number | readonly number[]],
      [eps?: number, elementwiseAffine?: boolean, bias?: boolean, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, bias, ...factory } = bindLayerNorm(args);
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? blank(this.normalizedShape, factory) : null;
    this.bias = elementwiseAffine && bias ? blank(this.normalizedShape, factory) : null;
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${py(this.normalizedShape)}, ${fields({ eps: real(this.eps), elementwise_affine: py(this.elementwiseAffine) })}`;
  }
}

export interface GroupNormOptions extends Factory {
  numGroups: number;
  numChannels: number;
  /** Added to the variance; 1e-5. */
  eps?: number;
  /** Whether scale and shift are learned for each channel; true. */
  affine?: boolean;
}
const bindGroupNorm = /* @__PURE__ */ keywords<GroupNormOptions>(
  "GroupNorm",
  "numGroups, numChannels, eps?, affine?, device?, dtype?",
  { eps: 1e-5, affine: true, device: null, dtype: null },
);

/**
 * Group normalisation: `y = (x - mean) / √(var + eps) · weight + bias`, the statistics of each sample over groups of
 * channels. The same in training and evaluation.
 *
 * Shape: `[n, numChannels, …]`, kept.
 *
 * Attributes: `weight` (1) and `bias` (0) `[numChannels]`, null without `affine`.
 *
 * @example
 * new nn.GroupNorm(3, 6)(randn(20, 6, 10, 10)).shape // [20, 6, 10, 10]
 */
export class GroupNorm extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      GroupNormOptions,
      [numGroups: number, numChannels: number],
      [eps?: number, affine?: boolean, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { numGroups, numChannels, eps, affine, ...factory } = bindGroupNorm(args);
    if (numChannels % numGroups !== 0) throw new ValueError("GroupNorm: num_channels must be divisible by num_groups");
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? blank([numChannels], factory) : null;
    this.bias = affine ? blank([numChannels], factory) : null;
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, ${fields({ eps: real(this.eps), affine: py(this.affine) })}`;
  }
}

export interface RMSNormOptions extends Factory {
  normalizedShape: number | readonly number[];
  /** Added to the mean of squares; by default the distance from 1 to the next number of the dtype. */
  eps?: number | null;
  /** Whether a scale is learned for each element; true. */
  elementwiseAffine?: boolean;
}
const bindRMSNorm = /* @__PURE__ */ keywords<RMSNormOptions>(
  "RMSNorm",
  "normalizedShape, eps?, elementwiseAffine?, device?, dtype?",
  { eps: null, elementwiseAffine: true, device: null, dtype: null },
);

/**
 * Normalisation by the root mean square: `y = x / √(mean(x²) + eps) · weight`, the mean of each sample over its last dims,
 * which are `normalizedShape`.
 *
 * Shape: `[…, ...normalizedShape]`, kept.
 *
 * Attributes: `weight` (1) of `normalizedShape`, null without `elementwiseAffine`.
 *
 * @example
 * new nn.RMSNorm([2, 3])(randn(2, 2, 3)).shape // [2, 2, 3]
 */
export class RMSNorm extends Layer {
  static override readonly keepsNothing: boolean = true;
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(
    ...args: Arguments<
      RMSNormOptions,
      [normalizedShape: number | readonly number[]],
      [eps?: number | null, elementwiseAffine?: boolean, device?: string | null, dtype?: DType | null]
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, ...factory } = bindRMSNorm(args);
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? blank(this.normalizedShape, factory) : null;
    this.resetParameters();
  }

  /** Sets the scale to 1. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const eps = this.eps === null ? "None" : real(this.eps);
    return `${py(this.normalizedShape)}, ${fields({ eps, elementwise_affine: py(this.elementwiseAffine) })}`;
  }
}
