// Element-wise arithmetic of two tensors that broadcast; either may be a number.

import {
  BOOL,
  DTypeError,
  Float,
  FloatScalar,
  isComplex,
  isFloating,
  isIntegral,
  resultType,
  SCALAR_FLOAT,
  type Scalar,
  sameShape,
  scalarKind,
  showValue,
  toNumber,
  ValueError,
} from "../core/index.ts";
import {
  asTensor,
  binary,
  bindArguments,
  f32,
  i64,
  inPlace,
  isGradEnabled,
  isPlain,
  method,
  noComplex,
  type Op,
  type Op1,
  type Op2,
  type Op2A,
  type Op2N,
  type Op2T,
  type Operand,
  operatorOf,
  positive,
  publish,
  type Spec,
  unary,
  underNode,
  wrongArgument,
} from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { eq, ge, gt, lt } from "./compare.ts";
import { conj, real } from "./complex.ts";
import { cast } from "./copy.ts";
import { logicalAnd } from "./logic.ts";
import { addcmul_, where } from "./ternary.ts";
import { flat, floor, log, neg, reciprocal, rsqrt, sqrt, square, trunc } from "./unary.ts";

const SAMPLES = [
  [f32(2, 3), f32(2, 3)],
  [f32(2, 1, 3), f32(4, 1)],
  [f32(3), 2],
  [f32(0, 2), f32(2)],
];
/** Divisors clear of 0, and clear of the jumps of a rounded quotient. */
const QUOTIENTS = [
  [f32(2, 3), positive(2, 3)],
  [f32(2, 1, 3), positive(4, 1)],
  [f32(3), 2],
];

/** `alpha` times the second operand. A fraction of integers would not be one: it throws TypeError. */
function times(name: string): (other: Operand, alpha: Scalar) => Operand {
  return (other, alpha) => {
    const fraction = scalarKind(alpha) >= SCALAR_FLOAT;
    if (other instanceof Tensor) {
      if (fraction && isIntegral(other.code)) {
        throw wrongArgument(name, "alpha", alpha, `an integer for the ${other.dtype} tensor other`);
      }
      return mul(other, alpha);
    }
    const product = toNumber(other) * toNumber(alpha);
    return fraction || other instanceof FloatScalar ? Float(product) : product;
  };
}

/** `x += sign · alpha · b` in one pass, for dense floats of one dtype and shape of which the tape has none. */
function scaledInto(sign: 1 | -1) {
  return (x: Tensor, b: unknown, options: unknown): Tensor | null => {
    const alpha = isPlain(options) ? (options as { alpha?: unknown }).alpha : undefined;
    if (typeof alpha !== "number" || !(b instanceof Tensor) || x.code !== b.code || !isFloating(x.code)) return null;
    if (x.isDisposed || b.isDisposed || x.storage.backend !== b.storage.backend) return null;
    if (!x.layout.contiguous || !sameShape(x.layout, b.layout)) return null;
    if (Object.keys(options as object).length > 1 || (isGradEnabled() && (x.requiresGrad || b.requiresGrad)))
      return null;
    return addcmul_(x, b, scalarTensor(1, x.code, x.storage.backend), { value: sign * alpha });
  };
}

/** `a + alpha · b`. Of bools it is `or`. */
export const add: Op2A = /* @__PURE__ */ binary("add", {
  expr: "a + b",
  alpha: /* @__PURE__ */ times("add"),
  saves: [],
  vjp: (g) => ({ a: () => g, b: () => g }),
  samples: () => SAMPLES,
});
export const add_: Op2A = /* @__PURE__ */ inPlace(add, /* @__PURE__ */ scaledInto(1));

/** `a - alpha · b`. Throws DTypeError for bools. */
export const sub: Op2A = /* @__PURE__ */ binary("sub", {
  expr: "a - b",
  alpha: /* @__PURE__ */ times("sub"),
  check: ({ a, b }) => {
    if (a.code === BOOL || b.code === BOOL)
      throw new DTypeError("sub: not defined for bool: use logicalXor or logicalNot");
  },
  saves: [],
  vjp: (g) => ({ a: () => g, b: () => neg(g) }),
  samples: () => SAMPLES,
});
export const sub_: Op2A = /* @__PURE__ */ inPlace(sub, /* @__PURE__ */ scaledInto(-1));
export const subtract: Op2A = sub;
export const subtract_: Op2A = sub_;

type Rsub = Op<
  (a: Tensor, b: Operand, options?: { alpha?: Scalar }) => Tensor,
  (b: Operand, options?: { alpha?: Scalar }) => Tensor
>;

/** `b - alpha · a`. */
export const rsub: Rsub = /* @__PURE__ */ method(
  "rsub",
  (a: Tensor, b: Operand, options?: { alpha?: Scalar }): Tensor =>
    underNode(b instanceof Tensor ? "RsubBackward0" : "RsubBackward1", () =>
      sub(b, asTensor(a, "rsub", "input"), options ?? {}),
    ),
);

/** `a · b`. Of bools it is `and`. */
export const mul: Op2 = /* @__PURE__ */ binary("mul", {
  expr: "a * b",
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => mul(g, conj(b)), b: () => mul(g, conj(a)) }),
  samples: () => SAMPLES,
});
export const mul_: Op2 = /* @__PURE__ */ inPlace(mul);
export const multiply: Op2 = mul;
export const multiply_: Op2 = mul_;

// ── division ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const quotient: Op2 = /* @__PURE__ */ binary("div", {
  expr: "a / b",
  result: "float",
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({
    a: () => div(g, conj(b)),
    b: () => neg(mul(g, conj(div(div(a, b), b)))),
  }),
  samples: () => QUOTIENTS,
});

/** Throws DTypeError for complex numbers and for bools: there is no rounded quotient of them. */
function numbersOnly(name: string, a: Spec, b: Spec): void {
  noComplex(name, a, b);
  if (a.code === BOOL && b.code === BOOL) throw new DTypeError(`${name}: not defined for bool`);
}

const rounded = {
  saves: [],
  vjp: (g: Tensor) => ({ a: () => flat(g), b: () => flat(g) }),
  samples: () => QUOTIENTS,
} as const;

const divFloor: Op2 = /* @__PURE__ */ binary("divFloor", {
  ...rounded,
  expr: "floorDivide(a, b)",
  kernel: "floorDivide",
  check: ({ a, b }) => numbersOnly("div", a, b),
  decompose: ({ a, b }) => cast(floor(quotient(a, b)), resultType([a, b])),
  method: false,
});

const divTrunc: Op2 = /* @__PURE__ */ binary("divTrunc", {
  ...rounded,
  expr: "truncDivide(a, b)",
  kernel: "truncDivide",
  check: ({ a, b }) => numbersOnly("div", a, b),
  decompose: ({ a, b }) => cast(trunc(quotient(a, b)), resultType([a, b])),
  method: false,
});

type Rounding = "floor" | "trunc" | null;
type Div = Op<
  (a: Operand, b: Operand, options?: { roundingMode?: Rounding }) => Tensor,
  (b: Operand, options?: { roundingMode?: Rounding }) => Tensor
>;

/** The quotient that a rounding mode names. */
function division<F extends (a: never, b: never) => unknown>(name: string, exact: F, down: F, toZero: F): Div {
  const call = (a: never, b: never, ...rest: unknown[]): unknown => {
    if (rest.length === 0) return exact(a, b);
    const [, , mode] = bindArguments(name, "input, other, *, roundingMode?", [a, b, ...rest]);
    if (mode == null) return exact(a, b);
    if (mode === "floor") return down(a, b);
    if (mode === "trunc") return toZero(a, b);
    throw new ValueError(`${name}: roundingMode is ${showValue(mode)}, expected null, "trunc" or "floor"`);
  };
  return call as unknown as Div;
}

/**
 * `a / b`, a float for integers too; with `roundingMode` "floor" or "trunc" the quotient rounded to -∞ or to 0, of the
 * type of the operands. An integer divided by 0 throws ValueError where it is rounded.
 */
export const div: Div = /* @__PURE__ */ publish(
  /* @__PURE__ */ operatorOf(quotient),
  /* @__PURE__ */ division("div", quotient, divFloor, divTrunc),
) as unknown as Div;
export const div_: Div = /* @__PURE__ */ method(
  "div_",
  /* @__PURE__ */ division(
    "div_",
    /* @__PURE__ */ inPlace(quotient),
    /* @__PURE__ */ inPlace(divFloor),
    /* @__PURE__ */ inPlace(divTrunc),
  ),
);
export const divide: Div = div;
export const divide_: Div = div_;
export const trueDivide: Op2 = quotient;
export const trueDivide_: Op2 = /* @__PURE__ */ inPlace(quotient);

/** `a / b` rounded to -∞. No gradient flows. */
export const floorDivide: Op2 = /* @__PURE__ */ binary("floorDivide", {
  expr: "floorDivide(a, b)",
  check: ({ a, b }) => numbersOnly("floorDivide", a, b),
  samples: () => QUOTIENTS,
});
export const floorDivide_: Op2 = /* @__PURE__ */ inPlace(floorDivide);

/** What is left of a after `floor(a / b)` times b; it has the sign of b. */
export const remainder: Op2 = /* @__PURE__ */ binary("remainder", {
  expr: "remainder(a, b)",
  check: ({ a, b }) => numbersOnly("remainder", a, b),
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => g, b: () => neg(mul(g, divFloor(a, b))) }),
  samples: () => QUOTIENTS,
});
export const remainder_: Op2 = /* @__PURE__ */ inPlace(remainder);

/** What is left of a after `trunc(a / b)` times b; it has the sign of a. */
export const fmod: Op2N = /* @__PURE__ */ binary("fmod", {
  expr: "fmod(a, b)",
  numbers: "other",
  check: ({ a, b }) => numbersOnly("fmod", a, b),
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => g, b: () => neg(mul(g, divTrunc(a, b))) }),
  samples: () => QUOTIENTS,
});
export const fmod_: Op2N = /* @__PURE__ */ inPlace(fmod);

// ── powers ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const power: Op2 = /* @__PURE__ */ binary("pow", {
  expr: "a ** b",
  saves: ["a", "b", "out"],
  vjp: (g, { a, b, out }) => ({
    // 0 where b is 0, whatever a; and for a = 0 the power's slope in b is 0.
    a: () => where(eq(b, 0), 0, mul(g, conj(mul(b, power(a, sub(b, 1)))))),
    b: () => where(logicalAnd(eq(a, 0), ge(real(b), 0)), 0, mul(g, conj(mul(out, log(a))))),
  }),
  samples: () => [
    [positive(2, 3), f32(2, 3)],
    [positive(2, 1), f32(3)],
    [f32(3), 3],
    [i64(3), 2],
  ],
});

// Powers of floats that a kernel has of its own.

/** `xⁿ`, with the derivative of a power. */
function special(name: string, kernel: string, n: number, decompose: (x: Tensor) => Tensor): Op1 {
  return unary(name, {
    node: "PowBackward0",
    kernel,
    saves: ["x"],
    vjp: (g, { x }) => ({ x: () => mul(g, mul(pow(conj(x), n - 1), n)) }),
    decompose: ({ x }) => decompose(x),
    method: false,
  });
}

const cube = /* @__PURE__ */ special("cube", "cube", 3, (x) => mul(mul(x, x), x));
const root = /* @__PURE__ */ special("root", "sqrt", 0.5, (x) => sqrt(x));
const inverseRoot = /* @__PURE__ */ special("inverseRoot", "rsqrt", -0.5, (x) => rsqrt(x));
const inverse = /* @__PURE__ */ special("inverse", "reciprocal", -1, (x) => reciprocal(x));
const inverseSquare = /* @__PURE__ */ special("inverseSquare", "inverseSquare", -2, (x) => reciprocal(square(x)));

const SPECIAL: ReadonlyMap<number, Op1> = /* @__PURE__ */ new Map([
  [0.5, root],
  [-0.5, inverseRoot],
  [-1, inverse],
  [-2, inverseSquare],
]);

/**
 * `a ** b`. Integers stay integers; to a negative number they throw ValueError, to negative elements of a tensor they
 * are 0, but for ±1.
 */
export const pow: Op2 = /* @__PURE__ */ publish(/* @__PURE__ */ operatorOf(power), ((
  a: Operand,
  b: Operand,
  ...rest: []
) => {
  if (a instanceof Tensor && !(b instanceof Tensor) && rest.length === 0) {
    if (b === 2) return square(a);
    if (b === 3 && !isComplex(a.code) && a.code !== BOOL) return cube(a);
    if (typeof b === "number" && isFloating(a.code)) {
      const special = SPECIAL.get(b);
      if (special !== undefined) return special(a);
    }
    if (typeof b === "number" && b < 0 && Number.isInteger(b) && isIntegral(a.code)) {
      throw new ValueError("pow: integers to negative integer powers are not allowed: cast to a float first");
    }
  }
  return power(a, b, ...rest);
}) as (...args: never[]) => unknown) as unknown as Op2;
export const pow_: Op2 = /* @__PURE__ */ inPlace(pow);

// ── the larger and the smaller ───────────────────────────────────────────────────────────────────────────────────────

/** The cotangent of a where it won; equals share it. */
function winner(g: Tensor, wins: Tensor, ties: Tensor): Tensor {
  return where(wins, g, where(ties, mul(g, 0.5), 0));
}

/** The larger of the two; NaN if either is. Where they are equal the gradient goes to both in halves. */
export const maximum: Op2T = /* @__PURE__ */ binary("maximum", {
  expr: "max(a, b)",
  numbers: "none",
  check: ({ a, b }) => noComplex("maximum", a, b),
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => winner(g, gt(a, b), eq(a, b)), b: () => winner(g, gt(b, a), eq(a, b)) }),
  samples: () => [
    [f32(2, 3), f32(2, 3)],
    [f32(2, 1), f32(3)],
    [i64(3), i64(3)],
  ],
});

/** The smaller of the two; NaN if either is. Where they are equal the gradient goes to both in halves. */
export const minimum: Op2T = /* @__PURE__ */ binary("minimum", {
  expr: "min(a, b)",
  numbers: "none",
  check: ({ a, b }) => noComplex("minimum", a, b),
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => winner(g, lt(a, b), eq(a, b)), b: () => winner(g, lt(b, a), eq(a, b)) }),
  samples: () => [
    [f32(2, 3), f32(2, 3)],
    [f32(2, 1), f32(3)],
    [i64(3), i64(3)],
  ],
});

/** The angle in (-π, π] of the point (b, a). */
export const atan2: Op2T = /* @__PURE__ */ binary("atan2", {
  expr: "atan2(a, b)",
  result: "float",
  numbers: "none",
  check: ({ a, b }) => noComplex("atan2", a, b),
  saves: ["a", "b"],
  vjp: (g, { a, b }) => {
    const over = (x: Tensor): Tensor => div(mul(g, x), add(square(a), square(b)));
    return { a: () => over(b), b: () => neg(over(a)) };
  },
  samples: () => [[f32(2, 3), positive(2, 3)]],
});
export const atan2_: Op2T = /* @__PURE__ */ inPlace(atan2);
export const arctan2: Op2T = atan2;
export const arctan2_: Op2T = atan2_;
