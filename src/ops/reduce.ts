// Folds over dims: sums, means, products, extremes, truth.

import {
  BOOL,
  DTYPES,
  type DType,
  DTypeError,
  FLOATING,
  INT64,
  isComplex,
  isIntegral,
  KIND,
  ShapeError,
  SUFFIX,
  sameDims,
  show,
  showShape,
  UINT8,
} from "../core/index.ts";
import {
  asTensor,
  bools,
  type Dim,
  f32,
  fullName,
  i64,
  type Kernels,
  type Op,
  type OpK,
  op,
  type Spec,
  toCode,
} from "../op/index.ts";
import { dtypeArgument, type Tensor } from "../tensor/index.ts";
import { axisOf, dimsOf, product } from "./axes.ts";
import { div, mul } from "./binary.ts";
import { eq } from "./compare.ts";
import { conj } from "./complex.ts";
import { cast } from "./copy.ts";
import { assertReal, assertSome, fold, foldable, folded, kept, spread } from "./folds.ts";
import { logicalNot } from "./logic.ts";
import { runningProduct } from "./running.ts";
import { where } from "./ternary.ts";
import { isnan } from "./unary.ts";
import { reshape } from "./view.ts";

type Folded = OpK<[dim?: Dim, keepdim?: boolean], ["dim", "keepdim"], { dim: Dim; keepdim: boolean }>;
type FoldedAs = OpK<
  [dim?: Dim, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: Dim; keepdim: boolean; dtype: DType | null }
>;

/** The code that a sum is computed in: int64 for integers and bool, unless `dtype` says otherwise. */
function sumCode(x: Tensor, dtype: DType | null | undefined, op: string): number {
  if (dtype != null) return dtypeArgument(dtype, op);
  return isIntegral(x.code) ? INT64 : x.code;
}

/**
 * Sum over `dim` (all dims by default). Integers and bool sum to int64. With `dtype` the elements are cast first.
 * The sum of nothing is 0.
 */
export const sum: FoldedAs = /* @__PURE__ */ op(
  "sum",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    const code = sumCode(asTensor(x, "sum", "input"), dtype, "sum");
    return [{ x }, { dims: dimsOf(dim, x.ndim, "sum"), keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => folded(x, code, dims, keepdim),
    node: (inputs, attrs) => numbered("Sum", inputs, attrs),
    kernel: "sum",
    kernelBy: "out",
    asIs: ["x"],
    launch: (k, { x }, { out }, { dims }) => total(k, x, out, dims, 1),
    saves: [],
    vjp: (g, _saved, { dims, keepdim }, { x }) => ({ x: () => spread(g, x, dims, keepdim) }),
    samples: () => [
      [f32(2, 3)],
      [f32(2, 3, 4), 1, true],
      [f32(2, 3, 4), [0, 2]],
      [f32(0, 3), 0],
      [f32()],
      [i64(3, 2), 0],
    ],
  },
);

/** PyTorch's name for the fold of all dims, or of some. */
function numbered(
  node: string,
  { x }: { x: Spec },
  { dims, keepdim }: { dims: readonly number[]; keepdim: boolean },
): string {
  return `${node}Backward${dims.length === x.ndim && !keepdim ? 0 : 1}`;
}

function total(k: Kernels, x: Tensor, y: Tensor, dims: readonly number[], divisor: number): void {
  // Booleans are counted as they are.
  const isCount = x.code === BOOL && k.code === INT64;
  const source = isCount ? x : foldable(k, x);
  fold(k, fullName("sum", isCount ? BOOL : k.code), fullName("sum", k.code), source, y, dims, divisor);
}

/** Mean over `dim` (all dims by default), of floats and complex numbers. The mean of nothing is NaN. */
export const mean: FoldedAs = /* @__PURE__ */ op(
  "mean",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    asTensor(x, "mean", "input");
    const code = dtype == null ? x.code : dtypeArgument(dtype, "mean");
    if (KIND[code]! < FLOATING) {
      throw new DTypeError(
        `mean: ${dtype == null ? show(x) : DTYPES[code]}: expected a floating point or complex dtype`,
      );
    }
    return [{ x }, { dims: dimsOf(dim, x.ndim, "mean"), keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => folded(x, code, dims, keepdim),
    node: (inputs, attrs) => numbered("Mean", inputs, attrs),
    kernel: "sum",
    kernelBy: "out",
    asIs: ["x"],
    launch: (k, { x }, { out }, { dims }) => total(k, x, out, dims, product(dims.map((d) => x.shape[d]!))),
    saves: [],
    vjp: (g, _saved, { dims, keepdim }, { x }) => ({
      x: () => spread(div(g, product(dims.map((d) => x.shape[d]!))), x, dims, keepdim),
    }),
    samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true], [f32(2, 3, 4), [0, 2]], [f32()]],
  },
);

/** Sum in which NaN counts as 0; otherwise as `sum`. */
export const nansum: FoldedAs = /* @__PURE__ */ op(
  "nansum",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    const code = sumCode(asTensor(x, "nansum", "input"), dtype, "nansum");
    if (isComplex(x.code)) throw new DTypeError(`nansum: not defined for ${x.dtype}`);
    return [{ x }, { dims: dimsOf(dim, x.ndim, "nansum"), keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => folded(x, code, dims, keepdim),
    kernelName: ({ x }, { code }) => (code === x.code ? `nansum_${SUFFIX[x.code]}` : null),
    launch: (k, { x }, { out }, { dims }) => fold(k, `nansum_${SUFFIX[x.code]}`, `sum_${SUFFIX[x.code]}`, x, out, dims),
    saves: ["x"],
    vjp: (g, { x }, { dims, keepdim }) => ({ x: () => where(isnan(x), 0, spread(g, x, dims, keepdim)) }),
    decompose: ({ x }, { dims, keepdim, code }) =>
      sum(isIntegral(x.code) ? x : where(isnan(x), 0, x), dims, keepdim, { dtype: DTYPES[code]! }),
    samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true], [i64(3), 0]],
  },
);

/** Mean of what is not NaN. */
export const nanmean: FoldedAs = /* @__PURE__ */ op(
  "nanmean",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    asTensor(x, "nanmean", "input");
    const code = dtype == null ? x.code : dtypeArgument(dtype, "nanmean");
    if (KIND[x.code]! < FLOATING) throw new DTypeError(`nanmean: ${show(x)}: expected a floating point dtype`);
    return [{ x }, { dims: dimsOf(dim, x.ndim, "nanmean"), keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => folded(x, code, dims, keepdim),
    decompose: ({ x }, { dims, keepdim, code }) =>
      div(nansum(x, dims, keepdim, { dtype: DTYPES[code]! }), sum(logicalNot(isnan(x)), dims, keepdim)),
    samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true]],
  },
);

type Product = OpK<
  [dim?: number | null, keepdim?: boolean],
  ["dim", "keepdim"],
  { dim: number | null; keepdim: boolean; dtype: DType | null }
>;

/** Product over `dim` (all dims by default); dtypes as in `sum`. The product of nothing is 1. */
export const prod: Product = /* @__PURE__ */ op(
  "prod",
  "input, dim?, keepdim?, *, dtype?",
  (x, dim, keepdim, dtype: DType | null | undefined) => {
    const code = sumCode(asTensor(x, "prod", "input"), dtype, "prod");
    const dims = dim == null ? dimsOf(null, x.ndim, "prod") : [axisOf(dim, x.ndim, "prod")].filter((d) => d < x.ndim);
    return [{ x }, { dims, keepdim: keepdim ?? false, code }];
  },
  {
    infer: ({ x }, { dims, keepdim, code }) => folded(x, code, dims, keepdim),
    node: (inputs, attrs) => numbered("Prod", inputs, attrs),
    kernel: "prod",
    kernelBy: "out",
    launch(k, { x }, { out }, { dims }) {
      const name = `prod_${SUFFIX[k.code]}`;
      fold(k, name, name, toCode(x, k.code), out, dims);
    },
    saves: ["x"],
    vjp: (g, { x }, { dims, keepdim, code }) => ({
      // The product of the others, not a quotient: an element may be 0.
      x() {
        const whole = dims.length !== 1;
        const line = cast(whole ? reshape(x, -1) : x, code);
        const dim = whole ? 0 : dims[0]!;
        const others = mul(runningProduct(line, dim, false, true), runningProduct(line, dim, true, true));
        return mul(spread(g, x, dims, keepdim), conj(reshape(others, x.shape)));
      },
    }),
    samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true], [f32(0, 3), 0], [f32()], [i64(3, 2), 0]],
  },
);

/** An extreme over dims. Its gradient goes to all equals in equal shares. */
function extreme(name: "amax" | "amin"): Folded {
  return op(
    name,
    "input, dim?, keepdim?",
    (x, dim, keepdim) => {
      asTensor(x, name, "input");
      return [{ x }, { dims: dimsOf(dim, x.ndim, name), keepdim: keepdim ?? false, all: dim == null }];
    },
    {
      infer({ x }, { dims, keepdim, all }) {
        assertReal(name, x);
        assertSome(name, x, dims, all);
        return folded(x, x.code, dims, keepdim);
      },
      kernel: name,
      asIs: ["x"],
      launch(k, { x }, { out }, { dims }) {
        const kernel = `${name}_${SUFFIX[k.code]}`;
        fold(k, kernel, kernel, foldable(k, x), out, dims);
      },
      saves: ["x", "out"],
      vjp: (g, { x, out }, { dims, keepdim }) => ({
        x: () => shared(x, kept(out, x, dims, keepdim), kept(g, x, dims, keepdim), dims),
      }),
      samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1, true], [f32(2, 3, 4), [0, 2]], [f32()], [i64(3, 2), 0]],
    },
  );
}

/** The cotangent of the elements that equal the result, in equal shares. */
function shared(x: Tensor, out: Tensor, g: Tensor, dims: readonly number[]): Tensor {
  const equal = eq(x, out);
  return div(mul(g, equal), sum(equal, dims, true));
}

/** The largest element over `dim` (all dims by default). NaN if there is one. Throws for nothing to choose from. */
export const amax: Folded = /* @__PURE__ */ extreme("amax");
/** The smallest element over `dim` (all dims by default). NaN if there is one. Throws for nothing to choose from. */
export const amin: Folded = /* @__PURE__ */ extreme("amin");

/** Truth over dims: booleans are 0 and 1, so any is their maximum and all their minimum. */
function truth(name: "any" | "all", kernel: string): Folded {
  return op(
    name,
    "input, dim?, keepdim?",
    (x, dim, keepdim) => {
      asTensor(x, name, "input");
      return [{ x }, { dims: dimsOf(dim, x.ndim, name), keepdim: keepdim ?? false }];
    },
    {
      infer: ({ x }, { dims, keepdim }) => folded(x, x.code === UINT8 ? UINT8 : BOOL, dims, keepdim),
      kernelName: () => kernel,
      launch: (k, { x }, { out }, { dims }) => fold(k, kernel, kernel, toCode(x, BOOL), out, dims),
      samples: () => [[bools(2, 3)], [f32(2, 3, 4), 1, true], [f32(2, 3, 4), [0, 2]], [f32(0, 3), 0], [f32()]],
    },
  );
}

/** True where an element over `dim` (all dims by default) is not 0; NaN is not. uint8 stays uint8. False of nothing. */
export const any: Folded = /* @__PURE__ */ truth("any", "amax_b8");
/** True where no element over `dim` (all dims by default) is 0. uint8 stays uint8. True of nothing. */
export const all: Folded = /* @__PURE__ */ truth("all", "amin_b8");

/** How many elements over `dim` (all dims by default) are not 0, as int64. */
export const countNonzero: OpK<[dim?: Dim], ["dim"], { dim: Dim }> = /* @__PURE__ */ op(
  "countNonzero",
  "input, dim?",
  (x, dim) => {
    asTensor(x, "countNonzero", "input");
    return [{ x }, { dims: dimsOf(dim, x.ndim, "countNonzero") }];
  },
  {
    infer: ({ x }, { dims }) => folded(x, INT64, dims, false),
    kernelName: () => "sum_b8",
    launch: (k, { x }, { out }, { dims }) => fold(k, "sum_b8", "sum_i64", toCode(x, BOOL), out, dims),
    samples: () => [[f32(2, 3)], [i64(2, 3, 4), 1], [bools(3)]],
  },
);

/**
 * Sums the dims that were broadcast, so that the result has the shape `size`. Throws ShapeError where `size` does not
 * broadcast to x's shape.
 */
export const sumToSize: Op<
  (x: Tensor, ...size: readonly number[] | [readonly number[]]) => Tensor,
  (...size: readonly number[] | [readonly number[]]) => Tensor
> = /* @__PURE__ */ Object.assign(
  (x: Tensor, ...size: readonly (number | readonly number[])[]): Tensor => {
    const shape = (size.length === 1 && Array.isArray(size[0]) ? size[0] : size.flat()) as readonly number[];
    // To a scalar it is the plain sum, which makes an int64 of a bool, of a single one too.
    if (shape.length === 0) return sum(x);
    if (sameDims(x.shape, shape)) return x;
    const lead = x.ndim - shape.length;
    const dims: number[] = [];
    let fits = lead >= 0;
    for (let d = 0; d < x.ndim; d++) {
      const n = d < lead ? 1 : shape[d - lead]!;
      fits &&= n === 1 || n === x.shape[d];
      if (d < lead || n !== x.shape[d]) dims.push(d);
    }
    if (!fits) throw new ShapeError(`sumToSize: ${showShape(shape)} does not broadcast to ${show(x)}`);
    if (dims.length === 0) return reshape(x, shape);
    return dims[dims.length - 1]! < lead ? sum(x, dims) : reshape(sum(x, dims, true), shape);
  },
  { opName: "sumToSize" },
) as never;
