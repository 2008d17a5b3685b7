import { ComplexScalar, isComplex } from "../core/index.ts";
import { keywords, noGrad } from "../op/index.ts";
import { type AdagradFactors, adagradStep_, fullLike } from "../ops/index.ts";
import { outside, type Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  type CommonOptions,
  fits,
  type GroupOf,
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

export interface AdagradOptions extends Omit<CommonOptions, "capturable"> {
  /** How fast the learning rate falls; 0. */
  lrDecay?: number;
  /** What the sums of squares begin with; 0. */
  initialAccumulatorValue?: number;
  /** Added to the denominator; 1e-10. */
  eps?: number;
  /** Accepted for PyTorch's sake. */
  fused?: boolean | null;
}
export type AdagradGroup = GroupOf<AdagradOptions>;

const { capturable: _, ...UNUSED_HERE } = UNUSED;
const bind = /* @__PURE__ */ keywords<Bindable<AdagradOptions>>(
  "Adagrad",
  "params, lr?, lrDecay?, weightDecay?, initialAccumulatorValue?, eps?, foreach?, *, maximize?, differentiable?, fused?",
  {
    lr: 1e-2,
    lrDecay: 0,
    weightDecay: 0,
    initialAccumulatorValue: 0,
    eps: 1e-10,
    maximize: false,
    ...UNUSED_HERE,
    fused: null,
  },
);

/**
 * Adagrad: steps by the gradient over the root of the sum of its squares: `s += g²`, `p -= lr / (1 + (t - 1) · lrDecay) ·
 * g / (√s + eps)` at step t. J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization".
 *
 * @example
 * const optimizer = new optim.Adagrad(model.parameters(), { lr: 0.01 });
 */
export class Adagrad extends Optimizer<AdagradGroup, AdagradOptions> {
  constructor(
    ...args: OptimizerArguments<
      AdagradOptions,
      [
        lr?: number | Tensor,
        lrDecay?: number,
        weightDecay?: number,
        initialAccumulatorValue?: number,
        eps?: number,
        foreach?: boolean | null,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(lrDecay, "lr_decay value");
    atLeast0(weightDecay, "weight_decay value");
    atLeast0(initialAccumulatorValue, "initial_accumulator_value value");
    atLeast0(eps, "epsilon value");
  }

  /** The sums are there from the beginning, as in PyTorch. */
  override addParamGroup(group: Parameters<Optimizer<AdagradGroup, AdagradOptions>["addParamGroup"]>[0]): void {
    super.addParamGroup(group);
    const { params, initialAccumulatorValue: first } = this.paramGroups.at(-1)!;
    for (const param of params) {
      const value = isComplex(param.code) ? new ComplexScalar(first, first) : first;
      this.state.set(param, { step: 0, sum: outside(() => noGrad(() => fullLike(param, value))) });
    }
  }

  protected override prepare(
    group: AdagradGroup,
    param: Tensor,
    grad: Tensor,
    state: ParamState | null,
  ): ListStep<AdagradFactors> {
    const { lrDecay, weightDecay, eps } = group;
    const step = nextStep(state);
    const sum = state!.sum as Tensor;
    fits(this, param, grad, sum);
    return {
      state: { step, sum },
      tensors: reals(param, grad, sum),
      factors: {
        sign: group.maximize ? -1 : 1,
        weightDecay,
        rate: numberOf(group.lr) / (1 + (step - 1) * lrDecay),
        eps,
      },
    };
  }

  protected override run(steps: readonly Prepared<ListStep<AdagradFactors>>[]): void {
    together(steps, ([param, grad, sum], factors) => adagradStep_(param!, grad!, sum!, factors));
  }
}
