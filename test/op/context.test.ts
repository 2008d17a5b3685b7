// Contexts: set by a synchronous callback, exact for every other code; interpreters see every operator.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { below } from "#src/op/context";
import { dispatch, evaluate } from "#src/op/dispatch";

const tracked = (): fl.Tensor => fl.tensor([1.5, 2.5], { requiresGrad: true });
const records = (): boolean => tracked().mul(2).requiresGrad;
const test = suite("contexts");

test("noGrad records nothing inside, returns what the callback returns, and restores", () => {
  assert.ok(fl.isGradEnabled() && records());
  const y = fl.noGrad(() => {
    assert.not(fl.isGradEnabled());
    assert.not(records());
    assert.ok(fl.enableGrad(() => fl.isGradEnabled() && records()));
    assert.not(fl.isGradEnabled());
    return "mine";
  });
  assert.is(y, "mine");
  assert.ok(fl.isGradEnabled() && records());
  assert.not(fl.inferenceMode(() => records()));
});

test("what the callback throws passes unchanged, and the context is restored", () => {
  const mine = { mine: true };
  for (const context of [fl.noGrad, fl.enableGrad, fl.inferenceMode]) {
    try {
      context(() => {
        throw mine;
      });
      assert.unreachable();
    } catch (error) {
      assert.is(error, mine);
    }
    assert.ok(fl.isGradEnabled());
  }
});

test("a callback that goes on after its return throws", () => {
  assert.throws(() => fl.noGrad(async () => 1), /noGrad cannot span an await: wrap each synchronous part/);
  assert.throws(() => fl.enableGrad(() => Promise.resolve()), /enableGrad cannot span an await/);
  assert.throws(() => fl.inferenceMode(() => ({ then: () => {} })), /inferenceMode cannot span an await/);
  assert.throws(
    () =>
      fl.noGrad(function* () {
        yield 1;
      }),
    /noGrad cannot span a yield/,
  );
  assert.ok(fl.isGradEnabled());
});

test("code between the parts of another's never sees its context", async () => {
  const seen: boolean[] = [];
  const job = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      fl.noGrad(() => seen.push(records()));
      await Promise.resolve();
    }
  };
  const other = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      assert.ok(records());
      await Promise.resolve();
    }
  };
  await Promise.all([job(), other(), job()]);
  assert.equal(seen, new Array(10).fill(false));
});

test("setGradEnabled holds until it is set again", () => {
  fl.setGradEnabled(false);
  assert.not(records());
  fl.setGradEnabled(true);
  assert.ok(records());
});

/** Writes down the names of the operators that it is asked for. */
function recorder(names: string[], inside: boolean): fl.Interpreter {
  return {
    apply(operator, inputs, attrs) {
      names.push(operator.name);
      // Either the parts of a formula are seen as well, or they run under what is outside.
      return inside ? evaluate(operator, inputs, attrs) : below(null, () => dispatch(operator, inputs, attrs));
    },
  };
}

test("an interpreter sees every operator, on every path to it", () => {
  const names: string[] = [];
  const x = tracked();
  const y = fl.interpret(recorder(names, false), () => {
    const h = x.mul(x); // the straight line
    const k = fl.add(h, 1); // with a number
    const v = k.view(1, 2).transpose(0, 1); // views
    const s = v.sum(0, true); // with attributes
    return s.neg().clone();
  });
  assert.equal(names, ["mul", "add", "view", "transpose", "sum", "neg", "clone"]);
  assert.equal(y.tolist(), [[-(2.25 + 6.25 + 2)]]);
  assert.ok(y.requiresGrad, "what runs below records as ever");
  names.length = 0;
  x.mul(x);
  assert.equal(names, [], "only inside the callback");
});

test("it sees a composite whole, or its parts, as it likes", () => {
  const whole: string[] = [];
  const parts: string[] = [];
  const x = tracked();
  const call = (): void => void fl.nanmean(x);
  fl.interpret(recorder(whole, false), call);
  fl.interpret(recorder(parts, true), call);
  assert.is(whole.length, 1);
  assert.ok(parts.length > 1 && parts[0] === whole[0], parts.join(" "));
});

test("a write in place passes it as well", () => {
  const names: string[] = [];
  const x = fl.tensor([1.5, 2.5]);
  fl.interpret(recorder(names, false), () => void x.mul_(2).add_(1));
  assert.equal(names, ["mul_", "add_"]);
});

test("interpreters nest: the inner one runs operators under the outer one", () => {
  const log: string[] = [];
  const named = (name: string): fl.Interpreter => ({
    apply(operator, inputs, attrs) {
      log.push(`${name} ${operator.name}`);
      return below(outerOf[name] ?? null, () => dispatch(operator, inputs, attrs));
    },
  });
  const outer = named("outer");
  const outerOf: Record<string, fl.Interpreter> = { inner: outer };
  fl.interpret(outer, () => fl.interpret(named("inner"), () => void fl.tensor([1.5]).neg()));
  assert.equal(log, ["inner neg", "outer neg"]);
});

test.run();
