import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run, type Slot } from "./harness.ts";

/** One product: sizes, the layouts of the operands, the tiles, what is folded in. */
interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Sizes of the batch dims; operands whose letter is in `broadcast` have stride 0 there. */
  readonly batch: readonly number[];
  readonly broadcast: string;
  readonly layout: Readonly<Record<"a" | "b" | "c", Order>>;
  readonly tile: readonly [number, number];
  readonly d: "none" | "row" | "column" | "full";
  readonly alpha: number;
  readonly beta: number;
  readonly relu: boolean;
}
/** Which index is contiguous; "loose" has gaps in both directions. */
type Order = "rows" | "columns" | "loose";

const PLAIN: Case = {
  m: 1,
  n: 1,
  k: 1,
  batch: [],
  broadcast: "",
  layout: { a: "rows", b: "rows", c: "rows" },
  tile: [64, 64],
  d: "none",
  alpha: 1,
  beta: 1,
  relu: false,
};

function strides(rows: number, columns: number, order: Order): [number, number] {
  if (order === "rows") return [columns, 1];
  return order === "columns" ? [1, rows] : [2 * columns + 3, 2];
}

const FLOATS = {
  f32: { type: Float32Array, parts: 1, tolerance: 2e-6 },
  f64: { type: Float64Array, parts: 1, tolerance: 1e-14 },
  c64: { type: Float32Array, parts: 2, tolerance: 2e-6 },
  c128: { type: Float64Array, parts: 2, tolerance: 1e-14 },
} as const;

/** Runs the case and compares it with plain loops in double precision, for one piece and for three. */
function checkFloat(dtype: keyof typeof FLOATS, c: Case): void {
  reset();
  const { type, parts, tolerance } = FLOATS[dtype];
  const random = noise(c.m * 31 + c.n * 7 + c.k);
  const count = c.batch.reduce((p, s) => p * s, 1);
  const make = (rows: number, columns: number, order: Order, matrices: number) => {
    const [row, column] = strides(rows, columns, order);
    const matrix = Math.max(1, (rows - 1) * row + (columns - 1) * column + 1);
    const values = new type(matrix * matrices * parts).map(random);
    return { values, row, column, matrix, address: put(values) };
  };
  const a = make(c.m, c.k, c.layout.a, c.broadcast.includes("a") ? 1 : count);
  const b = make(c.k, c.n, c.layout.b, c.broadcast.includes("b") ? 1 : count);
  const out = make(c.m, c.n, c.layout.c, count);
  const d = make(c.m, c.n, "rows", 1);
  const dRow = c.d === "column" || c.d === "full" ? c.n : 0;
  const dColumn = c.d === "row" || c.d === "full" ? 1 : 0;
  // The batch, outermost first, every operand's matrices one after the other.
  const dims: Slot[] = [];
  let step = count;
  for (const size of c.batch) {
    step /= size;
    const by = (letter: string, matrix: number) => (c.broadcast.includes(letter) ? 0 : step * matrix);
    dims.push(size, step * out.matrix, by("a", a.matrix), by("b", b.matrix), 0);
  }
  const args: Slot[] = [c.m, c.n, c.k, ...c.tile, c.relu ? 1 : 0, real(c.alpha), real(0), real(c.beta), real(0)];
  args.push(out.address, a.address, b.address, c.d === "none" ? 0 : d.address);
  args.push(out.row, out.column, a.row, a.column, b.row, b.column, dRow, dColumn, c.batch.length, ...dims);
  const units = Math.ceil(c.m / c.tile[0]) * Math.ceil(c.n / c.tile[1]) * count;
  run(`matmul_${dtype}`, args, units);
  const got = read(type as typeof Float64Array, out.address, out.values.length);
  run(`matmul_${dtype}`, args, units, 3);
  assert.equal(read(type as typeof Float64Array, out.address, out.values.length), got, "other bits in three pieces");

  const at = (x: typeof a, letter: string, batch: number, i: number, j: number) =>
    ((c.broadcast.includes(letter) ? 0 : batch) * x.matrix + i * x.row + j * x.column) * parts;
  for (let batch = 0; batch < count; batch++)
    for (let i = 0; i < c.m; i++)
      for (let j = 0; j < c.n; j++) {
        let re = 0;
        let im = 0;
        for (let p = 0; p < c.k; p++) {
          const x = at(a, "a", batch, i, p);
          const y = at(b, "b", batch, p, j);
          re += a.values[x]! * b.values[y]!;
          if (parts === 1) continue;
          re -= a.values[x + 1]! * b.values[y + 1]!;
          im += a.values[x]! * b.values[y + 1]! + a.values[x + 1]! * b.values[y]!;
        }
        re *= c.alpha;
        im *= c.alpha;
        if (c.d !== "none") {
          re += c.beta * d.values[(i * dRow + j * dColumn) * parts]!;
          if (parts === 2) im += c.beta * d.values[(i * dRow + j * dColumn) * parts + 1]!;
        }
        const wanted = [c.relu && re < 0 ? 0 : re, im];
        const where = at(out, "c", batch, i, j);
        for (let part = 0; part < parts; part++) {
          const off = Math.abs(got[where + part]! - wanted[part]!);
          assert.ok(
            off <= tolerance * (1 + Math.sqrt(c.k)),
            `${dtype} ${JSON.stringify(c)}: [${batch}, ${i}, ${j}] is off by ${off}`,
          );
        }
      }
}

const ORDERS: readonly Order[] = ["rows", "columns", "loose"];

for (const dtype of ["f32", "f64"] as const) {
  test(`${dtype}: sizes around the tiles of the micro-kernel`, () => {
    for (const m of [1, 2, 4, 5, 6, 7, 12, 13])
      for (const n of [1, 3, 4, 5, 8, 9, 17]) for (const k of [0, 1, 3, 4, 9]) checkFloat(dtype, { ...PLAIN, m, n, k });
  });

  test(`${dtype}: blocks along m, n and k`, () => {
    for (const [m, n, k] of [
      [130, 70, 300],
      [64, 64, 64],
      [7, 1100, 20],
      [300, 9, 257],
      [1, 4200, 5],
      [3, 70, 1100],
      [70, 2, 2100],
      [2, 2, 3000],
    ] as const) {
      for (const tile of [
        [m, n],
        [37, 40],
        [12, 1024],
      ] as const)
        checkFloat(dtype, { ...PLAIN, m, n, k, tile });
    }
  });

  test(`${dtype}: every layout of A, B and C`, () => {
    for (const a of ORDERS)
      for (const b of ORDERS)
        for (const c of ORDERS)
          for (const [m, n, k] of [
            [13, 21, 34],
            [3, 21, 34],
            [13, 2, 34],
          ] as const)
            checkFloat(dtype, { ...PLAIN, m, n, k, layout: { a, b, c }, tile: [8, 16] });
  });
}

test("f32: few rows by a B that is contiguous along k", () => {
  for (const m of [5, 6, 7, 13, 48])
    for (const n of [5, 8, 17])
      for (const k of [4, 60, 1028, 2100])
        for (const [c, tile] of [
          ["rows", [64, 64]],
          ["loose", [5, 8]],
        ] as const)
          checkFloat("f32", { ...PLAIN, m, n, k, layout: { a: "rows", b: "columns", c }, tile, d: "row", relu: true });
});

for (const dtype of ["f32", "f64", "c64", "c128"] as const) {
  test(`${dtype}: α, β, D and the rectifier`, () => {
    for (const d of ["none", "row", "column", "full"] as const)
      for (const relu of dtype[0] === "f" ? [false, true] : [false])
        for (const [m, n, k] of [
          [13, 21, 34],
          [14, 16, 300],
          [3, 21, 1100],
          [13, 2, 3],
        ] as const)
          checkFloat(dtype, { ...PLAIN, m, n, k, d, alpha: 1.5, beta: -0.75, relu, tile: [8, 16] });
  });

  test(`${dtype}: batches, with broadcast operands`, () => {
    for (const broadcast of ["", "a", "b"])
      for (const [m, n, k] of [
        [5, 9, 7],
        [1, 9, 7],
        [9, 1, 7],
        [4, 4, 4],
      ] as const)
        checkFloat(dtype, { ...PLAIN, m, n, k, batch: [2, 3], broadcast });
  });
}

test("NaN and infinities pass, and the rectifier keeps a NaN", () => {
  reset();
  for (const [m, n] of [
    [8, 8],
    [1, 8],
  ] as const) {
    const a = put(new Float32Array(m).fill(Number.NaN));
    const b = put(new Float32Array(n).fill(1));
    const c = room(m * n * 4);
    const head: Slot[] = [m, n, 1, m, n, 1, real(1), real(0), real(1), real(0), c, a, b, 0];
    run("matmul_f32", [...head, n, 1, 1, 1, n, 1, 0, 0, 0], 1);
    assert.ok(read(Float32Array, c, m * n).every(Number.isNaN));
  }
});

test("integers wrap", () => {
  const random = noise(5);
  for (const [m, n, k] of [
    [1, 1, 0],
    [3, 5, 7],
    [9, 17, 20],
  ] as const) {
    reset();
    const big = () => BigInt(Math.floor(random() * 2 ** 40)) << 20n;
    const a = Array.from({ length: m * k }, big);
    const b = Array.from({ length: k * n }, big);
    const wanted = Array.from({ length: m * n }, (_, at) => {
      let sum = 0n;
      for (let p = 0; p < k; p++) sum += a[Math.floor(at / n) * k + p]! * b[p * n + (at % n)]!;
      return 3n * sum;
    });
    const tail = [n, 1, k, 1, n, 1, 0, 0, 0];
    const c = room(m * n * 8);
    const head: Slot[] = [m, n, k, 4, 8, 0, 3n, 0n, 0n, 0n];
    const units = Math.ceil(m / 4) * Math.ceil(n / 8);
    run("matmul_i64", [...head, c, put(BigInt64Array.from(a)), put(BigInt64Array.from(b)), 0, ...tail], units, 2);
    assert.equal(read(BigInt64Array, c, m * n), BigInt64Array.from(wanted));
    const narrow = (values: bigint[]) => Int32Array.from(values, (v) => Number(BigInt.asIntN(32, v >> 15n)));
    const x = narrow(a);
    const y = narrow(b);
    run("matmul_i32", [...head, c, put(x), put(y), 0, ...tail], units, 2);
    const wanted32 = Int32Array.from({ length: m * n }, (_, at) => {
      let sum = 0;
      for (let p = 0; p < k; p++) sum = (sum + Math.imul(x[Math.floor(at / n) * k + p]!, y[p * n + (at % n)]!)) | 0;
      return Math.imul(3, sum);
    });
    assert.equal(read(Int32Array, c, m * n), wanted32);
  }
});

test("integers whose sums a float64 holds, and those just beyond, are exact", () => {
  const random = noise(6);
  for (const [m, n, k] of [
    [6, 6, 0],
    [7, 9, 1],
    [50, 23, 31],
    [7, 510, 260],
  ] as const) {
    for (const bits of [3, 20, 21, 22, 26, 31]) {
      reset();
      const most = 2 ** bits;
      const some = (size: number) =>
        Array.from({ length: size }, (_, i) => (i % 5 === 0 ? -most : Math.round(random() * (most - 1))));
      const [a, b, d] = [some(m * k), some(k * n), some(m * n)];
      const [a64, b64, d64] = [a, b, d].map((list) => BigInt64Array.from(list, BigInt)) as [
        BigInt64Array,
        BigInt64Array,
        BigInt64Array,
      ];
      const wanted = BigInt64Array.from({ length: m * n }, (_, at) => {
        let sum = 0n;
        for (let p = 0; p < k; p++) sum += a64[Math.floor(at / n) * k + p]! * b64[p * n + (at % n)]!;
        return 3n * sum - d64[at]!;
      });
      const tail = [n, 1, k, 1, 1, k, n, 1, 0]; // B lies turned
      const turned = (list: readonly number[]) => list.map((_, at) => list[(at % k) * n + Math.floor(at / k)]!);
      for (const units of [1, 2]) {
        const c = room(m * n * 8);
        const head: Slot[] = [m, n, k, Math.ceil(m / units), n, 0, 3n, 0n, -1n, 0n];
        const right = put(BigInt64Array.from(turned(b), BigInt));
        run("matmul_i64", [...head, c, put(a64), right, put(d64), ...tail], units);
        assert.equal(read(BigInt64Array, c, m * n), wanted);
        const [x, y, z] = [a, turned(b), d].map((list) => put(Int32Array.from(list, (value) => value | 0)));
        run("matmul_i32", [...head, c, x!, y!, z!, ...tail], units);
        assert.equal(
          read(Int32Array, c, m * n),
          Int32Array.from(wanted, (value) => Number(BigInt.asIntN(32, value))),
        );
      }
    }
  }
});

test("float32 sums along a long k are as good as blocked sums", () => {
  reset();
  const k = 20_000;
  const ones = put(new Float32Array(k * 8).fill(0.1));
  const c = room(64 * 4);
  for (const [m, n] of [
    [8, 8],
    [1, 8],
    [8, 1],
  ] as const) {
    const head: Slot[] = [m, n, k, m, n, 0, real(1), real(0), real(1), real(0), c, ones, ones, 0];
    run("matmul_f32", [...head, n, 1, k, 1, n, 1, 0, 0, 0], 1);
    const wanted = k * Math.fround(0.1) ** 2;
    for (const y of read(Float32Array, c, m * n)) assert.ok(Math.abs(y / wanted - 1) < 5e-6, `${m}, ${n}: ${y}`);
  }
});

test.run();
