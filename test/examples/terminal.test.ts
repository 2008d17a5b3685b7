import { test } from "uvu";
import * as assert from "uvu/assert";
import { bar, braille, clock, curve, Progress, pictures, resample } from "../../examples/support/terminal.ts";

test("bar: from empty to full in eighths of a character", () => {
  assert.is(bar(0, 4), "    ");
  assert.is(bar(1, 4), "████");
  assert.is(bar(0.5, 4), "██  ");
  assert.is(bar(1 / 32, 4), "▏   ");
  assert.is(bar(7, 4), "████");
});

test("braille: two by four dots a character, in Unicode's order", () => {
  assert.equal(
    braille(2, 4, () => true),
    ["⣿"],
  );
  assert.equal(
    braille(2, 4, (x, y) => x === 0 && y === 0),
    ["⠁"],
  );
  assert.equal(
    braille(4, 4, (x, y) => x === 3 && y === 3),
    ["⠀⢀"],
  );
  assert.equal(
    braille(3, 5, () => true),
    ["⣿⡇", "⠉⠁"],
  );
});

test("resample: means of equal stretches, short lists unchanged", () => {
  assert.equal(resample([1, 3, 5, 7], 2), [2, 6]);
  assert.equal(resample([1, 2], 5), [1, 2]);
});

test("curve: a line a row, the axis' ends labelled, whatever the values", () => {
  const lines = curve([1, 0.1, 0.01], 10, 4).trimEnd().split("\n");
  assert.is(lines.length, 4);
  assert.match(lines[0]!, / 1 ┤/);
  assert.match(lines[3]!, / 0\.01 ┤/);
  assert.is(curve([], 10, 4), "");
  assert.is(curve([NaN, 0], 10, 4), "");
  assert.is(curve([2, 2], 10, 2).split("\n").length, 3);
});

test("pictures: side by side with a caption under each", () => {
  const items = [new Uint8Array(16).fill(255), new Uint8Array(16)].map((pixels, i) => ({ pixels, caption: `${i}` }));
  const [row, captions] = pictures(items, 4, 4).split("\n");
  assert.is(row, "⣿⣿ ⠀⠀ ");
  assert.match(captions!, /0 +1/);
});

test("clock", () => {
  assert.is(clock(9.4), "9 s");
  assert.is(clock(65), "1:05");
});

test("progress: plain lines where there is no terminal, and not one a step", () => {
  const written: string[] = [];
  const out = { isTTY: false, write: (s: string) => written.push(s) } as unknown as NodeJS.WriteStream;
  const progress = new Progress(out);
  for (let i = 0; i < 100; i++) progress.show(i / 100, () => ["loss 1"]);
  progress.line("epoch 1");
  assert.equal(written, ["epoch 1\n"]);
});

test.run();
