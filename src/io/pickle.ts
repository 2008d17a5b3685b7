// Python's pickles, read and written, as far as data need it. A pickle is a program for a stack machine, and Python's own
// reader calls whatever function it names. This one calls nothing: a name stands for one of a few known kinds of data
// (`Known`), and any other is refused.

import { ComplexScalar, FloatScalar, FormatError, showValue } from "../core/index.ts";

/** A tuple, which may be the key of a dictionary. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A dictionary, in order. */
export class Dict {
  readonly pairs: [unknown, unknown][] = [];
  /** What PyTorch hangs on a state dict beside its entries: the versions of the modules' layouts. */
  metadata: Dict | null = null;
}

/** The metadata of a state dict, which is no entry of it: kept by an object, as by PyTorch's, in `_metadata`. */
export function metadataOf(state: object): object | null {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(state, METADATA) ?? {};
  return enumerable === false && typeof value === "object" ? value : null;
}
export const METADATA = "_metadata";

/** A name that a pickle refers to: `torch._utils._rebuild_tensor_v2`. */
export class Name {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** What names and references outside of the pickle stand for. */
export interface Known {
  /** The value of a name; undefined for one that is not known. */
  name(path: string): unknown;
  /** What calling a name gives; undefined for one that cannot be called. */
  call(path: string, args: readonly unknown[]): unknown;
  /** What a reference to something outside stands for. */
  persistent(id: unknown): unknown;
}

/** The value of a pickle: lists are arrays, dictionaries `Dict`, tuples `Tuple`. */
export function unpickle(bytes: Uint8Array, known: Known, source: string): unknown {
  return new Machine(bytes, known, source).run();
}

const MARK = Symbol("mark");
const LONGEST_INTEGER = 1024; // bytes; the conversion takes time in proportion to the square

class Machine {
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #known: Known;
  readonly #source: string;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;

  constructor(bytes: Uint8Array, known: Known, source: string) {
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#known = known;
    this.#source = source;
  }

  run(): unknown {
    for (;;) {
      const at = this.#at;
      const code = this.#byte();
      if (code === 0x2e) break; // STOP
      this.#step(code, at);
    }
    if (this.#at !== this.#bytes.length) this.#fail(`ends at byte ${this.#at} of ${this.#bytes.length}`);
    const value = this.#pop();
    if (this.#stack.length > 0) this.#fail("leaves more than one value");
    return value;
  }

  #step(code: number, at: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        if (this.#byte() > 5) this.#fail(`has protocol ${this.#bytes[this.#at - 1]}, 5 is the last that is known`);
        return;
      case 0x95: // FRAME
        this.#take(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x30: // POP
        this.#pop();
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        return;
      case 0x4b: // BININT1
        stack.push(this.#byte());
        return;
      case 0x4d: // BININT2
        stack.push(this.#data.getUint16(this.#take(2), true));
        return;
      case 0x4a: // BININT
        stack.push(this.#data.getInt32(this.#take(4), true));
        return;
      case 0x8a: // LONG1
      case 0x8b: // LONG4
        stack.push(this.#integer(code === 0x8a ? this.#byte() : this.#length4()));
        return;
      case 0x47: // BINFLOAT
        stack.push(this.#data.getFloat64(this.#take(8), false));
        return;
      case 0x58: // BINUNICODE
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#text(code === 0x58 ? this.#length4() : this.#byte()));
        return;
      case 0x42: // BINBYTES
      case 0x43: {
        // SHORT_BINBYTES
        const length = code === 0x42 ? this.#length4() : this.#byte();
        const begin = this.#take(length);
        stack.push(this.#bytes.slice(begin, begin + length));
        return;
      }
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Dict());
        return;
      case 0x8f: // EMPTY_SET
        stack.push(new Set());
        return;
      case 0x29: // EMPTY_TUPLE
        stack.push(new Tuple([]));
        return;
      case 0x74: // TUPLE
        stack.push(new Tuple(this.#marked()));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: code - 0x84 }, () => this.#pop());
        stack.push(new Tuple(items.reverse()));
        return;
      }
      case 0x61: {
        // APPEND
        const item = this.#pop();
        this.#list().push(item);
        return;
      }
      case 0x65: {
        // APPENDS
        const items = this.#marked();
        const list = this.#list();
        for (const item of items) list.push(item);
        return;
      }
      case 0x90: {
        // ADDITEMS
        const items = this.#marked();
        const set = this.#top();
        if (!(set instanceof Set)) this.#fail("adds to what is no set");
        for (const item of items) set.add(item);
        return;
      }
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        const key = this.#pop();
        this.#dict().pairs.push([key, value]);
        return;
      }
      case 0x75: {
        // SETITEMS
        const items = this.#marked();
        if (items.length % 2 !== 0) this.#fail("has a key without a value");
        const { pairs } = this.#dict();
        for (let i = 0; i < items.length; i += 2) pairs.push([items[i], items[i + 1]]);
        return;
      }
      case 0x71: // BINPUT
        this.#memo.set(this.#byte(), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#data.getUint32(this.#take(4), true), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x68: // BINGET
        this.#recall(this.#byte());
        return;
      case 0x6a: // LONG_BINGET
        this.#recall(this.#data.getUint32(this.#take(4), true));
        return;
      case 0x63: // GLOBAL
        this.#name(this.#line(), this.#line());
        return;
      case 0x93: {
        // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== "string" || typeof module !== "string") this.#fail("names what is no name");
        this.#name(module, name);
        return;
      }
      case 0x52: {
        // REDUCE
        const args = this.#pop();
        const callee = this.#pop();
        if (!(args instanceof Tuple) || !(callee instanceof Name)) this.#fail("calls what is no name");
        const value = this.#known.call(callee.path, args.items);
        if (value === undefined) this.#fail(`uses ${callee.path} in a way that is not known`);
        stack.push(value);
        return;
      }
      case 0x62: {
        // BUILD: attributes of an object. An OrderedDict may have some; only a state dict's metadata are data.
        const attributes = this.#pop();
        const owner = this.#top();
        if (!(owner instanceof Dict)) this.#fail("sets attributes of an object");
        const [, metadata] = (attributes instanceof Dict && attributes.pairs.find(([key]) => key === METADATA)) || [];
        if (metadata instanceof Dict) owner.metadata = metadata;
        return;
      }
      case 0x51: // BINPERSID
        stack.push(this.#known.persistent(this.#pop()));
        return;
      default:
        this.#fail(`has the instruction 0x${code.toString(16)} at byte ${at}, which is not for data`);
    }
  }

  #name(module: string, name: string): void {
    const path = `${module === "__builtin__" ? "builtins" : module}.${name}`;
    const value = this.#known.name(path);
    if (value === undefined) {
      throw new FormatError(`${this.#source}: names ${path}, which is no data: nothing in a file is executed`);
    }
    this.#stack.push(value);
  }

  #recall(key: number): void {
    if (!this.#memo.has(key)) this.#fail(`recalls ${key}, which was never kept`);
    this.#stack.push(this.#memo.get(key));
  }

  #top(): unknown {
    if (this.#stack.length === 0 || this.#stack.at(-1) === MARK) this.#fail("takes from an empty stack");
    return this.#stack.at(-1);
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  /** All down to the last mark. */
  #marked(): unknown[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) this.#fail("has no mark");
    return this.#stack.splice(at).slice(1);
  }

  #list(): unknown[] {
    const list = this.#top();
    return Array.isArray(list) ? list : this.#fail("appends to what is no list");
  }

  #dict(): Dict {
    const dict = this.#top();
    return dict instanceof Dict ? dict : this.#fail("sets an item of what is no dictionary");
  }

  #integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) this.#fail(`has an integer of ${length} bytes`);
    const begin = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[begin + i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #text(length: number): string {
    const begin = this.#take(length);
    return this.#decode(begin, begin + length);
  }

  #line(): string {
    const begin = this.#at;
    const end = this.#bytes.indexOf(0x0a, begin);
    if (end < 0) this.#fail("ends inside of a name");
    this.#at = end + 1;
    return this.#decode(begin, end);
  }

  #decode(begin: number, end: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(begin, end));
    } catch {
      return this.#fail(`has text that is not UTF-8 at byte ${begin}`);
    }
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #length4(): number {
    return this.#data.getUint32(this.#take(4), true);
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) this.#fail("is cut");
    this.#at += length;
    return at;
  }

  #fail(what: string): never {
    throw new FormatError(`${this.#source}: ${what}`);
  }
}

/** A call that a pickle asks its reader for. */
export class Reduce {
  readonly path: string;
  readonly args: readonly unknown[];
  constructor(path: string, args: readonly unknown[]) {
    this.path = path;
    this.args = args;
  }
}

/** Something outside of the pickle. */
export class Persistent {
  readonly id: Tuple;
  constructor(id: Tuple) {
    this.id = id;
  }
}

/**
 * A pickle of protocol 2. `replace` gives what stands for an object that Python knows by another name: a `Reduce`, or
 * undefined for what is plain.
 *
 * Arrays are lists, plain objects and Maps dictionaries. Keys of objects that read as whole numbers are whole numbers,
 * as in the state of an optimizer.
 */
export function pickle(value: unknown, replace: (object: object) => unknown): Uint8Array {
  const writer = new Writer(replace);
  writer.bytes.push(0x80, 2);
  writer.write(value, 0);
  writer.bytes.push(0x2e);
  return Uint8Array.from(writer.bytes);
}

export const DEEPEST = 500; // containers in containers that are read and written

class Writer {
  readonly bytes: number[] = [];
  readonly #replace: (object: object) => unknown;
  readonly #memo = new Map<object, number>();

  constructor(replace: (object: object) => unknown) {
    this.#replace = replace;
  }

  write(value: unknown, depth: number): void {
    if (depth > DEEPEST) throw new RangeError(`save: the data are nested deeper than ${DEEPEST} levels`);
    const { bytes } = this;
    if (value === null || value === undefined) bytes.push(0x4e);
    else if (typeof value === "boolean") bytes.push(value ? 0x88 : 0x89);
    else if (typeof value === "string") this.#string(value);
    else if (typeof value === "bigint") this.#integer(value);
    else if (typeof value === "number") {
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(BigInt(value));
      else this.#float(value);
    } else if (typeof value !== "object") throw noData(value);
    else if (value instanceof FloatScalar) this.#float(value.value);
    else if (value instanceof Name) this.#name(value.path);
    else if (value instanceof Persistent) {
      this.write(value.id, depth + 1);
      bytes.push(0x51);
    } else if (value instanceof Tuple) {
      bytes.push(0x28);
      for (const item of value.items) this.write(item, depth + 1);
      bytes.push(0x74);
    } else this.#object(value, depth);
  }

  /** What has an identity: it stands once, and is referred to where it comes again. */
  #object(value: object, depth: number): void {
    const known = this.#memo.get(value);
    if (known !== undefined) {
      this.bytes.push(0x6a, ...le4(known));
      return;
    }
    if (Array.isArray(value)) {
      this.bytes.push(0x5d);
      this.#keep(value);
      this.#items(value, 0x65, depth);
      return;
    }
    const replaced = value instanceof Reduce ? value : this.#replace(value);
    if (replaced instanceof Reduce) {
      this.#name(replaced.path);
      this.write(new Tuple(replaced.args), depth);
      this.bytes.push(0x52);
      this.#keep(value);
      return;
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (!(value instanceof Map) && !plain) {
      throw noData(value);
    }
    const metadata = metadataOf(value);
    if (metadata !== null) {
      this.#stateDict(value, metadata, depth);
      return;
    }
    this.bytes.push(0x7d);
    this.#keep(value);
    const pairs: [unknown, unknown][] =
      value instanceof Map
        ? [...(value as Map<unknown, unknown>)]
        : Object.entries(value).map(([key, item]) => [INDEX.test(key) ? Number(key) : key, item]);
    this.#items(pairs.flat(1), 0x75, depth);
  }

  /** As PyTorch writes it: an OrderedDict, all keys text, the metadata an attribute of it. */
  #stateDict(state: object, metadata: object, depth: number): void {
    this.#name(ORDERED);
    this.bytes.push(0x29, 0x52); // called without arguments
    this.#keep(state);
    this.#items(Object.entries(state).flat(1), 0x75, depth);
    this.write(new Map([[METADATA, new Reduce(ORDERED, [Object.entries(metadata)])]]), depth + 1);
    this.bytes.push(0x62);
  }

  #items(items: readonly unknown[], code: number, depth: number): void {
    this.bytes.push(0x28);
    for (const item of items) this.write(item, depth + 1);
    this.bytes.push(code);
  }

  #keep(value: object): void {
    this.bytes.push(0x72, ...le4(this.#memo.size));
    this.#memo.set(value, this.#memo.size);
  }

  #name(path: string): void {
    const dot = path.lastIndexOf(".");
    this.bytes.push(0x63, ...new TextEncoder().encode(`${path.slice(0, dot)}\n${path.slice(dot + 1)}\n`));
  }

  #string(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.bytes.push(0x58, ...le4(encoded.length));
    for (const byte of encoded) this.bytes.push(byte);
  }

  #integer(value: bigint): void {
    if (BigInt.asIntN(32, value) === value) {
      this.bytes.push(0x4a, ...le4(Number(value)));
      return;
    }
    let length = 1;
    while (BigInt.asIntN(8 * length, value) !== value) length++;
    if (length > 255) throw new RangeError("save: an integer has more than 255 bytes");
    this.bytes.push(0x8a, length);
    for (let i = 0; i < length; i++) this.bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
  }

  #float(value: number): void {
    const data = new DataView(new ArrayBuffer(8));
    data.setFloat64(0, value, false);
    this.bytes.push(0x47, ...new Uint8Array(data.buffer));
  }
}
const noData = (value: unknown): TypeError =>
  new TypeError(`save: ${showValue(value)} is no data: of a module or an optimizer, save its stateDict()`);
const ORDERED = "collections.OrderedDict";
const INDEX = /^(0|[1-9]\d{0,8})$/;

const le4 = (value: number): number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >> 24) & 0xff,
];

/** What `Reduce` stands for a number of two parts, bytes and sets. */
export function reducePlain(value: object): Reduce | undefined {
  if (value instanceof ComplexScalar)
    return new Reduce("__builtin__.complex", [new FloatScalar(value.re), new FloatScalar(value.im)]);
  if (value instanceof Set) return new Reduce("__builtin__.set", [[...value]]);
  if (value instanceof Uint8Array) {
    return new Reduce("_codecs.encode", [Array.from(value, (byte) => String.fromCharCode(byte)).join(""), "latin1"]);
  }
  return undefined;
}
