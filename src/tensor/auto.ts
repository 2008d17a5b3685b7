// A tensor's part in autograd. A tensor that has nothing to do with it has none.

import type { Recorded } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** How a view was made: replaying it on its parent gives the same view again. */
export interface ViewLink {
  readonly parent: Tensor;
  /** Makes the view of another tensor that has the parent's shape. */
  replay(parent: Tensor): Tensor;
}

export type GradHook = (grad: Tensor) => Tensor | null | undefined | void;

export class Auto {
  requiresGrad: boolean;
  /** What made the tensor; null for a leaf. */
  node: (Recorded & { readonly name: string }) | null = null;
  /** Which of the node's outputs it is. */
  port = 0;
  grad: Tensor | null = null;
  /** The node that collects a leaf's gradient, made when it is first needed. */
  accumulator: (Recorded & { readonly name: string }) | null = null;
  hooks: GradHook[] | null = null;
  retainsGrad = false;
  view: ViewLink | null = null;
  /** The version of the storage that `node` describes: a view whose base was written since has to find its node anew. */
  version = 0;

  constructor(requiresGrad: boolean) {
    this.requiresGrad = requiresGrad;
  }
}
