// Parts of the library that are read when something of them is first asked for. Node parses its files anew at every start,
// and a third of ours is modules, optimizers, files and data, which a program may do without. tools/join.mjs cuts the
// library so; nothing else imports this.

import { createRequire } from "node:module";

type Names = Readonly<Record<string, unknown>>;

/** A part on file: what it exports, once it is given what it imports from other files. */
type Part = (take: (file: string) => Names) => Names;

export interface LateParts {
  /** All that the file exports. */
  part(file: string): Names;
  /** Stands for a namespace of it; reads the file when one of its names is asked for. */
  namespace(file: string, name: string, keys: readonly string[]): Names;
  /** Stands for a function of it; reads the file when it is called. */
  callable(file: string, name: string): (...args: unknown[]) => unknown;
}

/** `core` is what is there from the start, as the file `url`, beside which the parts are. */
export function lateParts(core: Names, url: string): LateParts {
  const loaded = new Map<string, Names>([[url.slice(url.lastIndexOf("/") + 1), core]]);
  const part = (file: string): Names => {
    let names = loaded.get(file);
    if (names === undefined) loaded.set(file, (names = read(file, url)(part)));
    return names;
  };
  return {
    part,
    namespace(file, name, keys) {
      const space = {};
      const fill = () => {
        const real = part(file)[name] as Names;
        for (const key of keys) Object.defineProperty(space, key, { enumerable: true, value: real[key] });
        return real;
      };
      for (const key of keys)
        Object.defineProperty(space, key, { configurable: true, enumerable: true, get: () => fill()[key] });
      return Object.defineProperty(space, Symbol.toStringTag, { value: "Module" });
    },
    callable: (file, name) =>
      ({ [name]: (...args: unknown[]) => (part(file)[name] as (...args: unknown[]) => unknown)(...args) })[name]!,
  };
}

function read(file: string, url: string): Part {
  try {
    return createRequire(url)(`./joined/${file}`);
  } catch (cause) {
    const advice =
      "a bundler that has taken in the library leaves it behind: make flambeau external there, or import flambeau/single";
    throw new Error(`flambeau: cannot read ${file} beside ${url}: ${advice}`, { cause });
  }
}
