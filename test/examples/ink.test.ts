import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lenetFrom, readDigits } from "../../examples/support/classifier.ts";
import { centred, type Ink, inkOf, SIDE } from "../../examples/support/ink.ts";
import { readMnist } from "../../examples/support/mnist.ts";
import type { ImageError, Picture } from "../../examples/support/png.ts";
import { root } from "../house/sources.ts";

const model = lenetFrom(readFileSync(path.join(root, "examples/data/mnist.safetensors")));
const mnist = await readMnist("t10k");
const COUNT = 400;
const labels = (mnist.targets.tolist() as number[]).slice(0, COUNT);
const digits = labels.map((_, i) => mnist.data.at(i).dataSync() as Uint8Array);

const scan = (grey: ArrayLike<number>, alpha: Uint8Array | null = null): Picture => {
  const side = Math.sqrt(grey.length);
  return { width: side, height: side, grey: Uint8Array.from(grey), alpha };
};

/** The share of digits that are read right when they come as `picture` makes them. */
function accuracy(picture: (digit: Uint8Array) => Picture): number {
  const readings = readDigits(
    model,
    digits.map((digit) => centred(inkOf(picture(digit)))),
  );
  return readings.filter(({ digit }, i) => digit === labels[i]).length / COUNT;
}

/** The digit `factor` times as large, somewhere on a larger sheet. */
function enlarged(digit: Uint8Array, factor: number, side: number, x: number, y: number): Float32Array {
  const sheet = new Float32Array(side * side);
  for (let row = 0; row < SIDE * factor; row++) {
    for (let column = 0; column < SIDE * factor; column++) {
      sheet[(y + row) * side + x + column] = digit[Math.floor(row / factor) * SIDE + Math.floor(column / factor)]!;
    }
  }
  return sheet;
}

test("digits of MNIST are read as they are", () => {
  const plain = readDigits(
    model,
    digits.map((digit) => Float32Array.from(digit, (v) => v / 255)),
  );
  const right = plain.filter(({ digit }, i) => digit === labels[i]).length / COUNT;
  assert.ok(right > 0.98, `${right}`);
  const prepared = accuracy(scan);
  assert.ok(prepared > right - 0.002, `${prepared}, as they are ${right}`);
});

test("… in black on white, on grey paper, as strokes on a transparent ground, light or dark", () => {
  const usual = accuracy(scan);
  const opaque = (v: number) => v;
  assert.is(
    accuracy((digit) => scan(digit.map((v) => 255 - v))),
    usual,
  );
  assert.ok(accuracy((digit) => scan(digit.map((v) => 200 - v / 2))) > usual - 0.006);
  assert.is(
    accuracy((digit) =>
      scan(
        digit.map(() => 255),
        digit.map(opaque),
      ),
    ),
    usual,
  );
  assert.is(
    accuracy((digit) =>
      scan(
        digit.map(() => 0),
        digit.map(opaque),
      ),
    ),
    usual,
  );
});

test("… large, in a corner of a sheet", () => {
  const usual = accuracy(scan);
  const right = accuracy((digit) => scan(enlarged(digit, 3, 200, 100, 10)));
  assert.ok(right > usual - 0.01, `${right}, as they are ${usual}`);
});

test("the ink's mass is kept and stands where theirs does", () => {
  const ink: Ink = { width: 50, height: 40, values: new Float32Array(2000) };
  for (let y = 10; y < 30; y++) ink.values.fill(1, y * 50 + 35, y * 50 + 40); // 5 × 20: as large as it is to be
  const digit = centred(ink);
  const across = [...digit].flatMap((v, i) => (v > 0 ? [i % SIDE] : []));
  const down = [...digit].flatMap((v, i) => (v > 0 ? [Math.floor(i / SIDE)] : []));
  assert.is(
    digit.reduce((sum, v) => sum + v, 0),
    100,
  );
  assert.equal([Math.min(...across), Math.max(...across)], [12, 16]);
  assert.equal([Math.min(...down), Math.max(...down)], [5, 24]);
});

test("a line, a dot and a stroke at the edge are digits too; an empty sheet is refused", () => {
  for (const at of [[0], [1000], [1999], [0, 50, 100, 150, 200], [0, 1, 2, 3]]) {
    const values = new Float32Array(2000);
    for (const i of at) values[i] = 1;
    const digit = centred({ width: 50, height: 40, values });
    assert.ok(digit.every((v) => v >= 0 && v <= 1 + 1e-6));
    assert.ok(digit.some((v) => v > 0));
  }
  for (const grey of [0, 128, 255]) {
    try {
      centred(inkOf(scan(new Uint8Array(784).fill(grey))));
      assert.unreachable();
    } catch (error) {
      assert.is((error as ImageError).fault, "blank");
    }
  }
});

test.run();
