// What the library needs of the host it runs in. Each entry (src/entry.*.ts) describes its own.

/** The kernels come in these builds of one source. */
export type Flavour = "simd-single" | "simd-threads" | "relaxed-single" | "relaxed-threads";

export interface Worker {
  /** Called once if the worker ends before it is told to; `refused` if the host never let it begin. */
  onexit: ((refused: boolean) => void) | null;
  /** Sends it the wide kernels, which it takes when it is called back from `work`; a host without them has no such way. */
  widen?(module: WebAssembly.Module): void;
  terminate(): void;
}

export interface WorkerSeed {
  readonly module: WebAssembly.Module;
  /** The wide kernels, where they are there already. */
  readonly wide: WebAssembly.Module | null;
  /** The table's slots of kernels by their names. */
  readonly slots: ReadonlyMap<string, number>;
  readonly memory: WebAssembly.Memory;
  readonly number: number;
  readonly arena: number;
}

/** A thread that runs the library itself, and works on what is posted to it. It keeps no process alive unless it is held. */
export interface Peer {
  onmessage: ((message: unknown) => void) | null;
  /** Called once if it ends before it is told to. */
  onexit: ((why: string) => void) | null;
  post(message: unknown): void;
  /** Whether the process waits for it. */
  hold(on: boolean): void;
  terminate(): void;
}

/** What a peer's module exports as `serve`: given the way back, it returns what is to be done with each message. */
export type Serve = (post: (message: unknown, transfer: ArrayBuffer[]) => void) => (message: unknown) => void;

export interface Host {
  /** "node 24.21.0" */
  readonly name: string;
  /** Hardware threads. */
  readonly threads: number;
  /** Bytes that the kernels' memory may have, where the host allows fewer than WebAssembly's 4 GiB. */
  readonly memory?: number;
  /** The one build that this host has, where it has one alone: nothing is probed then. */
  readonly only?: Flavour;
  /** The compiled kernels. At once: a host that compiles in another way has done so before it registers the device. */
  module(flavour: Flavour): WebAssembly.Module;
  /**
   * The kernels whose vectors the engine pairs to 256 bits, compiled beside the work: the first call begins it. Undefined
   * until they are there (with `wait` it waits for them), null where there are none.
   */
  wide?(wait: boolean): WebAssembly.Module | null | undefined;
  /** Starts a thread that instantiates the module and calls `work`, or throws; null where the host has no threads. */
  readonly spawn: ((seed: WorkerSeed) => Worker) | null;
  /** Why `spawn` is null. */
  readonly why?: string;
  /**
   * Starts a thread that imports the library, then one of its modules ("data/worker.js"), whose `serve` gets what is posted.
   * Throws where the host has no threads or the library is no longer files of its own.
   */
  peer(module: string): Peer;
  /** An environment variable. */
  env(name: string): string | undefined;
  warn(message: string): void;
}

/** Where a file of the library is not where the library thinks it is. */
export const LEFT_BEHIND: string =
  "a bundler that has taken in the library leaves it behind: make flambeau external there, or import flambeau/single";

/**
 * What a peer imports: the entry beside the file of its host, which is at `url`, then a module of the library. Throws where a
 * bundler has made one file of them. (The build's own one file, tools/join.mjs, has its entries in a folder.)
 */
export function filesOfPeer(url: string, module: string): { library: string; module: string } {
  const host = url.replace(/\/joined\.js$/, "/joined/host.node.js");
  const library = host.replace(/\/host(\.\w+\.[jt]s)$/, "/entry$1");
  if (library === host) {
    throw new TypeError("a bundled library has no files that a thread could import: keep flambeau external");
  }
  return { library, module: new URL(module, host).href };
}

let here: Host | null = null;

/** Makes the host known on which the library runs. */
export function setHost(host: Host): void {
  here = host;
}

/** The host on which the library runs; null where no entry has made it known. */
export const hostHere = (): Host | null => here;
