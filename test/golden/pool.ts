// Child processes that replay files. A child that dies or hangs costs the case it was at; a fresh one goes on behind it.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "./child.ts";
import type { Result, Unit } from "./replay.ts";

// The slowest recorded case takes well under a second; a machine under load may be slow to start a process.
const PATIENCE_MS = 60_000;

export interface PoolOptions {
  readonly library: string | null;
  readonly only: string;
  readonly jobs: number;
  /** Called after each file with all of its results. */
  readonly onFile: (results: readonly Result[]) => void;
}

export async function replayFiles(files: readonly string[], options: PoolOptions): Promise<Result[]> {
  const queue = [...files];
  const all: Result[] = [];
  const lane = async () => {
    let child: ChildProcess | null = null;
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const results: Result[] = [];
      for (let from: number | null = 0; from !== null; ) {
        child ??= await start(options);
        const end = await follow(child, { file, from }, results);
        from = end.resumeAt;
        if (end.died) child = null;
      }
      options.onFile(results);
      all.push(...results);
    }
    child?.kill();
  };
  await Promise.all(Array.from({ length: options.jobs }, lane));
  return all;
}

function start({ library, only }: PoolOptions): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), [library ?? "-", only]);
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`the library cannot be loaded (exit code ${code})`)));
  });
}

/** Sends an order and collects what comes, to its end or the child's. */
function follow(
  child: ChildProcess,
  order: Order,
  results: Result[],
): Promise<{ died: boolean; resumeAt: number | null }> {
  return new Promise((resolve) => {
    let current: { index: number; unit: Omit<Unit, "run"> } | null = null;
    let hangs = false;
    const watch = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, PATIENCE_MS);
    const end = (died: boolean, resumeAt: number | null) => {
      clearTimeout(watch);
      child.removeAllListeners("message").removeAllListeners("exit");
      resolve({ died, resumeAt });
    };
    child.removeAllListeners("message").removeAllListeners("exit");
    child.on("message", (message: Report) => {
      watch.refresh();
      if ("begins" in message) current = { index: message.begins, unit: message.unit };
      else if ("results" in message) results.push(...message.results);
      else if ("done" in message) end(false, null);
    });
    child.on("exit", (code, signal) => {
      const reason = hangs ? `no end after ${PATIENCE_MS / 1000} s` : `the process ended (${signal ?? `code ${code}`})`;
      // Nothing began: the file itself cannot be read.
      const unit = current?.unit ?? { kind: "operator", name: order.file, label: "", call: "" };
      results.push({ ...unit, aspect: "forward", outcome: "fail", reason });
      end(true, current === null ? null : current.index + 1);
    });
    child.send(order);
  });
}
