import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [2, 0, 1, 64],
  [1, 1, 1, 64],
  [3, 5, 1, 64],
  [1, 1003, 1, 64],
  [2, 40, 7, 4],
];

/** Calls `each` with the places of every column. */
function columns([outer, n, inner]: readonly number[], each: (places: number[]) => void): void {
  for (let o = 0; o < outer!; o++)
    for (let j = 0; j < inner!; j++) each(Array.from({ length: n! }, (_, i) => (o * n! + i) * inner! + j));
}

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
] as const) {
  const epsilon = suffix === "f32" ? 2 ** -23 : 2 ** -52;
  for (const [name, step] of [
    ["cumsum", (a: number, b: number) => a + b],
    ["cumprod", (a: number, b: number) => a * b],
    ["logcumsumexp", (a: number, b: number) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))],
  ] as const) {
    test(`${name}_${suffix}`, () => {
      const next = noise(1);
      for (const shape of SHAPES) {
        reset();
        const [outer, n, inner, tile] = shape;
        const x = new type(outer * n * inner).map(() => (name === "cumprod" ? 1 + next() / 8 : next()));
        const y = room(x.byteLength + 8);
        run(`${name}_${suffix}`, [n, inner, tile, put(x), y, 0, 0], outer * Math.ceil(inner / tile), 2);
        const got = read(type as typeof Float64Array, y, x.length);
        columns(shape, (places) => {
          let total = Number.NaN;
          places.forEach((at, i) => {
            total = i === 0 ? x[at]! : step(total, x[at]!);
            assert.ok(Math.abs(got[at]! - total) <= epsilon * (1 + i / 8) * (1 + Math.abs(total)), `${shape} ${i}`);
          });
        });
      }
    });
  }

  test(`logcumsumexp_${suffix}: infinities and NaN`, () => {
    reset();
    const y = room(64);
    const of = (x: number[]): number[] => {
      run(`logcumsumexp_${suffix}`, [x.length, 1, 1, put(type.from(x)), y, 0, 0], 1);
      return [...read(type as typeof Float64Array, y, x.length)];
    };
    assert.equal(of([-Infinity, -Infinity, 2, Infinity, 3]), [-Infinity, -Infinity, 2, Infinity, Infinity]);
    assert.equal(of([1, NaN, 2]), [1, NaN, NaN]);
  });

  test(`cummax_${suffix}, cummin_${suffix}: the last of equals, NaN stays`, () => {
    reset();
    const x = put(type.from([1, 3, 3, 2, NaN, 9, NaN]));
    const [y, z] = [room(64), room(64)];
    run(`cummax_${suffix}`, [7, 1, 1, x, y, z], 1);
    assert.equal([...read(type as typeof Float64Array, y, 7)], [1, 3, 3, 3, NaN, NaN, NaN]);
    assert.equal(Array.from(read(BigInt64Array, z, 7), Number), [0, 1, 2, 2, 4, 4, 6]);
    run(`cummin_${suffix}`, [7, 1, 1, x, y, z], 1);
    assert.equal(Array.from(read(BigInt64Array, z, 7), Number), [0, 0, 0, 0, 4, 4, 6]);
  });
}

test("reverse and exclusive scans, and the derivative of products past a zero", () => {
  reset();
  const y = room(128);
  const x = put(Float32Array.from([2, 3, 5]));
  const of = (name: string, ...rest: number[]): number[] => {
    run(name, [3, 1, 1, x, y, ...rest], 1);
    return [...read(Float32Array, y, 3)];
  };
  assert.equal(of("cumsum_f32", 1, 0), [10, 8, 5]);
  assert.equal(of("cumsum_f32", 0, 1), [0, 2, 5]);
  assert.equal(of("cumprod_f32", 1, 1), [15, 5, 1]);
  const zeros = put(Float32Array.from([2, 0, 5]));
  const ones = put(Float32Array.from([1, 1, 1]));
  run("cumprodBackward_f32", [3, 1, 1, zeros, y, 0, 0, ones], 1); // x0 + x0·x1 + x0·x1·x2
  assert.equal([...read(Float32Array, y, 3)], [1, 12, 0]);
  run("cumprodBackward_f32", [3, 1, 1, zeros, y, 0, 1, ones], 1); // 1 + x0 + x0·x1
  assert.equal([...read(Float32Array, y, 3)], [1, 2, 0]);
  run("cumprodBackward_f32", [3, 1, 1, zeros, y, 1, 0, ones], 1); // x2 + x1·x2 + x0·x1·x2
  assert.equal([...read(Float32Array, y, 3)], [0, 15, 1]);
});

test("cumsum_i64 wraps, cumsum_c64 and cumprod_c128 run over pairs", () => {
  reset();
  const y = room(128);
  run("cumsum_i64", [3, 1, 1, put(BigInt64Array.from([2n ** 62n, 2n ** 62n, 1n])), y, 0, 0], 1);
  assert.equal([...read(BigInt64Array, y, 3)], [2n ** 62n, -(2n ** 63n), -(2n ** 63n) + 1n]);
  run("cumsum_c64", [2, 2, 1, put(Float32Array.from([1, 2, 3, 4, 10, 20, 30, 40])), y, 0, 0], 2, 2);
  assert.equal([...read(Float32Array, y, 8)], [1, 2, 3, 4, 11, 22, 33, 44]);
  run("cumprod_c128", [3, 1, 1, put(Float64Array.from([1, 1, 1, 1, 0, 1])), y, 0, 0], 1);
  assert.equal([...read(Float64Array, y, 6)], [1, 1, 0, 2, -2, 0]);
});

test.run();
