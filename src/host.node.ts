// Node, Bun and Deno (which offer Node's modules): the kernels are files beside the library, threads are worker_threads.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Worker as NodeWorker } from "node:worker_threads";
import { registerCpu, THREAD } from "./cpu/index.ts";
import { type Flavour, filesOfPeer, type Host, type Peer, type Worker, type WorkerSeed } from "./device/index.ts";

/** What takes a text for a script, and what for a module, both know `import()`. */
const SCRIPT = `import('node:worker_threads').then(({ workerData }) => (${THREAD})(workerData))`;

/** Runs in a peer. What is posted before the library is there waits for it, in order. */
const PEER = `import('node:worker_threads').then(({ parentPort, workerData: { library, module } }) => {
  const serving = import(library).then(async ({ setNumThreads }) => {
    setNumThreads(1);
    return (await import(module)).serve((message, transfer) => parentPort.postMessage(message, transfer));
  });
  parentPort.on('message', async (message) => (await serving)(message));
})`;

/** Where the first thread is wanted, and not before: the module takes milliseconds of every start. */
const startThread = (code: string, workerData: unknown): NodeWorker => {
  const { Worker } = createRequire(import.meta.url)("node:worker_threads") as { Worker: typeof NodeWorker };
  return new Worker(code, { eval: true, workerData });
};

const host: Host = {
  name: hostName(),
  threads: availableParallelism(),
  module: (flavour: Flavour) => new WebAssembly.Module(bytesOf(flavour)),
  spawn(seed: WorkerSeed): Worker {
    const thread = startThread(SCRIPT, seed);
    const worker: Worker = { onexit: null, terminate: () => void thread.terminate() };
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

function bytesOf(flavour: Flavour): Uint8Array<ArrayBuffer> {
  const file = new URL(`./wasm/${flavour}.wasm`, import.meta.url);
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
