// Filters as strips of the left operand, rows o, along k = (c, ky, kx); the block of block.ts.

import { int } from "../abi";
import { ROWS } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { filter, taps } from "./block";

/** Filters i … i + mc of group `g`, taps p … p + kc. */
export function packFilters<T>(args: usize, g: i32, i: i32, mc: i32, p: i32, kc: i32, to: usize): void {
  const kw = int(args, 32);
  const across = <usize>int(args, 19) * sizeof<T>();
  const along = <usize>int(args, 22) * sizeof<T>();
  // With a contiguous filter all of k is one run, else each row of it.
  const run = int(args, 21) == kw * int(args, 22) && int(args, 20) == taps(args) * int(args, 22) ? int(args, 2) : kw;
  for (let r = 0; r < mc; r += ROWS) {
    let q = 0;
    while (q < kc) {
      const row = (p + q) / kw;
      const kx = p + q - row * kw;
      const c = row / int(args, 31);
      const at = (row - c * int(args, 31)) * int(args, 21) + kx * int(args, 22);
      const count = min(run - (run == kw ? kx : p + q), kc - q);
      const from = filter<T>(args, g, i + r, c) + <usize>at * sizeof<T>();
      pack<T>(to, from, ROWS, min(ROWS, mc - r), across, along, count);
      to += <usize>(ROWS * count) * sizeof<T>();
      q += count;
    }
  }
}
