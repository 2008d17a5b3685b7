// The reference device: plain ArrayBuffers, loops in double precision, and answers that come later.
//
// It is made of the public interface alone, as the device of another author would be, and is unkind on purpose: fresh
// memory is filled with a pattern, memory that went back is taken away, and every read waits for a moment.

import {
  type Allocation,
  type Backend,
  type Command,
  DeviceError,
  type HostStep,
  type Kernel,
  type MemoryStats,
  OutOfMemoryError,
  Queue,
} from "flambeau";
import { Block, type Loop, type Slot } from "./block.ts";
import { loopOf } from "./kernels.ts";

const CAPACITY = 1 << 30;
/** As float32 some -6e17, as int32 -5e8, as bool neither 0 nor 1: nothing that a result could be by luck. */
const POISON = 0xdd;

class Memory implements Allocation {
  readonly bytes: number;
  readonly generation: number = 0;
  /** Taken away in the queue's order when the allocation is freed. */
  buffer: ArrayBuffer | null;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.buffer = new ArrayBuffer(bytes);
    new Uint8Array(this.buffer).fill(POISON);
  }
}

interface ReferenceKernel extends Kernel {
  readonly loop: Loop;
}

export class ReferenceBackend implements Backend {
  readonly device: string = "reference";
  readonly synchronous: boolean = false;
  readonly capacity: number = CAPACITY;
  /** Kernels launched, by name. */
  readonly launches: Map<string, number> = new Map();
  readonly #queue = new Queue();
  readonly #kernels = new Map<string, ReferenceKernel | null>();
  #allocated = 0;
  #peak = 0;
  #storages = 0;

  allocate(bytes: number): Allocation {
    if (this.#allocated + bytes > CAPACITY) {
      throw new OutOfMemoryError(`cannot allocate ${bytes} bytes on "reference": ${this.#allocated} are in use`);
    }
    this.#allocated += bytes;
    this.#peak = Math.max(this.#peak, this.#allocated);
    this.#storages++;
    return new Memory(bytes);
  }

  free(allocation: Allocation): void {
    this.#allocated -= allocation.bytes;
    this.#storages--;
    this.#queue.push(() => {
      (allocation as Memory).buffer = null;
    });
  }

  write(allocation: Allocation, byteOffset: number, bytes: Uint8Array): void {
    const copy = bytes.slice();
    this.#queue.push(() => new Uint8Array(bufferOf(allocation)).set(copy, byteOffset));
  }

  read(allocation: Allocation, byteOffset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#queue.read(async () => {
      await moment();
      return new Uint8Array(bufferOf(allocation).slice(byteOffset, byteOffset + length));
    });
  }

  readSync(): never {
    throw new DeviceError('"reference" cannot read without waiting: use `await x.data()`');
  }

  kernel(name: string): Kernel | null {
    let kernel = this.#kernels.get(name);
    if (kernel === undefined) {
      const loop = loopOf(name);
      kernel = loop === null ? null : { name, loop };
      this.#kernels.set(name, kernel);
    }
    return kernel;
  }

  command(kernel: Kernel): Command {
    this.launches.set(kernel.name, (this.launches.get(kernel.name) ?? 0) + 1);
    return new ReferenceCommand(kernel as ReferenceKernel, this.#queue);
  }

  host({ reads, writes, compute }: HostStep): void {
    this.#queue.push(async () => {
      await moment();
      const results = compute(reads.map((source) => new Uint8Array(bufferOf(source).slice(0))));
      for (const [i, target] of writes.entries()) new Uint8Array(bufferOf(target)).set(results[i]!);
    });
  }

  stats(): MemoryStats {
    return {
      allocated: this.#allocated,
      peak: this.#peak,
      reserved: this.#allocated,
      storages: this.#storages,
    };
  }

  resetPeak(): void {
    this.#peak = this.#allocated;
  }

  describe(): string {
    return "reference: loops in double precision, which answer later";
  }
}

class ReferenceCommand implements Command {
  readonly #kernel: ReferenceKernel;
  readonly #queue: Queue;
  readonly #slots: Slot[] = [];

  constructor(kernel: ReferenceKernel, queue: Queue) {
    this.#kernel = kernel;
    this.#queue = queue;
  }

  buffer(allocation: Allocation, byteOffset: number): Command {
    return this.#slot({ bufferOf: () => bufferOf(allocation), byteOffset });
  }
  none(): Command {
    return this.#slot(null);
  }
  kernel(): Command {
    throw new Error(`${this.#kernel.name}: no kernel here runs another`);
  }
  int(value: number): Command {
    if (!Number.isInteger(value)) throw new TypeError(`${this.#kernel.name}: ${value} in an integer slot`);
    return this.#slot(value);
  }
  long(value: bigint): Command {
    return this.#slot(value);
  }
  real(value: number): Command {
    return this.#slot(value);
  }
  pair(re: number, im: number): Command {
    return this.#slot(re).#slot(im);
  }

  run(units: number): void {
    const { name, loop } = this.#kernel;
    const block = new Block(this.#slots, units);
    this.#queue.push(() => {
      try {
        loop(block);
      } catch (error) {
        if (error instanceof Error) error.message = `${name.replace(/_[^_]*$/, "")}: ${error.message}`;
        throw error;
      }
    });
  }

  #slot(slot: Slot): this {
    this.#slots.push(slot);
    return this;
  }
}

function bufferOf(allocation: Allocation): ArrayBuffer {
  const { buffer } = allocation as Memory;
  if (buffer === null) throw new Error("the reference device was asked for memory that went back");
  return buffer;
}

/** As long as a device may take: a microtask, a macrotask, or a few milliseconds. */
function moment(): Promise<void> {
  const chance = Math.random();
  if (chance < 0.5) return Promise.resolve();
  return new Promise((resolve) => (chance < 0.98 ? setImmediate(resolve) : setTimeout(resolve, 2 * Math.random())));
}
