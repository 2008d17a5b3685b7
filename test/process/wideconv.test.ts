// The wide kernels (src/cpu/wide.ts) must give the bits of the plain ones: the same program with and without them. A host
// that has none runs the same twice.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { run } from "./child.ts";

const test = suite("wide and plain convolutions");

/** Prints a line for each case: its shape and a hash of the bits of the result and the gradients. */
const PROGRAM = `
  const F = fl.nn.functional;
  fl.manualSeed(3);
  let state = 12345;
  const random = (n) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return Math.floor((state / 0x80000000) * n); };
  const from = (...values) => values[random(values.length)];
  const hash = (x) => {
    const data = x.detach().contiguous().dataSync();
    let h = 0;
    for (const word of new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2)) h = Math.imul(h ^ word, 16777619) + 1;
    return h >>> 0;
  };
  const check = (n, c, o, groups, size, kernel, options, dtype) => {
    fl.scope(() => {
      const make = (shape) => fl.randn(shape, { dtype }).requiresGrad_();
      const [x, w, b] = [make([n, c, ...size]), make([o, c / groups, ...kernel]), make([o])];
      const y = random(2) ? F.conv2d(x, w, b, { ...options, groups }) : F.conv2d(x, w, { ...options, groups });
      y.backward(fl.randn(y.shape, { dtype }));
      console.log(JSON.stringify([n, c, o, groups, size, kernel, options, dtype]), hash(y), hash(x.grad), hash(w.grad));
    });
  };
  for (let i = 0; i < 160; i++) {
    const groups = from(1, 1, 1, 2, 3);
    const isDepthwise = random(4) === 0;
    const c = isDepthwise ? from(1, 3, 8, 20) : groups * from(1, 2, 3, 8, 17, 32);
    const o = isDepthwise ? c : groups * from(1, 5, 6, 13, 16, 40);
    const side = from(1, 1, 2, 3, 3, 3, 5, 7);
    const kernel = [side, from(side, side, 1, 2, 4)];
    const dilation = [from(1, 1, 1, 2), from(1, 1, 1, 3)];
    const padding = kernel.map((k) => random(k));
    const least = kernel.map((k, d) => Math.max(1, (k - 1) * dilation[d] + 1));
    const size = least.map((k) => k + from(0, 3, 8, 13, 21, 28, 50));
    const options = { stride: [from(1, 1, 1, 2, 3), from(1, 1, 1, 2)], padding, dilation };
    check(from(1, 1, 2, 8, 11, 64 / c | 0 || 1), c, o, isDepthwise ? c : groups, size, kernel, options, from("float32", "float32", "float32", "float64"));
  }
  check(1, 64, 64, 1, [56, 56], [3, 3], { padding: 1 }, "float32");
  check(1, 3, 20, 1, [97, 101], [7, 7], { stride: 2, padding: 3 }, "float32");
  check(2, 32, 40, 1, [20, 28], [5, 5], { padding: 2 }, "float32");
  check(2, 28, 30, 1, [24, 24], [3, 3], { padding: 2, dilation: 2 }, "float32");
  check(40, 1, 6, 1, [28, 28], [5, 5], { padding: 2 }, "float32");
  check(33, 6, 16, 1, [14, 14], [5, 5], {}, "float32");
  check(2, 48, 50, 1, [19, 23], [1, 1], {}, "float32");
  check(2, 16, 16, 16, [33, 41], [3, 3], { padding: 1 }, "float32");
`;

test("convolutions and their gradients, of many shapes", async () => {
  const [plain, wide] = await Promise.all(
    ["0", "1"].map((FLAMBEAU_WIDE) => run(PROGRAM, { env: { FLAMBEAU_WIDE }, seconds: 300 })),
  );
  assert.is(plain!.code, 0, plain!.output);
  assert.is(wide!.code, 0, wide!.output);
  const wanted = plain!.output.split("\n");
  assert.ok(wanted.length > 160);
  for (const [i, line] of wide!.output.split("\n").entries()) assert.is(line, wanted[i]);
});

test.run();
