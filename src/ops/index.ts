// Floor 4: the operators, a file a family. Every constant with an `opName` is one.
export * from "./autograd.ts";
export * from "./binary.ts";
<<<<<<< HEAD
export * from "./compare.ts";
export * from "./complex.ts";
=======
export * from "./copies.ts";
>>>>>>> 74a50c3 (Random tensors and dropout, with PyTorch's streams; copies of views; negative indices of takeAlongDim)
export * from "./copy.ts";
export * from "./create.ts";
export * from "./dropout.ts";
export * from "./gather.ts";
export * from "./generator.ts";
export * from "./indexing.ts";
export * from "./logic.ts";
export * from "./matmul.ts";
export * from "./pick.ts";
export * from "./random.ts";
export * from "./reduce.ts";
export * from "./rows.ts";
export * from "./ternary.ts";
export * from "./unary.ts";
export * from "./view.ts";
export * from "./step.ts";
