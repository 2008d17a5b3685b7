// The header of a safetensors file, read and written.
//
//   { "__metadata__": { "format": "pt" }, "weight": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] } }

import { codeOf, DTYPES, type DType, DTypeError, FormatError, type Layout, SIZE } from "../core/index.ts";

/** Text by name. */
export type Metadata = Readonly<Record<string, string>>;

/** A tensor of the file; `begin` and `end` count from the end of the header. */
export interface Entry {
  /** Its dtype's code. */
  readonly code: number;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: Metadata | null;
}

/** The longest header that is read: no model comes near it, and a lie costs no more than this. */
const LIMIT = 100_000_000;

/** The dtypes in the format's words, in the order in which tensors are written: wide ones first keeps all aligned. */
const NAMES: readonly (readonly [DType, string])[] = [
  ["int64", "I64"],
  ["float64", "F64"],
  ["complex64", "C64"],
  ["float32", "F32"],
  ["int32", "I32"],
  ["bfloat16", "BF16"],
  ["float16", "F16"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
];
const CODES: ReadonlyMap<string, number> = /* @__PURE__ */ new Map(NAMES.map(([dtype, name]) => [name, codeOf(dtype)]));

/** The length of the header, from the first 8 bytes of a file of `size` bytes. */
export function headerLength(first: Uint8Array, size: number, source: string): number {
  if (first.length < 8) throw new FormatError(`${source}: no safetensors file: ${size} bytes are too few for a header`);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LIMIT)) {
    throw new FormatError(`${source}: the header claims ${length} bytes, more than ${LIMIT} are not read`);
  }
  if (length > BigInt(size - 8)) {
    throw new FormatError(`${source}: the header claims ${length} bytes, the file has ${size - 8} more`);
  }
  return Number(length);
}

/** The tensors and the metadata of a header that is followed by `dataSize` bytes. */
export function parseHeader(bytes: Uint8Array, dataSize: number, source: string): Header {
  const fail = (what: string): never => {
    throw new FormatError(`${source}: ${what}`);
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${source}: the header is not UTF-8`, { cause });
  }
  if (!text.startsWith("{")) fail("the header does not begin with {");
  const entries = new Map<string, Entry>();
  let metadata: Record<string, string> | null = null;
  for (const [name, value] of pairs(new Json(text, source).whole(), "the header", fail)) {
    if (name === "__metadata__") {
      metadata = Object.create(null) as Record<string, string>;
      for (const [key, word] of pairs(value, "__metadata__", fail))
        metadata[key] = typeof word === "string" ? word : fail(`the metadata ${JSON.stringify(key)} is not text`);
    } else entries.set(name, entry(name, value, fail));
  }
  return { entries: inOrder(entries, dataSize, fail), metadata };
}

function entry(name: string, value: JsonValue, fail: (what: string) => never): Entry {
  const quoted = JSON.stringify(name);
  const fields = new Map(pairs(value, quoted, fail));
  const dtype = fields.get("dtype");
  const shape = fields.get("shape");
  const offsets = fields.get("data_offsets");
  if (fields.size !== 3 || typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    return fail(`${quoted} must have a dtype, a shape and data_offsets of two numbers`);
  }
  const code =
    CODES.get(dtype) ?? fail(`${quoted} has the dtype ${JSON.stringify(dtype)}, which has no counterpart here`);
  const [begin, end] = offsets as [number, number];
  let size = SIZE[code]!;
  for (const dim of shape) size *= dim;
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    fail(`${quoted} claims ${end - begin} bytes for ${dtype}[${shape.join(", ")}], which takes ${size}`);
  }
  return { code, shape, begin, end };
}

/** The entries by offset. Together they must fill the data exactly: no overlap, no hole, nothing behind. */
function inOrder(
  entries: ReadonlyMap<string, Entry>,
  dataSize: number,
  fail: (what: string) => never,
): Map<string, Entry> {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  for (const [name, { begin, end }] of sorted) {
    if (begin !== filled) {
      fail(
        `${JSON.stringify(name)} begins at byte ${begin} of the data, expected ${filled}: ${begin < filled ? "it overlaps another" : "there is a hole"}`,
      );
    }
    filled = end;
  }
  if (filled !== dataSize) fail(`the tensors take ${filled} bytes, the file has ${dataSize} for them`);
  return new Map(sorted);
}

type Sized = { readonly code: number; readonly layout: Layout };

/** A header with its length and padding, and the tensors in the order of their bytes. */
export function writeHeader<T extends Sized>(
  tensors: Readonly<Record<string, T>>,
  metadata: Metadata | null,
): {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly order: readonly { readonly tensor: T; readonly begin: number; readonly end: number }[];
} {
  const rank = (x: T): number => NAMES.findIndex(([dtype]) => dtype === DTYPES[x.code]);
  const sorted = Object.entries(tensors).sort(([a, x], [b, y]) => rank(x) - rank(y) || (a < b ? -1 : 1));
  const words: string[] = [];
  if (metadata !== null) {
    for (const [key, word] of Object.entries(metadata)) {
      if (typeof word !== "string") throw new TypeError(`save: the metadata ${JSON.stringify(key)} is not text`);
    }
    words.push(`"__metadata__":${JSON.stringify(metadata)}`);
  }
  let filled = 0;
  const order = sorted.map(([name, tensor]) => {
    const { code, layout } = tensor;
    const dtype = NAMES[rank(tensor)]?.[1];
    if (dtype === undefined) {
      throw new DTypeError(`save: ${JSON.stringify(name)} is ${DTYPES[code]}, which the format does not have`);
    }
    if (name === "__metadata__") throw new TypeError('save: "__metadata__" cannot be the name of a tensor');
    const begin = filled;
    filled += layout.size * SIZE[code]!;
    words.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${layout.shape}],"data_offsets":[${begin},${filled}]}`,
    );
    return { tensor, begin, end: filled };
  });
  const json = new TextEncoder().encode(`{${words.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(32);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, order };
}

// JSON.parse keeps the last of two equal keys, and says nothing. A file that names a tensor twice is a lie that another
// reader may understand otherwise, so the header is read by hand: an object is a list of pairs.

type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
class JsonObject {
  readonly pairs: readonly (readonly [string, JsonValue])[];
  constructor(pairs: readonly (readonly [string, JsonValue])[]) {
    this.pairs = pairs;
  }
}

/** The pairs of an object, no key of which stands twice. */
function pairs(
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

const isSizes = (x: JsonValue | undefined): x is readonly number[] =>
  Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);

/** A reader of JSON that keeps every pair. Nothing in a header is nested deeper than four levels. */
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
    throw new FormatError(`${this.#source}: the header is not JSON, near character ${this.#at}`);
  }
}
const WORD = /[-+.\w]+/y;
