// Rows of several tensors, one behind the other, as the rows of one.
//
//   join_w1  args ─ y: usize │ pieces: i32 │ then for each piece: x: usize │ bytes of a row: i32
//
// The pieces are dense and overlap y nowhere; y is written in the order of its memory. Units are rows of y.

import { int, ptr } from "../abi";
import { contiguous } from "./copy";

export function join_w1(args: usize, begin: i32, end: i32): void {
  const pieces = int(args, 1);
  let row: usize = 0;
  for (let k = 0; k < pieces; k++) row += <usize>int(args, 3 + 2 * k);
  let y = ptr(args, 0) + <usize>begin * row;
  for (let unit = begin; unit < end; unit++) {
    for (let slot = 2; slot < 2 + 2 * pieces; slot += 2) {
      const bytes = <usize>int(args, slot + 1);
      contiguous(y, ptr(args, slot) + <usize>unit * bytes, bytes);
      y += bytes;
    }
  }
}
