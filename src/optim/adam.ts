import { type Arguments, keywords } from "../op/index.ts";
import { type AdamFactors, adamStep_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  checkBetas,
  fits,
  keptOf,
  type ListStep,
  nextStep,
  numberOf,
  Optimizer,
  type ParamGroup,
  type ParamState,
  type Params,
  type Prepared,
  together,
} from "./optimizer.ts";

export interface AdamOptions {
  /** The learning rate; 1e-3. */
  lr?: number | Tensor;
  /** How much of the averages of the gradient and of its square is kept; [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator; 1e-8. */
  eps?: number;
  /** Adam: the share of the parameter that is added to its gradient; 0. AdamW: of lr, by which it shrinks; 0.01. */
  weightDecay?: number;
  /** Whether the greatest average of squares stands for the last one; false. */
  amsgrad?: boolean;
  /** Whether to climb; false. */
  maximize?: boolean;
  /** Whether the weights shrink apart from the gradient; false, and true in AdamW. */
  decoupledWeightDecay?: boolean;
  /** Accepted for PyTorch's sake: one way is used here, which is the fast one. */
  foreach?: boolean | null;
  /** Accepted for PyTorch's sake. */
  capturable?: boolean;
  /** Accepted for PyTorch's sake. */
  differentiable?: boolean;
  /** Accepted for PyTorch's sake. */
  fused?: boolean | null;
}
export interface AdamGroup extends ParamGroup {
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  amsgrad: boolean;
  maximize: boolean;
  decoupledWeightDecay: boolean;
}
type AdamArguments = Arguments<
  AdamOptions & { params: Params<AdamOptions> },
  [params: Params<AdamOptions>],
  [lr?: number | Tensor, betas?: readonly [number, number], eps?: number, weightDecay?: number, amsgrad?: boolean]
>;

const COMMON = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: null,
} as const;
const NAMES =
  "params, lr?, betas?, eps?, weightDecay?, amsgrad?, *, maximize?, foreach?, capturable?, differentiable?, fused?";
type Bindable = AdamOptions & { params: Params<AdamOptions> };
const bindAdam = /* @__PURE__ */ keywords<Bindable>("Adam", `${NAMES}, decoupledWeightDecay?`, {
  ...COMMON,
  decoupledWeightDecay: false,
});
const bindAdamW = /* @__PURE__ */ keywords<Bindable>("AdamW", NAMES, {
  ...COMMON,
  weightDecay: 0.01,
  decoupledWeightDecay: true,
});

/** What Adam and AdamW share: all but the defaults. */
abstract class AdamBase extends Optimizer<AdamGroup, AdamOptions> {
  /** What the last parameter of the step that is due goes by: its neighbours mostly do too. */
  #last: { readonly group: AdamGroup; readonly step: number; readonly factors: AdamFactors } | null = null;

  protected override check({ lr, betas, eps, weightDecay }: AdamGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(eps, "epsilon value");
    checkBetas(betas);
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override prepare(
    group: AdamGroup,
    param: Tensor,
    grad: Tensor,
    state: ParamState | null,
  ): ListStep<AdamFactors> {
    const step = nextStep(state);
    const expAvg = keptOf(state, "expAvg", param);
    const expAvgSq = keptOf(state, "expAvgSq", param);
    const maxExpAvgSq = group.amsgrad ? keptOf(state, "maxExpAvgSq", param) : null;
    if (this.#last?.group !== group || this.#last.step !== step) {
      this.#last = { group, step, factors: factorsOf(group, step) };
    }
    const { factors } = this.#last;
    fits(this, param, grad, expAvg, expAvgSq, maxExpAvgSq);
    const tensors = [param, grad, expAvg, expAvgSq, maxExpAvgSq] as const;
    const isKept =
      state?.expAvg === expAvg && state.expAvgSq === expAvgSq && (state.maxExpAvgSq ?? null) === maxExpAvgSq;
    if (isKept) return { state, count: step, tensors, factors };
    const made = maxExpAvgSq === null ? { step, expAvg, expAvgSq } : { step, expAvg, expAvgSq, maxExpAvgSq };
    return { state: made, tensors, factors };
  }

  protected override advance<T>(closure?: () => T): T | undefined {
    this.#last = null;
    return super.advance(closure);
  }

  protected override run(steps: readonly Prepared<ListStep<AdamFactors>>[]): void {
    together(steps, ([param, grad, expAvg, expAvgSq, maxExpAvgSq], factors) =>
      adamStep_(param!, grad!, expAvg!, expAvgSq!, maxExpAvgSq!, factors),
    );
  }
}

function factorsOf(group: AdamGroup, step: number): AdamFactors {
  const { eps, weightDecay, maximize, decoupledWeightDecay } = group;
  const [beta1, beta2] = group.betas;
  const lr = numberOf(group.lr);
  return {
    sign: maximize ? -1 : 1,
    weightDecay: decoupledWeightDecay ? 0 : weightDecay,
    shrink: decoupledWeightDecay ? 1 - lr * weightDecay : 1,
    beta1,
    beta2,
    rate: lr / (1 - beta1 ** step),
    root: Math.sqrt(1 - beta2 ** step),
    eps,
  };
}

/**
 * Adam: steps by the average of the gradient over the root of the average of its square:
 * `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`, `p -= lr · m̂ / (√v̂ + eps)`, where m̂ and v̂ are m and v divided
 * by 1 - βᵗ at step t. D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization".
 *
 * @example
 * const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
 */
export class Adam extends AdamBase {
  constructor(...args: AdamArguments) {
    const { params, ...defaults } = bindAdam(args);
    super(params, defaults);
  }
}

/**
 * Adam whose weights shrink by `lr · weightDecay` at each step, apart from the gradient. I. Loshchilov and F. Hutter,
 * "Decoupled Weight Decay Regularization".
 *
 * @example
 * const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 });
 */
export class AdamW extends AdamBase {
  constructor(...args: AdamArguments) {
    const { params, ...defaults } = bindAdamW(args);
    super(params, defaults);
  }
}
