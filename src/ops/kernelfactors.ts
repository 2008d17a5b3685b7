// Decompositions of real matrices by the kernels of assembly/linalg: an operand is copied, and the copy worked on in place.

import { FLOAT32, FLOAT64, INT32, SIZE } from "../core/index.ts";
import { denseCopy, type Kernels, kernelsOf, toCode, toDense } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { triu } from "./arrange.ts";
import { product } from "./axes.ts";
import { cat } from "./join.ts";
import { matmul } from "./matmul.ts";
import { narrow } from "./pick.ts";
import { grainOf } from "./product.ts";
import { transpose } from "./view.ts";

/** How long a multiplication takes, in those of a large product: much is done row by row. */
const SLOWNESS = 4;
/** Columns of a right side that a thread takes at least: those that the kernels solve side by side. */
const COLUMNS = 16;

/** The kernels for operands of float32 or float64, the wider of both; null for others, and where the device has none. */
export function kernelsFor(...operands: readonly Tensor[]): Kernels | null {
  const { backend } = operands[0]!.storage;
  if (operands.some(({ code }) => code !== FLOAT32 && code !== FLOAT64)) return null;
  const code = operands.some((x) => x.code === FLOAT64) ? FLOAT64 : FLOAT32;
  const kernels = kernelsOf(backend, code);
  return kernels.has("lu") ? kernels : null;
}

/** A dense copy in the dtype of the kernels. */
const copied = ({ code }: Kernels, x: Tensor): Tensor => (x.code === code ? denseCopy(x) : toCode(x, code));

const batchOf = (x: Tensor): readonly number[] => x.shape.slice(0, -2);
const countOf = (x: Tensor): number => product(batchOf(x));

interface Factors {
  readonly lu: Tensor;
  readonly pivots: Tensor;
  readonly info: Tensor;
}

/** L and U in one matrix, the rows' exchanges, and the place of a zero on the diagonal, or 0. */
function factored(k: Kernels, a: Tensor, signs: Tensor | null, logs: Tensor | null): Factors {
  const n = a.shape.at(-1)!;
  const lu = copied(k, a);
  const pivots = k.scratch(INT32, a.shape.slice(0, -1));
  const info = k.scratch(INT32, batchOf(a));
  const call = k.call("lu").int(n).tensor(lu).tensor(pivots).tensor(info).tensor(signs).tensor(logs);
  call.run(countOf(a), grainOf(SLOWNESS * (n ** 3 / 3)));
  return { lu, pivots, info };
}

/** How a triangle is taken: not at all, with ones for its diagonal, or as it is. */
const [LEFT_OUT, ONES, WHOLE] = [0, 1, 2];

/** Columns of a panel, so that there are panels for the threads that have no matrix of their own. */
function panelWidth(k: Kernels, columns: number, cost: number, matrices: number): number {
  const panels = grainOf(SLOWNESS * cost) > 1 ? 1 : Math.ceil((k.backend.threads ?? 1) / Math.max(1, matrices));
  return COLUMNS * Math.ceil(columns / panels / COLUMNS);
}

function solveInPlace(k: Kernels, a: Tensor, b: Tensor, lower: number, upper: number, pivots: Tensor | null): void {
  const [n, columns] = b.shape.slice(-2) as [number, number];
  if (columns === 0) return;
  // Panels for the threads that have no matrix of their own.
  const panels =
    grainOf(SLOWNESS * n * n * columns) > 1 ? 1 : Math.ceil((k.backend.threads ?? 1) / Math.max(1, countOf(b)));
  const width = COLUMNS * Math.ceil(columns / panels / COLUMNS);
  const call = k.call("triangles").int(n).int(columns).int(width).int(lower).int(upper).tensor(a).tensor(b);
  call
    .tensor(pivots)
    .run(countOf(b) * Math.ceil(columns / width), grainOf(SLOWNESS * n * n * Math.min(width, columns)));
}

/** `A⁻¹B`, and for each matrix the place of the zero that forbade it, or 0. */
export function solvedByKernels(k: Kernels, a: Tensor, b: Tensor): [x: Tensor, info: Tensor] {
  const { lu, pivots, info } = factored(k, a, null, null);
  const x = copied(k, b);
  solveInPlace(k, lu, x, ONES, WHOLE, pivots);
  return [toCode(x, b.code), info];
}

/** x with `a x = b` for a triangle of a, whose diagonal is 1 where `unit`. */
export function triangleByKernels(k: Kernels, a: Tensor, b: Tensor, upper: boolean, unit: boolean): Tensor {
  const x = copied(k, b);
  const how = unit ? ONES : WHOLE;
  const system = given(a, k.code);
  solveInPlace(k, system, x, upper ? LEFT_OUT : how, upper ? how : LEFT_OUT, null);
  return toCode(x, b.code);
}

/** The signs of determinants, and the logarithms of their sizes. */
export function determinantsByKernels(k: Kernels, a: Tensor): [sign: Tensor, logabsdet: Tensor] {
  const [signs, logs] = [k.scratch(k.code, batchOf(a)), k.scratch(k.code, batchOf(a))];
  factored(k, a, signs, logs);
  return [toCode(signs, a.code), toCode(logs, a.code)];
}

/** The factor, and for each matrix the first row where it is not positive, or 0. */
export function choleskyByKernels(k: Kernels, a: Tensor, upper: boolean): [factor: Tensor, info: Tensor] {
  const n = a.shape.at(-1)!;
  const work = copied(k, upper ? a : transpose(a, -2, -1)); // the kernel's triangle is the upper one
  const info = k.scratch(INT32, batchOf(a));
  k.call("cholesky")
    .int(n)
    .tensor(work)
    .tensor(info)
    .run(countOf(a), grainOf(SLOWNESS * (n ** 3 / 6)));
  const factor = upper ? work : transpose(work, -2, -1);
  return [given(factor, a.code), info];
}

// ── orthogonal factors: the kernels take and give columns as rows ───────────────────────────────────────────────────────

const turned = (x: Tensor): Tensor => transpose(x, -2, -1);
/** A dense tensor in another float dtype. */
const given = (x: Tensor, code: number): Tensor => toDense(toCode(x, code));

const BLOCK = 32; // as in assembly/linalg/reflect.ts
const KEPT = 16; // as in assembly/linalg/strips.ts

/** Numbers that the kernels work with, as assembly/linalg/reflect.ts and tridiagonal.ts have them. */
const reflectWork = (m: number, rows: number): number => BLOCK * (m + 2 * BLOCK + 2 * rows);
const tridiagonalWork = (n: number): number => (1 + BLOCK) * n + reflectWork(n, n);

/** Float64 numbers of whole cache lines. */
const inLines = (bytes: number): number => Math.ceil(bytes / 64) * 8;
/** Those of the rounds and strips that strips.ts has, for elements of so many bytes. */
function stripsWork(n: number, width: number, size: number): number {
  const pair = 32 / size;
  return inLines(8 * KEPT + KEPT * n * 2 * size) + inLines(n * Math.ceil(width / pair) * pair * size);
}
/** Those that spectrum.ts works with, and singular.ts. */
const spectrumWork = (n: number, width: number, size: number): number => inLines(24 * n) + stripsWork(n, width, size);
const sidesWork = (n: number, width: number, size: number): number => inLines(24 * n) + 2 * stripsWork(n, width, size);

/** The rows of t, columns of a matrix, reflected: the first `count` to those of R, all others with them. Qᵀ has so many rows; null: no Q. */
function reflected(k: Kernels, t: Tensor, count: number, rows: number | null): [q: Tensor | null, r: Tensor] {
  const [n, m] = t.shape.slice(-2) as [number, number];
  const q = rows === null ? null : k.scratch(k.code, [...batchOf(t), rows, m]);
  const work = k.scratch(k.code, [countOf(t), reflectWork(m, Math.max(n, rows ?? 0)) + m]);
  const call = k
    .call("qr")
    .int(m)
    .int(n)
    .int(count)
    .int(rows ?? 0)
    .tensor(t)
    .tensor(q)
    .tensor(work);
  call.run(countOf(t), grainOf(SLOWNESS * 2 * m * n * count));
  return [q, turned(t)];
}

/** Q of so many columns, and R of as many rows. */
export function qrByKernels(k: Kernels, a: Tensor, columns: number): [q: Tensor, r: Tensor] {
  const [q, r] = reflected(k, copied(k, turned(a)), Math.min(...(a.shape.slice(-2) as [number, number])), columns);
  return [given(turned(q!), a.code), given(triu(narrow(r, -2, 0, columns)), a.code)];
}

/** R, and of `Qᵀ b` as many rows, where a has at least as many rows as columns. */
export function reducedByKernels(k: Kernels, a: Tensor, b: Tensor): [r: Tensor, c: Tensor] {
  const n = a.shape.at(-1)!;
  const [, both] = reflected(k, toCode(cat([turned(a), turned(b)], -2), k.code), n, null);
  const rows = narrow(both, -2, 0, n);
  return [given(triu(narrow(rows, -1, 0, n)), a.code), given(narrow(rows, -1, n, b.shape.at(-1)!), b.code)];
}

/** Eigenvalues in ascending order, and, if they are wanted, eigenvectors as columns, by the lower triangles. */
export function hermitianByKernels(
  k: Kernels,
  a: Tensor,
  withVectors: boolean,
): [values: Tensor, vectors: Tensor | null] {
  const [n, count] = [a.shape.at(-1)!, countOf(a)];
  const [diagonal, beside] = [k.scratch(FLOAT64, [count, n]), k.scratch(FLOAT64, [count, n])];
  const work = copied(k, turned(a)); // the kernel's triangle is the upper one
  const basis = withVectors ? k.scratch(k.code, a.shape) : null;
  k.call("tridiagonal")
    .int(n)
    .tensor(work)
    .tensor(diagonal)
    .tensor(beside)
    .tensor(basis)
    .tensor(k.scratch(k.code, [count, tridiagonalWork(n)]))
    .run(count, grainOf(SLOWNESS * n ** 3 * (withVectors ? 3 : 2)));
  const width = withVectors ? panelWidth(k, n, n * n * n, count) : 0;
  const units = count * (withVectors ? Math.ceil(n / Math.max(width, 1)) : 1);
  const values = k.scratch(k.code, a.shape.slice(0, -1));
  const vectors = withVectors ? k.scratch(k.code, a.shape) : null;
  k.call("spectrum")
    .int(n)
    .int(width)
    .tensor(diagonal)
    .tensor(beside)
    .tensor(values)
    .tensor(basis)
    .tensor(vectors)
    .tensor(k.scratch(FLOAT64, [units, spectrumWork(n, width, SIZE[k.code]!)]))
    .run(units, grainOf(SLOWNESS * n * n * (width + 32)));
  return [given(values, a.code), vectors && given(turned(vectors), a.code)];
}

/** Whether a matrix is worth a triangle first: so much has it more rows than columns. */
const isTall = (m: number, n: number): boolean => 5 * m > 8 * n;

/** A tall matrix's triangle, n × n, turned, and Qᵀ as `reflected` gives it. */
function triangleOf(k: Kernels, a: Tensor, rows: number | null): [q: Tensor | null, turnedR: Tensor] {
  const n = a.shape.at(-1)!;
  const [q, r] = reflected(k, copied(k, turned(a)), n, rows);
  return [q, denseCopy(turned(triu(narrow(r, -2, 0, n))))];
}

/** Singular values in descending order between the singular vectors; `full` gives bases of the whole spaces. */
export function singularByKernels(k: Kernels, a: Tensor, full: boolean): [u: Tensor, s: Tensor, vh: Tensor] {
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (m < n) {
    const [u, s, vh] = singularByKernels(k, turned(a), full);
    return [toDense(turned(vh)), s, toDense(turned(u))];
  }
  const rows = full ? m : n;
  let left: Tensor;
  let values: Tensor;
  let right: Tensor;
  if (isTall(m, n)) {
    const [q, triangle] = triangleOf(k, a, rows);
    const [small, ...others] = sides(k, triangle, n) as Sides;
    [values, right] = others;
    left = rest(matmul(small, narrow(q!, -2, 0, n)), q!);
  } else [left, values, right] = sides(k, copied(k, turned(a)), rows) as Sides;
  return [given(turned(left), a.code), given(values, a.code), given(right, a.code)];
}

/** Singular values alone. */
export function singularValuesByKernels(k: Kernels, a: Tensor): Tensor {
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (m < n) return singularValuesByKernels(k, turned(a));
  const t = isTall(m, n) ? triangleOf(k, a, null)[1] : copied(k, turned(a));
  return given(sides(k, t, null)[1], a.code);
}

type Sides = [left: Tensor, values: Tensor, right: Tensor];

/** The rows of x, and those of `whole` that are beyond. */
function rest(x: Tensor, whole: Tensor): Tensor {
  const [n, rows] = [x.shape.at(-2)!, whole.shape.at(-2)!];
  return n === rows ? x : cat([x, narrow(whole, -2, n, rows - n)], -2);
}

/** `[Uᵀ, S, Vᵀ]` of the matrix whose columns are the rows of t, which is lost; Uᵀ has so many rows; null: no vectors. */
function sides(
  k: Kernels,
  t: Tensor,
  rows: number | null,
): [left: Tensor | null, values: Tensor, right: Tensor | null] {
  const [[n, m], batch, count] = [t.shape.slice(-2) as [number, number], batchOf(t), countOf(t)];
  const [diagonal, beside] = [k.scratch(FLOAT64, [count, n]), k.scratch(FLOAT64, [count, n])];
  const some = (...shape: number[]): Tensor | null => (rows === null ? null : k.scratch(k.code, [...batch, ...shape]));
  const [left, right] = [some(rows ?? 0, m), some(n, n)];
  const each = n * n + BLOCK * (n + m) + 2 * n + reflectWork(m, Math.max(rows ?? 0, n));
  const work = k.scratch(k.code, [count, each]);
  k.call("bidiagonal")
    .int(m)
    .int(n)
    .int(rows ?? 0)
    .tensor(t)
    .tensor(diagonal)
    .tensor(beside)
    .tensor(left)
    .tensor(right)
    .tensor(work)
    .run(count, grainOf(SLOWNESS * 8 * m * n * n));
  const width = rows === null ? 0 : panelWidth(k, m, m * n * n, count);
  const units = count * (width === 0 ? 1 : Math.ceil(m / width));
  const values = k.scratch(k.code, [...batch, n]);
  const first = left && toDense(narrow(left, -2, 0, n));
  const [turnedLeft, turnedRight] = [some(n, m), some(n, n)];
  const room = k.scratch(FLOAT64, [units, sidesWork(n, width, SIZE[k.code]!)]);
  k.call("singular")
    .int(m)
    .int(n)
    .int(width)
    .tensor(diagonal)
    .tensor(beside)
    .tensor(values)
    .tensor(first)
    .tensor(right)
    .tensor(turnedLeft)
    .tensor(turnedRight)
    .tensor(room)
    .run(units, grainOf(SLOWNESS * 2 * n * n * (width + 32)));
  return [turnedLeft && rest(turnedLeft, left!), values, turnedRight];
}
