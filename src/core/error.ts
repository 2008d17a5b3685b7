// Every error that the library throws on purpose. Each is also a TypeError or a RangeError, and its message is
// `operator: what is wrong, with what came: what was expected`.

import { DTYPES } from "./dtype.ts";
import type { Layout } from "./layout.ts";

/** Shapes that do not fit together. */
export class ShapeError extends RangeError {
  override readonly name: string = "ShapeError";
}
/** A dtype that the operator does not take. */
export class DTypeError extends TypeError {
  override readonly name: string = "DTypeError";
}
/** An index, a dim or a class label out of range. */
export class IndexError extends RangeError {
  override readonly name: string = "IndexError";
}
/** Tensors on different devices, or something that a device cannot do. */
export class DeviceError extends TypeError {
  override readonly name: string = "DeviceError";
}
/** A use of a tensor whose memory was given back. */
export class DisposedError extends TypeError {
  override readonly name: string = "DisposedError";
}
/** A request for memory that cannot be met. */
export class OutOfMemoryError extends RangeError {
  override readonly name: string = "OutOfMemoryError";
}
/** A file or bytes that are not what they claim to be. */
export class FormatError extends RangeError {
  override readonly name: string = "FormatError";
}
/** A matrix for which the computation has no answer. */
export class LinAlgError extends RangeError {
  override readonly name: string = "LinAlgError";
}
/** A misuse of the tape: no graph, a graph used twice, a saved tensor that was changed. */
export class AutogradError extends TypeError {
  override readonly name: string = "AutogradError";
}
/** An argument with the right type and a value that the operator does not take. */
export class ValueError extends RangeError {
  override readonly name: string = "ValueError";
}

type FlambeauError =
  | ShapeError
  | DTypeError
  | IndexError
  | DeviceError
  | DisposedError
  | OutOfMemoryError
  | AutogradError
  | ValueError;
const OURS = [
  ShapeError,
  DTypeError,
  IndexError,
  DeviceError,
  DisposedError,
  OutOfMemoryError,
  FormatError,
  LinAlgError,
  AutogradError,
  ValueError,
];

/** The class of an error that is known by name alone, because it was thrown elsewhere: ours, the language's, or Error. */
export function errorClass(name: string): new (message: string, options?: ErrorOptions) => Error {
  return (
    [...OURS, TypeError, RangeError, SyntaxError, ReferenceError, URIError].find((type) => type.name === name) ?? Error
  );
}

/** Puts the name of the outer call in front of an error of ours that came from inside it; anything else passes unchanged. */
export function withOuter(error: unknown, outer: string): unknown {
  if (OURS.some((type) => error instanceof type)) {
    const ours = error as FlambeauError;
    if (!ours.message.startsWith(`${outer}:`)) ours.message = `${outer}: ${ours.message}`;
  }
  return error;
}

/** The error of an operator that was called by another name: `add: …` is `add_: …` where that was called. */
export function underName(error: unknown, own: string, called: string): unknown {
  if (!(error instanceof Error) || !error.message.startsWith(`${own}: `)) return withOuter(error, called);
  error.message = `${called}${error.message.slice(own.length)}`;
  return error;
}

/** How a tensor's type and shape read in a message: `float32[2, 3]`. */
export function show(x: { readonly code: number; readonly layout: Layout }): string {
  return `${DTYPES[x.code]}${showShape(x.layout.shape)}`;
}

export const showShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** How an argument of any kind reads in a message. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(showValue).join(", ")}${value.length > 8 ? ", …" : ""}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    const { code, layout } = value as { code?: unknown; layout?: Layout };
    if (typeof code === "number" && layout?.shape !== undefined) return show({ code, layout });
    return `a ${Object.getPrototypeOf(value)?.constructor?.name ?? "plain object"}`;
  }
  return String(value);
}
