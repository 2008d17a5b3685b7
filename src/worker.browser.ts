// flambeau/worker in browsers. The library comes as a text, so that every bundler carries it, and runs from a Blob.

import { type Door, doorOf } from "./worker.ts";

export * from "./worker.ts";

const door: Door = doorOf(
  async () => {
    const { packed } = await import("./worker.packed.js");
    const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    const text = await new Response(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")),
    ).text();
    return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })), { name: "flambeau" });
  },
  (worker) => ({
    post: (message) => worker.postMessage(message),
    listen(message, ended) {
      worker.onmessage = ({ data }) => message(data);
      worker.onerror = (event) => {
        event.preventDefault();
        ended(event instanceof ErrorEvent ? event.message : "its script was not loaded");
      };
    },
    hold: () => {}, // a page does not end by itself
    terminate: () => worker.terminate(),
  }),
  () => {
    const self = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
    return {
      post: (message) => self.postMessage(message),
      listen(hear) {
        self.onmessage = ({ data }) => hear(data);
      },
    };
  },
);

export const inWorker: Door["inWorker"] = door.inWorker;
export const expose: Door["expose"] = door.expose;
export const endWorker: Door["endWorker"] = door.endWorker;
