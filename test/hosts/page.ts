// Chromium, and the pages that it opens: a plain server of texts and files, with the headers that a page may come with.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import * as assert from "uvu/assert";
import { check } from "./check.ts";
import type { Answer } from "./smoke.ts";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
// What a strict page may forbid: any worker. (Compiling WebAssembly must be allowed where there is a policy for scripts.)
const STRICT = { ...ISOLATED, "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'" };
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: ISOLATED,
  strict: STRICT,
};

const ENDING = 300; // milliseconds in which a worker that was ended is gone

/** A program that leaves its answer where `answered` finds it. */
export const PROGRAM = `import { smoke } from "./smoke.js"; globalThis.answer = await smoke();`;

/** For a page that runs PROGRAM: waits for the answer. */
export const ANSWERED = `new Promise((resolve) => {
  const look = () => "answer" in globalThis ? resolve(globalThis.answer) : setTimeout(look, 20);
  look();
})`;

const executablePath = EXECUTABLES.find((file) => existsSync(file));
/** Why there is no browser; null where there is one. */
export const missing: string | null = executablePath === undefined ? `none of ${EXECUTABLES.join(", ")}` : null;

export interface Pages {
  /**
   * Opens KIND/FILE and evaluates `body` there; checks the answer, and that the library printed nothing. Returns how many
   * workers the page has then.
   */
  run(url: string, body: string, describe: RegExp): Promise<number>;
  close(): Promise<void>;
}

/** Starts the browser and a server that answers `/KIND/FILE`, with the headers of the kind: a text, or a file below `root`. */
export async function open(root: string, texts: Readonly<Record<string, string>>): Promise<Pages> {
  const server = createServer((request, response) => {
    const [, kind = "", name = ""] = /^\/(\w+)\/([^?]*)/.exec(request.url ?? "") ?? [];
    const file = path.join(root, path.posix.join("/", name));
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile();
    const text = texts[name] ?? (isFile ? readFileSync(file, "utf8") : null);
    response.writeHead(text === null ? 404 : 200, {
      ...HEADERS[kind],
      "content-type": name.endsWith(".html") ? "text/html" : "text/javascript",
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const args = ["--no-sandbox"]; // which root needs
  const browser: Browser = await chromium.launch({ executablePath: executablePath!, args });

  async function run(url: string, body: string, describe: RegExp): Promise<number> {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    try {
      await page.goto(`http://127.0.0.1:${port}/${url}`);
      check(await page.evaluate<Answer>(body), "chrome [0-9]+", describe, said.join("\n"));
      assert.not(
        said.some((line) => line.includes("flambeau")),
        said.join("\n"),
      );
      await page.waitForTimeout(ENDING);
      return page.workers().length;
    } finally {
      await page.close();
    }
  }

  async function close(): Promise<void> {
    await browser.close();
    server.close();
  }

  return { run, close };
}
