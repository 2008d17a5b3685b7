// Drives kernels directly: one instance of the fastest single-threaded flavour that this Node compiles, a bump
// allocator, and argument blocks written by hand. With FLAMBEAU_WIDE=1 the wide kernels are in their namesakes' places.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

type Numbers =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;
interface Kind<T extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset: number, length: number): T;
}
/** An argument: an i32 or an address, an i64, or an f64 by `real`. */
export type Slot = number | bigint | { readonly real: number };

const ARGS = 1024;
const SCRATCH = 4 << 20; // beyond the static data
const HEAP = 8 << 20;
const PAGES = 4096; // 256 MB

/** Whether the wide kernels are there: `runPlain` runs the others then. */
export const isWide: boolean = process.env.FLAMBEAU_WIDE === "1" && Number.parseInt(process.versions.node, 10) >= 24;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536, shared: isWide });
const { table, slots } = load();
const plain = new Map([...slots.values()].map((slot) => [slot, table.get(slot) as Kernel]));
if (isWide) widen();
let free = HEAP;

function load(): { table: WebAssembly.Table; slots: ReadonlyMap<string, number> } {
  for (const flavour of isWide ? ["relaxed-threads"] : ["relaxed-single", "simd-single"]) {
    const module = moduleOf(flavour);
    if (module === null) continue;
    const exports = instance(module);
    const text = new TextDecoder().decode(WebAssembly.Module.customSections(module, "kernels")[0]);
    const [first, ...names] = text.split("\n");
    const table = exports.table as WebAssembly.Table;
    const slots = new Map(names.map((name, i) => [name, Number(first) + i]));
    return { table, slots };
  }
  throw new Error("no flavour of the kernels that this host can compile");
}

/** Null where this Node cannot compile it, or a build with --only lacks it. */
function moduleOf(flavour: string): WebAssembly.Module | null {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = readFileSync(new URL(`../../../dist/wasm/${flavour}.wasm`, import.meta.url));
  } catch {
    return null;
  }
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function instance(module: WebAssembly.Module): WebAssembly.Exports {
  const abort = () => {
    throw new Error("abort");
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  (exports.enter as (thread: number, arena: number) => void)(0, SCRATCH);
  return exports;
}

/** As src/host.node.ts does, but that V8's flags stay as they are set. */
function widen(): void {
  for (const flag of ["--experimental-wasm-revectorize", "--allow-natives-syntax"]) setFlagsFromString(flag);
  const compile = new Function("f", "return %WasmTierUpFunction(f)") as (f: unknown) => void;
  for (const [name, kernel] of Object.entries(instance(moduleOf("wide-threads")!))) {
    if (typeof kernel !== "function") continue;
    compile(kernel);
    const slot = slots.get(name);
    if (slot !== undefined) table.set(slot, kernel);
  }
}

export const real = (value: number): Slot => ({ real: value });

/** Frees everything that `put` and `room` gave. */
export function reset(): void {
  free = HEAP;
}

/** The address of `bytes` fresh bytes, 64-byte aligned and filled with 0xa5: what a kernel leaves unwritten shows. */
export function room(bytes: number): number {
  const at = free;
  free = (free + bytes + 127) & ~63;
  if (free > PAGES << 16) throw new Error("the harness is out of memory");
  new Uint8Array(memory.buffer, at, free - at).fill(0xa5);
  return at;
}

/** Copies an array into the memory and returns its address. */
export function put(values: Numbers): number {
  const at = room(values.byteLength);
  new Uint8Array(memory.buffer, at, values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  return at;
}

/** A copy of `length` elements at `address`. */
export function read<T extends Numbers>(type: Kind<T>, address: number, length: number): T {
  const bytes = memory.buffer.slice(address, address + length * type.BYTES_PER_ELEMENT);
  return new type(bytes, 0, length);
}

/** Runs the kernel over [0, n) cut into `pieces`, the last piece first: any cut must give the same bits. */
export function run(name: string, args: readonly Slot[], n: number, pieces = 1): void {
  runIn((slot) => table.get(slot) as Kernel, name, args, n, pieces);
}

/** As `run`, with the kernel whose place a wide one has taken. */
export function runPlain(name: string, args: readonly Slot[], n: number, pieces = 1): void {
  runIn((slot) => plain.get(slot)!, name, args, n, pieces);
}

type Kernel = (args: number, begin: number, end: number) => void;

function runIn(
  kernelAt: (slot: number) => Kernel,
  name: string,
  args: readonly Slot[],
  n: number,
  pieces: number,
): void {
  const slot = slots.get(name);
  if (slot === undefined) throw new Error(`no kernel ${name}`);
  const view = new DataView(memory.buffer);
  args.forEach((arg, i) => {
    const at = ARGS + 8 * i;
    if (typeof arg === "number") view.setInt32(at, arg, true);
    else if (typeof arg === "bigint") view.setBigInt64(at, arg, true);
    else view.setFloat64(at, arg.real, true);
  });
  const kernel = kernelAt(slot);
  for (let i = pieces - 1; i >= 0; i--) {
    kernel(ARGS, Math.floor((i * n) / pieces), Math.floor(((i + 1) * n) / pieces));
  }
}

/** The code of the first fault since the last call, 0 if none. */
export function takeFault(): number {
  const view = new DataView(memory.buffer);
  const code = view.getInt32(64, true);
  view.setInt32(64, 0, true);
  return code;
}

/** Uniform numbers in [-1, 1), the same in every run. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32: 32 bits of state are plenty for test data
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
