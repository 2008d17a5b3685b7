// Views: other layouts over the same storage.

import {
  broadcast,
  complexOf,
  cut,
  DTYPES,
  type DType,
  DTypeError,
  dense,
  expandTo,
  FLOAT32,
  FLOAT64,
  IndexError,
  inserted,
  isComplex,
  type Layout,
  REAL,
  replaced,
  ShapeError,
  SIZE,
  show,
  showShape,
  strided,
  withOuter,
  wrapDim,
} from "../core/index.ts";
import {
  asTensor,
  c64,
  f32,
  type Op,
  type Op1,
  type Op2T,
  type OpK,
  type OpN,
  operatorOf,
  type Spec,
  showView,
  underNode,
  viewInPlace,
  view as viewOp,
} from "../op/index.ts";
import { assertAlive, dtypeArgument, Tensor } from "../tensor/index.ts";
import { sizesOf, wholes } from "./arguments.ts";
import { conj } from "./complex.ts";
import { composed, renamed } from "./composed.ts";
import { clone, contiguous } from "./copy.ts";
import { sumToSize } from "./reduce.ts";

type Shape = readonly number[] | readonly [readonly number[]];

/** Dims in [0, ndim). @internal */
export function dimOf(dim: number, ndim: number, op: string): number {
  const wrapped = wrapDim(dim, ndim);
  if (!Number.isInteger(dim) || wrapped < 0 || wrapped >= Math.max(ndim, 1)) {
    throw new IndexError(
      `${op}: dim ${dim} is out of range for ${ndim} dims: expected [${-Math.max(ndim, 1)}, ${Math.max(ndim, 1) - 1}]`,
    );
  }
  return wrapped;
}

/** The dims in another order. */
export const permute: Op<(x: Tensor, ...dims: Shape) => Tensor, (...dims: Shape) => Tensor> = /* @__PURE__ */ variadic(
  "permute",
  (x, dims) => {
    const order = dims.map((d) => dimOf(d, x.ndim, "permute"));
    if (order.length !== x.ndim || new Set(order).size < order.length) {
      throw new ShapeError(`permute: dims ${showShape(dims)} are no order of the ${x.ndim} dims of ${show(x)}`);
    }
    return showView(operatorOf(permuted), x, { order });
  },
);

const permuted: (x: Tensor, order: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "permute",
  "input, dims",
  (x: Tensor, order: readonly number[]) => [{ x }, { order }],
  {
    view: ({ layout, offset }, { order }) => ({
      layout: strided(
        order.map((d) => layout.shape[d]!),
        order.map((d) => layout.strides[d]!),
      ),
      offset,
    }),
    vjp: (g, { order }) =>
      permute(
        g,
        order.map((_, d) => order.indexOf(d)),
      ),
    samples: () => [[f32(2, 3, 4), [2, 0, 1]]],
  },
);

/** `x` with dims of size 1 repeated without a copy; -1 keeps a size. */
export const expand: Op<(x: Tensor, ...sizes: Shape) => Tensor, (...sizes: Shape) => Tensor> = /* @__PURE__ */ variadic(
  "expand",
  (x, sizes) => {
    const lead = sizes.length - x.ndim;
    const shape = sizes.map((n, d) => (n === -1 && d >= lead ? x.shape[d - lead]! : n));
    if (lead < 0 || shape.some((n, d) => n < 0 || (d >= lead && x.shape[d - lead] !== 1 && x.shape[d - lead] !== n))) {
      throw new ShapeError(`expand: ${show(x)} cannot be expanded to ${showShape(sizes)}: only dims of size 1 grow`);
    }
    return showView(operatorOf(expanded), x, { shape });
  },
);

const expanded: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "expand",
  "input, size",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    view: ({ layout, offset }, { shape }) => ({ layout: expandTo(layout, shape), offset }),
    vjp: (g, _attrs, x) => sumToSize(g, x.shape),
    samples: () => [[f32(3, 1), [2, 3, 4]]],
  },
);

type ShapeOrDType = Shape | readonly [dtype: DType];

/**
 * The elements in order in another shape, without a copy; -1 stands for the size that fits. Throws where strides forbid it.
 *
 * With a dtype the same bytes as elements of that; where those have another size the last dim is as much longer or shorter. No
 * gradient flows through it.
 */
export const view: Op<(x: Tensor, ...shape: ShapeOrDType) => Tensor, (...shape: ShapeOrDType) => Tensor> =
  /* @__PURE__ */ variadic("view", (x, sizes) => {
    const [dtype] = sizes as readonly unknown[];
    if (typeof dtype === "string") return reinterpreted(x, dtypeArgument(dtype, "view"));
    return showView(operatorOf(viewed), x, { shape: fitted(sizes, x, "view") });
  });

function reinterpreted(x: Tensor, code: number): Tensor {
  assertAlive(x, "view");
  const [from, to] = [SIZE[x.code]!, SIZE[code]!];
  const { shape, strides } = x.layout;
  const last = shape.length - 1;
  if (from === to) return new Tensor(x.storage, code, x.layout, x.offset);
  const [width, ...others] = [shape[last], x.offset, ...strides.slice(0, -1)].map((n) => (n! * from) / to);
  if (last < 0 || strides[last] !== 1 || ![width, ...others].every(Number.isInteger)) {
    throw new ShapeError(
      `view: ${show(x)} with strides ${showShape(strides)} cannot be seen as ${DTYPES[code]}: its last dim must be dense, and all of it whole elements of ${to} bytes`,
    );
  }
  const [offset, ...wider] = others as [number, ...number[]];
  return new Tensor(x.storage, code, strided([...shape.slice(0, -1), width!], [...wider, 1]), offset);
}

/** As `view`, with a copy where strides forbid one. */
export const reshape: Op<(x: Tensor, ...shape: Shape) => Tensor, (...shape: Shape) => Tensor> =
  /* @__PURE__ */ variadic("reshape", (x, sizes) => {
    const shape = fitted(sizes, x, "reshape");
    const seen = x.layout.contiguous || viewLayout(x.layout, shape) !== null;
    return showView(operatorOf(viewed), seen ? x : clone(x), { shape });
  });

const viewed: (x: Tensor, shape: readonly number[]) => Tensor = /* @__PURE__ */ viewOp(
  "view",
  "input, shape",
  (x: Tensor, shape: readonly number[]) => [{ x }, { shape }],
  {
    view(x, { shape }) {
      const layout = viewLayout(x.layout, shape);
      if (layout !== null) return { layout, offset: x.offset };
      throw new ShapeError(
        `view: ${show(x)} with strides ${showShape(x.layout.strides)} cannot be seen as ${showShape(shape)} without a copy: use reshape`,
      );
    },
    vjp: (g, _attrs, x: Spec) => reshape(g, x.shape),
    samples: () => [[f32(2, 3), [3, 2]]],
  },
);

/** The shape with -1 replaced by what fits. */
function fitted(sizes: readonly number[], x: Tensor, op: string): readonly number[] {
  // Mostly all sizes are said.
  let size = 1;
  for (let d = 0; d < sizes.length && size >= 0; d++) size = sizes[d]! >= 0 ? size * sizes[d]! : -1;
  if (size === x.layout.size && sizes.every(Number.isInteger)) return sizes;
  const open = sizes.indexOf(-1);
  const known = sizes.reduce((p, n) => (n === -1 ? p : p * n), 1);
  const bad = sizes.some((n) => !Number.isInteger(n) || n < -1) || sizes.lastIndexOf(-1) !== open;
  const missing = open < 0 ? 1 : known === 0 ? Number.NaN : x.numel() / known;
  if (bad || (open < 0 ? known !== x.numel() : !Number.isInteger(missing))) {
    throw new ShapeError(`${op}: shape ${showShape(sizes)} is invalid for ${show(x)} with ${x.numel()} elements`);
  }
  return sizes.map((n) => (n === -1 ? missing : n));
}

/** The layout that shows the same elements in order in another shape, or null where one set of strides cannot. */
function viewLayout(layout: Layout, shape: readonly number[]): Layout | null {
  if (layout.contiguous) return dense(shape);
  const strides = new Array<number>(shape.length);
  let to = shape.length - 1;
  let chunk = 1; // elements of the new dims matched with the current run of old dims
  let run = 1; // elements of that run
  let step = 0;
  for (let from = layout.shape.length - 1; from >= 0; from--) {
    if (run === 1) step = layout.strides[from]!;
    run *= layout.shape[from]!;
    const joined = from > 0 && (layout.shape[from - 1] === 1 || layout.strides[from - 1] === run * step);
    if (from > 0 && joined) continue;
    while (to >= 0 && (chunk < run || shape[to] === 1)) {
      strides[to] = chunk * step;
      chunk *= shape[to]!;
      to--;
    }
    if (chunk !== run) return null;
    run = 1;
    chunk = 1;
  }
  return to >= 0 ? null : strided(shape, strides);
}

/** Numbers, or arrays of them, as one list that is nobody else's. */
function plain(list: readonly (number | readonly number[])[]): readonly number[] {
  const [first] = list;
  if (list.length !== 1 || !Array.isArray(first)) return list.some(Array.isArray) ? list.flat() : (list as number[]);
  return cut(first as readonly number[], 0);
}

/** An operator that takes a list of numbers as an array or as arguments. */
function variadic<F>(name: string, call: (x: Tensor, list: readonly number[]) => Tensor): F {
  return Object.assign(
    (x: Tensor, ...list: readonly (number | readonly number[])[]): Tensor => {
      try {
        return call(asTensor(x, name, "input"), plain(list));
      } catch (error) {
        throw withOuter(error, name);
      }
    },
    {
      opName: name,
    },
  ) as F;
}

// ── dims in another order ────────────────────────────────────────────────────────────────────────────────────────────

type Transpose = OpN<[dim0: number, dim1: number], { dim0: number; dim1: number }>;

/** Two dims exchanged. */
export const transpose: Transpose = /* @__PURE__ */ viewOp(
  "transpose",
  "input, dim0, dim1",
  (x: Tensor, dim0: number, dim1: number) => {
    const { ndim } = asTensor(x, "transpose", "input");
    return [{ x }, { dim0: dimOf(dim0, ndim, "transpose"), dim1: dimOf(dim1, ndim, "transpose") }];
  },
  {
    view: ({ layout, offset }, { dim0, dim1 }) => {
      const exchanged = (list: readonly number[]): readonly number[] => {
        const out = replaced(list, dim0, list[dim1]!);
        out[dim1] = list[dim0]!;
        return out;
      };
      return {
        layout: layout.shape.length === 0 ? layout : strided(exchanged(layout.shape), exchanged(layout.strides)),
        offset,
      };
    },
    vjp: (g, { dim0, dim1 }) => transpose(g, dim0, dim1),
    samples: () => [[f32(2, 3, 4), 0, -1]],
  },
);

/** `transpose` in place: `x` itself gets the dims exchanged. */
export const transpose_: Transpose = /* @__PURE__ */ viewInPlace(transpose);

/** `transpose`, as NumPy calls it. */
export const swapaxes: Transpose = /* @__PURE__ */ renamed("swapaxes", transpose);
/** `transpose` by another name. */
export const swapdims: Transpose = /* @__PURE__ */ renamed("swapdims", transpose);

/** `transpose_`, as NumPy calls it. */
export const swapaxes_: Transpose = /* @__PURE__ */ renamed("swapaxes_", transpose_);
/** `transpose_` by another name. */
export const swapdims_: Transpose = /* @__PURE__ */ renamed("swapdims_", transpose_);

/** The transpose of a matrix; a tensor of fewer dims is itself. Throws for more. */
export const t: Op1 = /* @__PURE__ */ composed("t", "input", (x) => {
  if (asTensor(x, "t", "input").ndim > 2) throw new ShapeError(`t: ${show(x)} has more than two dims`);
  return underNode("TBackward0", () => (x.ndim < 2 ? expand(x, x.shape) : transpose(x, 0, 1)));
});

/** `t` in place. */
export const t_: Op1 = /* @__PURE__ */ viewInPlace(t);

type Attribute = Op<(x: Tensor) => Tensor, Tensor>;

/** A function that a tensor has as an attribute. */
function attribute(name: string, f: (x: Tensor) => Tensor): Attribute {
  return Object.assign(composed<Op1>(name, "input", f), {
    opName: name,
    operator: { rule: { method: "attribute" } },
  }) as unknown as Attribute;
}

/** All dims in reverse order. */
export const T: Attribute = /* @__PURE__ */ attribute("T", (x) =>
  permute(
    x,
    x.shape.map((_, d) => x.ndim - 1 - d),
  ),
);

/** The matrices of the last two dims transposed. Throws for fewer than two dims. */
export const mT: Attribute = /* @__PURE__ */ attribute("mT", (x) => {
  if (x.ndim < 2) throw new ShapeError(`mT: ${show(x)} is no matrix: expected at least two dims`);
  return transpose(x, -2, -1);
});

/** The complex conjugate of `mT`. */
export const mH: Attribute = /* @__PURE__ */ attribute("mH", (x) => adjoint(x));

/** The complex conjugate of the transpose of a matrix. Throws for another number of dims. */
export const H: Attribute = /* @__PURE__ */ attribute("H", (x) => {
  if (x.ndim !== 2 && x.ndim !== 0) throw new ShapeError(`H: ${show(x)} is no matrix`);
  return x.ndim === 0 ? conj(x) : adjoint(x);
});

/** The matrices of the last two dims transposed and conjugated: a view where they are real. */
export const adjoint: Op1 = /* @__PURE__ */ composed("adjoint", "input", (x) => {
  if (asTensor(x, "adjoint", "input").ndim < 2)
    throw new ShapeError(`adjoint: ${show(x)} is no matrix: expected at least two dims`);
  return isComplex(x.code) ? conj(transpose(x, -2, -1)) : transpose(x, -2, -1);
});

type MoveDim = Op<
  (x: Tensor, source: number | readonly number[], destination: number | readonly number[]) => Tensor,
  (source: number | readonly number[], destination: number | readonly number[]) => Tensor
>;

/** The dims `source` at the places `destination`; the others keep their order. */
export const movedim: MoveDim = /* @__PURE__ */ composed(
  "movedim",
  "input, source, destination",
  (x, source, destination) => {
    const from = dimList(source, asTensor(x, "movedim", "input").ndim, "movedim");
    const to = dimList(destination, x.ndim, "movedim");
    if (from.length !== to.length)
      throw new ShapeError(`movedim: source ${showShape(from)} and destination ${showShape(to)} differ in length`);
    const rest = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
    return permute(
      x,
      x.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!)),
    );
  },
);

/** `movedim`, as NumPy calls it. */
export const moveaxis: MoveDim = /* @__PURE__ */ renamed("moveaxis", movedim);

/** Different dims in [0, ndim), from a number or a list. @internal */
export function dimList(dims: number | readonly number[], ndim: number, op: string): number[] {
  const list = wholes(dims, op, "dims").map((dim) => dimOf(dim, ndim, op));
  if (new Set(list).size < list.length) throw new ShapeError(`${op}: dims ${showShape(list)} name a dim twice`);
  return list;
}

// ── dims of size 1 ───────────────────────────────────────────────────────────────────────────────────────────────────

/** `x` with a new dim of size 1 at the place `dim`, in [-ndim - 1, ndim]. */
export const unsqueeze: OpN<[dim: number], { dim: number }> = /* @__PURE__ */ viewOp(
  "unsqueeze",
  "input, dim",
  (x: Tensor, dim: number) => [{ x }, { dim: dimOf(dim, asTensor(x, "unsqueeze", "input").ndim + 1, "unsqueeze") }],
  {
    view: ({ layout, offset }, { dim }) => {
      const { shape, strides } = layout;
      const step = dim < shape.length ? shape[dim]! * strides[dim]! : 1;
      return { layout: strided(inserted(shape, dim, 1), inserted(strides, dim, step)), offset };
    },
    vjp: (g, { dim }) => squeeze(g, dim),
    samples: () => [[f32(2, 3), -1]],
  },
);

/** `unsqueeze` in place. */
export const unsqueeze_: typeof unsqueeze = /* @__PURE__ */ viewInPlace(unsqueeze);

type Squeeze = OpK<[dim?: number | readonly number[]], ["dim"], { dim: number | readonly number[] }>;

/** `x` without its dims of size 1, or without those among `dim`; other sizes stay. */
export const squeeze: Squeeze = /* @__PURE__ */ viewOp(
  "squeeze",
  "input, dim?",
  (x: Tensor, dim?: number | readonly number[]) => {
    asTensor(x, "squeeze", "input");
    const dims = dim === undefined ? x.shape.map((_, d) => d) : dimList(dim, x.ndim, "squeeze");
    return [{ x }, { dims: dims.filter((d) => x.shape[d] === 1) }];
  },
  {
    view: ({ layout, offset }, { dims }) => {
      const kept = (list: readonly number[]): number[] => list.filter((_, d) => !dims.includes(d));
      return { layout: strided(kept(layout.shape), kept(layout.strides)), offset };
    },
    vjp: (g, { dims }) => [...dims].sort((a, b) => a - b).reduce((y, dim) => unsqueeze(y, dim), g),
    samples: () => [[f32(2, 1, 3, 1)], [f32(1, 2, 1), 0], [f32(1, 2, 1), [0, -1]]],
  },
);

/** `squeeze` in place. */
export const squeeze_: Squeeze = /* @__PURE__ */ viewInPlace(squeeze);

// ── dims joined and split ────────────────────────────────────────────────────────────────────────────────────────────

type Flatten = OpK<[startDim?: number, endDim?: number], ["startDim", "endDim"], { startDim: number; endDim: number }>;

/** The dims from `startDim` (0) to `endDim` (the last) joined into one; a 0-dim tensor becomes one of one element. */
export const flatten: Flatten = /* @__PURE__ */ composed(
  "flatten",
  "input, startDim?, endDim?",
  (x, startDim, endDim) => {
    const start = dimOf(startDim ?? 0, asTensor(x, "flatten", "input").ndim, "flatten");
    const end = dimOf(endDim ?? -1, x.ndim, "flatten");
    if (start > end) throw new ShapeError(`flatten: startDim ${start} comes after endDim ${end}`);
    if (x.ndim === 0) return reshape(x, [1]);
    const shape: number[] = [];
    for (let d = 0; d < x.ndim; d++) {
      if (d > start && d <= end) shape[start]! *= x.shape[d]!;
      else shape.push(x.shape[d]!);
    }
    return reshape(x, shape);
  },
);

type Unflatten = OpN<[dim: number, sizes: readonly number[]], { dim: number; sizes: readonly number[] }>;

/** A dim split into several; -1 stands for the size that fits. */
export const unflatten: Unflatten = /* @__PURE__ */ composed("unflatten", "input, dim, sizes", (x, dim, sizes) => {
  const d = dimOf(dim, asTensor(x, "unflatten", "input").ndim, "unflatten");
  const parts = wholes(sizes, "unflatten", "sizes");
  if (parts.length === 0) throw new ShapeError("unflatten: sizes is empty");
  const known = parts.reduce((p, n) => (n === -1 ? p : p * n), 1);
  const filled = parts.map((n) => (n === -1 ? x.shape[d]! / known : n));
  if (filled.reduce((a, b) => a * b, 1) !== x.shape[d] || !filled.every(Number.isInteger)) {
    throw new ShapeError(`unflatten: sizes ${showShape(parts)} do not multiply to dim ${d} of ${show(x)}`);
  }
  return view(x, [...x.shape.slice(0, d), ...filled, ...x.shape.slice(d + 1)]);
});

/** All elements in one dim, without a copy where the strides allow it. */
export const ravel: Op1 = /* @__PURE__ */ composed("ravel", "input", (x) => reshape(asTensor(x, "ravel", "input"), -1));

// ── as another tensor ────────────────────────────────────────────────────────────────────────────────────────────────

/** `x` in the shape of `other`, as `view`. */
export const viewAs: Op2T = /* @__PURE__ */ composed("viewAs", "input, other", (x, other) =>
  view(x, asTensor(other, "viewAs", "other").shape),
);
/** `x` in the shape of `other`, as `reshape`. */
export const reshapeAs: Op2T = /* @__PURE__ */ composed("reshapeAs", "input, other", (x, other) =>
  reshape(x, asTensor(other, "reshapeAs", "other").shape),
);
/** `x` in the shape of `other`, as `expand`. */
export const expandAs: Op2T = /* @__PURE__ */ composed("expandAs", "input, other", (x, other) =>
  expand(x, asTensor(other, "expandAs", "other").shape),
);

/** `x` in a shape that it broadcasts to, as `expand`. */
export const broadcastTo: typeof expand = /* @__PURE__ */ renamed("broadcastTo", expand);

/** The tensors in the one shape that all broadcast to. */
export function broadcastTensors(...tensors: readonly (Tensor | readonly Tensor[])[]): Tensor[] {
  const list = tensors.flat().map((x) => asTensor(x, "broadcastTensors", "tensors"));
  if (list.length === 0) return [];
  const shape = broadcast(
    "broadcastTensors",
    list.map((x) => x.layout),
  );
  return list.map((x) => expand(x, shape));
}

/** The shape that shapes broadcast to. */
export function broadcastShapes(...shapes: readonly (number | readonly number[])[]): readonly number[] {
  const list = shapes.map((shape) => dense(sizesOf(shape, "broadcastShapes", "shapes")));
  return list.length === 0 ? [] : broadcast("broadcastShapes", list);
}

type AtLeast = { (x: Tensor): Tensor; (...tensors: readonly (Tensor | readonly Tensor[])[]): Tensor | Tensor[] };

function atLeast(name: string, grown: (x: Tensor) => Tensor): AtLeast {
  return ((...tensors: readonly (Tensor | readonly Tensor[])[]) => {
    const list = tensors.flat().map((x) => grown(asTensor(x, name, "tensors")));
    return tensors.length === 1 && tensors[0] instanceof Tensor ? list[0]! : list;
  }) as AtLeast;
}

/** `x` with at least one dim; several tensors give several. */
export const atleast1d: AtLeast = /* @__PURE__ */ atLeast("atleast1d", (x) => (x.ndim > 0 ? x : view(x, [1])));
/** `x` with at least two dims, new ones in front; several tensors give several. */
export const atleast2d: AtLeast = /* @__PURE__ */ atLeast("atleast2d", (x) =>
  x.ndim > 1 ? x : view(x, [1, ...(x.ndim > 0 ? x.shape : [1])]),
);
/** `x` with at least three dims, as images [n, m, 1] or [1, n, 1]; several tensors give several. */
export const atleast3d: AtLeast = /* @__PURE__ */ atLeast("atleast3d", (x) =>
  x.ndim > 2 ? x : x.ndim === 2 ? unsqueeze(x, 2) : view(x, [1, x.numel(), 1]),
);

// ── complex numbers and pairs of reals ───────────────────────────────────────────────────────────────────────────────

/** A complex tensor as its real and imaginary parts, in a last dim of 2. */
export const viewAsReal: Op1 = /* @__PURE__ */ viewOp(
  "viewAsReal",
  "input",
  (x: Tensor) => {
    if (!isComplex(asTensor(x, "viewAsReal", "input").code))
      throw new DTypeError(`viewAsReal: ${show(x)} is not complex`);
    return [{ x }, {}];
  },
  {
    view: ({ layout, offset, code }) => ({
      layout: strided([...layout.shape, 2], [...layout.strides.map((s) => 2 * s), 1]),
      offset: 2 * offset,
      code: REAL[code]!,
    }),
    vjp: (g) => viewAsComplex(contiguous(g)),
    samples: () => [[c64(2, 3)]],
  },
);

/** Pairs of reals, in a last dim of 2, as complex numbers. Throws where a pair does not lie side by side. */
export const viewAsComplex: Op1 = /* @__PURE__ */ viewOp(
  "viewAsComplex",
  "input",
  (x: Tensor) => {
    const { layout, offset, code } = asTensor(x, "viewAsComplex", "input");
    const last = x.ndim - 1;
    if (code !== FLOAT32 && code !== FLOAT64)
      throw new DTypeError(`viewAsComplex: ${show(x)} is neither float32 nor float64`);
    const even = offset % 2 === 0 && layout.strides.slice(0, -1).every((s, d) => s % 2 === 0 || layout.shape[d]! <= 1);
    if (layout.shape[last] !== 2 || layout.strides[last] !== 1 || !even) {
      throw new ShapeError(
        `viewAsComplex: ${show(x)} with strides ${showShape(layout.strides)} has no pairs in its last dim`,
      );
    }
    return [{ x }, {}];
  },
  {
    view: ({ layout, offset, code }) => ({
      layout: strided(
        layout.shape.slice(0, -1),
        layout.strides.slice(0, -1).map((s) => Math.floor(s / 2)),
      ),
      offset: offset / 2,
      code: complexOf(code),
    }),
    vjp: (g) => viewAsReal(g),
    samples: () => [[f32(3, 2)]],
  },
);
