// A tensor given another size in its own memory: what PyTorch has for buffers that are used again.

import { AutogradError, dense, SIZE } from "../core/index.ts";
import { asTensor, copyInto, type Op } from "../op/index.ts";
import { allocate, Tensor } from "../tensor/index.ts";
import { gathered, sizesOf } from "./arguments.ts";
import { within } from "./composed.ts";

type Sizes = readonly number[] | readonly [readonly number[]];

/**
 * Gives `x` another size, in place: its first elements stay, in order; what is new is not set. Views of it keep the old
 * memory where that was too small. Throws for a tensor that requires a gradient.
 */
export const resize_: Op<(x: Tensor, ...size: Sizes) => Tensor, (...size: Sizes) => Tensor> =
  /* @__PURE__ */ Object.assign(
    (x: Tensor, ...args: readonly unknown[]): Tensor =>
      resized("resize_", asTensor(x, "resize_", "input"), sizesOf(gathered(args)[0], "resize_")),
    { opName: "resize_" },
  ) as unknown as Op<(x: Tensor, ...size: Sizes) => Tensor, (...size: Sizes) => Tensor>;

/** Gives `x` the size of `other`, in place; see `resize_`. */
export const resizeAs_: Op<(x: Tensor, other: Tensor) => Tensor, (other: Tensor) => Tensor> =
  /* @__PURE__ */ Object.assign(
    (x: Tensor, other: Tensor): Tensor =>
      resized("resizeAs_", asTensor(x, "resizeAs_", "input"), asTensor(other, "resizeAs_", "other").shape),
    { opName: "resizeAs_" },
  ) as unknown as Op<(x: Tensor, other: Tensor) => Tensor, (other: Tensor) => Tensor>;

function resized(op: string, x: Tensor, shape: readonly number[]): Tensor {
  if (x.requiresGrad) throw new AutogradError(`${op}: a tensor that requires a gradient cannot be resized`);
  const layout = dense(shape);
  const room = Math.floor(x.storage.allocation!.bytes / SIZE[x.code]!) - x.offset;
  if (layout.size > room) within(op, () => grown(x, x.offset + room, x.offset + layout.size));
  x.layout = layout;
  return x;
}

/** Moves `x` to a storage of `size` elements, the first `kept` of which are its old ones. */
function grown(x: Tensor, kept: number, size: number): Tensor {
  const { storage, code } = x;
  const bigger = allocate(storage.backend, code, dense([size])).storage;
  copyInto(new Tensor(bigger, code, dense([kept]), 0), new Tensor(storage, code, dense([kept]), 0));
  bigger.refs++;
  x.storage = bigger;
  storage.release();
  return x;
}
