// The inverse of the error function.

import { defaultFloat, FLOAT64, isIntegral } from "../core/index.ts";
import { asTensor, inPlace, inside, noComplex, type Op1, op, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { div, mul, sub } from "./binary.ts";
import { eq, gt, lt } from "./compare.ts";
import { cast } from "./copy.ts";
import { where } from "./ternary.ts";
import { abs, erf, exp, log, neg, sqrt, square } from "./unary.ts";

// M. Giles: Approximating the erfinv function (2010), the polynomials for single precision, highest power first.
const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/**
 * The number whose error function is `x`: ±∞ at ±1, NaN beyond. Integers become floats. Giles' polynomials, then two steps of
 * Newton in float64.
 */
export const erfinv: Op1 = /* @__PURE__ */ op("erfinv", "input", (x) => [{ x: asTensor(x, "erfinv", "input") }], {
  infer({ x }) {
    noComplex("erfinv", x);
    return spec(isIntegral(x.code) ? defaultFloat() : x.code, x.shape);
  },
  pointwise: {
    kernel: "erfinv",
    compute: ([x]) => (isIntegral(x!.code) ? defaultFloat() : x!.code),
    bool: false,
  },
  decompose({ x }) {
    const wide = cast(x, FLOAT64);
    const edge = eq(abs(wide), 1);
    const open = where(edge, 0, wide);
    const w = neg(log(mul(sub(1, open), sub(open, -1))));
    const first = mul(where(lt(w, 5), polynomial(CENTRE, sub(w, 2.5)), polynomial(TAIL, sub(sqrt(w), 3))), open);
    const y = newton(newton(first, open), open);
    const ends = where(gt(wide, 0), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    return cast(where(edge, ends, y), isIntegral(x.code) ? defaultFloat() : x.code);
  },
  saves: ["out"],
  samples: () => [[inside(2, 3)], [inside()], [inside(0, 2)]],
  vjp: (g, { out }) => ({ x: () => mul(g, mul(exp(square(out)), Math.sqrt(Math.PI) / 2)) }),
});
export const erfinv_: Op1 = /* @__PURE__ */ inPlace(erfinv);

function polynomial(coefficients: readonly number[], w: Tensor): Tensor {
  const [first, second, ...rest] = coefficients as [number, number, ...number[]];
  return rest.reduce((p, c) => sub(mul(p, w), -c), sub(mul(w, first), -second));
}

/** A step towards the zero of `erf(y) - x`. */
function newton(y: Tensor, x: Tensor): Tensor {
  return sub(y, div(sub(erf(y), x), mul(exp(neg(square(y))), 2 / Math.sqrt(Math.PI))));
}
