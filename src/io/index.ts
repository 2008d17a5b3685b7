// Files and other sources of bytes.
export * as safetensors from "./safetensors.ts";
export type { Source } from "./source.ts";
