// c ±= a · b in float64 within a larger kernel, over blocks of any size: the product of gemm/block.ts, cut so that what is
// packed fits the arena. An element is summed in blocks of k that depend on k alone.

import { scratch } from "../abi";
import { PANELS, packedProduct, packPanels, packStrips } from "../gemm/block";
import { TILE_BYTES } from "../gemm/finish";

/** Steps along k in one go. */
const DEPTH: i32 = 256;
/** Rows in one go: the strips, of 96 kB, stay in the second cache. */
const HEIGHT: i32 = 48;
/** Columns in one go: panels of a megabyte. */
const WIDTH: i32 = 504;

/** The size of an element, and the distance of neighbours in a row. */
export const SIZE: usize = 8;

/** c, m × n with contiguous rows, minus a · b; `upper`: where c is square, what is below its diagonal may be anything. */
export function subtract(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, upper: bool = false,
): void {
  product(m, n, k, a, rowA, colA, b, rowB, colB, c, rowC, upper, true);
}

/** c, m × n with contiguous rows, plus a · b. */
export function add(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize, c: usize, rowC: usize,
): void {
  product(m, n, k, a, rowA, colA, b, rowB, colB, c, rowC, false, false);
}

function product(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, upper: bool, minus: bool,
): void {
  for (let p = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    for (let j = 0; j < n; j += WIDTH) {
      const width = min(WIDTH, n - j);
      packPanels<f64>(width, depth, b + <usize>p * rowB + <usize>j * colB, rowB, colB);
      const rows = upper ? min(m, j + width) : m;
      for (let i = 0; i < rows; i += HEIGHT) {
        const height = min(HEIGHT, rows - i);
        packStrips<f64>(height, depth, a + <usize>i * rowA + <usize>p * colA, rowA, colA);
        if (minus) negate(scratch + TILE_BYTES, <usize>((height + 5) * depth) * SIZE);
        const left = upper ? max(0, i - j) & ~3 : 0; // whole panels
        const panels = scratch + PANELS + <usize>(left * depth) * SIZE;
        packedProduct<f64>(height, width - left, depth, panels, c + <usize>i * rowC + <usize>(j + left) * SIZE, rowC, true);
      }
    }
  }
}

/** Turns the sign of the numbers in at least so many bytes; there may be a few more. */
function negate(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 32) {
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    v128.store(at, f64x2.neg(x0));
    v128.store(at, f64x2.neg(x1), 16);
  }
}
