// What the losses share: what becomes of the losses of the elements.

import type { Arguments } from "../op/index.ts";
import { type LossReduction, type Old, type Reduced, reductionOf, USUAL } from "../ops/lossform.ts";
import type { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";

export { type Old, type Reduced, reductionOf };
export type Reduction = LossReduction;
export { USUAL as REDUCED };
export type ReducedArguments = Arguments<Reduced, [], [...Old, reduction?: Reduction]>;

export interface Weighted extends Reduced {
  weight?: Tensor | null;
}

/** What losses share. */
export abstract class Loss extends Module {
  static override readonly forwardSignature: string = "input, target";

  readonly reduction: Reduction;
  constructor(options: Required<Reduced>) {
    super();
    this.reduction = reductionOf(options);
  }
}

/** A loss that weighs classes or elements: the weight is a buffer, so it moves and is saved with the module. */
export abstract class WeightedLoss extends Loss {
  weight: Tensor | null = null;
  constructor(options: Required<Weighted>) {
    super(options);
    this.registerBuffer("weight", options.weight);
  }
}
