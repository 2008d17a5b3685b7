// fl.nn: modules, their parameters and their beginnings.
export * from "./activation.ts";
export { GRUCell, LSTMCell, RNNCell } from "./cells.ts";
export * from "./containers.ts";
export * from "./conv.ts";
export * from "./dropout.ts";
export * from "./embedding.ts";
export * as functional from "./functional.ts";
export type { BackwardHook, BackwardPreHook, ForwardHook, ForwardPreHook, Gradients } from "./hooks.ts";
export * as init from "./init.ts";
export * from "./linear.ts";
export * from "./loss.ts";
export { Module } from "./module.ts";
export * from "./norm.ts";
export { type Factory, Parameter } from "./parameter.ts";
export * from "./pooling.ts";
export * from "./recurrent.ts";
export type { IncompatibleKeys, StateDict } from "./state.ts";
export * as utils from "./utils.ts";
