import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run, takeFault } from "./harness.ts";

interface Pool {
  readonly size: readonly [number, number];
  readonly out: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

const POOLS: readonly Pool[] = [
  { size: [6, 8], out: [3, 4], kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] },
  { size: [5, 7], out: [3, 7], kernel: [3, 3], stride: [2, 1], padding: [1, 1], dilation: [1, 1] },
  { size: [9, 9], out: [3, 3], kernel: [3, 2], stride: [2, 3], padding: [1, 1], dilation: [3, 2] },
  { size: [5, 6], out: [3, 3], kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1] }, // ceil mode
  { size: [1, 9], out: [1, 4], kernel: [1, 3], stride: [1, 2], padding: [0, 0], dilation: [1, 1] },
  // wider than what is summed at once: many windows, and windows that are so wide themselves
  { size: [2, 2501], out: [2, 2501], kernel: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1] },
  { size: [1, 2500], out: [1, 1251], kernel: [1, 2], stride: [1, 2], padding: [0, 1], dilation: [1, 1] },
  { size: [2, 2500], out: [1, 5], kernel: [2, 1500], stride: [1, 250], padding: [0, 0], dilation: [1, 1] },
];
const PLANES = 3;

/** The indices of the taps of window (oy, ox) that are inside the plane. */
function taps({ size, kernel, stride, padding, dilation }: Pool, oy: number, ox: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < kernel[0]; i++)
    for (let j = 0; j < kernel[1]; j++) {
      const y = oy * stride[0] - padding[0] + i * dilation[0];
      const x = ox * stride[1] - padding[1] + j * dilation[1];
      if (y >= 0 && y < size[0] && x >= 0 && x < size[1]) found.push(y * size[1] + x);
    }
  return found;
}

const shapeOf = (p: Pool) => [...p.size, ...p.out, ...p.kernel, ...p.stride, ...p.padding];

test("maximum, its index and its gradient", () => {
  for (const pool of POOLS) {
    reset();
    const random = noise(7);
    const [inner, outer] = [pool.size[0] * pool.size[1], pool.out[0] * pool.out[1]];
    const x = new Float32Array(PLANES * inner).map(random);
    const [y, indices, dx] = [room(PLANES * outer * 4), room(PLANES * outer * 8), room(x.byteLength)];
    const args = [y, put(x), indices, ...shapeOf(pool), ...pool.dilation];
    run("maxPool_f32", args, PLANES * pool.out[0], 2);
    const [values, found] = [read(Float32Array, y, PLANES * outer), read(BigInt64Array, indices, PLANES * outer)];
    const wanted = new Float32Array(x.length);
    const g = new Float32Array(PLANES * outer).map(random);
    for (let i = 0; i < PLANES * outer; i++) {
      const plane = Math.floor(i / outer);
      const inside = taps(pool, Math.floor((i % outer) / pool.out[1]), i % pool.out[1]);
      const best = Math.max(...inside.map((t) => x[plane * inner + t]!));
      assert.is(values[i], best);
      assert.ok(inside.includes(Number(found[i])));
      assert.is(x[plane * inner + Number(found[i])], best);
      wanted[plane * inner + Number(found[i])]! += g[i]!;
    }
    run("maxPoolGrad_f32", [put(g), dx, indices, ...shapeOf(pool)], PLANES, 2);
    assert.equal(read(Float32Array, dx, x.length), wanted);
  }
});

/** Random windows over small planes, of every kind that a pool may have. */
function randomPool(random: () => number): Pool {
  const up = (from: number, below: number): number => from + Math.floor(((random() + 1) / 2) * (below - from));
  const kernel = [up(1, 6), up(1, 6)] as const;
  const dilation = [up(1, 3), up(1, 3)] as const;
  const stride = [up(1, 5), up(1, 5)] as const;
  const padding = kernel.map((k) => up(0, Math.floor(k / 2) + 1)) as unknown as Pool["size"];
  const reach = kernel.map((k, d) => (k - 1) * dilation[d]! + 1);
  const size = reach.map((r, d) => up(Math.max(1, r - 2 * padding[d]!), r + 40)) as unknown as Pool["size"];
  const out = size.map((n, d) => {
    // in ceil mode a window may hang over, if it begins before the padding at the end
    const over = n + 2 * padding[d]! - reach[d]!;
    const most = Math.ceil(over / stride[d]!) + 1;
    const hangs = random() > 0 && (most - 1) * stride[d]! < n + padding[d]!;
    return hangs ? most : Math.floor(over / stride[d]!) + 1;
  }) as unknown as Pool["size"];
  return { size, out, kernel, stride, padding, dilation };
}

test("the maxima alone are those with their places, of any window, NaN and ±∞ among the elements", () => {
  const random = noise(3);
  for (let round = 0; round < 400; round++) {
    reset();
    const pool = randomPool(random);
    const [inner, outer] = [pool.size[0] * pool.size[1], pool.out[0] * pool.out[1]];
    const odd = [Number.NaN, Infinity, -Infinity, -0];
    const some = round % 4; // from none to many that are odd
    const x = new Float32Array(PLANES * inner).map(() =>
      Math.abs(random()) < some / 30 ? odd[Math.floor(Math.abs(random()) * 4)]! : random(),
    );
    const [y, both, indices] = [room(PLANES * outer * 4), room(PLANES * outer * 4), room(PLANES * outer * 8)];
    const rest = [...shapeOf(pool), ...pool.dilation];
    run("maxPool_f32", [y, put(x), 0, ...rest], PLANES * pool.out[0], 3);
    run("maxPool_f32", [both, put(x), indices, ...rest], PLANES * pool.out[0], 2);
    const values = read(Float32Array, y, PLANES * outer);
    const other = read(Float32Array, both, PLANES * outer);
    for (let i = 0; i < PLANES * outer; i++) {
      const inside = taps(pool, Math.floor((i % outer) / pool.out[1]), i % pool.out[1]);
      const best = Math.max(...inside.map((t) => x[Math.floor(i / outer) * inner + t]!)) + 0;
      const where = `round ${round}, element ${i} of ${JSON.stringify(pool)}`;
      assert.ok(Object.is(values[i]! + 0, best), where);
      assert.ok(Object.is(other[i]! + 0, best), where);
    }
  }
});

test("a NaN is the maximum, -∞ has an index, ties take the first", () => {
  reset();
  const [y, indices] = [room(16), room(32)];
  const x = new Float32Array([1, Number.NaN, -Infinity, -Infinity, 5, 5, 2, Number.NaN]);
  const shape = [1, 8, 1, 4, 1, 2, 1, 2, 0, 0, 1, 1];
  run("maxPool_f32", [y, put(x), indices, ...shape], 1);
  assert.equal([...read(Float32Array, y, 4)], [Number.NaN, -Infinity, 5, Number.NaN]);
  assert.equal([...read(BigInt64Array, indices, 4)], [1n, 2n, 4n, 7n]);
});

test("an index out of range is a fault and touches nothing", () => {
  reset();
  const dx = room(16);
  const indices = put(new BigInt64Array([4n, -1n]));
  run("maxPoolGrad_f32", [put(new Float32Array([1, 1])), dx, indices, 1, 4, 1, 2], 1);
  assert.is(takeFault(), 1);
  assert.equal([...read(Float32Array, dx, 4)], [0, 0, 0, 0]);
});

test("average and its gradient, with and without the padding, with a divisor", () => {
  for (const pool of POOLS.filter((p) => p.dilation[0] === 1))
    for (const [include, override] of [
      [1, 0],
      [0, 0],
      [1, 3],
    ] as const)
      for (const dtype of ["f32", "f64"] as const) {
        reset();
        const type = dtype === "f32" ? Float32Array : Float64Array;
        const random = noise(9);
        const [inner, outer] = [pool.size[0] * pool.size[1], pool.out[0] * pool.out[1]];
        const x = new type(PLANES * inner).map(random);
        const g = new type(PLANES * outer).map(random);
        const [y, dx] = [room(PLANES * outer * 8), room(x.byteLength)];
        run(`avgPool_${dtype}`, [y, put(x), 0, ...shapeOf(pool), include, override], PLANES * pool.out[0], 2);
        run(`avgPoolGrad_${dtype}`, [put(g), dx, 0, ...shapeOf(pool), include, override], PLANES, 2);
        const values = read(type as typeof Float64Array, y, PLANES * outer);
        const wanted = new Float64Array(x.length);
        for (let i = 0; i < PLANES * outer; i++) {
          const [plane, oy, ox] = [Math.floor(i / outer), Math.floor((i % outer) / pool.out[1]), i % pool.out[1]];
          const inside = taps(pool, oy, ox);
          // A window that ceil mode hangs over the padded edge counts only what is within the padding.
          const rows = Math.min(pool.kernel[0], pool.size[0] + 2 * pool.padding[0] - oy * pool.stride[0]);
          const columns = Math.min(pool.kernel[1], pool.size[1] + 2 * pool.padding[1] - ox * pool.stride[1]);
          const divisor = override || (include ? rows * columns : inside.length);
          const sum = inside.reduce((s, t) => s + x[plane * inner + t]!, 0);
          assert.ok(Math.abs(values[i]! - sum / divisor) < (dtype === "f32" ? 1e-6 : 1e-15));
          for (const t of inside) wanted[plane * inner + t]! += g[i]! / divisor;
        }
        const got = read(type as typeof Float64Array, dx, x.length);
        for (let i = 0; i < x.length; i++) assert.ok(Math.abs(got[i]! - wanted[i]!) < 1e-6);
      }
});

test("averages of random windows, NaN and ±∞ among the elements: as in float64, and no worse than sums in float32", () => {
  const random = noise(5);
  for (let round = 0; round < 400; round++) {
    reset();
    const pool: Pool = { ...randomPool(random), dilation: [1, 1] };
    const out = pool.out.map((n, d) =>
      Math.min(n, Math.floor((pool.size[d]! + 2 * pool.padding[d]! - pool.kernel[d]!) / pool.stride[d]!) + 1),
    ) as unknown as Pool["size"];
    if (out.some((n) => n < 1)) continue;
    const plan = { ...pool, out };
    const [inner, outer] = [pool.size[0] * pool.size[1], out[0] * out[1]];
    const odd = [Number.NaN, Infinity, -Infinity];
    const x = new Float32Array(PLANES * inner).map(() =>
      Math.abs(random()) < (round % 3) / 60 ? odd[Math.floor(Math.abs(random()) * 3)]! : random(),
    );
    const [include, override] = [round & 1, round % 5 === 0 ? 3 : 0];
    const y = room(PLANES * outer * 4);
    run("avgPool_f32", [y, put(x), 0, ...shapeOf(plan), include, override], PLANES * out[0], 3);
    const values = read(Float32Array, y, PLANES * outer);
    for (let i = 0; i < PLANES * outer; i++) {
      const inside = taps(plan, Math.floor((i % outer) / out[1]), i % out[1]).map(
        (t) => x[Math.floor(i / outer) * inner + t]!,
      );
      const divisor = override || (include ? pool.kernel[0] * pool.kernel[1] : inside.length);
      const wanted = inside.reduce((s, v) => s + v, 0) / divisor;
      const size = inside.reduce((s, v) => s + Math.abs(v), 0) / divisor;
      const near = Math.abs(values[i]! - wanted) <= (inside.length + 1) * 2 ** -24 * size + 1e-30;
      assert.ok(near || Object.is(values[i], Math.fround(wanted)), `round ${round}: ${values[i]} for ${wanted}`);
    }
  }
});

test("the adaptive average of windows that overlap, and its gradient", () => {
  for (const [h, w, oh, ow] of [
    [7, 5, 3, 2],
    [4, 4, 1, 1],
    [3, 8, 5, 8],
  ] as const) {
    reset();
    const random = noise(11);
    const x = new Float64Array(PLANES * h * w).map(random);
    const g = new Float64Array(PLANES * oh * ow).map(random);
    const [y, dx] = [room(g.byteLength), room(x.byteLength)];
    run("adaptiveAvgPool_f64", [y, put(x), 0, h, w, oh, ow], PLANES * oh, 2);
    run("adaptiveAvgPoolGrad_f64", [put(g), dx, 0, h, w, oh, ow], PLANES, 2);
    const values = read(Float64Array, y, g.length);
    const wanted = new Float64Array(x.length);
    for (let i = 0; i < g.length; i++) {
      const [plane, oy, ox] = [Math.floor(i / (oh * ow)), Math.floor((i % (oh * ow)) / ow), i % ow];
      const inside: number[] = [];
      for (let r = Math.floor((oy * h) / oh); r < Math.ceil(((oy + 1) * h) / oh); r++)
        for (let c = Math.floor((ox * w) / ow); c < Math.ceil(((ox + 1) * w) / ow); c++)
          inside.push((plane * h + r) * w + c);
      assert.ok(Math.abs(values[i]! - inside.reduce((s, t) => s + x[t]!, 0) / inside.length) < 1e-14);
      for (const t of inside) wanted[t]! += g[i]! / inside.length;
    }
    const got = read(Float64Array, dx, x.length);
    for (let i = 0; i < x.length; i++) assert.ok(Math.abs(got[i]! - wanted[i]!) < 1e-14);
  }
});

test("integers: the maximum, and averages that are cut to the integer", () => {
  reset();
  const [y, indices] = [room(32), room(32)];
  const x = put(new BigInt64Array([-3n, -4n, 7n, 2n ** 60n]));
  run("maxPool_i64", [y, x, indices, 1, 4, 1, 2, 1, 2, 1, 2, 0, 0, 1, 1], 1);
  assert.equal([...read(BigInt64Array, y, 2)], [-3n, 2n ** 60n]);
  run("avgPool_i64", [y, x, 0, 1, 3, 1, 1, 1, 2, 1, 2, 0, 0, 1, 0], 1);
  assert.equal([...read(BigInt64Array, y, 1)], [-3n]);
});

test.run();
