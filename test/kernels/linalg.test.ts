// Factorisations by what they are: the product of the factors is the matrix, and a solution solves.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run, runPlain } from "./harness.ts";

const SIZES = [0, 1, 2, 3, 5, 8, 9, 16, 17, 24, 25, 64, 100, 257];
const BATCH = 3;

type Matrix = Float64Array;
/** What the kernels of a dtype take, and how much coarser than float64 it is. */
interface Kind {
  readonly code: "f32" | "f64";
  readonly Numbers: typeof Float32Array | typeof Float64Array;
  readonly bytes: number;
  readonly coarse: number;
}
const KINDS: readonly Kind[] = [
  { code: "f32", Numbers: Float32Array, bytes: 4, coarse: 2 ** 29 },
  { code: "f64", Numbers: Float64Array, bytes: 8, coarse: 1 },
];
const numbersAt = ({ code }: Kind, at: number, count: number): Matrix =>
  Float64Array.from(code === "f32" ? read(Float32Array, at, count) : read(Float64Array, at, count));
const putAs = ({ Numbers }: Kind, x: Matrix): number => put(Numbers.from(x));

const matrix = (m: number, n: number, next: () => number): Matrix => new Float64Array(m * n).map(next);
const batch = (m: number, n: number, next: () => number): Matrix[] =>
  Array.from({ length: BATCH }, () => matrix(m, n, next));
const joined = (list: readonly Matrix[]): Matrix => Float64Array.from(list.flatMap((x) => Array.from(x)));
/** The matrices of [BATCH, m, n] at an address. */
function matricesAt(kind: Kind, at: number, m: number, n: number): Matrix[] {
  const all = numbersAt(kind, at, BATCH * m * n);
  return Array.from({ length: BATCH }, (_, i) => all.slice(i * m * n, (i + 1) * m * n));
}

/** a · b, with m rows of k and k of n. */
function times(a: Matrix, b: Matrix, m: number, k: number, n: number): Matrix {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * k + p]! * b[p * n + j]!;
  }
  return c;
}

function turned(a: Matrix, m: number, n: number): Matrix {
  return new Float64Array(m * n).map((_, at) => a[(at % m) * n + Math.floor(at / m)]!);
}

/** The same of a matrix where `keep` says so of row and column, `other` elsewhere. */
const part = (a: Matrix, n: number, keep: (i: number, j: number) => boolean, other = 0): Matrix =>
  a.map((x, at) => (keep(Math.floor(at / n), at % n) ? x : other));

const unit = (n: number): Matrix => new Float64Array(n * n).map((_, at) => (Math.floor(at / n) === at % n ? 1 : 0));
const sum = (a: Matrix, b: Matrix, by = 1): Matrix => a.map((x, i) => x + by * b[i]!);

function close(a: Matrix, b: Matrix, bound: number, what: string): void {
  const wrong = a.findIndex((x, i) => !(Math.abs(x - b[i]!) <= bound));
  assert.is(wrong, -1, `${what}: ${a[wrong]} instead of ${b[wrong]} at ${wrong}`);
}

/** What a kernel makes of the matrices at its argument `slot`: the same bits whole, in pieces, wide and plain. */
function sameBits(
  kind: Kind,
  name: string,
  args: (copy: number) => readonly number[],
  a: Matrix,
  units: number,
  slot = 1,
): Matrix {
  const results = [run, runPlain, run].map((runs, i) => {
    const list = args(putAs(kind, a));
    runs(`${name}_${kind.code}`, list, units, i === 2 ? Math.min(units, BATCH) : 1);
    return numbersAt(kind, list[slot]!, a.length);
  });
  for (const other of results.slice(1))
    assert.ok(Buffer.from(results[0]!.buffer).equals(Buffer.from(other.buffer)), name);
  return results[0]!;
}

test("lu: P A = L U with multiples of at most 1, and what is solved with it", () => {
  const next = noise(1);
  for (const [kind, n] of KINDS.flatMap((kind) => SIZES.map((n) => [kind, n] as const))) {
    reset();
    const a = batch(n, n, next);
    const [pivots, info] = [room(BATCH * n * 4), room(BATCH * 4)];
    const [signs, logs] = [room(BATCH * kind.bytes), room(BATCH * kind.bytes)];
    const packed = sameBits(kind, "lu", (x) => [n, x, pivots, info, signs, logs], joined(a), BATCH);
    assert.equal(Array.from(read(Int32Array, info, BATCH)), [0, 0, 0]);
    const exchanges = read(Int32Array, pivots, BATCH * n);
    a.forEach((x, i) => {
      const lu = packed.slice(i * n * n, (i + 1) * n * n);
      const l = sum(
        part(lu, n, (r, c) => r > c),
        unit(n),
      );
      assert.ok(l.every((y) => Math.abs(y) <= 1));
      const rows = Array.from({ length: n }, (_, r) => r);
      let sign = 1;
      for (let k = 0; k < n; k++) {
        const other = exchanges[i * n + k]!;
        assert.ok(other >= k && other < n);
        [rows[k], rows[other]] = [rows[other]!, rows[k]!];
        if (other !== k) sign = -sign;
      }
      const moved = Float64Array.from(rows.flatMap((r) => Array.from(x.subarray(r * n, (r + 1) * n))));
      close(
        times(
          l,
          part(lu, n, (r, c) => r <= c),
          n,
          n,
          n,
        ),
        moved,
        1e-15 * kind.coarse * (n + 4),
        `L U of ${n}`,
      );
      const diagonal = rows.map((_, r) => lu[r * n + r]!);
      assert.is(
        numbersAt(kind, signs, BATCH)[i],
        diagonal.reduce((s, y) => s * Math.sign(y), sign),
      );
      const log = diagonal.reduce((s, y) => s + Math.log(Math.abs(y)), 0);
      assert.ok(Math.abs(numbersAt(kind, logs, BATCH)[i]! - log) <= 1e-13 * kind.coarse * (1 + Math.abs(log)));
    });
    for (const k of [1, 2, 5, 33]) {
      const b = batch(n, k, next);
      const right = putAs(kind, joined(b));
      const name = `triangles_${kind.code}`;
      run(name, [n, k, 16, 1, 2, putAs(kind, packed), right, pivots], BATCH * Math.ceil(k / 16), 2);
      matricesAt(kind, right, n, k).forEach((x, i) => {
        const size = x.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
        close(times(a[i]!, x, n, n, k), b[i]!, 1e-15 * kind.coarse * (n + 4) * size, `the solution of ${n} × ${k}`);
      });
    }
  }
});

test("lu: the first of equals is the pivot, and a zero is told", () => {
  reset();
  const a = Float64Array.of(1, 2, 3, -2, 5, 7, 2, 5, 7); // the third row is the second in the end
  const [at, pivots, info] = [put(a), room(12), room(4)];
  run("lu_f64", [3, at, pivots, info, 0, 0], 1);
  assert.equal(Array.from(read(Int32Array, pivots, 3)), [1, 2, 2]);
  for (const n of [4, 12, 40]) {
    const next = noise(n);
    const half = matrix(n, n / 2, next);
    const singular = put(times(half, turned(half, n, n / 2), n, n / 2, n).map((x, i) => (i % n === n / 4 ? 0 : x)));
    const places = room(4 * n);
    run("lu_f64", [n, singular, places, info, 0, 0], 1);
    assert.is(read(Int32Array, info, 1)[0], n / 4 + 1);
  }
});

test("triangles: either side, with ones or what stands there, in panels of any width", () => {
  const next = noise(2);
  for (const [kind, n] of KINDS.flatMap((kind) => SIZES.map((n) => [kind, n] as const))) {
    for (const k of [1, 7, 16, 50]) {
      for (const [lower, upper] of [
        [1, 0],
        [2, 0],
        [0, 1],
        [0, 2],
      ] as const) {
        reset();
        const keep = (i: number, j: number) => (lower > 0 ? i > j : i < j);
        const a = batch(n, n, next).map((x) => x.map((y, at) => y / n + (Math.floor(at / n) === at % n ? 2 : 0)));
        const b = batch(n, k, next);
        const bits = [16, 32, 64].map((width) => {
          const at = putAs(kind, joined(b));
          const units = BATCH * Math.ceil(k / width);
          (width === 64 ? runPlain : run)(
            `triangles_${kind.code}`,
            [n, k, width, lower, upper, putAs(kind, joined(a)), at, 0],
            units,
            2,
          );
          return numbersAt(kind, at, BATCH * n * k);
        });
        for (const other of bits) assert.equal(other, bits[0]!);
        a.forEach((x, i) => {
          const triangle = sum(
            part(x, n, keep),
            unit(n).map((y, at) => y * (lower + upper === 1 ? 1 : x[at]!)),
          );
          const solution = bits[0]!.slice(i * n * k, (i + 1) * n * k);
          close(times(triangle, solution, n, n, k), b[i]!, 1e-14 * kind.coarse, `${lower} ${upper} ${n} × ${k}`);
        });
      }
    }
  }
});

test("cholesky: Uᵀ U is the matrix, the other triangle is not read and comes out 0", () => {
  const next = noise(3);
  for (const [kind, n] of KINDS.flatMap((kind) => SIZES.map((n) => [kind, n] as const))) {
    reset();
    const list = batch(n, n, next).map((x) => sum(times(x, turned(x, n, n), n, n, n), unit(n)));
    const given = joined(list.map((x) => part(x, n, (i, j) => i <= j, Number.NaN)));
    const info = room(BATCH * 4);
    const factors = sameBits(kind, "cholesky", (x) => [n, x, info], given, BATCH);
    assert.equal(Array.from(read(Int32Array, info, BATCH)), [0, 0, 0]);
    list.forEach((x, i) => {
      const u = factors.slice(i * n * n, (i + 1) * n * n);
      assert.equal(
        u,
        part(u, n, (r, c) => r <= c),
      );
      close(times(turned(u, n, n), u, n, n, n), x, 1e-15 * kind.coarse * (n + 4) * (n + 1), `Uᵀ U of ${n}`);
    });
  }
});

test("cholesky: the first row that is not positive, and what was known before", () => {
  const next = noise(4);
  for (const n of [1, 5, 30, 70]) {
    for (const place of [0, Math.floor(n / 2), n - 1]) {
      for (const wrong of [-1, 0, Number.NaN]) {
        reset();
        const x = matrix(n, n, next);
        const a = sum(times(x, turned(x, n, n), n, n, n), unit(n));
        const info = room(4);
        const whole = put(a);
        run("cholesky_f64", [n, whole, info], 1);
        const u = read(Float64Array, whole, n * n);
        a[place * n + place] = wrong;
        const at = put(a);
        run("cholesky_f64", [n, at, info], 1);
        assert.is(read(Int32Array, info, 1)[0], place + 1);
        const known = part(u, n, (i, j) => i <= j && i < place && j <= place);
        assert.equal(read(Float64Array, at, n * n), known);
      }
    }
  }
});

const SHAPES = [
  [0, 0],
  [1, 1],
  [3, 0],
  [2, 2],
  [3, 2],
  [2, 5],
  [17, 17],
  [70, 33],
  [33, 70],
  [64, 64],
  [130, 100],
  [200, 50],
] as const;
const BLOCK = 32;
const reflectWork = (m: number, rows: number): number => BLOCK * (m + 2 * BLOCK + 2 * rows);
const tridiagonalWork = (n: number): number => (1 + BLOCK) * n + reflectWork(n, n);
/** In float64, as src/ops/kernelfactors.ts has them. */
const inLines = (bytes: number): number => Math.ceil(bytes / 64) * 8;
function stripsWork(n: number, width: number, size: number): number {
  const pair = 32 / size;
  return inLines(128 + 32 * n * size) + inLines(n * Math.ceil(width / pair) * pair * size);
}
const spectrumWork = (n: number, width: number, size: number): number => inLines(24 * n) + stripsWork(n, width, size);
const sidesWork = (n: number, width: number, size: number): number => inLines(24 * n) + 2 * stripsWork(n, width, size);
type Five = [number, number, number, number, number];
type Three = [number, number, number];

/** That the rows of each matrix of [BATCH, count, n] are orthonormal. */
function orthonormal({ coarse }: Kind, list: readonly Matrix[], count: number, n: number): void {
  for (const x of list)
    close(times(x, turned(x, count, n), count, n, count), unit(count), 2e-16 * coarse * (n + 50), `${count} of ${n}`);
}

test("qr: orthonormal columns times a triangle, which LAPACK's signs have", () => {
  const next = noise(5);
  for (const [kind, [m, n]] of KINDS.flatMap((kind) => SHAPES.map((shape) => [kind, shape] as const))) {
    for (const columns of new Set([Math.min(m, n), m])) {
      reset();
      const a = batch(m, n, next);
      const q = room(BATCH * columns * m * kind.bytes);
      const work = () => room(BATCH * (reflectWork(m, Math.max(n, columns)) + m) * kind.bytes);
      const given = joined(a.map((x) => turned(x, m, n)));
      const packed = sameBits(kind, "qr", (x) => [m, n, Math.min(m, n), columns, x, q, work()], given, BATCH, 4);
      const basis = matricesAt(kind, q, columns, m);
      orthonormal(kind, basis, columns, m);
      a.forEach((x, i) => {
        const t = packed.slice(i * n * m, (i + 1) * n * m);
        const r = new Float64Array(columns * n).map((_, at) => {
          const [row, column] = [Math.floor(at / n), at % n];
          return row <= column ? t[column * m + row]! : 0;
        });
        close(times(turned(basis[i]!, columns, m), r, m, columns, n), x, 1e-14 * kind.coarse, `Q R of ${m} × ${n}`);
        if (m > 1 && n > 0) assert.ok(r[0]! * x[0]! <= 0);
      });
    }
  }
});

test("qr: what only the first columns are reflected for is turned with them", () => {
  const next = noise(8);
  for (const kind of KINDS) {
    for (const [m, n, count] of [
      [9, 4, 2],
      [80, 45, 40],
      [40, 70, 33],
    ] as const) {
      reset();
      const a = batch(m, n, next);
      const given = joined(a.map((x) => turned(x, m, n)));
      const q = room(BATCH * m * m * kind.bytes);
      const work = room(BATCH * (reflectWork(m, Math.max(m, n)) + m) * kind.bytes);
      const whole = sameBits(kind, "qr", (x) => [m, n, count, m, x, q, work], given, BATCH, 4);
      const basis = matricesAt(kind, q, m, m);
      a.forEach((x, i) => {
        const c = times(basis[i]!, x, m, m, n); // Qᵀ A
        const t = turned(whole.slice(i * n * m, (i + 1) * n * m), n, m);
        const known = (at: number) => at % n >= count || Math.floor(at / n) <= at % n;
        close(
          c,
          t.map((y, at) => (known(at) ? y : 0)),
          1e-14 * kind.coarse,
          `${count} of ${m} × ${n}`,
        );
      });
      const alone = sameBits(kind, "qr", (x) => [m, n, count, 0, x, 0, work], given, BATCH, 4);
      assert.equal(alone, whole);
    }
  }
});

test("tridiagonal and spectrum: orthonormal rows that the matrix stretches, in ascending order", () => {
  const next = noise(6);
  for (const [kind, n] of KINDS.flatMap((kind) => SIZES.filter((size) => size <= 130).map((n) => [kind, n] as const))) {
    reset();
    const list = batch(n, n, next).map((x) => sum(x, turned(x, n, n)));
    const given = joined(list.map((x) => part(x, n, (i, j) => i <= j, Number.NaN)));
    const [d, e] = [room(BATCH * n * 8), room(BATCH * n * 8)];
    const [basis, vectors, values] = [n * n, n * n, n].map((each) => room(BATCH * each * kind.bytes)) as Three;
    const inner = room(BATCH * tridiagonalWork(n) * kind.bytes);
    sameBits(kind, "tridiagonal", (x) => [n, x, d, e, basis, inner], given, BATCH);
    const results = [run, run, runPlain].map((runs, i) => {
      const width = i === 0 ? n : 16;
      const units = width === 0 ? BATCH : BATCH * Math.ceil(n / width);
      const work = room(units * spectrumWork(n, width, kind.bytes) * 8);
      runs(`spectrum_${kind.code}`, [n, width, d, e, values, basis, vectors, work], units, Math.max(units, 1));
      return [numbersAt(kind, values, BATCH * n), numbersAt(kind, vectors, BATCH * n * n)];
    });
    for (const other of results) assert.equal(other, results[0]!);
    const alone = room(BATCH * n * kind.bytes);
    run(`spectrum_${kind.code}`, [n, 0, d, e, alone, 0, 0, room(BATCH * spectrumWork(n, 0, 8) * 8)], BATCH);
    assert.equal(numbersAt(kind, alone, BATCH * n), results[0]![0]!);
    const rows = matricesAt(kind, vectors, n, n);
    orthonormal(kind, rows, n, n);
    list.forEach((x, i) => {
      const stretched = times(rows[i]!, x, n, n, n);
      const lambda = numbersAt(kind, values, BATCH * n).slice(i * n, (i + 1) * n);
      assert.equal(lambda, lambda.slice().sort());
      close(
        stretched,
        rows[i]!.map((y, at) => y * lambda[Math.floor(at / n)]!),
        1e-13 * kind.coarse,
        `eigenvectors of ${n}`,
      );
    });
  }
});

test("bidiagonal and singular: whatever the rank, both bases are whole", () => {
  const next = noise(7);
  const shapes = SHAPES.filter(([m, n]) => m >= n);
  for (const [kind, [m, n]] of KINDS.flatMap((kind) => shapes.map((shape) => [kind, shape] as const))) {
    for (const rank of new Set([n, n >> 1, 0])) {
      for (const rows of new Set([n, m])) {
        reset();
        const a = batch(m, rank, next).map((x) => times(x, matrix(rank, n, next), m, rank, n));
        const given = joined(a.map((x) => turned(x, m, n)));
        const [d, e] = [room(BATCH * n * 8), room(BATCH * n * 8)];
        const reals = (count: number) => room(BATCH * count * kind.bytes);
        const [left, right, values, us, vs] = [rows * m, n * n, n, n * m, n * n].map(reals) as Five;
        const inner = reals(n * n + BLOCK * (n + m) + 2 * n + reflectWork(m, Math.max(rows, n)));
        sameBits(kind, "bidiagonal", (x) => [m, n, rows, x, d, e, left, right, inner], given, BATCH, 3);
        const whole = matricesAt(kind, left, rows, m);
        orthonormal(kind, whole, rows, m);
        const first = putAs(kind, joined(whole.map((x) => x.slice(0, n * m))));
        const results = [run, run, runPlain].map((runs, i) => {
          const width = i === 0 ? m : 16;
          const units = width === 0 ? BATCH : BATCH * Math.ceil(m / width);
          const work = room(units * sidesWork(n, width, kind.bytes) * 8);
          const slots = [m, n, width, d, e, values, first, right, us, vs, work];
          runs(`singular_${kind.code}`, slots, units, Math.max(units, 1));
          return [n, n * m, n * n].map((count, at) => numbersAt(kind, [values, us, vs][at]!, BATCH * count));
        });
        for (const other of results) assert.equal(other, results[0]!);
        const alone = reals(n);
        const work = room(BATCH * sidesWork(n, 0, kind.bytes) * 8);
        run(`singular_${kind.code}`, [m, n, 0, d, e, alone, 0, 0, 0, 0, work], BATCH);
        assert.equal(numbersAt(kind, alone, BATCH * n), results[0]![0]!);
        const [u, v] = [matricesAt(kind, us, n, m), matricesAt(kind, vs, n, n)];
        orthonormal(kind, u, n, m);
        orthonormal(kind, v, n, n);
        a.forEach((x, i) => {
          const s = results[0]![0]!.slice(i * n, (i + 1) * n);
          assert.equal(s, s.slice().sort().reverse());
          assert.ok(s.every((value) => value >= 0));
          const scaled = v[i]!.map((y, at) => y * s[Math.floor(at / n)]!);
          const bound = 2e-14 * kind.coarse * (1 + (s[0] ?? 0));
          close(times(turned(u[i]!, n, m), scaled, m, n, n), x, bound, `U S V of ${m} × ${n}, rank ${rank}`);
        });
      }
    }
  }
});

test.run();
