// flambeau/ops: the functions of the root. A bundle keeps those that are used; none is a method of Tensor unless it is
// attached: `attachMethods({ relu, sum })`.
import "#host";

export { attachMethods } from "./attach.ts";
export * from "./functions.ts";
