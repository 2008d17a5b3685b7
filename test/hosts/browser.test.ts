// The smoke program in every browser that is there and in every kind of page, from files that a plain server gives: no
// bundler, no setting.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { type Session, settle } from "./browsers/browser.ts";
import { chromium } from "./browsers/chromium.ts";
import { firefox } from "./browsers/firefox.ts";
import { webkit, webkitShared } from "./browsers/webkit.ts";
import { check, note, skip } from "./check.ts";
import { remoteFor, smokeFor, smokeOf, smokeScript } from "./modules.ts";
import { ANSWERED, PROGRAM, serve } from "./pages.ts";
import type { Answer } from "./smoke.ts";

const ON_MESSAGE = `onmessage = (event) => event.waitUntil(smoke().then((answer) => event.ports[0].postMessage(answer)));`;
const TEXTS: Readonly<Record<string, string>> = {
  "blank.html": "<!doctype html>",
  "page.html": `<!doctype html><script type="module" src="page.js"></script>`,
  "page.js": PROGRAM,
  "smoke.js": smokeFor("default"),
  "worker.js": `import { smoke } from "./smoke.js"; postMessage(await smoke());`,
  // The library in one file: as a module, and as a script. A service worker takes no other.
  "one.html": `<!doctype html><script type="module" src="one.js"></script>`,
  "one.js": `import { smoke } from "./smoke.one.js"; globalThis.answer = await smoke();`,
  "smoke.one.js": smokeOf("dist/flambeau.js"),
  "smoke.script.js": smokeScript(),
  "service.module.js": `import { smoke } from "./smoke.one.js"; ${ON_MESSAGE}`,
  "service.script.js": `importScripts("dist/flambeau.global.js", "smoke.script.js"); ${ON_MESSAGE}`,
  // The library in a worker, a page that never blocks.
  "remote.html": `<!doctype html><script type="module" src="page.remote.js"></script>`,
  "page.remote.js": `import { smoke } from "./remote.js"; globalThis.answer = await smoke();`,
  "remote.js": remoteFor("default"),
  // A host of long ago.
  "old.html": `<!doctype html><script>WebAssembly.validate = () => false</script><script type="module" src="old.js"></script>`,
  "old.js": `import("./smoke.js").catch(({ message }) => { globalThis.answer = message; });`,
};

const IN_WORKER = `new Promise((resolve, reject) => {
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
})`;

const inService = (type: "module" | "classic", script: string) => `(async () => {
  const registration = await navigator.serviceWorker.register("${script}", { type: "${type}" });
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  (registration.installing ?? registration.waiting ?? registration.active).postMessage(null, [port2]);
  return await answer.finally(() => registration.unregister());
})()`;

const ALL = availableParallelism(); // threads, the caller among them
const PLAIN = /-single .* one thread \(.* page is not cross-origin isolated\)/;
const SHARED = /-threads kernels .* \d+ threads/;
const ALONE = /-single .* one thread \(/;
type Case = readonly [kind: string, url: string, body: string, describe: RegExp, workers: number];
const CASES: readonly Case[] = [
  ["a plain page", "plain/page.html", ANSWERED, PLAIN, 0],
  ["an isolated page", "isolated/page.html", ANSWERED, SHARED, ALL - 1],
  ["a page that forbids workers", "strict/page.html", ANSWERED, /one thread \(the host lets no worker start/, 0],
  ["a Web Worker", "plain/blank.html", IN_WORKER, PLAIN, 1],
  ["a Web Worker of an isolated page", "isolated/blank.html", IN_WORKER, SHARED, ALL],
  ["the library in a worker", "plain/remote.html", ANSWERED, PLAIN, 1],
  ["the library in a worker of an isolated page", "isolated/remote.html", ANSWERED, SHARED, ALL],
  ["one file in a page", "plain/one.html", ANSWERED, PLAIN, 0],
  ["one file in an isolated page", "isolated/one.html", ANSWERED, SHARED, ALL - 1],
  ["a service worker", "plain/blank.html", inService("classic", "service.script.js"), ALONE, 0],
  ["a module service worker", "plain/blank.html", inService("module", "service.module.js"), ALONE, 0],
];

const server = await serve(root, TEXTS);
const folder = mkdtempSync(path.join(tmpdir(), "flambeau-page-"));
copyFileSync(path.join(root, "dist/flambeau.global.js"), path.join(folder, "flambeau.js"));
writeFileSync(path.join(folder, "smoke.js"), smokeScript());
writeFileSync(
  path.join(folder, "page.html"),
  `<!doctype html><script src="flambeau.js"></script><script src="smoke.js"></script>
   <script>smoke().then((answer) => { globalThis.answer = answer; });</script>`,
);

for (const browser of [chromium, firefox, webkit, webkitShared]) {
  const test = suite(browser.name);
  const add = (kind: string, body: () => Promise<void>): void => {
    if (browser.missing !== null) skip(test, `${browser.name}: ${kind}`, browser.missing);
    else test(`${browser.name}: ${kind}`, body);
  };
  let session: Session;

  /** Checks the answer of a page, that the library printed nothing there, and how many workers there are in the end. */
  async function visit(kind: string, url: string, body: string, describe: RegExp, workers: number): Promise<void> {
    const page = await session.visit(url, body);
    try {
      const said = page.said?.join("\n");
      check(page.answer as Answer, browser.host, describe, said);
      assert.not(said?.includes("flambeau"), said);
      await settle(page, workers);
      note(browser.name, kind, page.answer as Answer);
    } finally {
      await page.close();
    }
  }

  for (const [kind, url, body, describe, workers] of CASES) {
    // WebKit has no shared memory by default, isolated or not; where it is told to, it has it in every page.
    if (browser === webkitShared && describe !== SHARED) continue;
    const expected = browser === webkit && describe !== ALONE ? PLAIN : describe;
    add(kind, () => visit(kind, `${server.url}/${url}`, body, expected, workers));
  }

  if (browser !== webkitShared)
    add("a page from a file", async () => {
      const url = pathToFileURL(path.join(folder, "page.html")).href;
      await visit("a page from a file", url, ANSWERED, ALONE, 0);
    });

  add("a host without SIMD", async () => {
    const page = await session.visit(`${server.url}/plain/old.html`, ANSWERED);
    await page.close();
    assert.match(String(page.answer), new RegExp(`^flambeau: ${browser.host} has no WebAssembly SIMD`));
  });

  test.before(async () => {
    if (browser.missing === null) session = await browser.start();
  });
  test.after(() => session?.stop());
  test.run();
}

const last = suite("browsers");
last.after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
last.run();
