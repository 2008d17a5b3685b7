// A product of blocks inside a larger kernel: c (+)= a · b, with what it packs in the arena as finish.ts draws it.
//
// All strides are in bytes. The blocks must fit: (m + ROWS) · k elements the strips, (n + 8) · k elements the panels.

import { scratch } from "../abi";
import { STRIP_BYTES, TILE_BYTES } from "./finish";
import { columns, micro, ROWS } from "./micro";
import { pack } from "./pack";

/** Bytes of the panels of a block; what follows them in the arena is the caller's. */
export const PANEL_BYTES: usize = 1 << 20;
/** The first byte of the arena that a product of blocks leaves alone. */
export const FREE: usize = TILE_BYTES + STRIP_BYTES + PANEL_BYTES;

/** `c` is m × n with contiguous rows `rowC` apart; `add`: to what is there. */
export function blockProduct<T>(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, add: bool,
): void {
  const cols = columns<T>();
  const panels = scratch + TILE_BYTES + STRIP_BYTES;
  packStrips<T>(m, k, a, rowA, colA);
  for (let j = 0; j < n; j += cols) {
    pack<T>(panels + <usize>(j * k) * sizeof<T>(), b + <usize>j * colB, cols, min(cols, n - j), colB, rowB, k);
  }
  packedProduct<T>(m, n, k, panels, c, rowC, add);
}

/** Packs m rows of k elements for `packedProduct`. */
export function packStrips<T>(m: i32, k: i32, a: usize, rowA: usize, colA: usize): void {
  const strips = scratch + TILE_BYTES;
  for (let i = 0; i < m; i += ROWS) {
    pack<T>(strips + <usize>(i * k) * sizeof<T>(), a + <usize>i * rowA, ROWS, min(ROWS, m - i), rowA, colA, k);
  }
}

/** The product of the packed strips and of panels anywhere. */
export function packedProduct<T>(m: i32, n: i32, k: i32, panels: usize, c: usize, rowC: usize, add: bool): void {
  const cols = columns<T>();
  const strips = scratch + TILE_BYTES;
  for (let j = 0; j < n; j += cols) {
    const panel = panels + <usize>(j * k) * sizeof<T>();
    const width = min(cols, n - j);
    for (let i = 0; i < m; i += ROWS) {
      const strip = strips + <usize>(i * k) * sizeof<T>();
      const target = c + <usize>i * rowC + <usize>j * sizeof<T>();
      const height = min(ROWS, m - i);
      if (width == cols && height == ROWS) {
        micro<T>(k, strip, panel, 32, target, rowC, add);
        continue;
      }
      micro<T>(k, strip, panel, 32, scratch, 32, false);
      for (let r = 0; r < height; r++) {
        for (let s = 0; s < width; s++) {
          const at = target + <usize>r * rowC + <usize>s * sizeof<T>();
          const x = load<T>(scratch + (<usize>r << 5) + <usize>s * sizeof<T>());
          store<T>(at, add ? load<T>(at) + x : x);
        }
      }
    }
  }
}
