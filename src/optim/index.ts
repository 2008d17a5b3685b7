// fl.optim: how parameters move.
export { Adam, type AdamGroup, type AdamOptions, AdamW } from "./adam.ts";
export * as lrScheduler from "./lrScheduler.ts";
export {
  Optimizer,
  type OptimizerState,
  type ParamGroup,
  type ParamState,
  type Params,
  type Step,
} from "./optimizer.ts";
export { SGD, type SGDGroup, type SGDOptions } from "./sgd.ts";
