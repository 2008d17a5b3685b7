// The smoke program in Chromium, from files that a plain server gives: no bundler, no setting.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { check, skip } from "./check.ts";
import { smokeFor } from "./modules.ts";
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

const TEXTS: Readonly<Record<string, string>> = {
  "/page.html": `<!doctype html><script type="module" src="page.js"></script>`,
  "/blank.html": "<!doctype html>",
  "/page.js": `import { smoke } from "./smoke.js"; globalThis.answer = await smoke();`,
  "/smoke.js": smokeFor("browser"),
  "/worker.js": `import { smoke } from "./smoke.js"; postMessage(await smoke());`,
};

/** Answers `/KIND/FILE`, with the headers of the kind: one of the texts above, or a file of the library. */
const server = createServer((request, response) => {
  const [, kind = "", rest = ""] = /^\/(\w+)(\/.*)$/.exec(request.url ?? "") ?? [];
  const file = path.join(root, path.posix.normalize(rest));
  const text = TEXTS[rest] ?? (rest.startsWith("/dist/") && existsSync(file) ? readFileSync(file, "utf8") : null);
  response.writeHead(text === null ? 404 : 200, {
    ...HEADERS[kind],
    "content-type": rest.endsWith(".html") ? "text/html" : "text/javascript",
  });
  response.end(text);
});

const executablePath = EXECUTABLES.find((file) => existsSync(file));
let browser: Browser;

if (executablePath !== undefined) {
  test.before(async () => {
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] }); // which root needs
  });
  test.after(async () => {
    await browser.close();
    server.close();
  });
}

/** Opens a page and runs `body` in it; checks the answer and that the library printed nothing. Returns its workers. */
async function run(url: string, body: string, describe: RegExp): Promise<number> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${url}`);
    const answer = await page.evaluate<Answer>(body);
    check(answer, "chrome [0-9]+", describe, said.join("\n"));
    assert.equal(
      said.filter((line) => line.includes("flambeau")),
      [],
    );
    return page.workers().length;
  } finally {
    await page.close();
  }
}

const IN_PAGE = `new Promise((resolve) => {
  const look = () => "answer" in globalThis ? resolve(globalThis.answer) : setTimeout(look, 20);
  look();
})`;
const IN_WORKER = `new Promise((resolve, reject) => {
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
})`;

const ALL = availableParallelism(); // threads, the caller among them
const CASES: readonly (readonly [name: string, url: string, body: string, describe: RegExp, workers: number])[] = [
  ["a plain page", "plain/page.html", IN_PAGE, /-single .* one thread \(.* page is not cross-origin isolated\)/, 0],
  ["an isolated page", "isolated/page.html", IN_PAGE, new RegExp(`-threads kernels .* ${ALL} threads`), ALL - 1],
  ["a page that forbids workers", "strict/page.html", IN_PAGE, /one thread \(the host lets no worker start/, 0],
  ["a Web Worker", "plain/blank.html", IN_WORKER, /-single kernels/, 1],
  ["a Web Worker of an isolated page", "isolated/blank.html", IN_WORKER, /-threads kernels/, ALL],
];

for (const [name, url, body, describe, workers] of CASES) {
  if (executablePath === undefined) skip(test, `Chromium: ${name}`, `none of ${EXECUTABLES.join(", ")}`);
  else test(`Chromium: ${name}`, async () => assert.is(await run(url, body, describe), workers));
}

test.run();
