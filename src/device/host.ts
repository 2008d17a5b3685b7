// What the library needs of the host it runs in. Each entry (src/entry.*.ts) describes its own.

/** The kernels come in these builds of one source. */
export type Flavour = "simd-single" | "simd-threads" | "relaxed-single" | "relaxed-threads";

export interface Worker {
  /** Called once if the worker ends before it is told to. */
  onexit: (() => void) | null;
  terminate(): void;
}

export interface WorkerSeed {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly number: number;
  readonly arena: number;
}

export interface Host {
  /** "node 24.21.0" */
  readonly name: string;
  /** Hardware threads. */
  readonly threads: number;
  /** The compiled kernels. */
  module(flavour: Flavour): WebAssembly.Module;
  /** Starts a thread that instantiates the module and calls `work`; null where the host has no threads. */
  readonly spawn: ((seed: WorkerSeed) => Worker) | null;
  /** An environment variable. */
  env(name: string): string | undefined;
  warn(message: string): void;
}
