// fl.optim: how parameters move.
export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from "./adadelta.ts";
export { Adafactor, type AdafactorGroup, type AdafactorOptions } from "./adafactor.ts";
export { Adagrad, type AdagradGroup, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamGroup, type AdamOptions, AdamW } from "./adam.ts";
export { Adamax, type AdamaxGroup, type AdamaxOptions } from "./adamax.ts";
export { ASGD, type ASGDGroup, type ASGDOptions } from "./asgd.ts";
export { LBFGS, type LBFGSGroup, type LBFGSOptions } from "./lbfgs.ts";
export * as lrScheduler from "./lrScheduler.ts";
export { Muon, type MuonGroup, type MuonOptions } from "./muon.ts";
export { NAdam, type NAdamGroup, type NAdamOptions } from "./nadam.ts";
export {
  type CommonOptions,
  type GroupOf,
  Optimizer,
  type OptimizerState,
  type ParamGroup,
  type ParamState,
  type Params,
  type Step,
} from "./optimizer.ts";
export { RAdam, type RAdamGroup, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from "./rmsprop.ts";
export { Rprop, type RpropGroup, type RpropOptions } from "./rprop.ts";
export { SGD, type SGDGroup, type SGDOptions } from "./sgd.ts";
export * as swaUtils from "./swaUtils.ts";
