// Fractional pooling: windows at random distances.

import { ValueError } from "../core/index.ts";
import { type Arguments, type Bound, keywords } from "../op/index.ts";
import { fractionalMaxPool2d, fractionalMaxPool3d } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Sizes } from "./conv.ts";
import { Layer } from "./layer.ts";

export interface FractionalMaxPoolOptions {
  kernelSize: Sizes;
  /** How many windows there are; this or `outputRatio`. */
  outputSize?: Sizes | null;
  /** How many windows there are, as a share of the input's size, between 0 and 1. */
  outputRatio?: Sizes | null;
  /** Whether the result comes with the positions of the maxima; false. */
  returnIndices?: boolean;
  /** Numbers in [0, 1) for the places of the windows, in place of drawn ones: `[n, c, dims]`. */
  _randomSamples?: Tensor | null;
}
type FractionalMaxPoolArguments = Arguments<
  FractionalMaxPoolOptions,
  [kernelSize: Sizes],
  [outputSize?: Sizes | null, outputRatio?: Sizes | null, returnIndices?: boolean, _randomSamples?: Tensor | null]
>;

const NAMES = "kernelSize, outputSize?, outputRatio?, returnIndices?, _randomSamples?";
const DEFAULTS = { outputSize: null, outputRatio: null, returnIndices: false, _randomSamples: null } as const;
const bindFractionalMaxPool2d = /* @__PURE__ */ keywords<FractionalMaxPoolOptions>(
  "FractionalMaxPool2d",
  NAMES,
  DEFAULTS,
);
const bindFractionalMaxPool3d = /* @__PURE__ */ keywords<FractionalMaxPoolOptions>(
  "FractionalMaxPool3d",
  NAMES,
  DEFAULTS,
);

/** What both share; they differ in the number of dims. */
abstract class FractionalMaxPool extends Layer {
  readonly kernelSize: Sizes;
  readonly outputSize: Sizes | null;
  readonly outputRatio: Sizes | null;
  readonly returnIndices: boolean;
  private readonly _pool: typeof fractionalMaxPool2d;
  private readonly _samples: Tensor | null;

  constructor(name: string, pool: typeof fractionalMaxPool2d, options: Bound<FractionalMaxPoolOptions>) {
    super();
    const { kernelSize, outputSize, outputRatio, returnIndices, _randomSamples } = options;
    if (outputSize === null && outputRatio === null) {
      throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
    }
    if (outputSize !== null && outputRatio !== null) {
      throw new ValueError("only one of output_size and output_ratio may be specified");
    }
    if (outputRatio !== null && [outputRatio].flat().some((ratio) => !(ratio > 0 && ratio < 1))) {
      throw new ValueError(`output_ratio must be between 0 and 1 (got ${outputRatio})`);
    }
    this.kernelSize = kernelSize;
    this.outputSize = outputSize;
    this.outputRatio = outputRatio;
    this.returnIndices = returnIndices;
    this._pool = pool;
    this._samples = _randomSamples;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, outputSize, outputRatio, returnIndices } = this;
    const options = { outputSize, outputRatio, _randomSamples: this._samples };
    if (!returnIndices) return this._pool(input, kernelSize, options);
    // Who asks for the places knows that two tensors come; the type is for all others.
    return this._pool(input, kernelSize, { ...options, returnIndices }) as unknown as Tensor;
  }
}

/**
 * The maxima of windows at random distances over an image, so that it shrinks by a fraction (B. Graham, "Fractional
 * Max-Pooling", 2014).
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, h', w']`, sizes as `outputSize` says, or `⌊outputRatio · h⌋`. With
 * `returnIndices` the result is `[output, indices]`.
 *
 * @example
 * new nn.FractionalMaxPool2d(3, { outputRatio: 0.7 })(randn(20, 16, 50, 32)).shape // [20, 16, 35, 22]
 */
export class FractionalMaxPool2d extends FractionalMaxPool {
  constructor(...args: FractionalMaxPoolArguments) {
    super("FractionalMaxPool2d", fractionalMaxPool2d, bindFractionalMaxPool2d(args));
  }
}

/**
 * `FractionalMaxPool2d` over a volume.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, d', h', w']`.
 *
 * @example
 * new nn.FractionalMaxPool3d(2, 3)(randn(1, 2, 8, 8, 8)).shape // [1, 2, 3, 3, 3]
 */
export class FractionalMaxPool3d extends FractionalMaxPool {
  constructor(...args: FractionalMaxPoolArguments) {
    super("FractionalMaxPool3d", fractionalMaxPool3d, bindFractionalMaxPool3d(args));
  }
}
