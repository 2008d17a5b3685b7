import { arange, autograd, rand, ShapeError, type Tensor, tensor } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const VIEWS: readonly [string, (x: Tensor) => Tensor, readonly number[], readonly number[]][] = [
  ["transpose", (x) => x.transpose(0, -1), [4, 3, 2], [1, 4, 12]],
  ["permute", (x) => x.permute(1, 2, 0), [3, 4, 2], [4, 1, 12]],
  ["movedim", (x) => x.movedim(0, 2), [3, 4, 2], [4, 1, 12]],
  ["unsqueeze", (x) => x.unsqueeze(1), [2, 1, 3, 4], [12, 12, 4, 1]],
  ["squeeze", (x) => x.narrow(1, 2, 1).squeeze(1), [2, 4], [12, 1]],
  ["select", (x) => x.select(1, -1), [2, 4], [12, 1]],
  ["narrow", (x) => x.narrow(2, 1, 2), [2, 3, 2], [12, 4, 1]],
  ["expand", (x) => x.narrow(1, 0, 1).expand(-1, 5, -1), [2, 5, 4], [12, 0, 1]],
  ["diagonal", (x) => x.diagonal(1, 1, 2), [2, 3], [12, 5]],
  ["unfold", (x) => x.unfold(2, 2, 1), [2, 3, 3, 2], [12, 4, 1, 1]],
  ["flatten", (x) => x.flatten(1), [2, 12], [12, 1]],
  ["unflatten", (x) => x.unflatten(2, [2, -1]), [2, 3, 2, 2], [12, 4, 2, 1]],
  ["view", (x) => x.view(4, -1), [4, 6], [6, 1]],
  ["asStrided", (x) => x.asStrided([2, 2], [1, 3], 5), [2, 2], [1, 3]],
  ["mT", (x) => x.mT, [2, 4, 3], [12, 1, 4]],
];

for (const [name, f, shape, strides] of VIEWS) {
  test(`${name} is a view with PyTorch's shape and strides`, () => {
    const x = arange(24).view(2, 3, 4);
    const y = f(x);
    assert.equal([y.shape, y.stride()], [shape, strides]);
    if (strides.includes(0)) return;
    const before = x.tolist();
    y.select(0, 0).fill_(-1);
    assert.not.equal(x.tolist(), before);
  });
}

test("view refuses what reshape copies", () => {
  const x = arange(6).view(2, 3).t();
  assert.throws(
    () => x.view(6),
    (error: unknown) => error instanceof ShapeError && /use reshape/.test(error.message),
  );
  assert.equal(x.reshape(6).tolist(), [0, 3, 1, 4, 2, 5]);
});

test("pieces of a split share one place on the tape, and a write into one is seen by all", () => {
  const x = tensor([1, 2, 3, 4.5], { requiresGrad: true });
  const y = x.mul(2);
  const [a, b] = y.split([1, 3]) as [Tensor, Tensor];
  assert.is(a.gradFn, b.gradFn);
  a.mul_(10);
  y.sum().add(b.mul(3).sum()).backward();
  assert.equal(x.grad!.tolist(), [20, 8, 8, 8]);
});

test("derivatives of splits that use some of the pieces, of first and second order", () => {
  const x = rand([3, 4], { dtype: "float64", requiresGrad: true });
  assert.ok(
    autograd.gradgradcheck((t) => {
      const [first, , last] = t.unbind(1) as [Tensor, Tensor, Tensor];
      return first.mul(last).pow(2);
    }, x),
  );
  assert.ok(
    autograd.gradgradcheck((t) => {
      const [small, large] = t.split([1, 3], 1) as [Tensor, Tensor];
      return small.mul(large.sum(1, true)).pow(2);
    }, x),
  );
});

test("the same bytes in another dtype", () => {
  const x = tensor([1, -2, 0.5, 0]);
  assert.equal(x.view("int32").tolist(), [0x3f800000, -0x40000000, 0x3f000000, 0]);
  assert.equal(x.view(2, 2).view("uint8").shape, [2, 8]);
  assert.equal(x.view("uint8").view("float32").tolist(), x.tolist());
  assert.equal(x.view("float64").dtype, "float64");
  const wide = x.view(2, 2).view("int64");
  assert.equal(
    [wide.shape, wide.stride()],
    [
      [2, 1],
      [1, 1],
    ],
  );
  x.view("int32").fill_(0x40000000);
  assert.equal(x.tolist(), [2, 2, 2, 2]);
  assert.equal(x.narrow(0, 2, 2).view("int64").storageOffset(), 1);
  for (const bad of [
    () => x.narrow(0, 1, 2).view("int64"),
    () => x.view(2, 2).t().view("uint8"),
    () => x.at(0).view("uint8"),
  ])
    assert.throws(bad, (e: unknown) => e instanceof ShapeError);
  assert.equal(x.at(0).view("int32").item(), 0x40000000);
});

test.run();
