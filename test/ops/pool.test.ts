// Pools: the maxima alone, which are computed where no gradient is wanted, against those with their places.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { maxPool1d, maxPool2d } = fl.nn.functional;
const pool = suite("pools");

/** Layouts of the same numbers: dense, behind an offset, with rows apart, turned. */
const layouts = (x: fl.Tensor): fl.Tensor[] => [
  x,
  fl.cat([x, x], 0).narrow(0, x.size(0), x.size(0)),
  fl.cat([x, x], -1).narrow(-1, 0, x.size(-1)),
  x.transpose(-1, -2).contiguous().transpose(-1, -2),
];

pool("maxima without a tape are those with one, and those beside places, of any layout and dtype", () => {
  const windows = [
    [2, 2, 0, 1, false],
    [3, 2, 1, 1, false],
    [3, 1, 1, 2, false],
    [2, 2, 0, 1, true],
    [[3, 2], [2, 3], [1, 0], 1, true],
  ] as const;
  fl.manualSeed(3);
  for (const dtype of ["float32", "float64", "float16", "int64"] as const)
    for (const [kernel, stride, padding, dilation, ceilMode] of windows)
      for (const x of layouts(fl.randn(2, 3, 13, 17).mul(100).to(dtype))) {
        const options = { stride, padding, dilation, ceilMode } as { stride: number };
        const alone = maxPool2d(x, kernel as number, options);
        const { values } = maxPool2d(x, kernel as number, { ...options, returnIndices: true });
        assert.ok(fl.equal(alone, values), `${dtype} ${kernel}`);
        if (!x.isFloatingPoint()) continue;
        const leaf = x.clone().requiresGrad_();
        const tracked = maxPool2d(leaf, kernel as number, options);
        assert.ok(tracked.requiresGrad);
        assert.ok(fl.equal(tracked.detach(), values));
        assert.ok(
          fl.equal(
            fl.noGrad(() => maxPool2d(leaf, kernel as number, options)),
            values,
          ),
        ); // a leaf, but no tape
      }
});

pool("one dim, no batch, an empty batch", () => {
  const x = fl.tensor([[1, 5, Number.NaN, 2, -1, 3, 7]]);
  assert.equal(maxPool1d(x, 2).tolist(), [[5, Number.NaN, 3]]);
  assert.equal(maxPool1d(x, 2, { ceilMode: true }).tolist(), [[5, Number.NaN, 3, 7]]);
  assert.equal(maxPool2d(fl.zeros(0, 3, 8, 8), 2).shape, [0, 3, 4, 4]);
  assert.throws(() => maxPool2d(fl.zeros(3, 1, 1), 2), /too large/);
});

pool("rows that are wider than a thread's arena", () => {
  const n = 600_001;
  const x = fl
    .arange(2 * n)
    .remainder(1009)
    .float()
    .view(1, 2, n);
  const [data, values] = [x.dataSync(), maxPool2d(x, 2).dataSync()];
  const means = fl.nn.functional.avgPool2d(x, 2).dataSync();
  for (let i = 0; i < n >> 1; i += 1 + (i % 7)) {
    const four = [data[2 * i]!, data[2 * i + 1]!, data[n + 2 * i]!, data[n + 2 * i + 1]!] as number[];
    assert.is(values[i], Math.max(...four));
    assert.is(means[i], four.reduce((a, b) => a + b) / 4);
  }
});

pool.run();
