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
  test(`order_${suffix}: ties, signs, NaN, ±0, ±∞`, () => {
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
        for (const descending of [false, true]) {
          reset();
          const specials = suffix[0] === "f" && n < 2000 ? [NaN, 0, -0, Infinity, -Infinity] : [0];
          const numbers = Array.from({ length: rows * n }, () =>
            next() > 0.9 ? specials[Math.floor((next() + 1) * 0.5 * specials.length)]! : Math.round(next() * scale),
          );
          const source =
            suffix === "i64" ? BigInt64Array.from(numbers, BigInt) : (type as typeof Float64Array).from(numbers);
          const x = Array.from(source as ArrayLike<number | bigint>, Number);
          const [values, indices, work] = [room(rows * n * 8), room(rows * n * 8), room(2 * rows * n * record)];
          run(`order_${suffix}`, [n, Number(descending), put(source), values, indices, work], rows, 2);
          const gotValues = Array.from(read(type as typeof Float64Array, values, rows * n), Number);
          const gotIndices = Array.from(read(BigInt64Array, indices, rows * n), Number);
          for (let r = 0; r < rows; r++) {
            const row = x.slice(r * n, (r + 1) * n);
            const want = places(row, descending);
            assert.equal(gotIndices.slice(r * n, (r + 1) * n), want, `${n} ${descending}`);
            assert.ok(gotValues.slice(r * n, (r + 1) * n).every((v, i) => Object.is(v, row[want[i]!]!)));
          }
        }
  });
}

for (const [suffix, type, record] of TYPES) {
  test(`split_${suffix}: gives what order gives, of any spread of the keys and any cut of the units`, () => {
    const next = noise(8);
    const BUCKETS = 2048;
    const spreads = [
      () => Math.round(next() * 1e9),
      () => Math.round(next() * 5),
      () => 7,
      (i: number) => i,
      (i: number) => -i * 1000,
      () => 2 ** 30 + Math.round(next() * 100),
      () => (next() > 0 ? 1 : -1) * Math.round(2 ** (15 * (next() + 1))),
    ];
    for (const n of [1, 5, 1000, 9001])
      for (const [s, spread] of spreads.entries())
        for (const descending of [0, 1]) {
          reset();
          const specials = suffix[0] === "f" && s < 2 ? [NaN, 0, -0, Infinity, -Infinity] : [0];
          const numbers = Array.from({ length: n }, (_, i) =>
            next() > 0.98 ? specials[Math.floor((next() + 1) * 0.5 * specials.length)]! : spread(i),
          );
          const x = put(
            suffix === "i64" ? BigInt64Array.from(numbers, BigInt) : (type as typeof Float64Array).from(numbers),
          );
          const block = Math.ceil(n / (1 + Math.round(2 * (next() + 1))));
          const blocks = Math.ceil(n / block);
          const [values, indices, work] = [room(n * 8), room(n * 8), room(2 * n * record)];
          const table = room(16 * blocks + 4 * BUCKETS * blocks + 4 * (BUCKETS + 1));
          for (const [phase, units] of [blocks, blocks, 1, blocks, BUCKETS].entries()) {
            run(`split_${suffix}`, [n, descending, block, phase, x, values, indices, work, table], units, 3);
          }
          const got = [
            read(type as typeof Float64Array, values, n),
            read(BigInt64Array, indices, n) as unknown as Float64Array,
          ];
          run(`order_${suffix}`, [n, descending, x, values, indices, work], 1);
          const want = [read(type as typeof Float64Array, values, n), read(BigInt64Array, indices, n)];
          for (const k of [0, 1]) {
            const wrong = got[k]!.findIndex((v, i) => !Object.is(v, want[k]![i]));
            assert.is(wrong, -1, `${n} of spread ${s}, ${descending}: element ${wrong}`);
          }
        }
  });
}

const [SORT, PARTIAL, NTH_SORTED, NTH, QUICK] = [0, 1, 2, 3, 4] as const;

/** Places that `select` gives for one row. */
function select(
  type: (typeof TYPES)[number],
  how: number,
  x: readonly number[],
  k: number,
  descending: boolean,
): number[] {
  reset();
  const [suffix, Array_, record] = type;
  const at = put(suffix === "i64" ? BigInt64Array.from(x, BigInt) : (Array_ as typeof Float64Array).from(x));
  const [values, indices] = [room(k * 8), room(k * 8)];
  const results = how === QUICK ? 1 : k;
  run(`select_${suffix}`, [x.length, k, how, Number(descending), at, values, indices, room(x.length * record)], 1);
  const got = Array.from(read(BigInt64Array, indices, results), Number);
  const spelt = Array.from(read(Array_ as typeof Float64Array, values, results), Number);
  assert.ok(spelt.every((v, i) => Object.is(v, x[got[i]!]!)));
  return got;
}

for (const type of TYPES) {
  test(`select_${type[0]}: every way gives the right elements, once each`, () => {
    const next = noise(3);
    for (const n of [1, 2, 3, 4, 16, 17, 100, 3000])
      for (const scale of [2, 1e6])
        for (const descending of [false, true]) {
          const special = type[0][0] === "f" ? Number.NaN : 7;
          const x = Array.from({ length: n }, () => (next() > 0.95 ? special : 1 + Math.round((1 + next()) * scale)));
          for (const k of new Set([1, Math.ceil(n / 3), n])) {
            // Ranks are compared, for of equals any may be taken.
            const ordered = places(x, descending).map((i) => x[i]!);
            for (const how of [PARTIAL, NTH_SORTED, NTH, ...(k === n ? [SORT] : [])]) {
              const got = select(type, how, x, k, descending);
              assert.is(new Set(got).size, k);
              const elements = got.map((i) => x[i]!);
              if (how === NTH) elements.sort((a, b) => ordered.indexOf(a) - ordered.indexOf(b));
              assert.ok(how === NTH || elements.every((v, i) => Object.is(v, ordered[i])), `${how} ${n} ${k}`);
            }
            const [one] = select(type, QUICK, x, k, descending);
            assert.ok(Object.is(x[one!], ordered[k - 1]), `quick ${n} ${k}`);
          }
        }
  });
}

test("select_i64 takes the equals that PyTorch 2.13 took", () => {
  const i64 = TYPES[3];
  assert.equal(select(i64, NTH_SORTED, [9, 2, -5, -2, -2], 3, true), [0, 1, 4]);
  assert.equal(select(i64, NTH_SORTED, [-5, 4, 5, 5, 4], 3, true), [3, 2, 4]);
  assert.equal(select(i64, NTH_SORTED, [5, 9, -7, 0, 5], 3, true), [1, 4, 0]);
  assert.equal(select(i64, QUICK, [-1, -5, 2, -6, -6], 2, false), [3]);
  assert.equal(select(i64, QUICK, [-5, 4, 5, 5, 4], 2, false), [4]);
  assert.equal(select(i64, QUICK, [5, 5, 7, 6, 5], 2, false), [0]);
});

for (const [suffix, type] of TYPES) {
  test(`search_${suffix}: before and behind equals, NaN at the end, a sequence a line`, () => {
    const next = noise(5);
    for (const [lines, n, each] of [
      [1, 0, 3],
      [1, 1, 9],
      [3, 17, 5],
      [2, 64, 33],
    ] as const)
      for (const right of [false, true]) {
        reset();
        const made = (count: number): number[] => Array.from({ length: count }, () => Math.round(next() * 6));
        const sorted = Array.from({ length: lines }, () => made(n).sort((a, b) => a - b));
        const x = made(lines * each).map((value, i) => (suffix[0] === "f" && i % 8 === 7 ? NaN : value));
        const of = (xs: number[]): number =>
          put(suffix === "i64" ? BigInt64Array.from(xs, BigInt) : (type as typeof Float64Array).from(xs));
        const y = room(8 * x.length);
        run(`search_${suffix}`, [n, each, Number(right), of(sorted.flat()), of(x), y], x.length, 3);
        const want = x.map((value, i) => {
          const at = sorted[Math.floor(i / each)]!.findIndex((there) => (right ? there > value : there >= value));
          return at < 0 ? n : at;
        });
        // NaN is not less than itself, so it goes behind all.
        assert.equal(Array.from(read(BigInt64Array, y, x.length), Number), want, `${lines} ${n} ${right}`);
      }
  });
}

test.run();
