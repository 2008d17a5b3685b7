// Windows that slide over the last dims: their arguments, and the places that they see.

import { showShape, ValueError } from "../core/index.ts";
import { wrongArgument } from "../op/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/** One number for all dims, or one a dim. */
export type Sizes = number | readonly number[];

/** A number a dim, each at least `least`. */
export function perDim(op: string, name: string, value: Sizes, ndim: number, least: number): readonly number[] {
  const list = typeof value === "number" ? [value] : value;
  if (!Array.isArray(list) || !list.every((n) => Number.isInteger(n)) || (list.length !== 1 && list.length !== ndim)) {
    throw wrongArgument(op, name, value, ndim === 1 ? "an integer" : `an integer or ${ndim} of them`);
  }
  if (list.some((n) => n < least)) {
    throw new ValueError(
      `${op}: ${name} is ${showShape(list)}, expected ${least === 0 ? "no negative" : "positive"} numbers`,
    );
  }
  return list.length === ndim ? list : new Array<number>(ndim).fill(list[0]!);
}

/** A list of places as an index on the device of `x`. */
export const placesOn = (x: Tensor, list: readonly number[]): Tensor =>
  tensor(list, { dtype: "int64", device: x.device });
