// A = Uᵀ U, U in place of A, whose upper triangle alone is read; what is below comes out 0.
//
//   args ─ 0 n │ 1 a │ 2 info
//
// a: [batch, n, n], info: int32 [batch], dense. A unit is a matrix. info is the first row of Uᵀ, from 1, where A is not
// positive, or 0; from that column on U is 0 then, but for what of it was known in the column itself.
//
// BASE rows at a time: their square is factored, what is right of it solved, and their product taken from the rest.

import { int, ptr } from "../abi";
import { subtract } from "./product";
import { divideRow, subtractRow } from "./rows";
import { solveTriangle } from "./solve";

const BASE: i32 = 24;

export function cholesky_f32(args: usize, begin: i32, end: i32): void { cholesky<f32>(args, begin, end); }
export function cholesky_f64(args: usize, begin: i32, end: i32): void { cholesky<f64>(args, begin, end); }

function cholesky<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  for (let unit = begin; unit < end; unit++) {
    const a = ptr(args, 1) + <usize>unit * <usize>n * <usize>n * sizeof<T>();
    store<i32>(ptr(args, 2) + (<usize>unit << 2), factor<T>(a, n));
  }
}

function factor<T>(a: usize, n: i32): i32 {
  const row = <usize>n * sizeof<T>();
  let failed = 0;
  for (let k = 0; k < n && failed == 0; k += BASE) {
    const size = min(BASE, n - k);
    const square = a + <usize>k * (row + sizeof<T>());
    failed = factorFew<T>(square, row, size);
    if (failed != 0) failed += k;
    else if (k + size < n) {
      const right = square + <usize>size * sizeof<T>();
      const rest = n - k - size;
      solveTriangle<T>(size, rest, square, sizeof<T>(), row, right, row, false, false);
      subtract<T>(rest, rest, size, right, sizeof<T>(), row, right, row, sizeof<T>(), right + <usize>size * row, row, true);
    }
  }
  const known = failed == 0 ? n : failed - 1;
  for (let i = 0; i < n; i++) {
    const at = a + <usize>i * row;
    memory.fill(at, 0, <usize>min(i, known) * sizeof<T>());
    const from = i < known ? min(known + 1, n) : known;
    memory.fill(at + <usize>from * sizeof<T>(), 0, <usize>(n - from) * sizeof<T>());
  }
  return failed;
}

/** The first `n` rows and columns; the first row, from 1, that is not positive, or 0. */
function factorFew<T>(a: usize, row: usize, n: i32): i32 {
  for (let k = 0; k < n; k++) {
    const top = a + <usize>k * row;
    const square = load<T>(top + <usize>k * sizeof<T>());
    if (!(square > 0)) return k + 1;
    const root = sqrt<T>(square);
    store<T>(top + <usize>k * sizeof<T>(), root);
    divideRow<T>(top + <usize>(k + 1) * sizeof<T>(), n - k - 1, root);
    for (let i = k + 1; i < n; i++) {
      const from = <usize>i * sizeof<T>();
      subtractRow<T>(a + <usize>i * row + from, top + from, n - i, load<T>(top + from));
    }
  }
  return 0;
}
