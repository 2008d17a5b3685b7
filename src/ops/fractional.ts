// Maxima of windows that lie at random distances, so that an input shrinks by a fraction (Graham 2014).

import {
  DTypeError,
  FLOAT32,
  FLOAT64,
  INT64,
  isFloating,
  ShapeError,
  show,
  showShape,
  ValueError,
} from "../core/index.ts";
import { asTensor, bindArguments, type Named } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { product } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { within } from "./composed.ts";
import { arange, full } from "./create.ts";
import { gather } from "./gather.ts";
import { cat } from "./join.ts";
import { maxPool2d } from "./maxpool.ts";
import { narrow } from "./pick.ts";
import { checkInput } from "./poolwindow.ts";
import { rand } from "./random.ts";
import { reshape, unsqueeze } from "./view.ts";
import { perDim, placesOn, type Sizes } from "./window.ts";

interface Options {
  outputSize: Sizes | null;
  outputRatio: Sizes | null;
  /** Numbers in [0, 1), [n, c, dims], in place of drawn ones. */
  _randomSamples: Tensor | null;
}
interface FractionalMaxPool {
  (x: Tensor, kernelSize: Sizes, options: Partial<Options> & { returnIndices: true }): Named<["values", "indices"]>;
  (x: Tensor, kernelSize: Sizes, options: Partial<Options> & { returnIndices?: false }): Tensor;
  (x: Tensor, kernelSize: Sizes, outputSize: Sizes | null, outputRatio?: Sizes | null, returnIndices?: false): Tensor;
}

function fractional(name: string, ndim: number): FractionalMaxPool {
  const signature = "input, kernelSize, outputSize?, outputRatio?, returnIndices?, _randomSamples?";
  return ((...args: unknown[]): Tensor | readonly Tensor[] => {
    const [input, kernelSize, outputSize, outputRatio, returnIndices, given] = bindArguments(name, signature, args);
    const x = asTensor(input, name, "input");
    if (!isFloating(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}`);
    checkInput(name, x, ndim);
    const kernel = perDim(name, "kernelSize", kernelSize as Sizes, ndim, 1);
    const [lead, size] = [x.shape.slice(0, -ndim), x.shape.slice(-ndim)];
    const out = outputOf(name, size, outputSize as Sizes | null | undefined, outputRatio as Sizes | null | undefined);
    if (out.some((n, d) => n + kernel[d]! - 1 > size[d]!)) {
      throw new ShapeError(
        `${name}: windows of ${showShape(kernel)} do not lie ${showShape(out)} times in ${show(x)} at different places`,
      );
    }
    return within<Tensor | readonly Tensor[]>(name, () => {
      const [n, c] = [x.ndim === ndim + 1 ? 1 : lead[0]!, x.shape.at(-ndim - 1)!];
      const samples = given == null ? rand([n, c, ndim], { dtype: x.dtype }) : asTensor(given, name, "_randomSamples");
      const drawn = reshape(asCode(samples, x.dtype === "float64" ? FLOAT64 : FLOAT32), [n * c, ndim]);
      // PyTorch gives the first number of an image to its columns, of a volume to its depth.
      const order = ndim === 2 ? [1, 0] : [0, 1, 2];
      const corners = size
        .map((length, d) => starts(narrow(drawn, 1, order[d]!, 1), length, out[d]!, kernel[d]!))
        .reduce((block, line, d) => {
          const apart = add(unsqueeze(mul(block, size[d]!), 2), unsqueeze(line, 1));
          return reshape(apart, [n * c, block.shape[1]! * line.shape[1]!]);
        });
      const [windows, taps] = [product(out), product(kernel)];
      // [planes, taps, windows]
      const inside = reshape(placesOn(x, tapsIn(size, kernel)), [taps, 1]);
      const places = reshape(add(unsqueeze(corners, 1), inside), [...lead, taps * windows]);
      const seen = gather(reshape(x, [...lead, product(size)]), -1, places);
      const pooled = maxPool2d(reshape(seen, [...lead, taps, windows]), [taps, 1], { returnIndices: true });
      const values = reshape(pooled.values, [...lead, ...out]);
      if (returnIndices !== true) return values;
      const indices = reshape(gather(places, -1, reshape(pooled.indices, [...lead, windows])), [...lead, ...out]);
      return Object.assign([values, indices], { values, indices });
    });
  }) as FractionalMaxPool;
}

function outputOf(
  op: string,
  size: readonly number[],
  outputSize: Sizes | null | undefined,
  outputRatio: Sizes | null | undefined,
): readonly number[] {
  if ((outputSize == null) === (outputRatio == null))
    throw new ValueError(`${op}: expected one of outputSize and outputRatio`);
  if (outputSize != null) return perDim(op, "outputSize", outputSize, size.length, 1);
  const ratios = typeof outputRatio === "number" ? size.map(() => outputRatio) : outputRatio!;
  return perDim(
    op,
    "outputRatio · size",
    size.map((n, d) => Math.floor(n * ratios[d]!)),
    size.length,
    1,
  );
}

/** Where the windows of a dim begin, for numbers u [planes, 1] in [0, 1): [planes, count] of int64. */
function starts(u: Tensor, size: number, count: number, kernel: number): Tensor {
  const options = { dtype: u.dtype, device: u.device };
  const last = full([u.shape[0]!, 1], size - kernel, { dtype: "int64", device: u.device });
  if (count === 1) return last;
  const step = div(full([], size - kernel, options), count - 1);
  const at = asCode(mul(add(arange(count - 1, options), u), step), INT64);
  return cat([sub(at, narrow(at, 1, 0, 1)), last], 1);
}

/** The places in a flat image or volume that a window sees whose corner is the first one. */
function tapsIn(size: readonly number[], kernel: readonly number[]): number[] {
  return kernel.reduce<number[]>(
    (places, taps, d) => places.flatMap((p) => Array.from({ length: taps }, (_, t) => p * size[d]! + t)),
    [0],
  );
}

/**
 * The maxima of windows of `kernelSize` at random distances over the last two dims, so many that `outputSize`, or
 * `outputRatio` (below 1) of the input's, is left. With `returnIndices` the result is `{ values, indices }`.
 */
export const fractionalMaxPool2d: FractionalMaxPool = /* @__PURE__ */ fractional("fractionalMaxPool2d", 2);
/** `fractionalMaxPool2d` over the last three dims. */
export const fractionalMaxPool3d: FractionalMaxPool = /* @__PURE__ */ fractional("fractionalMaxPool3d", 3);
