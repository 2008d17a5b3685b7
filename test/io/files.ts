// Files that the tests of src/io share.
import { fileURLToPath } from "node:url";
import { FormatError } from "flambeau";
import * as assert from "uvu/assert";
import { type ByteSource, openSource } from "#src/io/source";

/** The path of a file that files.py wrote. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/files/${name}`, import.meta.url));

/** What `body` makes of an open file. */
export async function open<T>(path: string, body: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openSource(path);
  try {
    return await body(source);
  } finally {
    await source.close();
  }
}

/** The bytes that `write` writes. */
export async function saved(write: (target: WritableStream<Uint8Array>) => Promise<void>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await write(new WritableStream({ write: (part) => void parts.push(part) }));
  return new Uint8Array(Buffer.concat(parts));
}

export async function refused(
  promise: Promise<unknown>,
  why: RegExp,
  type: new (message: string) => Error = FormatError,
): Promise<void> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, type, String(error));
    assert.match((error as Error).message, why);
    return;
  }
  assert.unreachable(`expected ${why}`);
}
