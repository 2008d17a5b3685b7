// Products of a batch of matrices of a few elements each, C = A·B: nothing is packed, a row of C stays in registers.

import { int, ptr, real } from "../abi";
import { madd } from "../math";
import { element } from "./dense";

/** Sizes up to which a matrix is tiny: there are no more than two vectors in a row, of f32. */
const TINY: i32 = 8;
const DEPTH: i32 = 16;

/** Whether `tiny` takes the product: one of many, each a unit, and no more than a product. */
export function isTiny<T>(args: usize): bool {
  const m = int(args, 0);
  const n = int(args, 1);
  return m <= TINY && n <= TINY && int(args, 2) <= DEPTH && int(args, 22) > 0 && int(args, 3) >= m && int(args, 4) >= n &&
    int(args, 5) == 0 && real(args, 6) == 1 && ptr(args, 13) == 0 && int(args, 19) == 1;
}

export function tiny<T>(args: usize, begin: i32, end: i32): void {
  const lanes: i32 = 16 / <i32>sizeof<T>();
  const m = int(args, 0);
  const n = int(args, 1);
  const k = int(args, 2);
  const rowC = <usize>int(args, 14) * sizeof<T>();
  const rowA = <usize>int(args, 16) * sizeof<T>();
  const stepA = <usize>int(args, 17) * sizeof<T>();
  const rowB = <usize>int(args, 18) * sizeof<T>();
  for (let batch = begin; batch < end; batch++) {
    let c = element<T>(args, batch, 0, 0, 0);
    let a = element<T>(args, batch, 1, 0, 0);
    const b = element<T>(args, batch, 2, 0, 0);
    for (let i = 0; i < m; i++) {
      let j = 0;
      for (; j + lanes <= n; j += lanes) {
        let sum = i64x2.splat(0);
        let x = a;
        let y = b + <usize>j * sizeof<T>();
        for (let p = 0; p < k; p++) {
          sum = madd<T>(v128.load_splat<T>(x), v128.load(y), sum);
          x += stepA;
          y += rowB;
        }
        v128.store(c + <usize>j * sizeof<T>(), sum);
      }
      for (; j < n; j++) {
        let sum: T = 0;
        let x = a;
        let y = b + <usize>j * sizeof<T>();
        for (let p = 0; p < k; p++) {
          sum += load<T>(x) * load<T>(y);
          x += stepA;
          y += rowB;
        }
        store<T>(c + <usize>j * sizeof<T>(), sum);
      }
      c += rowC;
      a += rowA;
    }
  }
}
