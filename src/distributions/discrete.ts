// Distributions of whole numbers: yes or no, and one of several.

import { INT64 } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import {
  arange,
  argmax,
  bernoulli,
  binaryCrossEntropyWithLogits,
  broadcastShapes,
  cast,
  clamp,
  div,
  eq,
  expand,
  full,
  gather,
  ge,
  log,
  log1p,
  logsumexp,
  mul,
  multinomial,
  neg,
  reshape,
  sigmoid,
  softmax,
  squeeze,
  sub,
  sum,
  t,
  unsqueeze,
  where,
} from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type Constraint, Distribution, type Param, REAL, type SampleShape, together, UNIT } from "./distribution.ts";

interface Weights<P> {
  probs?: P | null;
  logits?: P | null;
  /** Whether the parameters are looked at; true. */
  validateArgs?: boolean | null;
}
type WeightsArguments<P> = Arguments<
  Weights<P>,
  [],
  [probs?: P | null, logits?: P | null, validateArgs?: boolean | null]
>;
const DEFAULTS = { probs: null, logits: null, validateArgs: true } as const;
const SIGNATURE = "probs?, logits?, validateArgs?";
const bindBernoulli = /* @__PURE__ */ keywords<Weights<Param>>("Bernoulli", SIGNATURE, DEFAULTS);
const bindCategorical = /* @__PURE__ */ keywords<Weights<Tensor>>("Categorical", SIGNATURE, DEFAULTS);

/** The one of two that is given, and whether it is the logits. */
function given<P>(
  name: string,
  { probs, logits }: { probs: P | null; logits: P | null },
): [value: P, isLogits: boolean] {
  if ((probs === null) === (logits === null)) {
    throw new TypeError(`${name}: Either \`probs\` or \`logits\` must be specified, but not both.`);
  }
  return probs === null ? [logits!, true] : [probs, false];
}

/** Probabilities whose logarithms are finite. */
function clamped(probs: Tensor): Tensor {
  const eps = probs.dtype === "float64" ? Number.EPSILON : 2 ** -23;
  return clamp(probs, eps, 1 - eps);
}

/**
 * 1 with the probability `probs`, else 0.
 *
 * @example
 * new distributions.Bernoulli({ logits: net(x) }).sample();
 */
export class Bernoulli extends Distribution {
  readonly #value: Tensor;
  readonly #isLogits: boolean;

  constructor(...args: WeightsArguments<Param>) {
    const { validateArgs, ...weights } = bindBernoulli(args);
    const [param, isLogits] = given("Bernoulli", weights);
    const [value] = together("Bernoulli", param) as [Tensor];
    super(value.shape);
    this.#value = value;
    this.#isLogits = isLogits;
    if (validateArgs !== false) this.validate({ probs: UNIT, logits: REAL });
  }

  protected override get shown(): Record<string, Tensor> {
    return this.#isLogits ? { logits: this.#value } : { probs: this.#value };
  }
  get probs(): Tensor {
    return this.#isLogits ? sigmoid(this.#value) : this.#value;
  }
  get logits(): Tensor {
    if (this.#isLogits) return this.#value;
    const probs = clamped(this.#value);
    return sub(log(probs), log1p(neg(probs)));
  }
  get mean(): Tensor {
    return this.probs;
  }
  /** The likelier of both, NaN where they are equal. */
  get mode(): Tensor {
    const { probs } = this;
    return where(eq(probs, 0.5), Number.NaN, cast(ge(probs, 0.5), probs.code));
  }
  get variance(): Tensor {
    return mul(this.probs, sub(1, this.probs));
  }

  override sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => bernoulli(expand(this.probs, this.extended(sampleShape))));
  }

  logProb(value: Tensor): Tensor {
    const shape = broadcastShapes(this.batchShape, value.shape);
    return neg(binaryCrossEntropyWithLogits(expand(this.logits, shape), expand(value, shape), { reduction: "none" }));
  }

  entropy(): Tensor {
    return binaryCrossEntropyWithLogits(this.logits, this.probs, { reduction: "none" });
  }

  /** 0 and 1. */
  enumerateSupport(): Tensor {
    const { dtype, device } = this.#value;
    const values = reshape(arange(2, { dtype, device }), [2, ...this.batchShape.map(() => 1)]);
    return expand(values, [2, ...this.batchShape]);
  }
}

const WEIGHTS: Constraint = { text: "IndependentConstraint(Real(), 1)", holds: REAL.holds };
const SIMPLEX: Constraint = { text: "Simplex()", holds: (x) => ge(x, 0) };

/**
 * One of n classes: `probs` in the last dim are weights, which need not sum to 1.
 *
 * @example
 * const m = new distributions.Categorical({ logits: policy(state) });
 * const action = m.sample();
 * const loss = m.logProb(action).mul(reward).neg();
 */
export class Categorical extends Distribution {
  /** Weights that sum to 1, or logits whose exponentials do. */
  readonly #value: Tensor;
  readonly #isLogits: boolean;

  constructor(...args: WeightsArguments<Tensor>) {
    const { validateArgs, ...weights } = bindCategorical(args);
    const [param, isLogits] = given("Categorical", weights);
    if (!(param instanceof Tensor) || param.ndim < 1) {
      throw new TypeError("Categorical: `probs` and `logits` must be tensors that are at least one-dimensional.");
    }
    super(param.shape.slice(0, -1));
    this.#isLogits = isLogits;
    this.#value = param;
    if (validateArgs !== false) this.validate({ probs: SIMPLEX, logits: WEIGHTS });
    this.#value = isLogits ? sub(param, logsumexp(param, -1, true)) : div(param, sum(param, -1, true));
  }

  protected override get shown(): Record<string, Tensor> {
    return this.#isLogits ? { logits: this.#value } : { probs: this.#value };
  }
  get probs(): Tensor {
    return this.#isLogits ? softmax(this.#value, -1) : this.#value;
  }
  get logits(): Tensor {
    return this.#isLogits ? this.#value : log(clamped(this.#value));
  }
  /** The likeliest class. */
  get mode(): Tensor {
    return argmax(this.probs, -1);
  }
  /** NaN: classes have no mean. */
  get mean(): Tensor {
    return full(this.batchShape, Number.NaN, { dtype: this.#value.dtype, device: this.#value.device });
  }
  /** NaN: classes have no variance. */
  get variance(): Tensor {
    return this.mean;
  }

  override sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => {
      const rows = reshape(this.probs, [-1, this.#value.shape.at(-1)!]);
      const count = sampleShape.reduce((p, n) => p * n, 1);
      return reshape(t(multinomial(rows, count, true)), this.extended(sampleShape));
    });
  }

  logProb(value: Tensor): Tensor {
    const shape = broadcastShapes(this.batchShape, value.shape);
    const { logits } = this;
    const classes = unsqueeze(expand(cast(value, INT64), shape), -1);
    return squeeze(gather(expand(logits, [...shape, logits.shape.at(-1)!]), -1, classes), -1);
  }

  entropy(): Tensor {
    const { logits } = this;
    // A logit of -∞ has no part in it.
    const finite = clamp(logits, { min: logits.dtype === "float64" ? -Number.MAX_VALUE : -3.4028234663852886e38 });
    return neg(sum(mul(finite, this.probs), -1));
  }

  /** All classes. */
  enumerateSupport(): Tensor {
    const n = this.#value.shape.at(-1)!;
    const values = arange(n, { dtype: "int64", device: this.#value.device });
    return expand(reshape(values, [n, ...this.batchShape.map(() => 1)]), [n, ...this.batchShape]);
  }
}
