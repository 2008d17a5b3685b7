// Everything, with the operators attached to Tensor as methods, on no host yet. What is imported as the package is an
// entry (src/entry.*.ts): it makes its host known and exports all this. The export map's conditions choose it.

import { attachMethods } from "./attach.ts";
import * as ops from "./ops/index.ts";

attachMethods(ops);

export * from "./api.ts";
// Both have these: as names of the root they are dtypes, the conversions are methods.
export { bfloat16, bool, cdouble, cfloat, double, float, half, int, long, short } from "./api.ts";
export * as autograd from "./autograd.ts";
export * as linalg from "./linalg.ts";
export * from "./ops/index.ts";
export * as masked from "./ops/masked.ts";
export * as special from "./ops/special.ts";
export * as signal from "./signal.ts";
