// Transposed convolutions over the last one to three dims: the gradient of a convolution by its input, as a function.

import { isComplex, ShapeError, show, showShape, ValueError } from "../core/index.ts";
import { asTensor, type FnQ, f32, i64, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add } from "./binary.ts";
import { checkOperands, complexConv, convInputOver, type Extent } from "./convprimitives.ts";
import { reshape } from "./view.ts";
import { perDim, type Sizes } from "./window.ts";

interface Options {
  bias: Tensor | null;
  stride: Sizes;
  padding: Sizes;
  outputPadding: Sizes;
  groups: number;
  dilation: Sizes;
}
type ConvTranspose = FnQ<
  [x: Tensor, weight: Tensor],
  [bias?: Tensor | null, stride?: Sizes, padding?: Sizes, outputPadding?: Sizes, groups?: number, dilation?: Sizes],
  ["bias", "stride", "padding", "outputPadding", "groups", "dilation"],
  Options
>;

type Arguments = Extent & { readonly outputPadding: readonly number[] };

function convTranspose(name: string, ndim: number, samples: () => readonly (readonly unknown[])[]): ConvTranspose {
  return op(
    name,
    "input, weight, bias?, stride?, padding?, outputPadding?, groups?, dilation?",
    (x, weight, bias, stride, padding, outputPadding, groups, dilation) => {
      const count = groups ?? 1;
      if (!Number.isInteger(count) || count < 1) {
        throw new ValueError(`${name}: groups is ${count}, expected a positive integer`);
      }
      const steps = perDim(name, "stride", stride ?? 1, ndim, 1);
      const apart = perDim(name, "dilation", dilation ?? 1, ndim, 1);
      const more = perDim(name, "outputPadding", outputPadding ?? 0, ndim, 0);
      if (more.some((n, d) => n >= Math.max(steps[d]!, apart[d]!))) {
        throw new ValueError(
          `${name}: outputPadding ${showShape(more)} must be smaller than either stride ${showShape(steps)} or dilation ${showShape(apart)}`,
        );
      }
      return [
        {
          x: asTensor(x, name, "input"),
          weight: asTensor(weight, name, "weight"),
          bias: bias == null ? null : asTensor(bias, name, "bias"),
        },
        {
          stride: steps,
          padding: perDim(name, "padding", padding ?? 0, ndim, 0),
          dilation: apart,
          groups: count,
          outputPadding: more,
        },
      ];
    },
    {
      infer(inputs, attrs) {
        const { x, weight } = inputs;
        const size = outputSize(name, ndim, inputs, attrs);
        return spec(x.code, [...x.shape.slice(0, -ndim - 1), weight.shape[1]! * attrs.groups, ...size]);
      },
      node: "ConvolutionBackward0",
      decompose({ x, weight, bias }, attrs) {
        const size = outputSize(name, ndim, { x, weight, bias }, attrs);
        const part = (a: Tensor, b: Tensor, c: Tensor | null): Tensor => {
          const batch = a.ndim === ndim + 1 ? reshape(a, [1, ...a.shape]) : a;
          const y = convInputOver(batch, b, size, attrs);
          const sum = c === null ? y : add(y, reshape(c, [-1, ...size.map(() => 1)]));
          return batch === a ? sum : reshape(sum, sum.shape.slice(1));
        };
        return isComplex(x.code) ? complexConv(x, weight, bias, part) : part(x, weight, bias);
      },
      method: false,
      samples,
    },
  );
}

/** Checks the operands and gives the last dims of the result. */
function outputSize(
  op: string,
  ndim: number,
  inputs: { x: Spec; weight: Spec; bias: Spec | null },
  { stride, padding, dilation, groups, outputPadding }: Arguments,
): readonly number[] {
  const { x, weight } = inputs;
  if (weight.ndim !== ndim + 2) throw new ShapeError(`${op}: weight is ${show(weight)}, expected ${ndim + 2} dims`);
  const [from, to] = weight.shape as readonly [number, number];
  checkOperands(op, ndim, inputs, to * groups);
  if (from < groups || from % groups !== 0) {
    throw new ShapeError(`${op}: weight ${show(weight)} begins with ${from}, expected a multiple of groups, ${groups}`);
  }
  if (x.shape.at(-ndim - 1) !== from) {
    throw new ShapeError(
      `${op}: input ${show(x)} has ${x.shape.at(-ndim - 1)} channels, expected ${from}, as weight ${show(weight)} says`,
    );
  }
  const size = stride.map((step, d) => {
    const reach = dilation[d]! * (weight.shape[d + 2]! - 1) + 1;
    return (x.shape[x.ndim - ndim + d]! - 1) * step - 2 * padding[d]! + reach + outputPadding[d]!;
  });
  if (size.some((n) => n < 1)) {
    throw new ShapeError(
      `${op}: the result of input ${show(x)} and weight ${show(weight)} would be ${showShape(size)}`,
    );
  }
  return size;
}

/**
 * Transposed convolution over the last dim: `input` is [n, c, l] or [c, l], `weight` [c, o / groups, k]. The result is
 * (l - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1 long: what a convolution with these arguments would
 * make l long, which `outputPadding` (less than the stride) says where there are several.
 */
export const convTranspose1d: ConvTranspose = /* @__PURE__ */ convTranspose("convTranspose1d", 1, () => [
  [f32(2, 4, 5), f32(4, 2, 3), f32(4), 2, 1, 1, 2],
  [f32(3, 4), f32(3, 2, 2), { dilation: 2 }],
]);

/**
 * Transposed convolution over the last two dims: `input` is [n, c, h, w] or [c, h, w], `weight` [c, o / groups, kh, kw].
 * A dim of the result is (size - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export const convTranspose2d: ConvTranspose = /* @__PURE__ */ convTranspose("convTranspose2d", 2, () => [
  [f32(2, 3, 4, 3), f32(3, 2, 3, 2), f32(2), [2, 3], 1, [1, 0]],
  [f32(4, 3, 3), f32(4, 1, 2, 3), { groups: 2, dilation: [1, 2] }],
  [i64(1, 2, 3, 3), i64(2, 2, 2, 2), i64(2), 2],
]);

/**
 * Transposed convolution over the last three dims: `input` is [n, c, d, h, w] or [c, d, h, w], `weight`
 * [c, o / groups, kd, kh, kw]. A dim of the result is (size - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export const convTranspose3d: ConvTranspose = /* @__PURE__ */ convTranspose("convTranspose3d", 3, () => [
  [f32(1, 2, 3, 3, 2), f32(2, 2, 2, 3, 2), f32(2), 2, [1, 1, 0], [1, 0, 1]],
  [f32(2, 2, 3, 2), f32(2, 1, 2, 2, 2), { groups: 2 }],
]);
