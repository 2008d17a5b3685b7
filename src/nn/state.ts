// State dicts: a module's parameters and persistent buffers by key, out and in again.

import { ValueError } from "../core/index.ts";
import { noGrad } from "../op/index.ts";
import { copy_, detach, reshape } from "../ops/index.ts";
import { assertAlive, setData, Tensor } from "../tensor/index.ts";
import { type Held, Module } from "./module.ts";
import { className } from "./repr.ts";

/**
 * Tensors by PyTorch's keys. `_metadata`, which is not enumerable, has the version of each module's layout as PyTorch
 * keeps it: it goes into a `.pt` file and is asked for when an old one is loaded.
 */
export type StateDict = Record<string, Tensor>;

/** What did not fit when a state dict was loaded. */
export interface IncompatibleKeys {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

export interface StateOptions {
  /** Takes the entries in place of a new object. */
  destination?: StateDict | null;
  /** Goes before every key. */
  prefix?: string;
  /** Gives the tensors themselves, on the tape, in place of detached ones. */
  keepVars?: boolean;
}

export interface LoadOptions {
  stateDict: Readonly<Record<string, Tensor>>;
  /** Whether keys must match exactly. */
  strict?: boolean;
  /** Whether the given tensors become the state, in place of a copy into what is there. */
  assign?: boolean;
}

type Metadata = Record<string, { readonly version: number }>;

export function save(module: Module, { destination, prefix, keepVars }: Required<StateOptions>): StateDict {
  const state: StateDict = destination ?? Object.create(null);
  const metadata = metadataOf(state) ?? {};
  Object.defineProperty(state, "_metadata", { value: metadata, enumerable: false, configurable: true, writable: true });
  collect(module, prefix);
  return state;

  // Shared modules come under every name that they have. Of one module: parameters, buffers, then what is inside.
  function collect(owner: Module, path: string): void {
    metadata[path.slice(0, -1)] = { version: versionOf(owner) };
    const held = Module.held(owner);
    for (const item of saved(held)) state[path + item.key] = keepVars ? item.value : detach(item.value);
    for (const { kind, key, value } of held) if (kind === "module" && value !== null) collect(value, `${path}${key}.`);
  }
}

export function load(
  module: Module,
  given: Readonly<Record<string, Tensor>>,
  strict: boolean,
  assign: boolean,
): IncompatibleKeys {
  if (typeof given !== "object" || given === null || given instanceof Tensor) {
    throw new TypeError(`Expected state_dict to be dict-like, got ${className(given)}.`);
  }
  const metadata = metadataOf(given);
  const state: Record<string, Tensor> = Object.assign(Object.create(null), given);
  const missing: string[] = [];
  const unexpected: string[] = [];
  const misfits: string[] = [];
  const pairs: { readonly target: Tensor; readonly source: Tensor }[] = [];
  match(module, "", Object.keys(given));

  const errors = [...misfits];
  if (strict && unexpected.length > 0) errors.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  if (strict && missing.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (errors.length > 0) {
    throw new ValueError(`Error(s) in loading state_dict for ${className(module)}:\n\t${errors.join("\n\t")}`);
  }
  noGrad(() => {
    for (const { target, source } of pairs) {
      if (assign) setData(target, source);
      else copy_(target, source);
    }
  });
  return { missingKeys: missing, unexpectedKeys: unexpected };

  // `keys` are those that begin with `path`: each module sees its own alone.
  function match(owner: Module, path: string, keys: readonly string[]): void {
    owner.upgradeState(state, path, metadata?.[path.slice(0, -1)]?.version ?? null);
    const held = Module.held(owner);
    const local = new Map(saved(held).map((item) => [item.key, item]));
    const inside = new Map<string, string[]>();
    for (const { kind, key, value } of held) if (kind === "module" && value !== null) inside.set(key, []);
    for (const item of local.values()) {
      const source = state[path + item.key];
      if (source === undefined) missing.push(path + item.key);
      else fit(path + item.key, item.value, source);
    }
    for (const key of keys) {
      const rest = key.slice(path.length);
      const dot = rest.indexOf(".");
      const below = dot < 0 ? undefined : inside.get(rest.slice(0, dot));
      if (below !== undefined) below.push(key);
      else if (!local.has(rest)) unexpected.push(key);
    }
    for (const { kind, key, value } of held) {
      if (kind === "module" && value !== null) match(value, `${path}${key}.`, inside.get(key) ?? []);
    }
  }

  function fit(key: string, target: Tensor, source: Tensor): void {
    if (!(source instanceof Tensor)) {
      misfits.push(
        `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${className(source)}`,
      );
      return;
    }
    assertAlive(source, "loadStateDict");
    // Before PyTorch 0.4 a single number was saved as one element.
    const one = target.ndim === 0 && source.ndim === 1 && source.shape[0] === 1;
    if (one || String(source.shape) === String(target.shape))
      pairs.push({ target, source: one ? reshape(source, []) : source });
    else {
      misfits.push(
        `size mismatch for ${key}: copying a param with shape ${size(source)} from checkpoint, the shape in current model is ${size(target)}.`,
      );
    }
  }
}

type Saved = Extract<Held, { kind: "parameter" | "buffer" }>;

/** Of what a module holds, that which goes into its state dict, in order. */
function saved(held: readonly Held[]): Saved[] {
  const parameters = held.filter((item) => item.kind === "parameter");
  const buffers = held.filter((item) => item.kind === "buffer" && item.persistent);
  return [...parameters, ...buffers] as Saved[];
}

const versionOf = (module: Module): number => (module.constructor as typeof Module).stateVersion;
const metadataOf = (state: object): Metadata | undefined => (state as { _metadata?: Metadata })._metadata;
const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(", ");
const size = (x: Tensor): string => `torch.Size(${`[${x.shape.join(", ")}]`})`;
