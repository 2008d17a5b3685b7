// Memory as a whole process sees it: loops that stay flat, a full memory that is said and survived.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { canLimit, run } from "./child.ts";

const test = suite("memory");

/** Writes down the most that was ever in use, as MB. */
const PEAK = "console.log('peak', Math.round(fl.memoryStats().peak / 2 ** 20));";
const peakOf = (output: string): number => Number(/peak (\d+)/.exec(output)?.[1] ?? Number.NaN);

test("a plain loop of 100,000 steps stays flat", async () => {
  const { code, output } = await run(`
    async function* steps() { for (let i = 0; i < 100_000; i++) yield i; }
    const w = fl.tensor([1, 2, 3, 4], { requiresGrad: true });
    const big = new Float32Array(1 << 20);
    for await (const i of steps()) {
      const loss = w.mul(w).sum();
      loss.backward();
      w.grad = null;
      if (i % 200 === 0) fl.tensor(big).add(1); // two of 4 MB that nobody keeps
      if (i % 1000 === 0) await loss.data();
    }
    ${PEAK}
  `);
  assert.is(code, 0, output);
  // 1000 tensors of 4 MB went through.
  assert.ok(peakOf(output) < 1000, output);
});

test("relieve gives back what nobody can reach, and nothing else", async () => {
  const { code, output } = await run(`
    const kept = [];
    for (let i = 0; i < 60; i++) {
      const x = fl.tensor(new Float32Array(1 << 20).fill(i));
      if (i % 10 === 0) kept.push(x);
    }
    const before = fl.memoryStats().allocated / 2 ** 22;
    await fl.relieve();
    const after = fl.memoryStats().allocated / 2 ** 22;
    console.log(Math.round(before), Math.round(after), kept.every((x, i) => x.at(7).item() === 10 * i));
  `);
  assert.is(code, 0, output);
  const [before, after, intact] = output.trim().split("\n").at(-1)!.split(" ");
  assert.ok(Number(before) >= 60, output);
  assert.ok(Number(after) >= 6 && Number(after) <= 31, output);
  assert.is(intact, "true");
});

test("small tensors go back by the cohort", async () => {
  const { code, output } = await run(
    `
    for (let i = 0; i < 6400; i++) fl.tensor([i]);
    const before = fl.memoryStats().storages;
    for (let i = 0; i < 10; i++) { gc(); await new Promise(setImmediate); }
    console.log(before, fl.memoryStats().storages);
    const x = fl.tensor([1.5]).mul(2);
    console.log(x.item());
  `,
    { flags: ["--expose-gc"] },
  );
  assert.is(code, 0, output);
  const [counts, value] = output.trim().split("\n");
  const [before, after] = counts!.split(" ").map(Number);
  assert.ok(before! >= 6400 && after! < 200, output);
  assert.is(value, "3");
});

/** Fills the device's memory, untouched, so that a test takes address space and no pages. */
const FULL = `
  const cpu = (await import(${JSON.stringify(new URL("../../../dist/device/registry.js", import.meta.url).href)})).backendOf("cpu", "test");
  const x = fl.ones([1000]);
  const hoard = [];
  for (const bytes of [64 << 20, 1 << 20, 4096, 64]) {
    try { for (;;) hoard.push(cpu.allocate(bytes)); } catch (e) { if (!(e instanceof fl.OutOfMemoryError)) throw e; }
  }
  console.log("full", Math.round(fl.memoryStats().allocated / 2 ** 30));
`;
const ERRORS = `
  const uses = {
    empty: () => fl.empty([64 << 18]), tensor: () => fl.tensor([1.5]), add: () => x.add(x), exp: () => x.exp(),
    sum: () => x.sum(), sinc_: () => x.sinc_(), reshape: () => x.view(10, 100).t().reshape(1000), clone: () => x.clone(),
  };
  const before = fl.memoryStats();
  for (const [name, use] of Object.entries(uses)) {
    try { use(); console.log(name, "did not throw"); } catch (e) {
      console.log(name, e instanceof fl.OutOfMemoryError && e instanceof RangeError && e.message.startsWith(name + ": "), e.message);
    }
  }
  const after = fl.memoryStats();
  console.log("unchanged", after.allocated === before.allocated && after.storages === before.storages, x.at(3).item());
`;
const GOES_ON = `
  for (const block of hoard.splice(0)) cpu.free(block);
  console.log("goes on", fl.ones([1 << 20]).mul(3).sum().item());
`;

test("more than 32 bits address is refused at once, with what there is", async () => {
  const { output } = await run(`
    for (const n of [2 ** 30, 2 ** 33]) try { fl.empty(n); } catch (e) { console.log(e instanceof fl.OutOfMemoryError, e.message); }
    console.log("goes on", fl.ones(2).sum().item());
  `);
  assert.match(
    output,
    /true empty: cannot allocate 4 GiB on "cpu": there are 4 GiB in all, as much as 32 bits address/,
  );
  assert.match(output, /true empty: cannot allocate 32 GiB on "cpu": there are 4 GiB in all/);
  assert.match(output, /goes on 2/);
});

test("a full memory is an error that names the request, the use and the way out, and the program goes on", async () => {
  const { code, output } = await run(`${FULL}${ERRORS}${GOES_ON}`);
  assert.is(code, 0, output);
  assert.match(output, /full 4/);
  for (const name of ["empty", "tensor", "add", "exp", "sum", "sinc_", "reshape", "clone"]) {
    assert.match(output, new RegExp(`^${name} true `, "m"), output);
  }
  assert.match(output, /empty: cannot allocate 64 MiB on "cpu": 4 GiB of at most 4 GiB are in use by [\d,]+ storages/);
  assert.match(output, /fl\.scope\(\(\) => …\), dispose\(\) what is done with, or await fl\.relieve\(\)/);
  assert.match(output, /unchanged true 1/);
  assert.match(output, /goes on 3145728/);
});

for (const gigabytes of [12, 16]) {
  test(`under a limit of ${gigabytes} GB on its address space a process gets less, and says so`, async () => {
    if (!canLimit) {
      console.log("skip no shell that can limit a process here");
      return;
    }
    const { code, output } = await run(`${FULL}${GOES_ON}`, {
      addressSpace: gigabytes * 1024 * 1024,
      env: { FLAMBEAU_NUM_THREADS: "1" },
    });
    if (/the host gives no WebAssembly memory/.test(output)) {
      // Node 20 reserves 10 GiB for each memory: the error says so.
      assert.match(output, /a limit on the address space\?/);
      console.log(`skip Node gives no WebAssembly memory under ${gigabytes} GB`);
      return;
    }
    assert.is(code, 0, output);
    assert.match(output, /full [0-4]/);
    assert.match(output, /goes on 3145728/);
  });
}

test.run();
