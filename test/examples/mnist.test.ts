import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const script = fileURLToPath(new URL("../../examples/mnist.js", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "flambeau-mnist-"));
test.after(() => rmSync(folder, { recursive: true }));

/** The main job on few digits; stopped by SIGINT as soon as it has printed `until`. */
function run(out: string, until?: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const options = ["--limit", "2000", "--epochs", "2", "--seed", "3", "--out", path.join(folder, out)];
    const child = spawn(process.execPath, [script, ...options]);
    let text = "";
    let stopped = false;
    const read = (chunk: Buffer): void => {
      text += chunk;
      if (until !== undefined && !stopped && text.includes(until)) stopped = child.kill("SIGINT");
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, text }));
  });
}

const accuracy = (text: string): number => Number(/([\d.]+) % of 2,000 test digits/.exec(text)?.[1]);
const model = (out: string): Buffer => readFileSync(path.join(folder, out, "model.safetensors"));

test("the main job learns, saves a model that reloads to the same accuracy, and writes its report", async () => {
  const { code, text } = await run("whole");
  assert.is(code, 0, text);
  assert.ok(accuracy(text) > 70, text);
  assert.match(text, /loaded into a fresh model, has the same/);
  assert.match(readFileSync(path.join(folder, "whole/report.html"), "utf8"), /<svg/);
});

test("interrupted and started again, it ends with the very same weights", async () => {
  const first = await run("parts", "epoch 1 ");
  assert.is(first.code, 130, first.text);
  assert.match(first.text, /stopped in epoch 2/);
  const second = await run("parts");
  assert.is(second.code, 0, second.text);
  assert.match(second.text, /resumed in epoch 2/);
  assert.ok(model("parts").equals(model("whole")), "the weights differ");
});

test.run();
