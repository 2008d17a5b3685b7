// Truth values and bits, element-wise. No gradient flows.

import { BOOL, DTypeError, isIntegral } from "../core/index.ts";
import {
  binary,
  bools,
  f32,
  i64,
  inPlace,
  type Op1,
  type Op2,
  type Op2N,
  type Op2T,
  operatorOf,
  publish,
  type Spec,
  unary,
} from "../op/index.ts";
import { Tensor } from "../tensor/index.ts";

const TRUTHS = [
  [bools(2, 3), bools(2, 3)],
  [f32(2, 1), i64(3)],
];

/** Of tensors of any type: what is not 0 is true. */
function truth(name: string, expr: string): Op2T {
  return binary(name, { expr, result: "bool", numbers: "none", compute: () => BOOL, samples: () => TRUTHS });
}

/** True where both are. */
export const logicalAnd: Op2T = /* @__PURE__ */ truth("logicalAnd", "a && b");
export const logicalAnd_: Op2T = /* @__PURE__ */ inPlace(logicalAnd);

/** True where one is. */
export const logicalOr: Op2T = /* @__PURE__ */ truth("logicalOr", "a || b");
export const logicalOr_: Op2T = /* @__PURE__ */ inPlace(logicalOr);

/** True where exactly one is. */
export const logicalXor: Op2T = /* @__PURE__ */ truth("logicalXor", "a != b");
export const logicalXor_: Op2T = /* @__PURE__ */ inPlace(logicalXor);

/** True where x is 0. */
export const logicalNot: Op1 = /* @__PURE__ */ unary("logicalNot", {
  expr: "!x",
  result: "bool",
  compute: () => BOOL,
  samples: () => [[bools(2, 3)], [f32(3)]],
});
export const logicalNot_: Op1 = /* @__PURE__ */ inPlace(logicalNot);

function bitsOnly(name: string, ...specs: readonly Spec[]): void {
  for (const x of specs) {
    if (!isIntegral(x.code)) throw new DTypeError(`${name}: not defined for ${x.dtype}: expected integers or bool`);
  }
}

function bits(name: string, expr: string): Op2N {
  return binary(name, {
    expr,
    check: ({ a, b }) => bitsOnly(name, a, b),
    samples: () => [
      [i64(2, 3), i64(2, 3)],
      [bools(2, 1), bools(3)],
      [i64(3), 5],
    ],
  });
}

/** `a & b`, of integers or bools. */
export const bitwiseAnd: Op2N = /* @__PURE__ */ bits("bitwiseAnd", "a & b");
export const bitwiseAnd_: Op2N = /* @__PURE__ */ inPlace(bitwiseAnd);

/** `a | b`, of integers or bools. */
export const bitwiseOr: Op2N = /* @__PURE__ */ bits("bitwiseOr", "a | b");
export const bitwiseOr_: Op2N = /* @__PURE__ */ inPlace(bitwiseOr);

/** `a ^ b`, of integers or bools. */
export const bitwiseXor: Op2N = /* @__PURE__ */ bits("bitwiseXor", "a ^ b");
export const bitwiseXor_: Op2N = /* @__PURE__ */ inPlace(bitwiseXor);

const complement: Op1 = /* @__PURE__ */ unary("bitwiseNot", {
  expr: "~x",
  check: ({ x }) => bitsOnly("bitwiseNot", x),
  samples: () => [[i64(2, 3)], [bools(3)]],
});

/** `~x` of integers; of bools `!x`. */
export const bitwiseNot: Op1 = /* @__PURE__ */ publish(/* @__PURE__ */ operatorOf(complement), ((...args: [Tensor]) =>
  args[0] instanceof Tensor && args[0].code === BOOL
    ? logicalNot(...args)
    : complement(...args)) as never) as unknown as Op1;
export const bitwiseNot_: Op1 = /* @__PURE__ */ inPlace(bitwiseNot);

/** `a << b`, of integers; 0 for a negative b, or one of the width and more. */
export const bitwiseLeftShift: Op2 = /* @__PURE__ */ shift("bitwiseLeftShift", "a << b");
export const bitwiseLeftShift_: Op2 = /* @__PURE__ */ inPlace(bitwiseLeftShift);

/** `a >> b`, of integers; the sign for a negative b, or one of the width and more. */
export const bitwiseRightShift: Op2 = /* @__PURE__ */ shift("bitwiseRightShift", "a >> b");
export const bitwiseRightShift_: Op2 = /* @__PURE__ */ inPlace(bitwiseRightShift);

function shift(name: string, expr: string): Op2 {
  return binary(name, { expr, check: ({ a, b }) => bitsOnly(name, a, b), samples: () => [[i64(2, 3), 2]] });
}
