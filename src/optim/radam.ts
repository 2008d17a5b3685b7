import { keywords } from "../op/index.ts";
import { add_, addcmul_, div, lerp_, mul, mul_, reciprocal, sqrt } from "../ops/index.ts";
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

export interface RAdamOptions extends CommonOptions {
  /** How much of the averages of the gradient and of its square is kept; [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator; 1e-8. */
  eps?: number;
  /** Whether the weights shrink apart from the gradient; false. */
  decoupledWeightDecay?: boolean;
}
export type RAdamGroup = GroupOf<RAdamOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<RAdamOptions>>(
  "RAdam",
  "params, lr?, betas?, eps?, weightDecay?, decoupledWeightDecay?, *, foreach?, maximize?, capturable?, differentiable?",
  {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    decoupledWeightDecay: false,
    maximize: false,
    ...UNUSED,
  },
);

/**
 * RAdam: Adam that steps by the average gradient alone while too few gradients came for a variance, and then by Adam's
 * step times `√((ρₜ - 4)(ρₜ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρₜ))`, with `ρ∞ = 2 / (1 - β₂) - 1` and `ρₜ = ρ∞ - 2t β₂ᵗ / (1 - β₂ᵗ)`.
 * L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond".
 *
 * @example
 * const optimizer = new optim.RAdam(model.parameters());
 */
export class RAdam extends Optimizer<RAdamGroup, RAdamOptions> {
  constructor(
    ...args: OptimizerArguments<
      RAdamOptions,
      [
        lr?: number | Tensor,
        betas?: readonly [number, number],
        eps?: number,
        weightDecay?: number,
        decoupledWeightDecay?: boolean,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, betas, eps, weightDecay }: RAdamGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(eps, "epsilon value");
    checkBetas(betas);
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override prepare(group: RAdamGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { eps, weightDecay, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const last = 2 / (1 - beta2) - 1;
    const rho = last - (2 * step * beta2 ** step) / (1 - beta2 ** step);
    const expAvg = keptOf(state, "expAvg", param);
    const expAvgSq = keptOf(state, "expAvgSq", param);
    fits(this, param, grad, expAvg, expAvgSq);
    return {
      state: { step, expAvg, expAvgSq },
      run: () => {
        if (decoupledWeightDecay) mul_(param, 1 - lr * weightDecay);
        const follow = direction(param, grad, { maximize, weightDecay: decoupledWeightDecay ? 0 : weightDecay });
        const [p, g, mean, square] = reals(param, follow, expAvg, expAvgSq);
        lerp_(mean, g, 1 - beta1);
        addcmul_(mul_(square, beta2), g, g, { value: 1 - beta2 });
        const move = mul(div(mean, 1 - beta1 ** step), lr);
        if (rho > 5) {
          const rectified = Math.sqrt(((rho - 4) * (rho - 2) * last) / ((last - 4) * (last - 2) * rho));
          // A number over a tensor is, in PyTorch, its reciprocal times the number.
          const adapted = mul_(reciprocal(add_(sqrt(square), eps)), Math.sqrt(1 - beta2 ** step));
          mul_(mul_(move, adapted), rectified);
        }
        add_(p, move, { alpha: -1 });
      },
    };
  }
}
