// Browsers: pages and workers. The kernels are JavaScript modules with the bytes as base64, because that is what every
// bundler carries without being told; only the build that this host can run is loaded. They are compiled before the import
// of the library ends: a page's main thread may compile big modules only asynchronously.

import { chooseKernels, flavourOf, registerCpu } from "./cpu/index.ts";
import { bytesOf, webHost } from "./web.ts";

const host = webHost(import.meta.url);
const { relaxed, threads } = chooseKernels(host);
const kernels = await (relaxed ? import("./wasm/relaxed.js") : import("./wasm/simd.js"));
const expected = flavourOf(relaxed, threads);
const compiled = await WebAssembly.compile(bytesOf(kernels, expected));

registerCpu({
  ...host,
  // Another one is asked for where the host has shared memory by name and gives none.
  module: (flavour) => (flavour === expected ? compiled : new WebAssembly.Module(bytesOf(kernels, flavour))),
});
