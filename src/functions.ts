// The functions of the root: all that is no module, optimizer or file. No method is attached here.
export * from "./api.ts";
// Both have these: as names of the root they are dtypes, the conversions are methods.
export { bfloat16, bool, cdouble, cfloat, double, float, half, int, long, short } from "./api.ts";
export * from "./ops/index.ts";
