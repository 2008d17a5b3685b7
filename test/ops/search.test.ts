// Searches, unique elements, histograms, slopes: what the recorded cases leave out.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const search = suite("search");

search("searchsorted: sides, NaN, a sorter, a sequence a row, numbers", () => {
  const line = fl.tensor([1, 3, 3, 5, 7]).to("float32");
  const x = fl.tensor([0, 3, 6, Number.NaN, 9]);
  assert.equal(fl.searchsorted(line, x).tolist(), [0, 1, 4, 5, 5]);
  assert.equal(fl.searchsorted(line, x, { right: true }).tolist(), [0, 3, 4, 5, 5]);
  assert.equal(fl.searchsorted(line, x, { side: "right", outInt32: true }).dtype, "int32");
  assert.throws(() => fl.searchsorted(line, x, { side: "left", right: true }), /side/);
  const mixed = fl.tensor([5, 1, 3]);
  assert.equal(fl.searchsorted(mixed, fl.tensor([2, 4]), { sorter: mixed.argsort() }).tolist(), [1, 2]);
  const rows = fl.tensor([
    [1, 2],
    [10, 20],
  ]);
  assert.equal(fl.searchsorted(rows, fl.tensor([[2], [2]])).tolist(), [[1], [0]]);
  assert.is(fl.searchsorted(mixed.sort().values, 4).item(), 2);
  assert.equal(fl.bucketize(fl.tensor([2, 7]), fl.tensor([1, 3, 5])).tolist(), [1, 3]);
});

search("every place of a long sequence is found", () => {
  for (const n of [1, 2, 3, 7, 8, 9, 1000]) {
    const line = fl.arange(n).mul(2);
    assert.equal(fl.searchsorted(line, line).tolist(), [...Array(n).keys()]);
    assert.equal(
      fl.searchsorted(line, line.add(1)).tolist(),
      [...Array(n).keys()].map((i) => i + 1),
    );
  }
});

search("isin takes numbers on either side", () => {
  const x = fl.tensor([1, 2, 3]);
  assert.equal(fl.isin(x, fl.tensor([3, 1, 1])).tolist(), [true, false, true]);
  assert.equal(fl.isin(x, 2, { invert: true }).tolist(), [true, false, true]);
  assert.is(fl.isin(2, x).item(), true);
  assert.equal(fl.isin(x, fl.tensor([])).tolist(), [false, false, false]);
});

search("unique: places, counts, slices, nothing at all", () => {
  const x = fl.tensor([
    [2, 1, 2],
    [1, 1, 5],
    [2, 1, 2],
  ]);
  const [values, inverse, counts] = x.unique(true, true, true) as [fl.Tensor, fl.Tensor, fl.Tensor];
  assert.equal(values.tolist(), [1, 2, 5]);
  assert.equal(counts.tolist(), [4, 4, 1]);
  assert.equal(values.at(inverse).tolist(), x.tolist());
  const [rows, of] = fl.unique(x, { dim: 0, returnInverse: true }) as [fl.Tensor, fl.Tensor];
  assert.equal(rows.tolist(), [
    [1, 1, 5],
    [2, 1, 2],
  ]);
  assert.equal(of.tolist(), [1, 0, 1]);
  assert.equal(fl.unique(fl.tensor([])).shape, [0]);
  const [runs, lengths] = fl.uniqueConsecutive(fl.tensor([1, 1, 2, 2, 2, 1]), { returnCounts: true });
  assert.equal(runs!.tolist(), [1, 2, 1]);
  assert.equal(lengths!.tolist(), [2, 3, 1]);
});

search("mode: the most frequent, of ties the least", () => {
  const x = fl.tensor([
    [3, 1, 3, 1, 2],
    [5, 5, 0, 0, 0],
  ]);
  const { values, indices } = x.mode();
  assert.equal(values.tolist(), [1, 0]);
  assert.equal(fl.gather(x, 1, indices.unsqueeze(1)).squeeze(1).tolist(), [1, 0]);
});

search("histograms: edges, what lies outside, weights, density", () => {
  const x = fl.tensor([0.5, 1, 2, 3, 4, Number.NaN, -1]);
  assert.equal(x.histc(4, 0, 4).tolist(), [1, 1, 1, 2]);
  const edges = fl.tensor([0, 1, 4], { dtype: "float32" });
  assert.equal(fl.histogram(x, edges).hist.tolist(), [1, 4]);
  const { hist, binEdges } = fl.histogram(fl.tensor([0.5, 1.5, 1.5]), 2, { range: [0, 2], density: true });
  assert.equal(binEdges.tolist(), [0, 1, 2]);
  assert.ok(
    hist
      .sub(fl.tensor([1 / 3, 2 / 3]))
      .abs()
      .max()
      .item() < 1e-6,
  );
  assert.equal(fl.tensor([1, 1, 3]).bincount({ minlength: 6 }).tolist(), [0, 2, 0, 1, 0, 0]);
  assert.equal(fl.bincount(fl.tensor([1, 1, 3]), fl.tensor([0.5, 1, 2])).tolist(), [0, 1.5, 0, 2]);
  assert.throws(() => fl.bincount(fl.tensor([-1])), /below 0/);
});

search("gradient is exact for parabolas, whatever the steps", () => {
  const at = fl.tensor([0, 1, 3, 4, 8], { dtype: "float64" });
  const [slope] = fl.gradient(at.mul(at), { spacing: [at], edgeOrder: 2 });
  assert.ok(slope!.sub(at.mul(2)).abs().max().item() < 1e-12);
});

search("products: kron of different dims, addr without its input, chains", () => {
  assert.equal(fl.kron(fl.tensor([1, 10]), fl.tensor([[1], [2]])).tolist(), [
    [1, 10],
    [2, 20],
  ]);
  const [a, b] = [fl.tensor([1, 2]), fl.tensor([3, 4])];
  const nothing = fl.full([2, 2], Number.NaN);
  assert.equal(nothing.addr(a.float(), b.float(), { beta: 0 }).tolist(), [
    [3, 4],
    [6, 8],
  ]);
  const chain = [fl.randn(2, 30), fl.randn(30, 3), fl.randn(3, 40)] as const;
  const product = chain[0].matmul(chain[1]).matmul(chain[2]);
  assert.ok(
    fl
      .chainMatmul(...chain)
      .sub(product)
      .abs()
      .max()
      .item() < 1e-4,
  );
  assert.is(fl.linalg.multiDot([fl.ones(2), fl.ones(2, 2), fl.ones(2)]).item(), 4);
});

search.run();
