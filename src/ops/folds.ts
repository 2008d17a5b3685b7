// What folds over dims have in common: the launch, the result's spec, where a cotangent goes, what cannot be folded. Internal.

import { COMPLEX, DTypeError, FLOAT32, IndexError, isComplex, isHalf, KIND, SUFFIX, show } from "../core/index.ts";
import { type Call, fullName, type Kernels, need, type Spec, spec, toCode } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { planOf, reducedShape } from "./axes.ts";
import { expand, reshape } from "./view.ts";

/**
 * Launches a fold of assembly/reduce/fold.ts over `dims` of x into y, with the kernel `first` and then `rest`, where what
 * one leaves is folded on. Groups of neighbouring dims are folded one after the other, the last first. A half type is widened a
 * part at a time.
 */
export function fold(
  k: Kernels,
  first: string,
  rest: string,
  x: Tensor,
  y: Tensor,
  dims: readonly number[],
  divisor = 1,
): void {
  const isShort = isHalf(x.code) && x.layout.size > 0 && k.backend.kernel("foldShort") !== null;
  const { steps } = planOf(x.layout, dims, false, numbersOf(y), isShort ? ROOM : undefined);
  let source = isShort ? x : toCode(x, isHalf(x.code) ? FLOAT32 : x.code);
  let kernel = first;
  for (let i = 0; i < steps.length; i++) {
    const { outer, n, inner, tile, block, parts, units, grain } = steps[i]!;
    const last = i === steps.length - 1;
    const target = last ? y : k.scratch(y.code, [outer, inner]);
    const by = last ? divisor : 1;
    const partial = parts === 1 ? target : k.scratch(y.code, [outer, parts, inner]);
    const begin = source === x && isShort ? short(k, kernel, x.code) : k.exact(kernel);
    begin.int(n).int(inner).int(block).int(tile).tensor(source).tensor(partial);
    begin.real(parts === 1 ? by : 1).run(units, grain);
    if (parts > 1) {
      const end = k.exact(rest).int(parts).int(inner).int(parts).int(tile).tensor(partial).tensor(target);
      end.real(by).run(units / parts, grain);
    }
    source = target;
    kernel = rest;
  }
}

/** x as a fold in the computing dtype takes it: a half type as it is. */
export function foldable(k: Kernels, x: Tensor): Tensor {
  return isHalf(x.code) && k.code === FLOAT32 ? x : toCode(x, k.code);
}

const ROOM = 128 << 10; // elements of a part; assembly/reduce/short.ts says the same

/** Begins a launch of a fold of a half type. */
function short(k: Kernels, kernel: string, code: number): Call {
  const call = k.exact("foldShort").kernel(need(k.backend, kernel));
  const suffix = SUFFIX[code]!;
  return call.kernel(need(k.backend, `cast_${suffix}_f32`)).kernel(need(k.backend, `unzip_${suffix}`));
}

/** y = Σ x over `dims`, divided; both in the computing dtype, x dense. */
export function launchSum(k: Kernels, x: Tensor, y: Tensor, dims: readonly number[], divisor = 1): void {
  const name = fullName("sum", k.code);
  fold(k, name, name, x, y, dims, divisor);
}

const numbersOf = (x: Spec): number => (isComplex(x.code) ? 2 : 1);

/** The spec of a fold's result. */
export function folded(x: Spec, code: number, dims: readonly number[], keepdim: boolean): Spec {
  return spec(code, planOf(x.layout, dims, keepdim, 1).layout);
}

/** A reduction's cotangent, shown at every element that it came from. */
export function spread(g: Tensor, x: Spec, dims: readonly number[], keepdim: boolean): Tensor {
  return expand(kept(g, x, dims, keepdim), x.shape);
}

/** A reduction's result with its dims, whether it kept them or not. */
export function kept(y: Tensor, x: Spec, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim ? y : reshape(y, reducedShape(x.shape, dims, true));
}

/** Throws where the dims have no element. `all`: the call named none. */
export function assertSome(op: string, x: Spec, dims: readonly number[], all: boolean): void {
  if (all && x.layout.size === 0) throw new IndexError(`${op}: ${show(x)} is empty: name a dim that is not`);
  for (const d of dims) {
    if (x.shape[d] === 0) throw new IndexError(`${op}: dim ${d} of ${show(x)} is empty, expected a size that is not 0`);
  }
}

/** Throws for complex numbers, which have no order. */
export function assertReal(op: string, x: Spec): void {
  if (KIND[x.code] === COMPLEX) throw new DTypeError(`${op}: complex numbers have no order, got ${show(x)}`);
}
