// Convolutions over the last one to three dims.

import { cut, isComplex, ShapeError, show, ValueError, withOuter } from "../core/index.ts";
import {
  asTensor,
  context,
  dispatch,
  type FnQ,
  f32,
  i64,
  op,
  operatorOf,
  publish,
  type Spec,
  spec,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { checkOperands, complexConv, convolve, convolveOver } from "./convprimitives.ts";
import type { Pair } from "./convwork.ts";
import { reshape } from "./view.ts";
import { perDim, type Sizes } from "./window.ts";

type Padding = Sizes | "same" | "valid";
type Conv = FnQ<
  [x: Tensor, weight: Tensor],
  [bias?: Tensor | null, stride?: Sizes, padding?: Padding, dilation?: Sizes, groups?: number],
  ["bias", "stride", "padding", "dilation", "groups"],
  { bias: Tensor | null; stride: Sizes; padding: Padding; dilation: Sizes; groups: number }
>;

/** A convolution over the last `ndim` dims. */
function conv(name: string, ndim: number, samples: () => readonly (readonly unknown[])[]): Conv {
  const general = op<Conv, Operands, Arguments>(
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
        return spec(x.code, [...cut(x.shape, 0, x.ndim - ndim - 1), weight.shape[0]!, ...size]);
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
  if (ndim !== 2) return general;
  const operator = operatorOf(general);
  return publish(operator, (...args: unknown[]) => {
    const { inputs, attrs } = operator.bound(args);
    // What the binder above gave.
    return ofImages(name, inputs as Operands, attrs as object as Arguments) ?? dispatch(operator, inputs, attrs);
  }) as unknown as Conv;
}

type Operands = { readonly x: Tensor; readonly weight: Tensor; readonly bias: Tensor | null };

/** The straight line of a real convolution of a batch of images: the primitive alone. Null where it takes more. */
function ofImages(name: string, inputs: Operands, attrs: Arguments): Tensor | null {
  const { x, weight, bias } = inputs;
  const { stride, padding, dilation, groups } = attrs;
  if (context.interpreter !== null || x.ndim !== 4 || isComplex(x.code) || typeof padding === "string") return null;
  for (const operand of bias === null ? [x, weight] : [x, weight, bias]) {
    if (operand.isDisposed || operand.storage.backend !== x.storage.backend) return null;
  }
  try {
    const size = outputSize(name, 2, inputs, attrs);
    // perDim has seen to it that there are two of each.
    return convolve(x, weight, bias, size, stride as Pair, padding as Pair, dilation as Pair, groups);
  } catch (error) {
    throw withOuter(error, name);
  }
}

/** A real convolution over the last `ndim` dims, in which one image is a batch of 1. */
function convolution(
  name: string,
  ndim: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  attrs: Arguments,
): Tensor {
  const size = outputSize(name, ndim, { x, weight, bias }, attrs);
  const padding = paddingOf(weight, ndim, attrs).map(([low]) => low);
  const batch = x.ndim === ndim + 1 ? reshape(x, [1, ...x.shape]) : x;
  const y = convolveOver(batch, weight, bias, size, { ...attrs, padding });
  return batch === x ? y : reshape(y, y.shape.slice(1));
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
  const [o, from] = weight.shape as readonly [number, number];
  checkOperands(op, ndim, { x, weight, bias }, o);
  if (o < groups || o % groups !== 0) {
    throw new ShapeError(`${op}: weight ${show(weight)} has ${o} filters, expected a multiple of groups, ${groups}`);
  }
  if (x.shape.at(-ndim - 1) !== from * groups) {
    throw new ShapeError(
      `${op}: input ${show(x)} has ${x.shape.at(-ndim - 1)} channels, expected ${from * groups}, as weight ${show(weight)} and groups ${groups} say`,
    );
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
export const conv1d: Conv = /* @__PURE__ */ conv("conv1d", 1, () => [
  [f32(2, 3, 8), f32(4, 3, 3), f32(4), 2, 1],
  [f32(4, 9), f32(4, 2, 2), { groups: 2, dilation: 3 }],
]);

/**
 * Convolution (cross-correlation) over the last two dims: `input` is [n, c, h, w] or [c, h, w], `weight`
 * [o, c / groups, kh, kw]; a dim of the result is ⌊(size + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.
 * `padding` is a number, one a dim, "valid" (0) or "same".
 */
export const conv2d: Conv = /* @__PURE__ */ conv("conv2d", 2, () => [
  [f32(2, 3, 6, 7), f32(4, 3, 3, 2), f32(4)],
  [f32(1, 4, 8, 9), f32(6, 2, 3, 3), f32(6), [2, 3], [1, 2], 2, 2],
  [f32(3, 5, 5), f32(2, 3, 4, 3), { padding: "same" }],
  [f32(2, 4, 5, 5), f32(4, 1, 3, 3), { groups: 4, padding: 1 }],
  [i64(1, 2, 4, 4), i64(2, 2, 2, 2), i64(2)],
]);

/**
 * Convolution (cross-correlation) over the last three dims: `input` is [n, c, d, h, w] or [c, d, h, w], `weight`
 * [o, c / groups, kd, kh, kw]; a dim of the result is ⌊(size + 2·padding - dilation·(k - 1) - 1) / stride⌋ + 1.
 * `padding` is a number, one a dim, "valid" (0) or "same".
 */
export const conv3d: Conv = /* @__PURE__ */ conv("conv3d", 3, () => [
  [f32(2, 2, 4, 5, 4), f32(4, 2, 3, 2, 2), f32(4), [2, 1, 1], [1, 0, 1]],
  [f32(2, 5, 3, 4), f32(2, 1, 2, 2, 2), { groups: 2, dilation: [2, 1, 1] }],
]);
