// Floor 1½: the WebAssembly device.
export { CpuBackend, chooseKernels, flavourOf, readable, registerCpu } from "./backend.ts";
export { THREAD } from "./pool.ts";
