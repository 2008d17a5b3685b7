// Modules as text, as Python prints them.

import { Module } from "./module.ts";

/** `Net(\n  (fc1): Linear(in_features=784, …)\n)`. */
export function reprModule(module: Module): string {
  const extra = module.extraRepr();
  const children: string[] = [];
  for (const held of Module.held(module)) {
    if (held.kind === "module") {
      children.push(`(${held.key}): ${indent(held.value === null ? "None" : String(held.value))}`);
    }
  }
  return frame(className(module), extra === "" ? [] : extra.split("\n"), children);
}

/** A name and what belongs in its brackets: one line alone stays beside it. */
export function frame(name: string, extra: readonly string[], children: readonly string[]): string {
  if (children.length === 0 && extra.length <= 1) return `${name}(${extra[0] ?? ""})`;
  return `${name}(\n  ${[...extra, ...children].join("\n  ")}\n)`;
}

/** Lines after the first move two columns in. */
export const indent = (text: string): string => text.replaceAll("\n", "\n  ");

/** The class of a value, for messages and reprs. */
export function className(x: unknown): string {
  if (x === null || x === undefined) return "None";
  return typeof x === "object" || typeof x === "function"
    ? (Object.getPrototypeOf(x)?.constructor?.name ?? "object")
    : typeof x;
}

/** A value as Python writes it. An integral number is an integer: hyper-parameters, which are floats, go through `real`. */
export function py(x: unknown): string {
  if (x === null || x === undefined) return "None";
  if (typeof x === "boolean") return x ? "True" : "False";
  if (typeof x === "string") return `'${x}'`;
  if (typeof x === "number") return Number.isInteger(x) ? String(x) : real(x);
  if (Array.isArray(x)) return `(${x.map(py).join(", ")}${x.length === 1 ? "," : ""})`;
  return String(x);
}

/** A float as Python writes it: `1.0`, `1e-05`, `inf`. */
export function real(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const size = Math.abs(x);
  // JavaScript turns to exponents below 1e-6 and from 1e21, Python below 1e-4 and from 1e16.
  if (x !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa = "", power = ""] = x.toExponential().split("e");
    return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }
  return Number.isInteger(x) ? x.toFixed(1) : String(x);
}

/** `name=value, …` of what is given, in order. */
export function fields(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
