import { codeOf, type DType, DTypeError, isDifferentiable, withOuter } from "../core/index.ts";
import { type Arguments, bindArguments, isPlain, keywords, noGrad, signature } from "../op/index.ts";
import { cast, clone, type Handle, zero_ } from "../ops/index.ts";
import {
  checkOptions,
  deviceOf,
  fromBytes,
  gradOf,
  outlive,
  outside,
  readAllSync,
  replaceGrad,
  setData,
  setRequiresGrad,
  Tensor,
} from "../tensor/index.ts";
import {
  attach,
  type BackwardHook,
  type BackwardPreHook,
  type ForwardHook,
  type ForwardPreHook,
  Hooks,
} from "./hooks.ts";
import { Parameter } from "./parameter.ts";
import { className, reprModule } from "./repr.ts";
import { type IncompatibleKeys, type LoadOptions, load, type StateDict, type StateOptions, save } from "./state.ts";

/**
 * A function object whose prototype is the class under construction: this is what makes `model(x)` work.
 *
 * It is a class of its own because fields land on what the base constructor returned: had `Module` returned the
 * function itself, its own fields would stay on the object that is thrown away.
 */
class Callable {
  constructor() {
    const self = (...args: unknown[]): unknown => Module.invoke(self as unknown as Module, args);
    // A function's own `name` and `length` cannot be assigned; a module's fields of these names can.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    Object.setPrototypeOf(self, new.target.prototype);
    // biome-ignore lint/correctness/noConstructorReturn: the function is the module
    return self as unknown as Callable;
  }
}

/** A thing that is registered in a module, with its key in the state dict. */
export type Held =
  | { readonly kind: "parameter"; readonly key: string; readonly value: Parameter }
  | { readonly kind: "buffer"; readonly key: string; readonly value: Tensor; readonly persistent: boolean }
  | { readonly kind: "module"; readonly key: string; readonly value: Module | null };

/** Where a module is moved, and what it becomes. */
export interface ToOptions {
  device?: string | null;
  dtype?: DType | null;
  /** Accepted for PyTorch's sake. */
  nonBlocking?: boolean;
}

interface HookOptions {
  /** Whether it comes before the hooks that are there; false. */
  readonly prepend?: boolean;
}
interface Recurse {
  recurse?: boolean;
}
interface Members extends Recurse {
  prefix?: string;
  removeDuplicate?: boolean;
}
interface Modules {
  memo?: Set<Module> | null;
  prefix?: string;
  removeDuplicate?: boolean;
}
interface ZeroGrad {
  setToNone?: boolean;
}
interface Buffer {
  name: string;
  tensor: Tensor | null;
  persistent?: boolean;
}
type RecurseArguments = Arguments<Recurse, [], [recurse?: boolean]>;
type MembersArguments = Arguments<Members, [], [prefix?: string, recurse?: boolean, removeDuplicate?: boolean]>;

const bindRecurse = /* @__PURE__ */ keywords<Recurse>("parameters", "recurse?", { recurse: true });
const bindMembers = /* @__PURE__ */ keywords<Members>("namedParameters", "prefix?, recurse?, removeDuplicate?", {
  prefix: "",
  recurse: true,
  removeDuplicate: true,
});
const bindModules = /* @__PURE__ */ keywords<Modules>("namedModules", "memo?, prefix?, removeDuplicate?", {
  memo: null,
  prefix: "",
  removeDuplicate: true,
});
const bindState = /* @__PURE__ */ keywords<StateOptions>("stateDict", "*, destination?, prefix?, keepVars?", {
  destination: null,
  prefix: "",
  keepVars: false,
});
const bindLoad = /* @__PURE__ */ keywords<LoadOptions>("loadStateDict", "stateDict, strict?, assign?", {
  strict: true,
  assign: false,
});
const bindZeroGrad = /* @__PURE__ */ keywords<ZeroGrad>("zeroGrad", "setToNone?", { setToNone: true });
const bindBuffer = /* @__PURE__ */ keywords<Buffer>("registerBuffer", "name, tensor, persistent?", {
  persistent: true,
});

// What `module(x)` takes and gives is what the subclass's own `forward` says.
export interface Module {
  // biome-ignore lint/style/useShorthandFunctionType: an interface merges with the class, a type does not
  (...args: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

/**
 * The base of all neural-network modules.
 *
 * Parameters and submodules register by assignment, in the order of the fields; buffers by `registerBuffer`. A module
 * is called like a function: `model(x)` runs the hooks and `forward`, typed as `forward` is. Inside the class itself
 * write `this.forward(x)`. A `#private` field is invisible to `parameters()` and the state dict: keep what is trained or
 * saved in plain fields. What was listed as a parameter gives way to another or to null alone, and so does a module: a
 * TypeError says so when they are listed next.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(784, 128);
 *   fc2 = new nn.Linear(128, 10);
 *   forward(x: Tensor): Tensor {
 *     return this.fc2(this.fc1(x).relu());
 *   }
 * }
 * const logits = new Net()(images);
 */
export abstract class Module extends Callable {
  /** The state-dict keys of the fields that go by another name there: `{ runningMean: "running_mean" }`. */
  static readonly stateNames: Readonly<Record<string, string>> = {};

  /** The state-dict key of a field. A class with a field for every layer has a rule in place of the list. */
  static stateName(field: string): string {
    return this.stateNames[field] ?? field;
  }

  /** The version of the layout of the class's state, kept in the state dict's metadata. */
  static readonly stateVersion: number = 1;

  /** The arguments of `forward` as operators have theirs ("input, target?"), where they may be given by name too. */
  static readonly forwardSignature: string | null = null;

  /**
   * Whether a module holds on to none of the tensors that it takes and gives: Sequential gives back at once what passes
   * between two such modules. A class says so for itself alone, since its subclasses may do more.
   */
  static readonly keepsNothing: boolean = false;

  /** Whether the module trains (dropout drops, batch norm follows the batch) or evaluates. */
  training: boolean = true;
  // A module has nothing of Function.prototype.
  declare readonly call: undefined;
  declare readonly bind: undefined;

  /** Names of buffers, and whether they are saved. The tensors themselves are own properties. */
  readonly #buffers = new Map<string, boolean>();
  /** Fields that hold a place for a child: `registerModule("shortcut", null)`. */
  readonly #places = new Set<string>();
  /** What cannot be an own property: "0" would sort first, "keys" would hide a method. */
  readonly #entries = new Map<string, Module | Parameter | null>();
  /** What fields were when they were last looked at: what takes such a place has to be the same. */
  readonly #found = new Map<string, "parameter" | "module">();
  #hooks: Hooks | null = null;

  // biome-ignore lint/suspicious/noExplicitAny: only `any` lets every module be called through `Module[]`
  abstract forward(...args: any[]): any;

  /** What the repr shows between the brackets: `"in_features=3, out_features=4, bias=True"`. */
  extraRepr(): string {
    return "";
  }

  // What the library itself needs of a module. As statics they take no name from the fields of a user's class.

  /** What `module(…)` does. @internal */
  static invoke(module: Module, args: unknown[]): unknown {
    const hooks = module.#hooks;
    if (module.forward === undefined) {
      throw new TypeError(`Module [${className(module)}] is missing the required "forward" function`);
    }
    try {
      const given = isPlain(args.at(-1)) ? byPosition(module, args) : args;
      return hooks === null ? module.forward(...given) : hooks.call(module, given);
    } catch (error) {
      throw withOuter(error, className(module)); // "Net: Linear: linear: …" says where it went wrong
    }
  }

  /** Whether nobody can have seen what a module took and gave: it keeps nothing itself, and has no hooks. @internal */
  static isClosed(module: Module): boolean {
    const Class = module.constructor as typeof Module;
    if (module.#hooks !== null || !Object.hasOwn(Class, "keepsNothing") || !Class.keepsNothing) return false;
    return !Object.hasOwn(module, "forward");
  }

  /** The children and parameters that are no fields: the store of the containers. @internal */
  static entries(module: Module): Map<string, Module | Parameter | null> {
    return module.#entries;
  }

  /**
   * A copy of a module with the same values in parameters and buffers of its own, without hooks. What is shared inside stays
   * shared. A class's own `#private` members cannot be copied: ours have none. @internal
   */
  static copy<T extends Module>(module: T, made: Map<object, object> = new Map()): T {
    const once = <V extends object>(value: V, make: () => V): V => {
      if (!made.has(value)) made.set(value, make());
      return made.get(value) as V; // `make` gives the class of `value`
    };
    const copyOf = (value: unknown): unknown => {
      if (value instanceof Module) return once(value, () => Module.copy(value, made));
      if (!(value instanceof Tensor)) return value;
      const data = (): Tensor => noGrad(() => outside(() => clone(value)));
      return once(value, () =>
        value instanceof Parameter ? new Parameter(data(), value.requiresGrad) : outlive(data()),
      );
    };
    // Module's own part is made anew for the class; the class's own constructor, which would draw weights, does not run.
    const copy = Reflect.construct(Module, [], module.constructor) as Module;
    for (const [name, persistent] of module.#buffers) copy.#buffers.set(name, persistent);
    for (const name of module.#places) copy.#places.add(name);
    for (const [name, value] of module.#entries) copy.#entries.set(name, copyOf(value) as Module | Parameter | null);
    for (const field of Object.keys(module)) (copy as Fields)[field] = copyOf((module as Fields)[field]);
    return copy as T;
  }

  /** All that is registered in a module itself. @internal */
  static held(module: Module): Held[] {
    const held: Held[] = [];
    for (const [key, value] of module.#entries) {
      held.push(value instanceof Parameter ? { kind: "parameter", key, value } : { kind: "module", key, value });
    }
    const Class = module.constructor as typeof Module;
    const found = module.#found;
    const buffers = module.#buffers;
    let known = 0;
    for (const field of Object.keys(module)) {
      const value = (module as Fields)[field];
      if (typeof value !== "object" && typeof value !== "function") continue; // a size, a flag
      if (value instanceof Parameter) {
        held.push({ kind: "parameter", key: Class.stateName(field), value });
        if (found.get(field) !== "parameter") found.set(field, "parameter");
        known++;
      } else if (value instanceof Module && found.get(field) !== "parameter") {
        held.push({ kind: "module", key: Class.stateName(field), value });
        if (!found.has(field)) found.set(field, "module");
        known++;
      } else if (value instanceof Tensor && buffers.has(field)) {
        held.push({ kind: "buffer", key: Class.stateName(field), value, persistent: buffers.get(field)! });
        known++;
      } else if (value === null && module.#places.has(field)) {
        held.push({ kind: "module", key: Class.stateName(field), value });
      }
    }
    if (known < found.size + buffers.size) module.#missed();
    return held;
  }

  /**
   * Throws where something registered has been replaced by what is none. PyTorch does so at the assignment itself, of which a
   * field tells nothing.
   */
  #missed(): void {
    for (const field of new Set([...this.#found.keys(), ...this.#buffers.keys()])) {
      const value = (this as Fields)[field];
      const was = this.#buffers.has(field) ? "buffer" : this.#found.get(field)!;
      if (!Object.hasOwn(this, field)) this.#found.delete(field);
      else if (value !== null && value !== undefined && !isOfKind(was, value)) {
        throw new TypeError(
          `${className(this)}: cannot assign '${className(value)}' as ${was} '${field}' (${WANTED[was]} or null expected): to make it a field like others, call registerParameter("${field}", null) first`,
        );
      }
    }
  }

  /** Runs `hook` before each `forward`; `prepend` puts it before the hooks that are there. */
  registerForwardPreHook(hook: ForwardPreHook<this>, options: HookOptions = {}): Handle {
    return attach(this.#hooked(options, ["prepend"]).pre, { run: hook }, options.prepend ?? false);
  }

  /**
   * Runs `hook` after each `forward`; `prepend` puts it before the hooks that are there.
   *
   * With `alwaysCall` it runs also when `forward` throws, with undefined for the output.
   */
  registerForwardHook(hook: ForwardHook<this>, options: HookOptions & { readonly alwaysCall?: boolean } = {}): Handle {
    const { post } = this.#hooked(options, ["prepend", "alwaysCall"]);
    return attach(post, { run: hook, always: options.alwaysCall ?? false }, options.prepend ?? false);
  }

  /**
   * Runs `hook` in each backward when the gradients of the results have come, before they go on into the module.
   *
   * It sees the module and the gradients; what it returns replaces them.
   */
  registerFullBackwardPreHook(hook: BackwardPreHook<this>, options: HookOptions = {}): Handle {
    return attach(this.#hooked(options, ["prepend"]).backwardPre, { run: hook }, options.prepend ?? false);
  }

  /**
   * Runs `hook` in each backward when the gradients of the arguments are computed.
   *
   * It sees the module, those gradients (null for an argument that has none) and the gradients of the results; what it
   * returns replaces the former. The arguments and results are passed on by new tensors, which must not be changed in
   * place.
   */
  registerFullBackwardHook(hook: BackwardHook<this>, options: HookOptions = {}): Handle {
    return attach(this.#hooked(options, ["prepend"]).backward, { run: hook }, options.prepend ?? false);
  }

  #hooked(options: object, known: readonly string[]): Hooks {
    checkOptions("register a hook", options, known);
    this.#hooks ??= new Hooks();
    return this.#hooks;
  }

  /** Adds `parameter` as `this[name]`; null keeps the place and saves nothing. */
  registerParameter(name: string, parameter: Parameter | null): void {
    this.#checkName("parameter", name);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(
        `cannot assign '${className(parameter)}' object to parameter '${name}' (nn.Parameter or null required)`,
      );
    }
    this.#buffers.delete(name);
    this.#found.delete(name);
    this.#set(name, parameter);
  }

  /** Adds a tensor that is state but is not trained as `this[name]`; one that is not `persistent` is not saved. */
  registerBuffer(...args: Arguments<Buffer, [name: string, tensor: Tensor | null], [persistent?: boolean]>): void {
    const { name, tensor, persistent } = bindBuffer(args);
    this.#checkName("buffer", name);
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(`cannot assign '${className(tensor)}' object to buffer '${name}' (Tensor or null required)`);
    }
    this.#found.delete(name);
    (this as Fields)[name] = tensor === null ? null : outlive(tensor);
    this.#buffers.set(name, persistent);
  }

  /** Adds `module` as `this[name]`; null keeps the place, and the repr shows it. */
  registerModule(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) {
      throw new TypeError(`${className(module)} is not a Module subclass`);
    }
    this.#checkName("module", name);
    if (module === null) this.#places.add(name);
    this.#found.delete(name);
    this.#set(name, module);
  }

  /** The same as `registerModule`. */
  addModule(name: string, module: Module | null): void {
    this.registerModule(name, module);
  }

  #checkName(kind: string, name: string): void {
    if (typeof name !== "string") throw new TypeError(`${kind} name should be a string. Got ${className(name)}`);
    if (name.includes(".")) throw new TypeError(`${kind} name can't contain ".", got: ${name}`);
    if (name === "") throw new TypeError(`${kind} name can't be empty string ""`);
    if (!(name in this)) return;
    // What is registered may be replaced, and a field that still waits for its value takes it.
    const value = Object.hasOwn(this, name) ? (this as Fields)[name] : false;
    const free = value === null || value === undefined || value instanceof Module || value instanceof Parameter;
    if (!free && !this.#buffers.has(name)) throw new TypeError(`attribute '${name}' already exists`);
  }

  #set(name: string, value: Module | Parameter | null): void {
    if (INTEGER.test(name)) this.#entries.set(name, value);
    else (this as Fields)[name] = value;
  }

  /** The modules directly inside this one with their names; one that stands twice comes once. */
  *namedChildren(): IterableIterator<[name: string, module: Module]> {
    const seen = new Set<Module>();
    for (const held of Module.held(this)) {
      if (held.kind !== "module" || held.value === null || seen.has(held.value)) continue;
      seen.add(held.value);
      yield [held.key, held.value];
    }
  }

  /** The modules directly inside this one. */
  *children(): IterableIterator<Module> {
    for (const [, module] of this.namedChildren()) yield module;
  }

  /** This module and all inside it, each with its path; this one's is `prefix`. */
  namedModules(
    ...args: Arguments<Modules, [], [memo?: Set<Module> | null, prefix?: string, removeDuplicate?: boolean]>
  ): IterableIterator<[name: string, module: Module]> {
    const { memo, prefix, removeDuplicate } = bindModules(args);
    return walk(this, prefix, removeDuplicate ? (memo ?? new Set()) : null);
  }

  /** This module and all inside it. */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** The parameters with their keys; without `recurse` this module's own alone. One that is shared comes once. */
  namedParameters(...args: MembersArguments): IterableIterator<[name: string, parameter: Parameter]> {
    return members(this, "parameter", bindMembers(args));
  }

  /** The parameters: what an optimizer takes. */
  *parameters(...args: RecurseArguments): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters(bindRecurse(args))) yield parameter;
  }

  /** The buffers with their keys, also those that are not saved. */
  namedBuffers(...args: MembersArguments): IterableIterator<[name: string, buffer: Tensor]> {
    return members(this, "buffer", bindMembers(args));
  }

  /** The buffers. */
  *buffers(...args: RecurseArguments): IterableIterator<Tensor> {
    for (const [, buffer] of this.namedBuffers(bindRecurse(args))) yield buffer;
  }

  /** The module at a path such as `"encoder.layers.0"`; "" is this one. */
  getSubmodule(target: string): Module {
    return target === "" ? this : (lookUp(this, target, "module") as Module);
  }

  /** The parameter at a path such as `"encoder.layers.0.weight"`. */
  getParameter(target: string): Parameter {
    return lookUp(this, target, "parameter") as Parameter;
  }

  /** The buffer at a path such as `"bn1.running_mean"`. */
  getBuffer(target: string): Tensor {
    return lookUp(this, target, "buffer") as Tensor;
  }

  /** Calls `f` on every module inside and last on this one: a way to initialise weights. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /** Sets the module and all inside it to training, or with `false` to evaluation. */
  train(mode: boolean = true): this {
    if (typeof mode !== "boolean") throw new TypeError("training mode is expected to be boolean");
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets the module and all inside it to evaluation: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Says of every parameter whether its gradient is wanted: `false` freezes them. */
  requiresGrad_(requiresGrad: boolean = true): this {
    for (const parameter of this.parameters()) setRequiresGrad(parameter, requiresGrad);
    return this;
  }

  /** Drops the gradients of all parameters, or with `setToNone: false` fills them with zeros. */
  zeroGrad(...args: Arguments<ZeroGrad, [], [setToNone?: boolean]>): void {
    const { setToNone } = bindZeroGrad(args);
    for (const parameter of this.parameters()) {
      const grad = gradOf(parameter);
      if (setToNone) replaceGrad(parameter, null);
      else if (grad !== null) noGrad(() => zero_(grad));
    }
  }

  /**
   * Moves the parameters and buffers to a dtype, a device or both: `to("float64")`, `to("cpu")`, `to("cpu", "float64")`,
   * `to({ dtype })`. Integers and booleans keep their dtype. The tensors stay the same objects.
   */
  to(...args: readonly (string | Tensor | ToOptions)[]): this {
    const { device, dtype } = destination(args);
    if (dtype !== null && !isDifferentiable(codeOf(dtype))) {
      throw new DTypeError(`to: a module takes floating point or complex dtypes, got ${dtype}`);
    }
    const convert = (x: Tensor): Tensor => {
      const moved = device === null || device === x.device ? x : moveTo(x, device);
      return dtype === null || !isDifferentiable(x.code) ? moved : cast(moved, codeOf(dtype));
    };
    noGrad(() => {
      // All are made before the first is changed, so that one that is refused leaves the module as it was.
      const moved = [...this.parameters(), ...this.buffers()]
        .flatMap((x) => [x, gradOf(x)])
        .filter((x) => x !== null)
        .map((x) => [x, convert(x)] as const);
      for (const [x, data] of moved) setData(x, data);
    });
    return this;
  }

  /** Casts to float32. */
  float(): this {
    return this.to("float32");
  }

  /** Casts to float64. */
  double(): this {
    return this.to("float64");
  }

  /** Casts to float16. */
  half(): this {
    return this.to("float16");
  }

  /** Casts to bfloat16. */
  bfloat16(): this {
    return this.to("bfloat16");
  }

  /** Moves to the CPU. */
  cpu(): this {
    return this.to("cpu");
  }

  /**
   * The parameters and the persistent buffers by key: what is saved.
   *
   * The tensors share the module's memory and are off the tape (`keepVars` gives the parameters themselves). `prefix`
   * goes before every key, `destination` takes the entries in place of a new object.
   */
  stateDict(...args: Arguments<StateOptions, []>): StateDict {
    return save(this, bindState(args));
  }

  /**
   * Copies a state dict into the parameters and buffers.
   *
   * A key that is missing or unexpected is an error while `strict`, and is listed in the result otherwise; a shape that
   * does not fit is an error always. One that is refused has changed nothing. With `assign` the tensors themselves
   * become the state.
   */
  loadStateDict(
    ...args: Arguments<LoadOptions, [stateDict: Readonly<Record<string, Tensor>>], [strict?: boolean, assign?: boolean]>
  ): IncompatibleKeys {
    const { stateDict, strict, assign } = bindLoad(args);
    return load(this, stateDict, strict, assign);
  }

  /** Brings the keys of an older layout, those that begin with `prefix`, to this class's; `state` is a copy. */
  upgradeState(_state: Record<string, Tensor>, _prefix: string, _version: number | null): void {}

  /** PyTorch's repr, to the letter. */
  override toString(): string {
    return reprModule(this);
  }

  toJSON(): never {
    throw new TypeError(`${className(this)}: a module is not JSON: save its stateDict()`);
  }
}

// Node's util.inspect asks for this.
Object.defineProperty(Module.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Module) {
    return this.toString();
  },
});

/** A module as an object of fields: those that a user adds are not in its type. */
type Fields = Module & Record<string, unknown>;
/** What fields of each kind may be. */
const WANTED = { module: "nn.Module", parameter: "nn.Parameter", buffer: "Tensor" } as const;
/** Whether what was registered as a `kind` may be replaced by that: a buffer may give way to a module. */
function isOfKind(kind: Held["kind"], value: unknown): boolean {
  if (kind === "parameter") return value instanceof Parameter;
  return value instanceof Module || (kind === "buffer" && value instanceof Tensor);
}
/** Keys that JavaScript would sort before all others. */
const INTEGER = /^(0|[1-9]\d*)$/;

/** Arguments that were given by name, in order; others as they are. */
function byPosition(module: Module, args: unknown[]): unknown[] {
  const { forwardSignature } = module.constructor as typeof Module;
  if (forwardSignature === null) return args;
  // A subclass whose forward takes an object of its own is left alone.
  const { names } = signature(forwardSignature);
  if (!Object.keys(args.at(-1) as object).every((key) => names.includes(key))) return args;
  return bindArguments(className(module), forwardSignature, args);
}

/** Modules from the outside in; with `seen` each once. */
function* walk(module: Module, path: string, seen: Set<Module> | null): IterableIterator<[string, Module]> {
  if (seen?.has(module)) return;
  seen?.add(module);
  yield [path, module];
  for (const held of Module.held(module)) {
    if (held.kind === "module" && held.value !== null) yield* walk(held.value, join(path, held.key), seen);
  }
}

function* members<T extends Tensor>(
  module: Module,
  kind: Held["kind"],
  { prefix, recurse, removeDuplicate }: { prefix: string; recurse: boolean; removeDuplicate: boolean },
): IterableIterator<[string, T]> {
  const seen = new Set<T>();
  const modules: Iterable<[string, Module]> = recurse
    ? module.namedModules({ prefix, removeDuplicate })
    : [[prefix, module]];
  for (const [path, owner] of modules) {
    for (const held of Module.held(owner)) {
      if (held.kind !== kind || seen.has(held.value as T)) continue;
      if (removeDuplicate) seen.add(held.value as T); // the kind says which class it is
      yield [join(path, held.key), held.value as T];
    }
  }
}

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

const ASKED = { module: "an nn.Module", parameter: "an nn.Parameter", buffer: "a buffer" } as const;

/** What is registered at a path. Its last part is of the kind asked for, those before it are modules. */
function lookUp(root: Module, target: string, kind: Held["kind"]): Held["value"] {
  const path = target.split(".");
  let value: Held["value"] = root;
  for (const [i, key] of path.entries()) {
    const owner = value as Module;
    const wanted = i === path.length - 1 ? kind : "module";
    let found: Held | undefined;
    for (const held of Module.held(owner)) if (held.key === key) found = held;
    if (found === undefined && !(key in owner)) throw new TypeError(`${className(owner)} has no attribute \`${key}\``);
    if (found?.kind !== wanted || found.value === null) throw new TypeError(`\`${key}\` is not ${ASKED[wanted]}`);
    value = found.value;
  }
  return value;
}

/** Reads the arguments of `to`: a dtype, a device, a tensor that has both, or options, in any order. */
function destination(args: readonly (string | Tensor | ToOptions)[]): { device: string | null; dtype: DType | null } {
  let device: string | null = null;
  let dtype: DType | null = null;
  for (const arg of args) {
    if (typeof arg === "string") {
      if (codeOf(arg) >= 0) dtype = arg as DType;
      else device = arg;
    } else {
      if (!(arg instanceof Tensor)) checkOptions("to", arg, ["device", "dtype", "nonBlocking"]);
      device = arg.device ?? device;
      dtype = arg.dtype ?? dtype;
    }
  }
  return { device, dtype };
}

/** The elements on another device. */
const moveTo = (x: Tensor, device: string): Tensor =>
  fromBytes(deviceOf(device, "to"), x.code, x.shape, readAllSync(x, "to"));
