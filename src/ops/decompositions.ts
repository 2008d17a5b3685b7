// What PyTorch's root has of linear algebra: inverses, determinants, powers and decompositions, as functions and methods. They
// are those of fl.linalg, some in older forms.

import { isComplex } from "../core/index.ts";
import { asTensor, type Named, named, type Op1, type OpK, type OpN, type OpQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { triu } from "./arrange.ts";
import { add, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { composed } from "./composed.ts";
import { clone, detach } from "./copy.ts";
import { zeros } from "./create.ts";
import { asMatrices, singularFactors } from "./factors.ts";
import {
  choleskyOf,
  det as determinant,
  matrixExp as exponential,
  qr as factorQR,
  inv,
  pinv,
  matrixPower as power,
  slogdet as signed,
  solve,
  triangular,
} from "./linalg.ts";
import { matmul } from "./matmul.ts";
import { where } from "./ternary.ts";
import { log } from "./unary.ts";
import { adjoint, transpose } from "./view.ts";

/** The inverses of square matrices: `linalg.inv`. */
export const inverse: Op1 = /* @__PURE__ */ composed<Op1>("inverse", "input", (x) => inv(x));
/** The determinants of square matrices: `linalg.det`. */
export const det: Op1 = /* @__PURE__ */ composed<Op1>("det", "input", (x) => determinant(x));

/** The logarithms of the determinants of square matrices: NaN of a negative one, -∞ of 0. */
export const logdet: Op1 = /* @__PURE__ */ composed<Op1>("logdet", "input", (x) => {
  const { sign, logabsdet } = signed(asTensor(x, "logdet", "input"));
  if (isComplex(x.code)) return add(log(sign), logabsdet);
  return where(eq(sign, -1), Number.NaN, logabsdet);
});

type SignAndLog = OpN<[], never, Named<["sign", "logabsdet"]>>;
/** The sign of the determinants and the logarithm of their modulus: `linalg.slogdet`. */
export const slogdet: SignAndLog = /* @__PURE__ */ composed<SignAndLog>("slogdet", "input", (x) => signed(x));

/** The n-th power of square matrices: `linalg.matrixPower`. */
export const matrixPower: OpN<[n: number], { n: number }> = /* @__PURE__ */ composed(
  "matrixPower",
  "input, n",
  (x, n) => power(x, n),
);
/** The exponential of square matrices: `linalg.matrixExp`. */
export const matrixExp: Op1 = /* @__PURE__ */ composed<Op1>("matrixExp", "input", (x) => exponential(x));

type PInverse = OpK<[rcond?: number], ["rcond"], { rcond: number }>;
/** The pseudo-inverse: `linalg.pinv` with the relative tolerance `rcond` (1e-15). */
export const pinverse: PInverse = /* @__PURE__ */ composed<PInverse>("pinverse", "input, rcond?", (x, rcond) =>
  pinv(x, { rtol: rcond ?? 1e-15 }),
);

type Upper = OpK<[upper?: boolean], ["upper"], { upper: boolean }>;

/** The Cholesky factor: `linalg.cholesky`. */
export const cholesky: Upper = /* @__PURE__ */ composed<Upper>("cholesky", "input, upper?", (x, upper) =>
  choleskyOf("cholesky", x, upper ?? false),
);

/** The inverse of the matrix whose Cholesky factor is given. */
export const choleskyInverse: Upper = /* @__PURE__ */ composed<Upper>("choleskyInverse", "input, upper?", (x, upper) =>
  inv(fromFactor(asMatrices(x, "choleskyInverse", "input", true), upper ?? false)),
);

type CholeskySolve = OpQ<[L: Tensor], [upper?: boolean], ["upper"], { upper: boolean }>;

/** X with `A X = input`, where `L` is the Cholesky factor of A. */
export const choleskySolve: CholeskySolve = /* @__PURE__ */ composed<CholeskySolve>(
  "choleskySolve",
  "input, L, upper?",
  (b, L, upper) => solve(fromFactor(asMatrices(L, "choleskySolve", "L", true), upper ?? false), b),
);

/** The matrix of a factor. What stands in its other triangle counts for nothing; PyTorch's gradient goes there too. */
function fromFactor(factor: Tensor, upper: boolean): Tensor {
  const l = upper ? adjoint(factor) : factor;
  const lower = sub(l, detach(triu(l, 1)));
  return matmul(lower, adjoint(lower));
}

type TriangularSolve = OpQ<
  [A: Tensor],
  [upper?: boolean, transpose?: boolean, unitriangular?: boolean],
  ["upper", "transpose", "unitriangular"],
  { upper: boolean; transpose: boolean; unitriangular: boolean },
  Named<["solution", "clonedCoefficient"]>
>;

/** X with `A X = input` for a triangle of A, or of its transpose, and a copy of A. */
export const triangularSolve: TriangularSolve = /* @__PURE__ */ composed<TriangularSolve>(
  "triangularSolve",
  "input, A, upper?, transpose?, unitriangular?",
  (b, A, upper, transposed, unit) => {
    const a = asMatrices(A, "triangularSolve", "A", true);
    const above = upper ?? true;
    const x = transposed
      ? triangular(transpose(a, -2, -1), b, !above, true, unit ?? false)
      : triangular(a, b, above, true, unit ?? false);
    return named([x, clone(a)], ["solution", "clonedCoefficient"]);
  },
);

type QR = OpK<[some?: boolean], ["some"], { some: boolean }, Named<["Q", "R"]>>;
/** `A = Q R`: `linalg.qr`, complete unless `some`. */
export const qr: QR = /* @__PURE__ */ composed<QR>("qr", "input, some?", (x, some) =>
  factorQR(x, some === false ? "complete" : "reduced"),
);

type SVD = OpK<
  [some?: boolean, computeUv?: boolean],
  ["some", "computeUv"],
  { some: boolean; computeUv: boolean },
  Named<["U", "S", "V"]>
>;

/** `A = U diag(S) Vᴴ`: as `linalg.svd`, but with V, and with whole bases only where `some` is false. Without `computeUv` they are zeros. */
export const svd: SVD = /* @__PURE__ */ composed<SVD>("svd", "input, some?, computeUv?", (x, some, computeUv) => {
  const a = asMatrices(x, "svd", "input");
  const { U, S, Vh } = singularFactors(a, some === false && computeUv !== false);
  if (computeUv !== false) return named([U, S, adjoint(Vh)], ["U", "S", "V"]);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const nothing = (size: number): Tensor =>
    zeros([...a.shape.slice(0, -2), size, size], { dtype: a.dtype, device: a.device });
  return named([nothing(m), S, nothing(n)], ["U", "S", "V"]);
});
