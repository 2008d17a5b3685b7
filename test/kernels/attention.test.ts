import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run, type Slot } from "./harness.ts";

interface Case {
  readonly batches: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly wide: number;
  /** Queries and keys of a block. */
  readonly rows: number;
  readonly columns: number;
  /** Parts of the keys. */
  readonly cuts: readonly number[];
  readonly causal: boolean;
  readonly mask: "none" | "shared" | "full" | "hiding";
}

const PLAIN: Case = {
  batches: 2,
  heads: 2,
  queries: 5,
  keys: 7,
  width: 4,
  wide: 6,
  rows: 8,
  columns: 12,
  cuts: [0, 7],
  causal: false,
  mask: "none",
};

const CASES: readonly Case[] = [
  PLAIN,
  { ...PLAIN, causal: true },
  { ...PLAIN, queries: 9, keys: 4, cuts: [0, 4], causal: true },
  { ...PLAIN, queries: 1, keys: 1, cuts: [0, 1], width: 1, wide: 1 },
  { ...PLAIN, queries: 37, keys: 29, cuts: [0, 12, 29], width: 17, wide: 9, rows: 16 },
  { ...PLAIN, queries: 40, keys: 40, cuts: [0, 40], width: 8, wide: 8, rows: 16, causal: true },
  { ...PLAIN, queries: 40, keys: 51, cuts: [0, 12, 24, 24, 51], width: 9, wide: 8, rows: 24, causal: true },
  { ...PLAIN, batches: 1, queries: 130, keys: 150, cuts: [0, 150], width: 64, wide: 64, rows: 72, columns: 36 },
  { ...PLAIN, queries: 33, keys: 20, cuts: [0, 20], mask: "shared" },
  { ...PLAIN, queries: 1, keys: 259, cuts: [0, 259], width: 64, wide: 32 },
  { ...PLAIN, queries: 4, keys: 131, cuts: [0, 131], width: 19, wide: 45, mask: "full" },
  { ...PLAIN, queries: 3, keys: 2, cuts: [0, 2], causal: true },
  { ...PLAIN, queries: 4, keys: 70, cuts: [0, 70], mask: "hiding" },
  { ...PLAIN, queries: 20, keys: 33, cuts: [0, 5, 33], mask: "full", causal: true },
  { ...PLAIN, queries: 20, keys: 12, cuts: [0, 12], mask: "hiding" },
];

const DTYPES = { f32: { type: Float32Array, tolerance: 2e-5 }, f64: { type: Float64Array, tolerance: 1e-13 } } as const;

/** Attention and its gradient by the formula, for one head. */
function formula(
  c: Case,
  q: number[][],
  k: number[][],
  v: number[][],
  g: number[][],
  mask: (i: number, j: number) => number,
) {
  const scale = 0.3;
  const dot = (a: number[], b: number[]) => a.reduce((s, x, d) => s + x * b[d]!, 0);
  const out: number[][] = [];
  const dq = q.map((row) => row.map(() => 0));
  const dk = k.map((row) => row.map(() => 0));
  const dv = v.map((row) => row.map(() => 0));
  for (const [i, row] of q.entries()) {
    const score = k.map((key, j) => (c.causal && j > i ? -Infinity : scale * dot(row, key) + mask(i, j)));
    const most = Math.max(...score);
    const e = score.map((s) => (most === -Infinity ? 0 : Math.exp(s - most)));
    const sum = e.reduce((s, x) => s + x, 0);
    const p = e.map((x) => (sum === 0 ? 0 : x / sum));
    out.push(v[0]!.map((_, d) => p.reduce((s, x, j) => s + x * v[j]![d]!, 0)));
    const dp = v.map((value) => dot(g[i]!, value));
    const mean = p.reduce((s, x, j) => s + x * dp[j]!, 0);
    for (const [j, x] of p.entries()) {
      const slope = scale * x * (dp[j]! - mean);
      for (let d = 0; d < row.length; d++) {
        dq[i]![d]! += slope * k[j]![d]!;
        dk[j]![d]! += slope * row[d]!;
      }
      for (let d = 0; d < g[i]!.length; d++) dv[j]![d]! += x * g[i]![d]!;
    }
  }
  return { out, dq, dk, dv };
}

for (const dtype of ["f32", "f64"] as const) {
  test(`${dtype}: the result and its gradients are the formula's`, () => {
    for (const c of CASES) {
      reset();
      const { type, tolerance } = DTYPES[dtype];
      const random = noise(c.queries + 100 * c.keys);
      const { batches, heads, queries, keys, width, wide } = c;
      const values = (n: number) => new type(n).map(() => 2 * random());
      // q, k and v lie as [batch, row, head, column], as a projection leaves them.
      const [q, k, v] = [
        values(batches * queries * heads * width),
        values(batches * keys * heads * width),
        values(batches * keys * heads * wide),
      ];
      const g = values(batches * heads * queries * wide);
      const mask = values(queries * keys).map((x, i) =>
        c.mask === "hiding" && (i % 3 === 0 || Math.floor(i / keys) === 2) ? -Infinity : x,
      );
      const bytes = type.BYTES_PER_ELEMENT;
      const [out, lse] = [room(g.length * bytes), room(batches * heads * queries * bytes)];
      const parts = c.cuts.length - 1;
      const [dq, dk, dv] = [room(q.length * bytes * parts), room(k.length * bytes), room(v.length * bytes)];
      const args: Slot[] = [out, lse, put(q), put(k), put(v), c.mask === "none" ? 0 : put(mask)];
      args.push(batches, heads, queries, keys, width, wide, c.causal ? 1 : 0, real(0.3), c.rows, c.columns);
      const byRows = (rows: number, size: number): Slot[] => [rows * heads * size, size, heads * size, 1];
      const byHeads = (rows: number, size: number): Slot[] => [heads * rows * size, rows * size, size, 1];
      args.push(...byRows(queries, width), ...byRows(keys, width), ...byRows(keys, wide));
      args.push(0, 0, c.mask === "shared" ? 0 : keys, 1, ...byRows(queries, wide));
      run(`attention_${dtype}`, args, batches * heads * Math.ceil(queries / c.rows), 3);
      args.push(put(g), dq, dk, dv, ...byHeads(queries, wide));
      args.push(...byHeads(queries, width), ...byRows(keys, width), ...byHeads(keys, wide));
      run(`attentionGrad_${dtype}`, [...args, parts, q.length, ...c.cuts], batches * heads * parts, 2);
      /** Row i of what is wanted lies `at(i)` elements from the address, in each of `copies`, whose sum it is. */
      const near = (address: number, at: (i: number) => number, wanted: number[][], what: string, copies = 1) => {
        const got = wanted.flatMap((line, i) =>
          line.map((_, d) => {
            const places = Array.from({ length: copies }, (_, p) => address + (p * q.length + at(i) + d) * bytes);
            return places.reduce((s, place) => s + read(type as typeof Float64Array, place, 1)[0]!, 0);
          }),
        );
        for (const [i, x] of wanted.flat().entries()) {
          const off = Math.abs(got[i]! - x) / (1 + Math.abs(x));
          assert.ok(off <= tolerance, `${what} of ${JSON.stringify(c)}: element ${i} is ${got[i]}, expected ${x}`);
        }
      };
      for (let b = 0; b < batches; b++)
        for (let h = 0; h < heads; h++) {
          const rowsOf = (x: Float32Array | Float64Array, n: number, size: number) =>
            Array.from({ length: n }, (_, i) => {
              const at = ((b * n + i) * heads + h) * size;
              return [...x.subarray(at, at + size)];
            });
          const unit = b * heads + h;
          const gs = Array.from({ length: queries }, (_, i) => [
            ...g.subarray((unit * queries + i) * wide, (unit * queries + i + 1) * wide),
          ]);
          const at = (i: number, j: number) =>
            c.mask === "none" ? 0 : mask[(c.mask === "shared" ? 0 : i) * keys + j]!;
          const wanted = formula(c, rowsOf(q, queries, width), rowsOf(k, keys, width), rowsOf(v, keys, wide), gs, at);
          const rowAt = (n: number, size: number) => (i: number) => ((b * n + i) * heads + h) * size;
          const headAt = (n: number, size: number) => (i: number) => (unit * n + i) * size;
          near(out, rowAt(queries, wide), wanted.out, "the result");
          near(dq, headAt(queries, width), wanted.dq, "dq", parts);
          near(dk, rowAt(keys, width), wanted.dk, "dk");
          near(dv, headAt(keys, wide), wanted.dv, "dv");
        }
    }
  });
}

test.run();
