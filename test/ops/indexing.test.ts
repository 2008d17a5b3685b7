import { arange, noGrad, slice, type Tensor, tensor, zeros } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

/** x[i][j][k] = 20 i + 5 j + k, of [3, 4, 5]. */
const cube = (): Tensor => arange(60).view(3, 4, 5);
const v = (i: number, j: number, k: number): number => 20 * i + 5 * j + k;
const grid = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));

// What Python's x[…] gives, and whether it is a view.
const READS: readonly [string, (x: Tensor) => Tensor, unknown, boolean][] = [
  ["x[1]", (x) => x.at(1), grid(4, (j) => grid(5, (k) => v(1, j, k))), true],
  ["x[-1, 2]", (x) => x.at(-1, 2), grid(5, (k) => v(2, 2, k)), true],
  ["x[..., 1]", (x) => x.at("...", 1), grid(3, (i) => grid(4, (j) => v(i, j, 1))), true],
  [
    "x[1:, ::2, -2:]",
    (x) => x.at("1:", slice(null, null, 2), "-2:"),
    grid(2, (i) => grid(2, (j) => grid(2, (k) => v(i + 1, 2 * j, k + 3)))),
    true,
  ],
  ["x[0, None, 3]", (x) => x.at(0, null, 3), [grid(5, (k) => v(0, 3, k))], true],
  ["x[2:1]", (x) => x.at("2:1"), [], true],
  ["x[[0, 2]]", (x) => x.at([0, 2]), [0, 2].map((i) => grid(4, (j) => grid(5, (k) => v(i, j, k)))), false],
  ["x[:, [-1, 0], 1]", (x) => x.at(":", [-1, 0], 1), grid(3, (i) => [3, 0].map((j) => v(i, j, 1))), false],
  ["x[[0, 1], [2, 3]]", (x) => x.at([0, 1], [2, 3]), [grid(5, (k) => v(0, 2, k)), grid(5, (k) => v(1, 3, k))], false],
  [
    "x[[0, 1], :, [2, 3]]: the indices' dims come first",
    (x) => x.at([0, 1], ":", [2, 3]),
    [grid(4, (j) => v(0, j, 2)), grid(4, (j) => v(1, j, 3))],
    false,
  ],
  [
    "x[:, [[0], [1]], [2, 3]]: they broadcast",
    (x) => x.at(":", [[0], [1]], [2, 3]),
    grid(3, (i) => [0, 1].map((j) => [2, 3].map((k) => v(i, j, k)))),
    false,
  ],
  ["x[mask]", (x) => x.at(x.gt(57)), [58, 59], false],
  ["x[1, mask of a dim]", (x) => x.at(1, tensor([true, false, false, true]), 0), [v(1, 0, 0), v(1, 3, 0)], false],
  ["x[tensor(1)]: a 0-dim index is a number", (x) => x.at(tensor(1), 0, 0), v(1, 0, 0), true],
];

for (const [name, read, want, isView] of READS) {
  test(`${name}, ${isView ? "a view" : "a copy"}`, () => {
    const x = cube();
    const y = read(x);
    assert.equal(y.tolist(), want);
    if (y.numel() === 0) return;
    y.fill_(-1);
    assert.is(x.eq(-1).any().item(), isView);
  });
}

test("setAt writes what at reads, and broadcasts the value", () => {
  const x = zeros(3, 4);
  x.setAt(0, 1);
  x.setAt(["1:", [0, 2]], tensor([[2], [3]]));
  x.setAt([2, -1], 4);
  x.setAt([":", null, 1], tensor([[5], [6], [7]]));
  assert.equal(x.tolist(), [
    [1, 5, 1, 1],
    [2, 6, 2, 0],
    [3, 7, 3, 4],
  ]);
  x.setAt(x.gt(3), -1);
  assert.equal(x.at(":", 1).tolist(), [-1, -1, -1]);
});

test("a gradient flows around what setAt replaced, and into the value", () => {
  const x = tensor([1, 2, 3, 4], { requiresGrad: true });
  const value = tensor([10, 20], { requiresGrad: true });
  const y = x.mul(2);
  y.setAt([[1, 3]], value);
  y.mul(tensor([1, 2, 3, 4]))
    .sum()
    .backward();
  assert.equal(x.grad!.tolist(), [2, 0, 6, 0]);
  assert.equal(value.grad!.tolist(), [2, 4]);
});

test("an index that is read twice gets both cotangents", () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  x.at([0, 0, 2])
    .mul(tensor([1, 10, 100]))
    .sum()
    .backward();
  assert.equal(x.grad!.tolist(), [11, 0, 100]);
});

test("what is wrong with an index is said, and nothing is changed", () => {
  const x = cube();
  for (const wrong of [
    () => x.at(3),
    () => x.at(0, 0, 0, 0),
    () => x.at([0, 4, -4]),
    () => x.at("...", "..."),
    () => x.at("1"),
    () => x.at(tensor([0.5])),
    () => x.at(tensor([true, false])),
    () => x.at(slice(null, null, -1)),
    () => x.setAt([[0, 7]], 1),
    () => x.at([0, 1], [0, 1, 2]),
  ]) {
    assert.throws(
      wrong,
      (error: unknown) => error instanceof RangeError && /^(at|setAt): /.test((error as Error).message),
    );
  }
  assert.equal(x.tolist(), cube().tolist());
});

test("operators along one dim agree with indexing", () => {
  const x = cube();
  const index = tensor([2, 0, 2]);
  assert.equal(x.indexSelect(0, index).tolist(), x.at(index).tolist());
  assert.equal(x.take(tensor([59, -60])).tolist(), [59, 0]);
  const y = noGrad(() => x.clone().indexFill_(1, tensor([1, 3]), -1));
  assert.equal(y.at(0, ":", 0).tolist(), [0, -1, 10, -1]);
  const mask = x.remainder(7).eq(0);
  assert.equal(
    x.maskedSelect(mask).tolist(),
    grid(60, (n) => n).filter((n) => n % 7 === 0),
  );
  assert.equal(
    mask.nonzero().tolist(),
    mask
      .nonzero({ asTuple: true })
      .map((t) => t.tolist() as number[])
      .reduce<number[][]>((rows, column) => column.map((n, i) => [...(rows[i] ?? []), n]), []),
  );
});

test.run();
