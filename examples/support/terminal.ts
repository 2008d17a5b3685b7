// Drawing with characters: a progress bar, a curve, and small grey pictures.

const REDRAW_MS = 80;
const PLAIN_LINE_MS = 5000;
const EIGHTHS = " ▏▎▍▌▋▊▉█";

/** A bar of `width` characters, filled to `fraction` in steps of an eighth of a character. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const full = eighths >> 3;
  return full === width ? "█".repeat(width) : ("█".repeat(full) + EIGHTHS[eighths & 7]).padEnd(width);
}

/** A line that is redrawn in place on a terminal; elsewhere a plain line now and then. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #last = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#last = performance.now();
  }

  /** Shows the state, unless it was shown a moment ago. `fields` is called only if it is. */
  show(fraction: number, fields: () => readonly string[]): void {
    const now = performance.now();
    if (now - this.#last < (this.#out.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
    this.#last = now;
    if (this.#out.isTTY) {
      // A line that wraps could not be taken back.
      const line = `${bar(fraction, 14)} ${fields().join("  ")}`.slice(0, this.#out.columns || 80);
      this.#out.write(`\r\x1b[K${line}`);
    } else this.#out.write(`${Math.round(100 * fraction)} %  ${fields().join("  ")}\n`);
  }

  /** Replaces the bar by a line that stays. */
  line(text: string): void {
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}

// A braille character has two columns of four dots; these are their bits, row by row.
const BRAILLE = 0x2800;
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A picture of dots: `lit(x, y)` says which of `width × height` are set. Four rows and two columns a character. */
export function braille(width: number, height: number, lit: (x: number, y: number) => boolean): string[] {
  return Array.from({ length: Math.ceil(height / 4) }, (_, row) =>
    Array.from({ length: Math.ceil(width / 2) }, (_, column) => {
      let bits = 0;
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 2; x++) {
          const [px, py] = [2 * column + x, 4 * row + y];
          if (px < width && py < height && lit(px, py)) bits |= DOTS[y]![x]!;
        }
      }
      return String.fromCodePoint(BRAILLE + bits);
    }).join(""),
  );
}

/** A curve over a logarithmic axis, with the axis' ends at the left. Non-finite and non-positive values leave a gap. */
export function curve(values: readonly number[], columns: number, rows: number): string {
  const [width, height] = [2 * columns, 4 * rows];
  const points = resample(values, width).map(Math.log10);
  const shown = points.filter(Number.isFinite);
  if (shown.length === 0) return "";
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const level = (v: number): number => Math.round(((high - v) / (high - low || 1)) * (height - 1));
  const levels = points.map((v) => (Number.isFinite(v) ? level(v) : null));
  const lines = braille(width, height, (x, y) => {
    const here = levels[x] ?? null;
    if (here === null) return false;
    const before = levels[x - 1] ?? here;
    // A column reaches halfway to its neighbour, so that a steep curve stays joined.
    return y >= Math.min(here, before) && y <= Math.max(here, before);
  });
  const label = (i: number): string => {
    if (i > 0 && i < rows - 1) return "";
    return String(Number((10 ** (i === 0 ? high : low)).toPrecision(3)));
  };
  return lines.map((line, i) => `${label(i).padStart(8)} ┤${line}\n`).join("");
}

/** Means over `n` equal stretches, or the values themselves where there are fewer. */
export function resample(values: readonly number[], n: number): number[] {
  if (values.length <= n) return [...values];
  return Array.from({ length: n }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / n), Math.floor(((i + 1) * values.length) / n));
    return mean(part);
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Grey pictures of `width × height` bytes side by side, each with a caption under it. */
export function pictures(
  items: readonly { readonly pixels: Uint8Array; readonly caption: string }[],
  width: number,
  height: number,
): string {
  const drawn = items.map(({ pixels }) => braille(width, height, (x, y) => pixels[y * width + x]! > 96));
  const cell = Math.ceil(width / 2) + 1;
  const rows = (drawn[0] ?? []).map((_, i) => drawn.map((lines) => lines[i]!.padEnd(cell)).join(""));
  return `${[...rows, items.map(({ caption }) => caption.padStart(cell >> 1).padEnd(cell)).join("")].join("\n")}\n`;
}

/** Seconds as `1:05` or `9 s`. */
export function clock(seconds: number): string {
  const s = Math.round(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}
