import { ValueError } from "../core/index.ts";
import { sum } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Distribution, type SampleShape } from "./distribution.ts";

/** A distribution whose last `count` dims of batches are one draw: their log-probabilities are summed. */
export class Independent extends Distribution {
  readonly baseDist: Distribution;
  readonly reinterpretedBatchNdims: number;
  override readonly hasRsample: boolean;

  constructor(baseDistribution: Distribution, reinterpretedBatchNdims: number) {
    const { batchShape, eventShape } = baseDistribution;
    const kept = batchShape.length - reinterpretedBatchNdims;
    if (!(kept >= 0)) {
      throw new ValueError(
        `Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual ${reinterpretedBatchNdims} vs ${batchShape.length}`,
      );
    }
    super(batchShape.slice(0, kept), [...batchShape.slice(kept), ...eventShape]);
    this.baseDist = baseDistribution;
    this.reinterpretedBatchNdims = reinterpretedBatchNdims;
    this.hasRsample = baseDistribution.hasRsample;
  }

  protected override get shown(): Record<string, Tensor> {
    return {};
  }
  get mean(): Tensor {
    return this.baseDist.mean;
  }
  get variance(): Tensor {
    return this.baseDist.variance;
  }

  override sample(sampleShape: SampleShape = []): Tensor {
    return this.baseDist.sample(sampleShape);
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    return this.baseDist.rsample(sampleShape);
  }

  logProb(value: Tensor): Tensor {
    return this.summed(this.baseDist.logProb(value));
  }

  entropy(): Tensor {
    return this.summed(this.baseDist.entropy());
  }

  /** A value a batch of the base, summed to one of ours. @internal */
  summed(x: Tensor): Tensor {
    const n = this.reinterpretedBatchNdims;
    if (n === 0) return x;
    return sum(
      x,
      Array.from({ length: n }, (_, i) => -1 - i),
    );
  }

  override toString(): string {
    return `Independent(${this.baseDist}, ${this.reinterpretedBatchNdims})`;
  }
}
