// Everything, with the operators attached to Tensor as methods, on no host yet. What is imported as the package is an
// entry (src/entry.*.ts): it makes its host known and exports all this. The export map's conditions choose it.

import { attachMethods } from "./attach.ts";
import * as ops from "./ops/index.ts";

attachMethods(ops);

export * as autograd from "./autograd.ts";
export * as distributions from "./distributions/index.ts";
export * from "./functions.ts";
export { load, numpy, type Source, safetensors, save, type Target } from "./io/index.ts";
export * as linalg from "./linalg.ts";
export { deepcopy } from "./nn/deepcopy.ts";
export * as nn from "./nn/index.ts";
export * as masked from "./ops/masked.ts";
export * as special from "./ops/special.ts";
export * as optim from "./optim/index.ts";
export * as signal from "./signal.ts";
export * as utils from "./utils.ts";
