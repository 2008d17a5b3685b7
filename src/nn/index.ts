// fl.nn: modules, their parameters and their beginnings.
export * from "./containers.ts";
export * from "./dropout.ts";
export type { BackwardHook, BackwardPreHook, ForwardHook, ForwardPreHook, Gradients, Handle } from "./hooks.ts";
export * as init from "./init.ts";
export { Flatten, type FlattenOptions, Identity, Linear, type LinearOptions } from "./linear.ts";
export { Module } from "./module.ts";
export { type Factory, Parameter } from "./parameter.ts";
export type { IncompatibleKeys, StateDict } from "./state.ts";
