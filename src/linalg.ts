// fl.linalg: linear algebra under the names that PyTorch has there.

export { LinAlgError } from "./core/index.ts";
export {
  cholesky,
  choleskyEx,
  cond,
  det,
  eigh,
  eigvalsh,
  inv,
  invEx,
  lstsq,
  matrixExp,
  matrixNorm,
  matrixPower,
  matrixRank,
  norm,
  pinv,
  qr,
  slogdet,
  solve,
  solveEx,
  solveTriangular,
  svd,
  svdvals,
  tensorinv,
  tensorsolve,
} from "./ops/linalg.ts";
export { matmul } from "./ops/matmul.ts";
export { cross, diagonal, multiDot, vander, vecdot } from "./ops/matrices.ts";
export { vectorNorm } from "./ops/vectornorm.ts";
