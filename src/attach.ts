// Gives Tensor the operators as methods. By the marker `opName`, as the types in src/tensor/methods.ts, so that type and
// prototype cannot differ.

import type { OperatorFunction } from "./op/index.ts";
import { Tensor } from "./tensor/index.ts";

/** Attaches every operator of a module of operators. */
export function attachMethods(module: Readonly<Record<string, unknown>>): void {
  // By keys: a bundler's namespace is all getters, over which Object.entries takes milliseconds.
  for (const name of Object.keys(module)) {
    const member = module[name];
    if (typeof member !== "function" || !("opName" in member)) continue;
    const f = member as OperatorFunction;
    const method = (f.operator as OperatorFunction["operator"] | undefined)?.rule.method;
    if (method === false) continue;
    if (method === "attribute") {
      Object.defineProperty(Tensor.prototype, name, {
        configurable: true,
        get(this: Tensor) {
          return f(this);
        },
      });
    } else
      Object.defineProperty(Tensor.prototype, name, { configurable: true, writable: true, value: bound(method ?? f) });
  }
}

/** `x.f(…)` is `f(x, …)`; the arities that are called in loops take no detour through an array. */
function bound(f: unknown): (this: Tensor, ...args: unknown[]) => unknown {
  const call = f as (...args: unknown[]) => unknown;
  return function (this: Tensor, a?: unknown, b?: unknown, c?: unknown): unknown {
    switch (arguments.length) {
      case 0:
        return call(this);
      case 1:
        return call(this, a);
      case 2:
        return call(this, a, b);
      case 3:
        return call(this, a, b, c);
      default:
        return call(this, ...arguments);
    }
  };
}
