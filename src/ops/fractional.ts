// Maxima of windows that lie at random distances, so that an input shrinks by a fraction (Graham 2014).

import { DTypeError, isFloating, ShapeError, show, showShape, ValueError } from "../core/index.ts";
import { asTensor, bindArguments, type Named } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { product } from "./axes.ts";
import { within } from "./composed.ts";
import { gather } from "./gather.ts";
import { maxPool2d } from "./maxpool.ts";
import { checkInput } from "./poolwindow.ts";
import { rand } from "./random.ts";
import { reshape } from "./view.ts";
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
      // PyTorch gives the first number of an image to its columns, of a volume to its depth.
      const order = ndim === 2 ? [1, 0] : [0, 1, 2];
      const rows = (reshape(samples, [n * c, ndim]).tolist() as number[][]).map((row) => order.map((d) => row[d]!));
      const round = x.dtype === "float64" ? (v: number): number => v : Math.fround;
      const list = rows.flatMap((row) =>
        placesIn(
          size,
          kernel,
          row.map((u, d) => starts(u, size[d]!, out[d]!, kernel[d]!, round)),
        ),
      );
      const [windows, taps] = [product(out), product(kernel)];
      const places = reshape(placesOn(x, list), [...lead, windows * taps]);
      const seen = gather(reshape(x, [...lead, product(size)]), -1, places);
      const pooled = maxPool2d(reshape(seen, [...lead, windows, taps]), [1, taps], { returnIndices: true });
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

/** Where the windows of a dim begin, for a number u in [0, 1). */
function starts(u: number, size: number, count: number, kernel: number, round: (v: number) => number): number[] {
  const step = count > 1 ? round((size - kernel) / (count - 1)) : 0;
  const at = (i: number): number => Math.trunc(round(round(i + u) * step));
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? size - kernel : at(i) - at(0)));
}

/** The places in a flat image or volume that the windows see, window by window. */
function placesIn(size: readonly number[], kernel: readonly number[], begin: readonly (readonly number[])[]): number[] {
  // Of every dim: the places of each window's taps.
  const lines = begin.map((list, d) => list.map((s) => Array.from({ length: kernel[d]! }, (_, t) => s + t)));
  return lines
    .reduce<number[][]>(
      (blocks, line, d) =>
        blocks.flatMap((block) => line.map((taps) => block.flatMap((p) => taps.map((t) => p * size[d]! + t)))),
      [[0]],
    )
    .flat();
}

/**
 * The maxima of windows of `kernelSize` at random distances over the last two dims, so many that `outputSize`, or
 * `outputRatio` (below 1) of the input's, is left. With `returnIndices` the result is `{ values, indices }`.
 */
export const fractionalMaxPool2d: FractionalMaxPool = /* @__PURE__ */ fractional("fractionalMaxPool2d", 2);
/** `fractionalMaxPool2d` over the last three dims. */
export const fractionalMaxPool3d: FractionalMaxPool = /* @__PURE__ */ fractional("fractionalMaxPool3d", 3);
