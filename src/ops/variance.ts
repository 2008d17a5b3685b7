// Variance and standard deviation over dims, with or without the mean.

import { DTypeError, FLOAT64, FLOATING, KIND, REAL, show } from "../core/index.ts";
import {
  asTensor,
  type Dim,
  f32,
  type Kernels,
  type Named,
  type OpK,
  op,
  type Spec,
  spec,
  toDense,
  wrongArgument,
} from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { around, cutOf, dimsOf, groupsOf, product, reducedShape, reordered, toEnd } from "./axes.ts";
import { add, div, mul, sub } from "./binary.ts";
import { eq } from "./compare.ts";
import { conj } from "./complex.ts";
import { cast } from "./copy.ts";
import { spread } from "./folds.ts";
import { mean, sum } from "./reduce.ts";
import { where } from "./ternary.ts";
import { sqrt } from "./unary.ts";

type Attrs = { readonly dims: readonly number[]; readonly keepdim: boolean; readonly correction: number };
type Spread<R> = OpK<
  [dim?: Dim | boolean, unbiased?: boolean, keepdim?: boolean],
  ["dim", "unbiased", "keepdim"],
  { dim: Dim; unbiased: boolean; keepdim: boolean; correction: number | null },
  R
>;
const SIGNATURE = "input, dim?, unbiased?, keepdim?, *, correction?";

/** The arguments of all four; `x.var(true)` is PyTorch's older form of `x.var({ unbiased: true })`. */
function binder(name: string) {
  return (
    x: Tensor,
    dim: Dim | boolean | undefined,
    unbiased: boolean | undefined,
    keepdim: boolean | undefined,
    correction: number | null | undefined,
  ): readonly [{ x: Tensor }, Attrs] => {
    asTensor(x, name, "input");
    if (KIND[x.code]! < FLOATING)
      throw new DTypeError(`${name}: expected a floating point or complex dtype, got ${show(x)}`);
    const short = typeof dim === "boolean";
    const wanted = short ? dim : unbiased;
    if (wanted !== undefined && correction != null) throw new TypeError(`${name}: got both unbiased and correction`);
    if (correction != null && !Number.isFinite(Number(correction))) {
      throw wrongArgument(name, "correction", correction, "a number");
    }
    const dims = dimsOf(short ? null : dim, x.ndim, name);
    return [
      { x },
      { dims, keepdim: keepdim ?? false, correction: correction == null ? Number(wanted ?? true) : Number(correction) },
    ];
  };
}

const countOf = (x: Spec, dims: readonly number[]): number => product(dims.map((d) => x.shape[d]!));

/** The attributes as arguments of another call. */
const optionsOf = ({ keepdim, correction }: Attrs): { keepdim: boolean; correction: number } => ({
  keepdim,
  correction,
});

/** Launches assembly/reduce/variance.ts; `mean` is null where it is not wanted. */
function moments(k: Kernels, x: Tensor, mean: Tensor | null, variance: Tensor, { dims, correction }: Attrs): void {
  const together = groupsOf(dims).length === 1;
  const source = together ? x : toDense(reordered(x, toEnd(dims, x.ndim)));
  const sizes = together
    ? around(x.shape, dims[0] ?? 0, (dims.at(-1) ?? -1) + 1)
    : around(source.shape, x.ndim - dims.length, x.ndim);
  const { outer, n, inner } = sizes;
  const { tile, block, parts, units, grain } = cutOf(sizes);
  const divisor = Math.max(0, n - correction);
  const average = mean ?? k.scratch(variance.code, variance.shape);
  if (parts === 1) {
    const one = k.call("variance").int(n).int(inner).int(block).int(tile).tensor(source);
    one.tensor(average).tensor(variance).real(divisor).run(units, grain);
    return;
  }
  const shape = [outer, parts, inner];
  const [means, squares] = [k.scratch(FLOAT64, shape), k.scratch(FLOAT64, shape)];
  const first = k.call("varianceParts").int(n).int(inner).int(block).int(tile).tensor(source);
  first.tensor(means).tensor(squares).real(0).run(units, grain);
  const second = k.call("varianceJoin").int(n).int(inner).int(block).tensor(means).tensor(squares);
  second
    .tensor(average)
    .tensor(variance)
    .real(divisor)
    .run(outer * inner, outer * inner);
}

/** Of complex numbers there is no kernel: Σ |x - mean|² / (n - correction). */
function formula(x: Tensor, { dims, keepdim, correction }: Attrs): Tensor {
  const off = sub(x, mean(x, dims, true));
  const squares = cast(mul(off, conj(off)), REAL[x.code]!);
  return div(sum(squares, dims, keepdim), Math.max(0, countOf(x, dims) - correction));
}

const inferred = (x: Spec, { dims, keepdim }: Attrs): Spec => spec(REAL[x.code]!, reducedShape(x.shape, dims, keepdim));

/** g · 2 (x - mean) / (n - correction) */
function slope(g: Tensor, x: Tensor, { dims, keepdim, correction }: Attrs): Tensor {
  const scale = mul(g, 2 / (countOf(x, dims) - correction));
  return mul(spread(scale, x, dims, keepdim), sub(x, mean(x, dims, true)));
}

const variance: Spread<Tensor> = /* @__PURE__ */ op("var", SIGNATURE, binder("var"), {
  infer: ({ x }, attrs) => inferred(x, attrs),
  kernel: "variance",
  launch: (k, { x }, { out }, attrs) => moments(k, x, null, out, attrs),
  decompose: ({ x }, attrs) => formula(x, attrs),
  saves: ["x"],
  vjp: (g, { x }, attrs) => ({ x: () => slope(g, x, attrs) }),
  samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1], [f32(2, 3, 4), [0, 2], { correction: 0, keepdim: true }]],
});

/**
 * Variance over `dim` (all dims by default): `Σ |x - mean|² / max(0, n - correction)`. `correction` is 1 by default;
 * `unbiased: false` is a correction of 0. Real, of complex numbers too.
 */
export { variance as var };

/** `√var`. The gradient is 0 where the result is. */
export const std: Spread<Tensor> = /* @__PURE__ */ op("std", SIGNATURE, binder("std"), {
  infer: ({ x }, attrs) => inferred(x, attrs),
  decompose: ({ x }, attrs) => sqrt(variance(x, attrs.dims, optionsOf(attrs))),
  saves: ["x", "out"],
  vjp: (g, { x, out }, attrs) => ({ x: () => slope(rooted(g, out), x, attrs) }),
  samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1], [f32(2, 3, 4), [0, 2], { correction: 0, keepdim: true }]],
});

/** The cotangent of y² from that of y. */
function rooted(g: Tensor, y: Tensor): Tensor {
  return where(eq(y, 0), 0, div(g, mul(y, 2)));
}

/** Variance and mean, as `[var, mean]`. */
export const varMean: Spread<Named<["var", "mean"]>> = /* @__PURE__ */ op("varMean", SIGNATURE, binder("varMean"), {
  outputs: ["var", "mean"],
  infer: ({ x }, attrs) => [inferred(x, attrs), spec(x.code, reducedShape(x.shape, attrs.dims, attrs.keepdim))],
  kernel: "variance",
  launch: (k, { x }, outputs, attrs) => moments(k, x, outputs.mean, outputs.var, attrs),
  decompose: ({ x }, attrs) => [formula(x, attrs), mean(x, attrs.dims, attrs.keepdim)],
  saves: ["x"],
  vjp: (g, { x }, attrs) => ({ x: () => both(g.var, g.mean, x, attrs) }),
  samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1], [f32(2, 3, 4), [0, 2], { correction: 0, keepdim: true }]],
});

/** Standard deviation and mean, as `[std, mean]`. */
export const stdMean: Spread<Named<["std", "mean"]>> = /* @__PURE__ */ op("stdMean", SIGNATURE, binder("stdMean"), {
  outputs: ["std", "mean"],
  infer: ({ x }, attrs) => [inferred(x, attrs), spec(x.code, reducedShape(x.shape, attrs.dims, attrs.keepdim))],
  decompose: ({ x }, attrs) => {
    const pair = varMean(x, attrs.dims, optionsOf(attrs));
    return [sqrt(pair.var), pair.mean];
  },
  saves: ["x", "std"],
  vjp: (g, { x, std }, attrs) => ({
    x: () => both(g.std === null ? null : rooted(g.std, std), g.mean, x, attrs),
  }),
  samples: () => [[f32(2, 3)], [f32(2, 3, 4), 1], [f32(2, 3, 4), [0, 2], { correction: 0, keepdim: true }]],
});

/** The cotangent of x from those of variance and mean, of which one may be absent. */
function both(gVar: Tensor | null, gMean: Tensor | null, x: Tensor, attrs: Attrs): Tensor {
  const fromMean = gMean === null ? null : spread(div(gMean, countOf(x, attrs.dims)), x, attrs.dims, attrs.keepdim);
  if (gVar === null) return fromMean!;
  const fromVar = slope(gVar, x, attrs);
  return fromMean === null ? fromVar : add(fromVar, fromMean);
}
