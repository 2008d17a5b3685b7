// What is in force now: whether operators are recorded, and who interprets them. Set only by a synchronous callback and
// restored in `finally`: JavaScript runs a synchronous callback to its end, so no other code ever sees it.

import { assertSynchronous, type Tensor } from "../tensor/index.ts";
import type { Operator } from "./operator.ts";
import type { Attrs, Inputs } from "./types.ts";

/** Sees every operator before it runs: a recorder, a profiler. It runs the operator itself, under the one outside it. */
export interface Interpreter {
  apply(operator: Operator, inputs: Inputs, attrs: Attrs): Tensor | Tensor[];
}

export const context: { grad: boolean; interpreter: Interpreter | null } = { grad: true, interpreter: null };

function withGrad<T>(on: boolean, name: string, body: () => T): T {
  const before = context.grad;
  context.grad = on;
  try {
    const result = body();
    assertSynchronous(result, name);
    return result;
  } finally {
    context.grad = before;
  }
}

/** Runs `body` without recording; returns what it returns. Throws TypeError if it is asynchronous. */
export function noGrad<T>(body: () => T): T {
  return withGrad(false, "noGrad", body);
}

/** Runs `body` with recording on, inside a `noGrad` too. */
export function enableGrad<T>(body: () => T): T {
  return withGrad(true, "enableGrad", body);
}

/** As `noGrad`: nothing that is made inside will take part in a backward. */
export function inferenceMode<T>(body: () => T): T {
  return withGrad(false, "inferenceMode", body);
}

/** Sets recording until it is set again. */
export function setGradEnabled(on: boolean): void {
  context.grad = on;
}

export function isGradEnabled(): boolean {
  return context.grad;
}

/** Runs `body` with every operator passed to `interpreter`. */
export function interpret<T>(interpreter: Interpreter, body: () => T): T {
  const before = context.interpreter;
  context.interpreter = interpreter;
  try {
    const result = body();
    assertSynchronous(result, "interpret");
    return result;
  } finally {
    context.interpreter = before;
  }
}

/** Runs `body` with the interpreter that was in force outside of `interpreter`. */
export function below<T>(interpreter: Interpreter | null, body: () => T): T {
  const before = context.interpreter;
  context.interpreter = interpreter;
  try {
    return body();
  } finally {
    context.interpreter = before;
  }
}
