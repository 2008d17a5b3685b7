// Writes in place, through views and views of views: the values and gradients that PyTorch gives. The programs are those
// of test/fixtures/inplace.py, which recorded them.

import { readFileSync } from "node:fs";
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { difference } from "../derived/compare.ts";

type Tensor = fl.Tensor;
interface Recorded {
  readonly result: unknown;
  readonly gradients?: readonly unknown[];
  readonly error?: string;
}
const file = new URL("../../../test/fixtures/inplace.json", import.meta.url);
const { programs: recorded } = JSON.parse(readFileSync(file, "utf8")) as { programs: Record<string, Recorded> };

/** start, start + 1 … in this shape, requiring a gradient. */
function leaf(shape: readonly number[], start = 1): Tensor {
  const n = shape.reduce((p, s) => p * s, 1);
  const x = fl.tensor(Float64Array.from({ length: n }, (_, i) => start + i)).view(shape);
  return x.detach().clone().requiresGrad_();
}

/** Every element counts by another factor, so that none can be taken for another. */
function weighted(y: Tensor): Tensor {
  const factors = fl.tensor(Float64Array.from({ length: y.numel() }, (_, i) => i + 1)).view(y.shape);
  return y.mul(factors).sum();
}

const zeros = (...shape: number[]): Tensor => fl.zeros(shape, { dtype: "float64" });

/** Each gives a result, what is differentiated, and the leaves. */
const programs: Readonly<Record<string, () => readonly [Tensor, Tensor, readonly Tensor[]]>> = {
  chain() {
    const x = leaf([3]);
    const y = x.mul(2);
    y.mul_(3).add_(x).exp_();
    return [y, weighted(y), [x]];
  },
  row_of_base() {
    const x = leaf([2, 3]);
    const y = x.mul(1);
    y.at(0).mul_(5);
    return [y, weighted(y), [x]];
  },
  view_of_view() {
    const x = leaf([2, 3]);
    const y = x.mul(1);
    y.t().at("1:").mul_(y.detach().at(0, 0).add(2));
    return [y, weighted(y), [x]];
  },
  other_factor_gets_gradient() {
    const [x, w] = [leaf([2, 3]), leaf([3], 10)];
    const y = x.mul(1);
    y.at(1).mul_(w);
    return [y, weighted(y), [x, w]];
  },
  sibling_views() {
    const x = leaf([4]);
    const y = x.mul(1);
    const [a, b] = [y.at(":3"), y.at("1:")];
    a.mul_(2);
    b.mul_(3);
    return [b, weighted(b).add(weighted(a).mul(7)), [x]];
  },
  view_made_before_the_write() {
    const x = leaf([2, 2]);
    const y = x.mul(1);
    const v = y.view(4);
    y.mul_(x);
    return [v, weighted(v), [x]];
  },
  write_to_base_then_view() {
    const x = leaf([2, 2]);
    const y = x.mul(1);
    const v = y.at(0);
    y.add_(1).mul_(y.detach().clone());
    v.mul_(2);
    return [y, weighted(y), [x]];
  },
  overwritten_part_gets_no_gradient() {
    const [x, w] = [leaf([4]), leaf([2], 7)];
    const y = x.mul(1);
    y.at("1:3").copy_(w);
    return [y, weighted(y), [x, w]];
  },
  filled_with_zero() {
    const x = leaf([2, 3]);
    const y = x.mul(1);
    y.at(":", 1).zero_();
    return [y, weighted(y), [x]];
  },
  untracked_base() {
    const w = leaf([2]);
    const y = zeros(2, 2);
    y.at(0).add_(w);
    y.at(1).add_(w.mul(w));
    return [y, weighted(y), [w]];
  },
  untracked_base_seen_before() {
    const w = leaf([2]);
    const y = zeros(2, 2);
    const row = y.at(0);
    const column = y.at(":", 0);
    row.add_(w);
    return [column, weighted(column).add(weighted(y)), [w]];
  },
  expanded_then_written_elsewhere() {
    const x = leaf([2, 1]);
    const y = x.expand(2, 3).clone();
    y.at(":", 0).mul_(4);
    return [y, weighted(y), [x]];
  },
  saved_result_after_write() {
    const x = leaf([3]);
    const y = x.mul(0.5).exp_();
    const z = y.mul(y);
    return [z, weighted(z), [x]];
  },
  diagonal() {
    const x = leaf([3, 3]);
    const y = x.mul(1);
    y.diagonal().mul_(y.detach().clone().diagonal());
    return [y, weighted(y), [x]];
  },
  unsqueezed_and_permuted() {
    const x = leaf([2, 3]);
    const y = x.mul(1);
    y.unsqueeze(0)
      .permute(2, 0, 1)
      .at(2)
      .add_(x.at(":", 0).mul(x.at(":", 1)));
    return [y, weighted(y), [x]];
  },
  write_inside_no_grad() {
    const x = leaf([2, 2]);
    const y = x.mul(1);
    fl.noGrad(() => y.at(0).mul_(10));
    return [y, weighted(y), [x]];
  },
  self_as_operand() {
    const x = leaf([3]);
    const y = x.mul(1);
    y.mul_(y);
    y.at("1:").add_(y.at("1:"));
    return [y, weighted(y), [x]];
  },
  twice_the_same_view() {
    const x = leaf([4]);
    const y = x.mul(1);
    const v = y.at("1:3");
    v.mul_(2);
    v.mul_(v.clone());
    return [y, weighted(y).add(v.sum()), [x]];
  },
};

/** Where PyTorch sees a saved tensor changed; here the tape keeps what it was. x² doubled behind the first. */
const KINDER: Readonly<Record<string, readonly unknown[]>> = { self_as_operand: [[2, 16, 36]] };

const test = suite("in place");
test("the programs are the recorded ones", () => assert.equal(Object.keys(programs), Object.keys(recorded)));

const flat = (x: unknown): number[] => [x].flat(9) as number[];
for (const [name, program] of Object.entries(programs)) {
  test(name, () => {
    const { result, gradients, error } = recorded[name]!;
    const [y, loss, leaves] = program();
    assert.is(difference(flat(y.tolist()), flat(result), "float64"), null);
    if (error !== undefined) assert.ok(name in KINDER, `PyTorch refuses: ${error}`);
    loss.backward();
    for (const [i, x] of leaves.entries()) {
      const different = difference(flat(x.grad!.tolist()), flat((gradients ?? KINDER[name]!)[i]), "float64");
      assert.is(different, null, `gradient ${i}: ${different}`);
    }
  });
}

test("a view in place changes the tensor itself, and its history goes on", () => {
  const x = leaf([2, 3]);
  const y = x.mul(2);
  const base = y.detach().clone();
  assert.equal(y.transpose_(0, 1).unsqueeze_(0).shape, [1, 3, 2]);
  assert.equal(y.tolist(), [base.t().tolist()]);
  weighted(y.squeeze_(0).t_()).backward();
  assert.equal(x.grad!.tolist(), [
    [2, 4, 6],
    [8, 10, 12],
  ]);

  const z = leaf([2, 2]).mul(1);
  const row = z.at(0).unsqueeze_(1); // a view of z still
  row.mul_(10);
  assert.equal(z.tolist(), [
    [10, 20],
    [3, 4],
  ]);
  assert.throws(() => leaf([2]).unsqueeze_(0), /unsqueeze_: a leaf tensor that requires grad/);
  assert.throws(() => fl.ones(2).transpose_(0, 3), /transpose_: dim 3 is out of range/);
});

test("a view is written after those that it was made of were disposed", () => {
  const x = leaf([2, 3]);
  const base = x.mul(2);
  const between = base.flatten();
  const y = between.view(3, 2);
  for (const gone of [base, between]) gone.dispose();
  y.mul_(3);
  y.at(0).mul_(5);
  y.sum().backward();
  assert.equal(x.grad!.tolist(), [
    [30, 30, 6],
    [6, 6, 6],
  ]);
});

test("what is made of others is written over its first argument, with its history", () => {
  const [a, m] = [(): Tensor => leaf([2, 2]).mul(1), leaf([2, 2], 5)];
  const half = fl.full([2, 2], 0.5, { dtype: "float64" });
  const forms: readonly (readonly [string, Tensor, ...unknown[]])[] = [
    ["addmm_", a(), m, m],
    ["addmv_", leaf([2]).mul(1), m, leaf([2], 3)],
    ["baddbmm_", a().unsqueeze(0), m.unsqueeze(0), m.unsqueeze(0)],
    ["addbmm_", a(), m.unsqueeze(0), m.unsqueeze(0)],
    ["copysign_", a(), -1],
    ["deg2rad_", a()],
    ["rad2deg_", a()],
    ["floatPower_", a(), 2],
    ["heaviside_", a(), m],
    ["hypot_", a(), m],
    ["ldexp_", a(), m],
    ["logit_", a().mul(0.1)],
    ["nanToNum_", a().log()],
    ["put_", a(), fl.tensor([3, 0]), fl.tensor([9, 8], { dtype: "float64" }), true],
    ["renorm_", a(), 2, 0, 1],
    ["sgn_", a()],
    ["sinc_", a()],
    ["xlogy_", a(), half],
  ];
  for (const [name, x, ...args] of forms) {
    const call = (on: Tensor, as: string): Tensor =>
      (on as unknown as Record<string, (...given: unknown[]) => Tensor>)[as]!(...args);
    const expected = call(x.clone(), name.slice(0, -1));
    const y = x.clone();
    assert.is(call(y, name), y, name);
    assert.equal(y.tolist(), expected.tolist(), name);
    if (!expected.requiresGrad) continue;
    const [got, want] = [y, expected].map(
      (of) => fl.autograd.grad(weighted(of), x, { retainGraph: true, allowUnused: true })[0],
    );
    assert.equal(got?.tolist(), want?.tolist(), `the gradient of ${name}`);
  }
  assert.throws(() => fl.ones(2).hypot_(fl.ones(3, 2)), /hypot_: the result has the shape \[3, 2\]/);
  assert.throws(() => fl.ones(2, { dtype: "int64" }).deg2rad_(), /deg2rad_: the result type float32 cannot be cast/);
});

test("fillDiagonal_ goes on below a square where it may wrap", () => {
  const x = fl.zeros(7, 3);
  assert.is(x.fillDiagonal_(5, true), x);
  assert.equal(x.at([4, 5, 6], [0, 1, 2]).tolist(), [5, 5, 5]);
  assert.is(x.sum().item(), 30);
  assert.is(fl.zeros(3, 7).t().fillDiagonal_(1).sum().item(), 3);
  assert.is(fl.zeros(2, 2, 2).fillDiagonal_(1).sum().item(), 2);
  assert.throws(() => fl.zeros(2, 3, 2).fillDiagonal_(1), /equal length/);
});

test("add_ and sub_ by a multiple are add and sub, with a tape and without", () => {
  const [a, b] = [fl.randn(3, 5), fl.randn(3, 5)];
  const start = (): Tensor => a.clone();
  assert.equal(start().add_(b, { alpha: 0.3 }).tolist(), a.add(b, { alpha: 0.3 }).tolist());
  assert.equal(start().sub_(b, { alpha: -7 }).tolist(), a.sub(b, { alpha: -7 }).tolist());
  assert.equal(start().add_(b.at(0), { alpha: 2 }).tolist(), a.add(b.at(0), { alpha: 2 }).tolist());
  assert.equal(start().t().add_(b.t(), { alpha: 2 }).tolist(), a.t().add(b.t(), { alpha: 2 }).tolist());
  const leaf = b.clone().requiresGrad_();
  start().add_(leaf, { alpha: 0.5 }).sum().backward();
  assert.equal(leaf.grad!.tolist(), fl.full([3, 5], 0.5).tolist());
  assert.throws(() => leaf.add_(b, { alpha: 2 }), /add_: a leaf tensor that requires grad/);
  assert.throws(() => fl.ones(2).add_(fl.ones(3), { alpha: 2 }), /add_/);
  const x = start();
  const same = x.add_(x, { alpha: 2 });
  assert.is(same, x);
  assert.equal(x.tolist(), a.add(a, { alpha: 2 }).tolist());
});

test.run();
