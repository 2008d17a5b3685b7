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
  { ...PLAIN, n: 1, c: 40, o: 7, padding: [1, 1], size: [4, 4] },
  { ...PLAIN, n: 4, c: 2, o: 130, size: [12, 30], padding: [1, 1] },
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
          if (c.c !== c.groups) continue;
          const alone = room(c.o * pixels * bytes);
          const apart = [...args.slice(0, 10), alone, ...args.slice(11), 0, c.groups];
          run(`depthwise_${dtype}`, apart, c.n * c.o, 3);
          close(read(type as typeof Float64Array, alone, wanted.length), wanted, 20 * tolerance, JSON.stringify(c));
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
        const args = [...head, put(new type(g)), partial, put(new type(x)), 0, ...shape, images, w.length, c.groups];
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
        const head: Slot[] = [og, 0, taps, out[0], 0, 0, real(1), real(0), real(1), real(0)];
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
        run(`convNarrow_${dtype}`, args, c.groups * splits, 2);
        check();
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

test.run();
