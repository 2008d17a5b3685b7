// What Python's copy.deepcopy is to a script: a model or a state that later training does not touch.

import { isPlain, noGrad } from "../op/index.ts";
import { clone, detach, requiresGrad_ } from "../ops/index.ts";
import { outside, Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";

/**
 * A copy of a module, a tensor that is a leaf, or an array or plain object of these, with memory of its own. What is shared inside stays
 * shared; hooks are not copied, other values are the same ones.
 *
 * @example
 * const best = deepcopy(model.stateDict());
 * const target = deepcopy(policy);
 */
export function deepcopy<T>(value: T): T {
  return copied(value, new Map()) as T; // each copy has the class of what it is of
}

function copied(value: unknown, made: Map<object, object>): unknown {
  if (typeof value !== "object" && typeof value !== "function") return value;
  if (value === null) return null;
  if (value instanceof Module) return Module.copy(value, made);
  const known = made.get(value);
  if (known !== undefined) return known;
  let copy: object;
  if (value instanceof Tensor) {
    if (!value.isLeaf) throw new TypeError("deepcopy: only leaf tensors can be copied: detach() this one");
    copy = requiresGrad_(
      outside(() => noGrad(() => clone(detach(value)))),
      value.requiresGrad,
    );
  } else if (Array.isArray(value)) copy = value.map((x) => copied(x, made));
  else if (isPlain(value)) {
    copy = Object.assign(
      Object.create(Object.getPrototypeOf(value)) as object,
      Object.fromEntries(Object.entries(value).map(([key, x]) => [key, copied(x, made)])),
    );
  } else return value;
  made.set(value, copy);
  return copy;
}
