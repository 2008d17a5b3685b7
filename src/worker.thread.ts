// What runs in the worker that `inWorker()` starts in Node, Bun and Deno.
import * as library from "./entry.node.ts";
import { expose } from "./worker.node.ts";

expose(library);
