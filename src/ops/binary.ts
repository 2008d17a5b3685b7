// Element-wise arithmetic of two tensors that broadcast; either may be a number.

import { binary, f32, inPlace, type Op2 } from "../op/index.ts";
import { neg } from "./unary.ts";

const SAMPLES = [
  [f32(2, 3), f32(2, 3)],
  [f32(2, 1, 3), f32(4, 1)],
  [f32(3), 2],
  [f32(0, 2), f32(2)],
];

/** `a + b`. */
export const add: Op2 = /* @__PURE__ */ binary("add", {
  expr: "a + b",
  saves: [],
  vjp: (g) => ({ a: () => g, b: () => g }),
  samples: SAMPLES,
});
export const add_: Op2 = /* @__PURE__ */ inPlace(add);

/** `a - b`. */
export const sub: Op2 = /* @__PURE__ */ binary("sub", {
  expr: "a - b",
  saves: [],
  vjp: (g) => ({ a: () => g, b: () => neg(g) }),
  samples: SAMPLES,
});
export const sub_: Op2 = /* @__PURE__ */ inPlace(sub);

/** `a · b`. */
export const mul: Op2 = /* @__PURE__ */ binary("mul", {
  expr: "a * b",
  saves: ["a", "b"],
  vjp: (g, { a, b }) => ({ a: () => mul(g, b), b: () => mul(g, a) }),
  samples: SAMPLES,
});
export const mul_: Op2 = /* @__PURE__ */ inPlace(mul);
