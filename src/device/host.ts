// What the library needs of the host it runs in. Each entry (src/entry.*.ts) describes its own.

/** The kernels come in these builds of one source. */
export type Flavour = "simd-single" | "simd-threads" | "relaxed-single" | "relaxed-threads";

export interface Worker {
  /** Called once if the worker ends before it is told to; `refused` if the host never let it begin. */
  onexit: ((refused: boolean) => void) | null;
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
  /** The one build that this host has, where it has one alone: nothing is probed then. */
  readonly only?: Flavour;
  /** The compiled kernels. At once: a host that compiles in another way has done so before it registers the device. */
  module(flavour: Flavour): WebAssembly.Module;
  /** Starts a thread that instantiates the module and calls `work`, or throws; null where the host has no threads. */
  readonly spawn: ((seed: WorkerSeed) => Worker) | null;
  /** Why `spawn` is null. */
  readonly why?: string;
  /** An environment variable. */
  env(name: string): string | undefined;
  warn(message: string): void;
}
