// PyTorch's files: a zip archive of a pickle and the bytes of the storages that it refers to.
//
//   archive/data.pkl ─ the object, its tensors as (storage, offset, sizes, strides)
//   archive/data/0, 1, … ─ the bytes of the storages │ archive/byteorder │ archive/version

import {
  BOOL,
  ComplexScalar,
  codeOf,
  DTYPES,
  type DType,
  dense,
  FloatScalar,
  FormatError,
  isDifferentiable,
  SIZE,
  showValue,
} from "../core/index.ts";
import { Parameter } from "../nn/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import { asStrided } from "../ops/index.ts";
import { assertAlive, deviceOf, fromBytes, readAll, type Storage, setRequiresGrad, Tensor } from "../tensor/index.ts";
import {
  DEEPEST,
  Dict,
  type Known,
  METADATA,
  Name,
  Persistent,
  pickle,
  Reduce,
  reducePlain,
  Tuple,
  unpickle,
} from "./pickle.ts";
import { type ByteSource, openSource, type Source, type Target, writeTo } from "./source.ts";
import { isZip, type ZipEntry, zipDirectory, zipParts, zipRead } from "./zip.ts";

/** PyTorch's names of storages. */
const STORAGES: Readonly<Record<DType, string>> = {
  bool: "BoolStorage",
  uint8: "ByteStorage",
  int8: "CharStorage",
  int16: "ShortStorage",
  int32: "IntStorage",
  int64: "LongStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  float32: "FloatStorage",
  float64: "DoubleStorage",
  complex64: "ComplexFloatStorage",
  complex128: "ComplexDoubleStorage",
};
const LARGEST_PICKLE = 1 << 30; // bytes; no model comes near it

interface LoadArguments {
  f: Source;
  /** Where the tensors are put; by default the current device. */
  mapLocation?: string | null;
  /** Accepted for PyTorch's sake: nothing in a file is ever executed. */
  weightsOnly?: boolean | null;
}
const bindLoad = /* @__PURE__ */ keywords<LoadArguments>("load", "f, mapLocation?, *, weightsOnly?", {
  mapLocation: null,
  weightsOnly: null,
});

/**
 * Reads what `torch.save` or `fl.save` wrote: tensors and parameters, and dictionaries, lists and plain values with them.
 *
 * Nothing in the file is executed; what a file names beyond data is refused by its name. Dictionaries whose keys are text
 * or whole numbers come as objects without a prototype, others as Maps; tuples as arrays; dtypes and devices as text.
 * Tensors that shared memory share it again. Throws FormatError for a file that is cut, lies, or is of the format before
 * PyTorch 1.6.
 *
 * @example
 * model.loadStateDict(await fl.load("model.pt"));
 * const { epoch } = await fl.load<{ epoch: number }>("checkpoint.pt");
 */
export async function load<T = Record<string, Tensor>>(
  ...args: Arguments<LoadArguments, [f: Source], [mapLocation?: string | null]>
): Promise<T> {
  const { f, mapLocation } = bindLoad(args);
  const source = await openSource(f);
  try {
    return (await read(source, mapLocation)) as T; // what a file holds is known to its reader alone
  } finally {
    await source.close();
  }
}

/**
 * Writes an object so that `torch.load` and `fl.load` read it: tensors, parameters, numbers, text, booleans, null, bytes,
 * Sets, and arrays, plain objects and Maps of them. The file is written whole or not at all.
 *
 * Tensors that share memory share it in the file. Keys that read as whole numbers are whole numbers in Python, as those
 * of an optimizer's state are. Of a module or an optimizer, save its `stateDict()`.
 *
 * @example
 * await fl.save(model.stateDict(), "model.pt");
 */
export async function save(obj: unknown, f: Target): Promise<void> {
  const storages: { readonly key: string; readonly bytes: Promise<Uint8Array> }[] = [];
  const known = new Map<Storage, Map<number, string>>();
  const keyOf = (x: Tensor): string => {
    const keys = known.get(x.storage) ?? new Map<number, string>();
    known.set(x.storage, keys);
    let key = keys.get(x.code);
    if (key === undefined) {
      key = String(storages.length);
      keys.set(x.code, key);
      // All are read before anything is waited for: what is written is what the tensors hold now.
      const whole = new Tensor(x.storage, x.code, dense([Math.floor(x.storage.bytes / SIZE[x.code]!)]), 0);
      storages.push({ key, bytes: readAll(whole, "save") });
      whole.dispose();
    }
    return key;
  };
  const bytes = pickle(obj, (value) => {
    if (!(value instanceof Tensor)) return reducePlain(value);
    return value instanceof Parameter
      ? new Reduce("torch._utils._rebuild_parameter", [rebuilt(value, keyOf), value.requiresGrad, NO_HOOKS])
      : rebuilt(value, keyOf);
  });
  const files: [string, Uint8Array][] = [
    ["archive/data.pkl", bytes],
    ["archive/byteorder", ascii("little")],
  ];
  for (const { key, bytes } of storages) files.push([`archive/data/${key}`, await bytes]);
  files.push(["archive/version", ascii("3\n")]);
  await writeTo(f, zipParts(files));
}

const NO_HOOKS = new Reduce("collections.OrderedDict", []);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function rebuilt(x: Tensor, keyOf: (x: Tensor) => string): Reduce {
  assertAlive(x, "save");
  const count = Math.floor(x.storage.bytes / SIZE[x.code]!);
  const storage = new Tuple(["storage", new Name(`torch.${STORAGES[x.dtype]}`), keyOf(x), "cpu", count]);
  return new Reduce("torch._utils._rebuild_tensor_v2", [
    new Persistent(storage),
    x.storageOffset(),
    new Tuple(x.shape),
    new Tuple(x.layout.strides),
    !(x instanceof Parameter) && x.requiresGrad,
    NO_HOOKS,
  ]);
}

/** A storage that a pickle refers to. */
interface StorageRef {
  readonly key: string;
  readonly code: number;
  readonly count: number;
}
/** A tensor on a storage that is still to be read. */
class TensorRef {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly requiresGrad: boolean;
  readonly isParameter: boolean;

  constructor(parts: Omit<TensorRef, never>) {
    this.storage = parts.storage;
    this.offset = parts.offset;
    this.size = parts.size;
    this.stride = parts.stride;
    this.requiresGrad = parts.requiresGrad;
    this.isParameter = parts.isParameter;
  }
}

async function read(source: ByteSource, device: string | null): Promise<unknown> {
  const first = await source.read(0, 16);
  if (!isZip(first)) {
    // The magic number of the format before 1.6 is a pickle of its own; older still was a tar archive.
    const legacy = first[0] === 0x80 && first[2] === 0x8a && first[3] === 10;
    throw new FormatError(
      legacy
        ? `${source.name}: is of PyTorch's legacy format (before 1.6): load it in PyTorch and save it anew`
        : `${source.name}: no file of PyTorch's: it is no zip archive`,
    );
  }
  const files = await zipDirectory(source);
  const fail = (what: string): never => {
    throw new FormatError(`${source.name}: ${what}`);
  };
  const main = [...files.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name)) ?? fail("there is no data.pkl in it");
  const folder = main.slice(0, -"data.pkl".length);
  if (files.has(`${folder}constants.pkl`)) fail("is a TorchScript program: save the state dict of the model");
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && (order.size > 16 || latin(await zipRead(source, order)) !== "little")) {
    fail("its bytes are not in little-endian order");
  }
  const entry = files.get(main)!;
  if (entry.size > LARGEST_PICKLE)
    fail(`data.pkl claims ${entry.size} bytes, more than ${LARGEST_PICKLE} are not read`);
  const refs = new Map<string, StorageRef>();
  const value = unpickle(await zipRead(source, entry), knownTo(refs, fail), `${source.name}: data.pkl`);

  const storages = new Map<string, Tensor>();
  for (const ref of refs.values()) storages.set(ref.key, await storage(source, files, folder, ref, device));
  try {
    return noGrad(() => new Builder(storages, fail).build(value, 0));
  } finally {
    // The views of them keep the bytes.
    for (const base of storages.values()) base.dispose();
  }
}

async function storage(
  source: ByteSource,
  files: ReadonlyMap<string, ZipEntry>,
  folder: string,
  { key, code, count }: StorageRef,
  device: string | null,
): Promise<Tensor> {
  const entry = files.get(`${folder}data/${key}`);
  if (entry === undefined || entry.size !== count * SIZE[code]!) {
    throw new FormatError(
      `${source.name}: the storage ${JSON.stringify(key)} should have ${count} elements of ${DTYPES[code]}, and ${entry === undefined ? "is not there" : `has ${entry.size} bytes`}`,
    );
  }
  const bytes = await zipRead(source, entry);
  if (code === BOOL) for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i] === 0 ? 0 : 1;
  return fromBytes(deviceOf(device, "load"), code, [count], bytes);
}

/** What names in a pickle of PyTorch's stand for. */
function knownTo(refs: Map<string, StorageRef>, fail: (what: string) => never): Known {
  const codes = new Map(Object.entries(STORAGES).map(([dtype, name]) => [`torch.${name}`, codeOf(dtype)]));
  return {
    name(path) {
      if (codes.has(path) || CALLS.has(path)) return new Name(path);
      const dtype = /^torch\.(\w+)$/.exec(path)?.[1];
      return dtype !== undefined && codeOf(dtype) >= 0 ? dtype : undefined;
    },
    call: (path, args) => CALLS.get(path)?.(args),
    persistent(id) {
      const [kind, type, key, , count] = id instanceof Tuple ? id.items : [];
      const code = type instanceof Name ? codes.get(type.path) : undefined;
      if (kind !== "storage" || code === undefined || typeof key !== "string" || !isSize(count)) {
        return fail("data.pkl refers to what is no storage");
      }
      const ref = refs.get(key) ?? { key, code, count };
      if (ref.code !== code || ref.count !== count) fail(`the storage ${JSON.stringify(key)} has two descriptions`);
      refs.set(key, ref);
      return new Persistent(new Tuple([ref]));
    },
  };
}

const isSize = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const sizesOf = (x: unknown): readonly number[] | null =>
  x instanceof Tuple && x.items.every(isSize) ? (x.items as readonly number[]) : null;
const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function tensorRef([place, offset, size, stride, requiresGrad, hooks]: readonly unknown[]): TensorRef | undefined {
  const [sizes, strides] = [sizesOf(size), sizesOf(stride)];
  if (!(place instanceof Persistent) || !isSize(offset) || sizes === null || strides?.length !== sizes.length) return;
  if (typeof requiresGrad !== "boolean" || !isEmpty(hooks)) return;
  const storage = place.id.items[0] as StorageRef;
  return new TensorRef({ storage, offset, size: sizes, stride: strides, requiresGrad, isParameter: false });
}

const isEmpty = (hooks: unknown): boolean => hooks === null || (hooks instanceof Dict && hooks.pairs.length === 0);

/** What calls give, by name; undefined for arguments that make no sense. */
const CALLS: ReadonlyMap<string, (args: readonly unknown[]) => unknown> = /* @__PURE__ */ new Map<
  string,
  (args: readonly unknown[]) => unknown
>([
  ["torch._utils._rebuild_tensor_v2", (args) => (args.length >= 6 ? tensorRef(args) : undefined)],
  [
    "torch._utils._rebuild_parameter",
    ([data, requiresGrad, hooks]) =>
      data instanceof TensorRef && typeof requiresGrad === "boolean" && isEmpty(hooks)
        ? new TensorRef({ ...data, requiresGrad, isParameter: true })
        : undefined,
  ],
  ["collections.OrderedDict", ([pairs]) => dictOf(pairs)],
  ["collections.Counter", ([counts]) => (counts instanceof Dict ? counts : dictOf(counts))],
  ["torch.Size", ([sizes]) => (sizes instanceof Tuple ? sizes : undefined)],
  [
    "torch.device",
    ([type, index]) => (typeof type !== "string" ? undefined : isSize(index) ? `${type}:${index}` : type),
  ],
  ["builtins.set", ([items]) => (Array.isArray(items) ? new Set(items) : undefined)],
  ["builtins.frozenset", ([items]) => (Array.isArray(items) ? new Set(items) : undefined)],
  [
    "builtins.complex",
    ([re, im]) => (typeof re === "number" && typeof im === "number" ? new ComplexScalar(re, im) : undefined),
  ],
  [
    "_codecs.encode",
    ([text, encoding]) =>
      typeof text === "string" && encoding === "latin1" ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : undefined,
  ],
]);

/** A dictionary of pairs; an empty one of nothing. */
function dictOf(pairs: unknown): Dict | undefined {
  const dict = new Dict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) return undefined;
  for (const pair of pairs) {
    const items = pair instanceof Tuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2) return undefined;
    dict.pairs.push([items[0], items[1]]);
  }
  return dict;
}

/** Makes of a pickle's values ours. What stood in two places is one object again. */
class Builder {
  readonly #storages: ReadonlyMap<string, Tensor>;
  readonly #fail: (what: string) => never;
  readonly #built = new Map<object, unknown>();

  constructor(storages: ReadonlyMap<string, Tensor>, fail: (what: string) => never) {
    this.#storages = storages;
    this.#fail = fail;
  }

  build(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Uint8Array || value instanceof ComplexScalar || value instanceof FloatScalar) return value;
    if (this.#built.has(value)) return this.#built.get(value);
    if (depth > DEEPEST) this.#fail(`data.pkl is nested deeper than ${DEEPEST} levels`);
    if (value instanceof TensorRef) return this.#keep(value, this.#tensor(value));
    if (value instanceof Dict) return this.#dict(value, depth);
    if (value instanceof Set) {
      const set = this.#keep(value, new Set<unknown>());
      for (const item of value) set.add(this.build(item, depth + 1));
      return set;
    }
    if (value instanceof Tuple || Array.isArray(value)) {
      const list = this.#keep(value, [] as unknown[]);
      for (const item of Array.isArray(value) ? value : value.items) list.push(this.build(item, depth + 1));
      return list;
    }
    return this.#fail(`data.pkl has ${value instanceof Name ? value.path : "a storage"} where a value should be`);
  }

  #keep<T>(value: object, built: T): T {
    this.#built.set(value, built);
    return built;
  }

  #dict(dict: Dict, depth: number): unknown {
    const plain = dict.pairs.every(([key]) => typeof key === "string" || Number.isSafeInteger(key));
    const seen = new Set<unknown>();
    const result = this.#keep<Record<string, unknown> | Map<unknown, unknown>>(
      dict,
      plain ? (Object.create(null) as Record<string, unknown>) : new Map(),
    );
    for (const [rawKey, rawValue] of dict.pairs) {
      const key = plain ? String(rawKey) : this.build(rawKey, depth + 1);
      if (seen.has(key)) this.#fail(`data.pkl has a dictionary with the key ${showValue(key)} twice`);
      seen.add(key);
      const value = this.build(rawValue, depth + 1);
      if (result instanceof Map) result.set(key, value);
      else result[key as string] = value;
    }
    if (dict.metadata !== null) {
      const value = this.build(dict.metadata, depth + 1);
      Object.defineProperty(result, METADATA, { value, enumerable: false, configurable: true, writable: true });
    }
    return result;
  }

  #tensor({ storage: { key, code, count }, offset, size, stride, requiresGrad, isParameter }: TensorRef): Tensor {
    const spec = `${DTYPES[code]}[${size.join(", ")}]`;
    const numel = size.reduce((product, dim) => product * dim, 1);
    const last = size.reduce((sum, dim, i) => sum + (dim - 1) * stride[i]!, offset);
    if (!Number.isSafeInteger(numel) || (numel === 0 ? offset > count : !(last < count))) {
      this.#fail(`${spec} reaches beyond the ${count} elements of the storage ${JSON.stringify(key)}`);
    }
    if (requiresGrad && !isDifferentiable(code)) this.#fail(`${spec} cannot require gradients`);
    const x = asStrided(this.#storages.get(key)!, size, stride, offset);
    if (isParameter) return new Parameter(x, requiresGrad);
    if (requiresGrad) setRequiresGrad(x, true);
    return x;
  }
}
