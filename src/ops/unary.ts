// Element-wise functions of one tensor.

import { f32, type Op1, unary } from "../op/index.ts";

/** `-x`. */
export const neg: Op1 = /* @__PURE__ */ unary("neg", {
  expr: "-x",
  saves: [],
  vjp: (g) => ({ x: () => neg(g) }),
  samples: [[f32(2, 3)]],
});
