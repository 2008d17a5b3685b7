// The Tensor: a dtype and a layout over a storage, and a part in autograd. Operators are attached as methods by the root
// entry (methods.ts has their types); what is here works without them.

import {
  AutogradError,
  DeviceError,
  DisposedError,
  DTYPES,
  type DType,
  DTypeError,
  isDifferentiable,
  type Layout,
  ShapeError,
  SIZE,
  sameShape,
  show,
} from "../core/index.ts";
import type { Backend } from "../device/index.ts";
import { Auto, isTracked } from "./auto.ts";
import type { OperatorMethods } from "./methods.ts";
import { relieve, underPressure } from "./pressure.ts";
import { print } from "./print.ts";
import { type Nested, readAll, readAllSync, type TypedArray, toData, toNested } from "./read.ts";
import { type ScopeFrame, scopes } from "./scope.ts";
import { Storage, tombstone } from "./storage.ts";

export interface Tensor extends OperatorMethods {}

export class Tensor {
  /** @internal */
  storage: Storage;
  /** The dtype's code. @internal */
  code: number;
  /** @internal */
  layout: Layout;
  /** Of the first element, in elements. @internal */
  offset: number;
  /** @internal */
  auto: Auto | null = null;

  /** Tensors are made by functions (`tensor`, `zeros` …), never by `new`. @internal */
  constructor(storage: Storage, code: number, layout: Layout, offset: number) {
    this.storage = storage;
    this.code = code;
    this.layout = layout;
    this.offset = offset;
    storage.refs++;
    const { current } = scopes;
    if (current !== null) current.tensors.push(this);
  }

  /** Sizes by dim; frozen. */
  get shape(): readonly number[] {
    return this.layout.shape;
  }
  get dtype(): DType {
    return DTYPES[this.code]!;
  }
  /** "cpu", "webgpu" … */
  get device(): string {
    return this.storage.backend.device;
  }
  /** Number of dims. */
  get ndim(): number {
    return this.layout.shape.length;
  }
  /** Number of dims. */
  dim(): number {
    return this.layout.shape.length;
  }
  /** Number of elements. */
  numel(): number {
    return this.layout.size;
  }
  /** Bytes of one element. */
  elementSize(): number {
    return SIZE[this.code]!;
  }
  /** Bytes of one element. */
  get itemsize(): number {
    return SIZE[this.code]!;
  }
  /** Bytes of all elements. */
  get nbytes(): number {
    return this.layout.size * SIZE[this.code]!;
  }
  /** Number of elements. */
  nelement(): number {
    return this.layout.size;
  }
  /** Number of dims. */
  ndimension(): number {
    return this.layout.shape.length;
  }
  /** The shape, or the size of one dim. */
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): readonly number[] | number {
    return pick(this.layout.shape, dim, "size");
  }
  /** Strides in elements, or that of one dim. */
  stride(): readonly number[];
  stride(dim: number): number;
  stride(dim?: number): readonly number[] | number {
    return pick(this.layout.strides, dim, "stride");
  }
  /** Where the first element lies in the storage, in elements. */
  storageOffset(): number {
    return this.offset;
  }
  isContiguous(): boolean {
    return this.layout.contiguous;
  }

  /** True if operators on it are recorded for a backward. A leaf's can be set; see `requiresGrad_`. */
  get requiresGrad(): boolean {
    return isTracked(this);
  }
  set requiresGrad(wanted: boolean) {
    setRequiresGrad(this, wanted);
  }
  /** The gradient that `backward` collected, or null. */
  get grad(): Tensor | null {
    const { auto } = this;
    if (auto === null || auto.grad === null) return null;
    auto.gradSeen = true;
    return auto.grad;
  }
  set grad(grad: Tensor | null) {
    if (grad !== null) assertGradFits(this, grad);
    replaceGrad(this, grad);
    if (grad !== null) this.auto!.gradSeen = true;
  }
  /** What made it, for people: `{ name: "AddBackward0" }`; null for a leaf. */
  get gradFn(): { readonly name: string } | null {
    return isTracked(this) ? this.auto!.node : null;
  }
  /** True for what the user made, false for the result of a recorded operator. */
  get isLeaf(): boolean {
    return !isTracked(this) || this.auto!.node === null;
  }

  /**
   * The only element as a number (a boolean for bool, a ComplexScalar for complex; an int64 out of safe range throws a
   * RangeError unless `bigint` is asked for). Throws if there is not exactly one, or if the device answers later.
   */
  item(options?: { bigint?: boolean }): number {
    if (this.layout.size !== 1) {
      throw new RangeError(`item: ${show(this)} has ${this.layout.size} elements, expected exactly 1`);
    }
    // The type says number, which is what nearly every call gets.
    return toNested(this, readAllSync(this, "item"), "item", options?.bigint === true, []) as number;
  }

  /** The elements as nested arrays of JavaScript values; a plain value for a 0-dim tensor. */
  tolist(options?: { bigint?: boolean }): Nested {
    return toNested(this, readAllSync(this, "tolist"), "tolist", options?.bigint === true, this.layout.shape);
  }

  /** A fresh dense typed array with the elements, on any device. float16, bfloat16 as raw bits, complex interleaved. */
  async data(): Promise<TypedArray> {
    const bytes = await readAll(this, "data");
    if (underPressure(this.storage.backend)) await relieve(this.storage.backend);
    return toData(this.code, bytes);
  }

  /** As `data`, at once. Throws DeviceError on a device that answers later. */
  dataSync(): TypedArray {
    return toData(this.code, readAllSync(this, "dataSync"));
  }

  /** Gives the memory back, unless a view shares it. Disposing twice does nothing. */
  dispose(): void {
    const { storage } = this;
    if (storage.allocation === null) return;
    this.storage = tombstone(storage.backend);
    if (--storage.refs === 0) storage.free();
  }

  /** The end of the scope that it belonged to: what the tape needs stays. @internal */
  endScope(): void {
    const { storage } = this;
    if (storage.allocation === null) return;
    this.storage = tombstone(storage.backend);
    storage.release();
  }

  /** True once the memory is gone. */
  get isDisposed(): boolean {
    return this.storage.allocation === null;
  }

  /** What PyTorch's repr prints. */
  toString(): string {
    return print(this);
  }
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new TypeError(
      `a tensor is no ${hint === "number" ? "number" : "primitive"}: use methods (x.add(y), x.gt(0)), or x.item() for its value`,
    );
  }
  toJSON(): never {
    throw new TypeError("a tensor does not go into JSON by itself: use x.tolist()");
  }
}

// Node's util.inspect asks for this.
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor) {
    return this.toString();
  },
});

if (typeof Symbol.dispose === "symbol") {
  Object.defineProperty(Tensor.prototype, Symbol.dispose, {
    value(this: Tensor) {
      this.dispose();
    },
  });
}

/** A tensor over new, uninitialised memory. */
export function allocate(backend: Backend, code: number, layout: Layout): Tensor {
  return new Tensor(new Storage(backend, layout.size * SIZE[code]!), code, layout, 0);
}

/** Another tensor object on the same elements, with the same part in autograd. It belongs to no scope. */
export function alias(x: Tensor): Tensor {
  const { current } = scopes;
  scopes.current = null;
  const twin = new Tensor(x.storage, x.code, x.layout, x.offset);
  scopes.current = current;
  twin.auto = x.auto;
  return twin;
}

/** As PyTorch's `x.requires_grad = wanted`. Throws if a gradient makes no sense for the dtype, or x is no leaf. */
export function setRequiresGrad(x: Tensor, wanted: boolean): void {
  if (wanted && !isDifferentiable(x.code)) {
    throw new DTypeError(
      `requiresGrad: only tensors of floating point and complex dtype can require gradients, got ${show(x)}`,
    );
  }
  if (!x.isLeaf) {
    if (wanted) return;
    throw new AutogradError(
      "requiresGrad: you can only change requiresGrad of leaf tensors: use x.detach() for one without a history",
    );
  }
  x.auto ??= new Auto(false);
  x.auto.requiresGrad = wanted;
}

/** The gradient of `x`, not shown to the user: one that nobody saw goes back when it is replaced. */
export const gradOf = (x: Tensor): Tensor | null => x.auto?.grad ?? null;

/**
 * Sets a gradient from inside the library. The one before goes back at once if the user never saw it. `x.auto.grad` reads
 * one without letting it be seen.
 */
export function replaceGrad(x: Tensor, grad: Tensor | null): void {
  x.auto ??= new Auto(false);
  const { auto } = x;
  if (auto.grad !== null && auto.grad !== grad && !auto.gradSeen) auto.grad.endScope();
  auto.grad = grad;
  auto.gradSeen = false;
}

function assertGradFits(x: Tensor, grad: Tensor): void {
  if (!(grad instanceof Tensor)) throw new TypeError("grad: expected a Tensor or null");
  if (!sameShape(x.layout, grad.layout)) {
    throw new ShapeError(`grad: assigned ${show(grad)} to ${show(x)}: the shapes differ`);
  }
  if (x.code !== grad.code) throw new DTypeError(`grad: assigned ${show(grad)} to ${show(x)}: the dtypes differ`);
}

/** Runs `make` outside every scope: what it makes lives until it is disposed or unreachable. */
export function outside<T>(make: () => T): T {
  const { current } = scopes;
  scopes.current = null;
  try {
    return make();
  } finally {
    scopes.current = current;
  }
}

/** Takes a tensor out of every open scope: it lives until it is disposed or unreachable. Returns it. */
export function outlive<T extends Tensor>(x: T): T {
  for (let frame = scopes.current; frame !== null; frame = frame.previous) keep(x, frame);
  return x;
}

/** Takes a tensor out of the scope that it was made in. */
export function keep(x: Tensor, frame: ScopeFrame): void {
  const at = frame.tensors.lastIndexOf(x);
  if (at >= 0) frame.tensors.splice(at, 1);
}

/**
 * Makes `x` the elements of `source`, whatever its dtype, shape and device: PyTorch's `x.data = source`. It stays the same
 * object with the same part in autograd; views of what it was keep that.
 */
export function setData(x: Tensor, source: Tensor): void {
  const { storage } = x;
  x.storage = source.storage;
  x.code = source.code;
  x.layout = source.layout;
  x.offset = source.offset;
  x.storage.refs++;
  if (storage.allocation !== null) storage.release();
}

/** Throws unless the tensor's memory is there. */
export function assertAlive(x: Tensor, op: string): void {
  if (x.storage.allocation !== null) return;
  throw new DisposedError(
    `${op}: ${show(x)} was disposed: its scope ended or dispose() was called; return it from the scope, or s.keep(x)`,
  );
}

/** Throws unless all are on one device. */
export function sameBackend(a: Tensor, b: Tensor, op: string): void {
  if (a.storage.backend === b.storage.backend) return;
  throw new DeviceError(`${op}: tensors on "${a.device}" and "${b.device}": move one with x.to(device)`);
}

function pick(values: readonly number[], dim: number | undefined, op: string): readonly number[] | number {
  if (dim === undefined) return values;
  const value = values.at(dim);
  if (value === undefined) throw new RangeError(`${op}: dim ${dim} is out of range for ${values.length} dims`);
  return value;
}
