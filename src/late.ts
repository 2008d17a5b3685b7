// Parts of the library that are read when something of them is first asked for. Node parses its files anew at every start,
// and more than half of ours is what a program may do without: modules, optimizers, files, data, the rarer operators.
// tools/join.mjs cuts the library so; nothing else imports this.

import { createRequire } from "node:module";
import { attachMethods } from "./attach.ts";
import { LEFT_BEHIND } from "./device/index.ts";
import { Tensor } from "./tensor/index.ts";

type Names = Readonly<Record<string, unknown>>;

/** A part on file: what it exports, once it is told how to get at what other files export, at once or when it is used. */
type Part = (from: (file: string) => Names, later: (get: () => Names, keys: readonly string[]) => Names) => Names;

type Callable = (...args: unknown[]) => unknown;

export interface LateParts {
  /** All that the file exports. */
  part(file: string): Names;
  /** Stands for a namespace of it; reads the file when one of its names is asked for. */
  namespace(file: string, name: string, keys: readonly string[]): Names;
  /** Stands for a function of it, also in what other parts give out; reads the file when it is called. */
  callable(file: string, name: string): Callable;
  /** Stand for methods of Tensor that are operators of it; the first call attaches them all. */
  methods(file: string, names: readonly string[]): void;
}

/** `core` is what is there from the start; its file is `name` at `url`, beside which the parts are. */
export function lateParts(core: Names, name: string, url: string | undefined): LateParts {
  const loaded = new Map([[name, core]]);
  const callables = new Map<string, Map<string, Callable>>(); // by file and name
  const standIns = new Map<unknown, Callable>(); // by what they stand for, once that is read
  const part = (file: string): Names => {
    const known = loaded.get(file);
    if (known !== undefined) return known;
    const names = read(file, url)(part, (get, keys) => standIn(keys, get, standIns));
    loaded.set(file, names);
    for (const [name, made] of callables.get(file) ?? []) {
      const real = names[name] as Callable;
      standIns.set(real, Object.assign(made, real));
    }
    return names;
  };
  return {
    part,
    namespace: (file, name, keys) =>
      Object.defineProperty(
        standIn(keys, () => part(file)[name] as Names),
        Symbol.toStringTag,
        { value: "Module" },
      ),
    callable(file, name) {
      let real = loaded.get(file)?.[name] as Callable | undefined;
      if (real !== undefined) return real; // it was given out already
      const made: Callable = {
        [name]: (...args: unknown[]) => {
          real ??= part(file)[name] as Callable;
          return real(...args);
        },
      }[name]!;
      if (!callables.has(file)) callables.set(file, new Map());
      callables.get(file)!.set(name, made);
      return made;
    },
    methods(file, names) {
      for (const name of names) {
        const value = function (this: Tensor, ...args: unknown[]) {
          attachMethods(part(file));
          return (this as unknown as Record<string, Callable>)[name]!(...args);
        };
        Object.defineProperty(Tensor.prototype, name, { configurable: true, writable: true, value });
      }
    },
  };
}

/** Has the keys of what `get` gives, and calls it when the first of them is asked for; `others` stand for some of its values. */
function standIn(keys: readonly string[], get: () => Names, others?: ReadonlyMap<unknown, Callable>): Names {
  const names = Object.create(null); // as a namespace is; and the engine takes it for a table, whose entries are cheap to change
  for (const key of keys) {
    const first = () => {
      const real = get();
      for (const each of keys) {
        const value = others?.get(real[each]) ?? real[each];
        Object.defineProperty(names, each, { enumerable: true, value });
      }
      return names[key];
    };
    Object.defineProperty(names, key, { configurable: true, enumerable: true, get: first });
  }
  return names;
}

function read(file: string, url: string | undefined): Part {
  try {
    return createRequire(url!)(`./joined/${file}`);
  } catch (cause) {
    if (url !== undefined && (cause as { code?: string }).code !== "MODULE_NOT_FOUND") throw cause;
    throw new Error(`flambeau: cannot read ${file} beside ${url}: ${LEFT_BEHIND}`, { cause });
  }
}
