// The page of examples/web in Chromium, as a person uses it.
import type { Page } from "playwright-core";

type Point = readonly [x: number, y: number];

/** Strokes that look like digits, in shares of the sheet. */
export const STROKES: Readonly<Record<number, readonly (readonly Point[])[]>> = {
  0: [ring(0.5, 0.5, 0.2, 0.32)],
  1: [
    [
      [0.5, 0.18],
      [0.5, 0.5],
      [0.5, 0.82],
    ],
  ],
  2: [[...arc(0.5, 0.36, 0.19, 0.18, 200, 390), [0.34, 0.8], [0.7, 0.8]]],
  3: [[...arc(0.47, 0.34, 0.18, 0.16, 200, 450), ...arc(0.47, 0.66, 0.2, 0.17, 270, 510)]],
  4: [
    [
      [0.38, 0.2],
      [0.3, 0.55],
      [0.72, 0.55],
    ],
    [
      [0.62, 0.2],
      [0.6, 0.5],
      [0.58, 0.85],
    ],
  ],
  7: [
    [
      [0.3, 0.22],
      [0.7, 0.22],
      [0.6, 0.5],
      [0.48, 0.82],
    ],
  ],
  8: [ring(0.5, 0.34, 0.15, 0.16), ring(0.5, 0.67, 0.18, 0.18)],
};

/** Draws with the mouse, point by point. */
export async function draw(page: Page, strokes: readonly (readonly Point[])[]): Promise<void> {
  const pad = page.locator("#pad");
  await pad.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await pad.boundingBox())!;
  const move = ([px, py]: Point): Promise<void> => page.mouse.move(x + px * width, y + py * height, { steps: 3 });
  for (const [first, ...rest] of strokes) {
    await move(first!);
    await page.mouse.down();
    for (const point of rest) await move(point);
    await page.mouse.up();
  }
}

/** Part of an ellipse, from one angle to another in degrees; 270 is at the top. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  return Array.from({ length: 20 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 19) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

function ring(x: number, y: number, rx: number, ry: number): Point[] {
  return arc(x, y, rx, ry, 270, 640);
}
