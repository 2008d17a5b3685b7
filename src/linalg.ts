// fl.linalg: linear algebra under the names that PyTorch has there.

export { vectorNorm } from "./ops/vectornorm.ts";
