// Programs that need a process of their own: a limit, an environment, a host without something.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

/** The library's entry, for programs that are written as text. */
export const LIBRARY: string = new URL("../../../dist/entry.node.js", import.meta.url).href;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

export interface Conditions {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Kilobytes of address space that it may have, where a shell can say so. */
  readonly addressSpace?: number;
  readonly seconds?: number;
  /** True where the source imports the library itself. */
  readonly bare?: boolean;
}

/** Runs the source of a module, in which `fl` is the library, and waits for its end. */
export function run(source: string, conditions: Conditions = {}): Promise<Ended> {
  const { env = {}, flags = [], addressSpace, seconds = 60, bare = false } = conditions;
  const program = bare ? source : `const fl = await import(${JSON.stringify(LIBRARY)});\n${source}`;
  const node = [process.execPath, ...flags, "--input-type=module", "-e", program];
  const [command, ...args] =
    addressSpace === undefined ? node : ["/bin/sh", "-c", `ulimit -v ${addressSpace} && exec "$@"`, "sh", ...node];
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command!, args, { env: { ...process.env, ...env } });
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output += data;
      });
    }
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/** Whether this system's shell can limit a process. */
export const canLimit: boolean = existsSync("/bin/sh") && process.platform !== "win32";
