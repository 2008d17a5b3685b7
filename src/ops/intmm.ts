// Products of int8 matrices.

import { DTypeError, INT8, INT32, ShapeError, show } from "../core/index.ts";
import { asTensor, type Call, i8, type Kernels, type Op, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { asCode } from "./cast.ts";
import { mm } from "./matmul.ts";
import { grainOf, PACKING, tilesOf } from "./product.ts";

function int8Matrix(name: string, x: Spec): void {
  if (x.code !== INT8) throw new DTypeError(`_intMm: ${name} is ${show(x)}, expected int8`);
  if (x.ndim !== 2) throw new ShapeError(`_intMm: ${name} is ${show(x)}, expected 2 dims`);
}

/** The product of two int8 matrices in int32, exact as long as its sums stay inside int32. */
export const _intMm: Op<(input: Tensor, mat2: Tensor) => Tensor, never> = /* @__PURE__ */ op(
  "_intMm",
  "input, mat2",
  (a: Tensor, b: Tensor) => [{ a: asTensor(a, "_intMm", "input"), b: asTensor(b, "_intMm", "mat2") }],
  {
    infer({ a, b }) {
      int8Matrix("input", a);
      int8Matrix("mat2", b);
      if (a.shape[1] !== b.shape[0]) {
        throw new ShapeError(`_intMm: ${show(a)} and ${show(b)} cannot be multiplied: ${a.shape[1]} != ${b.shape[0]}`);
      }
      return spec(INT32, [a.shape[0]!, b.shape[1]!]);
    },
    kernelName: () => "pairProduct_i32",
    strided: true,
    launch(k, { a, b }, { out }) {
      const [m, n, pairs] = [a.shape[0]!, b.shape[1]!, Math.ceil(a.shape[1]! / 2)];
      const left = k.scratch(INT32, [m, pairs]);
      const right = k.scratch(INT32, [pairs, n]);
      const [rowA, columnA] = a.layout.strides as readonly [number, number];
      const [rowB, columnB] = b.layout.strides as readonly [number, number];
      paired(k, left, a, [pairs, 1, rowA, columnA, m]).run(m, grainOf(PACKING * pairs));
      paired(k, right, b, [1, n, columnB, rowB, n]).run(pairs, grainOf(PACKING * n));
      const tiles = tilesOf(m, n, pairs, 1, k.backend);
      const call = k.exact("pairProduct_i32").int(m).int(n).int(pairs).int(tiles.rows).int(tiles.columns);
      call.bool(false).pair(1, 0).pair(1, 0).tensor(out).tensor(left).tensor(right).tensor(null);
      call.ints([n, 1, pairs, 1, n, 1, 0, 0, 0]).run(tiles.count, grainOf(tiles.rows * tiles.columns * pairs));
    },
    decompose: ({ a, b }) => mm(asCode(a, INT32), asCode(b, INT32)),
    method: false,
    samples: () => [
      [i8(3, 5), i8(5, 9)],
      [i8(13, 44), i8(44, 21)],
    ],
  },
);

/** A matrix x [.., k] as pairs along k, to be launched; `strides` are slots 3 to 7 of assembly/gemm/pairs.ts. */
function paired(k: Kernels, y: Tensor, x: Tensor, strides: readonly number[]): Call {
  return k
    .exact("pairs_i8")
    .tensor(y)
    .tensor(x)
    .int(x.shape[strides[0] === 1 ? 0 : 1]!)
    .ints(strides);
}
