import { keywords } from "../op/index.ts";
import { add_, addcdiv_, addcmul_, div, lerp_, mul_, sqrt_ } from "../ops/index.ts";
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

export interface NAdamOptions extends CommonOptions {
  /** How much of the averages of the gradient and of its square is kept; [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator; 1e-8. */
  eps?: number;
  /** How fast the momentum grows to β₁; 4e-3. */
  momentumDecay?: number;
  /** Whether the weights shrink apart from the gradient; false. */
  decoupledWeightDecay?: boolean;
}
export type NAdamGroup = GroupOf<NAdamOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<NAdamOptions>>(
  "NAdam",
  "params, lr?, betas?, eps?, weightDecay?, momentumDecay?, decoupledWeightDecay?, *, foreach?, maximize?, capturable?, differentiable?",
  {
    lr: 2e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    momentumDecay: 4e-3,
    decoupledWeightDecay: false,
    maximize: false,
    ...UNUSED,
  },
);

/**
 * NAdam: Adam whose momentum looks one step ahead. With `μₜ = β₁ · (1 - 0.96^(t · momentumDecay) / 2)` and m, v as in Adam,
 * `p -= lr · (μₜ₊₁ · m / (1 - μ₁…μₜ₊₁) + (1 - μₜ) · g / (1 - μ₁…μₜ)) / (√v̂ + eps)`. T. Dozat, "Incorporating Nesterov
 * Momentum into Adam".
 *
 * @example
 * const optimizer = new optim.NAdam(model.parameters());
 */
export class NAdam extends Optimizer<NAdamGroup, NAdamOptions> {
  constructor(
    ...args: OptimizerArguments<
      NAdamOptions,
      [
        lr?: number | Tensor,
        betas?: readonly [number, number],
        eps?: number,
        weightDecay?: number,
        momentumDecay?: number,
        decoupledWeightDecay?: boolean,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override get counts(): readonly string[] {
    return ["step", "muProduct"];
  }

  protected override check({ lr, betas, eps, weightDecay, momentumDecay }: NAdamGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(eps, "epsilon value");
    checkBetas(betas);
    atLeast0(weightDecay, "weight_decay value");
    atLeast0(momentumDecay, "momentum_decay value");
  }

  protected override prepare(group: NAdamGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { eps, weightDecay, maximize, momentumDecay, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const mu = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    // PyTorch keeps the product in a float32 tensor.
    const muProduct = Math.fround(((state?.muProduct as number | undefined) ?? 1) * mu(step));
    const expAvg = keptOf(state, "expAvg", param);
    const expAvgSq = keptOf(state, "expAvgSq", param);
    fits(this, param, grad, expAvg, expAvgSq);
    return {
      state: { step, muProduct, expAvg, expAvgSq },
      run: () => {
        if (decoupledWeightDecay) mul_(param, 1 - lr * weightDecay);
        const follow = direction(param, grad, { maximize, weightDecay: decoupledWeightDecay ? 0 : weightDecay });
        const [p, g, mean, square] = reals(param, follow, expAvg, expAvgSq);
        lerp_(mean, g, 1 - beta1);
        addcmul_(mul_(square, beta2), g, g, { value: 1 - beta2 });
        const root = add_(sqrt_(div(square, 1 - beta2 ** step)), eps);
        addcdiv_(p, g, root, { value: (-lr * (1 - mu(step))) / (1 - muProduct) });
        addcdiv_(p, mean, root, { value: (-lr * mu(step + 1)) / (1 - muProduct * mu(step + 1)) });
      },
    };
  }
}
