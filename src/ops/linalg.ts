// fl.linalg over decompositions. Not exported with the other operators: some names are theirs; decompositions.ts has what
// PyTorch's root has of them.

import { IndexError, isComplex, LinAlgError, ShapeError, show, ValueError } from "../core/index.ts";
import { type Dim, type FnQ, type Named, named, wrongArgument } from "../op/index.ts";
import { dtypeArgument, Tensor } from "../tensor/index.ts";
import { reducedShape } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { eq, gt } from "./compare.ts";
import { complex } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { cast, clone, detach } from "./copy.ts";
import { empty, eye, full, zerosLike } from "./create.ts";
import { max, min } from "./extreme.ts";
import {
  asMatrices,
  choleskyFactor,
  hermitianFactors,
  hermitianValues,
  qrFactors,
  reduced,
  signAndLog,
  singularFactors,
  singularValues,
  solved,
  solvedTriangle,
} from "./factors.ts";
import { cat } from "./join.ts";
import { matmul } from "./matmul.ts";
import { narrow } from "./pick.ts";
import { amax, amin, any, prod, sum } from "./reduce.ts";
import { where } from "./ternary.ts";
import { abs, exp, square } from "./unary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { adjoint, broadcastShapes, expand, movedim, reshape, squeeze, transpose, unsqueeze } from "./view.ts";

type Plain = FnQ<[A: Tensor], [], [], object>;
type Pair<N extends readonly string[]> = FnQ<[A: Tensor], [], [], object, Named<N>>;

/** The first matrix of a batch for which the place in `info` is not 0, and that place. */
function failure(info: Tensor): { readonly at: string; readonly place: number } | null {
  const places = info.dataSync();
  const first = places.findIndex((place: number | bigint) => Number(place) !== 0);
  if (first < 0) return null;
  return { at: info.ndim === 0 ? "" : `(Batch element ${first}): `, place: Number(places[first]) };
}

/** Zeros stand on diagonals where matrices have no inverse. */
function assertRegular(name: string, info: Tensor, what: string): void {
  const failed = failure(info);
  if (failed !== null) throw new LinAlgError(`${name}: ${failed.at}${what} because the input matrix is singular`);
}

// ── inverses and systems ─────────────────────────────────────────────────────────────────────────────────────────────

const identityFor = (a: Tensor): Tensor => expand(eye(a.shape.at(-1)!, { dtype: a.dtype, device: a.device }), a.shape);

function inverted(name: string, A: Tensor): Named<["x", "info"]> {
  const a = asMatrices(A, name, "A", true);
  return solved(a, clone(identityFor(a)));
}

/** The inverses of square matrices. Throws LinAlgError for one that has none. */
export const inv: Plain = /* @__PURE__ */ composedFunction<Plain>("linalg.inv", "A", (A) => {
  const { x, info } = inverted("linalg.inv", A);
  assertRegular("linalg.inv", info, "The inversion could not be completed");
  return x;
});

type Checked<N extends readonly string[]> = FnQ<[A: Tensor], [], [], { checkErrors: boolean }, Named<N>>;

/** The inverses, and for each matrix the place of the zero that forbade it, or 0: nothing is thrown unless `checkErrors`. */
export const invEx: Checked<["inverse", "info"]> = /* @__PURE__ */ composedFunction<Checked<["inverse", "info"]>>(
  "linalg.invEx",
  "A, *, checkErrors?",
  (A: Tensor, checkErrors?: unknown) => {
    const { x, info } = inverted("linalg.invEx", A);
    if (checkErrors === true) assertRegular("linalg.invEx", info, "The inversion could not be completed");
    return named([x, info], ["inverse", "info"]);
  },
);

interface Side {
  left: boolean;
}
type Solve<N, R> = FnQ<[A: Tensor, B: Tensor], [], [], N, R>;

function solution(name: string, A: Tensor, B: Tensor, left: boolean): Named<["x", "info"]> {
  const a = asMatrices(A, name, "A", true);
  if (!(B instanceof Tensor)) throw wrongArgument(name, "B", B, "a Tensor");
  const isVector = B.ndim === 1 || (B.ndim === a.ndim - 1 && String(B.shape) === String(a.shape.slice(0, -1)));
  const right = isVector ? unsqueeze(B, -1) : B;
  const system = left ? a : transpose(a, -2, -1);
  const { x, info } = between(name, system, left || isVector ? right : transpose(right, -2, -1));
  return named([isVector ? squeeze(x, -1) : left ? x : transpose(x, -2, -1), info], ["x", "info"]);
}

/** Solves where the batches broadcast. */
function between(name: string, a: Tensor, b: Tensor): Named<["x", "info"]> {
  if (a.shape.at(-1) !== b.shape.at(-2)) {
    throw new ShapeError(`${name}: Incompatible shapes of A and B for the equation AX = B: ${show(a)} and ${show(b)}`);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return solved(expand(a, [...batch, ...a.shape.slice(-2)]), expand(b, [...batch, ...b.shape.slice(-2)]));
}

/**
 * X with `A X = B`, or `X A = B` where `left` is false; B may be vectors. Throws LinAlgError for a singular matrix.
 *
 * @example
 * linalg.solve(tensor([[2, 0], [0, 4]], { dtype: "float32" }), tensor([2, 2], { dtype: "float32" })) // [1, 0.5]
 */
export const solve: Solve<Side, Tensor> = /* @__PURE__ */ composedFunction<Solve<Side, Tensor>>(
  "linalg.solve",
  "A, B, *, left?",
  (A: Tensor, B: Tensor, left?: unknown) => {
    const { x, info } = solution("linalg.solve", A, B, left !== false);
    assertRegular("linalg.solve", info, "The solver failed");
    return x;
  },
);

type SolveEx = Solve<Side & { checkErrors: boolean }, Named<["result", "info"]>>;

/** As `solve`, with the place of a zero for each matrix in place of the error. */
export const solveEx: SolveEx = /* @__PURE__ */ composedFunction<SolveEx>(
  "linalg.solveEx",
  "A, B, *, left?, checkErrors?",
  (A: Tensor, B: Tensor, left?: unknown, checkErrors?: unknown) => {
    const { x, info } = solution("linalg.solveEx", A, B, left !== false);
    if (checkErrors === true) assertRegular("linalg.solveEx", info, "The solver failed");
    return named([x, info], ["result", "info"]);
  },
);

type Triangular = (
  A: Tensor,
  B: Tensor,
  options: { upper: boolean; left?: boolean; unitriangular?: boolean },
) => Tensor;

/** X with `A X = B`, or `X A = B` where `left` is false, for triangles: the rest of A, and with `unitriangular` its diagonal, is not read. */
export const solveTriangular: Triangular = /* @__PURE__ */ composedFunction<
  (A: Tensor, B: Tensor, upper?: unknown, left?: unknown, unitriangular?: unknown) => Tensor
>("linalg.solveTriangular", "A, B, *, upper, left?, unitriangular?", (A, B, upper, left, unitriangular) => {
  const a = asMatrices(A, "linalg.solveTriangular", "A", true);
  const b = asMatrices(B, "linalg.solveTriangular", "B");
  return triangular(a, b, upper === true, left !== false, unitriangular === true);
}) as unknown as Triangular;

/** The same, of checked matrices. @internal */
export function triangular(a: Tensor, b: Tensor, upper: boolean, left: boolean, unit: boolean): Tensor {
  const [system, right] = left ? [a, b] : [transpose(a, -2, -1), transpose(b, -2, -1)];
  const batch = broadcastShapes(system.shape.slice(0, -2), right.shape.slice(0, -2));
  const x = solvedTriangle(
    expand(system, [...batch, ...system.shape.slice(-2)]),
    expand(right, [...batch, ...right.shape.slice(-2)]),
    left ? upper : !upper,
    unit,
  );
  return left ? x : transpose(x, -2, -1);
}

// ── determinants and powers ──────────────────────────────────────────────────────────────────────────────────────────

/** The logarithm of the modulus of the determinants, and their sign: a number of modulus 1, or 0. */
export const slogdet: Pair<["sign", "logabsdet"]> = /* @__PURE__ */ composedFunction<Pair<["sign", "logabsdet"]>>(
  "linalg.slogdet",
  "A",
  (A) => signAndLog(asMatrices(A, "linalg.slogdet", "A", true)),
);

/** The determinants of square matrices. The gradient of a singular one comes of its singular vectors. */
export const det: Plain = /* @__PURE__ */ composedFunction<Plain>("linalg.det", "A", (A) => {
  const a = asMatrices(A, "linalg.det", "A", true);
  const { sign, logabsdet } = signAndLog(detach(a));
  const size = exp(logabsdet);
  const value = mul(sign, size);
  if (!a.requiresGrad) return value;
  if (any(eq(value, 0)).item()) {
    const { U, S, Vh } = singularFactors(a, false);
    return mul(
      mul(signAndLog(U).sign, signAndLog(Vh).sign),
      isComplex(a.code) ? complex(prod(S, -1), zerosLike(prod(S, -1))) : prod(S, -1),
    );
  }
  const whole = signAndLog(a);
  return mul(whole.sign, exp(whole.logabsdet));
});

type Power = FnQ<[A: Tensor, n: number], [], [], object>;

/** The n-th power of square matrices; a negative one is of the inverse. */
export const matrixPower: Power = /* @__PURE__ */ composedFunction<Power>("linalg.matrixPower", "A, n", (A, n) => {
  const a = asMatrices(A, "linalg.matrixPower", "A", true);
  if (!Number.isInteger(n)) throw wrongArgument("linalg.matrixPower", "n", n, "an integer");
  if (n === 0) return where(full([], false), a, identityFor(a)); // which has a gradient: 0
  let base = n < 0 ? inv(a) : a;
  let result: Tensor | null = null;
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = result === null ? base : matmul(result, base);
    if (left > 1) base = matmul(base, base);
  }
  return result === a ? clone(a) : result!;
});

const MOST_TERMS = 16;

/** Whether the series up to that power gives the exponential of a matrix of that norm to `precision`. */
function suffices(terms: number, norm: number, precision: number): boolean {
  let rest = Math.exp(norm); // beside the least that an exponential can be
  for (let k = 1; k <= terms + 1; k++) rest *= norm / k;
  return rest <= precision;
}

/**
 * `Σ Aᵏ / k!`: the exponential of square matrices, scaled down, summed, and squared up again. The sum is a polynomial of A⁴
 * whose coefficients are polynomials of A (Paterson and Stockmeyer 1973), so that 16 terms are six products.
 */
export const matrixExp: Plain = /* @__PURE__ */ composedFunction<Plain>("linalg.matrixExp", "A", (A) => {
  const a = asMatrices(A, "linalg.matrixExp", "A", true);
  if (a.numel() === 0) return clone(a);
  let norm = amax(sum(abs(detach(a)), -2)).item() as number;
  const precision = epsilonOf(a) / 2;
  let squarings = 0;
  for (; Number.isFinite(norm) && !suffices(MOST_TERMS, norm, precision); squarings++) norm /= 2;
  let terms = 4;
  while (terms < MOST_TERMS && !suffices(terms, norm, precision)) terms += 4;
  const a1 = squarings === 0 ? a : mul(a, 2 ** -squarings);
  const a2 = matmul(a1, a1);
  const [a3, a4] = [matmul(a2, a1), matmul(a2, a2)];
  const share = (power: number): number => 1 / factorial(power);
  let y: Tensor = mul(a4, share(terms));
  for (let power = terms - 4; power >= 0; power -= 4) {
    if (power < terms - 4) y = matmul(y, a4);
    for (const [i, x] of [identityFor(a), a1, a2, a3].entries()) y = add(y, x, { alpha: share(power + i) });
  }
  for (let k = 0; k < squarings; k++) y = matmul(y, y);
  return y;
});

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

// ── factors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function factorOf(name: string, A: Tensor, upper: boolean): Named<["L", "info"]> {
  return choleskyFactor(asMatrices(A, name, "A", true), upper);
}

function assertPositive(name: string, info: Tensor): void {
  const failed = failure(info);
  if (failed === null) return;
  throw new LinAlgError(
    `${name}: ${failed.at}The factorization could not be completed because the input is not positive-definite (the leading minor of order ${failed.place} is not positive-definite)`,
  );
}

/** The Cholesky factor under any of its names. @internal */
export function choleskyOf(name: string, A: Tensor, upper: boolean): Tensor {
  const { L, info } = factorOf(name, A, upper);
  assertPositive(name, info);
  return L;
}

type Cholesky = FnQ<[A: Tensor], [], [], { upper: boolean }>;

/** The lower triangle L with `A = L Lᴴ`, or the upper U with `A = Uᴴ U`. Throws LinAlgError where A is not positive-definite. */
export const cholesky: Cholesky = /* @__PURE__ */ composedFunction<Cholesky>(
  "linalg.cholesky",
  "A, *, upper?",
  (A: Tensor, upper?: unknown) => choleskyOf("linalg.cholesky", A, upper === true),
);

type CholeskyEx = FnQ<[A: Tensor], [], [], { upper: boolean; checkErrors: boolean }, Named<["L", "info"]>>;

/** As `cholesky`, with the order of the first minor that is not positive for each matrix in place of the error. */
export const choleskyEx: CholeskyEx = /* @__PURE__ */ composedFunction<CholeskyEx>(
  "linalg.choleskyEx",
  "A, *, upper?, checkErrors?",
  (A: Tensor, upper?: unknown, checkErrors?: unknown) => {
    const result = factorOf("linalg.choleskyEx", A, upper === true);
    if (checkErrors === true) assertPositive("linalg.choleskyEx", result.info);
    return result;
  },
);

type Mode = "reduced" | "complete" | "r";
type QR = FnQ<[A: Tensor], [mode?: Mode], ["mode"], { mode: Mode }, Named<["Q", "R"]>>;

/** `A = Q R`: Q with as many columns as the smaller size, or complete; with the mode "r" Q is empty. */
export const qr: QR = /* @__PURE__ */ composedFunction<QR>("linalg.qr", "A, mode?", (A, mode) => {
  const a = asMatrices(A, "linalg.qr", "A");
  const how = mode ?? "reduced";
  if (!["reduced", "complete", "r"].includes(how)) {
    throw new ValueError(
      `linalg.qr: qr received unrecognized mode '${how}' but expected one of 'reduced', 'r', or 'complete'`,
    );
  }
  const [m, n] = a.shape.slice(-2) as [number, number];
  const { Q, R } = qrFactors(a, how === "complete" ? m : Math.min(m, n));
  return named([how === "r" ? empty(0, { dtype: a.dtype, device: a.device }) : Q, R], ["Q", "R"]);
});

type Triangle = "L" | "U" | "l" | "u";
type Eigh<R> = FnQ<[A: Tensor], [UPLO?: Triangle], ["UPLO"], { UPLO: Triangle }, R>;

/** A with its lower triangle being the one that is read. */
function hermitianOf(name: string, A: Tensor, uplo: unknown): Tensor {
  const a = asMatrices(A, name, "A", true);
  const side = String(uplo ?? "L").toUpperCase();
  if (side !== "L" && side !== "U")
    throw new ValueError(`${name}: Expected UPLO argument to be 'L' or 'U', but got ${side}`);
  return side === "L" ? a : adjoint(a);
}

/** Eigenvalues in ascending order, and eigenvectors as columns, of Hermitian matrices, of which the triangle `UPLO` is read. */
export const eigh: Eigh<Named<["eigenvalues", "eigenvectors"]>> = /* @__PURE__ */ composedFunction<
  Eigh<Named<["eigenvalues", "eigenvectors"]>>
>("linalg.eigh", "A, UPLO?", (A, uplo) => hermitianFactors(hermitianOf("linalg.eigh", A, uplo)));

/** The eigenvalues of Hermitian matrices in ascending order. */
export const eigvalsh: Eigh<Tensor> = /* @__PURE__ */ composedFunction<Eigh<Tensor>>(
  "linalg.eigvalsh",
  "A, UPLO?",
  (A, uplo) => hermitianValues(hermitianOf("linalg.eigvalsh", A, uplo)),
);

type SVD = FnQ<
  [A: Tensor],
  [fullMatrices?: boolean],
  ["fullMatrices"],
  { fullMatrices: boolean; driver: string | null },
  Named<["U", "S", "Vh"]>
>;

/** `A = U diag(S) Vh` with singular values in descending order; without `fullMatrices` U and Vh have as many vectors as there are values. */
export const svd: SVD = /* @__PURE__ */ composedFunction<SVD>("linalg.svd", "A, fullMatrices?, *, driver?", (A, full) =>
  singularFactors(asMatrices(A, "linalg.svd", "A"), full ?? true),
);

type SingularValues = FnQ<[A: Tensor], [], [], { driver: string | null }>;

/** The singular values in descending order. */
export const svdvals: SingularValues = /* @__PURE__ */ composedFunction<SingularValues>(
  "linalg.svdvals",
  "A, *, driver?",
  (A) => singularValues(asMatrices(A, "linalg.svdvals", "A")),
);

// ── what follows from them ───────────────────────────────────────────────────────────────────────────────────────────

type Tolerance = number | Tensor | null;
interface Tolerances {
  atol: Tolerance;
  rtol: Tolerance;
  hermitian: boolean;
}

const epsilonOf = ({ dtype }: Tensor): number => (dtype === "float64" || dtype === "complex128" ? 2 ** -52 : 2 ** -23);

/** Whether each of the magnitudes `s` is above the tolerance. */
function bounded(s: Tensor, a: Tensor, atol: Tolerance, rtol: Tolerance): Tensor {
  const relative = rtol ?? (atol === null ? epsilonOf(s) * Math.max(...a.shape.slice(-2)) : 0);
  const bound = (t: number | Tensor, by: Tensor | null): Tensor => {
    const each = t instanceof Tensor ? unsqueeze(t, -1) : full([], t, { dtype: s.dtype, device: s.device });
    return by === null ? each : mul(each, by);
  };
  const most = s.shape.at(-1) === 0 ? s : amax(s, -1, true);
  const [absolute, byMost] = [bound(atol ?? 0, null), bound(relative, most)];
  return gt(s, where(gt(byMost, absolute), byMost, absolute));
}

type Rank = FnQ<
  [A: Tensor],
  [tol?: Tolerance, hermitian?: boolean],
  ["tol", "hermitian"],
  Tolerances & { tol: Tolerance }
>;

/** How many singular values are above the tolerance: `max(atol, rtol · the largest)`. */
export const matrixRank: Rank = /* @__PURE__ */ composedFunction<Rank>(
  "linalg.matrixRank",
  "A, tol?, hermitian?, *, atol?, rtol?",
  (A: Tensor, tol?: Tolerance, hermitian?: boolean, atol?: unknown, rtol?: unknown) => {
    const a = asMatrices(A, "linalg.matrixRank", "A", hermitian === true);
    const s = hermitian === true ? abs(hermitianValues(a)) : singularValues(a);
    const least = (tol ?? atol ?? null) as Tolerance;
    return sum(bounded(s, a, least, (rtol ?? null) as Tolerance), -1);
  },
);

type PInv = FnQ<[A: Tensor], [], [], Tolerances>;

/** The pseudo-inverse by Moore and Penrose; singular values up to the tolerance count as 0. */
export const pinv: PInv = /* @__PURE__ */ composedFunction<PInv>(
  "linalg.pinv",
  "A, *, atol?, rtol?, hermitian?",
  (A: Tensor, atol?: unknown, rtol?: unknown, hermitian?: unknown) => {
    const a = asMatrices(A, "linalg.pinv", "A", hermitian === true);
    if (a.numel() === 0) return adjoint(mul(a, 0));
    const [least, share] = [(atol ?? null) as Tolerance, (rtol ?? null) as Tolerance];
    const [left, values, right] = hermitian === true ? byEigenvalues(detach(a)) : singularFactors(detach(a), false);
    const inverse = reciprocals(values, bounded(abs(values), a, least, share));
    const value = matmul(mul(adjoint(right), unsqueeze(inverse, -2)), adjoint(left));
    return a.requiresGrad ? throughPenrose(a, value) : value;
  },
);

/** A Hermitian matrix as a product of three, as its singular values would make one. */
function byEigenvalues(a: Tensor): readonly [left: Tensor, values: Tensor, right: Tensor] {
  const { eigenvalues, eigenvectors } = hermitianFactors(a);
  return [eigenvectors, eigenvalues, adjoint(eigenvectors)];
}

/** `1 / s` where it counts, else 0, and no gradient. */
const reciprocals = (s: Tensor, counts: Tensor): Tensor => where(counts, div(1, where(counts, s, 1)), 0);

/**
 * A pseudo-inverse P with its derivative, whatever its singular values: an expression of A whose value is P and whose
 * differential is that of the pseudo-inverse, `-P dA P + P Pᴴ dAᴴ (1 - A P) + (1 - P A) dAᴴ Pᴴ P`.
 */
function throughPenrose(a: Tensor, p: Tensor): Tensor {
  const change = sub(a, detach(a)); // 0, and dA
  const fixed = detach(a);
  const ph = adjoint(p);
  const dh = adjoint(change);
  const inside = matmul(matmul(p, change), p);
  const below = matmul(matmul(matmul(p, ph), dh), sub(identityFor(matmul(fixed, p)), matmul(fixed, p)));
  const beside = matmul(matmul(sub(identityFor(matmul(p, fixed)), matmul(p, fixed)), dh), matmul(ph, p));
  return add(add(sub(p, inside), below), beside);
}

type Driver = "gels" | "gelsy" | "gelsd" | "gelss";
type LeastSquares = FnQ<
  [A: Tensor, B: Tensor],
  [rcond?: number | null],
  ["rcond"],
  { rcond: number | null; driver: Driver | null },
  Named<["solution", "residuals", "rank", "singularValues"]>
>;

/**
 * X for which `‖A X - B‖` is least, and among these the smallest. `residuals` are the squares of that where A is tall and has
 * full rank; `rank` is there but for the driver "gels", `singularValues` with "gelsd" and "gelss".
 */
export const lstsq: LeastSquares = /* @__PURE__ */ composedFunction<LeastSquares>(
  "linalg.lstsq",
  "A, B, rcond?, *, driver?",
  (A: Tensor, B: Tensor, rcond?: number | null, driver?: unknown) => {
    const a = asMatrices(A, "linalg.lstsq", "A");
    const isVector = B.ndim === 1 || (a.ndim - 1 === B.ndim && String(a.shape.slice(0, -1)) === String(B.shape));
    const right = isVector ? unsqueeze(B, -1) : B;
    const how = (driver ?? "gelsy") as Driver;
    const [m, n] = a.shape.slice(-2) as [number, number];
    const none = (dtype: Tensor["dtype"]): Tensor => empty(0, { dtype, device: a.device });
    const withValues = how === "gelsd" || how === "gelss";
    const [x, rank, s] =
      (withValues || m < n || a.requiresGrad || right.requiresGrad ? null : byReflections(a, right, rcond ?? null)) ??
      byValues(a, right, rcond ?? null);
    const whole = m > n && amin(rank).item() === n;
    const residuals = whole ? sum(square(abs(sub(matmul(a, x), right))), -2) : abs(narrow(reshape(x, -1), 0, 0, 0));
    return named(
      [
        isVector ? squeeze(x, -1) : x,
        isVector && whole ? squeeze(residuals, -1) : residuals,
        how === "gels" ? none("int64") : rank,
        withValues ? s! : none(residuals.dtype),
      ],
      ["solution", "residuals", "rank", "singularValues"],
    );
  },
);

type Squares = readonly [x: Tensor, rank: Tensor, values: Tensor | null];

/** The least squares by singular values. */
function byValues(a: Tensor, right: Tensor, rcond: number | null): Squares {
  const { U, S: s, Vh } = singularFactors(detach(a), false);
  const counts = bounded(s, a, null, rcond);
  const x = a.requiresGrad
    ? matmul(pinv(a, { rtol: rcond }), right)
    : matmul(adjoint(Vh), mul(unsqueeze(reciprocals(s, counts), -1), matmul(adjoint(U), right)));
  return [x, sum(counts, -1), s];
}

/** The least squares of tall matrices by `R x = Qᴴ b`; null where it may be that not all singular values count. */
function byReflections(a: Tensor, right: Tensor, rcond: number | null): Squares | null {
  const [n, columns] = [a.shape.at(-1)!, right.shape.at(-1)!];
  const batch = broadcastShapes(a.shape.slice(0, -2), right.shape.slice(0, -2));
  const { R, C } = reduced(
    expand(a, [...batch, ...a.shape.slice(-2)]),
    expand(right, [...batch, ...right.shape.slice(-2)]),
  );
  const solution = solvedTriangle(R, cat([C, identityFor(R)], -1), true, false);
  const inverse = narrow(solution, -1, columns, n);
  // ‖R‖ ‖R⁻¹‖ is at least the ratio of the ends of the singular values.
  const ratio = mul(vectorNorm(R, 2, [-2, -1]), vectorNorm(inverse, 2, [-2, -1]));
  const tolerance = rcond ?? epsilonOf(ratio) * Math.max(...a.shape.slice(-2));
  if (!(ratio.numel() > 0 && amax(ratio).item() * tolerance < 1)) return null;
  return [narrow(solution, -1, 0, columns), full(a.shape.slice(0, -2), n, { dtype: "int64", device: a.device }), null];
}

type Order = number | "fro" | "nuc";
type MatrixNorm = FnQ<
  [A: Tensor],
  [ord?: Order, dim?: readonly number[], keepdim?: boolean],
  ["ord", "dim", "keepdim"],
  { ord: Order; dim: readonly number[]; keepdim: boolean; dtype: Tensor["dtype"] | null }
>;

/** A norm of matrices: "fro", "nuc", or 2, 1, ∞ and their negatives (the smallest in place of the largest). */
export const matrixNorm: MatrixNorm = /* @__PURE__ */ composedFunction<MatrixNorm>(
  "linalg.matrixNorm",
  "A, ord?, dim?, keepdim?, *, dtype?",
  (A: Tensor, ord?: Order, dim?: readonly number[], keepdim?: boolean, dtype?: unknown) => {
    if (A instanceof Tensor && A.ndim < 2) {
      throw new ShapeError(`linalg.matrixNorm: The input tensor A must have at least 2 dimensions, got ${show(A)}`);
    }
    const a = dtype == null ? A : cast(A, dtypeArgument(dtype, "linalg.matrixNorm"));
    return normOf("linalg.matrixNorm", a, ord ?? "fro", dim ?? [-2, -1], keepdim ?? false);
  },
);

function normOf(name: string, a: Tensor, ord: Order, dim: readonly number[], keepdim: boolean): Tensor {
  if (dim.length !== 2) throw new IndexError(`${name}: dim must be a 2-tuple, got [${dim.join(", ")}]`);
  const dims = dim.map((d) => (d < 0 ? d + a.ndim : d));
  const x = movedim(a, dims, [-2, -1]);
  const extreme = ord === "fro" || ord === "nuc" || ord > 0 ? max : min;
  const along = (y: Tensor, d: number): Tensor => extreme(y, d).values;
  const value =
    ord === "fro"
      ? vectorNorm(x, 2, [-2, -1])
      : ord === "nuc"
        ? sum(svdvals(x), -1)
        : Math.abs(ord) === 2
          ? along(svdvals(x), -1)
          : Math.abs(ord) === 1
            ? along(sum(abs(x), -2), -1)
            : Math.abs(ord) === Infinity
              ? along(sum(abs(x), -1), -1)
              : null;
  if (value === null) throw new ValueError(`${name}: Order ${ord} not supported`);
  return keepdim ? reshape(value, reducedShape(a.shape, dims, true)) : value;
}

type Norm = FnQ<
  [A: Tensor],
  [ord?: Order | null, dim?: Dim, keepdim?: boolean],
  ["ord", "dim", "keepdim"],
  { ord: Order | null; dim: Dim; keepdim: boolean; dtype: Tensor["dtype"] | null }
>;

/** `vectorNorm` over one dim or, without `ord`, over all; `matrixNorm` over two dims with one. */
export const norm: Norm = /* @__PURE__ */ composedFunction<Norm>(
  "linalg.norm",
  "A, ord?, dim?, keepdim?, *, dtype?",
  (A: Tensor, ord?: Order | null, dim?: Dim, keepdim?: boolean, dtype?: unknown) => {
    const type = (dtype ?? null) as Tensor["dtype"] | null;
    const dims = dim == null ? null : typeof dim === "number" ? [dim] : dim;
    const isMatrix = ord != null && (dims === null ? A.ndim === 2 : dims.length === 2);
    if (isMatrix) return matrixNorm(A, ord, dims ?? [0, 1], keepdim ?? false, { dtype: type });
    if (ord != null && dims === null && A.ndim > 2) {
      throw new ShapeError(
        `linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${A.ndim}D.`,
      );
    }
    if (typeof ord === "string") throw new ValueError(`linalg.norm: the norm "${ord}" is one of matrices`);
    return vectorNorm(A, ord ?? 2, dims, keepdim ?? false, { dtype: type });
  },
);

type Cond = FnQ<[A: Tensor], [p?: Order | null], ["p"], { p: Order | null }>;

/** The condition number `‖A‖ · ‖A⁻¹‖` in the norm p; for 2 (the default) and -2 the ratio of the ends of the singular values. */
export const cond: Cond = /* @__PURE__ */ composedFunction<Cond>("linalg.cond", "A, p?", (A, p) => {
  const a = asMatrices(A, "linalg.cond", "A");
  if (p == null || Math.abs(p as number) === 2) {
    const s = svdvals(a);
    const [largest, least] = [narrow(s, -1, 0, 1), narrow(s, -1, s.shape.at(-1)! - 1, 1)];
    return squeeze(p === -2 ? div(least, largest) : div(largest, least), -1);
  }
  return mul(matrixNorm(a, p), matrixNorm(inv(a), p));
});

type TensorInv = FnQ<[A: Tensor], [ind?: number], ["ind"], { ind: number }>;

/** The inverse of A seen as a matrix from its dims behind `ind` (2) to those before. */
export const tensorinv: TensorInv = /* @__PURE__ */ composedFunction<TensorInv>(
  "linalg.tensorinv",
  "A, ind?",
  (A, ind) => {
    const at = ind ?? 2;
    if (!(at > 0)) throw new ValueError("linalg.tensorinv: Expected a strictly positive integer for 'ind' argument.");
    const [before, behind] = [A.shape.slice(0, at), A.shape.slice(at)];
    const n = behind.reduce((p, size) => p * size, 1);
    if (before.reduce((p, size) => p * size, 1) !== n) {
      throw new ShapeError(
        `linalg.tensorinv: ${show(A)} does not satisfy the requirement prod(A.shape[ind:]) == prod(A.shape[:ind])`,
      );
    }
    return reshape(inv(reshape(A, [n, n])), [...behind, ...before]);
  },
);

type TensorSolve = FnQ<
  [A: Tensor, B: Tensor],
  [dims?: readonly number[] | null],
  ["dims"],
  { dims: readonly number[] | null }
>;

/** X with `tensordot(A, X) = B`, after `dims` of A were moved to its end. */
export const tensorsolve: TensorSolve = /* @__PURE__ */ composedFunction<TensorSolve>(
  "linalg.tensorsolve",
  "A, B, dims?",
  (A, B, dims) => {
    const a =
      dims == null
        ? A
        : movedim(
            A,
            dims,
            dims.map((_, i) => A.ndim - dims.length + i),
          );
    const rest = a.shape.slice(B.ndim);
    const n = rest.reduce((p, size) => p * size, 1);
    if (B.numel() !== n)
      throw new ShapeError(`linalg.tensorsolve: ${show(A)} and ${show(B)} do not make a square system`);
    return reshape(solve(reshape(a, [n, n]), reshape(B, [n])), rest);
  },
);
