// fl.nn: modules, their parameters and their beginnings.
export * from "./containers.ts";
export { type ForwardHook, type ForwardPreHook, type Handle, Module } from "./module.ts";
export { type Factory, Parameter } from "./parameter.ts";
export type { IncompatibleKeys, StateDict } from "./state.ts";
