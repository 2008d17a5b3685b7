// Threads and hosts as a whole process sees them: its environment, its end, a lost worker, no shared memory.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LIBRARY, run } from "./child.ts";

const test = suite("threads of a process");

/** No thread but the pool's. */
const POOL_ALONE = { FLAMBEAU_WIDE: "0" };

/** Work for all threads, until the workers have arrived. */
const WORK = `
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const big = fl.ones([1 << 20]);
  for (let i = 0; i < 5; i++) { big.neg().dispose(); await wait(60); }
`;

test("a process with live workers ends by itself, at once", async () => {
  const { code, output, seconds } = await run(`
    fl.setNumThreads(3);
    ${WORK}
    console.log("sum", big.sum().item());
  `);
  assert.is(code, 0, output);
  assert.match(output, /sum 1048576/);
  assert.ok(seconds < 20, `${seconds} s`);
});

test("FLAMBEAU_NUM_THREADS says how many; setNumThreads says otherwise", async () => {
  const { output } = await run(
    "console.log(fl.getNumThreads()); fl.setNumThreads(1); console.log(fl.getNumThreads(), fl.backends.cpu.describe());",
    { env: { FLAMBEAU_NUM_THREADS: "3" } },
  );
  assert.match(output, /^3\n1 cpu: (simd|relaxed)-threads kernels on node [\d.]+, 1 threads?/);
});

test("nonsense there is one warning and the default", async () => {
  for (const value of ["many", "-1", "0", "2.5", "NaN"]) {
    const { code, output } = await run(
      "fl.tensor([1]); fl.tensor([2]); console.log('threads', fl.getNumThreads() >= 1);",
      { env: { FLAMBEAU_NUM_THREADS: value } },
    );
    assert.is(code, 0, output);
    assert.is(output.split("FLAMBEAU_NUM_THREADS is").length, 2, `one warning: ${output}`);
    assert.match(output, /threads true/);
  }
});

test("setNumThreads refuses what is no positive integer", async () => {
  const { output } = await run(`
    for (const n of [0, -1, 1.5, "2", null, NaN]) {
      try { fl.setNumThreads(n); console.log("took", n); } catch (e) { console.log(e instanceof RangeError || e instanceof TypeError, e.message); }
    }
  `);
  const lines = output.trim().split("\n");
  assert.is(lines.length, 6, output);
  for (const line of lines) assert.match(line, /^true setNumThreads: expected a positive integer, got/);
});

test("without SharedArrayBuffer the single build runs, without a word", async () => {
  const { code, output } = await run(
    `
    delete globalThis.SharedArrayBuffer;
    const fl = await import(${JSON.stringify(LIBRARY)});
    fl.setNumThreads(4);
    console.log(fl.getNumThreads(), fl.ones([1 << 20]).sum().item(), fl.backends.cpu.describe());
  `,
    { bare: true },
  );
  assert.is(code, 0, output);
  assert.match(
    output,
    /^1 1048576 cpu: (simd|relaxed)-single kernels on node [\d.]+, one thread \(no SharedArrayBuffer here\)/,
  );
});

test("a worker that dies is noticed, said once, and the work is done without it", async () => {
  const { code, output } = await run(
    `
    // The library's workers, within reach.
    const { createRequire, syncBuiltinESMExports } = await import("node:module");
    const threads = createRequire(import.meta.url)("node:worker_threads");
    const made = [];
    const { Worker } = threads;
    threads.Worker = class extends Worker { constructor(...args) { super(...args); made.push(this); } };
    syncBuiltinESMExports();
    const fl = await import(${JSON.stringify(LIBRARY)});
    fl.setNumThreads(3);
    ${WORK}
    await made[0].terminate();
    await wait(50);
    for (let i = 0; i < 20; i++) fl.scope(() => void big.mul(2).add(1));
    console.log("workers", made.length, "threads", fl.getNumThreads(), big.mul(2).sum().item());
    await wait(50);
    console.log("after", fl.matmul(fl.ones([300, 300]), fl.ones([300, 300])).sum().item());
  `,
    { bare: true, env: POOL_ALONE },
  );
  assert.is(code, 0, output);
  assert.match(output, /workers 2 threads 1 2097152/);
  assert.match(output, /after 27000000/);
  assert.is(output.split("a worker thread was lost").length, 2, output);
});

/** A program whose workers take a chunk and then `fate`. They are within reach, and take their text from here. */
const falling = (fate: string) => `
  const { createRequire, syncBuiltinESMExports } = await import("node:module");
  const threads = createRequire(import.meta.url)("node:worker_threads");
  const { Worker } = threads;
  const TAKE = \`
    const claim = new BigInt64Array(memory.buffer, 8192 + 64, 1); // the worker's own lane
    Atomics.add(cells, 80, 1); // ready
    for (;;) {
      const before = Atomics.load(claim, 0);
      if ((before & 0xffffn) >= ((before >> 16n) & 0xffffn)) continue; // all its chunks are taken
      if (Atomics.compareExchange(claim, 0, before, before + 1n) === before) break;
    }
    ${fate}\`;
  threads.Worker = class extends Worker {
    constructor(text, options) {
      super(text.replace("on = work(calls);", TAKE), options);
      cells = new Int32Array(options.workerData.memory.buffer);
    }
  };
  let cells;
  syncBuiltinESMExports();
  const fl = await import(${JSON.stringify(LIBRARY)});
  fl.setNumThreads(2);
  const big = fl.ones([1 << 22]);
  fl.neg(big);
  while (cells[80] === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const started = performance.now();
  try {
    for (let i = 0; i < 1000; i++) big.mul_(1);
    console.log("nothing was lost");
  } catch (error) { console.log(error.message, Math.round(performance.now() - started)); }
  console.log("threads", fl.getNumThreads(), fl.ones([1 << 22]).mul(2).sum().item());
`;

test("a worker that falls in the midst of an operation fails that one at once, and nothing is done twice", async () => {
  const { code, output } = await run(falling("throw new Error('fallen')"), { bare: true, env: POOL_ALONE });
  assert.is(code, 0, output);
  const [, milliseconds] = /lost in the midst of mul_f32: .* not to be trusted.* (\d+)$/m.exec(output) ?? [];
  assert.ok(Number(milliseconds) < 3000, output);
  assert.match(output, /threads 1 8388608/);
});

test("one that is ended from outside is waited for no longer than some seconds", async () => {
  const { code, output } = await run(falling("return;"), { bare: true, env: POOL_ALONE });
  assert.is(code, 0, output);
  const [, milliseconds] = /lost in the midst of mul_f32: .* (\d+)$/m.exec(output) ?? [];
  assert.ok(Number(milliseconds) >= 5000 && Number(milliseconds) < 20_000, output);
  assert.match(output, /threads 1 8388608/);
});

test("several workers use the library at once, each its own", async () => {
  const { code, output } = await run(`
    const { Worker } = await import("node:worker_threads");
    const task = \`
      import(${JSON.stringify(LIBRARY)}).then(async (fl) => {
        const { parentPort, workerData: n } = await import("node:worker_threads");
        let sum = 0;
        for (let i = 0; i < 30; i++) {
          sum += fl.scope(() => fl.ones(200, 200).mul(n).matmul(fl.ones(200, 200)).mean().item());
          await null;
        }
        parentPort.postMessage(sum);
      })\`;
    const sums = await Promise.all([1, 2, 3].map((n) => new Promise((resolve, reject) => {
      const worker = new Worker(task, { eval: true, workerData: n });
      worker.on("message", resolve).on("error", reject);
    })));
    console.log("sums", sums.join(" "), fl.ones(2).sum().item());
  `);
  assert.is(code, 0, output);
  assert.match(output, /sums 6000 12000 18000 2/);
});

test("two copies of the library live side by side and do not mix", async () => {
  const { code, output } = await run(`
    const other = await import(${JSON.stringify(new URL("index.js?second", LIBRARY).href)});
    // A query makes another root; its parts are shared. A true second copy is another folder.
    const { cpSync, mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const { fileURLToPath, pathToFileURL } = await import("node:url");
    const path = await import("node:path");
    const home = path.dirname(fileURLToPath(${JSON.stringify(LIBRARY)}));
    const folder = mkdtempSync(path.join(tmpdir(), "flambeau-"));
    try {
      cpSync(home, folder, { recursive: true });
      cpSync(path.join(home, "../package.json"), path.join(folder, "package.json"));
      const copy = await import(pathToFileURL(path.join(folder, "entry.node.js")).href);
      const [a, b] = [fl.tensor([1.5, 2]), copy.tensor([3, 4.5])];
      console.log("each", a.add(a).tolist().join(), b.mul(b).tolist().join(), other.tensor([1]).add(1).item());
      for (const mix of [() => a.add(b), () => fl.add(b, a), () => b.sub(a)]) {
        try { mix(); console.log("mixed"); } catch (e) { console.log(e instanceof TypeError, e.message); }
      }
    } finally { rmSync(folder, { recursive: true }); }
  `);
  assert.is(code, 0, output);
  assert.match(output, /each 3,4 9,20.25 2/);
  const lines = output.trim().split("\n").slice(1);
  assert.is(lines.length, 3, output);
  for (const line of lines) assert.match(line, /^true (add|sub): .*another copy of flambeau/);
});

test("many small jobs while workers come and go give what one thread gives", async () => {
  const { code, output } = await run(
    `
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const n = 50_000; // three chunks or so: most of a job is its beginning and its end
    const x = fl.tensor(Float32Array.from({ length: n }, (_, i) => (i * 37) % 101));
    const y = fl.tensor(Float32Array.from({ length: n }, (_, i) => (i * 53) % 97));
    fl.setNumThreads(1);
    const expected = x.mul(y).add(x).dataSync();
    let wrong = 0;
    for (let round = 0; round < 60; round++) {
      fl.setNumThreads(1 + ((round * 7) % 4)); // workers start late, in the midst of the jobs
      for (let i = 0; i < 50; i++) {
        fl.scope(() => {
          const z = x.mul(y).add(x);
          if (i % 10 !== 0) return;
          const got = z.dataSync();
          for (let k = 0; k < n; k += 7) if (got[k] !== expected[k]) wrong++;
          z.fill_(-1);
        });
      }
      if (round % 5 === 0) await wait(2); // sleeping workers, spinning ones
    }
    console.log("wrong", wrong);
  `,
    { seconds: 90 },
  );
  assert.is(code, 0, output);
  assert.match(output, /wrong 0/);
});

test.run();
