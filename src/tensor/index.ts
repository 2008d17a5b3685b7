// Floor 2: bytes, lifetimes, the Tensor.
export * from "./auto.ts";
export * from "./create.ts";
export { relieve, underPressure } from "./pressure.ts";
export { type Nested, readAll, readAllSync, reader, type TypedArray, toData, type Value } from "./read.ts";
export * from "./scope.ts";
export * from "./storage.ts";
export {
  alias,
  allocate,
  assertAlive,
  gradOf,
  keep,
  outlive,
  outside,
  replaceGrad,
  sameBackend,
  setData,
  setRequiresGrad,
  Tensor,
} from "./tensor.ts";
