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

/** Of each line, from either end, in double precision; int64 as BigInt. */
function summed<N extends number | bigint>(x: ArrayLike<N>, n: number, reverse: boolean, zero: N): N[] {
  const out: N[] = [];
  for (let first = 0; first < x.length; first += n) {
    let total = zero;
    for (let i = 0; i < n; i++) {
      const at = first + (reverse ? n - 1 - i : i);
      total = ((total as number) + (x[at]! as number)) as N;
      out[at] = total;
    }
  }
  return out;
}

test("running sums in blocks: random lines and blocks from either end, NaN and ±∞; carried on or in two passes, in place", () => {
  const random = noise(4);
  const up = (from: number, below: number): number => from + Math.floor(((random() + 1) / 2) * (below - from));
  for (let round = 0; round < 300; round++) {
    reset();
    const [lines, n, reverse] = [up(1, 4), up(1, 300), round % 2];
    const type = round % 3 === 0 ? Float64Array : Float32Array;
    const suffix = type === Float32Array ? "f32" : "f64";
    const odd = [Number.NaN, Infinity, -Infinity];
    const x = new type(lines * n).map(() => (Math.abs(random()) < (round % 5) / 2000 ? odd[up(0, 3)]! : random()));
    const block = Math.min(n, 4 * up(1, 20));
    const blocks = Math.ceil(n / block);
    const [from, y, sums] = [put(x), room(x.byteLength), room(8 * lines * blocks)];
    if (blocks > 1) run(`sumBlocks_${suffix}`, [n, block, from, sums, reverse], lines * blocks, up(1, 4));
    run(`cumsumBlocks_${suffix}`, [n, block, from, sums, reverse, y], lines * blocks, blocks > 1 ? up(1, 6) : 1);
    const got = read(type as typeof Float64Array, y, x.length);
    summed(x, n, reverse === 1, 0).forEach((want, i) => {
      const near = Math.abs(got[i]! - want) <= (suffix === "f32" ? 2 ** -24 * Math.abs(want) + 1e-12 : 1e-12);
      assert.ok(near || Object.is(got[i], want), `round ${round}: ${got[i]} for ${want}`);
    });
    run(`cumsumBlocks_${suffix}`, [n, block, from, 0, reverse, from], lines * blocks);
    assert.is(read(type as typeof Float64Array, from, x.length).join(), got.join());
  }
});

test("running sums in blocks of int64 wrap around, and of what is not negative never fall", () => {
  const random = noise(6);
  for (const reverse of [0, 1]) {
    reset();
    const n = 1003;
    const x = new BigInt64Array(n).map(() => BigInt.asIntN(64, BigInt(Math.floor(random() * 2 ** 52)) << 11n));
    const [y, sums] = [room(8 * n), room(8 * 11)];
    const from = put(x);
    run("sumBlocks_i64", [n, 100, from, sums, reverse], 11, 3);
    run("cumsumBlocks_i64", [n, 100, from, sums, reverse, y], 11, 4);
    const want = summed([...x], n, reverse === 1, 0n).map((v) => BigInt.asIntN(64, v));
    assert.equal([...read(BigInt64Array, y, n)], want);
  }
  for (let round = 0; round < 100; round++) {
    reset();
    const n = 1003;
    const x = new Float64Array(n).map(() => (random() < 0 ? 0 : Math.abs(random()) * 10 ** (4 * random())));
    const y = room(8 * n);
    run("cumsumBlocks_f64", [n, 100, put(x), 0, 0, y], 11);
    const got = read(Float64Array, y, n);
    assert.ok(got.every((v, i) => i === 0 || v >= got[i - 1]!));
  }
});

test.run();
