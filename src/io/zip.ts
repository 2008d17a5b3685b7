// Zip archives, as .npz and .pt files are: a directory at the end names the files and where they stand.
//
//   ┌──────────────┬───────┬──────────────┬───────┬───┬───────────┬─────────┐
//   │ local header │ bytes │ local header │ bytes │ … │ directory │ its end │
//   └──────────────┴───────┴──────────────┴───────┴───┴───────────┴─────────┘
//
// Files are stored or deflated. Nothing is asked for that the archive has not shown to hold: the files of a directory
// may not overlap, and one cannot claim more than its bytes can inflate to.

import { FormatError } from "../core/index.ts";
import { type ByteSource, readExactly } from "./source.ts";

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  /** Its bytes in the archive, and what they inflate to. */
  readonly packed: number;
  readonly size: number;
  /** Its local header, and where the next thing begins. */
  readonly begin: number;
  readonly end: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LONGEST_COMMENT = 0xffff;
const LIMIT = 100_000_000; // bytes of a directory that are read: a lie costs no more than this
const MOST_INFLATED = 1032; // bytes out of one: what deflate can do at best

/** Whether bytes begin as an archive does. */
export const isZip = (first: Uint8Array): boolean => first.length >= 4 && view(first).getUint32(0, true) === LOCAL;

/** The files of an archive, by name. */
export async function zipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { begin, size, count } = await findDirectory(source);
  if (size > LIMIT || begin + size > source.size || count * 46 > size) {
    fail(source, `the directory claims ${count} files in ${size} bytes at ${begin}`);
  }
  const bytes = await readExactly(source, begin, begin + size);
  const found: Omit<ZipEntry, "end">[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const data = view(bytes);
    if (at + 46 > size || data.getUint32(at, true) !== CENTRAL) fail(source, `the directory ends after ${i} files`);
    const flags = data.getUint16(at + 8, true);
    const method = data.getUint16(at + 10, true);
    const nameEnd = at + 46 + data.getUint16(at + 28, true);
    const extraEnd = nameEnd + data.getUint16(at + 30, true);
    const next = extraEnd + data.getUint16(at + 32, true);
    if (next > size) fail(source, `the directory ends inside of file ${i}`);
    const name = text(bytes.subarray(at + 46, nameEnd), source);
    if ((flags & 1) !== 0) fail(source, `${JSON.stringify(name)} is encrypted`);
    if (method !== 0 && method !== 8) fail(source, `${JSON.stringify(name)} is packed by method ${method}`);
    const [unpacked, packed, begin] = sizes(bytes.subarray(nameEnd, extraEnd), [
      data.getUint32(at + 24, true),
      data.getUint32(at + 20, true),
      data.getUint32(at + 42, true),
    ]);
    if (method === 0 ? packed !== unpacked : unpacked > packed * MOST_INFLATED) {
      fail(source, `${JSON.stringify(name)} claims ${unpacked} bytes in ${packed}`);
    }
    found.push({ name, deflated: method === 8, crc: data.getUint32(at + 16, true), packed, size: unpacked, begin });
    at = next;
  }
  if (at !== size) fail(source, "something stands behind the last file of the directory");
  return inOrder(found, begin, source);
}

/** The files by name, each with its end. None may stand twice or in another. */
function inOrder(found: readonly Omit<ZipEntry, "end">[], end: number, source: ByteSource): Map<string, ZipEntry> {
  const sorted = [...found].sort((a, b) => a.begin - b.begin);
  const files = new Map<string, ZipEntry>();
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1]?.begin ?? end;
    const quoted = JSON.stringify(entry.name);
    if (entry.begin + 30 + entry.packed > next) fail(source, `${quoted} overlaps what comes after it`);
    if (files.has(entry.name)) fail(source, `${quoted} stands twice`);
    files.set(entry.name, { ...entry, end: next });
  }
  return files;
}

/** The bytes of a file, inflated and checked. */
export async function zipRead(source: ByteSource, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const quoted = JSON.stringify(entry.name);
  const all = await readExactly(source, entry.begin, entry.end);
  const data = view(all);
  if (data.getUint32(0, true) !== LOCAL) fail(source, `${quoted} is not where the directory says`);
  const nameEnd = 30 + data.getUint16(26, true);
  const begin = nameEnd + data.getUint16(28, true);
  if (begin + entry.packed > all.length) fail(source, `${quoted} overlaps what comes after it`);
  if (text(all.subarray(30, nameEnd), source) !== entry.name) fail(source, `${quoted} has another name in its header`);
  const packed = all.subarray(begin, begin + entry.packed);
  const bytes = entry.deflated ? await inflate(packed, entry.size, `${source.name}: ${quoted}`) : packed;
  if (crc32(bytes) !== entry.crc) fail(source, `${quoted} has the wrong checksum`);
  return bytes;
}

/** An archive of stored files, in parts; the bytes of each begin at a multiple of 64, so that they can be mapped. */
export function zipParts(files: Iterable<readonly [name: string, bytes: Uint8Array]>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const path = new TextEncoder().encode(name);
    const gap = 4 + ((64 - ((at + 34 + path.length) % 64)) % 64);
    // What the local header and the directory both say: version 2.0, UTF-8, stored, 1980-01-01.
    const shared = new DataView(new ArrayBuffer(26));
    shared.setUint16(0, 20, true);
    shared.setUint16(2, 0x0800, true);
    shared.setUint16(8, 0x21, true);
    shared.setUint32(10, crc32(bytes), true);
    shared.setUint32(14, bytes.length, true);
    shared.setUint32(18, bytes.length, true);
    shared.setUint16(22, path.length, true);

    const local = new Uint8Array(30 + path.length + gap);
    view(local).setUint32(0, LOCAL, true);
    local.set(new Uint8Array(shared.buffer), 4);
    view(local).setUint16(28, gap, true);
    local.set(path, 30);
    view(local).setUint16(30 + path.length, 0x4246, true); // "FB": padding
    view(local).setUint16(32 + path.length, gap - 4, true);
    parts.push(local, bytes);

    const central = new Uint8Array(46 + path.length);
    view(central).setUint32(0, CENTRAL, true);
    view(central).setUint16(4, 20, true);
    central.set(new Uint8Array(shared.buffer), 6);
    view(central).setUint32(42, at, true);
    central.set(path, 46);
    directory.push(central);
    at += local.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  if (at + size >= 0xffffffff || directory.length >= 0xffff) {
    throw new RangeError(
      `save: an archive of ${at + size} bytes in ${directory.length} files is not written: 4 GB, 65534 files at most`,
    );
  }
  const end = new Uint8Array(22);
  view(end).setUint32(0, END, true);
  view(end).setUint16(8, directory.length, true);
  view(end).setUint16(10, directory.length, true);
  view(end).setUint32(12, size, true);
  view(end).setUint32(16, at, true);
  return [...parts, ...directory, end];
}

/** Where the directory is: the last thing in the file says so, in a longer form where numbers need it. */
async function findDirectory(source: ByteSource): Promise<{ begin: number; size: number; count: number }> {
  const start = Math.max(0, source.size - 22 - LONGEST_COMMENT);
  const tail = await readExactly(source, start, source.size);
  const data = view(tail);
  let at = tail.length - 22;
  // The end, with a comment of so many bytes behind it.
  while (at >= 0 && !(data.getUint32(at, true) === END && data.getUint16(at + 20, true) === tail.length - 22 - at))
    at--;
  if (at < 0) return fail(source, "no zip archive, or one that is cut: it has no directory");
  const short = {
    count: data.getUint16(at + 10, true),
    size: data.getUint32(at + 12, true),
    begin: data.getUint32(at + 16, true),
  };
  if (at < 20 || data.getUint32(at - 20, true) !== LOCATOR64) {
    if (short.begin + short.size !== start + at) fail(source, "the directory is not where its end says");
    return short;
  }
  const place = safe(data.getBigUint64(at - 12, true), source);
  if (place + 56 > source.size) fail(source, "the directory's end is not where it is said to be");
  const long = view(await readExactly(source, place, place + 56));
  if (long.getUint32(0, true) !== END64) fail(source, "the directory's end is not where it is said to be");
  return {
    count: safe(long.getBigUint64(32, true), source),
    size: safe(long.getBigUint64(40, true), source),
    begin: safe(long.getBigUint64(48, true), source),
  };
}

/** The three numbers of a file; those that are too great for 32 bits stand in an extra field of their own. */
function sizes(extra: Uint8Array, short: readonly [number, number, number]): [number, number, number] {
  const data = view(extra);
  let field = 0;
  while (field + 4 <= extra.length && data.getUint16(field, true) !== 1) field += 4 + data.getUint16(field + 2, true);
  let at = field + 4;
  return short.map((value) => {
    if (value !== 0xffffffff || at + 8 > extra.length) return value;
    at += 8;
    return Number(data.getBigUint64(at - 8, true));
  }) as [number, number, number];
}

/** Inflates to `size` bytes; no more are taken, whatever comes. */
async function inflate(packed: Uint8Array<ArrayBuffer>, size: number, name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof DecompressionStream === "undefined") {
    throw new Error(`${name} is compressed, and this host cannot inflate: it has no DecompressionStream`);
  }
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const bytes = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new FormatError(`${name} cannot be inflated`, { cause });
    });
    if (done) break;
    if (filled + value.length > size) {
      await reader.cancel().catch(() => {});
      throw new FormatError(`${name} inflates to more than the ${size} bytes that it claims`);
    }
    bytes.set(value, filled);
    filled += value.length;
  }
  if (filled < size) throw new FormatError(`${name} inflates to ${filled} bytes and claims ${size}`);
  return bytes;
}

const view = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);

function safe(value: bigint, source: ByteSource): number {
  return value > BigInt(source.size)
    ? fail(source, `claims ${value} where the file has ${source.size} bytes`)
    : Number(value);
}

function text(bytes: Uint8Array, source: ByteSource): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(source, "a name is not UTF-8");
  }
}

function fail(source: ByteSource, what: string): never {
  throw new FormatError(`${source.name}: ${what}`);
}

const AT_ONCE = 16; // bytes, whose parts of the checksum are looked up side by side

/** What each byte does to the checksum, if k bytes follow it: at 256·k + byte. */
const CRC: Uint32Array = /* @__PURE__ */ (() => {
  const table = new Uint32Array(256 * AT_ONCE);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = (c & 1) !== 0 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    table[n] = c;
  }
  for (let i = 256; i < table.length; i++) table[i] = table[table[i - 256]! & 0xff]! ^ (table[i - 256]! >>> 8);
  return table;
})();

/** The checksum of a zip archive, the CRC-32 of ITU-T V.42. */
function crc32(bytes: Uint8Array): number {
  const { length } = bytes;
  // Words of four bytes have to begin at a multiple of four.
  const first = -bytes.byteOffset & 3;
  if (length < first + AT_ONCE) return ~byteByByte(-1, bytes, 0, length) >>> 0;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + first, (length - first) >>> 2);
  let c = byteByByte(-1, bytes, 0, first);
  let w = 0;
  for (; w + 4 <= words.length; w += 4)
    c =
      ofWord(words[w]! ^ c, 3072) ^
      ofWord(words[w + 1]!, 2048) ^
      ofWord(words[w + 2]!, 1024) ^
      ofWord(words[w + 3]!, 0);
  return ~byteByByte(c, bytes, first + 4 * w, length) >>> 0;
}

/** What four bytes do, if `after` / 256 follow. */
function ofWord(word: number, after: number): number {
  return (
    CRC[after + 768 + (word & 0xff)]! ^
    CRC[after + 512 + ((word >>> 8) & 0xff)]! ^
    CRC[after + 256 + ((word >>> 16) & 0xff)]! ^
    CRC[after + (word >>> 24)]!
  );
}

function byteByByte(crc: number, bytes: Uint8Array, begin: number, end: number): number {
  let c = crc;
  for (let i = begin; i < end; i++) c = CRC[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return c;
}
