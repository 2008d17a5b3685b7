// Modules that hold others: in a row, in a list, by name. Their keys are positions or names, kept in order.

import { IndexError } from "../core/index.ts";
import { context, isPlain } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { className, frame, indent } from "./repr.ts";

/** What Sequential and ModuleList share: modules by position. */
abstract class Modules<M extends Module> extends Module {
  protected get list(): M[] {
    return [...Module.entries(this).values()] as M[];
  }

  protected set list(modules: Iterable<M>) {
    const entries = Module.entries(this);
    const list = [...modules].map(checked);
    entries.clear();
    for (const [i, module] of list.entries()) entries.set(String(i), module);
  }

  /** The number of modules. */
  override get length(): number {
    return Module.entries(this).size;
  }

  /** The module at a position; a negative one counts from the end. */
  at(index: number): M {
    return this.list[place(index, this.length, className(this))]!;
  }

  /** Puts another module at a position. */
  set(index: number, module: M): void {
    const at = place(index, this.length, className(this));
    this.list = this.list.with(at, module);
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.list = [...this.list, module];
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    this.list = [...this.list, ...modules];
    return this;
  }

  /** Puts a module before a position. */
  insert(index: number, module: M): void {
    const list = this.list;
    list.splice(index, 0, module);
    this.list = list;
  }

  /** Takes the module at a position out, by default the last. */
  pop(index: number = -1): M {
    const list = this.list;
    const [module] = list.splice(place(index, list.length, className(this)), 1);
    this.list = list;
    return module!;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.list[Symbol.iterator]();
  }
}

/**
 * Modules in a row: each takes the output of the one before.
 *
 * What passes between two of the library's layers, and no hook has seen, goes back at once but for what a backward needs.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 * model(randn(64, 784)).shape // [64, 10]
 * new nn.Sequential({ hidden: new nn.Linear(784, 128), act: new nn.ReLU() }); // with names
 */
export class Sequential<L extends readonly Module[] = readonly Module[]> extends Modules<Module> {
  constructor(modules: Readonly<Record<string, Module>>);
  constructor(...modules: L);
  constructor(...modules: readonly Module[] | readonly [Readonly<Record<string, Module>>]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && isPlain(first)) {
      for (const [name, module] of Object.entries(first)) Module.entries(this).set(name, checked(module));
    } else this.list = modules as readonly Module[]; // each is checked
  }

  /** The module at a position; a negative one counts from the end. */
  override at<I extends number>(index: I): MemberOf<L, I> {
    return super.at(index) as MemberOf<L, I>;
  }

  forward(input: Tensor): Tensor {
    let x = input;
    let unseen = false; // whether x was made here, and nobody else can have it
    for (const module of this) {
      const y = module(x);
      const closed = Module.isClosed(module) && context.interpreter === null;
      if (y !== x) {
        if (unseen && closed && x instanceof Tensor) x.endScope();
        unseen = closed;
      } else unseen &&= closed;
      x = y;
    }
    return x;
  }
}

/** The class of the module at a position, where the type knows it. */
type MemberOf<L extends readonly Module[], I extends number> = `${I}` extends keyof L
  ? L[I]
  : I extends -1
    ? L extends readonly [...unknown[], infer Last extends Module]
      ? Last
      : L[number]
    : L[number];

/**
 * A list of modules: its parameters are the model's; what is done with them is said in `forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   layers = new nn.ModuleList(Array.from({ length: 4 }, () => new nn.Linear(10, 10)));
 *   forward(x: Tensor): Tensor {
 *     for (const layer of this.layers) x = layer(x).relu();
 *     return x;
 *   }
 * }
 */
export class ModuleList<M extends Module = Module> extends Modules<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.list = modules;
  }

  override forward(): never {
    throw new TypeError("ModuleList: a list is not called: call its modules");
  }

  /** Neighbours that read the same come as one: `(0-3): 4 x Linear(…)`. */
  override toString(): string {
    const runs: { start: number; end: number; text: string }[] = [];
    for (const [i, module] of this.list.entries()) {
      const text = String(module);
      const last = runs.at(-1);
      if (last?.text === text) last.end = i;
      else runs.push({ start: i, end: i, text });
    }
    const lines = runs.map(({ start, end, text }) =>
      indent(start === end ? `(${start}): ${text}` : `(${start}-${end}): ${end - start + 1} x ${text}`),
    );
    return frame(className(this), [], lines);
  }
}

/** What ModuleDict and ParameterDict share: things by name, made of what is given. */
abstract class Dict<
  D extends Readonly<Record<string, Module | Parameter>>,
  V extends Module | Parameter,
  G,
> extends Module {
  constructor(values: Readonly<Record<string, G>> | Iterable<readonly [string, G]>) {
    super();
    this.update(values);
  }

  /** What is kept of a value that is given. Throws TypeError where it may not be here. */
  protected abstract made(value: G): V;

  override forward(): never {
    throw new TypeError(`${className(this)}: a dict is not called: get(name) gives what is in it`);
  }

  /** How many there are. */
  override get length(): number {
    return Module.entries(this).size;
  }

  /** That of this name. */
  get<K extends keyof D>(name: K): D[K];
  get(name: string): V;
  get(name: string): Module | Parameter {
    const value = Module.entries(this).get(name) ?? null;
    if (value === null) {
      throw new IndexError(`${className(this)}: there is no "${name}": there are ${[...this.keys()].join(", ")}`);
    }
    return value;
  }

  /** Adds one, or replaces that of the same name. */
  set(name: string, value: G): void {
    if (name === "" || name.includes(".")) {
      throw new TypeError(`${className(this)}: a name is neither empty nor has dots, got "${name}"`);
    }
    Module.entries(this).set(name, this.made(value));
    if (!(name in this)) {
      Object.defineProperty(this, name, {
        get: () => Module.entries(this).get(name),
        set: (next: G) => this.set(name, next),
        configurable: true,
        enumerable: false, // the store has it already
      });
    }
  }

  /** Adds some, or replaces those of the same names. */
  update(values: Readonly<Record<string, G>> | Iterable<readonly [string, G]>): void {
    const pairs = Symbol.iterator in values ? values : Object.entries(values);
    for (const [name, value] of pairs as Iterable<readonly [string, G]>) this.set(name, value);
  }

  has(name: string): boolean {
    return Module.entries(this).has(name);
  }

  /** Takes one out. */
  pop(name: string): V {
    const value: Module | Parameter = this.get(name);
    Module.entries(this).delete(name);
    if (Object.hasOwn(this, name)) delete (this as Record<string, unknown>)[name];
    return value as V; // all that is in the store was `made`
  }

  /** Takes all out. */
  clear(): void {
    for (const name of [...this.keys()]) this.pop(name);
  }

  keys(): IterableIterator<string> {
    return Module.entries(this).keys();
  }

  values(): IterableIterator<V> {
    return Module.entries(this).values() as IterableIterator<V>;
  }

  entries(): IterableIterator<[string, V]> {
    return Module.entries(this).entries() as IterableIterator<[string, V]>;
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.keys();
  }
}

/**
 * Modules by name, in the order in which they were added. A module whose name is not taken is a field too: `dict.conv`.
 *
 * @example
 * const choices = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() });
 * choices.get("relu")(x);
 */
export class ModuleDict<D extends Readonly<Record<string, Module>> = Readonly<Record<string, Module>>> extends Dict<
  D,
  D[string],
  Module
> {
  constructor(modules?: D | Iterable<readonly [string, D[string]]>) {
    super(modules ?? {});
  }

  protected override made(module: Module): D[string] {
    return checked(module) as D[string]; // which modules are in it is said where it is made
  }
}

/**
 * A list of parameters; a tensor that is none becomes one.
 *
 * @example
 * const weights = new nn.ParameterList([randn(10, 10), randn(10)]);
 * [...weights].length // 2
 */
export class ParameterList extends Module {
  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.extend(parameters);
  }

  override forward(): never {
    throw new TypeError("ParameterList: a list is not called");
  }

  /** The number of parameters. */
  override get length(): number {
    return Module.entries(this).size;
  }

  /** The parameter at a position; a negative one counts from the end. */
  at(index: number): Parameter {
    return Module.entries(this).get(String(place(index, this.length, "ParameterList"))) as Parameter;
  }

  /** Puts another parameter at a position. */
  set(index: number, parameter: Tensor): void {
    Module.entries(this).set(String(place(index, this.length, "ParameterList")), asParameter(parameter));
  }

  /** Adds a parameter at the end. */
  append(parameter: Tensor): this {
    Module.entries(this).set(String(this.length), asParameter(parameter));
    return this;
  }

  /** Adds parameters at the end. */
  extend(parameters: Iterable<Tensor>): this {
    for (const parameter of [...parameters]) this.append(parameter);
    return this;
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return Module.entries(this).values() as IterableIterator<Parameter>;
  }

  override extraRepr(): string {
    return [...this].map((p, i) => `  (${i}): ${held(p)}`).join("\n");
  }
}

/**
 * Parameters by name, in the order in which they were added; a tensor that is none becomes one. One whose name is not taken is
 * a field too: `dict.left`.
 *
 * @example
 * const weights = new nn.ParameterDict({ left: randn(5, 10), right: randn(5, 10) });
 * weights.get("left").shape // [5, 10]
 */
export class ParameterDict<K extends string = string> extends Dict<Readonly<Record<K, Parameter>>, Parameter, Tensor> {
  constructor(parameters?: Readonly<Record<K, Tensor>> | Iterable<readonly [K, Tensor]>) {
    super(parameters ?? {});
  }

  protected override made(parameter: Tensor): Parameter {
    return asParameter(parameter);
  }

  override extraRepr(): string {
    return [...this.entries()].map(([name, p]) => `  (${name}): ${held(p)}`).join("\n");
  }
}

function checked(module: Module): Module {
  if (!(module instanceof Module)) throw new TypeError(`${className(module)} is not a Module subclass`);
  return module;
}

/** A parameter in a repr. */
const held = (p: Parameter): string => `Parameter containing: [torch.${p.dtype} of size ${p.shape.join("x")}]`;

const asParameter = (x: Tensor): Parameter => (x instanceof Parameter ? x : new Parameter(x));

function place(index: number, length: number, op: string): number {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new IndexError(`${op}: index ${index} is out of range`);
  }
  return index < 0 ? index + length : index;
}
