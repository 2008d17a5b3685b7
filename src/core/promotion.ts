// Type promotion, as PyTorch defines it (https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc).

import {
  BFLOAT16,
  BOOLEAN,
  COMPLEX,
  COMPLEX64,
  complexOf,
  defaultFloat,
  FLOAT16,
  FLOAT32,
  FLOATING,
  INT16,
  INT64,
  isDifferentiable,
  KIND,
  UINT8,
} from "./dtype.ts";
import type { Layout } from "./layout.ts";

const N = 12;
const TABLE = /* @__PURE__ */ buildTable();

/** The smallest type that holds both. */
export function promoteTypes(a: number, b: number): number {
  return TABLE[a * N + b]!;
}

function buildTable(): Uint8Array {
  const table = new Uint8Array(N * N);
  for (let a = 0; a < N; a++) for (let b = 0; b < N; b++) table[a * N + b] = promote(a, b);
  return table;
}

function promote(a: number, b: number): number {
  if (a === b) return a;
  const [low, high] = a < b ? [a, b] : [b, a];
  const kind = KIND[high]!;
  if (kind === COMPLEX) return KIND[low] === FLOATING || KIND[low] === COMPLEX ? Math.max(high, complexOf(low)) : high;
  if (kind === FLOATING) return low === FLOAT16 && high === BFLOAT16 ? FLOAT32 : high;
  // uint8 and int8 meet in int16; with a wider signed type the wider one holds both.
  return low === UINT8 && high < INT16 ? INT16 : high;
}

export interface Typed {
  readonly code: number;
  readonly layout: Layout;
}

const NONE = -1;

/**
 * The type of a result over tensors and numbers. Tensors with dims decide before 0-dim tensors, and those before plain
 * numbers: a lower category changes the type only when its kind is higher.
 */
export function resultType(operands: readonly (Typed | ScalarKind)[]): number {
  let dim = NONE;
  let zero = NONE;
  let number = NONE;
  for (const x of operands) {
    if (typeof x === "number") {
      const code =
        x === SCALAR_COMPLEX
          ? complexOf(defaultFloat())
          : x === SCALAR_FLOAT
            ? defaultFloat()
            : x === SCALAR_INT
              ? INT64
              : 0;
      number = number === NONE ? code : promoteTypes(number, code);
    } else if (x.layout.shape.length === 0) zero = zero === NONE ? x.code : promoteTypes(zero, x.code);
    else dim = dim === NONE ? x.code : promoteTypes(dim, x.code);
  }
  return combine(dim, combine(zero, number));
}

/** What a plain number is for promotion. */
export type ScalarKind = 0 | 1 | 2 | 3;
export const SCALAR_BOOL = 0;
export const SCALAR_INT = 1;
export const SCALAR_FLOAT = 2;
export const SCALAR_COMPLEX = 3;

function combine(higher: number, lower: number): number {
  if (higher === NONE) return lower;
  if (lower === NONE || KIND[higher] === COMPLEX) return higher;
  if (KIND[higher] === FLOATING)
    return KIND[lower] === COMPLEX ? (higher <= FLOAT32 ? COMPLEX64 : complexOf(higher)) : higher;
  return KIND[higher] === BOOLEAN || isDifferentiable(lower) ? promoteTypes(higher, lower) : higher;
}
