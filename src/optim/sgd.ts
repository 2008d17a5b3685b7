import { ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import { type SgdFactors, sgdStep_ } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  fits,
  type ListStep,
  like,
  numberOf,
  Optimizer,
  type ParamGroup,
  type ParamState,
  type Params,
  type Prepared,
  together,
} from "./optimizer.ts";

export interface SGDOptions {
  /** The learning rate; 1e-3. */
  lr?: number | Tensor;
  /** How much of the last direction is kept; 0. */
  momentum?: number;
  /** How much of a new gradient the momentum leaves out; 0. */
  dampening?: number;
  /** The share of the parameter that is added to its gradient; 0. */
  weightDecay?: number;
  /** Whether the momentum looks one step ahead; false. */
  nesterov?: boolean;
  /** Whether to climb; false. */
  maximize?: boolean;
  /** Accepted for PyTorch's sake: one way is used here, which is the fast one. */
  foreach?: boolean | null;
  /** Accepted for PyTorch's sake. */
  differentiable?: boolean;
  /** Accepted for PyTorch's sake. */
  fused?: boolean | null;
}
export interface SGDGroup extends ParamGroup {
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
}

const bind = /* @__PURE__ */ keywords<SGDOptions & { params: Params<SGDOptions> }>(
  "SGD",
  "params, lr?, momentum?, dampening?, weightDecay?, nesterov?, *, maximize?, foreach?, differentiable?, fused?",
  {
    lr: 1e-3,
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    maximize: false,
    foreach: null,
    differentiable: false,
    fused: null,
  },
);

/**
 * Stochastic gradient descent, with or without momentum: `g += weightDecay · p`, `b = momentum · b + (1 - dampening) · g`,
 * `p -= lr · b` (with `nesterov` `p -= lr · (g + momentum · b)`; without momentum `p -= lr · g`). The first b is g.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDGroup, SGDOptions> {
  constructor(
    ...args: Arguments<
      SGDOptions & { params: Params<SGDOptions> },
      [params: Params<SGDOptions>],
      [lr?: number | Tensor, momentum?: number, dampening?: number, weightDecay?: number, nesterov?: boolean]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, momentum, dampening, weightDecay, nesterov }: SGDGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(momentum, "momentum value");
    atLeast0(weightDecay, "weight_decay value");
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError("Nesterov momentum requires a momentum and zero dampening");
    }
  }

  protected override prepare(
    group: SGDGroup,
    param: Tensor,
    grad: Tensor,
    state: ParamState | null,
  ): ListStep<SgdFactors> {
    const { momentum, dampening, weightDecay, nesterov } = group;
    const kept = (state?.momentumBuffer ?? null) as Tensor | null;
    const buffer = momentum === 0 ? null : (kept ?? like(param));
    const factors: SgdFactors = {
      sign: group.maximize ? -1 : 1,
      weightDecay,
      momentum,
      dampening,
      nesterov,
      lr: numberOf(group.lr),
      first: kept === null,
    };
    fits(this, param, grad, buffer);
    const made = buffer === null ? {} : { momentumBuffer: buffer };
    return { state: state !== null && buffer === kept ? state : made, tensors: [param, grad, buffer], factors };
  }

  protected override run(steps: readonly Prepared<ListStep<SgdFactors>>[]): void {
    together(steps, ([param, grad, buffer], factors) => sgdStep_(param!, grad!, buffer!, factors));
  }
}
