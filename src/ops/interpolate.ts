// Images of another size. Along each dim an element of the result is a sum of a few of the input's, its taps: one for the
// nearest, two for a line, four for a cubic. Dims are treated one after the other.

import {
  DTypeError,
  FLOAT32,
  INT32,
  isFloating,
  ShapeError,
  SIZE,
  show,
  showValue,
  UINT8,
  ValueError,
} from "../core/index.ts";
import { asTensor, type FnQ, f32, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "./avgpool.ts";
import { add } from "./binary.ts";
import { asCode } from "./cast.ts";
import { composedFunction } from "./composed.ts";
import { bitwiseRightShift } from "./logic.ts";
import { resample, resampled, type Taps, WIDEST } from "./resample.ts";
import { clamp } from "./ternary.ts";
import { reshape } from "./view.ts";

export type InterpolationMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic" | "trilinear" | "area";
const MODES: readonly InterpolationMode[] = [
  "nearest",
  "nearest-exact",
  "linear",
  "bilinear",
  "bicubic",
  "trilinear",
  "area",
];

type Numbers = number | readonly number[];
interface Options {
  size: Numbers | null;
  scaleFactor: Numbers | null;
  mode: InterpolationMode;
  alignCorners: boolean | null;
  recomputeScaleFactor: boolean | null;
  antialias: boolean;
}
type Interpolate = FnQ<
  [x: Tensor],
  [
    size?: Numbers | null,
    scaleFactor?: Numbers | null,
    mode?: InterpolationMode,
    alignCorners?: boolean | null,
    recomputeScaleFactor?: boolean | null,
    antialias?: boolean,
  ],
  ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor", "antialias"],
  Options
>;

/** The modes for images of bytes. */
const OF_BYTES: readonly InterpolationMode[] = ["nearest", "nearest-exact", "bilinear", "bicubic"];
/** How many dims a mode takes; the others take one to three. */
const DIMS: Partial<Record<InterpolationMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 };
const NODES: Record<InterpolationMode, string> = {
  nearest: "UpsampleNearest",
  "nearest-exact": "UpsampleNearestExact",
  linear: "UpsampleLinear",
  bilinear: "UpsampleBilinear",
  bicubic: "UpsampleBicubic",
  trilinear: "UpsampleTrilinear",
  area: "AdaptiveAvgPool",
};

/**
 * `x` [n, c, …], one to three dims, in another size: `size`, or the old one times `scaleFactor`, rounded down.
 *
 * The `mode` is "nearest" (what came before "nearest-exact", which rounds as it should), "linear", "bilinear" and
 * "trilinear" for one, two and three dims, "bicubic" for two, or "area", which averages. With `alignCorners` the centers of
 * the outermost elements stay where they are, else the outer edges do. `antialias` ("bilinear" and "bicubic") widens the
 * windows where the image shrinks. Unless `recomputeScaleFactor`, a scale factor is taken as it is given.
 */
export const interpolate: Interpolate = /* @__PURE__ */ op(
  "interpolate",
  "input, size?, scaleFactor?, mode?, alignCorners?, recomputeScaleFactor?, antialias?",
  (x, size, scaleFactor, mode, alignCorners, recomputeScaleFactor, antialias) => {
    const kind = word(mode ?? "nearest", "interpolate", "mode", MODES);
    const smooth = DIMS[kind] !== undefined;
    if (alignCorners != null && !smooth)
      throw new ValueError(
        "interpolate: alignCorners goes with the modes linear, bilinear, bicubic and trilinear alone",
      );
    if ((size == null) === (scaleFactor == null)) {
      throw new ValueError(
        `interpolate: ${size == null ? "neither" : "both"} of size and scaleFactor are given, expected one`,
      );
    }
    if (recomputeScaleFactor === true && size != null)
      throw new ValueError("interpolate: recomputeScaleFactor says nothing beside a size");
    const ndim = asTensor(x, "interpolate", "input").ndim - 2;
    if (ndim < 1 || ndim > 3 || ndim !== (DIMS[kind] ?? ndim)) {
      const wanted = DIMS[kind] === undefined ? "3 to 5" : DIMS[kind] + 2;
      throw new ValueError(`interpolate: the mode "${kind}" takes ${wanted} dims, got ${show(x)}`);
    }
    if (antialias === true && kind !== "bilinear" && kind !== "bicubic")
      throw new ValueError("interpolate: antialias goes with the modes bilinear and bicubic alone");
    const scales = scaleFactor == null ? null : each("scaleFactor", scaleFactor, ndim);
    const sizes = scales === null ? each("size", size!, ndim) : scales.map((s, d) => Math.floor(x.shape[d + 2]! * s));
    return [
      { x },
      {
        size: sizes,
        scale: recomputeScaleFactor === true ? null : scales,
        mode: kind,
        alignCorners: alignCorners === true,
        antialias: antialias === true,
      },
    ];
  },
  {
    infer({ x }, { size, mode }) {
      if (!isFloating(x.code) && !(x.code === UINT8 && OF_BYTES.includes(mode)))
        throw new DTypeError(`interpolate: the mode "${mode}" is not defined for ${x.dtype}`);
      if (x.shape.slice(1).includes(0)) throw new ShapeError(`interpolate: ${show(x)} is empty`);
      if (!size.every((n) => Number.isInteger(n) && n > 0))
        throw new ValueError(`interpolate: the size is ${showValue(size)}, expected positive integers`);
      return spec(x.code, [...x.shape.slice(0, 2), ...size]);
    },
    node: (_inputs, { mode, size, antialias }) => `${NODES[mode]}${size.length}D${antialias ? "Aa" : ""}Backward0`,
    decompose({ x }, { size, scale, mode, alignCorners, antialias }) {
      if (mode === "area") return AVERAGES[size.length - 1]!()(x, size);
      if (x.code === UINT8 && (mode === "bilinear" || mode === "bicubic")) {
        let bytes = asCode(x, INT32);
        for (let d = size.length - 1; d >= 0; d--) {
          const line = new Line(x, x.shape[d + 2]!, size[d]!, alignCorners, scale?.[d] ?? 0);
          bytes = resampledBytes(bytes, d + 2, line.taps(mode, antialias));
        }
        return asCode(bytes, UINT8);
      }
      // Sums of halves are made in float32 and rounded once.
      let y = SIZE[x.code] === 2 ? asCode(x, FLOAT32) : x;
      const of = y;
      const taps = size.map((m, d) =>
        new Line(of, x.shape[d + 2]!, m, alignCorners, scale?.[d] ?? 0).taps(mode, antialias),
      );
      const passes = x.shape[x.ndim - 1]! > WIDEST ? taps.length : Math.max(taps.length - 2, 0);
      for (let d = 0; d < passes; d++) y = resampled(y, d + 2, taps[d]!);
      if (passes < taps.length) y = images(y, taps.slice(passes));
      return asCode(y, x.code);
    },
    method: false,
    samples: () => [
      [f32(1, 2, 5), { size: 8, mode: "linear" }],
      [f32(1, 2, 4, 3), [6, 5], { mode: "bilinear", alignCorners: true }],
      [f32(1, 2, 4, 5), null, 1.7, "bicubic"],
      [f32(1, 1, 9, 7), [4, 3], { mode: "bicubic", antialias: true }],
      [f32(2, 2, 3, 4), { scaleFactor: 2 }],
      [f32(1, 1, 3, 4, 2), [2, 6, 3], { mode: "trilinear" }],
      [f32(1, 1, 5, 4), { size: 3, mode: "area" }],
    ],
  },
);

const AVERAGES = [() => adaptiveAvgPool1d, () => adaptiveAvgPool2d, () => adaptiveAvgPool3d];

function each(name: string, value: Numbers, ndim: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(ndim).fill(value) : value;
  if (!Array.isArray(list) || list.length !== ndim || list.some((n) => typeof n !== "number"))
    throw new ValueError(`interpolate: ${name} is ${showValue(value)}, expected a number or ${ndim} of them`);
  return list;
}

/** The last one or two dims, in one go; one dim is the only row of an image. */
function images(x: Tensor, taps: readonly Taps[]): Tensor {
  if (taps.length === 2) return resample(x, [taps[0]!, taps[1]!]);
  const y = resample(reshape(x, [...x.shape.slice(0, -1), 1, x.shape[x.ndim - 1]!]), [ONE_ROW, taps[0]!]);
  return reshape(y, [...x.shape.slice(0, -1), -1]);
}

const ONE_ROW: Taps = { places: [[0]], weights: null };

/**
 * `resampled` of bytes in an int32 tensor, as PyTorch does it: what falls on one place counts as one tap, weights are whole numbers of
 * as many bits as sixteen hold, and after each dim there are bytes again.
 */
function resampledBytes(x: Tensor, dim: number, { places, weights }: Taps): Tensor {
  const sums = weights!.map((list) => [...list]);
  let most = 0;
  for (const i of sums[0]!.keys()) {
    for (const [t, list] of sums.entries()) {
      const first = places.findIndex((row) => row[i] === places[t]![i]);
      if (first < t) {
        sums[first]![i]! += list[i]!;
        list[i] = 0;
      }
      most = Math.max(most, sums[first]![i]!);
    }
  }
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + most * 2 ** (bits + 1)) < 2 ** 15) bits++;
  const whole = sums.map((list) => list.map((w) => Math.trunc(w * 2 ** bits + (w < 0 ? -0.5 : 0.5))));
  const sum = resampled(x, dim, { places, weights: whole });
  return clamp(bitwiseRightShift(add(sum, 2 ** (bits - 1)), bits), 0, 255);
}

/** Where the `m` elements of a dim of the result lie among the `n` of the input's. */
class Line {
  readonly #n: number;
  readonly #m: number;
  readonly #align: boolean;
  readonly #scale: number;
  /** What the numbers are rounded to: PyTorch computes places in the input's precision. */
  readonly #round: (x: number) => number;

  constructor(x: Spec, n: number, m: number, align: boolean, factor: number) {
    this.#n = n;
    this.#m = m;
    this.#align = align;
    this.#round = x.code === FLOAT32 ? Math.fround : (v) => v;
    const ratio = align ? (m > 1 ? (n - 1) / (m - 1) : 0) : factor > 0 ? 1 / factor : n / m;
    this.#scale = this.#round(ratio);
  }

  taps(mode: InterpolationMode, antialias: boolean): Taps {
    if (mode === "nearest")
      return { places: [this.#each((i) => this.#inside(this.#round(i * this.#scale)))], weights: null };
    if (mode === "nearest-exact") {
      return { places: [this.#each((i) => this.#inside(this.#round((i + 0.5) * this.#scale)))], weights: null };
    }
    const cubic = mode === "bicubic";
    if (antialias) return this.#wide(cubic ? 2 : 1, cubic ? (t) => cubicWeight(t, -0.5) : (t) => Math.max(0, 1 - t));
    return cubic ? this.#cubic() : this.#linear();
  }

  #each<T>(f: (i: number) => T): T[] {
    return Array.from({ length: this.#m }, (_, i) => f(i));
  }

  #inside(place: number): number {
    return Math.min(Math.max(Math.floor(place), 0), this.#n - 1);
  }

  #source(i: number): number {
    return this.#round(this.#align ? i * this.#scale : this.#round((i + 0.5) * this.#scale) - 0.5);
  }

  #linear(): Taps {
    const at = this.#each((i) => Math.max(0, this.#source(i)));
    const low = at.map((v) => this.#inside(v));
    const high = at.map((v, i) => Math.min(v - low[i]!, 1));
    return {
      places: [low, low.map((p) => Math.min(p + 1, this.#n - 1))],
      weights: [high.map((w) => 1 - w), high],
    };
  }

  #cubic(): Taps {
    const at = this.#each((i) => this.#source(i));
    const taps = [-1, 0, 1, 2];
    return {
      places: taps.map((t) => at.map((v) => this.#inside(Math.floor(v) + t))),
      weights: taps.map((t) => at.map((v) => cubicWeight(Math.abs(v - Math.floor(v) - t), -0.75))),
    };
  }

  /** A filter of `support` elements on both sides, stretched over as many of the input's as one of the result covers. */
  #wide(support: number, filter: (t: number) => number): Taps {
    const stretch = Math.max(this.#scale, 1);
    const windows = this.#each((i) => {
      const center = this.#scale * (i + 0.5);
      const from = Math.max(Math.trunc(center - support * stretch + 0.5), 0);
      const to = Math.min(Math.trunc(center + support * stretch + 0.5), this.#n);
      const weights = Array.from({ length: to - from }, (_, j) =>
        filter(Math.abs((from + j - center + 0.5) / stretch)),
      );
      const total = weights.reduce((a, b) => a + b, 0);
      return { from, weights: weights.map((w) => w / total) };
    });
    const taps = Array.from({ length: Math.max(...windows.map(({ weights }) => weights.length)) }, (_, t) => t);
    return {
      places: taps.map((t) => windows.map(({ from }) => this.#inside(from + t))),
      weights: taps.map((t) => windows.map(({ weights }) => weights[t] ?? 0)),
    };
  }
}

/** The weight of what lies at a distance t ≥ 0 in a cubic convolution with the slope `a` at 1 (Keys 1981). */
function cubicWeight(t: number, a: number): number {
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

type Upsample = FnQ<
  [x: Tensor],
  [size?: Numbers | null, scaleFactor?: Numbers | null, mode?: InterpolationMode, alignCorners?: boolean | null],
  ["size", "scaleFactor", "mode", "alignCorners"],
  Omit<Options, "recomputeScaleFactor" | "antialias">
>;
/** `interpolate`, as it was once called. */
export const upsample: Upsample = /* @__PURE__ */ composedFunction(
  "upsample",
  "input, size?, scaleFactor?, mode?, alignCorners?",
  (x, size, scaleFactor, mode, alignCorners) =>
    interpolate(x, size ?? null, scaleFactor ?? null, mode ?? "nearest", alignCorners ?? null),
);

type UpsampleOne = FnQ<
  [x: Tensor],
  [size?: Numbers | null, scaleFactor?: Numbers | null],
  ["size", "scaleFactor"],
  Pick<Options, "size" | "scaleFactor">
>;
/** `interpolate` to the nearest element. */
export const upsampleNearest: UpsampleOne = /* @__PURE__ */ composedFunction(
  "upsampleNearest",
  "input, size?, scaleFactor?",
  (x, size, scaleFactor) => interpolate(x, size ?? null, scaleFactor ?? null),
);
/** `interpolate` in the mode "bilinear", with corners aligned. */
export const upsampleBilinear: UpsampleOne = /* @__PURE__ */ composedFunction(
  "upsampleBilinear",
  "input, size?, scaleFactor?",
  (x, size, scaleFactor) => interpolate(x, size ?? null, scaleFactor ?? null, "bilinear", true),
);
