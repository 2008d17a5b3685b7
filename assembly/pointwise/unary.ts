// y = op(a), element by element. The block is the one of iterate.ts with the operands y, a.
//
// An operator is a class without fields: `scalar<T>` is its meaning, `vector<T>` the same bits for a whole v128
// (tested for every tail length with NaN, ±0 and ±∞). The templates inline it completely.

import { int, ptr } from "../abi";
import { rowOffset, sizeAt, strideAt } from "../iterate";

// @ts-ignore: decorator
@inline
export function unary<T, O>(args: usize, begin: i32, end: i32): void {
  const rank = int(args, 0);
  const y = ptr(args, 3);
  const a = ptr(args, 4);
  const inner = sizeAt(args, 2, rank - 1);
  const sy = strideAt(args, 2, rank - 1, 0);
  const sa = strideAt(args, 2, rank - 1, 1);
  if (rank == 1) {
    run<T, O>(end - begin, y + <usize>(begin * sy) * sizeof<T>(), sy, a + <usize>(begin * sa) * sizeof<T>(), sa);
    return;
  }
  while (begin < end) {
    const row = begin / inner;
    const at = begin - row * inner;
    const count = min(end - begin, inner - at);
    run<T, O>(
      count,
      y + <usize>(rowOffset(args, 2, rank, row, 0) + at * sy) * sizeof<T>(), sy,
      a + <usize>(rowOffset(args, 2, rank, row, 1) + at * sa) * sizeof<T>(), sa,
    );
    begin += count;
  }
}

// @ts-ignore: decorator
@inline
function run<T, O>(n: i32, y: usize, sy: i32, a: usize, sa: i32): void {
  const op = changetype<O>(0);
  let i = 0;
  if (sy == 1 && sa == 1) {
    const lanes: i32 = 16 / <i32>sizeof<T>();
    for (; i + lanes <= n; i += lanes) {
      v128.store(y, op.vector<T>(v128.load(a)));
      y += 16;
      a += 16;
    }
  }
  const stepY = <usize>sy * sizeof<T>();
  const stepA = <usize>sa * sizeof<T>();
  for (; i < n; i++) {
    store<T>(y, op.scalar<T>(load<T>(a)));
    y += stepY;
    a += stepA;
  }
}

// @ts-ignore: decorator
@final
export class Neg {
  // @ts-ignore: decorator
  @inline scalar<T>(x: T): T { return <T>-x; }
  // @ts-ignore: decorator
  @inline vector<T>(x: v128): v128 { return v128.neg<T>(x); }
}

export function neg_f32(args: usize, begin: i32, end: i32): void { unary<f32, Neg>(args, begin, end); }
export function neg_f64(args: usize, begin: i32, end: i32): void { unary<f64, Neg>(args, begin, end); }
export function neg_i32(args: usize, begin: i32, end: i32): void { unary<i32, Neg>(args, begin, end); }
export function neg_i64(args: usize, begin: i32, end: i32): void { unary<i64, Neg>(args, begin, end); }
