// What runs in the worker that `inWorker()` starts in a browser; tools/build.mjs packs it into worker.packed.js.
import * as library from "./entry.single.ts";
import { expose } from "./worker.browser.ts";

expose(library);
