// A tensor's part in autograd. A tensor that has nothing to do with it has none.

import type { Recorded } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/** How a view was made: replaying it on its parent gives the same view again. */
export interface ViewLink {
  readonly parent: Tensor;
  /** Makes the view of another tensor that has the parent's shape, recorded if that one is. */
  replay(parent: Tensor): Tensor;
}

export type GradHook = (grad: Tensor) => Tensor | null | undefined | undefined;

export class Auto {
  requiresGrad: boolean;
  /** What made the tensor; null for a leaf. */
  node: (Recorded & { readonly name: string }) | null = null;
  /** Which of the node's outputs it is. */
  port = 0;
  grad: Tensor | null = null;
  /** True once the user could have kept `grad`: only then is it left to the collector when it is replaced. */
  gradSeen = false;
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

/** True if a gradient is wanted of `x`, as things stand after the last write into what it is a view of. */
export function isTracked(x: Tensor): boolean {
  const { auto } = x;
  if (auto === null) return false;
  if (auto.view !== null && auto.version !== x.storage.version) refresh(x, auto, auto.view);
  return auto.requiresGrad;
}

/** A write since the view was made: its history is that of its base now, seen through the view again. */
function refresh(x: Tensor, auto: Auto, view: ViewLink): void {
  const { parent } = view;
  auto.version = x.storage.version;
  // One that was disposed has no storage to tell whether it was written since.
  if (parent.isDisposed && parent.auto?.view) refresh(parent, parent.auto, parent.auto.view);
  if (!isTracked(parent)) return;
  const fresh = view.replay(parent);
  if (fresh.auto !== null) {
    auto.node = fresh.auto.node;
    auto.port = fresh.auto.port;
    auto.requiresGrad = true;
  }
  fresh.endScope();
}
