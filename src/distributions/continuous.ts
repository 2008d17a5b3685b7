// Continuous distributions with a density that is said in a line.

import { ValueError } from "../core/index.ts";
import { type Arguments, keywords, noGrad } from "../op/index.ts";
import {
  abs,
  add,
  all,
  cast,
  clamp,
  div,
  empty,
  exp,
  exponential_,
  gt,
  le,
  log,
  log1p,
  lt,
  mul,
  neg,
  rand,
  reciprocal,
  sign,
  square,
  sub,
  uniform_,
} from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Distribution, type Param, POSITIVE, REAL, type SampleShape, together } from "./distribution.ts";

interface UniformOptions {
  low: Param;
  high: Param;
  /** Whether the parameters are looked at; true. */
  validateArgs?: boolean | null;
}
const bindUniform = /* @__PURE__ */ keywords<UniformOptions>("Uniform", "low, high, validateArgs?", {
  validateArgs: true,
});

/** Any number from `low` up to `high`, all alike. */
export class Uniform extends Distribution {
  readonly low: Tensor;
  readonly high: Tensor;
  override readonly hasRsample: boolean = true;

  constructor(...args: Arguments<UniformOptions, [low: Param, high: Param], [validateArgs?: boolean | null]>) {
    const { low, high, validateArgs } = bindUniform(args);
    const [from, to] = together("Uniform", low, high) as [Tensor, Tensor];
    super(from.shape);
    this.low = from;
    this.high = to;
    if (validateArgs !== false && !noGrad(() => all(lt(from, to)).item())) {
      throw new ValueError("Uniform is not defined when low>= high");
    }
  }

  protected override get shown(): Record<string, Tensor> {
    return { low: this.low, high: this.high };
  }
  get mean(): Tensor {
    return div(add(this.high, this.low), 2);
  }
  get variance(): Tensor {
    return div(square(sub(this.high, this.low)), 12);
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const { dtype, device } = this.low;
    return add(this.low, mul(rand(this.extended(sampleShape), { dtype, device }), sub(this.high, this.low)));
  }

  logProb(value: Tensor): Tensor {
    const inside = mul(cast(le(this.low, value), this.low.code), gt(this.high, value));
    return sub(log(inside), log(sub(this.high, this.low)));
  }

  entropy(): Tensor {
    return log(sub(this.high, this.low));
  }

  /** The part of the distribution that lies below `value`. */
  cdf(value: Tensor): Tensor {
    return clamp(div(sub(value, this.low), sub(this.high, this.low)), 0, 1);
  }

  /** The value below which the part `value` lies. */
  icdf(value: Tensor): Tensor {
    return add(mul(value, sub(this.high, this.low)), this.low);
  }
}

interface ExponentialOptions {
  rate: Param;
  validateArgs?: boolean | null;
}
const bindExponential = /* @__PURE__ */ keywords<ExponentialOptions>("Exponential", "rate, validateArgs?", {
  validateArgs: true,
});

/** What waits for an event that comes `rate` times a unit of time. */
export class Exponential extends Distribution {
  readonly rate: Tensor;
  override readonly hasRsample: boolean = true;

  constructor(...args: Arguments<ExponentialOptions, [rate: Param], [validateArgs?: boolean | null]>) {
    const { rate, validateArgs } = bindExponential(args);
    const [each] = together("Exponential", rate) as [Tensor];
    super(each.shape);
    this.rate = each;
    if (validateArgs !== false) this.validate({ rate: POSITIVE });
  }

  protected override get shown(): Record<string, Tensor> {
    return { rate: this.rate };
  }
  get mean(): Tensor {
    return reciprocal(this.rate);
  }
  get variance(): Tensor {
    return reciprocal(square(this.rate));
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const { dtype, device } = this.rate;
    return div(exponential_(empty(this.extended(sampleShape), { dtype, device })), this.rate);
  }

  logProb(value: Tensor): Tensor {
    return sub(log(this.rate), mul(this.rate, value));
  }

  entropy(): Tensor {
    return sub(1, log(this.rate));
  }

  /** The part of the distribution that lies below `value`. */
  cdf(value: Tensor): Tensor {
    return sub(1, exp(neg(mul(this.rate, value))));
  }

  /** The value below which the part `value` lies. */
  icdf(value: Tensor): Tensor {
    return div(neg(log1p(neg(value))), this.rate);
  }
}

interface LaplaceOptions {
  loc: Param;
  scale: Param;
  validateArgs?: boolean | null;
}
const bindLaplace = /* @__PURE__ */ keywords<LaplaceOptions>("Laplace", "loc, scale, validateArgs?", {
  validateArgs: true,
});

/** Exponentially less likely the farther from `loc`, to both sides. */
export class Laplace extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;
  override readonly hasRsample: boolean = true;

  constructor(...args: Arguments<LaplaceOptions, [loc: Param, scale: Param], [validateArgs?: boolean | null]>) {
    const { loc, scale, validateArgs } = bindLaplace(args);
    const [middle, width] = together("Laplace", loc, scale) as [Tensor, Tensor];
    super(middle.shape);
    this.loc = middle;
    this.scale = width;
    if (validateArgs !== false) this.validate({ loc: REAL, scale: POSITIVE });
  }

  protected override get shown(): Record<string, Tensor> {
    return { loc: this.loc, scale: this.scale };
  }
  get mean(): Tensor {
    return this.loc;
  }
  get variance(): Tensor {
    return mul(square(this.scale), 2);
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const { dtype, device } = this.loc;
    const eps = dtype === "float64" ? Number.EPSILON : 2 ** -23;
    const u = uniform_(empty(this.extended(sampleShape), { dtype, device }), eps - 1, 1);
    return sub(this.loc, mul(mul(this.scale, sign(u)), log1p(neg(abs(u)))));
  }

  logProb(value: Tensor): Tensor {
    return sub(neg(log(mul(this.scale, 2))), div(abs(sub(value, this.loc)), this.scale));
  }

  entropy(): Tensor {
    return add(log(mul(this.scale, 2)), 1);
  }
}
