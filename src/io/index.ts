// Files and other sources of bytes.
export * as numpy from "./npy.ts";
export { load, save } from "./pt.ts";
export * as safetensors from "./safetensors.ts";
export type { Source, Target } from "./source.ts";
