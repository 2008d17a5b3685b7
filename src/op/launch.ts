// How a rule reaches kernels: `k.call("name").tensor(out).tensor(x).int(n).run(n, grain)`.
//
// What is here runs below the operators: nothing is recorded, nothing is checked again.

import { DeviceError, dense, expandTo, type Layout, SIZE, SUFFIX, strided, WIDE } from "../core/index.ts";
import type { Backend, Command, Kernel } from "../device/index.ts";
import { allocate, type Tensor } from "../tensor/index.ts";

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
  const { rank, slots } = walkFor(y.layout, operands);
  const call = new Call(backend.command(kernel)).int(rank).real(p0).real(p1).tensor(y);
  for (let i = 0; i < operands.length; i++) call.tensor(operands[i]!);
  call.ints(slots).run(y.layout.size, POINTWISE_GRAIN);
}

/** How a pointwise launch walks: for each dim its size and the step of y and of each operand. */
interface Walk {
  readonly layouts: readonly Layout[];
  readonly rank: number;
  readonly slots: readonly number[];
}

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
  const walk = {
    layouts,
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
    const kernel = need(backend, `cast_${SUFFIX[source.code]}_${SUFFIX[target.code]}`);
    pointwise(backend, kernel, target, [source], 0, 0);
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
