// The doors that JavaScript calls by name, and the kernels, which the build moves into the table.
export { enter } from "./abi";
// @ts-ignore: the linker's symbol
export const heapBase: usize = __heap_base;
export { launch, work } from "./parallel";
export * from "./cast/cast";
export * from "./cast/copy";
export * from "./conv/conv";
export * from "./conv/weight";
export * from "./gemm/matmul";
export * from "./gemm/plain";
export * from "./index/create";
export * from "./index/gather";
export * from "./index/mask";
export * from "./index/place";
export * from "./index/scatter";
export * from "./pointwise/binary";
export * from "./pointwise/compare";
export * from "./pointwise/logic";
export * from "./pointwise/ternary";
export * from "./pointwise/unary";
export * from "./random/distributions";
export * from "./reduce/extreme";
export * from "./reduce/fold";
export * from "./reduce/variance";
export * from "./rows/batchnorm";
export * from "./rows/layernorm";
export * from "./rows/softmax";
