// A model in several safetensors files, its shards, and the index that says which tensor lies in which:
//
//   model.safetensors.index.json   { "metadata": { "total_size": 24 }, "weight_map": { "fc.weight": "model-00001-of-00002.safetensors", … } }
//
// The names are those of Hugging Face's libraries, which read and write such models.

import { FormatError, SIZE } from "../core/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Metadata } from "./header.ts";
import { pairs, parseJson } from "./json.ts";
import { beside, openSource, readExactly, SCHEME, type Source } from "./source.ts";

export interface Index {
  /** The file of each tensor. */
  readonly files: ReadonlyMap<string, string>;
  readonly metadata: Metadata | null;
  /** Where a file is that lies beside the index. */
  beside(file: string): string | URL;
}

const SUFFIX = ".index.json";
/** The longest index that is read. */
const LIMIT = 100_000_000;

/** The index that a source is; null where it is no index, by its name. */
export async function indexOf(source: Source): Promise<Index | null> {
  const where = neighbours(source);
  if (where === null) return null;
  const opened = await openSource(source);
  try {
    const { name, size } = opened;
    if (size > LIMIT) throw new FormatError(`${name}: an index of ${size} bytes, more than ${LIMIT} are not read`);
    return { ...parseIndex(await readExactly(opened, 0, size), name), beside: where };
  } finally {
    await opened.close();
  }
}

/** From a file's name to where it is, beside an index; null for what is no index. */
function neighbours(source: Source): Index["beside"] | null {
  if (typeof source === "string" || source instanceof URL) {
    const at = typeof source === "string" && SCHEME.test(source) ? new URL(source) : source;
    return (at instanceof URL ? at.pathname : at).endsWith(SUFFIX) ? (file) => beside(at, file) : null;
  }
  const { name } = source as { readonly name?: unknown };
  if (typeof name !== "string" || !name.endsWith(SUFFIX)) return null;
  throw new TypeError(`${name}: what lies beside a File cannot be reached: give the index by its path or URL`);
}

function parseIndex(bytes: Uint8Array, source: string): Omit<Index, "beside"> {
  const fail = (what: string): never => {
    throw new FormatError(`${source}: ${what}`);
  };
  const parts = new Map(pairs(parseJson(bytes, source, "the index"), "the index", fail));
  const files = new Map<string, string>();
  for (const [name, file] of pairs(parts.get("weight_map") ?? null, "weight_map", fail)) {
    // A name and nothing more: an index must not reach out of its folder.
    if (typeof file !== "string" || !/^[^/\\:]+\.safetensors$/.test(file)) {
      fail(`${JSON.stringify(name)} lies in ${JSON.stringify(file)}, which is no name of a safetensors file`);
    }
    files.set(name, file as string);
  }
  const stated = parts.get("metadata");
  if (stated === undefined) return { files, metadata: null };
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, value] of pairs(stated, "metadata", fail)) metadata[key] = String(value);
  return { files, metadata };
}

/** A model that is to be written: the file of each shard with its tensors, and the index. */
export interface Plan {
  readonly shards: readonly (readonly [file: string, tensors: Record<string, Tensor>])[];
  readonly index: Uint8Array;
}

/**
 * Tensors shared out in their order, each file as full as `most` bytes allow; a tensor that is larger has one for itself.
 * Null if all fit in one.
 */
export function planShards(tensors: Readonly<Record<string, Tensor>>, stem: string, most: number): Plan | null {
  const shares: Record<string, Tensor>[] = [];
  let total = 0;
  let room = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = tensor.layout.size * SIZE[tensor.code]!;
    if (shares.length === 0 || bytes > room) {
      shares.push(Object.create(null));
      room = most;
    }
    shares.at(-1)![name] = tensor;
    room -= bytes;
    total += bytes;
  }
  if (shares.length <= 1) return null;
  const count = (n: number): string => String(n).padStart(5, "0");
  const shards = shares.map((share, i): [string, Record<string, Tensor>] => [
    `${stem}-${count(i + 1)}-of-${count(shares.length)}.safetensors`,
    share,
  ]);
  const map = Object.fromEntries(shards.flatMap(([file, share]) => Object.keys(share).map((name) => [name, file])));
  const index = JSON.stringify({ metadata: { total_size: total }, weight_map: map }, null, 2);
  return { shards, index: new TextEncoder().encode(`${index}\n`) };
}
