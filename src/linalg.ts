// fl.linalg: linear algebra under the names that PyTorch has there.

export { matmul } from "./ops/matmul.ts";
export { cross, diagonal, multiDot, vander, vecdot } from "./ops/matrices.ts";
export { vectorNorm } from "./ops/vectornorm.ts";
