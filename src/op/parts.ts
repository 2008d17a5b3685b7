// Several views of one tensor with one place on the tape. Taken one by one, the derivative of each would be a whole
// tensor of zeros with its cotangent in it; together their cotangents are simply joined.

import { assertAlive, isTracked, Tensor } from "../tensor/index.ts";
import { context } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { Operator } from "./operator.ts";
import { linkView, record } from "./tape.ts";
import type { AnyRule, Attrs, Spec } from "./types.ts";

/** The derivative by the source, from the cotangents of all parts: null where none came. */
type Joined<A> = (g: readonly (Tensor | null)[], attrs: A, x: Spec) => Tensor;

/**
 * An operator that gives parts of its input: each is the view that `part` (a view operator) makes with attributes of its
 * own. `name` is what the tape calls it.
 */
export function parts<A extends object>(
  name: string,
  joined: Joined<A>,
): (part: Operator, x: Tensor, each: readonly Attrs[], attrs: A) => Tensor[] {
  const operators: Operator[] = []; // by the number of parts, which a rule has as its outputs
  const operatorFor = (count: number): Operator => {
    operators[count] ??= partsOperator(name, count, joined as Joined<Attrs>);
    return operators[count];
  };
  return (part, x, each, attrs) => {
    if (context.interpreter !== null) return each.map((one) => dispatch(part, { x }, one) as Tensor);
    assertAlive(x, name);
    const views = each.map((one) => {
      const { layout, offset } = part.rule.view!(x, one);
      return new Tensor(x.storage, x.code, layout, offset);
    });
    if (context.grad && isTracked(x)) record(operatorFor(each.length), [x], attrs as Attrs, views, { x });
    for (let i = 0; i < views.length; i++) linkView(part, x, each[i]!, views[i]!);
    return views;
  };
}

function partsOperator(name: string, count: number, joined: Joined<Attrs>): Operator {
  const outputs = Array.from({ length: count }, (_, i) => String(i));
  const rule = {
    outputs,
    saves: [],
    vjp: (g: Record<string, Tensor | null>, _saved: unknown, attrs: Attrs, { x }: { x: Spec }) => ({
      x: () =>
        joined(
          outputs.map((output) => g[output] ?? null),
          attrs,
          x,
        ),
    }),
  } as unknown as AnyRule;
  const operator = new Operator(name, "input", (x) => [{ x: x as Tensor }], rule);
  operator.inputNames = ["x"];
  return operator;
}
