import { deflateSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodePng, ImageError, type ImageFault } from "../../examples/support/png.ts";
import { type Kind, pngOf, writePng } from "../../examples/support/pngwriter.ts";

/** Anything of `depth` bits that looks random. */
const noise = (x: number, y: number, s: number, depth: number): number =>
  (((x + 1) * 40503 + (y + 3) * 30011 + s * 7919) >>> 3) & (2 ** depth - 1);
const PALETTE = Uint8Array.from({ length: 768 }, (_, i) => (i * 37) & 255);
const KINDS: readonly (readonly [colour: number, depths: readonly number[]])[] = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
];

/** What a pixel's samples look like, by the words of the standard. */
function seen(samples: readonly number[], { colour, depth }: Kind): { grey: number; alpha: number } {
  const byte = samples.map((s) => (s * 255) / (2 ** depth - 1));
  const rgb = colour === 3 ? [0, 1, 2].map((i) => PALETTE[3 * samples[0]! + i]!) : byte.slice(0, 3);
  const grey = colour === 0 || colour === 4 ? byte[0]! : 0.299 * rgb[0]! + 0.587 * rgb[1]! + 0.114 * rgb[2]!;
  return { grey, alpha: colour === 4 ? byte[1]! : colour === 6 ? byte[3]! : 255 };
}

for (const [colour, depths] of KINDS) {
  for (const depth of depths) {
    test(`colour type ${colour} in ${depth} bits: sizes, filters, interlaced or not`, async () => {
      const samples = [1, 0, 3, 1, 2, 0, 4][colour]!;
      for (const [width, height] of [
        [1, 1],
        [3, 9],
        [8, 8],
        [13, 5],
        [33, 17],
      ] as const) {
        for (const interlaced of [false, true]) {
          const chunks = colour === 3 ? [["PLTE", PALETTE.subarray(0, 3 * 2 ** depth)] as const] : [];
          const kind: Kind = { colour, depth, interlaced, chunks, filter: (y) => y % 5 };
          const pixel = (x: number, y: number) => Array.from({ length: samples }, (_, s) => noise(x, y, s, depth));
          const picture = await decodePng(writePng(width, height, kind, pixel));
          assert.equal([picture.width, picture.height], [width, height]);
          for (let i = 0; i < width * height; i++) {
            const { grey, alpha } = seen(pixel(i % width, Math.floor(i / width)), kind);
            assert.ok(Math.abs(picture.grey[i]! - grey) <= 0.5 + 1e-9, `pixel ${i} is ${picture.grey[i]}, not ${grey}`);
            assert.ok(Math.abs((picture.alpha?.[i] ?? 255) - alpha) <= 0.5 + 1e-9);
          }
        }
      }
    });
  }
}

test("a colour that counts as transparent, and a palette with alpha", async () => {
  const key = ["tRNS", Uint8Array.of(0, 3)] as const;
  const grey = await decodePng(writePng(4, 1, { colour: 0, depth: 2, chunks: [key] }, (x) => [x]));
  assert.equal(grey.alpha, Uint8Array.of(255, 255, 255, 0));
  const chunks = [["PLTE", PALETTE.subarray(0, 12)] as const, ["tRNS", Uint8Array.of(9, 200)] as const];
  const palette = await decodePng(writePng(4, 1, { colour: 3, depth: 2, chunks }, (x) => [x]));
  assert.equal(palette.alpha, Uint8Array.of(9, 200, 255, 255));
});

const good = writePng(5, 4, { colour: 0, depth: 8 }, (x, y) => [x * y]);
const header = (width: number, height: number, ...rest: number[]): readonly [string, Uint8Array] => {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  rest.forEach((byte, i) => {
    view.setUint8(8 + i, byte);
  });
  return ["IHDR", new Uint8Array(view.buffer)];
};
const pixels = (bytes: Uint8Array): readonly [string, Uint8Array] => ["IDAT", deflateSync(bytes)];
const END = ["IEND", new Uint8Array(0)] as const;
const flipped = (at: number): Uint8Array => good.map((byte, i) => (i === at ? byte ^ 1 : byte));
const HOSTILE: readonly (readonly [what: string, bytes: Uint8Array, fault: ImageFault])[] = [
  ["nothing", new Uint8Array(0), "unsupported"],
  ["another format", new TextEncoder().encode("GIF89a, not a PNG at all"), "unsupported"],
  ["a signature alone", good.subarray(0, 8), "damaged"],
  ["no header", pngOf([END]), "damaged"],
  ["a wrong checksum", flipped(20), "damaged"],
  ["a changed pixel", flipped(45), "damaged"],
  ["a chunk longer than the file", good.map((byte, i) => (i === 8 ? 255 : byte)), "damaged"],
  ["no end", good.subarray(0, good.length - 12), "damaged"],
  ["no pixels", pngOf([header(0, 4, 8, 0, 0, 0, 0), END]), "damaged"],
  ["more pixels than anybody has", pngOf([header(2 ** 31, 2 ** 31, 8, 0, 0, 0, 0), END]), "too-large"],
  ["nine bits", pngOf([header(5, 4, 9, 0, 0, 0, 0), END]), "unsupported"],
  ["three bits of colour type 5", pngOf([header(5, 4, 8, 5, 0, 0, 0), END]), "unsupported"],
  ["a third way to interlace", pngOf([header(5, 4, 8, 0, 0, 0, 2), END]), "unsupported"],
  ["no data", pngOf([header(5, 4, 8, 0, 0, 0, 0), END]), "damaged"],
  ["too few pixels", pngOf([header(5, 4, 8, 0, 0, 0, 0), pixels(new Uint8Array(23)), END]), "damaged"],
  ["a pixel too many", pngOf([header(5, 4, 8, 0, 0, 0, 0), pixels(new Uint8Array(25)), END]), "damaged"],
  ["a bomb", pngOf([header(5, 4, 8, 0, 0, 0, 0), pixels(new Uint8Array(1 << 26)), END]), "damaged"],
  [
    "a filter of tomorrow",
    pngOf([header(5, 1, 8, 0, 0, 0, 0), pixels(Uint8Array.of(5, 0, 0, 0, 0, 0)), END]),
    "damaged",
  ],
  ["no palette", pngOf([header(1, 1, 8, 3, 0, 0, 0), pixels(Uint8Array.of(0, 0)), END]), "damaged"],
  [
    "a colour that is not in the palette",
    pngOf([header(1, 1, 8, 3, 0, 0, 0), ["PLTE", new Uint8Array(3)], pixels(Uint8Array.of(0, 1)), END]),
    "damaged",
  ],
  [
    "data that do not inflate",
    pngOf([header(5, 4, 8, 0, 0, 0, 0), ["IDAT", new Uint8Array(40).fill(7)], END]),
    "damaged",
  ],
  [
    "a critical chunk that nobody knows",
    pngOf([header(5, 4, 8, 0, 0, 0, 0), ["CRIT", new Uint8Array(0)], END]),
    "unsupported",
  ],
];

for (const [what, bytes, fault] of HOSTILE) {
  test(`refused: ${what}`, async () => {
    const before = process.memoryUsage().arrayBuffers;
    const error = await decodePng(bytes).then(
      () => null,
      (e: unknown) => e,
    );
    assert.instance(error, ImageError);
    assert.is((error as ImageError).fault, fault, (error as ImageError).message);
    assert.ok(process.memoryUsage().arrayBuffers - before < 8e6, "no memory was spent on it");
  });
}

test("cut anywhere, it is refused and nothing hangs", async () => {
  for (let length = 0; length < good.length; length++) {
    const error = await decodePng(good.subarray(0, length)).catch((e: unknown) => e);
    assert.instance(error, ImageError);
  }
});

test.run();
