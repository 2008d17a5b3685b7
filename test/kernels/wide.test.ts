// The wide kernels against those whose places they take: the same bits, whatever the shape.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Slot } from "./harness.ts";

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

// ── functions of elements and of rows ───────────────────────────────────────────────────────────────────────────────

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  88.7,
  -87.4,
  -104,
  2 ** 22 + 1,
  1e-5,
];

/** Runs a kernel and its namesake; the results, of `length` f32 at an address of its own each, differ in no bit but a NaN's. */
function same(
  what: string,
  kernel: string,
  units: number,
  length: number,
  args: (to: number) => readonly Slot[],
): void {
  const [wide, plain] = [run, runPlain].map((runs) => {
    const to = room(4 * length);
    runs(kernel, args(to), units, 2);
    return read(Float32Array, to, length);
  });
  const at = wide!.findIndex((x, i) => !Object.is(x, plain![i]));
  assert.is(at, -1, `${kernel}, ${what}: element ${at} is ${wide![at]}, not ${plain![at]}`);
}

/** Numbers of which some, if any, are special; most are in ±`scale`. */
function numbers(random: () => number, length: number, scale: number, special: boolean): number {
  const pick = (i: number) => SPECIAL[Math.abs(Math.floor(random() * 1e6)) % SPECIAL.length]! * (i % 2 ? 1 : -1);
  return put(Float32Array.from({ length }, (_, i) => (special && random() > 0.99 ? pick(i) : scale * random())));
}

const LENGTHS = [1, 3, 4, 5, 8, 9, 12, 15, 31, 32, 33, 255, 256, 257, 263, 500, 1030];

test("functions of float64 elements: lengths, steps and special numbers", () => {
  if (!isWide) return;
  const random = noise(11);
  for (const n of LENGTHS)
    for (const scale of [1, 10, 1000])
      for (const special of [false, true]) {
        reset();
        const values = Float64Array.from({ length: 2 * n }, () => scale * random());
        for (let i = 0; special && i < SPECIAL.length && i < n; i++) values[(i * 7) % n] = SPECIAL[i]!;
        const a = put(values);
        for (const name of "exp log log1p expm1 sigmoid sin cos".split(" "))
          for (const step of [1, 0, 2]) {
            const [wide, plain] = [run, runPlain].map((runs) => {
              const to = room(8 * n);
              runs(`${name}_f64`, [1, 0, 0, to, a, n, 1, step], n, 2);
              return read(Float64Array, to, n);
            });
            const at = wide!.findIndex((x, i) => !Object.is(x, plain![i]));
            assert.is(
              at,
              -1,
              `${name}_f64, ${n} of ${scale} by ${step}: element ${at} is ${wide![at]}, not ${plain![at]}`,
            );
          }
      }
});

test("functions of elements: lengths, steps and special numbers", () => {
  if (!isWide) return;
  const random = noise(7);
  const one =
    "exp log log1p log2 log10 tanh sigmoid sin cos tan asin acos atan sinh cosh erf silu gelu geluTanh logsigmoid".split(
      " ",
    );
  const two = "siluGrad geluGrad geluTanhGrad pow atan2 logaddexp".split(" ");
  for (const n of LENGTHS)
    for (const scale of [1, 10, 100])
      for (const special of [false, true])
        for (const step of [1, 0, 2]) {
          reset();
          const a = numbers(random, 2 * n, scale, special);
          const b = numbers(random, 2 * n, scale / 5, special);
          const what = `${n} of ${scale} by ${step}${special ? ", special" : ""}`;
          for (const name of one) same(what, `${name}_f32`, n, n, (y) => [1, 0, 0, y, a, n, 1, step]);
          for (const [name, p, q] of [
            ["elu", 1.5, 0.5],
            ["softplus", 2, 20],
          ] as const)
            same(what, `${name}_f32`, n, n, (y) => [1, real(p), real(q), y, a, n, 1, step]);
          same(what, "eluGrad_f32", n, n, (y) => [1, real(1.5), real(0.5), y, a, b, n, 1, 1, step]);
          for (const name of two) {
            same(what, `${name}_f32`, n, n, (y) => [1, 0, 0, y, a, b, n, 1, 1, step]);
            same(what, `${name}_f32`, n, n, (y) => [1, 0, 0, y, a, b, n, 1, step, 1]);
          }
        }
});

test("pow of positive bases, as far as the exponents go", () => {
  if (!isWide) return;
  const random = noise(8);
  for (const n of LENGTHS)
    for (const scale of [1, 30, 126]) {
      reset();
      const a = put(Float32Array.from({ length: n }, () => 2 ** random()));
      const b = numbers(random, n, scale, false);
      same(`${n} of ${scale}`, "pow_f32", n, n, (y) => [1, 0, 0, y, a, b, n, 1, 1, 1]);
      const base = numbers(random, n, 2, false);
      const whole = put(Float32Array.from({ length: n }, () => Math.round((scale / 10) * random())));
      same(`${n} of whole ${scale}`, "pow_f32", n, n, (y) => [1, 0, 0, y, base, whole, n, 1, 1, 1]);
    }
});

test("functions of rows: softmax, norms, cross entropy", () => {
  if (!isWide) return;
  const random = noise(9);
  for (const n of LENGTHS)
    for (const scale of [1, 30])
      for (const special of [false, true]) {
        reset();
        const rows = 5;
        const size = rows * n;
        const what = `${n} of ${scale}${special ? ", special" : ""}`;
        const x = numbers(random, size, scale, special);
        const g = numbers(random, size, 1, false);
        const [m, r, w] = [0, 1, 2].map(() => numbers(random, rows + n, 1, false)) as [number, number, number];
        for (const [outer, inner] of [
          [rows, 1],
          [1, rows],
        ] as const) {
          const length = size / (outer * inner);
          const head = [length, inner, 64];
          const units = outer;
          for (const name of ["softmax", "logSoftmax"]) {
            same(what, `${name}_f32`, units, size, (y) => [...head, x, y]);
            same(what, `${name}Backward_f32`, units, size, (y) => [...head, g, x, y]);
          }
        }
        for (const weight of [0, w]) {
          const moments = [room(4 * rows), room(4 * rows)] as const;
          same(what, "layerNorm_f32", rows, size, (y) => [n, x, y, weight, weight, ...moments, real(1e-5)]);
          same(what, "layerNormBackward_f32", 1, size + 2 * n, (y) => [
            ...[n, rows, rows, g, x, y, weight, m, r, y + 4 * size, y + 4 * (size + n)],
          ]);
          same(what, "batchNormApply_f32", rows, size, (y) => [rows, n, x, y, m, r, weight, weight]);
          same(what, "batchNormBackward_f32", n > 1 ? rows : 1, size, (y) => [
            ...[1, rows, n, n > 1 ? 1 : 64, g, x, y, m, r, weight, w, m],
          ]);
          same(what, "batchNormApply_f32", rows, size, (y) => [n, 1, x, y, m, r, weight, weight]);
          same(what, "batchNormBackward_f32", Math.ceil(n / 64), size, (y) => [
            ...[rows, n, 1, 64, g, x, y, m, r, weight, w, m],
          ]);
        }
        same(what, "batchNormMoments_f32", rows, 2 * rows, (y) => [
          ...[1, rows, n === 1 ? 2 : n, 1, x, y, y + 4 * rows, real(1e-5), 0, 0, real(0.1)],
        ]);
        same(what, "batchNormSums_f32", n > 1 ? rows : 1, 2 * rows, (y) => [
          ...[1, rows, n, n > 1 ? 1 : 64, g, x, m, r, y, y + 4 * rows],
        ]);
        const classes = put(BigInt64Array.from({ length: rows }, (_, i) => BigInt(i % n)));
        same(what, "crossEntropy_f32", rows, 4 * rows, (y) => [
          ...[n, x, classes, 0, -100n, y, y + 4 * rows, y + 8 * rows],
        ]);
        same(what, "crossEntropyBackward_f32", rows, size, (y) => [n, x, classes, 0, -100n, w, m, r, 1, y]);
      }
});

test("attention and its gradient: blocks, masks, causal or not, special numbers", () => {
  if (!isWide) return;
  const random = noise(10);
  const below = (n: number) => Math.floor(((random() + 1) / 2) * n);
  const heads = 2;
  for (let i = 0; i < 60; i++) {
    reset();
    const [queries, keys, width, wide] = [5 + below(90), 1 + below(90), 1 + below(40), 1 + below(40)];
    const special = i % 3 === 2;
    const [q, g] = [heads * queries * width, heads * queries * wide].map((n) => numbers(random, n, 2, special));
    const [k, v] = [heads * keys * width, heads * keys * wide].map((n) => numbers(random, n, 2, special));
    const mask = i % 4 === 0 ? numbers(random, queries * keys, 2, special) : 0;
    const [rows, columns] = [8 * (1 + below(6)), 12 * (1 + below(4))];
    const dense = (n: number, size: number): Slot[] => [0, n * size, size, 1];
    const args = (out: number, lse: number): Slot[] => [
      ...[out, lse, q!, k!, v!, mask, 1, heads, queries, keys, width, wide, i % 2, real(0.3), rows, columns],
      ...[
        ...dense(queries, width),
        ...dense(keys, width),
        ...dense(keys, wide),
        0,
        0,
        keys,
        1,
        ...dense(queries, wide),
      ],
    ];
    const what = `${queries} queries, ${keys} keys, ${width} and ${wide} wide, case ${i}`;
    const [length, stats] = [heads * queries * wide, heads * queries];
    const units = heads * Math.ceil(queries / rows);
    same(what, "attention_f32", units, length + stats, (to) => args(to, to + 4 * length));
    const [out, lse] = [room(4 * length), room(4 * stats)];
    run("attention_f32", args(out, lse), units);
    const sizes = [queries * width, keys * width, keys * wide].map((n) => heads * n);
    const cut = Math.min(12, keys);
    const parts = cut < keys ? 2 : 1;
    same(what, "attentionGrad_f32", heads * parts, parts * sizes[0]! + sizes[1]! + sizes[2]!, (to) => {
      const dk = to + 4 * parts * sizes[0]!;
      return [
        ...[...args(out, lse), g!, to, dk, dk + 4 * sizes[1]!, ...dense(queries, wide), ...dense(queries, width)],
        ...[...dense(keys, width), ...dense(keys, wide), parts, sizes[0]!, 0, cut, keys],
      ];
    });
  }
});

test("the cell of an LSTM and its derivatives: widths, steps, gates far from 0", () => {
  if (!isWide) return;
  const random = noise(11);
  for (const width of [1, 4, 7, 8, 9, 16, 24, 31, 32, 60])
    for (const scale of [1, 30]) {
      reset();
      const [steps, rows, n] = [3, 5, 4 * width];
      const what = `${width} of ${scale}`;
      const states = steps * rows * width;
      const [x, u, first, firstC, g] = [4 * states, n * width, rows * width, rows * width, states].map((length, i) =>
        numbers(random, length, i === 0 ? scale : 1, scale > 1 && i === 0),
      ) as [number, number, number, number, number];
      const panels = (columns: number, depth: number, column: number, row: number): number => {
        const to = room(4 * Math.ceil(columns / 8) * 8 * depth);
        run("panels_f32", [to, u, columns, depth, column, row], Math.ceil(columns / 8));
        return to;
      };
      const head = [steps, rows, width, 4];
      for (const back of [0, 1]) {
        const forward = (to: number): Slot[] => [
          ...[...head, back, panels(n, width, width, 1), first, x, to + 16 * states, to, firstC, to + 20 * states],
        ];
        same(what, "lstm_f32", 2, 6 * states, forward);
        const kept = room(24 * states);
        run("lstm_f32", forward(kept), 2);
        for (const [byH, byC] of [
          [g, 0],
          [0, g],
          [g, g],
        ] as const) {
          const ends = 16 * states;
          same(what, "lstmGrad_f32", 2, 4 * states + 2 * rows * width, (to) => [
            ...[...head, back, panels(width, n, 1, width), first, to, kept + 16 * states, kept, firstC],
            ...[kept + 20 * states, byH, byC, to + ends, to + ends + 4 * rows * width],
          ]);
        }
      }
    }
});

test.run();
