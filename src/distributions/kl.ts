import { add, div, eq, ge, le, log, logicalAnd, mul, square, sub, sum, where, xlogy } from "../ops/index.ts";
import { solveTriangular } from "../ops/linalg.ts";
import type { Tensor } from "../tensor/index.ts";
import { Exponential, Uniform } from "./continuous.ts";
import { Bernoulli, Categorical } from "./discrete.ts";
import type { Distribution } from "./distribution.ts";
import { Independent } from "./independent.ts";
import { MultivariateNormal, mahalanobis, Normal } from "./normal.ts";

/**
 * The Kullback-Leibler divergence `Σ p log(p / q)` of two distributions of one kind.
 *
 * @example
 * distributions.klDivergence(new distributions.Normal(mu, sigma), new distributions.Normal(0, 1)).sum()
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  if (p instanceof Normal && q instanceof Normal) {
    const ratio = square(div(p.scale, q.scale));
    const far = square(div(sub(p.loc, q.loc), q.scale));
    return mul(sub(sub(add(ratio, far), 1), log(ratio)), 0.5);
  }
  if (p instanceof Bernoulli && q instanceof Bernoulli) {
    // Where p is certain and q holds that impossible, it is infinite: 0 · log 0 is 0.
    const [a, b] = [p.probs, q.probs];
    return add(part(a, b), part(sub(1, a), sub(1, b)));
  }
  if (p instanceof Categorical && q instanceof Categorical) {
    const each = mul(p.probs, sub(p.logits, q.logits));
    const impossible = where(eq(q.probs, 0), Number.POSITIVE_INFINITY, each);
    return sum(where(eq(p.probs, 0), 0, impossible), -1);
  }
  if (p instanceof Uniform && q instanceof Uniform) {
    const inside = logicalAnd(le(q.low, p.low), ge(q.high, p.high));
    return where(inside, log(div(sub(q.high, q.low), sub(p.high, p.low))), Number.POSITIVE_INFINITY);
  }
  if (p instanceof Exponential && q instanceof Exponential) {
    const ratio = div(q.rate, p.rate);
    return sub(sub(ratio, log(ratio)), 1);
  }
  if (p instanceof MultivariateNormal && q instanceof MultivariateNormal) {
    const determinants = sub(q.halfLogDet(), p.halfLogDet());
    const trace = sum(square(solveTriangular(q.scaleTril, p.scaleTril, { upper: false })), [-2, -1]);
    const far = mahalanobis(q.scaleTril, sub(q.loc, p.loc));
    return add(determinants, mul(sub(add(trace, far), p.eventShape[0]!), 0.5));
  }
  if (p instanceof Independent && q instanceof Independent) return p.summed(klDivergence(p.baseDist, q.baseDist));
  throw new TypeError(`klDivergence: No KL(p || q) is implemented for ${p.constructor.name} and ${q.constructor.name}`);
}

/** `a log(a / b)`, 0 where a is 0. */
const part = (a: Tensor, b: Tensor): Tensor => sub(xlogy(a, a), xlogy(a, b));
