// What all distributions are: shapes, and the questions that can be asked of one.

import { broadcast, ValueError } from "../core/index.ts";
import { noGrad } from "../op/index.ts";
import { all, eq, exp, expand, ge, gt, le, logicalAnd, logicalNot, maskedSelect, sqrt } from "../ops/index.ts";
import { Tensor, tensor } from "../tensor/index.ts";

export type Param = Tensor | number;
/** The shape of what is drawn, before the shape of one draw. */
export type SampleShape = readonly number[];

/** Whether the values of a parameter may be: its name in messages, and the test of a tensor. */
export interface Constraint {
  readonly text: string;
  holds(x: Tensor): Tensor;
}

export const REAL: Constraint = { text: "Real()", holds: (x) => eq(x, x) };
export const POSITIVE: Constraint = { text: "GreaterThan(lower_bound=0.0)", holds: (x) => gt(x, 0) };
export const UNIT: Constraint = {
  text: "Interval(lower_bound=0.0, upper_bound=1.0)",
  holds: (x) => logicalAnd(ge(x, 0), le(x, 1)),
};

/**
 * A distribution of batches: `batchShape` are the parameters' sizes, `eventShape` those of one draw. Where the parameters
 * need gradients, `rsample` has them, `sample` never.
 */
export abstract class Distribution {
  readonly batchShape: readonly number[];
  readonly eventShape: readonly number[];
  /** Whether a draw can be differentiated by the parameters. */
  readonly hasRsample: boolean = false;

  constructor(batchShape: readonly number[], eventShape: readonly number[] = []) {
    this.batchShape = batchShape;
    this.eventShape = eventShape;
  }

  /** The parameters that the repr shows. */
  protected abstract get shown(): Readonly<Record<string, Tensor>>;
  abstract get mean(): Tensor;
  abstract get variance(): Tensor;
  /** The logarithm of the density (or mass) at `value`. */
  abstract logProb(value: Tensor): Tensor;
  abstract entropy(): Tensor;

  get stddev(): Tensor {
    return sqrt(this.variance);
  }

  /** A draw, or `sampleShape` of them, without a history. */
  sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => this.rsample(sampleShape));
  }

  /** A draw as a function of the parameters. */
  rsample(_sampleShape: SampleShape = []): Tensor {
    throw new TypeError(`${this.constructor.name}: rsample is not defined: a draw is no function of the parameters`);
  }

  /** `exp(entropy)`. */
  perplexity(): Tensor {
    return exp(this.entropy());
  }

  /** The shape of so many draws. */
  protected extended(sampleShape: SampleShape): readonly number[] {
    return [...sampleShape, ...this.batchShape, ...this.eventShape];
  }

  /** Throws ValueError where a parameter may not be what it is. */
  protected validate(constraints: Readonly<Record<string, Constraint>>): void {
    for (const [name, { text, holds }] of Object.entries(constraints)) {
      const value = this.shown[name];
      if (value === undefined) continue;
      const valid = noGrad(() => holds(value));
      if (all(valid).item()) continue;
      const wrong = noGrad(() => (value.ndim === 0 ? value : maskedSelect(value, logicalNot(valid))));
      throw new ValueError(
        `Expected parameter ${name} (Tensor of shape (${value.shape.join(", ")}${value.ndim === 1 ? "," : ""})) of distribution ${this} to satisfy the constraint ${text}, but found invalid values:\n${wrong}`,
      );
    }
  }

  toString(): string {
    const shown = Object.entries(this.shown).map(([name, x]) => {
      if (x.numel() > 1) return `${name}: torch.Size([${x.shape.join(", ")}])`;
      const number = x.item();
      return `${name}: ${x.ndim > 0 ? x : Number.isInteger(number) ? number.toFixed(1) : number}`;
    });
    return `${this.constructor.name}(${shown.join(", ")})`;
  }
}

/** Parameters as tensors of one shape; numbers take the dtype of what is a tensor already. */
export function together(name: string, ...params: readonly Param[]): Tensor[] {
  const model = params.find((p) => p instanceof Tensor);
  const list = params.map((p) => {
    if (p instanceof Tensor) return p;
    if (typeof p !== "number") throw new TypeError(`${name}: expected numbers and tensors, got ${String(p)}`);
    return tensor(p, { dtype: model?.dtype ?? "float32", device: model?.device ?? null });
  });
  const shape = broadcast(
    name,
    list.map((x) => x.layout),
  );
  return list.map((x) => expand(x, shape));
}
