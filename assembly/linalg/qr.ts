// A = Q R by reflections, with LAPACK's signs. Matrices are given and come out turned: their columns are rows.
//
//   args ─ 0 m │ 1 n │ 2 columns │ 3 t │ 4 q │ 5 work
//
// t: Aᵀ [batch, n, m], which becomes Rᵀ (what is right of its diagonal is no part of it); q: Qᵀ [batch, columns, m]. A unit is
// a matrix, with its own work: that of reflect.ts for rows max(n, columns), then m numbers.

import { int, ptr } from "../abi";
import { factorQR, workBytes } from "./reflect";

export function qr_f32(args: usize, begin: i32, end: i32): void { qr<f32>(args, begin, end); }
export function qr_f64(args: usize, begin: i32, end: i32): void { qr<f64>(args, begin, end); }

function qr<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const columns = int(args, 2);
  const row = <usize>m * sizeof<T>();
  const bytes = workBytes<T>(m, max(n, columns));
  for (let unit = begin; unit < end; unit++) {
    const t = ptr(args, 3) + <usize>unit * <usize>n * row;
    const q = ptr(args, 4) + <usize>unit * <usize>columns * row;
    const work = ptr(args, 5) + <usize>unit * (bytes + row);
    factorQR<T>(t, n, m, q, columns, work + bytes, work);
  }
}
