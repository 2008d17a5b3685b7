// The side where the objects live: does what the client says, in its order, and keeps the results in a table.

import { errorOf, type Failure, failureOf, isMark, isPlain, MARK, map } from "./wire.ts";

/** The way to the other side. */
export interface Channel<In, Out> {
  listen(hear: (message: In) => void): void;
  post(message: Out): void;
}

interface Place {
  readonly id: number;
  readonly path: readonly string[];
}

/** `id` is the client's number for the result. */
export type ClientMessage =
  | { readonly kind: "call" | "new"; readonly id: number; readonly target: Place; readonly args: unknown }
  | { readonly kind: "set"; readonly target: Place; readonly value: unknown }
  /** The value, please; it is also kept as `id`. */
  | { readonly kind: "read"; readonly id: number; readonly target: Place }
  /** Calls the target with a function that does `body` and returns `result`. */
  | {
      readonly kind: "block";
      readonly target: Place;
      readonly body: readonly ClientMessage[];
      readonly result: unknown;
    }
  | { readonly kind: "drop"; readonly id: number }
  /** What a function of the client's came to. */
  | { readonly kind: "reply"; readonly id: number; readonly value: unknown; readonly failure: Failure | null };

export type ServerMessage =
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  /** Calls a function of the client's; it replies to `reply`. */
  | { readonly kind: "call"; readonly id: number; readonly args: unknown; readonly reply: number };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a call that failed leaves in its result's place: whoever uses it fails alike. */
class Failed {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Serves `root`, which is number 0. */
export function serve(root: unknown, channel: Channel<readonly ClientMessage[], ServerMessage>): void {
  const table = new Map<number, unknown>([[0, root]]);
  const replies = new Map<number, Waiting>();
  let own = -1; // numbers that this side gives: below 0
  let unheard: Failed | null = null; // the first error that nobody has been told of

  channel.listen((messages) => messages.forEach(obey));

  function obey(message: ClientMessage): void {
    switch (message.kind) {
      case "call":
      case "new":
        attempt(message.id, () => {
          const { self, value } = find(message.target);
          const args = decode(message.args) as unknown[];
          if (typeof value !== "function") throw new TypeError(`${nameOf(message.target)} is not a function`);
          return message.kind === "new" ? Reflect.construct(value, args) : Reflect.apply(value, self, args);
        });
        break;
      case "set":
        attempt(null, () => {
          const { id, path } = message.target;
          Reflect.set(find({ id, path: path.slice(0, -1) }).value as object, path.at(-1)!, decode(message.value));
        });
        break;
      case "block":
        attempt(null, () => {
          const { self, value } = find(message.target);
          const body = () => {
            message.body.forEach(obey);
            return decode(message.result);
          };
          Reflect.apply(value as (body: () => unknown) => unknown, self, [body]);
        });
        break;
      case "read":
        attempt(message.id, () => find(message.target).value);
        void answer(message.id);
        break;
      case "drop":
        table.delete(message.id);
        break;
      case "reply": {
        const { resolve, reject } = replies.get(message.id)!;
        replies.delete(message.id);
        if (message.failure === null) resolve(decode(message.value));
        else reject(errorOf(message.failure));
        break;
      }
      default:
        message satisfies never;
    }
  }

  /** Keeps what `body` comes to, be it an error. */
  function attempt(id: number | null, body: () => unknown): void {
    let result: unknown;
    try {
      result = body();
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      result = fail(error);
    }
    if (id !== null) table.set(id, result);
  }

  function fail(error: unknown): Failed {
    const failed = new Failed(error);
    unheard ??= failed;
    return failed;
  }

  async function answer(id: number): Promise<void> {
    try {
      const value = await table.get(id);
      const failed = value instanceof Failed ? value : unheard;
      if (failed !== null) throw failed.error;
      table.set(id, value);
      channel.post({ kind: "value", id, value: encode(value, id) });
    } catch (error) {
      unheard = null;
      channel.post({ kind: "failure", id, failure: failureOf(error) });
    }
  }

  /** The value at a place, and the object that it is a member of. */
  function find({ id, path }: Place): { self: unknown; value: unknown } {
    let self: unknown;
    let value = table.get(id);
    if (value instanceof Failed) throw value.error;
    for (const key of path) {
      if (value === null || value === undefined) throw new TypeError(`cannot read ${key} of ${value}`);
      self = value;
      value = member(value as Readonly<Record<string, unknown>>, key);
    }
    return { self, value };
  }

  function decode(value: unknown): unknown {
    return map(value, (part) => {
      if (!isMark(part)) return undefined;
      if (part[MARK] === "value") return find(part).value;
      const { id } = part as { readonly id: number };
      return (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          const reply = own--;
          replies.set(reply, { resolve, reject });
          channel.post({ kind: "call", id, args: encode(args, null), reply });
        });
    });
  }

  /** Data as they are; what is no data by a number: its own, or a new one. */
  function encode(value: unknown, id: number | null): unknown {
    return map(value, (part) => {
      if (part === undefined || isData(part)) return part;
      if (Array.isArray(part)) {
        const named = Object.entries(part).filter(([key]) => !/^\d+$/.test(key));
        if (named.length === 0) return undefined;
        const items = part.map((item) => encode(item, null));
        return { [MARK]: "array", items, named: encode(Object.fromEntries(named), null) };
      }
      if (typeof part === "object" && isPlain(part as object)) return undefined;
      const number = part === value && id !== null ? id : own--;
      table.set(number, part);
      return { [MARK]: "value", id: number, path: [] };
    });
  }
}

/** An iterator by a name, since symbols do not travel. */
export const ITERATOR = "@@iterator";

function member(object: Readonly<Record<string, unknown>>, key: string): unknown {
  if (key !== ITERATOR) return object[key];
  const of = object as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  return of[Symbol.asyncIterator] ?? of[Symbol.iterator];
}

function nameOf({ path }: Place): string {
  return path.join(".") || "this value";
}

/** What structured cloning copies whole, but for arrays and plain objects, whose parts are looked at. */
function isData(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  return (
    ArrayBuffer.isView(value) ||
    [ArrayBuffer, Blob, Date, RegExp].some((type) => value instanceof type) ||
    (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer)
  );
}
