// Order: stability, NaN, dims that are not the last, selections, and where the gradients go.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const order = suite("order");

order("sorts along any dim, equals as they stand, NaN last", () => {
  const x = fl.tensor([
    [3, Number.NaN, 1],
    [3, 0.5, 1],
    [2, 0.5, -1],
  ]);
  const down = x.sort(0);
  assert.equal(down.indices.tolist(), [
    [2, 1, 2],
    [0, 2, 0],
    [1, 0, 1],
  ]);
  assert.equal(x.sort(1, true).indices.tolist(), [
    [1, 0, 2],
    [0, 2, 1],
    [0, 1, 2],
  ]);
  assert.equal(fl.argsort(x, 1, { stable: true }).at(0).tolist(), [2, 0, 1]);
});

order("booleans without stability leave equals as PyTorch does", () => {
  // From 17 elements on, the C++ library's quick sort turns equals about.
  const { indices } = fl.ones(18, { dtype: "bool" }).sort();
  assert.equal(indices.tolist(), [9, 17, 16, 15, 14, 13, 12, 11, 10, 0, 8, 7, 6, 5, 4, 3, 2, 1]);
  const kept = fl.sort(fl.ones(18, { dtype: "bool" }), { stable: true }).indices;
  assert.equal(kept.tolist(), [...Array(18).keys()]);
});

order("long rows, behind an offset and along any dim, on one thread and on two", () => {
  const n = 70_003;
  fl.manualSeed(5);
  const x = fl
    .randn(2 * n + 1)
    .mul(1000)
    .round()
    .div(1000);
  x.setAt(17, Number.NaN);
  const threads = fl.getNumThreads();
  try {
    for (const t of [1, 2]) {
      fl.setNumThreads(t);
      for (const descending of [false, true]) {
        const rows = x.narrow(0, 1, 2 * n).view(2, n);
        const { values, indices } = rows.sort(1, descending);
        const turned = rows.t().sort(0, descending);
        assert.ok(fl.equal(turned.indices.t(), indices));
        const [numbers, got, at] = [rows.dataSync(), values.dataSync(), indices.dataSync()];
        for (const r of [0, 1]) {
          const row = Array.from(numbers.subarray(r * n, (r + 1) * n) as Float32Array);
          const rank = (v: number): number => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v);
          const want = row.map((_, i) => i);
          want.sort((i, j) => (descending ? -1 : 1) * Math.sign(rank(row[i]!) - rank(row[j]!)) || i - j);
          assert.ok(want.every((place, i) => Number(at[r * n + i]) === place));
          assert.ok(want.every((place, i) => Object.is(got[r * n + i], row[place])));
        }
      }
    }
  } finally {
    fl.setNumThreads(threads);
  }
});

order("topk and kthvalue", () => {
  const x = fl.tensor([
    [4, 1, 3],
    [2, 6, 5],
  ]);
  assert.equal(x.topk(2).values.tolist(), [
    [4, 3],
    [6, 5],
  ]);
  assert.equal(x.topk(1, 0, false).indices.tolist(), [[1, 0, 0]]);
  const second = x.kthvalue(2, 1);
  assert.equal(second.values.tolist(), [3, 5]);
  assert.equal(second.indices.tolist(), [2, 2]);
  assert.equal(fl.topk(fl.zeros(3), 0).values.shape, [0]);
});

order("the hundred largest of many", () => {
  const n = 50_000;
  const values = Float32Array.from({ length: n }, (_, i) => (i * 7919) % n);
  const { values: top, indices } = fl.topk(fl.tensor(values), 100);
  assert.equal(
    top.tolist(),
    Array.from({ length: 100 }, (_, i) => n - 1 - i),
  );
  assert.ok((indices.tolist() as number[]).every((at, i) => values[at] === n - 1 - i));
});

order("medians: the lower of two; NaN is one, or is passed over", () => {
  const x = fl.tensor([5, 1, Number.NaN, 3, 2]);
  assert.ok(Number.isNaN(x.median().item()));
  assert.is(x.nanmedian().item(), 2);
  assert.is(x.median(0).indices.item(), 2);
  assert.is(fl.tensor([4, 1, 3, 2]).median().item(), 2);
});

order("quantiles between elements", () => {
  const x = fl.tensor([4, 1, 3, 2], { dtype: "float32" });
  assert.is(fl.quantile(x, 0.5).item(), 2.5);
  assert.is(fl.quantile(x, 0.5, { interpolation: "lower" }).item(), 2);
  assert.equal(fl.quantile(x, fl.tensor([0, 1], { dtype: "float32" })).tolist(), [1, 4]);
  assert.throws(() => fl.quantile(x, 2), /quantile: q is 2, expected \[0, 1\]/);
});

order("gradients go to the elements that were taken", () => {
  const x = fl.tensor([3, 1, 2], { dtype: "float32" }).requiresGrad_();
  const weights = fl.tensor([1, 10, 100], { dtype: "float32" });
  x.sort().values.mul(weights).sum().backward();
  assert.equal(x.grad!.tolist(), [100, 1, 10]);
  x.grad = null;
  x.median().mul(7).backward();
  assert.equal(x.grad!.tolist(), [0, 0, 7]);
});

order.run();
