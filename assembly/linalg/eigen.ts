// Eigenvalues and eigenvectors of symmetric matrices in float64.
//
//   args ─ 0 n │ 1 a │ 2 values │ 3 vectors │ 4 work
//
// a: [batch, n, n], of which the upper triangle is read, and which is lost; values: [batch, n], ascending; vectors: [batch, n, n],
// as rows. A unit is a matrix, with its own work (spectrum.ts).

import { int, ptr } from "../abi";
import { spectrum, spectrumBytes } from "./spectrum";

const SIZE: usize = 8;

export function eigen_f64(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const row = <usize>n * SIZE;
  for (let unit = begin; unit < end; unit++) {
    const square = <usize>unit * <usize>n * row;
    const work = ptr(args, 4) + <usize>unit * spectrumBytes(n);
    spectrum(ptr(args, 1) + square, n, ptr(args, 2) + <usize>unit * row, ptr(args, 3) + square, work);
  }
}
