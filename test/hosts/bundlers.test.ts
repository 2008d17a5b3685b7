// The smoke program through each bundler that is there, with its defaults, and then in Chromium: the library is installed
// in an app of two files, and the bundle alone is served.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../house/sources.ts";
import { type Session, settle } from "./browsers/browser.ts";
import { chromium } from "./browsers/chromium.ts";
import { check, note, skip } from "./check.ts";
import { ANSWERED, PROGRAM, type Server, serve } from "./pages.ts";
import type { Answer } from "./smoke.ts";

const PAGE = `<!doctype html><script type="module" src="page.js"></script>`;
/** They write into a folder of their name: page.js, or with a page that they make themselves. */
const BUNDLERS: Readonly<Record<string, string>> = {
  // What esbuild makes without a format is a classic script, which cannot wait for the kernels.
  esbuild: "esbuild page.js --bundle --format=esm --outdir=esbuild",
  bun: "bun build page.js --outdir=bun",
  deno: "deno bundle --platform browser --code-splitting --outdir deno page.js",
  rollup: "rollup page.js --plugin node-resolve --dir rollup",
  webpack: "webpack --mode production --entry ./page.js --output-path webpack --output-filename page.js",
  vite: "vite build --outDir vite --base ./",
};

const app = mkdtempSync(path.join(tmpdir(), "flambeau-app-"));
mkdirSync(path.join(app, "node_modules"));
symlinkSync(root, path.join(app, "node_modules/flambeau"));
copyFileSync(fileURLToPath(new URL("smoke.js", import.meta.url)), path.join(app, "smoke.js"));
writeFileSync(path.join(app, "page.js"), PROGRAM);
writeFileSync(path.join(app, "index.html"), PAGE);
writeFileSync(path.join(app, "package.json"), `{ "type": "module" }`);
let server: Server;
let session: Session;

for (const [name, line] of Object.entries(BUNDLERS)) {
  const [command, ...args] = line.split(" ") as [string, ...string[]];
  const there = spawnSync(command, ["--version"], { encoding: "utf8" }).error === undefined;
  if (chromium.missing !== null || !there) {
    skip(test, `${name} → Chromium`, chromium.missing ?? "not on the PATH");
    continue;
  }
  test(`${name} → Chromium`, async () => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: app, encoding: "utf8", timeout: 120_000 });
    assert.is(status, 0, `${stdout}\n${stderr}`);
    const threads = availableParallelism();
    const describe = new RegExp(`-threads kernels .* ${threads} threads`);
    const page = name === "vite" ? "index.html" : "page.html";
    const visited = await session.visit(`${server.url}/isolated/${name}/${page}`, ANSWERED);
    check(visited.answer as Answer, chromium.host, describe, visited.said?.join("\n"));
    note(name, "a bundle", visited.answer as Answer);
    await settle(visited, threads - 1);
    await visited.close();
  });
}

if (chromium.missing === null) {
  test.before(async () => {
    server = await serve(app, Object.fromEntries(Object.keys(BUNDLERS).map((name) => [`${name}/page.html`, PAGE])));
    session = await chromium.start();
  });
  test.after(async () => {
    await session.stop();
    server.close();
  });
}
test.after(() => rmSync(app, { recursive: true }));
test.run();
