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

test("the table of operators runs, with a gradient and a module too", () => {
  const main = fileURLToPath(new URL("../../bench/main.js", import.meta.url));
  const only = "^(F\\.elu|lstm\\()";
  const options = ["--table", "operators", "--only", only, "--rounds", "1", "--ms", "5", "--peers", "nobody"];
  const text = execFileSync(process.execPath, [main, ...options], { encoding: "utf8" });
  assert.match(text, /\nF\.elu\(x\) +[\d.]+ [µm]s +1\.0\nF\.elu\(x\) and its gradients +[\d.]+ [µm]s +1\.0\n/);
  assert.match(text, /\nlstm\(words\) +[\d.]+ [µm]s +1\.0\n/);
});

test("the table of models runs", () => {
  const main = fileURLToPath(new URL("../../bench/main.js", import.meta.url));
  const only = "policy|Q-learning|next token";
  const options = ["--table", "models", "--only", only, "--rounds", "1", "--ms", "5", "--peers", "nobody"];
  const text = execFileSync(process.execPath, [main, ...options], { encoding: "utf8" });
  for (const name of ["a small policy, one state", "Q-learning, .*Adam", ".*the next token after 256"])
    assert.match(text, new RegExp(`\\n${name} +[\\d.]+ [µm]s`));
});

test.run();
