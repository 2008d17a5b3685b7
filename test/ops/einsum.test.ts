import { einsum, type Tensor, tensor } from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const SIZES: Readonly<Record<string, number>> = { a: 2, b: 3, c: 4, d: 1, e: 5 };

/** The sum over every label that the result does not have, by one loop over all labels. */
function byLoops(equation: string, operands: readonly Tensor[]): number[] {
  const [left, out] = equation.split("->") as [string, string];
  const terms = left.split(",");
  const labels = [...new Set(left.replaceAll(",", ""))];
  const sizes = labels.map((l) => SIZES[l]!);
  const data = operands.map((x) => x.tolist() as unknown);
  const result = new Map<string, number>();
  const total = sizes.reduce((p, n) => p * n, 1);
  for (let i = 0; i < total; i++) {
    let rest = i;
    const at: Record<string, number> = {};
    for (const [l, label] of labels.entries()) {
      at[label] = rest % sizes[l]!;
      rest = Math.floor(rest / sizes[l]!);
    }
    const value = terms.reduce((p, term, o) => {
      let x = data[o];
      for (const label of term) x = (x as unknown[])[at[label]!];
      return p * (x as number);
    }, 1);
    const key = [...out].map((label) => String(at[label])).join();
    result.set(key, (result.get(key) ?? 0) + value);
  }
  const keys = [...out].reduce<string[]>(
    (list, label) =>
      list.flatMap((key) => Array.from({ length: SIZES[label]! }, (_, i) => (key === "" ? `${i}` : `${key},${i}`))),
    [""],
  );
  return keys.map((key) => result.get(key)!);
}

function filled(term: string, seed: number): Tensor {
  const shape = [...term].map((label) => SIZES[label]!);
  const n = shape.reduce((p, s) => p * s, 1);
  const values = Float64Array.from({ length: n }, (_, i) => Math.sin(seed * 7 + i * 1.3));
  return tensor(values).reshape(shape);
}

test("equations of every kind are the sum over their labels", () => {
  for (const equation of [
    "ab,bc->ac",
    "ab,bc->ca",
    "ab,ab->",
    "abc,acd->adb",
    "ab,cd->dbca",
    "aa->a",
    "aab,bc->c",
    "ab,b,bc->a",
    "abc,bce,ea->ab",
    "a,a,a->a",
    "abcd->dca",
    "be,ec,cb->e",
  ]) {
    const operands = equation.split("->")[0]!.split(",").map(filled);
    const got = [einsum(equation, ...operands).tolist()].flat(9) as number[];
    for (const [i, wanted] of byLoops(equation, operands).entries()) {
      assert.ok(Math.abs(got[i]! - wanted) < 1e-12, `${equation}: element ${i} is ${got[i]}, expected ${wanted}`);
    }
  }
});

test("an ellipsis broadcasts, lists of labels are an equation, the arrow may be absent", () => {
  const a = filled("abc", 1);
  const b = filled("cb", 2);
  const wanted = a.matmul(b).tolist();
  assert.equal(einsum("...ij,jk->...ik", a, b).tolist(), wanted);
  assert.equal(einsum(a, ["...", 0, 1], b, [1, 2], ["...", 0, 2]).tolist(), wanted);
  assert.equal(einsum("aij,jk", [a, b]).tolist(), wanted);
  assert.equal(einsum("...i,...i->...", a, filled("c", 3)).shape, [2, 3]);
  assert.equal(einsum("ba", filled("ab", 4)).shape, [3, 2]);
});

test("what does not fit is refused", () => {
  const x = filled("ab", 1);
  assert.throws(() => einsum("ab,bc->ac", x), /names 2 operands, got 1/);
  assert.throws(() => einsum("abc", x), /has 2 dims, the equation names 3/);
  assert.throws(() => einsum("ab->aa", x), /label a is twice in the result/);
  assert.throws(() => einsum("ab->c", x), /label c of the result is in no operand/);
  assert.throws(() => einsum("ab,ab", x, x.T), /label a is 3 long in operand 1/);
  assert.throws(() => einsum("a1", x), /is no label/);
  assert.throws(() => einsum(x, [0, 52]), /labels in \[0, 52\)/);
});

test.run();
