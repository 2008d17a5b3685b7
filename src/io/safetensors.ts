// The safetensors format: the usual way to move weights.
//
//   ┌───────────────┬──────────────────────────────┬───────────────────────────────┐
//   │ header length │ header: JSON, padded with    │ the tensors' bytes, in order, │
//   │ u64, little   │ spaces to 8 bytes            │ without holes                 │
//   └───────────────┴──────────────────────────────┴───────────────────────────────┘
//
// Nothing in a file is believed before it is checked (header.ts), and no memory is asked for that the file has not
// shown to fill.

import { DTYPES, type DType, FormatError, IndexError } from "../core/index.ts";
import { deviceOf, fromBytes, readAll, readAllSync, type Tensor } from "../tensor/index.ts";
import { type Entry, type Header, headerLength, type Metadata, parseHeader, writeHeader } from "./header.ts";
import { type Index, indexOf, planShards } from "./shards.ts";
import {
  type ByteSource,
  beside,
  bytesOf,
  fileName,
  openSource,
  readExactly,
  type Source,
  writeFile,
} from "./source.ts";

/** Tensors by name. What is read has no prototype, so that no name means more than itself. */
export type Tensors = Record<string, Tensor>;

export interface LoadOptions {
  /** Where the tensors are put; by default the current device. */
  device?: string;
}

export interface SaveOptions {
  /**
   * The most bytes of tensors in one file; by default there is no limit. What is more goes into several, `model.safetensors`
   * into `model-00001-of-00002.safetensors` …, and `model.safetensors.index.json` says what lies where.
   */
  maxShardSize?: number;
}

/** A safetensors file that is open: its header is read, a tensor when it is asked for. */
export interface SafeFile {
  /** The names, in the file's order. */
  keys(): string[];
  /** The file's own words by name, or null. */
  metadata(): Metadata | null;
  /** The dtype and shape of a tensor, without reading it. */
  getSpec(name: string): { readonly dtype: DType; readonly shape: readonly number[] };
  /** Reads one tensor. */
  getTensor(name: string): Promise<Tensor>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/**
 * The bytes of a safetensors file.
 *
 * Any dtype but complex128, which the format has not. Views are written as their elements. `metadata` is text by name.
 *
 * @example
 * const bytes = fl.safetensors.save(model.stateDict(), { format: "pt" });
 */
export function save(tensors: Readonly<Tensors>, metadata: Metadata | null = null): Uint8Array<ArrayBuffer> {
  const { header, order } = writeHeader(tensors, metadata);
  const bytes = new Uint8Array(header.length + (order.at(-1)?.end ?? 0));
  bytes.set(header);
  for (const { tensor, begin } of order) bytes.set(readAllSync(tensor, "save"), header.length + begin);
  return bytes;
}

/**
 * Writes a safetensors file, whole or not at all; or several, the index of them last.
 *
 * @example
 * await fl.safetensors.saveFile(model.stateDict(), "model.safetensors");
 * await fl.safetensors.saveFile(large.stateDict(), "large.safetensors", null, { maxShardSize: 5e9 });
 */
export async function saveFile(
  tensors: Readonly<Tensors>,
  path: string | URL,
  metadata: Metadata | null = null,
  { maxShardSize = Number.POSITIVE_INFINITY }: SaveOptions = {},
): Promise<void> {
  if (!(maxShardSize > 0)) throw new RangeError(`saveFile: maxShardSize is ${maxShardSize}, expected bytes above 0`);
  const file = fileName(path);
  const plan = planShards(tensors, file.replace(/\.safetensors$/, ""), maxShardSize);
  if (plan === null) return writeOne(tensors, path, metadata);
  for (const [name, share] of plan.shards) await writeOne(share, beside(path, name), metadata);
  await writeFile(beside(path, `${file}.index.json`), [plan.index]);
}

async function writeOne(tensors: Readonly<Tensors>, path: string | URL, metadata: Metadata | null): Promise<void> {
  const { header, order } = writeHeader(tensors, metadata);
  // All are read before anything is waited for: what is written is what the tensors hold now.
  const data = await Promise.all(order.map(({ tensor }) => readAll(tensor, "saveFile")));
  await writeFile(path, [header, ...data]);
}

/**
 * Reads the tensors of a safetensors file that is in memory.
 *
 * Throws FormatError for bytes that are cut, lie about sizes, or name anything twice.
 */
export function load(bytes: ArrayBuffer | ArrayBufferView, options: LoadOptions = {}): Tensors {
  const all = bytesOf(bytes);
  if (all === null) throw new TypeError("load: expected an ArrayBuffer or bytes; loadFile takes paths, URLs and Blobs");
  const data = 8 + headerLength(all.subarray(0, 8), all.length, "bytes");
  const { entries } = parseHeader(all.subarray(8, data), all.length - data, "bytes");
  const tensors: Tensors = Object.create(null);
  for (const [name, entry] of entries) {
    tensors[name] = make(entry, all.subarray(data + entry.begin, data + entry.end), options);
  }
  return tensors;
}

/**
 * Reads all tensors of a safetensors file; or of the several that an index (`model.safetensors.index.json`) names.
 *
 * Throws FormatError for a file that is cut, lies about sizes, names anything twice, or lacks what its index promises.
 *
 * @example
 * model.loadStateDict(await fl.safetensors.loadFile("model.safetensors"));
 */
export async function loadFile(source: Source, options: LoadOptions = {}): Promise<Tensors> {
  const index = await indexOf(source);
  if (index !== null) return loadShards(index, options);
  const opened = await openSource(source);
  try {
    const { entries, data } = await readHeader(opened);
    const tensors: Tensors = Object.create(null);
    let chunk = new Uint8Array(0);
    let at = 0;
    for (const [name, entry] of entries) {
      if (entry.end > at + chunk.length) {
        at = entry.begin;
        const end = Math.max(data + entry.end, Math.min(data + at + CHUNK, opened.size));
        chunk = await readExactly(opened, data + at, end);
      }
      tensors[name] = make(entry, chunk.subarray(entry.begin - at, entry.end - at), options);
    }
    return tensors;
  } finally {
    await opened.close();
  }
}
const CHUNK = 16 << 20; // bytes read at once: small tensors come together, which counts over HTTP

async function loadShards(index: Index, options: LoadOptions): Promise<Tensors> {
  const tensors: Tensors = Object.create(null);
  for (const file of new Set(index.files.values())) {
    const shard = await loadFile(index.beside(file), options);
    for (const [name, tensor] of Object.entries(shard)) {
      if (index.files.get(name) === file) tensors[name] = tensor;
      else tensor.dispose(); // the index does not speak of it, or finds it elsewhere
    }
  }
  for (const [name, file] of index.files) if (!(name in tensors)) throw lacking(name, file);
  return tensors;
}

function lacking(name: string, file: string): FormatError {
  return new FormatError(`${file}: there is no tensor ${JSON.stringify(name)}, though the index says so`);
}

/**
 * Opens a safetensors file, or by their index several, and reads no more than headers. Tensors are read one by one when they are asked for, over
 * HTTP too where the server knows ranges.
 *
 * @example
 * const file = await fl.safetensors.safeOpen("model.safetensors");
 * const weight = await file.getTensor("fc1.weight");
 * await file.close();
 */
export async function safeOpen(source: Source, options: LoadOptions = {}): Promise<SafeFile> {
  const index = await indexOf(source);
  if (index !== null) return openShards(index, options);
  const opened = await openSource(source);
  try {
    return await open(opened, options);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openShards({ files, metadata, beside: where }: Index, options: LoadOptions): Promise<SafeFile> {
  const shards = new Map<string, SafeFile>();
  const close = async (): Promise<void> => void (await Promise.all([...shards.values()].map((shard) => shard.close())));
  const shardOf = (name: string): SafeFile => {
    const shard = shards.get(files.get(name) ?? "");
    if (shard === undefined) throw new IndexError(`the index names no tensor ${JSON.stringify(name)}`);
    return shard;
  };
  try {
    for (const file of new Set(files.values())) shards.set(file, await safeOpen(where(file), options));
    const held = new Map([...shards].map(([file, shard]) => [file, new Set(shard.keys())]));
    for (const [name, file] of files) if (!held.get(file)!.has(name)) throw lacking(name, file);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    keys: () => [...files.keys()],
    metadata: () => metadata,
    getSpec: (name) => shardOf(name).getSpec(name),
    getTensor: async (name) => shardOf(name).getTensor(name),
    close,
  };
}

/** The header of a file, and where its data begin. */
async function readHeader(source: ByteSource): Promise<Header & { readonly data: number }> {
  const { name, size } = source;
  const data = 8 + headerLength(await source.read(0, 8), size, name);
  return { ...parseHeader(await readExactly(source, 8, data), size - data, name), data };
}

async function open(source: ByteSource, options: LoadOptions): Promise<SafeFile> {
  const { name } = source;
  const { entries, metadata, data } = await readHeader(source);
  const entryOf = (key: string): Entry => {
    const entry = entries.get(key);
    if (entry === undefined) throw new IndexError(`${name}: there is no tensor ${JSON.stringify(key)}`);
    return entry;
  };
  return {
    keys: () => [...entries.keys()],
    metadata: () => metadata,
    getSpec(key) {
      const { code, shape } = entryOf(key);
      return { dtype: DTYPES[code]!, shape };
    },
    async getTensor(key) {
      const entry = entryOf(key);
      return make(entry, await readExactly(source, data + entry.begin, data + entry.end), options);
    },
    close: () => source.close(),
  };
}

function make({ code, shape }: Entry, bytes: Uint8Array, { device }: LoadOptions): Tensor {
  return fromBytes(deviceOf(device, "load"), code, shape, bytes);
}
