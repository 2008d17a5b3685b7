// The public side of the tape: backward, grad, hooks, custom functions.

import { AutogradError, isComplex, isDifferentiable, show } from "../core/index.ts";
import {
  asTensor,
  bindArguments,
  codesOf,
  context,
  hookPlace,
  keepFor,
  type Node,
  noGrad,
  type Op,
  runBackward,
  Node as TapeNode,
} from "../op/index.ts";
import { Auto, alias, type GradHook, isTracked, outside, scopes, setRequiresGrad, Tensor } from "../tensor/index.ts";
import { algebra } from "./algebra.ts";
import { add } from "./binary.ts";
import { clone } from "./copy.ts";

export interface BackwardOptions {
  gradient?: Tensor | null;
  /** Keep what the graph saved, so that it can be gone through again. Default: the value of createGraph. */
  retainGraph?: boolean | null;
  /** Record the backward itself, so that it can be differentiated. Default false. */
  createGraph?: boolean;
  /** Collect the gradients of these leaves only. */
  inputs?: Tensor | readonly Tensor[] | null;
}

type Backward = Op<
  (x: Tensor, gradient?: Tensor | null | BackwardOptions, retainGraph?: boolean | BackwardOptions) => void,
  (gradient?: Tensor | null | BackwardOptions, retainGraph?: boolean | BackwardOptions) => void
>;

/**
 * Adds the gradient of `x` with respect to every leaf that requires one to the leaf's `grad`. `gradient` is the
 * cotangent of x; a tensor of one element needs none.
 *
 * Throws AutogradError if nothing was recorded, if the graph was gone through before without `retainGraph`, or if a
 * tensor that it needs was changed in place since.
 */
export const backward: Backward = /* @__PURE__ */ Object.assign(
  (...args: unknown[]): void => {
    const [first, second = null] = args;
    if (args.length < 3 && first instanceof Tensor && (second === null || second instanceof Tensor)) {
      runBackward("backward", [first], [second], null, ONCE, algebra); // how it is called mostly
      return;
    }
    const [x, gradient, retainGraph, createGraph, inputs] = bindArguments(
      "backward",
      "input, gradient?, retainGraph?, createGraph?, inputs?",
      args,
    ) as [
      Tensor,
      Tensor | null | undefined,
      boolean | null | undefined,
      boolean | undefined,
      Tensor | readonly Tensor[] | null | undefined,
    ];
    asTensor(x, "backward", "input");
    const create = createGraph ?? false;
    const options = { retainGraph: retainGraph ?? create, createGraph: create };
    if (inputs == null) {
      runBackward("backward", [x], [gradient ?? null], null, options, algebra);
      return;
    }
    const leaves = inputs instanceof Tensor ? [inputs] : inputs;
    const grads = runBackward("backward", [x], [gradient ?? null], leaves, options, algebra);
    for (const [i, g] of grads.entries()) if (g !== null) addGrad(leaves[i]!, g, create);
  },
  { opName: "backward" },
) as never;

const ONCE = { retainGraph: false, createGraph: false };

function addGrad(leaf: Tensor, g: Tensor, create: boolean): void {
  leaf.auto ??= new Auto(false);
  const { grad: sum } = leaf.auto;
  // A gradient outlives every scope.
  leaf.auto.grad = sum === null ? g : outside(() => (create ? add(sum, g) : noGrad(() => add(sum, g))));
}

export interface GradOptions {
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  retainGraph?: boolean | null;
  createGraph?: boolean;
  /** null for an input that the outputs do not depend on, where an error would be thrown. Default false. */
  allowUnused?: boolean | null;
  /** Zeros in the place of such nulls. Default false. */
  materializeGrads?: boolean;
}

/**
 * The gradients of the sum of `outputs` with respect to `inputs`, in their order, without touching any `grad`.
 * Throws AutogradError if an input is not a part of the graph, unless `allowUnused`.
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...rest: readonly (GradOptions | Tensor | readonly (Tensor | null)[] | null | boolean)[]
): (Tensor | null)[] {
  const [, , gradOutputs, retainGraph, createGraph, , allowUnused, , materialize] = bindArguments(
    "grad",
    "outputs, inputs, gradOutputs?, retainGraph?, createGraph?, onlyInputs?, allowUnused?, isGradsBatched?, materializeGrads?",
    [outputs, inputs, ...rest],
  ) as [
    unknown,
    unknown,
    Tensor | readonly (Tensor | null)[] | null,
    boolean | null,
    boolean,
    unknown,
    boolean | null,
    unknown,
    boolean,
  ];
  const roots = outputs instanceof Tensor ? [outputs] : outputs;
  const wanted = inputs instanceof Tensor ? [inputs] : inputs;
  const given =
    gradOutputs == null ? roots.map(() => null) : gradOutputs instanceof Tensor ? [gradOutputs] : gradOutputs;
  if (given.length !== roots.length) {
    throw new AutogradError(`grad: got ${given.length} gradOutputs for ${roots.length} outputs`);
  }
  for (const [i, x] of wanted.entries()) {
    if (!isTracked(x)) throw new AutogradError(`grad: input ${i}, ${show(x)}, does not require grad`);
  }
  const create = createGraph ?? false;
  const grads = runBackward(
    "grad",
    roots,
    given,
    wanted,
    { retainGraph: retainGraph ?? create, createGraph: create },
    algebra,
  );
  return grads.map((g, i) => {
    if (g !== null) return adopt(g);
    if (materialize) return noGrad(() => zerosLike(wanted[i]!));
    if (allowUnused) return null;
    throw new AutogradError(
      `grad: input ${i}, ${show(wanted[i]!)}, was not used in the graph: say { allowUnused: true } if that is as it should be`,
    );
  });
}

/** A result of the engine's becomes a tensor of the scope that is open. */
function adopt(g: Tensor): Tensor {
  scopes.current?.tensors.push(g);
  return g;
}

function zerosLike(x: Tensor): Tensor {
  const y = clone(x);
  algebra.zero(y);
  return y;
}

export interface Handle {
  /** Takes the hook away. */
  remove(): void;
}

/**
 * Calls `hook` with the gradient of `x` each time one is computed; what it returns, if anything, is passed on in its
 * place.
 */
export const registerHook: Op<(x: Tensor, hook: GradHook) => Handle, (hook: GradHook) => Handle> =
  /* @__PURE__ */ Object.assign(
    (x: Tensor, hook: GradHook): Handle => {
      const { node, port } = hookPlace(x, "registerHook");
      const entry = { port, hook };
      node.hooks = [...(node.hooks ?? []), entry];
      return {
        remove: () => {
          node.hooks = (node.hooks ?? []).filter((other) => other !== entry);
        },
      };
    },
    { opName: "registerHook" },
  ) as never;

/** Makes a backward store the gradient of a tensor that is no leaf in its `grad` too. */
export const retainGrad: Op<(x: Tensor) => void, () => void> = /* @__PURE__ */ Object.assign(
  (x: Tensor): void => {
    const { node, port } = hookPlace(x, "retainGrad");
    if (node.leaf !== null || x.auto!.retainsGrad) return;
    x.auto!.retainsGrad = true;
    node.retained = [...(node.retained ?? []), { port, auto: x.auto! }];
  },
  { opName: "retainGrad" },
) as never;

/** Says in place whether operators on `x` are recorded, and returns it. Throws if x is no leaf, or of an integer dtype. */
export const requiresGrad_: Op<(x: Tensor, requiresGrad?: boolean) => Tensor, (requiresGrad?: boolean) => Tensor> =
  /* @__PURE__ */ Object.assign(
    (x: Tensor, requiresGrad = true): Tensor => {
      setRequiresGrad(x, requiresGrad);
      return x;
    },
    { opName: "requiresGrad_" },
  ) as never;

/** Takes `x` out of its history in place, and returns it. */
export const detach_: Op<(x: Tensor) => Tensor, () => Tensor> = /* @__PURE__ */ Object.assign(
  (x: Tensor): Tensor => {
    if (x.auto?.view != null) throw new AutogradError("detach_: a view cannot be detached in place: use detach()");
    x.auto = null;
    return x;
  },
  { opName: "detach_" },
) as never;

// ── custom functions ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What a custom function's forward leaves for its backward. Further fields may be set freely. */
export class FunctionContext {
  [key: string]: unknown;
  readonly needsInputGrad: readonly boolean[];
  #saved: readonly (Tensor | null)[] = [];
  #versions: readonly number[] = [];
  #fixed: ReadonlySet<Tensor> = new Set();

  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /** Keeps inputs and results for the backward. */
  saveForBackward(...tensors: readonly (Tensor | null)[]): void {
    this.#saved = tensors;
    this.#versions = tensors.map((x) => x?.storage.version ?? 0);
  }

  /** What was saved. Throws AutogradError if one was changed in place since. */
  get savedTensors(): readonly (Tensor | null)[] {
    for (const [i, x] of this.#saved.entries()) {
      if (x !== null && x.storage.version !== this.#versions[i]) {
        throw new AutogradError(`Function: saved tensor ${i}, ${show(x)}, has been modified by an inplace operation`);
      }
    }
    return this.#saved;
  }

  /** No gradient flows through these results. */
  markNonDifferentiable(...results: readonly Tensor[]): void {
    this.#fixed = new Set(results);
  }

  /** @internal */
  isFixed(x: Tensor): boolean {
    return this.#fixed.has(x);
  }

  /** The saved tensors now belong to the tape, which outlives the scope of the forward. @internal */
  keepOn(node: Node): void {
    this.#saved = keepFor(node, this.#saved);
  }
}

interface FunctionClass {
  readonly name: string;
  forward(context: FunctionContext, ...args: never[]): Tensor | readonly Tensor[];
  backward(context: FunctionContext, ...grads: never[]): Tensor | null | readonly (Tensor | null)[];
}

/**
 * An operator of one's own: subclass it with static `forward(ctx, …args)` and `backward(ctx, …gradients)`, and call
 * `Sub.apply(…args)`. forward runs unrecorded; backward gives one gradient an argument, null for what is no tensor.
 */
export abstract class Function {
  static apply(this: unknown, ...args: unknown[]): Tensor & Tensor[] {
    const self = this as FunctionClass;
    const tensors = args.map((x) => (x instanceof Tensor ? x : null));
    const needs = tensors.map((x) => x !== null && isTracked(x));
    const ctx = new FunctionContext(needs);
    const result = noGrad(() => self.forward(ctx, ...(args as never[])));
    const outs = (Array.isArray(result) ? result : [result]) as Tensor[];
    if (context.grad && needs.includes(true)) tie(self, ctx, tensors, outs);
    return (Array.isArray(result) ? outs : outs[0]) as Tensor & Tensor[];
  }
}

function tie(self: FunctionClass, ctx: FunctionContext, tensors: readonly (Tensor | null)[], outs: Tensor[]): void {
  const places = tensors.map((x) => (x !== null && isTracked(x) ? hookPlace(x, self.name) : null));
  const node: Node = new TapeNode(
    null,
    `${self.name}Backward`,
    {},
    places.map((p) => p?.node ?? null),
    places.map((p) => p?.port ?? 0),
    tensors.map((x) => x?.layout ?? null),
    tensors.map((x) => x?.code ?? 0),
    codesOf(outs),
  );
  for (const [i, y] of outs.entries()) {
    if (ctx.isFixed(y) || !isDifferentiable(y.code)) continue;
    // A forward that gives back its input makes it a result of its own.
    const auto = new Auto(true);
    auto.node = node;
    auto.port = i;
    if (tensors.includes(y)) {
      outs[i] = alias(y);
    }
    outs[i]!.auto = auto;
  }
  ctx.keepOn(node);
  scopes.current?.note(node);
  node.custom = (g) => {
    const grads = self.backward(ctx, ...(g.map((x, i) => x ?? zeroCotangent(outs[i]!)) as never[]));
    const list = (Array.isArray(grads) ? grads : [grads]) as (Tensor | null)[];
    if (list.length < tensors.length) {
      throw new AutogradError(
        `${self.name}: backward returned ${list.length} gradients, expected ${tensors.length}, one an argument`,
      );
    }
    return list;
  };
}

function zeroCotangent(like: Tensor): Tensor {
  const y = clone(like);
  algebra.zero(y);
  return y;
}

// ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface GradcheckOptions {
  /** Step of the finite differences. Default 1e-6, for float64 inputs. */
  eps?: number;
  /** Default 1e-5. */
  atol?: number;
  /** Default 1e-3. */
  rtol?: number;
  /** Throw where they differ, rather than answer false. Default true. */
  raiseException?: boolean;
}

/**
 * Compares the gradients of `f` at `inputs` with central finite differences. The inputs that require grad should be
 * float64 or complex128. Throws AutogradError naming the input and the element that differ most.
 */
export function gradcheck(
  f: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradcheckOptions = {},
): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raiseException = true } = options;
  const list = inputs instanceof Tensor ? [inputs] : inputs;
  const call = (...xs: Tensor[]): Tensor[] => {
    const result = f(...xs);
    return (result instanceof Tensor ? [result] : [...result]).filter((y) => isDifferentiable(y.code));
  };
  const wanted = list.filter((x) => isTracked(x));
  const slopes = wanted.map((x) => differences(call, list as Tensor[], x, eps));
  for (const [o, y] of call(...(list as Tensor[])).entries()) {
    if (!isTracked(y)) continue;
    for (let e = 0; e < y.numel() * (isComplex(y.code) ? 2 : 1); e++) {
      const grads = grad(y, wanted, { gradOutputs: basis(y, e), retainGraph: true, allowUnused: true });
      for (const [w, x] of wanted.entries()) {
        const analytic = grads[w] === null ? null : floats(grads[w]!);
        for (const [i, slope] of slopes[w]!.entries()) {
          const a = analytic?.[i] ?? 0;
          const n = slope[o]![e]!;
          if (Math.abs(a - n) <= atol + rtol * Math.abs(n)) continue;
          if (!raiseException) return false;
          throw new AutogradError(
            `gradcheck: output ${o}[${e}] by input ${list.indexOf(x)}[${i}]: the rule says ${a}, finite differences ${n}`,
          );
        }
      }
    }
  }
  return true;
}

/** gradcheck of the gradients themselves: the double backward. `gradOutputs` default to fixed numbers in [0.5, 1.5]. */
export function gradgradcheck(
  f: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  gradOutputs?: Tensor | readonly Tensor[] | null,
  options: GradcheckOptions = {},
): boolean {
  const list = (inputs instanceof Tensor ? [inputs] : inputs) as Tensor[];
  const result = f(...list);
  const outs = (result instanceof Tensor ? [result] : [...result]).filter((y) => isTracked(y));
  const given = gradOutputs == null ? outs.map(fixed) : gradOutputs instanceof Tensor ? [gradOutputs] : gradOutputs;
  for (const g of given) setRequiresGrad(g, true);
  const n = list.length;
  const first = (...xs: Tensor[]): Tensor[] => {
    const r = f(...xs.slice(0, n));
    const ys = (r instanceof Tensor ? [r] : [...r]).filter((y) => isTracked(y));
    const wanted = xs.slice(0, n).filter((x) => isTracked(x));
    return grad(ys, wanted, { gradOutputs: xs.slice(n), createGraph: true, allowUnused: true }).filter(
      (g) => g !== null && isTracked(g),
    ) as Tensor[];
  };
  return gradcheck(first, [...list, ...given], options);
}

/** A cotangent that is 1 (or i) at one place. */
function basis(y: Tensor, element: number): Tensor {
  const g = zeroCotangent(y);
  poke(g, element, 1);
  return g;
}

function fixed(y: Tensor): Tensor {
  const g = zeroCotangent(y);
  const n = g.numel() * (isComplex(g.code) ? 2 : 1);
  for (let i = 0; i < n; i++) poke(g, i, 0.5 + ((i * 7) % 10) / 10);
  return g;
}

/** For every number of x the derivatives of all output numbers. */
function differences(
  call: (...xs: Tensor[]) => Tensor[],
  list: readonly Tensor[],
  x: Tensor,
  eps: number,
): (readonly number[])[][] {
  // The function runs on a copy of the input, and records as it did before.
  const at = (i: number, v: number): number[][] => {
    const moved = clone(x);
    poke(moved, i, v);
    return call(...list.map((other) => (other === x ? leafOf(moved) : other))).map(floats);
  };
  return floats(x).map((value, i) => {
    const high = at(i, value + eps);
    const low = at(i, value - eps);
    return high.map((y, o) => y.map((v, e) => (v - low[o]![e]!) / (2 * eps)));
  });
}

function leafOf(x: Tensor): Tensor {
  const y = new Tensor(x.storage, x.code, x.layout, x.offset);
  y.auto = new Auto(true);
  return y;
}

const floats = (x: Tensor): number[] => Array.from(x.dataSync() as Float64Array, Number);

/** Writes one number of a dense tensor; a complex element is two. */
function poke(x: Tensor, i: number, value: number): void {
  const single = x.dtype === "float32" || x.dtype === "complex64";
  const one = single ? new Float32Array([value]) : new Float64Array([value]);
  x.storage.backend.write(
    x.storage.allocation!,
    x.offset * x.elementSize() + i * one.byteLength,
    new Uint8Array(one.buffer),
  );
}
