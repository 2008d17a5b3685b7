// Functions made of other operators where one result, or a result's shape known beforehand, is too little to say: they
// have an operator's arguments, errors and method, and run as the operators that they call.

import { withOuter } from "../core/index.ts";
import { type ArgumentsOf, assertFits, assertWritable, asTensor, bindArguments } from "../op/index.ts";
import { popFrame, pushFrame, Tensor } from "../tensor/index.ts";
import { clone, copy_ } from "./copy.ts";

/**
 * Runs the body of such a function. What it makes and does not return goes back at once, unless the tape needs it, and an
 * error of ours says the name first.
 */
export function within<T extends Tensor | readonly Tensor[]>(name: string, body: () => T): T {
  const frame = pushFrame();
  let results: readonly Tensor[] = [];
  try {
    const result = body();
    results = result instanceof Tensor ? [result] : (result as readonly Tensor[]);
    return result;
  } catch (error) {
    throw withOuter(error, name);
  } finally {
    popFrame(frame, results);
  }
}

/**
 * Declares such a function. `signature` is written as an operator's; `body` receives the arguments in its order,
 * undefined where absent.
 */
export function composed<F extends (...args: never[]) => unknown>(
  name: string,
  signature: string,
  body: (...args: ArgumentsOf<NoInfer<F>>) => Tensor | readonly Tensor[],
): F {
  return Object.assign(composedFunction<F>(name, signature, body), { opName: name }) as F;
}

/** As `composed`, for a function that is no method. */
export function composedFunction<F extends (...args: never[]) => unknown>(
  name: string,
  signature: string,
  body: (...args: ArgumentsOf<NoInfer<F>>) => Tensor | readonly Tensor[],
): F {
  const call = (...args: unknown[]): Tensor | readonly Tensor[] =>
    within(name, () => body(...(bindArguments(name, signature, args) as ArgumentsOf<F>)));
  Object.defineProperty(call, "name", { value: name });
  return call as unknown as F;
}

/** The in-place form of such a function: its result, written over the first argument. */
export function written<F extends (...args: never[]) => unknown>(name: string, f: F): F {
  const result = f as unknown as (x: Tensor, ...rest: readonly unknown[]) => Tensor;
  const call = (x: Tensor, ...rest: readonly unknown[]): Tensor => {
    assertWritable(asTensor(x, name, "input"), name);
    return within(name, () => {
      const y = result(x.requiresGrad ? clone(x) : x, ...rest); // the tape may need x as it was
      assertFits(x, y, name);
      return copy_(x, y);
    });
  };
  return Object.assign(call, { opName: name }) as unknown as F;
}

/** The same function under another name, as PyTorch has it. */
export function renamed<F extends (...args: never[]) => unknown>(name: string, f: F): F {
  const call = (...args: never[]): unknown => {
    try {
      return f(...args);
    } catch (error) {
      throw withOuter(error, name);
    }
  };
  return Object.assign(call, { opName: name }) as unknown as F;
}
