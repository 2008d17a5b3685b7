// NumPy's files: .npy holds one array, .npz an archive of them.
//
//   "\x93NUMPY" │ version: 2 bytes │ header length: u16 or u32 │ header │ the elements
//   header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, padded with spaces and a line feed

import { codeOf, DTYPES, type DType, DTypeError, FormatError, SIZE, show } from "../core/index.ts";
import { permute } from "../ops/index.ts";
import { deviceOf, fromBytes, readAll, Tensor } from "../tensor/index.ts";
import { openSource, type Source, type Target, writeTo } from "./source.ts";
import { isZip, zipDirectory, zipParts, zipRead } from "./zip.ts";

/** The dtypes in NumPy's words. */
const WORDS: Readonly<Partial<Record<DType, string>>> = {
  bool: "|b1",
  uint8: "|u1",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  complex64: "<c8",
  complex128: "<c16",
};
const MAGIC = "\x93NUMPY";

/**
 * Reads a `.npy` file as a tensor, a `.npz` file as tensors by name.
 *
 * Either byte order; arrays in Fortran's order come as views. Arrays of objects hold pickled code and are refused, and so
 * is what has no dtype here (text, records, unsigned integers beyond uint8). Throws FormatError for a file that is cut or lies.
 *
 * @example
 * const x = await fl.numpy.load("x.npy");
 * const { y, z } = await fl.numpy.load<Record<string, Tensor>>("data.npz");
 */
export async function load<T extends Tensor | Record<string, Tensor> = Tensor>(source: Source): Promise<T> {
  const opened = await openSource(source);
  let tensors: Record<string, Tensor> | Tensor;
  try {
    if (!isZip(await opened.read(0, 4))) tensors = parse(await opened.read(0, opened.size), opened.name);
    else {
      tensors = Object.create(null) as Record<string, Tensor>;
      for (const [name, entry] of await zipDirectory(opened)) {
        const bytes = await zipRead(opened, entry);
        tensors[name.replace(/\.npy$/, "")] = parse(bytes, `${opened.name}: ${JSON.stringify(name)}`);
      }
    }
  } finally {
    await opened.close();
  }
  return tensors as T; // which of the two is known to the reader alone
}

/**
 * Writes a tensor as a `.npy` file, whole or not at all.
 *
 * Any dtype but bfloat16, which NumPy does not have.
 *
 * @example
 * await fl.numpy.save("x.npy", x);
 */
export async function save(target: Target, x: Tensor): Promise<void> {
  await writeTo(target, await npy(x, "save"));
}

/**
 * Writes tensors by name as a `.npz` file, whole or not at all.
 *
 * @example
 * await fl.numpy.savez("data.npz", { x, y });
 */
export async function savez(target: Target, tensors: Readonly<Record<string, Tensor>>): Promise<void> {
  // All are read before anything is waited for: what is written is what the tensors hold now.
  const files = await Promise.all(
    Object.entries(tensors).map(async ([name, x]) => [`${name}.npy`, joined(await npy(x, "savez"))] as const),
  );
  await writeTo(target, zipParts(files));
}

async function npy(x: Tensor, op: string): Promise<Uint8Array[]> {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: expected a tensor, got ${typeof x}`);
  const word = WORDS[x.dtype];
  if (word === undefined) throw new DTypeError(`${op}: ${show(x)}: NumPy does not have ${x.dtype}`);
  const shape = x.shape.length === 1 ? `${x.shape[0]},` : x.shape.join(", ");
  const text = `{'descr': '${word}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Uint8Array.from(`${`${MAGIC}\x01\x00\0\0${text}`.padEnd(length - 1)}\n`, (c) => c.charCodeAt(0));
  new DataView(header.buffer).setUint16(8, length - 10, true);
  return [header, await readAll(x, op)];
}

function parse(bytes: Uint8Array<ArrayBuffer>, source: string): Tensor {
  const fail = (what: string): never => {
    throw new FormatError(`${source}: ${what}`);
  };
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || latin(bytes.subarray(0, 6)) !== MAGIC) fail("no .npy file");
  const version = bytes[6]!;
  if (version < 1 || version > 3) fail(`version ${version} of the format is not known`);
  const begin = (version === 1 ? 10 : 12) + (version === 1 ? data.getUint16(8, true) : data.getUint32(8, true));
  if (begin > bytes.length) fail(`the header claims ${begin} bytes, the file has ${bytes.length}`);
  const { descr, fortran, shape } = header(latin(bytes.subarray(version === 1 ? 10 : 12, begin)), fail);
  const [, order, word] = /^([<>|=])(\w+)$/.exec(descr) ?? fail(`${descr} is no dtype of one element`);
  if (word!.startsWith("O")) fail("an array of objects holds pickled code, which is not run here");
  const found = Object.entries(WORDS).find(([, own]) => own.slice(1) === word);
  if (found === undefined) return fail(`the dtype ${descr} has no counterpart here`);
  const code = codeOf(found[0]);
  const size = SIZE[code]!;
  const expected = shape.reduce((product, dim) => product * dim, size);
  if (expected !== bytes.length - begin) {
    fail(`${DTYPES[code]}[${shape.join(", ")}] takes ${expected} bytes, the file has ${bytes.length - begin} for it`);
  }
  const own = bytes.slice(begin);
  if (order === ">") swap(own, word!.startsWith("c") ? size / 2 : size);
  const stored = fortran ? [...shape].reverse() : shape;
  const x = fromBytes(deviceOf(null, "load"), code, stored, own);
  return fortran && shape.length > 1
    ? permute(
        x,
        shape.map((_, i) => shape.length - 1 - i),
      )
    : x;
}

/** The three entries of a header: a Python dictionary, of which only this much is understood. */
function header(
  text: string,
  fail: (what: string) => never,
): { readonly descr: string; readonly fortran: boolean; readonly shape: readonly number[] } {
  const entries = new Map<string, string>();
  let rest = text.trim();
  if (!rest.startsWith("{") || !rest.endsWith("}")) fail("the header is no dictionary");
  rest = rest.slice(1, -1).trim();
  while (rest.length > 0) {
    const match = ENTRY.exec(rest) ?? fail(`the header is not understood at ${JSON.stringify(rest.slice(0, 20))}`);
    if (entries.has(match[1]!)) fail(`the header has ${match[1]} twice`);
    entries.set(match[1]!, match[2]!);
    rest = rest.slice(match[0].length);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => entries.get(key) ?? "");
  if (entries.size !== 3) fail("the header must have descr, fortran_order and shape");
  if (!descr!.startsWith("'")) fail(`the dtype ${descr} is not that of plain elements`);
  if (fortran !== "True" && fortran !== "False") fail(`fortran_order is ${fortran}`);
  if (!shape!.startsWith("(")) fail(`the shape is ${shape}`);
  const sizes = shape!
    .slice(1, -1)
    .split(",")
    .map((size) => size.trim());
  if (sizes.at(-1) === "") sizes.pop();
  const numbers = sizes.map(Number);
  if (!sizes.every((size) => /^\d+$/.test(size)) || !numbers.every(Number.isSafeInteger)) fail(`the shape is ${shape}`);
  return { descr: descr!.slice(1, -1), fortran: fortran === "True", shape: numbers };
}
const ENTRY = /^'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,]*\)|\[[^\]]*\])\s*(?:,\s*|$)/;

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 1 << 16));

/** Turns elements of `size` bytes around. */
function swap(bytes: Uint8Array, size: number): void {
  for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
