// Images as the patches that a window sees, and back: PyTorch's nn.functional.unfold and fold, also known as im2col and
// col2im. One table of places serves both: the one reads them, the other adds at them.

import { ShapeError, show, showShape } from "../core/index.ts";
import { asTensor, type FnQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { constantPadNd } from "./arrange.ts";
import { product } from "./axes.ts";
import { composedFunction } from "./composed.ts";
import type { Pair } from "./convwork.ts";
import { contiguous } from "./copy.ts";
import { zeros } from "./create.ts";
import { narrow } from "./pick.ts";
import { indexAdd, indexSelect } from "./rows.ts";
import { reshape } from "./view.ts";
import { perDim, placesOn, type Sizes } from "./window.ts";

type Rest = [dilation?: Sizes, padding?: Sizes, stride?: Sizes];
interface Options {
  dilation: Sizes;
  padding: Sizes;
  stride: Sizes;
}
type Unfold = FnQ<[x: Tensor, kernelSize: Sizes], Rest, ["dilation", "padding", "stride"], Options>;
type Fold = FnQ<[x: Tensor, outputSize: Sizes, kernelSize: Sizes], Rest, ["dilation", "padding", "stride"], Options>;

/**
 * The patches of `kernelSize` of images [n, c, h, w] or [c, h, w] as columns: [n, c · kernel h · kernel w, patches]. They
 * are `stride` apart, row by row, in an image with zeros around it.
 */
export const unfold: Unfold = /* @__PURE__ */ composedFunction(
  "unfold",
  "input, kernelSize, dilation?, padding?, stride?",
  (x, kernelSize, dilation, padding, stride) => {
    const { ndim, shape } = asTensor(x, "unfold", "input");
    if ((ndim !== 3 && ndim !== 4) || shape.slice(-3).includes(0))
      throw new ShapeError(
        `unfold: expected images [n, c, h, w] or [c, h, w], of which n alone may be 0, got ${show(x)}`,
      );
    const patches = patchesOf("unfold", [shape.at(-2)!, shape.at(-1)!], kernelSize, dilation, padding, stride);
    const [py, px] = patches.padding;
    const padded = py + px === 0 ? x : constantPadNd(x, [px, px, py, py]);
    const lead = shape.slice(0, -2);
    const pixels = reshape(padded, [...lead, product(patches.size)]);
    const seen = indexSelect(pixels, -1, placesOn(x, patches.places));
    return reshape(seen, [...lead.with(-1, lead.at(-1)! * patches.taps), patches.count]);
  },
);

/**
 * Patches as `unfold` makes them put back into images of `outputSize`: [n, c · kernel h · kernel w, patches] becomes
 * [n, c, h, w]. Where patches overlap they are added.
 */
export const fold: Fold = /* @__PURE__ */ composedFunction(
  "fold",
  "input, outputSize, kernelSize, dilation?, padding?, stride?",
  (x, outputSize, kernelSize, dilation, padding, stride) => {
    const [h, w] = perDim("fold", "outputSize", outputSize, 2, 1) as Pair;
    const patches = patchesOf("fold", [h, w], kernelSize, dilation, padding, stride);
    const { ndim, shape } = asTensor(x, "fold", "input");
    if ((ndim !== 2 && ndim !== 3) || shape.at(-2)! % patches.taps !== 0 || shape.at(-1) !== patches.count) {
      throw new ShapeError(
        `fold: input is ${show(x)}, expected [n, c · ${patches.taps}, ${patches.count}], as sizes and kernel say`,
      );
    }
    const lead = [...shape.slice(0, -2), shape.at(-2)! / patches.taps];
    const room = zeros([...lead, product(patches.size)], { dtype: x.dtype, device: x.device });
    const places = placesOn(x, patches.places);
    const total = indexAdd(room, -1, places, reshape(x, [...lead, patches.places.length]));
    const padded = reshape(total, [...lead, ...patches.size]);
    const [py, px] = patches.padding;
    return py + px === 0 ? padded : contiguous(narrow(narrow(padded, -2, py, h), -1, px, w));
  },
);

interface Patches {
  /** Height and width with the padding. */
  readonly size: Pair;
  readonly padding: Pair;
  /** Pixels of a patch, and how many patches there are. */
  readonly taps: number;
  readonly count: number;
  /** The pixel of the padded image that tap t of patch i sees, at t · count + i. */
  readonly places: readonly number[];
}

function patchesOf(
  op: string,
  size: Pair,
  kernelSize: Sizes,
  dilation: Sizes | undefined,
  padding: Sizes | undefined,
  stride: Sizes | undefined,
): Patches {
  const kernel = perDim(op, "kernelSize", kernelSize, 2, 1) as Pair;
  const apart = perDim(op, "dilation", dilation ?? 1, 2, 1);
  const around = perDim(op, "padding", padding ?? 0, 2, 0) as Pair;
  const steps = perDim(op, "stride", stride ?? 1, 2, 1);
  const padded: Pair = [size[0] + 2 * around[0], size[1] + 2 * around[1]];
  const reach = (d: 0 | 1): number => apart[d]! * (kernel[d] - 1) + 1;
  const along = (d: 0 | 1): number => Math.floor((padded[d] - reach(d)) / steps[d]!) + 1;
  const [rows, columns] = [along(0), along(1)];
  if (rows < 1 || columns < 1) {
    throw new ShapeError(`${op}: the kernel ${showShape(kernel)} is larger than the padded image ${showShape(padded)}`);
  }
  const places: number[] = [];
  for (let ky = 0; ky < kernel[0]; ky++)
    for (let kx = 0; kx < kernel[1]; kx++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          places.push((i * steps[0]! + ky * apart[0]!) * padded[1] + j * steps[1]! + kx * apart[1]!);
  return { size: padded, padding: around, taps: product(kernel), count: rows * columns, places };
}
