import { keywords } from "../op/index.ts";
import { add_, addcdiv_, addcmul, addcmul_, lerp_, mul_, sqrt, sqrt_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  type CommonOptions,
  direction,
  fits,
  type GroupOf,
  keptOf,
  nextStep,
  numberOf,
  Optimizer,
  type OptimizerArguments,
  type ParamState,
  reals,
  type Step,
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

  protected override prepare(group: RMSpropGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { alpha, eps, momentum, centered } = group;
    const lr = numberOf(group.lr);
    const squareAvg = keptOf(state, "squareAvg", param);
    const buffer = momentum > 0 ? keptOf(state, "momentumBuffer", param) : null;
    const gradAvg = centered ? keptOf(state, "gradAvg", param) : null;
    fits(this, param, grad, squareAvg, buffer, gradAvg);
    return {
      state: {
        step: nextStep(state),
        squareAvg,
        ...(buffer && { momentumBuffer: buffer }),
        ...(gradAvg && { gradAvg }),
      },
      run: () => {
        const [p, g, square] = reals(param, direction(param, grad, group), squareAvg);
        addcmul_(mul_(square, alpha), g, g, { value: 1 - alpha });
        let root: Tensor;
        if (gradAvg === null) root = sqrt(square);
        else {
          const [mean] = reals(gradAvg);
          lerp_(mean, g, 1 - alpha);
          root = sqrt_(addcmul(square, mean, mean, { value: -1 }));
        }
        add_(root, eps);
        if (buffer === null) addcdiv_(p, g, root, { value: -lr });
        else add_(p, addcdiv_(mul_(reals(buffer)[0], momentum), g, root), { alpha: -lr });
      },
    };
  }
}
