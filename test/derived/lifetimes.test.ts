// What an operator leaves behind: its results and nothing else.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Sample } from "#src/op/types";
import type { Tensor } from "#src/tensor/tensor";
import "../reference/index.ts";
import { listOf } from "./compare.ts";
import { type Entry, entries, isInPlace, make, tensorsIn } from "./walk.ts";

const seeded = fl as unknown as { manualSeed?: (seed: number) => void };

function call({ f }: Entry, args: unknown[]): Tensor[] {
  seeded.manualSeed?.(1);
  return listOf(f(...args));
}

function runs(entry: Entry, sample: Sample): boolean {
  try {
    call(entry, make(sample));
    return true;
  } catch {
    return false;
  }
}

const storagesOf = (tensors: Tensor[]): number => new Set(tensors.map((x) => x.storage)).size;
const inUse = (device = "cpu"): number => fl.memoryStats(device).storages;

const test = suite("lifetimes");
for (const entry of entries()) {
  // In-place forms take the samples whose result fits into the first tensor.
  const samples = [...entry.samples.entries()].filter(([, sample]) => !isInPlace(entry) || runs(entry, sample));
  if (samples.length === 0) continue;

  test(`${entry.name}: new storages are those of its results`, () => {
    for (const [s, sample] of samples) {
      const args = make(sample);
      call(entry, make(sample)); // numbers become tensors that stay for the next time
      const before = inUse();
      const results = call(entry, args);
      const own = storagesOf(results.filter((y) => tensorsIn(args).every((x) => x.storage !== y.storage)));
      assert.is(inUse() - before, own, `sample ${s}`);
      for (const y of new Set(results)) y.dispose();
      assert.is(inUse() - before, results.some((y) => tensorsIn(args).includes(y)) ? -1 : 0, `sample ${s}, disposed`);
    }
  });

  test(`${entry.name}: a scope takes all, the tape's part too`, () => {
    for (const [s, sample] of samples) {
      const step = (): void => {
        fl.scope(() => void call(entry, make(sample, { requiresGrad: !isInPlace(entry) })));
      };
      step();
      const before = inUse();
      step();
      assert.is(inUse(), before, `sample ${s}, without a backward`);
    }
  });

  if (isInPlace(entry)) continue;
  test(`${entry.name}: a scope with a backward leaves the gradients alone`, () => {
    for (const [s, sample] of samples) {
      const step = (): void => {
        const args = make(sample, { requiresGrad: true });
        for (const y of call(entry, args).filter((one) => one.requiresGrad)) {
          y.backward(
            fl.noGrad(() => y.detach().clone().fill_(1)),
            { retainGraph: true },
          );
        }
        for (const x of tensorsIn(args)) x.grad?.dispose(); // a gradient outlives the scope that it was made in
      };
      fl.scope(() => step());
      const before = inUse();
      fl.scope(() => step());
      assert.is(inUse(), before, `sample ${s}`);
    }
  });

  test(`${entry.name}: outside of a scope a backward gives back what the tape kept`, () => {
    for (const [s, sample] of samples) {
      const step = (): void => {
        const args = make(sample, { requiresGrad: true });
        const leaves = tensorsIn(args);
        const results = call(entry, args);
        const tracked = results.filter((y) => y.requiresGrad);
        for (const [i, y] of tracked.entries()) {
          const g = fl.noGrad(() => fl.scope(() => y.detach().clone().fill_(1)));
          y.backward(g, { retainGraph: i < tracked.length - 1 });
          g.dispose();
        }
        for (const x of leaves) x.grad?.dispose();
        for (const x of new Set([...results, ...leaves])) x.dispose();
      };
      step();
      const before = inUse();
      step();
      assert.is(inUse(), before, `sample ${s}`);
    }
  });

  test(`${entry.name}: on a device that answers later too`, async () => {
    if (entry.operator.rule.dynamic !== undefined) return;
    for (const [s, sample] of samples) {
      const [args] = [make(sample, { device: "reference" })];
      if (tensorsIn(args).length === 0) continue;
      for (const y of new Set(call(entry, args))) await y.data();
      const before = inUse("reference");
      await Promise.all(fl.scope(() => call(entry, make(sample, { device: "reference" })).map((y) => y.data())));
      assert.is(inUse("reference"), before, `sample ${s}`);
    }
  });
}
test.run();
