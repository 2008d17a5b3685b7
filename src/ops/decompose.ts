// Decompositions of dense matrices, in double precision on the host. Real and complex ones by the same lines: what is done
// n³ times is in the four functions at the end, which alone look whether there is an imaginary part.
//
//   rows lie one behind the other; a[i, j] is at i · cols + j

/** A matrix; `im` is null where it is real. */
export class Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly re: Float64Array;
  readonly im: Float64Array | null;

  constructor(rows: number, cols: number, complex: boolean) {
    this.rows = rows;
    this.cols = cols;
    this.re = new Float64Array(rows * cols);
    this.im = complex ? new Float64Array(rows * cols) : null;
  }

  static identity(n: number, complex: boolean, cols: number = n): Matrix {
    const a = new Matrix(n, cols, complex);
    for (let i = 0; i < Math.min(n, cols); i++) a.re[i * cols + i] = 1;
    return a;
  }

  copy(): Matrix {
    const b = new Matrix(this.rows, this.cols, this.im !== null);
    b.re.set(this.re);
    b.im?.set(this.im!);
    return b;
  }

  /** Mirrored at the diagonal: the transpose, with `conjugate` the adjoint. */
  mirrored(conjugate = false): Matrix {
    const { rows, cols, re, im } = this;
    const b = new Matrix(cols, rows, im !== null);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        b.re[j * rows + i] = re[i * cols + j]!;
        if (im !== null) b.im![j * rows + i] = conjugate ? -im[i * cols + j]! : im[i * cols + j]!;
      }
    }
    return b;
  }

  /** The product with another. */
  times(b: Matrix): Matrix {
    const c = new Matrix(this.rows, b.cols, this.im !== null);
    for (let i = 0; i < this.rows; i++) {
      for (let k = 0; k < this.cols; k++) {
        const at = i * this.cols + k;
        addRow(c, i, 0, b, k, 0, b.cols, this.re[at]!, this.im === null ? 0 : this.im[at]!);
      }
    }
    return c;
  }
}

/**
 * LU with rows exchanged, in place: L below the diagonal, which is 1, and U. `pivots[k]` is the row that was exchanged
 * with row k; `zero` the first place on U's diagonal, from 1, where a zero stands, or 0.
 */
export function factorLU(a: Matrix): { readonly pivots: Int32Array; readonly zero: number; readonly sign: number } {
  const { rows, cols, re, im } = a;
  const size = (at: number): number => Math.abs(re[at]!) + (im === null ? 0 : Math.abs(im[at]!));
  const pivots = new Int32Array(Math.min(rows, cols));
  let [zero, sign] = [0, 1];
  for (let k = 0; k < pivots.length; k++) {
    let best = k;
    for (let i = k + 1; i < rows; i++) if (size(i * cols + k) > size(best * cols + k)) best = i;
    pivots[k] = best;
    if (size(best * cols + k) === 0) {
      if (zero === 0) zero = k + 1;
      continue;
    }
    if (best !== k) {
      swapRows(a, k, best);
      sign = -sign;
    }
    for (let i = k + 1; i < rows; i++) {
      const [x, y] = quotient(a, i * cols + k, k * cols + k);
      re[i * cols + k] = x;
      if (im !== null) im[i * cols + k] = y;
      addRow(a, i, k + 1, a, k, k + 1, cols - k - 1, -x, -y);
    }
  }
  return { pivots, zero, sign };
}

/** Solves `a x = b` in place of b, for a triangle of a, with ones for its diagonal where `unit`. */
export function solveTriangle(a: Matrix, b: Matrix, upper: boolean, unit: boolean): void {
  const n = a.rows;
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const [from, to] = upper ? [i + 1, n] : [0, i];
    for (let j = from; j < to; j++) {
      const at = i * a.cols + j;
      addRow(b, i, 0, b, j, 0, b.cols, -a.re[at]!, a.im === null ? 0 : -a.im[at]!);
    }
    if (unit) continue;
    const at = i * a.cols + i;
    divideRow(b, i, a.re[at]!, a.im === null ? 0 : a.im[at]!);
  }
}

/** Exchanges the rows of b as `factorLU` did those of its matrix. */
export function exchangeRows(b: Matrix, pivots: Int32Array): void {
  for (let k = 0; k < pivots.length; k++) if (pivots[k] !== k) swapRows(b, k, pivots[k]!);
}

/** The lower Cholesky factor of the lower triangle; `zero` is the first row, from 1, where it is not positive, or 0. */
export function factorCholesky(a: Matrix): { readonly factor: Matrix; readonly zero: number } {
  const n = a.rows;
  const l = new Matrix(n, n, a.im !== null);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = dotFrom(l, i, l, j, 0, j);
      const re = a.re[i * n + j]! - x;
      if (i === j) {
        if (!(re > 0)) return { factor: l, zero: i + 1 };
        l.re[i * n + i] = Math.sqrt(re);
      } else {
        l.re[i * n + j] = re / l.re[j * n + j]!;
        if (a.im !== null) l.im![i * n + j] = (a.im[i * n + j]! - y) / l.re[j * n + j]!;
      }
    }
  }
  return { factor: l, zero: 0 };
}

/** A reflection `1 - tau · v vᴴ` that sends what v was made of to a real multiple of the first unit vector. */
interface Reflection {
  readonly tau: readonly [re: number, im: number];
  readonly beta: number;
}

/** Makes the reflection of the row from column `k` on, as LAPACK's larfg, and leaves v there. */
function reflection(a: Matrix, row: number, k: number): Reflection {
  const { cols, re, im } = a;
  const at = row * cols + k;
  const [x, y] = [re[at]!, im === null ? 0 : im[at]!];
  let rest = 0;
  for (let j = at + 1; j < (row + 1) * cols; j++) rest += re[j]! ** 2 + (im === null ? 0 : im[j]! ** 2);
  re[at] = 1;
  if (im !== null) im[at] = 0;
  if (rest === 0 && y === 0) return { tau: [0, 0], beta: x };
  const norm = Math.hypot(x, y, Math.sqrt(rest));
  const beta = x < 0 || Object.is(x, -0) ? norm : -norm;
  const scale = (x - beta) ** 2 + y ** 2;
  for (let j = at + 1; j < (row + 1) * cols; j++) {
    const [p, q] = [re[j]!, im === null ? 0 : im[j]!];
    re[j] = (p * (x - beta) + q * y) / scale;
    if (im !== null) im[j] = (q * (x - beta) - p * y) / scale;
  }
  return { tau: [(beta - x) / beta, -y / beta], beta };
}

/** Row `i` of b, from column k on, reflected by the v in row `row` of a: `b - tau · (vᴴ b) v`, columns as rows. */
function reflect(b: Matrix, i: number, a: Matrix, row: number, k: number, [tr, ti]: Reflection["tau"]): void {
  const [x, y] = dotFrom(b, i, a, row, k, a.cols - k);
  addRow(b, i, k, a, row, k, a.cols - k, -(tr * x - ti * y), -(tr * y + ti * x));
}

/** QR by reflections, with LAPACK's signs: Q of `columns` columns, and R of as many rows. */
export function factorQR(a: Matrix, columns: number): { readonly q: Matrix; readonly r: Matrix } {
  const { rows: m, cols: n } = a;
  const complex = a.im !== null;
  const t = a.mirrored(); // columns as rows
  const r = new Matrix(columns, n, complex);
  const taus: Reflection["tau"][] = [];
  for (let k = 0; k < Math.min(m, n); k++) {
    const { tau, beta } = reflection(t, k, k);
    taus.push(tau);
    for (let j = k + 1; j < n; j++) reflect(t, j, t, k, k, [tau[0], -tau[1]]);
    r.re[k * n + k] = beta;
  }
  for (let i = 0; i < Math.min(m, n); i++) {
    for (let j = i + 1; j < n; j++) {
      r.re[i * n + j] = t.re[j * m + i]!;
      if (complex) r.im![i * n + j] = t.im![j * m + i]!;
    }
  }
  const q = Matrix.identity(columns, complex, m);
  for (let k = taus.length - 1; k >= 0; k--) {
    for (let j = 0; j < columns; j++) reflect(q, j, t, k, k, taus[k]!);
  }
  return { q: q.mirrored(), r };
}

/** Eigenvalues in ascending order, and the eigenvectors as rows, of the Hermitian matrix whose lower triangle is a's. */
export function factorHermitian(given: Matrix): { readonly values: Float64Array; readonly vectors: Matrix } {
  const n = given.rows;
  const complex = given.im !== null;
  const a = given.copy();
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      a.re[i * n + j] = a.re[j * n + i]!;
      if (complex) a.im![i * n + j] = i === j ? 0 : -a.im![j * n + i]!;
    }
  }
  // To three diagonals: row k of aᵀ is column k of a. Each reflection works from both sides on what is left.
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const t = a.mirrored();
  const taus: Reflection["tau"][] = [];
  for (let k = 0; k < n - 1; k++) {
    const { tau, beta } = reflection(t, k, k + 1);
    taus.push(tau);
    beside[k] = beta;
    // Hᴴ A H with H = 1 - tau v vᴴ: the columns first, then, on the adjoint, the same again.
    for (let side = 0; side < 2; side++) {
      for (let j = k + 1; j < n; j++) reflect(t, j, t, k, k + 1, [tau[0], -tau[1]]);
      adjointFrom(t, k + 1);
    }
  }
  for (let k = 0; k < n; k++) diagonal[k] = t.re[k * n + k]!;
  const vectors = Matrix.identity(n, complex);
  for (let k = taus.length - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) reflect(vectors, j, t, k, k + 1, taus[k]!);
  }
  iterateQL(diagonal, beside, vectors);
  return sorted(diagonal, vectors, (x, y) => x - y);
}

/** The block from (k, k) on becomes its own adjoint. */
function adjointFrom(a: Matrix, k: number): void {
  const { rows: n, re, im } = a;
  for (let i = k; i < n; i++) {
    if (im !== null) im[i * n + i] = -im[i * n + i]!;
    for (let j = i + 1; j < n; j++) {
      const p = i * n + j;
      const q = j * n + i;
      const x = re[p]!;
      re[p] = re[q]!;
      re[q] = x;
      if (im === null) continue;
      const y = im[p]!;
      im[p] = -im[q]!;
      im[q] = -y;
    }
  }
}

const ROUNDS = 60; // each value needs two or three

/** The implicit QL iteration on a real matrix of three diagonals; its rotations turn the rows of `vectors`. */
function iterateQL(d: Float64Array, e: Float64Array, vectors: Matrix): void {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let round = 0; round < ROUNDS; round++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g < 0 ? -r : r));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotateRows(vectors, i, i + 1, c, s, 0);
      }
      if (r === 0 && i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
}

/** Values in order, rows with them. */
function sorted(values: Float64Array, rows: Matrix, compare: (a: number, b: number) => number) {
  const order = Array.from(values.keys()).sort((i, j) => compare(values[i]!, values[j]!));
  const moved = new Matrix(rows.rows, rows.cols, rows.im !== null);
  for (const [to, from] of order.entries()) addRow(moved, to, 0, rows, from, 0, rows.cols, 1, 0);
  return { values: values.map((_, i) => values[order[i]!]!), vectors: moved };
}

const SWEEPS = 40;

/**
 * Singular values in descending order, and the singular vectors of both sides as rows (those of the right conjugated: Vᴴ is
 * `right`). `full` gives bases of the whole spaces.
 */
export function factorSVD(a: Matrix, full: boolean): { values: Float64Array; left: Matrix; right: Matrix } {
  if (a.rows < a.cols) {
    const { values, left, right } = factorSVD(a.mirrored(true), full);
    return { values, left: conjugated(right), right: conjugated(left) };
  }
  const n = a.cols;
  // The eigenvectors of aᴴa make the columns nearly orthogonal; rotations of pairs, which lose nothing, do the rest.
  const columns = a.mirrored();
  const gram = new Matrix(n, n, a.im !== null);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = dotFrom(columns, j, columns, i, 0, a.rows);
      gram.re[i * n + j] = x;
      if (gram.im !== null) gram.im[i * n + j] = y;
    }
  }
  const v = factorHermitian(gram).vectors; // v[j] is the j-th eigenvector
  const w = v.times(columns); // w[j] = a v[j]
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    const squares = Float64Array.from({ length: n }, (_, j) => dotFrom(w, j, w, j, 0, a.rows)[0]);
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) if (orthogonalise(w, v, squares, p, q)) turned = true;
    }
  }
  const norms = Float64Array.from({ length: n }, (_, j) => Math.sqrt(dotFrom(w, j, w, j, 0, a.rows)[0]));
  const { values, vectors: left } = sorted(norms, w, (x, y) => y - x);
  const right = sorted(norms, v, (x, y) => y - x).vectors;
  const rank = values.findIndex((s) => !(s > values[0]! * Number.EPSILON * a.rows));
  const known = rank < 0 ? n : rank;
  for (let j = 0; j < known; j++) divideRow(left, j, values[j]!, 0);
  return { values, left: completed(left, known, full ? a.rows : n), right: conjugated(right) };
}

/** Turns two rows of w, and of v with them, so that they are orthogonal; false where they are. `squares` are their norms'. */
function orthogonalise(w: Matrix, v: Matrix, squares: Float64Array, p: number, q: number): boolean {
  const [x, y] = dotFrom(w, q, w, p, 0, w.cols); // wpᴴ wq
  const size = Math.hypot(x, y);
  const [alpha, beta] = [squares[p]!, squares[q]!];
  if (!(size > Number.EPSILON * Math.sqrt(w.cols * alpha * beta))) return false; // as good as a sum of so many can say
  const zeta = (beta - alpha) / (2 * size);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, t);
  const [sr, si] = [(c * t * x) / size, (c * t * y) / size];
  rotateRows(w, p, q, c, sr, si);
  rotateRows(v, p, q, c, sr, si);
  squares[p] = Math.max(0, alpha - t * size);
  squares[q] = beta + t * size;
  return true;
}

/** The first `known` rows, which are orthonormal, and as many more as make `count`, orthonormal to them. */
function completed(rows: Matrix, known: number, count: number): Matrix {
  const complex = rows.im !== null;
  const out = new Matrix(count, rows.cols, complex);
  for (let i = 0; i < known; i++) addRow(out, i, 0, rows, i, 0, rows.cols, 1, 0);
  if (known === count) return out;
  const base = new Matrix(known, rows.cols, complex);
  for (let i = 0; i < known; i++) addRow(base, i, 0, rows, i, 0, rows.cols, 1, 0);
  const { q } = factorQR(base.mirrored(), rows.cols);
  const all = q.mirrored();
  for (let i = known; i < count; i++) addRow(out, i, 0, all, i, 0, rows.cols, 1, 0);
  return out;
}

function conjugated(a: Matrix): Matrix {
  const b = a.copy();
  if (b.im !== null) for (let i = 0; i < b.im.length; i++) b.im[i] = -b.im[i]!;
  return b;
}

function quotient({ re, im }: Matrix, a: number, b: number): [re: number, im: number] {
  if (im === null) return [re[a]! / re[b]!, 0];
  const scale = re[b]! ** 2 + im[b]! ** 2;
  return [(re[a]! * re[b]! + im[a]! * im[b]!) / scale, (im[a]! * re[b]! - re[a]! * im[b]!) / scale];
}

function swapRows(a: Matrix, i: number, j: number): void {
  for (const part of [a.re, a.im]) {
    if (part === null) continue;
    const row = part.slice(i * a.cols, (i + 1) * a.cols);
    part.copyWithin(i * a.cols, j * a.cols, (j + 1) * a.cols);
    part.set(row, j * a.cols);
  }
}

function divideRow(a: Matrix, i: number, x: number, y: number): void {
  const scale = x * x + y * y;
  for (let at = i * a.cols; at < (i + 1) * a.cols; at++) {
    if (a.im === null) a.re[at]! /= x;
    else {
      const [p, q] = [a.re[at]!, a.im[at]!];
      a.re[at] = y === 0 ? p / x : (p * x + q * y) / scale;
      a.im[at] = y === 0 ? q / x : (q * x - p * y) / scale;
    }
  }
}

// ── what is done n³ times ────────────────────────────────────────────────────────────────────────────────────────────

/** `Σ a[i] · conj(b[j])` over n columns from k on. */
function dotFrom(a: Matrix, i: number, b: Matrix, j: number, k: number, n: number): [re: number, im: number] {
  const [p, q] = [i * a.cols + k, j * b.cols + k];
  let [x, y] = [0, 0];
  if (a.im === null || b.im === null) for (let c = 0; c < n; c++) x += a.re[p + c]! * b.re[q + c]!;
  else {
    for (let c = 0; c < n; c++) {
      x += a.re[p + c]! * b.re[q + c]! + a.im[p + c]! * b.im[q + c]!;
      y += a.im[p + c]! * b.re[q + c]! - a.re[p + c]! * b.im[q + c]!;
    }
  }
  return [x, y];
}

/** `a[i] += (x + iy) · b[j]` over n columns, from k and l on. */
function addRow(a: Matrix, i: number, k: number, b: Matrix, j: number, l: number, n: number, x: number, y: number) {
  const [p, q] = [i * a.cols + k, j * b.cols + l];
  if (a.im === null || b.im === null) for (let c = 0; c < n; c++) a.re[p + c]! += x * b.re[q + c]!;
  else {
    for (let c = 0; c < n; c++) {
      a.re[p + c]! += x * b.re[q + c]! - y * b.im[q + c]!;
      a.im[p + c]! += x * b.im[q + c]! + y * b.re[q + c]!;
    }
  }
}

/** Rows i and j become `c · ai - conj(s) · aj` and `s · ai + c · aj`, with s = sr + i·si. */
function rotateRows(a: Matrix, i: number, j: number, c: number, sr: number, si: number): void {
  const { re, im, cols } = a;
  for (let p = i * cols, q = j * cols; p < (i + 1) * cols; p++, q++) {
    const x = re[p]!;
    const y = re[q]!;
    if (im === null) {
      re[p] = c * x - sr * y;
      re[q] = sr * x + c * y;
    } else {
      const u = im[p]!;
      const v = im[q]!;
      re[p] = c * x - (sr * y + si * v);
      im[p] = c * u - (sr * v - si * y);
      re[q] = sr * x - si * u + c * y;
      im[q] = sr * u + si * x + c * v;
    }
  }
}
