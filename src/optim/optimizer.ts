import { DTypeError, isComplex, ShapeError, sameShape, show, showValue, ValueError } from "../core/index.ts";
import { type Arguments, enableGrad, isPlain, keywords, noGrad } from "../op/index.ts";
import { add, copy_, type Handle, neg, newZeros, viewAsReal, zero_, zerosLike } from "../ops/index.ts";
import {
  assertAlive,
  gradOf,
  outlive,
  outside,
  replaceGrad,
  sameBackend,
  scope,
  Tensor,
  tensor,
} from "../tensor/index.ts";
import { camel, snake } from "./keys.ts";

/** What is kept of a parameter from step to step: numbers and tensors, null where there is nothing yet. */
export type ParamState = Record<string, Tensor | number | null | readonly (Tensor | number)[]>;

/** Parameters that are trained alike. The options of the group are fields of it, read at every step. */
export interface ParamGroup {
  params: Tensor[];
  /** Names of the parameters, where they were given as `namedParameters()`. */
  paramNames?: string[];
  lr: number;
  /** The learning rate that a scheduler began with. */
  initialLr?: number;
}

/** What an optimizer trains: parameters, or groups of them with options of their own, or either with names. */
export type Params<O> =
  | Iterable<Tensor>
  | Iterable<readonly [name: string, parameter: Tensor]>
  | Iterable<{ readonly params: Tensor | Iterable<Tensor> | Iterable<readonly [string, Tensor]> } & O>;

/** An optimizer's state in PyTorch's layout: state by the parameter's number, groups with PyTorch's keys. */
export interface OptimizerState {
  state: Record<number, Record<string, unknown>>;
  param_groups: Record<string, unknown>[];
}

/** One parameter's step, ready to run: nothing in it may fail. */
export interface Step {
  readonly state: ParamState;
  /** The state's `step`, where that alone is new and `state` is the one that was kept. */
  readonly count?: number | undefined;
  /** Absent where the optimizer takes the steps of all parameters at once. */
  run?(): void;
}

/** A parameter's step, where one operator takes those of many: the tensors at their places in its lists, null where absent. */
export interface ListStep<F extends object> extends Step {
  readonly tensors: readonly [param: Tensor, ...(Tensor | null)[]];
  readonly factors: F;
}

/** A hook, as a method: an SGD is an Optimizer, though its hooks take an SGD. */
interface StepHook<T> {
  run(optimizer: T): void;
}

/** A parameter and its step. */
export type Prepared<S extends Step = Step> = readonly [param: Tensor, step: S];

/** Takes the steps of all parameters: neighbours that go by the same factors are one call, a whole network mostly. */
export function together<F extends object>(
  steps: readonly Prepared<ListStep<F>>[],
  take: (lists: readonly (readonly Tensor[])[], factors: F) => void,
): void {
  for (let i = 0; i < steps.length; ) {
    const first = steps[i]![1];
    const lists = first.tensors.map((x): Tensor[] => (x === null ? [] : [x]));
    for (i++; i < steps.length && alike(first, steps[i]![1]); i++) {
      const { tensors } = steps[i]![1];
      for (let l = 0; l < lists.length; l++) if (tensors[l]! !== null) lists[l]!.push(tensors[l]!);
    }
    scope(() => take(lists, first.factors)); // what a formula needs on its way goes back before the next one
  }
}

/** True where one call can take both: what they go by is the same, and where and of what their tensors are. */
function alike<F extends object>(a: ListStep<F>, b: ListStep<F>): boolean {
  const x = a.tensors[0];
  const y = b.tensors[0];
  if (x.code !== y.code || x.storage.backend !== y.storage.backend) return false;
  for (let l = 1; l < a.tensors.length; l++) if ((a.tensors[l] === null) !== (b.tensors[l] === null)) return false;
  if (a.factors === b.factors) return true;
  for (const name in a.factors) if (a.factors[name] !== b.factors[name]) return false;
  return true;
}

/** Options that are the same for most optimizers. */
export interface CommonOptions {
  /** The learning rate. */
  lr?: number | Tensor;
  /** The share of the parameter that is added to its gradient; 0. */
  weightDecay?: number;
  /** Whether to climb; false. */
  maximize?: boolean;
  /** Accepted for PyTorch's sake: one way is used here, which is the fast one. */
  foreach?: boolean | null;
  /** Accepted for PyTorch's sake. */
  capturable?: boolean;
  /** Accepted for PyTorch's sake. */
  differentiable?: boolean;
}
/** The defaults of the options that change nothing here. */
export const UNUSED = { foreach: null, capturable: false, differentiable: false } as const;

/** A group with the options `O`. */
export type GroupOf<O> = ParamGroup & Required<Omit<O, "lr">>;
/** What a constructor binds: the parameters and the options `O`. */
export type Bindable<O> = O & { params: Params<O> };
/** The forms of a constructor's call; `P` are the options that may stand by position. */
export type OptimizerArguments<O, P extends readonly unknown[]> = Arguments<Bindable<O>, [params: Params<O>], P>;

interface ZeroGrad {
  setToNone?: boolean;
}
const bindZeroGrad = /* @__PURE__ */ keywords<ZeroGrad>("zeroGrad", "setToNone?", { setToNone: true });

/**
 * The base of all optimizers: groups of parameters, their state, and a step that happens whole or not at all.
 *
 * A subclass says how one parameter steps (`prepare`).
 */
export abstract class Optimizer<G extends ParamGroup = ParamGroup, O extends object = object> {
  /** Options of groups that do not say otherwise. */
  readonly defaults: Readonly<O>;
  /** The groups; their options may be read and written. */
  readonly paramGroups: G[] = [];
  /** What is kept of each parameter. */
  readonly state: Map<Tensor, ParamState> = new Map();
  readonly #before = new Set<StepHook<this>>();
  readonly #after = new Set<StepHook<this>>();

  constructor(params: Params<O>, defaults: O) {
    this.defaults = { ...defaults };
    if (
      params instanceof Tensor ||
      typeof (params as { [Symbol.iterator]?: unknown })?.[Symbol.iterator] !== "function"
    ) {
      throw new TypeError(
        `params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${showValue(params)}`,
      );
    }
    const list = [...params];
    if (list.length === 0) throw new ValueError("optimizer got an empty parameter list");
    const groups = isPlain(list[0]) ? list : [{ params: list }];
    for (const group of groups) this.addParamGroup(group as { readonly params: Iterable<Tensor> } & O);
  }

  /** Adds parameters with options of their own: to train a frozen layer from some point on. */
  addParamGroup(group: { readonly params: Tensor | Iterable<Tensor> | Iterable<readonly [string, Tensor]> } & O): void {
    if (!isPlain(group)) throw new TypeError(`param_group must be a dict, but got ${showValue(group)}`);
    const given =
      group.params instanceof Tensor
        ? [group.params]
        : [...(group.params as Iterable<Tensor | readonly [string, Tensor]>)];
    const named = given.filter((x): x is readonly [string, Tensor] => Array.isArray(x));
    if (named.length > 0 && named.length < given.length) {
      throw new ValueError("all optimizer params should be with/without names");
    }
    const params = named.length > 0 ? named.map(([, x]) => x) : (given as Tensor[]);
    const others = new Set(this.paramGroups.flatMap((other) => other.params));
    for (const x of params) {
      if (!(x instanceof Tensor)) {
        throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${showValue(x)}`);
      }
      if (!x.isLeaf) throw new ValueError("can't optimize a non-leaf Tensor");
      if (others.has(x)) throw new ValueError("some parameters appear in more than one parameter group");
      others.add(x);
    }
    const names = named.length > 0 ? { paramNames: named.map(([name]) => name) } : {};
    // The defaults name every option of G; what is given replaces some.
    const whole = { ...this.defaults, ...defined(group), params, ...names } as unknown as G;
    this.check(whole);
    this.paramGroups.push(whole);
  }

  /** Throws for options that make no sense. */
  protected check(_group: G): void {}

  /**
   * All of one parameter's step that can fail: checks, memory for what will be kept. The step itself runs when every
   * parameter is prepared. `state` is what was kept, or null at first; nothing of it is changed here.
   */
  protected prepare(_group: G, _param: Tensor, _grad: Tensor, _state: ParamState | null): Step {
    throw new TypeError(
      `${this.constructor.name}: an optimizer says how one parameter steps in prepare(), or all in step()`,
    );
  }

  /** The counts of a parameter's state: numbers here, 0-dim float32 tensors in PyTorch's state dicts. */
  protected get counts(): readonly string[] {
    return ["step"];
  }

  /**
   * Moves every parameter that has a gradient. A step that is refused has changed nothing.
   *
   * `closure`, if given, computes the loss anew and calls `backward`; its result is returned.
   */
  step(): undefined;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    for (const { run } of [...this.#before]) run(this);
    const loss = this.advance(closure);
    for (const { run } of [...this.#after]) run(this);
    return loss;
  }

  /** A step without its hooks. */
  protected advance<T>(closure?: () => T): T | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    scope(() =>
      noGrad(() => {
        const steps: Prepared[] = [];
        for (const group of this.paramGroups) {
          for (const param of group.params) {
            const grad = gradOf(param);
            if (grad !== null) steps.push([param, this.prepare(group, param, grad, this.state.get(param) ?? null)]);
          }
        }
        this.run(steps);
        for (const [param, { state, count }] of steps) {
          if (count === undefined) this.keepState(param, state);
          else state.step = count;
        }
      }),
    );
    return loss;
  }

  /** Takes the steps of all parameters. */
  protected run(steps: readonly Prepared[]): void {
    for (const [, step] of steps) scope(() => step.run!()); // what one formula needs on its way goes back before the next one
  }

  /** What is new in a state outlives the scope of the step; had the step been refused, it would have ended with it. */
  protected keepState(param: Tensor, state: ParamState): void {
    const last = this.state.get(param) ?? {};
    if (last === state) return;
    this.state.set(param, state);
    if (sameObjects(last, state) && sameObjects(state, last)) return; // almost always
    const before = new Set(tensorsOf(last));
    for (const x of tensorsOf(state)) if (!before.delete(x)) outlive(x);
    for (const x of before) x.dispose();
  }

  /** Drops all gradients, or with `setToNone: false` fills them with zeros. */
  zeroGrad(...args: Arguments<ZeroGrad, [], [setToNone?: boolean]>): void {
    const { setToNone } = bindZeroGrad(args);
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        const grad = gradOf(param);
        if (setToNone) replaceGrad(param, null);
        else if (grad !== null) noGrad(() => zero_(grad));
      }
    }
  }

  /** Runs `hook` before each step. */
  registerStepPreHook(hook: (optimizer: this) => void): Handle {
    return attach(this.#before, hook);
  }

  /** Runs `hook` after each step. */
  registerStepPostHook(hook: (optimizer: this) => void): Handle {
    return attach(this.#after, hook);
  }

  /** The state in PyTorch's layout. Tensors share the optimizer's memory. */
  stateDict(): OptimizerState {
    const number = new Map(this.paramGroups.flatMap(({ params }) => params).map((param, i) => [param, i]));
    const state: OptimizerState["state"] = {};
    for (const [param, kept] of this.state) {
      // PyTorch counts steps in a float32 tensor.
      state[number.get(param)!] = rename(kept, snake, (value, key) =>
        this.counts.includes(key) ? tensor(value as number, { dtype: "float32" }) : value,
      );
    }
    const groups = this.paramGroups.map((group) => ({
      ...rename(group, snake),
      params: group.params.map((param) => number.get(param)!),
    }));
    return { state, param_groups: groups };
  }

  /**
   * Takes over a state: the options of the groups, and copies of the tensors in the parameters' dtypes.
   *
   * Parameters are matched by their order. One that does not fit is refused and has changed nothing.
   */
  loadStateDict(stateDict: OptimizerState): void {
    if (!isPlain(stateDict) || !isPlain(stateDict.state) || !Array.isArray(stateDict.param_groups)) {
      throw new TypeError(`loadStateDict: expected { state, param_groups }, got ${showValue(stateDict)}`);
    }
    const { state, param_groups: groups } = stateDict as OptimizerState;
    if (groups.length !== this.paramGroups.length) {
      throw new ValueError("loaded state dict has a different number of parameter groups");
    }
    const owner = new Map<number, Tensor>();
    for (const [i, group] of groups.entries()) {
      const numbers = group.params as readonly number[];
      const { params } = this.paramGroups[i]!;
      if (!Array.isArray(numbers) || numbers.length !== params.length) {
        throw new ValueError(
          "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
        );
      }
      for (const [k, number] of numbers.entries()) owner.set(number, params[k]!);
    }
    const loaded = Object.entries(state).map(([number, kept]) => {
      const param = owner.get(Number(number));
      if (param === undefined) {
        throw new ValueError(`loaded state dict has state of the parameter ${number}, which is in no group`);
      }
      return [param, rename(kept, camel, (value, key) => this.#taken(param, value, camel(key))) as ParamState] as const;
    });
    const options = groups.map((group) => rename(group, camel));
    this.state.clear();
    for (const [param, kept] of loaded) this.state.set(param, kept);
    for (const [i, group] of this.paramGroups.entries()) {
      const { params, paramNames } = group;
      Object.assign(group, options[i], { params }, paramNames && { paramNames });
    }
  }

  #taken(param: Tensor, value: unknown, key: string): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#taken(param, one, key));
    if (!(value instanceof Tensor)) return value;
    const shape = this.stateShape(param, key);
    if (this.counts.includes(key) || (shape === null && value.ndim === 0)) return value.item();
    return outside(() => noGrad(() => copy_(newZeros(param, shape ?? value.shape), value)));
  }

  /** The shape of a tensor that is kept of `param`, or null where it may be any; a 0-dim one is a number then. */
  protected stateShape(param: Tensor, _key: string): readonly number[] | null {
    return param.shape;
  }

  /** PyTorch's repr. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...group }, i) => {
      const lines = Object.entries(rename(group, snake)).sort(([a], [b]) => (a < b ? -1 : 1));
      return `Parameter Group ${i}\n${lines.map(([key, value]) => `    ${key}: ${shown(value)}\n`).join("")}`;
    });
    return `${this.constructor.name} (\n${groups.join("\n")})`;
  }
}

// Node's util.inspect asks for this.
Object.defineProperty(Optimizer.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Optimizer) {
    return this.toString();
  },
});

function attach<T>(hooks: Set<StepHook<T>>, hook: (optimizer: T) => void): Handle {
  const entry = { run: hook };
  hooks.add(entry);
  return { remove: () => void hooks.delete(entry) };
}

const tensorsOf = (state: ParamState): Tensor[] =>
  Object.values(state)
    .flat()
    .filter((value) => value instanceof Tensor);

/** Whether all that `a` keeps beside numbers is in `b` too. */
function sameObjects(a: ParamState, b: ParamState): boolean {
  for (const key in a) if (typeof a[key] !== "number" && a[key] !== b[key]) return false;
  return true;
}

const defined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** An object with its keys renamed and, where `map` is given, its values mapped. */
function rename(
  values: object,
  name: (key: string) => string,
  map: (value: unknown, key: string) => unknown = (value) => value,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [name(key), map(value, key)]));
}

/** Zeros for what will be kept of a parameter. */
export const like = (param: Tensor): Tensor => zerosLike(param, { memoryFormat: "contiguous_format" });

/** What is kept of a parameter under a name, or zeros at first. */
export const keptOf = (state: ParamState | null, name: string, param: Tensor): Tensor =>
  (state?.[name] as Tensor | undefined) ?? like(param);

/** The number of the step that is due. */
export const nextStep = (state: ParamState | null): number => ((state?.step as number | undefined) ?? 0) + 1;

/** What a step follows: the gradient, or its negative to climb, with `weightDecay` of the parameter added. */
export function direction(
  param: Tensor,
  grad: Tensor,
  { maximize, weightDecay }: { readonly maximize: boolean; readonly weightDecay: number },
): Tensor {
  const g = maximize ? neg(grad) : grad;
  return weightDecay === 0 ? g : add(g, param, { alpha: weightDecay });
}

/** Complex tensors as pairs of real ones: the formulas take each part for itself. */
export const reals = <T extends readonly (Tensor | null)[]>(...tensors: T): T =>
  tensors.map((x) => (x !== null && isComplex(x.code) ? viewAsReal(x) : x)) as unknown as T;

/** Throws unless a parameter, its gradient and what is kept of it are there and alike. */
export function fits(optimizer: object, param: Tensor, ...others: readonly (Tensor | null)[]): void {
  if (param.isDisposed) assertAlive(param, stepOf(optimizer));
  for (let i = 0; i < others.length; i++) {
    const other = others[i]!;
    if (other === null) continue;
    if (other.isDisposed) assertAlive(other, stepOf(optimizer));
    if (other.storage.backend !== param.storage.backend) sameBackend(param, other, stepOf(optimizer));
    const Misfit = !sameShape(param.layout, other.layout) ? ShapeError : other.code !== param.code ? DTypeError : null;
    if (Misfit !== null) {
      throw new Misfit(`${stepOf(optimizer)}: ${show(param)} has a gradient or state ${show(other)}`);
    }
  }
}

/** What errors call a step: its name is made where one is thrown alone. */
const stepOf = (optimizer: object): string => `${optimizer.constructor.name}.step`;

/** A rate that may be a tensor: it is read at every step. */
export const numberOf = (x: number | Tensor): number => (typeof x === "number" ? x : x.item());

/** Throws unless both averages keep a share in [0, 1). */
export function checkBetas(betas: readonly [number, number]): void {
  for (const [i, beta] of betas.entries()) {
    if (!(beta >= 0 && beta < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${beta}`);
  }
}

export function atLeast0(value: number | Tensor, what: string): void {
  if (!(numberOf(value) >= 0)) throw new ValueError(`Invalid ${what}: ${value}`);
}

/** An option as Python writes it. */
function shown(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return Array.isArray(value) ? `(${value.map(shown).join(", ")})` : String(value);
}
