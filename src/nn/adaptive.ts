import { type Arguments, type Bound, keywords } from "../op/index.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { fields, py } from "./repr.ts";

/** A size for each spatial dim; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[];

interface AdaptiveOptions<S> {
  outputSize: S;
}
interface AdaptiveMaxOptions<S> extends AdaptiveOptions<S> {
  /** Whether the result comes with the positions of the maxima; false. */
  returnIndices?: boolean;
}

abstract class Adaptive<S extends OutputSize> extends Layer {
  readonly outputSize: S;

  constructor(outputSize: S) {
    super();
    this.outputSize = outputSize;
  }

  override extraRepr(): string {
    return fields({ output_size: py(this.outputSize) });
  }
}

abstract class AdaptiveMax<S extends OutputSize> extends Adaptive<S> {
  readonly returnIndices: boolean;
  private readonly _pool: typeof adaptiveMaxPool2d;

  constructor(pool: typeof adaptiveMaxPool2d, { outputSize, returnIndices }: Bound<AdaptiveMaxOptions<S>>) {
    super(outputSize);
    this.returnIndices = returnIndices;
    this._pool = pool;
  }

  forward(input: Tensor): Tensor {
    if (!this.returnIndices) return this._pool(input, this.outputSize);
    // Who asks for the places knows that two tensors come; the type is for all others.
    return this._pool(input, this.outputSize, true) as unknown as Tensor;
  }
}

type One = Arguments<AdaptiveOptions<number>, [outputSize: number]>;
type Several = Arguments<AdaptiveOptions<OutputSize>, [outputSize: OutputSize]>;
const bindAvg1d = /* @__PURE__ */ keywords<AdaptiveOptions<number>>("AdaptiveAvgPool1d", "outputSize");
const bindAvg2d = /* @__PURE__ */ keywords<AdaptiveOptions<OutputSize>>("AdaptiveAvgPool2d", "outputSize");
const bindAvg3d = /* @__PURE__ */ keywords<AdaptiveOptions<OutputSize>>("AdaptiveAvgPool3d", "outputSize");
const bindMax1d = /* @__PURE__ */ keywords<AdaptiveMaxOptions<number>>(
  "AdaptiveMaxPool1d",
  "outputSize, returnIndices?",
  {
    returnIndices: false,
  },
);
const bindMax2d = /* @__PURE__ */ keywords<AdaptiveMaxOptions<OutputSize>>(
  "AdaptiveMaxPool2d",
  "outputSize, returnIndices?",
  {
    returnIndices: false,
  },
);
const bindMax3d = /* @__PURE__ */ keywords<AdaptiveMaxOptions<OutputSize>>(
  "AdaptiveMaxPool3d",
  "outputSize, returnIndices?",
  {
    returnIndices: false,
  },
);

/**
 * The means of as many windows as the output is long, whatever the length of the sequence: window i of l' covers
 * `⌊i·l / l'⌋` to `⌈(i + 1)·l / l'⌉`.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, outputSize]`.
 *
 * @example
 * new nn.AdaptiveAvgPool1d(5)(randn(1, 64, 8)).shape // [1, 64, 5]
 */
export class AdaptiveAvgPool1d extends Adaptive<number> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: One) {
    super(bindAvg1d(args).outputSize);
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
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
export class AdaptiveAvgPool2d extends Adaptive<OutputSize> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: Several) {
    super(bindAvg2d(args).outputSize);
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/**
 * The means of as many windows as the output has elements, whatever the size of the volume: window i of d' covers planes
 * `⌊i·d / d'⌋` to `⌈(i + 1)·d / d'⌉`.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, ...outputSize]`; a null keeps that size.
 *
 * @example
 * new nn.AdaptiveAvgPool3d([5, 7, null])(randn(1, 64, 8, 9, 10)).shape // [1, 64, 5, 7, 10]
 */
export class AdaptiveAvgPool3d extends Adaptive<OutputSize> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: Several) {
    super(bindAvg3d(args).outputSize);
  }

  forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, this.outputSize);
  }
}

/**
 * The maxima of the windows of `AdaptiveAvgPool1d`. With `returnIndices` the result is `[output, indices]`: positions in
 * the input's last dim.
 *
 * Shape: `[n, c, l]` or `[c, l]` → `[n, c, outputSize]`.
 *
 * @example
 * new nn.AdaptiveMaxPool1d(5)(randn(1, 64, 8)).shape // [1, 64, 5]
 */
export class AdaptiveMaxPool1d extends AdaptiveMax<number> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: Arguments<AdaptiveMaxOptions<number>, [outputSize: number], [returnIndices?: boolean]>) {
    super(adaptiveMaxPool1d, bindMax1d(args));
  }
}

/**
 * The maxima of the windows of `AdaptiveAvgPool2d`. With `returnIndices` the result is `[output, indices]`: positions in
 * the input's last 2 dims.
 *
 * Shape: `[n, c, h, w]` or `[c, h, w]` → `[n, c, ...outputSize]`; a null keeps that size.
 *
 * @example
 * new nn.AdaptiveMaxPool2d(1)(randn(64, 512, 7, 7)).shape // [64, 512, 1, 1]
 */
export class AdaptiveMaxPool2d extends AdaptiveMax<OutputSize> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: Arguments<AdaptiveMaxOptions<OutputSize>, [outputSize: OutputSize], [returnIndices?: boolean]>) {
    super(adaptiveMaxPool2d, bindMax2d(args));
  }
}

/**
 * The maxima of the windows of `AdaptiveAvgPool3d`. With `returnIndices` the result is `[output, indices]`: positions in
 * the input's last 3 dims.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]` → `[n, c, ...outputSize]`; a null keeps that size.
 *
 * @example
 * new nn.AdaptiveMaxPool3d([5, 7, null])(randn(1, 64, 8, 9, 10)).shape // [1, 64, 5, 7, 10]
 */
export class AdaptiveMaxPool3d extends AdaptiveMax<OutputSize> {
  static override readonly keepsNothing: boolean = true;
  constructor(...args: Arguments<AdaptiveMaxOptions<OutputSize>, [outputSize: OutputSize], [returnIndices?: boolean]>) {
    super(adaptiveMaxPool3d, bindMax3d(args));
  }
}
