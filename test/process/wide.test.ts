// The wide kernels as a process sees them: when they come, that no number depends on it, and that V8 is left as it was.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { run } from "./child.ts";

const test = suite("wide kernels of a process");

const WIDE = /vectors of 256 bits$/m;
const reason = whyNot();
if (reason === "") {
  test("they come by themselves, to all threads, and no bit depends on when", async () => {
    const { code, output } = await run(
      `
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      fl.manualSeed(0);
      const [a, b] = [fl.randn(150, 200), fl.randn(200, 170)];
      const once = () => fl.scope(() => {
        const y = fl.nn.functional.gelu(a.matmul(b));
        return [...fl.cat([y, y.softmax(1), y.tanh()]).dataSync()];
      });
      const first = once();
      let rounds = 0;
      let wrong = 0;
      for (; !fl.backends.cpu.describe().endsWith("bits") && rounds < 4000; rounds++) {
        const now = once();
        if (!now.every((x, i) => Object.is(x, first[i]))) wrong++;
        if (rounds % 20 === 0) await wait(0);
      }
      console.log("rounds", rounds < 4000, "wrong", wrong);
      console.log(fl.backends.cpu.describe());
      let later = 0;
      for (let i = 0; i < 50; i++) {
        const now = once();
        if (!now.every((x, i) => Object.is(x, first[i]))) later++;
      }
      console.log("later", later, "threads", fl.getNumThreads());
      `,
      { env: { FLAMBEAU_WIDE: "", FLAMBEAU_NUM_THREADS: "3" } },
    );
    assert.is(code, 0, output);
    assert.match(output, /rounds true wrong 0/);
    assert.match(output, WIDE);
    assert.match(output, /later 0 threads 3/);
  });

  test("FLAMBEAU_WIDE=1: from the first launch on; V8 pairs nothing of others", async () => {
    const { code, output } = await run(
      `
      console.log("sum", fl.ones(4).add(1).sum().item());
      console.log(fl.backends.cpu.describe());
      console.log("MARK");
      const { readFileSync } = await import("node:fs");
      const file = ${JSON.stringify(new URL("../../../dist/wasm/wide-threads.wasm", import.meta.url).pathname)};
      const other = Uint8Array.from([...readFileSync(file), 0, 2, 1, 120]); // V8 knows a module again by its bytes
      const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
      const { probe } = new WebAssembly.Instance(new WebAssembly.Module(other), { env: { memory, abort() {} } }).exports;
      for (let i = 0; i < 200; i++) probe(100_000, 1); // hot enough for the optimizing compiler
      `,
      { env: { FLAMBEAU_WIDE: "1" }, flags: ["--trace-wasm-revectorize"] },
    );
    assert.is(code, 0, output.slice(-2000));
    assert.match(output, /sum 8/);
    assert.match(output, WIDE);
    const [before = "", after = ""] = output.split("MARK");
    assert.match(before, /revec function/);
    assert.not.match(after, /revec function/);
  });

  test("FLAMBEAU_WIDE=0: never", async () => {
    const { code, output } = await run(
      `
      const a = fl.ones(256, 256);
      const until = performance.now() + 4000;
      while (performance.now() < until) fl.scope(() => void a.matmul(a));
      console.log(fl.backends.cpu.describe());
      `,
      { env: { FLAMBEAU_WIDE: "0" } },
    );
    assert.is(code, 0, output);
    assert.not.match(output, /256 bits/);
  });
} else {
  console.log(`skip wide kernels: ${reason}`);
  test.skip(`wide kernels: ${reason}`);
}

function whyNot(): string {
  if (process.arch !== "x64") return "this processor has vectors of 128 bits";
  if (Number.parseInt(process.versions.node, 10) < 24) return "this Node's V8 does not pair vectors";
  let flags = "";
  try {
    flags = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "this system does not say what its processor can do";
  }
  return /\bavx2\b/.test(flags) && /\bfma\b/.test(flags) ? "" : "this processor has no AVX2";
}

test.run();
