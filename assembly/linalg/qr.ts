// A = Q R by reflections, with LAPACK's signs. Matrices are given and come out turned: their columns are rows.
//
//   args ─ 0 m │ 1 n │ 2 count │ 3 columns │ 4 t │ 5 q │ 6 work
//
// t: Aᵀ [batch, n, m], which becomes Rᵀ (what is right of its diagonal is no part of it); q: Qᵀ [batch, columns, m]. Q is the
// product of the reflections of the first `count` columns of A: the later ones come out as Qᵀ makes them. A unit is a
// matrix, with its own work: that of reflect.ts for rows max(n, columns), then m numbers.

import { int, ptr } from "../abi";
import { factorQR, workBytes } from "./reflect";

export function qr_f32(args: usize, begin: i32, end: i32): void { qr<f32>(args, begin, end); }
export function qr_f64(args: usize, begin: i32, end: i32): void { qr<f64>(args, begin, end); }

function qr<T>(args: usize, begin: i32, end: i32): void {
  const m = int(args, 0);
  const n = int(args, 1);
  const count = int(args, 2);
  const columns = int(args, 3);
  const row = <usize>m * sizeof<T>();
  const bytes = workBytes<T>(m, max(n, columns));
  for (let unit = begin; unit < end; unit++) {
    const t = ptr(args, 4) + <usize>unit * <usize>n * row;
    const q = ptr(args, 5) + <usize>unit * <usize>columns * row;
    const work = ptr(args, 6) + <usize>unit * (bytes + row);
    factorQR<T>(t, n, count, m, q, columns, work + bytes, work);
  }
}
