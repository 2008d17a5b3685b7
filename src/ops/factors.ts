// Decompositions as operators: batches of matrices in, factors out, with their derivatives. What a user calls is in
// linalg.ts. Real ones are computed by kernels; complex ones, and those of a device without these kernels, in double precision
// on the host. Of a device that cannot read at once the matrices have to be brought first.

import {
  COMPLEX128,
  DTypeError,
  FLOAT32,
  FLOAT64,
  INT32,
  isComplex,
  isDifferentiable,
  ShapeError,
  SIZE,
  show,
} from "../core/index.ts";
import { asTensor, type Named, op } from "../op/index.ts";
import { fromBytes, type Tensor } from "../tensor/index.ts";
import { diagEmbed, tril, triu } from "./arrange.ts";
import { add, div, mul, sub } from "./binary.ts";
import { complex, conj, imag, real } from "./complex.ts";
import { eye, zerosLike } from "./create.ts";
import {
  exchangeRows,
  factorCholesky,
  factorHermitian,
  factorLU,
  factorQR,
  factorSVD,
  Matrix,
  solveTriangle,
} from "./decompose.ts";
import { cat } from "./join.ts";
import {
  choleskyByKernels,
  determinantsByKernels,
  hermitianByKernels,
  kernelsFor,
  qrByKernels,
  reducedByKernels,
  singularByKernels,
  singularValuesByKernels,
  solvedByKernels,
  triangleByKernels,
} from "./kernelfactors.ts";
import { matmul } from "./matmul.ts";
import { diagonal, narrow } from "./pick.ts";
import { abs, neg, square } from "./unary.ts";
import { adjoint, unsqueeze } from "./view.ts";

// ── matrices and tensors ─────────────────────────────────────────────────────────────────────────────────────────────

/** A batch of matrices of floats, or an error; `square` where they have to be. */
export function asMatrices(x: unknown, name: string, argument: string, isSquare = false): Tensor {
  const a = asTensor(x, name, argument);
  if (a.ndim < 2)
    throw new ShapeError(`${name}: The input tensor ${argument} must have at least 2 dimensions, got ${show(a)}`);
  if (isSquare && a.shape.at(-1) !== a.shape.at(-2)) {
    throw new ShapeError(
      `${name}: ${argument} must be batches of square matrices, but they are ${a.shape.at(-2)} by ${a.shape.at(-1)} matrices`,
    );
  }
  if (!isDifferentiable(a.code) || SIZE[a.code]! < 4) {
    throw new DTypeError(`${name}: Expected a float32, float64 or complex tensor as input, got ${show(a)}`);
  }
  return a;
}

/** The tensor of the same sizes but for the last `dims`. */
const batchOf = (x: Tensor, dims = 2): readonly number[] => x.shape.slice(0, x.ndim - dims);

function matricesOf(x: Tensor): Matrix[] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const data = x.dataSync() as Float32Array | Float64Array;
  const count = batchOf(x).reduce((p, size) => p * size, 1);
  return Array.from({ length: count }, (_, b) => {
    const a = new Matrix(m, n, isComplex(x.code));
    const from = b * m * n;
    for (let i = 0; i < m * n; i++) {
      if (a.im === null) a.re[i] = data[from + i]!;
      else {
        a.re[i] = data[2 * (from + i)]!;
        a.im[i] = data[2 * (from + i) + 1]!;
      }
    }
    return a;
  });
}

/** Matrices as a tensor of the dtype of `like`; its shape's end is stated, for there may be none. */
function tensorOf(list: readonly Matrix[], like: Tensor, ...end: readonly number[]): Tensor {
  const each = end.reduce((p, size) => p * size, 1);
  const parts = isComplex(like.code) ? 2 : 1;
  const wide = like.code === FLOAT64 || like.code === COMPLEX128;
  const data = new (wide ? Float64Array : Float32Array)(list.length * each * parts);
  for (const [b, { re, im }] of list.entries()) {
    for (let i = 0; i < each; i++) {
      data[(b * each + i) * parts] = re[i]!;
      if (parts === 2) data[(b * each + i) * 2 + 1] = im![i]!;
    }
  }
  return placed(like, like.code, end, data);
}

/** Real numbers, a row a matrix, in the precision of `like`. */
function realsOf(rows: readonly ArrayLike<number>[], like: Tensor, ...end: readonly number[]): Tensor {
  const flat = rows.flatMap((row) => Array.from(row));
  const wide = like.code === FLOAT64 || like.code === COMPLEX128;
  const data = wide ? Float64Array.from(flat) : Float32Array.from(flat);
  return placed(like, wide ? FLOAT64 : FLOAT32, end, data);
}

/** One int32 a matrix. */
const countsOf = (list: readonly number[], like: Tensor): Tensor => placed(like, INT32, [], Int32Array.from(list));

const placed = (like: Tensor, code: number, end: readonly number[], data: ArrayBufferView): Tensor =>
  fromBytes(like.storage.backend, code, [...batchOf(like), ...end], new Uint8Array(data.buffer));

// ── systems of equations ─────────────────────────────────────────────────────────────────────────────────────────────

/** `A⁻¹B`, and for each matrix the place of the zero that forbade it, or 0. */
export const solved: (a: Tensor, b: Tensor) => Named<["x", "info"]> = /* @__PURE__ */ op(
  "linalg.solve",
  "A, B",
  (a: Tensor, b: Tensor) => [{ a, b }],
  {
    outputs: ["x", "info"],
    dynamic({ a, b }) {
      const k = kernelsFor(a, b);
      if (k !== null) return solvedByKernels(k, a, b);
      const right = matricesOf(b);
      const info = matricesOf(a).map((lu, i) => {
        const { pivots, zero } = factorLU(lu);
        exchangeRows(right[i]!, pivots);
        solveTriangle(lu, right[i]!, false, true);
        solveTriangle(lu, right[i]!, true, false);
        return zero;
      });
      return [tensorOf(right, b, ...b.shape.slice(-2)), countsOf(info, a)];
    },
    saves: ["a", "x"],
    vjp: ({ x: g }, { a, x }) => {
      const back = (): Tensor => solved(adjoint(a), g!).x;
      return { a: () => neg(matmul(back(), adjoint(x))), b: back };
    },
  },
);

/** Solves with one triangle of `a`, whose diagonal is 1 where `unit`. */
export const solvedTriangle: (a: Tensor, b: Tensor, upper: boolean, unit: boolean) => Tensor = /* @__PURE__ */ op(
  "linalg.solveTriangular",
  "A, B, upper, unitriangular",
  (a: Tensor, b: Tensor, upper: boolean, unit: boolean) => [
    { a, b },
    { upper, unit },
  ],
  {
    dynamic({ a, b }, { upper, unit }) {
      const k = kernelsFor(a, b);
      if (k !== null) return triangleByKernels(k, a, b, upper, unit);
      const right = matricesOf(b);
      for (const [i, matrix] of matricesOf(a).entries()) solveTriangle(matrix, right[i]!, upper, unit);
      return tensorOf(right, b, ...b.shape.slice(-2));
    },
    saves: ["a", "out"],
    vjp: (g, { a, out }, { upper, unit }) => {
      const back = (): Tensor => solvedTriangle(adjoint(a), g, !upper, unit);
      const triangle = upper ? triu : tril;
      return { a: () => neg(triangle(matmul(back(), adjoint(out)), unit ? (upper ? 1 : -1) : 0)), b: back };
    },
  },
);

/** The determinant as a sign (a number of modulus 1) and the logarithm of its modulus; 0 and -∞ of a singular matrix. */
export const signAndLog: (a: Tensor) => Named<["sign", "logabsdet"]> = /* @__PURE__ */ op(
  "linalg.slogdet",
  "A",
  (a: Tensor) => [{ a }],
  {
    outputs: ["sign", "logabsdet"],
    dynamic({ a }) {
      const k = kernelsFor(a);
      if (k !== null) return determinantsByKernels(k, a);
      const n = a.shape.at(-1)!;
      const logs: number[][] = [];
      const signs = matricesOf(a).map((lu) => {
        const sign = new Matrix(1, 1, lu.im !== null);
        let [x, y, log] = [factorLU(lu).sign, 0, 0];
        for (let i = 0; i < n; i++) {
          const [p, q] = [lu.re[i * n + i]!, lu.im === null ? 0 : lu.im[i * n + i]!];
          const size = Math.hypot(p, q);
          log += Math.log(size);
          [x, y] = size === 0 ? [0, 0] : [(x * p - y * q) / size, (x * q + y * p) / size];
        }
        sign.re[0] = x;
        if (sign.im !== null) sign.im[0] = y;
        logs.push([log]);
        return sign;
      });
      return [tensorOf(signs, a), realsOf(logs, a)];
    },
    saves: ["a", "sign"],
    // d log det = tr(A⁻¹ dA): its real part is that of the logarithm, its imaginary part turns the sign.
    vjp: ({ sign: gs, logabsdet: gl }, { a, sign }) => ({
      a: () => {
        const turned = gs !== null && isComplex(a.code) ? imag(mul(conj(gs), sign)) : null;
        const still = gl ?? (turned === null ? zerosLike(abs(sign)) : zerosLike(turned));
        const w = turned === null ? still : complex(still, neg(turned));
        const ones = eye(a.shape.at(-1)!, { dtype: a.dtype, device: a.device });
        return solved(adjoint(a), mul(unsqueeze(unsqueeze(w, -1), -1), ones)).x;
      },
    }),
  },
);

/**
 * The Cholesky factor of the lower triangles, or the upper one of the upper, and for each the first row where it is not
 * positive, or 0.
 */
export const choleskyFactor: (a: Tensor, upper: boolean) => Named<["L", "info"]> = /* @__PURE__ */ op(
  "linalg.cholesky",
  "A, upper",
  (a: Tensor, upper: boolean) => [{ a }, { upper }],
  {
    outputs: ["L", "info"],
    dynamic({ a }, { upper }) {
      const k = kernelsFor(a);
      if (k !== null) return choleskyByKernels(k, a, upper);
      const done = matricesOf(a).map((matrix) => factorCholesky(upper ? matrix.mirrored(true) : matrix));
      return [
        tensorOf(
          done.map(({ factor }) => (upper ? factor.mirrored(true) : factor)),
          a,
          ...a.shape.slice(-2),
        ),
        countsOf(
          done.map(({ zero }) => zero),
          a,
        ),
      ];
    },
    saves: ["L"],
    vjp: ({ L: g }, { L: factor }, { upper }) => ({
      a: () => {
        // L⁻ᴴ Φ L⁻¹, Φ being the Hermitian matrix with half the lower triangle of Lᴴ g.
        const l = upper ? adjoint(factor) : factor;
        const phi = tril(matmul(adjoint(l), upper ? adjoint(g!) : g!));
        const whole = mul(add(phi, adjoint(tril(phi, -1))), 0.5);
        const left = solvedTriangle(adjoint(l), whole, true, false);
        return adjoint(solvedTriangle(adjoint(l), adjoint(left), true, false));
      },
    }),
  },
);

// ── orthogonal factors ───────────────────────────────────────────────────────────────────────────────────────────────

/** Q with `columns` columns and R with as many rows. */
export const qrFactors: (a: Tensor, columns: number) => Named<["Q", "R"]> = /* @__PURE__ */ op(
  "linalg.qr",
  "A, columns",
  (a: Tensor, columns: number) => [{ a }, { columns }],
  {
    outputs: ["Q", "R"],
    dynamic({ a }, { columns }) {
      const k = kernelsFor(a);
      if (k !== null) return qrByKernels(k, a, columns);
      const [m, n] = a.shape.slice(-2) as [number, number];
      const done = matricesOf(a).map((matrix) => factorQR(matrix, columns));
      return [
        tensorOf(
          done.map(({ q }) => q),
          a,
          m,
          columns,
        ),
        tensorOf(
          done.map(({ r }) => r),
          a,
          columns,
          n,
        ),
      ];
    },
    saves: ["a", "Q", "R"],
    vjp: ({ Q: gq, R: gr }, { a, Q: q, R: r }, { columns }) => ({
      a: () => {
        const [m, n] = a.shape.slice(-2) as [number, number];
        if (columns > Math.min(m, n)) {
          throw new ShapeError(
            "linalg.qr: The QR decomposition is not differentiable when mode='complete' and nrows > ncols",
          );
        }
        if (m >= n) return tallGradient(gq, gr, q, r);
        // Of a wide matrix [X, Y] = Q [U, V] the factor Q is that of X, and V = Qᴴ Y.
        const y = narrow(a, -1, m, n - m);
        const gv = gr && narrow(gr, -1, m, n - m);
        const fromV = gv && matmul(y, adjoint(gv));
        const gx = tallGradient(
          gq === null ? fromV : fromV === null ? gq : add(gq, fromV),
          gr && narrow(gr, -1, 0, m),
          q,
          narrow(r, -1, 0, m),
        );
        return cat([gx, gv === null ? zerosLike(y) : matmul(q, gv)], -1);
      },
    }),
  },
);

/** R of a = Q R, and `Qᴴ b` with as many rows, of matrices with at least as many rows as columns; without a derivative. */
export const reduced: (a: Tensor, b: Tensor) => Named<["R", "C"]> = /* @__PURE__ */ op(
  "linalg.lstsq",
  "A, B",
  (a: Tensor, b: Tensor) => [{ a, b }],
  {
    outputs: ["R", "C"],
    dynamic({ a, b }) {
      const k = kernelsFor(a, b);
      if (k !== null) return reducedByKernels(k, a, b);
      const { Q, R } = qrFactors(a, a.shape.at(-1)!);
      return [R, matmul(adjoint(Q), b)];
    },
  },
);

/** The gradient by a matrix with at least as many rows as columns. */
function tallGradient(gq: Tensor | null, gr: Tensor | null, q: Tensor, r: Tensor): Tensor {
  const byR = gr && matmul(gr, adjoint(r));
  const byQ = gq && matmul(adjoint(q), gq);
  const m = byR === null ? neg(byQ!) : byQ === null ? byR : sub(byR, byQ);
  // The Hermitian matrix with the upper triangle of m: its diagonal, once, is real.
  const upper = triu(m);
  const doubled = diagonal(upper, 0, -2, -1);
  const once = isComplex(m.code) ? complex(real(doubled), zerosLike(real(doubled))) : doubled;
  const hermitian = sub(add(upper, adjoint(upper)), diagEmbed(once));
  const inside = matmul(q, hermitian);
  const whole = gq === null ? inside : add(gq, inside);
  return adjoint(solvedTriangle(r, adjoint(whole), true, false)); // times R⁻ᴴ
}

/** Eigenvalues in ascending order, and eigenvectors, of the Hermitian matrices whose lower triangles are given. */
export const hermitianFactors: (a: Tensor) => Named<["eigenvalues", "eigenvectors"]> = /* @__PURE__ */ op(
  "linalg.eigh",
  "A",
  (a: Tensor) => [{ a }],
  {
    outputs: ["eigenvalues", "eigenvectors"],
    dynamic({ a }) {
      const k = kernelsFor(a);
      if (k !== null) return hermitianByKernels(k, a, true) as [Tensor, Tensor];
      const n = a.shape.at(-1)!;
      const done = matricesOf(a).map(factorHermitian);
      return [
        realsOf(
          done.map(({ values }) => values),
          a,
          n,
        ),
        tensorOf(
          done.map(({ vectors }) => vectors.mirrored()),
          a,
          n,
          n,
        ),
      ];
    },
    saves: ["eigenvalues", "eigenvectors"],
    vjp: ({ eigenvalues: gl, eigenvectors: gv }, { eigenvalues: l, eigenvectors: v }) => ({
      a: () => {
        const straight = gl && diagEmbed(isComplex(v.code) ? complex(gl, zerosLike(gl)) : gl);
        const turned = gv && offDiagonal(matmul(adjoint(v), gv), sub(unsqueeze(l, -2), unsqueeze(l, -1)));
        const inside = straight === null ? turned! : turned === null ? straight : add(straight, turned);
        return matmul(matmul(v, inside), adjoint(v));
      },
    }),
  },
);

/** The eigenvalues alone: the vectors are made where a gradient asks for them. */
export const hermitianValues: (a: Tensor) => Tensor = /* @__PURE__ */ op(
  "linalg.eigvalsh",
  "A",
  (a: Tensor) => [{ a }],
  {
    dynamic({ a }) {
      const k = kernelsFor(a);
      return k === null ? hermitianFactors(a).eigenvalues : hermitianByKernels(k, a, false)[0];
    },
    saves: ["a"],
    vjp: (g, { a }) => ({
      a: () => {
        const { eigenvectors: v } = hermitianFactors(a);
        return matmul(mul(v, unsqueeze(g, -2)), adjoint(v));
      },
    }),
  },
);

/** `x / gaps` outside the diagonal, where gaps are 0. */
function offDiagonal(x: Tensor, gaps: Tensor): Tensor {
  const one = eye(gaps.shape.at(-1)!, { dtype: gaps.dtype, device: gaps.device });
  return mul(div(x, add(gaps, one)), sub(1, one));
}

/** Singular values in descending order between the singular vectors; `full` gives bases of the whole spaces. */
export const singularFactors: (a: Tensor, full: boolean) => Named<["U", "S", "Vh"]> = /* @__PURE__ */ op(
  "linalg.svd",
  "A, fullMatrices",
  (a: Tensor, full: boolean) => [{ a }, { full }],
  {
    outputs: ["U", "S", "Vh"],
    dynamic({ a }, { full }) {
      const kernels = kernelsFor(a);
      if (kernels !== null) return singularByKernels(kernels, a, full);
      const [m, n] = a.shape.slice(-2) as [number, number];
      const k = Math.min(m, n);
      const done = matricesOf(a).map((matrix) => factorSVD(matrix, full));
      return [
        tensorOf(
          done.map(({ left }) => left.mirrored()),
          a,
          m,
          full ? m : k,
        ),
        realsOf(
          done.map(({ values }) => values),
          a,
          k,
        ),
        tensorOf(
          done.map(({ right }) => right),
          a,
          full ? n : k,
          n,
        ),
      ];
    },
    saves: ["U", "S", "Vh"],
    vjp: ({ U: gu, S: gs, Vh: gvh }, { U: u, S: s, Vh: vh }, _attrs, { a }) => ({
      a: () => {
        const [m, n] = a.shape.slice(-2) as [number, number];
        const k = Math.min(m, n);
        if (gs !== null && gu === null && gvh === null) {
          return matmul(mul(narrow(u, -1, 0, k), unsqueeze(gs, -2)), narrow(vh, -2, 0, k));
        }
        if (u.shape.at(-1) !== k || vh.shape.at(-2) !== k) {
          throw new ShapeError(
            "linalg.svd: The singular vectors in the full_matrices=True case do not have a well-defined derivative",
          );
        }
        const skew = (x: Tensor): Tensor => sub(x, adjoint(x));
        const gaps = sub(unsqueeze(square(s), -2), unsqueeze(square(s), -1));
        const turnedU = gu && skew(matmul(adjoint(u), gu));
        const turnedV = gvh && skew(matmul(vh, adjoint(gvh)));
        const parts: Tensor[] = [];
        if (turnedU !== null) parts.push(mul(offDiagonal(turnedU, gaps), unsqueeze(s, -2)));
        if (turnedV !== null) parts.push(mul(unsqueeze(s, -1), offDiagonal(turnedV, gaps)));
        if (gs !== null) parts.push(diagEmbed(isComplex(u.code) ? complex(gs, zerosLike(gs)) : gs));
        if (turnedU !== null && isComplex(u.code)) {
          parts.push(diagEmbed(div(diagonal(turnedU, 0, -2, -1), mul(s, 2))));
        }
        let g = matmul(
          matmul(
            u,
            parts.reduce((x, y) => add(x, y)),
          ),
          vh,
        );
        // What leaves the space that the vectors span.
        if (gu !== null && m > k) {
          const out = sub(gu, matmul(u, matmul(adjoint(u), gu)));
          g = add(g, matmul(div(out, unsqueeze(s, -2)), vh));
        }
        if (gvh !== null && n > k) {
          const out = sub(gvh, matmul(matmul(gvh, adjoint(vh)), vh));
          g = add(g, matmul(u, div(out, unsqueeze(s, -1))));
        }
        return g;
      },
    }),
  },
);

/** The singular values alone: the vectors are made where a gradient asks for them. */
export const singularValues: (a: Tensor) => Tensor = /* @__PURE__ */ op("linalg.svdvals", "A", (a: Tensor) => [{ a }], {
  dynamic({ a }) {
    const k = kernelsFor(a);
    return k === null ? singularFactors(a, false).S : singularValuesByKernels(k, a);
  },
  saves: ["a"],
  vjp: (g, { a }) => ({
    a: () => {
      const { U: u, Vh: vh } = singularFactors(a, false);
      return matmul(mul(u, unsqueeze(g, -2)), vh);
    },
  }),
});
