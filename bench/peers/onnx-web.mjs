// ONNX Runtime's WASM build (SIMD). Its call copies inputs and outputs between JavaScript and its own memory.
import * as ort from "onnxruntime-web";
import { onnxRows, versionOf } from "./onnx.mjs";

export default async function open({ threads, noise }) {
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return {
    name: `ort-web ${versionOf("onnxruntime-web")}`,
    rows: onnxRows(ort, { executionProviders: ["wasm"] }, noise),
  };
}
