// The sheet to draw on: with a mouse, a finger, a pen, or the arrow keys. Its strokes are lists of points, so that each can
// be undone and the sheet redrawn in other colours.
import { type Ink, SIDE } from "../support/ink.ts";

type Point = readonly [x: number, y: number]; // shares of the sheet's side

const PEN = 0.095; // the width of a stroke, in shares too
const KEY_STEP = 0.025;
const MOVES: Readonly<Record<string, Point>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};

export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  /** A digit that was put here to begin with. */
  #base: HTMLCanvasElement | null = null;
  #strokes: Point[][] = [];
  /** Where the keyboard's pen is, and whether it is down; null until a key is pressed. */
  #pen: { at: Point; down: boolean } | null = null;
  #scheduled = false;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true })!;
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#pointer(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      this.#pen = null;
      this.#redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
  }

  get empty(): boolean {
    return this.#base === null && this.#strokes.length === 0;
  }

  /** What is drawn: the opacity of every pixel. */
  ink(): Ink {
    const { width, height } = this.#canvas;
    const { data } = this.#context.getImageData(0, 0, width, height);
    const values = new Float32Array(width * height);
    for (let i = 0; i < values.length; i++) values[i] = data[4 * i + 3]! / 255;
    return { width, height, values };
  }

  clear(): void {
    this.#base = null;
    this.#strokes = [];
    this.#redraw();
  }

  undo(): void {
    if (this.#strokes.pop() === undefined) this.#base = null;
    this.#redraw();
  }

  /** Puts a digit of 28 × 28 bytes on the empty sheet. */
  show(pixels: Uint8Array): void {
    this.#strokes = [];
    this.#base = digitCanvas(pixels);
    this.#redraw();
  }

  #pointer(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.focus({ preventScroll: true });
    event.preventDefault(); // no text is selected
    const stroke: Point[] = [this.#place(event)];
    this.#strokes.push(stroke);
    this.#redraw();
    const move = (next: PointerEvent): void => {
      if (next.pointerId !== event.pointerId) return;
      const moves = next.getCoalescedEvents?.() ?? [];
      stroke.push(...(moves.length > 0 ? moves : [next]).map((e) => this.#place(e)));
      this.#redraw();
    };
    const end = (next: PointerEvent): void => {
      if (next.pointerId !== event.pointerId) return;
      this.#canvas.removeEventListener("pointermove", move);
      for (const type of ["pointerup", "pointercancel"] as const) this.#canvas.removeEventListener(type, end);
    };
    this.#canvas.addEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"] as const) this.#canvas.addEventListener(type, end);
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  #key(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (move !== undefined || event.key === " ") this.#pen ??= { at: [0.5, 0.25], down: false };
    const pen = this.#pen;
    if (move !== undefined && pen !== null) {
      const within = (v: number): number => Math.min(1, Math.max(0, v));
      pen.at = [within(pen.at[0] + move[0]), within(pen.at[1] + move[1])];
      if (pen.down) this.#strokes.at(-1)!.push(pen.at);
    } else if (event.key === " " && pen !== null) {
      pen.down = !pen.down;
      if (pen.down) this.#strokes.push([pen.at]);
    } else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) {
      if (pen !== null) pen.down = false;
      this.undo();
    } else if (event.key === "Delete" || event.key === "Escape") {
      if (pen !== null) pen.down = false;
      this.clear();
    } else return;
    event.preventDefault();
    this.#redraw();
  }

  /** Once a frame at most. */
  #redraw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
      this.#changed();
      this.#drawPen();
    });
  }

  #draw(): void {
    const context = this.#context;
    const side = this.#canvas.width;
    const colour = getComputedStyle(this.#canvas).color;
    context.clearRect(0, 0, side, side);
    if (this.#base !== null) {
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#base, 0, 0, side, side);
      context.globalCompositeOperation = "source-in";
      context.fillStyle = colour;
      context.fillRect(0, 0, side, side);
      context.globalCompositeOperation = "source-over";
    }
    context.strokeStyle = colour;
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.#strokes) {
      const points = stroke.map(([x, y]): Point => [x * side, y * side]);
      context.beginPath();
      context.moveTo(...points[0]!);
      // Through the middles between points, with the points as handles: no corners.
      for (let i = 1; i < points.length - 1; i++) {
        const [[x, y], [nextX, nextY]] = [points[i]!, points[i + 1]!];
        context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
      }
      context.lineTo(...points.at(-1)!); // of one point alone: a dot
      context.stroke();
    }
  }

  /** The ring that the arrow keys move. It comes after what was drawn was read. */
  #drawPen(): void {
    if (this.#pen === null) return;
    const context = this.#context;
    const side = this.#canvas.width;
    context.beginPath();
    context.lineWidth = side / 100;
    context.strokeStyle = getComputedStyle(this.#canvas).outlineColor;
    context.arc(
      this.#pen.at[0] * side,
      this.#pen.at[1] * side,
      (PEN / (this.#pen.down ? 3 : 2)) * side,
      0,
      2 * Math.PI,
    );
    context.stroke();
  }
}

/** A digit as a picture of its own size; its ink is the opacity. */
export function digitCanvas(pixels: ArrayLike<number>): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) image.data[4 * i + 3] = pixels[i]!;
  context.putImageData(image, 0, 0);
  return canvas;
}
