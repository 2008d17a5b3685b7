// Matrix products: all are one kernel; what differs is what they accept.

import {
  BOOL,
  broadcast,
  ComplexScalar,
  DTypeError,
  dense,
  isComplex,
  isScalar,
  replaced,
  type Scalar,
  ShapeError,
  sameDims,
  show,
  showShape,
} from "../core/index.ts";
import {
  asTensor,
  c64,
  commonType,
  type FnQ,
  f32,
  i64,
  inPlace,
  type Kernels,
  type Op2T,
  type OpQ,
  op,
  type Sample,
  type Spec,
  spec,
  toDense,
  wrongArgument,
} from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { reordered } from "./axes.ts";
import { mul } from "./binary.ts";
import { conj } from "./complex.ts";
import { launchSum } from "./folds.ts";
import { launchProduct } from "./product.ts";
import { sum } from "./reduce.ts";
import { dimOf, permute, reshape } from "./view.ts";

// ── what all share ───────────────────────────────────────────────────────────────────────────────────────────────────

/** One dtype for all operands, and one that has products. */
function sameDType(op: string, first: Spec, second: Spec, third: Spec | null = null): number {
  const odd = second.code !== first.code ? second : third !== null && third.code !== first.code ? third : null;
  if (odd !== null) {
    throw new DTypeError(`${op}: expected operands of the same dtype, got ${show(first)} and ${show(odd)}`);
  }
  if (first.code === BOOL) throw new DTypeError(`${op}: not defined for bool`);
  return first.code;
}

function dims(op: string, name: string, x: Spec, ndim: number): void {
  if (x.ndim !== ndim) throw new ShapeError(`${op}: ${name} is ${show(x)}, expected ${ndim} dims`);
}

/** The shape of a·b: vectors drop their dim, the dims before matrices broadcast. */
function productShape(op: string, a: Spec, b: Spec): readonly number[] {
  const last = a.shape[a.ndim - 1];
  const first = b.shape[Math.max(b.ndim - 2, 0)];
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(`${op}: both operands need at least 1 dim, got ${show(a)} and ${show(b)}`);
  }
  if (last !== first) {
    throw new ShapeError(
      `${op}: shapes ${showShape(a.shape)} and ${showShape(b.shape)} cannot be multiplied (${last} != ${first})`,
    );
  }
  if (a.ndim >= 2 && b.ndim === 2) return replaced(a.shape, a.ndim - 1, b.shape[1]!);
  const batch = broadcast(op, [dense(a.shape.slice(0, -2)), dense(b.shape.slice(0, -2))]);
  return [...batch, ...(a.ndim > 1 ? [a.shape.at(-2)!] : []), ...(b.ndim > 1 ? [b.shape.at(-1)!] : [])];
}

/** The last two dims exchanged. @internal */
export function transposed(x: Tensor): Tensor {
  return permute(x, [...Array(x.ndim - 2).keys(), x.ndim - 1, x.ndim - 2]);
}

/** Transposed and conjugated. */
function adjoint(x: Tensor): Tensor {
  return transposed(conjugate(x));
}

const conjugate = (x: Tensor): Tensor => (isComplex(x.code) ? conj(x) : x);

/** The gradients of a·b for operands of any number of dims. */
function productGradients(g: Tensor, { a, b }: { a: Tensor; b: Tensor }): { a: () => Tensor; b: () => Tensor } {
  if (a.ndim === 1 && b.ndim === 1) return { a: () => mul(g, conjugate(b)), b: () => mul(conjugate(a), g) };
  // Vectors as matrices of one row or column, and g with the dims that they dropped.
  const left = a.ndim === 1 ? reshape(a, [1, a.shape[0]!]) : a;
  const right = b.ndim === 1 ? reshape(b, [b.shape[0]!, 1]) : b;
  const lead = g.shape.slice(0, g.ndim - Number(a.ndim > 1) - Number(b.ndim > 1));
  const middle = reshape(g, [...lead, left.shape.at(-2)!, right.shape.at(-1)!]);
  const vector = (x: Tensor, n: number): Tensor => reshape(x, [...x.shape.slice(0, -2), n]);
  return {
    a: () => {
      const result = right.ndim === 2 ? linear(middle, conjugate(right)) : matmul(middle, adjoint(right));
      return a.ndim === 1 ? vector(result, a.shape[0]!) : result;
    },
    b: () => {
      // One b for a whole batch of a: the batch is summed inside one product.
      const result = right.ndim === 2 ? productOfRows(conjugate(left), middle) : matmul(adjoint(left), middle);
      return b.ndim === 1 ? vector(result, b.shape[0]!) : result;
    },
  };
}

/** `Σ aᵀ·b` over all rows, whatever dims they are in: how a weight's gradient comes about. */
const productOfRows: (a: Tensor, b: Tensor) => Tensor = /* @__PURE__ */ op(
  "productOfRows",
  "a, b",
  (a: Tensor, b: Tensor) => [{ a, b }],
  {
    infer: ({ a, b }) => spec(a.code, [a.shape[a.ndim - 1]!, b.shape[b.ndim - 1]!]),
    kernel: "matmul",
    strided: true,
    launch: (k, { a, b }, { out }) => launchRows(k, a, b, out),
    decompose: ({ a, b }) => matmul(transposed(rowsOf(a)), rowsOf(b)),
    samples: () => [[f32(2, 5, 3), f32(2, 5, 4)]],
  },
);

function launchRows(k: Kernels, a: Tensor, b: Tensor, out: Tensor): void {
  launchProduct(k, reordered(asRows(a), [1, 0]), asRows(b), null, out);
}

/** `rowsOf`, below the tape. */
function asRows(x: Tensor): Tensor {
  if (x.ndim === 2) return x;
  const { storage, code, offset, layout } = toDense(x);
  const n = layout.shape[x.ndim - 1]!;
  return new Tensor(storage, code, dense([n === 0 ? 0 : layout.size / n, n]), offset);
}

/** All dims but the last as rows. */
function rowsOf(x: Tensor): Tensor {
  return reshape(x, [x.shape.slice(0, -1).reduce((p, n) => p * n, 1), x.shape.at(-1)!]);
}

// ── a·b ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What PyTorch makes a product of, by the numbers of dims. */
const PRODUCTS: Readonly<Record<number, string>> = {
  11: "DotBackward0",
  12: "SqueezeBackward4",
  21: "MvBackward0",
  22: "MmBackward0",
};

/**
 * Matrix product over the last two dims; the dims before broadcast. A vector is a row on the left and a column on the
 * right, and its dim is dropped from the result.
 *
 * Throws ShapeError where the inner sizes differ, DTypeError where the dtypes do.
 */
export const matmul: Op2T = /* @__PURE__ */ op(
  "matmul",
  "input, other",
  (a, b) => [{ a: asTensor(a, "matmul", "input"), b: asTensor(b, "matmul", "other") }],
  {
    infer: ({ a, b }) => spec(sameDType("matmul", a, b), productShape("matmul", a, b)),
    node: ({ a, b }) => PRODUCTS[10 * a.ndim + b.ndim] ?? "UnsafeViewBackward0",
    kernel: "matmul",
    strided: true,
    launch: (k, { a, b }, { out }) => launchProduct(k, a, b, null, out),
    saves: ["a", "b"],
    vjp: (g, saved) => productGradients(g, saved),
    samples: () => [
      [f32(2, 3), f32(3, 4)],
      [f32(5, 2, 3), f32(3, 4)],
      [f32(2, 1, 2, 3), f32(4, 3, 2)],
      [f32(3), f32(3)],
      [f32(3), f32(2, 3, 4)],
      [f32(2, 4, 3), f32(3)],
      [f32(3, 0), f32(0, 2)],
      [i64(2, 3), i64(3, 2)],
      [c64(2, 3), c64(3, 2)],
    ],
  },
);

/** As `matmul`, for operands that `check` accepts. */
function restricted(
  name: string,
  other: string,
  check: (a: Spec, b: Spec) => void,
  samples: () => readonly Sample[],
): Op2T {
  return op(
    name,
    `input, ${other}`,
    (a: Tensor, b: Tensor) => [{ a: asTensor(a, name, "input"), b: asTensor(b, name, other) }],
    {
      infer: ({ a, b }) => {
        check(a, b);
        return spec(sameDType(name, a, b), productShape(name, a, b));
      },
      kernel: "matmul",
      strided: true,
      launch: (k, { a, b }, { out }) => launchProduct(k, a, b, null, out),
      saves: ["a", "b"],
      vjp: (g, saved) => productGradients(g, saved),
      samples,
    },
  );
}

/** Product of two matrices. */
export const mm: Op2T = /* @__PURE__ */ restricted(
  "mm",
  "mat2",
  (a, b) => {
    dims("mm", "input", a, 2);
    dims("mm", "mat2", b, 2);
  },
  () => [[f32(2, 3), f32(3, 4)]],
);

/** Product of each of a batch of matrices with its partner. */
export const bmm: Op2T = /* @__PURE__ */ restricted(
  "bmm",
  "mat2",
  (a, b) => {
    dims("bmm", "input", a, 3);
    dims("bmm", "mat2", b, 3);
    if (a.shape[0] !== b.shape[0]) {
      throw new ShapeError(`bmm: batches of ${a.shape[0]} and ${b.shape[0]} matrices: expected as many`);
    }
  },
  () => [[f32(2, 3, 4), f32(2, 4, 5)]],
);

/** Product of a matrix and a vector. */
export const mv: Op2T = /* @__PURE__ */ restricted(
  "mv",
  "vec",
  (a, b) => {
    dims("mv", "input", a, 2);
    dims("mv", "vec", b, 1);
  },
  () => [[f32(2, 3), f32(3)]],
);

/** `Σ a·b` of two vectors. */
export const dot: Op2T = /* @__PURE__ */ restricted(
  "dot",
  "tensor",
  (a, b) => twoVectors("dot", a, b),
  () => [[f32(3), f32(3)]],
);

function twoVectors(op: string, a: Spec, b: Spec): void {
  sameDType(op, a, b);
  if (a.ndim !== 1 || b.ndim !== 1) throw new ShapeError(`${op}: expected two vectors, got ${show(a)} and ${show(b)}`);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(`${op}: vectors of ${a.shape[0]} and ${b.shape[0]} elements: expected as many`);
  }
}

/** `Σ conj(a)·b` of two vectors. */
export const vdot: Op2T = /* @__PURE__ */ op(
  "vdot",
  "input, other",
  (a, b) => [{ a: asTensor(a, "vdot", "input"), b: asTensor(b, "vdot", "other") }],
  {
    infer: ({ a, b }) => {
      twoVectors("vdot", a, b);
      return spec(a.code, []);
    },
    decompose: ({ a, b }) => dot(conjugate(a), b),
    samples: () => [
      [f32(3), f32(3)],
      [c64(3), c64(3)],
    ],
  },
);

/** `Σ a[..., i]·b[..., i]` of every pair of last dims; a number multiplies. */
export const inner: Op2T = /* @__PURE__ */ op(
  "inner",
  "input, other",
  (a, b) => [{ a: asTensor(a, "inner", "input"), b: asTensor(b, "inner", "other") }],
  {
    infer({ a, b }) {
      if (a.ndim === 0 || b.ndim === 0) return spec(sameDType("inner", a, b), a.ndim === 0 ? b.shape : a.shape);
      if (a.shape.at(-1) !== b.shape.at(-1)) {
        throw new ShapeError(
          `inner: the last sizes ${a.shape.at(-1)} and ${b.shape.at(-1)} of ${show(a)} and ${show(b)} differ`,
        );
      }
      return spec(sameDType("inner", a, b), [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
    },
    decompose({ a, b }) {
      if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
      const y = matmul(rowsOf(a), transposed(rowsOf(b)));
      return reshape(y, [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
    },
    samples: () => [
      [f32(3), f32(3)],
      [f32(2, 3), f32(4, 5, 3)],
    ],
  },
);

/** `a[i]·b[j]` of two vectors. */
export const outer: Op2T = /* @__PURE__ */ op(
  "outer",
  "input, vec2",
  (a, b) => [{ a: asTensor(a, "outer", "input"), b: asTensor(b, "outer", "vec2") }],
  {
    infer({ a, b }) {
      dims("outer", "input", a, 1);
      dims("outer", "vec2", b, 1);
      return spec(commonType([a, b]), [a.shape[0]!, b.shape[0]!]);
    },
    decompose: ({ a, b }) => mul(reshape(a, [a.shape[0]!, 1]), b),
    samples: () => [[f32(3), f32(4)]],
  },
);

// ── β·input + α·a·b ──────────────────────────────────────────────────────────────────────────────────────────────────

interface Factors {
  /** Of `input`; 0 leaves it unread. Default 1. */
  beta: Scalar;
  /** Of the product. Default 1. */
  alpha: Scalar;
}
type AddProduct = OpQ<[a: Tensor, b: Tensor], [], [], Factors>;

function factor(op: string, name: string, value: unknown): Scalar {
  if (value === undefined) return 1;
  if (!isScalar(value)) throw wrongArgument(op, name, value, "a number");
  return value;
}

const scaled = (x: Tensor, by: Scalar): Tensor =>
  by === 1 ? x : mul(x, by instanceof ComplexScalar ? new ComplexScalar(by.re, -by.im) : by);

/** β·input + α·a·b for operands of `left` and `right` dims. */
function adding(
  name: string,
  first: string,
  second: string,
  left: number,
  right: number,
  samples: () => readonly Sample[],
): AddProduct {
  return op(
    name,
    `input, ${first}, ${second}, *, beta?, alpha?`,
    (d, a, b, beta, alpha) => [
      { d: asTensor(d, name, "input"), a: asTensor(a, name, first), b: asTensor(b, name, second) },
      { beta: factor(name, "beta", beta), alpha: factor(name, "alpha", alpha) },
    ],
    {
      infer({ d, a, b }) {
        dims(name, first, a, left);
        dims(name, second, b, right);
        const shape = productShape(name, a, b);
        if (left === 3 && a.shape[0] !== b.shape[0]) {
          throw new ShapeError(`${name}: batches of ${a.shape[0]} and ${b.shape[0]} matrices: expected as many`);
        }
        if (!sameDims(broadcast(name, [d.layout, dense(shape)]), shape)) {
          throw new ShapeError(`${name}: input ${show(d)} does not broadcast to ${showShape(shape)}`);
        }
        return spec(sameDType(name, a, b, d), shape);
      },
      kernel: "matmul",
      strided: true,
      launch: (k, { d, a, b }, { out }, factors) => launchProduct(k, a, b, d, out, factors),
      saves: ["a", "b"],
      vjp(g, { a, b }, { beta, alpha }) {
        const gradients = productGradients(g, { a, b });
        return {
          d: () => scaled(g, beta),
          a: () => scaled(gradients.a(), alpha),
          b: () => scaled(gradients.b(), alpha),
        };
      },
      samples,
    },
  );
}

/** `β·input + α·mat1·mat2` for matrices; `input` broadcasts. */
export const addmm: AddProduct = /* @__PURE__ */ adding("addmm", "mat1", "mat2", 2, 2, () => [
  [f32(2, 4), f32(2, 3), f32(3, 4)],
  [f32(4), f32(2, 3), f32(3, 4), { beta: 0.5, alpha: -2 }],
]);

/** `addmm`, in place. */
export const addmm_: AddProduct = /* @__PURE__ */ inPlace(addmm);

/** `β·input + α·batch1·batch2` for batches of matrices; `input` broadcasts. */
export const baddbmm: AddProduct = /* @__PURE__ */ adding("baddbmm", "batch1", "batch2", 3, 3, () => [
  [f32(2, 2, 4), f32(2, 2, 3), f32(2, 3, 4), { beta: 0.5 }],
]);

/** `baddbmm`, in place. */
export const baddbmm_: AddProduct = /* @__PURE__ */ inPlace(baddbmm);

/** `β·input + α·mat·vec` for a matrix and a vector; `input` broadcasts. */
export const addmv: AddProduct = /* @__PURE__ */ adding("addmv", "mat", "vec", 2, 1, () => [
  [f32(2), f32(2, 3), f32(3)],
]);

/** `addmv`, in place. */
export const addmv_: AddProduct = /* @__PURE__ */ inPlace(addmv);

/** `β·input + α·Σ batch1·batch2`, the products of a batch summed; `input` broadcasts. */
export const addbmm: AddProduct = /* @__PURE__ */ op(
  "addbmm",
  "input, batch1, batch2, *, beta?, alpha?",
  (d, a, b, beta, alpha) => [
    { d: asTensor(d, "addbmm", "input"), a: asTensor(a, "addbmm", "batch1"), b: asTensor(b, "addbmm", "batch2") },
    { beta: factor("addbmm", "beta", beta), alpha: factor("addbmm", "alpha", alpha) },
  ],
  {
    infer({ d, a, b }) {
      dims("addbmm", "batch1", a, 3);
      dims("addbmm", "batch2", b, 3);
      return spec(sameDType("addbmm", a, b, d), productShape("addbmm", a, b).slice(1));
    },
    // [b, m, k] · [b, k, n] summed over b is [m, b·k] · [b·k, n].
    decompose: ({ d, a, b }, { beta, alpha }) =>
      addmm(d, reshape(permute(a, [1, 0, 2]), [a.shape[1]!, a.shape[0]! * a.shape[2]!]), rowsOf(b), { beta, alpha }),
    samples: () => [[f32(2, 4), f32(2, 2, 3), f32(2, 3, 4)]],
  },
);
/** `addbmm`, in place. */
export const addbmm_: AddProduct = /* @__PURE__ */ inPlace(addbmm);

const TURNED = { turned: true };

const lastOf = ({ shape }: Spec): number | undefined => shape[shape.length - 1];

/** `x·weightᵀ + bias`: x is [..., in], weight [out, in] or [in], bias [out]. */
export const linear: FnQ<
  [x: Tensor, weight: Tensor],
  [bias?: Tensor | null],
  ["bias"],
  { bias: Tensor | null },
  Tensor,
  { weight: Tensor }
> = /* @__PURE__ */ op(
  "linear",
  "input, weight, bias?",
  (x, weight, bias) => [
    {
      x: asTensor(x, "linear", "input"),
      weight: asTensor(weight, "linear", "weight"),
      bias: bias == null ? null : asTensor(bias, "linear", "bias"),
    },
  ],
  {
    infer({ x, weight, bias }) {
      if (weight.ndim !== 1 && weight.ndim !== 2) {
        throw new ShapeError(`linear: weight is ${show(weight)}, expected 1 or 2 dims`);
      }
      if (x.ndim === 0 || lastOf(x) !== lastOf(weight)) {
        throw new ShapeError(
          `linear: input ${show(x)} and weight ${show(weight)} cannot be multiplied: the last sizes ${lastOf(x)} and ${lastOf(weight)} differ`,
        );
      }
      const shape = weight.ndim === 2 ? replaced(x.shape, x.ndim - 1, weight.shape[0]!) : x.shape.slice(0, -1);
      const each = bias !== null && bias.ndim === 1 && weight.ndim === 2 && bias.shape[0] === weight.shape[0];
      if (bias !== null && !each && !sameDims(broadcast("linear", [bias.layout, dense(shape)]), shape)) {
        throw new ShapeError(`linear: bias ${show(bias)} does not broadcast to ${showShape(shape)}`);
      }
      return spec(sameDType("linear", x, weight, bias), shape);
    },
    node: ({ x, weight, bias }) =>
      x.ndim === 2 && weight.ndim === 2 ? (bias === null ? "MmBackward0" : "AddmmBackward0") : "ViewBackward0",
    kernel: "matmul",
    strided: true,
    launch: (k, { x, weight, bias }, { out }) => launchProduct(k, x, weight, bias, out, TURNED),
    saves: ["x", "weight"],
    vjp(g, { x, weight }) {
      const vector = weight.ndim === 1;
      return {
        x: () => (vector ? mul(reshape(g, [...g.shape, 1]), conjugate(weight)) : matmul(g, conjugate(weight))),
        weight: () =>
          vector
            ? matmul(reshape(g, [g.numel()]), conjugate(rowsOf(x)))
            : productOfRows(g.ndim === 1 ? reshape(g, [1, -1]) : g, conjugate(x.ndim === 1 ? reshape(x, [1, -1]) : x)),
        bias: () => g,
      };
    },
    backward(k, g, { x, weight }, into) {
      const { bias } = into;
      const isRow = bias === null || (bias.ndim === 1 && bias.shape[0] === lastOf(g));
      if (g.ndim < 2 || weight.ndim !== 2 || !isRow || isComplex(g.code)) return false;
      if (into.x !== null) launchProduct(k, g, weight, null, into.x);
      if (into.weight !== null) launchRows(k, g, x, into.weight);
      if (bias !== null) launchSum(k, asRows(toDense(g)), bias, [0]);
      return true;
    },
    samples: () => [
      [f32(2, 3), f32(4, 3), f32(4)],
      [f32(2, 5, 3), f32(4, 3)],
      [f32(3), f32(4, 3), f32(4)],
      [f32(2, 3), f32(3)],
    ],
    method: false,
  },
);

// ── sums of products over any dims ───────────────────────────────────────────────────────────────────────────────────

/** Sums products over the last `dims` dims of `a` and the first of `b`, or over the dims that two lists pair. */
export const tensordot: OpQ<
  [b: Tensor],
  [dims?: number | readonly [readonly number[], readonly number[]]],
  ["dims"],
  { dims: number | readonly [readonly number[], readonly number[]] }
> = /* @__PURE__ */ op(
  "tensordot",
  "a, b, dims?",
  (a, b, dims) => {
    asTensor(a, "tensordot", "a");
    asTensor(b, "tensordot", "b");
    const count = dims ?? 2;
    const lists =
      typeof count === "number"
        ? [Array.from({ length: count }, (_, i) => a.ndim - count + i), Array.from({ length: count }, (_, i) => i)]
        : count;
    if (!Array.isArray(lists) || lists.length !== 2 || lists[0]!.length !== lists[1]!.length) {
      throw wrongArgument("tensordot", "dims", dims, "a number or two lists of as many dims");
    }
    const of = (list: readonly number[], ndim: number): number[] => list.map((d) => dimOf(d, ndim, "tensordot"));
    return [
      { a, b },
      { left: of(lists[0]!, a.ndim), right: of(lists[1]!, b.ndim) },
    ];
  },
  {
    infer({ a, b }, { left, right }) {
      for (const [i, d] of left.entries()) {
        const [m, n] = [a.shape[d]!, b.shape[right[i]!]!];
        if (m !== n && m !== 1 && n !== 1) {
          throw new ShapeError(`tensordot: sizes ${m} and ${n} of the paired dims ${d} and ${right[i]} differ`);
        }
      }
      return spec(sameDType("tensordot", a, b), [...without(a.shape, left), ...without(b.shape, right)]);
    },
    decompose({ a, b }, { left, right }) {
      // A dim of size 1 pairs with one of any size: what it meets is summed first.
      const meets = (x: Tensor, own: readonly number[], y: Tensor, other: readonly number[]): Tensor => {
        const wide = own.filter((d, i) => x.shape[d] !== 1 && y.shape[other[i]!] === 1);
        return wide.length === 0 ? x : sum(x, wide, true);
      };
      const [x, y] = [meets(a, left, b, right), meets(b, right, a, left)];
      const k = left.reduce((p, d) => p * x.shape[d]!, 1);
      const rows = [...x.shape.keys()].filter((d) => !left.includes(d));
      const columns = [...y.shape.keys()].filter((d) => !right.includes(d));
      const size = (of: Tensor, list: readonly number[]): number => list.reduce((p, d) => p * of.shape[d]!, 1);
      const product = matmul(
        reshape(permute(x, [...rows, ...left]), [size(x, rows), k]),
        reshape(permute(y, [...right, ...columns]), [k, size(y, columns)]),
      );
      return reshape(product, [...without(a.shape, left), ...without(b.shape, right)]);
    },
    samples: () => [
      [f32(2, 3, 4), f32(3, 4, 5)],
      [
        f32(2, 3, 4),
        f32(4, 2),
        [
          [2, 0],
          [0, 1],
        ],
      ],
    ],
  },
);

const without = (shape: readonly number[], dims: readonly number[]): number[] =>
  shape.filter((_, d) => !dims.includes(d));
