// From any picture of a digit to what MNIST's authors made of theirs: light ink on nothing, its box scaled to 20 × 20 and
// its centre of mass in the middle of 28 × 28.
import { ImageError, type Picture } from "./png.ts";

/** Strokes: 0 is ground, 1 full ink. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

export const SIDE = 28;
const BOX = 20;
const CENTRE = 14.5; // the middle of the fifteenth pixel: in all of theirs the mass is less than half a pixel from it
const FAINT = 0.1; // less is the paper's grain, or the edge of a stroke
const LEAST_CONTRAST = 24; // of 255, between ground and ink

/** The strokes of a picture, whether they are dark on light, light on dark, or stand on a transparent ground. */
export function inkOf({ width, height, grey, alpha }: Picture): Ink {
  // What shows through a transparent ground is the contrary of the strokes.
  let [light, weight] = [0, 0];
  if (alpha !== null) {
    for (let i = 0; i < grey.length; i++) {
      light += grey[i]! * alpha[i]!;
      weight += alpha[i]!;
    }
  }
  const behind = light > weight * 127 ? 0 : 255;
  const values = new Float32Array(grey.length);
  for (let i = 0; i < grey.length; i++) {
    const opacity = alpha === null ? 1 : alpha[i]! / 255;
    values[i] = grey[i]! * opacity + behind * (1 - opacity);
  }
  const ground = mean(border(values, width, height));
  let [low, high] = [255, 0];
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  // The ink is what is farther from the ground.
  const full = high - ground > ground - low ? high : low;
  if (Math.abs(full - ground) < LEAST_CONTRAST) throw new ImageError("blank", "there is nothing drawn in it");
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, (values[i]! - ground) / (full - ground));
  return { width, height, values };
}

/** The digit as the network knows digits, 28 × 28. */
export function centred(ink: Ink): Float32Array {
  const { width, height, values } = ink;
  let [left, right, top, bottom] = [width, -1, height, -1];
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const v = values[row * width + column]!;
      if (v < FAINT) continue;
      [left, right] = [Math.min(left, column), Math.max(right, column)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
      mass += v;
      x += v * (column + 0.5);
      y += v * (row + 0.5);
    }
  }
  if (mass === 0) throw new ImageError("blank", "there is nothing drawn in it");
  const scale = Math.max(right + 1 - left, bottom + 1 - top) / BOX; // pixels of the picture a pixel of ours
  // By whole pixels of ours from the box's corner, as MNIST was: one of its digits comes out as it went in.
  const origin = (corner: number, centre: number): number =>
    corner - Math.round(CENTRE - (centre - corner) / scale) * scale;
  const narrow = along(values, height, width, origin(left, x / mass), scale);
  return along(narrow, SIDE, height, origin(top, y / mass), scale);
}

/** `lines` of `length` pixels, each line shrunk or stretched to SIDE means over equal stretches; transposed. */
function along(values: Float32Array, lines: number, length: number, origin: number, scale: number): Float32Array {
  const means = new Float32Array(SIDE * lines);
  for (let k = 0; k < SIDE; k++) {
    const [begin, end] = [origin + k * scale, origin + (k + 1) * scale];
    for (let i = Math.max(0, Math.floor(begin)); i < Math.min(length, end); i++) {
      const share = (Math.min(end, i + 1) - Math.max(begin, i)) / scale;
      for (let line = 0; line < lines; line++) means[k * lines + line]! += share * values[line * length + i]!;
    }
  }
  return means;
}

function border(values: Float32Array, width: number, height: number): number[] {
  const edges: number[] = [];
  for (let x = 0; x < width; x++) edges.push(values[x]!, values[(height - 1) * width + x]!);
  for (let y = 0; y < height; y++) edges.push(values[y * width]!, values[y * width + width - 1]!);
  return edges;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
