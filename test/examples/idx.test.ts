import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readIdx, readMnist } from "../../examples/support/idx.ts";

const folder = mkdtempSync(path.join(tmpdir(), "flambeau-idx-"));
const file = path.join(folder, "x.idx");
test.after(() => rmSync(folder, { recursive: true }));

test("reads a shape and its bytes, or the first of them", () => {
  writeFileSync(file, Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6));
  assert.equal(readIdx(file).shape, [2, 3]);
  assert.equal([...readIdx(file).data], [1, 2, 3, 4, 5, 6]);
  assert.equal(readIdx(file, 1).shape, [1, 3]);
  assert.equal([...readIdx(file, 1).data], [1, 2, 3]);
});

test("refuses what is no IDX file of bytes, or is cut short", () => {
  writeFileSync(file, Uint8Array.of(0, 0, 9, 1, 0, 0, 0, 1, 1));
  assert.throws(() => readIdx(file), /not an IDX file/);
  writeFileSync(file, Uint8Array.of(1));
  assert.throws(() => readIdx(file), /not an IDX file/);
  writeFileSync(file, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1));
  assert.throws(() => readIdx(file), /1 elements, not 2/);
});

test("MNIST is there, whole", () => {
  const { train, test: held } = readMnist();
  assert.equal(train.images.shape, [60000, 28, 28]);
  assert.equal(train.labels.shape, [60000]);
  assert.equal(held.images.shape, [10000, 28, 28]);
  assert.equal([...held.labels.data.subarray(0, 5)], [7, 2, 1, 0, 4]);
  assert.equal(readMnist(3).train.images.shape, [3, 28, 28]);
});

test.run();
