// workerd, the runtime of edge workers. It compiles no bytes at run time, so the kernels are a module that is imported,
// and nothing is probed: what it can run is known.

import { registerCpu } from "./cpu/index.ts";
import module from "./wasm/relaxed-single.wasm";

const WHY = "edge workers have no threads";
registerCpu({
  name: "workerd",
  threads: 1,
  memory: 96 << 20, // of the 128 MB that an isolate has for everything: who goes beyond is ended without a word
  only: "relaxed-single",
  module: () => module,
  spawn: null,
  why: WHY,
  peer: () => {
    throw new TypeError(WHY);
  },
  env: () => undefined,
  warn: (message: string) => console.warn(message),
});
