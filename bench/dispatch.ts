// What one small operator costs in front of its kernel, in nanoseconds: `node build/bench/dispatch.js [RE]`.
//
// A sample is 200 operators in one scope, so a row has a two-hundredth of the scope in it; the row "scope" shows
// what that is. The median is the cost, the 90th percentile tells what the collector and the machine add.

import type { Tensor } from "flambeau";
import * as fl from "flambeau";

const INNER = 200;
const SAMPLES = 500;

const only = new RegExp(process.argv[2] ?? "");
fl.setNumThreads(1);
const [a, b, one] = [fl.rand(4), fl.rand(4), fl.rand(1)];
const leaf = fl.rand(4).requiresGrad_();
const seed = fl.ones(4);
const unary: readonly ((x: Tensor) => Tensor)[] = [fl.relu, fl.exp, fl.sigmoid, fl.tanh, fl.neg, fl.abs, fl.sqrt];
const binary: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [fl.add, fl.mul, fl.sub, fl.div, fl.maximum];
let turn = 0;

// Warmed with many operators first: what is measured is not a site that has seen only one.
for (let i = 0; i < 2000; i++) {
  fl.scope(() => {
    for (const f of unary) f(a);
    for (const f of binary) f(a, b);
    fl.add(leaf, b);
  });
}

row("add(a, b)", () => fl.add(a, b));
row("a.add(b)", () => a.add(b));
row("add(a, b), recorded", () => fl.add(leaf, b));
row("add(a, b) in noGrad", () => fl.add(leaf, b), fl.noGrad);
row("add(a, [1]), broadcast", () => fl.add(a, one));
row("add(a, 2)", () => fl.add(a, 2));
row("a.add_(b)", () => a.add_(b));
row("relu(a)", () => fl.relu(a));
row("seven unary in turn", () => unary[++turn % unary.length]!(a));
row("five binary in turn", () => binary[++turn % binary.length]!(a, b));
row("a.view(2, 2)", () => a.view(2, 2));
row("sum(a)", () => fl.sum(a));
row("sum(a, 0, { keepdim: true })", () => fl.sum(a, 0, { keepdim: true }));
row("zeros(4)", () => fl.zeros(4));
row("add(a, b), recorded, and backward", () => {
  leaf.grad = null;
  fl.add(leaf, b).backward(seed);
});
row("scope", () => fl.scope(() => {}));

function row(name: string, f: () => unknown, within: (run: () => void) => void = (run) => run()): void {
  if (!only.test(name)) return;
  const times: number[] = [];
  const run = (): void => {
    for (let i = 0; i < INNER; i++) f();
  };
  for (let i = -SAMPLES / 5; i < SAMPLES; i++) {
    const started = performance.now();
    fl.scope(() => within(run));
    if (i >= 0) times.push(((performance.now() - started) * 1e6) / INNER);
  }
  times.sort((x, y) => x - y);
  const at = (q: number): string => times[Math.floor(q * times.length)]!.toFixed(0).padStart(6);
  console.log(`${name.padEnd(36)}${at(0.5)} ns   p90${at(0.9)}`);
}
