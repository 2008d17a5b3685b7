// fl.autograd.functional: what the derivatives are is in test/programs (hessian); here their forms and refusals.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { jacobian, hessian, hvp, jvp, vhp, vjp } = fl.autograd.functional;
const vector = (...values: number[]): fl.Tensor => fl.tensor(values, { dtype: "float64" });

const test = suite("autograd.functional");

test("several inputs and outputs make lists of lists", () => {
  const [a, b] = [vector(1, 2), vector(3)];
  const both = jacobian((x: fl.Tensor, y: fl.Tensor) => [x.mul(y), y.square()], [a, b]);
  assert.equal(
    both.map((row) => row.map((x) => x.tolist())),
    [
      [
        [
          [3, 0],
          [0, 3],
        ],
        [[1], [2]],
      ],
      [[[0, 0]], [[6]]],
    ],
  );
  const curves = hessian((x: fl.Tensor, y: fl.Tensor) => x.square().sum().mul(y.sum()), [a, b]);
  assert.equal(curves[0]![1]!.tolist(), [[2], [4]]);
  assert.equal(curves[1]![1]!.tolist(), [[0]]);
});

test("products have the forms of what they belong to", () => {
  const x = vector(1, 2);
  const [y, product] = vjp((v) => v.pow(3), x, vector(1, 10));
  assert.equal(
    [y.tolist(), product.tolist()],
    [
      [1, 8],
      [3, 120],
    ],
  );
  const [, [first, second]] = jvp((v) => [v.square(), v.sum()], x, vector(1, 0.5));
  assert.equal([first!.tolist(), second!.tolist()], [[2, 2], 1.5]);
  for (const product of [hvp, vhp]) assert.equal(product((v) => v.prod(), x, vector(5, 7))[1].tolist(), [7, 5]);
});

test("a result is cut from the tape unless createGraph says otherwise", () => {
  const x = vector(2).requiresGrad_();
  assert.not(jacobian((v) => v.pow(3), x).requiresGrad);
  const j = jacobian((v) => v.pow(3), x, { createGraph: true });
  j.sum().backward();
  assert.equal(x.grad!.tolist(), [12]);
});

test("nothing is left behind but the result", () => {
  const x = vector(1, 2, 3);
  const before = fl.memoryStats().storages;
  hessian((v) => v.pow(3).sum(), x).dispose();
  assert.is(fl.memoryStats().storages, before);
});

test("what does not fit is refused", () => {
  const x = vector(1, 2);
  assert.throws(
    () => hessian((v) => v.square(), x),
    /hessian: the function has to give one tensor with a single element/,
  );
  assert.throws(() => vjp((v) => v.square(), x), /vjp: the vector v can only be left out/);
  assert.throws(() => jvp((v) => v.square(), x, vector(1)), /jvp: v is float64\[1\]/);
  assert.throws(
    () => jacobian((v) => v.detach(), x, { strict: true }),
    /jacobian: the result is independent of input 0/,
  );
  assert.equal(jacobian((v) => v.detach(), x).tolist(), [
    [0, 0],
    [0, 0],
  ]);
});

test.run();
