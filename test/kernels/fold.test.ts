import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run } from "./harness.ts";

type Real = Float32Array | Float64Array;

/** [outer, n, inner], block, tile */
const SHAPES: readonly (readonly [number, number, number, number, number])[] = [
  [1, 1, 1, 64, 64],
  [1, 0, 1, 64, 64],
  [2, 0, 5, 64, 64],
  [3, 2, 1, 64, 64],
  [5, 31, 1, 64, 64],
  [2, 33, 1, 64, 64],
  [1, 5000, 1, 1000, 64],
  [2, 1029, 1, 4096, 64],
  [1, 300, 3, 4096, 1024],
  [3, 137, 7, 100, 4],
  [2, 129, 70, 4096, 32],
  [1, 8, 1030, 4096, 512],
  [2, 7, 1027, 4096, 1024],
  [1, 139, 5, 136, 1024],
];

/** Folds in double precision: [outer, parts, inner]. */
function expected(
  x: ArrayLike<number>,
  [outer, n, inner, block]: readonly number[],
  fold: (values: number[]) => number,
): number[] {
  const parts = Math.max(1, Math.ceil(n! / block!));
  const out: number[] = [];
  for (let o = 0; o < outer!; o++)
    for (let p = 0; p < parts; p++)
      for (let j = 0; j < inner!; j++) {
        const column: number[] = [];
        for (let i = p * block!; i < Math.min(n!, (p + 1) * block!); i++) column.push(x[(o * n! + i) * inner! + j]!);
        out.push(fold(column));
      }
  return out;
}

function launch(
  name: string,
  x: Real | BigInt64Array | Int32Array | Uint8Array,
  shape: readonly number[],
  y: number,
  divisor: number,
  pieces: number,
): void {
  const [outer, n, inner, block, tile] = shape as [number, number, number, number, number];
  const units = outer * Math.max(1, Math.ceil(n / block)) * Math.ceil(inner / tile);
  run(name, [n, inner, block, tile, put(x), y, real(divisor)], units, pieces);
}

/** Compensated, so that the reference is better than what it judges. */
function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const v of values) {
    const next = total + v;
    lost += Math.abs(total) > Math.abs(v) ? total - next + v : v - next + total;
    total = next;
  }
  return total + lost;
}
const FOLDS: readonly (readonly [string, (v: number[]) => number])[] = [
  ["sum", sum],
  ["sumsq", (v) => sum(v.map((x) => x * x))],
  ["sumabs", (v) => sum(v.map(Math.abs))],
  ["prod", (v) => v.reduce((a, b) => a * b, 1)],
  ["amax", (v) => Math.max(...v)],
  ["amin", (v) => Math.min(...v)],
];

for (const type of [Float32Array, Float64Array] as const) {
  const suffix = type === Float32Array ? "f32" : "f64";
  const epsilon = type === Float32Array ? 2 ** -23 : 2 ** -52;
  for (const [name, fold] of FOLDS) {
    test(`${name}_${suffix}: parts, tiles, tails, empty; any cut of the units gives the same bits`, () => {
      const next = noise(1);
      for (const shape of SHAPES) {
        reset();
        const [outer, n, inner] = shape;
        const x = new type(outer * n * inner).map(() => (name === "prod" ? 1 + next() / 16 : next()));
        const want = expected(x, shape, fold);
        const y = room(want.length * x.BYTES_PER_ELEMENT);
        launch(`${name}_${suffix}`, x, shape, y, 1, 1);
        const got = read(type as typeof Float32Array, y, want.length);
        want.forEach((w, i) => {
          // A sum is as good as the sizes of its terms allow; a product loses half an ulp a factor.
          const bound =
            name === "prod" ? (n * epsilon + 1e-30) * Math.abs(w) : 4 * epsilon * (1 + Math.sqrt(n) + Math.abs(w));
          assert.ok(got[i] === w || Math.abs(got[i]! - w) <= bound, `${shape} [${i}]: ${got[i]} for ${w}`);
        });
        launch(`${name}_${suffix}`, x, shape, y, 1, 3);
        assert.equal(read(type as typeof Float32Array, y, want.length), got);
      }
    });
  }
  test(`amax_${suffix}, amin_${suffix}: a NaN anywhere wins`, () => {
    for (const n of [1, 3, 40, 300])
      for (const inner of [1, 5])
        for (let at = 0; at < n; at += 1 + (n >> 4)) {
          reset();
          const x = new type(n * inner).fill(Infinity);
          x[at * inner] = NaN;
          for (const name of ["amax", "amin", "sum", "prod"]) {
            const y = room(64);
            launch(`${name}_${suffix}`, x, [1, n, inner, 1000, 64], y, 1, 1);
            assert.ok(Number.isNaN(read(type as typeof Float32Array, y, 1)[0]), `${name} ${n} ${inner} ${at}`);
          }
        }
  });
}

test("sum_f32: a mean divides; a million equal terms lose nothing that matters", () => {
  reset();
  const x = new Float32Array(1 << 20).fill(0.1);
  const y = room(4);
  launch("sum_f32", x, [1, x.length, 1, x.length, 1], y, x.length, 1);
  assert.ok(Math.abs(read(Float32Array, y, 1)[0]! / 0.1 - 1) < 2 ** -21);
});

test("sum_i64, prod_i64 wrap; amax, amin of int64 and int32 take the extremes", () => {
  reset();
  const x = BigInt64Array.from([2n ** 62n, 2n ** 62n, -5n, 3n, 7n, 1n]);
  const y = room(64);
  const fold = (name: string): bigint => {
    launch(name, x, [1, 6, 1, 64, 64], y, 1, 1);
    return read(BigInt64Array, y, 1)[0]!;
  };
  assert.is(fold("sum_i64"), BigInt.asIntN(64, 2n ** 63n + 6n));
  assert.is(fold("prod_i64"), 0n);
  assert.is(fold("amax_i64"), 2n ** 62n);
  assert.is(fold("amin_i64"), -5n);
  const ints = Int32Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1009);
  ints[700] = -(2 ** 31);
  ints[3] = 2 ** 31 - 1;
  for (const inner of [1, 4]) {
    launch("amax_i32", ints, [1, 1000 / inner, inner, 1000, 64], y, 1, 1);
    assert.is(Math.max(...read(Int32Array, y, inner)), 2 ** 31 - 1);
    launch("amin_i32", ints, [1, 1000 / inner, inner, 1000, 64], y, 1, 1);
    assert.is(Math.min(...read(Int32Array, y, inner)), -(2 ** 31));
  }
});

test("sum_b8 counts, amax_b8 is any, amin_b8 is all", () => {
  const next = noise(2);
  for (const shape of SHAPES) {
    reset();
    const [outer, n, inner] = shape;
    for (const share of [-1, 0.5, 1]) {
      const x = Uint8Array.from({ length: outer * n * inner }, () => (next() < share ? 1 : 0));
      const want = expected(x, shape, sum);
      const y = room(want.length * 8);
      launch("sum_b8", x, shape, y, 1, 2);
      assert.equal(Array.from(read(BigInt64Array, y, want.length), Number), want);
      launch("amax_b8", x, shape, y, 1, 2);
      assert.equal(
        [...read(Uint8Array, y, want.length)],
        expected(x, shape, (v) => (v.includes(1) ? 1 : 0)),
      );
      launch("amin_b8", x, shape, y, 1, 2);
      assert.equal(
        [...read(Uint8Array, y, want.length)],
        expected(x, shape, (v) => (v.includes(0) ? 0 : 1)),
      );
    }
  }
});

test("sum_c64, prod_c128: pairs", () => {
  reset();
  const next = noise(3);
  const [outer, n, inner] = [2, 37, 3];
  const x = Float32Array.from({ length: outer * n * inner * 2 }, next);
  const y = room(4096);
  launch("sum_c64", x, [outer, n, inner, 64, 2], y, 1, 2);
  const got = read(Float32Array, y, outer * inner * 2);
  expected(x, [outer, n, inner * 2, 64], sum).forEach((w, i) => {
    assert.ok(Math.abs(got[i]! - w) < 1e-6);
  });
  // (1 + i)⁴ = -4
  launch("prod_c128", Float64Array.from([1, 1, 1, 1, 1, 1, 1, 1]), [1, 4, 1, 64, 64], y, 1, 1);
  assert.equal([...read(Float64Array, y, 2)], [-4, 0]);
});

test("sums of random shapes, NaN and ±∞ among the elements: as in float64, however they are cut", () => {
  const random = noise(11);
  const up = (from: number, below: number): number => from + Math.floor(((random() + 1) / 2) * (below - from));
  for (let round = 0; round < 150; round++) {
    reset();
    const shape = [up(1, 4), up(0, 300), up(1, 60), up(1, 200), up(1, 64)] as const;
    const [outer, n, inner] = shape;
    const odd = [Number.NaN, Infinity, -Infinity, -0];
    const x = new Float32Array(outer * n * inner).map(() =>
      Math.abs(random()) < (round % 3) / 2000 ? odd[up(0, 4)]! : random(),
    );
    const divisor = round % 2 === 0 ? 1 : 3;
    const want = expected(x, shape, sum0);
    const y = room(want.length * 4);
    launch("sum_f32", x, shape, y, divisor, 1);
    const got = read(Float32Array, y, want.length);
    want.forEach((w, i) => {
      const near = Math.abs(got[i]! - w / divisor) <= 2e-6 * (1 + Math.abs(w));
      assert.ok(near || Object.is(got[i], Math.fround(w / divisor)), `${shape} [${i}]: ${got[i]} for ${w / divisor}`);
    });
    launch("sum_f32", x, shape, y, divisor, 4);
    assert.is(read(Float32Array, y, want.length).join(), got.join()); // NaN equals NaN
  }
});

/** Without compensation, which makes NaN of ∞. */
const sum0 = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test.run();
