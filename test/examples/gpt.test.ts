import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-gpt-"));
test.after(() => rmSync(folder, { recursive: true }));

test("a short training learns which letters are frequent, draws its curve and writes", () => {
  const script = fileURLToPath(new URL("../../examples/gpt.js", import.meta.url));
  const options = ["--steps", "25", "--letters", "30", "--begin", "Call me", "--out", folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  assert.is(status, 0, stderr);
  const bits = Number(/a letter costs ([\d.]+) bits/.exec(stdout)?.[1]);
  assert.ok(bits < 5, stdout); // 6.2 bits name one of 75 letters, 4.5 know how frequent each is
  assert.match(stdout, /┤/);
  const from = stdout.indexOf("Call me");
  const written = stdout.slice(from, stdout.indexOf(path.join(folder, "report.html"))).slice(0, -2);
  assert.is([...written].length, "Call me".length + 30);
  assert.match(readFileSync(path.join(folder, "report.html"), "utf8"), /<svg/);
});

test.run();
