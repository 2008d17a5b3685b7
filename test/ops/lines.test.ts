// Long lines and joined rows, of any layout: what samples are too small to see.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const lines = suite("long lines");

/** What `f` gives on one thread and on two. */
function onThreads(f: () => fl.Tensor): fl.Tensor[] {
  const before = fl.getNumThreads();
  try {
    return [1, 2].map((t) => {
      fl.setNumThreads(t);
      return f();
    });
  } finally {
    fl.setNumThreads(before);
  }
}

lines("running sums and their gradient, behind an offset and apart, as in double precision", () => {
  fl.manualSeed(1);
  const n = 50_003;
  const whole = fl.randn(2 * n + 1);
  for (const [x, dim] of [
    [whole.narrow(0, 1, n), 0],
    [whole.narrow(0, 1, 2 * n).view(2, n), 1],
    [
      whole
        .narrow(0, 1, 2 * n)
        .view(n, 2)
        .t(),
      1,
    ],
  ] as const) {
    const [a, b] = onThreads(() => x.cumsum(dim)) as [fl.Tensor, fl.Tensor];
    assert.ok(fl.equal(a, b));
    const exact = x.double().flatten().tolist() as number[];
    const got = a.flatten().tolist() as number[];
    let total = 0;
    exact.forEach((v, i) => {
      total = i % n === 0 ? v : total + v;
      assert.ok(Math.abs(got[i]! - total) <= 2 ** -24 * Math.abs(total) + 1e-10, `${i}: ${got[i]} for ${total}`);
    });
    const leaf = x.detach().clone().requiresGrad_();
    const weights = fl.randn(...x.shape);
    const gradients = onThreads(() => {
      leaf.grad = null;
      leaf.cumsum(dim).backward(weights);
      return leaf.grad!;
    });
    assert.ok(fl.equal(gradients[0]!, gradients[1]!));
    const backwards = weights.double().flip(dim).cumsum(dim).flip(dim);
    assert.ok(fl.allclose(gradients[0]!.double(), backwards, 1e-6, 1e-6));
  }
  const integers = fl.arange(n).cumsum(0);
  assert.is(integers.at(-1).item(), ((n - 1) * n) / 2);
});

lines("joined along any dim: dense, behind an offset, apart, of two dtypes, empty", () => {
  fl.manualSeed(2);
  const x = fl.randn(7, 5, 6);
  const parts = [
    x,
    fl.cat([x, x], 0).narrow(0, 3, 7),
    x.transpose(1, 2).contiguous().transpose(1, 2),
    x.mul(10).round().to("int64"),
  ];
  for (const dim of [0, 1, 2])
    for (const dtype of ["float32", "float64", "uint8"] as const)
      for (const list of [parts.slice(0, 1), parts.slice(0, 2), parts.slice(0, 3), parts]) {
        const given = list.map((y, i) => (i < 3 ? y.to(dtype) : y));
        const middle = given[0]!.narrow(dim, 1, 0); // empty
        const all = [...given.slice(0, 1), middle, ...given.slice(1)];
        const y = fl.cat(all, dim);
        let at = 0;
        for (const piece of all) {
          assert.ok(fl.equal(y.narrow(dim, at, piece.size(dim)), piece.to(y.dtype)), `${dim} ${dtype} ${list.length}`);
          at += piece.size(dim);
        }
        assert.is(y.size(dim), at);
      }
  const rows = Array.from({ length: 300 }, (_, i) => fl.full([3, 1 + (i % 2)], i)); // more than one launch takes
  assert.equal(
    fl.cat(rows, 1).at(2).tolist(),
    rows.flatMap((r) => r.at(2).tolist() as number[]),
  );
});

lines.run();
