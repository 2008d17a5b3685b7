// The worker threads of the CPU device. They start when work first comes that is worth them, never keep a process alive,
// and share the main thread's memory; how they divide a kernel is in assembly/parallel.ts.

import type { Host, Worker } from "../device/index.ts";
import { type Memory, POOL_CALLS, POOL_EPOCH, POOL_LIMIT, POOL_LOST, POOL_READY, POOL_STOP } from "./memory.ts";

const MOST_THREADS = 32; // each has a scratch arena

/**
 * What a thread runs: the text of a function of its `WorkerSeed` and of the host's way to take what was sent to it, where
 * there is one. `work` returns when the pool ends, or when wide kernels were sent. A caller that waits for a chunk sees
 * nothing but memory, so one that falls leaves word there.
 */
export const THREAD: string = `({ module, memory, number, arena, wide, slots }, receive = () => undefined) => {
  const abort = () => { throw new Error('a kernel stopped itself') };
  const start = (module) => {
    const doors = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
    doors.enter(number, arena);
    return doors;
  };
  const { table, work } = start(module);
  const widen = (module) => {
    const kernels = start(module);
    for (const name of Object.keys(kernels)) if (slots.has(name)) table.set(slots.get(name), kernels[name]);
  };
  const cells = new Int32Array(memory.buffer);
  try {
    if (wide) widen(wide);
    for (let on = true; on; ) {
      const calls = Atomics.load(cells, ${POOL_CALLS >> 2});
      const sent = receive();
      if (sent) widen(sent);
      on = work(calls);
    }
  } catch (error) {
    Atomics.store(cells, ${POOL_LOST >> 2}, 1);
    throw error;
  }
}`;

export class Pool {
  /** Threads that take part, the caller among them. */
  limit: number;
  /** Why the caller works alone in a build with threads; empty while it does not. */
  why = "";
  readonly #host: Host;
  readonly #memory: Memory;
  readonly #module: WebAssembly.Module | null;
  readonly #slots: ReadonlyMap<string, number>;
  readonly #arena: () => number;
  readonly #workers: Worker[] = [];
  #wide: WebAssembly.Module | null = null;

  /** `module` is null where the build has no threads; `slots` are its kernels' places in the table. */
  constructor(
    host: Host,
    memory: Memory,
    module: WebAssembly.Module | null,
    slots: ReadonlyMap<string, number>,
    arena: () => number,
  ) {
    this.#host = host;
    this.#memory = memory;
    this.#module = module;
    this.#slots = slots;
    this.#arena = arena;
    this.limit = module === null ? 1 : requested(host);
    this.#memory.i32[POOL_LIMIT >> 2] = this.limit - 1;
  }

  /** True when a worker can take part now. The first call starts them and says no: they arrive while the caller works. */
  ready(): boolean {
    if (this.limit === 1) return false;
    if (this.#workers.length < this.limit - 1) this.#start();
    return Atomics.load(this.#memory.i32, POOL_READY >> 2) > 0;
  }

  setLimit(count: number): void {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`setNumThreads: expected a positive integer, got ${String(count)}`);
    }
    this.limit = this.#module === null || this.why !== "" ? 1 : Math.min(count, MOST_THREADS);
    Atomics.store(this.#memory.i32, POOL_LIMIT >> 2, this.limit - 1);
  }

  /** All threads go on with these kernels in their namesakes' places. */
  widen(module: WebAssembly.Module): void {
    this.#wide = module;
    for (const worker of this.#workers) worker.widen?.(module);
    Atomics.add(this.#memory.i32, POOL_CALLS >> 2, 1);
    this.#wake();
  }

  /** A worker was lost: from now on the main thread works alone. */
  broke(): void {
    this.#host.warn("flambeau: a worker thread was lost; the work goes on with one thread");
    this.#stop("a worker was lost");
  }

  /** A worker ended by itself. That the host lets none begin (a page's policy may say so) is no loss to speak of. */
  #ended(refused: boolean): void {
    if (this.why !== "") return;
    if (refused) this.#stop("the host lets no worker start");
    else this.broke();
  }

  #start(): void {
    const { spawn } = this.#host;
    if (spawn === null || this.#module === null) return;
    while (this.#workers.length < this.limit - 1) {
      const number = this.#workers.length + 1;
      const seed = {
        module: this.#module,
        wide: this.#wide,
        slots: this.#slots,
        memory: this.#memory.memory,
        number,
        arena: this.#arena(),
      };
      try {
        const worker = spawn(seed);
        worker.onexit = (refused) => this.#ended(refused);
        this.#workers.push(worker);
      } catch (error) {
        this.#stop(`the host lets no worker start: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  #stop(why: string): void {
    this.why = why;
    this.setLimit(1);
    Atomics.store(this.#memory.i32, POOL_STOP >> 2, 1);
    this.#wake();
    Atomics.store(this.#memory.i32, POOL_READY >> 2, 0);
    for (const worker of this.#workers) worker.terminate();
  }

  #wake(): void {
    Atomics.add(this.#memory.i32, POOL_EPOCH >> 2, 1);
    Atomics.notify(this.#memory.i32, POOL_EPOCH >> 2);
  }
}

/** FLAMBEAU_NUM_THREADS, else the hardware's threads. Nonsense is one warning and the default. */
function requested(host: Host): number {
  const text = host.env("FLAMBEAU_NUM_THREADS");
  const fallback = Math.max(1, Math.min(host.threads, MOST_THREADS));
  if (text === undefined || text === "") return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return Math.min(count, MOST_THREADS);
  host.warn(
    `flambeau: FLAMBEAU_NUM_THREADS is ${JSON.stringify(text)}, expected a positive integer: using ${fallback}`,
  );
  return fallback;
}
