// How a convolution and its gradients reach their kernels (assembly/conv/block.ts).

import { dense, type Layout, SIZE, strided } from "../core/index.ts";
import { copyInto, type Kernels } from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { runChannels } from "./convchannels.ts";
import { doesZip, geometryOfPhases, joinPhases, phasesLike, splitPhases, zipPhases } from "./convphases.ts";
import {
  ARENA,
  BAND_BYTES,
  block,
  copyBytes,
  copyOf,
  type Geometry,
  operands,
  type Pair,
  planes,
  ROWS,
  STRIP_BYTES,
  TILE_BYTES,
  UNITS,
  type Work,
} from "./convwork.ts";
import { launchSum } from "./folds.ts";
import { grainOf, launchProduct, tilesOf } from "./product.ts";
import { runWinograd, runWinogradWeight } from "./winograd.ts";

/** Columns of a tile of the kernel that packs: more would pass over the filters no seldomer (assembly/gemm/core.ts). */
const MOST_COLUMNS = 1024;

function run(k: Kernels, work: Work): void {
  const { from, to, kernel, out, images, geometry } = work;
  const taps = from * kernel[0] * kernel[1];
  if (isDepthwise(k, from, to)) {
    if (!runChannels(k, "channels", work)) runDepthwise(k, work);
    return;
  }
  if (runPoints(k, work)) return;
  if (runWinograd(k, work)) return;
  if (runMany(k, work)) return;
  const band = k.has("convDirect") ? bandOf(work, SIZE[k.code]!) : 0;
  if (band > 0) {
    const units = Math.ceil(out[0] / band) * images * geometry.groups;
    block(k, "convDirect", work, band, 0).run(units, grainOf(to * taps * band * out[1]));
    return;
  }
  const pixels = images * out[0] * out[1];
  const tiles = tilesOf(to, pixels, taps, geometry.groups, k.backend);
  // Equal parts, so that no thread waits for another's; of whole pairs of panels.
  const columns = Math.ceil(tiles.columns / Math.ceil(tiles.columns / MOST_COLUMNS) / 16) * 16;
  const units = Math.ceil(to / tiles.rows) * Math.ceil(pixels / columns) * geometry.groups;
  block(k, "conv", work, tiles.rows, columns).run(units, grainOf(taps * tiles.rows * columns));
}

/** Pixels of an image below which a product of its own packs more than it multiplies. */
const FEW_PIXELS = 16;

/** Launches a convolution by filters of one tap over every pixel as products of matrices; false where it is none. */
function runPoints(k: Kernels, work: Work): boolean {
  const { from, to, kernel, out, size, images, geometry, bias, yStrides, wStrides } = work;
  const { groups } = geometry;
  const [pixels, isWhole] = [out[0] * out[1], out[0] === size[0] && out[1] === size[1]];
  const isDense = yStrides.every((stride, d) => stride === planes(to * groups, out)[d]);
  if (pixels < FEW_PIXELS || kernel[0] * kernel[1] !== 1 || !isEvery(geometry) || !isWhole || !isDense) return false;
  const as = (t: Tensor, layout: Layout, base = 0): Tensor => new Tensor(t.storage, t.code, layout, t.offset + base);
  const w = as(work.w, strided([1, groups, to, from], [0, wStrides[0], wStrides[1], wStrides[2]]), work.wBase);
  const x = as(work.x, dense([images, groups, from, pixels]));
  const y = as(work.y, dense([images, groups, to, pixels]), work.yBase);
  launchProduct(k, w, x, bias === null ? null : as(bias, dense([1, groups, to, 1])), y);
  return true;
}

/** A channel a unit, in bands; images whose rows are too long for the copy are cut into columns first. */
function runDepthwise(k: Kernels, work: Work): void {
  const { to, kernel, out, images, geometry } = work;
  const rows = depthwiseRows(work, SIZE[k.code]!);
  if (rows === 0) {
    const [left, right] = [Math.ceil(out[1] / 2), Math.floor(out[1] / 2)];
    const { padding, stride } = geometry;
    runDepthwise(k, { ...work, out: [out[0], left] });
    runDepthwise(k, {
      ...work,
      out: [out[0], right],
      geometry: { ...geometry, padding: [padding[0], padding[1] - left * stride[1]] },
      yBase: work.yBase + left * work.yStrides[3],
    });
    return;
  }
  block(k, "depthwise", work, rows, 0)
    .int(0)
    .int(geometry.groups)
    .run(images * geometry.groups * to, grainOf(kernel[0] * kernel[1] * out[0] * out[1]));
}

/** The rows of a band for assembly/conv/depthwise.ts; 0 where not even one fits the arena. */
function depthwiseRows(work: Work, bytes: number): number {
  const { kernel, out } = work;
  const size = (rows: number): number => copyBytes(work, rows, bytes);
  let rows = out[0];
  while (rows > 1 && size(rows) > BAND_BYTES) rows = Math.ceil(rows / 2);
  return kernel[0] * kernel[1] * 20 + 128 + size(rows) + 64 <= ARENA ? rows : 0;
}

/** One channel of x a group and hardly more of y: a product would be mostly padding. */
function isDepthwise(k: Kernels, from: number, to: number): boolean {
  return from === 1 && to <= 2 && k.has("depthwise");
}

/** Images side by side in assembly/conv/many.ts, and what of them stays in the second cache with the products of a strip. */
const EIGHT = 8;
const EIGHT_BYTES = 384 << 10;
/** What direct sums lose at the ends of rows before turning the images is worth it. */
const LEAST_LOSS = 1.05;

/** Launches the convolution of many small images; false where they are not. */
function runMany(k: Kernels, work: Work): boolean {
  const { from, to, kernel, out, images, geometry } = work;
  const taps = from * kernel[0] * kernel[1];
  const units = Math.ceil(images / EIGHT) * geometry.groups;
  if (units < UNITS / 2 || !k.has("convMany")) return false;
  const loss = copyOf(kernel, geometry, out).pitch / out[1];
  if ((loss * images) / (Math.ceil(images / EIGHT) * EIGHT) < LEAST_LOSS) return false;
  const seen = (d: 0 | 1): number => (out[d] - 1) * geometry.stride[d] + (kernel[d] - 1) * geometry.dilation[d] + 1;
  const bytes = (from * seen(0) * seen(1) + ROWS * out[0] * out[1]) * EIGHT * 4;
  if (bytes > EIGHT_BYTES || ROWS * taps * 4 > STRIP_BYTES) return false;
  block(k, "convMany", work, 0, 0).run(units, grainOf(EIGHT * to * taps * out[0] * out[1]));
  return true;
}

/** Pixels of a band for which filters that do not fit the arena are packed. */
const LEAST_COLUMNS = 256;
/** Channels of y beyond which packing is worth it even where no pixel is computed for nothing. */
const MOST_TO_DIRECT = 64;

/** The rows of a band for the kernel that packs nothing; 0 where packing is better or the arena too small. */
function bandOf(work: Work, bytes: number): number {
  const { from, to, kernel, out, images, geometry } = work;
  const taps = from * kernel[0] * kernel[1];
  const { pitch } = copyOf(kernel, geometry, out);
  // Pixels beyond a row of y are computed for nothing; packing costs the work of some four channels.
  if (to > MOST_TO_DIRECT || pitch / out[1] > 1 + 4 / to) return 0;
  const size = (rows: number): number => copyBytes(work, rows, bytes);
  let rows = out[0];
  while (rows > 1 && size(rows) > BAND_BYTES) rows = Math.ceil(rows / 2);
  // Few images are cut further, unless what bands share outweighs it.
  while (rows > 2 * kernel[0] && images * geometry.groups * Math.ceil(out[0] / rows) < UNITS)
    rows = Math.ceil(rows / 2);
  if (TILE_BYTES + STRIP_BYTES + taps * 4 + 64 + size(rows) > ARENA) return 0;
  return Math.ceil(to / ROWS) * ROWS * taps * bytes <= STRIP_BYTES || rows * out[1] >= LEAST_COLUMNS ? rows : 0;
}

const pairOf = (shape: readonly number[], at: number): Pair => [shape[at]!, shape[at + 1]!];

/** y = x ∗ w + bias. All are dense; y [n, o, oh, ow] says how far the padding below and on the right reaches. */
export function launchConv(k: Kernels, x: Tensor, w: Tensor, bias: Tensor | null, y: Tensor, geometry: Geometry): void {
  const between = geometryOfPhases(k, w, pairOf(x.shape, 2), pairOf(y.shape, 2), geometry);
  if (between !== null) {
    const apart = phasesLike(k, y, geometry.dilation);
    launchConv(k, splitPhases(k, x, geometry.dilation), w, bias, apart, between);
    joinPhases(k, apart, y, geometry.dilation);
    return;
  }
  run(k, workOf(x, w, bias, y, geometry));
}

/** The convolution of dense tensors, whichever of them is wanted. */
function workOf(x: Tensor, w: Tensor, bias: Tensor | null, y: Tensor, geometry: Geometry): Work {
  const [o, from] = pairOf(w.shape, 0);
  const kernel = pairOf(w.shape, 2);
  const [to, taps] = [o / geometry.groups, kernel[0] * kernel[1]];
  const out = pairOf(y.shape, 2);
  return {
    from,
    to,
    x,
    w,
    y,
    bias,
    images: x.shape[0]!,
    size: pairOf(x.shape, 2),
    out,
    kernel,
    geometry,
    yBase: 0,
    yStrides: planes(o, out),
    wBase: 0,
    wStrides: [to * from * taps, from * taps, taps, kernel[1], 1],
  };
}

/** What one phase of a stride is along one dim: positions first, first + stride … of x, and the taps that reach them. */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly taps: number;
  /** The last tap (filters are read backwards), the step from tap to tap, what that step is in g, and the padding. */
  readonly lastTap: number;
  readonly step: number;
  readonly dilation: number;
  readonly padding: number;
}

/** The phases of a dim of `size` elements of x. Position p is reached by tap t from element (p + padding - t·dilation) / stride of g. */
function phasesOf(size: number, taps: number, stride: number, dilation: number, padding: number): Phase[] {
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(stride, size); first++) {
    const reached = Array.from({ length: taps }, (_, t) => t).filter(
      (t) => (first + padding - t * dilation) % stride === 0,
    );
    const [tap = 0, next = tap + 1] = reached;
    const lastTap = reached.at(-1) ?? 0;
    phases.push({
      first,
      count: Math.ceil((size - first) / stride),
      taps: reached.length,
      lastTap,
      step: next - tap,
      dilation: Math.max(((next - tap) * dilation) / stride, 1),
      padding: -(first + padding - lastTap * dilation) / stride,
    });
  }
  return phases;
}

/** Products with zeros, over those that count, up to which phases are made together; few channels leave half a tile empty. */
const MOST_IN_VAIN = 1.1;
const MOST_IN_VAIN_OF_FEW = 1.8;
const FEW_CHANNELS = 3;

/** Places of g that position p < stride of x is reached from, at most: from `least` to `most` elements beyond its own. */
function reachOf(taps: number, stride: number, padding: number): { least: number; most: number; count: number } {
  const least = Math.ceil((padding - taps + 1) / stride);
  const most = Math.floor((padding + stride - 1) / stride);
  return { least, most, count: most - least + 1 };
}

/**
 * The gradient by x where its phases see nearly the same of g: one convolution whose channels are those of x in each phase,
 * put in their places afterwards. False where that is not so.
 */
function launchPhases(k: Kernels, g: Tensor, w: Tensor, x: Tensor, geometry: Geometry): boolean {
  const { stride, dilation, padding, groups } = geometry;
  const [from, to] = pairOf(w.shape, 0);
  const kernel = pairOf(w.shape, 2);
  const [h, width] = pairOf(x.shape, 2);
  const [down, across] = stride;
  const phases = down * across;
  if (phases === 1 || groups > 1 || Math.max(...dilation) > 1 || h % down > 0 || width % across > 0) return false;
  const rows = reachOf(kernel[0], down, padding[0]);
  const columns = reachOf(kernel[1], across, padding[1]);
  const taps = rows.count * columns.count;
  const inVain = (taps * phases) / (kernel[0] * kernel[1]);
  if (inVain > (to > FEW_CHANNELS ? MOST_IN_VAIN : MOST_IN_VAIN_OF_FEW)) return false;

  // With zeros around it the filter is [from, to, tap, phase, tap, phase], the taps in the order of x.
  const padded = k.scratch(w.code, [from, to, rows.count * down, columns.count * across]);
  copyInto(padded, scalarTensor(0, w.code, w.storage.backend));
  const length = columns.count * across;
  const plane = rows.count * down * length;
  const middle = strided(w.shape, [to * plane, plane, length, 1]);
  const corner = (rows.most * down - padding[0]) * length + columns.most * across - padding[1];
  copyInto(new Tensor(padded.storage, w.code, middle, padded.offset + corner), w);
  const filters = k.scratch(w.code, [from, to, down, across, rows.count, columns.count]);
  const byPhase = strided(filters.shape, [to * plane, plane, length, 1, down * length, across]);
  copyInto(filters, new Tensor(padded.storage, w.code, byPhase, padded.offset));

  const out: Pair = [h / down, width / across];
  const images = x.shape[0]!;
  const y = k.scratch(x.code, [images, to, down, across, ...out]);
  run(k, {
    from,
    to: to * phases,
    x: g,
    w: filters,
    y,
    bias: null,
    images,
    size: pairOf(g.shape, 2),
    out,
    kernel: [rows.count, columns.count],
    geometry: { stride: [1, 1], dilation: [1, 1], padding: [-rows.least, -columns.least], groups: 1 },
    yBase: 0,
    yStrides: planes(to * phases, out),
    wBase: taps - 1,
    wStrides: [0, taps, to * phases * taps, -columns.count, -1],
  });
  const area = out[0] * out[1];
  joinPhases(k, y, x, stride, area, phases * area);
  return true;
}

/**
 * The gradient by x: a convolution of g with the filters turned over. With a stride it is one for each phase of x, whose
 * taps are the multiples of the stride apart, and none is in vain; phases are put in their places afterwards.
 */
export function launchConvInput(k: Kernels, g: Tensor, w: Tensor, x: Tensor, geometry: Geometry): void {
  const between = geometryOfPhases(k, w, pairOf(x.shape, 2), pairOf(g.shape, 2), geometry);
  if (between !== null) {
    const apart = phasesLike(k, x, geometry.dilation);
    launchConvInput(k, splitPhases(k, g, geometry.dilation), w, apart, between);
    joinPhases(k, apart, x, geometry.dilation);
    return;
  }
  if (runChannels(k, "channelsInput", workOf(x, w, null, g, geometry))) return;
  if (launchPhases(k, g, w, x, geometry)) return;
  const { stride, dilation, padding, groups } = geometry;
  const [o, to] = pairOf(w.shape, 0);
  const [kh, kw] = pairOf(w.shape, 2);
  const size = pairOf(x.shape, 2);
  const from = o / groups;
  const rows = phasesOf(size[0], kh, stride[0], dilation[0], padding[0]);
  const columns = phasesOf(size[1], kw, stride[1], dilation[1], padding[1]);
  const phases = rows.length * columns.length;
  // All phases, each dense, have room for the first one, which is the largest.
  const most = [x.shape[0]!, x.shape[1]!, rows[0]?.count ?? 0, columns[0]?.count ?? 0];
  const y = phases > 1 ? k.scratch(x.code, [phases, ...most]) : x;
  const isZipped = doesZip(k, [rows.length, columns.length]);
  const even = size[0] % rows.length === 0 && size[1] % columns.length === 0;
  for (const [i, row] of rows.entries()) {
    for (const [j, column] of columns.entries()) {
      const out: Pair = [row.count, column.count];
      const ofAll = planes(to * groups, out);
      const yBase = (i * columns.length + j) * most.reduce((p, n) => p * n, 1);
      const phase = new Tensor(y.storage, x.code, strided([most[0]!, most[1]!, ...out], ofAll), y.offset + yBase);
      if (row.taps * column.taps === 0) copyInto(phase, scalarTensor(0, x.code, x.storage.backend));
      else {
        run(k, {
          from,
          to,
          x: g,
          w,
          y,
          bias: null,
          images: x.shape[0]!,
          size: pairOf(g.shape, 2),
          out,
          kernel: [row.taps, column.taps],
          geometry: {
            stride: [1, 1],
            dilation: [row.dilation, column.dilation],
            padding: [row.padding, column.padding],
            groups,
          },
          yBase,
          yStrides: ofAll,
          wBase: row.lastTap * kw + column.lastTap,
          wStrides: [from * to * kh * kw, kh * kw, to * kh * kw, -row.step * kw, -column.step],
        });
      }
      if (!even && !isZipped) copyInto(placesOf(x, phase.shape, stride, row.first, column.first), phase);
    }
  }
  if (isZipped) zipPhases(k, y, x, rows.length, y.numel() / phases, 0);
  else if (even && phases > 1) joinPhases(k, y, x, [rows.length, columns.length]);
}

/** The elements of images x that are `stride` apart from row and column `first` on. */
function placesOf(x: Tensor, shape: readonly number[], stride: Pair, row: number, column: number): Tensor {
  const [ofImage, ofChannel, ofRow] = planes(x.shape[1]!, pairOf(x.shape, 2));
  const layout = strided(shape, [ofImage, ofChannel, ofRow * stride[0], stride[1]]);
  return new Tensor(x.storage, x.code, layout, x.offset + row * ofRow + column);
}

/** Partial sums of a gradient by the weight: enough for eight threads, few enough to be small. */
const SPLITS = 8;
/** Channels of y up to which the gradient by the weight is summed in place; beyond, packing the taps is worth it. */
const NARROW = 48;
/** Vectors of a channel in a strip of assembly/conv/narrow.ts, unless a row has more. */
const STRIP = 256;

/** Pixels of y from which its channels may be cut into blocks: the sums across lanes and the copies are worth it. */
const LEAST_TO_CUT = 512;

/**
 * Whether the kernel that reads taps in place is the one: rows fill a vector, whole images fit, and there are some of
 * them or they are large.
 */
function isNarrow(k: Kernels, work: Work, splits: number): boolean {
  const { from, to, kernel, out, geometry } = work;
  const bytes = SIZE[k.code]!;
  if (!k.has("convNarrow") || to > NARROW || out[1] * bytes < 16) return false;
  if (splits * geometry.groups < SPLITS / 2 && out[0] * out[1] < LEAST_TO_CUT) return false;
  const table = from * kernel[0] * kernel[1] * 4;
  const strip = Math.max(STRIP, Math.ceil((out[1] * bytes) / 16)) * ROWS * 16;
  const sums = (to + ROWS) * from * kernel[0] * kernel[1] * 16;
  return table + strip + sums + copyBytes(work, out[0], bytes) + 64 <= ARENA;
}

/** Columns of y beyond which a row loses next to nothing at its end. */
const MOST_COLUMNS_OF_MANY = 32;
/** Pixels of a strip of assembly/conv/manyweight.ts, unless a row has more. */
const STRIP_PIXELS = 128;

/** Whether eight images are summed side by side: small ones with few channels of y, in whole eights. */
function isMany(k: Kernels, { from, to, kernel, out, images, geometry }: Work): boolean {
  if (images === 0 || images % EIGHT > 0 || to > NARROW || out[1] > MOST_COLUMNS_OF_MANY) return false;
  if (isDepthwise(k, from, to) || !k.has("convManyWeight")) return false;
  const seen = (d: 0 | 1): number => (out[d] - 1) * geometry.stride[d] + (kernel[d] - 1) * geometry.dilation[d] + 1;
  const taps = from * kernel[0] * kernel[1];
  const copy = from * seen(0) * seen(1);
  const strips = Math.ceil(to / ROWS) * taps + Math.max(STRIP_PIXELS, out[1]);
  return copy * EIGHT * 4 <= EIGHT_BYTES && taps * 4 + (strips * ROWS + copy) * EIGHT * 4 + 64 <= ARENA;
}

/** The gradient by w: sums over parts of the images, then over the parts. */
export function launchConvWeight(k: Kernels, g: Tensor, x: Tensor, w: Tensor, geometry: Geometry): void {
  const between = geometryOfPhases(k, w, pairOf(x.shape, 2), pairOf(g.shape, 2), geometry);
  if (between !== null) {
    const [ofY, ofX] = [splitPhases(k, g, geometry.dilation), splitPhases(k, x, geometry.dilation)];
    launchConvWeight(k, ofY, ofX, w, between);
    return;
  }
  const work = workOf(x, w, null, g, geometry);
  const { from, kernel, images: n } = work;
  const [o, taps] = [w.shape[0]!, kernel[0] * kernel[1]];
  const { groups } = geometry;
  if (taps === 1 && groups === 1 && n > 0 && n <= SPLITS && isEvery(geometry) && x.numel() * o === g.numel() * from) {
    launchPointWeight(k, g, x, w);
    return;
  }
  const flags = runWinogradWeight(k, work);
  if (flags !== null) {
    runWeight(k, "convWeight", work, 1, flags);
    return;
  }
  const together = isMany(k, work) ? EIGHT : 1;
  let splits = Math.min(SPLITS, Math.max(n / together, 1));
  while (n % (splits * together) !== 0) splits--;
  const sum = (into: Tensor): void => {
    const part = { ...work, w: into, images: n / splits };
    if (runChannels(k, "channelsWeight", part, splits)) return;
    runWeight(k, together === 1 ? weightKernel(k, part, splits) : "convManyWeight", part, splits, null);
  };
  if (splits === 1) {
    sum(w);
    return;
  }
  const partial = k.scratch(w.code, [splits, ...w.shape]);
  sum(partial);
  launchSum(k, partial, w, [0]);
}

/** Whether each pixel of x is seen, in its place. */
const isEvery = ({ stride, padding }: Geometry): boolean => Math.max(...stride) === 1 && Math.max(...padding) === 0;

/** Pixels of a part of an image: enough for a product of their own. */
const LEAST_PIXELS = 512;

/** The gradient by filters of one tap: products of two matrices, summed over the images and parts of them. */
function launchPointWeight(k: Kernels, g: Tensor, x: Tensor, w: Tensor): void {
  const [n, o, c] = [x.shape[0]!, w.shape[0]!, w.shape[1]!];
  const pixels = g.shape[2]! * g.shape[3]!;
  let parts = Math.floor(SPLITS / n);
  while (parts > 1 && (pixels % (4 * parts) !== 0 || pixels / parts < LEAST_PIXELS)) parts--;
  const as = (t: Tensor, layout: Layout): Tensor => new Tensor(t.storage, t.code, layout, t.offset);
  const cut = (t: Tensor, channels: number): Tensor => {
    const part = pixels / parts;
    return as(t, strided([n, parts, channels, part], [channels * pixels, part, pixels, 1]));
  };
  const partial = n * parts === 1 ? w : k.scratch(w.code, [n * parts, o, c]);
  launchProduct(k, cut(g, o), cut(x, c), null, as(partial, dense([n, parts, o, c])), { turned: true });
  if (partial === w) return;
  launchSum(k, partial, as(w, dense([o, c])), [0]);
}

type WeightKernel = "depthwiseWeight" | "convNarrow" | "convManyWeight" | "convWeight";

function weightKernel(k: Kernels, work: Work, splits: number): WeightKernel {
  if (isDepthwise(k, work.from, work.to) && depthwiseRows(work, SIZE[k.code]!) > 0) return "depthwiseWeight";
  return isNarrow(k, work, splits) ? "convNarrow" : "convWeight";
}

/** `flags`: there is only something to do if one is set. */
function runWeight(k: Kernels, name: WeightKernel, work: Work, splits: number, flags: Tensor | null): void {
  const { from, to, kernel, out, images, geometry } = work;
  const taps = from * kernel[0] * kernel[1];
  const depth = images * out[0] * out[1];
  const tiles = tilesOf(to, taps, depth, splits * geometry.groups, k.backend);
  // Each block of channels copies the images anew: there are only as many as give work to four threads.
  const blocks = Math.ceil(SPLITS / 2 / (splits * geometry.groups));
  const block = Math.ceil(to / blocks / ROWS) * ROWS;
  const [units, length, rows, columns] =
    name === "depthwiseWeight"
      ? [to, depth, depthwiseRows(work, SIZE[k.code]!), 0]
      : name === "convNarrow"
        ? [Math.ceil(to / block), taps, out[0], block]
        : name === "convManyWeight"
          ? [1, taps, 0, 0]
          : [tiles.count, depth, tiles.rows, tiles.columns];
  const call = k.call(name).int(to).int(taps).int(length).int(rows).int(columns);
  operands(call, work)
    .int(images)
    .int(to * geometry.groups * taps)
    .int(geometry.groups)
    .tensor(flags)
    .int(flags === null ? 0 : flags.numel())
    .run(units * geometry.groups * splits, grainOf((to * taps * depth) / units));
}
