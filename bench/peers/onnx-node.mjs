// ONNX Runtime's native build for Node.
import * as ort from "onnxruntime-node";
import { onnxRows, versionOf } from "./onnx.mjs";

export default async function open({ threads, noise }) {
  const options = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  };
  return { name: `ort-node ${versionOf("onnxruntime-node")}`, rows: onnxRows(ort, options, noise) };
}
