// Learning rates that follow a plan: fl.optim.lrScheduler.
export { ChainedScheduler, SequentialLR } from "./combined.ts";
export { CyclicLR, OneCycleLR } from "./cycles.ts";
export {
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from "./plans.ts";
export { ReduceLROnPlateau } from "./plateau.ts";
export { LRScheduler, type SchedulerState } from "./scheduler.ts";
