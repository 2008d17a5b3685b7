// fl.utils: PyTorch's name for what helps training.
export * as data from "./data/index.ts";
export { Summary, type SummaryRow, summary } from "./nn/summary.ts";
