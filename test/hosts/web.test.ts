// The page of examples/web in Chromium, by mouse and keyboard, with the network and without; and in short in other browsers.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import * as fl from "flambeau";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { siteServer } from "../../examples/web/serve.ts";
import { root } from "../house/sources.ts";
import { firefox } from "./browsers/firefox.ts";
import { webkit } from "./browsers/webkit.ts";
import { skip } from "./check.ts";
import { draw, STROKES } from "./digits.ts";

const executablePath = "/usr/bin/chromium";
const site = path.join(root, "build/web");
const SLOW = 60_000; // of a machine that has much else to do

let browser: Browser;
let context: BrowserContext;
let page: Page;
let server: Server;
let address: string;
const said: string[] = [];

/** Serves the site at the same address as before, with headers or without. */
async function serve(headers?: Record<string, string>): Promise<void> {
  server = siteServer(site, headers);
  const port = address === undefined ? 0 : Number(new URL(address).port);
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function stopServing(): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}

async function visit(): Promise<void> {
  await page.goto(address);
  await page.locator("#train:enabled").waitFor();
}

const text = (id: string): Promise<string> => page.locator(`#${id}`).textContent().then(String);
/** Looked at in each frame: a short training is over within the half second that a locator lets pass between two looks. */
const shows = (id: string, what: RegExp): Promise<unknown> =>
  page.waitForFunction(
    ([id, what]) => new RegExp(what!).test(document.getElementById(id!)?.textContent ?? ""),
    [id, what.source],
    { timeout: SLOW, polling: "raf" },
  );

async function recognises(digit: number): Promise<void> {
  await draw(page, STROKES[digit]!);
  await shows("sentence", new RegExp(`a ${digit}: `)).catch(async () => {
    assert.unreachable(`a drawn ${digit}: ${await text("sentence")}`);
  });
  await page.click("#clear");
  await shows("sentence", /Nothing/);
}

const use = existsSync(executablePath)
  ? (name: string, body: () => Promise<void>) => test(name, body)
  : (name: string) => skip(test, name, `no ${executablePath}`);

use("the first visit: threads, weights that know nothing, and all is put by", async () => {
  await visit();
  assert.match((await page.getAttribute("#about", "title"))!, /-threads kernels/);
  await shows("origin", /untrained/);
  await page.locator("#offline").waitFor();
});

use("it trains, with progress and a curve, while it reads what is drawn", async () => {
  await page.selectOption("#images", "2000");
  await page.selectOption("#epochs", "2");
  await draw(page, STROKES[1]!);
  await page.click("#train");
  await shows("status", /Step \d+ of 64/);
  assert.is(await page.locator("#save").isDisabled(), true);
  await shows("status", /^Done/);
  assert.is(
    await page
      .locator("#plot svg path")
      .count()
      .then((n) => n > 2),
    true,
  );
  assert.ok(Number.parseFloat(await text("accuracy")) > 85, await text("accuracy"));
  assert.match(await text("sentence"), /a 1: /);
  await page.click("#clear");
});

let saved: Buffer;
use("it saves weights that the library reads elsewhere", async () => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  assert.is(download.suggestedFilename(), "digits.safetensors");
  saved = readFileSync(await download.path());
  assert.equal(fl.safetensors.load(saved)["conv1.weight"]!.shape, [6, 1, 5, 5]);
});

use("stopped, it stops; started over, it knows nothing; from the file, it knows again", async () => {
  const before = await text("accuracy");
  await page.selectOption("#images", "20000"); // long enough to be stopped
  await page.click("#train");
  await shows("status", /Step [2-9]/);
  await page.click("#train");
  await shows("status", /^Done/);
  await page.click("#fresh");
  await shows("origin", /untrained/);
  await page.setInputFiles("#file", { name: "mine.safetensors", mimeType: "", buffer: saved });
  await shows("origin", /mine\.safetensors/);
  await shows("accuracy", /\d/);
  assert.is(await text("accuracy"), before);
});

use("a file that is none is refused with a reason, and nothing changes", async () => {
  await page.setInputFiles("#file", { name: "none", mimeType: "", buffer: Buffer.from("no safetensors file") });
  await shows("failure", /header/);
  await shows("origin", /mine\.safetensors/);
});

use("with the pretrained weights it reads what the mouse draws", async () => {
  await page.click("#pretrained");
  await shows("origin", /pretrained/);
  await shows("accuracy", /99/);
  for (const digit of Object.keys(STROKES)) await recognises(Number(digit));
});

use("… and what the arrow keys draw; each stroke can be taken back", async () => {
  await page.focus("#pad");
  await page.keyboard.press("Space");
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowDown");
  await shows("sentence", /a 1: /);
  await page.keyboard.press("Backspace");
  await shows("sentence", /Nothing/);
});

use("a digit of the test set can be put on the sheet", async () => {
  await page.locator("#samples button").first().click();
  await shows("sentence", /a 7: /);
  await page.click("#undo");
  await shows("sentence", /Nothing/);
});

use("without a server and a network it opens again, with its weights, reads and trains", async () => {
  await stopServing();
  await context.setOffline(true);
  await page.reload();
  await page.locator("#train:enabled").waitFor();
  assert.match((await page.getAttribute("#about", "title"))!, /-threads kernels/);
  await shows("origin", /pretrained/);
  await recognises(2);
  await page.selectOption("#images", "2000");
  await page.selectOption("#epochs", "1");
  await page.click("#train");
  await shows("status", /^Done/);
  await context.setOffline(false);
});

use("from a server that sets no headers: one thread at first, then the service worker sets them", async () => {
  await context.close();
  await serve({});
  await open();
  await visit();
  assert.match((await page.getAttribute("#about", "title"))!, /one thread/);
  await page.locator("#offline").waitFor();
  await visit();
  assert.match((await page.getAttribute("#about", "title"))!, /-threads kernels/);
});

use("nothing was complained of", async () => {
  assert.equal(said, []);
});

/** What a person does first, by the page's own means: weights, a digit on the sheet, a training. */
const TRIED = `(async () => {
  const at = (id) => document.getElementById(id);
  const shows = async (id, what) => {
    for (const end = Date.now() + ${SLOW}; !what.test(at(id).textContent); ) {
      if (Date.now() > end) throw new Error(id + " shows " + at(id).textContent + at("failure").textContent);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await shows("about", /thread/);
  at("pretrained").click();
  await shows("origin", /pretrained/);
  at("samples").children[0].click();
  await shows("sentence", /a 7: /);
  at("images").value = "2000";
  at("epochs").value = "1";
  at("train").click();
  await shows("status", /^Done/);
  return at("score").textContent;
})()`;

for (const other of [firefox, webkit]) {
  if (other.missing !== null) skip(test, `the page in ${other.name}`, other.missing);
  else {
    test(`the page in ${other.name}: it reads and trains`, async () => {
      const session = await other.start();
      try {
        const { answer, said } = await session.visit(address, TRIED);
        assert.match(String(answer), /^(39|40) of 40 right/);
        assert.equal(said ?? [], []);
      } finally {
        await session.stop();
      }
    });
  }
}

async function open(): Promise<void> {
  context = await browser.newContext();
  page = await context.newPage();
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") said.push(message.text());
  });
}

test.before(async () => {
  execFileSync(process.execPath, [path.join(root, "tools/apps.mjs"), "web"]);
  await serve();
});
test.after(stopServing);
if (existsSync(executablePath)) {
  test.before(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] }); // which root needs
    await open();
  });
  test.after(() => browser.close());
}
test.run();
