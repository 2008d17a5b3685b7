// Rows of several tensors, one behind the other, as the rows of one.
//
//   join_w1  args ─ y: usize │ pieces: i32 │ then for each piece: x: usize │ bytes of a row: i32
//
// The pieces are dense and overlap y nowhere; y is written in the order of its memory. Units are rows of y. Rows of which each piece
// has one element are written piece by piece, those of two pieces by vectors: that is what a stack along the last dim is.

import { int, ptr } from "../abi";
import { contiguous } from "./copy";

export function join_w1(args: usize, begin: i32, end: i32): void {
  const pieces = int(args, 1);
  let row: usize = 0;
  let isOfFour = true;
  let isOfEight = true;
  for (let k = 0; k < pieces; k++) {
    const bytes = int(args, 3 + 2 * k);
    row += <usize>bytes;
    isOfFour = isOfFour && bytes == 4;
    isOfEight = isOfEight && bytes == 8;
  }
  if (isOfFour) return elements<u32>(args, pieces, begin, end);
  if (isOfEight) return elements<u64>(args, pieces, begin, end);
  let y = ptr(args, 0) + <usize>begin * row;
  for (let unit = begin; unit < end; unit++) {
    for (let slot = 2; slot < 2 + 2 * pieces; slot += 2) {
      const bytes = <usize>int(args, slot + 1);
      contiguous(y, ptr(args, slot) + <usize>unit * bytes, bytes);
      y += bytes;
    }
  }
}

/** Rows with an element of each piece. */
function elements<T>(args: usize, pieces: i32, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const row = <usize>pieces * sizeof<T>();
  let done = begin;
  if (pieces == 2) {
    const a = ptr(args, 2);
    const b = ptr(args, 4);
    for (; done + lanes <= end; done += lanes) {
      const p = v128.load(a + <usize>done * sizeof<T>());
      const q = v128.load(b + <usize>done * sizeof<T>());
      const y = ptr(args, 0) + <usize>done * row;
      v128.store(y, sizeof<T>() == 4 ? v128.shuffle<u32>(p, q, 0, 4, 1, 5) : v128.shuffle<u64>(p, q, 0, 2));
      v128.store(y, sizeof<T>() == 4 ? v128.shuffle<u32>(p, q, 2, 6, 3, 7) : v128.shuffle<u64>(p, q, 1, 3), 16);
    }
  }
  for (let k = 0; k < pieces; k++) {
    const x = ptr(args, 2 + 2 * k);
    let y = ptr(args, 0) + <usize>done * row + <usize>k * sizeof<T>();
    for (let unit = done; unit < end; unit++) {
      store<T>(y, load<T>(x + <usize>unit * sizeof<T>()));
      y += row;
    }
  }
}
