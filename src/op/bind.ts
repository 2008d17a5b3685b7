// Arguments as PyTorch takes them: required ones in order, optional ones in order or by name in one trailing object.
// A signature is written as PyTorch documents it: "input, dim?, keepdim?, *, dtype?"; a name with `?` is optional, what
// follows `*` can only be named.

import { ComplexScalar, FloatScalar, showValue } from "../core/index.ts";
import { Tensor } from "../tensor/index.ts";

export interface Signature {
  readonly names: readonly string[];
  /** How many may be given by position. */
  readonly positional: number;
  readonly required: readonly boolean[];
  /** How many are needed at least, given by position. */
  readonly least: number;
}

const parsed = new Map<string, Signature>();

export function signature(text: string): Signature {
  let known = parsed.get(text);
  if (known === undefined) {
    const words = text.split(",").map((word) => word.trim());
    const star = words.indexOf("*");
    const names = words.filter((word) => word !== "*");
    const required = names.map((word) => !word.endsWith("?"));
    known = {
      names: names.map((word) => word.replace("?", "")),
      positional: star < 0 ? names.length : star,
      required,
      least: required.lastIndexOf(true) + 1,
    };
    parsed.set(text, known);
  }
  return known;
}

/** A plain object: its prototype is null or has none itself, in this realm or another. */
export function isPlain(x: unknown): x is Record<string, unknown> {
  if (typeof x !== "object" || x === null || x instanceof Tensor || Array.isArray(x)) return false;
  if (x instanceof FloatScalar || x instanceof ComplexScalar) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** True where all that is needed is given by position, so that there is nothing to bind. */
export function isBound({ positional, required, least }: Signature, args: readonly unknown[]): boolean {
  const n = args.length;
  if (n < least || n > positional) return false;
  for (let i = 0; i < n; i++) if (args[i] === undefined && required[i]) return false;
  return n === 0 || !isPlain(args[n - 1]);
}

/** The arguments in the signature's order, undefined where absent. Throws TypeError as PyTorch would. */
export function bindArguments(op: string, text: string, args: readonly unknown[]): unknown[] {
  const { names, positional, required } = signature(text);
  const last = args[args.length - 1];
  const options = args.length > 0 && isPlain(last) ? last : null;
  const given = options === null ? args.length : args.length - 1;
  if (given > positional) {
    throw new TypeError(
      `${op}: takes at most ${positional} positional arguments (${names.slice(0, positional).join(", ")}), got ${given}`,
    );
  }
  const values: unknown[] = [];
  for (let i = 0; i < names.length; i++) values.push(i < given ? args[i] : undefined);
  if (options !== null) {
    for (const key of Object.keys(options)) {
      const value = options[key];
      if (value === undefined) continue;
      const at = names.indexOf(key);
      if (at < 0) throw new TypeError(`${op}: unknown argument "${key}": there are ${names.join(", ")}`);
      if (values[at] !== undefined) throw new TypeError(`${op}: got ${key} twice`);
      values[at] = value;
    }
  }
  for (let i = 0; i < names.length; i++) {
    if (required[i] && values[i] === undefined) {
      throw new TypeError(`${op}: the argument ${names[i]} is missing`);
    }
  }
  return values;
}

/** The error of an argument of a wrong type. */
export function wrongArgument(op: string, name: string, value: unknown, expected: string): TypeError {
  if (value instanceof Object && "storage" in value && "layout" in value && !(value instanceof Tensor)) {
    return new TypeError(
      `${op}: ${name} is a tensor of another copy of flambeau: one program has to import one copy, or pass values`,
    );
  }
  return new TypeError(`${op}: ${name} is ${showValue(value)}, expected ${expected}`);
}
