// Channels as pixels, pixels as channels, and channels among each other.

import { ShapeError, show, ValueError } from "../core/index.ts";
import { asTensor, f32, op, type Spec, spec } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { whole } from "./arguments.ts";
import { permute, reshape, transpose } from "./view.ts";

type PixelShuffle = (x: Tensor, upscaleFactor: number | { upscaleFactor: number }) => Tensor;
type PixelUnshuffle = (x: Tensor, downscaleFactor: number | { downscaleFactor: number }) => Tensor;

/** A whole number of at least 1. */
function positive(value: unknown, op: string, name: string): number {
  const n = whole(value, op, name);
  if (n < 1) throw new ValueError(`${op}: ${name} is ${n}, expected a positive integer`);
  return n;
}

/** [lead, c, h, w] of images. */
function imagesOf(x: Spec, op: string): readonly [lead: readonly number[], c: number, h: number, w: number] {
  if (x.ndim < 3) throw new ShapeError(`${op}: expected at least 3 dims, got ${show(x)}`);
  return [x.shape.slice(0, -3), x.shape.at(-3)!, x.shape.at(-2)!, x.shape.at(-1)!];
}

/** The last dims of `split`, in another order. */
function reordered(split: Tensor, last: readonly number[]): Tensor {
  const lead = split.ndim - last.length;
  return permute(split, [...Array(lead).keys(), ...last.map((d) => lead + d)]);
}

/** Groups of r² channels become squares of r × r pixels: [*, c·r², h, w] → [*, c, h·r, w·r], r being `upscaleFactor`. */
export const pixelShuffle: PixelShuffle = /* @__PURE__ */ op(
  "pixelShuffle",
  "input, upscaleFactor",
  (x: Tensor, factor: unknown) => [
    { x: asTensor(x, "pixelShuffle", "input") },
    { r: positive(factor, "pixelShuffle", "upscaleFactor") },
  ],
  {
    infer({ x }, { r }) {
      const [lead, c, h, w] = imagesOf(x, "pixelShuffle");
      if (c % r ** 2 !== 0)
        throw new ShapeError(`pixelShuffle: ${show(x)} has ${c} channels, expected a multiple of ${r}² = ${r ** 2}`);
      return spec(x.code, [...lead, c / r ** 2, h * r, w * r]);
    },
    decompose({ x }, { r }) {
      const [lead, c, h, w] = imagesOf(x, "pixelShuffle");
      const split = reshape(x, [...lead, c / r ** 2, r, r, h, w]);
      return reshape(reordered(split, [0, 3, 1, 4, 2]), [...lead, c / r ** 2, h * r, w * r]);
    },
    node: "PixelShuffleBackward0",
    method: false,
    samples: () => [[f32(2, 8, 2, 3), 2]],
  },
) as PixelShuffle;

/** Squares of r × r pixels become r² channels: [*, c, h·r, w·r] → [*, c·r², h, w], r being `downscaleFactor`. */
export const pixelUnshuffle: PixelUnshuffle = /* @__PURE__ */ op(
  "pixelUnshuffle",
  "input, downscaleFactor",
  (x: Tensor, factor: unknown) => [
    { x: asTensor(x, "pixelUnshuffle", "input") },
    { r: positive(factor, "pixelUnshuffle", "downscaleFactor") },
  ],
  {
    infer({ x }, { r }) {
      const [lead, c, h, w] = imagesOf(x, "pixelUnshuffle");
      if (h % r !== 0 || w % r !== 0)
        throw new ShapeError(`pixelUnshuffle: height and width of ${show(x)} are not multiples of ${r}`);
      return spec(x.code, [...lead, c * r ** 2, h / r, w / r]);
    },
    decompose({ x }, { r }) {
      const [lead, c, h, w] = imagesOf(x, "pixelUnshuffle");
      const split = reshape(x, [...lead, c, h / r, r, w / r, r]);
      return reshape(reordered(split, [0, 2, 4, 1, 3]), [...lead, c * r ** 2, h / r, w / r]);
    },
    node: "PixelUnshuffleBackward0",
    method: false,
    samples: () => [[f32(2, 2, 4, 6), 2]],
  },
) as PixelUnshuffle;

type ChannelShuffle = (x: Tensor, groups: number | { groups: number }) => Tensor;

/** Channels dealt out among groups: [n, groups · k, …] with the first of every group in front, then the seconds … */
export const channelShuffle: ChannelShuffle = /* @__PURE__ */ op(
  "channelShuffle",
  "input, groups",
  (x: Tensor, groups: unknown) => [
    { x: asTensor(x, "channelShuffle", "input") },
    { groups: positive(groups, "channelShuffle", "groups") },
  ],
  {
    infer({ x }, { groups }) {
      if (x.ndim < 3) throw new ShapeError(`channelShuffle: expected at least 3 dims, got ${show(x)}`);
      if (x.shape[1]! % groups !== 0)
        throw new ShapeError(`channelShuffle: ${show(x)} has ${x.shape[1]} channels, expected a multiple of ${groups}`);
      return x;
    },
    decompose({ x }, { groups }) {
      const split = reshape(x, [x.shape[0]!, groups, x.shape[1]! / groups, ...x.shape.slice(2)]);
      return reshape(transpose(split, 1, 2), x.shape);
    },
    method: false,
    samples: () => [[f32(2, 6, 3), 2]],
  },
) as ChannelShuffle;
