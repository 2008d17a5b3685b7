// Node, Bun and Deno (which offer Node's modules): the kernels are files beside the library, threads are worker_threads.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker as NodeWorker } from "node:worker_threads";
import { registerCpu } from "./cpu/index.ts";
import type { Flavour, Host, Worker, WorkerSeed } from "./device/index.ts";

/** Runs in each thread; `work` returns only when the pool ends. In a block: some hosts run it where `module` is a name already. */
const THREAD = `{
  const { workerData: { module, memory, number, arena } } = require('node:worker_threads');
  const abort = () => { throw new Error('a kernel stopped itself') };
  const { enter, work } = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
  enter(number, arena);
  work();
}`;

const host: Host = {
  name: hostName(),
  threads: availableParallelism(),
  module: (flavour: Flavour) =>
    new WebAssembly.Module(readFileSync(new URL(`./wasm/${flavour}.wasm`, import.meta.url))),
  spawn(seed: WorkerSeed): Worker {
    const thread = new NodeWorker(THREAD, { eval: true, workerData: seed });
    const worker: Worker = { onexit: null, terminate: () => void thread.terminate() };
    thread.on("error", () => {}); // the exit that follows is what counts
    thread.on("exit", () => worker.onexit?.(false));
    thread.unref();
    return worker;
  },
  env: (name: string) => process.env[name],
  warn: (message: string) => process.emitWarning(message, "FlambeauWarning"),
};

registerCpu(host);

export * from "./library.ts";

/** Bun and Deno have Node's modules and say who they are. */
function hostName(): string {
  const { bun, deno, node } = process.versions;
  return bun !== undefined ? `bun ${bun}` : deno !== undefined ? `deno ${deno}` : `node ${node}`;
}
