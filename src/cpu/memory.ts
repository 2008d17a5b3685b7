// The linear memory of the CPU device and the typed views over it. Kernels cannot grow it: this file alone does, and it
// remakes the views in the same breath, so nobody else ever asks whether a view is stale.
//
// The map is drawn in assembly/abi.ts.

import { OutOfMemoryError } from "../core/index.ts";

const PAGE = 65536;
const INITIAL_PAGES = 64; // what the kernels are linked for (asconfig.json)
const LIMITS = [65536, 16384, 4096]; // 4 GiB, 1 GiB, 256 MiB: some processes may not reserve more

export const FAULT_CELL = 64;
export const POOL_READY = 320;
export const POOL_EPOCH = 192;
export const POOL_LIMIT = 328;
export const POOL_STOP = 332;
export const POOL_LOST = 336;
export const POOL_CALLS = 340;
export const ARGUMENTS = 1024;

export class Memory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Bytes that it may hold at most. */
  readonly capacity: number;
  u8!: Uint8Array;
  i32!: Int32Array;
  f64!: Float64Array;
  i64!: BigInt64Array;

  /** Shared if that can be had; `most` is what the host allows. */
  constructor(shared: boolean, most: number = LIMITS[0]! * PAGE) {
    const made = reserve(shared, most / PAGE);
    this.memory = made.memory;
    this.shared = made.shared;
    this.capacity = made.pages * PAGE;
    this.#view();
  }

  get bytes(): number {
    return this.u8.length;
  }

  /** Provides at least `least` more bytes and says how many, 0 where the host refuses. */
  grow(least: number): number {
    const needed = Math.ceil(least / PAGE);
    // A quarter more than there is keeps the number of growths small; where that is refused, the bare need.
    for (const pages of [Math.max(needed, Math.ceil(this.bytes / PAGE / 4), 256), needed]) {
      if (this.bytes + pages * PAGE > this.capacity) continue;
      try {
        this.memory.grow(pages);
      } catch {
        continue;
      }
      this.#view();
      return pages * PAGE;
    }
    return 0;
  }

  #view(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
  }
}

function reserve(shared: boolean, most: number): { memory: WebAssembly.Memory; shared: boolean; pages: number } {
  let refused: unknown;
  for (const wanted of shared ? [true, false] : [false]) {
    for (const limit of LIMITS) {
      const pages = Math.min(limit, most);
      try {
        const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: pages, shared: wanted });
        return { memory, shared: wanted, pages };
      } catch (error) {
        refused = error;
      }
    }
  }
  throw new OutOfMemoryError(
    `cpu: the host gives no WebAssembly memory: ${String(refused)} (a limit on the address space? Node 20 reserves 10 GiB for each memory)`,
  );
}
