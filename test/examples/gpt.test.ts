import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("a short training learns which letters are frequent, draws its curve and writes", () => {
  const script = fileURLToPath(new URL("../../examples/gpt.js", import.meta.url));
  const options = ["--steps", "25", "--letters", "30", "--begin", "Call me"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  assert.is(status, 0, stderr);
  const bits = Number(/a letter costs ([\d.]+) bits/.exec(stdout)?.[1]);
  assert.ok(bits < 5, stdout); // 6.2 bits name one of 75 letters, 4.5 know how frequent each is
  assert.match(stdout, /┤/);
  const written = stdout.slice(stdout.indexOf("Call me") + "Call me".length, -1);
  assert.is([...written].length, 30);
});

test.run();
