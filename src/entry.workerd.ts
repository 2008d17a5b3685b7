// The package on edge workers.
import "./host.workerd.ts";

export * from "./library.ts";
