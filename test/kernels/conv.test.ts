import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run, type Slot } from "./harness.ts";

/** A convolution: n images, c → o channels in groups, [h, w] → kernel [kh, kw], and pairs for height and width. */
interface Case {
  readonly n: number;
  readonly c: number;
  readonly o: number;
  readonly groups: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

const PLAIN: Case = {
  n: 2,
  c: 3,
  o: 5,
  groups: 1,
  size: [6, 7],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
};

const CASES: readonly Case[] = [
  PLAIN,
  { ...PLAIN, padding: [1, 1] },
  { ...PLAIN, padding: [4, 5], size: [2, 1] },
  { ...PLAIN, kernel: [1, 1], o: 13 },
  { ...PLAIN, kernel: [1, 4], size: [1, 33], c: 1, o: 1, n: 3 },
  { ...PLAIN, kernel: [5, 2], dilation: [1, 3], padding: [2, 1], size: [9, 14] },
  { ...PLAIN, stride: [2, 2], padding: [1, 1], size: [11, 21] },
  { ...PLAIN, stride: [3, 2], padding: [0, 2], dilation: [2, 1], size: [16, 13] },
  { ...PLAIN, stride: [1, 3], kernel: [2, 2], size: [5, 19] },
  { ...PLAIN, groups: 3, c: 6, o: 9, padding: [1, 0] },
  { ...PLAIN, groups: 4, c: 4, o: 4, padding: [1, 1] },
  { ...PLAIN, groups: 2, c: 2, o: 6, stride: [2, 1] },
  { ...PLAIN, groups: 2, c: 2, o: 2, size: [5, 40], padding: [1, 2] },
  { ...PLAIN, groups: 2, c: 2, o: 4, n: 1, size: [70, 11], padding: [3, 2], dilation: [1, 2] },
  { ...PLAIN, groups: 2, c: 2, o: 2, size: [13, 33], stride: [2, 2], padding: [1, 1] },
  { ...PLAIN, n: 11, c: 2, padding: [2, 1], stride: [2, 1] },
  { ...PLAIN, n: 5, kernel: [1, 3], size: [1, 3] },
  { ...PLAIN, n: 1, c: 40, o: 7, padding: [1, 1], size: [4, 4] },
  { ...PLAIN, n: 4, c: 2, o: 130, size: [12, 30], padding: [1, 1] },
  { ...PLAIN, n: 16, groups: 2, c: 4, o: 14, size: [7, 9], padding: [1, 2], stride: [2, 1] },
  { ...PLAIN, groups: 11, c: 11, o: 11, size: [5, 6], stride: [2, 2], padding: [1, 1] },
  { ...PLAIN, groups: 8, c: 8, o: 8, size: [2, 2], padding: [1, 1] },
  { ...PLAIN, groups: 9, c: 9, o: 9, size: [7, 9], kernel: [2, 4], stride: [1, 3], dilation: [2, 1], padding: [0, 3] },
  { ...PLAIN, groups: 8, c: 8, o: 8, size: [9, 11], kernel: [1, 2], stride: [3, 4] },
  { ...PLAIN, n: 16, c: 1, o: 6, size: [28, 13], kernel: [5, 3], dilation: [2, 1], stride: [1, 2] },
];

interface Plan {
  readonly out: readonly [number, number];
  /** Slots 14 … 40. */
  readonly shape: readonly number[];
  readonly x: Float64Array;
  readonly w: Float64Array;
  readonly g: Float64Array;
  /** Calls f with the offsets in x, w and y of every product of the sum. */
  each(f: (x: number, w: number, y: number) => void): void;
}

function plan({ n, c, o, groups, size: [h, w], kernel: [kh, kw], stride, padding, dilation }: Case): Plan {
  const oh = Math.floor((h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) / stride[0]) + 1;
  const ow = Math.floor((w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) / stride[1]) + 1;
  const random = noise(n + 3 * c + 5 * o + 7 * h);
  const [cg, og] = [c / groups, o / groups];
  const shape = [o * oh * ow, oh * ow, ow, 1];
  shape.push(og * cg * kh * kw, cg * kh * kw, kh * kw, kw, 1, c * h * w, h * w, w, 1, h, w, oh, ow, kh, kw);
  shape.push(...stride, ...dilation, ...padding, cg, og);
  const each: Plan["each"] = (f) => {
    for (let b = 0; b < n; b++)
      for (let k = 0; k < o; k++)
        for (let y = 0; y < oh; y++)
          for (let x = 0; x < ow; x++)
            for (let q = 0; q < cg; q++)
              for (let i = 0; i < kh; i++)
                for (let j = 0; j < kw; j++) {
                  const [iy, ix] = [
                    y * stride[0] + i * dilation[0] - padding[0],
                    x * stride[1] + j * dilation[1] - padding[1],
                  ];
                  if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
                  const channel = Math.floor(k / og) * cg + q;
                  f(
                    ((b * c + channel) * h + iy) * w + ix,
                    ((k * cg + q) * kh + i) * kw + j,
                    ((b * o + k) * oh + y) * ow + x,
                  );
                }
  };
  const values = (length: number) => new Float64Array(length).map(() => Math.fround(random()));
  return {
    out: [oh, ow],
    shape,
    x: values(n * c * h * w),
    w: values(o * cg * kh * kw),
    g: values(n * o * oh * ow),
    each,
  };
}

/** Whether assembly/conv/channels.ts takes it. */
const isEightfold = ({ c, o, groups }: Case): boolean => c === groups && o === groups && groups >= 8;

const DTYPES = { f32: { type: Float32Array, tolerance: 2e-6 }, f64: { type: Float64Array, tolerance: 1e-14 } } as const;

function close(got: ArrayLike<number>, wanted: Float64Array, tolerance: number, what: string): void {
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs(got[i]! - wanted[i]!) / (1 + Math.abs(wanted[i]!));
    assert.ok(off <= tolerance, `${what}: element ${i} is off by ${off}`);
  }
}

for (const dtype of ["f32", "f64"] as const) {
  const { type, tolerance } = DTYPES[dtype];
  const bytes = type.BYTES_PER_ELEMENT;

  test(`${dtype}: forward`, () => {
    for (const c of CASES)
      for (const tile of [
        [64, 1024],
        [2, 24],
      ] as const)
        for (const bias of [false, true]) {
          reset();
          const { out, shape, x, w, each } = plan(c);
          const b = new type(c.o).map((_, i) => (bias ? i / 8 - 1 : 0));
          const pixels = c.n * out[0] * out[1];
          const y = room(c.o * pixels * bytes);
          const og = c.o / c.groups;
          const head: Slot[] = [og, pixels, (w.length / c.o) | 0, ...tile, 0, real(1), real(0), real(1), real(0)];
          const args = [...head, y, put(new type(w)), put(new type(x)), bias ? put(b) : 0, ...shape, c.n];
          run(`conv_${dtype}`, args, Math.ceil(og / tile[0]) * Math.ceil(pixels / tile[1]) * c.groups, 3);
          const wanted = new Float64Array(c.o * pixels).map((_, i) => b[Math.floor(i / (out[0] * out[1])) % c.o]!);
          each((i, j, k) => {
            wanted[k]! += x[i]! * w[j]!;
          });
          close(read(type as typeof Float64Array, y, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
          // The same without packing, in bands of the tile's rows.
          const again = room(c.o * pixels * bytes);
          const band = [...args.slice(0, 3), tile[0], 0, ...args.slice(5, 10), again, ...args.slice(11)];
          run(`convDirect_${dtype}`, band, Math.ceil(out[0] / tile[0]) * c.n * c.groups, 3);
          close(read(type as typeof Float64Array, again, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
          if (dtype === "f32") {
            const turned = room(c.o * pixels * bytes);
            run("convMany_f32", [...args.slice(0, 10), turned, ...args.slice(11)], Math.ceil(c.n / 8) * c.groups, 2);
            close(read(Float32Array, turned, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
          }
          if (c.c !== c.groups) continue;
          const alone = room(c.o * pixels * bytes);
          const apart = [...args.slice(0, 10), alone, ...args.slice(11), 0, c.groups];
          run(`depthwise_${dtype}`, apart, c.n * c.o, 3);
          close(read(type as typeof Float64Array, alone, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
          if (!isEightfold(c) || dtype !== "f32") continue;
          const eightfold = room(c.o * pixels * bytes);
          const args8 = [...args.slice(0, 10), eightfold, ...args.slice(11), 0, c.groups];
          run("channels_f32", args8, Math.ceil(c.groups / 8) * c.n, 2);
          close(read(Float32Array, eightfold, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
        }
  });

  test(`${dtype}: the gradient by the weight, in splits`, () => {
    for (const c of CASES)
      for (const splits of c.n % 2 === 0 ? [1, 2] : [1]) {
        reset();
        const { out, shape, x, w, g, each } = plan(c);
        const [og, taps, tile] = [c.o / c.groups, (w.length / c.o) | 0, 16];
        const images = c.n / splits;
        const partial = room(splits * w.length * bytes);
        const head: Slot[] = [og, taps, images * out[0] * out[1], tile, tile, 0, real(1), real(0), real(1), real(0)];
        const args = [...head, put(new type(g)), partial, put(new type(x)), 0, ...shape, images, w.length, c.groups, 0];
        run(`convWeight_${dtype}`, args, Math.ceil(og / tile) * Math.ceil(taps / tile) * c.groups * splits, 2);
        const wanted = new Float64Array(w.length);
        each((i, j, k) => {
          wanted[j]! += x[i]! * g[k]!;
        });
        const check = () => {
          const parts = read(type as typeof Float64Array, partial, splits * w.length);
          const got = wanted.map((_, i) => parts[i]! + (splits === 2 ? parts[w.length + i]! : 0));
          close(got, wanted, 20 * tolerance, JSON.stringify(c));
        };
        check();
        if (c.c !== c.groups) continue;
        run(`depthwiseWeight_${dtype}`, args, c.o * splits, 3);
        check();
        if (!isEightfold(c) || dtype !== "f32") continue;
        run("channelsWeight_f32", args, Math.ceil(c.groups / 8) * splits, 2);
        check();
      }
  });

  test(`${dtype}: the gradient by the weight without packing, and what lies behind a row is not seen`, () => {
    for (const c of CASES)
      for (const splits of c.n % 2 === 0 ? [1, 2] : [1]) {
        reset();
        const { out, shape, x, w, g, each } = plan(c);
        const [og, taps] = [c.o / c.groups, (w.length / c.o) | 0];
        const images = c.n / splits;
        const wanted = new Float64Array(w.length);
        // An infinity reaches exactly the taps that see it.
        x[x.length - 1] = Infinity;
        each((i, j, k) => {
          wanted[j]! += x[i]! * g[k]!;
        });
        const partial = room(splits * w.length * bytes);
        const head: Slot[] = [og, 0, taps, out[0], 6, 0, real(1), real(0), real(1), real(0)];
        const args = [...head, put(new type(g)), partial, put(new type(x)), 0, ...shape, images, w.length, c.groups];
        const check = () => {
          const parts = read(type as typeof Float64Array, partial, splits * w.length);
          const got = wanted.map((_, i) => parts[i]! + (splits === 2 ? parts[w.length + i]! : 0));
          const finite = (list: Float64Array): Float64Array => list.filter((_, i) => Number.isFinite(wanted[i]));
          wanted.forEach((v, i) => {
            if (!Number.isFinite(v)) assert.is(got[i], v, JSON.stringify(c));
          });
          close(finite(got), finite(wanted), 20 * tolerance, JSON.stringify(c));
        };
        run(`convNarrow_${dtype}`, args, Math.ceil(og / 6) * c.groups * splits, 2);
        check();
        if (dtype === "f32" && images % 8 === 0) {
          run("convManyWeight_f32", args, c.groups * splits, 2);
          check();
        }
        if (c.c !== c.groups) continue;
        run(`depthwiseWeight_${dtype}`, args, c.o * splits, 3);
        check();
      }
  });

  test(`${dtype}: the gradient by the input is the convolution with the filter turned over`, () => {
    for (const c of CASES.filter((c) => c.stride[0] === 1 && c.stride[1] === 1)) {
      reset();
      const { out, x, w, g, each } = plan(c);
      const [cg, og, [h, width], [kh, kw]] = [c.c / c.groups, c.o / c.groups, c.size, c.kernel];
      const pixels = c.n * h * width;
      const dx = room(c.c * pixels * bytes);
      const head: Slot[] = [cg, pixels, og * kh * kw, 64, 40, 0, real(1), real(0), real(1), real(0)];
      const turned = put(new type(w)) + (kh * kw - 1) * bytes;
      const shape = [c.c * h * width, h * width, width, 1, og * cg * kh * kw, kh * kw, cg * kh * kw, -kw, -1];
      shape.push(c.o * out[0] * out[1], out[0] * out[1], out[1], 1, ...out, h, width, kh, kw, 1, 1, ...c.dilation);
      shape.push((kh - 1) * c.dilation[0] - c.padding[0], (kw - 1) * c.dilation[1] - c.padding[1], og, cg, c.n);
      const units = Math.ceil(cg / 64) * Math.ceil(pixels / 40) * c.groups;
      run(`conv_${dtype}`, [...head, dx, turned, put(new type(g)), 0, ...shape], units);
      const wanted = new Float64Array(x.length);
      each((i, j, k) => {
        wanted[i]! += g[k]! * w[j]!;
      });
      close(read(type as typeof Float64Array, dx, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
    }
  });
}

test("forward where an image's copy has no place beside the panels", () => {
  const c: Case = { ...PLAIN, n: 1, c: 2, o: 3, size: [460, 470], kernel: [455, 468], padding: [2, 0] };
  const { out, shape, x, w, each } = plan(c);
  reset();
  const pixels = out[0] * out[1];
  const y = room(c.o * pixels * 4);
  const head: Slot[] = [c.o, pixels, c.c * c.kernel[0] * c.kernel[1], 64, 1024, 0, real(1), real(0), real(1), real(0)];
  run("conv_f32", [...head, y, put(new Float32Array(w)), put(new Float32Array(x)), 0, ...shape, c.n], 1);
  const wanted = new Float64Array(c.o * pixels);
  each((i, j, k) => {
    wanted[k]! += x[i]! * w[j]!;
  });
  const scale = Math.sqrt(c.c * c.kernel[0] * c.kernel[1]);
  close(read(Float32Array, y, wanted.length), wanted, 1e-6 * scale, "large");
});

// ── Winograd's way ───────────────────────────────────────────────────────────────────────────────────────────────────

const THREE: Case = { ...PLAIN, n: 1, c: 32, o: 32, size: [28, 28], padding: [1, 1] };
const THREES: readonly Case[] = [
  THREE,
  { ...THREE, n: 3, c: 17, o: 13, size: [5, 14], padding: [2, 2] },
  { ...THREE, c: 130, o: 9, size: [7, 9], padding: [0, 1] },
  { ...THREE, n: 2, c: 16, o: 20, groups: 2, size: [9, 8] },
  { ...THREE, c: 8, o: 8, size: [4, 5] },
];

const OTHERS: readonly Case[] = [
  { ...THREE, c: 3, o: 14, size: [31, 30], kernel: [7, 7], stride: [2, 2], padding: [3, 3] },
  { ...THREE, c: 10, o: 8, size: [9, 20], kernel: [5, 4], padding: [0, 2] },
  { ...THREE, n: 2, c: 8, o: 12, groups: 2, size: [13, 17], kernel: [6, 11], stride: [1, 2], padding: [3, 1] },
  { ...THREE, c: 7, o: 5, size: [19, 8], kernel: [7, 1], stride: [3, 1] },
  { ...THREE, n: 2, c: 9, o: 14, size: [12, 23], kernel: [5, 5], padding: [2, 2] },
  { ...THREE, c: 12, o: 7, size: [18, 17], stride: [2, 2] },
  { ...THREE, c: 11, o: 6, size: [9, 16], kernel: [2, 2], padding: [1, 0] },
];

/** What the kernels of a convolution share: arguments before and after the operands, transformed filters. */
function launches(c: Case, p: Plan) {
  const [og, cg] = [c.o / c.groups, c.c / c.groups];
  const taps = cg * c.kernel[0] * c.kernel[1];
  const head = (rows: number, columns: number): Slot[] => {
    const pixels = c.n * p.out[0] * p.out[1];
    return [og, taps, pixels, rows, columns, 0, real(1), real(0), real(1), real(0)];
  };
  const bands = (rows: number): number => Math.ceil(p.out[0] / rows);
  return {
    forward(y: number, x: number, w: number, rows: number, isDirect: boolean): void {
      const filters = room(c.groups * (og + 6) * (4 * taps + 256) * 4);
      const args = [...head(rows, 0), y, w, x, 0, ...p.shape, c.n, 0, filters];
      args.splice(1, 2, 0, taps);
      if (!isDirect) run("winogradFilters_f32", args, c.groups * og, 2);
      run(isDirect ? "convDirect_f32" : "winograd_f32", args, bands(rows) * c.n * c.groups, 2);
    },
    /** Partial sums and flags of both kinds: an answer has the whole sums. */
    weight(g: number, x: number, isDirect: boolean): Float64Array {
      const [rows, block] = [4, 8];
      const length = c.o * taps;
      const splits = isDirect ? 1 : Math.ceil((c.n * bands(rows)) / 2);
      const units = Math.ceil(og / block) * Math.ceil(cg / block) * c.groups * splits;
      const [w, flags] = [room(splits * length * 4), room(units * 4)];
      const args = [...head(rows, block), g, w, x, 0, ...p.shape, c.n, length, c.groups];
      if (isDirect) run("convWeight_f32", [...head(og, taps), ...args.slice(10), 0], c.groups);
      else {
        run("winogradWeight_f32", [...args, splits, flags, block], units, 2);
        if (read(Int32Array, flags, units).some((flag) => flag !== 0)) return this.weight(g, x, true);
      }
      const parts = read(Float32Array, w, splits * length);
      return new Float64Array(length).map((_, i) =>
        Array.from({ length: splits }, (_, s) => parts[s * length + i]!).reduce((a, b) => a + b),
      );
    },
  };
}

/** The root of the mean square of the errors. */
function rms(got: ArrayLike<number>, wanted: Float64Array): number {
  return Math.sqrt(wanted.reduce((sum, v, i) => sum + (got[i]! - v) ** 2, 0) / wanted.length);
}

/** The same where they are not finite, and nearly so elsewhere. */
function alike(got: ArrayLike<number>, list: ArrayLike<number>, what: string): void {
  const wanted = Array.from(list);
  const largest = Math.max(...wanted.filter(Number.isFinite).map(Math.abs), 0);
  const isLike = (v: number, i: number): boolean => Object.is(v, got[i]) || Math.abs(v - got[i]!) <= 1e-6 * largest;
  assert.ok(wanted.every(isLike), what);
}

test("Winograd's convolution is as exact as the direct one", () => {
  for (const c of [...THREES, ...OTHERS]) {
    const p = plan(c);
    const wanted = new Float64Array(p.g.length);
    p.each((i, j, k) => {
      wanted[k]! += p.x[i]! * p.w[j]!;
    });
    const result = (rows: number, isDirect: boolean): Float32Array => {
      reset();
      const y = room(wanted.length * 4);
      launches(c, p).forward(y, put(new Float32Array(p.x)), put(new Float32Array(p.w)), rows, isDirect);
      return read(Float32Array, y, wanted.length);
    };
    const direct = rms(result(4, true), wanted);
    for (const rows of [2, 4]) {
      const error = rms(result(rows, false), wanted);
      assert.ok(error < 1.3 * direct + 1e-7, `${JSON.stringify(c)}: ${error} against ${direct}`);
    }
  }
});

test("Winograd's gradient by the weight is as exact as the direct one", () => {
  for (const c of [...THREES, ...OTHERS]) {
    reset();
    const p = plan(c);
    const wanted = new Float64Array(p.w.length);
    p.each((i, j, k) => {
      wanted[j]! += p.x[i]! * p.g[k]!;
    });
    const [g, x] = [put(new Float32Array(p.g)), put(new Float32Array(p.x))];
    const error = rms(launches(c, p).weight(g, x, false), wanted);
    const direct = rms(launches(c, p).weight(g, x, true), wanted);
    assert.ok(error < 1.3 * direct + 1e-7, `${JSON.stringify(c)}: ${error} against ${direct}`);
  }
});

test("what is not finite, or would not be on Winograd's way, is left to the direct kernels", () => {
  const spoils: readonly ((x: Float32Array) => unknown)[] = [
    (x) => x.set([Infinity], x.length - 1),
    (x) => x.set([Number.NaN], 5),
    (x) => x.fill(3e38),
  ];
  for (const c of [...THREES, ...OTHERS])
    for (const spoil of spoils) {
      reset();
      const p = plan(c);
      const values = new Float32Array(p.x);
      spoil(values);
      const x = put(values);
      const w = put(new Float32Array(p.w).map((v) => v * 1e-8));
      const g = put(new Float32Array(p.g).map((v) => v * 1e-8));
      const [y, z] = [room(p.g.length * 4), room(p.g.length * 4)];
      launches(c, p).forward(y, x, w, 2, false);
      launches(c, p).forward(z, x, w, 2, true);
      const [got, wanted] = [read(Float32Array, y, p.g.length), read(Float32Array, z, p.g.length)];
      alike(got, wanted, JSON.stringify(c));
      alike(launches(c, p).weight(g, x, false), launches(c, p).weight(g, x, true), JSON.stringify(c));
    }
});

// ── phases of a gradient by the input ────────────────────────────────────────────────────────────────────────────────

for (const dtype of ["f32", "f64"] as const) {
  const { type } = DTYPES[dtype];
  const bytes = type.BYTES_PER_ELEMENT;

  test(`${dtype}: phases come to their places and back`, () => {
    const [planes, most] = [5, 400];
    for (const down of [1, 2, 3])
      for (const h of [down, down + 1, 6])
        for (const w of [2, 3, 7, 8, 9, 16, 29])
          for (const step of [0, 130]) {
            reset();
            const apart = planes * (step || most);
            const from = new type(2 * down * apart).map((_, i) => i);
            const x = room(planes * h * w * bytes);
            run(`convZip_${dtype}`, [down, h, w, put(from), x, apart, step], planes, 2);
            const wanted = Array.from({ length: planes * h * w }, (_, i) => {
              const [plane, row, column] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
              const [i0, j0] = [row % down, column % 2];
              const [rows, columns] = [Math.ceil((h - i0) / down), Math.ceil((w - j0) / 2)];
              const at = Math.floor(row / down) * columns + (column >> 1);
              return (2 * i0 + j0) * apart + plane * (step || rows * columns) + at;
            });
            const what = `${down}, ${h} × ${w}, ${step}`;
            assert.equal([...read(type as typeof Float64Array, x, planes * h * w)], wanted, what);
            // And back.
            const again = put(new type(from.length).fill(-1));
            run(`convUnzip_${dtype}`, [down, h, w, again, x, apart, step], planes, 2);
            const moved = new Set(wanted);
            const expected = [...from].map((v, i) => (moved.has(i) ? v : -1));
            assert.equal([...read(type as typeof Float64Array, again, from.length)], expected, what);
          }
  });
}

test("the gradient by the input of eight channels side by side, with any stride", () => {
  for (const c of CASES.filter(isEightfold)) {
    reset();
    const { out, shape, x, w, g, each } = plan(c);
    const dx = put(new Float32Array(x.length).fill(7));
    const head: Slot[] = [1, c.n * out[0] * out[1], w.length / c.o, 0, 0, 0, real(1), real(0), real(1), real(0)];
    const args = [...head, put(new Float32Array(g)), put(new Float32Array(w)), dx, 0, ...shape, c.n, 0, c.groups];
    run("channelsInput_f32", args, Math.ceil(c.groups / 8) * c.n, 2);
    const wanted = new Float64Array(x.length);
    each((i, j, k) => {
      wanted[i]! += w[j]! * g[k]!;
    });
    close(read(Float32Array, dx, wanted.length), wanted, 20 * DTYPES.f32.tolerance, JSON.stringify(c));
  }
});

test.run();
