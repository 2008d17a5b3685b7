// Convolutions. Three primitives, each linear in two tensors, are each other's derivatives:
//
//   convolve    y = x ∗ w           x [n, c, h, w], w [o, c / groups, kh, kw], y [n, o, oh, ow]
//   convInput   x from y and w      the gradient of it by x
//   convWeight  w from y and x      the gradient of it by w
//
// They are real: a complex convolution is made of four.

import { DTypeError, dense, isComplex, ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, f32, i64, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, sub } from "./binary.ts";
import { complex, imag, real } from "./complex.ts";
import { type Geometry, launchConv, launchConvInput, launchConvWeight, type Pair } from "./convolve.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./view.ts";
import { perDim, type Sizes } from "./window.ts";

type Attributes = Geometry & { readonly size: readonly number[] };

/** The attributes of a primitive in the order of its arguments. */
const geometryOf = (
  size: readonly number[],
  stride: Pair,
  padding: Pair,
  dilation: Pair,
  groups: number,
): Attributes => ({ size, stride, padding, dilation, groups });
type GeometryArguments = Parameters<typeof geometryOf>;
const GEOMETRY = "size, stride, padding, dilation, groups";
const spread = ({ stride, padding, dilation, groups }: Geometry, size: readonly number[]): GeometryArguments => [
  size,
  stride,
  padding,
  dilation,
  groups,
];

/** y = x ∗ w + bias; `size` is y's rows and columns. */
const convolve: (x: Tensor, w: Tensor, bias: Tensor | null, ...geometry: GeometryArguments) => Tensor =
  /* @__PURE__ */ op(
    "convolve",
    `x, w, bias, ${GEOMETRY}`,
    (x: Tensor, w: Tensor, bias: Tensor | null, ...geometry: GeometryArguments) => [
      { x, w, bias },
      geometryOf(...geometry),
    ],
    {
      infer: ({ x, w }, { size }) => spec(x.code, [x.shape[0]!, w.shape[0]!, ...size]),
      kernel: "conv",
      launch: (k, { x, w, bias }, { out }, geometry) => launchConv(k, x, w, bias, out, geometry),
      saves: ["x", "w"],
      vjp: (g, { x, w }, geometry) => ({
        x: () => convInput(g, w, ...spread(geometry, x.shape.slice(2))),
        w: () => convWeight(g, x, ...spread(geometry, w.shape)),
        bias: () => sum(g, [0, 2, 3]),
      }),
    },
  );

/** x from y and w; `size` is x's rows and columns. */
const convInput: (y: Tensor, w: Tensor, ...geometry: GeometryArguments) => Tensor = /* @__PURE__ */ op(
  "convInput",
  `y, w, ${GEOMETRY}`,
  (y: Tensor, w: Tensor, ...geometry: GeometryArguments) => [{ y, w }, geometryOf(...geometry)],
  {
    infer: ({ y, w }, { size, groups }) => spec(y.code, [y.shape[0]!, w.shape[1]! * groups, ...size]),
    kernel: "conv",
    launch: (k, { y, w }, { out }, geometry) => launchConvInput(k, y, w, out, geometry),
    saves: ["y", "w"],
    vjp: (g, { y, w }, geometry) => ({
      y: () => convolve(g, w, null, ...spread(geometry, y.shape.slice(2))),
      w: () => convWeight(y, g, ...spread(geometry, w.shape)),
    }),
  },
);

/** w from y and x; `size` is w's shape. */
const convWeight: (y: Tensor, x: Tensor, ...geometry: GeometryArguments) => Tensor = /* @__PURE__ */ op(
  "convWeight",
  `y, x, ${GEOMETRY}`,
  (y: Tensor, x: Tensor, ...geometry: GeometryArguments) => [{ y, x }, geometryOf(...geometry)],
  {
    infer: ({ y }, { size }) => spec(y.code, size),
    kernel: "convWeight",
    launch: (k, { y, x }, { out }, geometry) => launchConvWeight(k, y, x, out, geometry),
    saves: ["y", "x"],
    vjp: (g, { y, x }, geometry) => ({
      y: () => convolve(x, g, null, ...spread(geometry, y.shape.slice(2))),
      x: () => convInput(y, g, ...spread(geometry, x.shape.slice(2))),
    }),
  },
);

// ── the public functions ─────────────────────────────────────────────────────────────────────────────────────────────

type Padding = Sizes | "same" | "valid";
type Conv = FnQ<
  [x: Tensor, weight: Tensor],
  [bias?: Tensor | null, stride?: Sizes, padding?: Padding, dilation?: Sizes, groups?: number],
  ["bias", "stride", "padding", "dilation", "groups"],
  { bias: Tensor | null; stride: Sizes; padding: Padding; dilation: Sizes; groups: number }
>;

/** A convolution over the last `ndim` dims. */
function conv(name: string, ndim: number, samples: readonly (readonly unknown[])[]): Conv {
  return op(
    name,
    "input, weight, bias?, stride?, padding?, dilation?, groups?",
    (x, weight, bias, stride, padding, dilation, groups) => {
      const steps = perDim(name, "stride", stride ?? 1, ndim, 1);
      const apart = perDim(name, "dilation", dilation ?? 1, ndim, 1);
      const count = groups ?? 1;
      if (!Number.isInteger(count) || count < 1) {
        throw new ValueError(`${name}: groups is ${count}, expected a positive integer`);
      }
      if (padding === "same" && steps.some((n) => n !== 1)) {
        throw new ValueError(`${name}: padding "same" is not supported for strided convolutions`);
      }
      const around =
        padding === "same" || padding === "valid" ? padding : perDim(name, "padding", padding ?? 0, ndim, 0);
      return [
        {
          x: asTensor(x, name, "input"),
          weight: asTensor(weight, name, "weight"),
          bias: bias == null ? null : asTensor(bias, name, "bias"),
        },
        { stride: steps, padding: around, dilation: apart, groups: count },
      ];
    },
    {
      infer(inputs, attrs) {
        const { x, weight } = inputs;
        const size = outputSize(name, ndim, inputs, attrs);
        return spec(x.code, [...x.shape.slice(0, -ndim - 1), weight.shape[0]!, ...size]);
      },
      node: "ConvolutionBackward0",
      decompose({ x, weight, bias }, attrs) {
        const part = (a: Tensor, b: Tensor, c: Tensor | null): Tensor => convolution(name, ndim, a, b, c, attrs);
        return isComplex(x.code) ? complexConv(x, weight, bias, part) : part(x, weight, bias);
      },
      method: false,
      samples,
    },
  );
}

/** A real convolution over the last `ndim` dims by the primitive, in which one dim has height 1 and one image is a batch of 1. */
function convolution(
  name: string,
  ndim: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  attrs: Arguments,
): Tensor {
  const flat = (list: readonly number[], fill: number): Pair => (ndim === 1 ? [fill, list[0]!] : [list[0]!, list[1]!]);
  const size = outputSize(name, ndim, { x, weight, bias }, attrs);
  const before = paddingOf(weight, ndim, attrs).map(([low]) => low);
  const lead = x.shape.slice(0, -ndim - 1);
  const y = convolve(
    reshape(x, [lead[0] ?? 1, x.shape.at(-ndim - 1)!, ...flat(x.shape.slice(-ndim), 1)]),
    reshape(weight, [weight.shape[0]!, weight.shape[1]!, ...flat(weight.shape.slice(-ndim), 1)]),
    bias,
    flat(size, 1),
    flat(attrs.stride, 1),
    flat(before, 0),
    flat(attrs.dilation, 1),
    attrs.groups,
  );
  return reshape(y, [...lead, weight.shape[0]!, ...size]);
}

/** (a + bi) ∗ (c + di), by four real convolutions. */
function complexConv(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  conv: (x: Tensor, weight: Tensor, bias: Tensor | null) => Tensor,
): Tensor {
  const [a, b, c, d] = [real(x), imag(x), real(weight), imag(weight)];
  const [p, q] = bias === null ? [null, null] : [real(bias), imag(bias)];
  return complex(sub(conv(a, c, p), conv(b, d, null)), add(conv(a, d, q), conv(b, c, null)));
}

interface Arguments {
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** What is added before and after each dim. */
function paddingOf(
  weight: Spec,
  ndim: number,
  { padding, dilation }: Arguments,
): readonly (readonly [number, number])[] {
  return dilation.map((step, d) => {
    if (padding === "valid") return [0, 0];
    if (padding !== "same") return [padding[d]!, padding[d]!];
    const total = step * (weight.shape[weight.ndim - ndim + d]! - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

/** Checks the operands and gives the last dims of the result. */
function outputSize(
  op: string,
  ndim: number,
  { x, weight, bias }: { x: Spec; weight: Spec; bias: Spec | null },
  attrs: Arguments,
): readonly number[] {
  const { stride, dilation, groups } = attrs;
  if (weight.ndim !== ndim + 2) {
    throw new ShapeError(`${op}: weight is ${show(weight)}, expected ${ndim + 2} dims`);
  }
  if (x.ndim !== ndim + 1 && x.ndim !== ndim + 2) {
    throw new ShapeError(`${op}: input is ${show(x)}, expected ${ndim + 1} dims, or ${ndim + 2} with a batch`);
  }
  for (const [name, operand] of [
    ["weight", weight],
    ["bias", bias],
  ] as const) {
    if (operand !== null && operand.code !== x.code) {
      throw new DTypeError(`${op}: ${name} is ${show(operand)}, expected the dtype of the input, ${x.dtype}`);
    }
  }
  const [o, from] = weight.shape as readonly [number, number];
  if (o < groups || o % groups !== 0) {
    throw new ShapeError(`${op}: weight ${show(weight)} has ${o} filters, expected a multiple of groups, ${groups}`);
  }
  if (x.shape.at(-ndim - 1) !== from * groups) {
    throw new ShapeError(
      `${op}: input ${show(x)} has ${x.shape.at(-ndim - 1)} channels, expected ${from * groups}, as weight ${show(weight)} and groups ${groups} say`,
    );
  }
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== o)) {
    throw new ShapeError(`${op}: bias is ${show(bias)}, expected ${show({ code: bias.code, layout: dense([o]) })}`);
  }
  const around = paddingOf(weight, ndim, attrs);
  return stride.map((step, d) => {
    const size = x.shape[x.ndim - ndim + d]! + around[d]![0] + around[d]![1];
    const reach = dilation[d]! * (weight.shape[d + 2]! - 1) + 1;
    if (size < reach || weight.shape[d + 2] === 0) {
      throw new ShapeError(
        `${op}: the padded input is ${size} long in dim ${x.ndim - ndim + d}, the kernel ${reach}: the kernel cannot be larger`,
      );
    }
    return Math.floor((size - reach) / step) + 1;
  });
}

/**
 * Convolution (cross-correlation) over the last dim: `input` is [n, c, l] or [c, l], `weight` [o, c / groups, k]. The
 * result is ⌊(l + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1 long. `padding` is a number, "valid" (0) or "same".
 */
export const conv1d: Conv = /* @__PURE__ */ conv("conv1d", 1, [
  [f32(2, 3, 8), f32(4, 3, 3), f32(4), 2, 1],
  [f32(4, 9), f32(4, 2, 2), { groups: 2, dilation: 3 }],
]);

/**
 * Convolution (cross-correlation) over the last two dims: `input` is [n, c, h, w] or [c, h, w], `weight`
 * [o, c / groups, kh, kw]; a dim of the result is ⌊(size + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.
 * `padding` is a number, one a dim, "valid" (0) or "same".
 */
export const conv2d: Conv = /* @__PURE__ */ conv("conv2d", 2, [
  [f32(2, 3, 6, 7), f32(4, 3, 3, 2), f32(4)],
  [f32(1, 4, 8, 9), f32(6, 2, 3, 3), f32(6), [2, 3], [1, 2], 2, 2],
  [f32(3, 5, 5), f32(2, 3, 4, 3), { padding: "same" }],
  [f32(2, 4, 5, 5), f32(4, 1, 3, 3), { groups: 4, padding: 1 }],
  [i64(1, 2, 4, 4), i64(2, 2, 2, 2), i64(2)],
]);
