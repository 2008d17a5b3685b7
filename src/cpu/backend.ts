// The CPU device: WebAssembly kernels over one linear memory, with worker threads where the host shares memory.

import { OutOfMemoryError } from "../core/index.ts";
import {
  type Allocation,
  type Backend,
  type Command,
  type Flavour,
  type Host,
  type HostStep,
  type Kernel,
  type MemoryStats,
  registerDevice,
  setHost,
} from "../device/index.ts";
import { Allocator, type Block } from "./allocator.ts";
import { faultOf } from "./fault.ts";
import { ARGUMENTS, FAULT_CELL, Memory } from "./memory.ts";
import { Pool } from "./pool.ts";
import { doesPair, Heat } from "./wide.ts";

/** The doors of the kernel module (assembly/index.ts). */
interface Doors {
  readonly table: WebAssembly.Table;
  readonly heapBase: WebAssembly.Global;
  enter(number: number, arena: number): void;
  launch(slot: number, args: number, units: number, grain: number, back: number): number;
  settle(): number;
}

/** Those of the wide kernels (assembly/wide.ts); every other export is a kernel. */
interface Wide {
  enter(number: number, arena: number): void;
  probe(turns: number, pairs: number): void;
  readonly [kernel: string]: Entry;
}

type Entry = (args: number, begin: number, end: number) => void;

export class CpuKernel implements Kernel {
  readonly name: string;
  readonly slot: number;
  call: Entry; // another once the wide kernels are there

  constructor(name: string, slot: number, call: Entry) {
    this.name = name;
    this.slot = slot;
    this.call = call;
  }
}

export const SCRATCH_BYTES: number = 2 << 20; // a thread's arena; assembly/abi.ts says the same

export class CpuBackend implements Backend {
  readonly device = "cpu";
  readonly synchronous = true;
  readonly capacity: number;
  readonly #host: Host;
  readonly #flavour: Flavour;
  readonly #why: string;
  readonly #memory: Memory;
  readonly #doors: Doors;
  readonly #allocator: Allocator;
  readonly #slots = new Map<string, number>();
  readonly #kernels = new Map<string, CpuKernel | null>();
  readonly #pool: Pool;
  readonly #command: CpuCommand;
  readonly #mainArena: number;
  #isWide = false;

  constructor(host: Host) {
    this.#host = host;
    const { relaxed, threads, why } = chooseKernels(host);
    this.#memory = new Memory(threads, host.memory);
    const shared = this.#memory.shared;
    this.#flavour = flavourOf(relaxed, shared);
    this.#why = threads && !shared ? "the host gave no shared memory" : why;
    this.capacity = this.#memory.capacity;
    const module = host.module(this.#flavour);
    this.#doors = this.#instance(module) as unknown as Doors; // the build checks the exports (test/kernels/binaries.test.ts)
    const base = this.#doors.heapBase.value as number;
    this.#allocator = new Allocator(base, this.#memory.bytes - base, (least) => this.#memory.grow(least));
    this.#mainArena = this.#arena();
    this.#doors.enter(0, this.#mainArena);
    const [first, ...names] = new TextDecoder()
      .decode(WebAssembly.Module.customSections(module, "kernels")[0])
      .split("\n");
    for (const [i, name] of names.entries()) this.#slots.set(name, Number(first) + i);
    this.#pool = new Pool(host, this.#memory, shared ? module : null, this.#slots, () => this.#arena());
    const heat = new Heat(shared && relaxed ? host : null, (wide) => this.#widen(wide));
    this.#command = new CpuCommand(this.#memory, this.#doors, this.#pool, heat);
  }

  allocate(bytes: number): Block {
    const block = this.#allocator.allocate(bytes);
    if (block === null) {
      const { allocated, count } = this.#allocator;
      const limit = readable(this.capacity);
      throw new OutOfMemoryError(
        bytes >= this.capacity
          ? `cannot allocate ${readable(bytes)} on "cpu": there are ${limit} in all, as much as ${this.#host.memory === undefined ? "32 bits address" : `${this.#host.name} allows`}: cut the data into parts`
          : `cannot allocate ${readable(bytes)} on "cpu": ${readable(allocated)} of at most ${limit} are in use by ${count.toLocaleString("en")} storages. Tensors that nobody can reach go back only between turns of the event loop: wrap the step in fl.scope(() => …), dispose() what is done with, or await fl.relieve()`,
      );
    }
    return block;
  }

  free(allocation: Allocation): void {
    this.#allocator.free(allocation as Block);
  }

  write(allocation: Allocation, byteOffset: number, bytes: Uint8Array): void {
    this.#memory.u8.set(bytes, (allocation as Block).address + byteOffset);
  }

  async read(allocation: Allocation, byteOffset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.readSync(allocation, byteOffset, length);
  }

  readSync(allocation: Allocation, byteOffset: number, length: number): Uint8Array<ArrayBuffer> {
    const begin = (allocation as Block).address + byteOffset;
    const copy = new Uint8Array(length);
    copy.set(this.#memory.u8.subarray(begin, begin + length));
    return copy;
  }

  kernel(name: string): CpuKernel | null {
    let kernel = this.#kernels.get(name);
    if (kernel === undefined) {
      const slot = this.#slots.get(name);
      kernel = slot === undefined ? null : new CpuKernel(name, slot, this.#doors.table.get(slot) as Entry);
      this.#kernels.set(name, kernel);
    }
    return kernel;
  }

  command(kernel: Kernel): Command {
    return this.#command.begin(kernel as CpuKernel);
  }

  host({ reads, writes, compute }: HostStep): void {
    const results = compute(reads.map((source) => this.readSync(source, 0, source.bytes)));
    for (const [i, target] of writes.entries()) this.write(target, 0, results[i]!);
  }

  stats(): MemoryStats {
    const { allocated, peak, count } = this.#allocator;
    return { allocated, peak, reserved: this.#memory.bytes, storages: count };
  }

  resetPeak(): void {
    this.#allocator.peak = this.#allocator.allocated;
  }

  get threads(): number {
    return this.#pool.limit;
  }

  setThreads(count: number): void {
    this.#pool.setLimit(count);
  }

  describe(): string {
    const why = this.#why || this.#pool.why;
    const threads = why === "" ? `${this.threads} threads` : `one thread (${why})`;
    const wide = this.#isWide ? ", vectors of 256 bits" : "";
    return `cpu: ${this.#flavour} kernels on ${this.#host.name}, ${threads}, up to ${readable(this.capacity)}${wide}`;
  }

  #instance(module: WebAssembly.Module): WebAssembly.Exports {
    return new WebAssembly.Instance(module, { env: { memory: this.#memory.memory, abort: trapped } }).exports;
  }

  /** Puts the wide kernels in their namesakes' places, on all threads, where the engine does pair vectors. */
  #widen(module: WebAssembly.Module): void {
    const { enter, probe, ...kernels } = this.#instance(module) as unknown as Wide;
    enter(0, this.#mainArena);
    if (!doesPair(probe)) return;
    for (const [name, call] of Object.entries(kernels)) {
      const slot = this.#slots.get(name);
      if (slot === undefined) continue;
      this.#doors.table.set(slot, call);
      const kernel = this.#kernels.get(name);
      if (kernel) kernel.call = call;
    }
    this.#pool.widen(module);
    this.#isWide = true;
  }

  /** Scratch for one more thread: no tensor's storage, and not counted as one. */
  #arena(): number {
    const { address } = this.allocate(SCRATCH_BYTES);
    this.#allocator.count--;
    return address;
  }
}

// How a job stands (assembly/parallel.ts).
const DONE = 0;
const WAITING = 1;
const PATIENCE = 5000; // milliseconds

/** The argument block as a Command. There is one: eager calls are sequential, and a parallel kernel ends before `run` returns. */
class CpuCommand implements Command {
  readonly #memory: Memory;
  readonly #doors: Doors;
  readonly #pool: Pool;
  readonly #heat: Heat;
  #kernel!: CpuKernel;
  #back = false; // whether the last launch of `MANY` was done backwards
  #at = 0; // the next slot's index in f64 and i64, half of that in i32

  constructor(memory: Memory, doors: Doors, pool: Pool, heat: Heat) {
    this.#memory = memory;
    this.#doors = doors;
    this.#pool = pool;
    this.#heat = heat;
  }

  begin(kernel: CpuKernel): CpuCommand {
    this.#kernel = kernel;
    this.#at = ARGUMENTS >> 3;
    return this;
  }

  buffer(allocation: Allocation, byteOffset: number): CpuCommand {
    this.#memory.i32[this.#at++ << 1] = (allocation as Block).address + byteOffset;
    return this;
  }

  none(): CpuCommand {
    this.#memory.i32[this.#at++ << 1] = 0;
    return this;
  }

  kernel(kernel: Kernel): CpuCommand {
    return this.int((kernel as CpuKernel).slot);
  }

  int(value: number): CpuCommand {
    this.#memory.i32[this.#at++ << 1] = value;
    return this;
  }

  long(value: bigint): CpuCommand {
    this.#memory.i64[this.#at++] = value;
    return this;
  }

  real(value: number): CpuCommand {
    this.#memory.f64[this.#at++] = value;
    return this;
  }

  pair(re: number, im: number): CpuCommand {
    return this.real(re).real(im);
  }

  run(units: number, grain: number): void {
    this.#heat.add(1 + units / grain);
    // What a launch ends with is in the processor's own cache: that is where the next one begins.
    const isLarge = units > MANY * grain;
    if (isLarge) this.#back = !this.#back;
    const back = isLarge && this.#back;
    if (units > grain && this.#pool.ready()) this.#parallel(units, grain, back);
    else if (back) this.#backwards(units);
    else this.#kernel.call(ARGUMENTS, 0, units);
    if (this.#memory.i32[FAULT_CELL >> 2] !== 0) throw this.#fault();
  }

  /** All units on this thread, the last part first. */
  #backwards(units: number): void {
    const part = Math.ceil(units / PARTS);
    for (let end = units; end > 0; ) {
      const begin = Math.floor((end - 1) / part) * part;
      this.#kernel.call(ARGUMENTS, begin, end);
      end = begin;
    }
  }

  #parallel(units: number, grain: number, back: boolean): void {
    const chunk = chunkOf(units, grain, this.#pool.limit);
    const started = performance.now();
    let state = this.#doors.launch(this.#kernel.slot, ARGUMENTS, units, chunk, back ? 1 : 0);
    if (state === DONE) return;
    // The caller's own chunks took so long: a worker's may take some of that, and the system may let it wait.
    const patience = 3 * (performance.now() - started) + PATIENCE;
    while (state === WAITING && performance.now() - started < patience) state = this.#doors.settle();
    if (state === DONE) return;
    this.#pool.broke();
    // Not run again: what the worker has done of an operation in place would be done twice.
    throw new Error(
      `cpu: a worker thread was lost in the midst of ${this.#kernel.name}: what it computes, and what it changes in place, is not to be trusted; the work goes on with one thread`,
    );
  }

  #fault(): Error {
    const code = this.#memory.i32[FAULT_CELL >> 2]!;
    this.#memory.i32[FAULT_CELL >> 2] = 0;
    return faultOf(code, this.#memory.i64[(FAULT_CELL + 8) >> 3]!);
  }
}

/** What the host can run: relaxed SIMD, threads, and if there are none, `why`. Throws where it lacks SIMD. */
export function chooseKernels(host: Omit<Host, "module">): { relaxed: boolean; threads: boolean; why: string } {
  const why =
    host.spawn === null
      ? (host.why ?? "the host starts no workers")
      : typeof SharedArrayBuffer === "undefined"
        ? "no SharedArrayBuffer here"
        : "";
  const threads = why === "";
  if (host.only !== undefined) return { relaxed: host.only.startsWith("relaxed"), threads, why };
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new TypeError(`flambeau: ${host.name} has no WebAssembly SIMD, which the kernels need`);
  }
  return { relaxed: WebAssembly.validate(RELAXED_PROBE), threads, why };
}

export function flavourOf(relaxed: boolean, shared: boolean): Flavour {
  return `${relaxed ? "relaxed" : "simd"}-${shared ? "threads" : "single"}`;
}

/** Modules of one function: `i32x4.splat` … and `f32x4.relaxed_madd`. */
const SIMD_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);
const RELAXED_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
]);

function trapped(): never {
  throw new Error("cpu: a kernel stopped itself: this is a fault of the library");
}

/**
 * How many units a thread claims at a time: some claims a thread, so that one that is late can be helped, but no less than
 * half a grain. Of few units the busiest thread should have the fewest. Results do not depend on where the cuts are.
 */
function chunkOf(units: number, grain: number, threads: number): number {
  const least = Math.ceil(grain / 2);
  const some = Math.max(least, Math.ceil(units / (threads * CLAIMS)));
  const even = Math.max(some, Math.ceil(units / threads));
  if (units > FEW) return Math.ceil(even / Math.floor(even / some));
  const busiest = (chunk: number): number => Math.ceil(Math.ceil(units / chunk) / threads) * chunk;
  let best = some;
  for (let c = some - 1; c >= least; c--) if (busiest(c) < busiest(best)) best = c;
  return busiest(even) < WORTH * busiest(best) ? even : best;
}

const CLAIMS = 4;
const MANY = 24; // grains from which on a launch goes over more than the processor's own cache holds
const PARTS = 16; // of a launch that one thread does backwards
const FEW = 64;
const WORTH = 0.9; // of the busiest thread's units, for one claim a thread

/** "64 MiB" */
export function readable(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let i = 0;
  let value = bytes;
  for (; value >= 1024 && i < 3; i++) value /= 1024;
  return `${Number(value.toPrecision(3))} ${units[i]}`;
}

/** Makes the host known, and the CPU as a device that runs on it. */
export function registerCpu(host: Host): void {
  setHost(host);
  registerDevice("cpu", () => new CpuBackend(host));
}
