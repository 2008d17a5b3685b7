// The libraries that can take part, and how the process of each is started.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Contestant } from "./contestant.ts";

const built = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(built, "../../bench");
const newestNode = path.join(folder, "peers/node_modules/node/bin/node");

/** The Node that JavaScript libraries run on. */
export const node: string = existsSync(newestNode) ? newestNode : process.execPath;

/** Which rows are asked for: our side's file of them, and what PyTorch's side is told to have them. */
export interface Side {
  readonly ours: string;
  readonly pytorch: readonly string[];
}
export const SUITE: Side = { ours: "ours.js", pytorch: [] };

/** Starts a library, or says why it cannot run. Where there is more than one way, the first that works is taken. */
export async function start(
  file: string,
  threads: number,
  side: Side = SUITE,
): Promise<Contestant | { reason: string }> {
  let started: Contestant | { reason: string } = { reason: "" };
  for (const command of commandsOf(file, threads, side)) {
    started = await Contestant.start(file, threads, command, file === "ours-128" ? { FLAMBEAU_WIDE: "0" } : {});
    if (started instanceof Contestant) break;
  }
  return started;
}

/** `build` is the folder of a build's compiled benches, `file` the one of our side's that is asked for. */
export function ours(build: string, threads: number, file: string = SUITE.ours): string[] {
  return [node, path.join(build, "child.js"), path.join(build, file), String(threads)];
}

function commandsOf(file: string, threads: number, side: Side): string[][] {
  if (file === "ours" || file === "ours-128") return [ours(built, threads, side.ours)];
  // The first Python of the path is not always the one that the system's packages are for.
  const pythons = ["python3", "/usr/bin/python3"];
  if (file.startsWith("pytorch")) {
    const width = file === "pytorch" ? "avx2" : "avx512";
    const args = [path.join(folder, "peers/pytorch.py"), String(threads), width];
    return pythons.map((python) => [python, ...args, ...side.pytorch]);
  }
  return [[node, path.join(built, "child.js"), path.join(folder, `peers/${file}.mjs`), String(threads)]];
}

export function versionOf(binary: string): string {
  return execFileSync(binary, ["--version"], { encoding: "utf8" }).trim().replace("v", "");
}
