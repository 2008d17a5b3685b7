// How alike two tensors are, or how far from each other.

import { type Arguments, keywords } from "../op/index.ts";
import { cosineSimilarity, pairwiseDistance } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";

export interface CosineSimilarityOptions {
  /** The dim of the vectors; 1. */
  dim?: number;
  /** Lengths below it count as it; 1e-8. */
  eps?: number;
}
const bindCosineSimilarity = /* @__PURE__ */ keywords<CosineSimilarityOptions>("CosineSimilarity", "dim?, eps?", {
  dim: 1,
  eps: 1e-8,
});

/** `x1 · x2 / (max(|x1|, eps) · max(|x2|, eps))` along `dim`, which the result lacks. */
export class CosineSimilarity extends Module {
  static override readonly forwardSignature: string = "x1, x2";

  readonly dim: number;
  readonly eps: number;
  constructor(...args: Arguments<CosineSimilarityOptions, [], [dim?: number, eps?: number]>) {
    super();
    const { dim, eps } = bindCosineSimilarity(args);
    this.dim = dim;
    this.eps = eps;
  }
  forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}

export interface PairwiseDistanceOptions {
  /** The p of the norm; 2. */
  p?: number;
  /** Added to the differences; 1e-6. */
  eps?: number;
  /** Whether the last dim stays, with size 1; false. */
  keepdim?: boolean;
}
const bindPairwiseDistance = /* @__PURE__ */ keywords<PairwiseDistanceOptions>(
  "PairwiseDistance",
  "p?, eps?, keepdim?",
  { p: 2, eps: 1e-6, keepdim: false },
);

/**
 * The p-norm of `x1 - x2 + eps` over the last dim.
 *
 * Shape: `[n, d]` or `[d]` twice → `[n]` or a number.
 */
export class PairwiseDistance extends Module {
  static override readonly forwardSignature: string = "x1, x2";

  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;
  constructor(...args: Arguments<PairwiseDistanceOptions, [], [p?: number, eps?: number, keepdim?: boolean]>) {
    super();
    const { p, eps, keepdim } = bindPairwiseDistance(args);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }
  forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}
