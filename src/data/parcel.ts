// Values on their way to another thread and back. A thread shares no objects with another: what arrives is made anew, tensors
// from their bytes, plain data as they are, and all else from where its code lives.

import { showValue } from "../core/index.ts";
import { isPlain } from "../op/index.ts";
import { deviceOf, fromBytes, readAllSync, setRequiresGrad, Tensor } from "../tensor/index.ts";
import { ConcatDataset, Subset, TensorDataset } from "./dataset.ts";
import { FashionMNIST, MNIST } from "./mnist.ts";

/** What can be posted to a thread in place of a value. */
export type Parcel =
  | { readonly kind: "plain"; readonly value: unknown }
  | { readonly kind: "list"; readonly entries: readonly Parcel[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [key: string, Parcel])[] }
  | {
      readonly kind: "tensor";
      readonly code: number;
      readonly shape: readonly number[];
      readonly bytes: Uint8Array;
      readonly requiresGrad: boolean;
    }
  | { readonly kind: "ours"; readonly name: string; readonly args: readonly Parcel[] }
  | { readonly kind: "theirs"; readonly url: string; readonly name: string; readonly args: readonly Parcel[] | null };

interface Origin {
  readonly url: string;
  readonly name: string;
  readonly args: readonly unknown[] | null;
}
const origins = new WeakMap<object, Origin>();

type Make = (...args: unknown[]) => unknown;

/**
 * What a module exports under a name; with `args`, what the exported class or function makes of them. The DataLoader's workers
 * can have it too, because they know where it comes from: each imports the module and makes its own from the same arguments.
 *
 * Throws a TypeError where the module has no such export. In a class that draws random numbers let an argument say the seed,
 * so that all make the same.
 *
 * @example
 * const data = await fromModule<Faces>(new URL("./faces.js", import.meta.url), "Faces", ["faces/", { size: 64 }]);
 * const loader = new DataLoader(data, { batchSize: 32, numWorkers: 2 });
 */
export async function fromModule<T>(url: string | URL, name: string, args?: readonly unknown[]): Promise<T> {
  const { href } = addressOf(url);
  const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ href)) as Record<string, unknown>;
  if (!Object.hasOwn(module, name)) {
    throw new TypeError(
      `fromModule: ${href} exports no ${name}: it exports ${Object.keys(module).join(", ") || "nothing"}`,
    );
  }
  const exported = module[name];
  let made = exported;
  if (args !== undefined) {
    if (typeof exported !== "function") {
      throw new TypeError(
        `fromModule: ${name} is ${showValue(exported)}, expected a class or a function, for there are arguments`,
      );
    }
    made = isClass(exported) ? Reflect.construct(exported, args) : await (exported as Make)(...args);
  }
  if (typeof made === "function" || (typeof made === "object" && made !== null)) {
    origins.set(made, { url: href, name, args: args ?? null });
  }
  return made as T; // the caller knows what the module exports
}

function addressOf(url: string | URL): URL {
  try {
    return new URL(url);
  } catch {
    throw new TypeError(
      `fromModule: ${showValue(url)} is no whole URL: write new URL(${showValue(url)}, import.meta.url)`,
    );
  }
}

/** Whether a function can only be constructed. */
const isClass = (f: unknown): boolean => /^class\b/.test(globalThis.Function.prototype.toString.call(f));

type Class = new (...args: never[]) => object;

/** The library's own datasets, and the arguments that make one anew. */
const OURS: Readonly<Record<string, readonly [type: Class, args: (made: never) => readonly unknown[]]>> = {
  TensorDataset: [TensorDataset, (data: TensorDataset<readonly Tensor[]>) => data.tensors],
  Subset: [Subset, (data: Subset<unknown>) => [data.dataset, data.indices]],
  ConcatDataset: [ConcatDataset, (data: ConcatDataset<unknown>) => [data.datasets]],
  MNIST: [MNIST, (data: MNIST) => [data.data, data.targets]],
  FashionMNIST: [FashionMNIST, (data: MNIST) => [data.data, data.targets]],
};

/** How tensors' bytes go: in memory that all threads see, for several of them, or handed over to one. */
export type Freight = "shared" | ArrayBuffer[];

/**
 * What to post in place of a value; `what` names it in a message. Buffers that are to be handed over are added to `freight`.
 * Throws a TypeError for what no thread can have.
 */
export function pack(value: unknown, freight: Freight, what: string): Parcel {
  if (value instanceof Tensor) return packTensor(value, freight, what);
  if (isCloned(value)) return { kind: "plain", value };
  const packed = (x: unknown, key: string | number): Parcel => pack(x, freight, `${what}[${showValue(key)}]`);
  const origin = origins.get(value as object);
  if (origin !== undefined) {
    const { url, name, args } = origin;
    return { kind: "theirs", url, name, args: args === null ? null : args.map(packed) };
  }
  if (Array.isArray(value)) {
    if (value.every(isCloned)) return { kind: "plain", value };
    return { kind: "list", entries: value.map(packed) };
  }
  if (isPlain(value)) {
    return { kind: "record", entries: Object.entries(value).map(([key, x]) => [key, packed(x, key)]) };
  }
  for (const [name, [type, args]] of Object.entries(OURS)) {
    if ((value as object).constructor === type) return { kind: "ours", name, args: args(value as never).map(packed) };
  }
  throw new TypeError(
    `${what} is ${showValue(value)}, and its code cannot go to another thread: export it from a module and write ` +
      'await utils.data.fromModule(new URL("./module.js", import.meta.url), "itsName", [its arguments])',
  );
}

/** What was packed, made anew. */
export async function unpack(parcel: Parcel): Promise<unknown> {
  switch (parcel.kind) {
    case "plain":
      return parcel.value;
    case "list":
      return unpackAll(parcel.entries);
    case "record": {
      const values = await unpackAll(parcel.entries.map(([, entry]) => entry));
      return Object.fromEntries(parcel.entries.map(([key], i) => [key, values[i]]));
    }
    case "tensor": {
      const x = fromBytes(deviceOf("cpu", "DataLoader"), parcel.code, parcel.shape, parcel.bytes);
      if (parcel.requiresGrad) setRequiresGrad(x, true);
      return x;
    }
    case "ours":
      return Reflect.construct(OURS[parcel.name]![0], await unpackAll(parcel.args));
    case "theirs":
      return fromModule(parcel.url, parcel.name, parcel.args === null ? undefined : await unpackAll(parcel.args));
    default:
      throw parcel satisfies never;
  }
}

const unpackAll = (entries: readonly Parcel[]): Promise<unknown[]> => Promise.all(entries.map(unpack));

function packTensor(x: Tensor, freight: Freight, what: string): Parcel {
  if (x.requiresGrad && !x.isLeaf) {
    throw new TypeError(`${what} is a tensor with a history, which belongs to this thread: use detach()`);
  }
  const { code, shape, requiresGrad } = x;
  let bytes: Uint8Array = readAllSync(x, "DataLoader");
  if (freight !== "shared")
    freight.push(bytes.buffer as ArrayBuffer); // a copy that nobody else has
  else if (typeof SharedArrayBuffer !== "undefined") {
    const seen = new Uint8Array(new SharedArrayBuffer(bytes.length));
    seen.set(bytes);
    bytes = seen;
  }
  return { kind: "tensor", code, shape, bytes, requiresGrad };
}

/** Whether posting copies a value as it is. */
const isCloned = (x: unknown): boolean =>
  (typeof x !== "object" && typeof x !== "function" && typeof x !== "symbol") ||
  x === null ||
  ArrayBuffer.isView(x) ||
  CLONED.has(Object.prototype.toString.call(x));

const CLONED: ReadonlySet<string> = new Set(
  ["ArrayBuffer", "SharedArrayBuffer", "Blob", "Date", "File", "RegExp"].map((name) => `[object ${name}]`),
);
