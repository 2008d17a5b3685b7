// The nuclear norm, without singular values: it is Re tr(Qᴴ x), where Q is the unitary factor of x = Q · P.
//
// Newton and Schulz' iteration q ← 1.5 q - 0.5 q qᴴ q takes every singular value of x / ‖x‖ to 1 and leaves those that are 0;
// what is not there after STEPS of them was below 1e-9 of ‖x‖, and so is what it would add.

import { COMPLEX128, FLOAT64, isComplex, REAL } from "../core/index.ts";
import { op, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { div, mul, sub } from "./binary.ts";
import { conj } from "./complex.ts";
import { cast } from "./copy.ts";
import { matmul } from "./matmul.ts";
import { sum } from "./reduce.ts";
import { clampMin } from "./ternary.ts";
import { vectorNorm } from "./vectornorm.ts";
import { transpose, unsqueeze } from "./view.ts";

const STEPS = 60;

/** The unitary factor of matrices, found in double precision. */
function polar(x: Tensor): Tensor {
  const wide = cast(x, isComplex(x.code) ? COMPLEX128 : FLOAT64);
  let q = div(wide, clampMin(vectorNorm(wide, 2, [-2, -1], true), Number.MIN_VALUE));
  for (let i = 0; i < STEPS; i++) {
    const square = matmul(conj(transpose(q, -2, -1)), q);
    q = sub(mul(q, 1.5), mul(matmul(q, square), 0.5));
  }
  return cast(q, x.code);
}

/** The sum of the singular values of the matrices in the last two dims. Its gradient is the unitary factor. */
export const nuclearNorm: (x: Tensor) => Tensor = /* @__PURE__ */ op("nuclearNorm", "input", (x: Tensor) => [{ x }], {
  method: false,
  infer: ({ x }) => spec(REAL[x.code]!, x.shape.slice(0, -2)),
  decompose: ({ x }) => cast(sum(mul(conj(polar(x)), x), [-2, -1]), REAL[x.code]!),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(unsqueeze(unsqueeze(g, -1), -1), polar(x)) }),
});
