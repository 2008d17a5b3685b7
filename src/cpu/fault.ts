// What kernels report about values that they cannot take (codes in assembly/abi.ts).

import { IndexError, ValueError } from "../core/index.ts";

/** The error of a fault; the operator's name is put in front of it by the funnel. */
export function faultOf(code: number, detail: bigint): Error {
  switch (code) {
    case 1:
      return new IndexError(`index ${detail} is out of range`);
    case 3:
      return new ValueError("expected all probabilities to be in [0, 1]");
    case 4:
      return new ValueError("integer division by zero");
    default:
      return new ValueError(`fault ${code} with detail ${detail}`);
  }
}
