// Images read at places that a tensor gives, between their pixels, and the places of an affine map.
//
// Places are in [-1, 1] over an image, whose corners are the centers of its pixels at the corners (`alignCorners`) or these
// pixels' outer edges. Every place sees one, two or four taps a dim; all combinations of the dims' taps are added up, each with
// its weight (assembly/index/blend.ts).

import { DTypeError, INT64, isFloating, ShapeError, show, ValueError } from "../core/index.ts";
import {
  asTensor,
  type Call,
  type FnQ,
  f32,
  indices,
  type Kernels,
  noComplex,
  op,
  type Spec,
  spec,
  toDense,
} from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { sizesOf, word } from "./arguments.ts";
import { product } from "./axes.ts";
import { add, div, fmod, mul, rsub, sub } from "./binary.ts";
import { asCode } from "./cast.ts";
import { ge, lt } from "./compare.ts";
import { composedFunction } from "./composed.ts";
import { ones, zerosLike } from "./create.ts";
import { gather, scatterAdd } from "./gather.ts";
import { cat, stack } from "./join.ts";
import { logicalAnd } from "./logic.ts";
import { matmul } from "./matmul.ts";
import { select } from "./pick.ts";
import { grainOf } from "./product.ts";
import { sum } from "./reduce.ts";
import { clamp, where } from "./ternary.ts";
import { abs, floor, round } from "./unary.ts";
import { expand, reshape, transpose, unsqueeze } from "./view.ts";

const MODES = ["bilinear", "nearest", "bicubic"] as const;
const PADDINGS = ["zeros", "border", "reflection"] as const;
type Mode = (typeof MODES)[number];
type PaddingMode = (typeof PADDINGS)[number];

type GridSample = FnQ<
  [x: Tensor, grid: Tensor],
  [mode?: Mode, paddingMode?: PaddingMode, alignCorners?: boolean | null],
  ["mode", "paddingMode", "alignCorners"],
  { mode: Mode; paddingMode: PaddingMode; alignCorners: boolean | null }
>;

/**
 * `x` [n, c, h, w] read at the places of `grid` [n, oh, ow, 2], pairs of (x, y) in [-1, 1]: [n, c, oh, ow]; with a dim of
 * depth also [n, c, d, h, w] at triples of (x, y, z). `mode` is "bilinear", "nearest" or, for images, "bicubic"; what lies
 * outside is 0 ("zeros"), the pixel at the border, or what is mirrored there ("reflection").
 */
export const gridSample: GridSample = /* @__PURE__ */ composedFunction(
  "gridSample",
  "input, grid, mode?, paddingMode?, alignCorners?",
  (x, grid, mode, paddingMode, alignCorners) =>
    sampled(
      "gridSample",
      x,
      grid,
      word(mode ?? "bilinear", "gridSample", "mode", MODES),
      word(paddingMode ?? "zeros", "gridSample", "paddingMode", PADDINGS),
      alignCorners === true,
    ),
);

type GridSampler = (x: Tensor, grid: Tensor, mode: number, paddingMode: number, alignCorners: boolean) => Tensor;

function gridSamplerOf(name: string, ndim: number | null): GridSampler {
  return composedFunction(
    name,
    "input, grid, interpolationMode, paddingMode, alignCorners",
    (x, grid, mode, paddingMode, alignCorners) => {
      if (ndim !== null && asTensor(x, name, "input").ndim !== ndim)
        throw new ShapeError(`${name}: input is ${show(x)}, expected ${ndim} dims`);
      const [kind, padding] = [MODES[mode], PADDINGS[paddingMode]];
      if (kind === undefined || padding === undefined)
        throw new ValueError(`${name}: the modes are ${mode} and ${paddingMode}, expected numbers from 0 to 2`);
      return sampled(name, x, grid, kind, padding, alignCorners);
    },
  );
}

/** `gridSample` with numbers for the modes, in the order in which they are named there. */
export const gridSampler: GridSampler = /* @__PURE__ */ gridSamplerOf("gridSampler", null);
/** `gridSampler` of images. */
export const gridSampler2d: GridSampler = /* @__PURE__ */ gridSamplerOf("gridSampler2d", 4);
/** `gridSampler` of volumes. */
export const gridSampler3d: GridSampler = /* @__PURE__ */ gridSamplerOf("gridSampler3d", 5);

function checkGrid(op: string, x: Spec, grid: Spec, mode: Mode): void {
  if (!isFloating(x.code)) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
  if (grid.code !== x.code)
    throw new DTypeError(`${op}: grid is ${show(grid)}, expected the dtype of the input, ${x.dtype}`);
  if ((x.ndim !== 4 && x.ndim !== 5) || x.shape.slice(1).includes(0))
    throw new ShapeError(`${op}: input is ${show(x)}, expected 4 or 5 dims, of which the batch alone may be empty`);
  if (grid.ndim !== x.ndim || grid.shape[0] !== x.shape[0] || grid.shape.at(-1) !== x.ndim - 2) {
    throw new ShapeError(
      `${op}: grid is ${show(grid)}, expected ${x.ndim} dims, of which the first is ${x.shape[0]} and the last ${x.ndim - 2}`,
    );
  }
  if (mode === "bicubic" && x.ndim !== 4)
    throw new ValueError(`${op}: the mode "bicubic" takes images alone, got ${show(x)}`);
}

/** The places in the flat image that are read, [n, places], and what is read there counts with the weight. */
interface Tap {
  readonly place: Tensor;
  readonly weight: Tensor;
}

function sampled(op: string, x: Tensor, grid: Tensor, mode: Mode, padding: PaddingMode, align: boolean): Tensor {
  checkGrid(op, asTensor(x, op, "input"), asTensor(grid, op, "grid"), mode);
  const [n, c, ...size] = x.shape as [number, number, ...number[]];
  const out = grid.shape.slice(1, -1);
  const count = product(out);
  let taps: readonly Tap[] = [];
  for (const [d, length] of size.entries()) {
    // The grid's numbers are in the order x, y, z: the last dim first.
    const own = tapsOf(reshape(select(grid, -1, size.length - 1 - d), [n, count]), length, mode, padding, align);
    taps = d === 0 ? own : taps.flatMap((a) => own.map((b) => both(a, b, length)));
  }
  const flat = reshape(x, [n, c, product(size)]);
  const [places, weights] = [taps.map(({ place }) => place), taps.map(({ weight }) => weight)];
  return reshape(blend(flat, stack(places), stack(weights)), [n, c, ...out]);
}

const both = (a: Tap, b: Tap, length: number): Tap => ({
  place: add(mul(a.place, length), b.place),
  weight: mul(a.weight, b.weight),
});

/** The taps along one dim. */
function tapsOf(g: Tensor, length: number, mode: Mode, padding: PaddingMode, align: boolean): readonly Tap[] {
  const at = align ? mul(add(g, 1), (length - 1) / 2) : div(sub(mul(add(g, 1), length), 1), 2);
  const held = (p: Tensor): Tensor => inImage(p, length, padding, align);
  const tap = (place: Tensor, weight: Tensor): Tap => {
    const inside = logicalAnd(ge(place, 0), lt(place, length));
    return { place: asCode(clamp(place, 0, length - 1), INT64), weight: where(inside, weight, 0) };
  };
  if (mode === "nearest") {
    const place = held(at);
    // A weight of 1 wherever it is: a gradient of 0.
    return [tap(round(place), add(mul(place, 0), 1))];
  }
  if (mode === "bilinear") {
    const place = held(at);
    const low = floor(place);
    const t = sub(place, low);
    return [tap(low, rsub(t, 1)), tap(add(low, 1), t)];
  }
  const low = floor(at);
  const t = sub(at, low);
  return [-1, 0, 1, 2].map((k) => tap(held(add(low, k)), cubicWeight(k, t)));
}

const A = -0.75; // the slope of the cubic at a distance of 1, as in `interpolate`

/** The weight of the tap k of a cubic convolution at a fraction t (Keys 1981). */
function cubicWeight(k: number, t: Tensor): Tensor {
  const distance = abs(sub(t, k));
  if (k === 0 || k === 1) return add(mul(mul(sub(mul(distance, A + 2), A + 3), distance), distance), 1);
  return sub(mul(add(mul(sub(mul(distance, A), 5 * A), distance), 8 * A), distance), 4 * A);
}

/** A place brought into the image, unless what is outside is 0. */
function inImage(place: Tensor, length: number, padding: PaddingMode, align: boolean): Tensor {
  if (padding === "zeros") return place;
  const mirrored = padding === "border" ? place : reflected(place, align ? 0 : -0.5, align ? length - 1 : length - 0.5);
  return clamp(mirrored, 0, length - 1);
}

/** A place mirrored at `low` and `high` until it is between them. */
function reflected(place: Tensor, low: number, high: number): Tensor {
  const span = high - low;
  if (span === 0) return mul(place, 0);
  const away = abs(sub(place, low));
  const extra = fmod(away, span);
  const even = lt(fmod(floor(div(away, span)), 2), 1);
  return add(where(even, extra, rsub(extra, span)), low);
}

type AffineGrid = FnQ<
  [theta: Tensor, size: readonly number[]],
  [alignCorners?: boolean | null],
  ["alignCorners"],
  { alignCorners: boolean | null }
>;

/**
 * The places that `gridSample` reads for an affine map: `theta` is [n, 2, 3] and `size` [n, c, h, w], or [n, 3, 4] and
 * [n, c, d, h, w]; the result is [n, h, w, 2], or [n, d, h, w, 3].
 */
export const affineGrid: AffineGrid = /* @__PURE__ */ composedFunction(
  "affineGrid",
  "theta, size, alignCorners?",
  (theta, size, alignCorners) => {
    if (!isFloating(asTensor(theta, "affineGrid", "theta").code))
      throw new DTypeError(`affineGrid: theta is ${show(theta)}, expected floats`);
    const [n, , ...out] = sizesOf(size, "affineGrid");
    const dims = out.length;
    const fits = theta.ndim === 3 && theta.shape[0] === n && theta.shape[1] === dims && theta.shape[2] === dims + 1;
    if ((dims !== 2 && dims !== 3) || !fits || out.includes(0)) {
      throw new ShapeError(
        `affineGrid: theta is ${show(theta)} and size ${JSON.stringify(size)}, expected [n, 2, 3] and [n, c, h, w], or [n, 3, 4] and [n, c, d, h, w]`,
      );
    }
    const options = { dtype: theta.dtype, device: theta.device };
    const columns = out.map((length, d) => {
      const edge = alignCorners === true ? 1 : (length - 1) / length;
      const line = Array.from({ length }, (_, i) => (length === 1 ? 0 : edge * ((2 * i) / (length - 1) - 1)));
      const shape = out.map((_, e) => (e === d ? length : 1));
      return reshape(expand(reshape(tensor(line, options), shape), out), [1, -1]);
    });
    const places = cat([...columns.reverse(), ones([1, product(out)], options)], 0);
    return reshape(transpose(matmul(theta, places), 1, 2), [n!, ...out, dims]);
  },
);

const CHUNK = 256; // points of a unit: assembly/index/blend.ts says the same

/** y[n, c, p] = Σ x[n, c, place] · weight over the taps; `places` and `weights` are [taps, n, points]. */
const blend: (x: Tensor, places: Tensor, weights: Tensor) => Tensor = /* @__PURE__ */ op(
  "blend",
  "x, places, weights",
  (x: Tensor, places: Tensor, weights: Tensor) => [{ x, places, weights }],
  {
    infer({ x, places }) {
      noComplex("gridSample", x);
      return spec(x.code, [x.shape[0]!, x.shape[1]!, places.shape[2]!]);
    },
    kernel: "blend",
    launch(k, { x, places, weights }, { out }) {
      begun(k, "blend", x, places)
        .tensor(weights)
        .tensor(out)
        .run(...chunks(x, places));
    },
    decompose({ x, places, weights }) {
      const [taps, n, count] = places.shape as [number, number, number];
      const [index, scale] = [places, weights].map((t) => reshape(t, [taps, n, 1, count])) as [Tensor, Tensor];
      const seen = gather(
        expand(unsqueeze(x, 0), [taps, ...x.shape]),
        -1,
        expand(index, [taps, n, x.shape[1]!, count]),
      );
      return sum(mul(seen, scale), 0);
    },
    saves: ["x", "places", "weights"],
    vjp: (g, { x, places, weights }) => ({
      x: () => {
        const [taps, n, count] = places.shape as [number, number, number];
        const c = x.shape[1]!;
        const inRows = (t: Tensor): Tensor => reshape(transpose(t, 0, 1), [n, 1, taps * count]);
        const each = mul(expand(unsqueeze(g, 2), [n, c, taps, count]), unsqueeze(transpose(weights, 0, 1), 1));
        const index = expand(inRows(places), [n, c, taps * count]);
        return scatterAdd(zerosLike(x), 2, index, reshape(each, [n, c, taps * count]));
      },
      places: null,
      weights: () => {
        const [taps, n, count] = places.shape as [number, number, number];
        const index = expand(reshape(places, [taps, n, 1, count]), [taps, n, x.shape[1]!, count]);
        return sum(mul(gather(expand(unsqueeze(x, 0), [taps, ...x.shape]), -1, index), g), 2);
      },
    }),
    backward(k, g, { x, places, weights }, into) {
      const [image, index, scales, slope] = [toDense(x), toDense(places), toDense(weights), toDense(g)];
      if (into.x !== null) {
        const call = begun(k, "blendImages", image, index).tensor(scales).tensor(slope).tensor(into.x);
        call.run(x.shape[0]! * x.shape[1]!, grainOf(4 * places.shape[0]! * places.shape[2]!));
      }
      if (into.weights !== null) {
        begun(k, "blendWeights", image, index)
          .tensor(slope)
          .tensor(into.weights)
          .run(...chunks(x, places));
      }
      return true;
    },
    method: false,
    samples: () => [[f32(2, 3, 5), indices(5, 4, 2, 6), f32(4, 2, 6)]],
  },
);

/** What the blocks of all three kernels begin with. */
function begun(k: Kernels, name: string, x: Tensor, places: Tensor): Call {
  const [taps, n, count] = places.shape as [number, number, number];
  return k.call(name).int(taps).int(n).int(x.shape[1]!).int(x.shape[2]!).int(count).tensor(x).tensor(places);
}

/** Units of chunks of points, and how many of them are worth another thread. */
function chunks(x: Tensor, places: Tensor): [units: number, grain: number] {
  const [taps, n, count] = places.shape as [number, number, number];
  return [n * Math.ceil(count / CHUNK), grainOf(4 * taps * x.shape[1]! * Math.min(count, CHUNK))];
}
