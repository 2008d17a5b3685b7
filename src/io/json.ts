// JSON.parse keeps the last of two equal keys, and says nothing. A file that names a tensor twice is a lie that another
// reader may understand otherwise, so it is read by hand: an object is a list of pairs.

import { FormatError } from "../core/index.ts";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export class JsonObject {
  readonly pairs: readonly (readonly [string, JsonValue])[];
  constructor(pairs: readonly (readonly [string, JsonValue])[]) {
    this.pairs = pairs;
  }
}

/** The pairs of an object, no key of which stands twice. */
export function pairs(
  value: JsonValue,
  what: string,
  fail: (what: string) => never,
): readonly (readonly [string, JsonValue])[] {
  if (!(value instanceof JsonObject)) return fail(`${what} is not an object`);
  const seen = new Set<string>();
  for (const [key] of value.pairs) {
    if (seen.has(key)) fail(`${what} has the key ${JSON.stringify(key)} twice`);
    seen.add(key);
  }
  return value.pairs;
}

/** The value of a JSON text, in UTF-8; `what` it is goes into the message of a FormatError. */
export function parseJson(bytes: Uint8Array, source: string, what: string): JsonValue {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${source}: ${what} is not UTF-8`, { cause });
  }
  if (!text.startsWith("{")) throw new FormatError(`${source}: ${what} does not begin with {`);
  return new Json(text, `${source}: ${what}`).whole();
}

/** A reader of JSON that keeps every pair. Nothing here is nested deeper than four levels. */
class Json {
  readonly #text: string;
  readonly #source: string;
  #at = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  /** The one value of the text. */
  whole(): JsonValue {
    const value = this.#value(0);
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(depth: number): JsonValue {
    if (depth > 4) this.#fail();
    this.#space();
    const value = this.#plain(depth);
    this.#space();
    return value;
  }

  #plain(depth: number): JsonValue {
    switch (this.#text[this.#at]) {
      case "{": {
        const found: [string, JsonValue][] = [];
        this.#list("}", () => {
          this.#space();
          const key = this.#string();
          this.#space();
          if (this.#text[this.#at++] !== ":") this.#fail();
          found.push([key, this.#value(depth + 1)]);
        });
        return new JsonObject(found);
      }
      case "[": {
        const found: JsonValue[] = [];
        this.#list("]", () => found.push(this.#value(depth + 1)));
        return found;
      }
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  /** What stands between brackets, with commas. */
  #list(close: string, item: () => void): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const next = this.#text[this.#at++];
      if (next === close) return;
      if (next !== ",") this.#fail();
    }
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') this.#fail();
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    return this.#take(end + 1) as string;
  }

  #word(): string | number | boolean | null {
    WORD.lastIndex = this.#at;
    return this.#take(this.#at + (WORD.exec(this.#text)?.[0].length ?? 0));
  }

  /** What stands up to `end`, by JSON's own rules. */
  #take(end: number): string | number | boolean | null {
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end));
      this.#at = end;
      return value;
    } catch {
      return this.#fail();
    }
  }

  #space(): void {
    while (" \n\r\t".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #fail(): never {
    throw new FormatError(`${this.#source} is not JSON, near character ${this.#at}`);
  }
}
const WORD = /[-+.\w]+/y;
