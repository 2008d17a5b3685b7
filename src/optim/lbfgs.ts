// L-BFGS with PyTorch's way of stepping. All parameters are one flat vector x here, its gradient is g, a direction d.

import { FLOAT32, isComplex, showValue, ValueError } from "../core/index.ts";
import { enableGrad, keywords, noGrad } from "../op/index.ts";
import {
  abs,
  add_,
  cat,
  clone,
  copy_,
  dot,
  max,
  mul,
  narrow,
  neg,
  reshape,
  sub,
  sum,
  view,
  viewAsReal,
  zeros,
} from "../ops/index.ts";
import { gradOf, scope, Tensor } from "../tensor/index.ts";
import {
  atLeast0,
  type Bindable,
  fits,
  type GroupOf,
  numberOf,
  Optimizer,
  type OptimizerArguments,
  type ParamState,
} from "./optimizer.ts";
import { type Point, strongWolfe } from "./wolfe.ts";

export interface LBFGSOptions {
  /** The learning rate; 1. */
  lr?: number | Tensor;
  /** Iterations in a step; 20. */
  maxIter?: number;
  /** Evaluations of the closure in a step; null for 1.25 · maxIter. */
  maxEval?: number | null;
  /** It is at the end when no element of the gradient is greater; 1e-7. */
  toleranceGrad?: number;
  /** It is at the end when neither the loss nor a parameter changes more; 1e-9. */
  toleranceChange?: number;
  /** How many changes of the gradient are kept; 100. */
  historySize?: number;
  /** How far to go: by the rate, or by a search along the line; null. */
  lineSearchFn?: "strong_wolfe" | null;
}
export type LBFGSGroup = GroupOf<LBFGSOptions>;

const bind = /* @__PURE__ */ keywords<Bindable<LBFGSOptions>>(
  "LBFGS",
  "params, lr?, maxIter?, maxEval?, toleranceGrad?, toleranceChange?, historySize?, lineSearchFn?",
  {
    lr: 1,
    maxIter: 20,
    maxEval: null,
    toleranceGrad: 1e-7,
    toleranceChange: 1e-9,
    historySize: 100,
    lineSearchFn: null,
  },
);

/** What is kept from iteration to iteration. */
interface Memory {
  funcEvals: number;
  nIter: number;
  /** The last direction and how far it was followed. */
  d: Tensor | null;
  t: number;
  /** Changes of the gradient, the moves that made them, and 1 / (their dot product), the oldest first. */
  oldDirs: Tensor[];
  oldStps: Tensor[];
  ro: number[];
  /** The first guess of the inverse Hessian is this times the identity. */
  HDiag: number;
  prevFlatGrad: Tensor | null;
  prevLoss: number | null;
}

/**
 * Limited-memory BFGS: Newton's method with a Hessian that is guessed from the last changes of the gradient. A step takes
 * a closure, which it calls as often as it needs. There is one group of parameters.
 *
 * A step in which the closure throws has changed no parameter. J. Nocedal and S. J. Wright, "Numerical Optimization",
 * chapters 3 and 7.
 *
 * @example
 * const optimizer = new optim.LBFGS(model.parameters(), { lineSearchFn: "strong_wolfe" });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = criterion(model(x), y);
 *   loss.backward();
 *   return loss;
 * });
 */
export class LBFGS extends Optimizer<LBFGSGroup, LBFGSOptions> {
  constructor(
    ...args: OptimizerArguments<
      LBFGSOptions,
      [
        lr?: number | Tensor,
        maxIter?: number,
        maxEval?: number | null,
        toleranceGrad?: number,
        toleranceChange?: number,
        historySize?: number,
        lineSearchFn?: "strong_wolfe" | null,
      ]
    >
  ) {
    const { params, ...defaults } = bind(args);
    super(params, { ...defaults, maxEval: defaults.maxEval ?? Math.floor((defaults.maxIter * 5) / 4) });
    if (this.paramGroups.length !== 1) {
      throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
    }
  }

  protected override check({ lr, lineSearchFn }: LBFGSGroup): void {
    atLeast0(lr, "learning rate");
    if (lineSearchFn !== null && lineSearchFn !== "strong_wolfe") {
      throw new ValueError(`only 'strong_wolfe' is supported, got ${showValue(lineSearchFn)}`);
    }
  }

  // PyTorch keeps them as numbers here.
  protected override get counts(): readonly string[] {
    return [];
  }

  protected override stateShape(): null {
    return null; // flat vectors of all parameters
  }

  protected override advance<T>(closure?: () => T): T {
    if (closure === undefined) throw new TypeError("LBFGS.step: a closure is needed, which computes the loss anew");
    return scope(() =>
      noGrad(() => {
        const { params } = this.paramGroups[0]!;
        for (const param of params) fits(this, param);
        const before = params.map((param) => clone(param));
        try {
          return this.#iterate(closure, params);
        } catch (error) {
          for (const [i, param] of params.entries()) copy_(param, before[i]!);
          throw error;
        }
      }),
    );
  }

  #iterate<T>(closure: () => T, params: readonly Tensor[]): T {
    const { maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = this.paramGroups[0]!;
    const lr = numberOf(this.paramGroups[0]!.lr);
    // What PyTorch keeps in 0-dim tensors is rounded as they are.
    const round = params[0]!.code === FLOAT32 ? Math.fround : (x: number) => x;
    const number = (x: Tensor): number => scope(() => x.item());
    const evaluate = (): number => scope(() => lossOf(enableGrad(closure)));

    const first = enableGrad(closure);
    let now: Point = { t: 0, loss: lossOf(first), grad: flatGrad(params), slope: 0 };
    const memory = remembered(this.state.get(params[0]!));
    memory.funcEvals++;
    let evals = 1;
    const flat = (g: Tensor): boolean => largest(g) <= toleranceGrad;
    if (flat(now.grad)) {
      this.keepState(params[0]!, { ...memory });
      return first;
    }
    for (let i = 1; i <= maxIter; i++) {
      memory.nIter++;
      const d = memory.nIter === 1 ? neg(now.grad) : newton(memory, now.grad, historySize, round);
      memory.d = d;
      memory.prevFlatGrad = clone(now.grad);
      memory.prevLoss = now.loss;
      // The first direction has no measure of its own.
      memory.t = memory.nIter === 1 ? round(Math.min(1, round(1 / number(sum(abs(now.grad))))) * lr) : lr;
      const slope = number(dot(now.grad, d));
      if (slope > -toleranceChange) break;

      let calls = 0;
      let found = false;
      if (lineSearchFn === "strong_wolfe") {
        const start = params.map((param) => clone(param));
        const probe = (t: number): Point => {
          calls++;
          move(params, d, t);
          const loss = evaluate();
          const grad = flatGrad(params);
          for (const [k, param] of params.entries()) copy_(param, start[k]!);
          return { t, loss, grad, slope: number(dot(grad, d)) };
        };
        now = strongWolfe(probe, { ...now, t: 0, slope }, memory.t, largest(d));
        memory.t = now.t;
        move(params, d, now.t);
        found = flat(now.grad);
      } else {
        move(params, d, memory.t);
        if (i < maxIter) {
          // After the last move nobody asks for the gradient.
          now = { t: memory.t, loss: evaluate(), grad: flatGrad(params), slope: 0 };
          calls = 1;
          found = flat(now.grad);
        }
      }
      evals += calls;
      memory.funcEvals += calls;
      const still = largest(d) * Math.abs(memory.t) <= toleranceChange;
      if (evals >= maxEval! || found || still || Math.abs(now.loss - memory.prevLoss) < toleranceChange) break;
    }
    this.keepState(params[0]!, { ...memory });
    return first;
  }
}

/** What was kept, in lists of its own, or the beginning. */
function remembered(state: ParamState | undefined): Memory {
  const kept = { ...BEGINNING, ...(state as Partial<Memory> | undefined) };
  return { ...kept, oldDirs: [...kept.oldDirs], oldStps: [...kept.oldStps], ro: [...kept.ro] };
}
const BEGINNING: Memory = {
  funcEvals: 0,
  nIter: 0,
  d: null,
  t: 0,
  oldDirs: [],
  oldStps: [],
  ro: [],
  HDiag: 1,
  prevFlatGrad: null,
  prevLoss: null,
};

/** The direction `-H · g` by the two loops over the kept changes, of which the last one is added first. */
function newton(memory: Memory, grad: Tensor, historySize: number, round: (x: number) => number): Tensor {
  const { oldDirs, oldStps, ro } = memory;
  const product = (a: Tensor, b: Tensor): number => scope(() => dot(a, b).item());
  const y = sub(grad, memory.prevFlatGrad!);
  const s = mul(memory.d!, memory.t);
  const ys = product(y, s);
  // Else the Hessian would not stay positive.
  if (ys > 1e-10) {
    if (oldDirs.length === historySize) for (const list of [oldDirs, oldStps, ro]) list.shift();
    oldDirs.push(y);
    oldStps.push(s);
    ro.push(round(1 / ys));
    memory.HDiag = round(ys / product(y, y));
  }
  const q = neg(grad);
  const al = new Array<number>(oldDirs.length);
  for (let i = oldDirs.length - 1; i >= 0; i--) {
    al[i] = round(product(oldStps[i]!, q) * ro[i]!);
    add_(q, oldDirs[i]!, { alpha: -al[i]! });
  }
  const r = mul(q, memory.HDiag);
  for (let i = 0; i < oldDirs.length; i++) {
    const be = round(product(oldDirs[i]!, r) * ro[i]!);
    add_(r, oldStps[i]!, { alpha: round(al[i]! - be) });
  }
  return r;
}

/** The gradients of all parameters as one vector; zeros where there is none. */
function flatGrad(params: readonly Tensor[]): Tensor {
  return scope(() =>
    cat(
      params.map((param) => {
        const grad = gradOf(param);
        const real = isComplex(param.code) ? viewAsReal(grad ?? param) : (grad ?? param);
        return grad === null ? zeros(real.numel(), { dtype: real.dtype, device: real.device }) : reshape(real, -1);
      }),
    ),
  );
}

/** `x += t · d`. */
function move(params: readonly Tensor[], d: Tensor, t: number): void {
  scope(() => {
    let at = 0;
    for (const param of params) {
      const real = isComplex(param.code) ? viewAsReal(param) : param;
      const part = narrow(d, 0, at, real.numel());
      add_(real, view(part, real.shape), { alpha: t });
      at += real.numel();
    }
  });
}

const largest = (x: Tensor): number => (x.numel() === 0 ? 0 : scope(() => max(abs(x)).item()));

function lossOf(loss: unknown): number {
  const value = loss instanceof Tensor ? loss.item() : loss;
  if (typeof value !== "number")
    throw new TypeError(`LBFGS.step: the closure must return the loss, got ${showValue(loss)}`);
  return value;
}
