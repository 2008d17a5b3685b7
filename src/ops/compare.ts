// Comparisons, element-wise, after broadcasting and promotion. The results are bool; no gradient flows.

import { binary, f32, i64, inPlace, noComplex, type Op2N } from "../op/index.ts";

const SAMPLES = [
  [f32(2, 3), f32(2, 3)],
  [f32(2, 1), f32(3)],
  [i64(4), 1],
  [f32(0, 2), f32(2)],
];

function comparison(name: string, expr: string, complex: boolean): Op2N {
  return binary(name, {
    expr,
    result: "bool",
    numbers: "other",
    check: ({ a, b }) => {
      if (!complex) noComplex(name, a, b);
    },
    samples: () => SAMPLES,
  });
}

/** `a == b`. */
export const eq: Op2N = /* @__PURE__ */ comparison("eq", "a == b", true);
export const eq_: Op2N = /* @__PURE__ */ inPlace(eq);

/** `a != b`; true of NaN. */
export const ne: Op2N = /* @__PURE__ */ comparison("ne", "a != b", true);
export const ne_: Op2N = /* @__PURE__ */ inPlace(ne);
export const notEqual: Op2N = ne;
export const notEqual_: Op2N = ne_;

/** `a < b`. */
export const lt: Op2N = /* @__PURE__ */ comparison("lt", "a < b", false);
export const lt_: Op2N = /* @__PURE__ */ inPlace(lt);
export const less: Op2N = lt;
export const less_: Op2N = lt_;

/** `a <= b`. */
export const le: Op2N = /* @__PURE__ */ comparison("le", "a <= b", false);
export const le_: Op2N = /* @__PURE__ */ inPlace(le);
export const lessEqual: Op2N = le;
export const lessEqual_: Op2N = le_;

/** `a > b`. */
export const gt: Op2N = /* @__PURE__ */ comparison("gt", "a > b", false);
export const gt_: Op2N = /* @__PURE__ */ inPlace(gt);
export const greater: Op2N = gt;
export const greater_: Op2N = gt_;

/** `a >= b`. */
export const ge: Op2N = /* @__PURE__ */ comparison("ge", "a >= b", false);
export const ge_: Op2N = /* @__PURE__ */ inPlace(ge);
export const greaterEqual: Op2N = ge;
export const greaterEqual_: Op2N = ge_;
