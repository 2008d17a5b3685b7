// Gradients of every operator against finite differences, and of the gradients; what a rule reads and returns.

import * as fl from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DType, isDifferentiable } from "#src/core/dtype";
import type { Attrs, Inputs, Spec } from "#src/op/types";
import { Tensor } from "#src/tensor/tensor";
import { difference, listOf, numbersSync } from "./compare.ts";
import { ARRANGEMENTS, type Entry, entries, hasFloats, isInPlace, make, tensorsIn } from "./walk.ts";

const { gradcheck, gradgradcheck } = fl.autograd;
const seeded = fl as unknown as { manualSeed?: (seed: number) => void };

/** Numbers in the matrix of derivatives beyond which a sample is left to its smaller sisters. */
const MOST_SLOPES = 4000;

interface Point {
  readonly what: string;
  readonly f: (...leaves: Tensor[]) => Tensor[];
  readonly leaves: Tensor[];
}

/** Each sample as a function of its differentiable tensors alone, in double precision. */
function points(entry: Entry, dtype: DType): Point[] {
  return entry.samples.flatMap((sample, s) => {
    if (dtype !== "float64" && !hasFloats(sample)) return [];
    const args = make(sample, { dtype, requiresGrad: true });
    const leaves = tensorsIn(args).filter((x) => x.requiresGrad);
    const f = (...given: Tensor[]): Tensor[] => {
      seeded.manualSeed?.(1);
      const replaced = (x: unknown): unknown => {
        if (x instanceof Tensor) return given[leaves.indexOf(x)] ?? x;
        return Array.isArray(x) ? x.map(replaced) : x;
      };
      return listOf(entry.f(...args.map(replaced))).filter((y) => y.requiresGrad);
    };
    if (leaves.length === 0) return [];
    let results: Tensor[];
    try {
      results = f(...leaves);
    } catch {
      return []; // the dtypes that are refused are looked at in values.test.ts
    }
    const size = (xs: Tensor[]): number => xs.reduce((n, x) => n + x.numel(), 0);
    if (results.length === 0 || size(results) * size(leaves) > MOST_SLOPES) return [];
    return [{ what: `sample ${s} in ${dtype}`, f, leaves }];
  });
}

const checks = suite("gradients");
for (const entry of entries()) {
  const { rule } = entry.operator;
  if (isInPlace(entry) || (rule.vjp === undefined && rule.decompose === undefined)) continue;
  for (const dtype of ["float64", "complex128"] as const) {
    const given = points(entry, dtype);
    if (given.length === 0) continue;
    checks(`${entry.name}, ${dtype}: finite differences agree, twice`, () => {
      for (const { what, f, leaves } of given) {
        fl.scope(() => {
          try {
            gradcheck(f, leaves);
            gradgradcheck(f, leaves, null, { atol: 1e-4 });
          } catch (error) {
            (error as Error).message = `${what}: ${(error as Error).message}`;
            throw error;
          }
        });
      }
    });
  }
}
checks.run();

const layouts = suite("gradients of every layout");
for (const entry of entries()) {
  const { rule } = entry.operator;
  if (isInPlace(entry) || rule.view !== undefined || (rule.vjp === undefined && rule.decompose === undefined)) continue;
  layouts(`${entry.name}: strides do not matter`, () => {
    for (const [s, sample] of entry.samples.entries()) {
      for (const arrangement of ARRANGEMENTS) {
        const gradients = (options: object): number[][] => {
          const args = make(sample, { dtype: "float64", requiresGrad: true, ...options });
          seeded.manualSeed?.(1);
          const results = listOf(entry.f(...args)).filter((y) => y.requiresGrad);
          for (const y of results) y.backward(ones(y), { retainGraph: true });
          return tensorsIn(args)
            .filter((x) => x.grad !== null)
            .map((x) => numbersSync(x.grad!));
        };
        const expected = gradients({ repeating: arrangement === "expanded" });
        for (const [i, got] of gradients({ arrangement }).entries()) {
          assert.is(difference(got, expected[i]!, "float64"), null, `sample ${s}, ${arrangement}, input ${i}`);
        }
      }
    }
  });
}
layouts.run();

const recorded = suite("gradients that are recorded, and those that are not");
for (const entry of entries()) {
  const { rule } = entry.operator;
  if (isInPlace(entry) || rule.random || (rule.vjp === undefined && rule.decompose === undefined)) continue;
  const given = points(entry, "float64");
  if (given.length === 0) continue;
  recorded(`${entry.name}: kernels give what formulas do, whichever gradients are asked for`, () => {
    for (const { what, f, leaves } of given) {
      fl.scope(() => {
        const results = f(...leaves);
        const gradOutputs = results.map((y) => y.detach().mul(0.5).add(1));
        const gradients = (inputs: Tensor[], createGraph: boolean): (number[] | null)[] =>
          fl.autograd
            .grad(results, inputs, { gradOutputs, retainGraph: true, createGraph, allowUnused: true })
            .map((x) => (x === null ? null : numbersSync(x)));
        const expected = gradients(leaves, true);
        for (let set = 1; set < 1 << Math.min(leaves.length, 4); set++) {
          const places = leaves.flatMap((_, i) => (i > 3 || (set >> i) & 1 ? [i] : []));
          const got = gradients(
            places.map((i) => leaves[i]!),
            false,
          );
          for (const [k, i] of places.entries()) {
            const [x, y] = [got[k]!, expected[i]!];
            const apart = x === null || y === null ? x !== y && "one is null" : difference(x, y, "float64");
            assert.not.ok(apart, `${what}, by leaf ${i} of ${places}: ${apart}`);
          }
        }
      });
    }
  });
}
recorded.run();

const ones = (like: Tensor): Tensor => like.detach().clone().fill_(1);

const rules = suite("rules");
for (const entry of entries()) {
  const { operator } = entry;
  const { rule } = operator;
  if (isInPlace(entry) || rule.vjp === undefined) continue;
  rules(`${entry.name}: one cotangent an input and none besides; what is not saved is not read`, () => {
    for (const [s, sample] of entry.samples.entries()) {
      fl.noGrad(() => {
        seeded.manualSeed?.(1);
        const { inputs, attrs } = operator.bound(make(sample, { dtype: "float64" }));
        seeded.manualSeed?.(1);
        const results = listOf(entry.f(...make(sample, { dtype: "float64" })));
        if (results.every((y) => !isDifferentiable(y.code))) return;
        const thunks = cotangents(operator, inputs, attrs, results);
        assert.equal(Object.keys(thunks).sort(), Object.keys(inputs).sort(), `sample ${s}`);
        for (const [name, x] of Object.entries(inputs)) {
          const thunk = thunks[name];
          if (thunk === null || thunk === undefined || x === null) continue;
          const list = x instanceof Tensor ? [x] : x;
          for (const [i, one] of list.entries()) {
            if (!isDifferentiable(one.code)) continue;
            // What is summed to the input's shape afterwards must broadcast from it.
            const g = (thunk as (i: number) => Tensor)(i);
            const tail = g.shape.slice(g.ndim - one.ndim);
            assert.ok(
              g.ndim >= one.ndim && one.shape.every((n, d) => n === tail[d] || n === 1),
              `sample ${s}: the cotangent of ${name} is [${g.shape}], the input [${one.shape}]`,
            );
          }
        }
      });
    }
  });
}
rules.run();

/** The thunks of a rule, given what it declares to save and nothing else. */
function cotangents(
  operator: Entry["operator"],
  inputs: Inputs,
  attrs: Attrs,
  results: Tensor[],
): Record<string, unknown> {
  const { rule } = operator;
  const outputs = operator.outputs(results) as Record<string, Tensor>;
  const known = Object.fromEntries((rule.saves ?? []).map((name) => [name, outputs[name] ?? inputs[name]]));
  const saved = new Proxy(known, {
    get(target, name) {
      assert.ok(name in target, `${operator.name} reads ${String(name)}, which it does not save`);
      return target[name as string];
    },
  });
  const gs = results.map((y) => (isDifferentiable(y.code) ? ones(y) : null));
  const g = rule.outputs === undefined ? gs[0]! : operator.outputs(gs);
  return rule.vjp!(g as never, saved as never, attrs, inputs as unknown as Record<string, Spec> as never);
}
