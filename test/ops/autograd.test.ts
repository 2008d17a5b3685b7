// The tape as its user sees it: hooks, retained gradients and graphs, versions, errors. What PyTorch documents is what is
// expected; the numbers of writes through views were recorded from it (inplace.test.ts).

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { below } from "#src/op/context";
import { dispatch } from "#src/op/dispatch";

type Tensor = fl.Tensor;
const leaf = (values: number[]): Tensor => fl.tensor(values, { dtype: "float64", requiresGrad: true });
const list = (x: Tensor | null): unknown => x?.tolist() ?? null;
const autogradError = (text: RegExp) => (e: unknown) => e instanceof fl.AutogradError && text.test(e.message);

const backward = suite("backward");

backward("adds to what is there; each leaf once, however often it is used", () => {
  const x = leaf([1, 2]);
  const y = leaf([3, 4]);
  x.mul(y).add(x).sum().backward();
  assert.equal(list(x.grad), [4, 5]);
  assert.equal(list(y.grad), [1, 2]);
  x.mul(2).sum().backward();
  assert.equal(list(x.grad), [6, 7]);
  x.grad = null;
  x.mul(2).sum().backward();
  assert.equal(list(x.grad), [2, 2]);
});

backward("a gradient must have the tensor's shape and dtype", () => {
  const x = leaf([1, 2]);
  x.grad = fl.tensor([1, 1], { dtype: "float64" });
  x.mul(2).sum().backward();
  assert.equal(list(x.grad), [3, 3]);
  assert.throws(() => (x.grad = fl.tensor([1, 2, 3], { dtype: "float64" })), /grad: .*the shapes differ/);
  assert.throws(() => (x.grad = fl.tensor([1.5, 2])), /grad: .*the dtypes differ/);
  assert.throws(() => (x.grad = 3 as never), TypeError);
});

backward("takes a cotangent, which must have the shape of the output", () => {
  const x = leaf([1, 2]);
  x.mul(x).backward(fl.tensor([1, 10], { dtype: "float64" }));
  assert.equal(list(x.grad), [2, 40]);
  assert.throws(() => x.mul(x).backward(), autogradError(/only for one element/));
  assert.throws(() => x.mul(x).backward(fl.tensor([1.5])), /backward: the gradient has the shape \[1\]/);
});

backward("twice through one graph is an error, unless it is retained", () => {
  const x = leaf([1, 2]);
  const y = x.mul(x).sum();
  y.backward({ retainGraph: true });
  y.backward();
  assert.equal(list(x.grad), [4, 8]);
  assert.throws(() => y.backward(), autogradError(/a second time: .* retainGraph: true/));
  // What saved nothing can run again.
  const z = x.add(1).sum();
  z.backward();
  z.backward();
});

backward("of what requires no gradient is an error", () => {
  assert.throws(() => fl.tensor(1.5).backward(), autogradError(/does not require grad/));
  const x = leaf([1]);
  assert.throws(() => fl.noGrad(() => x.mul(2).sum()).backward(), autogradError(/does not require grad/));
  assert.throws(() => x.detach().sum().backward(), autogradError(/does not require grad/));
});

backward("with inputs collects for these alone", () => {
  const x = leaf([1, 2]);
  const y = leaf([3, 4]);
  x.mul(y)
    .sum()
    .backward({ inputs: [y] });
  assert.is(x.grad, null);
  assert.equal(list(y.grad), [1, 2]);
});

backward("a broadcast operand gets the sum, a real one the real part, each its own dtype", () => {
  const x = leaf([2]);
  const y = fl.tensor(
    [
      [1.5, 2, 3],
      [4, 5, 6],
    ],
    { requiresGrad: true },
  );
  x.mul(y).sum().backward();
  assert.equal(list(x.grad), [21.5]);
  assert.is(y.grad!.dtype, "float32");
  assert.equal(list(y.grad), [
    [2, 2, 2],
    [2, 2, 2],
  ]);
  const z = fl.tensor([new fl.ComplexScalar(0, 1)], { dtype: "complex128" });
  const r = leaf([3]);
  const out = r.mul(z).mul(r);
  out.backward(z);
  assert.is(r.grad!.dtype, "float64");
  assert.equal(list(r.grad), [6]);
});

backward("only what is needed is computed: a leaf without interest costs nothing", () => {
  const names: string[] = [];
  const x = leaf([1, 2]);
  const fixed = fl.tensor([3, 4], { dtype: "float64" });
  const y = x.mul(fixed).sum();
  const recorder: fl.Interpreter = {
    apply(operator, inputs, attrs) {
      names.push(operator.name);
      return below(null, () => dispatch(operator, inputs, attrs));
    },
  };
  fl.interpret(recorder, () => y.backward());
  assert.is(names.filter((name) => name === "mul").length, 1, names.join(" "));
});

backward("deep graphs do not overflow the stack", () => {
  const x = leaf([1]);
  let y: Tensor = x;
  for (let i = 0; i < 20_000; i++) y = y.add(x);
  y.sum().backward();
  assert.equal(list(x.grad), [20_001]);
});

backward("a diamond of paths is gone through once a node", () => {
  const x = leaf([1]);
  let y: Tensor = x;
  for (let i = 0; i < 40; i++) y = y.add(y).mul(0.5);
  let calls = 0;
  x.registerHook(() => void calls++);
  y.sum().backward();
  assert.equal(list(x.grad), [1]);
  assert.is(calls, 1);
});

backward.run();

const grad = suite("grad");

grad("gives gradients in the order of the inputs and touches none", () => {
  const x = leaf([1, 2]);
  const y = leaf([3, 4]);
  const z = x.mul(y);
  const [gy, gx, gz] = fl.autograd.grad(z.sum(), [y, x, z]);
  assert.equal(
    [list(gx!), list(gy!), list(gz!)],
    [
      [3, 4],
      [1, 2],
      [1, 1],
    ],
  );
  assert.is(x.grad, null);
});

grad("several outputs are summed, each with its cotangent", () => {
  const x = leaf([1, 2]);
  const [g] = fl.autograd.grad([x.mul(2), x.mul(3).sum()], x, {
    gradOutputs: [fl.tensor([1, 10], { dtype: "float64" }), null],
  });
  assert.equal(list(g!), [5, 23]);
  assert.throws(
    () => fl.autograd.grad(x.sum(), x, { gradOutputs: [null, null] }),
    autogradError(/got 2 gradOutputs for 1/),
  );
});

grad("an input that was not used is an error, null or zeros, as is asked", () => {
  const x = leaf([1, 2]);
  const unused = leaf([3]);
  assert.throws(() => fl.autograd.grad(x.sum(), [unused]), autogradError(/was not used in the graph/));
  assert.equal(fl.autograd.grad(x.sum(), [unused], { allowUnused: true }), [null]);
  assert.equal(list(fl.autograd.grad(x.sum(), [unused], { materializeGrads: true })[0]!), [0]);
  assert.throws(() => fl.autograd.grad(x.sum(), fl.tensor([1.5])), autogradError(/input 0, .* does not require grad/));
  assert.throws(() => fl.autograd.grad(x.sum(), x, { frobnicate: 1 } as never), /unknown argument "frobnicate"/);
});

grad("a gradient can be differentiated where the graph is created", () => {
  const x = leaf([1, 2]);
  const [g] = fl.autograd.grad(x.mul(x).mul(x).sum(), x, { createGraph: true });
  assert.equal(list(g!), [3, 12]);
  const [gg] = fl.autograd.grad(g!.sum(), x, { createGraph: true });
  assert.equal(list(gg!), [6, 12]);
  const [ggg] = fl.autograd.grad(gg!.sum(), x);
  assert.equal(list(ggg!), [6, 6]);
  assert.not(ggg!.requiresGrad);
});

grad("a gradient penalty reaches the leaves", () => {
  const w = leaf([2]);
  const x = leaf([3]);
  const [g] = fl.autograd.grad(w.mul(x).mul(x).sum(), x, { createGraph: true }); // 2·w·x
  g!.mul(g!).sum().backward(); // (2·w·x)² → 8·w·x², 8·w²·x
  assert.equal(list(w.grad), [144]);
  assert.equal(list(x.grad), [96]);
});

grad.run();

const hooks = suite("hooks");

hooks("see the gradient, in order, and may replace it", () => {
  const x = leaf([1, 2]);
  const seen: unknown[] = [];
  const h = x.mul(3);
  const first = h.registerHook((g) => {
    seen.push(g.tolist());
    return g.mul(10);
  });
  h.registerHook((g) => void seen.push(g.tolist()));
  h.sum().backward();
  assert.equal(seen, [
    [1, 1],
    [10, 10],
  ]);
  assert.equal(list(x.grad), [30, 30]);
  first.remove();
  first.remove();
  x.grad = null;
  const again = x.mul(3);
  again.sum().backward();
  assert.equal(list(x.grad), [3, 3], "a hook belongs to its tensor");
});

hooks("of a leaf see what is added, once a backward", () => {
  const x = leaf([1, 2]);
  const seen: unknown[] = [];
  x.registerHook((g) => {
    seen.push(g.tolist());
    return g.neg();
  });
  x.add(x).mul(2).sum().backward();
  assert.equal(seen, [[4, 4]]);
  assert.equal(list(x.grad), [-4, -4]);
});

hooks("what a hook throws passes unchanged, and the next backward works", () => {
  const x = leaf([1, 2]);
  const mine = new Error("mine");
  const handle = x.registerHook(() => {
    throw mine;
  });
  assert.throws(
    () => x.sum().backward(),
    (e: unknown) => e === mine,
  );
  handle.remove();
  x.sum().backward();
  assert.equal(list(x.grad), [1, 1]);
});

hooks("may begin a backward through the same nodes, of which some wait for the outer one", () => {
  const x = leaf([1, 2]);
  const y = x.mul(3);
  const z = y.mul(y);
  let begun = false;
  z.registerHook(() => {
    if (begun) return;
    begun = true;
    fl.enableGrad(() => z.add(y).sum().backward({ retainGraph: true })); // 18x + 3
  });
  // Two of x's cotangent wait at x when the hook of z, which was made before, is called.
  z.add(x.mul(2)).sum().backward();
  assert.equal(list(x.grad), [18 + 3 + 18 + 2, 36 + 3 + 36 + 2]);
});

hooks("need a tensor that requires a gradient", () => {
  assert.throws(
    () => fl.tensor([1.5]).registerHook(() => {}),
    autogradError(/registerHook: float32\[1\] does not require grad/),
  );
});

hooks("retainGrad keeps the gradient of what is no leaf", () => {
  const x = leaf([1, 2]);
  const h = x.mul(3);
  h.retainGrad();
  h.retainGrad();
  h.mul(h).sum().backward();
  assert.equal(list(h.grad), [6, 12]);
  assert.equal(list(x.grad), [18, 36]);
  const other = x.mul(2);
  other.sum().backward();
  assert.is(other.grad, null);
  x.retainGrad(); // a leaf's is kept anyway
});

hooks.run();

const leaves = suite("leaves and histories");

leaves("what is a leaf, what made the rest", () => {
  const x = leaf([1]);
  const y = x.mul(2);
  const plain = fl.tensor([1.5]);
  assert.ok(x.isLeaf && plain.isLeaf && !y.isLeaf);
  assert.is(x.gradFn, null);
  assert.is(y.gradFn!.name, "MulBackward0");
  assert.ok(plain.mul(2).isLeaf);
});

leaves("requiresGrad can be set of leaves of a differentiable dtype", () => {
  const x = fl.tensor([1.5]);
  x.requiresGrad_();
  assert.ok(x.requiresGrad);
  x.requiresGrad_(false);
  x.requiresGrad = true;
  assert.ok(x.mul(2).requiresGrad);
  assert.throws(
    () => fl.tensor([1]).requiresGrad_(),
    (e: unknown) => e instanceof fl.DTypeError,
  );
  assert.throws(() => (x.mul(2).requiresGrad = false), autogradError(/only change requiresGrad of leaf/));
  assert.throws(
    () => fl.tensor([1], { dtype: "int64", requiresGrad: true }),
    (e: unknown) => e instanceof fl.DTypeError,
  );
  assert.is(fl.tensor([1], { requiresGrad: true }).dtype, "float32");
});

leaves("detach shares the memory and leaves the history", () => {
  const x = leaf([1, 2]);
  const y = x.mul(2);
  const d = y.detach();
  assert.not(d.requiresGrad);
  d.add_(1);
  assert.equal(list(y), [3, 5]);
  const z = x.mul(3);
  assert.is(z.detach_(), z);
  assert.ok(z.isLeaf && !z.requiresGrad);
});

leaves("integers and truth values have no history", () => {
  const x = leaf([1, 2]);
  assert.not(x.gt(1).requiresGrad);
  assert.not(x.to("int64").requiresGrad);
  const { values, indices } = x.max(0);
  assert.ok(values.requiresGrad && !indices.requiresGrad);
});

leaves("copies of values to other dtypes carry it on", () => {
  const x = leaf([1, 2]);
  x.to("float32").mul(2).to("float16").sum().backward();
  assert.equal(list(x.grad), [2, 2]);
  assert.is(x.grad!.dtype, "float64");
});

leaves.run();

const versions = suite("versions");

versions("a write over what a backward needs is an error that names it", () => {
  const x = leaf([1, 2]);
  const h = x.mul(2);
  const y = h.mul(h).sum();
  h.add_(1);
  assert.throws(
    () => y.backward(),
    autogradError(
      /modified by an inplace operation: MulBackward0 saved a, float64\[2\], at version 0, it is at version 1 now/,
    ),
  );
});

versions("through a view, an alias and without recording too", () => {
  const writes: ((h: Tensor) => unknown)[] = [
    (h) => h.at(0).mul_(2),
    (h) => h.detach().zero_(),
    (h) => fl.noGrad(() => h.view(2, 1).add_(1)),
    (h) => h.fill_(3),
  ];
  for (const write of writes) {
    const x = leaf([1, 2]);
    const h = x.mul(2);
    const y = h.mul(h).sum();
    write(h);
    assert.throws(() => y.backward(), autogradError(/modified by an inplace operation/));
  }
});

versions("what is not needed may be written", () => {
  const x = leaf([1, 2]);
  const h = x.add(1); // saves nothing
  h.mul_(2); // of h as it was
  h.sum().backward();
  assert.equal(list(x.grad), [2, 2]);
});

versions("a leaf that requires a gradient is written in noGrad alone", () => {
  const x = leaf([1, 2]);
  assert.throws(() => x.add_(1), autogradError(/add_: a leaf tensor that requires grad/));
  assert.throws(() => x.at(0).add_(1), autogradError(/add_: a view of a leaf tensor that requires grad/));
  assert.equal(list(x), [1, 2], "a refused call changes nothing");
  fl.noGrad(() => x.add_(1));
  assert.equal(list(x), [2, 3]);
  x.mul(x).sum().backward();
  assert.equal(list(x.grad), [4, 6]);
});

versions("what is expanded cannot be written", () => {
  const x = fl.tensor([[1.5], [2]]).expand(2, 3);
  assert.throws(
    () => x.add_(1),
    (e: unknown) => e instanceof fl.ShapeError && /shows an element more than once/.test(e.message),
  );
});

versions.run();
