// No example grows with its steps. In its short form here; FLAMBEAU_STEPS=10000 takes that many steps of each, and says what it saw.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Sample } from "./watch.ts";

const STEPS = Number(process.env.FLAMBEAU_STEPS ?? 0);
const BATCH = 128;
/** How each is told to take about n steps, and how many are enough to see. */
const EXAMPLES: Readonly<Record<string, readonly [short: number, options: (n: number) => readonly string[]]>> = {
  gpt: [30, (n) => ["--steps", `${n}`, "--letters", "1"]],
  lstm: [100, (n) => ["--steps", `${n}`]],
  mnist: [100, (n) => ["--epochs", `${n / 50}`, "--limit", `${50 * BATCH}`]],
  pretrained: [100, (n) => ["--steps", `${n}`]],
  vae: [100, (n) => ["--epochs", `${n / 50}`, "--limit", `${50 * BATCH}`]],
};
/** Above this much unused memory the DataLoader has the collector look; below, a loop over it may fill up at first. */
const WATERMARK = 256;
const SLACK = 1.1;

for (const [name, [short, options]] of Object.entries(EXAMPLES)) {
  test(name, async () => {
    const samples = await watch(name, STEPS || short, options);
    const half = samples.findIndex(({ step }) => step > samples.at(-1)!.step / 2);
    const most = (key: keyof Sample, of: readonly Sample[]): number => Math.max(...of.map((sample) => sample[key]));
    const seen = (of: readonly Sample[]): string =>
      (["rss", "heap", "tensors", "storages"] as const).map((key) => `${key} ${Math.round(most(key, of))}`).join(", ");
    const [early, late] = [samples.slice(0, half), samples.slice(half)];
    const said = `${name}, ${samples.at(-1)!.step} steps: at most ${seen(early)} in the first half, ${seen(late)} in the second`;
    if (STEPS > 0) console.log(said);
    for (const [key, floor] of [
      ["tensors", WATERMARK + 64],
      ["rss", 3 * WATERMARK],
      ["heap", 96],
    ] as const) {
      assert.ok(most(key, late) <= Math.max(floor, SLACK * most(key, early)), said);
    }
  });
}
test.run();

async function watch(name: string, steps: number, options: (n: number) => readonly string[]): Promise<Sample[]> {
  const out = mkdtempSync(path.join(tmpdir(), `flambeau-${name}-`));
  try {
    const script = fileURLToPath(new URL("watch.js", import.meta.url));
    const args = ["--expose-gc", script, name, `${steps}`, ...options(steps), "--out", out];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Sample[];
  } finally {
    rmSync(out, { recursive: true });
  }
}
