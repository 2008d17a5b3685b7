// Runs the service: see README.md.
//
//   npm run serve -- [--port N] [--host NAME] [--model FILE] [--batch N] [--wait MS] [--queue N] [--threads N] [--notice MS]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as fl from "flambeau";
import { lenetFrom, readDigits } from "../support/classifier.ts";
import { DEFAULTS, Service } from "./service.ts";

const { values: option } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    host: { type: "string", default: "127.0.0.1" },
    model: { type: "string", default: "examples/data/mnist.safetensors" },
    batch: { type: "string", default: String(DEFAULTS.maxBatch) },
    wait: { type: "string", default: String(DEFAULTS.maxWait) },
    queue: { type: "string", default: String(DEFAULTS.maxQueue) },
    threads: { type: "string" },
    notice: { type: "string", default: String(DEFAULTS.notice) },
  },
});
if (option.threads !== undefined) fl.setNumThreads(Number(option.threads));
const model = lenetFrom(readFileSync(option.model));
readDigits(model, [new Float32Array(784)]); // kernels and threads are there before the first request is
const service = new Service(model, {
  maxBatch: Number(option.batch),
  maxWait: Number(option.wait),
  maxQueue: Number(option.queue),
  notice: Number(option.notice),
});
service.server.listen(Number(option.port), option.host, () => {
  const address = service.server.address();
  const port = typeof address === "object" ? address?.port : address;
  console.log(`http://${option.host}:${port} on ${fl.getNumThreads()} threads, batches of up to ${option.batch}`);
});
service.server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    console.log(`${signal}: answering what is under way`);
    await service.end();
    console.log("ended");
  });
}
