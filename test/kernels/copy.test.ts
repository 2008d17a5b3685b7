import { test } from "uvu";
import * as assert from "uvu/assert";
import { noise, put, read, reset, room, run } from "./harness.ts";

type Dim = readonly [size: number, y: number, a: number];

/** The elements that lie at the places of a walk over dims, each given its offset in y and in a. */
function walk(dims: readonly Dim[], body: (y: number, a: number) => void, y = 0, a = 0): void {
  const [first, ...rest] = dims;
  if (first === undefined) body(y, a);
  else for (let i = 0; i < first[0]; i++) walk(rest, body, y + i * first[1], a + i * first[2]);
}

/** Copies by the kernel, cut into pieces, and element by element; what lies between the elements of y is compared too. */
function compare(width: number, dims: readonly Dim[], pieces: number): void {
  reset();
  let [end, low, high, units] = [0, 0, 0, 1];
  for (const [size, y, a] of dims) {
    units *= size;
    end += (size - 1) * y;
    low += Math.min(0, (size - 1) * a);
    high += Math.max(0, (size - 1) * a);
  }
  const source = Uint8Array.from({ length: (high - low + 1) * width }, (_, i) => (i * 31 + (i >> 8)) % 251);
  const y = room((end + 1) * width);
  const want = read(Uint8Array, y, (end + 1) * width);
  walk(dims, (to, from) => {
    const at = (from - low) * width;
    want.set(source.subarray(at, at + width), to * width);
  });
  run(`copy_w${width}`, [dims.length, 0, 0, y, put(source) - low * width, ...dims.flat()], units, pieces);
  const got = read(Uint8Array, y, want.length);
  const wrong = want.findIndex((byte, i) => byte !== got[i]);
  if (wrong >= 0) assert.unreachable(`width ${width}, ${JSON.stringify(dims)}, ${pieces} pieces: byte ${wrong}`);
}

const WIDTHS = [1, 2, 4, 8, 16] as const;

test("copies: transposed planes of every width, whatever the cut", () => {
  const shapes = [
    [33, 40],
    [16, 16],
    [5, 70],
    [50, 3],
    [2, 300],
    [4, 4],
    [300, 35],
  ] as const;
  for (const width of WIDTHS)
    for (const [rows, columns] of shapes)
      for (const gap of [0, 3])
        for (const pieces of [1, 3]) {
          const [pitchY, pitchA] = [columns + gap, rows + gap];
          compare(
            width,
            [
              [2, rows * pitchY, columns * pitchA],
              [rows, pitchY, 1],
              [columns, 1, pitchA],
            ],
            pieces,
          ); // prettier-ignore
          compare(
            width,
            [
              [2, rows * pitchY, columns * pitchA],
              [columns, 1, pitchA],
              [rows, pitchY, 1],
            ],
            pieces,
          ); // prettier-ignore
        }
});

test("copies: rows of every length, contiguous, of one element, mirrored and apart", () => {
  for (const width of WIDTHS)
    for (const step of [1, 0, -1, 2, -3])
      for (let columns = 1; columns <= 80 / width + 17; columns++)
        compare(
          width,
          [
            [3, columns + 1, 2],
            [columns, 1, step],
          ],
          1 + (columns % 3),
        ); // prettier-ignore
});

test("copies: rows of a few, of one element each", () => {
  for (const width of WIDTHS)
    for (let columns = 1; columns * width < 20; columns++)
      for (const rows of [1, 2, 5, 40])
        compare(
          width,
          [
            [rows, columns, 1],
            [columns, 1, 0],
          ],
          1 + (rows % 3),
        ); // prettier-ignore
});

test("copies: long rows of one element, whose bytes differ or are all the same", () => {
  for (const width of WIDTHS)
    for (const byte of [null, 0, 0xff]) {
      reset();
      const value = Uint8Array.from({ length: width }, (_, i) => byte ?? i + 1);
      const columns = Math.floor(600 / width) + 3;
      const y = room((columns + 1) * width);
      run(`copy_w${width}`, [1, 0, 0, y, put(value), columns, 1, 0], columns);
      const want = Array.from({ length: columns * width }, (_, i) => value[i % width]!);
      assert.equal([...read(Uint8Array, y, columns * width + 1)], [...want, 0xa5], `width ${width}, byte ${byte}`);
    }
});

test("copies: random shapes and strides", () => {
  const next = noise(7);
  const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
  for (let k = 0; k < 400; k++) {
    const rank = 1 + pick(4);
    const sizes = Array.from({ length: rank }, () => 1 + pick(rank > 2 ? 9 : 50));
    // Each operand has the dims in an order of its own, some with a gap; the source also has dims reversed, or of one element.
    const strides = [false, true].map((source) => {
      const order = sizes.map((_, d) => [next(), d] as const).sort(([a], [b]) => a - b);
      const out = new Array<number>(rank);
      let stride = 1 + (pick(4) === 0 ? pick(3) : 0);
      for (const [, d] of order) {
        const kind = source ? pick(6) : 1;
        out[d] = kind === 0 ? 0 : kind === 2 ? -stride : stride;
        if (kind > 0) stride *= sizes[d]! + (pick(4) === 0 ? pick(3) : 0);
      }
      return out;
    });
    compare(
      WIDTHS[pick(5)]!,
      sizes.map((size, d) => [size, strides[0]![d]!, strides[1]![d]!]),
      1 + pick(4),
    );
  }
});

test("joined rows of any lengths, whatever the cut", () => {
  const random = noise(2);
  const up = (from: number, below: number): number => from + Math.floor(((random() + 1) / 2) * (below - from));
  for (let round = 0; round < 60; round++) {
    reset();
    const rows = up(1, 20);
    const lengths = Array.from({ length: up(1, 6) }, () => up(0, [4, 20, 300][round % 3]!));
    const pieces = lengths.map((n) => Uint8Array.from({ length: rows * n }, () => up(0, 256)));
    const want = Array.from({ length: rows }, (_, r) =>
      pieces.flatMap((x, k) => [...x.subarray(r * lengths[k]!, (r + 1) * lengths[k]!)]),
    ).flat();
    const y = room(want.length + 1);
    run("join_w1", [y, pieces.length, ...pieces.flatMap((x, k) => [put(x), lengths[k]!])], rows, up(1, 4));
    assert.equal([...read(Uint8Array, y, want.length + 1)], [...want, 0xa5], `${rows} rows of ${lengths}`);
  }
});

test.run();
