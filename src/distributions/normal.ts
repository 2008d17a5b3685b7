// Normal distributions, of numbers and of vectors.

import { type Arguments, keywords, noGrad } from "../op/index.ts";
import {
  add,
  broadcastShapes,
  diagonal,
  div,
  erf,
  erfinv,
  expand,
  log,
  matmul,
  mul,
  normal,
  randn,
  reciprocal,
  square,
  squeeze,
  sub,
  sum,
  transpose,
  unsqueeze,
} from "../ops/index.ts";
import { cholesky, inv, solveTriangular } from "../ops/linalg.ts";
import type { Tensor } from "../tensor/index.ts";
import { Distribution, type Param, POSITIVE, REAL, type SampleShape, together } from "./distribution.ts";

interface NormalOptions {
  loc: Param;
  scale: Param;
  /** Whether the parameters are looked at; true. */
  validateArgs?: boolean | null;
}
const bindNormal = /* @__PURE__ */ keywords<NormalOptions>("Normal", "loc, scale, validateArgs?", {
  validateArgs: true,
});

/**
 * The normal distribution with the mean `loc` and the standard deviation `scale`.
 *
 * @example
 * const action = new distributions.Normal(mean, std).rsample();
 */
export class Normal extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;
  override readonly hasRsample: boolean = true;

  constructor(...args: Arguments<NormalOptions, [loc: Param, scale: Param], [validateArgs?: boolean | null]>) {
    const { loc, scale, validateArgs } = bindNormal(args);
    const [mean, deviation] = together("Normal", loc, scale) as [Tensor, Tensor];
    super(mean.shape);
    this.loc = mean;
    this.scale = deviation;
    if (validateArgs !== false) this.validate({ loc: REAL, scale: POSITIVE });
  }

  protected override get shown(): Record<string, Tensor> {
    return { loc: this.loc, scale: this.scale };
  }
  get mean(): Tensor {
    return this.loc;
  }
  get mode(): Tensor {
    return this.loc;
  }
  override get stddev(): Tensor {
    return this.scale;
  }
  get variance(): Tensor {
    return square(this.scale);
  }

  override sample(sampleShape: SampleShape = []): Tensor {
    const shape = this.extended(sampleShape);
    return noGrad(() => normal(expand(this.loc, shape), expand(this.scale, shape)));
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const { dtype, device } = this.loc;
    return add(this.loc, mul(randn(this.extended(sampleShape), { dtype, device }), this.scale));
  }

  logProb(value: Tensor): Tensor {
    const distance = div(square(sub(value, this.loc)), mul(this.variance, 2));
    return sub(sub(mul(distance, -1), log(this.scale)), Math.log(2 * Math.PI) / 2);
  }

  entropy(): Tensor {
    return add(log(this.scale), 0.5 + Math.log(2 * Math.PI) / 2);
  }

  /** The part of the distribution that lies below `value`. */
  cdf(value: Tensor): Tensor {
    return mul(add(erf(mul(mul(sub(value, this.loc), reciprocal(this.scale)), Math.SQRT1_2)), 1), 0.5);
  }

  /** The value below which the part `value` lies. */
  icdf(value: Tensor): Tensor {
    return add(this.loc, mul(mul(this.scale, erfinv(sub(mul(value, 2), 1))), Math.SQRT2));
  }
}

interface MultivariateOptions {
  loc: Tensor;
  covarianceMatrix?: Tensor | null;
  precisionMatrix?: Tensor | null;
  scaleTril?: Tensor | null;
  validateArgs?: boolean | null;
}
const bindMultivariate = /* @__PURE__ */ keywords<MultivariateOptions>(
  "MultivariateNormal",
  "loc, covarianceMatrix?, precisionMatrix?, scaleTril?, validateArgs?",
  { covarianceMatrix: null, precisionMatrix: null, scaleTril: null, validateArgs: true },
);

/** The normal distribution of vectors, by its covariance, the inverse of that, or the lower Cholesky factor of it: one of them. */
export class MultivariateNormal extends Distribution {
  readonly loc: Tensor;
  /** The lower Cholesky factor of the covariance. */
  readonly scaleTril: Tensor;
  override readonly hasRsample: boolean = true;

  constructor(
    ...args: Arguments<
      MultivariateOptions,
      [loc: Tensor],
      [
        covarianceMatrix?: Tensor | null,
        precisionMatrix?: Tensor | null,
        scaleTril?: Tensor | null,
        validateArgs?: boolean | null,
      ]
    >
  ) {
    const { loc, covarianceMatrix, precisionMatrix, scaleTril } = bindMultivariate(args);
    const given = [covarianceMatrix, precisionMatrix, scaleTril].filter((x) => x !== null);
    if (given.length !== 1) {
      throw new TypeError(
        "MultivariateNormal: exactly one of covarianceMatrix, precisionMatrix or scaleTril may be specified",
      );
    }
    const factor = scaleTril ?? cholesky(covarianceMatrix ?? inv(precisionMatrix!));
    const n = loc.shape.at(-1)!;
    const batch = broadcastShapes(factor.shape.slice(0, -2), loc.shape.slice(0, -1));
    super(batch, [n]);
    this.loc = expand(loc, [...batch, n]);
    this.scaleTril = expand(factor, [...batch, n, n]);
  }

  protected override get shown(): Record<string, Tensor> {
    return { loc: this.loc, covariance_matrix: this.covarianceMatrix };
  }
  get covarianceMatrix(): Tensor {
    return matmul(this.scaleTril, transpose(this.scaleTril, -2, -1));
  }
  get mean(): Tensor {
    return this.loc;
  }
  get mode(): Tensor {
    return this.loc;
  }
  get variance(): Tensor {
    return sum(square(this.scaleTril), -1);
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const { dtype, device } = this.loc;
    const noise = randn(this.extended(sampleShape), { dtype, device });
    return add(this.loc, squeeze(matmul(this.scaleTril, unsqueeze(noise, -1)), -1));
  }

  logProb(value: Tensor): Tensor {
    const far = mahalanobis(this.scaleTril, sub(value, this.loc));
    return sub(mul(add(far, this.eventShape[0]! * Math.log(2 * Math.PI)), -0.5), this.halfLogDet());
  }

  entropy(): Tensor {
    return add(this.halfLogDet(), (this.eventShape[0]! * (1 + Math.log(2 * Math.PI))) / 2);
  }

  /** Half the logarithm of the determinant of the covariance. @internal */
  halfLogDet(): Tensor {
    return sum(log(diagonal(this.scaleTril, 0, -2, -1)), -1);
  }
}

/** `xᵀ (L Lᵀ)⁻¹ x` of vectors. @internal */
export function mahalanobis(l: Tensor, x: Tensor): Tensor {
  return sum(square(solveTriangular(l, unsqueeze(x, -1), { upper: false })), [-2, -1]);
}
