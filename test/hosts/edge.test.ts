// The edge worker of examples/edge in workerd.
import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Edge, startEdge } from "../../examples/edge/start.ts";
import { root } from "../house/sources.ts";
import { skip } from "./check.ts";
import { answersAtOnce, megabytesOf, readsDigits, refusesTheRest } from "./service.ts";

const LIMIT_MB = 128; // of an edge worker's memory
const BARE_MB = 60; // of workerd with a thousand connections to a worker that does nothing

const there = spawnSync("workerd", ["--version"]).error === undefined;
const use = (name: string, body: () => Promise<void>): void =>
  there ? test(name, body) : skip(test, name, "no workerd on the PATH");
let edge: Edge;

use("it reads digits", () => readsDigits(edge.url, 100));
use("what is no digit is refused with a reason", () => refusesTheRest(edge.url));

use("a thousand requests at once are answered, again and again, in the same memory", async () => {
  const held: number[] = [];
  for (let round = 0; round < 7; round++) {
    await answersAtOnce(edge.url, 1000);
    const now = megabytesOf(edge.pid);
    if (now === null) return;
    held.push(now);
  }
  // The collector is late or early by some MB: what grows is the least of the end above the most of the beginning.
  const before = Math.max(...held.slice(0, 3));
  const after = Math.min(...held.slice(-2));
  assert.ok(after < before * 1.1 + 4, `${held.join(" → ")} MB`);
  assert.ok(after - BARE_MB < LIMIT_MB, `${after} MB`);
});

if (there) {
  test.before(async () => {
    execFileSync(process.execPath, [path.join(root, "tools/apps.mjs"), "edge"]);
    edge = await startEdge();
  });
  test.after(() => edge.stop());
}
test.run();
