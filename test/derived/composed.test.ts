// Functions that are made of operators and declare no rule of their own: the same questions, asked of samples that are
// listed here. One value in every layout on every device; gradients against finite differences.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bools, f32, i64, indices, positive } from "#src/op/samples";
import type { Sample } from "#src/op/types";
import type { Tensor } from "#src/tensor/tensor";
import "../reference/index.ts";
import { listOf, tensorDifference } from "./compare.ts";
import { ARRANGEMENTS, make, tensorsIn } from "./walk.ts";

const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  at: [
    [f32(3, 4), 1],
    [f32(3, 4), ":", "1::2"],
    [f32(3, 4), null, [2, 0]],
  ],
  broadcastTo: [[f32(3, 1), [2, 3, 4]]],
  chunk: [[f32(5, 2), 2]],
  clampMax: [[f32(2, 3), 0.3]],
  clampMin: [[f32(2, 3), 0.3]],
  columnStack: [[[f32(3), f32(3, 2)]]],
  constantPadNd: [[f32(2, 3), [1, 2], 0.5]],
  cov: [[f32(3, 5)]],
  diag: [[f32(3)], [f32(3, 4), 1]],
  diagEmbed: [[f32(2, 3), 1]],
  diff: [[f32(2, 5)]],
  dist: [[f32(2, 3), f32(2, 3)]],
  dstack: [[[f32(2, 3), f32(2, 3)]]],
  expand: [[f32(3, 1), [2, 3, 4]]],
  flatten: [[f32(2, 3, 4), 1]],
  flip: [[f32(2, 3), [0, 1]]],
  fmax: [[f32(2, 3), f32(3)]],
  fmin: [[f32(2, 3), f32(3)]],
  hstack: [[[f32(2, 3), f32(2, 1)]]],
  hypot: [[f32(2, 3), f32(2, 3)]],
  indexAdd: [[f32(4, 2), 0, indices(4, 3), f32(3, 2)]],
  indexCopy: [[f32(3, 2), 0, fl.tensor([2, 0]), f32(2, 2)]],
  indexFill: [[f32(4, 2), 0, indices(4, 2), 0.5]],
  isclose: [[f32(2, 3), f32(2, 3)]],
  logit: [[{ ...f32(2, 3), low: 0.1, high: 0.9 }]],
  max: [[f32(2, 3)], [f32(2, 3), 1], [f32(2, 3), f32(3)]],
  min: [[f32(2, 3)], [f32(2, 3), 0, true]],
  median: [[f32(2, 5), 1]],
  moveaxis: [[f32(2, 3, 4), 0, 2]],
  nanToNum: [[f32(2, 3)]],
  narrow: [[f32(4, 3), 0, 1, 2]],
  norm: [[f32(2, 3)], [f32(2, 3), 3, 1]],
  pad: [[f32(2, 3), [1, 1]]],
  permute: [[f32(2, 3, 4), [2, 0, 1]]],
  quantile: [[f32(2, 5), 0.3, 1]],
  ravel: [[f32(2, 3)]],
  repeat: [[f32(2, 3), [2, 1, 2]]],
  reshape: [
    [f32(2, 6), [3, 4]],
    [f32(2, 6), [-1]],
  ],
  roll: [[f32(2, 5), 2, 1]],
  rot90: [[f32(2, 3)]],
  rsub: [[f32(2, 3), f32(3)]],
  selectScatter: [[f32(3, 4), f32(4), 0, 1]],
  sinc: [[positive(2, 3)]],
  sliceScatter: [[f32(4, 3), f32(2, 3), 0, 1, 3]],
  split: [[f32(5, 2), 2]],
  sumToSize: [[f32(2, 3, 4), [3, 1]]],
  swapaxes: [[f32(2, 3), 0, 1]],
  t: [[f32(2, 3)]],
  take: [[f32(3, 4), indices(12, 5)]],
  takeAlongDim: [[f32(3, 4), indices(3, 2, 4), 0]],
  tensorSplit: [[f32(7, 2), 3]],
  tile: [[f32(2, 3), [2, 2]]],
  trace: [[f32(3, 3)]],
  unbind: [[f32(3, 2)]],
  unflatten: [[f32(2, 6), 1, [2, 3]]],
  vstack: [[[f32(2, 3), f32(1, 3)]]],
  where: [[bools(2, 3), f32(2, 3), f32(3)]],
  xlogy: [[f32(2, 3), positive(2, 3)]],
  einsum: [["ij,jk->ki", f32(2, 3), f32(3, 4)]],
  repeatInterleave: [[f32(3, 2), 2, 0]],
  oneHot: [[indices(4, 3), 4]],
  cumsum: [
    [f32(3, 4), 0],
    [i64(3, 4), 1],
  ],
  cumprod: [[f32(3, 4), 1]],
};

const byName = { ...fl.nn.functional, ...fl } as unknown as Record<string, (...args: unknown[]) => unknown>;
const results = (name: string, args: unknown[]): Tensor[] => listOf(byName[name]!(...args));

const test = suite("composed");
for (const [name, samples] of Object.entries(SAMPLES)) {
  test(`${name}: one value in every layout on every device`, async () => {
    for (const [s, sample] of samples.entries()) {
      for (const arrangement of ARRANGEMENTS) {
        // Tensors that stand in a sample as they are, are on the CPU.
        const fixed = tensorsIn(sample).length > 0;
        const expected = results(name, make(sample, { repeating: arrangement === "expanded" }));
        const devices = fixed ? ["cpu"] : ["cpu", "reference"];
        for (const device of devices) {
          const got = results(name, make(sample, { arrangement, device }));
          assert.is(got.length, expected.length);
          for (const [i, y] of got.entries()) {
            const different = await tensorDifference(y, expected[i]!);
            assert.is(different, null, `sample ${s}, ${arrangement} on ${device}, result ${i}: ${different}`);
          }
        }
      }
    }
  });

  test(`${name}: finite differences agree with its gradient, twice`, () => {
    for (const sample of samples) {
      fl.scope(() => {
        const args = make(sample, { dtype: "float64", requiresGrad: true });
        const leaves = tensorsIn(args).filter((x) => x.requiresGrad);
        const f = (...given: Tensor[]): Tensor[] => {
          const replaced = (x: unknown): unknown =>
            Array.isArray(x) ? x.map(replaced) : (given[leaves.indexOf(x as Tensor)] ?? x);
          return results(name, args.map(replaced)).filter((y) => y.requiresGrad);
        };
        if (leaves.length === 0 || f(...leaves).length === 0) return;
        fl.autograd.gradcheck(f, leaves);
        fl.autograd.gradgradcheck(f, leaves, null, { atol: 1e-4 });
      });
    }
  });
}
test.run();
