import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

const TYPES = [
  ["f32", Float32Array, 8],
  ["f64", Float64Array, 16],
  ["i32", Int32Array, 8],
  ["i64", BigInt64Array, 16],
] as const;

/** The places of `x` in order: equals as they stand, NaN as the greatest. */
function places(x: readonly number[], descending: boolean): number[] {
  const compare = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  return x.map((_, i) => i).sort((i, j) => (descending ? -1 : 1) * compare(x[i]!, x[j]!) || i - j);
}

for (const [suffix, type, record] of TYPES) {
  test(`order_${suffix}: sorts and selections, ties, signs, NaN, ±0, ±∞`, () => {
    const next = noise(1);
    for (const [rows, n] of [
      [1, 1],
      [3, 7],
      [2, 48],
      [2, 49],
      [3, 1000],
      [1, 20000],
    ] as const)
      for (const scale of [5, 1e9])
        for (const k of new Set([n, Math.ceil(n / 100), Math.ceil(n / 3), 1])) {
          const specials = suffix[0] === "f" && n < 2000 ? [NaN, 0, -0, Infinity, -Infinity] : [0];
          const numbers = Array.from({ length: rows * n }, () =>
            next() > 0.9 ? specials[Math.floor((next() + 1) * 0.5 * specials.length)]! : Math.round(next() * scale),
          );
          const source =
            suffix === "i64" ? BigInt64Array.from(numbers, BigInt) : (type as typeof Float64Array).from(numbers);
          const x = Array.from(source as ArrayLike<number | bigint>, Number);
          for (const descending of n > 2000 && k < n ? [true] : [false, true]) {
            reset();
            const at = put(source);
            const capacity = Math.min(n, Math.max(2 * k, 100));
            const [values, indices] = [room(rows * k * 8), room(rows * k * 8)];
            const work = room(2 * rows * capacity * record);
            run(`order_${suffix}`, [n, k, capacity, Number(descending), at, values, indices, work], rows, 2);
            const gotValues = Array.from(read(type as typeof Float64Array, values, rows * k), Number);
            const gotIndices = Array.from(read(BigInt64Array, indices, rows * k), Number);
            for (let r = 0; r < rows; r++) {
              const row = x.slice(r * n, (r + 1) * n);
              const want = places(row, descending).slice(0, k);
              assert.equal(gotIndices.slice(r * k, (r + 1) * k), want, `${n} ${k} ${descending}`);
              assert.ok(gotValues.slice(r * k, (r + 1) * k).every((v, i) => Object.is(v, row[want[i]!]!)));
            }
          }
        }
  });
}

test.run();
