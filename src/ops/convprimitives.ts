// Convolutions below the public functions. Three primitives, each linear in two tensors, are each other's derivatives:
//
//   convolve    y = x ∗ w           x [n, c, h, w], w [o, c / groups, kh, kw], y [n, o, oh, ow]
//   convInput   x from y and w      the gradient of it by x, which is the transposed convolution
//   convWeight  w from y and x      the gradient of it by w
//
// One dim is two of which the first is 1. Three dims are two, where the taps of the depth are channels and the places of
// the depth images (depth.ts). All are real: a complex convolution is made of four.

import { cut, DTypeError, dense, ShapeError, show } from "../core/index.ts";
import { op, type Spec, spec, toDense } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, sub } from "./binary.ts";
import { complex, imag, real } from "./complex.ts";
import { launchConv, launchConvInput, launchConvWeight } from "./convolve.ts";
import type { Geometry, Pair } from "./convwork.ts";
import { contiguous } from "./copy.ts";
import { depthImages, depthSum } from "./depth.ts";
import { launchSum } from "./folds.ts";
import { sum } from "./reduce.ts";
import { permute, reshape } from "./view.ts";

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
export const convolve: (x: Tensor, w: Tensor, bias: Tensor | null, ...geometry: GeometryArguments) => Tensor =
  /* @__PURE__ */ op(
    "convolve",
    `x, w, bias, ${GEOMETRY}`,
    (x: Tensor, w: Tensor, bias: Tensor | null, ...geometry: GeometryArguments) => [
      { x, w, bias },
      geometryOf(...geometry),
    ],
    {
      infer: ({ x, w }, { size }) => spec(x.code, [x.shape[0]!, w.shape[0]!, ...size]),
      node: "ConvolutionBackward0",
      kernel: "conv",
      launch: (k, { x, w, bias }, { out }, geometry) => launchConv(k, x, w, bias, out, geometry),
      saves: ["x", "w"],
      vjp: (g, { x, w }, geometry) => ({
        x: () => convInput(g, w, ...spread(geometry, cut(x.shape, 2))),
        w: () => convWeight(g, x, ...spread(geometry, w.shape)),
        bias: () => sum(g, [0, 2, 3]),
      }),
      backward(k, g, { x, w }, into, geometry) {
        const y = toDense(g);
        if (into.x !== null) launchConvInput(k, y, toDense(w), into.x, geometry);
        if (into.w !== null) launchConvWeight(k, y, toDense(x), into.w, geometry);
        if (into.bias !== null) launchSum(k, y, into.bias, [0, 2, 3]);
        return true;
      },
    },
  );

/** x from y and w; `size` is x's rows and columns. */
export const convInput: (y: Tensor, w: Tensor, ...geometry: GeometryArguments) => Tensor = /* @__PURE__ */ op(
  "convInput",
  `y, w, ${GEOMETRY}`,
  (y: Tensor, w: Tensor, ...geometry: GeometryArguments) => [{ y, w }, geometryOf(...geometry)],
  {
    infer: ({ y, w }, { size, groups }) => spec(y.code, [y.shape[0]!, w.shape[1]! * groups, ...size]),
    kernel: "conv",
    launch: (k, { y, w }, { out }, geometry) => launchConvInput(k, y, w, out, geometry),
    saves: ["y", "w"],
    vjp: (g, { y, w }, geometry) => ({
      y: () => convolve(g, w, null, ...spread(geometry, cut(y.shape, 2))),
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
      y: () => convolve(x, g, null, ...spread(geometry, cut(y.shape, 2))),
      x: () => convInput(y, g, ...spread(geometry, cut(x.shape, 2))),
    }),
  },
);

// ── one to three dims ────────────────────────────────────────────────────────────────────────────────────────────────

/** What a convolution over any number of dims does beside its operands, a number a dim. `padding` is what stands before. */
export interface Extent {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** The last two dims of a list; one dim alone gets `fill` for the other. */
const pair = (list: readonly number[], fill: number): Pair => [list.at(-2) ?? fill, list.at(-1)!];

const pairs = (size: readonly number[], { stride, padding, dilation, groups }: Extent): GeometryArguments => [
  pair(size, 1),
  pair(stride, 1),
  pair(padding, 0),
  pair(dilation, 1),
  groups,
];

/** [a, b, l] as [a, b, 1, l]; images stay. */
const planar = (x: Tensor): Tensor => (x.ndim === 3 ? reshape(x, x.shape.toSpliced(2, 0, 1)) : x);
const unplanar = (x: Tensor, ndim: number): Tensor => (ndim === 1 ? reshape(x, x.shape.toSpliced(2, 1)) : x);

/** y = x ∗ w + bias over the dims of `size`, which is y's: x [n, c, …], w [o, c / groups, …]. */
export function convolveOver(x: Tensor, w: Tensor, bias: Tensor | null, size: readonly number[], at: Extent): Tensor {
  if (size.length < 3) return unplanar(convolve(planar(x), planar(w), bias, ...pairs(size, at)), size.length);
  const [o, from, taps, ...kernel] = w.shape as [number, number, number, number, number];
  const count = size[0]!;
  const images = depthImages(x, x.shape[2]!, taps, count, at.stride[0]!, at.dilation[0]!, at.padding[0]!);
  const y = convolve(images, reshape(w, [o, from * taps, ...kernel]), bias, ...pairs(size, at));
  return contiguous(permute(reshape(y, [x.shape[0]!, count, o, ...size.slice(1)]), 0, 2, 1, 3, 4));
}

/** x from y and w, where y = x ∗ w: y [n, o, …], w [o, c / groups, …], x [n, c, ...size]. */
export function convInputOver(y: Tensor, w: Tensor, size: readonly number[], at: Extent): Tensor {
  if (size.length < 3) return unplanar(convInput(planar(y), planar(w), ...pairs(size, at)), size.length);
  const [n, o, count, ...plane] = y.shape as [number, number, number, number, number];
  const [, to, taps, ...kernel] = w.shape as [number, number, number, number, number];
  const images = reshape(permute(y, 0, 2, 1, 3, 4), [n * count, o, ...plane]);
  const x = convInput(images, reshape(w, [o, to * taps, ...kernel]), ...pairs(size, at));
  return depthSum(x, size[0]!, taps, count, at.stride[0]!, at.dilation[0]!, at.padding[0]!);
}

/** (a + bi) ∗ (c + di), by four real convolutions. */
export function complexConv(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  conv: (x: Tensor, weight: Tensor, bias: Tensor | null) => Tensor,
): Tensor {
  const [a, b, c, d] = [real(x), imag(x), real(weight), imag(weight)];
  const [p, q] = bias === null ? [null, null] : [real(bias), imag(bias)];
  return complex(sub(conv(a, c, p), conv(b, d, null)), add(conv(a, d, q), conv(b, c, null)));
}

interface Operands {
  readonly x: Spec;
  readonly weight: Spec;
  readonly bias: Spec | null;
}

/** Checks what all convolutions ask of their operands; the result has `o` channels. */
export function checkOperands(op: string, ndim: number, { x, weight, bias }: Operands, o: number): void {
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
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== o)) {
    throw new ShapeError(`${op}: bias is ${show(bias)}, expected ${show({ code: bias.code, layout: dense([o]) })}`);
  }
}
