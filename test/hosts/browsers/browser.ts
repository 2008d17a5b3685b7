// What the tests ask of a browser, whoever drives it.

import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";

export interface Browser {
  readonly name: string;
  /** How `describe()` calls it. */
  readonly host: string;
  /** Why it cannot be had here; null where it can. */
  readonly missing: string | null;
  start(): Promise<Session>;
}

export interface Session {
  /** Opens the page and waits there for the promise `body`, whose value is data. The page stays until it is closed. */
  visit(url: string, body: string): Promise<Visit>;
  stop(): Promise<void>;
}

export interface Visit {
  readonly answer: unknown;
  /** What the page printed and threw; null where the driver does not tell. */
  readonly said: readonly string[] | null;
  /** How many workers the page has, and they have, now; null where the driver does not tell. */
  workers(): Promise<number | null>;
  close(): Promise<void>;
}

/** Waits until the page has so many workers: one that was told to end is there for a while. */
export async function settle(page: Visit, workers: number): Promise<void> {
  for (const end = Date.now() + 10_000; ; await sleep(50)) {
    const found = await page.workers();
    if (found === null || found === workers) return;
    if (Date.now() > end) assert.is(found, workers, "workers of the page");
  }
}
