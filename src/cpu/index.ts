// Floor 1½: the WebAssembly device.
export { CpuBackend, readable, registerCpu } from "./backend.ts";
