// How a matrix product reaches its kernel (assembly/gemm/dense.ts): strides as they are, batches folded, tiles chosen.

import {
  ComplexScalar,
  expandTo,
  isComplex,
  isFloating,
  type Layout,
  REAL,
  type Scalar,
  SUFFIX,
  strided,
  toNumber,
} from "../core/index.ts";
import type { Backend } from "../device/index.ts";
import { type Call, type Kernels, kernelsOf, need, pointwise } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

/** Rows or columns up to which the kernel reads the other operand once: SKINNY of assembly/gemm/skinny.ts. */
const SKINNY = 4;
/** Multiplications below which no other thread is woken: some 25 µs. */
const GRAIN_WORK = 1 << 19;
/** Multiplications of a tile from which each thread gets several, so that one that is late can be helped: some 2 ms. */
const LARGE_WORK = 1 << 25;
/** Tiles a thread gets then, or where there are several matrices. */
const CLAIMS = 4;
/** Threads of a device that does not say how many it has. */
const THREADS = 8;
/** How long the packing of an element takes, in multiplications. */
export const PACKING = 10;

export interface Tiles {
  readonly rows: number;
  readonly columns: number;
  /** Tiles of one matrix. */
  readonly count: number;
}

/** The tiles of an m × n product over k, one of `batch`. No tiling changes the bits of the result (assembly/gemm/core.ts). */
export function tilesOf(m: number, n: number, k: number, batch: number, { threads = THREADS }: Backend): Tiles {
  const work = m * n * k;
  const enough = batch === 1 ? threads * clamp(Math.floor(work / threads / LARGE_WORK), 1, CLAIMS) : threads * CLAIMS;
  const wanted = threads === 1 ? 1 : Math.min(Math.ceil(work / (2 * GRAIN_WORK)), Math.ceil(enough / batch));
  if (wanted <= 1) return { rows: Math.max(m, 1), columns: Math.max(n, 1), count: Math.min(m, 1) * Math.min(n, 1) };
  if (m <= SKINNY) return grid(m, n, 1, Math.min(wanted, Math.ceil(n / 256)), 1, 64);
  if (n <= SKINNY) return grid(m, n, Math.min(wanted, Math.ceil(m / 64)), 1, 16, 1);
  let best = grid(m, n, 1, wanted, 12, 8); // 12: a multiple of the micro-kernels' 4 and 6 rows; 8: their columns
  for (let down = 2; down <= wanted; down++) {
    const other = grid(m, n, down, Math.ceil(wanted / down), 12, 8);
    if (costOf(other, wanted) < costOf(best, wanted)) best = other;
  }
  return best;
}

/** The time of the tiles, if `wanted` are done at once. */
const costOf = ({ rows, columns, count }: Tiles, wanted: number): number =>
  Math.ceil(count / wanted) * (rows * columns + PACKING * (rows + columns));

const clamp = (x: number, least: number, most: number): number => Math.min(Math.max(x, least), most);

function grid(m: number, n: number, down: number, across: number, byRows: number, byColumns: number): Tiles {
  const rows = Math.ceil(m / down / byRows) * byRows;
  const columns = Math.ceil(n / across / byColumns) * byColumns;
  return { rows, columns, count: Math.ceil(m / rows) * Math.ceil(n / columns) };
}

/** Units of `work` multiplications each that are not worth another thread. */
export const grainOf = (work: number): number => Math.max(1, Math.ceil(GRAIN_WORK / Math.max(work, 1)));

export interface Epilogue {
  readonly alpha?: Scalar;
  readonly beta?: Scalar;
  /** b is given transposed: [..., n, k]. */
  readonly turned?: boolean;
}

const PLAIN: Epilogue = {};
const NO_BATCH: readonly BatchDim[] = [];

/**
 * out = α·a·b + β·d. a is [..., m, k] or [k], b is [..., k, n] or [k]; out is dense, its shape theirs, and d broadcasts to
 * it. A d with β = 0 is not read.
 */
export function launchProduct(
  kernels: Kernels,
  a: Tensor,
  b: Tensor,
  d: Tensor | null,
  out: Tensor,
  epilogue: Epilogue = PLAIN,
): void {
  const { alpha = 1, beta = 1, turned = false } = epilogue;
  const added = d === null || isZero(beta) ? null : d;
  if (isComplex(kernels.code) && added === null && alpha === 1 && out.layout.size * a.shape[a.ndim - 1]! >= APART) {
    launchParts(kernels, a, b, out, turned);
    return;
  }
  const rowsOfA = a.ndim === 2 || (a.ndim > 2 && a.layout.contiguous && a.layout.size > 0); // so are those of out
  if (rowsOfA && b.ndim === 2 && (added === null || added.ndim === 1)) {
    // The common case, without the search for batches.
    const { shape, strides, size } = a.layout;
    const k = shape[a.ndim - 1]!;
    const isMatrix = a.ndim === 2;
    const m = isMatrix ? shape[0]! : size / k;
    const rowA = isMatrix ? strides[0]! : k;
    const columnA = isMatrix ? strides[1]! : 1;
    const rowB = b.layout.strides[turned ? 1 : 0]!;
    const columnB = b.layout.strides[turned ? 0 : 1]!;
    const columnD = added === null || added.shape[0] === 1 ? 0 : added.layout.strides[0]!;
    const n = b.shape[turned ? 0 : 1]!;
    run(kernels, out, a, b, added, epilogue, NO_BATCH, 1, m, n, k, [rowA, columnA, rowB, columnB, 0, columnD]);
    return;
  }
  const left = matrix(a.layout, a.ndim === 1 ? "row" : "matrix");
  const right = matrix(b.layout, b.ndim === 1 ? "column" : turned ? "turned" : "matrix");
  const { rows: m, columns: k } = left;
  const { columns: n } = right;
  const kind = a.ndim > 1 ? (b.ndim > 1 ? "matrix" : "column") : b.ndim > 1 ? "row" : "number";
  const addend = added === null ? NOTHING : matrix(expandTo(added.layout, out.shape), kind);

  const lead = out.shape.slice(0, out.ndim - Number(a.ndim > 1) - Number(b.ndim > 1));
  const batch = joined(lead, m * n, left, right, addend);
  let rows = m;
  let { rowStride: rowA } = left;
  let { rowStride: rowD } = addend;
  // A matrix b that all share, as weights are: the rows of the batch are rows of one product.
  const last = batch.at(-1);
  if (last !== undefined && last.b === 0 && (m === 1 || (last.a === m * rowA && last.d === m * rowD))) {
    batch.pop();
    rows = m * last.size;
    if (m === 1) {
      rowA = last.a;
      rowD = last.d;
    }
  }
  const matrices = batch.reduce((p, dim) => p * dim.size, 1);
  const { columnStride: columnA } = left;
  const { rowStride: rowB, columnStride: columnB } = right;
  const steps = [rowA, columnA, rowB, columnB, rowD, addend.columnStride];
  run(kernels, out, a, b, added, epilogue, batch, matrices, rows, n, k, steps);
}

/** Multiplications of complex numbers from which four real products and two sums take less time. */
const APART = 1 << 15;

/** out = a·b of complex numbers by real products, (p + qi)(r + si) = pr - qs + (ps + qr)i. */
function launchParts(kernels: Kernels, a: Tensor, b: Tensor, out: Tensor, turned: boolean): void {
  const { backend } = out.storage;
  const code = REAL[kernels.code]!;
  const k = kernelsOf(backend, code);
  const product = (left: Tensor, right: Tensor): Tensor => {
    const y = k.scratch(code, out.shape);
    launchProduct(k, left, right, null, y, { turned });
    return y;
  };
  const [p, q, r, s] = [partOf(a, 0), partOf(a, 1), partOf(b, 0), partOf(b, 1)];
  const difference = [product(p, r), product(q, s)];
  pointwise(backend, need(backend, `sub_${SUFFIX[code]}`), partOf(out, 0), difference, 0, 0);
  const sum = [product(p, s), product(q, r)];
  pointwise(backend, need(backend, `add_${SUFFIX[code]}`), partOf(out, 1), sum, 0, 0);
}

/** The real (0) or imaginary (1) parts of complex numbers, as they lie. */
function partOf(x: Tensor, part: 0 | 1): Tensor {
  const apart = x.layout.strides.map((step) => 2 * step);
  return new Tensor(x.storage, REAL[x.code]!, strided(x.shape, apart), 2 * x.offset + part);
}

const isZero = (x: Scalar): boolean => toNumber(x) === 0 && !(x instanceof ComplexScalar && x.im !== 0);

/** The launch of `matrices` products of m × k by k × n, with strides of rows and columns of a, b and d. */
function run(
  kernels: Kernels,
  out: Tensor,
  a: Tensor,
  b: Tensor,
  d: Tensor | null,
  { alpha = 1, beta = 1 }: Epilogue,
  batch: readonly BatchDim[],
  matrices: number,
  m: number,
  n: number,
  k: number,
  steps: readonly number[],
): void {
  const tiles = tilesOf(m, n, k, matrices, kernels.backend);
  const call = kernels.call("matmul").int(m).int(n).int(k).int(tiles.rows).int(tiles.columns).int(0);
  scalar(call, kernels.code, alpha);
  scalar(call, kernels.code, beta);
  call.tensor(out).tensor(a).tensor(b).tensor(d).int(n).int(1).ints(steps).int(batch.length);
  for (const dim of batch) call.int(dim.size).int(dim.c).int(dim.a).int(dim.b).int(dim.d);
  call.run(tiles.count * matrices, grainOf(tiles.rows * tiles.columns * k));
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
  /** The strides of the dims before the matrix. */
  batch: readonly number[];
}

const NOTHING: Matrix = { rows: 0, columns: 0, rowStride: 0, columnStride: 0, batch: [] };

/** The last dims of a layout as a matrix: two of them, or one as its row or column, or none. */
function matrix({ shape, strides }: Layout, kind: "matrix" | "turned" | "row" | "column" | "number"): Matrix {
  const end = shape.length - (kind === "number" ? 0 : kind === "row" || kind === "column" ? 1 : 2);
  const at = (d: number): readonly [number, number] => (d < 0 ? [1, 0] : [shape[d]!, strides[d]!]);
  const [rows, rowStride] = at(kind === "turned" ? end + 1 : kind === "matrix" || kind === "column" ? end : -1);
  const [columns, columnStride] = at(kind === "matrix" ? end + 1 : kind === "turned" || kind === "row" ? end : -1);
  const batch = strides.slice(0, end).map((stride, d) => (shape[d] === 1 ? 0 : stride));
  return { rows, columns, rowStride, columnStride, batch };
}

interface BatchDim {
  size: number;
  c: number;
  a: number;
  b: number;
  d: number;
}

/** The batch dims, those of size 1 dropped and neighbours joined along which every operand steps evenly. */
function joined(shape: readonly number[], matrixSize: number, a: Matrix, b: Matrix, d: Matrix): BatchDim[] {
  const dims: BatchDim[] = [];
  let step = matrixSize * shape.reduce((p, n) => p * n, 1);
  for (const [i, size] of shape.entries()) {
    step /= Math.max(size, 1);
    if (size === 1) continue;
    const stride = (x: Matrix): number => x.batch[x.batch.length - shape.length + i] ?? 0;
    const dim = { size, c: step, a: stride(a), b: stride(b), d: stride(d) };
    const outer = dims.at(-1);
    if (outer !== undefined && outer.a === dim.a * size && outer.b === dim.b * size && outer.d === dim.d * size) {
      dims[dims.length - 1] = { ...dim, size: outer.size * size };
    } else dims.push(dim);
  }
  return dims;
}

/** α or β: two slots, of reals or integers. */
function scalar(call: Call, code: number, value: Scalar): void {
  if (isFloating(code) || isComplex(code)) call.pair(toNumber(value), value instanceof ComplexScalar ? value.im : 0);
  else call.long(typeof value === "bigint" ? value : BigInt(Math.trunc(toNumber(value)))).long(0n);
}
