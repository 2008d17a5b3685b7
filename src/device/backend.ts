// What a device is: bytes, launches and a queue. The CPU has no other door than this one.

/** A piece of a device's memory. */
export interface Allocation {
  readonly bytes: number;
  /** Counts the lives of a record that is used again: a late finalizer compares it and does nothing to a new life. */
  readonly generation: number;
}

/** A kernel that the device has; what is in it is the device's affair. */
export interface Kernel {
  readonly name: string;
}

/**
 * A launch being written: the kernel's slots in order, then `run`. A slot is the address of an operand's first element,
 * an integer or a real number; what each means is in the header of the kernel's file (assembly/).
 */
export interface Command {
  buffer(allocation: Allocation, byteOffset: number): Command;
  /** A slot that holds no address: an optional operand that is absent. */
  none(): Command;
  /** A slot that names another kernel of the device, for one that runs it. */
  kernel(kernel: Kernel): Command;
  int(value: number): Command;
  long(value: bigint): Command;
  real(value: number): Command;
  /** A complex number: two reals side by side in one 16-byte pair of slots. */
  pair(re: number, im: number): Command;
  /**
   * Runs the kernel over [0, units). `grain` is the least number of units worth waking another thread for; a device
   * without threads ignores it. A fault that the kernel reported is thrown here, or at the next read where the device
   * answers later.
   */
  run(units: number, grain: number): void;
}

/** An operator that runs on the CPU in the order of a device's queue. */
export interface HostStep {
  readonly reads: readonly Allocation[];
  readonly writes: readonly Allocation[];
  /** Given all bytes of `reads`, the new bytes of `writes`. */
  compute(bytes: readonly Uint8Array<ArrayBuffer>[]): readonly Uint8Array[];
}

export interface MemoryStats {
  /** Bytes in use. */
  readonly allocated: number;
  /** The most bytes in use since the start or since `resetPeakMemoryStats`. */
  readonly peak: number;
  /** Bytes that the device holds, used or not. */
  readonly reserved: number;
  /** Number of allocations in use. */
  readonly storages: number;
}

export interface Backend {
  /** "cpu", "webgpu", "cuda:0" … */
  readonly device: string;
  /** True where `readSync` answers at once. */
  readonly synchronous: boolean;
  /** Bytes that the device can hold at most, as far as it knows. */
  readonly capacity: number;
  /** Threads that share a launch, where the device knows. What is cut for them comes out the same for any number. */
  readonly threads?: number;
  /** Throws OutOfMemoryError. The bytes are not cleared. */
  allocate(bytes: number): Allocation;
  /** Ordered with launches: what was launched before may still use the bytes. */
  free(allocation: Allocation): void;
  /** Writes are ordered with launches. */
  write(allocation: Allocation, byteOffset: number, bytes: Uint8Array): void;
  /** A fresh copy, once all that was launched before is done. */
  read(allocation: Allocation, byteOffset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** As `read`, at once. Throws DeviceError where the device cannot. */
  readSync(allocation: Allocation, byteOffset: number, length: number): Uint8Array<ArrayBuffer>;
  /** The kernel of that name, or null: the operator then decomposes, or runs as a host step. */
  kernel(name: string): Kernel | null;
  command(kernel: Kernel): Command;
  /**
   * Reads, computes and writes once all that was launched before is done; what is launched later waits for it. What
   * `compute` throws is thrown at once, or at the next read where the device answers later.
   */
  host(step: HostStep): void;
  stats(): MemoryStats;
  resetPeak(): void;
  /** One line for people: which build, how many threads, why. */
  describe(): string;
}
