// What the tape asks of the operators: each is differentiable, so a backward can be differentiated.

import { type Algebra, copyInto, operatorOf, pointwiseInto } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add } from "./binary.ts";
import { cast, clone, fill_, zero_ } from "./copy.ts";
import { sumToSize } from "./reduce.ts";

export const algebra: Algebra = {
  add,
  accumulate: (a, b) => {
    if (!pointwiseInto(operatorOf(add), [a, b], {}, a)) copyInto(a, add(a, b));
    a.storage.version++;
  },
  sumTo: (x, shape) => sumToSize(x, shape),
  cast,
  clone,
  zero: (x) => void zero_(x),
  ones: (like: Tensor) => fill_(clone(like), 1),
};
