// Runs the compiled tests (build/test/**/*.test.js), each file in its own process so that none disturbs another, and
// prints the failures and, last, `N passed, N failed, N skipped`. Arguments are parts of file names to run alone.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, "build/test");
const wanted = process.argv.slice(2);
const queue = readdirSync(folder, { recursive: true })
  .filter((f) => f.endsWith(".test.js") && (wanted.length === 0 || wanted.some((w) => f.includes(w))))
  .sort();
const totals = { passed: 0, failed: 0, skipped: 0 };
// Node 20 can hang as it ends, its compiler thread waiting for a collection that comes no more: a process that has printed
// its totals is given some seconds, and one that prints none is not waited for till the end of days.
const TO_END_MS = 20_000;
const TO_RUN_MS = 600_000;
const DONE = /^ *Duration: .*\n/m; // the last line that uvu prints

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);

async function lane() {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file);
}

function runFile(file) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, ["--enable-source-maps", path.join(folder, file)], {
      cwd: root,
      // Tests look inside: they need the package as the modules that it was written in.
      env: { ...process.env, FORCE_COLOR: "0", NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} -C modules` },
    });
    let output = "";
    let hung = "";
    const end = (why) => {
      hung = why;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(end, TO_RUN_MS, `it ran for ${TO_RUN_MS / 1000} s`);
    child.stdout.on("data", (d) => {
      output += d;
      if (!DONE.test(output)) return;
      clearTimeout(timer);
      timer = setTimeout(end, TO_END_MS, "its tests were done, but it did not end");
    });
    child.stderr.on("data", (d) => {
      output += d;
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      // uvu closes with `Total: n`, `Passed: n`, `Skipped: n`.
      const count = (word) => Number(new RegExp(`${word}:\\s+(\\d+)`).exec(output)?.[1] ?? 0);
      const passed = count("Passed");
      const failed = Math.max(count("Total") - passed, code === 0 || (hung !== "" && DONE.test(output)) ? 0 : 1);
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += count("Skipped");
      const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
      console.log(`${failed > 0 ? "FAIL" : "ok  "} ${file.replace(/\.js$/, "")} ${passed} in ${took}`);
      if (hung !== "") console.log(`     ended from outside: ${hung}`);
      for (const line of output.split("\n")) if (/^skip /.test(line)) console.log(`     ${line}`);
      if (failed > 0) console.log(output);
      resolve();
    });
  });
}
