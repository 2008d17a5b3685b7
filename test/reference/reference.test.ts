// The reference device itself: what it is must be right before it can say what is wrong.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ARITHMETIC } from "./arithmetic.ts";
import { cells } from "./cells.ts";
import { compile } from "./expression.ts";
import { reference } from "./index.ts";

const on = { device: "reference" } as const;
const test = suite("reference device");

test("expressions: precedence, association, functions", () => {
  const real = (text: string): number => compile(text, ARITHMETIC.float)({ x: 3, a: 2, b: -5 }) as number;
  assert.is(real("1 + 2 * x"), 7);
  assert.is(real("-x ** 2"), -9);
  assert.is(real("2 ** 3 ** 2"), 512);
  assert.is(real("10 - 4 - 3"), 3);
  assert.is(real("x > 2 && a < 1 ? 1 : b < 0 ? 2 : 3"), 2);
  assert.is(real("max(a, abs(b)) / (x - 1)"), 2.5);
  assert.is(real("!(x == 3)"), 0);
  assert.is(real("1.5e1 + .5"), 15.5);
  assert.throws(() => real("a +"));
  assert.throws(() => real("a b"));
  assert.throws(() => real("frobnicate(a)"), /frobnicate has no meaning here/);
  assert.is(compile("a * b + 1", ARITHMETIC.integer)({ a: 2n ** 40n, b: 2n ** 20n }), 2n ** 60n + 1n);
  assert.equal(compile("x * x", ARITHMETIC.complex)({ x: { re: 1, im: 2 } }), { re: -3, im: 4 });
});

test("cells: the 16-bit floats round to nearest even", () => {
  const store = (suffix: string, value: number): number => {
    const buffer = new ArrayBuffer(2);
    cells(suffix, buffer, 0).set(0, value);
    return new DataView(buffer).getUint16(0, true);
  };
  // Patterns from IEEE 754: 1, the largest, the first that overflows, the smallest subnormal and its half, a tie.
  const halves = [1, 65504, 65520, 2 ** -24, 2 ** -25, 2049, 2051, -0, Number.POSITIVE_INFINITY];
  assert.equal(
    halves.map((v) => store("f16", v)),
    [0x3c00, 0x7bff, 0x7c00, 1, 0, 0x6800, 0x6802, 0x8000, 0x7c00],
  );
  assert.equal(
    [1, 3.140625, 257, 259, 1e-40].map((v) => store("bf16", v)),
    [0x3f80, 0x4049, 0x4380, 0x4382, 0x0001],
  );
  const buffer = new ArrayBuffer(2);
  for (const suffix of ["f16", "bf16"]) {
    for (let bits = 0; bits < 65536; bits++) {
      new DataView(buffer).setUint16(0, bits, true);
      const cell = cells(suffix, buffer, 0);
      const value = cell.get(0) as number;
      if (Number.isNaN(value)) continue;
      cell.set(0, value);
      assert.is(new DataView(buffer).getUint16(0, true), bits, suffix);
    }
  }
});

test("it answers later, in order", async () => {
  const x = fl.tensor([1, 2, 3], { ...on, dtype: "float32" });
  const y = x.mul(2);
  assert.is(y.device, "reference");
  assert.equal(y.shape, [3]);
  const before = y.data();
  y.add_(1);
  const after = y.data();
  assert.equal([...((await before) as Float32Array)], [2, 4, 6]);
  assert.equal([...((await after) as Float32Array)], [3, 5, 7]);
  assert.throws(() => y.dataSync(), /dataSync: "reference" cannot read without waiting: use `await x\.data\(\)`/);
  assert.throws(() => y.sum().item(), /item: "reference" cannot read without waiting/);
  assert.match(String(y), /<on reference: await x\.data\(\)>/);
});

test("memory that is dropped while steps are queued is there until they are done", async () => {
  const x = fl.tensor([1, 2, 3], { ...on, dtype: "float32" });
  const slow = x.data(); // the queue is busy from here on
  const y = fl.scope(() => x.mul(10).add(1).mul(2));
  x.dispose();
  assert.equal([...((await y.data()) as Float32Array)], [22, 42, 62]);
  assert.equal([...((await slow) as Float32Array)], [1, 2, 3]);
});

test("an operator without a kernel is a host step, in the order of the queue", async () => {
  const steps = (): number => fl.hostSteps.get("neg on reference") ?? 0;
  const before = steps();
  const x = fl.tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { ...on, dtype: "float32" },
  );
  const y = x.permute(1, 0).neg(); // read through strides
  x.mul_(0); // written after the step was launched
  const z = y.add(1);
  assert.equal([...((await z.data()) as Float32Array)], [0, -3, -1, -4, -2, -5]);
  assert.is(steps() - before, 1);
  const scalar = fl.tensor(2.5, on);
  assert.equal([...((await scalar.neg().data()) as Float32Array)], [-2.5]);
});

test("a device of its own has its own statistics", async () => {
  const before = fl.memoryStats("reference");
  fl.scope(() => {
    fl.tensor([1, 2, 3, 4], { ...on, dtype: "float64" });
    assert.is(fl.memoryStats("reference").allocated - before.allocated, 32);
    assert.is(fl.memoryStats("reference").storages - before.storages, 1);
  });
  assert.equal(
    { ...fl.memoryStats("reference"), peak: 0 },
    { ...before, peak: 0 },
    "all that was made in the scope went back",
  );
  assert.ok(reference.launches.size > 0);
});

test("tensors of two devices do not meet", () => {
  const here = fl.tensor([1.5]);
  const there = fl.tensor([1.5], on);
  assert.throws(() => here.add(there), /add: tensors on "cpu" and "reference"/);
});

test("a name is registered once", () => {
  assert.throws(() => fl.registerDevice("reference", () => reference), /"reference" is registered already/);
  assert.ok(fl.devices().includes("reference"));
  assert.throws(() => fl.tensor([1], { device: "tpu" }), /tensor: no device "tpu" here: there is "cpu", "reference"/);
});

test.run();
