// Cross entropy of a linear map: the last layer of a classifier and its loss as one.

import { isFloating, ShapeError, sameDims, show, showShape, ValueError } from "../core/index.ts";
import { type Arguments, keywords } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { within } from "./composed.ts";
import { type CrossEntropyOptions, crossEntropy } from "./loss.ts";
import type { LossReduction } from "./lossform.ts";
import { linear } from "./matmul.ts";
import { reshape } from "./view.ts";

export interface LinearCrossEntropyOptions extends Pick<CrossEntropyOptions, "weight" | "labelSmoothing"> {
  /** Samples `[n, f]`, or one, `[f]`. */
  input: Tensor;
  /** `[c, …, f]` for c classes, with the dims of a loss of several dims between. */
  linearWeight: Tensor;
  /** Classes `[n, …]`, or probabilities `[n, c, …]`. */
  target: Tensor;
  /** Added to the logits: `[c, …]`. */
  linearBias?: Tensor | null;
  reduction?: LossReduction;
  /** Targets of this class count for nothing; -100. It does not go with probabilities. */
  ignoreIndex?: number | null;
  /** Accepted for PyTorch's sake: how it saves memory there. */
  options?: object | null;
}

const bind = /* @__PURE__ */ keywords<LinearCrossEntropyOptions>(
  "linearCrossEntropy",
  "input, linearWeight, target, *, linearBias?, weight?, reduction?, ignoreIndex?, labelSmoothing?, options?",
  { linearBias: null, weight: null, reduction: "mean", ignoreIndex: null, labelSmoothing: 0, options: null },
);

/** `crossEntropy(linear(input, linearWeight, linearBias), target)`; see both. */
export function linearCrossEntropy(
  ...args: Arguments<LinearCrossEntropyOptions, [input: Tensor, linearWeight: Tensor, target: Tensor]>
): Tensor {
  return within("linearCrossEntropy", () => {
    const { input, linearWeight, target, linearBias, weight, reduction, ignoreIndex, labelSmoothing } = bind(args);
    if (input.ndim !== 1 && input.ndim !== 2) {
      throw new ShapeError(`input is ${show(input)}, expected one or two dims`);
    }
    if (linearWeight.ndim < 2)
      throw new ShapeError(`linearWeight is ${show(linearWeight)}, expected at least two dims`);
    const features = linearWeight.shape.at(-1)!;
    if (input.shape.at(-1) !== features) {
      throw new ShapeError(`input is ${show(input)}, and linearWeight takes ${features} features`);
    }
    const classes = linearWeight.shape.slice(0, -1);
    if (classes.length > 1 && input.ndim === 1) {
      throw new ShapeError(`linearWeight is ${show(linearWeight)}: a loss of several dims needs an input of two`);
    }
    if (linearBias !== null && !sameDims(linearBias.shape, classes)) {
      throw new ShapeError(`linearBias is ${show(linearBias)}, expected ${showShape(classes)}`);
    }
    if (ignoreIndex !== null && isFloating(target.code)) {
      throw new ValueError("ignoreIndex does not go with a target of probabilities");
    }
    const flat = linear(input, reshape(linearWeight, [-1, features]), linearBias && reshape(linearBias, [-1]));
    const logits = reshape(flat, [...input.shape.slice(0, -1), ...classes]);
    return crossEntropy(logits, target, { weight, reduction, ignoreIndex: ignoreIndex ?? -100, labelSmoothing });
  });
}
