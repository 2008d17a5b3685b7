// The functions of assembly/math.ts against the host's f64 functions, in units of the last place of f32: over dense samples
// or, with EVERY_FLOAT=1, over all 2³² numbers, a minute or three a function, where each test prints the greatest error.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

const EVERY_FLOAT = process.env.EVERY_FLOAT === "1";

/** All float32, or the samples. */
function* batches(): Generator<Float32Array> {
  if (!EVERY_FLOAT) yield samples();
  const count = 1 << 20;
  for (let first = 0; EVERY_FLOAT && first < 2 ** 32; first += count) {
    yield new Float32Array(Uint32Array.from({ length: count }, (_, i) => first + i).buffer);
  }
}

/** Numbers of every binade and both signs, dense numbers around zero, and the special ones. */
function samples(): Float32Array {
  const xs = new Float32Array(3 << 16);
  const random = noise(1);
  const bits = new Uint32Array(xs.buffer);
  for (let i = 0; i < 1 << 16; i++) bits[i] = (i << 16) | ((i * 40503) % 65536);
  for (let i = 1 << 16; i < xs.length; i++) xs[i] = random() * (i & 1 ? 3 : 20);
  xs.set([0, -0, Infinity, -Infinity, NaN, 1, -1, 2 ** -149, -(2 ** -149), 2 ** 127, -(2 ** 127)]);
  return xs;
}

const wide = new Float64Array(1);
const high = new Uint32Array(wide.buffer); // its upper half is high[1]

/** The distance of y from `exact` in ulp of f32, 0 if it is the nearest; infinite if one is NaN, a wrong infinity or the wrong zero. */
function ulps(y: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Object.is(y, nearest) || (Number.isNaN(y) && Number.isNaN(exact))) return 0;
  if (!Number.isFinite(y) || !Number.isFinite(exact) || (y === 0 && nearest === 0)) return Infinity;
  wide[0] = exact;
  const exponent = Math.max(-126, ((high[1]! >>> 20) & 0x7ff) - 1023);
  return Math.abs(y - exact) / 2 ** (exponent - 23);
}

/** erf by its Taylor series below 2, from erfc beyond. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  if (Math.abs(x) > 2) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc by the series of erf below 2 and its continued fraction beyond, to some 1e-13. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) return 1 - erf(x);
  let f = 0;
  for (let n = 120; n > 0; n--) f = n / 2 / (x + f);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const CASES: readonly [name: string, bound: number, exact: (x: number) => number][] = [
  ["exp", 1.25, Math.exp],
  ["log", 0.9, Math.log],
  ["tanh", 1.4, Math.tanh],
  ["sigmoid", 1.8, sigmoid],
  ["erf", 1.75, erf],
  ["exp2", 0.51, (x) => 2 ** x],
  ["expm1", 0.51, Math.expm1],
  ["log2", 1.15, Math.log2],
  ["log10", 1.4, Math.log10],
  ["log1p", 1.5, Math.log1p],
  ["sin", 1.65, Math.sin],
  ["cos", 1.65, Math.cos],
  ["tan", 1.7, Math.tan],
  ["asin", 1.2, Math.asin],
  ["acos", 1.2, Math.acos],
  ["atan", 1.45, Math.atan],
  ["sinh", 1.7, Math.sinh],
  ["cosh", 1.6, Math.cosh],
  ["asinh", 0.51, Math.asinh],
  ["acosh", 0.51, Math.acosh],
  ["atanh", 0.51, Math.atanh],
  ["erfc", 0.6, erfc],
  ["sqrt", 0.5, Math.sqrt],
  ["rsqrt", 1.5, (x) => 1 / Math.sqrt(x)],
  ["reciprocal", 0.5, (x) => 1 / x],
];

for (const [name, bound, exact] of CASES) {
  test(`${name} in float32 within ${bound} ulp`, () => {
    let greatest = 0;
    for (const xs of batches()) {
      reset();
      const y = room(4 * xs.length);
      run(`${name}_f32`, [1, 0, 0, y, put(xs), xs.length, 1, 1], xs.length, 3);
      const ys = read(Float32Array, y, xs.length);
      for (let i = 0; i < xs.length; i++) {
        const off = ulps(ys[i]!, exact(xs[i]!));
        if (off > bound) assert.unreachable(`${name}(${xs[i]}) = ${ys[i]}, not ${exact(xs[i]!)}: ${off} ulp`);
        greatest = Math.max(greatest, off);
      }
    }
    if (EVERY_FLOAT) console.log(`${name}: ${greatest.toFixed(3)} ulp`);
  });

  test(`${name} in float64`, () => {
    reset();
    const xs = new Float64Array(samples().slice(0, 20000));
    const y = room(8 * xs.length);
    run(`${name}_f64`, [1, 0, 0, y, put(xs), xs.length, 1, 1], xs.length, 2);
    const ys = read(Float64Array, y, xs.length);
    const error = name.startsWith("erf") ? 1e-12 : 1e-15;
    for (let i = 0; i < xs.length; i++) {
      const want = exact(xs[i]!);
      const right =
        Object.is(ys[i], want) ||
        (Number.isNaN(ys[i]) && Number.isNaN(want)) ||
        Math.abs(ys[i]! - want) <= error * Math.abs(want);
      if (!right) assert.unreachable(`${name}(${xs[i]}) = ${ys[i]}, not ${want}`);
    }
  });
}

test("the activations follow from erfc and sigmoid", () => {
  reset();
  const xs = Float32Array.from({ length: 4006 }, (_, i) => (i - 2000) / 250);
  xs.set([Infinity, -Infinity, NaN, 1e38, -1e38], 4001);
  const x = put(xs);
  const y = room(4 * xs.length);
  const phi = (v: number): number => erfc(-v * Math.SQRT1_2) / 2;
  const cases: readonly [name: string, error: (x: number) => number, exact: (x: number) => number][] = [
    ["gelu", (v) => 6e-7 * (v > 0 ? 1 : 1 + v ** 2 / 8), (v) => v * phi(v)],
    ["silu", () => 2.5e-7, (v) => v * sigmoid(v)],
    ["geluTanh", () => 2e-5, (v) => v * sigmoid(Math.sqrt(8 / Math.PI) * (v + 0.044715 * v ** 3))],
    ["logsigmoid", () => 2e-7, (v) => Math.min(v, 0) - Math.log1p(Math.exp(-Math.abs(v)))],
  ];
  for (const [name, error, exact] of cases) {
    run(`${name}_f32`, [1, 0, 0, y, x, xs.length, 1, 1], xs.length, 2);
    read(Float32Array, y, xs.length).forEach((value, i) => {
      const want = exact(xs[i]!);
      const isRight = Number.isFinite(want)
        ? Math.abs(value - want) <= error(xs[i]!) * Math.abs(want)
        : Object.is(value, want);
      if (!isRight) assert.unreachable(`${name}(${xs[i]}) = ${value}, not ${want}`);
    });
  }
});

test("pow in float32 within 1.6 ulp, of dense powers and of any bits", () => {
  reset();
  const n = 1 << 18;
  const random = noise(7);
  const a = new Float32Array(n);
  const b = new Float32Array(n);
  const bits = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)] as const;
  for (let i = 0; i < n; i++) {
    bits[0][i] = random() * 2 ** 31 + 2 ** 31;
    if (i % 3 === 0) bits[1][i] = random() * 2 ** 31 + 2 ** 31;
    else b[i] = (random() * 150) / Math.log2(Math.abs(a[i]!)); // results of every size
    if (i % 3 === 1) b[i] = Math.round(b[i]!);
  }
  const y = room(4 * n);
  run("pow_f32", [1, 0, 0, y, put(a), put(b), n, 1, 1, 1], n, 3);
  const ys = read(Float32Array, y, n);
  for (let i = 0; i < n; i++) {
    const exact = a[i] === 1 ? 1 : a[i]! ** b[i]!;
    if (ulps(ys[i]!, exact) > 1.6) assert.unreachable(`${a[i]} ** ${b[i]} = ${ys[i]}, not ${exact}`);
  }
});

test.run();
