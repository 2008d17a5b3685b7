import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run } from "./harness.ts";

const EPS = 1e-5;

/** Mean and 1 / √(variance + eps) in double precision. */
function moments(x: readonly number[]): [mean: number, rstd: number, variance: number] {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return [mean, 1 / Math.sqrt(variance + EPS), variance];
}

/** The derivative of the normalisation: (g - mean(g) - x̂ · mean(g · x̂)) · rstd. */
function derivative(g: readonly number[], x: readonly number[]): number[] {
  const [mean, rstd] = moments(x);
  const unit = x.map((v) => (v - mean) * rstd);
  const flat = g.reduce((a, b) => a + b, 0) / x.length;
  const slope = g.reduce((a, b, i) => a + b * unit[i]!, 0) / x.length;
  return g.map((v, i) => (v - flat - unit[i]! * slope) * rstd);
}

for (const [suffix, type] of [
  ["f32", Float32Array],
  ["f64", Float64Array],
] as const) {
  const epsilon = suffix === "f32" ? 2 ** -23 : 2 ** -52;
  const Type = type as typeof Float64Array;
  const near = (got: number, want: number, scale: number, what: string): void =>
    assert.ok(Math.abs(got - want) <= 16 * epsilon * (scale + Math.abs(want)), `${what}: ${got} for ${want}`);
  const numbers = (n: number, next: () => number) => new type(n).map(next);

  test(`layerNorm_${suffix}: forward and backward, with and without weights`, () => {
    const next = noise(1);
    for (const [rows, n, block] of [
      [1, 1, 8],
      [3, 7, 8],
      [5, 300, 2],
      [140, 9, 128],
    ] as const)
      for (const affine of [false, true]) {
        reset();
        const x = numbers(rows * n, () => 1 + next());
        const g = numbers(rows * n, next);
        const w = affine ? numbers(n, next) : new type(n).fill(1);
        const b = affine ? numbers(n, next) : new type(n);
        const [px, pg] = [put(x), put(g)];
        const [pw, pb] = affine ? [put(w), put(b)] : [0, 0];
        const [y, mean, rstd, dx] = [room(rows * n * 8), room(rows * 8), room(rows * 8), room(rows * n * 8)];
        const parts = Math.ceil(rows / block);
        const [dw, db] = [room(parts * n * 8), room(parts * n * 8)];
        run(`layerNorm_${suffix}`, [n, px, y, pw, pb, mean, rstd, real(EPS)], rows, 2);
        run(`layerNormBackward_${suffix}`, [n, rows, block, pg, px, dx, pw, mean, rstd, dw, db], parts, 2);
        const alone = room(rows * n * 8);
        run(`layerNormBackward_${suffix}`, [n, rows, 1, pg, px, alone, pw, mean, rstd, 0, 0], rows, 2);
        const got = [y, dx].map((at) => read(Type, at, rows * n));
        assert.equal(read(Type, alone, rows * n), got[1], "dx alone");
        const weights = [dw, db].map((at) => read(Type, at, parts * n));
        const sums = [new Float64Array(n), new Float64Array(n)] as const;
        for (let i = 0; i < rows; i++) {
          const row = [...x.subarray(i * n, (i + 1) * n)];
          const [m, r] = moments(row);
          const slope = derivative(
            [...g.subarray(i * n, (i + 1) * n)].map((v, j) => v * w[j]!),
            row,
          );
          near(read(Type, mean, rows)[i]!, m, 1, "mean");
          near(read(Type, rstd, rows)[i]!, r, r, "rstd");
          for (let j = 0; j < n; j++) {
            near(got[0]![i * n + j]!, (row[j]! - m) * r * w[j]! + b[j]!, r, "y");
            near(got[1]![i * n + j]!, slope[j]!, r * 2, "dx");
            sums[0][j] = sums[0][j]! + g[i * n + j]! * (row[j]! - m) * r;
            sums[1][j] = sums[1][j]! + g[i * n + j]!;
          }
        }
        for (let j = 0; j < n; j++)
          for (const k of [0, 1]) {
            let total = 0;
            for (let p = 0; p < parts; p++) total += weights[k]![p * n + j]!;
            near(total, sums[k]![j]!, rows, k === 0 ? "dw" : "db");
          }
      }
  });

  test(`batchNorm_${suffix}: moments, running moments, forward and backward`, () => {
    const next = noise(2);
    for (const [n, c, hw, tile] of [
      [2, 3, 1, 1],
      [37, 9, 1, 4],
      [2, 3, 7, 1],
      [3, 2, 300, 1],
    ] as const) {
      reset();
      const size = n * c * hw;
      const x = numbers(size, () => 1 + next());
      const g = numbers(size, next);
      const w = numbers(c, next);
      const b = numbers(c, next);
      const [px, pg, pw, pb] = [x, g, w, b].map(put) as [number, number, number, number];
      const [mean, rstd, dw, db] = [room(c * 8), room(c * 8), room(c * 8), room(c * 8)];
      const [y, dx] = [room(size * 8), room(size * 8)];
      const [runningMean, runningVariance] = [put(new type(c)), put(new type(c).fill(1))];
      const tiles = Math.ceil(c / tile);
      const planes = hw > 1 ? n * c : n;
      run(
        `batchNormMoments_${suffix}`,
        [n, c, hw, tile, px, mean, rstd, real(EPS), runningMean, runningVariance, real(0.1)],
        tiles,
        2,
      );
      run(`batchNormApply_${suffix}`, [c, hw, px, y, mean, rstd, pw, pb], planes, 2);
      run(`batchNormSums_${suffix}`, [n, c, hw, tile, pg, px, mean, rstd, dw, db], tiles, 2);
      const backward = hw > 1 ? planes : tiles;
      run(`batchNormBackward_${suffix}`, [n, c, hw, tile, pg, px, dx, mean, rstd, pw, dw, db], backward, 2);
      for (let k = 0; k < c; k++) {
        const at = Array.from({ length: n * hw }, (_, i) => Math.floor(i / hw) * c * hw + k * hw + (i % hw));
        const values = at.map((i) => x[i]!);
        const slopes = at.map((i) => g[i]!);
        const [m, r, variance] = moments(values);
        near(read(Type, mean, c)[k]!, m, 1, "mean");
        near(read(Type, rstd, c)[k]!, r, r, "rstd");
        near(read(Type, runningMean, c)[k]!, 0.1 * m, 1, "running mean");
        const unbiased = (variance * at.length) / (at.length - 1);
        near(read(Type, runningVariance, c)[k]!, 0.9 + 0.1 * unbiased, 1, "running variance");
        near(
          read(Type, db, c)[k]!,
          slopes.reduce((s, v) => s + v, 0),
          at.length,
          "db",
        );
        const dot = slopes.reduce((s, v, i) => s + v * (values[i]! - m) * r, 0);
        near(read(Type, dw, c)[k]!, dot, at.length * r, "dw");
        const want = derivative(slopes, values);
        at.forEach((i, j) => {
          near(read(Type, y, size)[i]!, (values[j]! - m) * r * w[k]! + b[k]!, r, "y");
          near(read(Type, dx, size)[i]!, want[j]! * w[k]!, 4 * r * r, "dx");
        });
      }
      run(`batchNormApply_${suffix}`, [c, hw, px, y, mean, rstd, 0, 0], planes);
      near(read(Type, y, 1)[0]!, (x[0]! - read(Type, mean, 1)[0]!) * read(Type, rstd, 1)[0]!, 4, "y without weights");
    }
  });
}

test.run();
