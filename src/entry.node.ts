// The package in Node, Bun and Deno.
import "./host.node.ts";

export * from "./library.ts";
