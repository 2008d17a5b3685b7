// One value on every device, in every layout and every dtype: kernels against the reference device's loops, kernels
// against formulas, and the specs that were inferred against what comes.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DTYPES, type DType } from "#src/core/dtype";
import { evaluate, inferred } from "#src/op/dispatch";
import type { Attrs, Inputs, Spec } from "#src/op/types";
import type { Tensor } from "#src/tensor/tensor";
import "../reference/index.ts";
import { listOf, tensorDifference } from "./compare.ts";
import { ARRANGEMENTS, type Entry, entries, hasFloats, isInPlace, type Making, make, tensorsIn } from "./walk.ts";

const seeded = fl as unknown as { manualSeed?: (seed: number) => void };

/** The result of a call, or what it threw. */
function attempt(entry: Entry, args: unknown[]): Tensor[] | Error {
  seeded.manualSeed?.(1);
  try {
    return listOf(entry.f(...args));
  } catch (error) {
    return error as Error;
  }
}

/** Compares two calls that must agree: both give the same, or both refuse. */
async function agree(what: string, got: Tensor[] | Error, expected: Tensor[] | Error): Promise<void> {
  if (expected instanceof Error || got instanceof Error) {
    const [a, b] = [got, expected].map((r) => (r instanceof Error ? r : "a result"));
    // A value that a kernel refuses is a refusal at once here and at the next read there.
    const late = got instanceof Error ? null : await Promise.all(got.map((y) => y.data())).then(() => null, String);
    if (expected instanceof Error && (got instanceof Error || late !== null)) return;
    throw new Error(`${what}: ${a}, expected ${b}`);
  }
  assert.is(got.length, expected.length, what);
  for (const [i, y] of got.entries()) {
    const different = await tensorDifference(y, expected[i]!);
    assert.is(different, null, `${what}, result ${i}: ${different}`);
  }
}

/** A sample's call on a device, with the options that say where a tensor is made. */
function call(entry: Entry, sample: readonly unknown[], making: Making): Tensor[] | Error {
  const args = make(sample, making);
  if (tensorsIn(args).length === 0 && making.device !== undefined) return attempt(entry, placedOn(args, making.device));
  return attempt(entry, args);
}

function placedOn(args: unknown[], device: string): unknown[] {
  const last = args.at(-1);
  const plain = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
  return plain ? [...args.slice(0, -1), { ...last, device }] : [...args, { device }];
}

const layouts = suite("layouts and devices");
for (const entry of entries()) {
  if (isInPlace(entry)) continue;
  layouts(`${entry.name}: one value in every layout on every device`, async () => {
    for (const [s, sample] of entry.samples.entries()) {
      for (const arrangement of ARRANGEMENTS) {
        const repeating = arrangement === "expanded";
        // Its public form looks first whether the strides allow it.
        if (entry.name === "view" && arrangement !== "dense" && arrangement !== "offset") continue;
        const expected = call(entry, sample, { repeating });
        if (expected instanceof Error) throw expected;
        const what = `sample ${s}, ${arrangement}`;
        const here = call(entry, sample, { arrangement });
        // Some views depend on the storage under the tensor: they show something else, or refuse.
        const refused = entry.operator.rule.view !== undefined && here instanceof Error;
        if (!refused && entry.name !== "asStrided") await agree(what, here, expected);
        const there = call(entry, sample, { arrangement, device: "reference" });
        if (entry.operator.rule.dynamic === undefined) await agree(`${what}, on the reference device`, there, here);
        else assert.instance(there, fl.DeviceError, `${what}: ${there}`);
      }
    }
  });
}
layouts.run();

const dtypes = suite("dtypes");
for (const entry of entries()) {
  if (isInPlace(entry) || !entry.samples.some(hasFloats)) continue;
  dtypes(`${entry.name}: every dtype has a value or a refusal that says why`, async () => {
    for (const [s, sample] of entry.samples.entries()) {
      if (!hasFloats(sample)) continue;
      for (const dtype of DTYPES as readonly DType[]) {
        const here = call(entry, sample, { dtype });
        const what = `sample ${s} as ${dtype}`;
        if (here instanceof Error) {
          assert.ok(
            here instanceof TypeError || here instanceof RangeError,
            `${what}: a bad call is a TypeError or a RangeError, got ${here.stack}`,
          );
          assert.match(here.message, new RegExp(`^${entry.operator.name}_?: `), what);
          assert.not.match(here.message, /undefined|not a function|Cannot|BigInt/, what);
        }
        if (entry.operator.rule.dynamic !== undefined) continue;
        await agree(`${what}, on the reference device`, call(entry, sample, { dtype, device: "reference" }), here);
      }
    }
  });
}
dtypes.run();

const formulas = suite("kernels and formulas");
for (const entry of entries()) {
  const { rule } = entry.operator;
  const kernel = rule.launch ?? rule.pointwise ?? rule.into;
  if (isInPlace(entry) || rule.decompose === undefined || kernel === undefined) continue;
  formulas(`${entry.name}: the kernel computes what the formula says`, async () => {
    for (const [s, sample] of entry.samples.entries()) {
      for (const dtype of ["float32", "float64"] as const) {
        seeded.manualSeed?.(1);
        const byKernel = listOf(entry.f(...make(sample, { dtype })));
        const { inputs, attrs } = entry.operator.bound(make(sample, { dtype }));
        seeded.manualSeed?.(1);
        const byFormula = rule.decompose!(inputs, attrs);
        if (byFormula !== null) await agree(`sample ${s} as ${dtype}`, byKernel, listOf(byFormula));
      }
    }
  });
}
formulas.run();

const specs = suite("inferred specs");
for (const entry of entries()) {
  if (isInPlace(entry)) continue;
  specs(`${entry.name}: what was inferred is what comes`, () => {
    for (const [s, sample] of entry.samples.entries()) {
      // The recorder sees the operators that a formula is made of, too.
      const recorder: fl.Interpreter = {
        apply(operator, inputs: Inputs, attrs: Attrs) {
          const expected: readonly Spec[] = operator.rule.infer === undefined ? [] : inferred(operator, inputs, attrs);
          const results = evaluate(operator, inputs, attrs);
          for (const [i, { code, shape }] of expected.entries()) {
            const y = listOf(results)[i]!;
            const text = (c: number, sizes: readonly number[]): string => `${DTYPES[c]}[${sizes.join(", ")}]`;
            assert.is(text(y.code, y.shape), text(code, shape), `sample ${s}: ${operator.name}, result ${i}`);
          }
          return results;
        },
      };
      fl.interpret(recorder, () => fl.noGrad(() => void entry.f(...make(sample))));
    }
  });
}
specs.run();
