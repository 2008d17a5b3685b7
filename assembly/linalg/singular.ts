// Singular values, and singular vectors of both sides as rows, of matrices with m ≥ n in float64. They are given turned: their
// columns are rows.
//
//   args ─ 0 m │ 1 n │ 2 rows │ 3 t │ 4 left │ 5 values │ 6 right │ 7 work
//
// t: Aᵀ [batch, n, m], which is lost; left: [batch, rows, m] with n or m rows; values: [batch, n], descending; right: [batch, n, n].
// A unit is a matrix, with its own work:
//
//   work ─ three n × n │ Qᵀ: rows × m │ m │ spectralBytes │ of reflect.ts for m and max(rows, n)
//
// What has more rows than columns is Q R first, and R, a square, takes its place. The eigenvectors of its Gram matrix make the
// columns nearly orthogonal; rotations of pairs, which lose nothing, do the rest (one-sided Jacobi).

import { int, ptr } from "../abi";
import { add } from "./product";
import { factorQR, workBytes } from "./reflect";
import { dot, length, rotate } from "./rows";
import { sort, spectrum, spectrumBytes } from "./spectrum";
import { tridiagonalBytes, tridiagonalise } from "./tridiagonal";

const SIZE: usize = 8;
const SWEEPS: i32 = 40;
const EPSILON: f64 = 2.220446049250313e-16;

export function singular_f64(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const rows = int(args, 2);
  const square = <usize>n * <usize>n * SIZE;
  const long = <usize>m * SIZE;
  const bytes = square * 3 + <usize>rows * long + long + spectralBytes(n) + workBytes<f64>(m, max(rows, n));
  for (let unit = begin; unit < end; unit++) {
    const t = ptr(args, 3) + <usize>(unit * n) * long;
    const left = ptr(args, 4) + <usize>(unit * rows) * long;
    const values = ptr(args, 5) + <usize>(unit * n) * SIZE;
    const right = ptr(args, 6) + <usize>unit * square;
    const work = ptr(args, 7) + <usize>unit * bytes;
    if (m == n) decompose(t, m, n, left, values, right, work, work + square * 3 + <usize>rows * long + long);
    else tall(t, m, n, rows, left, values, right, work);
  }
}

/** Bytes of what tridiagonal.ts and spectrum.ts work with, one after the other, and of the diagonals. */
function spectralBytes(n: i32): usize {
  return <usize>n * SIZE * 2 + max(tridiagonalBytes<f64>(n), spectrumBytes<f64>(n, n));
}

function tall(t: usize, m: i32, n: i32, rows: i32, left: usize, values: usize, right: usize, work: usize): void {
  const short = <usize>n * SIZE;
  const long = <usize>m * SIZE;
  const q = work + <usize>n * short * 3;
  const taus = q + <usize>rows * long;
  const rest = taus + long + spectralBytes(n);
  factorQR<f64>(t, n, n, m, q, rows, taus, rest);
  // Rᵀ, square, where Aᵀ was.
  for (let i = 0; i < n; i++) {
    const to = t + <usize>i * short;
    memory.copy(to, t + <usize>i * long, <usize>(i + 1) * SIZE);
    memory.fill(to + <usize>(i + 1) * SIZE, 0, <usize>(n - i - 1) * SIZE);
  }
  decompose(t, m, n, left, values, right, work, taus + long);
  memory.copy(t, left, <usize>n * short);
  memory.fill(left, 0, <usize>n * long);
  add<f64>(n, m, n, t, short, SIZE, q, long, SIZE, left, long);
  memory.copy(left + <usize>n * long, q + <usize>n * long, <usize>(rows - n) * long);
}

/** The same of a square, n × n; m are the rows of the matrix that it stands for. `work` is three squares, `inner` spectralBytes. */
function decompose(
  c: usize, m: i32, n: i32, left: usize, values: usize, right: usize, work: usize, inner: usize,
): void {
  const row = <usize>n * SIZE;
  const square = <usize>n * row;
  const gram = work;
  const v = gram + square;
  const w = v + square;
  memory.fill(gram, 0, square);
  add<f64>(n, n, n, c, row, SIZE, c, SIZE, row, gram, row);
  const e = inner + row;
  const rest = e + row;
  tridiagonalise<f64>(gram, n, inner, e, v, rest);
  spectrum<f64>(n, inner, e, n, v, v, row, rest);
  memory.fill(w, 0, square);
  add<f64>(n, n, n, v, row, SIZE, c, row, SIZE, w, row);
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (let i: usize = 0; i < <usize>n; i++) store<f64>(values + i * SIZE, dot<f64>(w + i * row, w + i * row, n));
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) if (orthogonalise(w, v, n, values, p, q)) turned = true;
    }
  }
  const sizes = inner; // negative, so that the largest comes first
  const order = sizes + row;
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(sizes + i * SIZE, -sqrt<f64>(dot<f64>(w + i * row, w + i * row, n)));
  sort(sizes, n, order);
  let rank = n;
  for (let i = 0; i < n; i++) {
    const from = <usize>load<i32>(order + (<usize>i << 2));
    const to = <usize>i * row;
    const size = -load<f64>(sizes + from * SIZE);
    store<f64>(values + <usize>i * SIZE, size);
    memory.copy(right + to, v + from * row, row);
    if (i < rank && !(size > load<f64>(values) * EPSILON * <f64>m)) rank = i;
    if (i >= rank) continue;
    for (let at: usize = 0; at < row; at += SIZE) store<f64>(left + to + at, load<f64>(w + from * row + at) / size);
  }
  if (rank == n) return;
  // What has no direction of its own: any that makes a basis of the known ones.
  memory.copy(gram, left, <usize>rank * row);
  factorQR<f64>(gram, rank, rank, n, w, n, inner, inner + row);
  memory.copy(left + <usize>rank * row, w + <usize>rank * row, <usize>(n - rank) * row);
}

/** Turns two rows of w, and of v with them, so that they are orthogonal; false where they are. `squares` are their norms'. */
function orthogonalise(w: usize, v: usize, n: i32, squares: usize, p: i32, q: i32): bool {
  const atP = <usize>(p * n) * SIZE;
  const atQ = <usize>(q * n) * SIZE;
  const x = dot<f64>(w + atP, w + atQ, n);
  const size = abs(x);
  const alpha = load<f64>(squares + <usize>p * SIZE);
  const beta = load<f64>(squares + <usize>q * SIZE);
  if (!(size > EPSILON * sqrt<f64>(<f64>n * alpha * beta))) return false; // as good as a sum of so many can say
  const zeta = (beta - alpha) / (2 * size);
  const t = (zeta < 0 ? -1.0 : 1.0) / (abs(zeta) + length(1, zeta));
  const c = 1 / length(1, t);
  const s = x < 0 ? -c * t : c * t;
  rotate<f64>(w + atP, w + atQ, n, c, s);
  rotate<f64>(v + atP, v + atQ, n, c, s);
  store<f64>(squares + <usize>p * SIZE, max<f64>(0, alpha - t * size));
  store<f64>(squares + <usize>q * SIZE, beta + t * size);
  return true;
}
