// The header of a safetensors file, read and written.
//
//   { "__metadata__": { "format": "pt" }, "weight": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] } }

import { codeOf, DTYPES, type DType, DTypeError, FormatError, type Layout, SIZE } from "../core/index.ts";
import { type JsonValue, pairs, parseJson } from "./json.ts";

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
  const entries = new Map<string, Entry>();
  let metadata: Record<string, string> | null = null;
  for (const [name, value] of pairs(parseJson(bytes, source, "the header"), "the header", fail)) {
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

const isSizes = (x: JsonValue | undefined): x is readonly number[] =>
  Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);
