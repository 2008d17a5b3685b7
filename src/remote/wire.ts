// How values travel. What structured cloning copies goes as it is; what stays on its side is named by a number.

import { errorClass } from "../core/error.ts";

/** Stands for a value: of the server's table, or a function of the client's. */
export type Mark =
  | { readonly [MARK]: "value"; readonly id: number; readonly path: readonly string[] }
  | { readonly [MARK]: "function"; readonly id: number }
  | { readonly [MARK]: "array"; readonly items: readonly unknown[]; readonly named: Readonly<Record<string, unknown>> };

export const MARK = "flambeau:mark";

/** An error on its way: its class would not survive the cloning. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export function isMark(value: unknown): value is Mark {
  return typeof value === "object" && value !== null && MARK in value;
}

/** An object that is nothing but its fields, of whichever realm. */
export function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The value with everything inside it that `replace` replaces; undefined from it leaves the value to its parts. */
export function map(value: unknown, replace: (value: unknown) => unknown): unknown {
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => map(item, replace));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item, replace)]));
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  return { name: error.name, message: error.message, stack: error.stack ?? "" };
}

/** The error as it was there, of the same class. */
export function errorOf({ name, message, stack }: Failure): Error {
  return Object.assign(new (errorClass(name))(message), { name, stack });
}
