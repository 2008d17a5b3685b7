import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-pretrained-"));
test.after(() => rmSync(folder, { recursive: true }));

test("PyTorch's net gives PyTorch's outputs, learns something new, and comes back from its file", () => {
  const script = fileURLToPath(new URL("../../examples/pretrained.js", import.meta.url));
  const text = execFileSync(process.execPath, [script, "--steps", "40", "--out", folder], { encoding: "utf8" });
  assert.ok(Number(/differ by (\S+) at most/.exec(text)?.[1]) < 2e-5, text);
  const [upright, before, after, again] = [...text.matchAll(/([\d.]+) %$/gm)].map((m) => Number(m[1]));
  assert.ok(upright! > 95, text);
  assert.ok(after! > before! + 20, text);
  assert.is(again, after);
});

test.run();
