// How a rule reaches kernels: `k.call("name").tensor(out).tensor(x).int(n).run(n, grain)`.
//
// What is here runs below the operators: nothing is recorded, nothing is checked again.

import {
  DeviceError,
  dense,
  expandTo,
  FLOAT32,
  isHalf,
  type Layout,
  SIZE,
  SUFFIX,
  strided,
  WIDE,
} from "../core/index.ts";
import type { Backend, Command, Kernel } from "../device/index.ts";
import { allocate, popLaunch, pushLaunch, type Tensor } from "../tensor/index.ts";

/** Elements of a pointwise kernel below which no other thread is woken: some ten microseconds of work. */
export const POINTWISE_GRAIN = 16384;

/** The call whose slots are being written: a device may have one block for all. */
let open: Call | null = null;

/** A command that takes tensors. */
export class Call {
  readonly #command: Command;
  constructor(command: Command) {
    this.#command = command;
    open = this;
  }

  /** The address of a tensor's first element; no address where it is null. */
  tensor(x: Tensor | null): this {
    if (x === null) this.#command.none();
    else this.#command.buffer(x.storage.allocation!, x.offset * SIZE[x.code]!);
    return this;
  }
  kernel(kernel: Kernel): this {
    this.#command.kernel(kernel);
    return this;
  }
  /** A tensor for assembly/pointwise/strips.ts, and what casts it. */
  placed(x: Tensor, cast: Kernel | "none"): this {
    this.tensor(x).int(SIZE[x.code]!);
    return cast === "none" ? this.int(0) : this.kernel(cast);
  }
  int(value: number): this {
    this.#command.int(value);
    return this;
  }
  bool(value: boolean): this {
    return this.int(value ? 1 : 0);
  }
  ints(values: readonly number[]): this {
    for (let i = 0; i < values.length; i++) this.#command.int(values[i]!);
    return this;
  }
  long(value: bigint): this {
    this.#command.long(value);
    return this;
  }
  real(value: number): this {
    this.#command.real(value);
    return this;
  }
  pair(re: number, im: number): this {
    this.#command.pair(re, im);
    return this;
  }
  /** `units` in the kernel's sense; `grain` of them are not worth another thread. */
  run(units: number, grain: number): void {
    if (open !== this) throw new Error("a launch began while the slots of another were written: make operands first");
    if (units > 0) this.#command.run(units, grain);
  }
}

const fullNames = new Map<string, string[]>();

/** `name_suffix`, which is put together once. */
export function fullName(name: string, code: number): string {
  let bySuffix = fullNames.get(name);
  if (bySuffix === undefined) {
    bySuffix = [];
    fullNames.set(name, bySuffix);
  }
  bySuffix[code] ??= `${name}_${SUFFIX[code]}`;
  return bySuffix[code];
}

/** The kernels of one device in one computing dtype, and scratch tensors that end with the operator. */
export class Kernels {
  readonly backend: Backend;
  /** The computing dtype. */
  readonly code: number;
  /** Those in the computing dtype that were asked for before. */
  readonly #known = new Map<string, Kernel>();

  constructor(backend: Backend, code: number) {
    this.backend = backend;
    this.code = code;
  }

  /** Begins a launch of `name` in the computing dtype. */
  call(name: string): Call {
    return new Call(this.backend.command(this.find(name) ?? need(this.backend, fullName(name, this.code))));
  }

  /** The kernel of that name in the computing dtype, or null. */
  find(name: string): Kernel | null {
    let kernel = this.#known.get(name) ?? null;
    if (kernel === null) {
      kernel = this.backend.kernel(fullName(name, this.code));
      if (kernel !== null) this.#known.set(name, kernel);
    }
    return kernel;
  }

  has(name: string): boolean {
    return this.find(name) !== null;
  }

  /** Begins a launch of the kernel with this full name. */
  exact(name: string): Call {
    return new Call(this.backend.command(need(this.backend, name)));
  }

  /** Uninitialised scratch; it goes back when the operator is done. */
  scratch(code: number, shape: readonly number[]): Tensor {
    return allocate(this.backend, code, dense(shape));
  }
}

const made: Kernels[] = [];

/** The kernels of a device in a dtype; those of the device that was asked for last are there. */
export function kernelsOf(backend: Backend, code: number): Kernels {
  if (made[code]?.backend !== backend) made[code] = new Kernels(backend, code);
  return made[code]!;
}

/** Thrown in the middle of an operator that asks for a kernel which the device lacks: the funnel then goes another way. */
export class MissingKernel extends DeviceError {}

/** The kernel, or a MissingKernel that names what the device lacks. */
export function need(backend: Backend, name: string): Kernel {
  const kernel = backend.kernel(name);
  if (kernel === null) throw new MissingKernel(`"${backend.device}" has no kernel ${name}`);
  return kernel;
}

/** The dtype in which `kernel` can compute for `code`: itself, the widened one, or -1 for none. */
export function computing(backend: Backend, kernel: string, code: number): number {
  if (kernelsOf(backend, code).find(kernel) !== null) return code;
  const wide = WIDE[code]!;
  return wide !== code && kernelsOf(backend, wide).find(kernel) !== null ? wide : -1;
}

/**
 * A pointwise launch (assembly/iterate.ts): `y` and its operands, each broadcast to y's shape, dims merged where all
 * operands allow it. `p0`, `p1` are the kernel's parameters.
 */
export function pointwise(
  backend: Backend,
  kernel: Kernel,
  y: Tensor,
  operands: readonly Tensor[],
  p0: number,
  p1: number,
): void {
  const walk = walkFor(y.layout, operands);
  if (walk.isTurned && inStrips(backend, kernel, AS_IS, AS_IS, walk, y, operands, p0, p1)) return;
  const { rank, slots } = walk;
  const call = new Call(backend.command(kernel)).int(rank).real(p0).real(p1).tensor(y);
  for (let i = 0; i < operands.length; i++) call.tensor(operands[i]!);
  call.ints(slots).run(y.layout.size, POINTWISE_GRAIN);
}

/**
 * As `pointwise`, by a kernel that takes operands of the dtype `takes` and gives one of `gives`: others are cast on the way, a
 * tile at a time. Where that is not to be had they are cast whole.
 */
export function pointwiseAs(
  backend: Backend,
  kernel: Kernel,
  takes: number,
  gives: number,
  y: Tensor,
  operands: readonly Tensor[],
  p0: number,
  p1: number,
): void {
  if (y.code === gives && operands.every((x) => x.code === takes)) {
    pointwise(backend, kernel, y, operands, p0, p1);
    return;
  }
  if (inStrips(backend, kernel, takes, gives, walkFor(y.layout, operands), y, operands, p0, p1)) return;
  const frame = pushLaunch();
  try {
    const target = y.code === gives ? y : allocate(backend, gives, dense(y.layout.shape));
    pointwise(
      backend,
      kernel,
      target,
      operands.map((x) => toCode(x, takes)),
      p0,
      p1,
    );
    if (target !== y) copyInto(y, target);
  } finally {
    popLaunch(frame);
  }
}

/**
 * Runs the kernel by assembly/pointwise/strips.ts, with casts where it `takes` and `gives` a dtype, AS_IS for any. False, and
 * nothing is done, where the device has no such kernels or tiles would be too small.
 */
function inStrips(
  backend: Backend,
  kernel: Kernel,
  takes: number,
  gives: number,
  walk: Walk,
  y: Tensor,
  operands: readonly Tensor[],
  p0: number,
  p1: number,
): boolean {
  const strips = backend.kernel("strips");
  if (strips === null || y.layout.size === 0) return strips !== null;
  if (walk.tiles === undefined) walk.tiles = tilesOf(walk.dims, walk.strides);
  if (walk.tiles === null) return false;
  // Where all are half types, or one number, the order within a tile is free.
  const isFree = isHalf(y.code) && operands.every((x) => isHalf(x.code) || x.layout.size === 1);
  const last = castKernel(backend, gives, y.code, isFree);
  const first = operands.map((x) => castKernel(backend, x.code, takes, isFree));
  if (last === null || first.includes(null)) return false;
  const { rank, slots, rows, columns, units } = walk.tiles;
  const call = new Call(backend.command(strips)).kernel(kernel).int(rank).real(p0).real(p1);
  call
    .int(operands.length + 1)
    .int(rows)
    .int(columns)
    .placed(y, last);
  for (let i = 0; i < operands.length; i++) call.placed(operands[i]!, first[i]!);
  call.ints(slots).run(units, Math.max(1, Math.floor(POINTWISE_GRAIN / (rows * columns))));
  return true;
}

const AS_IS = -1;

/** The kernel that casts, "none" where nothing is to be cast, or null where there is none. */
function castKernel(backend: Backend, from: number, to: number, isFree: boolean): Kernel | "none" | null {
  if (from === to || from === AS_IS || to === AS_IS) return "none";
  if (isFree && isHalf(from) && to === FLOAT32) return backend.kernel(fullName("unzip", from));
  if (isFree && isHalf(to) && from === FLOAT32) return backend.kernel(fullName("zip", to));
  return backend.kernel(castName(from, to));
}

/** How a pointwise launch walks: for each dim its size and the step of y and of each operand. */
interface Walk {
  readonly layouts: readonly Layout[];
  readonly dims: readonly number[];
  /** Of y, then of each operand. */
  readonly strides: readonly (readonly number[])[];
  readonly rank: number;
  readonly slots: readonly number[];
  /** Whether an operand's rows run along a dim other than y's. */
  readonly isTurned: boolean;
  /** How it goes in strips, found when that is asked for; null where tiles would be too small. */
  tiles: Tiles | null | undefined;
}

/** The walk of assembly/pointwise/strips.ts. */
interface Tiles {
  readonly rank: number;
  readonly slots: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
}

const TILE = 1024; // elements; assembly/pointwise/strips.ts says the same
const SIDE = 32; // of a tile that is turned: lines of the cache, of either order
const LEAST = 128; // elements of a tile that are worth its start

/** The dim along which most operands are contiguous becomes the last, and that of the others the last but one. */
function tilesOf(dims: readonly number[], strides: readonly (readonly number[])[]): Tiles | null {
  const order = dims.map((_, d) => d);
  const toEnd = (steps: readonly (readonly number[])[]): void => {
    const counts = order.map((d) => steps.filter((step) => step[d] === 1).length);
    order.push(...order.splice(counts.lastIndexOf(Math.max(...counts)), 1));
  };
  toEnd(strides);
  const x = order.pop()!;
  const others = strides.filter((step) => step[x]! !== 0 && step[x]! !== 1);
  if (order.length > 0) toEnd(others);
  const z = order[order.length - 1];
  const across = dims[x]!;
  const down = z === undefined ? 1 : dims[z]!;
  const least = z !== undefined && others.some((step) => step[z] === 1) ? Math.min(down, SIDE) : 1;
  const columns = Math.min(across, Math.floor(TILE / least));
  const rows = Math.min(down, Math.floor(TILE / columns));
  const outer = order.slice(0, -1).reduce((n, d) => n * dims[d]!, 1);
  if (rows * columns < LEAST && (outer > 1 || rows < down || columns < across)) return null;
  const ofDim = (d: number): number[] => [dims[d]!, ...strides.map((step) => step[d]!)];
  const first = z === undefined ? [1, ...strides.map(() => 0)] : [];
  return {
    rank: Math.max(dims.length, 2),
    slots: [...first, ...[...order, x].flatMap(ofDim)],
    rows,
    columns,
    units: outer * Math.ceil(down / rows) * Math.ceil(across / columns),
  };
}

/** Whether strips gain: an operand of some size steps evenly along a dim before the last, and not along that. */
function isTurned(dims: readonly number[], strides: readonly (readonly number[])[]): boolean {
  const last = dims.length - 1;
  if (dims.reduce((n, size) => n * size, 1) < FEW) return false;
  return strides.some((step) => step[last]! > 1 && step.some((by, d) => by === 1 && dims[d]! >= 8));
}

const FEW = 4096; // elements that stay in the first cache however they lie

const WALKS = 512; // layouts come again and again: in a training step the same few hundred
const walks: (Walk | null)[] = new Array(WALKS).fill(null);

function walkFor(y: Layout, operands: readonly Tensor[]): Walk {
  let hash = y.number;
  for (let i = 0; i < operands.length; i++) hash = (Math.imul(hash, 31) + operands[i]!.layout.number) | 0;
  const at = hash & (WALKS - 1);
  const known = walks[at]!;
  if (known !== null && isFor(known.layouts, y, operands)) return known;
  const layouts = [y, ...operands.map((x) => x.layout)];
  const shown = layouts.map((layout) => (layout.shape === y.shape ? layout : expandTo(layout, y.shape)));
  const { dims, strides } = mergeDims(y.shape, shown);
  const walk: Walk = {
    layouts,
    dims,
    strides,
    isTurned: isTurned(dims, strides),
    tiles: undefined,
    rank: dims.length,
    slots: dims.flatMap((size, d) => [size, ...strides.map((steps) => steps[d]!)]),
  };
  walks[at] = walk;
  return walk;
}

function isFor(layouts: readonly Layout[], y: Layout, operands: readonly Tensor[]): boolean {
  if (layouts[0] !== y || layouts.length !== operands.length + 1) return false;
  for (let i = 0; i < operands.length; i++) if (layouts[i + 1] !== operands[i]!.layout) return false;
  return true;
}

/** Drops dims of size 1 and joins neighbours along which every layout steps evenly. At least one dim is left. */
export function mergeDims(
  shape: readonly number[],
  layouts: readonly Layout[],
): { dims: number[]; strides: number[][] } {
  // Plain loops: this runs before every launch over strides.
  const n = layouts.length;
  const dims: number[] = [];
  const strides: number[][] = [];
  for (let i = 0; i < n; i++) strides.push([]);
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if (size === 1) continue;
    const last = dims.length - 1;
    let even = last >= 0;
    for (let i = 0; even && i < n; i++) even = strides[i]![last] === layouts[i]!.strides[d]! * size;
    if (even) dims[last]! *= size;
    else dims.push(size);
    for (let i = 0; i < n; i++) strides[i]![dims.length - 1] = layouts[i]!.strides[d]!;
  }
  if (dims.length === 0) {
    dims.push(1);
    for (let i = 0; i < n; i++) strides[i]!.push(1);
  }
  return { dims, strides };
}

/** The copying kernels by the width of an element in bytes. */
const COPIES: readonly string[] = Array.from({ length: 17 }, (_, width) => `copy_w${width}`);

/** Bytes of a copy below which no other thread is woken. */
const COPY_GRAIN = 1 << 17;

/** Writes `source`, broadcast and cast, over `target`, whatever their strides. They must not overlap. */
export function copyInto(target: Tensor, source: Tensor): void {
  if (target.layout.size === 0) return;
  const { backend } = target.storage;
  if (source.code !== target.code) {
    const kernel = backend.kernel(castName(source.code, target.code));
    if (kernel !== null) pointwise(backend, kernel, target, [source], 0, 0);
    else {
      const [from, to] = [source, target].map((x) => (isHalf(x.code) ? FLOAT32 : x.code)) as [number, number];
      const direct = need(backend, from === to ? COPIES[SIZE[to]!]! : castName(from, to));
      pointwiseAs(backend, direct, from, to, target, [source], 0, 0);
    }
    return;
  }
  const width = SIZE[target.code]!;
  const { dims, slots } = copyWalkFor(target.layout, source.layout);
  const call = new Call(backend.command(need(backend, COPIES[width]!))).int(dims.length).int(0).int(0);
  call
    .tensor(target)
    .tensor(source)
    .ints(slots)
    .run(target.layout.size, grainOf(dims, COPY_GRAIN / width));
}

/** The kernel between two dtypes; not all are there between a half type and others than float32. */
const castName = (from: number, to: number): string => fullName(`cast_${SUFFIX[from]}`, to);

/** How a copy walks: the dims in its order, and for each its size and the steps of both. */
interface CopyWalk {
  readonly target: Layout;
  readonly source: Layout;
  readonly dims: readonly number[];
  readonly slots: readonly number[];
}

const copyWalks: (CopyWalk | null)[] = new Array(WALKS).fill(null);

function copyWalkFor(target: Layout, source: Layout): CopyWalk {
  const at = (Math.imul(target.number, 31) + source.number) & (WALKS - 1);
  const known = copyWalks[at]!;
  if (known !== null && known.target === target && known.source === source) return known;
  const { dims, y, a } = walkOf(target, source);
  const walk = { target, source, dims, slots: dims.flatMap((size, d) => [size, y[d]!, a[d]!]) };
  copyWalks[at] = walk;
  return walk;
}

/**
 * The dims of a copy in the order that suits memory: those along which the target moves least come last. Where that is not
 * so for the source, the last two are the planes that assembly/cast/copy.ts transposes, the longer side first.
 */
function walkOf(target: Layout, source: Layout): { dims: number[]; y: number[]; a: number[] } {
  const { shape } = target;
  const shown = source.shape === shape ? source : expandTo(source, shape);
  const { dims, strides } = target.contiguous
    ? mergeDims(shape, [target, shown])
    : mergeDims(...inOrder(target, shown));
  const [y, a] = strides as [number[], number[]];
  const last = dims.length - 1;
  const near = last > 0 && Math.abs(a[last]!) > 1 ? a.indexOf(1) : -1;
  if (near >= 0) {
    const first = dims[near]! > dims[last]! ? last - 1 : last;
    for (const list of [dims, y, a]) list.splice(first, 0, ...list.splice(near, 1));
  }
  return { dims, y, a };
}

/** The shape and both layouts with the dims in the order of the target's strides. */
function inOrder(target: Layout, source: Layout): [readonly number[], readonly Layout[]] {
  const order = target.strides
    .map((_, d) => d)
    .sort((d, e) => Math.abs(target.strides[e]!) - Math.abs(target.strides[d]!));
  const turned = ({ shape, strides }: Layout): Layout =>
    strided(
      order.map((d) => shape[d]!),
      order.map((d) => strides[d]!),
    );
  const layouts = [turned(target), turned(source)];
  return [layouts[0]!.shape, layouts];
}

/** Whole planes of about `least` elements together, or parts of one: few, for they share pages, and of whole squares. */
function grainOf(dims: readonly number[], least: number): number {
  const row = dims[dims.length - 1]!;
  const rows = dims[dims.length - 2] ?? 1;
  const part = dims.length === 1 ? 1 : rows * row <= least ? rows * row : row * 16 * Math.ceil(rows / 128);
  return part * Math.ceil(least / part);
}

/** `x` itself where it is dense, else a dense copy. */
export function toDense(x: Tensor): Tensor {
  return x.layout.contiguous ? x : denseCopy(x);
}

/** A dense copy with memory of its own. */
export function denseCopy(x: Tensor): Tensor {
  const y = allocate(x.storage.backend, x.code, x.layout.contiguous ? x.layout : dense(x.layout.shape));
  copyInto(y, x);
  return y;
}

/** `x` itself where it has the dtype, else a dense copy that has it. */
export function toCode(x: Tensor, code: number): Tensor {
  if (x.code === code) return x;
  const y = allocate(x.storage.backend, code, dense(x.layout.shape));
  copyInto(y, x);
  return y;
}
