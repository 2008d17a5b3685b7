import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, real, reset, room, run, type Slot, takeFault } from "./harness.ts";

const NONE = -(1n << 63n);

/** iterate.ts's block: dims are [size, stride of each operand …]. */
function block(first: readonly Slot[], operands: readonly number[], dims: readonly (readonly number[])[]): Slot[] {
  return [dims.length, ...first, ...operands, ...dims.flat()];
}

function places(n: number, size: number, seed: number): BigInt64Array {
  const next = noise(seed);
  return BigInt64Array.from({ length: n }, () => BigInt(Math.floor(((next() + 1) / 2) * size)));
}

function floats(n: number, seed: number): Float32Array {
  const next = noise(seed);
  return Float32Array.from({ length: n }, next);
}

for (const pieces of [1, 3]) {
  test(`gather along the middle dim, in ${pieces} pieces`, () => {
    reset();
    // x [3, 7, 5], index [2, 4, 5]: smaller than x off the dim, which is allowed
    const x = floats(105, 1);
    const index = places(40, 7, 2);
    const y = room(160);
    const dims = [
      [2, 20, 20, 35],
      [4, 5, 5, 0],
      [5, 1, 1, 1],
    ];
    run("gather_w4", block([7, 5], [y, put(index), put(x)], dims), 40, pieces);
    const want = [...index].map((i, at) => x[Math.floor(at / 20) * 35 + Number(i) * 5 + (at % 5)]!);
    assert.equal([...read(Float32Array, y, 40)], want);
  });

  test(`gather with one index a row copies rows of every width, in ${pieces} pieces`, () => {
    const index = [4n, 0n, 4n, 2n];
    for (const width of [1, 2, 4, 8, 16]) {
      reset();
      const x = Uint8Array.from({ length: 5 * 3 * width }, (_, i) => i);
      const y = room(4 * 3 * width);
      const dims = [
        [4, 3, 1, 0],
        [3, 1, 0, 1],
      ];
      run(`gather_w${width}`, block([5, 3], [y, put(new BigInt64Array(index)), put(x)], dims), 12, pieces);
      const want = index.flatMap((i) => [...x.subarray(Number(i) * 3 * width, (Number(i) + 1) * 3 * width)]);
      assert.equal([...read(Uint8Array, y, 12 * width)], want);
    }
  });
}

test("gather: an index out of range is a fault, and nothing is read or written for it", () => {
  reset();
  const y = room(12);
  const index = put(new BigInt64Array([1n, 3n, -1n]));
  run("gather_w4", block([3, 1], [y, index, put(new Float32Array([5, 6, 7]))], [[3, 1, 1, 0]]), 3);
  assert.is(takeFault(), 1);
  const got = read(Uint8Array, y, 12);
  assert.equal([...got.subarray(4)], new Array(8).fill(0xa5));
  assert.is(read(Float32Array, y, 1)[0], 6);
});

for (const width of [1, 2, 4, 8, 16]) {
  test(`width ${width}: many indices at once, and one that is out of range among them`, () => {
    const n = 777;
    const bytes = Uint8Array.from({ length: 60 * n * width }, (_, i) => (i * 7 + (i >> 8)) % 251);
    for (const [size, step, own] of [
      [60 * n, 1, 0],
      [60, n, 1],
    ] as const)
      for (const bad of [-1, 300])
        for (const pieces of [1, 5]) {
          reset();
          const index = places(n, size, 5);
          if (bad >= 0) index[bad] = BigInt(size);
          const y = room(n * width);
          const want = read(Uint8Array, y, n * width);
          const z = put(bytes);
          const wantZ = bytes.slice();
          const from = (k: number): number => (Number(index[k]) * step + k * own) * width;
          for (let k = 0; k < n; k++) {
            if (k === bad) continue;
            want.set(bytes.subarray(from(k), from(k) + width), k * width);
            wantZ.set(want.subarray(k * width, (k + 1) * width), from(k));
          }
          const [at, x] = [put(index), put(bytes)];
          run(`gather_w${width}`, block([size, step], [y, at, x], [[n, 1, 1, own]]), n, pieces);
          assert.is(takeFault(), bad >= 0 ? 1 : 0);
          assert.equal(read(Uint8Array, y, n * width), want);
          if (own === 1) continue;
          run(`scatter_w${width}`, block([size, NONE], [z, at, y], [[n, step, 1, 1]]), 1);
          assert.is(takeFault(), bad >= 0 ? 1 : 0);
          assert.equal(read(Uint8Array, z, bytes.length), wantZ);
        }
  });
}

const FOLDS = {
  sum: (a: number, b: number) => Math.fround(a + b),
  prod: (a: number, b: number) => Math.fround(a * b),
  amin: Math.min,
  amax: Math.max,
} as const;

// [outer, along the dim, inner]; index and source have the same outer and inner sizes
const LINES = [
  [1, 50, 1],
  [1, 700, 1],
  [4, 30, 6],
  [1, 9, 37],
  [5, 20, 1],
] as const;

for (const [outer, n, inner] of LINES) {
  for (const fold of ["sum", "prod", "amin", "amax"] as const) {
    test(`scatter ${fold} [${outer}, ${n}, ${inner}]: the order of the line, in any cut`, () => {
      const size = 6;
      const start = floats(outer * size * inner, 3);
      const source = floats(outer * n * inner, 4);
      const index = places(outer * n * inner, size, 5);
      const want = start.slice();
      for (let o = 0; o < outer; o++)
        for (let j = 0; j < n; j++)
          for (let i = 0; i < inner; i++) {
            const s = (o * n + j) * inner + i;
            const at = (o * size + Number(index[s])) * inner + i;
            want[at] = FOLDS[fold](want[at]!, source[s]!);
          }
      for (const pieces of [1, 2, 5]) {
        reset();
        const y = put(start);
        const dims = [
          [outer, size * inner, n * inner, n * inner],
          [inner, 1, 1, 1],
          [n, inner, inner, inner],
        ];
        const args = block([size, NONE], [y, put(index), put(source)], dims);
        run(`scatter_${fold}_f32`, args, outer * inner, pieces);
        assert.equal([...read(Float32Array, y, want.length)], [...want]);
      }
    });
  }
}

test("scatter with one index a row (the gradient of an embedding) leaves out the padding index", () => {
  const n = 40;
  const width = 21; // vectors and a tail
  const grad = floats(n * width, 6);
  const index = places(n, 5, 7);
  const want = new Float32Array(5 * width);
  index.forEach((i, j) => {
    if (i === 2n) return;
    for (let c = 0; c < width; c++) want[Number(i) * width + c]! += grad[j * width + c]!;
  });
  const dims = [
    [width, 1, 0, 1],
    [n, width, 1, width],
  ];
  for (const pieces of [1, 4]) {
    for (const [kernel, units] of [
      ["scatter_sum_f32", width],
      ["scatterRows_sum_f32", 64],
    ] as const) {
      reset();
      const y = put(new Float32Array(5 * width));
      run(kernel, block([5, 2n], [y, put(index), put(grad)], dims), units, pieces);
      assert.equal([...read(Float32Array, y, 5 * width)], [...want], kernel);
    }
  }
});

test("scatter of rows: more of them than parts and more indices than are looked at at once; the first fault in any cut", () => {
  const [rows, n, width] = [150, 5000, 6];
  const grad = floats(n * width, 8);
  const index = places(n, rows, 9);
  const want = new Float32Array(rows * width);
  index.forEach((i, j) => {
    for (let c = 0; c < width; c++) want[Number(i) * width + c]! += grad[j * width + c]!;
  });
  const dims = [
    [width, 1, 0, 1],
    [n, width, 1, width],
  ];
  for (const pieces of [1, 3, 64]) {
    reset();
    const y = put(new Float32Array(rows * width));
    run("scatterRows_sum_f32", block([rows, NONE], [y, put(index), put(grad)], dims), 64, pieces);
    assert.equal([...read(Float32Array, y, want.length)], [...want]);
    assert.is(takeFault(), 0);
    const bad = index.slice();
    bad[4100] = 207n;
    bad[4200] = -1n;
    run("scatterRows_sum_f32", block([rows, NONE], [y, put(bad), put(grad)], dims), 64, pieces);
    assert.equal([...read(BigInt64Array, 72, 1)], [207n]);
    assert.is(takeFault(), 1);
  }
});

test("scatter puts the last of several values, by width; an index out of range is a fault", () => {
  reset();
  const y = put(new Int16Array([1, 2, 3, 4]));
  const index = put(new BigInt64Array([1n, 3n, 1n]));
  run("scatter_w2", block([4, NONE], [y, index, put(new Int16Array([10, 20, 30]))], [[3, 1, 1, 1]]), 1);
  assert.equal([...read(Int16Array, y, 4)], [1, 30, 3, 20]);
  assert.is(takeFault(), 0);
  const bad = put(new BigInt64Array([4n, -1n, 0n]));
  run("scatter_w2", block([4, NONE], [y, bad, put(new Int16Array([7, 8, 9]))], [[3, 1, 1, 1]]), 1);
  assert.is(takeFault(), 1);
  assert.equal([...read(Int16Array, y, 4)], [9, 30, 3, 20]);
});

test("scatter of int64 takes minima and maxima in vectors as in scalars", () => {
  const a = BigInt64Array.from([5n, -(1n << 40n), 3n, 1n << 40n, 0n]);
  const b = BigInt64Array.from([6n, 1n, -3n, 2n, -1n]);
  for (const [fold, pick] of [
    ["amin", (x: bigint, y: bigint) => (x < y ? x : y)],
    ["amax", (x: bigint, y: bigint) => (x > y ? x : y)],
  ] as const) {
    reset();
    const y = put(a);
    const dims = [
      [5, 1, 0, 1],
      [1, 5, 1, 5],
    ];
    run(`scatter_${fold}_i64`, block([1, NONE], [y, put(new BigInt64Array([0n])), put(b)], dims), 5);
    assert.equal(
      [...read(BigInt64Array, y, 5)],
      [...a].map((v, i) => pick(v, b[i]!)),
    );
  }
});

test("places of two index tensors that broadcast; negative ones count from the end, a bad one gives -1", () => {
  reset();
  const rows = put(new BigInt64Array([0n, -1n, 2n]));
  const columns = put(new BigInt64Array([3n, -4n]));
  const y = room(48);
  const dims = [
    [3, 2, 1, 0],
    [2, 1, 0, 1],
  ];
  const after = [3, 4, 4, 1]; // of [3, 4]: size and step of each
  run("places_i64", [...block([2, 0], [y, rows, columns], dims), ...after], 6, 2);
  assert.equal([...read(BigInt64Array, y, 6)], [3n, 0n, 11n, 8n, 11n, 8n]);
  assert.is(takeFault(), 0);
  const bad = put(new BigInt64Array([3n, 0n, -4n]));
  run("places_i64", [...block([2, 0], [y, bad, columns], dims), ...after], 6);
  assert.is(takeFault(), 1);
  assert.equal([...read(BigInt64Array, y, 6)], [-1n, -1n, 3n, 0n, -1n, -1n]);
});

test("the places of a mask, and their coordinates", () => {
  for (const n of [0, 1, 15, 16, 4096, 10_007]) {
    const next = noise(n);
    const mask = Uint8Array.from({ length: n }, () => (next() > 0.3 ? 1 : 0));
    const want = [...mask.keys()].filter((i) => mask[i]);
    const blocks = Math.ceil(n / 4096);
    for (const pieces of [1, 2]) {
      reset();
      const x = put(mask);
      const counts = room(4 * blocks);
      run("count_true_b8", [n, x, counts], blocks, pieces);
      assert.is(
        read(Int32Array, counts, blocks).reduce((a, b) => a + b, 0),
        want.length,
      );
      const y = room(8 * want.length);
      run("places_true_b8", [n, x, counts, y], blocks, pieces);
      assert.equal([...read(BigInt64Array, y, want.length)].map(Number), want);
    }
  }
  reset();
  const y = room(48);
  const x = put(new BigInt64Array([0n, 7n, 23n])); // of [2, 4, 3]
  run("coordinates_i64", [3, x, y, 3, 1, 2, 4, 3], 3, 2);
  assert.equal([...read(BigInt64Array, y, 9)], [0n, 0n, 0n, 0n, 2n, 1n, 1n, 3n, 2n]);
});

test("masked scatter: the next value for every true element, a fault when they run out", () => {
  for (const width of [1, 2, 4, 8, 16]) {
    reset();
    const x = Uint8Array.from({ length: 2 * width }, (_, i) => i);
    const y = put(new Uint8Array(4 * width).fill(99));
    const mask = put(new Uint8Array([0, 1, 0, 1]));
    run(`masked_scatter_w${width}`, [4, mask, put(x), 2, y], 1);
    const kept = new Array(width).fill(99);
    assert.equal(
      [...read(Uint8Array, y, 4 * width)],
      [...kept, ...x.subarray(0, width), ...kept, ...x.subarray(width)],
    );
    assert.is(takeFault(), 0);
    run(`masked_scatter_w${width}`, [4, mask, put(x), 1, y], 1);
    assert.is(takeFault(), 1);
  }
});

test("repeated places", () => {
  reset();
  const y = room(32);
  run("repeated_places_i64", [3, put(new BigInt64Array([1n, 0n, 3n])), y], 1);
  assert.equal([...read(BigInt64Array, y, 4)], [0n, 2n, 2n, 2n]);
});

test("clear", () => {
  reset();
  const y = room(40);
  run("clear_w1", [y], 37, 3);
  assert.equal([...read(Uint8Array, y, 39)], [...new Array<number>(37).fill(0), 0xa5, 0xa5]);
});

test("arange and linspace", () => {
  reset();
  const y = room(8 * 12);
  run("arange_i64", [y, 5n, -3n], 4, 2);
  assert.equal([...read(BigInt64Array, y, 4)], [5n, 2n, -1n, -4n]);
  run("arange_f32", [y, real(0), real(0.1)], 11, 3);
  assert.equal(
    [...read(Float32Array, y, 11)],
    Array.from({ length: 11 }, (_, i) => Math.fround(i * 0.1)),
  );
  run("linspace_f32", [5, y, real(-1), real(1), real(0.5)], 5, 2);
  assert.equal([...read(Float32Array, y, 5)], [-1, -0.5, 0, 0.5, 1]);
  run("linspace_i64", [4, y, real(0), real(10), real(10 / 3)], 4);
  assert.equal([...read(BigInt64Array, y, 4)], [0n, 3n, 6n, 10n]);
});

test("the band of a batch of matrices, in place too", () => {
  const x = Int16Array.from({ length: 2 * 3 * 4 }, (_, i) => i + 1);
  for (const [lower, upper] of [
    [-9, 0],
    [0, 9],
    [1, 9],
    [-9, -2],
    [-1, 1],
    [5, 9],
  ] as const) {
    const want = [...x].map((v, i) => {
      const d = (i % 4) - (Math.floor(i / 4) % 3);
      return d >= lower && d <= upper ? v : 0;
    });
    reset();
    const source = put(x);
    const y = room(x.byteLength);
    run("band_w1", [3, 4, 2, source, y, lower, upper], 6, 3);
    assert.equal([...read(Int16Array, y, x.length)], want);
    run("band_w1", [3, 4, 2, source, source, lower, upper], 6, 2);
    assert.equal([...read(Int16Array, source, x.length)], want);
  }
});

test.run();
