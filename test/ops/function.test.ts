// Operators of the user's own: fl.autograd.Function.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

type Tensor = fl.Tensor;
type Context = fl.autograd.FunctionContext;
const leaf = (values: number[]): Tensor => fl.tensor(values, { dtype: "float64", requiresGrad: true });
const { Function: Base, grad, gradcheck, gradgradcheck } = fl.autograd;

class Exp extends Base {
  static forward(ctx: Context, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static backward(ctx: Context, g: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return g.mul(y!);
  }
}

class Polar extends Base {
  static forward(ctx: Context, r: Tensor, angle: Tensor): Tensor[] {
    ctx.saveForBackward(r, angle);
    return [r.mul(angle.cos()), r.mul(angle.sin())];
  }
  static backward(ctx: Context, gx: Tensor, gy: Tensor): Tensor[] {
    const [r, angle] = ctx.savedTensors as [Tensor, Tensor];
    const [cos, sin] = [angle.cos(), angle.sin()];
    return [gx.mul(cos).add(gy.mul(sin)), gy.mul(r).mul(cos).sub(gx.mul(r).mul(sin))];
  }
}

const test = suite("Function");

test("forward runs unrecorded, backward gives its gradient", () => {
  const x = leaf([0.5, 1]);
  const y = Exp.apply(x);
  assert.is(y.gradFn!.name, "ExpBackward");
  y.sum().backward();
  for (const [i, g] of (x.grad!.tolist() as number[]).entries())
    assert.ok(Math.abs(g - Math.exp([0.5, 1][i]!)) < 1e-12);
  assert.not(Exp.apply(x.detach()).requiresGrad);
  assert.not(fl.noGrad(() => Exp.apply(x)).requiresGrad);
});

test("checks by finite differences, and differentiates twice", () => {
  assert.ok(gradcheck((x) => Exp.apply(x), leaf([0.5, -1])));
  assert.ok(gradgradcheck((x) => Exp.apply(x), leaf([0.5, -1])));
  assert.ok(gradcheck((r, a) => Polar.apply(r, a), [leaf([0.5, 2]), leaf([0.3, 1])]));
  assert.ok(gradgradcheck((r, a) => Polar.apply(r, a), [leaf([0.5, 2]), leaf([0.3, 1])]));
});

test("gradcheck sees a wrong backward and says where", () => {
  class Wrong extends Exp {
    static override backward(_ctx: Context, g: Tensor): Tensor {
      return g.mul(2);
    }
  }
  assert.throws(
    () => gradcheck((x) => Wrong.apply(x), leaf([0.5])),
    (e: unknown) => e instanceof fl.AutogradError && /output 0\[0\] by input 0\[0\]: the rule says 2/.test(e.message),
  );
  assert.not(gradcheck((x) => Wrong.apply(x), leaf([0.5]), { raiseException: false }));
});

test("several results, of which some are not used: their cotangents are zeros", () => {
  const [r, angle] = [leaf([2]), leaf([0.5])];
  const [x] = Polar.apply(r, angle) as Tensor[];
  x!.sum().backward();
  assert.ok(Math.abs(r.grad!.item() - Math.cos(0.5)) < 1e-12);
  assert.ok(Math.abs(angle.grad!.item() + 2 * Math.sin(0.5)) < 1e-12);
});

test("needsInputGrad says what is wanted; other arguments get null", () => {
  const seen: (readonly boolean[])[] = [];
  class Scaled extends Base {
    static forward(ctx: Context, x: Tensor, factor: number, y: Tensor): Tensor {
      seen.push(ctx.needsInputGrad);
      ctx.factor = factor;
      return x.mul(factor).add(y);
    }
    static backward(ctx: Context, g: Tensor): (Tensor | null)[] {
      return [g.mul(ctx.factor as number), null, g];
    }
  }
  const x = leaf([1]);
  const y = fl.tensor([2], { dtype: "float64" });
  Scaled.apply(x, 3, y).sum().backward();
  assert.equal(seen, [[true, false, false]]);
  assert.equal(x.grad!.tolist(), [3]);
  assert.is(y.grad, null);
});

test("markNonDifferentiable: no gradient flows through the result", () => {
  class Parts extends Base {
    static forward(ctx: Context, x: Tensor): Tensor[] {
      const whole = x.floor();
      ctx.markNonDifferentiable(whole);
      return [whole, x.sub(whole)];
    }
    static backward(_ctx: Context, _whole: Tensor, g: Tensor): Tensor {
      return g;
    }
  }
  const x = leaf([1.25, 2.5]);
  const [whole, fraction] = Parts.apply(x) as Tensor[];
  assert.not(whole!.requiresGrad);
  assert.ok(fraction!.requiresGrad);
  fraction!.sum().backward();
  assert.equal(x.grad!.tolist(), [1, 1]);
});

test("an argument that is given back is a result of its own", () => {
  class Twice extends Base {
    static forward(_ctx: Context, x: Tensor): Tensor {
      return x;
    }
    static backward(_ctx: Context, g: Tensor): Tensor {
      return g.mul(2);
    }
  }
  const x = leaf([1]);
  const y = Twice.apply(x);
  assert.is.not(y, x);
  assert.ok(x.isLeaf && !y.isLeaf);
  y.sum().backward();
  assert.equal(x.grad!.tolist(), [2]);
});

test("what was saved and then written is an error", () => {
  const x = leaf([0.5]);
  const y = Exp.apply(x);
  y.add_(1);
  assert.throws(
    () => y.sum().backward(),
    (e: unknown) => e instanceof fl.AutogradError && /modified by an inplace/.test(e.message),
  );
});

test("too few gradients are an error that counts", () => {
  class Short extends Base {
    static forward(_ctx: Context, a: Tensor, b: Tensor): Tensor {
      return a.add(b);
    }
    static backward(_ctx: Context, g: Tensor): Tensor[] {
      return [g];
    }
  }
  assert.throws(
    () =>
      Short.apply(leaf([1]), leaf([2]))
        .sum()
        .backward(),
    /Short: backward returned 1 gradients, expected 2/,
  );
});

test("what forward or backward throws passes unchanged", () => {
  const mine = new Error("mine");
  class Failing extends Exp {
    static override backward(): never {
      throw mine;
    }
  }
  assert.throws(
    () =>
      Failing.apply(leaf([1]))
        .sum()
        .backward(),
    (e: unknown) => e === mine,
  );
});

test("through a composition, and through grad", () => {
  const x = leaf([0.5]);
  const [g] = grad(Exp.apply(Exp.apply(x).mul(2)).sum(), x);
  const inner = Math.exp(0.5);
  assert.ok(Math.abs(g!.item() - Math.exp(2 * inner) * 2 * inner) < 1e-9);
});

test("in a scope nothing is left of it", () => {
  const x = leaf([0.5]);
  const step = (): void => fl.scope(() => Exp.apply(x.mul(2)).sum().backward());
  step();
  const before = fl.memoryStats().storages;
  step();
  fl.scope(() => void Exp.apply(x.mul(2)));
  assert.is(fl.memoryStats().storages, before);
});

test.run();
