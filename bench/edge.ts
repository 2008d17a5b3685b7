// The edge worker of examples/edge: its size, its cold start, and what a request costs.
//
//   node tools/apps.mjs edge && node build/bench/edge.js [--starts N] [--requests N]
//
// The time of a start is that from the process to its first answer, beside a worker that does nothing; one request at a
// time gives the latency, eight the throughput. Client and server share the machine.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { startEdge } from "../examples/edge/start.ts";
import { readMnist } from "../examples/support/mnist.ts";
import { greyPng } from "../examples/support/pngwriter.ts";
import { PATH } from "../examples/support/requests.ts";

const { values: option } = parseArgs({
  options: { starts: { type: "string", default: "7" }, requests: { type: "string", default: "1000" } },
});
const EMPTY = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "empty", worker = .empty)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "empty")]);
const empty :Workerd.Worker = (compatibilityDate = "2026-01-01",
  modules = [(name = "worker.js", esModule = "export default { fetch() { return new Response() } }")]);
`;

for (const file of ["worker.js", "relaxed-single.wasm", "mnist.safetensors"]) {
  const bytes = readFileSync(fileURLToPath(new URL(`../edge/${file}`, import.meta.url)));
  const [raw, gzipped] = [bytes, gzipSync(bytes)].map(({ length }) => `${(length / 1000).toFixed(0)} kB`);
  console.log(`${file.padEnd(22)} ${raw}, ${gzipped} gzipped`);
}

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-edge-"));
const empty = path.join(folder, "config.capnp");
writeFileSync(empty, EMPTY);
const starts = { ours: [] as number[], empty: [] as number[] };
for (let i = 0; i < Number(option.starts); i++) {
  for (const [name, config] of [["ours"], ["empty", empty]] as const) {
    const edge = await startEdge(undefined, config);
    starts[name].push(edge.milliseconds);
    await edge.stop();
  }
}
rmSync(folder, { recursive: true });
console.log(
  `cold start             ${median(starts.ours).toFixed(0)} ms; a worker that does nothing: ${median(starts.empty).toFixed(0)} ms`,
);

const mnist = await readMnist("t10k");
const digits = Array.from({ length: 100 }, (_, i) => greyPng(mnist.data.at(i).dataSync() as Uint8Array, 28, 28));
const edge = await startEdge();
await time(8); // until V8 has compiled what is hot
for (const atOnce of [1, 8]) {
  const { latencies, perSecond } = await time(atOnce);
  const at = (share: number): string => latencies[Math.floor(share * latencies.length)]!.toFixed(2);
  console.log(
    `${atOnce} at a time            median ${at(0.5)} ms, 99 % below ${at(0.99)} ms, ${perSecond.toFixed(0)} requests/s`,
  );
}
await edge.stop();

async function time(atOnce: number): Promise<{ latencies: number[]; perSecond: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < Number(option.requests)) {
      const started = performance.now();
      await send(digits[next++ % digits.length]!, agent);
      latencies.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { latencies: latencies.sort((a, b) => a - b), perSecond: latencies.length / seconds };
}

function send(png: Uint8Array, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "image/png", "content-length": png.length };
    request(edge.url + PATH, { method: "POST", agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().on("end", resolve);
    })
      .on("error", reject)
      .end(png);
  });
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
