// What the tape asks of the operators: each is differentiable, so a backward can be differentiated.

import { dense } from "../core/index.ts";
import { type Algebra, copyInto, denseCopy, isGradEnabled, operatorOf, pointwiseInto } from "../op/index.ts";
import { allocate, scalarTensor } from "../tensor/index.ts";
import { add } from "./binary.ts";
import { cast, clone, zero_ } from "./copy.ts";
import { sumToSize } from "./reduce.ts";

export const algebra: Algebra = {
  add,
  accumulate: (a, b) => {
    if (!pointwiseInto(operatorOf(add), [a, b], {}, a)) copyInto(a, add(a, b));
    a.storage.version++;
  },
  sumTo: (x, shape) => sumToSize(x, shape),
  cast,
  clone: (x) => (isGradEnabled() ? clone(x) : denseCopy(x)),
  zero: (x) => void zero_(x),
  ones: (like) => {
    const { storage, code, layout } = like;
    const ones = allocate(storage.backend, code, dense(layout.shape));
    copyInto(ones, scalarTensor(1, code, storage.backend));
    return ones;
  },
};
