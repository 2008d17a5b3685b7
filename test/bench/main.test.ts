import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("the bench runs without any peer, and says which is missing", () => {
  const main = fileURLToPath(new URL("../../bench/main.js", import.meta.url));
  const options = ["--only", "^(matmul_64|add4)$", "--rounds", "1", "--ms", "5", "--peers", "nobody", "--no-figures"];
  const text = execFileSync(process.execPath, [main, ...options], { encoding: "utf8" });
  assert.match(text, /without nobody on 1 thread/);
  assert.match(text, /matmul_64 +[\d.]+ [µm]s +[\d.]+ GFLOP\/s +\d+ % +1\.0\n/);
  assert.match(text, /add4 +[\d.]+ [nµ]s +0\.2\n/);
});

test.run();
