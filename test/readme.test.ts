// The README's example runs as printed, and its loss falls.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = new URL("../../", import.meta.url); // of the project, from build/test

test("the training example of the README", () => {
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(example?.includes("optimizer.step()"));
  // Inside the package, so that it imports it by its name as a user would.
  const file = fileURLToPath(new URL("build/readme-example.mjs", root));
  writeFileSync(file, example!);
  try {
    const printed = execFileSync(process.execPath, [file], { encoding: "utf8" });
    const losses = [...printed.matchAll(/^\d+ ([\d.]+)$/gm)].map((m) => Number(m[1]));
    assert.is(losses.length, 3);
    assert.ok(losses[2]! < losses[0]! / 10, printed);
    assert.match(printed, /\(fc1\): Linear\(in_features=1, out_features=32, bias=True\)/);
    assert.match(printed, /tensor\(\[\[0\.8\d+\]\], grad_fn=<AddmmBackward0>\)/);
  } finally {
    rmSync(file);
  }
});

test.run();
