// Choices and combinations of three tensors that broadcast.

import {
  BOOL,
  broadcast,
  DTypeError,
  FLOAT32,
  isComplex,
  isDifferentiable,
  isHalf,
  isIntegral,
  isScalar,
  type Layout,
  resultType,
  type Scalar,
  ShapeError,
  SIZE,
  scalarKind,
  show,
  toNumber,
  UINT8,
} from "../core/index.ts";
import {
  asOperands,
  asTensor,
  bindArguments,
  bools,
  f32,
  fullName,
  i64,
  inPlace,
  type Kernels,
  method,
  need,
  noComplex,
  type Op,
  type Operand,
  type OpN,
  type OpOf,
  type OpQ,
  op,
  operatorOf,
  pointwise,
  pointwiseAs,
  publish,
  type Spec,
  spec,
  toCode,
  wrongArgument,
} from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { add, div, maximum, minimum, mul, sub } from "./binary.ts";
import { ge, gt, le, lt } from "./compare.ts";
import { conj } from "./complex.ts";
import { cast } from "./copy.ts";
import { nonzero } from "./indexing.ts";
import { logicalAnd, logicalOr } from "./logic.ts";

// ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The kernel chooses among elements of one width; a truth value is any byte that is not 0. */
function choose(k: Kernels, condition: Tensor, a: Tensor, b: Tensor, out: Tensor): void {
  const kernel = need(k.backend, `where_w${SIZE[out.code]}`);
  pointwise(k.backend, kernel, out, [condition, toCode(a, out.code), toCode(b, out.code)], 0, 0);
}

const chosen: (condition: Tensor, a: Operand, b: Operand) => Tensor = /* @__PURE__ */ op(
  "where",
  "condition, input, other",
  (condition, a, b) => {
    asTensor(condition, "where", "condition");
    if (a instanceof Tensor || b instanceof Tensor) return [{ condition, ...asOperands("where", a, b) }];
    return [{ condition, ...ofNumbers(condition, a, b) }];
  },
  {
    infer({ condition, a, b }) {
      if (condition.code !== BOOL && condition.code !== UINT8) {
        throw new DTypeError(`where: condition is ${show(condition)}, expected bool`);
      }
      return spec(resultType([a, b]), broadcast("where", [condition.layout, a.layout, b.layout]));
    },
    kernelName: ({ a, b }) => `where_w${SIZE[resultType([a, b])]}`,
    strided: true,
    elementwise: true,
    launch: (k, { condition, a, b }, { out }) => choose(k, condition, a, b, out),
    saves: ["condition"],
    vjp: (g, { condition }) => ({
      condition: null,
      a: () => where(condition, g, 0),
      b: () => where(condition, 0, g),
    }),
    samples: () => [
      [bools(2, 3), f32(2, 3), f32(2, 3)],
      [bools(2, 1), f32(3), 0],
      [bools(3), i64(3), i64(3)],
    ],
    method: (x: Tensor, condition: Tensor, other: Operand) => where(condition, x, other),
  },
);

type Where = Op<
  { (condition: Tensor, a: Operand, b: Operand): Tensor; (condition: Tensor): Tensor[] },
  (condition: Tensor, other: Operand) => Tensor
>;

/**
 * `condition ? a : b`, element by element. The condition is bool; a and b may be numbers. As a method: `x.where(c, y)`
 * is `c ? x : y`. A condition alone gives the places where it is true, as `nonzero` with `asTuple` does.
 */
export const where: Where = /* @__PURE__ */ publish(/* @__PURE__ */ operatorOf(chosen), ((
  ...args: [Tensor] | [Tensor, Operand, Operand]
) => (args.length === 1 ? nonzero(args[0], { asTuple: true }) : chosen(...args))) as never) as unknown as Where;

function ofNumbers(like: Tensor, a: unknown, b: unknown): { a: Tensor; b: Tensor } {
  if (!isScalar(a) || !isScalar(b))
    throw wrongArgument("where", isScalar(a) ? "other" : "input", isScalar(a) ? b : a, "a Tensor or a number");
  const code = resultType([scalarKind(a), scalarKind(b)]);
  const { backend } = like.storage;
  return { a: scalarTensor(a, code, backend), b: scalarTensor(b, code, backend) };
}

type MaskedFill = OpN<[mask: Tensor, value: Operand], { mask: Tensor; value: Operand }>;

/** `x` with `value`, a number or a 0-dim tensor, where the bool `mask` is true. x and mask broadcast. */
export const maskedFill: MaskedFill = /* @__PURE__ */ op(
  "maskedFill",
  "input, mask, value",
  (x, mask, value) => [
    {
      x: asTensor(x, "maskedFill", "input"),
      mask: asTensor(mask, "maskedFill", "mask"),
      value: filling(x, value),
    },
  ],
  {
    infer({ x, mask, value }) {
      if (mask.code !== BOOL) throw new DTypeError(`maskedFill: mask is ${show(mask)}, expected bool`);
      if (value.ndim > 0)
        throw new ShapeError(`maskedFill: value is ${show(value)}, expected a number or a 0-dim tensor`);
      return spec(x.code, broadcast("maskedFill", [x.layout, mask.layout]));
    },
    kernelName: ({ x }) => `where_w${SIZE[x.code]}`,
    strided: true,
    elementwise: true,
    launch: (k, { x, mask, value }, { out }) => choose(k, mask, value, x, out),
    saves: ["mask"],
    vjp: (g, { mask }) => ({
      x: () => where(mask, 0, g),
      mask: null,
      value: () => where(mask, g, 0),
    }),
    samples: () => [
      [f32(2, 3), bools(2, 3), 1.5],
      [f32(2, 3), bools(3), 0],
    ],
  },
);
export const maskedFill_: MaskedFill = /* @__PURE__ */ inPlace(maskedFill);

function filling(x: Tensor, value: unknown): Tensor {
  const complex = value instanceof Tensor ? isComplex(value.code) : isScalar(value) && scalarKind(value) === 3;
  if (complex && !isComplex(x.code)) throw wrongArgument("maskedFill", "value", value, `a real number for ${show(x)}`);
  if (value instanceof Tensor) return value;
  if (!isScalar(value)) throw wrongArgument("maskedFill", "value", value, "a number or a 0-dim tensor");
  return scalarTensor(value, x.code, x.storage.backend);
}

// ── combinations ─────────────────────────────────────────────────────────────────────────────────────────────────────

type Lerp = Op<(a: Tensor, b: Tensor, weight: Operand) => Tensor, (b: Tensor, weight: Operand) => Tensor>;

/** `a + weight · (b - a)`, exact at both ends. Throws DTypeError unless the tensors are of one floating or complex dtype. */
export const lerp: Lerp = /* @__PURE__ */ op(
  "lerp",
  "input, end, weight",
  (a, b, weight) => [
    {
      a: asTensor(a, "lerp", "input"),
      b: asTensor(b, "lerp", "end"),
      w: weight instanceof Tensor ? weight : asOperands("lerp", a, weight).b,
    },
  ],
  {
    infer({ a, b, w }) {
      if (b.code !== a.code || w.code !== a.code || !isDifferentiable(a.code)) {
        throw new DTypeError(`lerp: expected one floating dtype, got ${show(a)}, ${show(b)} and the weight ${show(w)}`);
      }
      return spec(a.code, broadcast("lerp", [a.layout, b.layout, w.layout]));
    },
    pointwise: { kernel: "lerp", compute: resultType, bool: false, expr: "a + w * (b - a)" },
    decompose: ({ a, b, w }) => add(a, mul(w, sub(b, a))),
    saves: ["a", "b", "w"],
    vjp: (g, { a, b, w }) => ({
      a: () => mul(g, conj(sub(1, w))),
      b: () => mul(g, conj(w)),
      w: () => mul(g, conj(sub(b, a))),
    }),
    samples: () => [
      [f32(2, 3), f32(2, 3), 0.3],
      [f32(2, 1), f32(3), f32(2, 3)],
    ],
  },
);
export const lerp_: Lerp = /* @__PURE__ */ inPlace(lerp);

type Addc = OpOf<
  (x: Tensor, a: Tensor, b: Tensor, options?: { value?: Scalar }) => Tensor,
  (a: Tensor, b: Tensor, options?: { value?: Scalar }) => Tensor,
  [x: Tensor, a: Tensor, b: Tensor]
>;

type Three = { readonly x: Tensor; readonly a: Tensor; readonly b: Tensor };

/** What addcmul and addcdiv share: the arguments, and the result's spec. */
function three(name: string, x: Tensor, a: Tensor, b: Tensor, value: Scalar | undefined): [Three, { value: Scalar }] {
  const inputs = { x: asTensor(x, name, "input"), a: asTensor(a, name, "tensor1"), b: asTensor(b, name, "tensor2") };
  if (value !== undefined && !isScalar(value)) throw wrongArgument(name, "value", value, "a number");
  if (value !== undefined && scalarKind(value) > 1 && isIntegral(resultType([x, a, b]))) {
    throw wrongArgument(name, "value", value, `an integer for ${show(x)}`);
  }
  return [inputs, { value: value ?? 1 }];
}

function threeSpec(name: string, { x, a, b }: { x: Spec; a: Spec; b: Spec }): Spec {
  return spec(resultType([x, a, b]), broadcast(name, [x.layout, a.layout, b.layout]));
}

const byValue = ({ value }: Readonly<Record<string, unknown>>): readonly [number, number] => [
  toNumber(value as Scalar),
  0,
];

/** `input + value · tensor1 · tensor2`. Throws DTypeError for bool. */
export const addcmul: Addc = /* @__PURE__ */ op(
  "addcmul",
  "input, tensor1, tensor2, *, value?",
  (x, a, b, value?: Scalar) => three("addcmul", x, a, b, value),
  {
    infer(inputs) {
      const out = threeSpec("addcmul", inputs);
      if (out.code === BOOL) throw new DTypeError("addcmul: not defined for bool");
      return out;
    },
    pointwise: { kernel: "addcmul", compute: resultType, bool: false, params: byValue, expr: "x + p0 * a * b" },
    decompose: ({ x, a, b }, { value }) => add(x, mul(mul(a, value), b)),
    saves: ["a", "b"],
    vjp: (g, { a, b }, { value }) => ({
      x: () => g,
      a: () => mul(mul(g, value), conj(b)),
      b: () => mul(mul(g, value), conj(a)),
    }),
    samples: () => [
      [f32(2, 3), f32(2, 3), f32(2, 3)],
      [f32(2, 1), f32(3), f32(2, 3), { value: 0.5 }],
    ],
  },
);
export const addcmul_: Addc = /* @__PURE__ */ inPlace(addcmul);

/** `input + value · tensor1 / tensor2`. Throws DTypeError for integers. */
export const addcdiv: Addc = /* @__PURE__ */ op(
  "addcdiv",
  "input, tensor1, tensor2, *, value?",
  (x, a, b, value?: Scalar) => three("addcdiv", x, a, b, value),
  {
    infer(inputs) {
      const out = threeSpec("addcdiv", inputs);
      if (isIntegral(out.code))
        throw new DTypeError("addcdiv: integers have no quotient of their own: cast to a float first");
      return out;
    },
    pointwise: { kernel: "addcdiv", compute: resultType, bool: false, params: byValue, expr: "x + p0 * a / b" },
    decompose: ({ x, a, b }, { value }) => add(x, div(mul(a, value), b)),
    saves: ["a", "b"],
    vjp: (g, { a, b }, { value }) => ({
      x: () => g,
      a: () => div(mul(g, value), conj(b)),
      b: () => mul(mul(g, value), conj(div(div(a, mul(b, -1)), b))),
    }),
    samples: () => [[f32(2, 3), f32(2, 3), f32(2, 3)]],
  },
);
export const addcdiv_: Addc = /* @__PURE__ */ inPlace(addcdiv);

// ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type Bound = Operand | null;
type Clamp = OpQ<[], [min?: Bound, max?: Bound], ["min", "max"], { min: Bound; max: Bound }>;

/**
 * `x` held to [min, max], each a number, a tensor or null for none; where min > max it is max. NaN stays, and a bound
 * that is NaN gives NaN. Throws ValueError without any bound.
 */
export const clamp: Clamp = /* @__PURE__ */ op(
  "clamp",
  "input, min?, max?",
  (x, min, max) => bounded("clamp", x, min ?? null, max ?? null),
  {
    infer: ({ x, min, max }) => spec(x.code, broadcast("clamp", layoutsOf(x, min, max))),
    // A bound that is NaN is for the formula: the kernel keeps the NaN of x alone.
    kernelName: ({ x, min, max }, { low, high }) =>
      min === null && max === null && !Number.isNaN(low) && !Number.isNaN(high) ? clampKernel(x.code) : null,
    strided: true,
    elementwise: true,
    launch: (k, { x }, { out }, { low, high }) =>
      launchClamp(k, x, out, low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY),
    decompose: ({ x, min, max }, { low, high }) => {
      const [lo, hi] = bounds(x, min, max, low, high);
      const above = lo === null ? x : maximum(x, lo);
      return hi === null ? above : minimum(above, hi);
    },
    saves: ["x", "min", "max"],
    vjp: (g, { x, min, max }, { low, high }) => {
      const [lo, hi] = bounds(x, min, max, low, high);
      const inside = [lo === null ? null : ge(x, lo), hi === null ? null : le(x, hi)].filter((t) => t !== null);
      return {
        x: () => where(inside.length === 2 ? logicalAnd(inside[0]!, inside[1]!) : inside[0]!, g, 0),
        min: min === null ? null : () => where(hi === null ? lt(x, min) : logicalAnd(lt(x, min), lt(min, hi)), g, 0),
        max: max === null ? null : () => where(lo === null ? gt(x, max) : logicalOr(gt(x, max), lt(max, lo)), g, 0),
      };
    },
    samples: () => [
      [f32(2, 3), -1, 1],
      [f32(2, 3), { max: 0.5 }],
      [f32(2, 3), f32(3), f32(2, 3)],
      [i64(4), -2, 3],
    ],
  },
);
export const clamp_: Clamp = /* @__PURE__ */ inPlace(clamp);
export const clip: Clamp = clamp;
export const clip_: Clamp = clamp_;

/** The kernel that holds numbers of a dtype to bounds; the half types do so as float32. @internal */
export function clampKernel(code: number): string {
  return fullName("clamp", isHalf(code) ? FLOAT32 : code);
}

/** y = x held to bounds, neither of them NaN. @internal */
export function launchClamp(k: Kernels, x: Tensor, y: Tensor, low: number, high: number): void {
  const code = isHalf(x.code) ? FLOAT32 : x.code;
  pointwiseAs(k.backend, need(k.backend, clampKernel(x.code)), code, code, y, [x], low, high);
}

function layoutsOf(...specs: readonly (Spec | null)[]): Layout[] {
  return specs.filter((s) => s !== null).map((s) => s.layout);
}

/** The bounds as tensors, numbers made 0-dim ones; null for none. */
function bounds(
  x: Tensor,
  min: Tensor | null,
  max: Tensor | null,
  low: number | null,
  high: number | null,
): [Tensor | null, Tensor | null] {
  const of = (value: number | null): Tensor | null =>
    value === null ? null : scalarTensor(value, x.code, x.storage.backend);
  return [min ?? of(low), max ?? of(high)];
}

type Bounded = { readonly x: Tensor; readonly min: Tensor | null; readonly max: Tensor | null };

/** The arguments of a clamp: everything in the dtype that promotion gives. */
function bounded(
  name: string,
  x: Tensor,
  min: Bound,
  max: Bound,
): [Bounded, { low: number | null; high: number | null }] {
  asTensor(x, name, "input");
  if (min === null && max === null) throw new TypeError(`${name}: one of min and max is needed`);
  for (const bound of [min, max]) {
    if (bound !== null && !(bound instanceof Tensor) && !isScalar(bound))
      throw wrongArgument(name, "a bound", bound, "a number, a Tensor or null");
  }
  const given = [min, max].filter((bound) => bound !== null);
  const code = resultType([x, ...given.map((bound) => (bound instanceof Tensor ? bound : scalarKind(bound)))]);
  noComplex(name, spec(code, x.shape));
  const to = (t: Tensor): Tensor => (t.code === code ? t : cast(t, code));
  return [
    { x: to(x), min: min instanceof Tensor ? to(min) : null, max: max instanceof Tensor ? to(max) : null },
    {
      low: min === null || min instanceof Tensor ? null : toNumber(min),
      high: max === null || max instanceof Tensor ? null : toNumber(max),
    },
  ];
}

type OneBound = Op<(x: Tensor, bound: Operand) => Tensor, (bound: Operand) => Tensor>;

/** A clamp, or `clamp_`, with one bound. */
function oneBound(name: string, argument: "min" | "max", both: Clamp): OneBound {
  const call = (...args: unknown[]): Tensor => {
    const [x, bound] = bindArguments(name, `input, ${argument}`, args) as [Tensor, Operand];
    asTensor(x, name, "input");
    return argument === "min" ? both(x, bound, null) : both(x, null, bound);
  };
  return method(name, call) as unknown as OneBound;
}

/** `x`, but at least `min`. */
export const clampMin: OneBound = /* @__PURE__ */ oneBound("clampMin", "min", clamp);
export const clampMin_: OneBound = /* @__PURE__ */ oneBound("clampMin_", "min", clamp_);
/** `x`, but at most `max`. */
export const clampMax: OneBound = /* @__PURE__ */ oneBound("clampMax", "max", clamp);
export const clampMax_: OneBound = /* @__PURE__ */ oneBound("clampMax_", "max", clamp_);
