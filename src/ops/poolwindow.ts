// What pools share: how a window slides over the last dims, and how it reaches a kernel of assembly/conv/pool.ts.

import { cut, DTypeError, isFloating, ShapeError, show, showShape, showValue, ValueError } from "../core/index.ts";
import { type Call, type Spec, wrongArgument } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { product } from "./axes.ts";
import type { Pair } from "./convwork.ts";
import { perDim, type Sizes } from "./window.ts";

/** Elements of x below which no other thread is woken: some ten microseconds of work. */
const GRAIN = 8192;

/** A window that slides over the last dims, a number a dim; over one dim it has a height of 1. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** The last `ndim` dims as a plane: rows of the last one. */
export function planeOf(shape: readonly number[], ndim: number): Pair {
  const last = shape.length - 1;
  return [product(cut(shape, shape.length - ndim, last)), shape[last]!];
}

const area = ([h, w]: Pair): number => h * w;

/** Runs a kernel of assembly/conv/pool.ts whose units are rows of the result (`rows`) or whole planes. */
export function runPool(call: Call, planes: number, size: Pair, out: Pair, rows: boolean): void {
  const units = rows ? planes * out[0] : planes;
  const work = rows ? area(size) / out[0] : area(size);
  call.run(units, Math.max(1, Math.ceil(GRAIN / Math.max(work, 1))));
}

export const planesIn = (x: Tensor, size: Pair): number => x.numel() / Math.max(area(size), 1);

// ── the shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Throws unless `x` is [c, …] or [n, c, …] and only n may be 0. */
export function checkInput(op: string, x: Spec, ndim: number): void {
  const fits = (x.ndim === ndim + 1 || x.ndim === ndim + 2) && x.shape.slice(-ndim - 1).every((n) => n > 0);
  if (!fits) {
    throw new ShapeError(
      `${op}: expected ${ndim + 1} dims, or ${ndim + 2} with a batch, of which the batch alone may be empty, got ${show(x)}`,
    );
  }
}

/** The shape of a pooled x. A window may hang over the end in ceil mode, if it begins before the padding there. */
export function pooledShape(op: string, x: Spec, ndim: number, window: Window, ceil: boolean): readonly number[] {
  checkInput(op, x, ndim);
  const { kernel, stride, padding, dilation } = window;
  const lead = x.ndim - ndim;
  let fits = true;
  const shape = x.shape.map((size, i) => {
    if (i < lead) return size;
    const d = kernel.length - x.ndim + i;
    const reach = dilation[d]! * (kernel[d]! - 1) + 1;
    const over = size + 2 * padding[d]! - reach;
    let n = Math.floor((over + (ceil ? stride[d]! - 1 : 0)) / stride[d]!) + 1;
    if (ceil && (n - 1) * stride[d]! >= size + padding[d]!) n--;
    fits &&= n >= 1;
    return n;
  });
  if (!fits) {
    throw new ShapeError(
      `${op}: the result of ${show(x)} would be ${showShape(shape.slice(lead))}: the kernel ${showShape(kernel)} is too large`,
    );
  }
  return shape;
}

interface Options {
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null | undefined;
  readonly padding: Sizes | undefined;
  readonly dilation: Sizes | undefined;
}

/** The window that the arguments describe. */
export function windowOf(op: string, ndim: number, { kernelSize, stride, padding, dilation }: Options): Window {
  const flat = (list: readonly number[], fill: number): readonly number[] => (ndim === 1 ? [fill, ...list] : list);
  const kernel = perDim(op, "kernelSize", kernelSize, ndim, 1);
  const step =
    stride == null || (Array.isArray(stride) && stride.length === 0) ? kernel : perDim(op, "stride", stride, ndim, 1);
  const around = perDim(op, "padding", padding ?? 0, ndim, 0);
  const apart = perDim(op, "dilation", dilation ?? 1, ndim, 1);
  for (const [d, n] of around.entries()) {
    if (n > ((kernel[d]! - 1) * apart[d]! + 1) / 2) {
      throw new ValueError(
        `${op}: padding ${showShape(around)} is more than half of the kernel ${showShape(kernel)} with dilation ${showShape(apart)}`,
      );
    }
  }
  return { kernel: flat(kernel, 1), stride: flat(step, 1), padding: flat(around, 0), dilation: flat(apart, 1) };
}

// ── adaptive ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The sizes that an adaptive pool leaves, one for all dims or one a dim; null keeps a size. */
export type OutputSize = number | readonly (number | null)[] | null;

/** A size or null for each of the last `ndim` dims. */
export function outputSizes(op: string, outputSize: unknown, ndim: number): readonly (number | null)[] {
  const list = Array.isArray(outputSize) ? (outputSize as unknown[]) : new Array<unknown>(ndim).fill(outputSize);
  if (list.length !== ndim || !list.every((n): n is number | null => n === null || Number.isInteger(n))) {
    throw wrongArgument(op, "outputSize", outputSize, ndim === 1 ? "an integer" : `an integer or ${ndim} of them`);
  }
  if (list.some((n) => n !== null && n < 0)) {
    throw new ValueError(`${op}: outputSize is ${showValue(list)}, expected no negative numbers`);
  }
  return list;
}

/** The shape that an adaptive pool of floats leaves of `x`. */
export function adaptedShape(op: string, x: Spec, size: readonly (number | null)[]): readonly number[] {
  if (!isFloating(x.code)) throw new DTypeError(`${op}: not defined for ${x.dtype}`);
  checkInput(op, x, size.length);
  return [...x.shape.slice(0, -size.length), ...size.map((n, d) => n ?? x.shape[x.ndim - size.length + d]!)];
}
