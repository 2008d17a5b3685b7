// X = U⁻¹ L⁻¹ P B in place of B: one triangle, or both of a matrix that lu.ts has factored.
//
//   args ─ 0 n │ 1 k │ 2 width │ 3 lower │ 4 upper │ 5 a │ 6 b │ 7 pivots (0: none)
//
// a: [batch, n, n], b: [batch, n, k], pivots: int32 [batch, n], all dense. `lower` and `upper`: 0 where that triangle is left
// out, ONES where its diagonal is 1 and is not read, else 2. Units are panels of `width` columns of b, over the batch. Every
// column is computed alike, wherever it lies in a panel.

import { int, ptr } from "../abi";
import { exchangeRows } from "./rows";
import { solveTriangle } from "./solve";

const ONES: i32 = 1;

export function triangles_f32(args: usize, begin: i32, end: i32): void { triangles<f32>(args, begin, end); }
export function triangles_f64(args: usize, begin: i32, end: i32): void { triangles<f64>(args, begin, end); }

function triangles<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const k = int(args, 1);
  const width = int(args, 2);
  const lower = int(args, 3);
  const upper = int(args, 4);
  const panels = (k + width - 1) / width;
  const row = <usize>k * sizeof<T>();
  const rowA = <usize>n * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / panels;
    const j = (unit - batch * panels) * width;
    const columns = min(width, k - j);
    const a = ptr(args, 5) + <usize>batch * <usize>n * rowA;
    const b = ptr(args, 6) + <usize>batch * <usize>n * row + <usize>j * sizeof<T>();
    if (ptr(args, 7) != 0) {
      const pivots = ptr(args, 7) + (<usize>(batch * n) << 2);
      for (let i = 0; i < n; i++) exchangeRows<T>(b, row, columns, i, load<i32>(pivots + (<usize>i << 2)));
    }
    if (lower != 0) solveTriangle<T>(n, columns, a, rowA, sizeof<T>(), b, row, false, lower == ONES);
    if (upper != 0) solveTriangle<T>(n, columns, a, rowA, sizeof<T>(), b, row, true, upper == ONES);
  }
}
