import { BFLOAT16, FLOAT16, FLOAT32, isComplex, ValueError } from "../core/index.ts";
import { keywords } from "../op/index.ts";
import {
  add_,
  clamp_,
  clone,
  div_,
  lerp_,
  matmul,
  mean,
  mul,
  mul_,
  neg,
  newZeros,
  norm,
  rsqrt_,
  square_,
} from "../ops/index.ts";
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
  type Step,
} from "./optimizer.ts";

export interface AdafactorOptions extends Omit<CommonOptions, "capturable" | "differentiable"> {
  /** The power of the step by which the averages of squares turn to the new gradient; -0.8. */
  beta2Decay?: number;
  /** The least root of a mean square, null for the dtype's own precision, and the least size of a parameter; [null, 1e-3]. */
  eps?: readonly [number | null, number];
  /** The greatest root mean square of an update; 1. */
  d?: number;
}
export type AdafactorGroup = GroupOf<AdafactorOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<AdafactorOptions>>(
  "Adafactor",
  "params, lr?, beta2Decay?, eps?, d?, weightDecay?, *, foreach?, maximize?",
  { lr: 1e-2, beta2Decay: -0.8, eps: [null, 1e-3], d: 1, weightDecay: 0, foreach: null, maximize: false },
);

/** The distance from 1 to the next number, by dtype. */
const EPSILON: Readonly<Record<number, number>> = { [FLOAT16]: 2 ** -10, [BFLOAT16]: 2 ** -7, [FLOAT32]: 2 ** -23 };

/**
 * Adafactor: of the averages of squares of a matrix only the means of rows and columns are kept, so that the state is
 * small. Steps are in the measure of the parameter. N. Shazeer and M. Stern, "Adafactor: Adaptive Learning Rates with
 * Sublinear Memory Cost".
 *
 * @example
 * const optimizer = new optim.Adafactor(model.parameters());
 */
export class Adafactor extends Optimizer<AdafactorGroup, AdafactorOptions> {
  constructor(
    ...args: OptimizerArguments<
      AdafactorOptions,
      [
        lr?: number | Tensor,
        beta2Decay?: number,
        eps?: readonly [number | null, number],
        d?: number,
        weightDecay?: number,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({ lr, beta2Decay, eps, d, weightDecay }: AdafactorGroup): void {
    atLeast0(lr, "learning rate");
    if (!(beta2Decay <= 0)) throw new ValueError(`beta2_decay should be <= 0 but is: ${beta2Decay}`);
    if (eps[0] !== null && !(eps[0] >= 0)) throw new ValueError(`epsilon1 should be >= 0 but is: ${eps[0]}`);
    if (!(eps[1] >= 0)) throw new ValueError(`epsilon2 should be >= 0 but is: ${eps[1]}`);
    if (!(d >= 1)) throw new ValueError(`Clipping threshold d should be >= 1 but is: ${d}`);
    atLeast0(weightDecay, "weight_decay value");
  }

  protected override stateShape(param: Tensor, key: string): readonly number[] {
    if (key === "rowVar") return [...param.shape.slice(0, -1), 1];
    if (key === "colVar") return [...param.shape.slice(0, -2), 1, ...param.shape.slice(-1)];
    return param.shape;
  }

  protected override prepare(group: AdafactorGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    if (isComplex(param.code)) throw new TypeError("Adafactor does not support complex parameters");
    const { beta2Decay, d, weightDecay, maximize } = group;
    const [eps1, eps2] = [group.eps[0] ?? EPSILON[param.code] ?? Number.EPSILON, group.eps[1]];
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const share = step ** beta2Decay;
    fits(this, param, grad);
    const kept = (name: string): Tensor =>
      (state?.[name] as Tensor | undefined) ?? newZeros(param, this.stateShape(param, name));
    const matrix = param.ndim > 1 ? { rowVar: kept("rowVar"), colVar: kept("colVar") } : null;
    const variance = matrix === null ? keptOf(state, "variance", param) : null;
    return {
      state: { step, ...matrix, ...(variance && { variance }) },
      run: () => {
        const size = Math.max(eps2, rootMeanSquare(param)) * Math.min(lr, 1 / Math.sqrt(step));
        if (weightDecay !== 0) mul_(param, 1 - lr * weightDecay);
        const g = maximize ? neg(grad) : grad;
        let estimate: Tensor;
        if (matrix !== null) {
          const { rowVar, colVar } = matrix;
          lerp_(rowVar, meanSquare(g, -1), share);
          lerp_(colVar, meanSquare(g, -2), share);
          estimate = div_(matmul(rowVar, colVar), clamp_(mean(rowVar, -2, true), eps1));
        } else estimate = clone(lerp_(variance!, mul(g, g), share));
        // eps1 is of the size of a gradient, the estimate of its square.
        const update = mul_(rsqrt_(clamp_(estimate, eps1 * eps1)), g);
        add_(param, update, { alpha: -size / Math.max(1, rootMeanSquare(update) / d) });
      },
    };
  }
}

const rootMeanSquare = (x: Tensor): number => norm(x, 2).item() / Math.sqrt(x.numel());
const meanSquare = (x: Tensor, dim: number): Tensor => div_(square_(norm(x, 2, dim, true)), x.size(dim));
