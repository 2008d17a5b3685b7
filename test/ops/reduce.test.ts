// What samples are too small to see: axes that are cut into parts, and the forms of call that are by hand.
import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

/** Numbers in [-1, 1), the same in every run. */
function noise(n: number): Float32Array {
  const x = new Float32Array(n);
  let state = 1;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    x[i] = state / 2 ** 31 - 1;
  }
  return x;
}

const close = (got: number, want: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(got - want) <= tolerance * (1 + Math.abs(want)), `${what}: ${got} for ${want}`);

const long = suite("long axes");
const N = 200_003; // several parts, and a short one at the end
const values = noise(N);
const total = values.reduce((a, b) => a + b, 0);
const x = fl.tensor(values);

long("sums, means and norms of parts", () => {
  close(x.sum().item(), total, 1e-5, "sum"); // of terms that cancel
  close(x.mean().item(), total / N, 1e-7, "mean");
  const squares = values.reduce((a, b) => a + b * b, 0);
  close(fl.norm(x).item(), Math.sqrt(squares), 1e-6, "norm");
  close(
    fl.linalg.vectorNorm(x, 1).item(),
    values.reduce((a, b) => a + Math.abs(b), 0),
    1e-6,
    "norm of order 1",
  );
  assert.is(fl.sum(x.gt(0)).item(), values.filter((v) => v > 0).length);
  assert.is(fl.countNonzero(x).item(), N);
});

long("extremes of parts: the first place, NaN first of all", () => {
  const most = values.reduce((a, b) => Math.max(a, b));
  assert.is(x.max().item(), most);
  assert.is(x.argmax().item(), values.indexOf(most));
  const twins = values.slice();
  twins[150_000] = 5;
  twins[150_001] = 5;
  assert.is(fl.argmax(fl.tensor(twins)).item(), 150_000);
  twins[199_999] = Number.NaN;
  const best = fl.tensor(twins).max(0);
  assert.ok(Number.isNaN(best.values.item()));
  assert.is(best.indices.item(), 199_999);
  assert.ok(Number.isNaN(fl.tensor(twins).sum().item()));
});

long("truth of parts", () => {
  const mask = new Uint8Array(N);
  assert.is(fl.tensor(mask, { dtype: "bool" }).any().item(), false);
  mask[N - 1] = 1;
  const bools = fl.tensor(mask, { dtype: "bool" });
  assert.is(bools.any().item(), true);
  assert.is(bools.all().item(), false);
});

long("variance of parts, far from zero", () => {
  const mean = total / N;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (N - 1);
  const { var: v, mean: m } = fl.varMean(fl.add(x, 4096));
  close(v.item(), variance, 1e-3, "var"); // 4096 + x has 12 bits less of x
  close(m.item(), 4096 + mean, 1e-6, "mean");
  close(fl.std(x).item(), Math.sqrt(variance), 1e-6, "std");
});

long("columns of many rows, and dims that are no neighbours", () => {
  const cube = x.narrow(0, 0, 200_000).reshape(100, 50, 40);
  const columns = cube.sum(0);
  const outer = cube.sum([0, 2]);
  const want = [0, 0];
  for (let i = 0; i < 100; i++) want[0]! += values[i * 2000 + 7]!;
  for (let i = 0; i < 100; i++) for (let k = 0; k < 40; k++) want[1]! += values[i * 2000 + 3 * 40 + k]!;
  close(columns.at(0, 7).item(), want[0]!, 1e-5, "columns");
  close(outer.at(3).item(), want[1]!, 1e-5, "outer dims");
  close(cube.var([0, 2]).at(3).item(), 1 / 3, 0.05, "variance over outer dims");
});

long.run();

const forms = suite("forms of max");

forms("whole, along a dim, of two tensors", () => {
  const m = fl.tensor([
    [1, 5, 5],
    [7, 2, 7],
  ]);
  assert.is(m.max().item(), 7);
  const [v, i] = m.max(1);
  assert.equal(v!.tolist(), [5, 7]);
  assert.equal(i!.tolist(), [1, 0]);
  assert.equal(m.max({ dim: 0, keepdim: true }).values.tolist(), [[7, 5, 7]]);
  assert.equal(fl.max(m, fl.tensor(4)).tolist(), [
    [4, 5, 5],
    [7, 4, 7],
  ]);
});

forms("what cannot be chosen from throws and says why", () => {
  assert.throws(() => fl.amax(fl.zeros(0, 3), 0), /amax: dim 0 of float32\[0, 3\] is empty/);
  assert.throws(() => fl.argmax(fl.zeros(0)), /argmax: float32\[0\] is empty/);
  assert.throws(() => fl.max(fl.zeros(2), 1), /max: dim 1 is out of range/);
  assert.throws(() => fl.max(3 as never, fl.zeros(2)), /max: input is 3, expected a Tensor/);
  assert.throws(() => fl.mean(fl.tensor([1, 2])), /mean: int64\[2\]: expected a floating point or complex dtype/);
  assert.throws(
    () => fl.topk(fl.zeros(3), 4),
    /topk: k = 4 is out of range for dim 0 of float32\[3\]: expected \[0, 3\]/,
  );
});

forms.run();
