// The package in one file (tools/build.mjs makes it), with the kernels inside and nothing to wait for: for a page without a
// server, a service worker, a script tag.
import "./host.single.ts";

export * from "./library.ts";
