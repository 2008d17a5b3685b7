// Arguments that many operators take: whole numbers, sizes, dims. Each check throws what PyTorch would refuse.

import { isScalar, ShapeError, showShape, showValue, toNumber } from "../core/index.ts";
import { wrongArgument } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

/** A whole number. A bigint or a 0-dim integer tensor will do; a fraction, a boolean or a `Float` is a TypeError. */
export function whole(value: unknown, op: string, name: string): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Tensor && value.ndim === 0 && value.dtype.includes("int")) return value.item();
  throw wrongArgument(op, name, value, "an integer");
}

/** A list of whole numbers; one alone counts as a list of one. */
export function wholes(value: unknown, op: string, name: string): number[] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return list.map((entry) => whole(entry, op, name));
}

/** The sizes of a new tensor: none is negative. */
export function sizesOf(value: unknown, op: string, name = "size"): number[] {
  const sizes = wholes(value, op, name);
  if (sizes.some((size) => size < 0)) throw new ShapeError(`${op}: ${name} ${showShape(sizes)} has a negative entry`);
  return sizes;
}

/** A real number: plain, boxed, or a 0-dim tensor. */
export function realNumber(value: unknown, op: string, name: string): number {
  if (isScalar(value)) return toNumber(value);
  if (value instanceof Tensor && value.ndim === 0) return Number(value.item());
  throw wrongArgument(op, name, value, "a number");
}

/** One of the words. */
export function word<W extends string>(value: unknown, op: string, name: string, words: readonly W[]): W {
  if (words.includes(value as W)) return value as W;
  throw wrongArgument(op, name, value, words.map(showValue).join(" or "));
}

/** Numbers given one by one become a list: `(2, 3, options)` is `([2, 3], options)`. */
export function gathered(args: readonly unknown[]): readonly unknown[] {
  const other = args.findIndex((x) => typeof x !== "number");
  const n = other < 0 ? args.length : other;
  return n === 0 && args.length > 0 ? args : [args.slice(0, n), ...args.slice(n)];
}
