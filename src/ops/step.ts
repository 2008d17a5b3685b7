// Steps of optimizers: operators that write the parameter and what is kept of it. Functions only; src/optim calls them.
//
// The formulas are the kernels' (assembly/optim/step.ts), in PyTorch's order of operations.

import { DTypeError, ShapeError, sameShape, show } from "../core/index.ts";
import { type BOUND, type Call, op, POINTWISE_GRAIN, type Spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, add_, div, maximum, mul, mul_ } from "./binary.ts";
import { copy_ } from "./copy.ts";
import { addcdiv_, addcmul_, lerp_ } from "./ternary.ts";
import { sqrt } from "./unary.ts";

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
