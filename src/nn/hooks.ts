// Hooks of modules: before and after forward, and on the way back.

import { detach, type FunctionContext, type Handle, Function as Passing } from "../ops/index.ts";
import { alias, isTracked, outside, Tensor } from "../tensor/index.ts";
import type { Module } from "./module.ts";

// As methods, whose arguments are compared both ways: a hook of a Linear may stand where one of any module is asked for.
interface Forward<M extends Module> {
  pre(module: M, args: Readonly<Parameters<M["forward"]>>): unknown;
  post(module: M, args: Readonly<Parameters<M["forward"]>>, output: ReturnType<M["forward"]>): unknown;
}
/** A hook before `forward`. An array that it returns replaces the arguments, another value is the only one, null changes nothing. */
export type ForwardPreHook<M extends Module = Module> = Forward<M>["pre"];
/** A hook after `forward`: what it returns replaces the output, nothing or null does not. */
export type ForwardHook<M extends Module = Module> = Forward<M>["post"];
/** The gradients of arguments or results, null where there is none. */
export type Gradients = readonly (Tensor | null)[];
/** A hook when the gradients of the results have come: what it returns replaces them. */
export type BackwardPreHook<M extends Module = Module> = (
  module: M,
  gradOutput: Gradients,
) => Tensor | Gradients | null | undefined;
/** A hook when the gradients of the arguments are computed: what it returns replaces them. */
export type BackwardHook<M extends Module = Module> = (
  module: M,
  gradInput: Gradients,
  gradOutput: Gradients,
) => Tensor | Gradients | null | undefined;

/** The hooks of one module, in the order in which they run. */
export class Hooks {
  readonly pre: Set<{ readonly run: ForwardPreHook }> = new Set();
  readonly post: Set<{ readonly run: ForwardHook; readonly always: boolean }> = new Set();
  readonly backwardPre: Set<{ readonly run: BackwardPreHook }> = new Set();
  readonly backward: Set<{ readonly run: BackwardHook }> = new Set();

  /** Calls `forward` with the hooks around it. */
  call(module: Module, given: readonly unknown[]): unknown {
    let args = given;
    for (const { run } of [...this.pre]) args = listed(run(module, args)) ?? args;
    const pending = new Set(this.post);
    let output: unknown;
    try {
      const watch = this.backward.size + this.backwardPre.size > 0 ? new Watch(this, module) : null;
      output = module.forward(...(watch?.arguments(args) ?? args));
      for (const hook of [...pending]) {
        pending.delete(hook);
        output = hook.run(module, args, output) ?? output;
      }
      return watch?.results(output) ?? output;
    } catch (error) {
      for (const hook of pending) if (hook.always) hook.run(module, args, output);
      throw error;
    }
  }
}

/** Adds a hook behind the others, or before them. */
export function attach<T>(hooks: Set<T>, hook: T, first: boolean): Handle {
  const rest = first ? [...hooks] : [];
  for (const other of rest) hooks.delete(other);
  hooks.add(hook);
  for (const other of rest) hooks.add(other);
  return { remove: () => void hooks.delete(hook) };
}

/** What a hook returned, as a list; null for nothing. */
const listed = (x: unknown): readonly unknown[] | null =>
  x === undefined || x === null ? null : Array.isArray(x) ? x : [x];

type See = (grads: Gradients) => Gradients;

/** Tensors as they are. On the way back `see` gets all their gradients at once, and says what goes on. */
class Passage extends Passing {
  static forward(context: FunctionContext, see: See, ...tensors: Tensor[]): Tensor[] {
    context.see = see;
    return tensors.map((x) => detach(x));
  }

  static backward(context: FunctionContext, ...grads: Tensor[]): (Tensor | null)[] {
    return [null, ...(context.see as See)(grads)];
  }
}

/** One call of a module whose way back is watched: a passage stands before it and one behind. */
class Watch {
  readonly #hooks: Hooks;
  readonly #module: Module;
  /** How many arguments there were, and which of them have gradients. */
  #count = 0;
  #places: readonly number[] = [];
  #gradOutput: Gradients = [];

  constructor(hooks: Hooks, module: Module) {
    this.#hooks = hooks;
    this.#module = module;
  }

  arguments(args: readonly unknown[]): readonly unknown[] {
    this.#count = args.length;
    this.#places = tracked(args);
    return passed(args, this.#places, (grads) => {
      const all: (Tensor | null)[] = new Array(this.#count).fill(null);
      for (const [i, place] of this.#places.entries()) all[place] = grads[i]!;
      const replaced = this.#entered(all);
      return this.#places.map((place) => replaced[place] ?? null);
    });
  }

  results(output: unknown): unknown {
    const list = Array.isArray(output) ? output : [output];
    const after = passed(list, tracked(list), (grads) => {
      let gradOutput = shown(grads);
      for (const { run } of [...this.#hooks.backwardPre]) {
        gradOutput = (listed(outside(() => run(this.#module, gradOutput))) as Gradients | null) ?? gradOutput;
      }
      this.#gradOutput = gradOutput;
      // No argument has a gradient, so nothing comes by the other passage.
      if (this.#places.length === 0) this.#entered(new Array(this.#count).fill(null));
      return gradOutput;
    });
    return Array.isArray(output) ? after : after[0];
  }

  #entered(gradInput: Gradients): Gradients {
    let grads = shown(gradInput);
    for (const { run } of [...this.#hooks.backward]) {
      grads = (listed(outside(() => run(this.#module, grads, this.#gradOutput))) as Gradients | null) ?? grads;
    }
    return grads;
  }
}

/** Tensors of their own: the tape ends its gradients as soon as they have been passed on, and a hook may keep them. */
const shown = (grads: Gradients): Gradients => grads.map((g) => (g === null ? null : alias(g)));

const tracked = (values: readonly unknown[]): number[] =>
  values.flatMap((x, i) => (x instanceof Tensor && isTracked(x) ? [i] : []));

/** The values with the tensors at `places` led through one passage. */
function passed(values: readonly unknown[], places: readonly number[], see: See): readonly unknown[] {
  if (places.length === 0) return values;
  const through = Passage.apply(see, ...places.map((i) => values[i]));
  const result = [...values];
  for (const [i, place] of places.entries()) result[place] = through[i];
  return result;
}
