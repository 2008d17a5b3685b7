// fl.utils: PyTorch's name for what helps training.
export * as data from "./data/index.ts";
