// fl.special: special functions, most of them operators under the names that mathematics has for them. Not exported with the
// other operators: the names are its own.

import { asOperands, asTensor, type FnQ, type Operand } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { mul } from "./binary.ts";
import { lt, ne } from "./compare.ts";
import { composedFunction } from "./composed.ts";
import { logicalOr } from "./logic.ts";
import { xlogy } from "./numeric.ts";
import { where } from "./ternary.ts";
import { erfc, log1p, neg } from "./unary.ts";

export { erfinv } from "./erfinv.ts";
export { digamma, digamma as psi, lgamma as gammaln, mvlgamma as multigammaln, polygamma } from "./gamma.ts";
export { logit, sinc, xlogy } from "./numeric.ts";
export { logSoftmax, logsumexp, softmax } from "./softmax.ts";
export { erf, erfc, exp2, expm1, log1p, round, sigmoid as expit } from "./unary.ts";

type Plain = FnQ<[x: Tensor], [], [], object>;

/** `-x · log x`; 0 at 0, -∞ below. */
export const entr: Plain = /* @__PURE__ */ composedFunction<Plain>("special.entr", "input", (x) =>
  where(lt(asTensor(x, "special.entr", "input"), 0), Number.NEGATIVE_INFINITY, neg(xlogy(x, x))),
);

/** The part of the normal distribution that lies below x: `erfc(-x / √2) / 2`. */
export const ndtr: Plain = /* @__PURE__ */ composedFunction<Plain>("special.ndtr", "input", (x) =>
  mul(erfc(mul(asTensor(x, "special.ndtr", "input"), -Math.SQRT1_2)), 0.5),
);

type Two = FnQ<[x: Operand, other: Operand], [], [], object>;

/** `a · log(1 + b)`; 0 where a is 0 and b is no NaN. */
export const xlog1py: Two = /* @__PURE__ */ composedFunction<Two>("special.xlog1py", "input, other", (x, other) => {
  const { a, b } = asOperands("special.xlog1py", x, other);
  const counts = logicalOr(ne(a, 0), ne(b, b));
  // Of what does not count the logarithm is taken of 1, so that no gradient is NaN.
  const logs = log1p(where(counts, b, 0));
  return where(counts, mul(a, logs), 0);
});
