// A choice that is drawn and can be differentiated: F.gumbelSoftmax.

import { asTensor, type FnQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { add, div, sub } from "./binary.ts";
import { composedFunction } from "./composed.ts";
import { detach } from "./copy.ts";
import { emptyLike, zerosLike } from "./create.ts";
import { max } from "./extreme.ts";
import { scatter } from "./gather.ts";
import { exponential_ } from "./random.ts";
import { softmax } from "./softmax.ts";
import { log, neg } from "./unary.ts";

type GumbelSoftmax = FnQ<
  [logits: Tensor],
  [tau?: number, hard?: boolean, eps?: number, dim?: number],
  ["tau", "hard", "eps", "dim"],
  { tau: number; hard: boolean; eps: number; dim: number }
>;

/**
 * `softmax((logits + Gumbel noise) / tau)` along `dim` (the last). With `hard` the result is one-hot where that is largest,
 * and its gradient that of the soft one. `eps` changes nothing.
 */
export const gumbelSoftmax: GumbelSoftmax = /* @__PURE__ */ composedFunction<GumbelSoftmax>(
  "gumbelSoftmax",
  "logits, tau?, hard?, eps?, dim?",
  (logits, tau, hard, _eps, dim) => {
    const along = dim ?? -1;
    const noise = neg(log(exponential_(emptyLike(asTensor(logits, "gumbelSoftmax", "logits")))));
    const soft = softmax(div(add(logits, noise), tau ?? 1), along);
    if (!hard) return soft;
    const chosen = scatter(zerosLike(logits), along, max(soft, along, true).indices, 1);
    return add(sub(chosen, detach(soft)), soft);
  },
);
