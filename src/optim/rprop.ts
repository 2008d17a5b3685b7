import { ComplexScalar, isComplex, ValueError } from "../core/index.ts";
import { keywords } from "../op/index.ts";
import { addcmul_, clamp_, copy_, fullLike, gt, lt, mul, mul_, neg, onesLike, sign, where } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  type CommonOptions,
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

export interface RpropOptions extends Omit<CommonOptions, "weightDecay"> {
  /** By what a step shrinks where the gradient turned, and grows where it did not; [0.5, 1.2]. */
  etas?: readonly [number, number];
  /** The least and the greatest step; [1e-6, 50]. */
  stepSizes?: readonly [number, number];
}
export type RpropGroup = GroupOf<RpropOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<RpropOptions>>(
  "Rprop",
  "params, lr?, etas?, stepSizes?, *, capturable?, foreach?, maximize?, differentiable?",
  { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false, ...UNUSED },
);

/**
 * Resilient backpropagation: each element has a step of its own, of which only the sign of the gradient is asked; where
 * that turned, the step shrinks and is left out once. For gradients of the whole data. M. Riedmiller and H. Braun, "A
 * Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm".
 *
 * @example
 * const optimizer = new optim.Rprop(model.parameters(), { lr: 0.01 });
 */
export class Rprop extends Optimizer<RpropGroup, RpropOptions> {
  constructor(
    ...args: OptimizerArguments<
      RpropOptions,
      [lr?: number | Tensor, etas?: readonly [number, number], stepSizes?: readonly [number, number]]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, etas: [down, up] }: RpropGroup): void {
    atLeast0(lr, "learning rate");
    if (!(down > 0 && down < 1 && up > 1)) throw new ValueError(`Invalid eta values: ${down}, ${up}`);
  }

  protected override prepare(group: RpropGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { maximize } = group;
    const [down, up] = group.etas;
    const [least, most] = group.stepSizes;
    const lr = numberOf(group.lr);
    const prev = keptOf(state, "prev", param);
    const stepSize =
      (state?.stepSize as Tensor | undefined) ??
      fullLike(param, isComplex(param.code) ? new ComplexScalar(lr, lr) : lr);
    fits(this, param, grad, prev, stepSize);
    return {
      state: { step: nextStep(state), prev, stepSize },
      run: () => {
        const [p, g, before, size] = reals(param, maximize ? neg(grad) : grad, prev, stepSize);
        const agreement = mul(g, before);
        const turned = lt(agreement, 0);
        clamp_(mul_(size, where(gt(agreement, 0), up, where(turned, down, onesLike(size)))), least, most);
        const followed = where(turned, 0, g);
        addcmul_(p, sign(followed), size, { value: -1 });
        copy_(before, followed);
      },
    };
  }
}
