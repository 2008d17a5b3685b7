import { keywords } from "../op/index.ts";
import { abs, add_, addcdiv_, copy_, lerp_, maximum, mul_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  type CommonOptions,
  checkBetas,
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

export interface AdamaxOptions extends CommonOptions {
  /** How much is kept of the average gradient and of its greatest size; [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the size of a gradient; 1e-8. */
  eps?: number;
}
export type AdamaxGroup = GroupOf<AdamaxOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<AdamaxOptions>>(
  "Adamax",
  "params, lr?, betas?, eps?, weightDecay?, foreach?, *, maximize?, differentiable?, capturable?",
  { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false, ...UNUSED },
);

/**
 * Adamax: Adam with the greatest size instead of the average of squares: `m = β₁ · m + (1 - β₁) · g`,
 * `u = max(β₂ · u, |g| + eps)`, `p -= lr / (1 - β₁ᵗ) · m / u` at step t. D. P. Kingma and J. Ba, "Adam: A Method for
 * Stochastic Optimization".
 *
 * @example
 * const optimizer = new optim.Adamax(model.parameters());
 */
export class Adamax extends Optimizer<AdamaxGroup, AdamaxOptions> {
  constructor(
    ...args: OptimizerArguments<
      AdamaxOptions,
      [
        lr?: number | Tensor,
        betas?: readonly [number, number],
        eps?: number,
        weightDecay?: number,
        foreach?: boolean | null,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, betas, eps, weightDecay }: AdamaxGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(eps, "epsilon value");
    checkBetas(betas);
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override prepare(group: AdamaxGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { eps } = group;
    const [beta1, beta2] = group.betas;
    const step = nextStep(state);
    const rate = numberOf(group.lr) / (1 - beta1 ** step);
    const expAvg = keptOf(state, "expAvg", param);
    const expInf = keptOf(state, "expInf", param);
    fits(this, param, grad, expAvg, expInf);
    return {
      state: { step, expAvg, expInf },
      run: () => {
        const [p, g, mean, top] = reals(param, direction(param, grad, group), expAvg, expInf);
        lerp_(mean, g, 1 - beta1);
        copy_(top, maximum(mul_(top, beta2), add_(abs(g), eps)));
        addcdiv_(p, mean, top, { value: -rate });
      },
    };
  }
}
