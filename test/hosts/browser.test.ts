// The smoke program in Chromium, from files that a plain server gives: no bundler, no setting.
import { availableParallelism } from "node:os";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { skip } from "./check.ts";
import { smokeFor } from "./modules.ts";
import { ANSWERED, missing, open, type Pages, PROGRAM } from "./page.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "page.html": `<!doctype html><script type="module" src="page.js"></script>`,
  "blank.html": "<!doctype html>",
  "page.js": PROGRAM,
  "smoke.js": smokeFor("default"),
  "worker.js": `import { smoke } from "./smoke.js"; postMessage(await smoke());`,
};
const IN_WORKER = `new Promise((resolve, reject) => {
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
})`;

const ALL = availableParallelism(); // threads, the caller among them
const CASES: readonly (readonly [name: string, url: string, body: string, describe: RegExp, workers: number])[] = [
  ["a plain page", "plain/page.html", ANSWERED, /-single .* one thread \(.* page is not cross-origin isolated\)/, 0],
  ["an isolated page", "isolated/page.html", ANSWERED, new RegExp(`-threads kernels .* ${ALL} threads`), ALL - 1],
  ["a page that forbids workers", "strict/page.html", ANSWERED, /one thread \(the host lets no worker start/, 0],
  ["a Web Worker", "plain/blank.html", IN_WORKER, /-single kernels/, 1],
  ["a Web Worker of an isolated page", "isolated/blank.html", IN_WORKER, /-threads kernels/, ALL],
];

let pages: Pages;

for (const [name, url, body, describe, workers] of CASES) {
  if (missing !== null) skip(test, `Chromium: ${name}`, missing);
  else test(`Chromium: ${name}`, async () => assert.is(await pages.run(url, body, describe), workers));
}

if (missing === null) {
  test.before(async () => {
    pages = await open(root, TEXTS);
  });
  test.after(() => pages.close());
}
test.run();
