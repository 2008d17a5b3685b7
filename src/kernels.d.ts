// The kernels as modules: tools/build.mjs writes them into dist/wasm.

declare module "*.wasm" {
  /** Compiled already: hosts that compile nothing at run time import it so. */
  const module: WebAssembly.Module;
  export default module;
}

/** The build of one instruction set. */
declare module "*/wasm/simd.js" {
  /** Where the bytes say whether the memory is shared: 1 as they are, 3 for the build with threads. */
  export const limits: number;
  export const base64: string;
}
declare module "*/wasm/relaxed.js" {
  export const limits: number;
  export const base64: string;
}

/** The script of the worker that `inWorker` starts in a browser: deflated, as base64. */
declare module "*/worker.packed.js" {
  export const packed: string;
}
