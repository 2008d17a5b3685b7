// What losses have in common: their arguments by name, and what becomes of the losses of the elements. No public names.

import { showValue, ValueError } from "../core/index.ts";
import { type Arguments, asTensor, type Bound, keywords, underNode } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { within } from "./composed.ts";
import { mean, sum } from "./reduce.ts";

export type LossReduction = "none" | "mean" | "sum";

/** What a loss does with the losses of its elements, in PyTorch's three ways of saying it. */
export interface Reduced {
  /** What becomes of the losses of the elements: their mean, their sum, or nothing; "mean". */
  reduction?: LossReduction;
  /** Deprecated: `reduction` says it. */
  sizeAverage?: boolean | null;
  /** Deprecated: `reduction` says it. */
  reduce?: boolean | null;
}

/** What most losses take. */
export interface LossOptions extends Reduced {
  input: Tensor;
  target: Tensor;
}

export type Pair = [input: Tensor, target: Tensor];
export type Old = [sizeAverage?: boolean | null, reduce?: boolean | null];
export type LossOf<K, R extends readonly unknown[], O extends readonly unknown[]> = (
  ...args: Arguments<K, R, O>
) => Tensor;

export const USUAL = { reduction: "mean", sizeAverage: null, reduce: null } as const;

/**
 * A loss: its tensors and its other arguments by name, its formula, and what PyTorch calls it on the tape where it is one
 * operator there.
 */
export function lossOf<K extends object>(
  name: string,
  tensors: readonly (keyof K & string)[],
  signature: string,
  defaults: { readonly [P in keyof K]?: K[P] },
  formula: (args: Bound<K>) => Tensor,
  node: (args: Bound<K>) => string | null = () => null,
): (...args: readonly unknown[]) => Tensor {
  const bind = keywords<K>(name, `${tensors.join(", ")}, ${signature}`, defaults);
  return (...args) =>
    within(name, () => {
      const bound = bind(args);
      for (const tensor of tensors) asTensor(bound[tensor], name, tensor);
      const whole = node(bound);
      return whole === null ? formula(bound) : underNode(whole, () => formula(bound));
    });
}

/** The reduction that is meant, where the two old flags may still say it. */
export function reductionOf({ sizeAverage, reduce, reduction }: Required<Reduced>): LossReduction {
  if (sizeAverage === null && reduce === null) return reduction;
  if (reduce === false) return "none";
  return sizeAverage === false ? "sum" : "mean";
}

export function reduced(losses: Tensor, reduction: LossReduction): Tensor {
  switch (reduction) {
    case "none":
      return losses;
    case "mean":
      return mean(losses);
    case "sum":
      return sum(losses);
    default:
      reduction satisfies never;
      throw new ValueError(`${showValue(reduction)} is not a valid value for reduction`);
  }
}
