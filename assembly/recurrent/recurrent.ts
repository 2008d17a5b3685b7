// Recurrent networks over whole sequences: all steps of some rows of a batch in one go, since rows do not know of each other.
// A step is the product of the states before it with Uᵀ, and the cell (cells.ts) that makes new states of it.
//
//   args ─ 0 steps │ 1 b, rows of the batch │ 2 h, the width of a state │ 3 rows of a unit │ 4 whether steps go from the last
//          to the first │ 5 U as panels │ 6 first h │ 7 x, or its gradient │ 8 h │ 9 kept gates (rnn: h) │
//          10 lstm: first c; gru: bias or 0; rnn: whether rectified │ 11 lstm: c
//   backward ─ further 12 the gradient by h or 0 │ 13 lstm: that by c or 0 │ 14 that by the first h │
//          15 lstm: that by the first c; gru: that by p
//   panels_ ─ 0 panels │ 1 U, a matrix of k × n as the product takes it │ 2 n │ 3 k │ 4 its column, 5 its row stride in elements
//
// All is dense: the states [b, h], lists of them [steps, b, h]. Units are blocks of rows of the batch (panels_: panels).

import { int, ptr } from "../abi";
import { packedProduct, packStrips } from "../gemm/block";
import { DEPTH } from "../gemm/core";
import { columns } from "../gemm/micro";
import { pack } from "../gemm/pack";
import { Gru, Lstm, Rnn, row, state } from "./cells";

/** Panels lie in blocks of DEPTH along k, as `product` reads them. */
// @ts-ignore: decorator
@inline function padded<T>(n: i32): i32 { return (n + columns<T>() - 1) & ~(columns<T>() - 1); }

function panels<T>(args: usize, begin: i32, end: i32): void {
  const cols = columns<T>();
  const n = int(args, 2);
  const k = int(args, 3);
  const across = <usize>int(args, 4) * sizeof<T>();
  const along = <usize>int(args, 5) * sizeof<T>();
  for (let j = begin * cols; j < min(end * cols, n); j += cols) {
    for (let p = 0; p < k; p += DEPTH) {
      const depth = min(DEPTH, k - p);
      const to = ptr(args, 0) + <usize>(p * padded<T>(n) + j * depth) * sizeof<T>();
      const from = ptr(args, 1) + <usize>j * across + <usize>p * along;
      pack<T>(to, from, cols, min(cols, n - j), across, along, depth);
    }
  }
}

/** c (+)= a · panels for m rows of k elements. */
function product<T>(args: usize, m: i32, n: i32, k: i32, a: usize, c: usize, rowC: usize, add: bool): void {
  const rowA = <usize>k * sizeof<T>();
  for (let p = 0; p < k; p += DEPTH) {
    const depth = min(DEPTH, k - p);
    packStrips<T>(m, depth, a + <usize>p * sizeof<T>(), rowA, sizeof<T>());
    packedProduct<T>(m, n, depth, ptr(args, 5) + <usize>(p * padded<T>(n)) * sizeof<T>(), c, rowC, add || p > 0);
  }
}

// @ts-ignore: decorator
@inline
function forward<T, C>(args: usize, begin: i32, end: i32): void {
  const cell = changetype<C>(0);
  const steps = int(args, 0);
  const width = int(args, 2);
  const back = int(args, 4) != 0;
  const pitch = <usize>(cell.kept() * width) * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const first = unit * int(args, 3);
    const m = min(int(args, 3), int(args, 1) - first);
    let before = -1;
    for (let s = 0; s < steps; s++) {
      const step = back ? steps - 1 - s : s;
      const gates = row<T>(args, 9, cell.kept(), step, first);
      product<T>(args, m, cell.products() * width, width, state<T>(args, 6, 8, before, first), gates, pitch, false);
      for (let r = first; r < first + m; r++) cell.forward<T>(args, step, before, r);
      before = step;
    }
  }
}

// @ts-ignore: decorator
@inline
function backward<T, C>(args: usize, begin: i32, end: i32): void {
  const cell = changetype<C>(0);
  const steps = int(args, 0);
  const width = int(args, 2);
  const back = int(args, 4) != 0;
  const pitch = <usize>width * sizeof<T>();
  for (let unit = begin; unit < end; unit++) {
    const first = unit * int(args, 3);
    const m = min(int(args, 3), int(args, 1) - first);
    const dh = row<T>(args, 14, 1, 0, first);
    memory.fill(dh, 0, <usize>m * pitch);
    if (ptr(args, 11) != 0) memory.fill(row<T>(args, 15, 1, 0, first), 0, <usize>m * pitch);
    for (let s = steps - 1; s >= 0; s--) {
      const step = back ? steps - 1 - s : s;
      const before = s == 0 ? -1 : back ? step + 1 : step - 1;
      for (let r = first; r < first + m; r++) cell.backward<T>(args, step, before, r);
      const deltas = row<T>(args, cell.deltas(), cell.products(), step, first);
      product<T>(args, m, width, cell.products() * width, deltas, dh, pitch, cell.adds());
    }
  }
}

export function panels_f32(args: usize, begin: i32, end: i32): void { panels<f32>(args, begin, end); }
export function panels_f64(args: usize, begin: i32, end: i32): void { panels<f64>(args, begin, end); }
export function rnn_f32(args: usize, begin: i32, end: i32): void { forward<f32, Rnn>(args, begin, end); }
export function rnn_f64(args: usize, begin: i32, end: i32): void { forward<f64, Rnn>(args, begin, end); }
export function rnnGrad_f32(args: usize, begin: i32, end: i32): void { backward<f32, Rnn>(args, begin, end); }
export function rnnGrad_f64(args: usize, begin: i32, end: i32): void { backward<f64, Rnn>(args, begin, end); }
export function lstm_f32(args: usize, begin: i32, end: i32): void { forward<f32, Lstm>(args, begin, end); }
export function lstm_f64(args: usize, begin: i32, end: i32): void { forward<f64, Lstm>(args, begin, end); }
export function lstmGrad_f32(args: usize, begin: i32, end: i32): void { backward<f32, Lstm>(args, begin, end); }
export function lstmGrad_f64(args: usize, begin: i32, end: i32): void { backward<f64, Lstm>(args, begin, end); }
export function gru_f32(args: usize, begin: i32, end: i32): void { forward<f32, Gru>(args, begin, end); }
export function gru_f64(args: usize, begin: i32, end: i32): void { forward<f64, Gru>(args, begin, end); }
export function gruGrad_f32(args: usize, begin: i32, end: i32): void { backward<f32, Gru>(args, begin, end); }
export function gruGrad_f64(args: usize, begin: i32, end: i32): void { backward<f64, Gru>(args, begin, end); }
