// Results do not depend on how many threads compute them: bit for bit, at sizes where several do.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { f32 } from "#src/op/samples";
import type { Sample, TensorSample } from "#src/op/types";
import type { Tensor } from "#src/tensor/tensor";
import { listOf } from "./compare.ts";
import { type Entry, entries, isInPlace, isSample, make, tensorsIn } from "./walk.ts";

const THREADS = [1, 2, 3];
const seeded = fl as unknown as { manualSeed?: (seed: number) => void };

/** Some more elements than a thread takes at once, and no multiple of anything. */
const MANY = 40_003;

/** An element-wise sample with many elements in every tensor that has some. */
function grown(sample: Sample): Sample {
  return sample.map((x) => (isSample(x) && x.shape.length > 0 ? { ...x, shape: [MANY] } : x));
}

const bits = (xs: Tensor[]): Uint8Array[] =>
  xs.map((x) => {
    const data = x.dataSync();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });

function sameOnEveryNumberOfThreads(what: string, run: () => Tensor[]): void {
  const results = THREADS.map((threads) => {
    fl.setNumThreads(threads);
    return fl.scope(() => {
      const outs = run();
      const read = bits(outs);
      // The next run gets the same memory: what it does not write must not be right already.
      for (const y of outs) if (y.isContiguous()) y.detach().fill_(77);
      return read;
    });
  });
  for (const [i, result] of results.entries()) {
    for (const [o, bytes] of result.entries()) {
      const at = bytes.findIndex((b, k) => b !== results[0]![o]![k]);
      assert.is(at, -1, `${what}, result ${o}, byte ${at}: ${THREADS[i]} threads differ from one`);
    }
  }
}

// Workers start with the first work for them, and arrive in a later turn.
fl.setNumThreads(Math.max(...THREADS));
fl.scope(() => void fl.tensor(new Float32Array(MANY)).neg());
await new Promise((resolve) => setTimeout(resolve, 300));

const test = suite("threads");

for (const entry of entries()) {
  const { operator, samples } = entry;
  if (operator.rule.pointwise === undefined || isInPlace(entry) || samples.length === 0) continue;
  test(`${entry.name}: element-wise`, () => {
    for (const dtype of ["float32", "int32"] as const) {
      const sample = grown(samples[0]!);
      try {
        fl.scope(() => void entry.f(...make(samples[0]!, { dtype })));
      } catch {
        continue; // refused, which values.test.ts looks at
      }
      const args = make(sample, { dtype });
      sameOnEveryNumberOfThreads(dtype, () => listOf(entry.f(...args)));
      for (const x of tensorsIn(args)) x.dispose();
    }
  });
}

/** Sizes above the grain of each kernel, uneven ones. A missing name is one that the library does not have yet. */
const LARGE: Readonly<Record<string, readonly Sample[]>> = {
  sum: [[f32(131_111)], [f32(300, 431), 0], [f32(300, 431), 1], [f32(31, 70, 133), 1]],
  mean: [[f32(131_111)], [f32(300, 431), 0]],
  prod: [[f32(300, 431), 1]],
  amax: [[f32(300, 431), 1]],
  argmax: [[f32(131_111)], [f32(300, 431), 1]],
  max: [[f32(300, 431), 1]],
  var: [[f32(131_111)], [f32(300, 431), 0]],
  norm: [[f32(131_111)]],
  cumsum: [
    [f32(300, 431), 0],
    [f32(300, 431), 1],
    [f32(3, 131_111), 1],
  ],
  softmax: [
    [f32(300, 431), 1],
    [f32(300, 431), 0],
  ],
  logSoftmax: [[f32(300, 431), 1]],
  sort: [[f32(300, 431), 1], [f32(131_111)], [f32(2, 70_001), 1, true]],
  topk: [[f32(300, 431), 7]],
  matmul: [
    [f32(201, 307), f32(307, 133)],
    [f32(3, 1001), f32(1001, 517)],
    [f32(1001, 517), f32(517)],
    [f32(9, 70, 81), f32(9, 81, 33)],
    [f32(61, 307), f32(307, 901)],
  ],
  linear: [[f32(7, 61, 130), f32(301, 130), f32(301)]],
  scaledDotProductAttention: [
    [f32(1, 2, 301, 24), f32(1, 2, 301, 24), f32(1, 2, 301, 24), null, 0, true],
    [f32(3, 4, 70, 9), f32(3, 4, 131, 9), f32(3, 4, 131, 17), f32(70, 131)],
  ],
  conv2d: [
    [f32(5, 7, 33, 31), f32(11, 7, 3, 3)],
    [f32(4, 16, 29, 29), f32(16, 1, 3, 3), null, 1, 1, 1, 16],
  ],
  maxPool2d: [[f32(7, 9, 40, 40), 2]],
  layerNorm: [[f32(300, 431), [431]]],
  clone: [[f32(300, 431)]],
  gather: [[f32(300, 431), 1, { ...f32(300, 431), dtype: "int64", low: 0, high: 430 } as TensorSample]],
  indexSelect: [[f32(300, 431), 0, { ...f32(900), dtype: "int64", low: 0, high: 299 } as TensorSample]],
  cat: [
    [[f32(100, 431), f32(90, 431)], 0],
    [[f32(300, 431), f32(300, 3), f32(300, 90)], 1],
  ],
  where: [[{ ...f32(300, 431), dtype: "bool", low: 0, high: 1 } as TensorSample, f32(300, 431), f32(431)]],
};

const byName = { ...fl.nn.functional, ...fl } as unknown as Record<string, Entry["f"] | undefined>;
for (const [name, samples] of Object.entries(LARGE)) {
  const f = byName[name];
  if (f === undefined) continue;
  test(`${name}: large, with gradients`, () => {
    for (const [s, sample] of samples.entries()) {
      const args = make(sample, { requiresGrad: true });
      sameOnEveryNumberOfThreads(`sample ${s}`, () => {
        seeded.manualSeed?.(1);
        const results = listOf(f(...args));
        const tracked = results.filter((y) => y.requiresGrad);
        if (tracked.length === 0) return results;
        const leaves = tensorsIn(args).filter((x) => x.requiresGrad);
        const gradOutputs = tracked.map((y) => fl.noGrad(() => y.detach().clone().fill_(0.7)));
        return [...results, ...(fl.autograd.grad(tracked, leaves, { gradOutputs }) as Tensor[])];
      });
      for (const x of tensorsIn(args)) x.dispose();
    }
  });
}

test("launches over more than a cache, of which every second one is done backwards", () => {
  const long = fl.tensor(Float32Array.from({ length: 600_011 }, (_, i) => Math.sin(i)));
  const rows = long.narrow(0, 0, 600_000).view(3000, 200);
  for (const f of [() => long.exp(), () => rows.sum(1), () => rows.add(rows.select(0, 0))]) {
    const twice = (): Tensor[] => [f(), f()];
    sameOnEveryNumberOfThreads("of two", twice);
    fl.scope(() => {
      const [one, two] = bits(twice());
      assert.equal(one, two);
    });
  }
  long.dispose();
});

test.run();
