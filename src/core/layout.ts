// Where the elements of a tensor lie: shape and strides (in elements). Layouts are immutable, shared and interned, so that
// "same layout" is mostly one comparison of identity. A tensor's offset is its own: rows of a batch share one layout.

import { ShapeError, showShape } from "./error.ts";

let layouts = 0;

export class Layout {
  /** Frozen. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** True when the elements lie densely in row-major order (dims of size 1 may have any stride). */
  readonly contiguous: boolean;
  /** Its own: no two layouts have the same. */
  readonly number: number = ++layouts;
  /** The next entry of the intern table's chain. */
  next: Layout | null = null;

  constructor(shape: readonly number[], strides: readonly number[]) {
    this.shape = shape;
    this.strides = strides;
    let size = 1;
    let contiguous = true;
    for (let d = shape.length - 1; d >= 0; d--) {
      if (shape[d] !== 1 && strides[d] !== size) contiguous = false;
      size *= shape[d]!;
    }
    this.size = size;
    this.contiguous = contiguous || size === 0;
  }
}

const BUCKETS = 1024;
const MOST = 8192; // layouts kept before the table starts anew; identity is an optimisation, never relied upon
const table: (Layout | null)[] = new Array(BUCKETS).fill(null);
let kept = 0;

/** The dense row-major layout of a shape. `shape` may be a scratch array: it is copied if it is kept. */
export function dense(shape: readonly number[]): Layout {
  let hash = shape.length;
  for (let d = 0; d < shape.length; d++) hash = (Math.imul(hash, 31) + shape[d]!) | 0;
  const bucket = hash & (BUCKETS - 1);
  for (let entry = table[bucket]!; entry !== null; entry = entry.next!) if (sameDims(entry.shape, shape)) return entry;
  if (kept++ > MOST) {
    table.fill(null);
    kept = 0;
  }
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= Math.max(shape[d]!, 1);
  }
  const layout = new Layout(Object.freeze(shape.slice()), Object.freeze(strides));
  layout.next = table[bucket]!;
  table[bucket] = layout;
  return layout;
}

const others: (Layout | null)[] = new Array(BUCKETS).fill(null);
let othersKept = 0;

/** A layout with strides of its own; the dense one where they are dense. The lists are copied if they are kept. */
export function strided(shape: readonly number[], strides: readonly number[]): Layout {
  let stride = 1;
  let d = shape.length - 1;
  for (; d >= 0 && strides[d] === stride; d--) stride *= Math.max(shape[d]!, 1);
  if (d < 0) return dense(shape);
  let hash = shape.length;
  for (d = 0; d < shape.length; d++) hash = (Math.imul(Math.imul(hash, 31) + shape[d]!, 31) + strides[d]!) | 0;
  const bucket = hash & (BUCKETS - 1);
  for (let entry = others[bucket]!; entry !== null; entry = entry.next!) {
    if (sameDims(entry.shape, shape) && sameDims(entry.strides, strides)) return entry;
  }
  if (othersKept++ > MOST) {
    others.fill(null);
    othersKept = 0;
  }
  // Its shape is the dense layout's own, so that most comparisons end at the first look.
  const layout = new Layout(dense(shape).shape, Object.freeze(strides.slice()));
  layout.next = others[bucket]!;
  others[bucket] = layout;
  return layout;
}

/** The layout of a 0-dim tensor. */
export const SCALAR: Layout = /* @__PURE__ */ dense([]);

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

export function sameShape(a: Layout, b: Layout): boolean {
  return a === b || sameDims(a.shape, b.shape);
}

/** The shape that all broadcast to. Throws ShapeError naming `op`. */
export function broadcast(op: string, layouts: readonly Layout[]): readonly number[] {
  let shape = layouts[0]!.shape;
  for (let i = 1; i < layouts.length; i++) {
    const other = layouts[i]!.shape;
    if (other === shape || sameDims(shape, other)) continue;
    const ndim = Math.max(shape.length, other.length);
    const out = new Array<number>(ndim);
    for (let d = 1; d <= ndim; d++) {
      const a = shape[shape.length - d] ?? 1;
      const b = other[other.length - d] ?? 1;
      if (a !== b && a !== 1 && b !== 1) {
        throw new ShapeError(
          `${op}: shapes ${showShape(shape)} and ${showShape(other)} cannot be broadcast: sizes ${a} and ${b} differ at dim ${ndim - d}`,
        );
      }
      out[ndim - d] = a === 1 ? b : a;
    }
    shape = out;
  }
  return shape;
}

/** `layout` seen with a larger shape that it broadcasts to: the stride of a repeated dim is 0. */
export function expandTo(layout: Layout, shape: readonly number[]): Layout {
  if (sameDims(layout.shape, shape)) return layout;
  const lead = shape.length - layout.shape.length;
  const strides = new Array<number>(shape.length);
  for (let d = 0; d < shape.length; d++) {
    const own = d < lead ? 1 : layout.shape[d - lead]!;
    strides[d] = d < lead || (own === 1 && shape[d] !== 1) ? 0 : layout.strides[d - lead]!;
  }
  return strided(shape, strides);
}

/** Dim in [0, ndim), from one that may be negative. A 0-dim tensor has the dims 0 and -1. Throws IndexError through `fail`. */
export function wrapDim(dim: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  return dim < 0 ? dim + n : dim;
}

/** One past the highest element that a tensor with this layout reads, counted from its first; 0 when it is empty. */
export function extent(layout: Layout): number {
  if (layout.size === 0) return 0;
  let last = 0;
  for (let d = 0; d < layout.shape.length; d++) last += (layout.shape[d]! - 1) * layout.strides[d]!;
  return last + 1;
}

// Copies of lists of dims. Plain loops: the built-in `slice`, `with` and `toSpliced` take ten times as long on frozen lists.

/** A copy of the places from `from` to before `to`. */
export function cut(list: readonly number[], from: number, to: number = list.length): number[] {
  const out: number[] = [];
  for (let i = from; i < to; i++) out.push(list[i]!);
  return out;
}

/** A copy of `list` with `value` at the place d. */
export function replaced(list: readonly number[], d: number, value: number): number[] {
  const out = new Array<number>(list.length);
  for (let i = 0; i < list.length; i++) out[i] = i === d ? value : list[i]!;
  return out;
}

/** A copy of `list` without the place d. */
export function without(list: readonly number[], d: number): number[] {
  const out = new Array<number>(list.length - 1);
  for (let i = 0, k = 0; i < list.length; i++) if (i !== d) out[k++] = list[i]!;
  return out;
}

/** A copy of `list` with `value` as a new place d. */
export function inserted(list: readonly number[], d: number, value: number): number[] {
  const out = new Array<number>(list.length + 1);
  for (let i = 0; i < d; i++) out[i] = list[i]!;
  out[d] = value;
  for (let i = d; i < list.length; i++) out[i + 1] = list[i]!;
  return out;
}
