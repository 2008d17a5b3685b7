// Elements picked and put along one dim at the places that an index tensor gives. What shares one index along whole rows
// (`indexSelect`, `indexAdd`, `embedding` …) is the same with the index seen along the other dims.

import {
  BOOL,
  broadcast,
  DTypeError,
  dense,
  expandTo,
  INT64,
  isComplex,
  isIntegral,
  isScalar,
  REAL,
  SCALAR_COMPLEX,
  type Scalar,
  ShapeError,
  SIZE,
  SUFFIX,
  scalarKind,
  show,
  showShape,
  strided,
  ValueError,
  WIDE,
} from "../core/index.ts";
import {
  asTensor,
  Call,
  c64,
  copyInto,
  f32,
  indices,
  inPlace,
  mergeDims,
  need,
  noGrad,
  type Op,
  type OpQ,
  op,
  type Spec,
  spec,
  toCode,
  wrongArgument,
} from "../op/index.ts";
import { scalarTensor, Tensor } from "../tensor/index.ts";
import { word } from "./arguments.ts";
import { composed } from "./composed.ts";
import { zeros } from "./create.ts";
import { amin } from "./reduce.ts";
import { dimOf, expand, reshape } from "./view.ts";

// ── launches ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const GRAIN = 16384; // elements worth another thread
/** Units of a scatter of whole rows: PARTS of assembly/index/scatter.ts. */
const PARTS = 64;
/** Bytes of a table that is in no thread's way. */
const CACHED = 1 << 20;
/** No index is left out. */
const NONE = -(2n ** 63n);

/**
 * y = x at the places that `index`, broadcast to y's shape, gives: each is `step` elements, `size` of them there are.
 * `strides` are those of x in y's dims, 0 where only the index moves.
 *
 * @internal
 */
export function gatherInto(
  y: Tensor,
  index: Tensor,
  x: Tensor,
  strides: readonly number[],
  size: number,
  step: number,
): void {
  if (y.layout.size === 0) return;
  const { shape } = y.layout;
  const places = toCode(index, INT64);
  const merged = mergeDims(shape, [y.layout, expandTo(places.layout, shape), strided(shape, strides)]);
  launch(`gather_w${SIZE[y.code]}`, [y, places, x], merged, (call) => call.int(size).int(step), y.layout.size, GRAIN);
}

/** How values that meet are put together. */
export type Fold = "sum" | "prod" | "amin" | "amax";

/**
 * y[…, index, …] = src[…], or that folded with what is there, for every element of `index`; places whose index is `skip`
 * are left out. A fold is made in a dtype that has a kernel: see `folding`.
 *
 * @internal
 */
export function scatterInto(
  fold: Fold | null,
  y: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  skip: bigint = NONE,
): void {
  if (index.layout.size === 0) return;
  const places = toCode(index, INT64);
  if (fold === null || !isComplex(y.code)) {
    const kernel = fold === null ? `scatter_w${SIZE[y.code]}` : `scatter_${fold}_${SUFFIX[y.code]}`;
    launchLines(kernel, y, dim, places, src, skip);
    return;
  }
  // A sum of complex numbers is one of pairs of reals.
  const { shape, strides } = places.layout;
  const pairs = new Tensor(
    places.storage,
    INT64,
    strided([...line(shape, 1), 2], [...line(strides, 0), 0]),
    places.offset,
  );
  launchLines(`scatter_${fold}_${SUFFIX[REAL[y.code]!]}`, asPairs(y), dim, pairs, asPairs(src), skip);
}

/** Runs `scatter` on y and src in the dtype in which values are folded: narrow ones are widened, and y is cast back. @internal */
export function folding(y: Tensor, src: Tensor, scatter: (y: Tensor, src: Tensor) => void): void {
  const code = isComplex(y.code) ? y.code : WIDE[y.code]!;
  const target = toCode(y, code);
  scatter(target, toCode(src, code));
  if (target !== y) copyInto(y, target);
}

function launchLines(kernel: string, y: Tensor, dim: number, index: Tensor, src: Tensor, skip: bigint): void {
  const { shape } = index.layout;
  const operands = [y, index, src];
  const others = (list: readonly number[]): number[] => list.filter((_, d) => d !== dim);
  const merged = mergeDims(
    others(shape),
    operands.map((x) => strided(others(shape), others(x.layout.strides))),
  );
  const lines = merged.dims.reduce((a, b) => a * b, 1);
  const length = shape[dim] ?? 1;
  const [alongY, alongIndex, alongSrc] = merged.strides.map((steps) => steps.at(-1));
  merged.dims.push(length);
  for (const [i, x] of operands.entries()) merged.strides[i]!.push(x.layout.strides[dim] ?? 0);
  const parameters = (call: Call): Call => call.int(y.shape[dim] ?? 1).long(skip);
  const { backend } = y.storage;
  const byRows = kernel.replace("_", "Rows_");
  if (
    merged.dims.length === 2 &&
    alongIndex === 0 &&
    alongY === 1 &&
    alongSrc === 1 &&
    length >= PARTS &&
    y.layout.size * SIZE[y.code]! > CACHED &&
    backend.threads !== 1 &&
    backend.kernel(byRows) !== null
  ) {
    // Few chunks, for each reads all indices.
    const grain = Math.max(Math.ceil((GRAIN * PARTS) / (length * lines)), PARTS / 2);
    launch(byRows, operands, merged, parameters, PARTS, grain);
    return;
  }
  // Where lines share the index, a thread takes many that lie side by side, for it reads all indices.
  const least = alongIndex === 0 ? 64 : 1;
  launch(kernel, operands, merged, parameters, lines, Math.max(Math.ceil(GRAIN / length), least));
}

/** A launch over the block of assembly/iterate.ts, with other parameters than a pointwise kernel's. @internal */
export function launch(
  kernel: string,
  operands: readonly Tensor[],
  { dims, strides }: { readonly dims: readonly number[]; readonly strides: readonly (readonly number[])[] },
  parameters: (call: Call) => Call,
  units: number,
  grain: number,
  after: readonly number[] = [],
): void {
  const { backend } = operands[0]!.storage;
  const call = parameters(new Call(backend.command(need(backend, kernel))).int(dims.length));
  for (const x of operands) call.tensor(x);
  for (const [d, size] of dims.entries()) {
    call.int(size);
    for (const of of strides) call.int(of[d]!);
  }
  call.ints(after).run(units, grain);
}

/** A complex tensor as its real and imaginary parts, in a last dim behind at least one other. */
function asPairs(x: Tensor): Tensor {
  const shape = [...line(x.shape, 1), 2];
  const strides = [...line(x.layout.strides, 0).map((s) => 2 * s), 1];
  return new Tensor(x.storage, REAL[x.code]!, strided(shape, strides), 2 * x.offset);
}

/** Sizes or strides, where those of a 0-dim tensor are those of a line of one. */
function line(values: readonly number[], ofOne: number): readonly number[] {
  return values.length === 0 ? [ofOne] : values;
}

// ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An index argument: integers, or nothing at all. @internal */
export function asIndex(x: unknown, op: string, name = "index"): Tensor {
  const index = asTensor(x, op, name);
  if (!isIntegral(index.code) || (index.code === BOOL && index.numel() > 0)) {
    throw new DTypeError(`${op}: ${name} is ${show(index)}, expected int64 or int32`);
  }
  return index;
}

/** Throws unless index has x's number of dims and, off `dim`, no larger sizes than any of the tensors. @internal */
export function checkIndex(op: string, dim: number, index: Spec, covered: readonly Spec[]): void {
  if (index.layout.size === 0) return;
  for (const x of covered) {
    if (Math.max(x.ndim, 1) !== Math.max(index.ndim, 1)) {
      throw new ShapeError(`${op}: index ${show(index)} must have as many dims as ${show(x)}`);
    }
  }
  const [x, src] = covered as [Spec, Spec?];
  const sized = (of: readonly number[], d: number): number => of[d] ?? 1;
  for (const [d, n] of index.shape.entries()) {
    if ((d !== dim && n > sized(x.shape, d)) || (src !== undefined && n > sized(src.shape, d))) {
      throw new ShapeError(
        `${op}: index ${showShape(index.shape)} is larger than ${show(n > sized(x.shape, d) && d !== dim ? x : src!)} at dim ${d}`,
      );
    }
  }
}

/** @internal */
export function sameCode(op: string, x: Spec, src: Spec): void {
  if (x.code !== src.code)
    throw new DTypeError(`${op}: src is ${show(src)}, expected the dtype of the tensor written into, ${x.dtype}`);
}

/** A number as a 0-dim tensor of x's dtype. @internal */
export function valueFor(op: string, x: Tensor, value: unknown): Tensor {
  if (!isScalar(value)) throw wrongArgument(op, "value", value, "a Tensor or a number");
  if (scalarKind(value) === SCALAR_COMPLEX && !isComplex(x.code))
    throw wrongArgument(op, "value", value, "a real number");
  return scalarTensor(value, x.code, x.storage.backend);
}

/** Zeros like a spec, on the device of `like`. @internal */
export const zerosOf = (x: Spec, like: Tensor): Tensor => zeros(x.shape, { dtype: x.dtype, device: like.device });

// ── along one dim, an index an element ───────────────────────────────────────────────────────────────────────────────

/**
 * `y[i][j][k] = x[index[i][j][k]][j][k]` for dim 0, and so on: the elements of `x` that `index` names along `dim`. The
 * result has the shape of `index`, which may be smaller than `x` off the dim. An index out of range is an IndexError.
 */
export const gather: OpQ<
  [dim: number, index: Tensor],
  [],
  [],
  { sparseGrad: boolean },
  Tensor,
  { dim: number; index: Tensor }
> = /* @__PURE__ */ op(
  "gather",
  "input, dim, index, *, sparseGrad?",
  (x, dim, index) => [
    { x: asTensor(x, "gather", "input"), index: asIndex(index, "gather") },
    { dim: dimOf(dim, x.ndim, "gather") },
  ],
  {
    infer({ x, index }, { dim }) {
      checkIndex("gather", dim, index, [x]);
      return spec(x.code, index.shape);
    },
    into: (y, { x, index }, { dim }) =>
      gatherInto(
        y,
        index,
        x,
        y.shape.map((_, d) => (d === dim ? 0 : (x.layout.strides[d] ?? 0))),
        x.shape[dim] ?? 1,
        x.layout.strides[dim] ?? 0,
      ),
    saves: ["index"],
    vjp: (g, { index }, { dim }, { x }) => ({ x: () => scatterAdd_(zerosOf(x, g), dim, index, g), index: null }),
    samples: () => [
      [f32(4, 3), 0, indices(4, 2, 3)],
      [f32(2, 5), 1, indices(5, 2, 2)],
    ],
  },
);

type Scatter = OpQ<
  [dim: number, index: Tensor],
  [src?: Tensor | Scalar],
  [],
  { value: Scalar; reduce: "add" | "multiply" | null },
  Tensor,
  { dim: number; index: Tensor; src?: Tensor | Scalar }
>;

/**
 * A copy of `x` with `y[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be a number. Where several elements
 * meet, the last stays. With `reduce` they are added to, or multiplied with, what is there.
 */
export const scatter: Scatter = /* @__PURE__ */ op(
  "scatter",
  "input, dim, index, src?, *, value?, reduce?",
  (x, dim, index, src, value: Scalar | undefined, reduce: string | null | undefined) => {
    asTensor(x, "scatter", "input");
    const given: unknown = src ?? value;
    return [
      { x, index: asIndex(index, "scatter"), src: given instanceof Tensor ? given : valueFor("scatter", x, given) },
      {
        dim: dimOf(dim, x.ndim, "scatter"),
        reduce: reduce == null ? null : word(reduce, "scatter", "reduce", ["add", "multiply"]),
        single: !(given instanceof Tensor),
      },
    ];
  },
  {
    infer({ x, index, src }, { dim, reduce, single }) {
      if (reduce === "multiply" && isComplex(x.code))
        throw new DTypeError(`scatter: "multiply" is not defined for ${x.dtype}`);
      sameCode("scatter", x, src);
      checkIndex("scatter", dim, index, single ? [x] : [x, src]);
      return spec(x.code, x.shape);
    },
    into(y, { x, index, src }, { dim, reduce, single }) {
      if (y !== x) copyInto(y, x);
      const shown = single ? new Tensor(src.storage, src.code, expandTo(src.layout, index.shape), src.offset) : src;
      if (reduce === null) scatterInto(null, y, dim, index, shown);
      else folding(y, shown, (to, from) => scatterInto(reduce === "add" ? "sum" : "prod", to, dim, index, from));
    },
    saves: ["index"],
    vjp(g, { index }, { dim, reduce, single }) {
      if (reduce === "multiply") throw new ValueError('scatter: there is no derivative with reduce "multiply"');
      return {
        x: () => (reduce === null ? scatter(g, dim, index, 0) : g),
        index: null,
        src: single ? null : () => gather(g, dim, index),
      };
    },
    samples: () => [
      [f32(4, 3), 0, indices(1, 1, 3), f32(1, 3)],
      [f32(2, 5), 1, indices(5, 2, 1), 1.5],
    ],
  },
);

/** `scatter` into `x` itself. */
export const scatter_: Scatter = /* @__PURE__ */ inPlace(scatter);

type ScatterAdd = Op<
  (x: Tensor, dim: number, index: Tensor, src: Tensor) => Tensor,
  (dim: number, index: Tensor, src: Tensor) => Tensor
>;

/** A copy of `x` with the elements of `src` added at the places that `index` gives along `dim`: the gradient of `gather`. */
export const scatterAdd: ScatterAdd = /* @__PURE__ */ op(
  "scatterAdd",
  "input, dim, index, src",
  (x, dim, index, src) => [
    {
      x: asTensor(x, "scatterAdd", "input"),
      index: asIndex(index, "scatterAdd"),
      src: asTensor(src, "scatterAdd", "src"),
    },
    { dim: dimOf(dim, x.ndim, "scatterAdd") },
  ],
  {
    infer({ x, index, src }, { dim }) {
      sameCode("scatterAdd", x, src);
      checkIndex("scatterAdd", dim, index, [x, src]);
      return spec(x.code, x.shape);
    },
    into(y, { x, index, src }, { dim }) {
      if (y !== x) copyInto(y, x);
      folding(y, src, (to, from) => scatterInto("sum", to, dim, index, from));
    },
    saves: ["index"],
    vjp: (g, { index }, { dim }) => ({ x: () => g, index: null, src: () => gather(g, dim, index) }),
    samples: () => [
      [f32(4, 3), 0, indices(4, 6, 3), f32(6, 3)],
      [c64(), 0, indices(1), c64()],
    ],
  },
);

/** `scatterAdd` into `x` itself. */
export const scatterAdd_: ScatterAdd = /* @__PURE__ */ inPlace(scatterAdd);

/** Indices with those that count from the end made positive: themselves where it is seen that there are none. */
function wrapped(index: Tensor, size: number): Tensor {
  const isPlain = index.device === "cpu" && index.numel() > 0 && noGrad(() => amin(index).item({ bigint: true })) >= 0;
  return isPlain ? index : wrappedAll(index, size);
}

/** As `wrapped`. One out of range is an IndexError. */
const wrappedAll: (index: Tensor, size: number) => Tensor = /* @__PURE__ */ op(
  "wrapIndex",
  "index, size",
  (index: Tensor, size: number) => [{ index }, { size }],
  {
    infer: ({ index }) => spec("int64", index.shape),
    into(y, { index }, { size }) {
      const operands = [y, toCode(index, INT64)];
      const merged = mergeDims(
        y.shape,
        operands.map((x) => x.layout),
      );
      launch("places_i64", operands, merged, (call) => call.int(1).int(0), y.numel(), GRAIN, [size, 1]);
    },
  },
);

/**
 * The elements of `x` that `indices` names along `dim`, where both broadcast off it; without `dim` those of the flat `x`.
 * A negative index counts from the end.
 */
export const takeAlongDim: OpQ<[indices: Tensor], [dim?: number | null], ["dim"], { dim: number | null }> =
  /* @__PURE__ */ composed("takeAlongDim", "input, indices, dim?", (x, at, dim) => {
    asTensor(x, "takeAlongDim", "input");
    asIndex(at, "takeAlongDim", "indices");
    if (dim == null) return gather(reshape(x, -1), 0, wrapped(reshape(at, -1), x.numel()));
    if (x.ndim !== at.ndim)
      throw new ShapeError(`takeAlongDim: indices ${show(at)} must have as many dims as ${show(x)}`);
    const d = dimOf(dim, x.ndim, "takeAlongDim");
    const off = broadcast("takeAlongDim", [dense(x.shape.with(d, 1)), dense(at.shape.with(d, 1))]);
    return gather(expand(x, off.with(d, x.shape[d]!)), d, wrapped(expand(at, off.with(d, at.shape[d]!)), x.shape[d]!));
  });
