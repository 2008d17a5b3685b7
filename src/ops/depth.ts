// How a convolution over three dims becomes one over two: the taps of the depth are channels, and the places of the result's
// depth are images. Two primitives, each the other's derivative.

import { SUFFIX, strided } from "../core/index.ts";
import { copyInto, f32, need, op, pointwise, spec } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { fillInto } from "./create.ts";
import { folding } from "./gather.ts";

/**
 * Along the depth of x, of `size` elements, `count` places `stride` apart see `taps` elements `dilation` apart; the first
 * place begins `before` elements before the first.
 */
type Depth = readonly [size: number, taps: number, count: number, stride: number, dilation: number, before: number];
const DEPTH = "size, taps, count, stride, dilation, before";
const depthOf = (...[size, taps, count, stride, dilation, before]: Depth) =>
  ({ size, taps, count, stride, dilation, before }) as const;
type Attributes = ReturnType<typeof depthOf>;
const spread = ({ size, taps, count, stride, dilation, before }: Attributes): Depth => [
  size,
  taps,
  count,
  stride,
  dilation,
  before,
];

const SAMPLE: Depth = [5, 3, 3, 2, 1, 1];

/** x [n, c, d, h, w] as images [n · count, c · taps, h, w]; outside of x are zeros. */
export const depthImages: (x: Tensor, ...depth: Depth) => Tensor = /* @__PURE__ */ op(
  "depthImages",
  `input, ${DEPTH}`,
  (x: Tensor, ...depth: Depth) => [{ x }, depthOf(...depth)],
  {
    infer: ({ x }, { taps, count }) => {
      const [n, c, , h, w] = x.shape as Five;
      return spec(x.code, [n * count, c * taps, h, w]);
    },
    into(y, { x }, depth) {
      const volumes = asVolumes(y, depth, x.shape[1]!);
      for (let tap = 0; tap < depth.taps; tap++) {
        const [first, end] = seenBy(tap, depth);
        copyInto(placesOf(volumes, tap, first, end), seen(x, tap, first, end, depth));
        for (const [from, to] of [
          [0, first],
          [end, depth.count],
        ] as const)
          if (from < to) fillInto(placesOf(volumes, tap, from, to), 0);
      }
    },
    saves: [],
    vjp: (g, _saved, depth) => ({ x: () => depthSum(g, ...spread(depth)) }),
    samples: () => [[f32(2, 2, 5, 2, 3), ...SAMPLE]],
  },
);

/** Images [n · count, c · taps, h, w] added up to [n, c, size, h, w]. */
export const depthSum: (x: Tensor, ...depth: Depth) => Tensor = /* @__PURE__ */ op(
  "depthSum",
  `input, ${DEPTH}`,
  (x: Tensor, ...depth: Depth) => [{ x }, depthOf(...depth)],
  {
    infer: ({ x }, { size, taps, count }) => {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      return spec(x.code, [n / count, c / taps, size, h, w]);
    },
    into(y, { x }, depth) {
      fillInto(y, 0);
      folding(y, x, (to, from) => {
        const { backend } = to.storage;
        const kernel = need(backend, `add_${SUFFIX[to.code]}`);
        const volumes = asVolumes(from, depth, to.shape[1]!);
        for (let tap = 0; tap < depth.taps; tap++) {
          const [first, end] = seenBy(tap, depth);
          const target = seen(to, tap, first, end, depth);
          if (first < end) pointwise(backend, kernel, target, [target, placesOf(volumes, tap, first, end)], 0, 0);
        }
      });
    },
    saves: [],
    vjp: (g, _saved, depth) => ({ x: () => depthImages(g, ...spread(depth)) }),
    samples: () => [[f32(6, 6, 2, 3), ...SAMPLE]],
  },
);

type Five = [number, number, number, number, number];

/** The places from which a tap sees x: from, to. */
function seenBy(tap: number, { size, count, stride, dilation, before }: Attributes): [first: number, end: number] {
  const at = tap * dilation - before;
  const first = Math.min(Math.max(Math.ceil(-at / stride), 0), count);
  return [first, Math.max(Math.min(Math.floor((size - 1 - at) / stride) + 1, count), first)];
}

/** What a tap sees of x from places first … end, as [n, places, c, h, w]. */
function seen(x: Tensor, tap: number, first: number, end: number, { stride, dilation, before }: Attributes): Tensor {
  const [n, c, , h, w] = x.shape as Five;
  const [ofImage, ofChannel, ofDepth, ofRow, ofColumn] = x.layout.strides as Five;
  const at = (first * stride + tap * dilation - before) * ofDepth;
  const layout = strided([n, end - first, c, h, w], [ofImage, ofDepth * stride, ofChannel, ofRow, ofColumn]);
  return new Tensor(x.storage, x.code, layout, x.offset + at);
}

/** Images shown as [n, count, c, taps, h, w]. */
function asVolumes(x: Tensor, { taps, count }: Attributes, channels: number): Tensor {
  const [images, , h, w] = x.shape as [number, number, number, number];
  const [ofImage, ofChannel, ofRow, ofColumn] = x.layout.strides as [number, number, number, number];
  const shape = [images / count, count, channels, taps, h, w];
  const strides = [ofImage * count, ofImage, ofChannel * taps, ofChannel, ofRow, ofColumn];
  return new Tensor(x.storage, x.code, strided(shape, strides), x.offset);
}

/** One tap of places first … end of those, as [n, places, c, h, w]. */
function placesOf(volumes: Tensor, tap: number, first: number, end: number): Tensor {
  const [n, , c, , h, w] = volumes.shape as [number, number, number, number, number, number];
  const strides = volumes.layout.strides.slice();
  const [ofTap] = strides.splice(3, 1) as [number];
  const layout = strided([n, end - first, c, h, w], strides);
  return new Tensor(volumes.storage, volumes.code, layout, volumes.offset + tap * ofTap + first * strides[1]!);
}
