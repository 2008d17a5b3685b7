import type { DType } from "../core/index.ts";
import { empty } from "../ops/index.ts";
import { assertAlive, outlive, outside, setRequiresGrad, Tensor } from "../tensor/index.ts";

/**
 * A tensor that a module trains: one that is a field of a module is among its `parameters()`.
 *
 * It shares the memory of `data`, is a leaf of the tape, and outlives the scope that it was made in.
 *
 * @example
 * class Scale extends nn.Module {
 *   factor = new nn.Parameter(ones(1));
 *   forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad: boolean | { readonly requiresGrad?: boolean } = true) {
    assertAlive(data, "Parameter");
    super(data.storage, data.code, data.layout, data.offset);
    outlive(this);
    if (typeof requiresGrad === "boolean" ? requiresGrad : (requiresGrad.requiresGrad ?? true))
      setRequiresGrad(this, true);
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}

/** Where and as what a module's parameters are made. */
export interface Factory {
  /** The device of the parameters; by default the current one. */
  device?: string | null;
  /** The dtype of the parameters; by default the current float type. */
  dtype?: DType | null;
}

/** A parameter of this shape, not yet filled. */
export function blank(shape: readonly number[], factory: Required<Factory>): Parameter {
  return new Parameter(outside(() => empty(shape, factory)));
}
