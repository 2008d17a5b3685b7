// The operators as methods of Tensor: types only. This is the one file on this floor that knows of src/ops, and only its
// types; the root entry attaches the functions at run time by the same marker.

import type { Meta } from "../core/index.ts";
import type * as pointwise from "../ops/pointwise.ts";

/** The members that carry the marker of an operator, with the signature that it states for its method. */
type Methods<M> = {
  [K in keyof M as M[K] extends { readonly opName: string } ? K : never]: M[K] extends Meta<infer F> ? F : never;
};

export interface OperatorMethods extends Methods<typeof pointwise> {}
