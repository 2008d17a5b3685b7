// `…Copy`: what a view shows, in a copy with memory of its own.

import { withOuter } from "../core/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { clone } from "./copy.ts";
import { asStrided, diagonal, narrow, splitWithSizes, unbind, unfold } from "./pick.ts";
import { expand, permute, squeeze, t, transpose, unsqueeze, view } from "./view.ts";

/** A function of tensors whose results are cloned. It is no method. */
function copied<F>(name: string, f: F): F {
  const view = f as (...args: unknown[]) => Tensor | readonly Tensor[];
  const call = (...args: unknown[]): Tensor | readonly Tensor[] => {
    try {
      const result = view(...args);
      return Array.isArray(result) ? (result as readonly Tensor[]).map((x) => clone(x)) : clone(result as Tensor);
    } catch (error) {
      throw withOuter(error, name);
    }
  };
  return call as unknown as F;
}

export const aliasCopy: (x: Tensor) => Tensor = (x) => clone(x);
export const asStridedCopy: typeof asStrided = /* @__PURE__ */ copied("asStridedCopy", asStrided);
export const diagonalCopy: typeof diagonal = /* @__PURE__ */ copied("diagonalCopy", diagonal);
export const expandCopy: typeof expand = /* @__PURE__ */ copied("expandCopy", expand);
export const narrowCopy: typeof narrow = /* @__PURE__ */ copied("narrowCopy", narrow);
export const permuteCopy: typeof permute = /* @__PURE__ */ copied("permuteCopy", permute);
export const splitWithSizesCopy: typeof splitWithSizes = /* @__PURE__ */ copied("splitWithSizesCopy", splitWithSizes);
export const squeezeCopy: typeof squeeze = /* @__PURE__ */ copied("squeezeCopy", squeeze);
export const tCopy: typeof t = /* @__PURE__ */ copied("tCopy", t);
export const transposeCopy: typeof transpose = /* @__PURE__ */ copied("transposeCopy", transpose);
export const unbindCopy: typeof unbind = /* @__PURE__ */ copied("unbindCopy", unbind);
export const unfoldCopy: typeof unfold = /* @__PURE__ */ copied("unfoldCopy", unfold);
export const unsqueezeCopy: typeof unsqueeze = /* @__PURE__ */ copied("unsqueezeCopy", unsqueeze);
export const viewCopy: typeof view = /* @__PURE__ */ copied("viewCopy", view);
