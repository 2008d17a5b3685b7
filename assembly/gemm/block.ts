// A product of blocks inside a larger kernel: c (+)= a · b, with what it packs in the arena as finish.ts draws it.
//
// All strides are in bytes. The blocks must fit: (m + ROWS) · k elements the strips, (n + 8) · k elements the panels.

import { scratch } from "../abi";
import { STRIP_BYTES, TILE_BYTES, TILE_ROW, tileAt } from "./finish";
import { columns, micro, microPair, ROWS } from "./micro";
import { pack } from "./pack";

/** Where in the arena the panels of a block lie. */
export const PANELS: usize = TILE_BYTES + STRIP_BYTES;
/** Bytes of the panels of a block; what follows them in the arena is the caller's. */
export const PANEL_BYTES: usize = 1 << 20;
/** The first byte of the arena that a product of blocks leaves alone. */
export const FREE: usize = PANELS + PANEL_BYTES;

/** `c` is m × n with contiguous rows `rowC` apart; `add`: to what is there. */
export function blockProduct<T>(
  m: i32, n: i32, k: i32, a: usize, rowA: usize, colA: usize, b: usize, rowB: usize, colB: usize,
  c: usize, rowC: usize, add: bool,
): void {
  packStrips<T>(m, k, a, rowA, colA);
  packPanels<T>(n, k, b, rowB, colB);
  packedProduct<T>(m, n, k, scratch + PANELS, c, rowC, add);
}

/** Packs n columns of k elements for `packedProduct`, at PANELS in the arena. */
export function packPanels<T>(n: i32, k: i32, b: usize, rowB: usize, colB: usize): void {
  const cols = columns<T>();
  for (let j = 0; j < n; j += cols) {
    const panel = scratch + PANELS + <usize>(j * k) * sizeof<T>();
    pack<T>(panel, b + <usize>j * colB, cols, min(cols, n - j), colB, rowB, k);
  }
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
  for (let j = 0; j < n; ) {
    const isPair = WIDE_VECTORS && n - j > cols;
    const most = isPair ? 2 * cols : cols;
    const width = min(most, n - j);
    const panel = panels + <usize>(j * k) * sizeof<T>();
    for (let i = 0; i < m; i += ROWS) {
      const strip = strips + <usize>(i * k) * sizeof<T>();
      const target = c + <usize>i * rowC + <usize>j * sizeof<T>();
      const height = min(ROWS, m - i);
      const isWhole = width == most && height == ROWS;
      const to = isWhole ? target : scratch;
      const apart = isWhole ? rowC : TILE_ROW;
      const from: usize = isWhole && add ? to : 0;
      if (isPair) microPair<T>(k, strip, panel, 32 * k, 32, to, 32, apart, from, apart);
      else micro<T>(k, strip, panel, 32, to, apart, from, apart);
      if (!isWhole) copyPart<T>(height, width, target, rowC, add);
    }
    j += width;
  }
}

/** A part of the tile to c. */
function copyPart<T>(height: i32, width: i32, c: usize, rowC: usize, add: bool): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  for (let r = 0; r < height; r++) {
    let from = tileAt<T>(r, 0);
    let to = c;
    let s = width;
    for (; s >= lanes; s -= lanes) {
      const x = v128.load(from);
      v128.store(to, add ? v128.add<T>(v128.load(to), x) : x);
      from += 16;
      to += 16;
    }
    for (; s > 0; s--) {
      const x = load<T>(from);
      store<T>(to, add ? load<T>(to) + x : x);
      from += sizeof<T>();
      to += sizeof<T>();
    }
    c += rowC;
  }
}
