// Where bytes come from: a path, a URL, a File or Blob, a buffer. All are read alike, by ranges, so that a file of many
// gigabytes is opened without being read.

import { FormatError } from "../core/index.ts";

/** A path (or the text of a URL), a URL, a Blob (so a File), or bytes. */
export type Source = string | URL | Blob | ArrayBuffer | ArrayBufferView;

/** Bytes that are read by ranges. */
export interface ByteSource {
  /** How it reads in a message: its path or address. */
  readonly name: string;
  /** The number of bytes. */
  readonly size: number;
  /** A copy of the bytes [begin, end), or fewer if they end before. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a source. A host's own error (no such file, a refused request) is the cause of ours.
 *
 * A URL is asked for ranges; a server that knows none is read once, whole.
 */
export async function openSource(source: Source): Promise<ByteSource> {
  if (source instanceof URL) return source.protocol === "file:" ? openFile(source) : openUrl(source.href);
  if (typeof source === "string") {
    if (SCHEME.test(source)) return openSource(new URL(source));
    // In a page a path is one on its server.
    return (await files()) === null ? openUrl(source) : openFile(source);
  }
  if (typeof Blob !== "undefined" && source instanceof Blob) return openBlob(source);
  const bytes = bytesOf(source);
  if (bytes === null) throw new TypeError("a source is a path, a URL, a File, a Blob, an ArrayBuffer or bytes");
  return openBytes(bytes);
}

/** What a URL begins with. A single letter is a drive. */
export const SCHEME: RegExp = /^[a-z][a-z0-9+.-]+:/i;

/** Where another file of the same folder is. */
export function beside(path: string | URL, other: string): string | URL {
  return path instanceof URL ? new URL(encodeURIComponent(other), path) : path.slice(0, path.search(LAST)) + other;
}

/** The name of the file at a path or URL. */
export function fileName(path: string | URL): string {
  if (path instanceof URL) return decodeURIComponent(fileName(path.pathname));
  return path.slice(path.search(LAST));
}

/** What follows the last separator. */
const LAST = /[^/\\]*$/;

/** All bytes of a source. */
export async function readSource(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  const opened = await openSource(source);
  try {
    return await opened.read(0, opened.size);
  } finally {
    await opened.close();
  }
}

/** The bytes [begin, end), all of them. Throws FormatError if the source ends before. */
export async function readExactly(source: ByteSource, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(begin, end);
  if (bytes.length === end - begin) return bytes;
  throw new FormatError(`${source.name}: ends after ${begin + bytes.length} bytes, expected ${end}`);
}

/** The bytes of what already is in memory, not copied; null for anything else. */
export function bytesOf(source: unknown): Uint8Array | null {
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  // A buffer of another realm is no instance of ours, but says the same of itself.
  return Object.prototype.toString.call(source) === "[object ArrayBuffer]"
    ? new Uint8Array(source as ArrayBuffer)
    : null;
}

function openBytes(bytes: Uint8Array): ByteSource {
  return {
    name: "bytes",
    size: bytes.length,
    read: async (begin, end) => new Uint8Array(bytes.subarray(begin, end)),
    close: async () => {},
  };
}

function openBlob(blob: Blob): ByteSource {
  return {
    name: (blob as { readonly name?: string }).name ?? "blob",
    size: blob.size,
    read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()),
    close: async () => {},
  };
}

async function openFile(path: string | URL): Promise<ByteSource> {
  const name = String(path);
  const fs = await needFiles(name);
  const file = await told(`cannot open ${name}`, () => fs.open(path, "r"));
  const { size } = await told(`cannot read ${name}`, () => file.stat());
  return {
    name,
    size,
    read: (begin, end) =>
      told(`cannot read ${name}`, async () => {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - begin));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, begin + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      }),
    close: () => file.close(),
  };
}

async function openUrl(url: string): Promise<ByteSource> {
  const first = await ranged(url, 0, 1);
  const total = /\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1];
  if (first.status !== 206 || total === undefined) {
    return { ...openBytes(new Uint8Array(await first.arrayBuffer())), name: url };
  }
  await first.arrayBuffer();
  const size = Number(total);
  return {
    name: url,
    size,
    async read(begin, end) {
      const last = Math.min(end, size);
      if (last <= begin) return new Uint8Array(0);
      const response = await ranged(url, begin, last);
      const bytes = new Uint8Array(await response.arrayBuffer());
      // A server may change its mind and send all.
      return response.status === 206 ? bytes : bytes.slice(begin, last);
    },
    close: async () => {},
  };
}

function ranged(url: string, begin: number, end: number): Promise<Response> {
  return told(`cannot fetch ${url}`, async () => {
    const response = await fetch(
      url,
      // What is in the page itself (data:, blob:) knows no ranges.
      /^(data|blob):/.test(url) ? {} : { headers: { range: `bytes=${begin}-${end - 1}` } },
    );
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
    return response;
  });
}

/** Writes a file so that it is there whole or not at all: beside its place first, then moved onto it. */
export async function writeFile(path: string | URL, parts: Iterable<Uint8Array>): Promise<void> {
  const name = String(path);
  const fs = await needFiles(name);
  await told(`cannot write ${name}`, async () => {
    const beside = path instanceof URL ? new URL(`${path.href}.part`) : `${path}.part`;
    const file = await fs.open(beside, "w");
    try {
      for (const part of parts) {
        for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
      }
      await file.sync();
    } catch (error) {
      await file.close();
      await fs.rm(beside, { force: true });
      throw error;
    }
    await file.close();
    await fs.rename(beside, path);
  });
}

/** Where bytes go to: a path, a URL of a file, or a stream. */
export type Target = string | URL | WritableStream<Uint8Array>;

/** Writes to a target; a file is there whole or not at all. */
export async function writeTo(target: Target, parts: readonly Uint8Array[]): Promise<void> {
  if (typeof target === "string" || target instanceof URL) return writeFile(target, parts);
  if (typeof (target as Partial<WritableStream> | null)?.getWriter !== "function") {
    throw new TypeError("a target is a path, a URL of a file, or a WritableStream");
  }
  const writer = target.getWriter();
  for (const part of parts) await writer.write(part);
  await writer.close();
}

type Files = typeof import("node:fs/promises");

/** The host's files, or null. The name is put together so that bundlers for the browser do not look for it. */
async function files(): Promise<Files | null> {
  const name = ["node:fs", "promises"].join("/");
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Files;
  } catch {
    return null;
  }
}

async function needFiles(path: string): Promise<Files> {
  const fs = await files();
  if (fs === null) throw new Error(`cannot open ${path}: this host has no files; give a URL, a File, a Blob or bytes`);
  return fs;
}

/** Runs `body`; what it throws becomes the cause of an error that says what was tried. */
async function told<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    throw new Error(`${what}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
