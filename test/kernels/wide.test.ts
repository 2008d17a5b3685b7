// The wide kernels against those whose places they take: the same bits, whatever the shape.
import { test } from "uvu";
import * as assert from "uvu/assert";

process.env.FLAMBEAU_WIDE = "1"; // the harness looks as it is loaded
const { isWide, noise, put, read, real, reset, room, run, runPlain } = await import("./harness.ts");

const CASES = 150;

for (const [kernel, type] of [
  ["matmul_f32", Float32Array],
  ["matmul_f64", Float64Array],
  ["pairProduct_i32", Int32Array],
] as const) {
  test(`${kernel}: shapes, strides, tiles, α, β, D and the rectifier at random`, () => {
    if (!isWide) return;
    const random = noise(CASES);
    const isExact = type === Int32Array; // these have no α, D and rectifier
    const value = isExact ? () => random() * 2 ** 31 : random;
    const below = (n: number) => Math.floor(((random() + 1) / 2) * n);
    const pick = <T>(...choices: readonly T[]) => choices[below(choices.length)]!;
    for (let i = 0; i < CASES; i++) {
      reset();
      const [m, n] = [1 + below(pick(8, 40, 130)), 1 + below(pick(20, 40, 130))];
      const k = pick(below(20), 4 * below(40), 250 + below(300), 1024 + 4 * below(40));
      const matrix = (rows: number, columns: number) => {
        const [row, column] = pick(
          [columns, 1],
          [columns + below(9), 1],
          [1, rows],
          [1, rows + below(9)],
          [2 * columns, 2],
        );
        const values = new type(rows * row! + columns * column!).map(value);
        return { address: put(values), strides: [row!, column!] };
      };
      const [a, b, d] = [matrix(m, k), matrix(k, n), matrix(m, n)];
      const [row, column] = pick([n, 1], [n + 3, 1], [1, m], [2 * n, 2]);
      const length = m * row! + n * column!;
      const tile = pick([m, n], [12 + below(30), 8 + below(40)]);
      const addend = pick([0, 0], [0, 1], [1, 0], [0, 0], d.strides);
      const [relu, alpha, beta] = isExact ? [0, 1, 1] : [below(2), pick(1, 1, 1.5), pick(1, 1, -0.75)];
      const head = [m, n, k, ...tile, relu, real(alpha), real(0), real(beta), real(0)];
      const added = isExact ? 0 : pick(0, d.address);
      const strides = [row!, column!, ...a.strides, ...b.strides, ...addend, 0];
      const results = [run, runPlain].map((runs) => {
        const c = room(length * type.BYTES_PER_ELEMENT);
        const units = Math.ceil(m / tile[0]!) * Math.ceil(n / tile[1]!);
        runs(kernel, [...head, c, a.address, b.address, added, ...strides], units);
        return read(Uint8Array, c, length * type.BYTES_PER_ELEMENT);
      });
      assert.ok(Buffer.from(results[0]!).equals(results[1]!), `m ${m}, n ${n}, k ${k}: other bits`);
    }
  });
}

test.run();
