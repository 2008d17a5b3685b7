// The doors that JavaScript calls by name, and the kernels, which the build moves into the table.
export { enter } from "./abi";
export { launch, work } from "./parallel";
export * from "./index/create";
export * from "./index/gather";
export * from "./index/place";
export * from "./index/scatter";
export * from "./pointwise/unary";
export * from "./random/distributions";
export * from "./reduce/extreme";
export * from "./reduce/fold";
export * from "./reduce/variance";
export * from "./reduce/fold";
export * from "./gemm/matmul";
export * from "./gemm/plain";
