// Node, Bun and Deno (which offer Node's modules): the kernels are files beside the library, threads are worker_threads.

import { createRequire } from "node:module";
import type { MessagePort, Worker as NodeWorker } from "node:worker_threads";
import { registerCpu, THREAD } from "./cpu/index.ts";
import {
  type Flavour,
  filesOfPeer,
  type Host,
  LEFT_BEHIND,
  type Peer,
  type Worker,
  type WorkerSeed,
} from "./device/index.ts";

/** As CommonJS has them: to import "node:fs" reads each of its names, and with them its streams, in five milliseconds. */
const builtin = createRequire(import.meta.url ?? process.execPath); // none where a bundler has made CommonJS of it
const { readFileSync }: typeof import("node:fs") = builtin("node:fs");
const { availableParallelism }: typeof import("node:os") = builtin("node:os");

/** What takes a text for a script, and what for a module, both know `import()`. */
const SCRIPT = `import('node:worker_threads').then(({ workerData, parentPort, receiveMessageOnPort }) =>
  (${THREAD})(workerData${canPair() ? ", () => receiveMessageOnPort(parentPort)?.message" : ""}))`;

/** Runs in a peer. What is posted before the library is there waits for it, in order. */
const PEER = `import('node:worker_threads').then(({ parentPort, workerData: { library, module } }) => {
  const serving = import(library).then(async ({ setNumThreads }) => {
    setNumThreads(1);
    return (await import(module)).serve((message, transfer) => parentPort.postMessage(message, transfer));
  });
  parentPort.on('message', async (message) => (await serving)(message));
})`;

/**
 * Compiles the wide kernels and posts them, or null: the kernels that are there already do the same. V8's pass is on, for the
 * whole process, while its optimizing compiler is called for each function by name, and for nothing else. (That call is a
 * native's, whose syntax is known for the one line that needs it. To have it compile the module at once is no way: flags
 * that turn off its first compiler must not change while other modules are at work.)
 */
const WIDEN = `Promise.all([import('node:v8'), import('node:worker_threads')]).then(([v8, { workerData: { bytes, port } }]) => {
  const NATIVES = 'allow-natives-syntax';
  const PAIRING = 'experimental-wasm-revectorize';
  // What the process was started with stays as it is.
  const set = (flag, to) => process.execArgv.includes('--' + flag) || v8.setFlagsFromString((to ? '--' : '--no-') + flag);
  let compiled = null;
  try {
    set(NATIVES, true);
    const compile = new Function('f', 'return %WasmTierUpFunction(f)');
    set(NATIVES, false);
    const module = new WebAssembly.Module(bytes);
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
    const kernels = new WebAssembly.Instance(module, { env: { memory, abort() {} } }).exports;
    set(PAIRING, true);
    for (const f of Object.values(kernels)) if (typeof f === 'function') compile(f);
    compiled = module;
  } catch {}
  try {
    set(NATIVES, false);
    set(PAIRING, false);
  } catch {}
  port.postMessage(compiled);
})`;

/** Where the first thread is wanted, and not before: the module takes milliseconds of every start. */
const threads = (): typeof import("node:worker_threads") => builtin("node:worker_threads");

const startThread = (code: string, workerData: unknown, transferList: MessagePort[] = []): NodeWorker =>
  new (threads().Worker)(code, { eval: true, workerData, transferList });

const host: Host = {
  name: hostName(),
  threads: availableParallelism(),
  module: (flavour: Flavour) => new WebAssembly.Module(bytesOf(`${flavour}.wasm`)),
  wide,
  spawn(seed: WorkerSeed): Worker {
    const thread = startThread(SCRIPT, seed);
    const worker: Worker = {
      onexit: null,
      widen: (module) => thread.postMessage(module),
      terminate: () => void thread.terminate(),
    };
    thread.on("error", () => {}); // the exit that follows is what counts
    thread.on("exit", () => worker.onexit?.(false));
    thread.unref();
    return worker;
  },
  peer(module: string): Peer {
    const thread = startThread(PEER, filesOfPeer(import.meta.url, module));
    const peer: Peer = {
      onmessage: null,
      onexit: null,
      post: (message) => thread.postMessage(message),
      hold: (on) => void (on ? thread.ref() : thread.unref()),
      terminate: () => void thread.terminate(),
    };
    let why = "";
    thread.on("message", (message) => peer.onmessage?.(message));
    thread.on("error", (error) => {
      why = String(error);
    });
    thread.on("exit", (code) => peer.onexit?.(why || `it ended with code ${code}`));
    thread.unref();
    return peer;
  },
  env: environment,
  warn: (message: string) => process.emitWarning(message, "FlambeauWarning"),
};

registerCpu(host);

/** The port on which the wide kernels come; null where they cannot. */
let coming: MessagePort | null | undefined;

function wide(wait: boolean): WebAssembly.Module | null | undefined {
  if (coming === undefined) coming = widening();
  if (coming === null) return null;
  const { receiveMessageOnPort } = threads();
  const started = performance.now();
  for (const cell = new Int32Array(new SharedArrayBuffer(4)); ; Atomics.wait(cell, 0, 0, 5)) {
    const got = receiveMessageOnPort(coming) as { message: WebAssembly.Module | null } | undefined;
    if (got !== undefined || !wait || performance.now() - started > PATIENCE) return got?.message;
  }
}

const PATIENCE = 20_000; // milliseconds

/** Node 24 is the first whose V8 has the pass for all that the kernels do. */
function canPair(): boolean {
  const { bun, deno, electron, node } = process.versions;
  const isNode = bun === undefined && deno === undefined && electron === undefined;
  return isNode && Number.parseInt(node, 10) >= 24 && process.arch === "x64";
}

function widening(): MessagePort | null {
  if (!canPair()) return null;
  try {
    const bytes = bytesOf("wide-threads.wasm");
    const { port1, port2 } = new (threads().MessageChannel)();
    const thread = startThread(WIDEN, { bytes, port: port2 }, [port2]);
    thread.on("error", () => {}); // it can do no more than not post
    thread.unref();
    return port1;
  } catch {
    return null; // no file, or no leave to start a thread: nothing is lost but speed
  }
}

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(new URL(`./wasm/${name}`, import.meta.url));
  } catch (cause) {
    const advice =
      (cause as Error).name === "NotCapable" // Deno's
        ? "run with --allow-read"
        : LEFT_BEHIND;
    throw new Error(`flambeau: cannot read the kernels, wasm/${name} beside ${import.meta.url}: ${advice}`, { cause });
  }
}

/** One that Deno was not allowed to read (it throws then) is one that is not set. */
function environment(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/** Bun and Deno have Node's modules and say who they are. */
function hostName(): string {
  const { bun, deno, node } = process.versions;
  return bun !== undefined ? `bun ${bun}` : deno !== undefined ? `deno ${deno}` : `node ${node}`;
}
