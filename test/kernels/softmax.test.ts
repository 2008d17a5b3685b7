import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

/** [outer, n, inner, tile] */
const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 64],
  [3, 5, 1, 64],
  [2, 1000, 1, 64],
  [1, 9, 3, 64],
  [2, 130, 70, 32],
];

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
] as const) {
  const epsilon = suffix === "f32" ? 2 ** -23 : 2 ** -52;
  const Type = type as typeof Float64Array;

  test(`softmax_${suffix}, logSoftmax_${suffix} and their derivatives`, () => {
    const next = noise(1);
    for (const [outer, n, inner, tile] of SHAPES)
      for (const scale of [1, 100]) {
        reset();
        const size = outer * n * inner;
        const x = new type(size).map(() => scale * next());
        const g = new type(size).map(next);
        const units = outer * Math.ceil(inner / tile);
        const [px, pg] = [put(x), put(g)];
        const [y, log, dx, dlog] = [room(size * 8), room(size * 8), room(size * 8), room(size * 8)];
        run(`softmax_${suffix}`, [n, inner, tile, px, y], units, 2);
        run(`logSoftmax_${suffix}`, [n, inner, tile, px, log], units, 2);
        run(`softmaxBackward_${suffix}`, [n, inner, tile, pg, y, dx], units, 2);
        run(`logSoftmaxBackward_${suffix}`, [n, inner, tile, pg, log, dlog], units, 2);
        const got = [y, log, dx, dlog].map((at) => read(Type, at, size));
        for (let o = 0; o < outer; o++)
          for (let j = 0; j < inner; j++) {
            const at = Array.from({ length: n }, (_, i) => (o * n + i) * inner + j);
            const max = Math.max(...at.map((i) => x[i]!));
            const sum = at.reduce((s, i) => s + Math.exp(x[i]! - max), 0);
            const dot = at.reduce((s, i) => s + (g[i]! * Math.exp(x[i]! - max)) / sum, 0);
            const total = at.reduce((s, i) => s + g[i]!, 0);
            for (const i of at) {
              const p = Math.exp(x[i]! - max) / sum;
              const l = x[i]! - max - Math.log(sum);
              const want = [p, l, (g[i]! - dot) * p, g[i]! - p * total];
              // The exponent x - max is rounded, and e^x makes an absolute error a relative one.
              const bound = epsilon * (8 + scale);
              want.forEach((w, k) => {
                const tolerance = bound * (k === 3 ? 1 + Math.abs(total) : k === 1 ? 1 + Math.abs(l) : p);
                assert.ok(
                  Math.abs(got[k]![i]! - w) <= tolerance + 1e-37,
                  `${k} ${[outer, n, inner]}: ${got[k]![i]} for ${w}`,
                );
              });
            }
          }
      }
  });

  test(`softmax_${suffix}: -∞ is masked, a row of -∞, +∞ and NaN give NaN, far values give 0`, () => {
    const of = (numbers: number[]): number[] => {
      reset();
      const y = room(128);
      run(`softmax_${suffix}`, [numbers.length, 1, 64, put(type.from(numbers)), y], 1);
      return [...read(Type, y, numbers.length)];
    };
    assert.equal(of([-Infinity, 3, -Infinity, 3, -1e30]), [0, 0.5, 0, 0.5, 0]);
    assert.equal(of([-Infinity, -Infinity, -Infinity]), [NaN, NaN, NaN]);
    assert.equal(of([1, Infinity, 2, 3, 4]), [NaN, NaN, NaN, NaN, NaN]);
    assert.equal(of([1, NaN, 2, 3, 4]), [NaN, NaN, NaN, NaN, NaN]);
    assert.equal(of([5]), [1]);
  });
}

test.run();
