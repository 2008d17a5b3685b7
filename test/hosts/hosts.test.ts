// The smoke program in each host that is there. One that is missing is named.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const program = fileURLToPath(new URL("smoke.js", import.meta.url));
const HOSTS: readonly (readonly [name: string, command: string, args: readonly string[], threads: boolean])[] = [
  ["node", process.execPath, [], true],
  [
    "node without shared memory",
    process.execPath,
    ["--import", "data:text/javascript,delete globalThis.SharedArrayBuffer"],
    false,
  ],
  ["bun", "bun", [], true],
  ["deno", "deno", ["run", "--allow-all"], true],
];

for (const [name, command, args, threads] of HOSTS) {
  const { error, stdout, stderr } = spawnSync(command, [...args, program], { encoding: "utf8", timeout: 60_000 });
  if (error !== undefined && (error as { code?: string }).code === "ENOENT") {
    console.log(`skip ${name}: not on the PATH`);
    test.skip(name, () => {});
    continue;
  }
  test(name, () => {
    const answer = JSON.parse(stdout.trim().split("\n").at(-1) || "null");
    assert.ok(answer, `${stdout}\n${stderr}`);
    assert.match(answer.describe, new RegExp(`on ${name.split(" ")[0]} `));
    assert.match(answer.describe, threads ? /-threads kernels/ : /-single kernels/);
    assert.ok(answer.product, "the product");
    assert.ok(answer.last < answer.first / 5, `${answer.first} → ${answer.last}`);
    assert.ok(answer.reloaded, "what was saved and loaded gives the same");
  });
}

test.run();
