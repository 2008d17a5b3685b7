import { type DType, showValue } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { empty } from "../ops/index.ts";
import { assertAlive, outlive, outside, setRequiresGrad, Tensor } from "../tensor/index.ts";

interface ParameterOptions {
  data: Tensor;
  /** Whether its gradient is wanted; true. */
  requiresGrad?: boolean;
}
const bind = /* @__PURE__ */ keywords<ParameterOptions>("Parameter", "data, requiresGrad?", { requiresGrad: true });

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
  /** For types alone: a tensor is no parameter, and `layer.weight = tensor` would take the weight from the parameters. */
  declare private readonly kind: "parameter";

  constructor(...args: Arguments<ParameterOptions, [data: Tensor], [requiresGrad?: boolean]>) {
    const { data, requiresGrad } = bind(args);
    if (!(data instanceof Tensor)) throw new TypeError(`Parameter: data is ${showValue(data)}, expected a Tensor`);
    assertAlive(data, "Parameter");
    super(data.storage, data.code, data.layout, data.offset);
    outlive(this);
    if (requiresGrad) setRequiresGrad(this, true);
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
