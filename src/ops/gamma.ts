// The logarithm of the gamma function and its derivatives: formulas over other operators, in float64.

import { defaultFloat, FLOAT64, isIntegral, ValueError } from "../core/index.ts";
import { asTensor, f32, inPlace, noComplex, type Op, type Op1, op, positive, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { add, div, mul, pow, sub } from "./binary.ts";
import { eq, ge, le, lt } from "./compare.ts";
import { composed } from "./composed.ts";
import { cast } from "./copy.ts";
import { logicalAnd } from "./logic.ts";
import { amin } from "./reduce.ts";
import { where } from "./ternary.ts";
import { abs, floor, log, neg, reciprocal, round, sin, square, tan } from "./unary.ts";

const resultOf = (x: Spec): number => (isIntegral(x.code) ? defaultFloat() : x.code);

// Lanczos' series with g = 7 and nine terms, good to 1e-15 (P. Godfrey's coefficients).
const G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
/** `log Γ(x)` for x ≥ 0.5. */
function logGamma(x: Tensor): Tensor {
  const z = sub(x, 1);
  const t = add(z, G + 0.5);
  const [first, ...rest] = LANCZOS;
  const series = rest.reduce((sum, c, k) => add(sum, div(c, add(z, k + 1))), add(mul(z, 0), first));
  return add(sub(mul(add(z, 0.5), log(t)), t), add(log(series), Math.log(2 * Math.PI) / 2));
}

/** `sin(πx)`, from what x lacks to the next integer. */
const sinPi = (x: Tensor): Tensor => sin(mul(sub(x, round(x)), Math.PI));

/** `log |Γ(x)|`: ∞ at 0, -1, -2 … and ±∞. Integers become floats. */
export const lgamma: Op1 = /* @__PURE__ */ op("lgamma", "input", (x) => [{ x: asTensor(x, "lgamma", "input") }], {
  infer({ x }) {
    noComplex("lgamma", x);
    return spec(resultOf(x), x.shape);
  },
  pointwise: { kernel: "lgamma", compute: ([x]) => resultOf(x!), bool: false },
  decompose({ x }) {
    const wide = cast(x, FLOAT64);
    const low = lt(wide, 0.5);
    const high = logGamma(where(low, sub(1, wide), wide));
    const reflected = sub(Math.log(Math.PI), add(log(abs(sinPi(wide))), high));
    const infinite = eq(abs(wide), Number.POSITIVE_INFINITY);
    return cast(where(infinite, Number.POSITIVE_INFINITY, where(low, reflected, high)), resultOf(x));
  },
  saves: ["x"],
  samples: () => [[positive(2, 3)], [f32(3)]],
  vjp: (g, { x }) => ({ x: () => mul(g, digamma(x)) }),
});
/** `lgamma` of `x` itself. */
export const lgamma_: Op1 = /* @__PURE__ */ inPlace(lgamma);

/** Bernoulli's numbers B2, B4 … */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510] as const;
const SHIFT = 10; // from here on the series of so many terms is good to 1e-16

/** `Γ'(x) / Γ(x)`: -∞ at 0, NaN at -1, -2 … Integers become floats. */
export const digamma: Op1 = /* @__PURE__ */ op("digamma", "input", (x) => [{ x: asTensor(x, "digamma", "input") }], {
  infer({ x }) {
    noComplex("digamma", x);
    return spec(resultOf(x), x.shape);
  },
  pointwise: { kernel: "digamma", compute: ([x]) => resultOf(x!), bool: false },
  decompose({ x }) {
    const wide = cast(x, FLOAT64);
    const low = lt(wide, 0.5);
    const start = where(low, sub(1, wide), wide);
    // ψ(x) = ψ(x + n) - Σ 1 / (x + k), and ψ(y) ~ log y - 1/2y - Σ B2k / (2k y²ᵏ)
    const y = add(start, SHIFT);
    const inverse = reciprocal(square(y));
    const tail = BERNOULLI.reduceRight((sum, b, k) => mul(add(sum, b / (2 * k + 2)), inverse), mul(inverse, 0));
    let high = sub(sub(log(y), div(0.5, y)), tail);
    for (let k = 0; k < SHIFT; k++) high = sub(high, reciprocal(add(start, k)));
    const reflected = sub(high, div(Math.PI, tan(mul(sub(wide, round(wide)), Math.PI))));
    const pole = where(eq(wide, 0), neg(reciprocal(wide)), Number.NaN);
    const atPole = logicalAnd(le(wide, 0), eq(wide, floor(wide)));
    return cast(where(atPole, pole, where(low, reflected, high)), resultOf(x));
  },
  saves: ["x"],
  samples: () => [[positive(2, 3)], [f32(3)]],
  vjp: (g, { x }) => ({ x: () => mul(g, polygamma(1, x)) }),
});
/** `digamma` of `x` itself. */
export const digamma_: Op1 = /* @__PURE__ */ inPlace(digamma);

const MOST_SHIFTS = 1000; // arguments further below 0 than that lose accuracy

/** Hurwitz' zeta function `Σ (x + k)⁻ˢ` for an integer s > 1, by Euler and Maclaurin. */
function zeta(s: number, x: Tensor): Tensor {
  const least = x.numel() === 0 ? 1 : amin(where(ge(x, -MOST_SHIFTS), x, 1)).item();
  const shifts = SHIFT + Math.max(0, Math.ceil(-least));
  const y = add(x, shifts);
  let sum = add(div(pow(y, 1 - s), s - 1), mul(pow(y, -s), 0.5));
  for (let k = 0; k < shifts; k++) sum = add(sum, pow(add(x, k), -s));
  let factor = s; // s (s + 1) … (s + 2k) / (2k + 2)!
  for (const [k, b] of BERNOULLI.entries()) {
    sum = add(sum, mul(pow(y, -s - 2 * k - 1), (b * factor) / 2));
    factor *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / ((2 * k + 3) * (2 * k + 4));
  }
  return sum;
}

type Polygamma = Op<(n: number, x: Tensor) => Tensor, (n: number) => Tensor>;

const derivative: (x: Tensor, n: number) => Tensor = /* @__PURE__ */ op(
  "polygamma",
  "input, n",
  (x: Tensor, n: number) => [{ x }, { n }],
  {
    method: false,
    infer({ x }) {
      noComplex("polygamma", x);
      return spec(resultOf(x), x.shape);
    },
    decompose({ x }, { n }) {
      const wide = cast(x, FLOAT64);
      let factorial = n % 2 === 0 ? -1 : 1;
      for (let k = 2; k <= n; k++) factorial *= k;
      return cast(mul(zeta(n + 1, wide), factorial), resultOf(x));
    },
    saves: ["x"],
    vjp: (g, { x }, { n }) => ({ x: () => mul(g, derivative(x, n + 1)) }),
  },
);

/** The n-th derivative of `digamma`. */
export const polygamma: Polygamma = /* @__PURE__ */ Object.assign(
  (n: number, x: Tensor): Tensor => {
    asTensor(x, "polygamma", "input");
    const order = whole(n, "polygamma", "n");
    if (order < 0) throw new ValueError(`polygamma: polygamma(n, x) does not support negative n, got ${order}`);
    return order === 0 ? digamma(x) : derivative(x, order);
  },
  { opName: "polygamma", operator: { rule: { method: (x: Tensor, n: number): Tensor => polygamma(n, x) } } },
) as unknown as Polygamma;

type MultiGamma = Op<(x: Tensor, p: number) => Tensor, (p: number) => Tensor>;

/** The logarithm of the gamma function of p dims: `p (p - 1) / 4 · log π + Σ lgamma(x - i / 2)`. */
export const mvlgamma: MultiGamma = /* @__PURE__ */ composed("mvlgamma", "input, p", (input, p) => {
  const x = asTensor(input, "mvlgamma", "input");
  const dims = whole(p, "mvlgamma", "p");
  if (dims < 1) throw new ValueError(`mvlgamma: p has to be greater than or equal to 1, got ${dims}`);
  const floats = isIntegral(x.code) ? cast(x, defaultFloat()) : x;
  const terms = Array.from({ length: dims }, (_, i) => lgamma(sub(floats, i / 2)));
  return add(
    terms.reduce((a, b) => add(a, b)),
    (dims * (dims - 1) * Math.log(Math.PI)) / 4,
  );
});
