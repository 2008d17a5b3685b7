import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { channelShuffle, type InterpolationMode, interpolate, pixelShuffle, pixelUnshuffle } from "../ops/index.ts";
import { fold, unfold } from "../ops/patches.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Sizes } from "./conv.ts";
import { Layer } from "./layer.ts";
import { fields, py, real } from "./repr.ts";

interface SizeOptions {
  /** The size of the result, one number or one a spatial dim. */
  size?: Sizes | null;
  /** What the input's size is multiplied with, in its place. */
  scaleFactor?: Sizes | null;
}
export interface UpsampleOptions extends SizeOptions {
  /** How elements between the input's are found; "nearest". */
  mode?: InterpolationMode;
  /** Whether the centers of the outermost elements stay where they are; by default their outer edges do. */
  alignCorners?: boolean | null;
  /** Whether the scale is computed anew from the sizes; false. */
  recomputeScaleFactor?: boolean | null;
}

const bindUpsample = /* @__PURE__ */ keywords<UpsampleOptions>(
  "Upsample",
  "size?, scaleFactor?, mode?, alignCorners?, recomputeScaleFactor?",
  { size: null, scaleFactor: null, mode: "nearest", alignCorners: null, recomputeScaleFactor: null },
);
const SIZE_NAMES = "size?, scaleFactor?";
const SIZE_DEFAULTS = { size: null, scaleFactor: null } as const;
const bindNearest = /* @__PURE__ */ keywords<SizeOptions>("UpsamplingNearest2d", SIZE_NAMES, SIZE_DEFAULTS);
const bindBilinear = /* @__PURE__ */ keywords<SizeOptions>("UpsamplingBilinear2d", SIZE_NAMES, SIZE_DEFAULTS);

abstract class Resize extends Layer {
  readonly size: Sizes | null;
  readonly scaleFactor: Sizes | null;
  readonly mode: InterpolationMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor({ size, scaleFactor, mode, alignCorners, recomputeScaleFactor }: Bound<UpsampleOptions>) {
    super();
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, size, scaleFactor, mode, alignCorners, recomputeScaleFactor);
  }

  override extraRepr(): string {
    const { size, scaleFactor } = this;
    const mode = py(this.mode);
    if (scaleFactor === null) return fields({ size: py(size), mode });
    const factor = typeof scaleFactor === "number" ? real(scaleFactor) : `(${scaleFactor.map(real).join(", ")})`;
    return fields({ scale_factor: factor, mode });
  }
}

/**
 * Sequences, images or volumes in another size, see `functional.interpolate`.
 *
 * Shape: `[n, c, …]` → `[n, c, ...size]`, where `size` is given or ⌊the input's · `scaleFactor`⌋.
 *
 * @example
 * new nn.Upsample({ scaleFactor: 2, mode: "bilinear" })(randn(1, 3, 8, 8)).shape // [1, 3, 16, 16]
 */
export class Upsample extends Resize {
  constructor(
    ...args: Arguments<
      UpsampleOptions,
      [],
      [
        size?: Sizes | null,
        scaleFactor?: Sizes | null,
        mode?: InterpolationMode,
        alignCorners?: boolean | null,
        recomputeScaleFactor?: boolean | null,
      ]
    >
  ) {
    super(bindUpsample(args));
  }
}

type SizeArguments = Arguments<SizeOptions, [], [size?: Sizes | null, scaleFactor?: Sizes | null]>;

/** `Upsample` of images with the mode "nearest". */
export class UpsamplingNearest2d extends Resize {
  constructor(...args: SizeArguments) {
    super({ ...bindNearest(args), mode: "nearest", alignCorners: null, recomputeScaleFactor: null });
  }
}

/** `Upsample` of images with the mode "bilinear" and corners aligned. */
export class UpsamplingBilinear2d extends Resize {
  constructor(...args: SizeArguments) {
    super({ ...bindBilinear(args), mode: "bilinear", alignCorners: true, recomputeScaleFactor: null });
  }
}

const bindPixelShuffle = /* @__PURE__ */ keywords<{ upscaleFactor: number }>("PixelShuffle", "upscaleFactor");

/**
 * Groups of r² channels become squares of r × r pixels, r being `upscaleFactor`.
 *
 * Shape: `[…, c·r², h, w]` → `[…, c, h·r, w·r]`.
 *
 * @example
 * new nn.PixelShuffle(3)(randn(1, 9, 4, 4)).shape // [1, 1, 12, 12]
 */
export class PixelShuffle extends Layer {
  readonly upscaleFactor: number;

  constructor(...args: Arguments<{ upscaleFactor: number }, [upscaleFactor: number]>) {
    super();
    this.upscaleFactor = bindPixelShuffle(args).upscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return fields({ upscale_factor: py(this.upscaleFactor) });
  }
}

const bindPixelUnshuffle = /* @__PURE__ */ keywords<{ downscaleFactor: number }>("PixelUnshuffle", "downscaleFactor");

/**
 * Squares of r × r pixels become r² channels, r being `downscaleFactor`: the way back from `PixelShuffle`.
 *
 * Shape: `[…, c, h·r, w·r]` → `[…, c·r², h, w]`.
 *
 * @example
 * new nn.PixelUnshuffle(3)(randn(1, 1, 12, 12)).shape // [1, 9, 4, 4]
 */
export class PixelUnshuffle extends Layer {
  readonly downscaleFactor: number;

  constructor(...args: Arguments<{ downscaleFactor: number }, [downscaleFactor: number]>) {
    super();
    this.downscaleFactor = bindPixelUnshuffle(args).downscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return fields({ downscale_factor: py(this.downscaleFactor) });
  }
}

const bindChannelShuffle = /* @__PURE__ */ keywords<{ groups: number }>("ChannelShuffle", "groups");

/**
 * Channels dealt out among `groups`: the first of every group, then the seconds, and so on.
 *
 * Shape: `[n, c, …]`, kept.
 *
 * @example
 * new nn.ChannelShuffle(2)(randn(1, 4, 2, 2)).shape // [1, 4, 2, 2]
 */
export class ChannelShuffle extends Layer {
  readonly groups: number;

  constructor(...args: Arguments<{ groups: number }, [groups: number]>) {
    super();
    this.groups = bindChannelShuffle(args).groups;
  }

  forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return fields({ groups: py(this.groups) });
  }
}

export interface PatchOptions {
  kernelSize: Sizes;
  /** Steps between the elements of a patch; 1. */
  dilation?: Sizes;
  /** Zeros on both sides; 0. */
  padding?: Sizes;
  /** Steps between patches; 1. */
  stride?: Sizes;
}
interface FoldOptions extends PatchOptions {
  outputSize: Sizes;
}

const PATCH_DEFAULTS = { dilation: 1, padding: 0, stride: 1 } as const;
const bindUnfold = /* @__PURE__ */ keywords<PatchOptions>(
  "Unfold",
  "kernelSize, dilation?, padding?, stride?",
  PATCH_DEFAULTS,
);
const bindFold = /* @__PURE__ */ keywords<FoldOptions>(
  "Fold",
  "outputSize, kernelSize, dilation?, padding?, stride?",
  PATCH_DEFAULTS,
);

abstract class Patches extends Layer {
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  constructor({ kernelSize, dilation, padding, stride }: Bound<PatchOptions>) {
    super();
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  override extraRepr(): string {
    return fields({
      kernel_size: py(this.kernelSize),
      dilation: py(this.dilation),
      padding: py(this.padding),
      stride: py(this.stride),
    });
  }
}

/**
 * The patches of an image as columns.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c · kernel h · kernel w, patches]`.
 *
 * @example
 * new nn.Unfold([2, 3])(randn(2, 5, 3, 4)).shape // [2, 30, 4]
 */
export class Unfold extends Patches {
  constructor(
    ...args: Arguments<PatchOptions, [kernelSize: Sizes], [dilation?: Sizes, padding?: Sizes, stride?: Sizes]>
  ) {
    super(bindUnfold(args));
  }

  forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }
}

/**
 * Columns of patches put back into an image of `outputSize`; where they overlap they are added.
 *
 * Shape: `[n, c · kernel h · kernel w, patches]` → `[n, c, h, w]`, and both without n.
 *
 * @example
 * new nn.Fold([4, 5], [2, 2])(randn(1, 12, 12)).shape // [1, 3, 4, 5]
 */
export class Fold extends Patches {
  readonly outputSize: Sizes;

  constructor(
    ...args: Arguments<
      FoldOptions,
      [outputSize: Sizes, kernelSize: Sizes],
      [dilation?: Sizes, padding?: Sizes, stride?: Sizes]
    >
  ) {
    const options = bindFold(args);
    super(options);
    this.outputSize = options.outputSize;
  }

  forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `output_size=${py(this.outputSize)}, ${super.extraRepr()}`;
  }
}
