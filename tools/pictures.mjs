// Takes the README's pictures of examples/web (docs/pictures) and draws the icons that an installed page needs, in Chromium.
//
//   npm run build && node tools/apps.mjs web && node tools/pictures.mjs
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, devices } from "playwright-core";
import { siteServer } from "../build/examples/web/serve.js";
import { draw, STROKES } from "../build/test/hosts/digits.js";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const pictures = path.join(root, "docs/pictures");
const icons = path.join(root, "examples/web/icons");
const WIDE = { viewport: { width: 1120, height: 900 } };
const VIEWS = [
  ["web-light", 3, { ...WIDE, colorScheme: "light" }],
  ["web-dark", 8, { ...WIDE, colorScheme: "dark" }],
  ["web-phone", 2, { ...devices["Pixel 7"], deviceScaleFactor: 1, colorScheme: "light" }],
];

mkdirSync(pictures, { recursive: true });
const server = siteServer(path.join(root, "build/web"));
await new Promise((resolve) => void server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

for (const [name, digit, view] of VIEWS) {
  const page = await browser.newPage(view);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.locator("#train:enabled").waitFor();
  await draw(page, STROKES[digit]);
  await page.selectOption("#images", "10000");
  await page.selectOption("#epochs", "2");
  await page.click("#train");
  // In the midst of it.
  await page.waitForFunction(() => document.querySelector("progress").value > 0.72, null, { timeout: 120_000 });
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.move(0, 0);
  await take(page, path.join(pictures, `${name}.png`));
  await page.close();
}

// Full-bleed squares: the system cuts them to its own shape.
const icon = readFileSync(path.join(icons, "icon.svg"), "utf8").replace(' rx="14"', "");
for (const size of [192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body { margin: 0 } svg { display: block; width: 100vw }</style>${icon}`);
  await take(page, path.join(icons, `icon-${size}.png`));
  await page.close();
}
await browser.close();
server.close();

async function take(page, file) {
  await page.screenshot({ path: file, fullPage: true });
  try {
    execFileSync("pngquant", ["--force", "--quality", "80-98", "--speed", "1", "--output", file, file]);
  } catch {
    console.log("pngquant is not there: the file is larger than it need be");
  }
  console.log(`${path.relative(root, file)}  ${(statSync(file).size / 1000).toFixed(0)} kB`);
}
