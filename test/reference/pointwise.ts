// Loops of pointwise operators, from the expressions in their declarations.

import { DTYPES, isComplex, SUFFIX } from "#src/core/dtype";
import { dense } from "#src/core/layout";
import { type Operator, published } from "#src/op/operator";
import type { Spec } from "#src/op/types";
import { ARITHMETIC, TRUTHS } from "./arithmetic.ts";
import type { Loop } from "./block.ts";
import { type Complex, kindOf, type Value } from "./cells.ts";
import { compile, Unknown } from "./expression.ts";

/** The dtypes for which kernels compute; narrower ones are widened by the funnel. */
const COMPUTING = ["b8", "f32", "f64", "i32", "i64", "c64", "c128"];

let operators: ReadonlyMap<string, Operator> | null = null;

/** The loop of `stem` in the dtype `suffix`, or null where no declaration gives an expression that has a meaning for it. */
export function pointwiseLoop(stem: string, suffix: string): Loop | null {
  operators ??= withExpressions();
  const operator = operators.get(stem);
  if (operator === undefined || !COMPUTING.includes(suffix)) return null;
  const { expr } = operator.rule.pointwise!;
  const kind = kindOf(suffix);
  let element: (names: Record<string, Value>) => Value;
  try {
    element = compile(expr!, suffix === "b8" ? TRUTHS : ARITHMETIC[kind]);
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
  const { inputNames } = operator;
  const result = resultSuffix(operator, suffix);
  return (block) => {
    const y = block.cells(3, result);
    const operands = inputNames.map((_, k) => block.cells(4 + k, suffix));
    const names: Record<string, Value> = {};
    for (const [slot, name] of [
      [1, "p0"],
      [2, "p1"],
    ] as const) {
      const p = block.scalar(slot);
      names[name] =
        kind === "integer" ? BigInt(Math.trunc(Number(p))) : kind === "complex" ? { re: Number(p), im: 0 } : Number(p);
    }
    block.each(1 + operands.length, (offsets) => {
      for (const [k, x] of operands.entries()) names[inputNames[k]!] = x.get(offsets[1 + k]!);
      y.set(offsets[0]!, stored(element(names), y.kind));
    });
  };
}

/** A value as the kind that the result has: truth is 0 or 1, a real part is what is left of a complex number. */
function stored(x: Value, kind: string): Value {
  if (kind === "integer")
    return typeof x === "bigint" ? x : BigInt(typeof x === "object" ? x.re !== 0 || x.im !== 0 : x !== 0);
  if (kind === "float") return typeof x === "object" ? (x as Complex).re : Number(x);
  return x;
}

/** The dtype of the result where the operands have the dtype `suffix`: what the declaration infers. */
function resultSuffix({ rule, inputNames }: Operator, suffix: string): string {
  if (rule.pointwise!.bool) return "b8";
  const code = SUFFIX.indexOf(suffix);
  if (!isComplex(code)) return suffix;
  const layout = dense([1]);
  const x: Spec = { code, layout, shape: layout.shape, dtype: DTYPES[code]!, ndim: 1 };
  const inputs = Object.fromEntries(inputNames.map((name) => [name, x]));
  return SUFFIX[(rule.infer!(inputs as never, {}) as Spec).code]!;
}

/** Every operator of the library that has an expression, by its kernel's name. */
function withExpressions(): ReadonlyMap<string, Operator> {
  const found = new Map<string, Operator>();
  for (const { operator } of published) {
    const { pointwise } = operator.rule;
    if (pointwise?.expr !== undefined && operator.run === null) found.set(pointwise.kernel, operator);
  }
  return found;
}
