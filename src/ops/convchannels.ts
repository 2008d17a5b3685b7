// Convolutions with one channel of x and of y a group whose planes are small or whose filters have a stride: eight channels
// side by side (assembly/conv/channels.ts).

import type { Kernels } from "../op/index.ts";
import { ARENA, block, planes, type Work } from "./convwork.ts";
import { grainOf } from "./product.ts";

/** Channels side by side. */
const EIGHT = 8;
/** Columns of y from which rows fill the vectors of other kernels well: of three.ts, of its gradient by w, of any filter. */
const WIDE_ROW = { three: 8, threeWeight: 20, any: 32 };

/** Launches the convolution of `work`, its gradient by x or its gradient by w; false where it is none of those. */
export function runChannels(
  k: Kernels,
  name: "channels" | "channelsInput" | "channelsWeight",
  work: Work,
  splits = 1,
): boolean {
  const { from, to, kernel, out, images, geometry, yStrides } = work;
  const { stride, dilation, groups } = geometry;
  if (from !== 1 || to !== 1 || groups < EIGHT || !k.has(name)) return false;
  const isWeight = name === "channelsWeight";
  const isThree = kernel[0] === 3 && kernel[1] === 3 && Math.max(...dilation) === 1;
  const wide = isThree ? (isWeight ? WIDE_ROW.threeWeight : WIDE_ROW.three) : WIDE_ROW.any;
  if (Math.max(...stride) === 1 && out[1] >= wide) return false;
  if (yStrides.slice(1).some((of, d) => of !== planes(groups, out)[d + 1])) return false;
  const seen = (d: 0 | 1): number => (out[d] - 1) * stride[d] + (kernel[d] - 1) * dilation[d] + 1;
  const [taps, pixels] = [kernel[0] * kernel[1], out[0] * out[1]];
  if (pixels === 0 || 36 * taps + 32 * (1 + pixels + seen(0) * seen(1)) > ARENA) return false;
  const eights = Math.ceil(groups / EIGHT);
  block(k, name, work, 0, 0)
    .int(isWeight ? groups * taps : 0)
    .int(groups)
    .run(eights * (isWeight ? splits : images), grainOf(EIGHT * taps * pixels * (isWeight ? images : 1)));
  return true;
}
