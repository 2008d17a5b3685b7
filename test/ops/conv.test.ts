// Convolutions by the ways that only large ones take: in float32 against float64, on one thread and on three.

import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { conv2d } = fl.nn.functional;

interface Options {
  readonly stride?: number;
  readonly padding?: number | readonly [number, number];
  readonly dilation?: number;
  readonly groups?: number;
}
type Case = readonly [x: readonly number[], w: readonly number[], options: Options];

const CASES: Readonly<Record<string, Case>> = {
  "3 × 3 of many channels": [[2, 20, 14, 13], [24, 20, 3, 3], { padding: 1 }],
  "7 × 7 with a stride": [[1, 3, 45, 43], [64, 3, 7, 7], { stride: 2, padding: 3 }],
  "5 × 5 in groups": [[1, 64, 16, 17], [64, 32, 5, 5], { groups: 2, padding: 2 }],
  "5 × 5 of many channels": [[2, 40, 14, 13], [36, 40, 5, 5], { padding: 2 }],
  "3 × 3 with a stride": [[2, 33, 15, 18], [30, 33, 3, 3], { stride: 2, padding: 1 }],
  "3 × 3 with a stride, an odd number of columns": [[2, 24, 16, 17], [40, 24, 3, 3], { stride: 2, padding: 1 }],
  "3 × 3 with a dilation": [[2, 24, 12, 16], [25, 24, 3, 3], { dilation: 2, padding: 2 }],
  "3 × 3 with a dilation, in groups": [[1, 48, 12, 18], [52, 24, 3, 3], { dilation: 3, padding: 3, groups: 2 }],
  "3 × 3 with a dilation that divides no dim": [[1, 24, 13, 17], [24, 24, 3, 3], { dilation: 2, padding: 1 }],
  "many small images": [[30, 6, 9, 8], [7, 6, 4, 3], { stride: 2, padding: 2 }],
  "1 × 1": [[1, 33, 9, 8], [20, 33, 1, 1], {}],
  "1 × 1, some images": [[3, 6, 5, 7], [9, 6, 1, 1], {}],
  "depthwise 3 × 3": [[2, 6, 9, 70], [12, 1, 3, 3], { groups: 6, padding: 1 }],
  "depthwise 5 × 5 with a stride": [[2, 6, 9, 23], [6, 1, 5, 5], { groups: 6, stride: 2, padding: 2 }],
  "depthwise of small planes": [[3, 20, 5, 6], [20, 1, 3, 3], { groups: 20, padding: 1 }],
  "depthwise 3 × 3 with a stride": [[2, 12, 15, 18], [12, 1, 3, 3], { groups: 12, stride: 2, padding: 1 }],
  "depthwise that leaves edges unseen": [[2, 9, 9, 12], [9, 1, 2, 2], { groups: 9, stride: 4 }],
  "depthwise along rows that are cut": [[1, 2, 1, 560_000], [2, 1, 1, 5], { groups: 2, padding: [0, 2] }],
};

/** The result and the gradients by x and w, with what they may be off by: a gradient by w is a long sum. */
const OFF = { y: 3e-6, "x.grad": 3e-6, "w.grad": 2e-5 } as const;
function results(inputs: readonly fl.Tensor[], options: Options): fl.Tensor[] {
  const [x, w, bias] = inputs.map((t) => t.clone().requiresGrad_(true)) as [fl.Tensor, fl.Tensor, fl.Tensor];
  const y = conv2d(x, w, bias, options);
  y.backward(fl.cos(fl.arange(y.numel(), { dtype: y.dtype })).view(y.shape));
  return [y.detach(), x.grad!, w.grad!];
}

for (const [name, [shapeX, shapeW, options]] of Object.entries(CASES)) {
  test(name, () => {
    fl.manualSeed(1);
    const inputs = [fl.randn(shapeX), fl.randn(shapeW), fl.randn([shapeW[0]!])];
    const wanted = results(
      inputs.map((t) => t.double()),
      options,
    );
    const all = [1, 3].map((threads) => {
      fl.setNumThreads(threads);
      return results(inputs, options);
    });
    for (const [i, [what, least]] of Object.entries(OFF).entries()) {
      const [one, three] = all.map((list) => list[i]!) as [fl.Tensor, fl.Tensor];
      assert.ok(fl.equal(one, three), `${what} depends on the threads`);
      const off = one.double().sub(wanted[i]!).abs().max().item() as number;
      const size = wanted[i]!.abs().max().item() as number;
      assert.ok(off < least * size, `${what} is off by ${off} of ${size}`);
    }
  });
}

test("an infinity and a NaN stay in their windows", () => {
  const x = fl.randn([1, 16, 12, 12]);
  const w = fl.randn([16, 16, 3, 3]);
  x.setAt([0, 3, 4, 5], Number.POSITIVE_INFINITY);
  x.setAt([0, 2, 9, 9], Number.NaN);
  const [y, , gradient] = results([x, w, fl.zeros([16])], { padding: 1 });
  const finite = fl.isfinite(y!);
  assert.is(finite.logicalNot().sum().item(), 2 * 9 * 16);
  assert.not(finite.at(0, ":", "3:6", "4:7").any().item());
  // The gradient by the weight of channels 2 and 3 is spoilt, and of no other.
  assert.is(fl.isfinite(gradient!).logicalNot().sum().item(), 2 * 9 * 16);
});

test.run();
