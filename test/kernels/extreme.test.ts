import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 1, 64],
  [3, 2, 1, 64],
  [4, 17, 1, 64],
  [2, 300, 1, 64],
  [1, 300, 3, 64],
  [2, 9, 70, 32],
  [1, 5, 1030, 512],
];

/** The first best element, as PyTorch orders: NaN beats all. */
function place(values: readonly number[], beats: (a: number, b: number) => boolean): number {
  let best = 0;
  values.forEach((v, i) => {
    if (beats(v, values[best]!) || (Number.isNaN(v) && !Number.isNaN(values[best]!))) best = i;
  });
  return best;
}

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
  ["i32", Int32Array],
  ["i64", BigInt64Array],
] as const) {
  for (const [name, beats] of [
    ["argmax", (a: number, b: number) => a > b],
    ["argmin", (a: number, b: number) => a < b],
  ] as const) {
    test(`${name}_${suffix}: ties, NaN, infinities, tails, in one launch and in two`, () => {
      const next = noise(1);
      for (const [outer, n, inner, tile] of SHAPES)
        for (const special of [0, NaN, Infinity, -Infinity]) {
          reset();
          const float = suffix[0] === "f";
          // Few different values, so that there are many ties.
          const numbers = Array.from({ length: outer * n * inner }, () => {
            if (float && next() > 0.95) return special;
            return Math.round(next() * 20);
          });
          const x = put(
            suffix === "i64" ? BigInt64Array.from(numbers, BigInt) : Object.assign(new type(numbers.length), numbers),
          );
          const want: number[] = [];
          const best: number[] = [];
          for (let o = 0; o < outer; o++)
            for (let j = 0; j < inner; j++) {
              const column = Array.from({ length: n }, (_, i) => numbers[(o * n + i) * inner + j]!);
              want.push(place(column, beats));
              best.push(column[want.at(-1)!]!);
            }
          const units = outer * Math.ceil(inner / tile);
          const values = room(want.length * 8);
          const indices = room(want.length * 8);
          const got = (): unknown => [
            Array.from(read(BigInt64Array, indices, want.length), Number),
            Array.from(read(type as typeof Float64Array, values, want.length), Number),
          ];
          run(`${name}_${suffix}`, [n, inner, n, tile, x, values, indices, 0], units, 2);
          assert.equal(got(), [want, best]);

          const block = 16;
          const parts = Math.ceil(n / block);
          const halfway = room(want.length * parts * 8);
          const places = room(want.length * parts * 8);
          run(`${name}_${suffix}`, [n, inner, block, tile, x, halfway, places, 0], units * parts, 3);
          run(`${name}_${suffix}`, [parts, inner, parts, tile, halfway, values, indices, places], units);
          assert.equal(got(), [want, best]);
          run(`${name}_${suffix}`, [n, inner, n, tile, x, 0, indices, 0], units);
          assert.equal(got(), [want, best]);
        }
    });
  }
}

test.run();
