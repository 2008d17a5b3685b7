// The IDX format of MNIST and its kin: a big-endian head, then the elements, big-endian too.
//
//   0 0 │ element type │ number of dims n │ n sizes, u32 each │ elements

import { type DType, FormatError } from "../core/index.ts";

/** What an IDX file holds. */
export interface IdxArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The elements in this machine's order of bytes, dense. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Element types by their code in the file. */
const TYPES: Readonly<Record<number, readonly [dtype: DType, bytes: number]>> = {
  8: ["uint8", 1],
  9: ["int8", 1],
  11: ["int16", 2],
  12: ["int32", 4],
  13: ["float32", 4],
  14: ["float64", 8],
};

/**
 * Reads an IDX file.
 *
 * Throws FormatError unless the bytes are exactly as many as the head says.
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw new FormatError("idx: the file does not begin as IDX does");
  }
  const type = TYPES[bytes[2]!];
  if (type === undefined) throw new FormatError(`idx: unknown element type ${bytes[2]}`);
  const [dtype, size] = type;
  const dims = bytes[3]!;
  const head = 4 + 4 * dims;
  if (bytes.length < head) throw new FormatError(`idx: ${bytes.length} bytes are too few for a head of ${dims} dims`);
  const shape = Array.from({ length: dims }, (_, i) => view.getUint32(4 + 4 * i));
  const wanted = shape.reduce((product, dim) => product * dim, size);
  if (bytes.length - head !== wanted) {
    throw new FormatError(
      `idx: ${dtype}[${shape.join(", ")}] takes ${wanted} bytes, the file has ${bytes.length - head}`,
    );
  }
  const elements = bytes.slice(head);
  if (size > 1 && LITTLE_ENDIAN) {
    for (let at = 0; at < elements.length; at += size) elements.subarray(at, at + size).reverse();
  }
  return { dtype, shape, bytes: elements };
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
