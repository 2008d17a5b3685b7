// c ±= a · b within a larger kernel, over blocks of any size: the product of gemm/block.ts, cut so that what is
// packed fits the arena. An element is summed in blocks of k that depend on k alone.

import { scratch } from "../abi";
import { PANEL_BYTES, PANELS, packedProduct, packPanels, packStrips } from "../gemm/block";
import { TILE_BYTES } from "../gemm/finish";
import { columns } from "../gemm/micro";

/** Steps along k in one go. */
const DEPTH: i32 = 256;
/** Rows in one go: the strips, of 96 kB in float64, stay in the second cache. */
const HEIGHT: i32 = 48;
/** Columns in one go: the panels' room. */
// @ts-ignore: decorator
@inline function most<T>(): i32 { return <i32>PANEL_BYTES / DEPTH / <i32>sizeof<T>() - 8; }

/** c, m × n with contiguous rows, minus a · b; `upper`: where c is square, what is below its diagonal may be anything. */
export function subtract<T>(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, upper: bool = false,
): void {
  product<T>(m, n, k, a, rowA, colA, b, rowB, colB, c, rowC, upper, true);
}

/** c, m × n with contiguous rows, plus a · b. */
export function add<T>(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize, c: usize, rowC: usize,
): void {
  product<T>(m, n, k, a, rowA, colA, b, rowB, colB, c, rowC, false, false);
}

function product<T>(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, upper: bool, minus: bool,
): void {
  for (let p = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    for (let j = 0; j < n; j += most<T>()) {
      const width = min(most<T>(), n - j);
      packPanels<T>(width, depth, b + <usize>p * rowB + <usize>j * colB, rowB, colB);
      const rows = upper ? min(m, j + width) : m;
      for (let i = 0; i < rows; i += HEIGHT) {
        const height = min(HEIGHT, rows - i);
        packStrips<T>(height, depth, a + <usize>i * rowA + <usize>p * colA, rowA, colA);
        if (minus) negate<T>(scratch + TILE_BYTES, <usize>((height + 5) * depth) * sizeof<T>());
        const left = upper ? max(0, i - j) & -columns<T>() : 0; // whole panels
        const panels = scratch + PANELS + <usize>(left * depth) * sizeof<T>();
        packedProduct<T>(height, width - left, depth, panels, c + <usize>i * rowC + <usize>(j + left) * sizeof<T>(), rowC, true);
      }
    }
  }
}

/** Turns the sign of the numbers in at least so many bytes; there may be a few more. */
function negate<T>(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 32) {
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    v128.store(at, v128.neg<T>(x0));
    v128.store(at, v128.neg<T>(x1), 16);
  }
}
