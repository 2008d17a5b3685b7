// Linear layer and cross entropy as one module.

import { type Arguments, keywords } from "../op/index.ts";
import { reshape } from "../ops/index.ts";
import { linearCrossEntropy } from "../ops/linearloss.ts";
import type { Tensor } from "../tensor/index.ts";
import { Linear } from "./linear.ts";
import type { Factory } from "./parameter.ts";
import { REDUCED, type Reduction, WeightedLoss } from "./reduction.ts";

interface LinearCrossEntropyLossOptions extends Factory {
  inFeatures: number;
  numClasses: number;
  /** The dims of a loss of several dims; none. */
  outFeatures?: readonly number[];
  /** Whether a bias of the logits is learned; false. */
  bias?: boolean;
  /** What becomes of the losses of the samples; "mean". */
  reduction?: Reduction;
  /** A weight a class. */
  weight?: Tensor | null;
  /** Targets of this class count for nothing; -100. */
  ignoreIndex?: number | null;
  /** The share of the target that is spread evenly over all classes; 0. */
  labelSmoothing?: number;
  /** Accepted for PyTorch's sake: how it saves memory there. */
  options?: object | null;
}

const bind = /* @__PURE__ */ keywords<LinearCrossEntropyLossOptions>(
  "LinearCrossEntropyLoss",
  "inFeatures, numClasses, *, outFeatures?, bias?, device?, dtype?, reduction?, weight?, ignoreIndex?, labelSmoothing?, options?",
  {
    outFeatures: [],
    bias: false,
    device: null,
    dtype: null,
    reduction: "mean",
    weight: null,
    ignoreIndex: null,
    labelSmoothing: 0,
    options: null,
  },
);

/**
 * The last layer of a classifier and its loss: the cross entropy of `linear(x)`.
 *
 * Shape: samples `[n, inFeatures]` and classes `[n, …outFeatures]` → a number, or the shape of the classes with
 * `reduction: "none"`.
 *
 * Attributes: the module `linear`, with a row of weights for each class and place, and the buffer `weight`, null without.
 */
export class LinearCrossEntropyLoss extends WeightedLoss {
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number;
  readonly outFeatures: readonly number[];
  linear: Linear;

  constructor(...args: Arguments<LinearCrossEntropyLossOptions, [inFeatures: number, numClasses: number]>) {
    const { inFeatures, numClasses, outFeatures, bias, device, dtype, ...rest } = bind(args);
    super({ ...REDUCED, reduction: rest.reduction, weight: rest.weight });
    this.ignoreIndex = rest.ignoreIndex;
    this.labelSmoothing = rest.labelSmoothing;
    this.outFeatures = outFeatures;
    const rows = outFeatures.reduce((product, size) => product * size, numClasses);
    this.linear = new Linear(inFeatures, rows, { bias, device, dtype });
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { linear, outFeatures, weight, reduction, ignoreIndex, labelSmoothing } = this;
    const bias = linear.bias && reshape(linear.bias, [-1, ...outFeatures]);
    return linearCrossEntropy(input, reshape(linear.weight, [-1, ...outFeatures, linear.inFeatures]), target, {
      linearBias: bias,
      weight,
      reduction,
      ignoreIndex,
      labelSmoothing,
    });
  }
}
