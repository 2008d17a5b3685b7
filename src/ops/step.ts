// Steps of optimizers: operators that write the parameter and what is kept of it. Functions only; src/optim calls them.
//
// The formulas are the kernels' (assembly/optim/step.ts), in PyTorch's order of operations.

import { DTypeError, ShapeError, sameShape, show } from "../core/index.ts";
import { type BOUND, type Call, op, POINTWISE_GRAIN, type Spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, add_, div, maximum, mul, mul_, sub } from "./binary.ts";
import { copy_ } from "./copy.ts";
import { addcdiv_, addcmul_, lerp_ } from "./ternary.ts";
import { sqrt, square } from "./unary.ts";

/** Tensors that are written, and what the step goes by; B are the factors in the order of the signature. */
type Step<T extends readonly (Tensor | readonly Tensor[] | null)[], F, B extends readonly unknown[]> = ((
  ...args: [...T, factors: F]
) => void) & {
  readonly [BOUND]: [...T, ...B];
};

/** What one step of gradient descent goes by. */
export interface SgdFactors {
  /** -1 to climb, else 1. */
  readonly sign: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly lr: number;
  /** Whether the buffers are new: they become the gradients. */
  readonly first: boolean;
}

/**
 * One step of gradient descent for parameters that go by the same factors. Writes each `param`, and its `buffer` where there
 * is momentum (else the list is empty): `g = sign · grad + weightDecay · param`,
 * `buffer = momentum · buffer + (1 - dampening) · g`, `param -= lr · buffer` (`lr · (g + momentum · buffer)` with
 * `nesterov`, `lr · g` without a buffer).
 */
export const sgdStep_: Step<
  [param: readonly Tensor[], grad: readonly Tensor[], buffer: readonly Tensor[]],
  SgdFactors,
  SgdBound
> = /* @__PURE__ */ op(
  "sgdStep_",
  "param, grad, buffer, *, sign, weightDecay, momentum, dampening, nesterov, lr, first",
  (param, grad, buffer, sign, weightDecay, momentum, dampening, nesterov, lr, first) => [
    { param, grad, buffer },
    { sign, weightDecay, momentum, dampening, nesterov, lr, first },
  ],
  {
    infer({ param, grad, buffer }) {
      for (let i = 0; i < param.length; i++) together("sgdStep_", param[i]!, grad[i]!, buffer[i]);
      return [];
    },
    kernel: "sgd",
    launch: (k, { param, grad, buffer }, _, f) =>
      launchList([param, grad, buffer], () =>
        k
          .call("sgd")
          .real(f.sign)
          .real(f.weightDecay)
          .real(f.momentum)
          .real(1 - f.dampening)
          .real(f.lr)
          .bool(f.first)
          .bool(f.nesterov),
      ),
    decompose({ param, grad, buffer }, { sign, weightDecay, momentum, dampening, nesterov, lr, first }) {
      for (const [i, p] of param.entries()) {
        let g = add(mul(grad[i]!, sign), mul(p, weightDecay));
        const kept = buffer[i];
        if (kept !== undefined) {
          if (first) copy_(kept, g);
          else add_(mul_(kept, momentum), mul(g, 1 - dampening));
          g = nesterov ? add(g, mul(kept, momentum)) : kept;
        }
        add_(p, mul(g, -lr));
      }
      return [];
    },
    mutates: ["param", "buffer"],
    method: false,
  },
);

type SgdBound = [
  sign: number,
  weightDecay: number,
  momentum: number,
  dampening: number,
  nesterov: boolean,
  lr: number,
  first: boolean,
];

/** What one step of Adam goes by. */
export interface AdamFactors {
  /** -1 to climb, else 1. */
  readonly sign: number;
  /** The share of the parameter that is added to its gradient. */
  readonly weightDecay: number;
  /** What the parameter is multiplied by first: 1 - lr · weight decay for AdamW. */
  readonly shrink: number;
  readonly beta1: number;
  readonly beta2: number;
  /** lr / (1 - beta1ᵗ) at step t. */
  readonly rate: number;
  /** √(1 - beta2ᵗ). */
  readonly root: number;
  readonly eps: number;
}

/**
 * One step of Adam for parameters that go by the same factors. Writes each `param`, its averages `expAvg` and `expAvgSq`, and
 * with `maxExpAvgSq` (AMSGrad, else empty) the greatest of the latter, which then stands for it:
 * `param = shrink · param - rate · expAvg / (√expAvgSq / root + eps)`.
 */
export const adamStep_: Step<
  [
    param: readonly Tensor[],
    grad: readonly Tensor[],
    expAvg: readonly Tensor[],
    expAvgSq: readonly Tensor[],
    maxExpAvgSq: readonly Tensor[],
  ],
  AdamFactors,
  AdamBound
> = /* @__PURE__ */ op(
  "adamStep_",
  "param, grad, expAvg, expAvgSq, maxExpAvgSq, *, sign, weightDecay, shrink, beta1, beta2, rate, root, eps",
  (param, grad, expAvg, expAvgSq, maxExpAvgSq, sign, weightDecay, shrink, beta1, beta2, rate, root, eps) => [
    { param, grad, expAvg, expAvgSq, maxExpAvgSq },
    { sign, weightDecay, shrink, beta1, beta2, rate, root, eps },
  ],
  {
    infer({ param, grad, expAvg, expAvgSq, maxExpAvgSq }) {
      for (let i = 0; i < param.length; i++) {
        together("adamStep_", param[i]!, grad[i]!, expAvg[i], expAvgSq[i], maxExpAvgSq[i]);
      }
      return [];
    },
    kernel: "adam",
    launch: (k, { param, grad, expAvg, expAvgSq, maxExpAvgSq }, _, f) =>
      launchList([param, grad, expAvg, expAvgSq, maxExpAvgSq], () => {
        const call = k.call("adam").real(f.sign).real(f.weightDecay).real(f.shrink).real(f.beta1).real(f.beta2);
        return call.real(f.rate).real(f.root).real(f.eps);
      }),
    decompose({ param, grad, expAvg, expAvgSq, maxExpAvgSq }, f) {
      for (const [i, p] of param.entries()) {
        const [average, squares, greatest] = [expAvg[i]!, expAvgSq[i]!, maxExpAvgSq[i] ?? null];
        mul_(p, f.shrink);
        const g = add(mul(grad[i]!, f.sign), mul(p, f.weightDecay));
        lerp_(average, g, 1 - f.beta1);
        addcmul_(mul_(squares, f.beta2), g, g, { value: 1 - f.beta2 });
        if (greatest !== null) copy_(greatest, maximum(greatest, squares));
        addcdiv_(p, average, add(div(sqrt(greatest ?? squares), f.root), f.eps), { value: -f.rate });
      }
      return [];
    },
    mutates: ["param", "expAvg", "expAvgSq", "maxExpAvgSq"],
    method: false,
  },
);
type AdamBound = [
  sign: number,
  weightDecay: number,
  shrink: number,
  beta1: number,
  beta2: number,
  rate: number,
  root: number,
  eps: number,
];

/** What one step of RMSprop goes by. */
export interface RmspropFactors {
  /** -1 to climb, else 1. */
  readonly sign: number;
  readonly weightDecay: number;
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly lr: number;
}

/**
 * One step of RMSprop for parameters that go by the same factors. Writes each `param`, the averages `squareAvg` of its squared
 * gradients and, where the lists are not empty, its momentum `buffer` and the averages `gradAvg` of its gradients, whose
 * squares are then taken off: `param -= lr · d`, or `lr · buffer`, with `d = grad / (√squareAvg + eps)`.
 */
export const rmspropStep_: Step<
  [
    param: readonly Tensor[],
    grad: readonly Tensor[],
    squareAvg: readonly Tensor[],
    buffer: readonly Tensor[],
    gradAvg: readonly Tensor[],
  ],
  RmspropFactors,
  [sign: number, weightDecay: number, alpha: number, eps: number, momentum: number, lr: number]
> = /* @__PURE__ */ op(
  "rmspropStep_",
  "param, grad, squareAvg, buffer, gradAvg, *, sign, weightDecay, alpha, eps, momentum, lr",
  (param, grad, squareAvg, buffer, gradAvg, sign, weightDecay, alpha, eps, momentum, lr) => [
    { param, grad, squareAvg, buffer, gradAvg },
    { sign, weightDecay, alpha, eps, momentum, lr },
  ],
  {
    infer({ param, grad, squareAvg, buffer, gradAvg }) {
      for (let i = 0; i < param.length; i++) {
        together("rmspropStep_", param[i]!, grad[i]!, squareAvg[i], buffer[i], gradAvg[i]);
      }
      return [];
    },
    kernel: "rmsprop",
    launch: (k, { param, grad, squareAvg, buffer, gradAvg }, _, f) =>
      launchList([param, grad, squareAvg, buffer, gradAvg], () =>
        k.call("rmsprop").real(f.sign).real(f.weightDecay).real(f.alpha).real(f.eps).real(f.momentum).real(f.lr),
      ),
    decompose({ param, grad, squareAvg, buffer, gradAvg }, f) {
      for (const [i, p] of param.entries()) {
        const [squares, kept, average] = [squareAvg[i]!, buffer[i] ?? null, gradAvg[i] ?? null];
        const g = add(mul(grad[i]!, f.sign), mul(p, f.weightDecay));
        addcmul_(mul_(squares, f.alpha), g, g, { value: 1 - f.alpha });
        if (average !== null) lerp_(average, g, 1 - f.alpha);
        const size = add(sqrt(average === null ? squares : sub(squares, square(average))), f.eps);
        if (kept === null) addcdiv_(p, g, size, { value: -f.lr });
        else add_(p, mul(addcdiv_(mul_(kept, f.momentum), g, size), -f.lr));
      }
      return [];
    },
    mutates: ["param", "squareAvg", "buffer", "gradAvg"],
    method: false,
  },
);

/** What one step of Adagrad goes by. */
export interface AdagradFactors {
  /** -1 to climb, else 1. */
  readonly sign: number;
  readonly weightDecay: number;
  /** The learning rate as it has fallen. */
  readonly rate: number;
  readonly eps: number;
}

/**
 * One step of Adagrad for parameters that go by the same factors. Writes each `param` and the `sum` of its squared gradients:
 * `param -= rate · grad / (√sum + eps)`.
 */
export const adagradStep_: Step<
  [param: readonly Tensor[], grad: readonly Tensor[], sum: readonly Tensor[]],
  AdagradFactors,
  [sign: number, weightDecay: number, rate: number, eps: number]
> = /* @__PURE__ */ op(
  "adagradStep_",
  "param, grad, sum, *, sign, weightDecay, rate, eps",
  (param, grad, sum, sign, weightDecay, rate, eps) => [
    { param, grad, sum },
    { sign, weightDecay, rate, eps },
  ],
  {
    infer({ param, grad, sum }) {
      for (let i = 0; i < param.length; i++) together("adagradStep_", param[i]!, grad[i]!, sum[i]);
      return [];
    },
    kernel: "adagrad",
    launch: (k, { param, grad, sum }, _, f) =>
      launchList([param, grad, sum], () => k.call("adagrad").real(f.sign).real(f.weightDecay).real(f.rate).real(f.eps)),
    decompose({ param, grad, sum }, f) {
      for (const [i, p] of param.entries()) {
        const g = add(mul(grad[i]!, f.sign), mul(p, f.weightDecay));
        addcdiv_(p, g, add(sqrt(addcmul_(sum[i]!, g, g)), f.eps), { value: -f.rate });
      }
      return [];
    },
    mutates: ["param", "sum"],
    method: false,
  },
);

/** Elements of a unit, of all parameters together. */
const BLOCK = 4096;
/** Parameters of a launch: their addresses fit the block of arguments (assembly/abi.ts). */
const MOST = 120;

/** Launches over all parameters, whose tensors are those of the lists at the same place; of a shorter list there is none. */
function launchList(lists: readonly (readonly Tensor[])[], begin: () => Call): void {
  const [params] = lists as [readonly Tensor[]];
  for (let from = 0; from < params.length; from += MOST) {
    const to = Math.min(from + MOST, params.length);
    let elements = 0;
    for (let i = from; i < to; i++) elements += params[i]!.layout.size;
    const units = Math.ceil(elements / BLOCK);
    const call = begin()
      .int(to - from)
      .int(units);
    for (let i = from; i < to; i++) {
      call.int(params[i]!.layout.size);
      for (let l = 0; l < lists.length; l++) call.tensor(lists[l]![i] ?? null);
    }
    call.run(units, POINTWISE_GRAIN / BLOCK);
  }
}

/** Throws unless all are alike. */
function together(name: string, param: Spec, ...others: readonly (Spec | undefined)[]): void {
  for (let i = 0; i < others.length; i++) {
    const other = others[i];
    if (other === undefined) continue;
    if (!sameShape(param.layout, other.layout)) {
      throw new ShapeError(`${name}: ${show(param)} and ${show(other)} differ in shape`);
    }
    if (param.code !== other.code) throw new DTypeError(`${name}: ${show(param)} and ${show(other)} differ in dtype`);
  }
}
