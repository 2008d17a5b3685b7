// The leaky rectifier whose slope is drawn.

import { ValueError } from "../core/index.ts";
import { asTensor, type FnQ } from "../op/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { leakyRelu } from "./activation.ts";
import { add, mul } from "./binary.ts";
import { asCode } from "./cast.ts";
import { le } from "./compare.ts";
import { composedFunction } from "./composed.ts";
import { copy_ } from "./copy.ts";
import { onesLike } from "./create.ts";
import { maskedScatter } from "./indexing.ts";
import { rand } from "./random.ts";
import { sum } from "./reduce.ts";

type RRelu = FnQ<
  [x: Tensor],
  [lower?: number, upper?: number, training?: boolean, inplace?: boolean],
  ["lower", "upper", "training", "inplace"],
  { lower: number; upper: number; training: boolean; inplace: boolean }
>;

/**
 * `x`, or `a · x` where it is not positive: in training a is drawn for each of these from [lower, upper] ([1/8, 1/3]), else it
 * is the middle.
 */
export const rrelu: RRelu = /* @__PURE__ */ composedFunction<RRelu>(
  "rrelu",
  "input, lower?, upper?, training?, inplace?",
  (x, lower, upper, training, inplace) => {
    const [from, to] = [Number(lower ?? 1 / 8), Number(upper ?? 1 / 3)];
    asTensor(x, "rrelu", "input");
    if (!(from <= to)) throw new ValueError(`rrelu: lower ${from} is greater than upper ${to}`);
    const y = training === true ? mul(x, slopes(x, from, to)) : leakyRelu(x, (from + to) / 2);
    return inplace === true ? copy_(x, y) : y;
  },
);

/** 1 where x is positive; elsewhere a draw, in the order of the elements, as PyTorch draws. */
function slopes(x: Tensor, from: number, to: number): Tensor {
  const drawn = le(x, 0);
  const draws = rand(sum(drawn).item(), { dtype: "float64", device: x.device });
  return maskedScatter(onesLike(x), drawn, asCode(add(mul(draws, to - from), from), x.code));
}
