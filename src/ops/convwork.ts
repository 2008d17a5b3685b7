// One convolution as its kernels see it: the argument block of assembly/conv/block.ts.

import type { Call, Kernels } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

/** Height and width. */
export type Pair = readonly [number, number];

/** What a convolution does beside its operands' shapes. `padding` is what is added above and on the left. */
export interface Geometry {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/**
 * One convolution as a kernel sees it: of x [images, groups · channels, h, w], contiguous, with a filter of any strides,
 * into y of any strides. Strides and `base`s are in elements.
 */
export interface Work {
  /** Channels of x and of y a group. */
  readonly from: number;
  readonly to: number;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly y: Tensor;
  readonly bias: Tensor | null;
  readonly images: number;
  readonly size: Pair;
  readonly out: Pair;
  readonly kernel: Pair;
  readonly geometry: Geometry;
  readonly yBase: number;
  /** Of image, channel, row, column. */
  readonly yStrides: readonly [number, number, number, number];
  readonly wBase: number;
  /** Of group, channel of y, channel of x, row, column. */
  readonly wStrides: readonly [number, number, number, number, number];
}

/** The arena of a kernel (SCRATCH_BYTES of assembly/abi.ts), and the parts of it that gemm/finish.ts gives away. */
export const ARENA: number = 2 << 20;
export const TILE_BYTES: number = 768;
export const STRIP_BYTES = 245_760;
/** A band of images that stays in the second cache beside the filters. */
export const BAND_BYTES: number = 256 << 10;
/** Units of a large convolution: enough for eight threads. */
export const UNITS = 8;
/** Rows of a strip of filters in the widest kernel: ROWS of assembly/gemm/micro.ts. */
export const ROWS = 6;

/** The copy of assembly/conv/band.ts: rows beyond those of y, elements of a row, planes of a channel. */
export function copyOf(
  kernel: Pair,
  { stride, dilation }: Geometry,
  out: Pair,
): { rows: number; pitch: number; planes: number } {
  const reach = (d: 0 | 1): number => Math.floor(((kernel[d] - 1) * dilation[d]) / stride[d]);
  const phases = (d: 0 | 1): number => (dilation[d] === 1 ? Math.min(kernel[d], stride[d]) : stride[d]);
  return { rows: reach(0), pitch: out[1] + reach(1), planes: phases(0) * phases(1) };
}

/** The bytes of that copy for `rows` rows of y: each plane is an odd number of cache lines. */
export function copyBytes({ from, kernel, geometry, out }: Work, rows: number, bytes: number): number {
  const { rows: more, pitch, planes } = copyOf(kernel, geometry, out);
  const lines = Math.ceil(((rows + more) * pitch * bytes) / 64);
  return from * planes * (lines + 1 - (lines % 2)) * 64;
}

/** The argument block up to slot 41. */
export function block(k: Kernels, name: string, work: Work, tileRows: number, tileColumns: number): Call {
  const { from, to, images, out, kernel } = work;
  const call = k
    .call(name)
    .int(to)
    .int(images * out[0] * out[1])
    .int(from * kernel[0] * kernel[1]);
  return operands(call.int(tileRows).int(tileColumns), work).int(images);
}

/** Slots 5 to 40. */
export function operands(call: Call, work: Work): Call {
  const { from, to, x, w, y, bias, size, out, kernel, geometry } = work;
  const { stride, dilation, padding } = geometry;
  return call
    .bool(false)
    .pair(1, 0)
    .pair(1, 0)
    .tensor(shifted(y, work.yBase))
    .tensor(shifted(w, work.wBase))
    .tensor(x)
    .tensor(bias)
    .ints(work.yStrides)
    .ints(work.wStrides)
    .ints(planes(from * geometry.groups, size))
    .ints(size)
    .ints(out)
    .ints(kernel)
    .ints(stride)
    .ints(dilation)
    .ints(padding)
    .int(from)
    .int(to);
}

/** The tensor from its element number `base` on. */
function shifted(x: Tensor, base: number): Tensor {
  return base === 0 ? x : new Tensor(x.storage, x.code, x.layout, x.offset + base);
}

/** The strides of dense images: of image, channel, row, column. */
export function planes(channels: number, [h, w]: Pair): [number, number, number, number] {
  return [channels * h * w, h * w, w, 1];
}
