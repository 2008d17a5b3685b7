import { test } from "uvu";
import * as assert from "uvu/assert";
import { put, read, real, reset, room, run, type Slot } from "./harness.ts";

const STATE_BYTES = 2560;
const UNIFORM = [real(0), real(1), real(24)];

/** The first numbers of a stream of `n` float32 of seed 42, and the three uniform numbers after it. */
function stream(kernel: string, n: number, parameters: readonly Slot[]): { values: Float32Array; next: Float32Array } {
  reset();
  const state = room(STATE_BYTES);
  const y = room(4 * n);
  run("seed_mt19937", [state, 42n], 1);
  run(kernel, [n, state, y, ...parameters], 1);
  const values = read(Float32Array, y, n);
  run("uniform_f32", [3, state, y, ...UNIFORM], 1);
  return { values, next: read(Float32Array, y, 3) };
}

function integers(kernel: string, n: number, parameters: readonly Slot[]): { values: number[]; next: Float32Array } {
  reset();
  const state = room(STATE_BYTES);
  const y = room(8 * n);
  run("seed_mt19937", [state, 42n], 1);
  run(kernel, [n, state, y, ...parameters], 1);
  const values = [...read(BigInt64Array, y, n)].map(Number);
  run("uniform_f32", [3, state, y, ...UNIFORM], 1);
  return { values, next: read(Float32Array, y, 3) };
}

/** Within `ulps` units in the last place of a float32. */
function near(got: Float32Array, want: readonly number[], ulps: number, what: string): void {
  want.forEach((w, i) => {
    const expected = Math.fround(w);
    const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(expected), 2 ** -126))) - 23);
    assert.ok(Math.abs(got[i]! - expected) <= ulps * unit, `${what}[${i}]: ${got[i]} for ${expected}`);
  });
}

// What PyTorch 2.13 gives after manual_seed(42).
const AFTER_40 = [0.634341836, 0.364410281, 0.710428774];
const STREAMS = [
  [
    "uniform_f32",
    7,
    UNIFORM,
    0,
    [0.882269263, 0.915003955, 0.38286376, 0.959305644, 0.390448213, 0.600895345],
    [0.793641329, 0.940771461, 0.133185923],
  ],
  ["uniform_f32", 1000, UNIFORM, 0, [0.882269263, 0.915003955, 0.38286376], [0.729399979, 0.27288425, 0.240670204]],
  [
    "uniform_f32",
    20,
    [real(-2), real(3), real(24)],
    0,
    [2.41134644, 2.57501984, -0.0856812, 2.79652834, -0.0477589369, 1.00447679],
    [0.269631684, 0.441363573, 0.296920836],
  ],
  [
    "normal_f32",
    7,
    UNIFORM,
    1,
    [0.336690366, 0.128809407, 0.234462366, 0.23033303, -1.12285638, -0.186328292],
    [0.885442913, 0.573904455, 0.266580045],
  ],
  [
    "normal_f32",
    16,
    UNIFORM,
    4,
    [1.92691529, 1.48728406, 0.900717199, -2.10552096, 0.678418458, -1.23454487],
    [0.885442913, 0.573904455, 0.266580045],
  ],
  [
    "normal_f32",
    17,
    UNIFORM,
    4,
    [1.92691529, -0.159597471, -0.497397542, 0.439589262, -0.758131146, 1.07831764],
    [0.583209574, 0.337647736, 0.808974981],
  ],
  [
    "normal_f32",
    1000,
    UNIFORM,
    4,
    [1.92691529, 1.48728406, 0.900717199, -2.10552096, 0.678418458, -1.23454487],
    [0.148778021, 0.65959847, 0.784194887],
  ],
  ["bernoulli_f32", 20, [real(0.3), real(1)], 0, [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1], AFTER_40],
  ["exponential_f32", 20, [real(1.5), real(0)], 1, [0.0399426781, 0.0433174185, 0.0879445225, 0.0360086337], AFTER_40],
  ["geometric_f32", 20, [real(0.25), real(0)], 0, [10, 10, 8, 11, 3, 3, 1, 1, 9, 8, 7, 4, 1, 1, 4, 2, 9], AFTER_40],
  ["cauchy_f32", 20, [real(0), real(1)], 1, [-5.41248751, -4.99370098, -2.44487429, -5.99863958], AFTER_40],
  ["log_normal_f32", 20, [real(1), real(2)], 1, [5.33015728, 3.51703668, 4.3445611, 4.30882835], AFTER_40],
] as const;

for (const [kernel, n, parameters, ulps, values, next] of STREAMS) {
  test(`${kernel} of ${n}: PyTorch's numbers, and its place in the stream afterwards`, () => {
    const got = stream(kernel, n, parameters);
    near(got.values, values, ulps, kernel);
    assert.equal([...got.next], next.map(Math.fround));
  });
}

const INTEGERS = [
  ["randint_i64", 12, [10n, 0n], [2, 7, 6, 4, 6, 5, 0, 4, 0, 3, 8, 4], [0.869404435, 0.567715287, 0.741094053]],
  [
    "randint_i64",
    6,
    [2147483653n, -5n],
    [219652560, 757167056, 1974618212, 473585902, 1656338567, 171926188],
    [0.869404435, 0.567715287, 0.741094053],
  ],
  [
    "random_i64",
    20,
    [16777217n],
    [14801927, 15351016, 6423145, 16094432, 6550447],
    [0.269631684, 0.441363573, 0.296920836],
  ],
  ["randperm_i64", 10, [], [2, 6, 1, 8, 4, 5, 0, 9, 3, 7], [0.133185923, 0.934598088, 0.59357965]],
  [
    "randperm_i64",
    100,
    [],
    [42, 96, 62, 98, 46, 95, 60, 24, 78, 16, 68, 70, 11, 13, 97, 52, 99],
    [0.0162026882, 0.213664889, 0.624901831],
  ],
] as const;

for (const [kernel, n, parameters, values, next] of INTEGERS) {
  test(`${kernel} of ${n}: PyTorch's numbers, and its place in the stream afterwards`, () => {
    const got = integers(kernel, n, parameters);
    assert.equal(got.values.slice(0, values.length), [...values]);
    assert.equal([...got.next], next.map(Math.fround));
  });
}

test("float64: 53 bits of two draws, and no element beyond n is touched", () => {
  reset();
  const state = room(STATE_BYTES);
  run("seed_mt19937", [state, 42n], 1);
  const y = room(8 * 4);
  run("uniform_f64", [3, state, y, real(0), real(1)], 1);
  run("seed_mt19937", [state, 42n], 1);
  const words = room(8 * 6);
  run("random_i64", [6, state, words, 4294967296n], 1);
  const w = [...read(BigInt64Array, words, 6)];
  const want = [0, 2, 4].map((i) => Number(((w[i]! << 32n) | w[i + 1]!) & 0x1fffffffffffffn) / 2 ** 53);
  assert.equal([...read(Float64Array, y, 3)], want);
  assert.is(read(BigInt64Array, y + 24, 1)[0], BigInt.asIntN(64, 0xa5a5a5a5a5a5a5a5n));
});

test("bernoulli in vectors and one by one: the same draws, wherever they start in the words", () => {
  for (const start of [0, 1, 2, 5, 619]) {
    reset();
    const state = room(STATE_BYTES);
    const n = 1003;
    const wide = room(8 * n);
    const y = room(8 * n);
    for (const [kernel, to] of [
      ["bernoulli_f64", wide],
      ["bernoulli_f32", y],
    ] as const) {
      run("seed_mt19937", [state, 7n], 1);
      run("random_i64", [start, state, room(8 * start), 2n], 1);
      run(kernel, [n, state, to, real(0.7), real(1)], 1);
    }
    assert.equal([...read(Float32Array, y, n)], [...read(Float64Array, wide, n)]);
  }
});

test("multinomial with replacement: the first category whose running share reaches the uniform", () => {
  reset();
  const state = room(STATE_BYTES);
  const y = room(8 * 6);
  const p = put(new Float32Array([0, 2, 1, 1, 5, 0, 0, 5]));
  run("seed_mt19937", [state, 42n], 1);
  const u = room(8 * 6);
  run("uniform_f64", [6, state, u, real(0), real(1)], 1);
  const uniform = [...read(Float64Array, u, 6)];
  run("seed_mt19937", [state, 42n], 1);
  run("multinomial_f32", [2, state, y, p, 4, 3, room(16)], 1);
  const want = uniform.map((v, i) => [0, 0.5, 0.75, 1, 0.5, 0.5, 0.5, 1].slice(i < 3 ? 0 : 4).findIndex((s) => s >= v));
  assert.equal([...read(BigInt64Array, y, 6)].map(Number), want);
});

test("bernoulli of a tensor: a float32 uniform against each probability", () => {
  reset();
  const state = room(STATE_BYTES);
  const y = room(4 * 6);
  const p = put(new Float32Array([0.9, 0.9, 0.9, 0, 1, 0.6]));
  run("seed_mt19937", [state, 42n], 1);
  run("bernoulli_each_f32", [6, state, y, p], 1);
  assert.equal([...read(Float32Array, y, 6)], [1, 0, 1, 0, 1, 0]); // 0.88 0.915 0.38 0.96 0.39 0.6009
});

test("a whole stream: the 10,000th draw after seed 5489 is the one that the generator's authors give", () => {
  reset();
  const state = room(STATE_BYTES);
  const y = room(8 * 10_000);
  run("seed_mt19937", [state, 5489n], 1);
  run("random_i64", [10_000, state, y, 4294967296n], 1);
  assert.is(read(BigInt64Array, y + 8 * 9999, 1)[0], 4123659995n);
});

test.run();
