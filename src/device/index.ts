// Floor 1: the boundary. What a device is, its queue, the registry.
export * from "./backend.ts";
export * from "./host.ts";
export * from "./queue.ts";
export * from "./registry.ts";
