// Browsers, where nothing may be waited for or loaded later: a service worker allows neither top-level await nor import().
// The kernels are at hand in both builds, and compiled when the device is first used.

import { registerCpu } from "./cpu/index.ts";
import * as relaxed from "./wasm/relaxed.js";
import * as simd from "./wasm/simd.js";
import { bytesOf, webHost } from "./web.ts";

registerCpu({
  ...webHost(""), // no file of its own
  module: (flavour) => new WebAssembly.Module(bytesOf(flavour.startsWith("relaxed") ? relaxed : simd, flavour)),
});
