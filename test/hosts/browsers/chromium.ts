// Chromium, driven by playwright-core.
import { existsSync } from "node:fs";
import { chromium as playwright } from "playwright-core";
import type { Browser, Session } from "./browser.ts";

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = EXECUTABLES.find((file) => existsSync(file));

export const chromium: Browser = {
  name: "Chromium",
  host: "chrome [0-9]+",
  missing: executablePath === undefined ? `none of ${EXECUTABLES.join(", ")}` : null,

  async start(): Promise<Session> {
    // Root needs the flag.
    const browser = await playwright.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    return {
      async visit(url, body) {
        const page = await browser.newPage();
        const said: string[] = [];
        page.on("console", (message) => said.push(message.text()));
        page.on("pageerror", (error) => said.push(String(error)));
        await page.goto(url);
        return {
          answer: await page.evaluate(body),
          said,
          workers: async () => page.workers().length,
          close: () => page.close(),
        };
      },
      stop: () => browser.close(),
    };
  },
};
