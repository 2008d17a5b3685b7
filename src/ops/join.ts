// Tensors put together: one behind the other, or along a new dim. Functions only, as in PyTorch.

import { dense, resultType, ShapeError, sameDims, showShape, showValue, strided } from "../core/index.ts";
import { type Arguments, copyInto, f32, keywords, op, type Spec, spec } from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";
import { within } from "./composed.ts";
import { narrow } from "./pick.ts";
import { dimOf, unsqueeze } from "./view.ts";

interface JoinOptions {
  tensors: readonly Tensor[];
  /** The dim along which they lie; 0. */
  dim?: number;
}
type Join = (...args: Arguments<JoinOptions, [tensors: readonly Tensor[]], [dim?: number]>) => Tensor;

/** A list of tensors. Throws TypeError for what is none. */
function listOf(tensors: unknown, name: string): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new TypeError(`${name}: expected a non-empty list of Tensors`);
  for (const [i, x] of tensors.entries()) {
    if (!(x instanceof Tensor)) throw new TypeError(`${name}: expected a Tensor as element ${i}, got ${showValue(x)}`);
  }
  return tensors as readonly Tensor[];
}

/** An empty vector fits anything: PyTorch lets it stand in any list. */
const isNothing = ({ shape }: Spec): boolean => shape.length === 1 && shape[0] === 0;

/** Where each tensor begins along `dim`, and at last where all end. */
function offsets(tensors: readonly Spec[], dim: number): number[] {
  const at = [0];
  for (const x of tensors) at.push(at.at(-1)! + (isNothing(x) ? 0 : x.shape[dim]!));
  return at;
}

const join: (tensors: readonly Tensor[], dim: number) => Tensor = /* @__PURE__ */ op(
  "cat",
  "tensors, dim",
  (tensors, dim: number) => [
    { tensors },
    { dim: dimOf(dim, (tensors.find((x) => !isNothing(x)) ?? tensors[0]!).ndim, "cat") },
  ],
  {
    infer({ tensors }, { dim }) {
      const first = tensors.find((x) => !isNothing(x)) ?? tensors[0]!;
      for (const [i, x] of tensors.entries()) {
        if (x.ndim === 0)
          throw new ShapeError(`cat: zero-dimensional tensor (at position ${i}) cannot be concatenated`);
        if (isNothing(x)) continue;
        if (x.ndim !== first.ndim)
          throw new ShapeError(`cat: Tensors must have same number of dimensions: got ${first.ndim} and ${x.ndim}`);
        for (const [d, size] of x.shape.entries()) {
          if (d === dim || size === first.shape[d]) continue;
          throw new ShapeError(
            `cat: Sizes of tensors must match except in dimension ${dim}. Expected size ${first.shape[d]} but got size ${size} for tensor number ${i} in the list.`,
          );
        }
      }
      return spec(resultType(tensors), dense(first.shape.with(dim, offsets(tensors, dim).at(-1)!)));
    },
    into(y, { tensors }, { dim }) {
      const at = offsets(tensors, dim);
      for (const [i, x] of tensors.entries()) {
        if (isNothing(x)) continue;
        const place = new Tensor(
          y.storage,
          y.code,
          strided(x.shape, y.layout.strides),
          y.offset + at[i]! * y.layout.strides[dim]!,
        );
        copyInto(place, x);
      }
    },
    saves: [],
    vjp: (g, _, { dim }, { tensors }) => {
      const at = offsets(tensors, dim);
      return {
        tensors: (i) =>
          narrow(g, isNothing(tensors[i]!) ? 0 : dim, isNothing(tensors[i]!) ? 0 : at[i]!, at[i + 1]! - at[i]!),
      };
    },
    samples: [
      [[f32(2, 3), f32(4, 3)], 0],
      [[f32(2, 3), f32(2, 0), f32(2, 1)], 1],
      [[f32(0), f32(2)], 0],
    ],
    method: false,
  },
);

const bindCat = /* @__PURE__ */ keywords<JoinOptions>("cat", "tensors, dim?", { dim: 0 });

/**
 * Tensors one behind the other along `dim`. Their other sizes agree; an empty vector is passed over. The dtype is the one
 * that holds all of theirs.
 *
 * @example
 * cat([tensor([1, 2]), tensor([3])]) // tensor([1, 2, 3])
 */
export const cat: Join = (...args) => {
  const { tensors, dim } = bindCat(args);
  return join(listOf(tensors, "cat"), dim);
};

/** The same as `cat`. */
export const concat: Join = cat;
/** The same as `cat`. */
export const concatenate: Join = cat;

const bindStack = /* @__PURE__ */ keywords<JoinOptions>("stack", "tensors, dim?", { dim: 0 });

/**
 * Tensors of one shape along a new dim, which is `dim` of the result.
 *
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1) // tensor([[1, 3], [2, 4]])
 */
export const stack: Join = (...args) =>
  within("stack", () => {
    const { tensors, dim } = bindStack(args);
    const list = listOf(tensors, "stack");
    const [first] = list as readonly [Tensor];
    const odd = list.findIndex((x) => !sameDims(x.shape, first.shape));
    if (odd >= 0) {
      throw new ShapeError(
        `each tensor is expected to be equal size, but got ${showShape(first.shape)} at entry 0 and ${showShape(list[odd]!.shape)} at entry ${odd}`,
      );
    }
    const at = dimOf(dim, first.ndim + 1, "stack");
    return join(
      list.map((x) => unsqueeze(x, at)),
      at,
    );
  });
