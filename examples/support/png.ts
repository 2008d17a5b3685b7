// A reader of PNG files (ISO/IEC 15948) for programs that strangers send pictures to: all colour types, depths and filters,
// interlaced or not, as grey with alpha.
//
// It believes nothing: sizes are refused before memory is asked for, no more is inflated than the header announces, every
// checksum is looked at. It holds the picture and two rows of it, never the inflated file.

/** Why a picture is refused: no PNG that there can be, a broken one, one beyond the limits, one with nothing in it. */
export type ImageFault = "unsupported" | "damaged" | "too-large" | "blank";

export class ImageError extends Error {
  readonly fault: ImageFault;

  constructor(fault: ImageFault, message: string) {
    super(message);
    this.name = "ImageError";
    this.fault = fault;
  }
}

/** A byte a pixel, row by row. `alpha` is null where all is opaque. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
  readonly alpha: Uint8Array | null;
}

/** What the first chunk says. */
export interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MOST_PIXELS = 1 << 20; // a photograph of a digit needs less
const [GREY, RGB, PALETTE, GREY_ALPHA, RGBA] = [0, 2, 3, 4, 6] as const;
/** Samples a pixel, and the depths that the standard allows. */
const COLOURS: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { samples: 2, depths: [8, 16] },
  [RGBA]: { samples: 4, depths: [8, 16] },
};
/** Where the pixels of a pass begin and how far apart they are. */
type Pass = readonly [x: number, y: number, dx: number, dy: number];
const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The header alone, checked: what a picture takes is known before it is decoded. */
export function readHeader(bytes: Uint8Array): Header {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw new ImageError("unsupported", "it is no PNG file");
  const { type, data } = chunkAt(bytes, SIGNATURE.length);
  if (type !== "IHDR" || data.length !== 13) throw damaged("its header is not where it belongs");
  const view = viewOf(data);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = [8, 9, 10, 11, 12].map((at) => view.getUint8(at)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!COLOURS[colour]?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw new ImageError("unsupported", "it is coded in a way that the standard does not know");
  }
  if (width === 0 || height === 0) throw damaged("it has no pixels");
  if (width * height > MOST_PIXELS) {
    throw new ImageError("too-large", `${width} × ${height} pixels are more than ${MOST_PIXELS.toLocaleString("en")}`);
  }
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

/** Gives what zlib data in parts hold, in parts; more than `most` bytes need not be given. */
export type Inflate = (parts: readonly Uint8Array[], most: number) => AsyncGenerator<Uint8Array>;

/** Decodes a picture. Throws ImageError for what is none. Where a host inflates faster than by streams, it may say how. */
export async function decodePng(bytes: Uint8Array, inflate: Inflate = streamed): Promise<Picture> {
  const header = readHeader(bytes);
  const { width, height, depth, colour } = header;
  const chunks = chunksOf(bytes);
  const shade = shader(header, chunks);
  const grey = new Uint8Array(width * height);
  const alpha = new Uint8Array(width * height);

  const bits = depth * COLOURS[colour]!.samples;
  const parts = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  // Seven passes have fewer than twice the lines and seven; each has a byte for its filter and ends with a whole byte.
  const most = (2 * height + 7) * (2 + Math.ceil((width * bits) / 8));
  const data = new Inflated(inflate(parts, most));
  const pitch = Math.ceil(bits / 8); // from a byte to the one left of it, as filters see it
  for (const [x, y, dx, dy] of header.interlaced ? ADAM7 : WHOLE) {
    const count = Math.ceil((width - x) / dx);
    if (count <= 0) continue; // a narrow picture has no such pass
    let line = new Uint8Array(1 + Math.ceil((count * bits) / 8));
    let above = new Uint8Array(line.length);
    for (let row = y; row < height; row += dy) {
      await data.fill(line);
      unfilter(line, above, pitch);
      shade(line.subarray(1), count, row * width + x, dx, grey, alpha);
      [line, above] = [above, line];
    }
  }
  await data.end();
  return { width, height, grey, alpha: alpha.every((a) => a === 255) ? null : alpha };
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Where the next one begins. */
  readonly next: number;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; chunks.at(-1)?.type !== "IEND"; at = chunks.at(-1)!.next) {
    const chunk = chunkAt(bytes, at);
    // A capital says that one cannot do without it.
    if (/^[A-Z]/.test(chunk.type) && !/^(IHDR|PLTE|IDAT|IEND)$/.test(chunk.type)) {
      throw new ImageError("unsupported", `nobody knows its chunk ${chunk.type}`);
    }
    chunks.push(chunk);
  }
  return chunks;
}

function chunkAt(bytes: Uint8Array, at: number): Chunk {
  const view = viewOf(bytes);
  const end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Infinity;
  if (end > bytes.length) throw damaged("it is cut off");
  if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) throw damaged("a checksum is wrong");
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  return { type, data: bytes.subarray(at + 8, end - 4), next: end };
}

/** By the streams that every host has. */
async function* streamed(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  // What goes wrong here is seen where it is read.
  for (const part of parts) writer.write(new Uint8Array(part)).catch(() => {});
  writer.close().catch(() => {});
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** What was inflated, as it is asked for. */
class Inflated {
  readonly #parts: AsyncGenerator<Uint8Array>;
  #part = new Uint8Array(0);

  constructor(parts: AsyncGenerator<Uint8Array>) {
    this.#parts = parts;
  }

  async fill(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      if (this.#part.length === 0 && !(await this.#next())) throw damaged("it has fewer pixels than it says");
      const taken = this.#part.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#part = this.#part.subarray(taken.length);
    }
  }

  /** To be called when all was taken. */
  async end(): Promise<void> {
    if (this.#part.length === 0 && !(await this.#next())) return;
    await this.#parts.return(undefined);
    throw damaged("it has more pixels than it says");
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#parts.next().catch((): never => {
      throw damaged("it cannot be inflated");
    });
    if (!done) this.#part = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.length);
    return !done;
  }
}

/** Undoes the filter that a line's first byte names. */
function unfilter(line: Uint8Array, above: Uint8Array, pitch: number): void {
  const filter = line[0]!;
  if (filter > 4) throw damaged("there is no such filter");
  for (let i = 1; i < line.length; i++) {
    const a = i > pitch ? line[i - pitch]! : 0; // left
    const b = above[i]!;
    const c = i > pitch ? above[i - pitch]! : 0; // left of it
    line[i]! += filter === 0 ? 0 : filter === 1 ? a : filter === 2 ? b : filter === 3 ? (a + b) >> 1 : paeth(a, b, c);
  }
}

/** The one of the three that is nearest to `a + b - c`. */
function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - c - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

type Shader = (line: Uint8Array, count: number, at: number, step: number, grey: Uint8Array, alpha: Uint8Array) => void;

/** Turns a line of samples into grey and alpha, at every `step`-th pixel from `at` on. */
function shader({ depth, colour }: Header, chunks: readonly Chunk[]): Shader {
  const most = 2 ** depth - 1;
  const palette = chunks.find(({ type }) => type === "PLTE")?.data;
  const transparent = chunks.find(({ type }) => type === "tRNS")?.data;
  if (colour === PALETTE && palette === undefined) throw damaged("it has no palette");
  const { samples } = COLOURS[colour]!;
  const sample = (line: Uint8Array, i: number): number => {
    if (depth === 8) return line[i]!;
    if (depth === 16) return (line[2 * i]! << 8) | line[2 * i + 1]!;
    const bit = i * depth;
    return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & most;
  };
  /** The one colour that counts as transparent, where there is one. */
  const key = colour === PALETTE || transparent === undefined ? null : transparent;
  const isKey = (line: Uint8Array, first: number): boolean => {
    for (let s = 0; s < samples; s++) {
      if (sample(line, first + s) !== ((key![2 * s] ?? 0) << 8) + (key![2 * s + 1] ?? 0)) return false;
    }
    return true;
  };
  return (line, count, at, step, grey, alpha) => {
    for (let i = 0; i < count; i++, at += step) {
      const first = i * samples;
      const value = sample(line, first);
      if (colour === PALETTE) {
        if (3 * value + 2 >= palette!.length) throw damaged("a colour is not in its palette");
        grey[at] = Math.round(luminance(palette![3 * value]!, palette![3 * value + 1]!, palette![3 * value + 2]!));
        alpha[at] = transparent?.[value] ?? 255;
        continue;
      }
      const light =
        colour === RGB || colour === RGBA ? luminance(value, sample(line, first + 1), sample(line, first + 2)) : value;
      grey[at] = Math.round((light * 255) / most);
      if (colour === RGBA || colour === GREY_ALPHA) {
        alpha[at] = Math.round((sample(line, first + samples - 1) * 255) / most);
      } else alpha[at] = key !== null && isKey(line, first) ? 0 : 255;
    }
  };
}

/** Of ITU-R BT.601. */
function luminance(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function damaged(how: string): ImageError {
  return new ImageError("damaged", how);
}
