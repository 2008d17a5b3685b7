import { keywords } from "../op/index.ts";
import { add_, copy_, mul_, sub } from "../ops/index.ts";
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

export interface ASGDOptions extends CommonOptions {
  /** How much the parameters decay; 1e-4. */
  lambd?: number;
  /** The power by which the rate falls; 0.75. */
  alpha?: number;
  /** The step at which averaging begins; 1e6. */
  t0?: number;
}
export type ASGDGroup = GroupOf<ASGDOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<ASGDOptions>>(
  "ASGD",
  "params, lr?, lambd?, alpha?, t0?, weightDecay?, foreach?, maximize?, differentiable?, capturable?",
  { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false, ...UNUSED },
);

/**
 * Averaged stochastic gradient descent: `p -= η · (λ · p + g)` with `η = lr / (1 + λ · lr · t)^α` at step t; the average
 * of the parameters from step t0 on is kept in the state as `ax`. B. T. Polyak and A. B. Juditsky, "Acceleration of
 * Stochastic Approximation by Averaging".
 *
 * @example
 * const optimizer = new optim.ASGD(model.parameters(), { lr: 0.01, t0: 1000 });
 */
export class ASGD extends Optimizer<ASGDGroup, ASGDOptions> {
  constructor(
    ...args: OptimizerArguments<
      ASGDOptions,
      [
        lr?: number | Tensor,
        lambd?: number,
        alpha?: number,
        t0?: number,
        weightDecay?: number,
        foreach?: boolean | null,
        maximize?: boolean,
        differentiable?: boolean,
        capturable?: boolean,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override get counts(): readonly string[] {
    return ["step", "eta", "mu"];
  }

  protected override check({ lr, weightDecay }: ASGDGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override prepare(group: ASGDGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    const { lambd, alpha, t0 } = group;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    // PyTorch keeps both in float32 tensors.
    const eta = (state?.eta as number | undefined) ?? Math.fround(lr);
    const mu = (state?.mu as number | undefined) ?? 1;
    const ax = keptOf(state, "ax", param);
    fits(this, param, grad, ax);
    return {
      state: {
        step,
        eta: Math.fround(lr / (1 + lambd * lr * step) ** alpha),
        mu: Math.fround(1 / Math.max(1, step - t0)),
        ax,
      },
      run: () => {
        const [p, g, average] = reals(param, direction(param, grad, group), ax);
        add_(mul_(p, 1 - lambd * eta), g, { alpha: -eta });
        if (mu === 1) copy_(average, p);
        else add_(average, mul_(sub(p, average), mu));
      },
    };
  }
}
