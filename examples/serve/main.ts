// Runs the service: see README.md.
//
//   npm run serve -- [--port N] [--host NAME] [--model FILE] [--batch N] [--wait MS] [--queue N] [--threads N] [--notice MS]
import { readFileSync } from "node:fs";
import * as fl from "flambeau";
import { lenetFrom, readDigits } from "../support/classifier.ts";
import { readOptions } from "../support/options.ts";
import { DEFAULTS, Service } from "./service.ts";

const option = readOptions("npm run serve", {
  port: [8081, "where it listens; 0 for any that is free"],
  host: ["127.0.0.1", "at which address", "NAME"],
  model: ["examples/data/mnist.safetensors", "the weights", "FILE"],
  batch: [DEFAULTS.maxBatch, "most digits that are read together"],
  wait: [DEFAULTS.maxWait, "milliseconds for others to join a batch", "MS"],
  queue: [DEFAULTS.maxQueue, "most requests under way"],
  threads: [Number, "of the kernels"],
  notice: [DEFAULTS.notice, "milliseconds from SIGTERM until the port is closed", "MS"],
});
if (option.threads !== undefined) fl.setNumThreads(option.threads);
const model = lenetFrom(readFileSync(option.model));
readDigits(model, [new Float32Array(784)]); // kernels and threads are there before the first request is
const service = new Service(model, {
  maxBatch: option.batch,
  maxWait: option.wait,
  maxQueue: option.queue,
  notice: option.notice,
});
service.server.listen(option.port, option.host, () => {
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
