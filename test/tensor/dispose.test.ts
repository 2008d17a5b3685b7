// Lifetimes of single tensors, as the documentation says them.

import { inspect } from "node:util";
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reference } from "../reference/index.ts";

const inUse = (): number => fl.memoryStats().storages;
const test = suite("dispose");

test("disposing gives the memory back; twice is nothing", () => {
  const before = fl.memoryStats();
  const x = fl.tensor([1.5, 2.5]);
  assert.is(fl.memoryStats().storages, before.storages + 1);
  assert.ok(fl.memoryStats().allocated > before.allocated);
  assert.not(x.isDisposed);
  x.dispose();
  x.dispose();
  assert.ok(x.isDisposed);
  assert.is(fl.memoryStats().storages, before.storages);
  assert.is(fl.memoryStats().allocated, before.allocated);
});

test("a view keeps its base's memory", () => {
  const before = inUse();
  const x = fl.tensor([
    [1.5, 2.5],
    [3, 4],
  ]);
  const y = x.transpose(0, 1);
  const z = y.at(0);
  x.dispose();
  assert.equal(z.tolist(), [1.5, 3]);
  z.dispose();
  assert.equal(y.tolist(), [
    [1.5, 3],
    [2.5, 4],
  ]);
  assert.is(inUse() - before, 1);
  y.dispose();
  assert.is(inUse(), before);
});

test("shape, dtype and text outlive the memory", () => {
  const x = fl.tensor([[1.5, 2.5]]);
  x.dispose();
  assert.equal(x.shape, [1, 2]);
  assert.is(x.dtype, "float32");
  assert.is(x.device, "cpu");
  assert.is(x.numel(), 2);
  assert.match(String(x), /disposed/);
  assert.match(inspect(x), /disposed/);
  assert.match(`${x}`, /disposed/);
});

test("every use of the values is a DisposedError that names the operator and the way out", async () => {
  const x = fl.tensor([1.5, 2.5]);
  const y = fl.tensor([1, 1]);
  x.dispose();
  const uses: Record<string, () => unknown> = {
    add: () => x.add(y),
    mul: () => y.mul(x),
    sum: () => x.sum(),
    tolist: () => x.tolist(),
    dataSync: () => x.dataSync(),
    view: () => x.view(2, 1),
    add_: () => x.add_(1),
    clone: () => x.clone(),
    at: () => x.at(0),
  };
  for (const [name, use] of Object.entries(uses)) {
    assert.throws(
      use,
      (e: unknown) =>
        e instanceof fl.DisposedError &&
        e instanceof TypeError &&
        e.message.startsWith(`${name}: `) &&
        e.message.includes("float32[2] was disposed") &&
        /return it from the scope, or s\.keep\(x\)/.test(e.message),
      name,
    );
  }
  const later = await x.data().catch((e: unknown) => e);
  assert.instance(later, fl.DisposedError);
});

test("a pending read keeps what it reads", async () => {
  const x = fl.tensor([1.5, 2.5], { device: "reference" });
  const before = reference.stats().storages;
  const reading = x.data();
  x.dispose();
  assert.is(reference.stats().storages, before - 1);
  assert.equal([...((await reading) as Float32Array)], [1.5, 2.5]);
});

test("a tensor returned from a scope keeps what its own backward needs", () => {
  const w = fl.tensor([2, 3], { requiresGrad: true });
  const y = fl.scope(() => w.mul(w).exp().sum());
  y.backward();
  const expected = [2, 3].map((v) => 2 * v * Math.exp(v * v));
  for (const [i, g] of (w.grad!.tolist() as number[]).entries()) {
    assert.ok(Math.abs(g - expected[i]!) < 1e-3 * expected[i]!, `${g}`);
  }
});

test("a backward that needs what was disposed by hand is a DisposedError", () => {
  const w = fl.tensor([2, 3], { requiresGrad: true });
  const h = w.mul(2);
  const y = h.mul(h).sum();
  h.dispose();
  assert.throws(
    () => y.backward(),
    (e: unknown) =>
      e instanceof fl.DisposedError && /backward: MulBackward0 needs its a, .* disposed by hand/.test(e.message),
  );
  assert.is(w.grad, null);
});

test("what nobody ever saw goes back at once, what was seen does not", () => {
  const w = fl.tensor([2, 3], { requiresGrad: true });
  const h = w.mul(w);
  h.mul(h).sum().backward();
  assert.equal(h.tolist(), [4, 9], "an activation that the program holds is still there");
});

test("the peak is the most that was in use, until it is reset", () => {
  fl.resetPeakMemoryStats();
  const before = fl.memoryStats();
  const size = 1 << 20;
  fl.scope(() => void fl.tensor(new Float32Array(size)));
  const after = fl.memoryStats();
  assert.is(after.allocated, before.allocated);
  assert.ok(after.peak >= before.allocated + 4 * size);
  assert.ok(after.reserved >= after.peak);
  fl.resetPeakMemoryStats();
  assert.is(fl.memoryStats().peak, fl.memoryStats().allocated);
  assert.throws(() => fl.memoryStats("tpu"), /no device "tpu"/);
});

test("as a number, a primitive or JSON a tensor throws with advice", () => {
  const x = fl.tensor([1.5]) as unknown as number;
  for (const use of [() => x + 1, () => x > 0, () => -x, () => x * 2, () => JSON.stringify({ x })]) {
    assert.throws(use, (e: unknown) => e instanceof TypeError && /x\.item\(\)|tolist\(\)/.test(e.message));
  }
  assert.is(`${x}`, "tensor([1.5000])");
});

test.run();
