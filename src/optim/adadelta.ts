import { ValueError } from "../core/index.ts";
import { keywords } from "../op/index.ts";
import { add, add_, addcmul_, div_, mul_, sqrt_ } from "../ops/index.ts";
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

export interface AdadeltaOptions extends CommonOptions {
  /** How much of the averages of squares is kept; 0.9. */
  rho?: number;
  /** Added under the roots; 1e-6. */
  eps?: number;
}
export type AdadeltaGroup = GroupOf<AdadeltaOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<AdadeltaOptions>>(
  "Adadelta",
  "params, lr?, rho?, eps?, weightDecay?, foreach?, *, capturable?, maximize?, differentiable?",
  { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false, ...UNUSED },
);

/**
 * Adadelta: the gradient in the measure of the last moves: `v = ρ · v + (1 - ρ) · g²`, `Δ = √(u + eps) / √(v + eps) · g`,
 * `u = ρ · u + (1 - ρ) · Δ²`, `p -= lr · Δ`. M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method".
 *
 * @example
 * const optimizer = new optim.Adadelta(model.parameters());
 */
export class Adadelta extends Optimizer<AdadeltaGroup, AdadeltaOptions> {
  constructor(
    ...args: OptimizerArguments<
      AdadeltaOptions,
      [lr?: number | Tensor, rho?: number, eps?: number, weightDecay?: number, foreach?: boolean | null]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, rho, eps, weightDecay }: AdadeltaGroup): void {
    atLeast0(lr, "learning rate");
    if (!(rho >= 0 && rho <= 1)) throw new ValueError(`Invalid rho value: ${rho}`);
    atLeast0(eps, "epsilon value");
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override prepare(group: AdadeltaGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { rho, eps } = group;
    const lr = numberOf(group.lr);
    const squareAvg = keptOf(state, "squareAvg", param);
    const accDelta = keptOf(state, "accDelta", param);
    fits(this, param, grad, squareAvg, accDelta);
    return {
      state: { step: nextStep(state), squareAvg, accDelta },
      run: () => {
        const [p, g, square, moves] = reals(param, direction(param, grad, group), squareAvg, accDelta);
        addcmul_(mul_(square, rho), g, g, { value: 1 - rho });
        const root = sqrt_(add(square, eps));
        const delta = mul_(div_(sqrt_(add(moves, eps)), root), g);
        addcmul_(mul_(moves, rho), delta, delta, { value: 1 - rho });
        add_(p, delta, { alpha: -lr });
      },
    };
  }
}
