// flambeau/worker in Node, Bun and Deno.

import { parentPort, Worker } from "node:worker_threads";
import { type Door, doorOf } from "./worker.ts";

export * from "./worker.ts";

const door: Door = doorOf(
  // By import(): a process that was given its program as a text starts no worker from a file.
  async () => new Worker(`import(${JSON.stringify(new URL("./worker.thread.js", import.meta.url))})`, { eval: true }),
  (worker) => ({
    post: (message) => worker.postMessage(message),
    listen(message, ended) {
      let why = "";
      worker.on("message", message);
      worker.on("error", (error) => {
        why = String(error);
      });
      worker.on("exit", (code) => ended(why || `with code ${code}`));
    },
    hold: (on) => void (on ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  }),
  () => {
    if (parentPort === null) throw new TypeError("expose: this is no worker");
    const port = parentPort;
    return {
      post: (message) => port.postMessage(message),
      listen: (hear) => void port.on("message", hear),
    };
  },
);

export const inWorker: Door["inWorker"] = door.inWorker;
export const expose: Door["expose"] = door.expose;
export const endWorker: Door["endWorker"] = door.endWorker;
