// Floor 3: what an operator is, the funnel, the tape.
export { runBackward } from "./backward.ts";
export { bindArguments, isPlain, signature, wrongArgument } from "./bind.ts";
export {
  below,
  context,
  enableGrad,
  type Interpreter,
  inferenceMode,
  interpret,
  isGradEnabled,
  noGrad,
  setGradEnabled,
} from "./context.ts";
export { dispatch, evaluate, hostSteps, pointwiseInto, showView } from "./dispatch.ts";
export * from "./family.ts";
export { assertFits, assertWritable, inPlace, viewInPlace } from "./inplace.ts";
export { type Arguments, type Bound, keywords } from "./keywords.ts";
export {
  Call,
  copyInto,
  denseCopy,
  fullName,
  Kernels,
  kernelsOf,
  mergeDims,
  need,
  POINTWISE_GRAIN,
  pointwise,
  pointwiseAs,
  toCode,
  toDense,
} from "./launch.ts";
export {
  type ArgumentsOf,
  method,
  named,
  type Operator,
  type OperatorFunction,
  op,
  operatorOf,
  publish,
  spec,
} from "./operator.ts";
export { parts } from "./parts.ts";
export * from "./samples.ts";
export { type Algebra, codesOf, hookPlace, keepFor, Node, underNode } from "./tape.ts";
export * from "./types.ts";
