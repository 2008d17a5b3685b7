// Element-wise functions of one tensor. Integers become float32, but for those that keep them (neg, abs, square, the
// roundings, sign). The derivative of a complex function is conjugated, as everywhere.

import { BOOL, DTypeError, INT64, isIntegral } from "../core/index.ts";
import {
  aboveOne,
  asTensor,
  binary,
  bools,
  c64,
  f32,
  i64,
  inPlace,
  inside,
  noComplex,
  type Op1,
  type OpK,
  op,
  positive,
  spec,
  unary,
} from "../op/index.ts";
import { scalarTensor, type Tensor } from "../tensor/index.ts";
import { add, div, mul, sub } from "./binary.ts";
import { eq, lt, ne } from "./compare.ts";
import { conj, real, sgn } from "./complex.ts";
import { clone } from "./copy.ts";
import { expand } from "./view.ts";

const SAMPLES = [[f32(2, 3)], [c64(3)], [f32()], [f32(0, 2)]];
const REAL_SAMPLES = [[f32(2, 3)], [i64(3)], [f32(0, 2)]];
/** Values in (-1, 1) would be as good; those of `positive` stay clear of 0 and of the branch cuts. */
const POSITIVE_SAMPLES = [[positive(2, 3)]];

/** Zeros in the form of `g`, without memory: the cotangent through what is flat. @internal */
export function flat(g: Tensor): Tensor {
  return expand(scalarTensor(0, g.code, g.storage.backend), g.shape);
}

const flatVjp = (g: Tensor): { x: () => Tensor } => ({ x: () => flat(g) });

/** `-x`. Throws DTypeError for bool. */
export const neg: Op1 = /* @__PURE__ */ unary("neg", {
  expr: "-x",
  check: ({ x }) => {
    if (x.code === BOOL) throw new DTypeError("neg: not defined for bool: use logicalNot");
  },
  saves: [],
  vjp: (g) => ({ x: () => neg(g) }),
  samples: () => SAMPLES,
});
export const neg_: Op1 = /* @__PURE__ */ inPlace(neg);
export const negative: Op1 = neg;
export const negative_: Op1 = neg_;

/** `|x|`; real for complex numbers. The derivative at 0 is 0. */
export const abs: Op1 = /* @__PURE__ */ unary("abs", {
  expr: "abs(x)",
  result: "real",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, sgn(x)) }),
  samples: () => [[f32(2, 3)], [i64(3)], [c64(3)]],
});
export const abs_: Op1 = /* @__PURE__ */ inPlace(abs);
export const absolute: Op1 = abs;
export const absolute_: Op1 = abs_;

/** `x²`; of bools int64. */
export const square: Op1 = /* @__PURE__ */ unary("square", {
  node: "PowBackward0",
  expr: "x * x",
  compute: ([x]) => (x!.code === BOOL ? INT64 : x!.code),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, mul(conj(x), 2)) }),
  decompose: ({ x }) => mul(x, x),
  samples: () => [[f32(2, 3)], [i64(3)], [c64(3)]],
});
export const square_: Op1 = /* @__PURE__ */ inPlace(square);

// ── exponentials and logarithms ──────────────────────────────────────────────────────────────────────────────────────

/** `e^x`. */
export const exp: Op1 = /* @__PURE__ */ unary("exp", {
  expr: "exp(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(g, conj(out)) }),
  samples: () => SAMPLES,
});
export const exp_: Op1 = /* @__PURE__ */ inPlace(exp);

/** `2^x`. */
export const exp2: Op1 = /* @__PURE__ */ unary("exp2", {
  expr: "2 ** x",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(mul(g, conj(out)), Math.LN2) }),
  decompose: ({ x }) => exp(mul(x, Math.LN2)),
  samples: () => SAMPLES,
});
export const exp2_: Op1 = /* @__PURE__ */ inPlace(exp2);

/** `e^x - 1`, without loss for small x. */
export const expm1: Op1 = /* @__PURE__ */ unary("expm1", {
  expr: "expm1(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(g, add(conj(out), 1)) }),
  samples: () => SAMPLES,
});
export const expm1_: Op1 = /* @__PURE__ */ inPlace(expm1);

/** The natural logarithm: -∞ at 0, NaN below. */
export const log: Op1 = /* @__PURE__ */ unary("log", {
  expr: "log(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(x)) }),
  samples: () => POSITIVE_SAMPLES,
});
export const log_: Op1 = /* @__PURE__ */ inPlace(log);

/** The logarithm of base 2. */
export const log2: Op1 = /* @__PURE__ */ unary("log2", {
  expr: "log2(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, mul(conj(x), Math.LN2)) }),
  decompose: ({ x }) => mul(log(x), Math.LOG2E),
  samples: () => POSITIVE_SAMPLES,
});
export const log2_: Op1 = /* @__PURE__ */ inPlace(log2);

/** The logarithm of base 10. */
export const log10: Op1 = /* @__PURE__ */ unary("log10", {
  expr: "log10(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, mul(conj(x), Math.LN10)) }),
  decompose: ({ x }) => mul(log(x), Math.LOG10E),
  samples: () => POSITIVE_SAMPLES,
});
export const log10_: Op1 = /* @__PURE__ */ inPlace(log10);

/** `log(1 + x)`, without loss for small x. */
export const log1p: Op1 = /* @__PURE__ */ unary("log1p", {
  node: "Log1PBackward0",
  expr: "log1p(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(add(x, 1))) }),
  samples: () => POSITIVE_SAMPLES,
});
export const log1p_: Op1 = /* @__PURE__ */ inPlace(log1p);

// ── roots ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `√x`; NaN below 0. */
export const sqrt: Op1 = /* @__PURE__ */ unary("sqrt", {
  expr: "sqrt(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => div(g, mul(conj(out), 2)) }),
  samples: () => POSITIVE_SAMPLES,
});
export const sqrt_: Op1 = /* @__PURE__ */ inPlace(sqrt);

/** `1 / √x`. */
export const rsqrt: Op1 = /* @__PURE__ */ unary("rsqrt", {
  expr: "1 / sqrt(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(mul(g, -0.5), cube(conj(out))) }),
  decompose: ({ x }) => reciprocal(sqrt(x)),
  samples: () => POSITIVE_SAMPLES,
});
export const rsqrt_: Op1 = /* @__PURE__ */ inPlace(rsqrt);

function cube(x: Tensor): Tensor {
  return mul(mul(x, x), x);
}

/** `1 / x`. */
export const reciprocal: Op1 = /* @__PURE__ */ unary("reciprocal", {
  expr: "1 / x",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => neg(mul(g, square(conj(out)))) }),
  samples: () => POSITIVE_SAMPLES,
});
export const reciprocal_: Op1 = /* @__PURE__ */ inPlace(reciprocal);

// ── circular and hyperbolic functions ────────────────────────────────────────────────────────────────────────────────

/** The sine, of radians. */
export const sin: Op1 = /* @__PURE__ */ unary("sin", {
  expr: "sin(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, conj(cos(x))) }),
  samples: () => SAMPLES,
});
export const sin_: Op1 = /* @__PURE__ */ inPlace(sin);

/** The cosine, of radians. */
export const cos: Op1 = /* @__PURE__ */ unary("cos", {
  expr: "cos(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => neg(mul(g, conj(sin(x)))) }),
  samples: () => SAMPLES,
});
export const cos_: Op1 = /* @__PURE__ */ inPlace(cos);

/** The tangent, of radians. */
export const tan: Op1 = /* @__PURE__ */ unary("tan", {
  expr: "tan(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(g, conj(add(square(out), 1))) }),
  samples: () => [[positive(2, 3)]],
});
export const tan_: Op1 = /* @__PURE__ */ inPlace(tan);

/** The angle in [-π/2, π/2] with the sine x; NaN beyond [-1, 1]. */
export const asin: Op1 = /* @__PURE__ */ unary("asin", {
  expr: "asin(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(leg(x))) }),
  samples: () => [[inside(2, 3)]],
});
export const asin_: Op1 = /* @__PURE__ */ inPlace(asin);
export const arcsin: Op1 = asin;
export const arcsin_: Op1 = asin_;

/** The angle in [0, π] with the cosine x; NaN beyond [-1, 1]. */
export const acos: Op1 = /* @__PURE__ */ unary("acos", {
  expr: "acos(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => neg(div(g, conj(leg(x)))) }),
  samples: () => [[inside(2, 3)]],
});
export const acos_: Op1 = /* @__PURE__ */ inPlace(acos);
export const arccos: Op1 = acos;
export const arccos_: Op1 = acos_;

/** √(1 - x²): the other leg of the triangle. */
function leg(x: Tensor): Tensor {
  return sqrt(sub(1, square(x)));
}

/** The angle in (-π/2, π/2) with the tangent x. */
export const atan: Op1 = /* @__PURE__ */ unary("atan", {
  expr: "atan(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(add(square(x), 1))) }),
  samples: () => [[f32(2, 3)]],
});
export const atan_: Op1 = /* @__PURE__ */ inPlace(atan);
export const arctan: Op1 = atan;
export const arctan_: Op1 = atan_;

/** `(e^x - e^-x) / 2`. */
export const sinh: Op1 = /* @__PURE__ */ unary("sinh", {
  expr: "sinh(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, conj(cosh(x))) }),
  samples: () => SAMPLES,
});
export const sinh_: Op1 = /* @__PURE__ */ inPlace(sinh);

/** `(e^x + e^-x) / 2`. */
export const cosh: Op1 = /* @__PURE__ */ unary("cosh", {
  expr: "cosh(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, conj(sinh(x))) }),
  samples: () => SAMPLES,
});
export const cosh_: Op1 = /* @__PURE__ */ inPlace(cosh);

/** `sinh(x) / cosh(x)`. */
export const tanh: Op1 = /* @__PURE__ */ unary("tanh", {
  expr: "tanh(x)",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => tanhGrad(g, out) }),
  samples: () => SAMPLES,
});
export const tanh_: Op1 = /* @__PURE__ */ inPlace(tanh);

/** The inverse of sinh. */
export const asinh: Op1 = /* @__PURE__ */ unary("asinh", {
  expr: "asinh(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(sqrt(add(square(x), 1)))) }),
  samples: () => [[f32(2, 3)]],
});
export const asinh_: Op1 = /* @__PURE__ */ inPlace(asinh);
export const arcsinh: Op1 = asinh;
export const arcsinh_: Op1 = asinh_;

/** The inverse of cosh, ≥ 0; NaN below 1. */
export const acosh: Op1 = /* @__PURE__ */ unary("acosh", {
  expr: "acosh(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(mul(sqrt(sub(x, 1)), sqrt(add(x, 1))))) }),
  samples: () => [[aboveOne(2, 3)]],
});
export const acosh_: Op1 = /* @__PURE__ */ inPlace(acosh);
export const arccosh: Op1 = acosh;
export const arccosh_: Op1 = acosh_;

/** The inverse of tanh; NaN beyond [-1, 1]. */
export const atanh: Op1 = /* @__PURE__ */ unary("atanh", {
  expr: "atanh(x)",
  result: "float",
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(sub(1, square(x)))) }),
  samples: () => [[inside(2, 3)]],
});
export const atanh_: Op1 = /* @__PURE__ */ inPlace(atanh);
export const arctanh: Op1 = atanh;
export const arctanh_: Op1 = atanh_;

/** `1 / (1 + e^-x)`. */
export const sigmoid: Op1 = /* @__PURE__ */ unary("sigmoid", {
  expr: "1 / (1 + exp(-x))",
  result: "float",
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => sigmoidGrad(g, out) }),
  samples: () => SAMPLES,
});
export const sigmoid_: Op1 = /* @__PURE__ */ inPlace(sigmoid);

/** `2/√π · ∫₀ˣ e^(-t²) dt`. */
export const erf: Op1 = /* @__PURE__ */ unary("erf", {
  expr: "erf(x)",
  result: "float",
  check: ({ x }) => noComplex("erf", x),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, bell(x)) }),
  samples: () => [[f32(2, 3)]],
});
export const erf_: Op1 = /* @__PURE__ */ inPlace(erf);

/** `1 - erf(x)`, without loss where erf is close to 1. */
export const erfc: Op1 = /* @__PURE__ */ unary("erfc", {
  expr: "erfc(x)",
  result: "float",
  check: ({ x }) => noComplex("erfc", x),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => neg(mul(g, bell(x))) }),
  samples: () => [[f32(2, 3)]],
});
export const erfc_: Op1 = /* @__PURE__ */ inPlace(erfc);

/** The derivative of erf. */
function bell(x: Tensor): Tensor {
  return mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI));
}

// Fused derivatives; `a` is the cotangent, `b` the result.

/** `g · (1 - y²)`. */
const tanhGrad = /* @__PURE__ */ binary("tanhGrad", {
  method: false,
  decompose: ({ a: g, b: y }) => mul(g, conj(sub(1, square(y)))),
});

/** `g · (1 - y) · y`. */
const sigmoidGrad = /* @__PURE__ */ binary("sigmoidGrad", {
  method: false,
  decompose: ({ a: g, b: y }) => mul(g, conj(mul(sub(1, y), y))),
});

// ── rounding ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A rounding: integers are what they are, the derivative is 0. */
function rounding(name: string): Op1 {
  return unary(name, {
    expr: `${name}(x)`,
    check: ({ x }) => {
      noComplex(name, x);
      if (x.code === BOOL) throw new DTypeError(`${name}: not defined for bool`);
    },
    saves: [],
    vjp: flatVjp,
    decompose: ({ x }) => (isIntegral(x.code) ? clone(x) : null),
    samples: () => REAL_SAMPLES,
  });
}

/** The greatest integer ≤ x. */
export const floor: Op1 = /* @__PURE__ */ rounding("floor");
export const floor_: Op1 = /* @__PURE__ */ inPlace(floor);

/** The least integer ≥ x. */
export const ceil: Op1 = /* @__PURE__ */ rounding("ceil");
export const ceil_: Op1 = /* @__PURE__ */ inPlace(ceil);

/** x without its fraction. */
export const trunc: Op1 = /* @__PURE__ */ rounding("trunc");
export const trunc_: Op1 = /* @__PURE__ */ inPlace(trunc);
export const fix: Op1 = trunc;
export const fix_: Op1 = trunc_;

const nearest = /* @__PURE__ */ rounding("round");

type Round = OpK<[], [], { decimals: number }>;

/** The nearest integer, halves to even; with `decimals` the nearest multiple of 10^-decimals. */
export const round: Round = /* @__PURE__ */ op(
  "round",
  "input, *, decimals?",
  (x, decimals?: number) => [{ x: asTensor(x, "round", "input") }, { decimals: decimals ?? 0 }],
  {
    infer: ({ x }) => x,
    decompose({ x }, { decimals }) {
      if (decimals === 0 || isIntegral(x.code)) return nearest(x);
      const scale = 10 ** Math.abs(decimals);
      return decimals > 0 ? div(nearest(mul(x, scale)), scale) : mul(nearest(div(x, scale)), scale);
    },
    samples: () => REAL_SAMPLES,
  },
);
export const round_: Round = /* @__PURE__ */ inPlace(round);

/** `x - trunc(x)`. */
export const frac: Op1 = /* @__PURE__ */ unary("frac", {
  decompose: ({ x }) => sub(x, trunc(x)),
  saves: [],
  vjp: (g) => ({ x: () => g }),
  samples: () => [[f32(2, 3)]],
});
export const frac_: Op1 = /* @__PURE__ */ inPlace(frac);

/** -1, 0 or 1; 0 for NaN. Throws DTypeError for complex numbers: see `sgn`. */
export const sign: Op1 = /* @__PURE__ */ unary("sign", {
  expr: "sign(x)",
  check: ({ x }) => noComplex("sign", x),
  saves: [],
  vjp: flatVjp,
  samples: () => [[f32(2, 3)], [i64(3)], [bools(3)]],
});
export const sign_: Op1 = /* @__PURE__ */ inPlace(sign);

// ── what kind of number ──────────────────────────────────────────────────────────────────────────────────────────────

/** A predicate made of comparisons. */
function predicate(name: string, formula: (x: Tensor) => Tensor): Op1 {
  return op<Op1, { x: Tensor }>(name, "input", (x) => [{ x: asTensor(x, name, "input") }], {
    infer: ({ x }) => spec(BOOL, x.shape),
    decompose: ({ x }) => formula(x),
    samples: () => [[f32(2, 3)], [i64(3)], [c64(2)]],
  });
}

/** True where x is NaN, or a part of it. */
export const isnan: Op1 = /* @__PURE__ */ predicate("isnan", (x) => ne(x, x));
/** True where |x| is ∞. */
export const isinf: Op1 = /* @__PURE__ */ predicate("isinf", (x) => eq(abs(x), Number.POSITIVE_INFINITY));
/** True where x is neither infinite nor NaN. */
export const isfinite: Op1 = /* @__PURE__ */ predicate("isfinite", (x) => lt(abs(x), Number.POSITIVE_INFINITY));
/** True where the imaginary part is 0. */
export const isreal: Op1 = /* @__PURE__ */ predicate("isreal", (x) => eq(x, real(x)));
