// Starts the edge worker with the workerd that is on the PATH, and waits until it answers: for `npm run edge`, and for tests and
// benchmarks, which leave the port to it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readOptions } from "../support/options.ts";

export interface Edge {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first answer. */
  readonly milliseconds: number;
  stop(): Promise<void>;
}

const CONFIG = fileURLToPath(new URL("../../edge/config.capnp", import.meta.url));
const PATIENCE_MS = 30_000;

/** Throws where there is no workerd, or where it ends before it answers. */
export async function startEdge(port?: number, config: string = CONFIG): Promise<Edge> {
  const chosen = port ?? (await freePort());
  const url = `http://127.0.0.1:${chosen}`;
  const started = performance.now();
  const child = spawn("workerd", ["serve", config, `--socket-addr=http=127.0.0.1:${chosen}`], { stdio: "inherit" });
  let failure: Error | null = null;
  child.once("error", (cause) => {
    failure = new Error("workerd cannot be started: it has to be on the PATH (npm install -g workerd)", { cause });
  });
  child.once("exit", (code) => {
    failure ??= new Error(`workerd ended with ${code} before it answered`);
  });
  while (!(await answers(url))) {
    if (failure !== null) throw failure;
    if (performance.now() - started > PATIENCE_MS) {
      await stop(child);
      throw new Error("workerd does not answer");
    }
    await wait(2);
  }
  return { url, pid: child.pid!, milliseconds: performance.now() - started, stop: () => stop(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer(); // 404, and thereby an answer
    return true;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = readOptions("npm run edge", { port: [8787, "where it listens"] });
  const { url, milliseconds } = await startEdge(port);
  console.log(
    `answers after ${milliseconds.toFixed(0)} ms: curl -H content-type:image/png --data-binary @examples/data/seven.png ${url}/digit`,
  );
}
