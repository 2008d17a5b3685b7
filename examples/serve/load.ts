// What batching gains: the service with batches and without, under the same load, in turns.
//
//   node build/examples/serve/load.js [--seconds N] [--rounds N] [--connections N] [--threads N]
//
// Each service is a process of its own; every connection sends its next digit when the last is answered. The load comes from
// this process, which takes a core for itself.
import { spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { readMnist } from "../support/mnist.ts";
import { readOptions } from "../support/options.ts";
import { greyPng } from "../support/pngwriter.ts";
import { PATH } from "../support/requests.ts";

const option = readOptions("node build/examples/serve/load.js", {
  seconds: [2, "of load, a round"],
  rounds: [3, "with each of the two services"],
  connections: [64, "that send at the same time"],
  threads: [1, "of each service"],
});
const SETTINGS = { "one by one": ["--batch", "1", "--wait", "0"], "in batches": ["--batch", "32", "--wait", "2"] };

interface Running {
  readonly url: string;
  stop(): void;
}

const mnist = await readMnist("t10k");
const digits = Array.from({ length: 200 }, (_, i) => greyPng(mnist.data.at(i).dataSync() as Uint8Array, 28, 28));
const services = await Promise.all(
  Object.entries(SETTINGS).map(async ([name, args]) => ({
    name,
    service: await start(args),
    rates: [] as number[],
    times: [] as number[],
  })),
);
for (let round = -1; round < option.rounds; round++) {
  for (const { service, rates, times } of services) {
    const taken = await load(service.url, option.seconds * 1000);
    if (round < 0) continue; // until V8 has compiled what is hot
    rates.push(taken.length / option.seconds);
    times.push(...taken);
  }
}
for (const { name, service, rates, times } of services) {
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * times.length)]!.toFixed(1);
  console.log(
    `${name.padEnd(12)} ${median(rates).toFixed(0).padStart(6)} requests/s, median ${at(0.5)} ms, 99 % below ${at(0.99)} ms`,
  );
  service.stop();
}
const [single, batched] = services.map(({ rates }) => median(rates)) as [number, number];
console.log(`${(batched / single).toFixed(2)} times as many`);

/** The service as a process, on a free port. */
function start(args: readonly string[]): Promise<Running> {
  const main = fileURLToPath(new URL("main.js", import.meta.url));
  const child = spawn(process.execPath, [main, "--port", "0", "--threads", String(option.threads), ...args]);
  child.stderr.pipe(process.stderr);
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("the service has ended")));
    child.stdout.on("data", (text) => {
      const url = /http:\S+/.exec(String(text))?.[0];
      if (url !== undefined) resolve({ url, stop: () => void child.kill() });
    });
  });
}

/** The times of all requests that are answered within so many milliseconds. */
async function load(url: string, milliseconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const taken: number[] = [];
  const end = performance.now() + milliseconds;
  const lane = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < end; i++) {
      const started = performance.now();
      await send(url, digits[i % digits.length]!, agent);
      taken.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: option.connections }, (_, i) => lane(i)));
  agent.destroy();
  return taken;
}

function send(url: string, png: Uint8Array, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "image/png", "content-length": png.length };
    request(url + PATH, { method: "POST", agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().on("end", resolve);
    })
      .on("error", reject)
      .end(png);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
