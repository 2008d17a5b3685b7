// An operator: a name, a binder and a rule, and the public function made of them.

import { codeOf, DTYPES, type DType, dense, Layout, type Meta } from "../core/index.ts";
import { Tensor } from "../tensor/index.ts";
import { bindArguments, isBound, type Signature, signature } from "./bind.ts";
import { dispatch } from "./dispatch.ts";
import type { AnyRule, Attrs, BOUND, Given, Input, Inputs, Named, Rule, Spec } from "./types.ts";

type Bound = readonly [Inputs] | readonly [Inputs, Attrs];
export type Binder = (...args: unknown[]) => Bound;

const NO_ATTRS: Attrs = Object.freeze({});

export class Operator {
  readonly name: string;
  readonly signature: string;
  readonly bind: Binder;
  readonly rule: AnyRule;

  /** What it does instead of following its rule to a new tensor: an in-place form. */
  run: ((inputs: Inputs, attrs: Attrs) => Tensor) | null = null;
  /** The names of the inputs in order, taken from what the binder gave first. */
  inputNames: readonly string[] = [];
  /** How the tape calls it where the rule does not say otherwise. */
  readonly #nodeName: string;
  #parsed: Signature | null = null;
  /** How many arguments the binder names: one that gathers them counts them. */
  #arity = 0;
  #names: object | null = null;
  #outputs: Shown | null = null;
  #saved: Shown | null = null;
  #inputs: Shown | null = null;

  constructor(name: string, signature: string, bind: Binder, rule: AnyRule) {
    const { node } = rule;
    this.#nodeName = typeof node === "string" ? node : `${name.charAt(0).toUpperCase()}${name.slice(1)}Backward0`;
    this.name = name;
    this.signature = signature;
    this.bind = bind;
    this.rule = rule;
  }

  /** Arguments as the caller wrote them → inputs and attributes. */
  bound(args: readonly unknown[]): { inputs: Inputs; attrs: Attrs } {
    if (this.#parsed === null) {
      this.#parsed = signature(this.signature);
      this.#arity = this.bind.length;
    }
    const whole = args.length <= this.#arity && isBound(this.#parsed, args);
    const bound = this.bind(...(whole ? args : bindArguments(this.name, this.signature, args)));
    const inputs = bound[0];
    if (this.inputNames.length === 0) this.inputNames = Object.keys(inputs);
    return { inputs, attrs: bound[1] ?? NO_ATTRS };
  }

  /** How the tape calls it for these arguments: "AddBackward0". */
  nodeName(inputs: Inputs | null, attrs: Attrs): string {
    const { node } = this.rule;
    return typeof node === "function" && inputs !== null ? node(inputs as never, attrs) : this.#nodeName;
  }

  /** The tensors of the inputs in order, lists opened. */
  flatten(inputs: Inputs): (Tensor | null)[] {
    const values = Object.values(inputs) as Input[];
    for (let i = 0; i < values.length; i++) if (Array.isArray(values[i])) return opened(values);
    return values as (Tensor | null)[];
  }

  hasLists(inputs: Inputs): boolean {
    for (const name in inputs) if (Array.isArray(inputs[name])) return true;
    return false;
  }

  /** Inputs of the same form with other tensors, in the order of `flatten`. */
  rebuild<T>(inputs: Inputs, flat: readonly (T | null)[]): Inputs {
    let next = 0;
    const out: Record<string, unknown> = {};
    for (const name in inputs) {
      const x = inputs[name] as Input;
      out[name] = Array.isArray(x) ? x.map(() => flat[next++]) : flat[next++];
    }
    return out as Inputs;
  }

  /** Results by name, as a rule sees them. */
  outputs<T>(results: readonly T[]): Readonly<Record<string, T>> {
    const { outputs } = this.rule;
    if (outputs === undefined) return { out: results[0]! };
    this.#outputs ??= shownAs(outputs);
    return new this.#outputs(results) as Readonly<Record<string, T>>;
  }

  /** What was saved by name, as a rule sees it. */
  saved<T>(saved: readonly T[]): Readonly<Record<string, T>> {
    this.#saved ??= shownAs(this.rule.saves ?? []);
    return new this.#saved(saved) as Readonly<Record<string, T>>;
  }

  /** What there is for each input, by name. There are no lists among them. */
  byInput<T>(list: readonly T[]): Readonly<Record<string, T>> {
    this.#inputs ??= shownAs(this.inputNames);
    return new this.#inputs(list) as Readonly<Record<string, T>>;
  }

  /** Results as the caller gets them: the only one, or the array, mostly with names; it is the caller's own from now on. */
  named(results: readonly Tensor[]): Tensor | Tensor[] {
    const { outputs, named } = this.rule;
    if (outputs === undefined) return results[0]!;
    if (named === false) return results as Tensor[];
    this.#names ??= getters(outputs);
    return Object.setPrototypeOf(results, this.#names) as Tensor[];
  }
}

/** An array whose entries have names too, as PyTorch's named tuples. */
export function named<const N extends readonly string[]>(results: readonly Tensor[], names: N): Named<N> {
  return Object.setPrototypeOf([...results], getters(names)) as Named<N>;
}

const GETTERS = new Map<string, object>();

/** What gives arrays names for their entries. (To define them on each array takes longer than most launches.) */
function getters(names: readonly string[]): object {
  const key = names.join();
  const known = GETTERS.get(key);
  if (known !== undefined) return known;
  const entry = (i: number): PropertyDescriptor => ({
    get(this: Tensor[]) {
      return this[i];
    },
  });
  const made = Object.create(Array.prototype, Object.fromEntries(names.map((name, i) => [name, entry(i)])));
  GETTERS.set(key, made);
  return made;
}

type Shown = new (list: readonly unknown[]) => object;

/** A class that shows the entries of a list by names. (To put them into an object by their names takes several times as long.) */
function shownAs(names: readonly string[]): Shown {
  class Entries {
    readonly ofList: readonly unknown[]; // no input or output is called that
    constructor(list: readonly unknown[]) {
      this.ofList = list;
    }
  }
  for (const [i, name] of names.entries()) {
    Object.defineProperty(Entries.prototype, name, {
      get(this: Entries) {
        return this.ofList[i];
      },
    });
  }
  return Entries;
}

function opened(inputs: readonly Input[]): (Tensor | null)[] {
  const flat: (Tensor | null)[] = [];
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    if (x === null || x instanceof Tensor) flat.push(x);
    else for (let k = 0; k < x.length; k++) flat.push(x[k]!);
  }
  return flat;
}

/** The public function of an operator carries it, for the method table, in-place forms and tests. */
export interface OperatorFunction {
  (...args: unknown[]): unknown;
  readonly opName: string;
  readonly operator: Operator;
}

/**
 * Declares an operator; the result is its public function.
 *
 * @param name PyTorch's name in camelCase.
 * @param signature The public arguments as PyTorch documents them: "input, dim?, keepdim?, *, dtype?".
 * @param bind Turns them, in that order and undefined where absent, into inputs by name and plain attributes. Optional
 *   tensors are null, lists are arrays. Everything about the values of arguments that are no tensors is settled here.
 * @param rule What it does; see `Rule`.
 */
export function op<
  F extends (...a: never[]) => unknown,
  const N extends Inputs,
  A extends object = Record<never, never>,
  const S extends (keyof N & string) | O = never,
  const O extends string = "out",
>(
  name: string,
  signature: string,
  bind: (...args: ArgumentsOf<NoInfer<F>>) => readonly [N] | readonly [N, A],
  rule: Rule<NoInfer<N>, NoInfer<A>, S, O>,
): F {
  return publish(new Operator(name, signature, bind as unknown as Binder, rule as unknown as AnyRule)) as unknown as F;
}

/** What a binder receives; keyword-only arguments follow and are annotated by the binder. */
export type ArgumentsOf<F> = F extends { readonly [BOUND]: infer B extends readonly unknown[] }
  ? // biome-ignore lint/suspicious/noExplicitAny: the binder states the types of keyword-only arguments itself
    [...B, ...any[]]
  : F extends (...args: infer P) => unknown
    ? // biome-ignore lint/suspicious/noExplicitAny: as above
      [...Given<P>, ...any[]]
    : never;

/** What was declared so far, for the tests that walk the declarations: some operators have no public name. */
export const published: OperatorFunction[] = [];

/** The public function of an operator. */
export function publish(operator: Operator, call?: (...args: never[]) => unknown): OperatorFunction {
  const f =
    call ??
    ((...args: unknown[]): unknown => {
      const { inputs, attrs } = operator.bound(args);
      return dispatch(operator, inputs, attrs);
    });
  Object.defineProperty(f, "name", { value: operator.name });
  const made = Object.assign(f, { opName: operator.name, operator }) as unknown as OperatorFunction;
  published.push(made);
  return made;
}

/** The operator behind a public function. */
export function operatorOf(f: unknown): Operator {
  return (f as OperatorFunction).operator;
}

/** A public function that is no operator of its own but has a method: `x.name(…)` calls it with x in front. */
export function method<F extends (...args: never[]) => unknown, M>(name: string, f: F): F & Meta<M> {
  return Object.assign(f, { opName: name }) as unknown as F & Meta<M>;
}

class SpecValue implements Spec {
  readonly code: number;
  readonly layout: Layout;
  constructor(code: number, layout: Layout) {
    this.code = code;
    this.layout = layout;
  }
  get shape(): readonly number[] {
    return this.layout.shape;
  }
  get dtype(): DType {
    return DTYPES[this.code]!;
  }
  get ndim(): number {
    return this.layout.shape.length;
  }
}

/** A spec of a dense result. */
export function spec(dtype: DType | number, shape: readonly number[] | Layout): Spec {
  const code = typeof dtype === "number" ? dtype : codeOf(dtype);
  return new SpecValue(code, shape instanceof Layout ? shape : dense(shape));
}
