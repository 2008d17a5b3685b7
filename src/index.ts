// The root of the package: everything, with the operators attached to Tensor as methods.

import { attachMethods } from "./attach.ts";
import "./entry.node.ts";
import * as ops from "./ops/index.ts";

attachMethods(ops);

export * from "./api.ts";
export * from "./ops/index.ts";
