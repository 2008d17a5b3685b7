// How a matrix product reaches its kernel (assembly/gemm/dense.ts): strides as they are, batches folded, tiles chosen.

import { ComplexScalar, expandTo, isComplex, isFloating, type Layout, type Scalar, toNumber } from "../core/index.ts";
import type { Call, Kernels } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** Rows or columns up to which the kernel reads the other operand once: SKINNY of assembly/gemm/skinny.ts. */
const SKINNY = 4;
/** Multiplications of a tile below which cutting is not worth packing the operands again: some 200 µs. */
const TILE_WORK = 1 << 22;
/** Multiplications below which no other thread is woken: some 20 µs. */
const GRAIN_WORK = 1 << 19;
/** Tiles of a large product: enough for eight threads. */
const TILES = 8;
/** Packing is a tenth of the work for a tile of so many rows and many columns. */
const LEAST_ROWS = 96;
const LEAST_COLUMNS = 128;

export interface Tiles {
  readonly rows: number;
  readonly columns: number;
  /** Tiles of one matrix. */
  readonly count: number;
}

/** The tiles of an m × n product over k, one of `batch`. They depend on the sizes alone, never on the threads. */
export function tilesOf(m: number, n: number, k: number, batch: number): Tiles {
  const wanted = Math.min(Math.ceil((m * n * k) / TILE_WORK), Math.ceil(TILES / batch));
  if (wanted <= 1) return { rows: Math.max(m, 1), columns: Math.max(n, 1), count: Math.min(m, 1) * Math.min(n, 1) };
  if (m <= SKINNY) return grid(m, n, 1, Math.min(wanted, Math.ceil(n / 256)), 1, 64);
  if (n <= SKINNY) return grid(m, n, Math.min(wanted, Math.ceil(m / 64)), 1, 16, 1);
  const down = Math.min(Math.max(Math.floor(m / LEAST_ROWS), 1), wanted);
  const across = Math.min(Math.max(Math.floor(n / LEAST_COLUMNS), 1), Math.ceil(wanted / down));
  return grid(m, n, down, across, 12, 8); // 12: a multiple of the micro-kernels' 4 and 6 rows; 8: their columns
}

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
  readonly relu?: boolean;
}

/**
 * out = α·a·b + β·d [, relu]. a is [..., m, k] or [k], b is [..., k, n] or [k]; out is dense, its shape theirs, and d
 * broadcasts to it. A d with β = 0 is not read.
 */
export function launchProduct(
  kernels: Kernels,
  a: Tensor,
  b: Tensor,
  d: Tensor | null,
  out: Tensor,
  { alpha = 1, beta = 1, relu = false }: Epilogue = {},
): void {
  const left = matrix(a.layout, a.ndim === 1 ? "row" : "matrix");
  const right = matrix(b.layout, b.ndim === 1 ? "column" : "matrix");
  const { rows: m, columns: k } = left;
  const { columns: n } = right;
  const target = { rowStride: n, columnStride: 1 };
  const added = d !== null && toNumber(beta) === 0 && !(beta instanceof ComplexScalar && beta.im !== 0) ? null : d;
  const full = added === null ? null : expandTo(added.layout, out.shape);
  const addend =
    full === null
      ? NOTHING
      : matrix(full, a.ndim === 1 ? (b.ndim === 1 ? "number" : "row") : b.ndim === 1 ? "column" : "matrix");

  const batch = joined(out.shape.slice(0, out.ndim - Number(a.ndim > 1) - Number(b.ndim > 1)), m * n, [
    left,
    right,
    addend,
  ]);
  let rows = m;
  // A matrix b that all share, as weights are: the rows of the batch are rows of one product.
  const last = batch.at(-1);
  if (
    last !== undefined &&
    last.b === 0 &&
    (m === 1 || (last.a === m * left.rowStride && last.d === m * addend.rowStride))
  ) {
    batch.pop();
    rows = m * last.size;
    if (m === 1) {
      left.rowStride = last.a;
      addend.rowStride = last.d;
    }
  }
  const matrices = batch.reduce((p, dim) => p * dim.size, 1);
  const tiles = tilesOf(rows, n, k, matrices);
  const call = kernels.call("matmul").int(rows).int(n).int(k).int(tiles.rows).int(tiles.columns).bool(relu);
  scalar(call, kernels.code, alpha);
  scalar(call, kernels.code, beta);
  call.tensor(out).tensor(a).tensor(b).tensor(added);
  for (const x of [target, left, right, addend]) call.int(x.rowStride).int(x.columnStride);
  call.int(batch.length);
  for (const dim of batch) call.int(dim.size).int(dim.c).int(dim.a).int(dim.b).int(dim.d);
  call.run(tiles.count * matrices, grainOf(tiles.rows * tiles.columns * k));
}

interface Matrix {
  rows: number;
  columns: number;
  rowStride: number;
  columnStride: number;
  /** The strides of the dims before the matrix. */
  batch: readonly number[];
}

const NOTHING: Matrix = { rows: 0, columns: 0, rowStride: 0, columnStride: 0, batch: [] };

/** The last dims of a layout as a matrix: two of them, or one as its row or column, or none. */
function matrix({ shape, strides }: Layout, kind: "matrix" | "row" | "column" | "number"): Matrix {
  const hasRows = kind === "matrix" || kind === "column";
  const hasColumns = kind === "matrix" || kind === "row";
  const end = shape.length - Number(hasRows) - Number(hasColumns);
  return {
    rows: hasRows ? shape[end]! : 1,
    columns: hasColumns ? shape.at(-1)! : 1,
    rowStride: hasRows ? strides[end]! : 0,
    columnStride: hasColumns ? strides.at(-1)! : 0,
    batch: strides.map((stride, d) => (shape[d] === 1 ? 0 : stride)).slice(0, end),
  };
}

interface BatchDim {
  size: number;
  c: number;
  a: number;
  b: number;
  d: number;
}

/** The batch dims, those of size 1 dropped and neighbours joined along which every operand steps evenly. */
function joined(shape: readonly number[], matrixSize: number, [a, b, d]: readonly Matrix[]): BatchDim[] {
  const dims: BatchDim[] = [];
  let step = matrixSize * shape.reduce((p, n) => p * n, 1);
  for (const [i, size] of shape.entries()) {
    step /= Math.max(size, 1);
    if (size === 1) continue;
    const stride = (x: Matrix): number => x.batch[x.batch.length - shape.length + i] ?? 0;
    const dim = { size, c: step, a: stride(a!), b: stride(b!), d: stride(d!) };
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
