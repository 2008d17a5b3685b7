import { isComplex, ShapeError, showShape, ValueError } from "../core/index.ts";
import { keywords } from "../op/index.ts";
import { add_, addmm, bfloat16, clamp, div, lerp, lerp_, matmul, mul_, norm, t } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  fits,
  type GroupOf,
  keptOf,
  numberOf,
  Optimizer,
  type OptimizerArguments,
  type ParamState,
  type Step,
} from "./optimizer.ts";

export interface MuonOptions {
  /** The learning rate; 1e-3. */
  lr?: number | Tensor;
  /** Of lr, by which the weights shrink at each step; 0.1. */
  weightDecay?: number;
  /** How much of the average gradient is kept; 0.95. */
  momentum?: number;
  /** Whether the momentum looks one step ahead; true. */
  nesterov?: boolean;
  /** The coefficients of the iteration; [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** The least norm by which a gradient is divided; 1e-7. */
  eps?: number;
  /** Rounds of the iteration; 5. */
  nsSteps?: number;
  /** How the rate depends on the shape: as its author's, or so that the steps are of AdamW's size; null, "original". */
  adjustLrFn?: "original" | "match_rms_adamw" | null;
}
export type MuonGroup = GroupOf<MuonOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<MuonOptions>>(
  "Muon",
  "params, lr?, weightDecay?, momentum?, nesterov?, nsCoefficients?, eps?, nsSteps?, adjustLrFn?",
  {
    lr: 1e-3,
    weightDecay: 0.1,
    momentum: 0.95,
    nesterov: true,
    nsCoefficients: [3.4445, -4.775, 2.0315],
    eps: 1e-7,
    nsSteps: 5,
    adjustLrFn: null,
  },
);

/**
 * Muon, for the matrices of hidden layers: steps by the average gradient with its singular values brought near 1, by
 * rounds of `X = a · X + (b · A + c · A²) · X` with `A = X · Xᵀ` in bfloat16. K. Jordan, "Muon: An optimizer for hidden
 * layers in neural networks".
 *
 * @example
 * const optimizer = new optim.Muon([model.hidden.weight], { lr: 1e-3 });
 */
export class Muon extends Optimizer<MuonGroup, MuonOptions> {
  constructor(
    ...args: OptimizerArguments<
      MuonOptions,
      [
        lr?: number | Tensor,
        weightDecay?: number,
        momentum?: number,
        nesterov?: boolean,
        nsCoefficients?: readonly [number, number, number],
        eps?: number,
        nsSteps?: number,
        adjustLrFn?: "original" | "match_rms_adamw" | null,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, defaults);
  }

  protected override check({
    params,
    lr,
    momentum,
    weightDecay,
    nsCoefficients,
    nsSteps,
    adjustLrFn,
  }: MuonGroup): void {
    atLeast0(lr, "learning rate");
    atLeast0(momentum, "momentum value");
    atLeast0(weightDecay, "weight_decay value");
    if (adjustLrFn !== null && adjustLrFn !== "original" && adjustLrFn !== "match_rms_adamw") {
      throw new ValueError(`Adjust learning rate function ${adjustLrFn} is not supported`);
    }
    if (nsSteps >= 100) throw new ValueError("Number of steps must be less than 100 for computational efficiency");
    if (nsCoefficients.length !== 3) throw new ValueError("Coefficients must be a tuple of exactly 3 values");
    for (const { ndim, shape } of params) {
      if (ndim !== 2) {
        throw new ShapeError(
          `Muon only supports 2D parameters whereas we found a parameter with size: ${showShape(shape)}`,
        );
      }
    }
  }

  protected override prepare(group: MuonGroup, param: Tensor, grad: Tensor, state: ParamState | null): Step {
    if (isComplex(param.code)) throw new TypeError("Muon does not support complex parameters");
    const { momentum, nesterov, weightDecay } = group;
    const lr = numberOf(group.lr);
    const [rows, columns] = param.shape as [number, number];
    const rate =
      group.adjustLrFn === "match_rms_adamw"
        ? lr * 0.2 * Math.sqrt(Math.max(rows, columns))
        : lr * Math.sqrt(Math.max(1, rows / columns));
    const buffer = keptOf(state, "momentumBuffer", param);
    fits(this, param, grad, buffer);
    return {
      state: { momentumBuffer: buffer },
      run: () => {
        lerp_(buffer, grad, 1 - momentum);
        const update = orthogonal(nesterov ? lerp(grad, buffer, momentum) : buffer, group);
        add_(mul_(param, 1 - lr * weightDecay), update, { alpha: -rate });
      },
    };
  }
}

/** `x` with its singular values near 1. Every operator rounds once, to bfloat16, after its sums in float32, as PyTorch's do. */
function orthogonal(x: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonGroup): Tensor {
  const tall = x.size(0) > x.size(1);
  // [r, c] with r ≤ c, so that the products are small
  let wide = tall ? t(bfloat16(x)) : bfloat16(x);
  wide = div(wide, clamp(norm(wide), eps)); // no singular value is above 1
  for (let i = 0; i < nsSteps; i++) {
    const gram = matmul(wide, t(wide));
    wide = addmm(wide, addmm(gram, gram, gram, { beta: b, alpha: c }), wide, { beta: a });
  }
  return tall ? t(wide) : wide;
}
