import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run } from "./harness.ts";

const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [3, 2, 1, 64],
  [4, 19, 1, 64],
  [2, 3000, 1, 64],
  [1, 301, 3, 64],
  [2, 135, 70, 32],
];

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
] as const) {
  const epsilon = suffix === "f32" ? 2 ** -23 : 2 ** -52;
  test(`variance_${suffix}: whole and joined from parts, also far from zero`, () => {
    const next = noise(1);
    for (const [outer, n, inner, tile] of SHAPES)
      for (const offset of [0, 4096]) {
        reset();
        const numbers = new type(outer * n * inner).map(() => offset + next());
        const x = put(numbers);
        const count = outer * inner;
        const mean = room(count * 8);
        const variance = room(count * 8);
        const units = outer * Math.ceil(inner / tile);
        const check = (): void => {
          const means = read(type as typeof Float64Array, mean, count);
          const variances = read(type as typeof Float64Array, variance, count);
          for (let o = 0; o < outer; o++)
            for (let j = 0; j < inner; j++) {
              const column = Array.from({ length: n }, (_, i) => numbers[(o * n + i) * inner + j]! - offset);
              const m = column.reduce((a, b) => a + b, 0) / n;
              const v = column.reduce((a, b) => a + (b - m) ** 2, 0) / (n - 1);
              assert.ok(Math.abs(means[o * inner + j]! - offset - m) <= 2 * epsilon * (1 + offset));
              assert.ok(
                Math.abs(variances[o * inner + j]! - v) <= (suffix === "f32" ? 4 : n + offset) * epsilon * (v + 0.01),
              );
            }
        };
        run(`variance_${suffix}`, [n, inner, n, tile, x, mean, variance, real(n - 1)], units, 2);
        check();
        const block = 100;
        const parts = Math.ceil(n / block);
        const means = room(count * parts * 8);
        const squares = room(count * parts * 8);
        run(`varianceParts_${suffix}`, [n, inner, block, tile, x, means, squares, real(0)], units * parts, 3);
        run(`varianceJoin_${suffix}`, [n, inner, block, means, squares, mean, variance, real(n - 1)], count, 2);
        check();
      }
  });

  test(`variance_${suffix}: no degrees of freedom, no elements, NaN and infinity`, () => {
    reset();
    const mean = room(8);
    const variance = room(8);
    const of = (numbers: number[], divisor: number): number[] => {
      run(`variance_${suffix}`, [numbers.length, 1, 64, 64, put(type.from(numbers)), mean, variance, real(divisor)], 1);
      return [mean, variance].map((at) => read(type as typeof Float64Array, at, 1)[0]!);
    };
    assert.equal(of([3], 0), [3, NaN]);
    assert.equal(of([3, 5], 0), [4, Infinity]);
    assert.equal(of([], 0), [NaN, NaN]);
    assert.equal(of([1, NaN, 2], 2), [NaN, NaN]);
    assert.equal(of([1, Infinity, 2], 2), [NaN, NaN]);
  });
}

test.run();
