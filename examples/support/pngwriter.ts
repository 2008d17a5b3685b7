// Writes PNG files of every kind: what tests, benchmarks and the load generator send.
import { crc32, deflateSync } from "node:zlib";

export interface Kind {
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colour: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly interlaced?: boolean;
  /** Of line y. */
  readonly filter?: (y: number) => number;
  /** Chunks between header and data. */
  readonly chunks?: readonly (readonly [type: string, data: Uint8Array])[];
}

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** A picture of bytes, a pixel each. */
export function greyPng(grey: ArrayLike<number>, width: number, height: number): Uint8Array {
  return writePng(width, height, { colour: 0, depth: 8 }, (x, y) => [grey[y * width + x]!]);
}

/** A picture whose pixel (x, y) has these samples. */
export function writePng(
  width: number,
  height: number,
  { colour, depth, interlaced = false, filter = () => 0, chunks = [] }: Kind,
  pixel: (x: number, y: number) => readonly number[],
): Uint8Array {
  const bits = depth * SAMPLES[colour]!;
  const passes = interlaced ? 7 : 1;
  const lines: Uint8Array[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const xs = placesOf(width, interlaced ? pass : null, 0);
    const ys = placesOf(height, interlaced ? pass : null, 1);
    if (xs.length === 0) continue;
    let above = new Uint8Array(Math.ceil((xs.length * bits) / 8));
    for (const y of ys) {
      const line = packed(
        xs.flatMap((x) => pixel(x, y)),
        depth,
      );
      lines.push(filtered(line, above, Math.ceil(bits / 8), filter(y)));
      above = line;
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, depth);
  header.setUint8(9, colour);
  header.setUint8(12, Number(interlaced));
  return pngOf([
    ["IHDR", new Uint8Array(header.buffer)],
    ...chunks,
    ["IDAT", deflateSync(Buffer.concat(lines))],
    ["IEND", new Uint8Array(0)],
  ]);
}

/** A file of these chunks, whatever they say. */
export function pngOf(chunks: readonly (readonly [type: string, data: Uint8Array])[]): Uint8Array {
  const parts = chunks.flatMap(([type, data]) => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
    return [word(data.length), named, word(crc32(named))];
  });
  return new Uint8Array(Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]));
}

/** The rows (axis 1) or columns (axis 0) of a pass of Adam7: every pixel is in the first pass that its place divides. */
function placesOf(length: number, pass: number | null, axis: 0 | 1): number[] {
  const all = [...Array(length).keys()];
  if (pass === null) return all;
  const [first, step] =
    axis === 0
      ? (
          [
            [0, 8],
            [4, 8],
            [0, 4],
            [2, 4],
            [0, 2],
            [1, 2],
            [0, 1],
          ] as const
        )[pass]!
      : (
          [
            [0, 8],
            [0, 8],
            [4, 8],
            [0, 4],
            [2, 4],
            [0, 2],
            [1, 2],
          ] as const
        )[pass]!;
  return all.filter((i) => i % step === first);
}

function packed(samples: readonly number[], depth: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil((samples.length * depth) / 8));
  samples.forEach((sample, i) => {
    if (depth === 16) bytes.set([sample >> 8, sample & 255], 2 * i);
    else bytes[(i * depth) >> 3]! |= sample << (8 - depth - ((i * depth) & 7));
  });
  return bytes;
}

function filtered(line: Uint8Array, above: Uint8Array, pitch: number, filter: number): Uint8Array {
  const predicted = (i: number): number => {
    const [a, b, c] = [line[i - pitch] ?? 0, above[i]!, i < pitch ? 0 : above[i - pitch]!];
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, v) => (Math.abs(p - v) < Math.abs(p - best) ? v : best));
    return [0, a, b, (a + b) >> 1, nearest][filter]!;
  };
  return Uint8Array.of(filter, ...line.map((v, i) => v - predicted(i)));
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
