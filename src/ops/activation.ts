// Activations. Those that PyTorch has as methods are methods here; the others are functions of `nn.functional` alone.

import {
  BOOL,
  DTypeError,
  isComplex,
  isFloating,
  isIntegral,
  ShapeError,
  show,
  showValue,
  ValueError,
} from "../core/index.ts";
import {
  asTensor,
  binary,
  bindArguments,
  c64,
  type FnQ,
  f32,
  i64,
  inPlace,
  noComplex,
  type Op1,
  type OperatorFunction,
  type OpK,
  op,
  operatorOf,
  publish,
  type Spec,
  spec,
  unary,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, div, mul, sub } from "./binary.ts";
import { ge, gt, le, lt } from "./compare.ts";
import { conj } from "./complex.ts";
import { composedFunction } from "./composed.ts";
import { copy_ } from "./copy.ts";
import { cat } from "./join.ts";
import { logicalAnd } from "./logic.ts";
import { narrow } from "./pick.ts";
import { clamp, clampKernel, launchClamp, where } from "./ternary.ts";
import { abs, erfc, exp, expm1, log1p, neg, sigmoid, square, tanh } from "./unary.ts";
import { dimOf, reshape } from "./view.ts";

const SAMPLES = [[f32(2, 3)], [f32()], [f32(0, 2)]];

/** Throws DTypeError for what is no float. */
function floats(name: string, x: Spec): Spec {
  if (!isFloating(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}: expected floats`);
  return x;
}

/** A pointwise kernel of one tensor with parameters p0 and p1. */
function kernel(name: string, params: (attrs: Readonly<Record<string, number>>) => readonly [number, number]) {
  return { kernel: name, compute: ([x]: readonly Spec[]) => x!.code, bool: false, params: params as never };
}

/** `f` with a last argument `inplace`, which has the result written over the input. */
function inplaceable<F>(f: F, signature: string): F {
  const call = f as unknown as OperatorFunction;
  const overwriting = inPlace(call);
  return publish(operatorOf(f), (...args: unknown[]): unknown => {
    if (args.length === 1) return call(args[0]);
    const values = bindArguments(call.opName, `${signature}, inplace?`, args);
    return (values.pop() === true ? overwriting : call)(...values);
  }) as unknown as F;
}

type Inplace = OpK<[inplace?: boolean], ["inplace"], { inplace: boolean }>;

// ── piecewise linear ─────────────────────────────────────────────────────────────────────────────────────────────────

const rectified: Op1 = /* @__PURE__ */ unary("relu", {
  expr: "max(x, 0)",
  check: ({ x }) => noComplex("relu", x),
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => reluGrad(g, out) }),
  samples: () => [...SAMPLES, [i64(4)]],
});

/** `max(x, 0)`. The derivative at 0 is 0. */
export const relu: Inplace = /* @__PURE__ */ inplaceable(rectified, "input") as unknown as Inplace;
export const relu_: Op1 = /* @__PURE__ */ inPlace(rectified);

/** `g` unless the result, `b`, is 0: a NaN lets it pass. */
const reluGrad = /* @__PURE__ */ binary("reluGrad", {
  method: false,
  decompose: ({ a: g, b: y }) => where(le(y, 0), 0, g),
});

type LeakyRelu = OpK<
  [negativeSlope?: number, inplace?: boolean],
  ["negativeSlope", "inplace"],
  { negativeSlope: number; inplace: boolean }
>;

/** `x`, or `negativeSlope · x` (default 0.01) where it is negative. */
export const leakyRelu: LeakyRelu = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ op<LeakyRelu, { x: Tensor }, { slope: number }, "x">(
    "leakyRelu",
    "input, negativeSlope?",
    (x, slope) => [{ x: asTensor(x, "leakyRelu", "input") }, { slope: slope ?? 0.01 }],
    {
      infer: ({ x }) => floats("leakyRelu", x),
      pointwise: /* @__PURE__ */ kernel("leakyRelu", ({ slope }) => [slope!, 0]),
      decompose: ({ x }, { slope }) => where(gt(x, 0), x, mul(x, slope)),
      saves: ["x"],
      vjp: (g, { x }, { slope }) => ({ x: () => leakyReluGrad(g, x, slope, 0) }),
      samples: () => [[f32(2, 3)], [f32(3), 0.2]],
      method: false,
    },
  ),
  "input, negativeSlope?",
);
export const leakyRelu_: LeakyRelu = /* @__PURE__ */ inPlace(leakyRelu);

/** A derivative with the kernel's parameters p and q, and what it is made of where there is no kernel. */
function slope(
  name: string,
  formula: (g: Tensor, x: Tensor, p: number, q: number) => Tensor,
): (g: Tensor, x: Tensor, p: number, q: number) => Tensor {
  return op<(g: Tensor, x: Tensor, p: number, q: number) => Tensor, { g: Tensor; x: Tensor }, { p: number; q: number }>(
    name,
    "grad, input, p, q",
    (g, x, p, q) => [
      { g, x },
      { p, q },
    ],
    {
      infer: ({ x }) => spec(x.code, x.shape),
      pointwise: kernel(name, ({ p, q }) => [p!, q!]),
      decompose: ({ g, x }, { p, q }) => formula(g, x, p, q),
      method: false,
    },
  );
}

const leakyReluGrad = /* @__PURE__ */ slope("leakyReluGrad", (g, x, slope) => where(gt(x, 0), g, mul(g, slope)));

type Hardtanh = OpK<
  [minVal?: number, maxVal?: number, inplace?: boolean],
  ["minVal", "maxVal", "inplace"],
  { minVal: number; maxVal: number; inplace: boolean }
>;

/** `x` held to [minVal, maxVal], by default [-1, 1]; at the bounds and beyond the derivative is 0. */
export const hardtanh: Hardtanh = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ op<Hardtanh, { x: Tensor }, { low: number; high: number }, "x">(
    "hardtanh",
    "input, minVal?, maxVal?",
    (x, low = -1, high = 1) => {
      if (low > high) throw new ValueError(`hardtanh: minVal ${low} is greater than maxVal ${high}`);
      // In integers the bounds lose their fraction, as numbers do.
      const bound = isIntegral(asTensor(x, "hardtanh", "input").code) ? Math.trunc : Number;
      return [{ x }, { low: bound(low), high: bound(high) }];
    },
    {
      infer({ x }) {
        noComplex("hardtanh", x);
        if (x.code === BOOL) throw new DTypeError("hardtanh: not defined for bool");
        return x;
      },
      // A bound that is NaN is for the formula: the kernel keeps the NaN of x alone.
      kernelName: ({ x }, { low, high }) => (isFloating(x.code) && low <= high ? clampKernel(x.code) : null),
      strided: true,
      launch: (k, { x }, { out }, { low, high }) => launchClamp(k, x, out, low, high),
      decompose: ({ x }, { low, high }) => clamp(x, low, high),
      saves: ["x"],
      vjp: (g, { x }, { low, high }) => ({ x: () => hardtanhGrad(g, x, low, high) }),
      samples: () => [[f32(2, 3)], [f32(3), -0.5, 0.5]],
      method: false,
    },
  ),
  "input, minVal?, maxVal?",
);
export const hardtanh_: Hardtanh = /* @__PURE__ */ inPlace(hardtanh);

const hardtanhGrad = /* @__PURE__ */ slope("hardtanhGrad", (g, x, low, high) =>
  where(le(x, low), 0, where(lt(x, high), g, 0)),
);

/** `(x + 3) / 6` held to [0, 1]. */
export const hardsigmoid: Inplace = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ unary("hardsigmoid", {
    expr: "min(max(x + 3, 0), 6) / 6",
    check: ({ x }) => void floats("hardsigmoid", x),
    decompose: ({ x }) => div(clamp(add(x, 3), 0, 6), 6),
    saves: ["x"],
    vjp: (g, { x }) => ({ x: () => hardsigmoidGrad(g, x) }),
    samples: () => SAMPLES,
    method: false,
  }),
  "input",
) as unknown as Inplace;

/** `g / 6` within ±3, else 0. */
const hardsigmoidGrad = /* @__PURE__ */ binary("hardsigmoidGrad", {
  method: false,
  decompose: ({ a: g, b: x }) => where(lt(abs(x), 3), div(g, 6), 0),
});

/** `x · hardsigmoid(x)`. */
export const hardswish: Inplace = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ unary("hardswish", {
    expr: "x * min(max(x + 3, 0), 6) / 6",
    check: ({ x }) => void floats("hardswish", x),
    decompose: ({ x }) => div(mul(x, clamp(add(x, 3), 0, 6)), 6),
    saves: ["x"],
    vjp: (g, { x }) => ({ x: () => hardswishGrad(g, x) }),
    samples: () => SAMPLES,
    method: false,
  }),
  "input",
) as unknown as Inplace;

/** 0 below -3, `g` above 3, between `g · (x / 3 + ½)`. */
const hardswishGrad = /* @__PURE__ */ binary("hardswishGrad", {
  method: false,
  decompose: ({ a: g, b: x }) => where(lt(x, -3), 0, where(gt(x, 3), g, mul(g, add(div(x, 3), 0.5)))),
});

// ── of the exponential ───────────────────────────────────────────────────────────────────────────────────────────────

type Elu = OpK<[alpha?: number, inplace?: boolean], ["alpha", "inplace"], { alpha: number; inplace: boolean }>;

/** `x`, or `alpha · (e^x - 1)` where it is negative. */
export const elu: Elu = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ op<Elu, { x: Tensor }, { alpha: number }, "x">(
    "elu",
    "input, alpha?",
    (x, alpha) => [{ x: asTensor(x, "elu", "input") }, { alpha: alpha ?? 1 }],
    {
      infer: ({ x }) => floats("elu", x),
      pointwise: /* @__PURE__ */ kernel("elu", ({ alpha }) => [alpha!, 1]),
      decompose: ({ x }, { alpha }) => where(gt(x, 0), x, mul(expm1(x), alpha)),
      saves: ["x"],
      vjp: (g, { x }, { alpha }) => ({ x: () => eluGrad(g, x, alpha, 1) }),
      samples: () => [[f32(2, 3)], [f32(3), 0.5]],
      method: false,
    },
  ),
  "input, alpha?",
);
export const elu_: Elu = /* @__PURE__ */ inPlace(elu);

/** The exponential is taken of the negative side only: its overflow would be 0 · ∞ in a second derivative. */
const eluGrad = /* @__PURE__ */ slope("eluGrad", (g, x, alpha, scale) =>
  where(gt(x, 0), g, mul(g, mul(exp(clamp(mul(x, scale), null, 0)), alpha * scale))),
);

/** `x · sigmoid(x)`. */
export const silu: Inplace = /* @__PURE__ */ inplaceable(
  /* @__PURE__ */ unary("silu", {
    expr: "x / (1 + exp(-x))",
    check: ({ x }) => {
      if (!isComplex(x.code)) floats("silu", x);
    },
    decompose: ({ x }) => mul(x, sigmoid(x)),
    saves: ["x"],
    vjp: (g, { x }) => ({ x: () => siluGrad(g, x) }),
    samples: () => [...SAMPLES, [c64(3)]],
    method: false,
  }),
  "input",
) as unknown as Inplace;

/** `g · s · (1 + x · (1 - s))`, s = sigmoid(x). */
const siluGrad = /* @__PURE__ */ binary("siluGrad", {
  method: false,
  decompose: ({ a: g, b: x }) => {
    const s = sigmoid(x);
    return mul(g, conj(mul(s, add(mul(x, sub(1, s)), 1))));
  },
});

/** `log(sigmoid(x))`, without overflow. */
export const logsigmoid: Op1 = /* @__PURE__ */ unary("logsigmoid", {
  node: "LogSigmoidBackward0",
  expr: "min(x, 0) - log1p(exp(-abs(x)))",
  check: ({ x }) => void floats("logsigmoid", x),
  decompose: ({ x }) => sub(clamp(x, null, 0), log1p(exp(neg(abs(x))))),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, sigmoid(neg(x))) }),
  samples: () => SAMPLES,
  method: false,
});

type Softplus = OpK<[beta?: number, threshold?: number], ["beta", "threshold"], { beta: number; threshold: number }>;

/** `log(1 + e^(beta · x)) / beta`, and `x` where `beta · x > threshold` (20). */
export const softplus: Softplus = /* @__PURE__ */ op(
  "softplus",
  "input, beta?, threshold?",
  (x, beta, threshold) => [{ x: asTensor(x, "softplus", "input") }, { beta: beta ?? 1, threshold: threshold ?? 20 }],
  {
    infer: ({ x }) => floats("softplus", x),
    pointwise: /* @__PURE__ */ kernel("softplus", ({ beta, threshold }) => [beta!, threshold!]),
    decompose: ({ x }, { beta, threshold }) => {
      const z = mul(x, beta);
      return where(gt(z, threshold), x, div(log1p(exp(clamp(z, null, threshold))), beta));
    },
    saves: ["x"],
    vjp: (g, { x }, { beta, threshold }) => ({ x: () => softplusGrad(g, x, beta, threshold) }),
    samples: () => [[f32(2, 3)], [f32(3), 2, 1]],
    method: false,
  },
);

const softplusGrad = /* @__PURE__ */ slope("softplusGrad", (g, x, beta, threshold) => {
  const z = mul(x, beta);
  return where(gt(z, threshold), g, mul(g, sigmoid(z)));
});

// ── of the normal distribution ───────────────────────────────────────────────────────────────────────────────────────

const geluExact: Op1 = /* @__PURE__ */ unary("gelu", {
  expr: "0.5 * x * erfc(-x / sqrt(2))",
  check: ({ x }) => void floats("gelu", x),
  decompose: ({ x }) => mul(x, normal(x)),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => geluGrad(g, x) }),
  samples: () => SAMPLES,
  method: false,
});

/** Φ: the part of the normal distribution that lies below x. */
function normal(x: Tensor): Tensor {
  return mul(erfc(mul(x, -Math.SQRT1_2)), 0.5);
}

/** `g · (Φ(x) + x · φ(x))`. */
const geluGrad = /* @__PURE__ */ binary("geluGrad", {
  method: false,
  decompose: ({ a: g, b: x }) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(normal(x), mul(x, density)));
  },
});

const geluTanh: Op1 = /* @__PURE__ */ unary("geluTanh", {
  check: ({ x }) => void floats("gelu", x),
  decompose: ({ x }) => mul(mul(x, 0.5), add(tanh(inner(x)), 1)),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => geluTanhGrad(g, x) }),
  samples: () => SAMPLES,
  method: false,
});

const SCALE = /* @__PURE__ */ Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** u = √(2/π) · (x + 0.044715 x³). */
function inner(x: Tensor): Tensor {
  return mul(add(x, mul(mul(x, square(x)), CUBIC)), SCALE);
}

/** `g · ((1 + t) / 2 + x · (1 - t²) · u' / 2)`, t = tanh u. */
const geluTanhGrad = /* @__PURE__ */ binary("geluTanhGrad", {
  method: false,
  decompose: ({ a: g, b: x }) => {
    const t = tanh(inner(x));
    const slope = mul(add(mul(square(x), 3 * CUBIC), 1), SCALE);
    return mul(g, mul(add(add(t, 1), mul(mul(x, sub(1, square(t))), slope)), 0.5));
  },
});

type Gelu = OpK<[], [], { approximate: "none" | "tanh" }>;

/**
 * `x · Φ(x)`, Φ the normal distribution; with `approximate: "tanh"` Φ is `(1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2`.
 */
export const gelu: Gelu = /* @__PURE__ */ publish(
  /* @__PURE__ */ operatorOf(geluExact),
  (...args: unknown[]): Tensor => {
    const [x, approximate = "none"] = args.length === 1 ? args : bindArguments("gelu", "input, *, approximate?", args);
    if (approximate !== "none" && approximate !== "tanh") {
      throw new ValueError(`gelu: approximate is ${showValue(approximate)}, expected "none" or "tanh"`);
    }
    return (approximate === "tanh" ? geluTanh : geluExact)(x as Tensor);
  },
) as unknown as Gelu;

// ── formulas over others ─────────────────────────────────────────────────────────────────────────────────────────────

type Plain = FnQ<[x: Tensor], [inplace?: boolean], ["inplace"], { inplace: boolean }>;

/** An activation without parameters, which `inplace` has written over the input. */
function plain(name: string, formula: (x: Tensor) => Tensor): Plain {
  return composedFunction<Plain>(name, "input, inplace?", (x, inplace) => {
    const y = formula(asTensor(x, name, "input"));
    return inplace === true ? copy_(x, y) : y;
  });
}

/** `x` held to [0, 6]. */
export const relu6: Plain = /* @__PURE__ */ plain("relu6", (x) => hardtanh(x, 0, 6));

/** `x · tanh(softplus(x))`. */
export const mish: Plain = /* @__PURE__ */ plain("mish", (x) => mul(x, tanh(softplus(x))));

// Chosen so that activations of mean 0 and variance 1 stay so (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515).
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** `1.0507 · elu(x, 1.6733)`, which keeps activations near mean 0 and variance 1. */
export const selu: Plain = /* @__PURE__ */ plain("selu", (x) => mul(elu(x, SELU_ALPHA), SELU_SCALE));

/** `x / (1 + |x|)`. */
export const softsign: FnQ<[x: Tensor], [], [], object> = /* @__PURE__ */ composedFunction("softsign", "input", (x) =>
  div(x, add(abs(asTensor(x, "softsign", "input")), 1)),
);

/** `x - tanh(x)`. */
export const tanhshrink: FnQ<[x: Tensor], [], [], object> = /* @__PURE__ */ composedFunction(
  "tanhshrink",
  "input",
  (x) => sub(x, tanh(asTensor(x, "tanhshrink", "input"))),
);

type Celu = FnQ<
  [x: Tensor],
  [alpha?: number, inplace?: boolean],
  ["alpha", "inplace"],
  { alpha: number; inplace: boolean }
>;

/** `x`, or `alpha · (e^(x / alpha) - 1)` where it is negative. */
export const celu: Celu = /* @__PURE__ */ composedFunction<Celu>(
  "celu",
  "input, alpha?, inplace?",
  (x, alpha = 1, inplace) => {
    asTensor(x, "celu", "input");
    if (alpha === 0) throw new ValueError("celu: alpha is 0");
    const y = alpha > 0 && isFloating(x.code) ? scaledElu(x, alpha) : celuOf(x, alpha);
    return inplace === true ? copy_(x, y) : y;
  },
);

function celuOf(x: Tensor, alpha: number): Tensor {
  return where(gt(x, 0), x, mul(expm1(div(clamp(x, null, 0), alpha)), alpha));
}

/** The same for an alpha that is positive. */
const scaledElu: (x: Tensor, alpha: number) => Tensor = /* @__PURE__ */ op<
  (x: Tensor, alpha: number) => Tensor,
  { x: Tensor },
  { alpha: number },
  "x"
>("celu", "input, alpha", (x, alpha) => [{ x }, { alpha }], {
  infer: ({ x }) => spec(x.code, x.shape),
  pointwise: /* @__PURE__ */ kernel("elu", ({ alpha }) => [alpha!, 1 / alpha!]),
  decompose: ({ x }, { alpha }) => celuOf(x, alpha),
  saves: ["x"],
  vjp: (g, { x }, { alpha }) => ({ x: () => eluGrad(g, x, alpha, 1 / alpha) }),
  method: false,
});

type Shrink = FnQ<[x: Tensor], [lambd?: number], ["lambd"], { lambd: number }>;

/** A shrinkage: floats by a kernel, whatever else by its formula. */
function shrinkage(name: string, formula: (x: Tensor, lambd: number) => Tensor): (x: Tensor, lambd: number) => Tensor {
  const direct = op<(x: Tensor, lambd: number) => Tensor, { x: Tensor }, { lambd: number }, "x">(
    name,
    "input, lambd",
    (x, lambd) => [{ x }, { lambd }],
    {
      infer: ({ x }) => spec(x.code, x.shape),
      pointwise: kernel(name, ({ lambd }) => [lambd!, 0]),
      decompose: ({ x }, { lambd }) => formula(x, lambd),
      saves: ["x"],
      vjp: (g, { x }, { lambd }) => ({ x: () => shrinkGrad(g, x, lambd, 0) }),
      method: false,
    },
  );
  return (x, lambd) => (isFloating(x.code) ? direct(x, lambd) : formula(x, lambd));
}

const isWithin = (x: Tensor, lambd: number): Tensor => logicalAnd(ge(x, -lambd), le(x, lambd));

/** `g`, or 0 where x lies within `lambd` of 0. */
const shrinkGrad = /* @__PURE__ */ slope("shrinkGrad", (g, x, lambd) => where(isWithin(x, lambd), 0, g));

const hardshrunk = /* @__PURE__ */ shrinkage("hardshrink", (x, lambd) => where(isWithin(x, lambd), 0, x));
const softshrunk = /* @__PURE__ */ shrinkage("softshrink", (x, lambd) =>
  where(gt(x, lambd), sub(x, lambd), where(lt(x, -lambd), add(x, lambd), 0)),
);

/** `x`, and 0 where it lies within `lambd` (0.5) of 0. */
export const hardshrink: Shrink = /* @__PURE__ */ composedFunction<Shrink>(
  "hardshrink",
  "input, lambd?",
  (x, lambd = 0.5) => hardshrunk(asTensor(x, "hardshrink", "input"), lambd),
);

/** `x`, nearer to 0 by `lambd` (0.5), and 0 where it lies within. */
export const softshrink: Shrink = /* @__PURE__ */ composedFunction<Shrink>(
  "softshrink",
  "input, lambd?",
  (x, lambd = 0.5) => {
    asTensor(x, "softshrink", "input");
    if (!(lambd >= 0)) throw new ValueError(`softshrink: lambd is ${lambd}, expected none below 0`);
    return softshrunk(x, lambd);
  },
);

type Threshold = FnQ<
  [x: Tensor, threshold: number, value: number],
  [inplace?: boolean],
  ["inplace"],
  { inplace: boolean }
>;

/** `x` where it is greater than `threshold`, else `value`. */
export const threshold: Threshold = /* @__PURE__ */ composedFunction<Threshold>(
  "threshold",
  "input, threshold, value, inplace?",
  (x, threshold, value, inplace) => {
    asTensor(x, "threshold", "input");
    const y = isFloating(x.code) ? cut(x, threshold, value) : where(gt(x, threshold), x, value);
    return inplace === true ? copy_(x, y) : y;
  },
);

const cut: (x: Tensor, threshold: number, value: number) => Tensor = /* @__PURE__ */ op<
  (x: Tensor, threshold: number, value: number) => Tensor,
  { x: Tensor },
  { threshold: number; value: number },
  "x"
>("threshold", "input, threshold, value", (x, threshold, value) => [{ x }, { threshold, value }], {
  infer: ({ x }) => spec(x.code, x.shape),
  pointwise: /* @__PURE__ */ kernel("threshold", ({ threshold, value }) => [threshold!, value!]),
  decompose: ({ x }, { threshold, value }) => where(gt(x, threshold), x, value),
  saves: ["x"],
  vjp: (g, { x }, { threshold }) => ({ x: () => where(gt(x, threshold), g, 0) }),
  method: false,
});

type Prelu = FnQ<[x: Tensor, weight: Tensor], [], [], object>;

/** `x`, or `weight · x` where it is negative; the weight is one number, or one for each channel (dim 1). */
export const prelu: Prelu = /* @__PURE__ */ composedFunction<Prelu>("prelu", "input, weight", (x, weight) => {
  asTensor(x, "prelu", "input");
  asTensor(weight, "prelu", "weight");
  if (weight.ndim > 1) throw new ShapeError(`prelu: weight is ${show(weight)}, expected at most one dim`);
  const channels = x.ndim > 1 ? x.shape[1]! : 1;
  if (weight.numel() !== 1 && (x.ndim === 0 || weight.numel() !== channels)) {
    throw new ShapeError(
      `prelu: weight is ${show(weight)}, expected one number or ${channels}, the channels of ${show(x)}`,
    );
  }
  const shape = x.shape.map((_, d) => (d === 1 ? weight.numel() : 1));
  const slopes = reshape(weight, x.ndim > 1 ? shape : x.shape.map(() => 1));
  return x.code === slopes.code && isFloating(x.code) ? sloped(x, slopes) : where(gt(x, 0), x, mul(x, slopes));
});

/** `a`, or `b · a` where it is not positive. */
const sloped = /* @__PURE__ */ binary("prelu", {
  numbers: "none",
  saves: ["a", "b"],
  decompose: ({ a, b }) => where(gt(a, 0), a, mul(a, b)),
  vjp: (g, { a, b }) => ({
    a: () => where(gt(a, 0), g, mul(g, b)),
    b: () => mul(g, clamp(a, null, 0)),
  }),
  samples: () => [[f32(2, 3), f32(3)]],
  method: false,
});

type Glu = FnQ<[x: Tensor], [dim?: number], ["dim"], { dim: number }>;

/** Halves of `x` along `dim` (-1): the first times the sigmoid of the second. */
export const glu: Glu = /* @__PURE__ */ composedFunction<Glu>("glu", "input, dim?", (x, dim = -1) => {
  const at = dimOf(dim, asTensor(x, "glu", "input").ndim, "glu");
  const size = x.shape[at] ?? 0;
  if (x.ndim === 0 || size % 2 !== 0) throw new ShapeError(`glu: ${show(x)} has no halves along dim ${dim}`);
  return gated(x, at);
});

/** `a · sigmoid(b)`, a and b the halves along `dim`. */
const gated: (x: Tensor, dim: number) => Tensor = /* @__PURE__ */ op(
  "glu",
  "input, dim",
  (x: Tensor, dim: number) => [{ x }, { dim }],
  {
    infer: ({ x }, { dim }) => spec(x.code, x.shape.with(dim, x.shape[dim]! / 2)),
    decompose({ x }, { dim }) {
      const [a, b] = halves(x, dim);
      return mul(a, sigmoid(b));
    },
    saves: ["x"],
    vjp: (g, { x }, { dim }) => ({
      x() {
        const [a, b] = halves(x, dim);
        const gate = sigmoid(b);
        const through = mul(g, conj(gate));
        return cat([through, mul(mul(through, conj(a)), conj(sub(1, gate)))], dim);
      },
    }),
    method: false,
    samples: () => [[f32(2, 4), 1]],
  },
);

function halves(x: Tensor, dim: number): [Tensor, Tensor] {
  const size = x.shape[dim]! / 2;
  return [narrow(x, dim, 0, size), narrow(x, dim, size, size)];
}
