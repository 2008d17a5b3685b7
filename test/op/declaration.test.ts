// Mistakes in a declaration are compile errors: this file type-checks only while each `@ts-expect-error` finds one.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { op, operatorOf } from "#src/op/operator";
import { f32 } from "#src/op/samples";
import type { Dim, Op1, Op2T, OpK, OpOf } from "#src/op/types";
import { mul } from "#src/ops/binary";
import type { Tensor } from "#src/tensor/index";

type Reduction = OpK<[dim?: Dim, keepdim?: boolean], ["dim", "keepdim"], { dim: Dim; keepdim: boolean }>;
type Pair = OpOf<(x: Tensor) => Tensor[], () => Tensor[], [x: Tensor]>;

// ── what is right ────────────────────────────────────────────────────────────────────────────────────────────────────

const square: Op1 = op("square", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  decompose: ({ x }) => mul(x, x),
  saves: ["x"],
  vjp: (g, { x }) => ({ x: () => mul(g, mul(x, 2)) }),
  samples: () => [[f32(2)]],
});

export const savesItsResult: Op1 = op("savesItsResult", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  saves: ["out"],
  vjp: (g, { out }) => ({ x: () => mul(g, out) }),
});

export const noGradientOnPurpose: Op2T = op("noGradientOnPurpose", "input, other", (a, b) => [{ a, b }], {
  infer: ({ a }) => a,
  saves: ["b"],
  vjp: (g, { b }) => ({ a: () => mul(g, b), b: null }),
});

export const attributes: Reduction = op(
  "attributes",
  "input, dim?, keepdim?",
  (x, dim, keepdim) => [{ x }, { dim: dim ?? null, keepdim: keepdim ?? false }],
  {
    infer: ({ x }, { dim, keepdim }) => (dim !== null && keepdim ? x : x),
    saves: [],
    vjp: (g, _saved, { keepdim }, { x }) => ({ x: () => (keepdim && x.ndim > 0 ? g : mul(g, 2)) }),
  },
);

export const severalResults: Pair = op("severalResults", "input", (x) => [{ x }], {
  outputs: ["values", "indices"],
  differentiable: ["values"],
  infer: ({ x }) => [x, x],
  saves: ["indices"],
  vjp: ({ values }, { indices }) => ({ x: values === null ? null : () => mul(values, indices) }),
});

// ── what is not ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const missingCotangent: Op2T = op("missingCotangent", "input, other", (a, b) => [{ a, b }], {
  infer: ({ a }) => a,
  saves: ["a"],
  // @ts-expect-error a has no cotangent, not even null
  vjp: (g, { a }) => ({ b: () => mul(g, a) }),
});

export const readsUnsaved: Op2T = op("readsUnsaved", "input, other", (a, b) => [{ a, b }], {
  infer: ({ a }) => a,
  saves: ["a"],
  // @ts-expect-error b was not saved
  vjp: (g, { b }) => ({ a: () => mul(g, b), b: null }),
});

export const readsWithoutSaves: Op1 = op("readsWithoutSaves", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  saves: [],
  // @ts-expect-error nothing was saved
  vjp: (g, { x }) => ({ x: () => mul(g, x) }),
});

export const savesForeignName: Op1 = op("savesForeignName", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  // @ts-expect-error y is neither an input nor the result
  saves: ["y"],
  vjp: (g) => ({ x: () => g }),
});

export const misspeltAttribute: Reduction = op(
  "misspeltAttribute",
  "input, dim?, keepdim?",
  (x, dim) => [{ x }, { dim }],
  {
    // @ts-expect-error the attribute is dim
    infer: ({ x }, { dmi }) => (dmi ? x : x),
    saves: [],
  },
);

export const misspeltInput: Op1 = op("misspeltInput", "input", (x) => [{ x }], {
  // @ts-expect-error the input is x
  infer: ({ y }) => y,
});

// @ts-expect-error the binder takes a string where the function takes a tensor
export const foreignBinder: Op1 = op("foreignBinder", "input", (s: string) => [{ x: null }, { s }], {
  infer: () => [],
});

export const cotangentOfSeveral: Pair = op("cotangentOfSeveral", "input", (x) => [{ x }], {
  outputs: ["values", "indices"],
  infer: ({ x }) => [x, x],
  saves: [],
  // @ts-expect-error the cotangents come by name, and either may be null
  vjp: (g) => ({ x: () => mul(g, 2) }),
});

export const foreignOutput: Pair = op("foreignOutput", "input", (x) => [{ x }], {
  outputs: ["values", "indices"],
  // @ts-expect-error no output has that name
  differentiable: ["value"],
  infer: () => [],
});

export const foreignMutation: Op1 = op("foreignMutation", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  // @ts-expect-error no input has that name
  mutates: ["runningMean"],
});

export const foreignKernelInput: Op1 = op("foreignKernelInput", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  kernel: "square",
  // @ts-expect-error no input has that name
  kernelBy: "input",
});

export const misspeltRule: Op1 = op("misspeltRule", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  // @ts-expect-error a rule has no such field
  decomposes: ({ x }) => x,
});

export const launchIntoForeign: Op1 = op("launchIntoForeign", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  kernel: "square",
  // @ts-expect-error the only result is called out
  launch: (k, { x }, { y }) => k.call("square").tensor(y).tensor(x).run(1, 1),
});

// A cotangent for a name that is no input passes the compiler, which checks no excess in what an arrow returns: the
// derived tests look at every rule instead.
export const excessCotangent: Op1 = op("excessCotangent", "input", (x) => [{ x }], {
  infer: ({ x }) => x,
  saves: [],
  vjp: (g) => ({ x: () => g, z: () => g }),
});

const test = suite("declaration");
test("the constant is the public function", () => {
  assert.type(square, "function");
  assert.is(square.opName, "square");
  assert.is(square.name, "square");
  assert.equal(operatorOf(square).rule.saves, ["x"]);
});
test.run();
