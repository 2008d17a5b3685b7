// WebKitGTK: its MiniBrowser, driven by WebKitWebDriver over HTTP, on a display that nobody sees.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Session } from "./browser.ts";

const binary = miniBrowser();
const missing =
  binary === undefined
    ? "no MiniBrowser of webkit2gtk"
    : (["WebKitWebDriver", "xvfb-run"]
        .filter((command) => spawnSync(command, ["--help"]).error !== undefined)
        .map((command) => `no ${command}`)[0] ?? null);

/** As it comes: without SharedArrayBuffer, even in an isolated page. */
export const webkit: Browser = browser("WebKitGTK", {});

/** With what it has, but not by default. */
export const webkitShared: Browser = browser("WebKitGTK with shared memory", { JSC_useSharedArrayBuffer: "1" });

const PATIENCE = 120_000; // milliseconds

function browser(name: string, environment: Readonly<Record<string, string>>): Browser {
  return { name, host: "safari [0-9]+", missing, start: () => start(environment) };
}

async function start(environment: Readonly<Record<string, string>>): Promise<Session> {
  const port = await freePort();
  const driver = spawn("xvfb-run", ["-a", "WebKitWebDriver", `--port=${port}`], {
    detached: true, // a group of its own: the display and the browser end with it
    stdio: "ignore",
    env: { ...process.env, ...environment },
  });
  const call = async (method: string, command: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/${command}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(JSON.stringify(value));
    return value;
  };
  while (!(await call("GET", "status").catch(() => null))) await sleep(100);
  const options = { "webkitgtk:browserOptions": { binary, args: ["--automation"] } };
  const { sessionId } = (await call("POST", "session", {
    capabilities: { alwaysMatch: { browserName: "MiniBrowser", ...options } },
  })) as { sessionId: string };
  await call("POST", `session/${sessionId}/timeouts`, { script: PATIENCE });
  return {
    async visit(url, body) {
      await call("POST", `session/${sessionId}/url`, { url });
      const script = `const done = arguments[0]; Promise.resolve(${body}).then(done, (error) => done({ error: String(error) }));`;
      const answer = await call("POST", `session/${sessionId}/execute/async`, { script, args: [] });
      return { answer, said: null, workers: async () => null, close: async () => {} }; // the next page takes its place
    },
    async stop() {
      await call("DELETE", `session/${sessionId}`);
      process.kill(-driver.pid!);
    },
  };
}

function miniBrowser(): string | undefined {
  const libraries = "/usr/lib";
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .flatMap((machine) => ["4.1", "4.0"].map((v) => path.join(libraries, machine, `webkit2gtk-${v}`, "MiniBrowser")))
    .find((file) => existsSync(file));
}

/** The driver takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
