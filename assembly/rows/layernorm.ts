// Layer normalisation of the rows of [rows, n]: x̂ = (x - mean) · rstd, y = x̂ · w + b, rstd = 1 / √(variance + eps).
//
//   layerNorm_          args ─ n: i32 │ x: usize │ y: usize │ w: usize or 0 │ b: usize or 0 │ mean: usize │ rstd: usize │ eps: f64
//   layerNormBackward_  args ─ n: i32 │ rows: i32 │ block: i32 │ g: usize │ x: usize │ dx: usize │ w: usize or 0
//                             │ mean: usize │ rstd: usize │ dw: usize or 0 │ db: usize or 0
//
// Units are rows; of layerNormBackward blocks of `block` rows, a part each of dw and db, which are [parts, n], to be summed.
// There are both or neither; the sums of a block are made in T, so it is of 128 rows at most. mean and rstd are [rows] and
// of the dtype of x.
// The means of a row in dx = (g·w - mean(g·w) - x̂ · mean(g·w·x̂)) · rstd are folded as in reduce/blocked.ts.

import { int, ptr, real } from "../abi";
import { row, Sum } from "../reduce/blocked";
import { deviations, drift } from "../reduce/deviation";
import { ALL, cell, columnSums, derivative, dots, EACH, standardize, tilt } from "./standard";
import { fill } from "./sweep";

// @ts-ignore: decorator
@inline
function forward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const pitch = <usize>n * sizeof<T>();
  const weight = ptr(args, 3);
  const bias = ptr(args, 4);
  fill<T>(cell(2), 1);
  fill<T>(cell(3), 0);
  for (let unit = begin; unit < end; unit++) {
    const x = ptr(args, 1) + <usize>unit * pitch;
    const m = <T>(row<T, f64, Sum>(n, x) / <f64>n);
    const squares = deviations<T>(n, x, m);
    const off = drift / <f64>n;
    const mean = <T>(<f64>m + off);
    const rstd = <T>(1 / sqrt<f64>(squares / <f64>n - off * off + real(args, 7)));
    store<T>(ptr(args, 5) + <usize>unit * sizeof<T>(), mean);
    store<T>(ptr(args, 6) + <usize>unit * sizeof<T>(), rstd);
    fill<T>(cell(0), mean);
    fill<T>(cell(1), rstd);
    standardize<T>(
      n, ptr(args, 2) + <usize>unit * pitch, x, cell(0), cell(1), ALL,
      weight == 0 ? cell(2) : weight, weight == 0 ? ALL : EACH,
      bias == 0 ? cell(3) : bias, bias == 0 ? ALL : EACH,
    );
  }
}

// @ts-ignore: decorator
@inline
function backward<T>(args: usize, begin: i32, end: i32): void {
  const n = int(args, 0);
  const rows = int(args, 1);
  const block = int(args, 2);
  const pitch = <usize>n * sizeof<T>();
  const w = ptr(args, 6) == 0 ? cell(4) : ptr(args, 6);
  const wMask = ptr(args, 6) == 0 ? ALL : EACH;
  const hasSums = ptr(args, 9) != 0;
  fill<T>(cell(4), 1);
  for (let unit = begin; unit < end; unit++) {
    const dw = ptr(args, 9) + <usize>unit * pitch;
    const db = ptr(args, 10) + <usize>unit * pitch;
    if (hasSums) {
      memory.fill(dw, 0, pitch);
      memory.fill(db, 0, pitch);
    }
    const last = min((unit + 1) * block, rows);
    for (let i = unit * block; i < last; i++) {
      const at = <usize>i * pitch;
      const g = ptr(args, 3) + at;
      const x = ptr(args, 4) + at;
      const mean = load<T>(ptr(args, 7) + <usize>i * sizeof<T>());
      const rstd = load<T>(ptr(args, 8) + <usize>i * sizeof<T>());
      const flat = dots<T>(n, g, w, wMask, x, mean) / <f64>n;
      fill<T>(cell(0), <T>flat);
      fill<T>(cell(1), mean);
      fill<T>(cell(2), <T>(tilt / <f64>n * <f64>rstd * <f64>rstd));
      fill<T>(cell(3), rstd);
      derivative<T>(n, ptr(args, 5) + at, g, x, w, wMask, cell(0), cell(1), cell(2), cell(3), ALL);
      if (hasSums) columnSums<T>(n, db, dw, g, x, cell(1), cell(3), ALL);
    }
  }
}

export function layerNorm_f32(args: usize, begin: i32, end: i32): void { forward<f32>(args, begin, end); }
export function layerNorm_f64(args: usize, begin: i32, end: i32): void { forward<f64>(args, begin, end); }
export function layerNormBackward_f32(args: usize, begin: i32, end: i32): void { backward<f32>(args, begin, end); }
export function layerNormBackward_f64(args: usize, begin: i32, end: i32): void { backward<f64>(args, begin, end); }
