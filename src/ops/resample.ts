// Images resampled along their last two dims, as one operator (assembly/index/resample.ts): the taps are given. No public names.

import { SIZE } from "../core/index.ts";
import { f32, type Kernels, op, spec } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { product } from "./axes.ts";
import { add, mul } from "./binary.ts";
import { zeros } from "./create.ts";
import { grainOf } from "./product.ts";
import { indexAdd, indexSelect } from "./rows.ts";
import { reshape } from "./view.ts";
import { placesOn } from "./window.ts";

/** For every element of the result the places of a tap and their weights, tap by tap. Without weights there is one tap. */
export interface Taps {
  readonly places: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[] | null;
}

/** The taps of the rows and of the columns. */
type Pair = readonly [down: Taps, across: Taps];

/** `x` along one dim, by a pass for each tap. */
export function resampled(x: Tensor, dim: number, taps: Taps): Tensor {
  const { places, weights } = taps;
  if (isIdentity(taps, x.shape[dim]!)) return x;
  const seen = (list: readonly number[]): Tensor => indexSelect(x, dim, placesOn(x, list));
  if (weights === null) return seen(places[0]!);
  return weights.map((list, t) => mul(seen(places[t]!), column(x, dim, list))).reduce((sum, part) => add(sum, part));
}

/** The derivative of `resampled` by an x of n elements along the dim. */
function gathered(g: Tensor, dim: number, taps: Taps, n: number): Tensor {
  const { places, weights } = taps;
  if (isIdentity(taps, n)) return g;
  const parts = weights === null ? [g] : weights.map((list) => mul(g, column(g, dim, list)));
  return parts.reduce(
    (sum, part, t) => indexAdd(sum, dim, placesOn(g, places[t]!), part),
    zeros(g.shape.with(dim, n), { dtype: g.dtype, device: g.device }),
  );
}

/** A number for each place along a dim, as it broadcasts. */
const column = (x: Tensor, dim: number, list: readonly number[]): Tensor =>
  reshape(tensor(list, { dtype: x.dtype, device: x.device }), [-1, ...new Array<number>(x.ndim - dim - 1).fill(1)]);

/** Whether the elements stay what they were. */
const isIdentity = ({ places: [first], weights }: Taps, n: number): boolean =>
  first!.length === n && first!.every((p, i) => p === i) && (weights === null || weights[0]!.every((w) => w === 1));

/** Elements of a row that the kernels put in their arena. */
export const WIDEST = 65536;

/** `x` [..., h, w], w not above WIDEST, with its rows and columns resampled. */
export const resample: (x: Tensor, taps: Pair) => Tensor = /* @__PURE__ */ op(
  "resample",
  "input, taps",
  (x: Tensor, taps: Pair) => [{ x }, { taps }],
  {
    infer: ({ x }, { taps: [down, across] }) =>
      spec(x.code, [...x.shape.slice(0, -2), down.places[0]!.length, across.places[0]!.length]),
    kernel: "resample",
    launch(k, { x }, { out }, { taps }) {
      const n = out.shape[out.ndim - 1]!;
      const grain = grainOf(n * taps[1].places.length);
      launch(k, "resample", x, out, taps, product(out.shape.slice(0, -1)), grain);
    },
    decompose: ({ x }, { taps: [down, across] }) => resampled(resampled(x, x.ndim - 2, down), x.ndim - 1, across),
    saves: [],
    vjp: (g, _saved, { taps }, { x }) => ({
      x: () => resampleBackward(g, taps, x.shape[x.ndim - 2]!, x.shape[x.ndim - 1]!),
    }),
    method: false,
    samples: () => [
      [
        f32(2, 3, 4),
        [
          { places: [[0, 0, 1, 2, 2]], weights: null },
          { places: [[3, 1, 2]], weights: null },
        ],
      ],
      [
        f32(2, 2, 3),
        [
          { places: [[1, 0, 1]], weights: null },
          {
            places: [
              [0, 0, 1, 2],
              [1, 1, 2, 2],
            ],
            weights: [
              [0.25, 1, 0.5, 0.75],
              [0.75, 0, 0.5, 0.25],
            ],
          },
        ],
      ],
    ],
  },
);

/** The derivative of `resample` by x. */
const resampleBackward: (g: Tensor, taps: Pair, h: number, w: number) => Tensor = /* @__PURE__ */ op(
  "resampleBackward",
  "g, taps, h, w",
  (g: Tensor, taps: Pair, h: number, w: number) => [{ g }, { taps, h, w }],
  {
    infer: ({ g }, { h, w }) => spec(g.code, [...g.shape.slice(0, -2), h, w]),
    kernel: "resampleBackward",
    launch(k, { g }, { out }, { taps, h, w }) {
      const images = product(g.shape.slice(0, -2));
      const work = Math.max(h * w, (g.numel() / Math.max(images, 1)) * taps[1].places.length);
      launch(k, "resampleBackward", out, g, taps, images, grainOf(work));
    },
    decompose: ({ g }, { taps: [down, across], h, w }) =>
      gathered(gathered(g, g.ndim - 1, across, w), g.ndim - 2, down, h),
    saves: [],
    vjp: (g, _saved, { taps }) => ({ g: () => resample(g, taps) }),
    method: false,
  },
);

/** `x` is the smaller side of a launch, the image; `y` is what its taps give. */
function launch(
  k: Kernels,
  kernel: string,
  x: Tensor,
  y: Tensor,
  [down, across]: Pair,
  units: number,
  grain: number,
): void {
  const [h, w] = x.shape.slice(-2) as [number, number];
  const [m, n] = y.shape.slice(-2) as [number, number];
  const tables = [
    placesTable(x, down, h, 1),
    weightsTable(x, down, h),
    placesTable(x, across, w, SIZE[x.code]!),
    weightsTable(x, across, w),
  ];
  const taps = (by: Taps, table: Tensor | null): number => (table === null ? 1 : by.places.length);
  const call = k.call(kernel).int(h).int(w).int(m).int(n).int(taps(down, tables[1]!)).int(taps(across, tables[3]!));
  call.tensor(x).tensor(y);
  for (const table of tables) call.tensor(table);
  call.run(units, grain);
}

/** The places of every element, [n, taps], each times `unit`: those of the only tap where the elements are what they were. */
function placesTable(x: Tensor, { places, weights }: Taps, n: number, unit: number): Tensor {
  const lists = isIdentity({ places, weights }, n) ? places.slice(0, 1) : places;
  return tensor(
    Int32Array.from(byElement(lists), (p) => p * unit),
    { device: x.device },
  );
}

/** Their weights, or null where there are none. */
function weightsTable(x: Tensor, taps: Taps, n: number): Tensor | null {
  if (taps.weights === null || isIdentity(taps, n)) return null;
  const list = byElement(taps.weights);
  return tensor(SIZE[x.code] === 8 ? Float64Array.from(list) : Float32Array.from(list), {
    dtype: x.dtype,
    device: x.device,
  });
}

/** Lists of the taps as one list of the elements. */
function byElement(lists: readonly (readonly number[])[]): number[] {
  return lists[0]!.flatMap((_, i) => lists.map((list) => list[i]!));
}
