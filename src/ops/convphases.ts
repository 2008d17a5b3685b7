// Phases of images: phase (i, j) has rows i, i + down … and columns j, j + across … of each plane.

import { SIZE, strided } from "../core/index.ts";
import { copyInto, type Kernels } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { Geometry, Pair } from "./convwork.ts";

/** Bytes that are not worth another thread to copy. */
const COPY_GRAIN = 1 << 17;

/**
 * Puts dense phases of images x, which divide them evenly, in their places. They are in the order of their first places, so
 * many elements apart, and their planes so many: by default one phase is after the other.
 */
export function joinPhases(k: Kernels, phases: Tensor, x: Tensor, by: Pair, apart?: number, planes?: number): void {
  const { shape, places } = inPhases(x, by);
  const ofPlane = planes ?? shape[3]! * shape[4]!;
  const ofPhase = apart ?? shape[0]! * ofPlane;
  if (doesZip(k, by)) {
    zipPhases(k, phases, x, by[0], ofPhase, ofPlane);
    return;
  }
  copyInto(places, inTurn(phases, shape, ofPhase, ofPlane));
}

/** Whether there are kernels for it. */
export const doesZip = (k: Kernels, [, across]: Pair): boolean => across === 2 && k.has("convZip");

/** As `joinPhases` with two phases along a row of x, which they need not divide evenly; `ofPlane` 0: of so many as a plane has. */
export function zipPhases(k: Kernels, phases: Tensor, x: Tensor, down: number, ofPhase: number, ofPlane: number): void {
  launchZip(k, "convZip", phases, x, down, ofPhase, ofPlane);
}

function launchZip(
  k: Kernels,
  name: "convZip" | "convUnzip",
  phases: Tensor,
  x: Tensor,
  down: number,
  ofPhase: number,
  ofPlane: number,
): void {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const call = k.call(name).int(down).int(h).int(w).tensor(phases).tensor(x).int(ofPhase).int(ofPlane);
  call.run(n * c, Math.ceil(COPY_GRAIN / (h * w * SIZE[k.code]!)));
}

/** The phases of images x [n, c, h, w], one after the other, as images [phases · n, c, h / down, w / across]. */
export function splitPhases(k: Kernels, x: Tensor, by: Pair): Tensor {
  const { shape, places } = inPhases(x, by);
  const plane = shape[3]! * shape[4]!;
  const y = phasesLike(k, x, by);
  if (doesZip(k, by)) launchZip(k, "convUnzip", y, x, by[0], shape[0]! * plane, plane);
  else copyInto(inTurn(y, shape, shape[0]! * plane, plane), places);
  return y;
}

/** Room for the phases of images, as `splitPhases` gives them. */
export function phasesLike(k: Kernels, x: Tensor, [down, across]: Pair): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return k.scratch(x.code, [down * across * n, c, h / down, w / across]);
}

/** Images as [planes, down, across, h / down, w / across]. */
function inPhases(x: Tensor, [down, across]: Pair): { shape: readonly number[]; places: Tensor } {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const shape = [n * c, down, across, h / down, w / across];
  const places = strided(shape, [h * w, w, 1, down * w, across]);
  return { shape, places: new Tensor(x.storage, x.code, places, x.offset) };
}

/** Dense phases in the same shape, as `joinPhases` takes them. */
function inTurn(phases: Tensor, shape: readonly number[], ofPhase: number, ofPlane: number): Tensor {
  const layout = strided(shape, [ofPlane, shape[2]! * ofPhase, ofPhase, shape[4]!, 1]);
  return new Tensor(phases.storage, phases.code, layout, phases.offset);
}

/** Channels on either side and taps along a dim from which a convolution of phases is worth their copies: they go by Winograd's way. */
const LEAST_CHANNELS = 24;
const LEAST_TAPS = 3;

/**
 * The geometry of a dilated convolution between the phases of x and those of y, which the dilation is apart: each phase of y
 * sees one of x, without dilation. Null where the phases are not alike or not worth it.
 */
export function geometryOfPhases(k: Kernels, w: Tensor, size: Pair, out: Pair, geometry: Geometry): Geometry | null {
  const { stride, padding, dilation, groups } = geometry;
  const isEven = [size, out, padding].every((list) => list.every((n, d) => n % dilation[d as 0 | 1] === 0));
  if (Math.max(...dilation) === 1 || Math.max(...stride) > 1 || !isEven || !k.has("winograd")) return null;
  const [o, from, ...kernel] = w.shape as [number, number, number, number];
  if (Math.min(from, o / groups) < LEAST_CHANNELS || Math.min(...kernel) < LEAST_TAPS) return null;
  return { stride, padding: [padding[0] / dilation[0], padding[1] / dilation[1]], dilation: [1, 1], groups };
}
