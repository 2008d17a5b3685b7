// Images as the patches that a window sees, and back: PyTorch's nn.functional.unfold and fold, also known as im2col and
// col2im. The patches are a view of the padded image that shows pixels again and again: the one copies it, the other adds them
// up, tap by tap (assembly/conv/patches.ts).

import { isComplex, ShapeError, show, showShape, strided } from "../core/index.ts";
import { asTensor, copyInto, type FnQ, f32, op, spec } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { constantPadNd } from "./arrange.ts";
import { product } from "./axes.ts";
import { composedFunction } from "./composed.ts";
import type { Pair } from "./convwork.ts";
import { grainOf } from "./product.ts";
import { perDim, type Sizes } from "./window.ts";

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
    return cut(
      x,
      ...planOf(patchesOf("unfold", [shape.at(-2)!, shape.at(-1)!], kernelSize, dilation, padding, stride)),
    );
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
    return putTogether(x, ...planOf(patches));
  },
);

type Plan = readonly [size: Pair, padding: Pair, kernel: Pair, apart: Pair, steps: Pair, grid: Pair];
const PLAN = "size, padding, kernel, apart, steps, grid";

/**
 * `size` is that of the image without the `padding`; the taps of the `kernel` are so many pixels `apart`, the patches so
 * many `steps`, and `grid` has the numbers of their rows and columns.
 */
const patchesIn = (...[size, padding, kernel, apart, steps, grid]: Plan) =>
  ({ size, padding, kernel, apart, steps, grid, taps: product(kernel), count: product(grid) }) as const;
type Patches = ReturnType<typeof patchesIn>;
const planOf = ({ size, padding, kernel, apart, steps, grid }: Patches): Plan => [
  size,
  padding,
  kernel,
  apart,
  steps,
  grid,
];

function patchesOf(
  op: string,
  size: Pair,
  kernelSize: Sizes,
  dilation: Sizes | undefined,
  padding: Sizes | undefined,
  stride: Sizes | undefined,
): Patches {
  const kernel = perDim(op, "kernelSize", kernelSize, 2, 1) as Pair;
  const apart = perDim(op, "dilation", dilation ?? 1, 2, 1) as Pair;
  const around = perDim(op, "padding", padding ?? 0, 2, 0) as Pair;
  const steps = perDim(op, "stride", stride ?? 1, 2, 1) as Pair;
  const padded: Pair = [size[0] + 2 * around[0], size[1] + 2 * around[1]];
  const reach = (d: 0 | 1): number => apart[d] * (kernel[d] - 1) + 1;
  const along = (d: 0 | 1): number => Math.floor((padded[d] - reach(d)) / steps[d]) + 1;
  const grid: Pair = [along(0), along(1)];
  if (grid[0] < 1 || grid[1] < 1) {
    throw new ShapeError(`${op}: the kernel ${showShape(kernel)} is larger than the padded image ${showShape(padded)}`);
  }
  return patchesIn(size, around, kernel, apart, steps, grid);
}

/** 3 × 2 taps, two columns apart, over 5 × 4 pixels with a border of one: 3 × 4 patches, two rows apart. */
const SAMPLE: Plan = [
  [5, 4],
  [1, 1],
  [3, 2],
  [1, 2],
  [2, 1],
  [3, 4],
];

/** Images [lead, h, w] as patches [lead · taps, count]. */
const cut: (x: Tensor, ...plan: Plan) => Tensor = /* @__PURE__ */ op(
  "im2col",
  `input, ${PLAN}`,
  (x: Tensor, ...plan: Plan) => [{ x }, patchesIn(...plan)],
  {
    infer: ({ x }, { taps, count }) => spec(x.code, [...x.shape.slice(0, -3), x.shape[x.ndim - 3]! * taps, count]),
    into(y, { x }, patches) {
      const [py, px] = patches.padding;
      const padded = py + px === 0 ? x : constantPadNd(x, [px, px, py, py]);
      copyInto(asGrid(y, patches), seenIn(padded, patches));
    },
    node: "Im2ColBackward0",
    saves: [],
    vjp: (g, _saved, patches) => ({ x: () => putTogether(g, ...planOf(patches)) }),
    samples: () => [[f32(2, 3, 5, 4), ...SAMPLE]],
  },
);

/** Patches [lead · taps, count] added up to images [lead, h, w]. */
const putTogether: (x: Tensor, ...plan: Plan) => Tensor = /* @__PURE__ */ op(
  "col2im",
  `input, ${PLAN}`,
  (x: Tensor, ...plan: Plan) => [{ x }, patchesIn(...plan)],
  {
    infer: ({ x }, { size, taps }) => spec(x.code, [...x.shape.slice(0, -2), x.shape[x.ndim - 2]! / taps, ...size]),
    kernel: "fold",
    launch(k, { x }, { out }, { size, padding, kernel, apart, steps, grid, taps, count }) {
      const planes = x.layout.size / (taps * count);
      const call = k.call("fold").ints([...kernel, ...apart, ...steps, ...padding, ...size, ...grid]);
      call
        .int(isComplex(k.code) ? 2 : 1)
        .tensor(x)
        .tensor(out)
        .run(planes, grainOf(taps * count));
    },
    node: "Col2ImBackward0",
    saves: [],
    vjp: (g, _saved, patches) => ({ x: () => cut(g, ...planOf(patches)) }),
    samples: () => [[f32(2, 18, 12), ...SAMPLE]],
  },
);

/** Padded images shown as [lead, kernel h, kernel w, rows, columns]. */
function seenIn(x: Tensor, { kernel, apart, steps, grid }: Patches): Tensor {
  const strides = x.layout.strides.slice();
  const [sy, sx] = strides.splice(-2) as [number, number];
  const seen = [...strides, sy * apart[0], sx * apart[1], sy * steps[0], sx * steps[1]];
  return new Tensor(x.storage, x.code, strided([...x.shape.slice(0, -2), ...kernel, ...grid], seen), x.offset);
}

/** Patches [lead · taps, count] shown in the same way. */
function asGrid(x: Tensor, { kernel, grid, taps }: Patches): Tensor {
  const strides = x.layout.strides.slice();
  const [tap, patch] = strides.splice(-2) as [number, number];
  const seen = [...strides, tap * taps, tap * kernel[1], tap, patch * grid[1], patch];
  const lead = [...x.shape.slice(0, -2), x.shape[x.ndim - 2]! / taps];
  return new Tensor(x.storage, x.code, strided([...lead, ...kernel, ...grid], seen), x.offset);
}
