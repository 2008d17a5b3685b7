// The side that uses objects which live elsewhere. A proxy stands for a value there, or for a member of one; calling it
// says so to the other side, in one message a turn, and gives a proxy for the result at once. Only `await` waits.

import type { Nested } from "../tensor/index.ts";
import { type Channel, type ClientMessage, ITERATOR, type ServerMessage } from "./server.ts";
import { errorOf, failureOf, isMark, MARK, map } from "./wire.ts";

/** Copied when it is read. */
type Data =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Date
  | RegExp
  | readonly Data[]
  | Nested;

/** What a value there is here: it is called as it is there, gives further values of its kind, and is read by `await`. */
export type Remote<T> = Held<T> & PromiseLike<Read<T>>;

/** What `await` gives: data as they are, the rest as what it was, but not to be awaited again. */
export type Read<T> = T extends Data
  ? T
  : T extends PromiseLike<infer U>
    ? Read<U>
    : T extends readonly unknown[]
      ? readonly Read<T[number]>[] & { readonly [K in Exclude<keyof T, keyof [] | `${number}`>]: Read<T[K]> }
      : T extends (...args: never[]) => unknown
        ? Held<T>
        : T[keyof T] extends Data
          ? T
          : Held<T>;

/** A value there that is no data. */
export type Held<T> = T extends Data ? unknown : Members<T> & Callable<T> & Constructable<T> & Iterated<T>;

/** What may be given for a parameter: a value from here, or one from there. A function is called back, and waited for there. */
export type Sent<T> = [keyof T] extends [never]
  ? T
  : T | Remote<T> | Held<T> | (T extends readonly (infer U)[] ? readonly Sent<U>[] : never);

type Members<T> = { [K in keyof T as K extends symbol ? never : K]: Remote<T[K]> };

type Arguments<A> = A extends readonly unknown[] ? { [K in keyof A]: Sent<A[K]> } : never;

/** TypeScript infers no list of overloads: of the last three each. */
type Callable<T> = T extends {
  (...args: infer A extends readonly unknown[]): infer R;
  (...args: infer B extends readonly unknown[]): infer S;
  (...args: infer C extends readonly unknown[]): infer U;
}
  ? ((...args: Arguments<A>) => Remote<Awaited<R>>) &
      ((...args: Arguments<B>) => Remote<Awaited<S>>) &
      ((...args: Arguments<C>) => Remote<Awaited<U>>)
  : T extends (...args: infer A extends readonly unknown[]) => infer R
    ? (...args: Arguments<A>) => Remote<Awaited<R>>
    : unknown;

type Constructable<T> = T extends new (
  ...args: infer A extends readonly unknown[]
) => infer R
  ? new (
      ...args: Arguments<A>
    ) => Remote<R>
  : unknown;

type Iterated<T> = T extends Iterable<infer U> | AsyncIterable<infer U> ? AsyncIterable<Read<U>> : unknown;

interface Place {
  readonly handle: Handle;
  readonly path: readonly string[];
}

/** A number of the other side's table. It goes when nobody here can reach it. */
interface Handle {
  readonly id: number;
}

/** What stands behind a proxy. */
const behind = new WeakMap<object, { readonly connection: Connection; readonly place: Place }>();

/** Functions of the root that take a function which must not wait: it is run here at once, and what it asks for goes as one. */
export type Blocks = readonly string[];

class Connection {
  readonly #channel: Channel<ServerMessage, readonly ClientMessage[]>;
  readonly #hold: (on: boolean) => void;
  readonly #blocks: Blocks;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  readonly #functions: ((...args: unknown[]) => unknown)[] = [];
  readonly #numbers = new Map<(...args: unknown[]) => unknown, number>();
  readonly #dropped = new FinalizationRegistry<number>((id) => this.#say({ kind: "drop", id }));
  #queue: ClientMessage[] = [];
  #next = 1;
  #ended: Error | null = null;

  constructor(channel: Channel<ServerMessage, readonly ClientMessage[]>, hold: (on: boolean) => void, blocks: Blocks) {
    this.#channel = channel;
    this.#hold = hold;
    this.#blocks = blocks;
    channel.listen((message) => this.#hear(message));
  }

  root(): unknown {
    return this.#proxy({ handle: { id: 0 }, path: [] }, false);
  }

  /** From now on every read fails. */
  end(why: string): void {
    this.#ended ??= new Error(why);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
    this.#hold(false);
  }

  #say(message: ClientMessage): void {
    if (this.#queue.length === 0) queueMicrotask(() => this.#flush());
    this.#queue.push(message);
  }

  #flush(): void {
    const messages = this.#queue;
    this.#queue = [];
    if (messages.length > 0 && this.#ended === null) this.#channel.post(messages);
  }

  #hear(message: ServerMessage): void {
    if (message.kind === "call") return void this.#called(message);
    const waiting = this.#waiting.get(message.id)!;
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#hold(false);
    if (message.kind === "value") waiting.resolve(this.#decode(message.value));
    else waiting.reject(errorOf(message.failure));
  }

  async #called({ id, args, reply }: ServerMessage & { kind: "call" }): Promise<void> {
    try {
      const value = await this.#functions[id]!(...(this.#decode(args) as unknown[]));
      this.#say({ kind: "reply", id: reply, value: this.#encode(value), failure: null });
    } catch (error) {
      this.#say({ kind: "reply", id: reply, value: null, failure: failureOf(error) });
    }
  }

  #read(place: Place): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const { id } = this.#handle();
    this.#say({ kind: "read", id, target: placed(place) });
    this.#hold(true);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #handle(id: number = this.#next++): Handle {
    const handle = { id };
    this.#dropped.register(handle, id);
    return handle;
  }

  #encode(value: unknown): unknown {
    return map(value, (part) => {
      if (typeof part !== "function") return undefined;
      const stands = behind.get(part);
      if (stands !== undefined) {
        if (stands.connection !== this) throw new TypeError("a value of another worker was given");
        return { [MARK]: "value", ...placed(stands.place) };
      }
      const f = part as (...args: unknown[]) => unknown;
      let number = this.#numbers.get(f);
      if (number === undefined) {
        number = this.#functions.push(f) - 1;
        this.#numbers.set(f, number);
      }
      return { [MARK]: "function", id: number };
    });
  }

  #decode(value: unknown): unknown {
    return map(value, (part) => {
      if (!isMark(part)) return undefined;
      if (part[MARK] === "value") return this.#proxy({ handle: this.#handle(part.id), path: [] }, false);
      const { items, named } = part as { items: readonly unknown[]; named: Readonly<Record<string, unknown>> };
      return Object.assign(
        items.map((item) => this.#decode(item)),
        this.#decode(named),
      );
    });
  }

  /** `awaited` says whether it can be. What an `await` gave cannot: it would be awaited again for ever. */
  #proxy(place: Place, awaited: boolean): object {
    const { handle, path } = place;
    const at = (key: string): Place => ({ handle, path: [...path, key] });
    const proxy: object = new Proxy(function () {}, {
      get: (_, key) => {
        if (key === "then") {
          return awaited ? (...way: Parameters<Promise<unknown>["then"]>) => this.#read(place).then(...way) : undefined;
        }
        if (key === Symbol.asyncIterator) return () => this.#iterate(at(ITERATOR));
        if (key === Symbol.toPrimitive || key === Symbol.iterator) throw new TypeError(UNREAD);
        return typeof key === "string" ? this.#proxy(at(key), true) : undefined;
      },
      set: (_, key, value) => {
        this.#say({ kind: "set", target: placed(at(String(key))), value: this.#encode(value) });
        return true;
      },
      apply: (_, __, args) => {
        if (handle.id === 0 && path.length === 1 && this.#blocks.includes(path[0]!) && typeof args[0] === "function") {
          return this.#block(place, args[0] as () => unknown);
        }
        return this.#ask("call", place, args);
      },
      construct: (_, args) => this.#ask("new", place, args),
    });
    behind.set(proxy, { connection: this, place });
    return proxy;
  }

  #ask(kind: "call" | "new", place: Place, args: unknown[]): object {
    const handle = this.#handle();
    this.#say({ kind, id: handle.id, target: placed(place), args: this.#encode(args) });
    return this.#proxy({ handle, path: [] }, true);
  }

  #block(place: Place, body: () => unknown): unknown {
    const outer = this.#queue;
    const mine: ClientMessage[] = [];
    this.#queue = mine;
    let result: unknown;
    try {
      result = body();
    } finally {
      this.#queue = outer;
      const value = result instanceof Promise ? null : this.#encode(result);
      this.#say({ kind: "block", target: placed(place), body: mine, result: value });
    }
    if (result instanceof Promise) {
      throw new TypeError(`${place.path[0]} cannot span an await: wrap each synchronous part`);
    }
    return result;
  }

  async *#iterate(place: Place): AsyncGenerator<unknown> {
    const iterator = this.#ask("call", place, []) as { next(): PromiseLike<IteratorResult<unknown>> };
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  }
}

const UNREAD = "a value that lives in a worker is read by await: `await x.item()`, `await x.data()`, `await x.shape`";

function placed({ handle, path }: Place): { readonly id: number; readonly path: readonly string[] } {
  return { id: handle.id, path };
}

/** The root of what is served at the other end, and what says that it is no more there. */
export function connect<T>(
  channel: Channel<ServerMessage, readonly ClientMessage[]>,
  hold: (on: boolean) => void,
  blocks: Blocks,
): { readonly root: Held<T>; end(why: string): void } {
  const connection = new Connection(channel, hold, blocks);
  return { root: connection.root() as Held<T>, end: (why) => connection.end(why) };
}
