// The operands of a product of strided matrices with any number of batch dims; the block of every matmul kernel.
//
//   args ─ 0 … 9 as in core.ts │ 10 c │ 11 a │ 12 b │ 13 d (0: none) │ rows and columns of each, strides in elements:
//          14 c row │ 15 c column │ 16 a row │ 17 a column │ 18 b row │ 19 b column │ 20 d row │ 21 d column │
//          22 rank of the batch │ then for each batch dim, outermost first: size │ c │ a │ b │ d
//
// d may be c itself with c's strides (an accumulation). Stride 0 broadcasts; α and β are f64 (i64 for integers).

import { int, ptr } from "../abi";
import { columns, ROWS } from "./micro";
import { pack, packFour } from "./pack";

const BATCH: i32 = 23;
/** Below this an unpacked B stays in the first two caches while all strips of A pass over it. */
const DIRECT_BYTES: i32 = 64 << 10;

/** The element offset of matrix number `batch` of operand 0 c, 1 a, 2 b, 3 d. */
// @ts-ignore: decorator
@inline
export function batchOffset(args: usize, batch: i32, operand: i32): i32 {
  let offset = 0;
  let rest = batch;
  for (let d = int(args, 22) - 1; d >= 0; d--) {
    const size = int(args, BATCH + 5 * d);
    const outer = rest / size;
    offset += (rest - outer * size) * int(args, BATCH + 5 * d + 1 + operand);
    rest = outer;
  }
  return offset;
}

/** The address of element (i, j) of an operand's matrix number `batch`. */
// @ts-ignore: decorator
@inline
export function element<T>(args: usize, batch: i32, operand: i32, i: i32, j: i32): usize {
  const at = batchOffset(args, batch, operand) + i * int(args, 14 + 2 * operand) + j * int(args, 15 + 2 * operand);
  return ptr(args, 10 + operand) + <usize>at * sizeof<T>();
}

// @ts-ignore: decorator
@final
export class Dense {
  packA<T>(args: usize, batch: i32, i: i32, mc: i32, p: i32, kc: i32, to: usize): void {
    const across = <usize>int(args, 16) * sizeof<T>();
    const along = <usize>int(args, 17) * sizeof<T>();
    let from = element<T>(args, batch, 1, i, p);
    for (let r = 0; r < mc; r += ROWS) {
      pack<T>(to, from, ROWS, min(ROWS, mc - r), across, along, kc);
      to += <usize>(ROWS * kc) * sizeof<T>();
      from += <usize>ROWS * across;
    }
  }

  packB<T>(args: usize, batch: i32, p: i32, kc: i32, j: i32, nc: i32, to: usize): void {
    const across = <usize>int(args, 19) * sizeof<T>();
    const along = <usize>int(args, 18) * sizeof<T>();
    let from = element<T>(args, batch, 2, p, j);
    let s = 0;
    if (across == sizeof<T>()) {
      for (; s + 4 * columns<T>() <= nc; s += 4 * columns<T>()) {
        packFour(to, from, along, kc);
        to += <usize>kc << 7;
        from += 128;
      }
    }
    for (; s < nc; s += columns<T>()) {
      pack<T>(to, from, columns<T>(), min(columns<T>(), nc - s), across, along, kc);
      to += <usize>(columns<T>() * kc) * sizeof<T>();
      from += <usize>columns<T>() * across;
    }
  }

  // @ts-ignore: decorator
  @inline direct<T>(args: usize, batch: i32, rows: i32, p: i32, j: i32, nc: i32): usize {
    const small = int(args, 2) * int(args, 18) * <i32>sizeof<T>() <= DIRECT_BYTES && int(args, 18) > 0;
    return int(args, 19) == 1 && small ? element<T>(args, batch, 2, p, j) : 0;
  }

  // @ts-ignore: decorator
  @inline rowB<T>(args: usize): usize { return <usize>int(args, 18) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline c<T>(args: usize, batch: i32, i: i32): usize { return element<T>(args, batch, 0, i, 0); }
  // @ts-ignore: decorator
  @inline rowC<T>(args: usize): usize { return <usize>int(args, 14) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline column<T>(args: usize, j: i32): usize { return <usize>(j * int(args, 15)) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline hasD(args: usize): bool { return ptr(args, 13) != 0; }
  // @ts-ignore: decorator
  @inline colD<T>(args: usize): usize { return <usize>int(args, 21) * sizeof<T>(); }
  // @ts-ignore: decorator
  @inline d<T>(args: usize, batch: i32, i: i32, j: i32): usize {
    return ptr(args, 13) == 0 ? 0 : element<T>(args, batch, 3, i, j);
  }
}
