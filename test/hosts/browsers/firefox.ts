// Firefox, which speaks WebDriver BiDi by itself: JSON over a WebSocket, so no driver is needed.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Session } from "./browser.ts";

const EXECUTABLES = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const executable = EXECUTABLES.find((file) => existsSync(file));

export const firefox: Browser = {
  name: "Firefox",
  host: "firefox [0-9]+",
  missing:
    executable === undefined
      ? `none of ${EXECUTABLES.join(", ")}`
      : typeof WebSocket === "undefined"
        ? "this Node has no WebSocket to drive it by"
        : null,

  async start(): Promise<Session> {
    const profile = mkdtempSync(path.join(tmpdir(), "flambeau-firefox-"));
    const args = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile];
    const child = spawn(executable!, args, { stdio: ["ignore", "ignore", "pipe"] });
    const { call, listen, close } = await connect(`${await address(child)}/session`);
    await call("session.new", { capabilities: {} });
    await call("session.subscribe", { events: ["log.entryAdded"] });
    return {
      async visit(url, body) {
        const said: string[] = [];
        listen("log.entryAdded", ({ text }) => said.push(String(text)));
        const { context } = await call("browsingContext.create", { type: "tab" });
        await call("browsingContext.navigate", { context, url, wait: "complete" });
        const expression = `Promise.resolve(${body}).then(JSON.stringify)`;
        const outcome = await call("script.evaluate", { target: { context }, awaitPromise: true, expression });
        if (outcome["type"] === "exception") throw new Error(JSON.stringify(outcome["exceptionDetails"]));
        return {
          answer: JSON.parse((outcome["result"] as { value: string }).value),
          said,
          workers: async () => workersOf(context, (await call("script.getRealms", {}))["realms"] as readonly Realm[]),
          close: async () => void (await call("browsingContext.close", { context })),
        };
      },
      async stop() {
        close();
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill();
        await ended;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },
};

interface Realm {
  readonly realm: string;
  readonly type: string;
  readonly context?: unknown;
  readonly owners?: readonly string[];
}

/** How many workers a page has, and they have. Those of pages that were closed can be there for long. */
function workersOf(context: unknown, realms: readonly Realm[]): number {
  const mine = new Set(realms.filter((realm) => realm.context === context).map(({ realm }) => realm));
  const pages = mine.size;
  for (let before = 0; before < mine.size; ) {
    before = mine.size;
    for (const { realm, owners } of realms) if (owners?.some((owner) => mine.has(owner))) mine.add(realm);
  }
  return mine.size - pages;
}

/** It prints where it listens. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stderr!.on("data", (data) => {
      output += data;
      const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.on("exit", () => reject(new Error(output)));
  });
}

type Data = Readonly<Record<string, unknown>>;

interface Connection {
  call(method: string, params: Data): Promise<Data>;
  /** One listener a method. */
  listen(method: string, listener: (params: Data) => void): void;
  close(): void;
}

async function connect(url: string): Promise<Connection> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const waiting: ((message: Data) => void)[] = [];
  const listeners = new Map<string, (params: Data) => void>();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data as string);
    if (message.id === undefined) listeners.get(message.method)?.(message.params);
    else waiting[message.id]!(message);
  };
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        const id = waiting.length;
        waiting.push(({ type, result, message }) => {
          if (type === "error") reject(new Error(`${method}: ${message}`));
          else resolve(result as Data);
        });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    listen: (method, listener) => void listeners.set(method, listener),
    close: () => socket.close(),
  };
}
