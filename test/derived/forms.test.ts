// The ways to call an operator: as a method, in place, without recording, and the calls that must be refused.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isDifferentiable, KIND } from "#src/core/dtype";
import { inferred } from "#src/op/dispatch";
import { Tensor } from "#src/tensor/tensor";
import { listOf, numbersSync, tensorDifference } from "./compare.ts";
import { entries, isInPlace, make, tensorsIn } from "./walk.ts";

const seeded = fl as unknown as { manualSeed?: (seed: number) => void };
type Call = (...args: unknown[]) => unknown;

function run(f: Call, args: unknown[]): Tensor[] {
  seeded.manualSeed?.(1);
  return listOf(f(...args));
}

/** True of an argument that is given back, as `contiguous` does. */
const isArgument = (y: Tensor, args: unknown[]): boolean =>
  tensorsIn(args).some((x) => x.auto !== null && x.auto === y.auto);

/** The results, or what the refusal says. */
function attempt(f: Call, args: unknown[]): Tensor[] | string {
  try {
    return run(f, args);
  } catch (error) {
    return String(error);
  }
}

async function same(got: Tensor[], expected: Tensor[], what: string): Promise<void> {
  assert.is(got.length, expected.length, what);
  for (const [i, y] of got.entries()) {
    const different = await tensorDifference(y, expected[i]!);
    assert.is(different, null, `${what}, result ${i}: ${different}`);
  }
}

const all = entries();

const methods = suite("methods");
for (const entry of all) {
  const { name, f, operator, samples, isPublic } = entry;
  const { method } = operator.rule;
  if (!isPublic || method === false || samples.length === 0) continue;
  methods(`x.${name} is ${name}(x)`, async () => {
    for (const [s, sample] of samples.entries()) {
      const args = make(sample);
      if (!(args[0] instanceof Tensor)) continue;
      const self = args[0] as unknown as Record<string, unknown>;
      if (method === "attribute") {
        await same(listOf(self[name]), run(f, args), `sample ${s}`);
        continue;
      }
      // Where the method takes its arguments in another order, its own tests look at it.
      if (typeof method === "function") continue;
      assert.type(self[name], "function", `x.${name}`);
      const byMethod = attempt((...rest) => (self[name] as Call)(...rest), args.slice(1));
      const byFunction = attempt(f, make(sample));
      if (typeof byFunction === "string" || typeof byMethod === "string")
        assert.is(byMethod, byFunction, `sample ${s}`);
      else await same(byMethod, byFunction, `sample ${s}`);
    }
  });
}
methods.run();

const inPlace = suite("in place");
for (const entry of all) {
  if (!isInPlace(entry)) continue;
  const { name, f, operator, samples } = entry;
  const outOfPlace = all.find((other) => other.operator.rule === operator.rule && !isInPlace(other));
  if (outOfPlace === undefined) continue;
  inPlace(`${name} writes what ${outOfPlace.name} gives, or refuses`, async () => {
    for (const [s, sample] of samples.entries()) {
      const args = make(sample);
      const x = args[0];
      if (!(x instanceof Tensor)) continue;
      const { inputs, attrs } = operator.bound(make(sample));
      const [out] = inferred(operator, inputs, attrs);
      const fits = String(out!.shape) === String(x.shape) && KIND[out!.code]! <= KIND[x.code]!;
      const before = numbersSync(x);
      const version = x.storage.version;
      if (!fits) {
        assert.throws(
          () => run(f, args),
          (e: unknown) =>
            (e instanceof fl.ShapeError || e instanceof fl.DTypeError) && e.message.startsWith(`${name}: `),
          `sample ${s}`,
        );
        assert.equal(numbersSync(x), before, `sample ${s}: a refused call changes nothing`);
        assert.is(x.storage.version, version);
        continue;
      }
      const [y] = run(f, args);
      assert.is(y, x, `sample ${s}: it returns what it wrote into`);
      assert.ok(x.storage.version > version, `sample ${s}: the version grows`);
      const [expected] = run(outOfPlace.f, make(sample));
      await same([x], [x.detach().clone().copy_(expected!)], `sample ${s}`);
    }
  });

  inPlace(`${name} has the gradients of ${outOfPlace.name}, and leaves that require one are refused`, () => {
    for (const [s, sample] of samples.entries()) {
      const leaves = make(sample, { dtype: "float64", requiresGrad: true });
      const x = leaves[0];
      if (!(x instanceof Tensor) || !x.requiresGrad) continue;
      const { inputs, attrs } = operator.bound(make(sample, { dtype: "float64" }));
      const [out] = inferred(operator, inputs, attrs);
      if (String(out!.shape) !== String(x.shape) || out!.code !== x.code) continue;
      assert.throws(() => run(f, leaves), /leaf tensor that requires grad/, `sample ${s}`);

      const gradients = (call: Call): number[][] => {
        const args = make(sample, { dtype: "float64", requiresGrad: true });
        // One step between, so that what is written is no leaf.
        const [y] = run(call, [(args[0] as Tensor).mul(1), ...args.slice(1)]);
        if (y!.requiresGrad) y!.mul(y!.detach().clone().fill_(1)).backward(y!.detach().clone().fill_(1));
        return tensorsIn(args).map((t) => (t.grad === null ? [] : numbersSync(t.grad)));
      };
      assert.equal(gradients(f), gradients(outOfPlace.f), `sample ${s}`);
    }
  });
}
inPlace.run();

const contexts = suite("recording");
for (const entry of all) {
  const { name, f, operator, samples } = entry;
  if (isInPlace(entry) || samples.length === 0) continue;
  contexts(`${name}: records when asked, and only then`, () => {
    for (const [s, sample] of samples.entries()) {
      const args = make(sample, { requiresGrad: true });
      if (!tensorsIn(args).some((x) => x.requiresGrad)) continue;
      for (const y of fl.noGrad(() => run(f, args))) {
        if (isArgument(y, args)) continue;
        assert.not(y.requiresGrad, `sample ${s}: nothing is recorded in noGrad`);
        assert.is(y.gradFn, null);
        assert.ok(y.isLeaf);
      }
      for (const y of run(f, make(sample))) assert.not(y.requiresGrad, `sample ${s}: nor of what requires none`);
      const { vjp, decompose } = operator.rule;
      for (const y of run(f, args)) {
        if (isArgument(y, args)) continue;
        assert.ok(!y.requiresGrad || isDifferentiable(y.code), `sample ${s}: ${y.dtype} has no gradient`);
        if (vjp === undefined && decompose === undefined) assert.not(y.requiresGrad);
        if (y.requiresGrad) assert.match(y.gradFn?.name ?? "", /^[A-Z]\w*$/);
      }
    }
  });
}
contexts.run();

const refusals = suite("refusals");
for (const entry of all) {
  const { name, f, samples, isPublic } = entry;
  if (samples.length === 0) continue;
  const sample = samples[0]!;

  refusals(`${name}: a freed tensor is a DisposedError that names it`, () => {
    for (const place of tensorsIn(make(sample)).keys()) {
      const args = make(sample);
      tensorsIn(args)[place]!.dispose();
      assert.throws(
        () => run(f, args),
        (e: unknown) => e instanceof fl.DisposedError && e.message.startsWith(`${name}: `),
        `tensor ${place}`,
      );
    }
  });

  if (!isPublic) continue;
  refusals(`${name}: an unknown option and an argument too many are TypeErrors that name it`, () => {
    const isTypeError = (e: unknown): boolean => e instanceof TypeError && e.message.startsWith(`${name}: `);
    const args = make(sample);
    const last = args.at(-1);
    const options = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
    const positional = options ? args.slice(0, -1) : args;
    const unknown = { ...(options ? (last as object) : {}), frobnicate: 1 };
    assert.throws(
      () => run(f, [...positional, unknown]),
      (e: unknown) => isTypeError(e) && /frobnicate/.test(String(e)),
    );
    assert.throws(() => run(f, [...positional, ...new Array(12).fill(1)]), isTypeError);
    assert.throws(() => run(f, []), isTypeError);
    if (args[0] instanceof Tensor) {
      for (const nonsense of ["text", null, Symbol.iterator, () => {}, new Date()]) {
        assert.throws(() => run(f, [nonsense, ...args.slice(1)]), isTypeError, String(nonsense));
      }
    }
  });
}
refusals.run();
