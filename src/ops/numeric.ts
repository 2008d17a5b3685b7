// What is made of the element-wise operators: angles, signs, comparisons with a tolerance, logarithms that know their limits.

import {
  BOOL,
  broadcast,
  COMPLEX128,
  isComplex as complexCode,
  DTypeError,
  defaultFloat,
  FLOAT32,
  FLOAT64,
  Float,
  isFloating,
  isIntegral,
  promoteTypes,
  resultType,
  sameDims,
  show,
  UINT8,
  ValueError,
} from "../core/index.ts";
import {
  asOperands,
  asTensor,
  binary,
  bindArguments,
  f32,
  inPlace,
  method,
  noComplex,
  type Op,
  type Op1,
  type Op2,
  type Op2N,
  type Op2T,
  type OpK,
  type OpQ,
  op,
  spec,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, div, mul, pow, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { eq, ge, gt, le, lt } from "./compare.ts";
import { complex, conj } from "./complex.ts";
import { composed, within, written } from "./composed.ts";
import { logicalAnd, logicalOr } from "./logic.ts";
import { all } from "./reduce.ts";
import { clamp, where } from "./ternary.ts";
import { abs, cos, exp2, flat, isfinite, isnan, log, neg, reciprocal, sin } from "./unary.ts";

/** An operator of one tensor, made of others. */
function of(name: string, body: (x: Tensor) => Tensor): Op1 {
  return composed<Op1>(name, "input", (x) => body(asTensor(x, name, "input")));
}

/** An operator of two tensors, made of others. */
function ofTwo(name: string, body: (a: Tensor, b: Tensor) => Tensor): Op2T {
  return composed<Op2T>(name, "input, other", (a, b) => body(asTensor(a, name, "input"), asTensor(b, name, "other")));
}

/** Integers as floats. */
function floats(x: Tensor): Tensor {
  return isIntegral(x.code) ? asCode(x, defaultFloat()) : x;
}

/** `x` itself. */
export const positive: Op1 = /* @__PURE__ */ of("positive", (x) => x);

/** Degrees as radians. */
export const deg2rad: Op1 = /* @__PURE__ */ of("deg2rad", (x) => mul(floats(x), Math.PI / 180));
/** `deg2rad`, in place. */
export const deg2rad_: Op1 = /* @__PURE__ */ written("deg2rad_", deg2rad);

/** Radians as degrees. */
export const rad2deg: Op1 = /* @__PURE__ */ of("rad2deg", (x) => mul(floats(x), 180 / Math.PI));
/** `rad2deg`, in place. */
export const rad2deg_: Op1 = /* @__PURE__ */ written("rad2deg_", rad2deg);

/** `√(a² + b²)`. */
export const hypot: Op2T = /* @__PURE__ */ ofTwo("hypot", (a, b) =>
  a.code === FLOAT32 && b.code === FLOAT32 ? leg(a, b) : abs(complex(a, b)),
);

/** The same of two float32. */
const leg = /* @__PURE__ */ binary("hypot", {
  numbers: "none",
  decompose: ({ a, b }) => abs(complex(a, b)),
  saves: ["a", "b", "out"],
  vjp(g, { a, b, out }) {
    const share = (x: Tensor) => (): Tensor => mul(g, where(eq(out, 0), 0, div(x, out)));
    return { a: share(a), b: share(b) };
  },
  method: false,
});

/** `hypot`, in place. */
export const hypot_: Op2T = /* @__PURE__ */ written("hypot_", hypot);

/** The larger of the two, and the other where one is NaN. */
export const fmax: Op2T = /* @__PURE__ */ ofTwo("fmax", (a, b) => where(logicalOr(ge(a, b), isnan(b)), a, b));

/** The smaller of the two, and the other where one is NaN. */
export const fmin: Op2T = /* @__PURE__ */ ofTwo("fmin", (a, b) => where(logicalOr(le(a, b), isnan(b)), a, b));

// ── signs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** True where the sign is minus, of -0 too. */
export const signbit: Op1 = /* @__PURE__ */ of("signbit", (x) => {
  noComplex("signbit", x);
  // 1 / -0 is -∞.
  return isIntegral(x.code) ? lt(x, 0) : lt(where(eq(x, 0), reciprocal(x), x), 0);
});

/** `|a|` with the sign of b; no gradient flows through the sign. */
export const copysign: Op2N = /* @__PURE__ */ op(
  "copysign",
  "input, other",
  (a, b) => [asOperands("copysign", asTensor(a, "copysign", "input"), b)],
  {
    infer({ a, b }) {
      noComplex("copysign", a, b);
      const code = resultType([a, b]);
      return spec(isIntegral(code) ? defaultFloat() : code, broadcast("copysign", [a.layout, b.layout]));
    },
    pointwise: {
      kernel: "copysign",
      bool: false,
      compute(operands) {
        const code = resultType(operands);
        return isIntegral(code) ? defaultFloat() : code;
      },
    },
    decompose({ a, b }) {
      const size = floats(asCode(a, resultType([a, b])));
      return where(eq(signbit(b), signbit(size)), size, neg(size));
    },
    saves: ["a", "out"],
    vjp: (g, { a, out }) => ({ a: () => where(eq(a, 0), 0, mul(g, div(out, a))), b: () => flat(g) }),
    samples: () => [
      [f32(2, 3), f32(2, 3)],
      [f32(2, 1), -1],
    ],
  },
);
/** `copysign`, in place. */
export const copysign_: Op2N = /* @__PURE__ */ inPlace(copysign);

/** 0 below 0, 1 above, `values` at 0. */
export const heaviside: Op2T = /* @__PURE__ */ composed<Op2T>("heaviside", "input, values", (x, values) => {
  asTensor(x, "heaviside", "input");
  asTensor(values, "heaviside", "values");
  if (x.code !== values.code)
    throw new DTypeError(`heaviside: input is ${show(x)} and values ${show(values)}: expected one dtype`);
  return where(eq(x, 0), values, asCode(gt(x, 0), x.code));
});
/** `heaviside`, in place. */
export const heaviside_: Op2T = /* @__PURE__ */ written("heaviside_", heaviside);

/** True where x is ∞. */
export const isposinf: Op1 = /* @__PURE__ */ of("isposinf", (x) =>
  eq(noComplexOf("isposinf", x), Number.POSITIVE_INFINITY),
);

/** True where x is -∞. */
export const isneginf: Op1 = /* @__PURE__ */ of("isneginf", (x) =>
  eq(noComplexOf("isneginf", x), Number.NEGATIVE_INFINITY),
);

function noComplexOf(name: string, x: Tensor): Tensor {
  noComplex(name, x);
  return x;
}

// ── powers and logarithms ────────────────────────────────────────────────────────────────────────────────────────────

/** `a ** b` in float64, or complex128. */
export const floatPower: Op2 = /* @__PURE__ */ composed<Op2>("floatPower", "input, exponent", (a, b) => {
  const pair = asOperands("floatPower", a, b);
  const wide = complexCode(promoteTypes(pair.a.code, pair.b.code)) ? COMPLEX128 : FLOAT64;
  return pow(asCode(pair.a, wide), asCode(pair.b, wide));
});
/** `floatPower`, in place. */
export const floatPower_: Op2 = /* @__PURE__ */ written("floatPower_", floatPower);

/** `a · 2^b`. */
export const ldexp: Op2T = /* @__PURE__ */ ofTwo("ldexp", (a, b) => mul(a, exp2(floats(b))));
/** `ldexp`, in place. */
export const ldexp_: Op2T = /* @__PURE__ */ written("ldexp_", ldexp);

/** `a · log b`; 0 where a is 0 and b is no NaN. */
export const xlogy: Op2 = /* @__PURE__ */ composed<Op2>("xlogy", "input, other", (a, b) => {
  const pair = asOperands("xlogy", a, b);
  return timesLog(pair.a, pair.b, log);
});
/** `xlogy`, in place. */
export const xlogy_: Op2 = /* @__PURE__ */ written("xlogy_", xlogy);

function timesLog(a: Tensor, b: Tensor, logarithm: (x: Tensor) => Tensor): Tensor {
  const none = logicalAnd(eq(a, 0), eq(b, b));
  // Of what is not used the logarithm is taken of 1, so that no gradient is NaN.
  return where(none, mul(floats(a), 0), mul(a, logarithm(where(none, 1, floats(b)))));
}

type Logit = OpK<[eps?: number | null], ["eps"], { eps: number | null }>;

/** `log(x / (1 - x))`; with `eps` x is held to [eps, 1 - eps] first. NaN beyond [0, 1]. */
export const logit: Logit = /* @__PURE__ */ composed<Logit>("logit", "input, eps?", (input, eps) => {
  const x = floats(asTensor(input, "logit", "input"));
  return odds(eps == null ? x : clamp(x, eps, 1 - eps));
});

/** `log(x / (1 - x))` */
const odds: Op1 = /* @__PURE__ */ op("logit", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  decompose: ({ x }) => log(div(x, sub(1, x))),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => div(g, conj(mul(x, sub(1, x)))) }),
  method: false,
});
/** `logit`, in place. */
export const logit_: Logit = /* @__PURE__ */ written("logit_", logit);

/** `sin(πx) / (πx)`, 1 at 0. */
export const sinc: Op1 = /* @__PURE__ */ of("sinc", (x) => {
  const z = mul(floats(x), Math.PI);
  const zero = eq(z, 0);
  const safe = where(zero, 1, z);
  // At 0 the slope is 0, and must be of x, that a gradient comes.
  return where(zero, add(mul(z, 0), 1), div(sin(safe), safe));
});
/** `sinc`, in place. */
export const sinc_: Op1 = /* @__PURE__ */ written("sinc_", sinc);

/** Complex numbers of the size `abs` and the angle `angle`. */
export const polar: Op2T = /* @__PURE__ */ composed<Op2T>("polar", "abs, angle", (size, angle) => {
  asTensor(size, "polar", "abs");
  asTensor(angle, "polar", "angle");
  return complex(mul(size, cos(angle)), mul(size, sin(angle)));
});

type NanToNum = OpK<
  [nan?: number | null, posinf?: number | null, neginf?: number | null],
  ["nan", "posinf", "neginf"],
  { nan: number | null; posinf: number | null; neginf: number | null }
>;

/** The largest finite number of the floating types. */
const LARGEST: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: 2 ** 127 * (2 - 2 ** -7),
  float32: 2 ** 127 * (2 - 2 ** -23),
  float64: Number.MAX_VALUE,
};

/** `x` with NaN as `nan` (0), ∞ as `posinf` and -∞ as `neginf`, by default the largest and least of the dtype. */
export const nanToNum: NanToNum = /* @__PURE__ */ composed<NanToNum>(
  "nanToNum",
  "input, nan?, posinf?, neginf?",
  (input, nan, posinf, neginf) => {
    const x = noComplexOf("nanToNum", asTensor(input, "nanToNum", "input"));
    if (isIntegral(x.code)) return x;
    const most = LARGEST[x.dtype]!;
    const finite = where(isnan(x), Float(nan ?? 0), where(isposinf(x), Float(posinf ?? most), x));
    return where(isneginf(x), Float(neginf ?? -most), finite);
  },
);
/** `nanToNum`, in place. */
export const nanToNum_: NanToNum = /* @__PURE__ */ written("nanToNum_", nanToNum);

// ── nearly equal ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Tolerance {
  rtol: number;
  atol: number;
  /** NaN is close to NaN. Default false. */
  equalNan: boolean;
}
type Close<R> = OpQ<
  [other: Tensor],
  [rtol?: number, atol?: number, equalNan?: boolean],
  ["rtol", "atol", "equalNan"],
  Tolerance,
  R
>;

function close(name: string, a: Tensor, b: Tensor, rtol: number, atol: number, equalNan: boolean): Tensor {
  asTensor(a, name, "input");
  asTensor(b, name, "other");
  if (a.code !== b.code) throw new DTypeError(`${name}: input is ${show(a)} and other ${show(b)}: expected one dtype`);
  if (rtol < 0 || atol < 0) throw new ValueError(`${name}: rtol is ${rtol} and atol ${atol}, expected none below 0`);
  let near = eq(a, b);
  if (equalNan) near = logicalOr(near, logicalAnd(isnan(a), isnan(b)));
  if (rtol === 0 && atol === 0) return near;
  const [x, y] = [floats(a), floats(b)];
  const distance = abs(sub(x, y));
  return logicalOr(near, logicalAnd(isfinite(distance), le(distance, add(abs(mul(y, rtol)), atol))));
}

/** True where `|a - b| ≤ atol + rtol · |b|`; rtol is 1e-5, atol 1e-8. */
export const isclose: Close<Tensor> = /* @__PURE__ */ composed<Close<Tensor>>(
  "isclose",
  "input, other, rtol?, atol?, equalNan?",
  (a, b, rtol, atol, equalNan) => close("isclose", a, b, rtol ?? 1e-5, atol ?? 1e-8, equalNan ?? false),
);

/** Whether all elements are close, as `isclose` has it. Throws DeviceError where they cannot be read without waiting. */
export const allclose: Close<boolean> = /* @__PURE__ */ method("allclose", (...args: unknown[]): boolean => {
  const [a, b, rtol, atol, equalNan] = bindArguments("allclose", "input, other, rtol?, atol?, equalNan?", args);
  const near = within("allclose", () =>
    all(
      close(
        "allclose",
        a as Tensor,
        b as Tensor,
        (rtol as number | undefined) ?? 1e-5,
        (atol as number | undefined) ?? 1e-8,
        equalNan === true,
      ),
    ),
  );
  return Boolean(near.item());
}) as unknown as Close<boolean>;

type Equal = Op<(a: Tensor, b: Tensor) => boolean, (b: Tensor) => boolean>;

/** Whether shapes and elements are the same. Throws DeviceError where they cannot be read without waiting. */
export const equal: Equal = /* @__PURE__ */ method("equal", (a: Tensor, b: Tensor): boolean => {
  asTensor(a, "equal", "input");
  asTensor(b, "equal", "other");
  return sameDims(a.shape, b.shape) && Boolean(within("equal", () => all(eq(a, b))).item());
});

// ── what kind of numbers ─────────────────────────────────────────────────────────────────────────────────────────────

type Asked = Op<(x: Tensor) => boolean, () => boolean>;

function asked(name: string, of: (code: number) => boolean): Asked {
  return method(name, (x: Tensor): boolean => of(asTensor(x, name, "input").code));
}

/** Whether the dtype is complex. */
export const isComplex: Asked = /* @__PURE__ */ asked("isComplex", complexCode);
/** Whether the dtype is a float. */
export const isFloatingPoint: Asked = /* @__PURE__ */ asked("isFloatingPoint", isFloating);
/** Whether the dtype has numbers below 0. */
export const isSigned: Asked = /* @__PURE__ */ asked("isSigned", (code) => code !== BOOL && code !== UINT8);
