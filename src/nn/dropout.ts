import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { className, fields, py, real } from "./repr.ts";

export interface DropoutOptions {
  /** The chance of an element (or a channel) to be dropped; 0.5. */
  p?: number;
  /** Whether the input itself is changed; false. */
  inplace?: boolean;
}

const bindDropout = /* @__PURE__ */ keywords<DropoutOptions>("Dropout", "p?, inplace?", { p: 0.5, inplace: false });

/** What the forms of dropout share; they differ in what is dropped, and what stands in its place. */
abstract class AnyDropout extends Layer {
  readonly p: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<DropoutOptions, [], [p?: number, inplace?: boolean]>) {
    super();
    const { p, inplace } = bindDropout(args);
    if (!(p >= 0 && p <= 1)) {
      throw new ValueError(`${className(this)}: dropout probability has to be between 0 and 1, but got ${p}`);
    }
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return fields({ p: real(this.p), inplace: py(this.inplace) });
  }
}

/**
 * While training, each element is 0 with chance `p` and otherwise divided by 1 - p, so that the mean stays; in evaluation
 * the input passes unchanged.
 *
 * Shape: any, kept.
 *
 * @example
 * const drop = new nn.Dropout(0.2);
 * drop(x);            // a fifth of the elements are 0
 * drop.eval()(x) === x
 */
export class Dropout extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * Dropout of whole channels of sequences.
 *
 * Shape: `[n, c, l]` or `[c, l]`, kept.
 */
export class Dropout1d extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Dropout of whole channels of images.
 *
 * Shape: `[n, c, h, w]`, kept.
 */
export class Dropout2d extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Dropout of whole channels of volumes.
 *
 * Shape: `[n, c, d, h, w]` or `[c, d, h, w]`, kept.
 */
export class Dropout3d extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Dropout for networks with SELU: what is dropped gets the value that SELU tends to, and the rest is scaled and shifted so
 * that mean and variance stay.
 *
 * Shape: any, kept.
 */
export class AlphaDropout extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * `AlphaDropout` of whole channels.
 *
 * Shape: `[n, c, …]`, kept.
 */
export class FeatureAlphaDropout extends AnyDropout {
  static override readonly keepsNothing: boolean = true;
  forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training, this.inplace);
  }
}
