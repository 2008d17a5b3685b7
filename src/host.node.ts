// Node, Bun and Deno (which offer Node's modules): the kernels are files beside the library, threads are worker_threads.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { MessagePort, Worker as NodeWorker } from "node:worker_threads";
import { registerCpu, THREAD } from "./cpu/index.ts";
import { type Flavour, filesOfPeer, type Host, type Peer, type Worker, type WorkerSeed } from "./device/index.ts";

/** What takes a text for a script, and what for a module, both know `import()`. */
const SCRIPT = `import('node:worker_threads').then(({ workerData, parentPort, receiveMessageOnPort }) =>
  (${THREAD})(workerData, () => receiveMessageOnPort(parentPort)?.message))`;

/** Runs in a peer. What is posted before the library is there waits for it, in order. */
const PEER = `import('node:worker_threads').then(({ parentPort, workerData: { library, module } }) => {
  const serving = import(library).then(async ({ setNumThreads }) => {
    setNumThreads(1);
    return (await import(module)).serve((message, transfer) => parentPort.postMessage(message, transfer));
  });
  parentPort.on('message', async (message) => (await serving)(message));
})`;

/**
 * Compiles a module with V8's pass that pairs vectors, all of it at once, and posts it, or null. V8's flags are the whole
 * process's: they are set for this long alone.
 */
const WIDEN = `Promise.all([import('node:v8'), import('node:worker_threads')]).then(([v8, { workerData: { bytes, port } }]) => {
  const set = (flags) => flags.forEach((flag) => v8.setFlagsFromString(flag));
  let module = null;
  try {
    set(['--experimental-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation']);
    module = new WebAssembly.Module(bytes);
  } finally {
    set(['--no-experimental-wasm-revectorize', '--liftoff', '--wasm-lazy-compilation']);
    port.postMessage(module);
  }
})`;

/** Where the first thread is wanted, and not before: the module takes milliseconds of every start. */
const threads = (): typeof import("node:worker_threads") => createRequire(import.meta.url)("node:worker_threads");

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

/** The port on which the wide kernels come. */
let coming: MessagePort | null = null;

/** Node 24 is the first whose V8 has the pass for all that the kernels do. */
function wide(wait: boolean): WebAssembly.Module | null | undefined {
  const { bun, deno, electron, node } = process.versions;
  const isV8 = bun === undefined && deno === undefined && electron === undefined;
  if (!isV8 || Number.parseInt(node, 10) < 24 || process.arch !== "x64") return null;
  const { MessageChannel, receiveMessageOnPort } = threads();
  if (coming === null) {
    const { port1, port2 } = new MessageChannel();
    coming = port1;
    const seed = { bytes: bytesOf("wide-threads.wasm"), port: port2 };
    const thread = startThread(WIDEN, seed, [port2]);
    thread.on("error", () => {}); // it has posted null
    thread.unref();
  }
  for (const cell = new Int32Array(new SharedArrayBuffer(4)); ; Atomics.wait(cell, 0, 0, 5)) {
    const got = receiveMessageOnPort(coming) as { message: WebAssembly.Module | null } | undefined;
    if (got !== undefined || !wait) return got?.message;
  }
}

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  const file = new URL(`./wasm/${name}`, import.meta.url);
  try {
    return readFileSync(file);
  } catch (cause) {
    const advice =
      (cause as Error).name === "NotCapable" // Deno's
        ? "run with --allow-read"
        : "a bundler that has taken in the library leaves it behind: make flambeau external there, or import flambeau/single";
    throw new Error(`flambeau: cannot read the kernels, ${file}: ${advice}`, { cause });
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
