// workerd, the runtime of edge workers. It compiles no bytes at run time, so the kernels are a module that is imported,
// and nothing is probed: what it can run is known.

import { registerCpu } from "./cpu/index.ts";
import module from "./wasm/relaxed-single.wasm";

registerCpu({
  name: "workerd",
  threads: 1,
  only: "relaxed-single",
  module: () => module,
  spawn: null,
  why: "edge workers have no threads",
  env: () => undefined,
  warn: (message: string) => console.warn(message),
});

export * from "./library.ts";
