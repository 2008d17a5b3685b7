import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";

import { dropout } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { fields, py, real } from "./repr.ts";

export interface DropoutOptions {
  /** The chance of an element to become 0; 0.5. */
  p?: number;
  /** Whether the input itself is changed; false. */
  inplace?: boolean;
}

const bindDropout = /* @__PURE__ */ keywords<DropoutOptions>("Dropout", "p?, inplace?", { p: 0.5, inplace: false });

/**
 * While training, each element is 0 with chance `p` and otherwise divided by 1 - p, so that the mean stays; in evaluation
 * the input passes unchanged.
 *
 * @example
 * const drop = new nn.Dropout(0.2);
 * drop(x);            // a fifth of the elements are 0
 * drop.eval()(x) === x
 */
export class Dropout extends Layer {
  readonly p: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<DropoutOptions, [], [p?: number, inplace?: boolean]>) {
    super();
    const { p, inplace } = bindDropout(args);
    if (!(p >= 0 && p <= 1))
      throw new ValueError(`Dropout: dropout probability has to be between 0 and 1, but got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }

  override extraRepr(): string {
    return fields({ p: real(this.p), inplace: py(this.inplace) });
  }
}
