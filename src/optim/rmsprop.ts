import { keywords } from "../op/index.ts";
import { type RmspropFactors, rmspropStep_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  type CommonOptions,
  fits,
  type GroupOf,
  keptOf,
  type ListStep,
  nextStep,
  numberOf,
  Optimizer,
  type OptimizerArguments,
  type ParamState,
  type Prepared,
  reals,
  together,
  UNUSED,
} from "./optimizer.ts";

export interface RMSpropOptions extends CommonOptions {
  /** How much of the average of squares is kept; 0.99. */
  alpha?: number;
  /** Added to the denominator; 1e-8. */
  eps?: number;
  /** How much of the last move is kept; 0. */
  momentum?: number;
  /** Whether squares are taken about the average gradient; false. */
  centered?: boolean;
}
export type RMSpropGroup = GroupOf<RMSpropOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<RMSpropOptions>>(
  "RMSprop",
  "params, lr?, alpha?, eps?, weightDecay?, momentum?, centered?, capturable?, foreach?, maximize?, differentiable?",
  { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false, ...UNUSED },
);

/**
 * RMSprop: steps by the gradient over the root of the average of its square: `v = α · v + (1 - α) · g²`,
 * `p -= lr · g / (√v + eps)`. G. Hinton, "Neural Networks for Machine Learning", lecture 6.
 *
 * @example
 * const optimizer = new optim.RMSprop(model.parameters(), { lr: 0.01, momentum: 0.9 });
 */
export class RMSprop extends Optimizer<RMSpropGroup, RMSpropOptions> {
  constructor(
    ...args: OptimizerArguments<
      RMSpropOptions,
      [
        lr?: number | Tensor,
        alpha?: number,
        eps?: number,
        weightDecay?: number,
        momentum?: number,
        centered?: boolean,
        capturable?: boolean,
        foreach?: boolean | null,
        maximize?: boolean,
        differentiable?: boolean,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, eps, momentum, weightDecay, alpha }: RMSpropGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(eps, "epsilon value");
    atLeast0(momentum, "momentum value");
    atLeast0(weightDecay, "weight_decay value");
    atLeast0(alpha, "alpha value");
  }

  protected override prepare(
    group: RMSpropGroup,
    param: Tensor,
    grad: Tensor,
    state: ParamState | null,
  ): ListStep<RmspropFactors> {
    const { alpha, eps, momentum, centered, weightDecay } = group;
    const step = nextStep(state);
    const squareAvg = keptOf(state, "squareAvg", param);
    const momentumBuffer = momentum > 0 ? keptOf(state, "momentumBuffer", param) : null;
    const gradAvg = centered ? keptOf(state, "gradAvg", param) : null;
    fits(this, param, grad, squareAvg, momentumBuffer, gradAvg);
    return {
      state: { step, squareAvg, ...(momentumBuffer && { momentumBuffer }), ...(gradAvg && { gradAvg }) },
      tensors: reals(param, grad, squareAvg, momentumBuffer, gradAvg),
      factors: { sign: group.maximize ? -1 : 1, weightDecay, alpha, eps, momentum, lr: numberOf(group.lr) },
    };
  }

  protected override run(steps: readonly Prepared<ListStep<RmspropFactors>>[]): void {
    together(steps, ([param, grad, squareAvg, buffer, gradAvg], factors) =>
      rmspropStep_(param!, grad!, squareAvg!, buffer!, gradAvg!, factors),
    );
  }
}
